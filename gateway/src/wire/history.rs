//! What happened to a product, on the wire: one form for each kind of entry.

use std::collections::BTreeMap;

use holdfast_actors::HistoryEntry;
use holdfast_engine::product::{
    Fill, HoldEnd, LotEvent, Movement, Note, Origin, ProductDetails, ProductEvent, SaleTerms, Shortfall,
    Stamped, WaitingEvent, Whereabouts,
};
use holdfast_engine::{CustomerId, HoldId, LineQuantity, LocationId, LotId};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::bundle::{ComponentBody, Components};
use super::policy::PolicyBody;
use super::product::PriceBody;
use super::sources::{SourceBody, SourceList};
use super::stock::ConditionWord;
use super::time::Instant;
use crate::ids::IdText;

/// Something that happened to a product.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryEntry, example = json!({
    "sequence": 4711, "version": 7, "at": "2026-11-27T08:00:00.000Z", "kind": "adjusted", "location": "main",
    "condition": "sellable", "delta": 120, "becomes": null, "reason": "receipt", "reference": "PO-2031", "actor": null,
    "happened_at": null, "overtaken": null,
    "movements": [{"location": "main", "condition": "sellable", "delta": 120, "reason": "receipt", "reference": "PO-2031"}]
}))]
pub(crate) struct HistoryEntryBody<'a> {
    /// Position in the journal.
    sequence: u64,
    /// The product's version afterwards.
    version: u64,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// What it was, by `kind`.
    #[serde(flatten)]
    what: WhatBody<'a>,
    /// The units that it moved, line by line; those that left a place come first.
    #[schema(value_type = Vec<MovementBody>)]
    movements: Movements<'a>,
}

/// Units that came to a place or left it.
#[derive(Serialize, ToSchema)]
#[schema(as = Movement)]
pub(crate) struct MovementBody<'a> {
    /// On which shelf; `null` for units between two of them.
    #[schema(value_type = Option<String>, required = true)]
    location: Option<&'a str>,
    /// In which condition; `null` for units between two shelves.
    #[schema(value_type = Option<ConditionWord>, required = true)]
    condition: Option<&'static str>,
    /// By how many units; 0 where a count confirmed what was there.
    delta: i64,
    /// Why.
    #[schema(value_type = String)]
    reason: &'a str,
    /// The paper behind it.
    #[schema(value_type = Option<String>, required = true)]
    reference: Option<&'a str>,
}

