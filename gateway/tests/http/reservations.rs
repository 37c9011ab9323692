use std::sync::Arc;

use holdfast_actors::ManualClock;
use holdfast_engine::{Millis, Timestamp};
use holdfast_gateway::EmbeddedOptions;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

#[tokio::test]
async fn a_reservation_is_made_and_read() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    shop.stocked("B", 10).await;
    let body = json!({
        "customer": "c-1",
        "lines": [{"sku": "B", "quantity": 2}, {"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 3},
                  {"sku": "B", "quantity": 1, "location": "main"}],
        "ttl_ms": 60_000,
        "metadata": {"z": "1", "a": "ü\n"}
    });
    let made = shop.post("/v1/reservations", &body).await;
    let reservation = made.expect(StatusCode::CREATED);
    let id = reservation["id"].as_str().unwrap();
    assert_eq!(made.header("location").unwrap(), format!("/v1/reservations/{id}"));
    assert!(id.starts_with("rsv_") && id.len() == 30);
    assert_eq!(reservation["status"], "held");
    assert_eq!(reservation["customer"], "c-1");
    assert_eq!(reservation["expires_in_ms"], 60_000);
    assert_eq!(reservation["metadata"], json!({"a": "ü\n", "z": "1"}));
    // Lines of one product that ask for the same place are one, and lines come in order.
    assert_eq!(
        reservation["lines"],
        json!([
            {"sku": "A", "location": null, "quantity": 1, "sources": [{"location": "main", "quantity": 1}],
             "queued": 0, "queue_ahead": null, "promised_at": null, "lapses_at": null, "committed": 0,
             "lapsed": 0},
            {"sku": "B", "location": null, "quantity": 5, "sources": [{"location": "main", "quantity": 5}],
             "queued": 0, "queue_ahead": null, "promised_at": null, "lapses_at": null, "committed": 0,
             "lapsed": 0},
            {"sku": "B", "location": "main", "quantity": 1, "sources": [{"location": "main", "quantity": 1}],
             "queued": 0, "queue_ahead": null, "promised_at": null, "lapses_at": null, "committed": 0,
             "lapsed": 0}
        ])
    );
    let read = shop.get(&format!("/v1/reservations/{id}")).await.expect(StatusCode::OK);
    for member in
        ["id", "status", "customer", "lines", "created_at", "expires_at", "metadata", "version", "sequence"]
    {
        assert_eq!(read[member], reservation[member], "{member}");
    }
    assert!(read["expires_in_ms"].as_u64().unwrap() <= 60_000);
    assert_eq!((shop.available("A").await, shop.available("B").await), (9, 4));
    shop.stop().await;
}

#[tokio::test]
async fn a_basket_is_all_or_nothing_and_says_what_is_missing() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    shop.stocked("B", 3).await;
    shop.reserved("B", 1).await;
    let before = shop.journal();
    let body = json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 3}]});
    let refused = shop.post("/v1/reservations", &body).await.refused(409, "insufficient_stock");
    assert_eq!(refused["retryable"], true);
    assert_eq!(pointers(&refused), ["/lines/1/quantity"]);
    let shortage = &refused["shortages"][0];
    assert_eq!(
        (
            &shortage["sku"],
            &shortage["location"],
            &shortage["requested"],
            &shortage["available"],
            &shortage["held"]
        ),
        (&"B".into(), &Value::Null, &3.into(), &2.into(), &1.into())
    );
    assert!(shortage["next_expiry_at"].is_string());
    assert_eq!((shop.available("A").await, shop.available("B").await), (10, 2));
    // A hopeless basket is seen through before anything is taken: not even a release needs writing.
    assert_eq!(shop.journal(), before);
    let unknown =
        json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}, {"sku": "NOPE", "quantity": 1}]});
    let unknown = shop.post("/v1/reservations", &unknown).await.refused(422, "unknown_sku");
    assert_eq!(pointers(&unknown), ["/lines/1/sku"]);
    shop.stop().await;
}

