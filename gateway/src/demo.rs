//! A made-up shop to try things with. None of its products exist; the shapes are real: stock levels follow those of an
//! online seller with 9,235 products (most have few units, one in sixteen has none), prices those of a gift
//! wholesaler. Both are drawn by whole-number interpolation between measured percentiles, so that a seed gives the same
//! shop on every machine.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One made-up product with its opening stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoProduct {
    /// Its SKU, `DEMO-00001` and on.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// Its price in pence.
    pub price_pence: u32,
    /// Units at the main location.
    pub stock: u64,
}

/// The currency of the made-up shop.
pub const CURRENCY: &str = "GBP";

/// Share of products at or below so many units, in ten-thousandths.
const STOCK: &[(u32, u64)] = &[
    (0, 0),
    (630, 0),
    (631, 1),
    (1_000, 1),
    (2_500, 3),
    (5_000, 8),
    (7_500, 31),
    (9_000, 62),
    (9_900, 236),
    (10_000, 1_234),
];

/// Share of products at or below so many pence, in ten-thousandths.
const PRICE: &[(u32, u64)] = &[
    (0, 12),
    (100, 29),
    (1_000, 65),
    (2_500, 125),
    (5_000, 210),
    (7_500, 415),
    (9_000, 795),
    (9_900, 1_663),
    (10_000, 64_950),
];

const ADJECTIVES: &[&str] = &[
    "Hanging", "Folding", "Vintage", "Striped", "Scented", "Enamel", "Woven", "Painted", "Round", "Tall",
    "Spotty", "Ceramic", "Wooden", "Glass", "Paper", "Floral",
];
const COLOURS: &[&str] =
    &["white", "red", "blue", "ivory", "green", "pink", "black", "silver", "lilac", "mustard"];
const THINGS: &[&str] = &[
    "lantern",
    "T-light holder",
    "mug",
    "lunch bag",
    "cake stand",
    "bunting",
    "doormat",
    "alarm clock",
    "jam jar",
    "photo frame",
    "tea towel",
    "biscuit tin",
    "umbrella",
    "notebook",
    "coat hook",
    "egg cup",
    "door stop",
    "parasol",
];

/// A made-up catalogue: the same products for the same seed, and the first ones the same whatever the count.
///
/// ```
/// let few: Vec<_> = holdfast_gateway::demo::catalogue(7, 3).collect();
/// let more: Vec<_> = holdfast_gateway::demo::catalogue(7, 1_000).collect();
/// assert_eq!(few[..], more[..3]);
/// assert_eq!(few[0].sku, "DEMO-00001");
/// ```
pub fn catalogue(seed: u64, count: usize) -> impl Iterator<Item = DemoProduct> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (1..=count).map(move |number| {
        let mut pick = |words: &[&'static str]| {
            let index = random.random_range(0..words.len() as u64);
            usize::try_from(index).ok().and_then(|index| words.get(index)).copied().unwrap_or_default()
        };
        let (adjective, colour, thing) = (pick(ADJECTIVES), pick(COLOURS), pick(THINGS));
        let price = between(PRICE, random.random_range(0..10_000));
        DemoProduct {
            sku: format!("DEMO-{number:05}"),
            name: format!("{adjective} {colour} {thing}"),
            price_pence: u32::try_from(price).unwrap_or(u32::MAX),
            stock: between(STOCK, random.random_range(0..10_000)),
        }
    })
}

/// The value at a share, on straight lines between the table's points.
fn between(table: &[(u32, u64)], share: u32) -> u64 {
    for pair in table.windows(2) {
        if let [(low_share, low), (high_share, high)] = pair
            && share <= *high_share
        {
            let width = u64::from(high_share - low_share).max(1);
            let way = u64::from(share.saturating_sub(*low_share));
            return low + (high - low) * way / width;
        }
    }
    table.last().map_or(0, |(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_are_those_measured() {
        let products: Vec<_> = catalogue(1, 20_000).collect();
        let mut stock: Vec<_> = products.iter().map(|product| product.stock).collect();
        stock.sort_unstable();
        let share_without = stock.iter().filter(|units| **units == 0).count();
        assert!((1_100..=1_400).contains(&share_without), "{share_without} of 20000 have none");
        assert!((7..=9).contains(&stock[10_000]), "median {}", stock[10_000]);
        assert!((200..=300).contains(&stock[19_800]), "p99 {}", stock[19_800]);
        assert!(*stock.last().unwrap() <= 1_234);
        let mut prices: Vec<_> = products.iter().map(|product| product.price_pence).collect();
        prices.sort_unstable();
        assert!((190..=230).contains(&prices[10_000]), "median {}", prices[10_000]);
    }

    #[test]
    fn the_stream_stays_the_same() {
        let first = catalogue(42, 1).next().unwrap();
        assert_eq!(first, catalogue(42, 5).next().unwrap());
        assert_ne!(catalogue(42, 50).collect::<Vec<_>>(), catalogue(43, 50).collect::<Vec<_>>());
    }
}
