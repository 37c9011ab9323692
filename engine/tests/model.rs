//! Random histories of a shop, against a shop on paper.
//!
//! A history of about sixty commands runs through the [`driver`], which does with the engine what the runtime does,
//! and through the [`reference`], which keeps a list of facts and reads all of it for every answer. After each command
//! both must agree: granted or refused and why, what lies where, where every basket and order stands and what each
//! order waits for. At the end the journal is replayed, and cut at random places as a crash would cut it.
//!
//! `cargo nextest run -p holdfast-engine --test model` runs 256 histories of each kind, the same ones each time;
//! `PROPTEST_CASES=20000 cargo nextest run --release -p holdfast-engine --test model` looks harder, and at others each time. A
//! history that fails is made as short as it gets, printed, and kept in `model/regressions.txt` with its seed, from where it
//! runs first next time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that is wrong about its own data shall stop there"
)]

#[path = "model/commands.rs"]
mod commands;
mod driver;
#[path = "model/names.rs"]
mod names;
#[path = "model/recovery.rs"]
mod recovery;
#[path = "model/reference.rs"]
mod reference;
#[path = "model/walk.rs"]
mod walk;

use std::fmt;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed};

use commands::History;
use walk::Walk;

fn config() -> Config {
    // `Config::default` reads PROPTEST_CASES, 256 without it, and PROPTEST_RNG_SEED.
    let config = Config::default();
    let rng_seed = match config.rng_seed {
        RngSeed::Random if std::env::var_os("PROPTEST_CASES").is_none() => RngSeed::Fixed(SEED),
        seed => seed,
    };
    Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/model/regressions.txt"
        )))),
        max_shrink_iters: 20_000,
        rng_seed,
        ..config
    }
}

/// Of the histories that a plain run walks through.
const SEED: u64 = 20_261_121;

/// Where a crash cuts the journal.
#[derive(Clone)]
struct Cuts(Vec<Index>);

impl fmt::Debug for Cuts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

fn cuts() -> impl Strategy<Value = Cuts> {
    prop::collection::vec(any::<Index>(), 6).prop_map(Cuts)
}

fn run(History(history): &History, Cuts(cuts): &Cuts) {
    let mut walk = Walk::default();
    for (position, command) in history.iter().enumerate() {
        walk.run(&history[..position], command);
    }
    walk.finish();
    for cut in cuts {
        recovery::check_cut(&walk, cut.index(walk.driver.journal().len() + 1));
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn stock_and_baskets_agree_with_the_shop_on_paper(
        history in commands::stock_history(),
        cuts in cuts(),
    ) {
        run(&history, &cuts);
    }

    #[test]
    fn those_who_queue_agree_with_the_shop_on_paper(
        history in commands::book_history(),
        cuts in cuts(),
    ) {
        run(&history, &cuts);
    }

    #[test]
    fn backorders_agree_with_the_shop_on_paper(
        history in commands::backorder_history(),
        cuts in cuts(),
    ) {
        run(&history, &cuts);
    }

    #[test]
    fn orders_agree_with_the_shop_on_paper(
        history in commands::order_history(),
        cuts in cuts(),
    ) {
        run(&history, &cuts);
    }
}