#[tokio::test]
async fn what_a_products_policy_does_not_allow_is_not_promised() {
    let shop = Shop::open().await;
    shop.put("/v1/products/A", &json!({"policy": {"sellable": false}})).await.expect(StatusCode::CREATED);
    shop.put(
        "/v1/products/B",
        &json!({"policy": {
            "line_quantity_min": 2, "line_quantity_max": 6, "line_quantity_multiple": 2,
            "hold_ttl_max_ms": 5_000, "hold_ttl_ms": 1_000
        }}),
    )
    .await
    .expect(StatusCode::CREATED);
    let adjust = json!({"set": 10, "reason": "r"});
    shop.post("/v1/stock/B/adjustments", &adjust).await.expect(StatusCode::CREATED);
    let reserve = async |body: Value| shop.post("/v1/reservations", &body).await;
    let not_for_sale = reserve(json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}]})).await;
    assert_eq!(pointers(&not_for_sale.refused(409, "not_sellable")), ["/lines/0/sku"]);
    for (quantity, code, bound) in
        [(7, "line_too_large", "max"), (1, "line_too_small", "min"), (3, "line_not_multiple", "multiple")]
    {
        let refused = reserve(json!({"customer": "c", "lines": [{"sku": "B", "quantity": quantity}]})).await;
        let refused = refused.refused(422, code);
        assert_eq!(pointers(&refused), ["/lines/0/quantity"]);
        assert!(refused[bound].is_u64() && refused["requested"] == quantity, "{refused}");
    }
    let too_long =
        reserve(json!({"customer": "c", "lines": [{"sku": "B", "quantity": 2}], "ttl_ms": 5_001})).await;
    assert_eq!(pointers(&too_long.refused(422, "hold_time_out_of_range")), ["/ttl_ms"]);
    shop.stop().await;
}

#[tokio::test]
async fn a_reservation_ends_once() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let path = |reservation: &Value, verb: &str| {
        format!("/v1/reservations/{}/{verb}", reservation["id"].as_str().unwrap())
    };

    let whole = shop.reserved("A", 2).await;
    let committed = shop.post(&path(&whole, "commit"), &json!({})).await.expect(StatusCode::OK);
    assert_eq!((&committed["status"], &committed["lines"][0]["committed"]), (&"committed".into(), &2.into()));
    assert!(committed["expires_at"].is_null() && committed["expires_in_ms"].is_null());
    shop.post(&path(&whole, "commit"), &json!({})).await.refused(409, "reservation_already_committed");

    let part = shop.reserved("A", 4).await;
    let lines = json!({"lines": [{"sku": "A", "quantity": 1}]});
    let committed = shop.post(&path(&part, "commit"), &lines).await.expect(StatusCode::OK);
    assert_eq!(committed["lines"][0]["committed"], 1);

    let above = shop.reserved("A", 1).await;
    let lines = json!({"lines": [{"sku": "A", "quantity": 2}]});
    shop.post(&path(&above, "commit"), &lines).await.refused(409, "commit_above_hold");
    let lines = json!({"lines": [{"sku": "A", "quantity": 0}]});
    shop.post(&path(&above, "commit"), &lines).await.refused(422, "commit_mismatch");

    // A release may come without a body.
    let release = shop.request(Method::POST, &path(&above, "release")).header("idempotency-key", "r");
    assert_eq!(shop.send(release).await.expect(StatusCode::OK)["status"], "released");
    shop.post(&path(&above, "commit"), &json!({})).await.refused(409, "reservation_already_released");

    let stock = shop.stock("A").await;
    assert_eq!((&stock["allocated"], &stock["held"], &stock["available"]), (&3.into(), &0.into(), &7.into()));
    shop.stop().await;
}

