//! Money that goes back: granted, refused, failed and tried again.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Shop, eventually, pointers};

/// A paid order of four units at 2.55; its path.
async fn paid(shop: &Shop, method: &str) -> String {
    shop.stocked("A", 10).await;
    let body = json!({
        "customer": "c", "lines": [{"sku": "A", "quantity": 4}], "currency": "GBP",
        "payment": {"provider": "sandbox", "method": method}
    });
    let order = shop.post("/v1/orders", &body).await.expect(StatusCode::CREATED);
    assert_eq!(order["total"], "10.20");
    format!("/v1/orders/{}", order["id"].as_str().unwrap())
}

/// The order's refunds, once none of them is under way.
async fn settled(shop: &Shop, order: &str) -> Value {
    let mut refunds = Value::Null;
    eventually(async || {
        refunds = shop.get(order).await.expect(StatusCode::OK)["refunds"].clone();
        refunds.as_array().unwrap().iter().all(|refund| refund["status"] != "pending")
    })
    .await;
    refunds
}

fn of(amount: &str) -> Value {
    json!({"amount": amount, "reason": "arrived late"})
}

#[tokio::test]
async fn a_refund_is_granted_paid_and_listed() {
    let shop = Shop::open().await;
    let order = paid(&shop, "approve").await;
    let granted = shop.post(&format!("{order}/refunds"), &of("1.50")).await.expect(StatusCode::OK);
    assert_eq!(granted["status"], "confirmed");
    let refund = |status| json!([{"number": 1, "amount": "1.50", "reason": "arrived late", "status": status, "failure": null}]);
    assert_eq!(granted["refunds"], refund("pending"));
    assert_eq!(settled(&shop, &order).await, refund("done"));
    assert_eq!(shop.stock("A").await["allocated"], 4);
    shop.stop().await;
}

#[tokio::test]
async fn refunds_above_what_was_paid_are_refused_and_told_what_is_left() {
    let shop = Shop::open().await;
    let order = paid(&shop, "approve").await;
    let refunds = format!("{order}/refunds");
    shop.post(&refunds, &of("5.10")).await.expect(StatusCode::OK);
    let above = shop.post(&refunds, &of("6.00")).await.refused(409, "refund_above_paid");
    assert_eq!((&above["requested"], &above["left"]), (&"6.00".into(), &"5.10".into()));
    assert_eq!(above["retryable"], false);
    shop.post(&refunds, &of("5.10")).await.expect(StatusCode::OK);
    assert_eq!(shop.post(&refunds, &of("0.01")).await.refused(409, "refund_above_paid")["left"], "0.00");
    let nothing = shop.post(&refunds, &of("0")).await.refused(422, "validation_failed");
    assert_eq!(pointers(&nothing), ["/amount"]);
    // What was granted before is not owed again for units that are called off.
    let cancelled = shop.post(&format!("{order}/cancel"), &json!({"reason": "r"})).await;
    assert_eq!(cancelled.expect(StatusCode::OK)["refunds"].as_array().unwrap().len(), 2);
    shop.stop().await;
}

#[tokio::test]
async fn a_failed_refund_is_tried_again_and_paid_once() {
    let shop = Shop::open().await;
    let order = paid(&shop, "refund_decline").await;
    shop.post(&format!("{order}/refunds"), &of("10.20")).await.expect(StatusCode::OK);
    let failed = settled(&shop, &order).await;
    assert_eq!((&failed[0]["status"], failed[0]["failure"].is_string()), (&"failed".into(), true));

    let retry = format!("{order}/refunds/1/retry");
    let again = shop.post_under("again", &retry, &json!({})).await;
    assert_eq!(again.expect(StatusCode::OK)["refunds"][0]["status"], "pending");
    let paid = settled(&shop, &order).await;
    assert_eq!((&paid[0]["status"], &paid[0]["failure"]), (&"done".into(), &Value::Null));

    let repeat = shop.post_under("again", &retry, &json!({})).await;
    assert!(repeat.is_replayed());
    assert_eq!(repeat.body, again.body);
    let once = shop.post(&retry, &json!({})).await.refused(409, "refund_not_failed");
    assert_eq!(once["refund_status"], "done");
    shop.stop().await;
}

#[tokio::test]
async fn an_order_that_was_not_paid_has_nothing_to_pay_back() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let body = json!({
        "customer": "c", "lines": [{"sku": "A", "quantity": 1}], "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "decline"}
    });
    let declined = shop.post("/v1/orders", &body).await.refused(402, "payment_declined");
    let refunds = format!("/v1/orders/{}/refunds", declined["order_id"].as_str().unwrap());
    let refused = shop.post(&refunds, &of("1.00")).await.refused(409, "order_state");
    assert_eq!(refused["order_status"], "payment_failed");
    shop.stop().await;
}
