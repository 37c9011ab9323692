//! What a reservation was asked for as bundles, and how the lines of a request are taken apart.
//!
//! A basket claims components, never bundles: before it visits a product, each line that names a bundle is replaced by lines for
//! what it is made of at that moment ([`Unpacking`]). What was asked is remembered with the reservation, composition included
//! ([`Bundle`]), so a composition that is changed later concerns whoever asks later. A change keeps the bundles that the reservation
//! has as they are, and takes what is asked for besides apart as it is made up then.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{LINES_MAX, ReservationEvent};
use crate::ids::{LocationId, Sku};
use crate::product::{Claim, Component, ProductDetails};
use crate::quantity::LineQuantity;
use crate::rejection::{InBundle, Rejection};
use crate::time::Timestamp;

/// So many units of a bundle that a reservation was asked for, and what each of them was made of then.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bundle {
    /// Which product.
    pub sku: Sku,
    /// Where all of its components are to be taken from; from wherever each lies if not said.
    pub location: Option<LocationId>,
    /// How many.
    pub quantity: LineQuantity,
    /// What each of them was made of.
    pub components: Box<[Component]>,
}

/// The bundles of a reservation, in the order of their names; none for most.
pub type Bundles = Option<Arc<[Bundle]>>;

/// Bundles and components in one [`ReservationEvent::BundlesNoted`]: with the longest names they stay below
/// [`crate::event::EVENT_BYTES_MAX`].
pub const PARTS_PER_EVENT: usize = 128;

/// Those of a reservation's bundles that have this name.
pub fn named<'a>(bundles: &'a [Bundle], sku: &Sku, location: Option<&LocationId>) -> &'a [Bundle] {
    among(bundles, |bundle| bundle.name().cmp(&(sku, location)))
}

/// Those of a reservation's bundles that are of this product.
fn of_product<'a>(bundles: &'a [Bundle], sku: &Sku) -> &'a [Bundle] {
    among(bundles, |bundle| bundle.sku.cmp(sku))
}

/// The bundles that compare equal; a reservation's are in the order of their names.
fn among(bundles: &[Bundle], place: impl Fn(&Bundle) -> Ordering) -> &[Bundle] {
    let first = bundles.partition_point(|bundle| place(bundle).is_lt());
    let from = bundles.get(first..).unwrap_or_default();
    from.get(..from.partition_point(|bundle| place(bundle).is_eq())).unwrap_or_default()
}

impl Bundle {
    /// What a line of a request calls it.
    fn name(&self) -> (&Sku, Option<&LocationId>) {
        (&self.sku, self.location.as_ref())
    }

    /// What is to be claimed for it.
    fn claims(&self) -> impl Iterator<Item = Result<(Sku, Claim), Rejection>> {
        self.components.iter().map(|Component { sku, quantity }| {
            let units = quantity.units().checked_mul(self.quantity.units()).and_then(LineQuantity::new);
            let (requested, max) = (LineQuantity::MOST, LineQuantity::MOST);
            let quantity =
                units.ok_or_else(|| Rejection::LineTooLarge { sku: sku.clone(), requested, max })?;
            Ok((sku.clone(), Claim { location: self.location.clone(), quantity }))
        })
    }

    /// The events that note these, to stand before the one that makes or changes their reservation.
    pub fn noted(bundles: Option<&[Self]>, at: Timestamp) -> Vec<ReservationEvent> {
        let mut events = Vec::new();
        let (mut first, mut parts, mut chunk) = (0, 0, Vec::new());
        for bundle in bundles.unwrap_or_default() {
            let more = 1 + bundle.components.len();
            if parts + more > PARTS_PER_EVENT && !chunk.is_empty() {
                let bundles: Vec<_> = std::mem::take(&mut chunk);
                let next = first + count(&bundles);
                events.push(ReservationEvent::BundlesNoted { first, bundles, at });
                (first, parts) = (next, 0);
            }
            parts += more;
            chunk.push(bundle.clone());
        }
        if !chunk.is_empty() {
            events.push(ReservationEvent::BundlesNoted { first, bundles: chunk, at });
        }
        events
    }
}

