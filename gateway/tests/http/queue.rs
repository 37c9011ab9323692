//! What is not there: refused, dropped or queued for; who is served when it comes; and where it is taken from.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

fn basket(lines: &Value) -> Value {
    json!({"customer": "c", "lines": lines})
}

fn order(lines: &Value) -> Value {
    json!({
        "customer": "c", "lines": lines, "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "approve"}
    })
}

impl Shop {
    async fn product(&self, sku: &str, policy: &Value) {
        let body = json!({"price": {"amount": "1.00", "currency": "GBP"}, "policy": policy});
        let put = self.put(&format!("/v1/products/{sku}"), &body).await;
        assert!(put.status.is_success(), "{put:?}");
    }

    async fn receive(&self, sku: &str, location: &str, units: i64) {
        let body = json!({"delta": units, "location": location, "reason": "receipt"});
        self.post(&format!("/v1/stock/{sku}/adjustments"), &body).await.expect(StatusCode::CREATED);
    }

    async fn ordered(&self, sku: &str, quantity: u64) -> Value {
        let body = order(&json!([{"sku": sku, "quantity": quantity}]));
        self.post("/v1/orders", &body).await.expect(StatusCode::CREATED)
    }

    async fn order_line(&self, order: &Value) -> Value {
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        self.get(&path).await.expect(StatusCode::OK)["lines"][0].clone()
    }
}

#[tokio::test]
async fn the_answer_says_how_many_are_backordered_and_a_restock_serves_the_oldest_order() {
    let shop = Shop::open().await;
    shop.product("A", &json!({"backorders": "unlimited"})).await;
    shop.receive("A", "main", 2).await;

    let first = shop.ordered("A", 5).await;
    let line = &first["lines"][0];
    assert_eq!(
        (&line["sources"], &line["queued"]),
        (&json!([{"location": "main", "quantity": 2}]), &3.into())
    );
    let second = shop.ordered("A", 4).await;
    assert_eq!((&second["lines"][0]["sources"], &second["lines"][0]["queued"]), (&json!([]), &4.into()));
    assert_eq!(shop.order_line(&second).await["queue_ahead"], 1);
    let stock = shop.stock("A").await;
    assert_eq!(
        (&stock["available"], &stock["backordered"], &stock["backorderable"]),
        (&0.into(), &7.into(), &Value::Null)
    );

    shop.receive("A", "main", 4).await;
    let (first, second) = (shop.order_line(&first).await, shop.order_line(&second).await);
    assert_eq!((&first["queued"], &first["sources"][0]["quantity"]), (&0.into(), &5.into()));
    assert_eq!((&second["queued"], &second["queue_ahead"]), (&3.into(), &0.into()));
    // Nobody else saw a unit of it.
    assert_eq!(shop.available("A").await, 0);
    let late = basket(&json!([{"sku": "A", "quantity": 1}]));
    let mut late_or_nothing = late.clone();
    late_or_nothing["time_in_force"] = json!("fill_or_kill");
    let refused = shop.post("/v1/reservations", &late_or_nothing).await.refused(409, "insufficient_stock");
    assert_eq!(refused["retryable"], false, "nobody holds a unit that could come back");
    assert_eq!(refused["shortages"][0]["backordered"], 3);
    shop.stop().await;
}

#[tokio::test]
async fn a_repeated_order_is_told_what_the_first_answer_said() {
    let shop = Shop::open().await;
    shop.product("A", &json!({"backorder_limit": 3})).await;
    let body = order(&json!([{"sku": "A", "quantity": 3}]));
    let first = shop.post_under("k", "/v1/orders", &body).await;
    shop.receive("A", "main", 3).await;
    let again = shop.post_under("k", "/v1/orders", &body).await;
    assert!(again.is_replayed());
    assert_eq!(again.expect(StatusCode::CREATED), first.expect(StatusCode::CREATED));
    shop.stop().await;
}