#[tokio::test]
async fn a_reservation_lapses_at_its_instant_and_can_be_held_longer() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_795_766_400_000)));
    let options = EmbeddedOptions { clock: clock.clone(), ..EmbeddedOptions::default() };
    let shop = Shop::open_with(options).await;
    shop.stocked("A", 1).await;
    let body = json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}], "ttl_ms": 1_000});
    let made = shop.post("/v1/reservations", &body).await.expect(StatusCode::CREATED);
    assert_eq!(made["expires_at"], "2026-11-27T08:00:01.000Z");
    let path = format!("/v1/reservations/{}", made["id"].as_str().unwrap());
    clock.advance(Millis(999));
    let extended = shop.post(&format!("{path}/extend"), &json!({"ttl_ms": 500})).await.expect(StatusCode::OK);
    assert_eq!(
        (&extended["expires_at"], &extended["expires_in_ms"]),
        (&"2026-11-27T08:00:01.499Z".into(), &500.into())
    );
    clock.advance(Millis(499));
    assert_eq!(shop.get(&path).await.expect(StatusCode::OK)["expires_in_ms"], 1);
    assert_eq!(shop.available("A").await, 0);
    clock.advance(Millis(1));
    assert_eq!(shop.available("A").await, 1);
    let read = shop.get(&path).await.expect(StatusCode::OK);
    assert_eq!((&read["status"], &read["expires_at"]), (&"expired".into(), &Value::Null));
    for verb in ["commit", "release", "extend"] {
        let late = shop.post(&format!("{path}/{verb}"), &json!({})).await;
        assert_eq!(late.refused(410, "reservation_expired")["expired_at"], "2026-11-27T08:00:01.499Z");
    }
    shop.stop().await;
}

#[tokio::test]
async fn the_widest_basket_is_answered_and_one_line_more_is_not() {
    let shop = Shop::open().await;
    let lines: Vec<_> =
        (0..2_000).map(|number| json!({"sku": format!("W{number:04}"), "quantity": 1})).collect();
    let mut import = String::new();
    for line in &lines {
        let sku = line["sku"].as_str().unwrap();
        import.push_str(&format!("{{\"sku\":\"{sku}\",\"stock\":{{\"main\":1}}}}\n"));
    }
    let request = shop.request(Method::POST, "/v1/import").header("idempotency-key", "i");
    let request = request.header("content-type", "application/x-ndjson").body(import);
    assert_eq!(shop.send(request).await.status, StatusCode::OK);
    let body = json!({"customer": "c", "lines": lines});
    let made = shop.post("/v1/reservations", &body).await.expect(StatusCode::CREATED);
    assert_eq!(made["lines"].as_array().unwrap().len(), 2_000);
    shop.stop().await;
}

#[tokio::test]
async fn a_guests_hold_may_last_for_a_shorter_time() {
    let shop = Shop::open().await;
    shop.stocked("A", 9).await;
    let policy = json!({"hold_ttl_ms": 900_000, "guest_hold_ttl_ms": 60_000});
    shop.put("/v1/products/A", &json!({"policy": policy})).await.expect(StatusCode::OK);
    let line = json!([{"sku": "A", "quantity": 1}]);
    for (body, span) in [
        (json!({"customer": "c", "lines": line}), 900_000),
        (json!({"customer": "c", "lines": line, "guest": false}), 900_000),
        (json!({"customer": "g", "lines": line, "guest": true}), 60_000),
        (json!({"customer": "g", "lines": line, "guest": true, "ttl_ms": 120_000}), 120_000),
    ] {
        let made = shop.post("/v1/reservations", &body).await.expect(StatusCode::CREATED);
        assert_eq!(made["expires_in_ms"], span, "{body}");
    }
    let shown = shop.get("/v1/products/A").await.expect(StatusCode::OK);
    assert_eq!(shown["policy"]["guest_hold_ttl_ms"], 60_000);
    let wrong = json!({"policy": {"hold_ttl_max_ms": 1_000_000, "guest_hold_ttl_ms": 1_000_001}});
    let refused = shop.put("/v1/products/A", &wrong).await.refused(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/policy/guest_hold_ttl_ms"]);
    shop.stop().await;
}