/// What an entry tells, by its kind.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = HistoryWhat)]
enum WhatBody<'a> {
    /// The product was created, or what is said of it was replaced.
    #[schema(title = "ProductPut")]
    ProductPut {
        /// Name for people.
        #[schema(value_type = String)]
        name: &'a str,
        /// List price of a unit; `null` if it has none.
        #[schema(required = true)]
        price: Option<PriceBody>,
        /// How it may be sold.
        policy: Box<PolicyBody<'a>>,
        /// What each unit of it is made of; nothing unless it is a bundle.
        #[schema(value_type = Vec<ComponentBody>)]
        components: Components<'a>,
    },
    /// The product was taken out of the catalogue.
    #[schema(title = "ProductDeleted")]
    ProductDeleted,
    /// A count changed by so many units.
    #[schema(title = "Adjusted")]
    Adjusted(AdjustedBody<'a>),
    /// A count was taken.
    #[schema(title = "Counted")]
    Counted(AdjustedBody<'a>),
    /// Units were claimed for a reservation.
    #[schema(title = "HoldOpened")]
    HoldOpened {
        /// Which reservation.
        #[schema(value_type = String)]
        reservation_id: IdText,
        /// How many units.
        quantity: u32,
        /// The location that was asked for; `null` for any.
        #[schema(value_type = Option<String>, required = true)]
        location: Option<&'a str>,
        /// Where they lie.
        #[schema(value_type = Vec<SourceBody>)]
        sources: SourceList<'a>,
        /// How many of them queue.
        queued: u64,
        /// Who they are for, where they count in a sale; `null` otherwise: the reservation says it.
        #[schema(value_type = Option<String>, required = true)]
        customer: Option<&'a str>,
        /// When the claim lapses.
        #[schema(value_type = String, format = DateTime)]
        expires_at: Instant,
        /// How many of them had been offered to the customer.
        from_offer: u64,
    },
    /// The claim's deadline moved: it was extended, or pinned or unpinned by a checkout.
    #[schema(title = "HoldMoved")]
    HoldMoved {
        /// Which reservation.
        #[schema(value_type = String)]
        reservation_id: IdText,
        /// When the claim lapses from now on; `null` while a payment runs.
        #[schema(value_type = Option<String>, format = DateTime, required = true)]
        expires_at: Option<Instant>,
    },
    /// The claim has other units than before: its reservation was changed, or is about to be.
    #[schema(title = "HoldChanged")]
    HoldChanged {
        /// Which reservation.
        #[schema(value_type = String)]
        reservation_id: IdText,
        /// How many units it has now.
        quantity: u32,
        /// The location that was asked for; `null` for any.
        #[schema(value_type = Option<String>, required = true)]
        location: Option<&'a str>,
        /// Where they lie.
        #[schema(value_type = Vec<SourceBody>)]
        sources: SourceList<'a>,
        /// How many of them queue.
        queued: u64,
        /// Who they are for, where they count in a sale from now on; `null` otherwise.
        #[schema(value_type = Option<String>, required = true)]
        customer: Option<&'a str>,
    },
    /// The claim became a promise.
    #[schema(title = "HoldCommitted")]
    HoldCommitted {
        /// Which reservation.
        #[schema(value_type = String)]
        reservation_id: IdText,
        /// How many of its units were taken; the others went back.
        quantity: u64,
    },
    /// The claim was given back.
    #[schema(title = "HoldReleased")]
    HoldReleased {
        /// Which reservation.
        #[schema(value_type = String)]
        reservation_id: IdText,
    },
    /// The claim lapsed.
    #[schema(title = "HoldExpired")]
    HoldExpired {
        /// Which reservation.
        #[schema(value_type = String)]
        reservation_id: IdText,
    },
    /// The reservation the claim was meant for never came to be.
    #[schema(title = "HoldAbandoned")]
    HoldAbandoned {
        /// Which reservation that would have been.
        #[schema(value_type = String)]
        reservation_id: IdText,
    },
    /// Promised units left the shelf, were given up, or came back.
    #[schema(title = "AllocationAdvanced")]
    AllocationAdvanced {
        /// The reservation they were promised to.
        #[schema(value_type = String)]
        reservation_id: IdText,
        /// At which location.
        #[schema(value_type = String)]
        location: &'a str,
        /// Units that left.
        shipped: u64,
        /// Units that were given up.
        cancelled: u64,
        /// Units that came back.
        returned: u64,
        /// Of these, damaged ones.
        damaged: u64,
    },
    /// Promised units that were not there were given up.
    #[schema(title = "DemandLowered")]
    DemandLowered {
        /// The reservation they were promised to.
        #[schema(value_type = String)]
        reservation_id: IdText,
        /// How many.
        quantity: u32,
    },
    /// Promised units that were not there on the date up to which they queued were dropped.
    #[schema(title = "DemandLapsed")]
    DemandLapsed {
        /// The reservation they were promised to.
        #[schema(value_type = String)]
        reservation_id: IdText,
        /// How many.
        quantity: u32,
        /// The date.
        #[schema(value_type = String, format = DateTime)]
        good_til: Instant,
    },
    /// Units went to those that queued for them.
    #[schema(title = "Filled")]
    Filled {
        /// Where the units lie.
        #[schema(value_type = String)]
        location: &'a str,
        /// To whom.
        #[schema(value_type = Vec<FillBody>)]
        fills: Fills<'a>,
    },
    /// Units are on their way.
    #[schema(title = "LotAnnounced")]
    LotAnnounced {
        /// Which lot.
        #[schema(value_type = String)]
        lot_id: IdText,
        /// The location they come from, if it is a transfer; `null` for a supplier's.
        #[schema(value_type = Option<String>, required = true)]
        from: Option<&'a str>,
        /// Where they will arrive.
        #[schema(value_type = String)]
        location: &'a str,
        /// How many.
        quantity: u32,
        /// When they are expected; `null` if nobody knows.
        #[schema(value_type = Option<String>, format = DateTime, required = true)]
        expected_at: Option<Instant>,
        /// Why they are sent, if it is a transfer.
        #[schema(value_type = Option<String>, required = true)]
        reason: Option<&'a str>,
        /// The paper behind it.
        #[schema(value_type = Option<String>, required = true)]
        reference: Option<&'a str>,
        /// Who did it.
        #[schema(value_type = Option<String>, required = true)]
        actor: Option<&'a str>,
    },
    /// Units of a lot arrived, or it was said that no more will.
    #[schema(title = "LotReceived")]
    LotReceived {
        /// Which lot.
        #[schema(value_type = String)]
        lot_id: IdText,
        /// Where they lie now.
        #[schema(value_type = String)]
        location: &'a str,
        /// What they are good for.
        #[schema(value_type = ConditionWord)]
        condition: &'static str,
        /// How many.
        quantity: u64,
        /// What will never come; `null` unless the lot ended with less.
        #[schema(required = true)]
        short: Option<ShortBody<'a>>,
        /// The paper behind it.
        #[schema(value_type = Option<String>, required = true)]
        reference: Option<&'a str>,
        /// Who did it.
        #[schema(value_type = Option<String>, required = true)]
        actor: Option<&'a str>,
    },
    /// A lot is expected at another time.
    #[schema(title = "LotRescheduled")]
    LotRescheduled {
        /// Which lot.
        #[schema(value_type = String)]
        lot_id: IdText,
        /// When it is expected; `null` if nobody knows.
        #[schema(value_type = Option<String>, format = DateTime, required = true)]
        expected_at: Option<Instant>,
        /// Who said so.
        #[schema(value_type = Option<String>, required = true)]
        actor: Option<&'a str>,
    },
    /// A lot was called off.
    #[schema(title = "LotCancelled")]
    LotCancelled {
        /// Which lot.
        #[schema(value_type = String)]
        lot_id: IdText,
        /// Where its units lie again, if it was a transfer; `null` for a supplier's.
        #[schema(value_type = Option<String>, required = true)]
        back_to: Option<&'a str>,
        /// Units that were left.
        quantity: u64,
        /// Why.
        #[schema(value_type = String)]
        reason: &'a str,
        /// The paper behind it.
        #[schema(value_type = Option<String>, required = true)]
        reference: Option<&'a str>,
        /// Who did it.
        #[schema(value_type = Option<String>, required = true)]
        actor: Option<&'a str>,
    },
    /// A sale was put, or changed.
    #[schema(title = "SalePut")]
    SalePut(SalePutBody<'a>),
    /// The sale was ended by the merchant.
    #[schema(title = "SaleEnded")]
    SaleEnded,
    /// A location of it was given up. What lay there is in `movements`.
    #[schema(title = "LocationDeleted")]
    LocationDeleted {
        /// Which.
        #[schema(value_type = String)]
        location: &'a str,
        /// Where its units are now; `null` if nothing lay there and nobody said.
        #[schema(value_type = Option<String>, required = true)]
        to: Option<&'a str>,
        /// Why.
        #[schema(value_type = String)]
        reason: &'a str,
    },
    /// A customer waits for units that come free, or wants something else from now on.
    #[schema(title = "WaitingJoined")]
    WaitingJoined {
        /// Who.
        #[schema(value_type = String)]
        customer: &'a str,
        /// How many units.
        quantity: u32,
        /// The one location they may be at; `null` for any.
        #[schema(value_type = Option<String>, required = true)]
        location: Option<&'a str>,
        /// How urgent it is, from 0 to 9.
        priority: u8,
    },
    /// A customer waits no more.
    #[schema(title = "WaitingLeft")]
    WaitingLeft {
        /// Who.
        #[schema(value_type = String)]
        customer: &'a str,
    },
    /// Units that came free are kept for a customer.
    #[schema(title = "Offered")]
    Offered {
        /// Who.
        #[schema(value_type = String)]
        customer: &'a str,
        /// Where they lie.
        sources: Vec<SourceBody<'a>>,
        /// Until when all that is on offer to the customer is.
        #[schema(value_type = String, format = DateTime)]
        expires_at: Instant,
    },
    /// The time of an offer was over: its units are free, and the customer waits no more.
    #[schema(title = "OfferLapsed")]
    OfferLapsed {
        /// Who.
        #[schema(value_type = String)]
        customer: &'a str,
    },
}

/// A change of a count.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryAdjustment)]
struct AdjustedBody<'a> {
    /// Where.
    #[schema(value_type = String)]
    location: &'a str,
    /// Which of the units there.
    #[schema(value_type = ConditionWord)]
    condition: &'static str,
    /// By how many of these the count changed; 0 where it was confirmed, or where the change was overtaken.
    delta: i64,
    /// The condition in which the units that left this one are from now on; `null` unless they stayed on the shelf.
    #[schema(value_type = Option<ConditionWord>, required = true)]
    becomes: Option<&'static str>,
    /// Why.
    #[schema(value_type = String)]
    reason: &'a str,
    /// The paper behind it.
    #[schema(value_type = Option<String>, required = true)]
    reference: Option<&'a str>,
    /// Who did it.
    #[schema(value_type = Option<String>, required = true)]
    actor: Option<&'a str>,
    /// When it happened, where it was told later.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    happened_at: Option<Instant>,
    /// What was told, where a count taken later made it history; `null` where it counts.
    #[schema(required = true)]
    overtaken: Option<i64>,
}

/// Units that went to one that queued.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryFill)]
struct FillBody {
    /// The reservation they are promised to.
    #[schema(value_type = String)]
    reservation_id: IdText,
    /// How many.
    quantity: u32,
}

/// Units of a lot that never came.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryShortfall)]
struct ShortBody<'a> {
    /// How many.
    quantity: u64,
    /// Why.
    #[schema(value_type = String)]
    reason: &'a str,
}

