//! Live stock, read as a browser reads it.

use std::time::Duration;

use holdfast_gateway::{EmbeddedOptions, GatewayOptions};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Shop, eventually};

/// Far more than anything here takes: reached only by what would never come.
const FAIL_SAFE: Duration = Duration::from_secs(30);

/// An open stream.
pub(crate) struct Stream {
    pub(crate) response: Response,
    text: String,
}

/// What came.
#[derive(Debug, PartialEq)]
pub(crate) enum Came {
    Event { id: String, name: String, data: Value },
    Comment,
    End,
}

impl Stream {
    pub(crate) fn of(response: Response) -> Self {
        Self { response, text: String::new() }
    }

    async fn open(shop: &Shop, query: &str, last_event_id: Option<&str>) -> Self {
        let mut request = shop.request(Method::GET, &format!("/v1/stock/stream?{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-cache"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        assert!(response.headers().contains_key("x-request-id"));
        Self::of(response)
    }

    /// What comes next, comments included.
    pub(crate) async fn next(&mut self) -> Came {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let came = read(block);
                self.text = rest.to_owned();
                return came;
            }
            let chunk = tokio::time::timeout(FAIL_SAFE, self.response.chunk()).await.unwrap().unwrap();
            let Some(chunk) = chunk else { return Came::End };
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event: what it is called, of which product, and how many of that are available. Its id is the position that its
    /// data name.
    async fn told(&mut self) -> (String, String, u64) {
        match self.next().await {
            Came::Event { id, name, data } => {
                assert_eq!(id, data["sequence"].to_string());
                (name, data["sku"].as_str().unwrap().to_owned(), data["available"].as_u64().unwrap())
            }
            other => panic!("{other:?}"),
        }
    }

    async fn expect(&mut self, events: &[(&str, &str, u64)]) {
        for (name, sku, available) in events {
            assert_eq!(self.told().await, ((*name).to_owned(), (*sku).to_owned(), *available));
        }
    }
}

fn read(block: &str) -> Came {
    let field = |name: &str| {
        let mut values = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let value = values.next().map(|value| value.trim_start().to_owned());
        assert!(values.next().is_none(), "{name} once in {block}");
        value
    };
    match (field("id"), field("event"), field("data")) {
        (Some(id), Some(name), Some(data)) => {
            Came::Event { id, name, data: serde_json::from_str(&data).unwrap() }
        }
        (None, None, None) => {
            assert!(block.starts_with(':'), "{block}");
            Came::Comment
        }
        other => panic!("{other:?}"),
    }
}

async fn release(shop: &Shop, reservation: &Value) {
    let id = reservation["id"].as_str().unwrap();
    shop.post(&format!("/v1/reservations/{id}/release"), &json!({})).await.expect(StatusCode::OK);
}

async fn refused(shop: &Shop, query: &str, status: u16, code: &str) -> Answer {
    let answer = shop.get(&format!("/v1/stock/stream{query}")).await;
    answer.refused(status, code);
    answer
}

#[tokio::test]
async fn the_last_unit_raises_sold_out_once_and_the_first_one_back_raises_back_in_stock() {
    let shop = Shop::open().await;
    shop.stocked("A", 2).await;
    let mut stream = Stream::open(&shop, "sku=A", None).await;
    stream.expect(&[("stock", "A", 2)]).await;
    let first = shop.reserved("A", 1).await;
    // While others remain, that is all.
    stream.expect(&[("stock", "A", 1)]).await;
    let second = shop.reserved("A", 1).await;
    stream.expect(&[("sold_out", "A", 0), ("stock", "A", 0)]).await;
    // Refused, and nothing to tell.
    let body = json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}]});
    shop.post("/v1/reservations", &body).await.refused(409, "insufficient_stock");
    release(&shop, &first).await;
    stream.expect(&[("back_in_stock", "A", 1), ("stock", "A", 1)]).await;
    release(&shop, &second).await;
    stream.expect(&[("stock", "A", 2)]).await;
    shop.stop().await;
}

#[tokio::test]
async fn an_event_comes_after_its_commit_and_says_what_is_read() {
    let shop = Shop::open().await;
    shop.stocked("A", 1).await;
    let mut stream = Stream::open(&shop, "sku=A", None).await;
    stream.next().await;
    shop.reserved("A", 1).await;
    let Came::Event { id, name, data } = stream.next().await else { panic!("an event") };
    assert_eq!(name, "sold_out");
    let stock = shop.stock("A").await;
    for member in ["sku", "available", "on_hand", "held", "allocated", "backordered", "sequence", "version"] {
        assert_eq!(data[member], stock[member], "{member}");
    }
    assert_eq!((id, &data["missed"]), (stock["sequence"].to_string(), &0.into()));
    assert!(shop.node.core.stats().journal_durable >= data["sequence"].as_u64().unwrap());
    shop.stop().await;
}

