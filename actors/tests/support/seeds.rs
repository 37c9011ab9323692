//! Random tests that can be run again: the seed is printed, and set with `HOLDFAST_SEED`.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Where the random numbers of this run begin. Each round has a seed of its own, counted from here.
pub fn first_seed() -> u64 {
    number("HOLDFAST_SEED").unwrap_or(1)
}

/// How many rounds to run: `HOLDFAST_ROUNDS`, or this many.
pub fn rounds(usual: u64) -> u64 {
    number("HOLDFAST_ROUNDS").unwrap_or(usual)
}

/// The seeds of this run. Printed, and shown by the test runner when the test fails; which of them it was stands in the
/// assertion.
pub fn seeds(usual_rounds: u64) -> std::ops::Range<u64> {
    let (first, rounds) = (first_seed(), rounds(usual_rounds));
    println!("HOLDFAST_SEED={first} HOLDFAST_ROUNDS={rounds}");
    first..first + rounds
}

pub fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}
