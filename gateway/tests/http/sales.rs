//! Sales: open and closed, sold out to the unit, limits that no second basket gets around.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

fn basket(customer: &str, quantity: u64) -> Value {
    json!({"customer": customer, "lines": [{"sku": "A", "quantity": quantity}]})
}

const LONG_AGO: &str = "2020-01-01T00:00:00Z";

impl Shop {
    async fn sale(&self, body: &Value) -> Value {
        self.put("/v1/products/A/sales/spring", body).await.expect(StatusCode::OK)
    }

    async fn takes(&self, customer: &str, quantity: u64) -> Value {
        self.post("/v1/reservations", &basket(customer, quantity)).await.expect(StatusCode::CREATED)
    }

    async fn is_refused(&self, customer: &str, quantity: u64, code: &str) -> Value {
        self.post("/v1/reservations", &basket(customer, quantity)).await.refused(409, code)
    }
}

#[tokio::test]
async fn a_sale_is_sold_out_to_the_unit_and_no_longer_when_one_comes_back() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let sale = shop.sale(&json!({"opens_at": LONG_AGO, "set_aside": {"main": 3}})).await;
    assert_eq!((&sale["status"], &sale["set_aside"]), (&"open".into(), &json!({"main": 3})));
    assert_eq!((&sale["id"], &sale["closes_at"]), (&"spring".into(), &Value::Null));
    shop.takes("ann", 2).await;
    let last = shop.takes("bob", 1).await;
    shop.is_refused("cleo", 1, "insufficient_stock").await;
    let stock = shop.stock("A").await;
    assert_eq!((&stock["available"], &stock["on_hand"]), (&0.into(), &10.into()));
    assert_eq!((&stock["sale"]["sold"], &stock["sale"]["sold_out"]), (&3.into(), &true.into()));

    let release = format!("/v1/reservations/{}/release", last["id"].as_str().unwrap());
    shop.post(&release, &json!({})).await.expect(StatusCode::OK);
    assert_eq!(shop.stock("A").await["sale"]["sold_out"], false);
    shop.takes("cleo", 1).await;

    let ended = shop.send(shop.request(hyper::Method::DELETE, "/v1/products/A/sales/spring")).await;
    assert_eq!(ended.expect(StatusCode::OK)["status"], "closed");
    // What the sale did not need is for the public again.
    assert_eq!(shop.available("A").await, 7);
    shop.stop().await;
}

#[tokio::test]
async fn no_customer_has_more_than_the_limit_over_baskets_orders_and_a_restart() {
    let shop = Shop::open().await;
    shop.stocked("A", 50).await;
    shop.sale(&json!({"opens_at": LONG_AGO, "per_customer": 3})).await;
    shop.takes("ann", 2).await;
    let refused = shop.is_refused("ann", 2, "customer_limit").await;
    assert_eq!((&refused["limit"], &refused["bought"]), (&3.into(), &2.into()));
    assert_eq!((&refused["retryable"], pointers(&refused)), (&false.into(), vec!["/lines/0/quantity"]));
    let order = json!({
        "customer": "ann", "lines": [{"sku": "A", "quantity": 1}], "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "approve"}
    });
    shop.post("/v1/orders", &order).await.expect(StatusCode::CREATED);
    let shop = shop.restart().await;
    shop.is_refused("ann", 1, "customer_limit").await;
    shop.takes("bob", 3).await;
    shop.stop().await;
}

#[tokio::test]
async fn twenty_baskets_of_one_customer_at_once_get_the_limit_and_no_more() {
    let shop = Shop::open().await;
    shop.stocked("A", 50).await;
    shop.sale(&json!({"opens_at": LONG_AGO, "per_customer": 3, "set_aside": {"main": 10}})).await;
    let body = basket("ann", 1);
    let answers = futures::future::join_all((0..20).map(|_| shop.post("/v1/reservations", &body))).await;
    let granted = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert_eq!(granted, 3);
    shop.stop().await;
}

#[tokio::test]
async fn a_sale_that_is_to_come_or_paused_says_so() {
    let shop = Shop::open().await;
    shop.stocked("A", 5).await;
    let far = "2999-01-01T00:00:00Z";
    shop.sale(&json!({"opens_at": far, "exclusive": true})).await;
    let refused = shop.is_refused("ann", 1, "sale_not_open").await;
    assert_eq!((&refused["sale"], &refused["sale_status"]), (&"spring".into(), &"scheduled".into()));
    assert_eq!(
        (&refused["opens_at"], &refused["retryable"]),
        (&"2999-01-01T00:00:00.000Z".into(), &true.into())
    );
    shop.sale(&json!({"opens_at": far, "set_aside": {"main": 4}})).await;
    assert_eq!(shop.available("A").await, 1, "what is set aside is not for the public");
    shop.takes("ann", 1).await;
    shop.sale(&json!({"opens_at": LONG_AGO, "paused": true})).await;
    assert_eq!(shop.is_refused("ann", 1, "sale_not_open").await["sale_status"], "paused");
    shop.stop().await;
}

#[tokio::test]
async fn sales_that_cannot_be_are_refused() {
    let shop = Shop::open().await;
    shop.stocked("A", 5).await;
    let (path, unknown) = ("/v1/products/A/sales/spring", "/v1/products/B/sales/spring");
    for (body, pointer) in [
        (json!({"opens_at": "soon"}), "/opens_at"),
        (json!({"opens_at": LONG_AGO, "closes_at": "later"}), "/closes_at"),
        (json!({"opens_at": LONG_AGO, "closes_at": LONG_AGO}), "/closes_at"),
        (json!({"opens_at": LONG_AGO, "per_customer": 0}), "/per_customer"),
        (json!({"opens_at": LONG_AGO, "set_aside": {" main": 1}}), "/set_aside/ main"),
        (json!({"opens_at": LONG_AGO, "set_aside": {"main": -1}}), "/set_aside/main"),
    ] {
        let refused = shop.put(path, &body).await.refused(422, "validation_failed");
        assert_eq!(pointers(&refused), [pointer], "{body}");
    }
    let sound = json!({"opens_at": LONG_AGO});
    shop.put(unknown, &sound).await.refused(404, "unknown_sku");
    shop.put(path, &sound).await.expect(StatusCode::OK);
    let other = shop.put("/v1/products/A/sales/summer", &sound).await.refused(409, "other_sale");
    assert_eq!(other["sale"], "spring");
    let none = shop.send(shop.request(hyper::Method::DELETE, "/v1/products/A/sales/summer")).await;
    none.refused(404, "sale_not_found");
    shop.stop().await;
}

#[tokio::test]
async fn a_sale_admits_so_many_customers_at_a_time() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let sale = shop.sale(&json!({"opens_at": LONG_AGO, "admits": 1})).await;
    assert_eq!(sale["admits"], 1);
    let first = shop.takes("ann", 1).await;
    let refused = shop.is_refused("bob", 1, "sale_full").await;
    assert_eq!((&refused["retryable"], &refused["admits"]), (&true.into(), &1.into()));
    assert_eq!(refused["next_expiry_at"], first["expires_at"], "when a place may come free");
    assert_eq!(pointers(&refused), ["/lines/0/sku"]);
    shop.takes("ann", 1).await;
    assert_eq!(shop.stock("A").await["sale"]["inside"], 1, "one customer, with two baskets");

    shop.sale(&json!({"opens_at": LONG_AGO, "admits": 2})).await;
    shop.takes("bob", 1).await;
    let shop = shop.restart().await;
    shop.is_refused("cleo", 1, "sale_full").await;
    assert_eq!(shop.stock("A").await["sale"]["inside"], 2);
    shop.stop().await;
}