#[tokio::test]
async fn several_products_are_one_stream_and_who_comes_back_goes_on_where_it_was() {
    let shop = Shop::open().await;
    shop.stocked("A", 5).await;
    shop.stocked("B%2F2", 1).await;
    shop.stocked("C", 1).await;
    let query = "sku=A&sku=B%2F2&sku=A";
    let mut stream = Stream::open(&shop, query, None).await;
    stream.expect(&[("stock", "A", 5), ("stock", "B/2", 1)]).await;
    shop.reserved("C", 1).await;
    shop.reserved("A", 1).await;
    let Came::Event { id, data, .. } = stream.next().await else { panic!("an event") };
    assert_eq!((&data["sku"], &data["available"]), (&"A".into(), &4.into()), "nothing of C");
    drop(stream);
    shop.reserved("B/2", 1).await;
    let mut stream = Stream::open(&shop, query, Some(&id)).await;
    // What it missed is to be seen in the counts.
    stream.expect(&[("stock", "B/2", 0)]).await;
    shop.reserved("A", 1).await;
    stream.expect(&[("stock", "A", 3)]).await;
    shop.stop().await;
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let shop = Shop::open().await;
    shop.stocked("A", 1).await;
    let mut stream = Stream::open(&shop, "sku=A", None).await;
    stream.expect(&[("stock", "A", 1)]).await;
    let stopping = tokio::spawn(shop.stop());
    assert_eq!(stream.next().await, Came::End);
    stopping.await.unwrap();
}

#[tokio::test]
async fn one_stream_too_many_is_refused_and_room_comes_back() {
    let gateway = GatewayOptions { streams_max: 1, ..EmbeddedOptions::default().gateway };
    let shop = Shop::open_with(EmbeddedOptions { gateway, ..EmbeddedOptions::default() }).await;
    shop.stocked("A", 1).await;
    let stream = Stream::open(&shop, "sku=A", None).await;
    let answer = refused(&shop, "?sku=A", 503, "too_many_streams").await;
    assert_eq!((&answer.json()["retryable"], answer.header("retry-after").is_some()), (&true.into(), true));
    drop(stream);
    // A connection's end is seen by the server in its own time.
    eventually(async || {
        let request = shop.request(Method::GET, "/v1/stock/stream?sku=A");
        request.send().await.unwrap().status() == StatusCode::OK
    })
    .await;
    shop.stop().await;
}

#[tokio::test]
async fn a_silent_stream_says_that_it_is_there() {
    let stream_keep_alive = Duration::from_millis(1);
    let gateway = GatewayOptions { stream_keep_alive, ..EmbeddedOptions::default().gateway };
    let shop = Shop::open_with(EmbeddedOptions { gateway, ..EmbeddedOptions::default() }).await;
    shop.stocked("A", 1).await;
    let mut stream = Stream::open(&shop, "sku=A", None).await;
    stream.expect(&[("stock", "A", 1)]).await;
    for _ in 0..3 {
        assert_eq!(stream.next().await, Came::Comment);
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_stream_of_nothing_of_too_much_or_of_what_is_not_sold_is_refused() {
    let shop = Shop::open().await;
    shop.stocked("A", 1).await;
    shop.stocked("stream", 7).await;
    let too_many: Vec<_> = (0..101).map(|number| format!("sku=A{number}")).collect();
    for query in ["", "?sku=", "?who=A", "?sku=A&who=1", &format!("?{}", too_many.join("&"))] {
        refused(&shop, query, 400, "malformed_query").await;
    }
    refused(&shop, "?sku=A&sku=NOPE", 404, "unknown_sku").await;
    let odd = shop.request(Method::GET, "/v1/stock/stream?sku=A").header("last-event-id", "x");
    shop.send(odd).await.refused(400, "bad_request");
    // Its address is another product's name.
    let stock = shop.get("/v1/stock/%73tream").await.expect(StatusCode::OK);
    assert_eq!((&stock["sku"], &stock["available"]), (&"stream".into(), &7.into()));
    shop.stop().await;
}
