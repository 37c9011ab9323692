//! What happened to a product, and its stock as it was.

use std::collections::BTreeSet;

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::harness::Shop;

const HISTORY: &str = "/v1/products/A/history";

impl Shop {
    /// All entries of A's history, newest first, by pages of so many.
    async fn history(&self, filter: &str, limit: usize) -> Vec<Value> {
        let (mut entries, mut cursor) = (Vec::new(), String::new());
        loop {
            let page =
                self.get(&format!("{HISTORY}?limit={limit}{filter}{cursor}")).await.expect(StatusCode::OK);
            let data = page["data"].as_array().unwrap();
            assert!(data.len() <= limit);
            entries.extend_from_slice(data);
            assert_eq!(page["has_more"], page["next_cursor"].is_string());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return entries,
            }
        }
    }

    async fn adjusted(&self, body: &Value) {
        self.post("/v1/stock/A/adjustments", body).await.expect(StatusCode::CREATED);
    }

    async fn done(&self, path: &str, body: &Value) -> Value {
        let done = self.post(path, body).await;
        assert!(done.status.is_success(), "{path}: {done:?}");
        done.json()
    }

    /// A product to which everything has happened that can, and the stock as it was read in between.
    async fn eventful(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        let body = json!({"name": "A", "policy": {"backorders": "unlimited"}});
        self.put("/v1/products/A", &body).await.expect(StatusCode::CREATED);
        self.adjusted(&json!({"set": 5, "reason": "opening stock", "reference": "S-1", "actor": "ann"}))
            .await;
        self.adjusted(&json!({"delta": 2, "location": "leeds", "reason": "receipt"})).await;
        self.adjusted(&json!({"becomes": "damaged", "quantity": 1, "reason": "dropped"})).await;
        seen.push(self.stock("A").await);
        let first = self.reserved("A", 3).await;
        let first = format!("/v1/reservations/{}", first["id"].as_str().unwrap());
        self.done(&format!("{first}/extend"), &json!({"ttl_ms": 60_000})).await;
        self.done(&format!("{first}/release"), &json!({})).await;
        let second = self.reserved("A", 9).await;
        seen.push(self.stock("A").await);
        let second = format!("/v1/reservations/{}", second["id"].as_str().unwrap());
        self.done(&format!("{second}/commit"), &json!({})).await;
        seen.push(self.stock("A").await);
        let incoming = "/v1/stock/A/incoming";
        let lot = self.done(incoming, &json!({"quantity": 6, "reference": "PO-1"})).await;
        let lot = format!("{incoming}/{}", lot["id"].as_str().unwrap());
        self.done(&format!("{lot}/reschedule"), &json!({"expected_at": "2999-01-01T00:00:00Z"})).await;
        seen.push(self.stock("A").await);
        self.done(&format!("{lot}/receive"), &json!({"quantity": 4})).await;
        self.done(&format!("{lot}/cancel"), &json!({"reason": "none left"})).await;
        let sale = "/v1/products/A/sales/spring";
        let terms = json!({"opens_at": "2020-01-01T00:00:00Z", "per_customer": 2, "set_aside": {"main": 1}});
        self.put(sale, &terms).await.expect(StatusCode::OK);
        seen.push(self.stock("A").await);
        self.send(self.request(hyper::Method::DELETE, sale)).await.expect(StatusCode::OK);
        seen.push(self.stock("A").await);
        seen
    }
}

