//! `PUT /v1/reservations/{id}/lines`: a held basket gets other lines.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Shop, pointers};

/// A shop with ten each of A and B, and a basket of three A.
async fn basket() -> (Shop, String) {
    let shop = Shop::open().await;
    shop.stocked("A", 10).await;
    shop.stocked("B", 10).await;
    let id = shop.reserved("A", 3).await["id"].as_str().unwrap().to_owned();
    (shop, id)
}

async fn change(shop: &Shop, id: &str, body: &Value) -> Answer {
    shop.put(&format!("/v1/reservations/{id}/lines"), body).await
}

fn lines(reservation: &Value) -> Vec<(&str, u64)> {
    let lines = reservation["lines"].as_array().unwrap().iter();
    lines.map(|line| (line["sku"].as_str().unwrap(), line["quantity"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn a_basket_has_just_the_lines_that_were_put() {
    let (shop, id) = basket().await;
    let body = json!({"lines": [{"sku": "B", "quantity": 4}, {"sku": "A", "quantity": 1}]});
    let changed = change(&shop, &id, &body).await.expect(StatusCode::OK);
    assert_eq!((changed["id"].as_str().unwrap(), &changed["status"]), (id.as_str(), &json!("held")));
    assert_eq!(lines(&changed), [("A", 1), ("B", 4)]);
    assert_eq!((shop.available("A").await, shop.available("B").await), (9, 6));
    let out = change(&shop, &id, &json!({"lines": [{"sku": "B", "quantity": 10}]})).await;
    assert_eq!(lines(&out.expect(StatusCode::OK)), [("B", 10)], "what it holds is not in its own way");
    assert_eq!((shop.available("A").await, shop.available("B").await), (10, 0));
    let read = shop.get(&format!("/v1/reservations/{id}")).await.expect(StatusCode::OK);
    assert_eq!((lines(&read), &read["version"]), (vec![("B", 10)], &json!(3)));
    shop.stop().await;
}

#[tokio::test]
async fn a_refused_change_names_the_line_and_leaves_all_as_it_was() {
    let (shop, id) = basket().await;
    let journal = shop.journal();
    let body = json!({"lines": [{"sku": "B", "quantity": 1}, {"sku": "A", "quantity": 11}]});
    let refused = change(&shop, &id, &body).await.refused(409, "insufficient_stock");
    assert_eq!(pointers(&refused), ["/lines/1/quantity"]);
    let shortage = &refused["shortages"][0];
    // Of the eleven it has three, and wants eight besides.
    assert_eq!((&shortage["requested"], &shortage["available"]), (&json!(8), &json!(7)));
    let read = shop.get(&format!("/v1/reservations/{id}")).await.expect(StatusCode::OK);
    assert_eq!((lines(&read), &read["version"]), (vec![("A", 3)], &json!(1)));
    assert_eq!((shop.available("A").await, shop.available("B").await), (7, 10));
    assert_eq!(shop.journal(), journal, "A comes before B, so nothing was claimed");
    shop.stop().await;
}

#[tokio::test]
async fn a_change_under_the_same_key_is_made_once() {
    let (shop, id) = basket().await;
    let path = format!("/v1/reservations/{id}/lines");
    let send = async |units: u64| {
        let body = json!({"lines": [{"sku": "A", "quantity": units}]});
        shop.send(shop.request(Method::PUT, &path).header("Idempotency-Key", "k").json(&body)).await
    };
    let first = send(5).await;
    let again = send(5).await;
    assert_eq!(again.expect(StatusCode::OK), first.expect(StatusCode::OK));
    assert!(again.is_replayed() && !first.is_replayed());
    send(6).await.refused(422, "idempotency_key_reused");
    assert_eq!(shop.available("A").await, 5);
    shop.stop().await;
}

#[tokio::test]
async fn a_changed_basket_is_there_after_a_restart() {
    let (shop, id) = basket().await;
    let body = json!({"lines": [{"sku": "B", "quantity": 4}], "ttl_ms": 600_000});
    let changed = change(&shop, &id, &body).await.expect(StatusCode::OK);
    let shop = shop.restart().await;
    let read = shop.get(&format!("/v1/reservations/{id}")).await.expect(StatusCode::OK);
    for member in ["lines", "expires_at", "version", "sequence"] {
        assert_eq!(read[member], changed[member], "{member}");
    }
    assert_eq!((shop.available("A").await, shop.available("B").await), (10, 6));
    let commit = shop.post(&format!("/v1/reservations/{id}/commit"), &json!({})).await;
    assert_eq!(commit.expect(StatusCode::OK)["lines"][0]["committed"], 4);
    shop.stop().await;
}

#[tokio::test]
async fn a_change_that_makes_no_sense_is_told_what_is_wrong() {
    let (shop, id) = basket().await;
    let wrong = change(&shop, &id, &json!({"lines": []})).await;
    assert_eq!(pointers(&wrong.refused(422, "validation_failed")), ["/lines"]);
    let wrong = change(&shop, &id, &json!({"lines": [{"sku": "A", "quantity": 0}], "ttl_ms": 1})).await;
    assert_eq!(pointers(&wrong.refused(422, "validation_failed")), ["/lines/0/quantity", "/ttl_ms"]);
    let unknown = change(&shop, &id, &json!({"lines": [{"sku": "Z", "quantity": 1}]})).await;
    assert_eq!(pointers(&unknown.refused(422, "unknown_sku")), ["/lines/0/sku"]);
    let one = json!({"lines": [{"sku": "A", "quantity": 1}]});
    change(&shop, "rsv_01h455vb4pex5vsknk084sn02q", &one).await.refused(404, "reservation_not_found");
    shop.post(&format!("/v1/reservations/{id}/release"), &json!({})).await.expect(StatusCode::OK);
    change(&shop, &id, &one).await.refused(409, "reservation_already_released");
    shop.stop().await;
}

#[tokio::test]
async fn what_a_basket_holds_is_not_subtracted_from_what_it_can_have() {
    let (shop, id) = basket().await;
    shop.reserved("A", 4).await;
    let stock = async |query: &str| {
        let stock = shop.get(&format!("/v1/stock/A{query}")).await.expect(StatusCode::OK);
        (stock["available"].as_u64().unwrap(), stock["locations"][0]["available"].as_u64().unwrap())
    };
    assert_eq!(stock("").await, (3, 3), "to anybody");
    assert_eq!(stock(&format!("?reservation={id}")).await, (6, 6), "to whoever has three of them");
    let body = json!({"lines": [{"sku": "A", "quantity": 7}]});
    change(&shop, &id, &body).await.refused(409, "insufficient_stock");
    let body = json!({"lines": [{"sku": "A", "quantity": 6}]});
    change(&shop, &id, &body).await.expect(StatusCode::OK);
    assert_eq!(stock(&format!("?reservation={id}")).await, (6, 6));
    shop.post(&format!("/v1/reservations/{id}/commit"), &json!({})).await.expect(StatusCode::OK);
    assert_eq!(stock(&format!("?reservation={id}")).await, (0, 0), "it holds nothing any more");

    let nobodys = shop.get("/v1/stock/A?reservation=rsv_01h455vb4pex5vsknk084sn02q").await;
    nobodys.refused(404, "reservation_not_found");
    shop.get("/v1/stock/A?reservation=ord_01h455vb4pex5vsknk084sn02q")
        .await
        .refused(404, "not_a_reservation");
    let both = format!("/v1/stock/A?reservation={id}&as_of_sequence=1");
    assert_eq!(shop.get(&both).await.status, StatusCode::BAD_REQUEST);
    shop.stop().await;
}
