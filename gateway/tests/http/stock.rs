use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

#[tokio::test]
async fn counts_change_by_a_difference_or_to_a_count() {
    let shop = Shop::open().await;
    shop.stocked("A", 0).await;
    let adjust = "/v1/stock/A/adjustments";
    let receipt = json!({"delta": 10, "reason": "receipt", "reference": "PO-1"});
    let receipt = shop.post(adjust, &receipt).await.expect(StatusCode::CREATED);
    assert_eq!(
        (&receipt["delta"], &receipt["on_hand"], &receipt["location"], &receipt["reference"]),
        (&10.into(), &10.into(), &"main".into(), &"PO-1".into())
    );
    let count = json!({"set": 7, "expected": 10, "reason": "count"});
    let count = shop.post(adjust, &count).await.expect(StatusCode::CREATED);
    assert_eq!((&count["delta"], &count["on_hand"]), (&(-3).into(), &7.into()));
    let other = json!({"delta": 5, "location": "leeds", "reason": "receipt"});
    shop.post(adjust, &other).await.expect(StatusCode::CREATED);
    let stock = shop.stock("A").await;
    assert_eq!((&stock["on_hand"], &stock["available"]), (&12.into(), &12.into()));
    let places: Vec<_> = stock["locations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| (place["location"].as_str().unwrap(), place["on_hand"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [("leeds", 5), ("main", 7)]);
    shop.stop().await;
}

#[tokio::test]
async fn changes_that_cannot_be_are_refused_without_effect() {
    let shop = Shop::open().await;
    shop.stocked("A", 5).await;
    let before = shop.stock("A").await;
    let adjust = "/v1/stock/A/adjustments";
    let changed = shop.post(adjust, &json!({"set": 9, "expected": 4, "reason": "count"})).await;
    let changed = changed.refused(409, "stock_changed");
    assert_eq!((&changed["expected"], &changed["actual"]), (&4.into(), &5.into()));
    assert_eq!(pointers(&changed), ["/expected"]);
    let below = shop.post(adjust, &json!({"delta": -6, "reason": "loss"})).await;
    let below = below.refused(409, "stock_below_zero");
    assert_eq!((&below["condition"], &below["actual"]), (&"sellable".into(), &5.into()));
    let unknown = shop.post("/v1/stock/NOPE/adjustments", &json!({"delta": 1, "reason": "r"})).await;
    unknown.refused(404, "unknown_sku");
    assert_eq!(shop.stock("A").await, before);
    shop.stop().await;
}

#[tokio::test]
async fn units_in_each_condition_are_counted_shown_and_sold_or_not() {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    let adjust = "/v1/stock/A/adjustments";
    let returned =
        json!({"delta": 3, "condition": "quality_control", "reason": "receipt", "actor": "dock 2"});
    let returned = shop.post(adjust, &returned).await.expect(StatusCode::CREATED);
    assert_eq!(
        (&returned["condition"], &returned["on_hand"], &returned["quality_control"], &returned["actor"]),
        (&"quality_control".into(), &13.into(), &3.into(), &"dock 2".into())
    );
    let sorted = json!({
        "becomes": "damaged", "quantity": 2, "condition": "quality_control", "reason": "inspection"
    });
    let first = shop.post_under("k", adjust, &sorted).await;
    let again = shop.post_under("k", adjust, &sorted).await;
    assert!(again.is_replayed());
    let (first, again) = (first.expect(StatusCode::CREATED), again.expect(StatusCode::CREATED));
    assert_eq!(first, again);
    assert_eq!(
        (&first["delta"], &first["on_hand"], &first["damaged"], &first["quality_control"]),
        (&(-2).into(), &13.into(), &2.into(), &1.into())
    );
    let stock = shop.stock("A").await;
    for counts in [&stock, &stock["locations"][0]] {
        let shown =
            ["on_hand", "damaged", "quality_control", "available"].map(|name| counts[name].as_u64().unwrap());
        assert_eq!(shown, [13, 2, 1, 10]);
    }
    let too_many =
        json!({"becomes": "sellable", "quantity": 2, "condition": "quality_control", "reason": "inspection"});
    let refused = shop.post(adjust, &too_many).await.refused(409, "stock_below_zero");
    assert_eq!((&refused["condition"], &refused["actual"]), (&"quality_control".into(), &1.into()));
    assert_eq!(shop.stock("A").await, stock);
    shop.stop().await;
}

#[tokio::test]
async fn a_sale_told_late_is_set_against_the_count_it_is_in() {
    let shop = Shop::open().await;
    shop.stocked("A", 0).await;
    let adjust = "/v1/stock/A/adjustments";
    let receipt = json!({"delta": 100, "reason": "receipt"});
    let receipt = shop.post(adjust, &receipt).await.expect(StatusCode::CREATED);
    let before = receipt["at"].as_str().unwrap();
    assert_eq!((&receipt["happened_at"], &receipt["overtaken"]), (&Value::Null, &Value::Null));
    let count = shop.post(adjust, &json!({"set": 95, "reason": "count"})).await.expect(StatusCode::CREATED);
    let counted = count["at"].as_str().unwrap();
    let late = json!({"delta": -2, "reason": "sale", "occurred_at": before});
    let first = shop.post_under("k", adjust, &late).await.expect(StatusCode::CREATED);
    assert_eq!(
        (&first["delta"], &first["on_hand"], &first["happened_at"], &first["overtaken"]),
        (&0.into(), &95.into(), &before.into(), &(-2).into())
    );
    let again = shop.post_under("k", adjust, &late).await;
    assert!(again.is_replayed());
    assert_eq!(again.expect(StatusCode::CREATED), first);
    let loss = json!({"delta": -2, "reason": "loss"});
    assert_eq!(shop.post(adjust, &loss).await.expect(StatusCode::CREATED)["on_hand"], 93);
    // Counted again as of the first count: what was lost since stays lost.
    let recount = json!({"set": 96, "reason": "recount", "counted_at": counted});
    let recount = shop.post(adjust, &recount).await.expect(StatusCode::CREATED);
    assert_eq!((&recount["happened_at"], &recount["overtaken"]), (&counted.into(), &Value::Null));
    let long_ago = json!({"delta": -1, "reason": "sale", "occurred_at": "2020-01-01T00:00:00Z"});
    let refused = shop.post(adjust, &long_ago).await.refused(422, "stamp_out_of_range");
    assert!(refused["earliest"].is_string() && refused["latest"].is_string());
    for (body, pointer) in [
        (json!({"set": 1, "reason": "r", "occurred_at": before}), "/occurred_at"),
        (json!({"delta": 1, "reason": "r", "counted_at": before}), "/counted_at"),
        (json!({"delta": 1, "reason": "r", "occurred_at": "noon"}), "/occurred_at"),
    ] {
        let refused = shop.post(adjust, &body).await.refused(422, "validation_failed");
        assert_eq!(pointers(&refused), [pointer]);
    }
    shop.stop().await;
}