/// How many bundles these are. A reservation has at most [`LINES_MAX`] lines, and no bundle comes to less than one.
pub fn count(bundles: &[Bundle]) -> u16 {
    u16::try_from(bundles.len()).unwrap_or(u16::MAX)
}

/// Says of a refusal which bundles it came from, if the product that refused is a component of some.
pub fn explained(bundles: Option<&[Bundle]>, because: Rejection) -> Rejection {
    let Some((sku, at)) = because.line_refused() else { return because };
    let concerned = bundles.unwrap_or_default().iter().filter(|bundle| {
        at.is_none_or(|at| bundle.location.as_ref() == at)
            && bundle.components.iter().any(|component| component.sku == *sku)
    });
    let bundles: Vec<_> = concerned.map(|bundle| (bundle.sku.clone(), bundle.location.clone())).collect();
    match bundles.is_empty() {
        true => because,
        false => Rejection::InBundle(Box::new(InBundle { bundles, because })),
    }
}

/// Takes the lines of a request apart that name bundles.
#[derive(Debug)]
pub struct Unpacking<'a> {
    /// Bundles that the reservation has already.
    had: &'a [Bundle],
    asked: Vec<Asked>,
}

/// What lines of one name ask for.
#[derive(Debug)]
struct Asked {
    sku: Sku,
    location: Option<LocationId>,
    quantity: LineQuantity,
    /// The product as it is now, while there is one.
    details: Option<ProductDetails>,
}

impl Asked {
    fn name(&self) -> (&Sku, Option<&LocationId>) {
        (&self.sku, self.location.as_ref())
    }
}

/// Lines that were taken apart.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// What was asked as bundles.
    pub bundles: Bundles,
    /// What is to be claimed for that, and for units of a bundle that has become a usual product meanwhile.
    pub claims: Vec<(Sku, Claim)>,
}

impl<'a> Unpacking<'a> {
    /// For a reservation that has these bundles already.
    pub fn new(had: Option<&'a [Bundle]>) -> Self {
        Self { had: had.unwrap_or_default(), asked: Vec::new() }
    }

    /// Whether a line of this product is to be taken apart.
    pub fn concerns(&self, sku: &Sku, details: Option<&ProductDetails>) -> bool {
        details.is_some_and(ProductDetails::is_bundle) || !of_product(self.had, sku).is_empty()
    }

    /// One more line to be taken apart.
    pub fn add(
        &mut self,
        sku: &Sku,
        location: Option<&LocationId>,
        quantity: LineQuantity,
        details: Option<&ProductDetails>,
    ) {
        let (sku, location, details) = (sku.clone(), location.cloned(), details.cloned());
        self.asked.push(Asked { sku, location, quantity, details });
    }

    /// Puts the lines in the order of their names, and those of one name together.
    fn merge(&mut self) -> Result<(), Rejection> {
        self.asked.sort_by(|a, b| a.name().cmp(&b.name()));
        let mut merged: Vec<Asked> = Vec::with_capacity(self.asked.len());
        for asked in self.asked.drain(..) {
            match merged.last_mut().filter(|last| last.name() == asked.name()) {
                Some(last) => {
                    let sum = last.quantity.checked_add(asked.quantity);
                    last.quantity = sum.ok_or_else(|| too_large(&asked.sku))?;
                }
                None => merged.push(asked),
            }
        }
        self.asked = merged;
        Ok(())
    }