/// A sale as it was put.
#[derive(Serialize, ToSchema)]
#[schema(as = HistorySale)]
struct SalePutBody<'a> {
    /// The merchant's name of it.
    #[schema(value_type = String)]
    sale_id: &'a str,
    /// When it opens.
    #[schema(value_type = String, format = DateTime)]
    opens_at: Instant,
    /// When it closes; `null` if it is open until it is ended.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    closes_at: Option<Instant>,
    /// Whether nothing is sold for the moment.
    paused: bool,
    /// Whether nothing is sold before it opens either.
    exclusive: bool,
    /// Most units a customer may have of it; `null` if there is no limit.
    #[schema(required = true)]
    per_customer: Option<u32>,
    /// Most customers who may hold something in it at a time; `null` if there is no bound.
    #[schema(required = true)]
    admits: Option<u32>,
    /// Units set aside for it, by location.
    #[schema(inline)]
    set_aside: BTreeMap<&'a str, u64>,
}

struct Movements<'a>(&'a ProductEvent);

impl Serialize for Movements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.movements().map(MovementBody::new))
    }
}

struct Fills<'a>(&'a [Fill]);

impl Serialize for Fills<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = |fill: &Fill| FillBody { reservation_id: of(fill.hold), quantity: fill.units.units() };
        serializer.collect_seq(self.0.iter().map(body))
    }
}

