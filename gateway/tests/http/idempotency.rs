//! One effect per key: at once, all at the same time, and after a restart.

use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::Shop;

fn basket(quantity: u64) -> Value {
    json!({"customer": "c", "lines": [{"sku": "A", "quantity": quantity}]})
}

fn checkout(quantity: u64) -> Value {
    json!({
        "customer": "c", "lines": [{"sku": "A", "quantity": quantity}], "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "approve"}
    })
}

#[tokio::test]
async fn a_repeat_gets_the_same_bytes_and_another_body_is_refused() {
    let shop = Shop::open().await;
    shop.stocked("A", 100).await;
    let reservation = shop.reserved("A", 5).await["id"].as_str().unwrap().to_owned();
    let order = shop.post("/v1/orders", &checkout(4)).await.expect(StatusCode::CREATED)["id"].clone();
    let order = format!("/v1/orders/{}", order.as_str().unwrap());
    let rows = [
        ("/v1/reservations".to_owned(), basket(1), basket(2)),
        (
            format!("/v1/reservations/{reservation}/extend"),
            json!({"ttl_ms": 5_000}),
            json!({"ttl_ms": 6_000}),
        ),
        (
            format!("/v1/reservations/{reservation}/commit"),
            json!({}),
            json!({"lines": [{"sku": "A", "quantity": 1}]}),
        ),
        (
            "/v1/stock/A/adjustments".to_owned(),
            json!({"delta": 1, "reason": "r"}),
            json!({"delta": 2, "reason": "r"}),
        ),
        ("/v1/orders".to_owned(), checkout(1), checkout(2)),
        (
            format!("{order}/cancel"),
            json!({"lines": [{"sku": "A", "quantity": 1}], "reason": "r"}),
            json!({"reason": "r"}),
        ),
        (
            format!("{order}/edit"),
            json!({"ship_to": {"city": "Leeds"}}),
            json!({"ship_to": {"city": "York"}}),
        ),
        (
            format!("{order}/refunds"),
            json!({"amount": "1.00", "reason": "r"}),
            json!({"amount": "1.01", "reason": "r"}),
        ),
        (
            format!("{order}/shipments"),
            json!({"lines": [{"sku": "A", "quantity": 2}]}),
            json!({"lines": [{"sku": "A", "quantity": 1}]}),
        ),
        (
            format!("{order}/returns"),
            json!({"lines": [{"sku": "A", "quantity": 1}], "reason": "r"}),
            json!({"lines": [{"sku": "A", "quantity": 2}], "reason": "r"}),
        ),
    ];
    let mut answers = Vec::new();
    for (path, body, _) in &rows {
        let first = shop.post_under("once", path, body).await;
        assert!(first.status.is_success() && !first.is_replayed(), "{path}: {first:?}");
        answers.push(first);
    }
    let before = (shop.stock("A").await, shop.journal());
    for ((path, body, other), first) in rows.iter().zip(&answers) {
        // The key in quotes is the same key.
        for key in ["once", "\"once\""] {
            let again = shop.post_under(key, path, body).await;
            assert_eq!((again.status, &again.body), (first.status, &first.body), "{path}");
            assert!(again.is_replayed(), "{path}");
        }
        shop.post_under("once", path, other).await.refused(422, "idempotency_key_reused");
    }
    assert_eq!((shop.stock("A").await, shop.journal()), before);

    let shop = shop.restart().await;
    for ((path, body, other), first) in rows.iter().zip(&answers) {
        let again = shop.post_under("once", path, body).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{path} after a restart");
        assert!(again.is_replayed(), "{path} after a restart");
        shop.post_under("once", path, other).await.refused(422, "idempotency_key_reused");
    }
    assert_eq!(shop.stock("A").await, before.0);
    shop.stop().await;
}

#[tokio::test]
async fn a_key_means_nothing_elsewhere() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    shop.stocked("B", 10).await;
    let delta = json!({"delta": 1, "reason": "r"});
    for sku in ["A", "B"] {
        let path = format!("/v1/stock/{sku}/adjustments");
        let answer = shop.post_under("k", &path, &delta).await;
        assert!(answer.status == StatusCode::CREATED && !answer.is_replayed());
    }
    shop.stop().await;
}

#[tokio::test]
async fn duplicates_at_the_same_time_have_one_effect() {
    let shop = Shop::open().await;
    shop.stocked("A", 100).await;
    for (path, body, taken) in [("/v1/reservations", basket(3), 3), ("/v1/orders", checkout(5), 5)] {
        let before = shop.available("A").await;
        let answers = join_all((0..16).map(|_| shop.post_under("race", path, &body))).await;
        let first = &answers[0];
        assert!(
            answers.iter().all(|answer| answer.status == StatusCode::CREATED && answer.body == first.body)
        );
        assert_eq!(answers.iter().filter(|answer| !answer.is_replayed()).count(), 1, "{path}");
        assert_eq!(shop.available("A").await, before - taken);
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_refusal_does_not_use_the_key_up() {
    let shop = Shop::open().await;
    shop.stocked("A", 1).await;
    shop.post_under("k", "/v1/reservations", &basket(2)).await.refused(409, "insufficient_stock");
    shop.post("/v1/stock/A/adjustments", &json!({"delta": 1, "reason": "r"}))
        .await
        .expect(StatusCode::CREATED);
    let made = shop.post_under("k", "/v1/reservations", &basket(2)).await;
    made.expect(StatusCode::CREATED);
    assert!(!made.is_replayed());
    shop.stop().await;
}

#[tokio::test]
async fn ids_cannot_be_guessed_from_keys() {
    // Two shops, one key: the ids differ, because each directory derives them with a secret of its own.
    let (one, two) = (Shop::open().await, Shop::open().await);
    for shop in [&one, &two] {
        shop.stocked("A", 1).await;
    }
    let made = |shop: &Shop| {
        let request = shop.request(Method::POST, "/v1/reservations").header("idempotency-key", "k");
        request.json(&basket(1))
    };
    let a = one.send(made(&one)).await.expect(StatusCode::CREATED);
    let b = two.send(made(&two)).await.expect(StatusCode::CREATED);
    assert_ne!(a["id"], b["id"]);
    one.stop().await;
    two.stop().await;
}
