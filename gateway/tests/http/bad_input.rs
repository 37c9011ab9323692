//! Everything a caller can get wrong, row by row: each is answered with a problem that names the place, and none has any
//! effect on stock or journal.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Shop, pointers};

/// A shop with a product, a held reservation and a confirmed order.
struct Given {
    shop: Shop,
    reservation: String,
    order: String,
}

impl Given {
    async fn new() -> Self {
        let shop = Shop::open().await;
        shop.stocked("A", 10).await;
        let reservation = shop.reserved("A", 1).await["id"].as_str().unwrap().to_owned();
        let body = json!({
            "customer": "c", "lines": [{"sku": "A", "quantity": 1}], "currency": "GBP",
            "payment": {"provider": "sandbox", "method": "approve"}
        });
        let order = shop.post("/v1/orders", &body).await.expect(StatusCode::CREATED);
        let order = order["id"].as_str().unwrap().to_owned();
        Self { shop, reservation, order }
    }

    fn path(&self, path: &str) -> String {
        path.replace("{rsv}", &self.reservation).replace("{ord}", &self.order)
    }

    fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        let request = self.shop.request(Method::POST, &self.path(path));
        request.header("idempotency-key", "bad").header("content-type", "application/json").body(body)
    }

    /// Sends it, and checks the refusal and that nothing happened. Gives the problem back.
    async fn refused(&self, what: &str, request: RequestBuilder, status: u16, code: &str) -> Value {
        let before = (self.shop.stock("A").await, self.shop.journal());
        let answer = self.shop.send(request).await;
        assert_eq!(answer.status, status, "{what}: {}", String::from_utf8_lossy(&answer.body));
        let problem = answer.refused(status, code);
        let after = (self.shop.stock("A").await, self.shop.journal());
        assert_eq!(before, after, "{what} had an effect");
        problem
    }

    /// The same for a body with wrong members: all of them are named, in order.
    async fn invalid(&self, path: &str, body: &Value, expected: &[(&str, &str)]) {
        self.invalid_text(path, &body.to_string(), expected).await;
    }

    async fn invalid_text(&self, path: &str, body: &str, expected: &[(&str, &str)]) {
        let shown: String = body.chars().take(200).collect();
        let what = format!("{path} {shown}");
        let problem = self.refused(&what, self.post(path, body.to_owned()), 422, "validation_failed").await;
        let errors: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        assert_eq!(errors, expected, "{what}");
    }
}

const RESERVE: &str = "/v1/reservations";
const ORDER: &str = "/v1/orders";
const ADJUST: &str = "/v1/stock/A/adjustments";

fn basket(lines: &Value) -> Value {
    json!({"customer": "c", "lines": lines})
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let given = Given::new().await;
    let posts = [
        RESERVE,
        ORDER,
        ADJUST,
        "/v1/reservations/{rsv}/commit",
        "/v1/reservations/{rsv}/release",
        "/v1/reservations/{rsv}/extend",
        "/v1/orders/{ord}/cancel",
        "/v1/orders/{ord}/shipments",
        "/v1/orders/{ord}/returns",
    ];
    for path in posts {
        for body in ["{", "nope", "{\"customer\":\"c\",}", "{} {}", "{\"a\":\"\u{1}\"}"] {
            given.refused(path, given.post(path, body), 400, "malformed_json").await;
        }
        given.refused(path, given.post(path, b"{\"reason\":\"\xff\"}".to_vec()), 400, "malformed_json").await;
        let deep = "[".repeat(100_000);
        given.refused(path, given.post(path, deep), 400, "malformed_json").await;
        // JSON, but no object.
        for body in ["[]", "null", "1", "\"text\"", "[\"c\"]"] {
            given.invalid_text(path, body, &[("", "wrong_type")]).await;
        }
        // A member nobody knows.
        given.invalid_text(path, "{\"colour\":1}", &[("/colour", "unknown_member")]).await;
    }
    // Nothing at all, where something is needed.
    for path in [RESERVE, ORDER, ADJUST, "/v1/reservations/{rsv}/commit"] {
        given.refused(path, given.post(path, ""), 400, "malformed_json").await;
    }
    given.shop.stop().await;
}

