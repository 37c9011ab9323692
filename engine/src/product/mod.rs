//! One product: what lies where, who holds it, to whom it is promised, and who queues for it.
//!
//! ```text
//!   on_hand ──┬── held        live holds, each with a deadline
//!             ├── allocated   promised: committed, not yet shipped or cancelled
//!             ├── damaged, quality_control, safety_stock
//!             └── available   what is left; computed, never stored
//!   incoming ─── in open lots, on their way
//!   queued ───┬── of live holds: nothing of what arrives is theirs yet
//!             └── of allocations: the book, served before the public sees a unit
//! ```
//!
//! [`Product::decide`] answers a command with the events that would carry it out, or a [`Rejection`](crate::Rejection); it changes
//! nothing. [`Product::apply`] takes an event in; it never fails and never decides. One decides, journals and applies
//! in that order without a pause between, from one place at a time: that is what makes the check and the taking one step.
//! Where nothing comes between, [`Product::carry_out`] does both.
//! After every event that is applied, [`Product::decide_fills`] says what of the units that are free now goes to the
//! book; those events belong to the same step. [`Product::decide_fills_until`] says the same of what time brought.
//!
//! What is free then is offered to those on the waiting list ([`Product::decide_offers`]), before the public sees it.
//!
//! Deadlines: a hold whose deadline has come counts as lapsed at that very instant. A hold belongs to a reservation,
//! and a reservation ends once for all of its holds, so this module does not end lapsed holds by itself: the caller
//! lists them with [`Product::lapsed`], asks the reservation, and sends [`ProductCommand::End`] before anything else.
//!
//! Invariants, checked on each applied event in all builds ([`StockLevel::check`]) and in full in tests
//! ([`Product::check`]): I1 no oversell, I2 conservation, I3 a hold ends exactly once, and that nobody queues for units
//! that lie there free.

mod allocation;
mod apply;
mod book;
mod bundle;
mod carry_out;
mod claim;
mod command;
mod deadlines;
mod decide;
mod event;
mod explanation;
mod forecast;
mod hold;
mod holds;
mod lot;
mod movement;
mod policy;
mod recent;
mod sale;
mod sourcing;
mod stock;
mod terms;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

pub use allocation::Allocation;
pub use book::Rank;
pub use bundle::Component;
pub use claim::{Source, Sources, Spread};
pub use command::{
    Adjustment, Announcement, Claim, DeleteLocation, JoinWaiting, Kept, LotAction, LotCommand, OpenHolds,
    ProductCommand, RaiseHolds, Receipt, StockChange, Transfer,
};
pub use decide::{Events, OFFERED_AT_MAX};
pub use event::{
    FILLS_PER_EVENT, Fill, FromOffer, Fulfilment, HoldEnd, Left, LotEvent, Note, Piles, ProductEvent,
    Shortfall, Stamped, WaitingEvent,
};
pub use explanation::{Considered, ExplainedLine, Explanation, PassedOver, SourceOutcome};
pub use forecast::Forecast;
pub use hold::Hold;
pub use lot::{LOTS_OPEN_MAX, Lot, LotStatus, Origin};
pub use movement::{Movement, Whereabouts};
pub use policy::{Backorders, Contradiction, Matching, Policy, Preorder, ProductDetails, WaitingRules};
pub use sale::{Allotment, Sale, SaleStatus, SaleTerms};
pub use sourcing::{SOURCES_MAX, SourcingRules, Strategy};
pub use stock::{Condition, StockLevel};
pub use terms::{GOOD_TIL_AHEAD_MAX, PriorityClass, Terms, TimeInForce};
pub use waiting::{WAITING_MAX, WaitingEntry, WaitingStatus};

use book::Book;
use deadlines::Deadlines;
use holds::{Held, HeldSpread, Holds, LocationNumber};
use lot::Lots;
use recent::Recent;
use waiting::WaitingList;

use crate::ids::{CustomerId, HoldId, LocationId, LotId, OperationId, Sku};
use crate::operation::{Lookup, Operation, OperationLog};
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::WithoutHolds;
use crate::time::{Millis, Sequence, Timestamp};

