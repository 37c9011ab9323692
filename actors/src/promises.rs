//! Where promises stand that could not be filled at once: asked of the products, which alone know.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_engine::product::{Source, Sources, Spread};
use holdfast_engine::{HoldId, LineQuantity, Quantity, Sku};

use crate::answer::{Failure, ReplyTo};
use crate::product_actor::ProductMessage;
use crate::reservation_view::ReservationView;
use crate::shared::{Gate, Shared};
use crate::view::PromiseView;

/// Shows in the lines of a committed reservation that queued for units what they have of them now.
pub(crate) async fn bring_up_to_date(
    shared: &Arc<Shared>,
    view: &mut ReservationView,
) -> Result<(), Failure> {
    let mut asked: BTreeMap<Sku, Vec<HoldId>> = BTreeMap::new();
    for shown in &view.lines {
        if !shown.sources.queued().is_zero() {
            let hold = HoldId { reservation: view.id, line: shown.number };
            asked.entry(shown.sku.clone()).or_default().push(hold);
        }
    }
    for (sku, holds) in asked {
        let Some(cell) = shared.directory.get(&sku) else { continue };
        let (caller, answer) = ReplyTo::channel(Some(Gate::enter(shared)?));
        cell.send(shared, ProductMessage::ReadPromises(holds, caller));
        let promises = answer.await.unwrap_or_else(|_| Err(shared.lost()))?;
        for promise in promises {
            if let Some(line) = view.lines.iter_mut().find(|line| line.number == promise.hold.line) {
                line.ahead = promise.ahead;
                line.promised_at = promise.promised_at;
                line.lapsed = promise.lapsed;
                line.sources = sources(&line.sources, promise);
            }
        }
    }
    Ok(())
}

fn sources(before: &Sources, promise: PromiseView) -> Sources {
    let Sources::Spread(before) = before else { return before.clone() };
    let source = |(location, units): (_, u64)| {
        let units = LineQuantity::new(u32::try_from(units).ok()?)?;
        Some(Source { location, units })
    };
    Sources::Spread(Box::new(Spread {
        asked: before.asked.clone(),
        filled: promise.kept.into_iter().filter_map(source).collect(),
        queued: Quantity::new(promise.queued).unwrap_or_default(),
        class: before.class,
        good_til: before.good_til.filter(|_| promise.queued > 0),
    }))
}