#[tokio::test]
async fn quantities_that_are_none() {
    let given = Given::new().await;
    let rows = [
        ("0", "out_of_range"),
        ("-1", "out_of_range"),
        ("10000001", "out_of_range"),
        ("4294967297", "out_of_range"),
        ("9223372036854775808", "out_of_range"),
        ("99999999999999999999999999", "out_of_range"),
        ("-99999999999999999999999999", "out_of_range"),
        ("1e300", "out_of_range"),
        ("1.5", "not_an_integer"),
        ("1.0", "not_an_integer"),
        ("1e3", "not_an_integer"),
        ("\"1\"", "not_an_integer"),
        ("null", "not_an_integer"),
        ("true", "not_an_integer"),
        ("[1]", "not_an_integer"),
        ("{\"n\":1}", "not_an_integer"),
    ];
    for (quantity, code) in rows {
        let line = format!(r#"{{"sku":"A","quantity":{quantity}}}"#);
        let lines = format!(r#""lines":[{{"sku":"A","quantity":1}},{line}]"#);
        let expected = [("/lines/1/quantity", code)];
        given.invalid_text(RESERVE, &format!(r#"{{"customer":"c",{lines}}}"#), &expected).await;
        let order = format!(
            r#"{{"customer":"c",{lines},"currency":"GBP","payment":{{"provider":"sandbox","method":"approve"}}}}"#
        );
        given.invalid_text(ORDER, &order, &expected).await;
        given.invalid_text("/v1/orders/{ord}/shipments", &format!("{{{lines}}}"), &expected).await;
        let returned = format!(r#"{{{lines},"reason":"r"}}"#);
        given.invalid_text("/v1/orders/{ord}/returns", &returned, &expected).await;
        // A commit may take none of a line.
        if quantity != "0" {
            given.invalid_text("/v1/reservations/{rsv}/commit", &format!("{{{lines}}}"), &expected).await;
        }
    }
    given.shop.stop().await;
}

#[tokio::test]
async fn adjustments_that_make_no_sense() {
    let given = Given::new().await;
    for (members, pointer, code) in [
        (r#""delta":0"#, "/delta", "out_of_range"),
        (r#""delta":1000000000001"#, "/delta", "out_of_range"),
        (r#""delta":-1000000000001"#, "/delta", "out_of_range"),
        (r#""delta":-9223372036854775809"#, "/delta", "out_of_range"),
        (r#""delta":0.5"#, "/delta", "not_an_integer"),
        (r#""delta":"1""#, "/delta", "not_an_integer"),
        (r#""set":-1"#, "/set", "out_of_range"),
        (r#""set":1000000000001"#, "/set", "out_of_range"),
        (r#""set":1.0"#, "/set", "not_an_integer"),
        (r#""set":1,"expected":-1"#, "/expected", "out_of_range"),
        (r#""set":1,"delta":1"#, "/set", "contradiction"),
        (r#""expected":1"#, "/delta", "required"),
        (r#""delta":1,"location":"""#, "/location", "empty"),
        (r#""delta":1,"location":" main""#, "/location", "surrounding_space"),
        (r#""delta":1,"reference":"""#, "/reference", "empty"),
        (r#""delta":1,"reference":"a\u0000b""#, "/reference", "control_character"),
        (r#""delta":1,"actor":"""#, "/actor", "empty"),
        (r#""delta":1,"becomes":"damaged","quantity":1"#, "/becomes", "contradiction"),
        (r#""set":1,"becomes":"damaged","quantity":1"#, "/set", "contradiction"),
        (r#""becomes":"damaged""#, "/quantity", "required"),
        (r#""becomes":"damaged","quantity":0"#, "/quantity", "out_of_range"),
        (r#""becomes":"damaged","quantity":10000001"#, "/quantity", "out_of_range"),
        (r#""becomes":"damaged","quantity":1.5"#, "/quantity", "not_an_integer"),
        (r#""becomes":"sellable","quantity":1"#, "/becomes", "contradiction"),
        (r#""delta":1,"quantity":1"#, "/quantity", "contradiction"),
    ] {
        let body = format!(r#"{{{members},"reason":"r"}}"#);
        given.invalid_text(ADJUST, &body, &[(pointer, code)]).await;
    }
    let long = "x".repeat(201);
    for (reason, code) in [
        ("", "empty"),
        ("   ", "empty"),
        ("a\nb", "control_character"),
        ("a\u{202e}b", "control_character"),
        (&long, "too_long"),
    ] {
        given.invalid(ADJUST, &json!({"delta": 1, "reason": reason}), &[("/reason", code)]).await;
    }
    given.invalid(ADJUST, &json!({"delta": 1}), &[("/reason", "required")]).await;
    given.shop.stop().await;
}

#[tokio::test]
async fn texts_that_are_no_names() {
    let given = Given::new().await;
    let long_customer = "c".repeat(129);
    let long_sku = "s".repeat(65);
    for (customer, code) in [
        ("", "empty"),
        (" c", "surrounding_space"),
        ("c\t", "control_character"),
        ("a\u{0}b", "control_character"),
        ("a\u{202e}b", "control_character"),
        (&long_customer, "too_long"),
    ] {
        let body = json!({"customer": customer, "lines": [{"sku": "A", "quantity": 1}]});
        given.invalid(RESERVE, &body, &[("/customer", code)]).await;
    }
    for (sku, code) in
        [("", "empty"), ("A ", "surrounding_space"), ("A\n", "control_character"), (&long_sku, "too_long")]
    {
        given
            .invalid(RESERVE, &basket(&json!([{"sku": sku, "quantity": 1}])), &[("/lines/0/sku", code)])
            .await;
        let line = json!([{"sku": "A", "quantity": 1, "location": sku}]);
        given.invalid(RESERVE, &basket(&line), &[("/lines/0/location", code)]).await;
    }
    given.invalid(RESERVE, &json!({"customer": 1, "lines": []}), &[("/customer", "wrong_type")]).await;
    given.invalid("/v1/orders/{ord}/cancel", &json!({"reason": ""}), &[("/reason", "empty")]).await;
    given.invalid("/v1/orders/{ord}/cancel", &json!({}), &[("/reason", "required")]).await;
    given
        .invalid(
            "/v1/orders/{ord}/cancel",
            &json!({"lines": [{"sku": "", "quantity": 0}], "reason": ""}),
            &[("/lines/0/sku", "empty"), ("/lines/0/quantity", "out_of_range"), ("/reason", "empty")],
        )
        .await;
    given
        .invalid("/v1/orders/{ord}/cancel", &json!({"lines": [], "reason": "r"}), &[("/lines", "empty")])
        .await;
    for amount in ["", "-1.00", "1e3", "2.555", "1,00", "99999999999999999999"] {
        given
            .invalid(
                "/v1/orders/{ord}/refunds",
                &json!({"amount": amount, "reason": ""}),
                &[("/amount", "not_an_amount"), ("/reason", "empty")],
            )
            .await;
    }
    given
        .invalid(
            "/v1/orders/{ord}/refunds",
            &json!({"amount": "0.00", "reason": "r"}),
            &[("/amount", "validation_failed")],
        )
        .await;
    given.invalid("/v1/orders/{ord}/refunds", &json!({"reason": "r"}), &[("/amount", "required")]).await;
    let edit = "/v1/orders/{ord}/edit";
    given.invalid(edit, &json!({}), &[("/ship_to", "required")]).await;
    given.invalid(edit, &json!({"ship_to": null}), &[("/ship_to", "required")]).await;
    given.invalid(edit, &json!({"ship_to": "Leeds"}), &[("/ship_to", "wrong_type")]).await;
    given.invalid(edit, &json!({"ship_to": {"a": "x".repeat(2_048)}}), &[("/ship_to", "too_long")]).await;
    given.invalid(edit, &json!({"ship_to": {}, "note": 1}), &[("/note", "unknown_member")]).await;
    let retry = "/v1/orders/{ord}/refunds/1/retry";
    given.invalid(retry, &json!({"number": 1}), &[("/number", "unknown_member")]).await;
    let returned = json!({"lines": [{"sku": "A", "quantity": 1}], "reason": ""});
    given.invalid("/v1/orders/{ord}/returns", &returned, &[("/reason", "empty")]).await;
    given.shop.stop().await;
}

#[tokio::test]
async fn baskets_of_the_wrong_size_or_shape() {
    let given = Given::new().await;
    given.invalid(RESERVE, &basket(&json!([])), &[("/lines", "empty")]).await;
    let lines: Vec<_> = (0..2_001).map(|_| json!({"sku": "A", "quantity": 1})).collect();
    given.invalid(RESERVE, &basket(&json!(lines)), &[("/lines", "too_many")]).await;
    given.invalid(RESERVE, &json!({"customer": "c"}), &[("/lines", "required")]).await;
    given.invalid(RESERVE, &basket(&json!({"sku": "A"})), &[("/lines", "wrong_type")]).await;
    given.invalid(RESERVE, &basket(&json!([["A", 1]])), &[("/lines/0", "wrong_type")]).await;
    given.invalid(RESERVE, &basket(&json!([{"sku": "A"}])), &[("/lines/0/quantity", "required")]).await;
    let misspelt = json!([{"sku": "A", "quantity": 1}, {"sku": "A", "qty": 1}]);
    given.invalid(RESERVE, &basket(&misspelt), &[("/lines/1/qty", "unknown_member")]).await;
    let twice = r#"{"customer":"c","customer":"d","lines":[]}"#;
    given.invalid_text(RESERVE, twice, &[("/customer", "duplicate_member")]).await;
    // All mistakes at once, each with its place.
    let body = json!({
        "customer": "", "ttl_ms": 99, "metadata": {"": "x"},
        "lines": [{"sku": "", "quantity": 0}, {"sku": "A", "quantity": "1", "location": ""}]
    });
    given
        .invalid(
            RESERVE,
            &body,
            &[
                ("/customer", "empty"),
                ("/lines/0/sku", "empty"),
                ("/lines/0/quantity", "out_of_range"),
                ("/lines/1/quantity", "not_an_integer"),
                ("/lines/1/location", "empty"),
                ("/ttl_ms", "out_of_range"),
                ("/metadata/", "empty"),
            ],
        )
        .await;
    // A hopeless body does not get a hopeless answer.
    let lines: Vec<_> = (0..2_000).map(|_| json!({"sku": "", "quantity": 0})).collect();
    let problem = given.post(RESERVE, basket(&json!(lines)).to_string());
    let problem = given.refused("2000 bad lines", problem, 422, "validation_failed").await;
    assert_eq!(pointers(&problem).len(), 100);
    given.shop.stop().await;
}

#[tokio::test]
async fn metadata_and_times_beyond_their_bounds() {
    let given = Given::new().await;
    let with = |member: &str, value: Value| {
        let mut body = basket(&json!([{"sku": "A", "quantity": 1}]));
        body[member] = value;
        body
    };
    let many: Value =
        (0..51).map(|number| (format!("k{number}"), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    given.invalid(RESERVE, &with("metadata", many), &[("/metadata", "too_many")]).await;
    let key = "k".repeat(41);
    let pointer = format!("/metadata/{key}");
    given.invalid(RESERVE, &with("metadata", json!({(key): "v"})), &[(&pointer, "too_long")]).await;
    let long = "v".repeat(501);
    given.invalid(RESERVE, &with("metadata", json!({"a/b": long})), &[("/metadata/a~1b", "too_long")]).await;
    given.invalid(RESERVE, &with("metadata", json!({"a": 1})), &[("/metadata/a", "wrong_type")]).await;
    let bell = json!({"a": "ding\u{7}"});
    given.invalid(RESERVE, &with("metadata", bell), &[("/metadata/a", "control_character")]).await;
    given.invalid(RESERVE, &with("metadata", json!([])), &[("/metadata", "wrong_type")]).await;
    let large: Value = (0..20)
        .map(|number| (format!("k{number}"), json!("v".repeat(500))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    given.invalid(RESERVE, &with("metadata", large), &[("/metadata", "too_long")]).await;
    for ttl in [json!(99), json!(0), json!(-1), json!(2_592_000_001_u64)] {
        given.invalid(RESERVE, &with("ttl_ms", ttl.clone()), &[("/ttl_ms", "out_of_range")]).await;
        given
            .invalid("/v1/reservations/{rsv}/extend", &json!({"ttl_ms": ttl}), &[("/ttl_ms", "out_of_range")])
            .await;
    }
    given.shop.stop().await;
}

#[tokio::test]
async fn orders_that_make_no_sense() {
    let given = Given::new().await;
    let with = |member: &str, value: Value| {
        let mut body = json!({
            "customer": "c", "lines": [{"sku": "A", "quantity": 1}], "currency": "GBP",
            "payment": {"provider": "sandbox", "method": "approve"}
        });
        body[member] = value;
        body
    };
    for (member, value, pointer, code) in [
        ("currency", json!("gbp"), "/currency", "unknown_currency"),
        ("currency", json!("XQQ"), "/currency", "unknown_currency"),
        ("expected_total", json!("1.005"), "/expected_total", "not_an_amount"),
        ("expected_total", json!("-1"), "/expected_total", "not_an_amount"),
        ("expected_total", json!("1e2"), "/expected_total", "not_an_amount"),
        ("expected_total", json!(2.55), "/expected_total", "wrong_type"),
        ("payment", json!({"provider": "sandbox", "method": "gold"}), "/payment", "unknown_value"),
        ("payment", json!({"provider": "nobody", "method": "approve"}), "/payment", "unknown_value"),
        ("payment", json!({"provider": "", "method": "approve"}), "/payment/provider", "empty"),
        ("payment", json!({"provider": "sandbox"}), "/payment/method", "required"),
        ("ship_to", json!("Leeds"), "/ship_to", "wrong_type"),
        ("ship_to", json!({"a": "x".repeat(2_048)}), "/ship_to", "too_long"),
        ("ship_to", json!({"lines": ["1 High St", "a\u{202e}b"]}), "/ship_to/lines/1", "control_character"),
        ("ship_to", json!({"a": {"b\u{0}": 1}}), "/ship_to/a/b\u{0}", "control_character"),
        ("reservation_id", json!("rsv_00000000000000000000000000"), "/reservation_id", "contradiction"),
        ("lines", Value::Null, "/lines", "required"),
        ("lines", json!([]), "/lines", "empty"),
        (
            "lines",
            json!([{"sku": "A", "quantity": 1, "unit_price": "0.00001"}]),
            "/lines/0/unit_price",
            "not_an_amount",
        ),
        (
            "lines",
            json!([{"sku": "A", "quantity": 1, "unit_price": 2.55}]),
            "/lines/0/unit_price",
            "wrong_type",
        ),
    ] {
        given.invalid(ORDER, &with(member, value), &[(pointer, code)]).await;
    }
    let mut body = with("reservation_id", json!("rsv_nope"));
    body.as_object_mut().unwrap().remove("lines");
    given.invalid(ORDER, &body, &[("/reservation_id", "malformed_id")]).await;
    let unknown = given.post(
        ORDER,
        with("lines", json!([{"sku": "A", "quantity": 1}, {"sku": "NOPE", "quantity": 1}])).to_string(),
    );
    let unknown = given.refused("unknown SKU", unknown, 422, "unknown_sku").await;
    assert_eq!(pointers(&unknown), ["/lines/1/sku"]);
    given.shop.stop().await;
}

#[tokio::test]
async fn products_that_make_no_sense() {
    let given = Given::new().await;
    let put = |path: &str, body: Value| given.shop.request(Method::PUT, path).json(&body);
    for (body, pointer, code) in [
        (json!({"name": "x".repeat(513)}), "/name", "too_long"),
        (json!({"name": "a\u{7}"}), "/name", "control_character"),
        (json!({"price": {"amount": "2.55"}}), "/price/currency", "required"),
        (json!({"price": {"amount": "2.55555", "currency": "GBP"}}), "/price/amount", "not_an_amount"),
        (json!({"price": {"amount": 2.55, "currency": "GBP"}}), "/price/amount", "wrong_type"),
        (json!({"price": {"amount": "2.55", "currency": "QQQ"}}), "/price/currency", "unknown_currency"),
        (json!({"policy": {"safety_stock": -1}}), "/policy/safety_stock", "out_of_range"),
        (json!({"policy": {"backorder_limit": 1.5}}), "/policy/backorder_limit", "not_an_integer"),
        (json!({"policy": {"hold_ttl_ms": 99}}), "/policy/hold_ttl_ms", "out_of_range"),
        (
            json!({"policy": {"hold_ttl_max_ms": 2_592_000_001_u64}}),
            "/policy/hold_ttl_max_ms",
            "out_of_range",
        ),
        (
            json!({"policy": {"hold_ttl_ms": 2_000, "hold_ttl_max_ms": 1_000}}),
            "/policy/hold_ttl_ms",
            "contradiction",
        ),
        (json!({"policy": {"line_quantity_max": 0}}), "/policy/line_quantity_max", "out_of_range"),
        (json!({"policy": {"line_quantity_min": 0}}), "/policy/line_quantity_min", "out_of_range"),
        (
            json!({"policy": {"line_quantity_multiple": 1.5}}),
            "/policy/line_quantity_multiple",
            "not_an_integer",
        ),
        (
            json!({"policy": {"line_quantity_min": 4, "line_quantity_max": 5, "line_quantity_multiple": 3}}),
            "/policy/line_quantity_min",
            "contradiction",
        ),
        (json!({"policy": {"sellable": 1}}), "/policy/sellable", "wrong_type"),
        (json!({"policy": {"colour": 1}}), "/policy/colour", "unknown_member"),
        (json!({"sku": "A"}), "/sku", "unknown_member"),
    ] {
        let problem = given
            .refused(&body.to_string(), put("/v1/products/A", body.clone()), 422, "validation_failed")
            .await;
        assert_eq!(pointers(&problem), [pointer], "{body}");
        assert_eq!(problem["errors"][0]["code"], code, "{body}");
    }
    let long = format!("/v1/products/{}", "x".repeat(65));
    for path in ["/v1/products/%20A", "/v1/products/A%0A", "/v1/products/%ff", &long] {
        given.refused(path, put(path, json!({})), 400, "malformed_path").await;
    }
    given.shop.stop().await;
}

#[tokio::test]
async fn heads_that_are_wrong() {
    let given = Given::new().await;
    let body = basket(&json!([{"sku": "A", "quantity": 1}])).to_string();
    let reserve = || given.shop.request(Method::POST, RESERVE).body(body.clone());
    let json_type = || reserve().header("content-type", "application/json");

    given.refused("no key", json_type(), 400, "idempotency_key_missing").await;
    let long = "k".repeat(256);
    for key in ["", "\"\"", "\"open", "\"a\" b", "\"a\";p=1", "caf\u{e9}", &long] {
        let request = json_type().header("idempotency-key", key.as_bytes());
        given.refused(key, request, 400, "idempotency_key_invalid").await;
    }
    let two = json_type().header("idempotency-key", "a").header("idempotency-key", "b");
    given.refused("two keys", two, 400, "idempotency_key_invalid").await;

    let keyed = || reserve().header("idempotency-key", "k");
    given.refused("no type", keyed(), 415, "unsupported_media_type").await;
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json"]
    {
        given.refused(kind, keyed().header("content-type", kind), 415, "unsupported_media_type").await;
    }

    let large = given.post(RESERVE, vec![b' '; 10 << 20]);
    given.refused("10 MiB", large, 413, "payload_too_large").await;
    let chunks = futures::stream::iter((0..160).map(|_| Ok::<_, std::io::Error>(vec![b' '; 64 << 10])));
    let unannounced = given.post(RESERVE, reqwest::Body::wrap_stream(chunks));
    given.refused("10 MiB in pieces", unannounced, 413, "payload_too_large").await;
    let exact = format!("{body}{}", " ".repeat((1 << 20) - body.len()));
    assert_eq!(given.shop.send(given.post(RESERVE, exact)).await.status, StatusCode::CREATED);
    given.shop.stop().await;
}

#[tokio::test]
async fn addresses_that_lead_nowhere() {
    let given = Given::new().await;
    let other_reservation = "rsv_00000000000000000000000000";
    let other_order = "ord_7zzzzzzzzzzzzzzzzzzzzzzzzz";
    for (id, code) in [
        (other_reservation, "reservation_not_found"),
        ("rsv_", "not_a_reservation"),
        ("nope", "not_a_reservation"),
        ("rsv_8zzzzzzzzzzzzzzzzzzzzzzzzz", "not_a_reservation"),
        (given.order.as_str(), "not_a_reservation"),
    ] {
        let read = given.shop.request(Method::GET, &format!("/v1/reservations/{id}"));
        given.refused(id, read, 404, code).await;
        for verb in ["commit", "release", "extend"] {
            let post = given.post(&format!("/v1/reservations/{id}/{verb}"), "{}");
            given.refused(id, post, 404, code).await;
        }
    }
    for id in [other_order, "ord_", "nope", given.reservation.as_str()] {
        given
            .refused(id, given.shop.request(Method::GET, &format!("/v1/orders/{id}")), 404, "order_not_found")
            .await;
        for (verb, body) in [
            ("cancel", r#"{"reason":"r"}"#),
            ("shipments", "{}"),
            ("returns", r#"{"reason":"r","lines":[{"sku":"A","quantity":1}]}"#),
            ("refunds", r#"{"reason":"r","amount":"1.00"}"#),
            ("edit", r#"{"ship_to":{}}"#),
            ("refunds/1/retry", ""),
        ] {
            given
                .refused(id, given.post(&format!("/v1/orders/{id}/{verb}"), body), 404, "order_not_found")
                .await;
        }
    }
    for number in ["0", "1", "2", "01", "+1", "-1", "x", "65536", "99999999999999999999"] {
        let retry = format!("/v1/orders/{}/refunds/{number}/retry", given.order);
        given.refused(&retry, given.post(&retry, "{}"), 404, "refund_not_found").await;
    }
    for path in ["/v1/products/NOPE", "/v1/stock/NOPE"] {
        given.refused(path, given.shop.request(Method::GET, path), 404, "unknown_sku").await;
    }
    for path in
        ["/", "/v1", "/v1/nothing", "/v1/reservations/", "/v1/stock/A/adjustments/1", "/v2/orders", "/%00"]
    {
        given.refused(path, given.shop.request(Method::GET, path), 404, "not_found").await;
    }
    for (method, path, allowed) in [
        (Method::PATCH, RESERVE, "GET,HEAD,POST"),
        (Method::GET, "/v1/reservations/release", "POST"),
        (Method::PATCH, "/v1/products/A", "DELETE,GET,HEAD,PUT"),
        (Method::DELETE, "/v1/stock/A", "GET,HEAD"),
        (Method::PATCH, "/v1/orders", "GET,HEAD,POST"),
        (Method::POST, "/v1/stock/A", "GET,HEAD"),
        (Method::PUT, "/openapi.json", "GET,HEAD"),
    ] {
        let request = given.shop.request(method.clone(), path);
        let before = given.shop.journal();
        let answer = given.shop.send(request).await;
        answer.refused(405, "method_not_allowed");
        let mut methods: Vec<_> = answer.header("allow").unwrap().split(',').map(str::to_owned).collect();
        methods.sort();
        assert_eq!(methods.join(","), allowed, "{method} {path}");
        assert_eq!(given.shop.journal(), before);
    }
    given.shop.stop().await;
}

#[tokio::test]
async fn queries_that_make_no_sense() {
    let given = Given::new().await;
    for query in [
        "/v1/products?limit=0",
        "/v1/products?limit=101",
        "/v1/products?limit=-1",
        "/v1/products?limit=ten",
        "/v1/products?cursor=zz",
        "/v1/products?page=2",
        "/v1/orders",
        "/v1/orders?customer=",
        "/v1/orders?customer=c&limit=0",
        "/v1/orders?customer=c&cursor=nope",
        "/v1/orders?customer=a&customer=b",
    ] {
        given.refused(query, given.shop.request(Method::GET, query), 400, "malformed_query").await;
    }
    given.shop.stop().await;
}
