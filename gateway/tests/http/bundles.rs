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