impl<'a> MovementBody<'a> {
    fn new(movement: Movement<'a>) -> Self {
        let (location, condition) = match movement.place {
            Whereabouts::Shelf(location, condition) => (Some(location.as_str()), Some(condition.name())),
            Whereabouts::Transit => (None, None),
        };
        let Movement { place: _, delta, reason, reference } = movement;
        Self { location, condition, delta, reason, reference }
    }
}

impl<'a> HistoryEntryBody<'a> {
    pub(crate) fn new(entry: &'a HistoryEntry) -> Self {
        Self {
            sequence: entry.sequence.0,
            version: entry.version,
            at: Instant(entry.at),
            what: WhatBody::new(&entry.event),
            movements: Movements(&entry.event),
        }
    }
}

impl<'a> WhatBody<'a> {
    fn new(event: &'a ProductEvent) -> Self {
        match event {
            ProductEvent::Put { details, .. } => {
                let ProductDetails { name, price, policy, components } = &**details;
                let policy = Box::new(PolicyBody::new(policy));
                let (price, components) = (price.as_ref().map(PriceBody::new), Components(components));
                Self::ProductPut { name, price, policy, components }
            }
            ProductEvent::Deleted { .. } => Self::ProductDeleted,
            ProductEvent::Adjusted {
                location, condition, delta, became, note, is_count, stamped, ..
            } => {
                let Note { reason, reference, actor } = &**note;
                let body = AdjustedBody {
                    location: location.as_str(),
                    condition: condition.name(),
                    delta: *delta,
                    becomes: became.map(|condition| condition.name()),
                    reason,
                    reference: reference.as_deref(),
                    actor: actor.as_deref(),
                    happened_at: stamped.as_deref().map(|Stamped { at, .. }| Instant(*at)),
                    overtaken: stamped.as_deref().and_then(|stamped| stamped.overtaken),
                };
                if *is_count { Self::Counted(body) } else { Self::Adjusted(body) }
            }
            ProductEvent::HoldOpened { hold, quantity, sources, buyer, expires_at, offer } => {
                let offered = offer.iter().flat_map(|offer| &offer.units);
                Self::HoldOpened {
                    reservation_id: of(*hold),
                    quantity: quantity.units(),
                    location: sources.asked().map(LocationId::as_str),
                    sources: SourceList(sources, *quantity),
                    queued: sources.queued().units(),
                    customer: buyer.as_ref().map(|buyer| buyer.as_str()),
                    expires_at: Instant(*expires_at),
                    from_offer: offered.map(|source| u64::from(source.units.units())).sum(),
                }
            }
            ProductEvent::HoldMoved { hold, expires_at } => {
                Self::HoldMoved { reservation_id: of(*hold), expires_at: expires_at.map(Instant) }
            }
            ProductEvent::HoldChanged { hold, quantity, sources, buyer } => Self::HoldChanged {
                reservation_id: of(*hold),
                quantity: quantity.units(),
                location: sources.asked().map(LocationId::as_str),
                sources: SourceList(sources, *quantity),
                queued: sources.queued().units(),
                customer: buyer.as_ref().map(|buyer| buyer.as_str()),
            },
            ProductEvent::HoldCommitted { hold, quantity, arrival: _, at: _ } => {
                Self::HoldCommitted { reservation_id: of(*hold), quantity: quantity.units() }
            }
            ProductEvent::HoldEnded { hold, why } => match why {
                HoldEnd::Released => Self::HoldReleased { reservation_id: of(*hold) },
                HoldEnd::Expired => Self::HoldExpired { reservation_id: of(*hold) },
                HoldEnd::Abandoned => Self::HoldAbandoned { reservation_id: of(*hold) },
            },
            ProductEvent::AllocationAdvanced { hold, location, by, counted: _, at: _ } => {
                Self::AllocationAdvanced {
                    reservation_id: of(*hold),
                    location: location.as_str(),
                    shipped: by.shipped.units(),
                    cancelled: by.cancelled.units(),
                    returned: by.returned.units(),
                    damaged: by.damaged.units(),
                }
            }
            ProductEvent::DemandLowered { hold, by } => {
                Self::DemandLowered { reservation_id: of(*hold), quantity: by.units() }
            }
            ProductEvent::DemandLapsed { hold, by, at } => {
                Self::DemandLapsed { reservation_id: of(*hold), quantity: by.units(), good_til: Instant(*at) }
            }
            ProductEvent::Filled { location, fills } => {
                Self::Filled { location: location.as_str(), fills: Fills(fills) }
            }
            ProductEvent::LocationDeleted { location, to, left, .. } => Self::LocationDeleted {
                location: location.as_str(),
                to: to.as_ref().map(LocationId::as_str),
                reason: &left.reason,
            },
            ProductEvent::Waiting { customer, what } => Self::waiting(customer, what),
            ProductEvent::Lot { lot, what, .. } => Self::lot(*lot, what),
            ProductEvent::SalePut { terms, .. } => Self::SalePut(SalePutBody::new(terms)),
            ProductEvent::SaleEnded { .. } => Self::SaleEnded,
        }
    }