#[tokio::test]
async fn the_queue_has_a_cap_over_all_locations() {
    let shop = Shop::open().await;
    shop.product("A", &json!({"backorders": "capped", "backorder_limit": 5})).await;
    shop.receive("A", "main", 1).await;
    shop.receive("A", "leeds", 1).await;
    let eight = basket(&json!([{"sku": "A", "quantity": 8}]));
    let refused = shop.post("/v1/reservations", &eight).await.refused(409, "insufficient_stock");
    let shortage = &refused["shortages"][0];
    assert_eq!((&shortage["available"], &shortage["backorderable"]), (&2.into(), &5.into()));
    let seven = basket(&json!([{"sku": "A", "quantity": 7}]));
    let held = shop.post("/v1/reservations", &seven).await.expect(StatusCode::CREATED);
    assert_eq!(held["lines"][0]["queued"], 5);
    let one = basket(&json!([{"sku": "A", "quantity": 1}]));
    shop.post("/v1/reservations", &one).await.refused(409, "insufficient_stock");
    // A basket nobody has paid for gets nothing of what arrives; whoever buys does.
    shop.receive("A", "main", 1).await;
    shop.post("/v1/reservations", &one).await.expect(StatusCode::CREATED);
    shop.stop().await;
}

#[tokio::test]
async fn who_takes_what_there_is_gets_three_of_five_and_no_empty_line() {
    let shop = Shop::open().await;
    shop.stocked("A", 3).await;
    shop.stocked("B", 0).await;
    let mut body = basket(&json!([{"sku": "A", "quantity": 5}, {"sku": "B", "quantity": 1}]));
    body["time_in_force"] = json!("immediate_or_cancel");
    let held = shop.post("/v1/reservations", &body).await.expect(StatusCode::CREATED);
    let lines = held["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["sku"], &lines[0]["quantity"]), (&"A".into(), &3.into()));
    let none = shop.post("/v1/reservations", &body).await.refused(409, "insufficient_stock");
    assert_eq!(pointers(&none), ["/lines/0/quantity"]);
    // An order is for all that it names.
    let mut body = order(&json!([{"sku": "A", "quantity": 5}]));
    body["time_in_force"] = json!("immediate_or_cancel");
    let refused = shop.post("/v1/orders", &body).await.refused(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/time_in_force"]);
    shop.stop().await;
}

#[tokio::test]
async fn before_its_release_a_product_is_only_queued_for() {
    let shop = Shop::open().await;
    let preorder = json!({"quota": 2, "release_at": "2999-01-01T00:00:00+01:00"});
    shop.product("A", &json!({"preorder": preorder})).await;
    shop.receive("A", "main", 10).await;
    let read = shop.get("/v1/products/A").await.expect(StatusCode::OK);
    assert_eq!(read["policy"]["preorder"], json!({"quota": 2, "release_at": "2998-12-31T23:00:00.000Z"}));
    let placed = shop.ordered("A", 2).await;
    assert_eq!(placed["lines"][0]["queued"], 2);
    let stock = shop.stock("A").await;
    assert_eq!((&stock["available"], &stock["backorderable"]), (&0.into(), &0.into()));
    let more = order(&json!([{"sku": "A", "quantity": 1}]));
    shop.post("/v1/orders", &more).await.refused(409, "insufficient_stock");
    // Released before its time: those that queued are served before anybody else sees a unit.
    shop.product("A", &json!({})).await;
    assert_eq!(shop.order_line(&placed).await["queued"], 0);
    assert_eq!(shop.available("A").await, 8);
    shop.stop().await;
}

#[tokio::test]
async fn units_come_from_where_the_request_or_the_merchant_wants_them() {
    let shop = Shop::open().await;
    shop.product("A", &json!({"sourcing": {"ranking": ["york", "leeds"], "closed": ["outlet"]}})).await;
    for location in ["hull", "leeds", "york", "outlet"] {
        shop.receive("A", location, 3).await;
    }
    let sources = async |sourcing: Value, quantity: u64| {
        let mut body = basket(&json!([{"sku": "A", "quantity": quantity}]));
        if !sourcing.is_null() {
            body["sourcing"] = sourcing;
        }
        let held = shop.post("/v1/reservations", &body).await.expect(StatusCode::CREATED);
        let path = format!("/v1/reservations/{}/release", held["id"].as_str().unwrap());
        shop.post(&path, &json!({})).await.expect(StatusCode::OK);
        let sources = held["lines"][0]["sources"].as_array().unwrap().clone();
        let told = |source: &Value| {
            (source["location"].as_str().unwrap().to_owned(), source["quantity"].as_u64().unwrap())
        };
        sources.iter().map(told).collect::<Vec<_>>()
    };
    let expected = |sources: &[(&str, u64)]| {
        sources.iter().map(|(location, units)| ((*location).to_owned(), *units)).collect::<Vec<_>>()
    };
    assert_eq!(sources(Value::Null, 3).await, expected(&[("york", 3)]));
    assert_eq!(sources(Value::Null, 4).await, expected(&[("york", 3), ("leeds", 1)]));
    let near_hull = json!({"distances": {"leeds": 80, "hull": 3}});
    assert_eq!(sources(near_hull, 7).await, expected(&[("hull", 3), ("leeds", 3), ("york", 1)]));
    let named = json!([{"sku": "A", "quantity": 1, "location": "outlet"}]);
    let refused = shop.post("/v1/reservations", &basket(&named)).await.refused(409, "insufficient_stock");
    assert_eq!(refused["shortages"][0]["location"], "outlet");
    shop.stop().await;
}

#[tokio::test]
async fn a_basket_comes_from_as_few_locations_as_can_be() {
    let shop = Shop::open().await;
    for sku in ["A", "B", "C"] {
        shop.product(sku, &json!({})).await;
    }
    // Leeds has A and B, hull has A and C, york has all three.
    for (sku, locations) in [("A", ["hull", "leeds", "york"]), ("B", ["leeds", "york", "york"])] {
        for location in locations {
            shop.receive(sku, location, 1).await;
        }
    }
    for location in ["hull", "york"] {
        shop.receive("C", location, 1).await;
    }
    let all = basket(&json!([
        {"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}, {"sku": "C", "quantity": 1}
    ]));
    let held = shop.post("/v1/reservations", &all).await.expect(StatusCode::CREATED);
    for line in held["lines"].as_array().unwrap() {
        assert_eq!(line["sources"], json!([{"location": "york", "quantity": 1}]));
    }
    shop.stop().await;
}

#[tokio::test]
async fn what_a_policy_says_about_queues_and_locations_must_make_sense() {
    let shop = Shop::open().await;
    let many: Vec<_> = (0..65).map(|number| format!("place-{number}")).collect();
    for (policy, pointer) in [
        (json!({"backorders": "capped"}), "/policy/backorder_limit"),
        (json!({"backorders": "none", "backorder_limit": 3}), "/policy/backorder_limit"),
        (json!({"backorders": "unlimited", "backorder_limit": 3}), "/policy/backorder_limit"),
        (json!({"preorder": {"quota": 1, "release_at": "tomorrow"}}), "/policy/preorder/release_at"),
        (json!({"preorder": {"quota": -1, "release_at": "2999-01-01T00:00:00Z"}}), "/policy/preorder/quota"),
        (json!({"sourcing": {"ranking": ["a", "a"]}}), "/policy/sourcing"),
        (json!({"sourcing": {"closed": many}}), "/policy/sourcing"),
        (json!({"sourcing": {"ranking": ["a", " b"]}}), "/policy/sourcing/ranking/1"),
    ] {
        let refused = shop.put("/v1/products/A", &json!({"policy": policy})).await;
        assert_eq!(pointers(&refused.refused(422, "validation_failed")), [pointer], "{policy}");
    }
    for (member, value, pointer) in [
        ("priority", json!(10), "/priority"),
        ("sourcing", json!({"distances": {"a/b ": 1}}), "/sourcing/distances/a~1b "),
        ("sourcing", json!({"distances": {"leeds": -1}}), "/sourcing/distances/leeds"),
    ] {
        let mut body = basket(&json!([{"sku": "A", "quantity": 1}]));
        body[member] = value;
        let refused = shop.post("/v1/reservations", &body).await.refused(422, "validation_failed");
        assert_eq!(pointers(&refused), [pointer], "{member}");
    }
    shop.stop().await;
}
