//! Demand that queues up to a date: how it is asked for, what is shown of it, and what becomes of it then.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Shop, eventually, pointers};

const FAR: &str = "2999-01-01T00:00:00Z";

/// A date so far ahead, to the millisecond.
fn ahead(span: Duration) -> String {
    let at = jiff::Timestamp::now() + span;
    format!("{at:.3}")
}

fn soon() -> String {
    ahead(Duration::from_secs(24 * 3600))
}

fn basket(quantity: u64, good_til: &str) -> Value {
    json!({
        "customer": "c", "lines": [{"sku": "A", "quantity": quantity}],
        "time_in_force": "good_til_date", "good_til": good_til
    })
}

fn order(quantity: u64, good_til: &str) -> Value {
    let mut body = basket(quantity, good_til);
    body["currency"] = json!("GBP");
    body["payment"] = json!({"provider": "sandbox", "method": "approve"});
    body
}

impl Shop {
    /// A product of which one unit is there, and any number may queue.
    async fn backordered(&self) {
        let body =
            json!({"price": {"amount": "1.00", "currency": "GBP"}, "policy": {"backorders": "unlimited"}});
        self.put("/v1/products/A", &body).await.expect(StatusCode::CREATED);
        let receipt = json!({"delta": 1, "reason": "receipt"});
        self.post("/v1/stock/A/adjustments", &receipt).await.expect(StatusCode::CREATED);
    }
}

#[tokio::test]
async fn a_date_belongs_to_good_til_date_and_nothing_else() {
    let shop = Shop::open().await;
    shop.backordered().await;
    let held = shop.reserved("A", 1).await;
    let path = format!("/v1/reservations/{}/lines", held["id"].as_str().unwrap());
    for (time_in_force, good_til, detail) in [
        (json!("good_til_date"), Value::Null, "required"),
        (json!("good_til_cancelled"), json!(FAR), "contradiction"),
        (json!("fill_or_kill"), json!(FAR), "contradiction"),
        (Value::Null, json!(FAR), "contradiction"),
        (json!("good_til_date"), json!("next week"), "malformed_time"),
    ] {
        let with_terms = |mut body: Value| {
            for (member, value) in [("time_in_force", &time_in_force), ("good_til", &good_til)] {
                body.as_object_mut().unwrap().remove(member);
                if !value.is_null() {
                    body[member] = value.clone();
                }
            }
            body
        };
        let lines = json!({"lines": [{"sku": "A", "quantity": 2}]});
        let change = shop.request(hyper::Method::PUT, &path).header("idempotency-key", "change");
        for refused in [
            shop.post("/v1/reservations", &with_terms(basket(1, FAR))).await,
            shop.post("/v1/orders", &with_terms(order(1, FAR))).await,
            shop.send(change.json(&with_terms(lines))).await,
        ] {
            let refused = refused.refused(422, "validation_failed");
            assert_eq!(pointers(&refused), ["/good_til"], "{time_in_force} {good_til}");
            assert_eq!(refused["errors"][0]["code"], detail, "{time_in_force} {good_til}");
        }
    }
    // Of a reservation it was decided when that was made.
    let mut body = order(1, FAR);
    body.as_object_mut().unwrap().remove("lines");
    body["reservation_id"] = held["id"].clone();
    let refused = shop.post("/v1/orders", &body).await.refused(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/time_in_force", "/good_til"]);
    shop.stop().await;
}

#[tokio::test]
async fn the_date_must_lie_ahead_and_at_most_two_years() {
    let shop = Shop::open().await;
    shop.backordered().await;
    for date in ["2020-01-01T00:00:00Z", FAR] {
        for (path, body) in [("/v1/reservations", basket(2, date)), ("/v1/orders", order(2, date))] {
            let refused = shop.post(path, &body).await.refused(422, "good_til_out_of_range");
            assert_eq!(pointers(&refused), ["/good_til"]);
            assert_eq!(refused["retryable"], false);
            assert!(refused["latest"].is_string(), "{refused}");
        }
    }
    assert_eq!(shop.stock("A").await["backordered"], 0, "a refusal has no effect");
    shop.stop().await;
}

#[tokio::test]
async fn a_line_says_when_it_lapses_and_is_promised_nothing_beyond_that() {
    let shop = Shop::open().await;
    shop.backordered().await;
    let date = soon();
    let held = shop.post("/v1/reservations", &basket(3, &date)).await.expect(StatusCode::CREATED);
    let shown = |line: &Value| (line["queued"].clone(), line["lapses_at"].clone(), line["lapsed"].clone());
    assert_eq!(shown(&held["lines"][0]), (json!(2), json!(date), json!(0)));
    let path = format!("/v1/reservations/{}", held["id"].as_str().unwrap());
    shop.post(&format!("{path}/commit"), &json!({})).await.expect(StatusCode::OK);
    let lot = json!({"quantity": 9, "expected_at": FAR});
    shop.post("/v1/stock/A/incoming", &lot).await.expect(StatusCode::CREATED);
    let line = shop.get(&path).await.expect(StatusCode::OK)["lines"][0].clone();
    assert_eq!((shown(&line).1, &line["promised_at"]), (json!(date), &Value::Null));

    let placed = shop.post("/v1/orders", &order(1, &date)).await.expect(StatusCode::CREATED);
    assert_eq!(shown(&placed["lines"][0]), (json!(1), json!(date), json!(0)));
    let receipt = json!({"delta": 3, "reason": "receipt"});
    shop.post("/v1/stock/A/adjustments", &receipt).await.expect(StatusCode::CREATED);
    let order = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    let line = shop.get(&order).await.expect(StatusCode::OK)["lines"][0].clone();
    assert_eq!((&line["queued"], &line["lapses_at"]), (&json!(0), &Value::Null), "it has its unit");
    shop.stop().await;
}

#[tokio::test]
async fn what_was_not_there_in_time_is_shown_told_and_paid_back() {
    let shop = Shop::open().await;
    shop.backordered().await;
    // Over before long; if it is over before the order gets as far, a later one is asked for.
    let mut span = Duration::from_millis(300);
    let (date, placed) = loop {
        let date = ahead(span);
        let placed = shop.post("/v1/orders", &order(3, &date)).await;
        if placed.status == StatusCode::CREATED {
            break (date, placed.json());
        }
        placed.refused(422, "good_til_out_of_range");
        span *= 4;
    };
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    let mut after = Value::Null;
    eventually(async || {
        after = shop.get(&path).await.expect(StatusCode::OK);
        after["refunds"][0]["status"] == "done"
    })
    .await;
    let line = &after["lines"][0];
    assert_eq!(
        (&line["lapsed"], &line["cancelled"], &line["queued"], &line["sources"][0]["quantity"]),
        (&json!(2), &json!(0), &json!(0), &json!(1))
    );
    let refund = &after["refunds"][0];
    assert_eq!((&refund["amount"], &refund["reason"]), (&json!("2.00"), &json!("not there in time")));
    assert_eq!(after["status"], "confirmed");
    assert_eq!(shop.stock("A").await["backordered"], 0);
    let history = shop.get("/v1/products/A/history?kind=allocation").await.expect(StatusCode::OK);
    let entry = &history["data"][0];
    assert_eq!(
        (&entry["kind"], &entry["quantity"], &entry["good_til"]),
        (&json!("demand_lapsed"), &json!(2), &json!(date))
    );
    shop.stop().await;
}
