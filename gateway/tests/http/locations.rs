//! Locations that are given up, over HTTP.

use hyper::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Answer, Shop};

impl Shop {
    async fn gives_up(&self, location: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/v1/products/A/locations/{location}"))).await
    }

    async fn lies(&self, location: &str, units: u64, condition: &str) {
        let body = json!({"location": location, "delta": units, "condition": condition, "reason": "receipt"});
        self.post("/v1/stock/A/adjustments", &body).await.expect(StatusCode::CREATED);
    }

    async fn locations(&self) -> Vec<String> {
        let stock = self.stock("A").await;
        let names = stock["locations"].as_array().unwrap().iter();
        names.map(|here| here["location"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn what_lies_there_goes_to_the_other_and_the_location_is_not_known_any_more() {
    let shop = Shop::open().await;
    shop.stocked("A", 3).await;
    shop.lies("out let", 4, "sellable").await;
    shop.lies("out let", 2, "damaged").await;
    shop.gives_up("out%20let").await.refused(409, "location_not_empty");
    let gone = shop.gives_up("out%20let?to=main&reason=closed").await.expect(StatusCode::OK);
    assert_eq!(gone["moved"], json!({"sellable": 4, "damaged": 2, "quality_control": 0}));
    assert_eq!((&gone["location"], &gone["to"]), (&"out let".into(), &"main".into()));
    assert_eq!(shop.locations().await, ["main"]);
    let shop = shop.restart().await;
    let stock = shop.stock("A").await;
    assert_eq!(
        (&stock["on_hand"], &stock["damaged"], &stock["available"]),
        (&9.into(), &2.into(), &7.into())
    );
    let line = json!({"sku": "A", "quantity": 1, "location": "out let"});
    let refused = shop.post("/v1/reservations", &json!({"customer": "ann", "lines": [line]})).await;
    refused.refused(422, "unknown_location");
    shop.gives_up("out%20let?to=main").await.refused(404, "unknown_location");
    shop.stop().await;
}

#[tokio::test]
async fn a_location_that_cannot_be_given_up_says_why() {
    let shop = Shop::open().await;
    shop.stocked("A", 3).await;
    shop.gives_up("main").await.refused(409, "last_location");
    shop.lies("york", 1, "sellable").await;
    shop.gives_up("york?to=york").await.refused(422, "transfer_to_self");
    shop.gives_up("york?to=hull").await.refused(422, "unknown_destination");
    shop.gives_up("hull?to=york").await.refused(404, "unknown_location");
    shop.gives_up("york?to=%20x").await.refused(400, "malformed_query");
    shop.gives_up("york?reason=").await.refused(400, "malformed_query");
    shop.gives_up("york?where=main").await.refused(400, "malformed_query");
    let line = json!({"sku": "A", "quantity": 1, "location": "york"});
    shop.post("/v1/reservations", &json!({"customer": "ann", "lines": [line]}))
        .await
        .expect(StatusCode::CREATED);
    let refused = shop.gives_up("york?to=main").await.refused(409, "location_in_use");
    assert_eq!(
        (&refused["held"], &refused["allocated"], &refused["incoming"]),
        (&1.into(), &0.into(), &0.into())
    );
    let unknown = shop.send(shop.request(Method::DELETE, "/v1/products/B/locations/main")).await;
    unknown.refused(404, "unknown_sku");
    shop.stop().await;
}

#[tokio::test]
async fn under_a_key_it_is_done_once() {
    let shop = Shop::open().await;
    shop.stocked("A", 3).await;
    shop.lies("york", 1, "sellable").await;
    let ask = |query: &str| {
        let path = format!("/v1/products/A/locations/york?to={query}");
        shop.send(shop.request(Method::DELETE, &path).header("idempotency-key", "k"))
    };
    let first = ask("main").await.expect(StatusCode::OK);
    let again = ask("main").await;
    assert!(again.is_replayed());
    assert_eq!(again.expect(StatusCode::OK), first);
    ask("hull").await.refused(422, "idempotency_key_reused");
    shop.stop().await;
}
