use reqwest::{Client, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::process::{Server, holdfast, serve};

async fn post(url: &str, key: &str, path: &str, body: Value) -> reqwest::Response {
    let request = Client::new().post(format!("{url}{path}")).header("idempotency-key", key).json(&body);
    request.send().await.unwrap()
}

async fn stocked(url: &str) {
    let put = Client::new().put(format!("{url}/v1/products/A")).json(&json!({}));
    assert_eq!(put.send().await.unwrap().status(), StatusCode::CREATED);
    let body = json!({"set": 10, "reason": "opening stock"});
    assert_eq!(post(url, "stock", "/v1/stock/A/adjustments", body).await.status(), StatusCode::CREATED);
}

async fn reserve(url: &str) -> reqwest::Response {
    post(url, "basket", "/v1/reservations", json!({"customer": "c", "lines": [{"sku": "A", "quantity": 3}]}))
        .await
}

#[tokio::test]
async fn told_to_stop_it_stops_in_order_and_keeps_what_it_said() {
    let dir = tempfile::tempdir().unwrap();
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start(serve(dir.path()));
        let ready = reqwest::get(format!("{}/readyz", server.admin_url)).await.unwrap();
        assert_eq!(ready.status(), StatusCode::OK);
        if signal == Signal::TERM {
            stocked(&server.url).await;
        }
        let first = reserve(&server.url).await;
        assert_eq!(first.status(), StatusCode::CREATED);
        // A repeat, before and after the restart, is the same reservation.
        assert_eq!(first.headers().contains_key("idempotent-replayed"), signal == Signal::INT);
        server.signal(signal);
        let (code, said) = server.wait();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("everything acknowledged is durable"), "{said}");
        // Talk is JSON where nobody sits at a terminal.
        assert!(said.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{said}");
    }
}

#[tokio::test]
async fn killed_it_keeps_what_it_said() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(serve(dir.path()));
    stocked(&server.url).await;
    let first = reserve(&server.url).await.text().await.unwrap();
    server.signal(Signal::KILL);
    assert_eq!(server.wait().0, None);
    let server = Server::start(serve(dir.path()));
    let again = reserve(&server.url).await;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.text().await.unwrap(), first);
    let stock: Value =
        reqwest::get(format!("{}/v1/stock/A", server.url)).await.unwrap().json().await.unwrap();
    assert_eq!((&stock["held"], &stock["available"]), (&3.into(), &7.into()));
}

#[tokio::test]
async fn told_twice_it_stops_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = serve(dir.path());
    command.args(["--shutdown-timeout", "1h"]);
    let server = Server::start(command);
    // A request that never ends keeps the first signal's drain from ending.
    let mut stuck = std::net::TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    let head =
        b"POST /v1/reservations HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n";
    std::io::Write::write_all(&mut stuck, head).unwrap();
    std::io::Read::read_exact(&mut stuck, &mut [0; 25]).unwrap();
    server.signal(Signal::TERM);
    // The drain has begun once readiness is gone; only then is a signal the second one.
    loop {
        let ready = reqwest::get(format!("{}/readyz", server.admin_url)).await;
        if ready.is_ok_and(|answer| answer.status() == StatusCode::SERVICE_UNAVAILABLE) {
            break;
        }
        tokio::task::yield_now().await;
    }
    server.signal(Signal::TERM);
    let (code, said) = server.wait();
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("stopped at once"), "{said}");
}

#[tokio::test]
async fn the_made_up_shop_is_put_in_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut stocks = Vec::new();
    for _ in 0..2 {
        let mut command = serve(dir.path());
        command.arg("--demo");
        let server = Server::start(command);
        let page: Value = reqwest::get(format!("{}/v1/products?limit=100", server.url))
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (100, &true.into()));
        let stock: Value =
            reqwest::get(format!("{}/v1/stock/DEMO-00002", server.url)).await.unwrap().json().await.unwrap();
        stocks.push(stock);
        server.signal(Signal::TERM);
        assert_eq!(server.wait().0, Some(0));
    }
    assert_eq!(stocks[0], stocks[1]);
}

#[test]
fn the_description_is_printed() {
    let output = holdfast().arg("openapi").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), holdfast_gateway::openapi_json());
}