/// The state of one product. Created empty; it exists for callers once it was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    sku: Sku,
    details: Option<ProductDetails>,
    details_version: u64,
    details_sequence: Sequence,
    /// The version that the last put made.
    details_at: u64,
    version: u64,
    sequence: Sequence,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The shelves by number.
    shelves: Vec<Shelf>,
    /// Their numbers, in the order of their names.
    by_name: Vec<LocationNumber>,
    holds: Holds,
    /// The rest of what is to be known of holds whose units are not all at one location.
    spread: Map<HoldId, HeldSpread>,
    deadlines: Deadlines,
    allocations: Map<HoldId, Allocation>,
    /// Allocations that queue.
    book: Book,
    /// The dates of those allocations whose queueing has an end.
    dates: BTreeSet<(Timestamp, HoldId)>,
    /// Units that holds and allocations queue for.
    queued: Quantity,
    /// Of these, units of allocations: what the book wants.
    wanted: Quantity,
    /// The sale that was put last.
    sale: Option<Box<Sale>>,
    /// Units on their way. Most products never see a lot, and there are many products.
    lots: Option<Box<Lots>>,
    /// Who waits for units that come free. Most products never see anybody do that.
    waiting: Option<Box<WaitingList>>,
    operations: OperationLog<ProductResult>,
}

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// One location of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shelf {
    location: LocationId,
    level: StockLevel,
    /// Units that open lots are to bring here.
    incoming: Quantity,
    /// Whether the merchant has ever counted or expected units here; a buyer may ask for any place.
    is_stocked: bool,
    /// Whether the merchant has given it up, and not counted or expected units here since.
    is_deleted: bool,
    /// What moved here lately. Most shelves are counted rarely, and there are many.
    recent: Option<Box<Recent>>,
}

/// What holds for a product that was not put.
static USUAL: Policy = Policy::USUAL;

/// What a keyed operation on a product left behind for its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProductResult {
    /// The details were put.
    Put {
        /// How often the details had been put then, this time included.
        details_version: u64,
        /// Whether the product was not in the catalogue before.
        created: bool,
    },
    /// It was deleted.
    Deleted,
    /// A sale was put or ended; what became of it then.
    Sale {
        /// What the merchant decided.
        terms: Arc<SaleTerms>,
        /// Where it stood.
        status: SaleStatus,
    },
    /// Stock was adjusted.
    Adjusted {
        /// Where.
        location: LocationId,
        /// Which of the units there.
        condition: Condition,
        /// By how many of these.
        delta: i64,
        /// The counts there afterwards.
        level: StockLevel,
        /// When it happened, where it was told later.
        stamped: Option<Box<Stamped>>,
    },
    /// A location was given up.
    LocationDeleted {
        /// Which.
        location: LocationId,
        /// Where its units went.
        to: Option<LocationId>,
        /// What lay there.
        units: Piles,
    },
    /// Something happened to a lot.
    Lot {
        /// Which.
        lot: LotId,
        /// The lot afterwards.
        after: Box<Lot>,
    },
    /// A customer joined the waiting list, or left it.
    Waiting {
        /// Who.
        customer: CustomerId,
    },
}

impl Product {
    /// How long ago a movement may have happened, or a count been taken, that is told now.
    pub const STAMP_AGE_MAX: Millis = Millis(24 * 60 * 60 * 1000);

