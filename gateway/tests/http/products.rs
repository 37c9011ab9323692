use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

#[tokio::test]
async fn a_product_is_created_replaced_and_read() {
    let shop = Shop::open().await;
    let body = json!({
        "name": "White hanging heart",
        "price": {"amount": "2.55", "currency": "GBP"},
        "policy": {"safety_stock": 2, "hold_ttl_ms": 600_000}
    });
    let created = shop.put("/v1/products/85123A", &body).await;
    let product = created.expect(StatusCode::CREATED);
    assert_eq!(created.header("etag").unwrap(), "\"1\"");
    assert_eq!(product["sku"], "85123A");
    assert_eq!(product["name"], "White hanging heart");
    assert_eq!(product["price"], json!({"amount": "2.55", "currency": "GBP"}));
    assert_eq!(
        product["policy"],
        json!({
            "sellable": true, "safety_stock": 2, "backorders": "none", "backorder_limit": null,
            "preorder": null, "matching": "arrival",
            "sourcing": {"strategy": "fewest_shipments", "ranking": [], "closed": []},
            "hold_ttl_ms": 600_000,
            "guest_hold_ttl_ms": null,
            "hold_ttl_max_ms": 86_400_000,
            "line_quantity_min": 1, "line_quantity_max": 10_000_000, "line_quantity_multiple": 1, "tracked": true, "waiting_list": null
        })
    );
    let read = shop.get("/v1/products/85123A").await;
    assert_eq!(read.expect(StatusCode::OK), product);

    // What is not given takes its default again.
    let replaced = shop.put("/v1/products/85123A", &json!({})).await;
    let product = replaced.expect(StatusCode::OK);
    assert_eq!(
        (&product["name"], &product["price"], &product["version"]),
        (&"".into(), &Value::Null, &2.into())
    );
    assert_eq!(replaced.header("etag").unwrap(), "\"2\"");
    shop.stop().await;
}

#[tokio::test]
async fn a_put_under_a_key_is_repeated_like_a_post() {
    let shop = Shop::open().await;
    let put = |name: &str| {
        let request = shop.request(Method::PUT, "/v1/products/A").header("idempotency-key", "k");
        shop.send(request.json(&json!({"name": name})))
    };
    let first = put("one").await;
    first.expect(StatusCode::CREATED);
    let again = put("one").await;
    assert_eq!((again.status, &again.body, again.is_replayed()), (first.status, &first.body, true));
    put("two").await.refused(422, "idempotency_key_reused");
    shop.stop().await;
}

#[tokio::test]
async fn skus_may_hold_whatever_a_merchant_puts_into_them() {
    let shop = Shop::open().await;
    for (path, sku) in
        [("a%2Fb%3Fc", "a/b?c"), ("Gr%C3%B6%C3%9Fe%2042", "Größe 42"), ("%25", "%"), ("a+b", "a+b")]
    {
        let put = shop.put(&format!("/v1/products/{path}"), &json!({})).await;
        assert_eq!(put.expect(StatusCode::CREATED)["sku"], sku);
        assert_eq!(shop.stock(path).await["sku"], sku);
    }
    shop.stop().await;
}

