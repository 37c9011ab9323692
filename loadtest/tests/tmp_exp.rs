//! x
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]
use std::sync::Arc;
use holdfast_gateway::{EmbeddedOptions, embedded};
use holdfast_loadtest::client::{Answer, Client, Kind, RetryPolicy, wire};
async fn import(client: &Client, round: &str, stock: &[(String, u64)]) {
    let lines: Vec<_> = stock.iter().map(|(sku, units)| serde_json::json!({ "sku": sku, "stock": { "main": units } }).to_string()).collect();
    client.post_lines(Kind::Import, "/v1/import", &format!("import-{round}"), lines.join("\n").into_bytes()).await.unwrap();
}
async fn reserve(client: &Client, key: &str, lines: &[(String, u64)]) -> Answer {
    let lines = lines.iter().map(|(sku, units)| wire::Units { sku, quantity: *units }).collect();
    let body = wire::Reserve { customer: "racer", lines, ttl_ms: None };
    client.post(Kind::Reserve, "/v1/reservations", key, &body).await.unwrap()
}
async fn stock(client: &Client, sku: &str) -> wire::Stock {
    client.get(Kind::ReadStock, &format!("/v1/stock/{sku}")).await.unwrap().read().unwrap()
}
#[tokio::test(flavor = "multi_thread")]
async fn exp() {
    let folder = tempfile::tempdir().unwrap();
    let server = embedded(folder.path(), EmbeddedOptions::default()).await.unwrap();
    let client = Arc::new(Client::new(&server.url, 4, RetryPolicy::default()).unwrap());
    let (mut stale_reads, mut settled_after, mut false_refusals, mut rounds_lost) = (0, 0, 0, 0);
    for round in 0..400 {
        // A0..A49 own lines of each, Z last unit
        let mine = |who: &str| (0..50).map(|n| (format!("{who}{round:04}-{n:02}"), 1)).collect::<Vec<_>>();
        let z = format!("Z{round:04}");
        let mut all = mine("A"); all.extend(mine("B")); all.push((z.clone(), 1));
        import(&client, &round.to_string(), &all).await;
        let (mut a, mut b) = (mine("A"), mine("B"));
        a.push((z.clone(), 1)); b.push((z.clone(), 1));
        let (ka, kb) = (format!("{round}a"), format!("{round}b"));
        // each loser immediately on its refusal tries its own line 0 alone / or reads
        let after = |key: String, lines: Vec<(String,u64)>| { let client = Arc::clone(&client); async move {
            let first = reserve(&client, &key, &lines).await;
            if first.status == 201 { return (true, true, 0, true); }
            if round % 2 == 0 {
                let mut looks = 0;
                while stock(&client, &lines[0].0).await.held > 0 { looks += 1; }
                (false, looks == 0, looks, true)
            } else {
                let again = reserve(&client, &format!("{key}-again"), &lines[..50]).await;
                (false, true, 0, again.status == 201)
            }
        }};
        let (ra, rb) = tokio::join!(after(ka, a), after(kb, b));
        for (won, fresh, looks, ok) in [ra, rb] { if !won { rounds_lost += 1; stale_reads += usize::from(!fresh); settled_after += looks; false_refusals += usize::from(!ok); } }
    }
    eprintln!("losers {rounds_lost}, stale reads {stale_reads}, looks {settled_after}, false refusals {false_refusals}");
    server.stop().await.unwrap();
}