    /// A product nobody has put yet.
    pub fn absent(sku: Sku) -> Self {
        Self {
            sku,
            details: None,
            details_version: 0,
            details_sequence: Sequence::default(),
            details_at: 0,
            version: 0,
            sequence: Sequence::default(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            shelves: Vec::new(),
            by_name: Vec::new(),
            holds: Holds::default(),
            spread: Map::default(),
            deadlines: Deadlines::default(),
            allocations: Map::default(),
            book: Book::default(),
            dates: BTreeSet::new(),
            queued: Quantity::ZERO,
            wanted: Quantity::ZERO,
            sale: None,
            lots: None,
            waiting: None,
            operations: OperationLog::default(),
        }
    }

    /// Its SKU.
    pub fn sku(&self) -> &Sku {
        &self.sku
    }

    /// Its details, once it was put.
    pub fn details(&self) -> Option<&ProductDetails> {
        self.details.as_ref()
    }

    /// How often its details were put.
    pub fn details_version(&self) -> u64 {
        self.details_version
    }

    /// Journal position of the event that last put its details.
    pub fn details_sequence(&self) -> Sequence {
        self.details_sequence
    }

    /// How many events have been applied to it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Journal position of the last event applied to it.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// When it was first put.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When its details were last put.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// Its stock by location, in the order of the locations' names.
    pub fn levels(&self) -> impl ExactSizeIterator<Item = (&LocationId, &StockLevel)> {
        self.by_name.iter().map(|number| {
            let shelf = self.shelf(*number);
            (&shelf.location, &shelf.level)
        })
    }

    /// Its stock at one location.
    pub fn level(&self, location: &LocationId) -> StockLevel {
        self.number(location).map(|number| self.shelf(number).level).unwrap_or_default()
    }

    /// Units that open lots are to bring to a location.
    pub fn incoming(&self, location: &LocationId) -> Quantity {
        self.number(location).map(|number| self.shelf(number).incoming).unwrap_or_default()
    }

    /// A live hold.
    pub fn hold(&self, id: HoldId) -> Option<Hold> {
        self.holds.get(id).map(|held| self.told(id, held))
    }

    /// All live holds, in no particular order.
    pub fn holds(&self) -> impl Iterator<Item = (HoldId, Hold)> {
        self.holds.iter().map(|(id, held)| (id, self.told(id, held)))
    }

    /// How many live holds there are.
    pub fn holds_count(&self) -> usize {
        self.holds.len()
    }

    fn told(&self, id: HoldId, held: &Held) -> Hold {
        let sources = match self.spread.get(&id) {
            None => Sources::At { location: self.name(held.location).clone(), asked: false },
            Some(spread) => Sources::Spread(Box::new(self.told_spread(spread))),
        };
        Hold { quantity: held.quantity, sources, expires_at: held.expires_at() }
    }

    fn told_spread(&self, spread: &HeldSpread) -> Spread {
        let source = |(number, units): &(LocationNumber, LineQuantity)| Source {
            location: self.name(*number).clone(),
            units: *units,
        };
        Spread {
            asked: spread.asked.map(|number| self.name(number).clone()),
            filled: spread.filled.iter().map(source).collect(),
            queued: spread.queued,
            class: spread.class,
            good_til: spread.good_til,
        }
    }

    fn number(&self, location: &LocationId) -> Option<LocationNumber> {
        let found = self.by_name.binary_search_by(|number| self.name(*number).cmp(location));
        found.ok().and_then(|position| self.by_name.get(position).copied())
    }

    fn name(&self, number: LocationNumber) -> &LocationId {
        &self.shelf(number).location
    }

    fn shelf(&self, number: LocationNumber) -> &Shelf {
        match self.shelves.get(number.0 as usize) {
            Some(shelf) => shelf,
            None => panic!("{}: {number:?} was given to a location", self.sku),
        }
    }

    fn numbers(&self) -> impl Iterator<Item = LocationNumber> {
        self.by_name.iter().copied()
    }

    /// What a committed hold has become.
    pub fn allocation(&self, id: HoldId) -> Option<&Allocation> {
        self.allocations.get(&id)
    }

    /// All allocations, open and finished, in no particular order.
    pub fn allocations(&self) -> impl ExactSizeIterator<Item = (&HoldId, &Allocation)> {
        self.allocations.iter()
    }

    /// Where the units that are kept for an allocation lie, in the order they are used.
    pub fn kept_for(&self, id: HoldId) -> impl Iterator<Item = (&LocationId, Quantity)> {
        let parts = self.allocations.get(&id).into_iter().flat_map(|allocation| &allocation.parts);
        parts.map(|part| (self.name(part.location), part.open)).filter(|(_, open)| !open.is_zero())
    }

    /// How many stand before an allocation among those that queue; `None` if it does not queue.
    pub fn queue_position(&self, id: HoldId) -> Option<usize> {
        let allocation = self.allocations.get(&id).filter(|allocation| !allocation.queued.is_zero())?;
        Some(self.book.ahead(allocation.rank, allocation.asked))
    }

    /// Units that holds and allocations queue for.
    pub fn queued(&self) -> Quantity {
        self.queued
    }

    /// What there would be at this instant if nobody held anything, for a request that asks for one location or for none,
    /// and may queue or not.
    pub fn without_holds(&self, asked: Option<&LocationId>, queues: bool, at: Timestamp) -> WithoutHolds {
        let sum = |units: Quantity, more| units.checked_add(more).unwrap_or(Quantity::MAX);
        let (mut here, mut anywhere) = (Quantity::ZERO, Quantity::ZERO);
        for number in self.numbers() {
            let units = self.free_of_holds(number, at);
            anywhere = sum(anywhere, units);
            if asked.is_none_or(|asked| asked == self.name(number)) {
                here = sum(here, units);
            }
        }
        let limit = if queues { self.queue_limit(self.policy(), at) } else { Quantity::ZERO };
        WithoutHolds { here, anywhere, promised: self.wanted, queue_limit: limit }
    }

    fn free_of_holds(&self, number: LocationNumber, at: Timestamp) -> Quantity {
        let (policy, shelf) = (self.policy(), self.shelf(number));
        if policy.is_before_release(at) || policy.sourcing.closed.contains(&shelf.location) {
            return Quantity::ZERO;
        }
        let free = shelf.level.claimable(policy).floor_sub(shelf.level.allocated);
        match &self.sale {
            Some(sale) if sale.status(at) == SaleStatus::Open && sale.has_allotments() => {
                free.min(sale.allotted(&shelf.location))
            }
            Some(sale) if sale.status(at) != SaleStatus::Closed => {
                free.floor_sub(sale.set_aside(&shelf.location, number))
            }
            _ => free,
        }
    }

    /// Units that may queue beyond those that do at this instant; `None` if there is no limit.
    pub fn queueable(&self, at: Timestamp) -> Option<Quantity> {
        let policy = self.details.as_ref().map(|details| &details.policy).filter(|policy| policy.sellable);
        let limit = policy.map_or(Quantity::ZERO, |policy| self.queue_limit(policy, at));
        (limit < Quantity::MAX).then(|| limit.floor_sub(self.queued))
    }

    /// Units at this location that a new hold could take at this instant.
    pub fn available(&self, location: &LocationId, at: Timestamp) -> Quantity {
        match self.number(location) {
            Some(number)
                if self
                    .details
                    .as_ref()
                    .is_some_and(|details| details.policy.sellable && !details.is_bundle()) =>
            {
                match &self.waiting {
                    None => self.on_offer(number, at),
                    Some(_) => self.on_offer(number, at).floor_sub(self.about_to_be_offered(number, at)),
                }
            }
            _ => Quantity::ZERO,
        }
    }

    /// Where a customer stands who joined the waiting list; the last time, where he did so often.
    pub fn waiting_entry(&self, customer: &CustomerId) -> Option<&WaitingEntry> {
        self.waiting.as_ref()?.entry(customer)
    }

    /// The last entry of every customer who joined the waiting list, by customer.
    pub fn waiting_entries(&self) -> impl Iterator<Item = (&CustomerId, &WaitingEntry)> {
        self.waiting.iter().flat_map(|list| list.entries())
    }

    /// How many stand before a customer on the waiting list; `None` if he waits for nothing beyond what is offered.
    pub fn waiting_position(&self, customer: &CustomerId) -> Option<usize> {
        let list = self.waiting.as_ref()?;
        list.ahead(list.entry(customer)?)
    }

    /// Units that are on offer to those who wait. They are held.
    pub fn offered(&self) -> Quantity {
        self.waiting.as_ref().map_or(Quantity::ZERO, |list| list.units_offered())
    }

    pub(crate) fn hash_waiting<H: std::hash::Hasher>(&self, state: &mut H) {
        std::hash::Hash::hash(&self.waiting, state);
    }

    /// The sale that was put last; it may be over.
    pub fn sale(&self) -> Option<&Sale> {
        self.sale.as_deref()
    }

    /// Units at a location that a new hold could take if the product is sold at all: during a sale those that were
    /// set aside for it.
    fn on_offer(&self, number: LocationNumber, at: Timestamp) -> Quantity {
        let Some(sale) = &self.sale else { return self.free(number, at) };
        match sale.status(at) {
            SaleStatus::Paused => Quantity::ZERO,
            SaleStatus::Scheduled if sale.terms().exclusive => Quantity::ZERO,
            SaleStatus::Open if sale.has_allotments() => {
                self.nobodys(number, at).min(sale.set_aside(self.name(number), number))
            }
            SaleStatus::Scheduled | SaleStatus::Open | SaleStatus::Closed => self.free(number, at),
        }
    }

    /// Units at a location that are nobody's and not set aside for a sale either.
    fn free(&self, number: LocationNumber, at: Timestamp) -> Quantity {
        let nobodys = self.nobodys(number, at);
        match &self.sale {
            Some(sale) if sale.status(at) != SaleStatus::Closed => {
                nobodys.floor_sub(sale.set_aside(self.name(number), number))
            }
            _ => nobodys,
        }
    }

    /// Units at a location that nobody has claimed.
    fn nobodys(&self, number: LocationNumber, at: Timestamp) -> Quantity {
        let (policy, shelf) = (self.policy(), self.shelf(number));
        if policy.is_before_release(at) || policy.sourcing.closed.contains(&shelf.location) {
            return Quantity::ZERO;
        }
        shelf.level.available(policy)
    }

    /// Most units that may queue at this instant. What is set aside for a sale is sold out when it is sold out.
    fn queue_limit(&self, policy: &Policy, at: Timestamp) -> Quantity {
        match &self.sale {
            Some(sale) if sale.has_allotments() && sale.status(at) == SaleStatus::Open => Quantity::ZERO,
            _ => policy.queue_limit(at),
        }
    }

    /// Whether more is claimed somewhere than lies there, as after a count that found less. Where nobody counts, nothing is
    /// missing.
    pub fn is_short(&self) -> bool {
        self.policy().tracked && self.shelves.iter().any(|shelf| !shelf.level.missing().is_zero())
    }

    /// The earliest deadline among its holds.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first()
    }

