use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

fn order(lines: &Value) -> Value {
    json!({
        "customer": "c", "lines": lines, "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "approve"}
    })
}

fn path(order: &Value, rest: &str) -> String {
    format!("/v1/orders/{}{rest}", order["id"].as_str().unwrap())
}

#[tokio::test]
async fn an_order_goes_from_checkout_to_return() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    shop.stocked("B", 10).await;
    let mut body =
        order(&json!([{"sku": "A", "quantity": 6}, {"sku": "B", "quantity": 1, "unit_price": "0.005"}]));
    body["expected_total"] = json!("15.30");
    body["ship_to"] = json!({"name": "A. Buyer", "lines": ["1 High St", "Leeds"]});
    let placed = shop.post("/v1/orders", &body).await;
    let confirmed = placed.expect(StatusCode::CREATED);
    assert_eq!(placed.header("location").unwrap(), path(&confirmed, ""));
    assert_eq!((&confirmed["status"], &confirmed["total"]), (&"confirmed".into(), &"15.30".into()));
    assert_eq!(confirmed["ship_to"], json!({"name": "A. Buyer", "lines": ["1 High St", "Leeds"]}));
    assert_eq!((&confirmed["currency"], &confirmed["reason"]), (&"GBP".into(), &Value::Null));
    assert!(confirmed["payment"]["reference"].is_string());
    assert_eq!(
        confirmed["lines"],
        json!([
            {"sku": "A", "location": null, "quantity": 6, "total": "15.30",
             "sources": [{"location": "main", "quantity": 6}], "queued": 0,
             "shipped": 0, "cancelled": 0, "lapsed": 0, "returned": 0, "damaged": 0},
            {"sku": "B", "location": null, "quantity": 1, "total": "0.00",
             "sources": [{"location": "main", "quantity": 1}], "queued": 0,
             "shipped": 0, "cancelled": 0, "lapsed": 0, "returned": 0, "damaged": 0}
        ])
    );
    assert_eq!(shop.get(&path(&confirmed, "")).await.expect(StatusCode::OK), confirmed);
    assert_eq!(shop.stock("A").await["allocated"], 6);

    let part = json!({"lines": [{"sku": "A", "quantity": 2}]});
    let shipped = shop.post(&path(&confirmed, "/shipments"), &part).await.expect(StatusCode::OK);
    assert_eq!(
        (&shipped["status"], &shipped["lines"][0]["shipped"]),
        (&"partially_shipped".into(), &2.into())
    );
    let shipped = shop.post(&path(&confirmed, "/shipments"), &json!({})).await.expect(StatusCode::OK);
    assert_eq!(shipped["status"], "shipped");
    let cancel = shop.post(&path(&confirmed, "/cancel"), &json!({"reason": "too late"})).await;
    assert_eq!(cancel.refused(409, "order_state")["order_status"], "shipped");
    let stock = shop.stock("A").await;
    assert_eq!((&stock["on_hand"], &stock["allocated"]), (&4.into(), &0.into()));

    let part = json!({"lines": [{"sku": "A", "quantity": 2}], "reason": "damaged"});
    let returned = shop.post(&path(&confirmed, "/returns"), &part).await.expect(StatusCode::OK);
    assert_eq!(
        (&returned["status"], &returned["lines"][0]["returned"]),
        (&"partially_returned".into(), &2.into())
    );
    assert_eq!(returned["refunds"][0]["amount"], "5.10");
    let broken =
        json!({"lines": [{"sku": "A", "quantity": 1}], "condition": "damaged", "reason": "arrived broken"});
    let broken = shop.post(&path(&confirmed, "/returns"), &broken).await.expect(StatusCode::OK);
    assert_eq!((&broken["lines"][0]["returned"], &broken["lines"][0]["damaged"]), (&3.into(), &1.into()));
    let stock = shop.stock("A").await;
    assert_eq!(
        (&stock["on_hand"], &stock["damaged"], &stock["available"]),
        (&7.into(), &1.into(), &6.into())
    );
    let above = json!({"lines": [{"sku": "A", "quantity": 5}], "reason": "damaged"});
    let above = shop.post(&path(&confirmed, "/returns"), &above).await.refused(409, "line_exceeded");
    assert_eq!(pointers(&above), ["/lines/0/quantity"]);
    let unknown = json!({"lines": [{"sku": "Z", "quantity": 1}], "reason": "damaged"});
    let unknown = shop.post(&path(&confirmed, "/returns"), &unknown).await.refused(422, "unknown_line");
    assert_eq!(pointers(&unknown), ["/lines/0/sku"]);
    assert_eq!(shop.stock("A").await, stock);
    shop.stop().await;
}