#[tokio::test]
async fn products_are_listed_in_pages_that_leave_nothing_out() {
    let shop = Shop::open().await;
    for number in 0..7 {
        shop.put(&format!("/v1/products/P{number}"), &json!({})).await.expect(StatusCode::CREATED);
    }
    let mut seen = Vec::new();
    let mut path = "/v1/products?limit=3".to_owned();
    let mut pages = 0;
    loop {
        let page = shop.get(&path).await.expect(StatusCode::OK);
        seen.extend(
            page["data"].as_array().unwrap().iter().map(|entry| entry["sku"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        assert_eq!(page["has_more"].as_bool().unwrap(), !page["next_cursor"].is_null());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/products?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ["P0", "P1", "P2", "P3", "P4", "P5", "P6"]);
    assert_eq!(pages, 3);
    shop.stop().await;
}

#[tokio::test]
async fn a_product_is_deleted_once_nothing_is_left_of_it_and_may_be_put_again() {
    let shop = Shop::open().await;
    shop.stocked("A", 2).await;
    let delete = async |key: &str| {
        let request = shop.request(Method::DELETE, "/v1/products/A").header("idempotency-key", key);
        shop.send(request).await
    };
    let in_use = delete("k").await.refused(409, "product_in_use");
    assert_eq!(
        (&in_use["on_hand"], &in_use["held"], &in_use["allocated"]),
        (&2.into(), &0.into(), &0.into())
    );
    shop.post("/v1/stock/A/adjustments", &json!({"set": 0, "reason": "sold off"}))
        .await
        .expect(StatusCode::CREATED);
    let deleted = delete("k").await;
    assert_eq!((deleted.status, deleted.is_replayed()), (StatusCode::NO_CONTENT, false));
    let again = delete("k").await;
    assert_eq!((again.status, again.is_replayed()), (StatusCode::NO_CONTENT, true));
    shop.get("/v1/products/A").await.refused(404, "unknown_sku");
    shop.get("/v1/stock/A").await.refused(404, "unknown_sku");
    assert_eq!(shop.get("/v1/products").await.expect(StatusCode::OK)["data"], json!([]));
    let body = json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}]});
    shop.post("/v1/reservations", &body).await.refused(422, "unknown_sku");
    delete("another").await.refused(404, "unknown_sku");

    let shop = shop.restart().await;
    shop.get("/v1/products/A").await.refused(404, "unknown_sku");
    let put = shop.put("/v1/products/A", &json!({"name": "back"})).await.expect(StatusCode::CREATED);
    assert_eq!((&put["name"], &put["version"]), (&"back".into(), &2.into()));
    assert_eq!(shop.stock("A").await["on_hand"], 0);
    shop.stop().await;
}

#[tokio::test]
async fn of_a_product_that_nobody_counts_everybody_gets_what_he_asks_for() {
    let shop = Shop::open().await;
    let body = json!({"price": {"amount": "5.00", "currency": "GBP"}, "policy": {"tracked": false}});
    let put = shop.put("/v1/products/VOUCHER", &body).await.expect(StatusCode::CREATED);
    assert_eq!(put["policy"]["tracked"], false);
    let stock = shop.stock("VOUCHER").await;
    assert_eq!((&stock["tracked"], &stock["available"]), (&false.into(), &1_000_000_000_000_u64.into()));
    let order = json!({
        "customer": "c", "lines": [{"sku": "VOUCHER", "quantity": 1000}], "currency": "GBP",
        "payment": {"provider": "sandbox", "method": "approve"}
    });
    let order = shop.post("/v1/orders", &order).await.expect(StatusCode::CREATED);
    let shop = shop.restart().await;
    let path = format!("/v1/orders/{}/shipments", order["id"].as_str().unwrap());
    let shipped = shop.post(&path, &json!({})).await.expect(StatusCode::OK);
    assert_eq!(shipped["status"], "shipped");
    let stock = shop.stock("VOUCHER").await;
    assert_eq!((&stock["on_hand"], &stock["allocated"]), (&0.into(), &0.into()));
    // Counted from now on, and there is none.
    shop.put("/v1/products/VOUCHER", &json!({})).await.expect(StatusCode::OK);
    let body = json!({"customer": "c", "lines": [{"sku": "VOUCHER", "quantity": 1}]});
    shop.post("/v1/reservations", &body).await.refused(409, "insufficient_stock");
    let preorder =
        json!({"policy": {"tracked": false, "preorder": {"quota": 1, "release_at": "2999-01-01T00:00:00Z"}}});
    let refused = shop.put("/v1/products/VOUCHER", &preorder).await.refused(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/policy/tracked"]);
    shop.stop().await;
}