#[tokio::test]
async fn whatever_happened_to_a_product_is_told_newest_first_in_the_words_of_the_interface() {
    let shop = Shop::open().await;
    shop.eventful().await;
    let entries = shop.history("", 100).await;
    let kinds: Vec<_> = entries.iter().rev().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "product_put",
            "counted",
            "adjusted",
            "adjusted",
            "hold_opened",
            "hold_moved",
            "hold_released",
            "hold_opened",
            "hold_committed",
            "lot_announced",
            "lot_rescheduled",
            "lot_received",
            "filled",
            "lot_cancelled",
            "sale_put",
            "sale_ended",
        ]
    );
    for (version, entry) in (1..).zip(entries.iter().rev()) {
        assert_eq!(entry["version"], version);
        assert!(entry["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{entry}");
    }
    assert!(entries.is_sorted_by(|newer, older| newer["sequence"].as_u64() > older["sequence"].as_u64()));
    let entry = |kind: &str| entries.iter().rev().find(|entry| entry["kind"] == kind).unwrap();
    let counted = entry("counted");
    assert_eq!(
        (&counted["delta"], &counted["reason"], &counted["reference"], &counted["actor"]),
        (&5.into(), &"opening stock".into(), &"S-1".into(), &"ann".into())
    );
    let moved = json!([{
        "location": "main", "condition": "sellable", "delta": 5, "reason": "opening stock", "reference": "S-1"
    }]);
    assert_eq!(counted["movements"], moved);
    let dropped = entries.iter().find(|entry| entry["becomes"] == "damaged").unwrap();
    let deltas: Vec<_> = dropped["movements"].as_array().unwrap().iter().map(|line| &line["delta"]).collect();
    assert_eq!(deltas, [-1, 1], "a unit that changes its condition has two lines");
    let opened = entry("hold_opened");
    assert_eq!(
        (&opened["quantity"], &opened["location"], &opened["queued"], &opened["movements"]),
        (&3.into(), &Value::Null, &0.into(), &json!([]))
    );
    assert!(opened["reservation_id"].as_str().unwrap().starts_with("rsv_"));
    assert_eq!(opened["reservation_id"], entry("hold_released")["reservation_id"]);
    let committed = entry("hold_committed");
    assert_eq!(committed["quantity"], 9);
    assert_eq!(
        entry("filled")["fills"],
        json!([{"reservation_id": committed["reservation_id"], "quantity": 3}])
    );
    let received = entry("lot_received");
    assert_eq!((&received["quantity"], &received["short"]), (&4.into(), &Value::Null));
    assert_eq!(received["lot_id"], entry("lot_announced")["lot_id"]);
    assert_eq!(received["movements"][0]["delta"], 4);
    assert_eq!(entry("sale_put")["set_aside"], json!({"main": 1}));
    assert_eq!(entry("product_put")["policy"]["backorders"], "unlimited");
    shop.stop().await;
}

#[tokio::test]
async fn pages_and_kinds_are_parts_of_the_same_history_also_after_a_restart() {
    let shop = Shop::open().await;
    shop.eventful().await;
    let all = shop.history("", 100).await;
    assert_eq!(shop.history("", 3).await, all);
    let mut told = BTreeSet::new();
    for (kind, expected) in [
        ("policy", 1),
        ("hold", 5),
        ("match", 1),
        ("lot", 4),
        ("sale", 2),
        ("allocation", 0),
        ("movement", 4),
    ] {
        let part = shop.history(&format!("&kind={kind}"), 2).await;
        assert_eq!(part.len(), expected, "{kind}");
        told.extend(part.iter().map(|entry| entry["sequence"].as_u64().unwrap()));
        assert!(part.iter().all(|entry| all.contains(entry)), "{kind}");
    }
    assert_eq!(told.len(), all.len(), "each entry is of a kind");
    let shop = shop.restart().await;
    assert_eq!(shop.history("", 4).await, all);
    shop.stop().await;
}

#[tokio::test]
async fn a_deleted_product_has_its_history_and_one_that_never_was_has_none() {
    let shop = Shop::open().await;
    shop.stocked("A", 0).await;
    shop.send(shop.request(hyper::Method::DELETE, "/v1/products/A")).await.expect(StatusCode::NO_CONTENT);
    let entries = shop.history("", 10).await;
    let kinds: Vec<_> = entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["product_deleted", "product_put"]);
    let put = entries[1]["sequence"].as_u64().unwrap();
    let then = shop.get(&format!("/v1/stock/A?as_of_sequence={put}")).await.expect(StatusCode::OK);
    assert_eq!(then["on_hand"], 0);
    let gone = shop.get(&format!("/v1/stock/A?as_of_sequence={}", put + 1)).await;
    assert_eq!(gone.refused(404, "absent_then")["retryable"], false);
    shop.get("/v1/products/NOPE/history").await.refused(404, "unknown_sku");
    shop.get("/v1/stock/NOPE?as_of_sequence=1").await.refused(404, "unknown_sku");
    shop.stop().await;
}

