use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

async fn import(shop: &Shop, key: &str, query: &str, body: &str) -> Vec<Value> {
    let request = shop
        .request(Method::POST, &format!("/v1/import{query}"))
        .header("content-type", "application/x-ndjson")
        .header("idempotency-key", key)
        .body(body.to_owned());
    let answer = shop.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("content-type").unwrap(), "application/x-ndjson");
    let text = String::from_utf8(answer.body).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn statuses(lines: &[Value]) -> Vec<(u64, &str)> {
    lines.iter().filter_map(|line| Some((line["line"].as_u64()?, line["status"].as_str()?))).collect()
}

const FILE: &str = r#"{"sku":"A","name":"Lantern","price":{"amount":"2.55","currency":"GBP"},"stock":{"main":5,"leeds":2}}

{"sku":"B","policy":{"safety_stock":1}}
not json
{"sku":"C","stock":{"main":-1},"colour":"red"}
{"sku":"","stock":{"main":1.5}}
"#;

#[tokio::test]
async fn each_line_has_its_own_outcome() {
    let shop = Shop::open().await;
    let lines = import(&shop, "k", "", FILE).await;
    assert_eq!(statuses(&lines), [(1, "created"), (3, "created"), (4, "error"), (5, "error"), (6, "error")]);
    assert_eq!(lines[2]["problem"]["code"], "malformed_json");
    assert_eq!(pointers(&lines[3]["problem"]), ["/colour"]);
    assert_eq!(pointers(&lines[4]["problem"]), ["/sku", "/stock/main"]);
    assert_eq!(
        lines[5],
        json!({"summary": {"lines": 5, "created": 2, "updated": 0, "unchanged": 0, "errors": 3, "dry_run": false}})
    );
    let stock = shop.stock("A").await;
    assert_eq!(stock["on_hand"], 7);
    assert_eq!(shop.get("/v1/products/A").await.expect(StatusCode::OK)["name"], "Lantern");

    // Sent again, nothing is left to do, under the same key or another. Under another, the counts that found what is
    // there are remembered with their key.
    for (key, remembered) in [("k", false), ("k2", true)] {
        let before = shop.journal();
        let lines = import(&shop, key, "", FILE).await;
        assert_eq!(statuses(&lines)[..2], [(1, "unchanged"), (3, "unchanged")]);
        assert_eq!(shop.journal() > before, remembered);
    }

    // Units that were counted out since are not counted in again by a repeat of a line that found nothing to change.
    let sold = json!({"delta": -2, "reason": "counter sale"});
    shop.post("/v1/stock/A/adjustments", &sold).await.expect(StatusCode::CREATED);
    import(&shop, "k2", "", FILE).await;
    assert_eq!(shop.stock("A").await["on_hand"], 5);
    let back = json!({"delta": 2, "reason": "counter sale undone"});
    shop.post("/v1/stock/A/adjustments", &back).await.expect(StatusCode::CREATED);

    // What is not given stays as it is.
    let lines = import(&shop, "k3", "", "{\"sku\":\"A\",\"stock\":{\"main\":9}}\n").await;
    assert_eq!(statuses(&lines), [(1, "updated")]);
    assert_eq!(shop.get("/v1/products/A").await.expect(StatusCode::OK)["name"], "Lantern");
    assert_eq!(shop.stock("A").await["on_hand"], 11);
    shop.stop().await;
}

#[tokio::test]
async fn a_repeated_import_does_not_set_counts_back() {
    let shop = Shop::open().await;
    let file = "{\"sku\":\"A\",\"stock\":{\"main\":5}}\n";
    import(&shop, "k", "", file).await;
    shop.post("/v1/stock/A/adjustments", &json!({"delta": -2, "reason": "sold"}))
        .await
        .expect(StatusCode::CREATED);
    let lines = import(&shop, "k", "", file).await;
    assert_eq!(statuses(&lines), [(1, "unchanged")]);
    assert_eq!(shop.stock("A").await["on_hand"], 3);
    shop.stop().await;
}

#[tokio::test]
async fn a_rehearsal_says_what_would_happen_and_does_nothing() {
    let shop = Shop::open().await;
    shop.stocked("B", 1).await;
    let before = shop.journal();
    let lines = import(&shop, "k", "?dry_run=true", FILE).await;
    assert_eq!(statuses(&lines), [(1, "created"), (3, "updated"), (4, "error"), (5, "error"), (6, "error")]);
    assert_eq!(lines[5]["summary"]["dry_run"], true);
    assert_eq!(shop.journal(), before);
    shop.get("/v1/products/A").await.refused(404, "unknown_sku");
    shop.stop().await;
}

#[tokio::test]
async fn lines_of_one_product_are_carried_out_in_order() {
    let shop = Shop::open().await;
    let file: String =
        (1..=500).map(|count| format!("{{\"sku\":\"A\",\"stock\":{{\"main\":{count}}}}}\n")).collect();
    let lines = import(&shop, "k", "", &file).await;
    assert_eq!(lines[500]["summary"]["errors"], 0);
    assert_eq!(shop.stock("A").await["on_hand"], 500);
    shop.stop().await;
}

#[tokio::test]
async fn an_import_needs_its_media_type_and_a_key() {
    let shop = Shop::open().await;
    let request = || shop.request(Method::POST, "/v1/import").body("{}");
    shop.send(request().header("content-type", "application/x-ndjson"))
        .await
        .refused(400, "idempotency_key_missing");
    let typed = request().header("content-type", "application/json").header("idempotency-key", "k");
    shop.send(typed).await.refused(415, "unsupported_media_type");
    let asked = shop.request(Method::POST, "/v1/import?dryrun=true").header("idempotency-key", "k");
    shop.send(asked).await.refused(400, "malformed_query");
    shop.stop().await;
}