#[tokio::test]
async fn a_reservation_is_checked_out() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let reservation = shop.reserved("A", 3).await;
    let mut body = order(&Value::Null);
    body.as_object_mut().unwrap().remove("lines");
    body["reservation_id"] = reservation["id"].clone();
    let confirmed = shop.post("/v1/orders", &body).await.expect(StatusCode::CREATED);
    assert_eq!((&confirmed["total"], &confirmed["reservation_id"]), (&"7.65".into(), &reservation["id"]));
    let read = shop.get(&format!("/v1/reservations/{}", reservation["id"].as_str().unwrap())).await;
    assert_eq!(read.expect(StatusCode::OK)["status"], "committed");
    shop.post("/v1/orders", &body).await.refused(409, "reservation_already_committed");
    let unknown = "rsv_00000000000000000000000000";
    body["reservation_id"] = json!(unknown);
    shop.post("/v1/orders", &body).await.refused(404, "reservation_not_found");
    shop.stop().await;
}

#[tokio::test]
async fn another_customers_reservation_cannot_be_checked_out() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let reservation = shop.reserved("A", 1).await;
    let body = json!({
        "customer": "somebody else", "reservation_id": reservation["id"], "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "approve"}
    });
    shop.post("/v1/orders", &body).await.refused(409, "reservation_of_other");
    shop.stop().await;
}

#[tokio::test]
async fn an_order_that_costs_something_else_is_refused_before_any_payment() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let before = shop.stock("A").await;
    let mut body = order(&json!([{"sku": "A", "quantity": 1}]));
    body["expected_total"] = json!("2.54");
    let changed = shop.post("/v1/orders", &body).await.refused(409, "total_changed");
    assert_eq!((&changed["expected"], &changed["actual"]), (&"2.54".into(), &"2.55".into()));
    let mut body = order(&json!([{"sku": "A", "quantity": 1}]));
    body["currency"] = json!("EUR");
    let no_price = shop.post("/v1/orders", &body).await.refused(422, "no_price");
    assert_eq!(pointers(&no_price), ["/lines/0/unit_price"]);
    let short = shop.post("/v1/orders", &order(&json!([{"sku": "A", "quantity": 11}]))).await;
    assert_eq!(pointers(&short.refused(409, "insufficient_stock")), ["/lines/0/quantity"]);
    assert_eq!(shop.available("A").await, before["available"].as_u64().unwrap());
    shop.stop().await;
}

#[tokio::test]
async fn a_confirmed_order_is_cancelled_and_its_units_are_free_again() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let confirmed = shop.post("/v1/orders", &order(&json!([{"sku": "A", "quantity": 4}]))).await;
    let confirmed = confirmed.expect(StatusCode::CREATED);
    let cancelled = shop.post(&path(&confirmed, "/cancel"), &json!({"reason": "changed my mind"})).await;
    let cancelled = cancelled.expect(StatusCode::OK);
    assert_eq!(
        (&cancelled["status"], &cancelled["reason"]),
        (&"cancelled".into(), &"changed my mind".into())
    );
    assert_eq!(cancelled["refunds"][0]["amount"], "10.20");
    assert_eq!(shop.available("A").await, 10);
    shop.post(&path(&confirmed, "/cancel"), &json!({"reason": "again"})).await.refused(409, "order_state");
    shop.post(&path(&confirmed, "/shipments"), &json!({})).await.refused(409, "order_state");
    shop.stop().await;
}