#[tokio::test]
async fn stock_as_of_a_position_or_an_instant_is_what_was_read_then() {
    let shop = Shop::open().await;
    let seen = shop.eventful().await;
    let all = shop.history("", 100).await;
    for mut read in seen {
        let sequence = read["sequence"].as_u64().unwrap();
        let mut then =
            shop.get(&format!("/v1/stock/A?as_of_sequence={sequence}")).await.expect(StatusCode::OK);
        let at = all.iter().find(|entry| entry["sequence"] == sequence).unwrap()["at"].clone();
        let as_of = then.as_object_mut().unwrap().remove("as_of").unwrap();
        assert_eq!(as_of, json!({"sequence": sequence, "at": at}));
        // When units will be there is told for the instant asked about, which both were asked about a little later.
        for stock in [&mut read, &mut then] {
            stock.as_object_mut().unwrap().remove("next_available_at").unwrap();
        }
        assert_eq!(then, read);
    }
    let last = all[0]["at"].as_str().unwrap();
    crate::harness::eventually(async || {
        let then = shop.get(&format!("/v1/stock/A?as_of={last}")).await;
        // Until the millisecond is over, there may be more to come.
        if then.status == StatusCode::NOT_FOUND {
            then.refused(404, "not_yet");
            return false;
        }
        let then = then.expect(StatusCode::OK);
        assert_eq!((&then["as_of"]["at"], &then["version"]), (&last.into(), &all.len().into()));
        true
    })
    .await;
    shop.stop().await;
}

#[tokio::test]
async fn a_past_that_is_none_is_refused_by_what_it_is() {
    let shop = Shop::open().await;
    shop.stocked("A", 1).await;
    let end = shop.journal();
    let ahead = shop.get(&format!("/v1/stock/A?as_of_sequence={}", end + 1)).await.refused(404, "not_yet");
    assert_eq!((&ahead["sequence"], &ahead["retryable"]), (&end.into(), &true.into()));
    let ahead = shop.get("/v1/stock/A?as_of=2999-01-01T00:00:00Z").await.refused(404, "not_yet");
    assert!(ahead["now"].is_string());
    shop.get("/v1/stock/A?as_of_sequence=0").await.refused(404, "absent_then");
    shop.get("/v1/stock/A?as_of=2001-01-01T00:00:00%2B02:00").await.refused(404, "absent_then");
    for query in [
        "as_of_sequence=-1",
        "as_of_sequence=x",
        "as_of=yesterday",
        "as_of=",
        "as_of_sequence=1&as_of=2001-01-01T00:00:00Z",
        "as_of_seq=1",
    ] {
        shop.get(&format!("/v1/stock/A?{query}")).await.refused(400, "malformed_query");
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_history_that_cannot_be_asked_for_is_refused() {
    let shop = Shop::open().await;
    shop.stocked("A", 1).await;
    shop.stocked("B", 1).await;
    let page = shop.get("/v1/products/B/history?limit=1").await.expect(StatusCode::OK);
    let cursor = page["next_cursor"].as_str().unwrap();
    for query in ["limit=0", "limit=101", "limit=x", "kind=everything", "cursor=", "cursor=0", "order=oldest"]
    {
        shop.get(&format!("{HISTORY}?{query}")).await.refused(400, "malformed_query");
    }
    shop.get(&format!("{HISTORY}?cursor={cursor}")).await.refused(400, "malformed_query");
    let next = shop.get(&format!("/v1/products/B/history?cursor={cursor}")).await.expect(StatusCode::OK);
    assert_eq!(next["data"][0]["kind"], "product_put");
    shop.stop().await;
}