    fn waiting(customer: &'a CustomerId, what: &'a WaitingEvent) -> Self {
        let customer = customer.as_str();
        match what {
            WaitingEvent::Joined { quantity, location, class, .. } => Self::WaitingJoined {
                customer,
                quantity: quantity.units(),
                location: location.as_ref().map(LocationId::as_str),
                priority: class.0,
            },
            WaitingEvent::Left { .. } => Self::WaitingLeft { customer },
            WaitingEvent::Offered { units, expires_at, .. } => Self::Offered {
                customer,
                sources: units.iter().map(SourceBody::new).collect(),
                expires_at: Instant(*expires_at),
            },
            WaitingEvent::Lapsed { .. } => Self::OfferLapsed { customer },
        }
    }

    fn lot(id: LotId, what: &'a LotEvent) -> Self {
        let lot_id = IdText::lot(id);
        match what {
            LotEvent::Announced { origin, location, units, expected_at, reference, actor } => {
                let (from, reason) = match origin {
                    Origin::Supplier => (None, None),
                    Origin::Transfer { from, reason } => (Some(from.as_str()), Some(reason.as_str())),
                };
                Self::LotAnnounced {
                    lot_id,
                    from,
                    location: location.as_str(),
                    quantity: units.units(),
                    expected_at: expected_at.map(Instant),
                    reason,
                    reference: reference.as_deref(),
                    actor: actor.as_deref(),
                }
            }
            LotEvent::Received { location, condition, units, is_transfer: _, reference, actor, short } => {
                let body = |short: &'a Shortfall| ShortBody {
                    quantity: short.units.units(),
                    reason: short.reason.as_str(),
                };
                Self::LotReceived {
                    lot_id,
                    location: location.as_str(),
                    condition: condition.name(),
                    quantity: units.units(),
                    short: short.as_ref().map(body),
                    reference: reference.as_deref(),
                    actor: actor.as_deref(),
                }
            }
            LotEvent::Rescheduled { expected_at, actor } => Self::LotRescheduled {
                lot_id,
                expected_at: expected_at.map(Instant),
                actor: actor.as_deref(),
            },
            LotEvent::Cancelled { back_to, units, reason, reference, actor } => Self::LotCancelled {
                lot_id,
                back_to: back_to.as_ref().map(LocationId::as_str),
                quantity: units.units(),
                reason,
                reference: reference.as_deref(),
                actor: actor.as_deref(),
            },
        }
    }
}

impl<'a> SalePutBody<'a> {
    fn new(terms: &'a SaleTerms) -> Self {
        let aside = terms.allotments.iter();
        Self {
            sale_id: terms.id.as_str(),
            opens_at: Instant(terms.opens_at),
            closes_at: terms.closes_at.map(Instant),
            paused: terms.paused,
            exclusive: terms.exclusive,
            per_customer: terms.per_customer.map(LineQuantity::units),
            admits: terms.admits,
            set_aside: aside.map(|aside| (aside.location.as_str(), aside.units.units())).collect(),
        }
    }
}

/// The reservation a claim belongs to.
fn of(hold: HoldId) -> IdText {
    IdText::reservation(hold.reservation)
}