    /// The next date on which something that queues is dropped.
    pub fn next_date(&self) -> Option<Timestamp> {
        self.dates.first().map(|(date, _)| *date)
    }

    /// The instants at which units become free by themselves: the release, and the end of the sale.
    fn frees_units(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let release = self.policy().preorder.map(|preorder| preorder.release_at);
        (release, self.sale.as_ref().and_then(|sale| sale.terms().closes_at))
    }

    /// The next instant after this one at which its counts change without an event: it is released, a sale opens or
    /// closes, an offer lapses, or what still queues is dropped.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let release = self.policy().preorder.map(|preorder| preorder.release_at);
        let release = release.filter(|release_at| *release_at > at);
        let sale = self.sale.as_ref().and_then(|sale| sale.next_change(at));
        // One that has come and is not settled yet changes them now.
        let offer = self.waiting.as_ref().and_then(|list| list.next_deadline());
        [release, sale, offer, self.next_date()].into_iter().flatten().min()
    }

    /// Holds whose deadline has come, with the deadline, earliest first. The instant of the deadline counts. What each
    /// gives back goes to those that queue as of its deadline, before the next one is settled.
    pub fn lapsed(&self, at: Timestamp) -> Vec<(Timestamp, HoldId)> {
        self.deadlines.lapsed(at, &self.holds)
    }

    /// Whether this operation was carried out on this product before.
    pub fn look_up(&self, operation: Operation) -> Lookup<'_, ProductResult> {
        self.operations.look_up(operation)
    }

    /// What an operation that was carried out left behind.
    pub fn operation(&self, id: OperationId) -> Option<&crate::operation::OperationRecord<ProductResult>> {
        self.operations.get(id)
    }

    pub(crate) fn operation_log(&self) -> &OperationLog<ProductResult> {
        &self.operations
    }

    /// What is told about recent movements, in the order of the locations' names, for a digest.
    pub(crate) fn recent_movements(&self) -> impl Iterator<Item = impl std::hash::Hash> {
        self.numbers().map(|number| self.shelf(number).recent.as_deref())
    }

    fn policy(&self) -> &Policy {
        self.details.as_ref().map_or(&USUAL, |details| &details.policy)
    }

    /// Checks I1 (as far as counts may not go below zero), I2 and the indexes over the whole product.
    ///
    /// # Panics
    /// If one does not hold: that is an error in this program.
    pub fn check(&self) {
        let (mut held, mut allocated) = (BTreeMap::<_, u64>::new(), BTreeMap::<_, u64>::new());
        let mut queued = 0;
        for (id, hold) in self.holds() {
            for (location, units) in hold.sources.filled(hold.quantity) {
                *held.entry(location.clone()).or_default() += u64::from(units.units());
            }
            queued += hold.sources.queued().units();
            let known = self.spread.get(&id).map_or(hold.quantity.into(), |spread| {
                let filled = spread.filled.iter().map(|(_, units)| u64::from(units.units())).sum::<u64>();
                Quantity::new(filled).and_then(|filled| filled.checked_add(spread.queued)).unwrap_or_default()
            });
            assert_eq!(known, hold.quantity.into(), "I2: {id:?}: each unit is somewhere");
        }
        for part in self.waiting.iter().flat_map(|list| list.offered()) {
            *held.entry(part.location.clone()).or_default() += u64::from(part.units.units());
        }
        if let Some(list) = &self.waiting {
            list.check();
        }
        let (mut book, mut dates) = (BTreeMap::new(), BTreeSet::new());
        for (id, allocation) in &self.allocations {
            let mut open = 0;
            for part in &allocation.parts {
                *allocated.entry(self.name(part.location).clone()).or_default() += part.open.units();
                open += part.open.units();
            }
            queued += allocation.queued.units();
            open += allocation.queued.units();
            assert_eq!(allocation.open().units(), open, "I2: {id:?}: each promised unit is somewhere");
            if !allocation.queued.is_zero() {
                book.insert((allocation.rank, allocation.asked), *id);
                dates.extend(allocation.good_til.map(|date| (date, *id)));
            }
        }
        for (location, level) in self.levels() {
            level.check();
            let (held, allocated) = (held.remove(location), allocated.remove(location));
            assert_eq!(
                (level.held.units(), level.allocated.units()),
                (held.unwrap_or(0), allocated.unwrap_or(0)),
                "I2: {} at {location}: held is the sum of live holds and offers, allocated of open allocations",
                self.sku
            );
        }
        let elsewhere: u64 = held.values().chain(allocated.values()).sum();
        assert_eq!(elsewhere, 0, "I2: {}: units lie at known locations", self.sku);
        let wanted: u64 = self.allocations.values().map(|allocation| allocation.queued.units()).sum();
        assert_eq!(self.wanted.units(), wanted, "I2: {}: wanted is what the book wants", self.sku);
        assert_eq!(self.queued.units(), queued, "I2: {}: queued is the sum of what queues", self.sku);
        let listed = self.book.iter().map(|(rank, asked, hold)| ((rank, asked), hold)).collect();
        assert_eq!(book, listed, "{}: who queues is in the book once", self.sku);
        assert_eq!(dates, self.dates, "{}: who queues up to a date is known by it", self.sku);
        if let Some(sale) = &self.sale {
            sale.check(|hold| self.holds.get(hold).is_some());
        }
        self.check_lots();
        let deadlines: BTreeSet<_> =
            self.holds.iter().filter_map(|(id, hold)| Some((hold.expires_at()?, id))).collect();
        assert_eq!(deadlines, self.deadlines.live(&self.holds), "{}: every deadline is indexed", self.sku);
        assert_eq!(
            deadlines.first().map(|(deadline, _)| *deadline),
            self.deadlines.first(),
            "{}: the earliest deadline is known",
            self.sku
        );
    }

    /// Checks that nobody queues for units that lie there free.
    ///
    /// # Panics
    /// If somebody does: that is an error in this program.
    pub fn check_served(&self, at: Timestamp) {
        let events = self.decide_fills_until(at);
        assert!(events.is_empty(), "{}: whoever queues was served what there is: {events:?}", self.sku);
    }

    /// Checks that nothing is free that somebody waits for, and no offer's time is over.
    ///
    /// # Panics
    /// If there is: that is an error in this program.
    pub fn check_offered(&self, at: Timestamp) {
        let events = self.decide_offers(at);
        assert!(events.is_empty(), "{}: whoever waits was offered what there is: {events:?}", self.sku);
    }
}
