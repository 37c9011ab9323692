//! Bundles: products made of units of others.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Shop, pointers};

async fn put(shop: &Shop, sku: &str, components: &Value) -> Answer {
    let body = json!({"price": {"amount": "20.00", "currency": "GBP"}, "components": components});
    shop.put(&format!("/v1/products/{sku}"), &body).await
}

#[tokio::test]
async fn a_product_shows_what_it_is_made_of() {
    let shop = Shop::open().await;
    let components = json!([{"sku": "cup", "quantity": 1}, {"sku": "tea", "quantity": 2}]);
    let box_ = put(&shop, "box", &components).await.expect(StatusCode::CREATED);
    assert_eq!(box_["components"], components);
    assert_eq!(shop.get("/v1/products/box").await.expect(StatusCode::OK)["components"], components);
    let history = shop.get("/v1/products/box/history").await.expect(StatusCode::OK);
    assert_eq!(history["data"][0]["components"], components, "{history}");
    let usual = shop.put("/v1/products/box", &json!({})).await.expect(StatusCode::OK);
    assert_eq!(usual["components"], json!([]));
    shop.stop().await;
}

#[tokio::test]
async fn a_composition_that_cannot_be_is_refused_with_a_pointer() {
    let shop = Shop::open().await;
    let refused =
        async |components: Value| put(&shop, "box", &components).await.refused(422, "validation_failed");
    let twice = refused(json!([{"sku": "cup", "quantity": 1}, {"sku": "cup", "quantity": 2}])).await;
    assert_eq!(pointers(&twice), ["/components/1/sku"]);
    let wrong = refused(json!([{"sku": "", "quantity": 1001}])).await;
    assert_eq!(pointers(&wrong), ["/components/0/sku", "/components/0/quantity"]);
    let itself = refused(json!([{"sku": "box", "quantity": 1}])).await;
    assert_eq!(pointers(&itself), ["/components"]);
    let many: Vec<_> = (0..51).map(|number| json!({"sku": format!("cup-{number}"), "quantity": 1})).collect();
    assert_eq!(pointers(&refused(json!(many)).await), ["/components"]);

    let body = json!({"components": [{"sku": "cup", "quantity": 1}], "policy": {"safety_stock": 1}});
    let refused = shop.put("/v1/products/box", &body).await.refused(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/policy"]);
    shop.stop().await;
}

#[tokio::test]
async fn a_bundle_is_not_made_of_bundles() {
    let shop = Shop::open().await;
    put(&shop, "box", &json!([{"sku": "cup", "quantity": 1}])).await.expect(StatusCode::CREATED);
    let set = put(&shop, "set", &json!([{"sku": "tea", "quantity": 1}, {"sku": "box", "quantity": 1}])).await;
    let refused = set.refused(422, "component_is_bundle");
    assert_eq!((pointers(&refused), &refused["component"]), (vec!["/components/1/sku"], &json!("box")));
    shop.stop().await;
}

#[tokio::test]
async fn a_bundle_has_no_stock_of_its_own_and_stock_makes_no_bundle() {
    let shop = Shop::open().await;
    put(&shop, "box", &json!([{"sku": "cup", "quantity": 1}])).await.expect(StatusCode::CREATED);
    let count = json!({"set": 3, "reason": "count"});
    shop.post("/v1/stock/box/adjustments", &count).await.refused(409, "product_is_bundle");
    shop.stocked("cup", 3).await;
    let refused =
        put(&shop, "cup", &json!([{"sku": "clay", "quantity": 1}])).await.refused(409, "product_in_use");
    assert_eq!((&refused["on_hand"], &refused["sale"]), (&json!(3), &Value::Null));
    shop.stop().await;
}

/// A shop with so many cups and teas, and boxes of a cup and two teas at 20.00.
async fn boxes(cups: u64, teas: u64) -> Shop {
    let shop = Shop::open().await;
    shop.stocked("cup", cups).await;
    shop.stocked("tea", teas).await;
    let components = json!([{"sku": "cup", "quantity": 1}, {"sku": "tea", "quantity": 2}]);
    put(&shop, "box", &components).await.expect(StatusCode::CREATED);
    shop
}

fn lines(body: &Value) -> Vec<(&str, u64)> {
    let lines = body["lines"].as_array().unwrap().iter();
    lines.map(|line| (line["sku"].as_str().unwrap(), line["quantity"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn a_reservation_of_a_bundle_shows_both_what_it_holds_and_what_was_asked() {
    let shop = boxes(5, 9).await;
    let body = json!({"customer": "c", "lines": [
        {"sku": "box", "quantity": 2}, {"sku": "tea", "quantity": 1}
    ]});
    let made = shop.post_under("k", "/v1/reservations", &body).await;
    let held = made.expect(StatusCode::CREATED);
    assert_eq!(lines(&held), [("cup", 2), ("tea", 5)]);
    let components = json!([{"sku": "cup", "quantity": 1}, {"sku": "tea", "quantity": 2}]);
    assert_eq!(
        held["bundles"],
        json!([{"sku": "box", "location": null, "quantity": 2, "components": components}])
    );
    put(&shop, "box", &json!([{"sku": "cup", "quantity": 4}])).await.expect(StatusCode::OK);
    let again = shop.post_under("k", "/v1/reservations", &body).await;
    assert_eq!((again.is_replayed(), &again.body), (true, &made.body));
    let path = format!("/v1/reservations/{}", held["id"].as_str().unwrap());
    assert_eq!(shop.get(&path).await.expect(StatusCode::OK)["bundles"], held["bundles"]);

    // A commit is of lines: of what is held.
    let some = json!({"lines": [{"sku": "cup", "quantity": 1}, {"sku": "tea", "quantity": 2}]});
    let committed = shop.post(&format!("{path}/commit"), &some).await.expect(StatusCode::OK);
    assert_eq!(committed["bundles"], held["bundles"]);
    assert_eq!((shop.available("cup").await, shop.available("tea").await), (4, 7));
    shop.stop().await;
}

#[tokio::test]
async fn a_component_that_is_short_is_named_with_the_lines_it_came_from() {
    let shop = boxes(5, 5).await;
    let body = json!({"customer": "c", "lines": [
        {"sku": "cup", "quantity": 1}, {"sku": "box", "quantity": 3}
    ]});
    let refused = shop.post("/v1/reservations", &body).await.refused(409, "insufficient_stock");
    assert_eq!(pointers(&refused), ["/lines/1/quantity"]);
    assert_eq!(refused["bundles"], json!(["box"]));
    let shortage = &refused["shortages"][0];
    assert_eq!(
        (&shortage["sku"], &shortage["requested"], &shortage["available"]),
        (&json!("tea"), &json!(6), &json!(5))
    );
    let body = json!({"customer": "c", "lines": [
        {"sku": "tea", "quantity": 2}, {"sku": "box", "quantity": 2}
    ]});
    let refused = shop.post("/v1/reservations", &body).await.refused(409, "insufficient_stock");
    assert_eq!(pointers(&refused), ["/lines/0/quantity", "/lines/1/quantity"]);
    let dropping = json!({
        "customer": "c", "lines": [{"sku": "box", "quantity": 1}], "time_in_force": "immediate_or_cancel"
    });
    let refused = shop.post("/v1/reservations", &dropping).await.refused(422, "bundle_in_part");
    assert_eq!(pointers(&refused), ["/lines/0/sku"]);
    shop.stop().await;
}

#[tokio::test]
async fn the_stock_of_a_bundle_is_how_many_whole_ones_there_are() {
    let shop = boxes(5, 7).await;
    let stock = shop.stock("box").await;
    assert_eq!((&stock["available"], &stock["on_hand"]), (&json!(3), &json!(0)));
    assert_eq!(
        (&stock["locations"][0]["location"], &stock["locations"][0]["available"]),
        (&json!("main"), &json!(3))
    );
    let told = |at: usize| {
        (
            &stock["components"][at]["sku"],
            &stock["components"][at]["available"],
            &stock["components"][at]["suffices_for"],
        )
    };
    assert_eq!(told(0), (&json!("cup"), &json!(5), &json!(5)));
    assert_eq!(told(1), (&json!("tea"), &json!(7), &json!(3)));
    assert_eq!(shop.stock("cup").await.get("components"), None);
    let held = shop.reserved("box", 2).await;
    let path = format!("/v1/stock/box?reservation={}", held["id"].as_str().unwrap());
    assert_eq!(shop.available("box").await, 1);
    assert_eq!(shop.get(&path).await.expect(StatusCode::OK)["available"], 3);
    let sequence = held["sequence"].as_u64().unwrap();
    let then = shop.get(&format!("/v1/stock/box?as_of_sequence={sequence}")).await;
    then.refused(409, "product_is_bundle");
    shop.stop().await;
}

#[tokio::test]
async fn an_order_of_bundles_costs_their_price_and_calling_parts_off_pays_their_share_back() {
    let shop = boxes(5, 9).await;
    let body = json!({
        "customer": "c", "currency": "GBP", "expected_total": "10.00",
        "lines": [{"sku": "box", "quantity": 1, "unit_price": "10.00"}],
        "payment": {"provider": "sandbox", "method": "approve"}
    });
    let order = shop.post("/v1/orders", &body).await.expect(StatusCode::CREATED);
    let told: Vec<_> = order["lines"].as_array().unwrap().iter().map(|line| line["total"].clone()).collect();
    assert_eq!((lines(&order), told), (vec![("cup", 1), ("tea", 2)], vec![json!("3.33"), json!("6.67")]));
    assert_eq!(order["bundles"][0]["sku"], "box");
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    let cancel = json!({"lines": [{"sku": "tea", "quantity": 1}], "reason": "no"});
    shop.post(&format!("{path}/cancel"), &cancel).await.expect(StatusCode::OK);
    let rest = shop.post(&format!("{path}/cancel"), &json!({"reason": "no"})).await.expect(StatusCode::OK);
    let refunds: Vec<_> =
        rest["refunds"].as_array().unwrap().iter().map(|refund| refund["amount"].clone()).collect();
    assert_eq!(refunds, [json!("3.34"), json!("6.66")]);

    let held = shop.reserved("box", 2).await;
    let body = json!({
        "customer": "c", "currency": "GBP", "expected_total": "40.00", "reservation_id": held["id"],
        "payment": {"provider": "sandbox", "method": "approve"}
    });
    let order = shop.post("/v1/orders", &body).await.expect(StatusCode::CREATED);
    assert_eq!((&order["total"], lines(&order)), (&json!("40.00"), vec![("cup", 2), ("tea", 4)]));
    shop.stop().await;
}

#[tokio::test]
async fn an_import_takes_compositions_and_keeps_what_it_does_not_say() {
    let shop = boxes(1, 1).await;
    let import = async |key: &str, lines: &str| {
        let request = shop.request(reqwest::Method::POST, "/v1/import").header("idempotency-key", key);
        let request = request.header("content-type", "application/x-ndjson").body(lines.to_owned());
        let text = String::from_utf8(shop.send(request).await.body).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let told = import("a", r#"{"sku": "set", "components": [{"sku": "cup", "quantity": 3}]}"#).await;
    assert_eq!(told[0]["status"], "created");
    let told = import("b", r#"{"sku": "set", "name": "Three cups"}"#).await;
    assert_eq!(told[0]["status"], "updated");
    let set = shop.get("/v1/products/set").await.expect(StatusCode::OK);
    assert_eq!(
        (&set["name"], &set["components"]),
        (&json!("Three cups"), &json!([{"sku": "cup", "quantity": 3}]))
    );
    let told = import("c", r#"{"sku": "set", "stock": {"main": 3}}"#).await;
    assert_eq!(
        (&told[0]["status"], &told[0]["problem"]["code"]),
        (&json!("error"), &json!("product_is_bundle"))
    );
    let told = import("d", r#"{"sku": "crate", "components": [{"sku": "set", "quantity": 1}]}"#).await;
    assert_eq!(told[0]["problem"]["errors"][0]["pointer"], "/components/0/sku");
    let told = import("e", r#"{"sku": "set", "components": [], "stock": {"main": 3}}"#).await;
    assert_eq!(told[0]["status"], "updated");
    assert_eq!(shop.available("set").await, 3);
    shop.stop().await;
}

#[tokio::test]
async fn a_bundle_is_not_watched_but_its_components_are() {
    let shop = boxes(5, 5).await;
    let refused = shop.get("/v1/stock/stream?sku=box").await.refused(409, "product_is_bundle");
    assert_eq!(refused["retryable"], false);
    shop.stop().await;
}

#[tokio::test]
async fn a_bundle_is_held_no_longer_than_it_may_be_however_often_it_is_prolonged() {
    let shop = boxes(5, 5).await;
    let policy = json!({"hold_ttl_ms": 60_000, "hold_ttl_max_ms": 60_000});
    let body = json!({"name": "box", "components": [{"sku": "cup", "quantity": 1}], "policy": policy});
    assert!(shop.put("/v1/products/box", &body).await.status.is_success());
    let body = json!({"customer": "c", "lines": [{"sku": "box", "quantity": 1}]});
    let made = shop.post("/v1/reservations", &body).await.expect(StatusCode::CREATED);
    let extend = format!("/v1/reservations/{}/extend", made["id"].as_str().unwrap());
    shop.post(&extend, &json!({"ttl_ms": 61_000})).await.refused(422, "hold_time_out_of_range");
    shop.post(&extend, &json!({"ttl_ms": 60_000})).await.expect(StatusCode::OK);
    shop.stop().await;
}
