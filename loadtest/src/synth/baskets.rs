//! Made-up baskets: reservations without an order, over the same products in the same widths.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use smol_str::format_smolstr;

use super::curve::Popularity;
use super::{Product, shape};
use crate::goods::Sku;
use crate::replay::holds::{Basket, Ending};

/// Makes up so many baskets over these products.
pub fn baskets(seed: u64, count: usize, products: &[Product]) -> Vec<Basket> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let popularity = Popularity::new(products.len(), shape::POPULARITY);
    let mut basket = |number: usize| {
        let width = shape::LINES.draw(&mut rng);
        let mut line = |_| {
            let product = products.get(popularity.draw(&mut rng))?;
            Some((Sku::of_goods(&product.stock_code)?, rng.random_range(1..=6)))
        };
        let lines: Vec<_> = (0..width).filter_map(&mut line).collect();
        let ending = match rng.random_range(0..5) {
            0 | 1 => Ending::Held,
            2 => Ending::Taken,
            3 => Ending::HalfTaken,
            _ => Ending::Released,
        };
        Basket {
            name: format_smolstr!("basket{number}"),
            customer: format_smolstr!("browser-{}", number % 50),
            lines,
            ending,
        }
    };
    (0..count).map(&mut basket).filter(|basket| !basket.lines.is_empty()).collect()
}
