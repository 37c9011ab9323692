//! What a customer has claimed as a whole: listed, and given back in one go.

use std::time::Duration;

use holdfast_actors::CoreConfig;
use holdfast_gateway::EmbeddedOptions;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Shop, eventually, pointers};

async fn reserve(shop: &Shop, customer: &str) -> Value {
    let body = json!({"customer": customer, "lines": [{"sku": "A", "quantity": 1}]});
    shop.post("/v1/reservations", &body).await.expect(StatusCode::CREATED)["id"].clone()
}

async fn give_back(shop: &Shop, key: &str, customer: &str) -> Answer {
    shop.post_under(key, "/v1/reservations/release", &json!({"customer": customer})).await
}

async fn page(shop: &Shop, query: &str) -> Value {
    shop.get(&format!("/v1/reservations?{query}")).await.expect(StatusCode::OK)
}

fn ids(entries: &Value) -> Vec<Value> {
    entries.as_array().unwrap().iter().map(|entry| entry["id"].clone()).collect()
}

#[tokio::test]
async fn a_customers_reservations_are_listed_page_by_page_until_they_end() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(reserve(&shop, "ann").await);
    }
    reserve(&shop, "bob").await;
    let first = page(&shop, "customer=ann&limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = page(&shop, &format!("customer=ann&limit=2&status=held&cursor={cursor}")).await;
    assert_eq!(
        (&first["has_more"], &rest["has_more"], &rest["next_cursor"]),
        (&true.into(), &false.into(), &Value::Null)
    );
    let told: Vec<_> = ids(&first["data"]).into_iter().chain(ids(&rest["data"])).collect();
    // Those of one instant stand in the order of their ids.
    let mut sorted = first["data"].as_array().unwrap().clone();
    sorted.extend(rest["data"].as_array().unwrap().iter().cloned());
    sorted.sort_by_key(|entry| (entry["created_at"].to_string(), entry["id"].to_string()));
    sorted.reverse();
    assert_eq!(told, ids(&json!(sorted)), "newest first");
    let mut all = told.clone();
    all.sort_by_key(Value::to_string);
    made.sort_by_key(Value::to_string);
    assert_eq!(all, made, "each of ann's, and nobody else's");
    let id = told[0].as_str().unwrap();
    shop.post(&format!("/v1/reservations/{id}/commit"), &json!({})).await.expect(StatusCode::OK);
    assert_eq!(ids(&page(&shop, "customer=ann").await["data"]), told[1..]);
    let shop = shop.restart().await;
    assert_eq!(ids(&page(&shop, "customer=ann").await["data"]), told[1..]);
    assert_eq!(
        page(&shop, "customer=nobody").await,
        json!({"data": [], "has_more": false, "next_cursor": null})
    );
    shop.stop().await;
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused() {
    let shop = Shop::open().await;
    for query in
        ["", "customer=", "customer=a&status=committed", "customer=a&cursor=x", "customer=a&limit=0", "who=a"]
    {
        shop.get(&format!("/v1/reservations?{query}")).await.refused(400, "malformed_query");
    }
    shop.stop().await;
}

#[tokio::test]
async fn giving_back_by_owner_is_safe_to_repeat_and_needs_nothing_to_be_there() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let nothing = json!({"customer": "ann", "released": [], "not_released": [], "has_more": false});
    for _ in 0..2 {
        let answer = give_back(&shop, "k", "ann").await;
        assert_eq!(answer.expect(StatusCode::OK), nothing);
        assert!(!answer.is_replayed());
    }
    let (first, second) = (reserve(&shop, "ann").await, reserve(&shop, "ann").await);
    reserve(&shop, "bob").await;
    // The key that did nothing is as good as new.
    let answer = give_back(&shop, "k", "ann").await;
    let told = answer.expect(StatusCode::OK);
    assert_eq!(told["released"].as_array().unwrap().len(), 2);
    for released in told["released"].as_array().unwrap() {
        assert!(
            [&first, &second].contains(&&released["id"]) && released["status"] == "released",
            "{released}"
        );
    }
    assert_eq!(shop.available("A").await, 9);
    let shop = shop.restart().await;
    let again = give_back(&shop, "k", "ann").await;
    assert!(again.is_replayed());
    assert_eq!(again.expect(StatusCode::OK), told);
    // Each is over like one that was given back alone.
    let id = first.as_str().unwrap();
    shop.post(&format!("/v1/reservations/{id}/commit"), &json!({}))
        .await
        .refused(409, "reservation_already_released");
    shop.stop().await;
}

#[tokio::test]
async fn what_is_being_paid_for_is_kept_and_says_why() {
    let core = CoreConfig {
        payment_timeout: Duration::from_millis(20),
        checkout_wait: Duration::from_millis(60),
        probe_backoff: Duration::from_secs(3_600),
        ..CoreConfig::default()
    };
    let shop = Shop::open_with(EmbeddedOptions { core, ..EmbeddedOptions::default() }).await;
    shop.stocked("A", 10).await;
    let (paid, held) = (reserve(&shop, "ann").await, reserve(&shop, "ann").await);
    let order = json!({
        "customer": "ann", "reservation_id": paid, "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "timeout"}
    });
    let order = shop.post("/v1/orders", &order).await.expect(StatusCode::ACCEPTED);
    assert_eq!(
        ids(&page(&shop, "customer=ann&status=in_checkout").await["data"]),
        std::slice::from_ref(&paid)
    );
    let told = give_back(&shop, "k", "ann").await.expect(StatusCode::OK);
    assert_eq!(ids(&told["released"]), [held]);
    let kept = &told["not_released"];
    assert_eq!(ids(kept), [paid]);
    assert_eq!((&kept[0]["code"], &kept[0]["order_id"]), (&"reservation_in_checkout".into(), &order["id"]));
    eventually(async || shop.available("A").await == 9).await;
    shop.stop().await;
}

#[tokio::test]
async fn giving_back_by_owner_needs_an_owner_and_a_key() {
    let shop = Shop::open().await;
    let empty = shop
        .post("/v1/reservations/release", &json!({"customer": ""}))
        .await
        .refused(422, "validation_failed");
    assert_eq!(pointers(&empty), ["/customer"]);
    let unkeyed =
        shop.request(reqwest::Method::POST, "/v1/reservations/release").json(&json!({"customer": "ann"}));
    shop.send(unkeyed).await.refused(400, "idempotency_key_missing");
    shop.get("/v1/reservations/release").await.refused(405, "method_not_allowed");
    shop.stop().await;
}
