//! Why this location, asked over HTTP.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

/// Cups at three places, of which the south is closed.
async fn shop() -> Shop {
    let shop = Shop::open().await;
    let sourcing = json!({"strategy": "ranked", "ranking": ["york", "leeds"], "closed": ["south"]});
    shop.put("/v1/products/cup", &json!({"name": "cup", "policy": {"sourcing": sourcing}}))
        .await
        .expect(StatusCode::CREATED);
    for (location, units) in [("york", 4), ("leeds", 9), ("south", 5)] {
        let count = json!({"location": location, "set": units, "reason": "opening stock"});
        shop.post("/v1/stock/cup/adjustments", &count).await.expect(StatusCode::CREATED);
    }
    shop
}

async fn explained(shop: &Shop, body: &Value) -> Value {
    let request = shop.request(reqwest::Method::POST, "/v1/sourcing").json(body);
    shop.send(request).await.expect(StatusCode::OK)["lines"].clone()
}

#[tokio::test]
async fn an_answer_names_every_location_in_order_and_the_reservation_takes_what_it_said() {
    let shop = shop().await;
    let journal = shop.journal();
    let body = json!({"customer": "c", "lines": [{"sku": "cup", "quantity": 6}]});
    let lines = explained(&shop, &body).await;
    assert_eq!(
        lines,
        json!([{
            "sku": "cup", "location": null, "quantity": 6, "strategy": "ranked", "taken": 6, "queued": 0,
            "considered": [
                {"location": "york", "free": 4, "taken": 4, "passed_over": null},
                {"location": "leeds", "free": 9, "taken": 2, "passed_over": null},
                {"location": "south", "free": 0, "taken": 0, "passed_over": "closed"},
            ],
            "refused": null
        }])
    );
    assert_eq!((shop.journal(), shop.available("cup").await), (journal, 13), "nothing is taken");
    let made = shop.post("/v1/reservations", &body).await.expect(StatusCode::CREATED);
    let sources = json!([{"location": "york", "quantity": 4}, {"location": "leeds", "quantity": 2}]);
    assert_eq!(made["lines"][0]["sources"], sources);
    shop.stop().await;
}

#[tokio::test]
async fn the_request_may_ask_otherwise_and_a_refusal_is_foreseen() {
    let shop = shop().await;
    let near = json!({
        "customer": "c", "lines": [{"sku": "cup", "quantity": 2}], "sourcing": {"distances": {"leeds": 3}}
    });
    let lines = explained(&shop, &near).await;
    let words: Vec<_> = lines[0]["considered"]
        .as_array()
        .unwrap()
        .iter()
        .map(|considered| (considered["location"].as_str().unwrap(), considered["passed_over"].as_str()))
        .collect();
    assert_eq!(words, [("leeds", None), ("york", Some("distance_unknown")), ("south", Some("closed"))]);
    let lines = explained(&shop, &json!({"customer": "c", "lines": [{"sku": "cup", "quantity": 20}]})).await;
    assert_eq!(lines[0]["refused"]["code"], "insufficient_stock");
    assert_eq!(
        lines[0]["considered"][0],
        json!({"location": "york", "free": 4, "taken": 0, "passed_over": "refused"})
    );
    shop.stop().await;
}

#[tokio::test]
async fn of_a_basket_each_product_answers_and_lines_for_a_place_come_first() {
    let shop = shop().await;
    shop.stocked("pot", 1).await;
    let lines = json!([
        {"sku": "pot", "quantity": 1}, {"sku": "cup", "quantity": 3}, {"sku": "cup", "quantity": 3, "location": "york"}
    ]);
    let lines = explained(&shop, &json!({"customer": "c", "lines": lines})).await;
    let told: Vec<_> =
        lines.as_array().unwrap().iter().map(|line| (&line["sku"], &line["location"])).collect();
    assert_eq!(
        told,
        [(&json!("cup"), &Value::Null), (&json!("cup"), &json!("york")), (&json!("pot"), &Value::Null)]
    );
    assert_eq!(
        lines[0]["considered"][0],
        json!({"location": "york", "free": 1, "taken": 1, "passed_over": null})
    );
    assert_eq!(lines[1]["considered"][1]["passed_over"], "not_asked_for");
    shop.stop().await;
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let shop = shop().await;
    let none = shop
        .post("/v1/sourcing", &json!({"customer": "", "lines": []}))
        .await
        .refused(422, "validation_failed");
    assert_eq!(pointers(&none), ["/customer", "/lines"]);
    let lines: Vec<_> = (0..101).map(|number| json!({"sku": format!("A{number}"), "quantity": 1})).collect();
    let many = shop.post("/v1/sourcing", &json!({"customer": "c", "lines": lines})).await;
    assert_eq!(pointers(&many.refused(422, "validation_failed")), ["/lines"]);
    let lines = json!([{"sku": "cup", "quantity": 1}, {"sku": "NOPE", "quantity": 1}]);
    let unknown = shop.post("/v1/sourcing", &json!({"customer": "c", "lines": lines})).await;
    assert_eq!(pointers(&unknown.refused(422, "unknown_sku")), ["/lines/1/sku"]);
    shop.stop().await;
}