    /// Takes all of them apart, for a request that has so many other lines. `in_part` says that it may drop a part
    /// of what it asks for; `is_bundle` knows which products are bundles now.
    ///
    /// # Errors
    /// If a bundle is not sold, or not in this quantity, or it would come to too many lines or units.
    pub fn finish(
        mut self,
        others: usize,
        in_part: bool,
        is_bundle: &dyn Fn(&Sku) -> bool,
    ) -> Result<Unpacked, Rejection> {
        if self.asked.is_empty() {
            return Ok(Unpacked::default());
        }
        self.merge()?;
        let (mut bundles, mut claims) = (Vec::new(), Vec::new());
        for asked in &self.asked {
            let left = self.keep(asked, &mut bundles);
            let Some(rest) = LineQuantity::new(left) else { continue };
            let unknown = || Rejection::UnknownSku { sku: asked.sku.clone() };
            let details = asked.details.as_ref().ok_or_else(unknown)?;
            let (sku, location) = (asked.sku.clone(), asked.location.clone());
            if !details.is_bundle() {
                claims.push((sku, Claim { location, quantity: rest }));
                continue;
            }
            check_sold(&sku, details, in_part, is_bundle)?;
            let components = details.components.clone();
            match bundles.last_mut() {
                Some(Bundle { quantity, components: kept, .. })
                    if left < asked.quantity.units() && *kept == components =>
                {
                    *quantity = quantity.checked_add(rest).ok_or_else(|| too_large(&sku))?;
                }
                _ => bundles.push(Bundle { sku, location, quantity: rest, components }),
            }
        }
        self.check_quantities()?;
        // Before any of them is made: there may be fifty times as many as were asked for.
        let lines =
            others + claims.len() + bundles.iter().map(|bundle| bundle.components.len()).sum::<usize>();
        if lines > LINES_MAX {
            return Err(Rejection::TooManyLines { lines, max: LINES_MAX });
        }
        for bundle in &bundles {
            let alone = std::slice::from_ref(bundle);
            for claim in bundle.claims() {
                claims.push(claim.map_err(|rejection| explained(Some(alone), rejection))?);
            }
        }
        Ok(Unpacked { bundles: (!bundles.is_empty()).then(|| bundles.into()), claims })
    }

    /// Keeps what the reservation has of what is asked for. Answers how many units are asked for besides.
    fn keep(&self, asked: &Asked, bundles: &mut Vec<Bundle>) -> u32 {
        let mut left = asked.quantity.units();
        for had in named(self.had, &asked.sku, asked.location.as_ref()) {
            if let Some(quantity) = LineQuantity::new(had.quantity.units().min(left)) {
                left -= quantity.units();
                bundles.push(Bundle { quantity, ..had.clone() });
            }
        }
        left
    }

    /// The rules about quantities are about all that is asked for of a bundle at once, unless the reservation has just that.
    fn check_quantities(&self) -> Result<(), Rejection> {
        for same in self.asked.chunk_by(|a, b| a.sku == b.sku) {
            let [asked, others @ ..] = same else { continue };
            let Some(details) = asked.details.as_ref().filter(|details| details.is_bundle()) else {
                continue;
            };
            let mut others = others.iter().map(|other| other.quantity);
            let all = others.try_fold(asked.quantity, LineQuantity::checked_add);
            let all = all.ok_or_else(|| too_large(&asked.sku))?;
            let had = of_product(self.had, &asked.sku).iter();
            let had: u64 = had.map(|had| u64::from(had.quantity.units())).sum();
            if had != u64::from(all.units()) {
                details.policy.check_line(&asked.sku, all)?;
            }
        }
        Ok(())
    }
}

fn too_large(sku: &Sku) -> Rejection {
    Rejection::LineTooLarge { sku: sku.clone(), requested: LineQuantity::MOST, max: LineQuantity::MOST }
}

/// Whether units of a bundle can be promised that the reservation does not have.
fn check_sold(
    sku: &Sku,
    details: &ProductDetails,
    in_part: bool,
    is_bundle: &dyn Fn(&Sku) -> bool,
) -> Result<(), Rejection> {
    if !details.policy.sellable {
        return Err(Rejection::NotSellable { sku: sku.clone() });
    }
    if in_part {
        return Err(Rejection::BundleInPart { sku: sku.clone() });
    }
    match details.components.iter().find(|component| is_bundle(&component.sku)) {
        Some(Component { sku: component, .. }) => {
            Err(Rejection::ComponentIsBundle { sku: sku.clone(), component: component.clone() })
        }
        None => Ok(()),
    }
}
