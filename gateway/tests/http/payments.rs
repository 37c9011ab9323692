//! Every method of the sandbox provider, from the outside.

use std::time::Duration;

use holdfast_actors::CoreConfig;
use holdfast_gateway::EmbeddedOptions;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Shop, eventually};

async fn pay(shop: &Shop, method: &str) -> Answer {
    let body = json!({
        "customer": "c", "lines": [{"sku": "A", "quantity": 2}], "currency": "GBP",
        "payment": {"provider": "sandbox", "method": method}
    });
    shop.post_under(method, "/v1/orders", &body).await
}

async fn shop(core: CoreConfig) -> Shop {
    let shop = Shop::open_with(EmbeddedOptions { core, ..EmbeddedOptions::default() }).await;
    shop.stocked("A", 10).await;
    shop
}

fn quick() -> CoreConfig {
    CoreConfig {
        payment_timeout: Duration::from_millis(40),
        probe_backoff: Duration::from_millis(10),
        ..CoreConfig::default()
    }
}

/// Reads the order until it stands as expected.
async fn until(shop: &Shop, id: &Value, status: &str) -> Value {
    let path = format!("/v1/orders/{}", id.as_str().unwrap());
    let mut order = Value::Null;
    eventually(async || {
        order = shop.get(&path).await.expect(StatusCode::OK);
        order["status"] == status
    })
    .await;
    order
}

#[tokio::test]
async fn approved_at_once_or_late_is_confirmed() {
    let shop = shop(CoreConfig::default()).await;
    for method in ["approve", "late"] {
        let order = pay(&shop, method).await.expect(StatusCode::CREATED);
        assert_eq!(order["status"], "confirmed", "{method}");
    }
    assert_eq!(shop.stock("A").await["allocated"], 4);
    shop.stop().await;
}

#[tokio::test]
async fn declined_is_402_with_the_orders_id_and_gives_the_units_back() {
    let shop = shop(quick()).await;
    for method in ["decline", "fail", "capture_decline"] {
        let answer = pay(&shop, method).await;
        let problem = answer.refused(402, "payment_declined");
        let id = problem["order_id"].as_str().unwrap();
        let order = shop.get(&format!("/v1/orders/{id}")).await.expect(StatusCode::OK);
        assert_eq!(order["status"], "payment_failed", "{method}");
        assert!(order["reason"].is_string());
        assert_eq!(shop.available("A").await, 10, "{method}");
        // The same answer again, and no second try.
        let again = pay(&shop, method).await;
        assert!(again.is_replayed(), "{method}");
        assert_eq!(again.refused(402, "payment_declined")["order_id"], problem["order_id"]);
    }
    shop.stop().await;
}

#[tokio::test]
async fn an_answer_that_never_comes_is_asked_for() {
    let shop = shop(quick()).await;
    let order = pay(&shop, "timeout").await.expect(StatusCode::CREATED);
    assert_eq!(order["status"], "confirmed");
    shop.stop().await;
}

#[tokio::test]
async fn a_payment_that_takes_longer_than_the_wait_is_202_and_decided_later() {
    let shop = shop(CoreConfig { checkout_wait: Duration::from_millis(1), ..CoreConfig::default() }).await;
    let waiting = pay(&shop, "late").await;
    let order = waiting.expect(StatusCode::ACCEPTED);
    assert_eq!(order["status"], "payment_pending");
    assert!(waiting.header("location").unwrap().ends_with(order["id"].as_str().unwrap()));
    until(&shop, &order["id"], "confirmed").await;
    let again = pay(&shop, "late").await;
    assert_eq!(again.expect(StatusCode::CREATED)["id"], order["id"]);
    assert!(again.is_replayed());
    shop.stop().await;
}

#[tokio::test]
async fn a_payment_whose_fate_is_unknown_keeps_its_units() {
    let core = CoreConfig {
        payment_timeout: Duration::from_millis(20),
        checkout_wait: Duration::from_millis(60),
        probe_backoff: Duration::from_secs(3_600),
        ..CoreConfig::default()
    };
    let shop = shop(core).await;
    let order = pay(&shop, "timeout").await.expect(StatusCode::ACCEPTED);
    let order = until(&shop, &order["id"], "payment_unknown").await;
    assert_eq!(shop.available("A").await, 8);
    // Who asks again hears that it is still so, and that it is not the first to ask.
    let again = pay(&shop, "timeout").await;
    assert_eq!(again.expect(StatusCode::ACCEPTED)["status"], "payment_unknown");
    assert!(again.is_replayed());
    let reservation = order["reservation_id"].as_str().unwrap();
    let reservation = shop.get(&format!("/v1/reservations/{reservation}")).await.expect(StatusCode::OK);
    assert_eq!((&reservation["status"], &reservation["expires_at"]), (&"in_checkout".into(), &Value::Null));
    shop.stop().await;
}
