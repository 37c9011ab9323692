//! Units on their way: from suppliers, and between locations.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

const INCOMING: &str = "/v1/stock/A/incoming";
const TRANSFERS: &str = "/v1/stock/A/transfers";

fn path(lot: &Value, verb: &str) -> String {
    format!("{INCOMING}/{}/{verb}", lot["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_lot_is_announced_listed_received_in_parts_and_over() {
    let shop = Shop::open().await;
    shop.stocked("A", 2).await;
    let body = json!({"quantity": 10, "location": "leeds", "expected_at": "2999-01-02T00:00:00Z", "reference": "PO-1"});
    let first = shop.post_under("k", INCOMING, &body).await;
    let again = shop.post_under("k", INCOMING, &body).await;
    assert!(again.is_replayed());
    let lot = first.expect(StatusCode::CREATED);
    assert_eq!(again.expect(StatusCode::CREATED), lot);
    assert_eq!(
        (&lot["status"], &lot["left"], &lot["from"], &lot["expected_at"]),
        (&"open".into(), &10.into(), &Value::Null, &"2999-01-02T00:00:00.000Z".into())
    );
    let sooner = json!({"quantity": 1, "expected_at": "2999-01-01T00:00:00Z"});
    let sooner = shop.post(INCOMING, &sooner).await.expect(StatusCode::CREATED);
    let never = shop.post(INCOMING, &json!({"quantity": 1})).await.expect(StatusCode::CREATED);
    let listed = shop.get(INCOMING).await.expect(StatusCode::OK);
    let ids: Vec<_> = listed["lots"].as_array().unwrap().iter().map(|lot| &lot["id"]).collect();
    assert_eq!(ids, [&sooner["id"], &lot["id"], &never["id"]]);

    let part = shop.post(&path(&lot, "receive"), &json!({"quantity": 4, "condition": "damaged"})).await;
    let part = part.expect(StatusCode::OK);
    assert_eq!((&part["received"], &part["left"]), (&4.into(), &6.into()));
    let stock = shop.stock("A").await;
    assert_eq!(
        (&stock["on_hand"], &stock["available"], &stock["incoming"]),
        (&6.into(), &2.into(), &8.into())
    );
    assert_eq!(
        (&stock["locations"][0]["location"], &stock["locations"][0]["incoming"]),
        (&"leeds".into(), &6.into())
    );

    let more = shop.post(&path(&lot, "receive"), &json!({"quantity": 7})).await.refused(409, "lot_exceeded");
    assert_eq!((&more["left"], pointers(&more)), (&6.into(), vec!["/quantity"]));
    let short = json!({"quantity": 5, "close": true, "reason": "one broken on the way"});
    let short = shop.post_under("s", &path(&lot, "receive"), &short).await.expect(StatusCode::OK);
    assert_eq!((&short["status"], &short["left"]), (&"short".into(), &0.into()));
    let late = shop.post(&path(&lot, "receive"), &json!({"quantity": 1})).await.refused(409, "lot_ended");
    assert_eq!(late["lot_status"], "short");
    let gone =
        shop.post(&path(&never, "cancel"), &json!({"reason": "none left"})).await.expect(StatusCode::OK);
    assert_eq!(gone["status"], "cancelled");
    let moved = shop.post(&path(&sooner, "reschedule"), &json!({})).await.expect(StatusCode::OK);
    assert_eq!(moved["expected_at"], Value::Null);
    let in_use = shop.send(shop.request(reqwest::Method::DELETE, "/v1/products/A")).await;
    assert_eq!(in_use.refused(409, "product_in_use")["incoming"], 1);

    // What was said before the restart is so after it.
    let before = shop.get(INCOMING).await.expect(StatusCode::OK);
    let shop = shop.restart().await;
    assert_eq!(shop.get(INCOMING).await.expect(StatusCode::OK), before);
    let repeated = json!({"quantity": 5, "close": true, "reason": "one broken on the way"});
    let repeated = shop.post_under("s", &path(&lot, "receive"), &repeated).await;
    assert!(repeated.is_replayed());
    assert_eq!(repeated.expect(StatusCode::OK), short);
    shop.stop().await;
}

#[tokio::test]
async fn an_unknown_source_an_unknown_destination_itself_and_too_many_each_have_their_own_code() {
    let shop = Shop::open().await;
    shop.stocked("A", 5).await;
    shop.reserved("A", 2).await;
    let transfer = |from: &str, to: &str, quantity: u32| json!({"from": from, "to": to, "quantity": quantity, "reason": "rebalance"});
    for (body, status, code, pointer) in [
        (transfer("york", "main", 1), 422, "unknown_source", "/from"),
        (transfer("main", "leeds", 1), 422, "unknown_destination", "/to"),
        (transfer("main", "main", 1), 422, "transfer_to_self", "/to"),
    ] {
        let refused = shop.post(TRANSFERS, &body).await.refused(status, code);
        assert_eq!(pointers(&refused), [pointer]);
    }
    let mut body = transfer("main", "leeds", 4);
    body["create"] = json!(true);
    let refused = shop.post(TRANSFERS, &body).await.refused(409, "transfer_exceeded");
    assert_eq!((&refused["movable"], &refused["retryable"]), (&3.into(), &true.into()));
    body["quantity"] = json!(3);
    let sent = shop.post(TRANSFERS, &body).await.expect(StatusCode::CREATED);
    assert_eq!(
        (&sent["from"], &sent["location"], &sent["reason"]),
        (&"main".into(), &"leeds".into(), &"rebalance".into())
    );
    let stock = shop.stock("A").await;
    assert_eq!((&stock["on_hand"], &stock["held"], &stock["incoming"]), (&2.into(), &2.into(), &3.into()));
    shop.post(&path(&sent, "receive"), &json!({"quantity": 1})).await.expect(StatusCode::OK);
    shop.post(&path(&sent, "cancel"), &json!({"reason": "wrong truck"})).await.expect(StatusCode::OK);
    let stock = shop.stock("A").await;
    let places: Vec<_> =
        stock["locations"].as_array().unwrap().iter().map(|place| &place["on_hand"]).collect();
    assert_eq!((places, &stock["incoming"]), (vec![&json!(1), &json!(4)], &0.into()));
    shop.stop().await;
}

#[tokio::test]
async fn requests_about_lots_name_all_that_is_wrong_with_them() {
    let shop = Shop::open().await;
    shop.stocked("A", 1).await;
    let lot = shop.post(INCOMING, &json!({"quantity": 1})).await.expect(StatusCode::CREATED);
    for (path, body, expected) in [
        (
            INCOMING.to_owned(),
            json!({"quantity": 0, "expected_at": "soon", "location": " x"}),
            vec!["/quantity", "/location", "/expected_at"],
        ),
        (
            TRANSFERS.to_owned(),
            json!({"from": "", "to": "b", "quantity": 1, "reason": " "}),
            vec!["/from", "/reason"],
        ),
        (path(&lot, "receive"), json!({"quantity": 0}), vec!["/quantity"]),
        (path(&lot, "receive"), json!({"quantity": 1, "reason": "why"}), vec!["/reason"]),
        (path(&lot, "cancel"), json!({"reason": ""}), vec!["/reason"]),
        (path(&lot, "reschedule"), json!({"expected_at": "2999"}), vec!["/expected_at"]),
    ] {
        let refused = shop.post(&path, &body).await.refused(422, "validation_failed");
        assert_eq!(pointers(&refused), expected, "{path}");
    }
    let nobody = format!("{INCOMING}/lot_00000000000000000000000000/receive");
    shop.post(&nobody, &json!({"quantity": 1})).await.refused(404, "lot_not_found");
    shop.post(&format!("{INCOMING}/rsv_1/receive"), &json!({"quantity": 1}))
        .await
        .refused(404, "lot_not_found");
    shop.get("/v1/stock/NOPE/incoming").await.refused(404, "unknown_sku");
    shop.post("/v1/stock/NOPE/incoming", &json!({"quantity": 1})).await.refused(404, "unknown_sku");
    shop.stop().await;
}

#[tokio::test]
async fn whoever_queues_is_promised_a_date_and_the_stock_says_when_there_is_more() {
    let shop = Shop::open().await;
    let product =
        json!({"price": {"amount": "1.00", "currency": "GBP"}, "policy": {"backorders": "unlimited"}});
    shop.put("/v1/products/A", &product).await.expect(StatusCode::CREATED);
    let order = json!({
        "customer": "c", "lines": [{"sku": "A", "quantity": 3}], "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "approve"}
    });
    let order = shop.post("/v1/orders", &order).await.expect(StatusCode::CREATED);
    let held = shop.reserved("A", 1).await;
    let reservation = format!("/v1/reservations/{}", held["id"].as_str().unwrap());
    shop.post(&format!("{reservation}/commit"), &json!({})).await.expect(StatusCode::OK);
    let order_path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    let order_line = async || shop.get(&order_path).await.expect(StatusCode::OK)["lines"][0].clone();
    let line = async || shop.get(&reservation).await.expect(StatusCode::OK)["lines"][0].clone();
    assert_eq!(
        (&order_line().await["promised_at"], &line().await["promised_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(shop.stock("A").await["next_available_at"], Value::Null);

    let first = json!({"quantity": 3, "expected_at": "2999-01-01T00:00:00Z"});
    let first = shop.post(INCOMING, &first).await.expect(StatusCode::CREATED);
    let second = json!({"quantity": 2, "expected_at": "2999-02-01T00:00:00Z"});
    shop.post(INCOMING, &second).await.expect(StatusCode::CREATED);
    assert_eq!(order_line().await["promised_at"], "2999-01-01T00:00:00.000Z");
    let after = line().await;
    assert_eq!(
        (&after["promised_at"], &after["queue_ahead"]),
        (&"2999-02-01T00:00:00.000Z".into(), &1.into())
    );
    assert_eq!(shop.stock("A").await["next_available_at"], "2999-02-01T00:00:00.000Z");

    let later = json!({"expected_at": "2999-03-01T00:00:00Z"});
    shop.post(&path(&first, "reschedule"), &later).await.expect(StatusCode::OK);
    assert_eq!(order_line().await["promised_at"], "2999-03-01T00:00:00.000Z");
    shop.post(&path(&first, "receive"), &json!({"quantity": 3})).await.expect(StatusCode::OK);
    assert_eq!(order_line().await["promised_at"], Value::Null, "it has its units");
    assert_eq!(line().await["promised_at"], "2999-02-01T00:00:00.000Z");
    shop.stop().await;
}
