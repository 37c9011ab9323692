//! Kill -9, again and again, while orders and reservations are in flight: nothing that was answered may be gone, and
//! nothing that was not answered may be there in part.
//!
//! A made-up stream is replayed against the real program on a fixed data directory and port, 32 operations in flight, with
//! plain reservations (left held, taken, taken in part, given back) beside them. Every eighth payment comes through late. A seeded draw decides after how many
//! further answers the program is killed, and whether it is killed once more while it starts. The clients know nothing of
//! this; they repeat what has no answer under the same keys.
//!
//! After every restart, before any client gets through: the orders and reservations answered so far read back as they
//! were answered (a sample, and the last 50), and what is free of every product differs from what the answers add up to
//! by a sum of *whole* unanswered requests. Then the clients get through with what was open and nothing else, and every
//! product has exactly on hand, held and allocated what the answers add up to. At the end the whole audit holds, and
//! holds again after a stop and a start.
//!
//! `HOLDFAST_KILL_CYCLES` says how often (25 by default; 100 is the full size), `HOLDFAST_KILL_SEED` repeats a draw.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may stop at the first surprise, and says why"
)]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/scratch.rs"]
mod scratch;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use holdfast_loadtest::audit::{Difference, audit, orders, reservations, shelf, whole};
use holdfast_loadtest::client::{Client, Keys, RetryPolicy};
use holdfast_loadtest::goods::Sku;
use holdfast_loadtest::ledger::{Book, Ledger};
use holdfast_loadtest::plan::opening::StockRule;
use holdfast_loadtest::plan::operation::Action;
use holdfast_loadtest::plan::{Plan, Shipping};
use holdfast_loadtest::replay::holds::{Basket, drive_baskets};
use holdfast_loadtest::replay::{
    Context, PaymentMix, Progress, Stop, check_fresh, drive, import, read_all, read_orders,
    read_reservations, read_stock,
};
use holdfast_loadtest::server::{Child, free_addresses};
use holdfast_loadtest::synth::{Synth, baskets, products};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;

const IN_FLIGHT: usize = 32;
const BASKETS_IN_FLIGHT: usize = 8;
const READS_IN_FLIGHT: usize = 16;
const ORDERS_PER_CYCLE: usize = 60;
const BASKETS_PER_CYCLE: usize = 20;
const PRODUCTS: usize = 400;
/// How many of the newest answers are read back after every restart, and how many of all.
const NEWEST: usize = 50;
const SAMPLE: usize = 50;
/// One start in so many is killed as well.
const STARTS_KILLED: f64 = 0.25;

fn from_environment(name: &str, otherwise: impl FnOnce() -> u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")),
        Err(_) => otherwise(),
    }
}

/// A program that can be killed and started again at the same place.
struct Victim {
    program: PathBuf,
    folder: scratch::Scratch,
    addresses: [SocketAddr; 2],
    starts: usize,
}

impl Victim {
    fn new() -> Self {
        let (program, folder) = (binary::holdfast(), scratch::Scratch::new());
        Self { program, folder, addresses: free_addresses().unwrap(), starts: 0 }
    }

    fn url(&self) -> String {
        format!("http://{}", self.addresses[0])
    }

    fn spawn(&mut self) -> Child {
        self.starts += 1;
        let log = File::create(self.folder.path().join(format!("server-{:03}.log", self.starts))).unwrap();
        let [listen, admin] = self.addresses;
        Child::spawn(&self.program, &self.folder.path().join("data"), listen, admin, Some(log)).unwrap()
    }

    async fn start(&mut self) -> Child {
        let mut child = self.spawn();
        if let Err(error) = child.wait_until_ready().await {
            panic!("start {} failed: {error}", self.starts);
        }
        child
    }

    /// Starts and is killed on the way, after so many looks at its closed door.
    async fn start_and_kill(&mut self, looks: usize) {
        let child = self.spawn();
        for _ in 0..looks {
            if child.accepts_connections().await {
                break;
            }
            tokio::task::yield_now().await;
        }
        child.kill().await.unwrap();
    }
}

