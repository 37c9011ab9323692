//! `serve --demo`: a made-up shop in an empty data directory.

use futures::{StreamExt, TryStreamExt, stream};
use holdfast_actors::Core;
use holdfast_engine::product::{Adjustment, Condition, Note, Policy, ProductDetails, StockChange};
use holdfast_engine::{
    Currency, Fingerprint, LocationId, Operation, OperationId, Quantity, Sku, SmolStr, UnitPrice,
};
use holdfast_gateway::demo::{CURRENCY, DemoProduct, catalogue};

const SEED: u64 = 20_261_127;
const PRODUCTS: usize = 1_000;
const AT_ONCE: usize = 256;

/// Puts the shop in, unless something is there already.
pub(crate) async fn fill(core: &Core) -> Result<(), String> {
    let there = core.stats().products;
    if there > 0 {
        tracing::info!(products = there, "--demo: the data directory is not empty and stays as it is");
        return Ok(());
    }
    stream::iter(catalogue(SEED, PRODUCTS).enumerate())
        .map(|(number, product)| put(core, number as u64, product))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    tracing::info!(products = PRODUCTS, "--demo: put in a made-up shop, DEMO-00001 and on");
    Ok(())
}

async fn put(core: &Core, number: u64, product: DemoProduct) -> Result<(), String> {
    let wrong = || format!("--demo: {} cannot be put in", product.sku);
    let sku = Sku::new(&product.sku).map_err(|_| wrong())?;
    let pounds = match CURRENCY.as_bytes() {
        [a, b, c] => Currency::new([*a, *b, *c], 2),
        _ => None,
    };
    let price = pounds.and_then(|currency| UnitPrice::new(i64::from(product.price_pence) * 100, currency));
    let details = ProductDetails {
        name: SmolStr::new(&product.name),
        price,
        policy: Policy::default(),
        components: Box::default(),
    };
    // The directory was empty, so no operation under these numbers was there before.
    let operation = |part: u64| Operation {
        id: OperationId(u128::from(number * 2 + part)),
        fingerprint: Fingerprint(SEED),
    };
    let failed = |failure| format!("{}: {failure}", wrong());
    core.put_product(sku.clone(), details, operation(0)).await.map_err(failed)?;
    if product.stock == 0 {
        return Ok(());
    }
    let adjustment = Adjustment {
        location: LocationId::main(),
        condition: Condition::Sellable,
        change: StockChange::To(Quantity::new(product.stock).ok_or_else(wrong)?),
        expected: None,
        note: Note::why(SmolStr::new_static("opening stock of the made-up shop")),
        operation: operation(1),
    };
    core.adjust(sku, adjustment).await.map_err(failed)?;
    Ok(())
}
