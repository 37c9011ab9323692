//! What the benches share: a product that never runs out, a core on a fresh directory, and distinct ids.
//!
//! Each file in `benches/` asks one question and says in its head what would count as worse. Absolute figures move with
//! the disk and the neighbours; compare within one run.

pub mod reserve;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_actors::{Core, CoreConfig, Fatal, Payments, Reserve, ReserveLine, SystemClock};
use holdfast_engine::product::{Adjustment, Condition, Note, Policy, ProductDetails, StockChange, Terms};
use holdfast_engine::{
    CustomerId, Fingerprint, LineQuantity, LocationId, Operation, OperationId, Quantity, ReservationId, Sku,
    SmolStr,
};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The SKU all buyers want.
pub const HOT_SKU: &str = "HOT-1";

/// Any error ends a bench.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A number that no other call in this process got, spread over the 128 bits as derived ids are.
pub fn distinct() -> u128 {
    u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

/// An operation nobody did before.
pub fn operation() -> Operation {
    Operation { id: OperationId(distinct()), fingerprint: Fingerprint(0) }
}

/// Details of a product with the default policy.
pub fn details() -> ProductDetails {
    ProductDetails {
        name: SmolStr::new_static("hot"),
        price: None,
        policy: Policy::default(),
        components: Box::default(),
    }
}

/// A count that no bench uses up.
pub fn plenty() -> Adjustment {
    Adjustment {
        location: LocationId::main(),
        condition: Condition::Sellable,
        change: StockChange::To(Quantity::MAX),
        expected: None,
        note: Note::why(SmolStr::new_static("opening stock")),
        operation: operation(),
    }
}

/// A reservation of one unit for a buyer of its own.
///
/// # Panics
/// If the SKU is not a name.
#[allow(clippy::expect_used, reason = "the names are constants of the benches")]
pub fn reserve_one(sku: &Sku) -> Reserve {
    Reserve {
        id: ReservationId(distinct()),
        fingerprint: Fingerprint(0),
        customer: CustomerId::new("buyer").expect("a name"),
        guest: false,
        lines: vec![ReserveLine {
            sku: sku.clone(),
            location: None,
            quantity: LineQuantity::new(1).expect("one unit"),
        }],
        terms: Terms::default(),
        ttl: None,
        metadata: SmolStr::default(),
    }
}

/// A core on a fresh directory with these products, each with plenty of stock.
///
/// # Errors
/// If the directory or the core cannot be made.
pub async fn core_with(skus: &[Sku]) -> Result<(TempDir, Core)> {
    let dir = tempfile::tempdir()?;
    let config = CoreConfig { in_flight_max: 1 << 20, ..CoreConfig::default() };
    let fatal = Box::new(|why: Fatal| panic!("{why}"));
    let clock = Arc::new(SystemClock::default());
    let core = Core::open(&dir.path().join("data"), config, clock, Payments::sandbox(), None, fatal).await?;
    // All at once: one by one each would wait for a sync of its own.
    let puts = skus.iter().map(|sku| core.put_product(sku.clone(), details(), operation()));
    futures::future::try_join_all(puts).await?;
    let counts = skus.iter().map(|sku| core.adjust(sku.clone(), plenty()));
    futures::future::try_join_all(counts).await?;
    Ok((dir, core))
}

/// Makes `total` reservations of one unit with `in_flight` buyers who each wait for their answer before they ask again.
///
/// # Errors
/// If any reservation is refused.
pub async fn reserve_all(core: &Core, skus: &[Sku], total: u64, in_flight: u64) -> Result<()> {
    let left = Arc::new(AtomicU64::new(total));
    let mut buyers = tokio::task::JoinSet::new();
    for buyer in 0..in_flight {
        let (core, left) = (core.clone(), Arc::clone(&left));
        let skus = skus.to_vec();
        buyers.spawn(async move {
            let mut wanted = skus.iter().cycle().skip(usize::try_from(buyer).unwrap_or(0));
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            {
                if let Some(sku) = wanted.next() {
                    core.reserve(reserve_one(sku)).await?;
                }
            }
            Ok::<_, holdfast_actors::Failure>(())
        });
    }
    while let Some(buyer) = buyers.join_next().await {
        buyer??;
    }
    Ok(())
}
