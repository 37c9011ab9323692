//! The waiting list over HTTP: joined, offered, taken, left; shown to nobody else.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Shop, pointers};

const LIST: &str = "/v1/products/A/waiting-list";

impl Shop {
    async fn waited_for(&self, sku: &str, units: u64) {
        let body = json!({"price": {"amount": "2.55", "currency": "GBP"},
                          "policy": {"waiting_list": {"offer_ttl_ms": 600_000}}});
        self.put(&format!("/v1/products/{sku}"), &body).await.expect(StatusCode::CREATED);
        self.receives(sku, units).await;
    }

    async fn receives(&self, sku: &str, units: u64) {
        if units > 0 {
            let body = json!({"delta": units, "reason": "receipt"});
            self.post(&format!("/v1/stock/{sku}/adjustments"), &body).await.expect(StatusCode::CREATED);
        }
    }

    async fn joins(&self, customer: &str, quantity: u64) -> Value {
        let body = json!({"customer": customer, "quantity": quantity});
        self.post(LIST, &body).await.expect(StatusCode::CREATED)
    }

    async fn waits(&self, customer: &str) -> Value {
        self.get(&format!("{LIST}/{customer}")).await.expect(StatusCode::OK)
    }

    async fn leaves(&self, customer: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("{LIST}/{customer}"))).await
    }

    async fn reserves(&self, customer: &str, quantity: u64) -> Answer {
        let body = json!({"customer": customer, "lines": [{"sku": "A", "quantity": quantity}]});
        self.post("/v1/reservations", &body).await
    }
}

#[tokio::test]
async fn what_comes_free_is_offered_in_line_kept_and_taken_over_a_restart() {
    let shop = Shop::open().await;
    shop.waited_for("A", 0).await;
    let ann = shop.joins("ann", 2).await;
    assert_eq!(
        (&ann["status"], &ann["queue_ahead"], &ann["offered"]),
        (&"waiting".into(), &0.into(), &0.into())
    );
    assert_eq!((&ann["expires_at"], &ann["expires_in_ms"]), (&Value::Null, &Value::Null));
    assert_eq!(shop.joins("bob", 1).await["queue_ahead"], 1);

    shop.receives("A", 3).await;
    let ann = shop.waits("ann").await;
    assert_eq!(
        (&ann["status"], &ann["offered"], &ann["quantity"]),
        (&"offered".into(), &2.into(), &2.into())
    );
    assert_eq!(ann["offers"], json!([{"location": "main", "quantity": 2}]));
    assert!(ann["expires_in_ms"].as_u64().unwrap() <= 600_000 && ann["expires_at"].is_string());
    let stock = shop.stock("A").await;
    assert_eq!((&stock["held"], &stock["offered"], &stock["available"]), (&3.into(), &3.into(), &0.into()));
    shop.reserves("cleo", 1).await.refused(409, "insufficient_stock");

    let shop = shop.restart().await;
    let taken = shop.reserves("ann", 2).await.expect(StatusCode::CREATED);
    assert_eq!(taken["lines"][0]["sources"], json!([{"location": "main", "quantity": 2}]));
    assert_eq!(shop.waits("ann").await["status"], "claimed");
    let stock = shop.stock("A").await;
    assert_eq!((&stock["held"], &stock["offered"], &stock["available"]), (&3.into(), &1.into(), &0.into()));

    let order = json!({
        "customer": "bob", "lines": [{"sku": "A", "quantity": 1}], "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "approve"}
    });
    shop.post("/v1/orders", &order).await.expect(StatusCode::CREATED);
    assert_eq!(shop.waits("bob").await["status"], "claimed");
    assert_eq!(shop.stock("A").await["allocated"], 1);
    shop.stop().await;
}

#[tokio::test]
async fn who_leaves_makes_room_for_the_next_and_a_repeat_is_told_where_it_stands() {
    let shop = Shop::open().await;
    shop.waited_for("A", 1).await;
    let body = json!({"customer": "ann", "quantity": 1});
    let first = shop.post_under("k", LIST, &body).await;
    assert_eq!(first.expect(StatusCode::CREATED)["status"], "offered");
    shop.joins("bob", 1).await;
    let left = shop.leaves("ann").await.expect(StatusCode::OK);
    assert_eq!((&left["status"], &left["offered"]), (&"left".into(), &0.into()));
    assert_eq!(shop.waits("bob").await["offered"], 1);
    let again = shop.post_under("k", LIST, &body).await;
    assert!(again.is_replayed());
    assert_eq!(again.expect(StatusCode::CREATED)["status"], "left");
    shop.leaves("ann").await.refused(404, "not_waiting");
    let other = json!({"customer": "ann", "quantity": 2});
    shop.post_under("k", LIST, &other).await.refused(422, "idempotency_key_reused");
    shop.stop().await;
}

#[tokio::test]
async fn joining_again_for_less_keeps_the_place() {
    let shop = Shop::open().await;
    shop.waited_for("A", 0).await;
    shop.joins("ann", 3).await;
    shop.joins("bob", 1).await;
    assert_eq!(shop.joins("ann", 2).await["queue_ahead"], 0);
    assert_eq!(shop.joins("ann", 4).await["queue_ahead"], 1);
    assert_eq!(shop.waits("bob").await["queue_ahead"], 0);
    shop.stop().await;
}

#[tokio::test]
async fn what_cannot_be_waited_for_says_why() {
    let shop = Shop::open().await;
    shop.stocked("B", 0).await;
    shop.waited_for("A", 0).await;
    let sound = json!({"customer": "ann", "quantity": 1});
    shop.post("/v1/products/B/waiting-list", &sound).await.refused(409, "no_waiting_list");
    shop.post("/v1/products/C/waiting-list", &sound).await.refused(404, "unknown_sku");
    shop.get(&format!("{LIST}/ann")).await.refused(404, "not_waiting");
    shop.get("/v1/products/C/waiting-list/ann").await.refused(404, "unknown_sku");
    let nowhere = json!({"customer": "ann", "quantity": 1, "location": "york"});
    let refused = shop.post(LIST, &nowhere).await.refused(422, "unknown_location");
    assert_eq!(pointers(&refused), ["/location"]);
    let wrong = json!({"customer": "", "quantity": 0, "location": " x", "priority": 10});
    let refused = shop.post(LIST, &wrong).await.refused(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/customer", "/quantity", "/location", "/priority"]);
    let keyless = shop.send(shop.request(Method::POST, LIST).json(&sound)).await;
    keyless.refused(400, "idempotency_key_missing");
    for (policy, pointer) in [
        (json!({"waiting_list": {"offer_ttl_ms": 99}}), "/policy/waiting_list/offer_ttl_ms"),
        (json!({"waiting_list": {"offer_ttl_ms": 600_000}, "tracked": false}), "/policy/tracked"),
    ] {
        let refused = shop.put("/v1/products/A", &json!({"policy": policy})).await;
        assert_eq!(pointers(&refused.refused(422, "validation_failed")), [pointer]);
    }
    let rules = shop.get("/v1/products/A").await.expect(StatusCode::OK);
    assert_eq!(rules["policy"]["waiting_list"], json!({"offer_ttl_ms": 600_000}));
    assert_eq!(shop.get("/v1/products/B").await.json()["policy"]["waiting_list"], Value::Null);
    shop.stop().await;
}