/// Says something about a test that passes, too: the test runner keeps what goes through `eprintln` to itself then.
fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_kill_9() {
    let cycles = usize::try_from(from_environment("HOLDFAST_KILL_CYCLES", || 25)).unwrap();
    let seed = from_environment("HOLDFAST_KILL_SEED", || rand::random::<u32>().into());
    say(&format!(
        "{cycles} kills, seed {seed}: HOLDFAST_KILL_CYCLES={cycles} HOLDFAST_KILL_SEED={seed} repeats the draw"
    ));

    let range = products(PRODUCTS);
    let rows = Synth { seed, orders: cycles * ORDERS_PER_CYCLE }.rows(&range);
    let beside = baskets(seed ^ 1, cycles * BASKETS_PER_CYCLE, &range);
    let plan = Plan::build(&rows, Shipping::WhenReturned);
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 2);
    let moments = moments(&mut rng, cycles, least_answers(&plan, &beside));

    let mut victim = Victim::new();
    let retry = RetryPolicy { pause_max: Duration::from_millis(100), ..RetryPolicy::default() };
    let context = Arc::new(Context {
        client: Client::new(&victim.url(), IN_FLIGHT + BASKETS_IN_FLIGHT, retry).unwrap(),
        keys: Keys::new(seed),
        ledger: Ledger::new(opening(&plan, &beside)),
        rule: StockRule::Scarce,
        shipping: Shipping::WhenReturned,
        payments: PaymentMix::SomeLate,
        plan,
    });
    let child = victim.start().await;
    import(&context).await.unwrap();
    check_fresh(&context, READS_IN_FLIGHT).await.unwrap();

    let (done, is_done) = watch::channel(false);
    let work = {
        let context = Arc::clone(&context);
        tokio::spawn(async move {
            let (stop, progress) = (Stop::default(), Progress::hidden());
            let orders = drive(&context, IN_FLIGHT, &stop, &progress);
            let (orders, baskets) =
                tokio::join!(orders, drive_baskets(&context, beside, BASKETS_IN_FLIGHT, &stop));
            done.send_replace(true);
            (orders.unwrap(), baskets.unwrap())
        })
    };
    let mut child = child;
    let (mut caught_open, mut caught_done) = (0, 0);
    for (cycle, moment) in moments.into_iter().enumerate() {
        answered_or_done(&context, moment, is_done.clone()).await;
        child.kill().await.unwrap();
        let nothing_moves = context.client.gate().close_attempts().await;
        while rng.random_bool(STARTS_KILLED) {
            victim.start_and_kill(rng.random_range(0..100)).await;
        }
        child = victim.start().await;
        let name = format!("kill {cycle} of seed {seed}, after {moment} answers");
        let [open, had_effect] = check_before_repeats(&context, &mut rng, &name).await;
        caught_open += open;
        caught_done += had_effect;
        drop(nothing_moves);
        let nothing_new = context.client.gate().close_requests().await;
        check_after_repeats(&context, &mut rng, &name).await;
        drop(nothing_new);
    }
    let (operations, baskets) = work.await.unwrap();
    say(&format!(
        "{operations} operations, {baskets} baskets, {} starts, {:?}; {caught_open} requests caught open, {caught_done} of \
         them had changed what is free",
        victim.starts,
        context.client.attempts()
    ));
    check_all(&context, "at the end").await;
    child.stop().await.unwrap();
    let child = victim.start().await;
    check_all(&context, "after a stop and a start").await;
    child.stop().await.unwrap();
}

/// What the stream opens with when stock is scarce, and something for every product that is only in baskets.
fn opening(plan: &Plan, beside: &[Basket]) -> BTreeMap<Sku, u64> {
    let mut opening = plan.opening.opening(StockRule::Scarce);
    for (sku, _) in beside.iter().flat_map(|basket| &basket.lines) {
        opening.entry(sku.clone()).or_insert(20);
    }
    opening
}

/// Every order, write-off and basket is answered at least once.
fn least_answers(plan: &Plan, beside: &[Basket]) -> u64 {
    let answers = plan.operations.iter().map(|operation| match &operation.action {
        Action::Checkout(_) => 1,
        Action::WriteOff(rows) => rows.len() as u64,
        Action::Credit(credit) => credit.unmatched.len() as u64,
    });
    answers.sum::<u64>() + beside.len() as u64
}

/// After how many answers each kill comes, import aside.
fn moments(rng: &mut ChaCha8Rng, cycles: usize, answers: u64) -> Vec<u64> {
    let mut moments: Vec<_> = (0..cycles).map(|_| rng.random_range(1..answers.max(2))).collect();
    moments.sort_unstable();
    moments
}

