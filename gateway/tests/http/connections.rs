//! What happens to connections: too many, too slow, in the middle of a drain.

use std::time::Duration;

use holdfast_gateway::{EmbeddedOptions, GatewayOptions};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Shop, eventually};

fn with(change: impl FnOnce(&mut GatewayOptions)) -> EmbeddedOptions {
    let mut options = EmbeddedOptions::default();
    change(&mut options.gateway);
    options
}

fn addr(shop: &Shop) -> String {
    shop.node.url.strip_prefix("http://").unwrap().to_owned()
}

async fn exchange(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_connection_too_many_is_told_so() {
    let shop = Shop::open_with(with(|gateway| gateway.connections_max = 1)).await;
    // The first connection is kept open by its client.
    shop.get("/v1/products").await.expect(StatusCode::OK);
    let mut second = TcpStream::connect(addr(&shop)).await.unwrap();
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("\"overloaded\""), "{answer}");
    shop.get("/v1/products").await.expect(StatusCode::OK);
    shop.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_forever() {
    let shop = Shop::open_with(with(|gateway| gateway.request_timeout = Duration::from_millis(50))).await;
    let mut slow = TcpStream::connect(addr(&shop)).await.unwrap();
    let head = "POST /v1/reservations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nidempotency-key: k\r\ncontent-length: 100\r\n\r\n{\"cust";
    let answer = exchange(&mut slow, head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"request_timeout\"") && answer.contains("x-request-id: req_"), "{answer}");
    shop.stop().await;
}

#[tokio::test]
async fn a_request_under_way_is_answered_while_the_node_stops() {
    let shop = Shop::open().await;
    shop.stocked("A", 1).await;
    let body = json!({"customer": "c", "lines": [{"sku": "A", "quantity": 1}]}).to_string();
    let mut client = TcpStream::connect(addr(&shop)).await.unwrap();
    let head = format!(
        "POST /v1/reservations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nidempotency-key: k\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    // "100 Continue" proves that the server has begun with the request.
    let mut begun = [0; 25];
    client.read_exact(&mut begun).await.unwrap();
    assert!(begun.starts_with(b"HTTP/1.1 100 "));
    let address = addr(&shop);
    let stopping = tokio::spawn(shop.stop());
    // Nobody new gets in once the drain has begun; the one under way is finished all the same.
    eventually(async || TcpStream::connect(&address).await.is_err()).await;
    let answer = exchange(&mut client, &body).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut_off_by_the_shutdown_time_out() {
    let shop = Shop::open_with(with(|gateway| gateway.shutdown_timeout = Duration::from_millis(50))).await;
    let mut stuck = TcpStream::connect(addr(&shop)).await.unwrap();
    let head =
        "POST /v1/reservations HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n";
    stuck.write_all(head.as_bytes()).await.unwrap();
    let mut begun = [0; 25];
    stuck.read_exact(&mut begun).await.unwrap();
    shop.stop().await;
    let mut rest = Vec::new();
    // Closed or reset: either way nobody is waited for.
    drop(stuck.read_to_end(&mut rest).await);
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
}

#[tokio::test]
async fn a_clients_request_id_is_given_back() {
    let shop = Shop::open().await;
    let named = shop.request(Method::GET, "/v1/stock/NOPE").header("x-request-id", "order-42.a");
    let answer = shop.send(named).await;
    assert_eq!(answer.refused(404, "unknown_sku")["request_id"], "order-42.a");
    let rude = shop.request(Method::GET, "/v1/products").header("x-request-id", "a b");
    assert!(shop.send(rude).await.header("x-request-id").unwrap().starts_with("req_"));
    shop.stop().await;
}
