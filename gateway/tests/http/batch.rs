//! Many operations in one request: each is answered as on its own route, and one that fails is no reason for another to.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Shop, pointers};

const BATCH: &str = "/v1/batch";

fn reserve(sku: &str, quantity: u64) -> Value {
    json!({"op": "reserve", "customer": "c", "lines": [{"sku": sku, "quantity": quantity}]})
}

async fn batch(shop: &Shop, operations: Value) -> Vec<Value> {
    outcomes(&shop.post(BATCH, &json!({"operations": operations})).await)
}

fn outcomes(answer: &Answer) -> Vec<Value> {
    let body = answer.expect(StatusCode::OK);
    let outcomes = body["outcomes"].as_array().unwrap().clone();
    let succeeded = outcomes.iter().filter(|outcome| outcome["status"].as_u64().unwrap() < 300).count();
    assert_eq!(body["succeeded"], succeeded);
    assert_eq!(body["refused"], outcomes.len() - succeeded);
    for outcome in &outcomes {
        assert_eq!(outcome.get("body").is_some(), outcome.get("problem").is_none(), "{outcome}");
        if let Some(problem) = outcome.get("problem") {
            assert_eq!(problem["status"], outcome["status"]);
            assert_eq!(problem["request_id"], answer.header("x-request-id").unwrap());
        }
    }
    outcomes
}

