//! The admin listener.

use serde_json::json;

use crate::harness::{Answer, Shop, eventually};

async fn ask(shop: &Shop, path: &str) -> Answer {
    Answer::read(reqwest::get(format!("{}{path}", shop.node.admin_url)).await.unwrap()).await
}

#[tokio::test]
async fn health_is_plain_to_see() {
    let shop = Shop::open().await;
    assert_eq!(ask(&shop, "/livez").await.json(), json!({"status": "ok"}));
    assert_eq!(ask(&shop, "/readyz").await.json(), json!({"status": "ready"}));
    let verbose = ask(&shop, "/readyz?verbose").await.json();
    assert_eq!(verbose["checks"][0], json!({"name": "core", "ok": true}));
    ask(&shop, "/nothing").await.refused(404, "not_found");
    shop.node.core.shutdown().await.unwrap();
    let down = reqwest::get(format!("{}/readyz", shop.node.admin_url)).await.unwrap();
    assert_eq!(down.status(), 503);
    assert_eq!(reqwest::get(format!("{}/livez", shop.node.admin_url)).await.unwrap().status(), 200);
    // A core that is shut down refuses, and says that asking again later is worth it.
    let refused = shop
        .post("/v1/reservations", &json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}]}))
        .await;
    let problem = refused.refused(503, "draining");
    assert_eq!(problem["retryable"], true);
    assert!((1..=3).contains(&refused.header("retry-after").unwrap().parse::<u64>().unwrap()));
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let shop = Shop::open().await;
    shop.stocked("A", 1).await;
    shop.reserved("A", 1).await;
    let body = json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}]});
    shop.post("/v1/reservations", &body).await.refused(409, "insufficient_stock");
    shop.get("/v1/reservations/rsv_nope").await.refused(404, "not_a_reservation");
    // The journal's observer hears of a sync after whoever waited for it, so the last one may come a moment later.
    let mut text = String::new();
    eventually(async || {
        text = scrape(&shop).await;
        count(&text, "holdfast_journal_syncs_total") >= 3
    })
    .await;
    for line in [
        r#"holdfast_http_server_request_duration_seconds_count{route="/v1/reservations",method="POST",status="201"} 1"#,
        r#"holdfast_http_server_request_duration_seconds_count{route="/v1/reservations",method="POST",status="409"} 1"#,
        r#"holdfast_http_server_request_duration_seconds_count{route="/v1/reservations/{id}",method="GET",status="404"} 1"#,
        "holdfast_build_info{",
        "holdfast_ready 1",
        "holdfast_products 1",
        "holdfast_http_connections 1",
        "holdfast_actor_restarts_total 0",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(text.contains("holdfast_journal_durable_sequence ") && text.ends_with("# EOF\n"));
    shop.stop().await;
}

async fn scrape(shop: &Shop) -> String {
    let metrics = reqwest::get(format!("{}/metrics", shop.node.admin_url)).await.unwrap();
    assert!(metrics.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    metrics.text().await.unwrap()
}

fn count(text: &str, name: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
    value.parse().unwrap()
}