async fn answered_or_done(context: &Context, moment: u64, mut is_done: watch::Receiver<bool>) {
    let mut answered = context.client.answered();
    tokio::select! {
        reached = answered.wait_for(|answered| *answered >= moment) => drop(reached.unwrap()),
        done = is_done.wait_for(|done| *done) => drop(done.unwrap()),
    }
}

fn assert_none(differences: &[Difference], name: &str) {
    let shown: Vec<_> = differences.iter().take(20).collect();
    assert!(differences.is_empty(), "{name}: {} differences, {shown:#?}", differences.len());
}

/// Nothing was repeated yet: what is open must be there whole or not at all. Gives back how many requests were open, and
/// how many of those have had their effect on what is free.
async fn check_before_repeats(context: &Context, rng: &mut ChaCha8Rng, name: &str) -> [usize; 2] {
    let book = context.ledger.snapshot();
    let mut differences = Vec::new();
    compare_some(context, rng, &book, &mut differences).await;
    assert_none(&differences, name);

    let expected = shelf::expected(&book, context.ledger.opening());
    let found = read_stock(context, READS_IN_FLIGHT).await.unwrap();
    let free = |stock: &holdfast_loadtest::client::wire::Stock| {
        let [on_hand, held, allocated] =
            [stock.on_hand, stock.held, stock.allocated].map(|units| i64::try_from(units).unwrap());
        on_hand - held - allocated
    };
    let difference: whole::Effect =
        expected.iter().map(|(sku, shelf)| (sku.clone(), free(&found[sku]) - shelf.free())).collect();
    let open: Vec<_> = book.pending.values().map(|pending| pending.free.clone()).collect();
    let Some(had_effect) = whole::explain(&difference, &open) else {
        let difference: Vec<_> = difference.iter().filter(|(_, units)| **units != 0).take(20).collect();
        panic!(
            "{name}: something is there in part. Free units differ by {difference:?}; open: {:?}",
            book.pending
        );
    };
    [open.len(), had_effect.into_iter().filter(|had_effect| *had_effect).count()]
}

/// Everything that was open has its answer and nothing new has begun: the counts are known to the unit.
async fn check_after_repeats(context: &Context, rng: &mut ChaCha8Rng, name: &str) {
    let book = context.ledger.snapshot();
    assert_eq!(book.troubles, [], "{name}");
    assert!(book.pending.is_empty(), "{name}: {:?}", book.pending);
    let mut differences = Vec::new();
    let found = read_stock(context, READS_IN_FLIGHT).await.unwrap();
    shelf::compare(&shelf::expected(&book, context.ledger.opening()), &found, &mut differences);
    compare_some(context, rng, &book, &mut differences).await;
    assert_none(&differences, name);
}

/// Reads back the newest orders and reservations that are settled, and some of the others.
async fn compare_some(
    context: &Context,
    rng: &mut ChaCha8Rng,
    book: &Book,
    differences: &mut Vec<Difference>,
) {
    let chosen = some_of(rng, book.settled_orders().collect());
    let ids = chosen.iter().map(|(index, record)| (*index, record.answered.id.as_str()));
    let found = read_orders(context, ids, READS_IN_FLIGHT).await.unwrap();
    for (index, record) in &chosen {
        orders::compare(record, found.get(index), differences);
    }
    let chosen = some_of(rng, book.settled_reservations().collect());
    let ids = chosen.iter().map(|(number, record)| (*number, record.answered.id.as_str()));
    let found = read_reservations(context, ids, READS_IN_FLIGHT).await.unwrap();
    for (number, record) in &chosen {
        reservations::compare(*number, record, found.get(number), differences);
    }
}

fn some_of<T>(rng: &mut ChaCha8Rng, mut all: Vec<T>) -> Vec<T> {
    let mut chosen = all.split_off(all.len().saturating_sub(NEWEST));
    for _ in 0..SAMPLE.min(all.len()) {
        chosen.push(all.swap_remove(rng.random_range(0..all.len())));
    }
    chosen
}

async fn check_all(context: &Context, name: &str) {
    let book = context.ledger.snapshot();
    let found = read_all(context, &book, READS_IN_FLIGHT).await.unwrap();
    let audit = audit(&book, context.ledger.opening(), &found);
    assert!(audit.holds, "{name}: {audit:#?}");
}
