//! Distributions given by a few measured points, with straight lines in between.

use rand::{Rng, RngExt};

/// Quantiles of a whole-number quantity: pairs of a share of the population, rising from 0 to 1, and the value there.
///
/// Between two points the value rises evenly in its logarithm, because all that is drawn here (lines, units) has a
/// long tail that spans several powers of ten.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantiles(pub(super) &'static [(f64, f64)]);

impl Quantiles {
    pub(super) fn draw(self, rng: &mut impl Rng) -> u64 {
        self.at(rng.random())
    }

    fn at(self, share: f64) -> u64 {
        let between = self.0.iter().zip(self.0.iter().skip(1)).find(|(_, right)| share <= right.0);
        let Some((left, right)) = between else { return self.0.last().map_or(1, |last| last.1 as u64) };
        let along = (share - left.0) / (right.0 - left.0);
        (left.1.ln() + along * (right.1.ln() - left.1.ln())).exp().round() as u64
    }
}

/// How often each of `count` ranks is chosen, so that the measured shares of the top ranks hold at any count.
///
/// The head of the real curve is flat (the best seller has half a percent of the lines), which no Zipf exponent
/// gives; so the curve is built from the measured shares themselves, even between two of them.
#[derive(Debug)]
pub(super) struct Popularity {
    count: usize,
    /// Share of the ranks, and share of all choices that falls to them.
    points: &'static [(f64, f64)],
}

impl Popularity {
    pub(super) fn new(count: usize, points: &'static [(f64, f64)]) -> Self {
        Self { count, points }
    }

    /// A rank, counted from 0 for the most popular.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> usize {
        let share: f64 = rng.random();
        let between = self.points.iter().zip(self.points.iter().skip(1)).find(|(_, right)| share <= right.1);
        let place = match between {
            Some((left, right)) => left.0 + (share - left.1) / (right.1 - left.1) * (right.0 - left.0),
            None => 1.0,
        };
        ((place * self.count as f64) as usize).min(self.count.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn quantiles_pass_through_their_points() {
        const LINES: Quantiles = Quantiles(&[(0.0, 1.0), (0.5, 14.0), (0.99, 200.0), (1.0, 704.0)]);
        for (share, value) in [(0.0, 1), (0.5, 14), (0.99, 200), (1.0, 704)] {
            assert_eq!(LINES.at(share), value, "{share}");
        }
    }

    #[test]
    fn top_ranks_have_the_shares_they_were_given() {
        let popularity = Popularity::new(1_000, &[(0.0, 0.0), (0.1, 0.45), (1.0, 1.0)]);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let top = (0..20_000).filter(|_| popularity.draw(&mut rng) < 100).count();
        assert!((8_600..9_400).contains(&top), "{top} of 20,000 draws fell to the top tenth");
    }
}
