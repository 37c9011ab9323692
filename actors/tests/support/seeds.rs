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

/// The seeds of this run; the one under way is the last one printed.
pub fn seeds(usual_rounds: u64) -> impl Iterator<Item = u64> {
    let first = first_seed();
    (first..first + rounds(usual_rounds)).inspect(|seed| println!("HOLDFAST_SEED={seed}"))
}

pub fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}
