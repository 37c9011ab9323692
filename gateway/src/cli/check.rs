//! `holdfast check`: whether a server is ready, for health checks in images that hold no other client.

use std::time::Duration;

use holdfast_gateway::Exit;

use super::args::CheckArgs;
use super::{advice, print};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks.
pub(crate) async fn run(args: CheckArgs) -> Exit {
    let url = format!("{}/readyz", args.admin.trim_end_matches('/'));
    let asked = match reqwest::Client::builder().timeout(PATIENCE).build() {
        Ok(client) => client.get(&url).send().await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(answer) if answer.status().is_success() => print("ready\n"),
        Ok(answer) => {
            advice::say(&format!(
                "{url} answers {}: the server is starting, draining or has failed",
                answer.status()
            ));
            Exit::Runtime
        }
        Err(error) => {
            advice::say(&format!("{url} cannot be asked: {error}; is the server running?"));
            Exit::Runtime
        }
    }
}
