use reqwest::{Method, StatusCode};

use crate::harness::Shop;

#[tokio::test]
async fn the_documentation_is_served_whole_and_asks_nobody_else() {
    let shop = Shop::open().await;
    let page = shop.get("/docs").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'self'"));
    let html = String::from_utf8(page.body).unwrap();
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("\"//"), "{html}");
    // Everything the page loads is there.
    for part in html
        .split(['"', '\''])
        .filter(|part| part.ends_with(".js") || part.ends_with(".css") || part.ends_with(".png"))
    {
        let file = shop.get(&format!("/docs/{}", part.trim_start_matches("./"))).await;
        assert_eq!(file.status, StatusCode::OK, "{part}");
        assert!(!file.body.is_empty(), "{part}");
    }
    let start = shop.get("/docs/swagger-initializer.js").await;
    let start = String::from_utf8(start.body).unwrap();
    assert!(start.contains("/openapi.json") && start.contains("\"validatorUrl\": \"none\""), "{start}");
    assert!(!start.contains("http"), "{start}");
    shop.get("/docs/nothing.js").await.refused(404, "not_found");
    shop.stop().await;
}

#[tokio::test]
async fn the_description_is_served_as_it_is_printed() {
    let shop = Shop::open().await;
    let served = shop.get("/openapi.json").await;
    served.expect(StatusCode::OK);
    assert_eq!(String::from_utf8(served.body).unwrap(), holdfast_gateway::openapi_json());
    let head = shop.send(shop.request(Method::HEAD, "/openapi.json")).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    shop.stop().await;
}
