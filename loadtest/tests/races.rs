//! Races over HTTP for the last units there are, against a server in this process.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

use std::sync::Arc;

use futures::future::join_all;
use holdfast_gateway::{EmbeddedOptions, embedded};
use holdfast_loadtest::client::{Answer, Client, Kind, RetryPolicy, wire};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Barrier;

const CLIENTS: usize = 50;

async fn import(client: &Client, round: &str, stock: &[(String, u64)]) {
    let lines: Vec<_> = stock
        .iter()
        .map(|(sku, units)| serde_json::json!({ "sku": sku, "stock": { "main": units } }).to_string())
        .collect();
    let key = format!("import-{round}");
    let answer =
        client.post_lines(Kind::Import, "/v1/import", &key, lines.join("\n").into_bytes()).await.unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    assert!(answer.status == 200 && !text.contains("\"error\""), "{text}");
}

async fn reserve(client: &Client, key: &str, lines: &[(String, u64)]) -> Answer {
    let lines = lines.iter().map(|(sku, units)| wire::Units { sku, quantity: *units }).collect();
    let body = wire::Reserve { customer: "racer", lines, ttl_ms: None };
    client.post(Kind::Reserve, "/v1/reservations", key, &body).await.unwrap()
}

async fn stock(client: &Client, sku: &str) -> wire::Stock {
    client.get(Kind::ReadStock, &format!("/v1/stock/{sku}")).await.unwrap().read().unwrap()
}

/// Won, or refused for want of stock; nothing else is an answer to a race.
fn has_won(answer: &Answer) -> bool {
    match answer.status {
        201 => true,
        409 => {
            assert_eq!(answer.problem().unwrap().code, "insufficient_stock");
            false
        }
        other => panic!("{other}: {}", String::from_utf8_lossy(&answer.body)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clients_race_for_the_last_units() {
    let folder = tempfile::tempdir().unwrap();
    let server = embedded(folder.path(), EmbeddedOptions::default()).await.unwrap();
    let client = Arc::new(Client::new(&server.url, CLIENTS, RetryPolicy::default()).unwrap());
    for units in [0_usize, 1, 2, 7, 25, 49, 50, 60] {
        let sku = format!("LAST-{units}");
        import(&client, &sku, &[(sku.clone(), units as u64)]).await;
        let start = Arc::new(Barrier::new(CLIENTS));
        let racers = (0..CLIENTS).map(|racer| {
            let (client, start, sku) = (Arc::clone(&client), Arc::clone(&start), sku.clone());
            tokio::spawn(async move {
                start.wait().await;
                let answer = reserve(&client, &format!("{sku}-{racer}"), &[(sku.clone(), 1)]).await;
                has_won(&answer)
            })
        });
        let winners = join_all(racers).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
        assert_eq!(winners, units.min(CLIENTS), "winners of the last {units} units");
        let left = stock(&client, &sku).await;
        assert_eq!((left.held, left.available), (winners as u64, (units - winners) as u64));
    }
    server.stop().await.unwrap();
}

/// Lines of a basket beside the two that are fought for.
const WIDTH: usize = 200;
const ROUNDS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn two_wide_baskets_race_for_the_same_last_units_and_one_wins() {
    let seed = 20_110_923;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let server = embedded(folder.path(), EmbeddedOptions::default()).await.unwrap();
    let client = Arc::new(Client::new(&server.url, 4, RetryPolicy::default()).unwrap());
    // Of the others there is plenty, so that the race is decided by the last two alone.
    let plenty = 10 * ROUNDS as u64;
    let bystanders: Vec<_> = (0..2 * WIDTH).map(|number| (format!("BY-{number:03}"), plenty)).collect();
    import(&client, "bystanders", &bystanders).await;
    let mut winnings = vec![0; bystanders.len()];
    for round in 0..ROUNDS {
        // The two last products sort before, among and after the others, by round.
        let prefix = ["AA", "BY-200x", "ZZ"][round % 3];
        let last = [format!("{prefix}-{round}-1"), format!("{prefix}-{round}-2")];
        let units = rng.random_range(1..=3);
        import(&client, &format!("round-{round}"), &last.clone().map(|sku| (sku, units))).await;
        let baskets = [0, 1].map(|_| {
            let mut chosen: Vec<_> = (0..bystanders.len()).collect();
            chosen.shuffle(&mut rng);
            chosen.truncate(WIDTH);
            let mut lines: Vec<_> = chosen.iter().map(|at| (bystanders[*at].0.clone(), 1)).collect();
            lines.extend(last.iter().map(|sku| (sku.clone(), units)));
            lines.shuffle(&mut rng);
            (chosen, lines)
        });
        let (first, second) = (format!("{round}-a"), format!("{round}-b"));
        let answers =
            tokio::join!(reserve(&client, &first, &baskets[0].1), reserve(&client, &second, &baskets[1].1));
        let won = [has_won(&answers.0), has_won(&answers.1)];
        assert!(won[0] != won[1], "round {round} of seed {seed}: winners {won:?}, never both and never none");
        for at in &baskets[usize::from(won[1])].0 {
            winnings[*at] += 1;
        }
        for sku in &last {
            let left = stock(&client, sku).await;
            assert_eq!((left.held, left.available), (units, 0), "round {round}: {sku}");
        }
        // The loser's other lines are free again by the time it hears that it has lost.
        let loser = usize::from(won[0]);
        for at in &baskets[loser].0 {
            let (sku, _) = &bystanders[*at];
            let left = stock(&client, sku).await;
            let expected = (winnings[*at], plenty - winnings[*at]);
            assert_eq!((left.held, left.available), expected, "round {round}: {sku}");
        }
    }
    server.stop().await.unwrap();
}
