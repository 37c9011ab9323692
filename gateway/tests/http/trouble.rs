//! Our own trouble: a panic, too much at once.

use std::sync::Arc;
use std::time::Duration;

use holdfast_actors::{
    CoreConfig, Later, PaymentAnswer, PaymentCall, PaymentFate, PaymentProvider, Payments,
};
use holdfast_gateway::EmbeddedOptions;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Shop, eventually};

/// A provider with a bug, and one that never answers.
struct Broken {
    panics: bool,
}

impl PaymentProvider for Broken {
    fn accepts(&self, _: &str) -> bool {
        assert!(!self.panics, "a bug, made for this test");
        true
    }

    fn call(&self, _: PaymentCall) -> Later<PaymentAnswer> {
        Box::pin(std::future::pending())
    }

    fn query(&self, _: String) -> Later<PaymentFate> {
        Box::pin(std::future::pending())
    }
}

fn order() -> Value {
    json!({
        "customer": "c", "lines": [{"sku": "A", "quantity": 1}], "currency": "GBP",
        "payment": {"provider": "broken", "method": "m"}
    })
}

async fn shop(panics: bool, core: CoreConfig) -> Shop {
    let payments = Payments::default().with("broken", Arc::new(Broken { panics }));
    let shop = Shop::open_with(EmbeddedOptions { payments, core, ..EmbeddedOptions::default() }).await;
    shop.stocked("A", 5).await;
    shop
}

#[tokio::test]
async fn a_panic_is_answered_and_harms_nobody_else() {
    let shop = shop(true, CoreConfig::default()).await;
    let problem = shop.post("/v1/orders", &order()).await.refused(500, "internal");
    assert!(!problem.to_string().contains("made for this test"), "what went wrong inside stays inside");
    assert_eq!(shop.available("A").await, 5);
    shop.stop().await;
}

#[tokio::test]
async fn too_much_at_once_is_refused_without_effect_and_room_comes_back() {
    let core = CoreConfig {
        in_flight_max: 1,
        payment_timeout: Duration::from_secs(3_600),
        checkout_wait: Duration::from_secs(3_600),
        ..CoreConfig::default()
    };
    let shop = shop(false, core).await;
    let request = shop.request(Method::POST, "/v1/orders").header("idempotency-key", "k").json(&order());
    let waiting = tokio::spawn(request.send());
    eventually(async || shop.node.core.stats().in_flight == 1).await;
    let body = json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}]});
    let refused = shop.post_under("r", "/v1/reservations", &body).await;
    assert_eq!(refused.refused(503, "overloaded")["retryable"], true);
    assert!(refused.header("retry-after").is_some());
    // Reading needs no room.
    shop.stock("A").await;
    // A client that goes away leaves its room to others.
    waiting.abort();
    eventually(async || shop.node.core.stats().in_flight == 0).await;
    let made = shop.post_under("r", "/v1/reservations", &body).await;
    assert_eq!((made.status, made.is_replayed()), (StatusCode::CREATED, false));
}