#[tokio::test]
async fn units_of_an_order_are_called_off_line_by_line() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let confirmed = shop.post("/v1/orders", &order(&json!([{"sku": "A", "quantity": 5}]))).await;
    let confirmed = confirmed.expect(StatusCode::CREATED);
    let cancel = path(&confirmed, "/cancel");
    let one = json!({"lines": [{"sku": "A", "quantity": 1}], "reason": "one too many"});
    let cancelled = shop.post(&cancel, &one).await.expect(StatusCode::OK);
    assert_eq!((&cancelled["status"], &cancelled["reason"]), (&"confirmed".into(), &Value::Null));
    assert_eq!(cancelled["lines"][0]["cancelled"], 1);
    assert_eq!(cancelled["refunds"][0]["amount"], "2.55");
    assert_eq!(shop.available("A").await, 6);

    shop.post(&path(&confirmed, "/shipments"), &json!({"lines": [{"sku": "A", "quantity": 3}]}))
        .await
        .expect(StatusCode::OK);
    let two = json!({"lines": [{"sku": "A", "quantity": 2}], "reason": "r"});
    let exceeded = shop.post(&cancel, &two).await.refused(409, "line_exceeded");
    assert_eq!((pointers(&exceeded), &exceeded["left"]), (vec!["/lines/0/quantity"], &1.into()));
    let unknown = json!({"lines": [{"sku": "A", "quantity": 1, "location": "north"}], "reason": "r"});
    assert_eq!(pointers(&shop.post(&cancel, &unknown).await.refused(422, "unknown_line")), ["/lines/0/sku"]);
    let rest = shop.post(&cancel, &json!({"reason": "that is enough"})).await.expect(StatusCode::OK);
    assert_eq!((&rest["status"], &rest["lines"][0]["cancelled"]), (&"shipped".into(), &2.into()));
    let stock = shop.stock("A").await;
    assert_eq!((&stock["on_hand"], &stock["allocated"]), (&7.into(), &0.into()));
    shop.stop().await;
}

#[tokio::test]
async fn an_order_is_sent_somewhere_else_before_it_ships_and_its_lines_stay() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let mut body = order(&json!([{"sku": "A", "quantity": 2}]));
    body["ship_to"] = json!({"city": "Leeds"});
    let placed = shop.post_under("placed", "/v1/orders", &body).await;
    let confirmed = placed.expect(StatusCode::CREATED);
    let edit = path(&confirmed, "/edit");
    let york = json!({"ship_to": {"city": "York", "country": "GB"}});
    let edited = shop.post(&edit, &york).await.expect(StatusCode::OK);
    assert_eq!(edited["ship_to"], york["ship_to"]);
    let read = shop.get(&path(&confirmed, "")).await.expect(StatusCode::OK);
    for member in ["status", "ship_to", "version", "sequence", "updated_at"] {
        assert_eq!(read[member], edited[member], "{member}");
    }
    // The first answer stays what it was.
    assert_eq!(shop.post_under("placed", "/v1/orders", &body).await.body, placed.body);

    for lines in [json!([{"sku": "A", "quantity": 3}]), json!([]), json!(1)] {
        let more = json!({"ship_to": {"city": "York"}, "lines": lines});
        let refused = shop.post(&edit, &more).await.refused(422, "lines_not_editable");
        assert_eq!(pointers(&refused), ["/lines"]);
        assert!(refused["detail"].as_str().unwrap().contains("place another order"));
    }
    shop.post(&path(&confirmed, "/shipments"), &json!({"lines": [{"sku": "A", "quantity": 1}]}))
        .await
        .expect(StatusCode::OK);
    let late = shop.post(&edit, &york).await.refused(409, "order_state");
    assert_eq!(late["order_status"], "partially_shipped");
    shop.stop().await;
}

#[tokio::test]
async fn a_customers_orders_are_listed_oldest_first() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let mut placed = Vec::new();
    for _ in 0..3 {
        let order = shop.post("/v1/orders", &order(&json!([{"sku": "A", "quantity": 1}]))).await;
        placed.push(order.expect(StatusCode::CREATED)["id"].clone());
    }
    let first = shop.get("/v1/orders?customer=c&limit=2").await.expect(StatusCode::OK);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second =
        shop.get(&format!("/v1/orders?customer=c&limit=2&cursor={cursor}")).await.expect(StatusCode::OK);
    let ids: Vec<_> = [&first, &second]
        .into_iter()
        .flat_map(|page| page["data"].as_array().unwrap().iter().map(|order| order["id"].clone()))
        .collect();
    assert_eq!(ids, placed);
    assert_eq!(second["has_more"], false);
    let nobody = shop.get("/v1/orders?customer=nobody").await.expect(StatusCode::OK);
    assert_eq!(nobody, json!({"data": [], "has_more": false, "next_cursor": null}));
    shop.stop().await;
}