fn statuses(outcomes: &[Value]) -> Vec<u64> {
    outcomes.iter().map(|outcome| outcome["status"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn every_kind_of_operation_is_answered_as_on_its_own_route_and_in_order() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let ids = [shop.reserved("A", 1).await, shop.reserved("A", 2).await, shop.reserved("A", 3).await];
    let [one, two, three] = ids.map(|reservation| reservation["id"].clone());
    let operations = json!([
        {"op": "put_product", "sku": "B/1", "name": "second"},
        {"op": "adjust", "sku": "B/1", "set": 5, "reason": "opening stock"},
        {"op": "reserve", "customer": "c", "lines": [{"sku": "B/1", "quantity": 5}]},
        {"op": "extend", "reservation_id": one, "ttl_ms": 5_000},
        {"op": "commit", "reservation_id": one},
        {"op": "commit", "reservation_id": two, "lines": [{"sku": "A", "quantity": 1}]},
        {"op": "release", "reservation_id": three},
        {"op": "release", "reservation_id": three},
        {"op": "reserve", "customer": "c", "lines": [{"sku": "A", "quantity": 9}]},
        {"op": "adjust", "sku": "NOPE", "delta": 1, "reason": "r"},
    ]);
    let request = json!({"operations": operations});
    let first = shop.post_under("once", BATCH, &request).await;
    let outcomes_of_first = outcomes(&first);
    assert_eq!(statuses(&outcomes_of_first), [201, 201, 201, 200, 200, 200, 200, 409, 409, 404]);
    let body = |position: usize| &outcomes_of_first[position]["body"];
    assert_eq!(body(1)["on_hand"], 5);
    assert_eq!((&body(2)["status"], &body(3)["expires_in_ms"]), (&json!("held"), &json!(5_000)));
    assert_eq!((&body(4)["status"], &body(5)["lines"][0]["committed"]), (&json!("committed"), &json!(1)));
    assert_eq!(body(6)["status"], "released");
    assert_eq!(outcomes_of_first[7]["problem"]["code"], "reservation_already_released");
    let problem = &outcomes_of_first[8]["problem"];
    assert_eq!(
        (&problem["code"], &problem["shortages"][0]["available"]),
        (&json!("insufficient_stock"), &json!(8))
    );
    assert_eq!(pointers(problem), ["/operations/8/lines/0/quantity"]);
    assert_eq!(outcomes_of_first[9]["problem"]["code"], "unknown_sku");
    assert_eq!(shop.stock("A").await["allocated"], 2);

    // What was done is said again, what was refused is tried again.
    let journal = shop.journal();
    let again = outcomes(&shop.post_under("once", BATCH, &request).await);
    assert_eq!(statuses(&again), statuses(&outcomes_of_first));
    for (position, (again, first)) in again.iter().zip(&outcomes_of_first).enumerate() {
        assert_eq!(again["body"], first["body"], "{position}");
        assert_eq!(again["replayed"], position < 7, "{position}");
        assert_eq!(first["replayed"], false, "{position}");
    }
    assert_eq!(shop.journal(), journal);
    let shop = shop.restart().await;
    let later = outcomes(&shop.post_under("once", BATCH, &request).await);
    assert_eq!(
        later.iter().map(|outcome| &outcome["body"]).collect::<Vec<_>>(),
        again.iter().map(|outcome| &outcome["body"]).collect::<Vec<_>>()
    );
    shop.stop().await;
}

#[tokio::test]
async fn an_operation_with_a_key_of_its_own_is_the_one_its_own_route_knows_by_that_key() {
    let shop = Shop::open().await;
    shop.stocked("A b", 10).await;
    let lines = json!([{"sku": "A b", "quantity": 2}]);
    let done = batch(
        &shop,
        json!([
            {"op": "reserve", "key": "cart-1", "customer": "c", "lines": lines},
            {"op": "adjust", "key": "receipt-1", "sku": "A b", "delta": 3, "reason": "r"},
        ]),
    )
    .await;
    assert_eq!(statuses(&done), [201, 201]);
    let single =
        shop.post_under("cart-1", "/v1/reservations", &json!({"customer": "c", "lines": lines})).await;
    assert!(single.is_replayed());
    assert_eq!(single.json(), done[0]["body"]);
    let path = "/v1/stock/A%20b/adjustments";
    let single = shop.post_under("receipt-1", path, &json!({"delta": 3, "reason": "r"})).await;
    assert!(single.is_replayed());
    assert_eq!(single.json(), done[1]["body"]);
    // And the other way round; another request under the key is refused alone.
    let id = done[0]["body"]["id"].clone();
    let commit = format!("/v1/reservations/{}/commit", id.as_str().unwrap());
    let single = shop.post_under("\"pay-1\"", &commit, &json!({})).await.expect(StatusCode::OK);
    let done = batch(
        &shop,
        json!([
            {"op": "commit", "key": "pay-1", "reservation_id": id},
            {"op": "adjust", "key": "receipt-1", "sku": "A b", "delta": 4, "reason": "r"},
            {"op": "reserve", "key": "cart-1", "customer": "c", "lines": lines},
        ]),
    )
    .await;
    assert_eq!(statuses(&done), [200, 422, 201]);
    assert_eq!((&done[0]["body"], &done[0]["replayed"]), (&single, &json!(true)));
    assert_eq!(done[1]["problem"]["code"], "idempotency_key_reused");
    assert_eq!(done[2]["replayed"], true);
    shop.stop().await;
}

#[tokio::test]
async fn mistakes_are_pointed_at_below_their_operation_and_stop_no_other() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let done = batch(
        &shop,
        json!([
            reserve("A", 1),
            {"op": "reserve", "customer": "", "lines": [{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": 0}]},
            {"op": "buy"},
            7,
            {"op": "commit", "reservation_id": "ord_00000000000000000000000000"},
            {"op": "commit", "reservation_id": "rsv_00000000000000000000000000"},
            {"op": "release"},
            {"op": "adjust", "sku": "A", "delta": 0, "reason": "r"},
            {"op": "reserve", "customer": "c", "lines": [{"sku": "NOPE", "quantity": 1}]},
            {"op": "reserve", "customer": "c", "lines": [{"sku": "A", "quantity": 1}], "colour": "red"},
            {"op": "reserve", "key": "\u{e9}", "customer": "c", "lines": [{"sku": "A", "quantity": 1}]},
            reserve("A", 2),
        ]),
    )
    .await;
    assert_eq!(statuses(&done), [201, 422, 422, 422, 404, 404, 422, 422, 422, 422, 400, 201]);
    let expected: [(usize, &str, &[&str]); 10] = [
        (1, "validation_failed", &["/operations/1/customer", "/operations/1/lines/1/quantity"]),
        (2, "validation_failed", &["/operations/2/op"]),
        (3, "validation_failed", &["/operations/3"]),
        (4, "not_a_reservation", &["/operations/4/reservation_id"]),
        (5, "reservation_not_found", &[]),
        (6, "validation_failed", &["/operations/6/reservation_id"]),
        (7, "validation_failed", &["/operations/7/delta"]),
        (8, "unknown_sku", &["/operations/8/lines/0/sku"]),
        (9, "validation_failed", &["/operations/9/colour"]),
        (10, "idempotency_key_invalid", &["/operations/10/key"]),
    ];
    for (position, code, at) in expected {
        let problem = &done[position]["problem"];
        assert_eq!(
            (problem["code"].as_str().unwrap(), pointers(problem).as_slice()),
            (code, at),
            "{problem}"
        );
    }
    assert!(done[7]["problem"]["detail"].as_str().unwrap().starts_with("/operations/7/delta: "));
    assert_eq!(shop.available("A").await, 7);
    shop.stop().await;
}

#[tokio::test]
async fn a_batch_that_cannot_be_read_as_a_whole_does_nothing() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let journal = shop.journal();
    let refused = async |body: Value, at: &str| {
        let problem = shop.post(BATCH, &body).await.refused(422, "validation_failed");
        assert_eq!(pointers(&problem), [at], "{body}");
    };
    refused(json!({}), "/operations").await;
    refused(json!({"operations": []}), "/operations").await;
    refused(json!({"operations": {"op": "reserve"}}), "/operations").await;
    refused(json!({"operations": vec![reserve("A", 1); 2001]}), "/operations").await;
    refused(json!({"operations": [reserve("A", 1)], "atomic": "yes"}), "/atomic").await;
    refused(json!({"operations": [reserve("A", 1)], "colour": 1}), "/colour").await;
    let large = json!({"operations": [{"op": "put_product", "sku": "A", "name": "x".repeat(5 << 20)}]});
    shop.post(BATCH, &large).await.refused(413, "payload_too_large");
    let request = shop.request(reqwest::Method::POST, BATCH).json(&json!({"operations": [reserve("A", 1)]}));
    shop.send(request).await.refused(400, "idempotency_key_missing");
    assert_eq!(shop.journal(), journal);
    shop.stop().await;
}

#[tokio::test]
async fn a_thousand_reservations_of_one_product_are_one_request_and_few_syncs() {
    let shop = Shop::open().await;
    shop.stocked("A", 700).await;
    let syncs = async |shop: &Shop| {
        let answer = reqwest::get(format!("{}/metrics", shop.node.admin_url)).await.unwrap();
        let text = answer.text().await.unwrap();
        let line =
            text.lines().find(|line| line.starts_with("holdfast_journal_syncs_total")).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let before = syncs(&shop).await;
    let done = batch(&shop, json!(vec![reserve("A", 1); 1000])).await;
    // Sent off in their order, so the first ones have the units.
    assert_eq!(statuses(&done), [vec![201; 700], vec![409; 300]].concat());
    let used = syncs(&shop).await - before;
    // One by one they would cost one each, of the seven hundred that were granted.
    assert!(used <= 600, "{used} syncs for a thousand operations");
    assert_eq!(shop.available("A").await, 0);
    shop.stop().await;
}

#[tokio::test]
async fn operations_on_one_product_see_what_earlier_ones_did() {
    let shop = Shop::open().await;
    shop.stocked("A", 5).await;
    let held = shop.reserved("A", 5).await["id"].clone();
    let done = batch(
        &shop,
        json!([
            reserve("A", 1),
            {"op": "release", "reservation_id": held},
            reserve("A", 5),
            reserve("A", 1),
            {"op": "adjust", "sku": "A", "delta": 2, "reason": "receipt"},
            reserve("A", 2),
            {"op": "adjust", "sku": "A", "set": 7, "expected": 7, "reason": "count"},
        ]),
    )
    .await;
    assert_eq!(statuses(&done), [409, 200, 201, 409, 201, 201, 201]);
    shop.stop().await;
}

#[tokio::test]
async fn a_basket_that_fails_leaves_its_units_to_the_next_one_of_the_batch() {
    let shop = Shop::open().await;
    shop.stocked("A", 20).await;
    shop.stocked("B", 1).await;
    let both = json!({"op": "reserve", "customer": "c",
                      "lines": [{"sku": "A", "quantity": 15}, {"sku": "B", "quantity": 2}]});
    let done = batch(&shop, json!([both, reserve("A", 15), reserve("B", 1)])).await;
    assert_eq!(statuses(&done), [409, 201, 201]);
    assert_eq!((shop.available("A").await, shop.available("B").await), (5, 0));
    shop.stop().await;
}

#[tokio::test]
async fn an_atomic_batch_makes_all_its_reservations_or_none() {
    let shop = Shop::open().await;
    shop.stocked("A", 20).await;
    shop.stocked("B", 1).await;
    let both = |of_b: u64| {
        json!({"op": "reserve", "customer": "c",
               "lines": [{"sku": "A", "quantity": 15}, {"sku": "B", "quantity": of_b}]})
    };
    let refused = async |operations: Value, position: u64, at: &str| {
        let body = json!({"atomic": true, "operations": operations});
        let problem = shop.post_under("once", BATCH, &body).await.refused(409, "insufficient_stock");
        assert_eq!((&problem["operation"], pointers(&problem)), (&json!(position), vec![at]));
    };
    refused(json!([reserve("A", 5), both(2), reserve("A", 1)]), 1, "/operations/1/lines/1/quantity").await;
    // Found on the way: each alone could have been made.
    refused(json!([reserve("A", 5), both(1), reserve("A", 1)]), 2, "/operations/2/lines/0/quantity").await;
    assert_eq!((shop.available("A").await, shop.available("B").await), (20, 1));

    // Neither has used the key up, nor the units.
    let request = json!({"atomic": true, "operations": [reserve("A", 5), both(1)]});
    let made = outcomes(&shop.post_under("once", BATCH, &request).await);
    assert_eq!(statuses(&made), [201, 201]);
    assert_eq!((shop.available("A").await, shop.available("B").await), (0, 0));
    let journal = shop.journal();
    let again = outcomes(&shop.post_under("once", BATCH, &request).await);
    assert_eq!(shop.journal(), journal);
    for (again, first) in again.iter().zip(&made) {
        assert_eq!((&again["replayed"], &again["body"]), (&json!(true), &first["body"]));
    }
    let shop = shop.restart().await;
    for outcome in &made {
        let path = format!("/v1/reservations/{}", outcome["body"]["id"].as_str().unwrap());
        assert_eq!(shop.get(&path).await.expect(StatusCode::OK)["status"], "held");
    }
    shop.stop().await;
}

#[tokio::test]
async fn what_cannot_be_atomic_is_refused_and_said() {
    let shop = Shop::open().await;
    shop.stocked("A", 20).await;
    let held = shop.reserved("A", 1).await["id"].clone();
    let journal = shop.journal();
    let refused = async |operation: Value, code: &str, at: &[&str]| {
        let body = json!({"atomic": true, "operations": [reserve("A", 1), operation]});
        let problem = shop.post(BATCH, &body).await.refused(422, code);
        assert_eq!(pointers(&problem), at, "{body}");
    };
    for operation in [
        json!({"op": "commit", "reservation_id": held}),
        json!({"op": "release", "reservation_id": held}),
        json!({"op": "extend", "reservation_id": held}),
        json!({"op": "adjust", "sku": "A", "delta": 1, "reason": "r"}),
        json!({"op": "put_product", "sku": "A"}),
    ] {
        refused(operation, "atomic_unsupported", &["/operations/1/op"]).await;
    }
    let mut takes = reserve("A", 30);
    takes["time_in_force"] = json!("immediate_or_cancel");
    refused(takes, "atomic_unsupported", &["/operations/1/time_in_force"]).await;
    let wrong = json!({"op": "reserve", "customer": "", "lines": [{"sku": "A", "quantity": 0}]});
    let both = ["/operations/1/customer", "/operations/1/lines/0/quantity"];
    refused(wrong, "validation_failed", &both).await;
    refused(reserve("NOPE", 1), "unknown_sku", &["/operations/1/lines/0/sku"]).await;
    let wide = json!({"op": "reserve", "customer": "c",
                      "lines": (0..2_000).map(|_| json!({"sku": "A", "quantity": 1})).collect::<Vec<_>>()});
    refused(wide, "validation_failed", &["/operations"]).await;
    assert_eq!((shop.journal(), shop.available("A").await), (journal, 19));
    shop.stop().await;
}
