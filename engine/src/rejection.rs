//! The normal business "no". A rejection has no effect: nothing is journaled, and the idempotency key it came with
//! stays unused.

use std::fmt;

use crate::ids::{CustomerId, HoldId, LocationId, LotId, OrderId, ReservationId, SaleId, Sku};
use crate::money::Money;
use crate::order::OrderStatus;
use crate::product::{Condition, Contradiction, LotStatus, SaleStatus};
use crate::quantity::{LineQuantity, Quantity};
use crate::time::{Millis, Timestamp};

/// What was missing where, and whether waiting could help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// Which product.
    pub sku: Sku,
    /// Where, if the line asked for one location; otherwise the counts are those of all together.
    pub location: Option<LocationId>,
    /// Units asked for.
    pub requested: LineQuantity,
    /// Units that could be taken.
    pub available: Quantity,
    /// Units in live holds of others, which may come back.
    pub held: Quantity,
    /// Units that others queue for.
    pub queued: Quantity,
    /// Units that may queue beyond those.
    pub queueable: Quantity,
    /// When the next hold of the product lapses; `None` if none of them lies here.
    pub next_expiry: Option<Timestamp>,
    /// Whether the same request can succeed without new goods, if enough others let go of what they hold.
    pub may_pass: bool,
}

/// What there would be if nobody held anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithoutHolds {
    /// Units where the request wants them.
    pub here: Quantity,
    /// Units at all locations.
    pub anywhere: Quantity,
    /// Units that are promised and queue: those would be served first.
    pub promised: Quantity,
    /// Most units that may queue; none if the request does not want to.
    pub queue_limit: Quantity,
}

impl WithoutHolds {
    /// Whether so many units could be had then, or queued for.
    pub fn suffice(&self, requested: Quantity) -> bool {
        let served = self.promised.min(self.anywhere);
        let left = self.here.min(self.anywhere.floor_sub(served));
        let room = self.queue_limit.floor_sub(self.promised.floor_sub(served));
        left.checked_add(room).is_none_or(|sum| sum >= requested)
    }
}

/// What keeps a location from being given up, in units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LocationUse {
    /// In live holds, or on offer.
    pub held: Quantity,
    /// Promised and not shipped.
    pub allocated: Quantity,
    /// Queued for by lines that named it.
    pub queued: Quantity,
    /// Wanted by customers who wait for it by its name.
    pub waiting: Quantity,
    /// Set aside for a sale that is not over.
    pub set_aside: Quantity,
    /// On their way to it.
    pub incoming: Quantity,
}

impl fmt::Display for LocationUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { held, allocated, queued, waiting, set_aside, incoming } = self;
        write!(f, "{held} held, {allocated} allocated, {queued} queued for, {waiting} waited for, ")?;
        write!(f, "{set_aside} set aside, {incoming} on their way")
    }
}

/// What keeps a product from becoming a bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductUse {
    /// Units there, over all locations and in whatever condition.
    pub on_hand: Quantity,
    /// Units in live holds, or on offer.
    pub held: Quantity,
    /// Units promised and not shipped.
    pub allocated: Quantity,
    /// Units that somebody queues for.
    pub queued: Quantity,
    /// Units on their way.
    pub incoming: Quantity,
    /// Customers who wait for it.
    pub waiting: usize,
    /// A sale of it that is not over.
    pub sale: Option<SaleId>,
}

impl fmt::Display for ProductUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on_hand, held, allocated, queued, incoming, waiting, sale } = self;
        write!(f, "{on_hand} on hand, {held} held, {allocated} allocated, {queued} queued for, ")?;
        write!(f, "{incoming} incoming, {waiting} customers waiting")?;
        sale.as_ref().map_or(Ok(()), |sale| write!(f, ", sale {sale}"))
    }
}

/// A refusal of a line that some bundles came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InBundle {
    /// The bundles, as they were asked for: which, and from which location if that was said.
    pub bundles: Vec<(Sku, Option<LocationId>)>,
    /// Why their component was refused.
    pub because: Rejection,
}

impl fmt::Display for InBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (a component of ", self.because)?;
        for (position, (sku, location)) in self.bundles.iter().enumerate() {
            write!(f, "{}{sku}{}", if position == 0 { "" } else { ", " }, At(location.clone()))?;
        }
        f.write_str(")")
    }
}

impl Shortage {
    fn at(&self) -> impl fmt::Display {
        At(self.location.clone())
    }
}

/// A location in a sentence: ` at Berlin`, or nothing.
struct At(Option<LocationId>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |location| write!(f, " at {location}"))
    }
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The key was used for a different request.
    #[error("this idempotency key was used for a different request")]
    KeyReused,
    /// No such product.
    #[error("there is no product {sku}")]
    UnknownSku {
        /// What was asked for.
        sku: Sku,
    },
    /// The product is not for sale now.
    #[error("product {sku} is not for sale")]
    NotSellable {
        /// Which product.
        sku: Sku,
    },
    /// A sale of the product is not open.
    #[error("{sku}: the sale {sale} is {}", .status.name())]
    SaleNotOpen {
        /// Which product.
        sku: Sku,
        /// Which sale.
        sale: SaleId,
        /// Where it stands.
        status: SaleStatus,
        /// When it opens, if that is to come.
        opens_at: Option<Timestamp>,
    },
    /// The customer would have more units in a sale than one customer may.
    #[error("{sku}: {limit:?} for each customer in the sale {sale}, {bought} bought, {requested} asked for")]
    CustomerLimit {
        /// Which product.
        sku: Sku,
        /// Which sale.
        sale: SaleId,
        /// The most a customer may have.
        limit: LineQuantity,
        /// What the customer has, held or bought.
        bought: Quantity,
        /// What was asked for.
        requested: Quantity,
    },
    /// Another sale of the product is not closed, or this one is: a sale does not begin again.
    #[error("{sku}: there is the sale {sale}; another may be put once it is closed")]
    OtherSale {
        /// Which product.
        sku: Sku,
        /// The sale there is.
        sale: SaleId,
    },
    /// The product has no such sale.
    #[error("{sku} has no sale {sale}")]
    SaleNotFound {
        /// Which product.
        sku: Sku,
        /// What was asked for.
        sale: SaleId,
    },
    /// A sale that closes before it opens, or names a location twice.
    #[error("{sku}: a sale closes after it opens and names each location once, at most 64")]
    SaleContradiction {
        /// Which product.
        sku: Sku,
    },
    /// The product cannot be deleted while something lies there or is claimed.
    #[error(
        "product {sku}: {on_hand} on hand, {held} held, {allocated} allocated, {queued} queued for, \
         {incoming} incoming; nothing may be left of it"
    )]
    ProductInUse {
        /// Which product.
        sku: Sku,
        /// Units there, over all locations.
        on_hand: Quantity,
        /// Units in live holds.
        held: Quantity,
        /// Units promised.
        allocated: Quantity,
        /// Units that somebody queues for.
        queued: Quantity,
        /// Units on their way.
        incoming: Quantity,
    },
    /// A bundle has no units of its own to be counted, claimed, moved, sold from a sale or waited for.
    #[error("{sku} is a bundle: it has no stock of its own, only its components have")]
    ProductIsBundle {
        /// Which product.
        sku: Sku,
    },
    /// A product cannot become a bundle while it has stock, or somebody is to get some of it.
    #[error("product {sku} cannot be a bundle yet: {uses}")]
    StockInTheWay {
        /// Which product.
        sku: Sku,
        /// What is left of it.
        uses: Box<ProductUse>,
    },
    /// A bundle cannot be made of bundles.
    #[error("{sku} cannot be made of {component}, which is a bundle itself")]
    ComponentIsBundle {
        /// The bundle.
        sku: Sku,
        /// What it would be made of.
        component: Sku,
    },
    /// A line that was refused is a component of bundles that were asked for.
    #[error("{0}")]
    InBundle(Box<InBundle>),
    /// A bundle cannot be had in part.
    #[error(
        "{sku} is a bundle, which is had whole or not at all: it cannot be asked for as immediate_or_cancel"
    )]
    BundleInPart {
        /// Which product.
        sku: Sku,
    },
    /// Bundles that come to more lines than a reservation may have.
    #[error("with its bundles taken apart the request has {lines} lines, at most {max} are possible")]
    TooManyLines {
        /// How many lines it has.
        lines: usize,
        /// The most.
        max: usize,
    },
    /// The last location of a product cannot be given up.
    #[error("{location} is the last location of {sku}")]
    LastLocation {
        /// Which product.
        sku: Sku,
        /// Which location.
        location: LocationId,
    },
    /// Somebody has a claim at a location, waits for it by its name, or something is on its way to it.
    #[error("{sku} at {location} is in use: {uses}")]
    LocationInUse {
        /// Which product.
        sku: Sku,
        /// Which location.
        location: LocationId,
        /// What keeps it from being given up.
        uses: Box<LocationUse>,
    },
    /// Units lie at a location that is to be given up, and nobody said where they go.
    #[error("{on_hand} units of {sku} lie at {location}: say where they go")]
    LocationNotEmpty {
        /// Which product.
        sku: Sku,
        /// Which location.
        location: LocationId,
        /// Units there, in whatever condition.
        on_hand: Quantity,
    },
    /// The product has no waiting list.
    #[error("product {sku} has no waiting list")]
    NoWaitingList {
        /// Which product.
        sku: Sku,
    },
    /// The customer does not wait for the product.
    #[error("{customer} does not wait for {sku}")]
    NotWaiting {
        /// Which product.
        sku: Sku,
        /// Who.
        customer: CustomerId,
    },
    /// So many wait that nobody else can.
    #[error("{max} customers wait for {sku}; nobody else can")]
    WaitingListFull {
        /// Which product.
        sku: Sku,
        /// The most.
        max: usize,
    },
    /// A policy whose parts contradict each other.
    #[error("product {sku}: {contradiction}")]
    PolicyContradiction {
        /// Which product.
        sku: Sku,
        /// Which parts.
        contradiction: Contradiction,
    },
    /// The product never lay at this location.
    #[error("{sku} has never been at {location}")]
    UnknownLocation {
        /// Which product.
        sku: Sku,
        /// What was asked for.
        location: LocationId,
    },
    /// Fewer units are free than were asked for.
    #[error("{}{}: {:?} asked for, {} available", .0.sku, .0.at(), .0.requested, .0.available)]
    InsufficientStock(Box<Shortage>),
    /// More units in one line than the product's policy allows.
    #[error("{sku}: {requested:?} in one line, at most {max:?} allowed")]
    LineTooLarge {
        /// Which product.
        sku: Sku,
        /// Units asked for.
        requested: LineQuantity,
        /// The most its policy allows.
        max: LineQuantity,
    },
    /// Fewer units in one line than the product's policy allows.
    #[error("{sku}: {requested:?} in one line, at least {min:?} asked for at once")]
    LineTooSmall {
        /// Which product.
        sku: Sku,
        /// Units asked for.
        requested: LineQuantity,
        /// The fewest its policy allows.
        min: LineQuantity,
    },
    /// Not a multiple of what the product is sold by.
    #[error("{sku}: {requested:?} in one line, sold by {multiple:?}")]
    LineNotMultiple {
        /// Which product.
        sku: Sku,
        /// Units asked for.
        requested: LineQuantity,
        /// What it is sold by.
        multiple: LineQuantity,
    },
    /// The count is not what the caller believed.
    #[error("{sku} at {location}: {actual} {} there, not {expected}", .condition.words())]
    StockChanged {
        /// Which product.
        sku: Sku,
        /// Where.
        location: LocationId,
        /// Which of the units there.
        condition: Condition,
        /// What the caller believed.
        expected: Quantity,
        /// What is there.
        actual: Quantity,
    },
    /// The count would go below zero.
    #[error("{sku} at {location}: {actual} {} there cannot change by {delta}", .condition.words())]
    StockBelowZero {
        /// Which product.
        sku: Sku,
        /// Where.
        location: LocationId,
        /// Which of the units there.
        condition: Condition,
        /// What is there.
        actual: Quantity,
        /// By how much it should have changed.
        delta: i64,
    },
    /// The count would be too large to be a count.
    #[error("{sku} at {location}: the count would exceed {}", Quantity::MAX)]
    StockAboveMaximum {
        /// Which product.
        sku: Sku,
        /// Where.
        location: LocationId,
    },
    /// Not enough on the shelf to ship.
    #[error("{sku}: {requested} to ship, {sellable} there for it")]
    NotOnShelf {
        /// Which product.
        sku: Sku,
        /// Units to ship.
        requested: Quantity,
        /// Units that are kept for it and lie on the shelf, fit for sale.
        sellable: Quantity,
    },
    /// No such live hold.
    #[error("there is no such hold")]
    HoldNotFound {
        /// What was asked for.
        hold: HoldId,
    },
    /// More committed than was held.
    #[error("line {line}: {held:?} held, {requested} to commit")]
    CommitAboveHold {
        /// Position of the line.
        line: u16,
        /// Units held.
        held: LineQuantity,
        /// Units to commit.
        requested: Quantity,
    },
    /// A commit that names a line the reservation does not have, or takes nothing at all.
    #[error("the commit must name lines of the reservation and take at least one unit")]
    CommitMismatch,
    /// More shipped, cancelled or returned than was promised.
    #[error("line {line}: more than the {committed} promised units would be shipped, cancelled or returned")]
    FulfilmentAboveAllocation {
        /// Position of the line.
        line: u16,
        /// Units promised.
        committed: Quantity,
    },
    /// A hold time outside what the products allow.
    #[error("a hold may last from {} ms to {} ms here, not {} ms", .min.0, .max.0, .requested.0)]
    HoldTimeOutOfRange {
        /// Asked for.
        requested: Millis,
        /// The shortest.
        min: Millis,
        /// The longest all products concerned allow.
        max: Millis,
    },
    /// No such reservation.
    #[error("there is no such reservation")]
    ReservationNotFound {
        /// What was asked for.
        reservation: ReservationId,
    },
    /// Its time was over.
    #[error("the reservation lapsed")]
    ReservationExpired {
        /// The deadline that passed.
        expired_at: Timestamp,
    },
    /// It was committed before.
    #[error("the reservation was committed already")]
    ReservationCommitted,
    /// It was released before.
    #[error("the reservation was released already")]
    ReservationReleased,
    /// An order has taken it over.
    #[error("the reservation belongs to an order that is being paid")]
    ReservationInCheckout {
        /// Which order.
        order: OrderId,
    },
    /// Its lines were changed more often than lines can be numbered.
    #[error("the reservation was changed too often; release it and make another")]
    TooManyChanges,
    /// Its lines were changed since they were looked at, or are being changed just now.
    #[error("the reservation was changed meanwhile; look at it and ask again")]
    ReservationChanged,
    /// It belongs to somebody else.
    #[error("the reservation belongs to another customer")]
    ReservationOfOther {
        /// Who asked.
        customer: CustomerId,
    },
    /// A hold cannot be prolonged while more is promised than there is.
    #[error("{sku} has less stock than is promised; its holds cannot be prolonged")]
    ProductShort {
        /// Which product.
        sku: Sku,
    },
    /// No price was given and the product has none in this currency.
    #[error("{sku} has no price in {currency}")]
    NoPrice {
        /// Which product.
        sku: Sku,
        /// The order's currency.
        currency: String,
    },
    /// The order costs something else than the customer was shown.
    #[error("the order comes to {}, not {}", .actual.to_decimal(), .expected.to_decimal())]
    TotalChanged {
        /// What the customer was shown.
        expected: Money,
        /// What it comes to.
        actual: Money,
    },
    /// The order's value does not fit into an amount.
    #[error("the order's value is too large")]
    TotalTooLarge,
    /// No such order.
    #[error("there is no such order")]
    OrderNotFound {
        /// What was asked for.
        order: OrderId,
    },
    /// The order is not in a state that allows this.
    #[error("the order is {}: it cannot be {verb}", .status.name())]
    OrderState {
        /// What it is.
        status: OrderStatus,
        /// What was asked: "cancelled", "shipped", "returned".
        verb: &'static str,
    },
    /// A line the order does not have.
    #[error("the order has no line for {sku}{}", At(.location.clone()))]
    NoSuchLine {
        /// Which product.
        sku: Sku,
        /// The location the line asked for, if it did.
        location: Option<LocationId>,
    },
    /// More than is left to ship, to cancel or to return.
    #[error("{sku}{}: {requested:?} to be {verb}, {left} left", At(.location.clone()))]
    LineExceeded {
        /// Which product.
        sku: Sku,
        /// The location the line asked for, if it did.
        location: Option<LocationId>,
        /// Units asked for.
        requested: LineQuantity,
        /// Units left.
        left: Quantity,
        /// What was asked: "shipped", "cancelled", "returned".
        verb: &'static str,
    },
    /// A refund of no money.
    #[error("a refund must be of more than nothing")]
    RefundOfNothing,
    /// More to be paid back than is left of what was paid.
    #[error(
        "{} to be paid back, {} left of what was paid", .requested.to_decimal(), .left.to_decimal()
    )]
    RefundAbovePaid {
        /// How much was asked for.
        requested: Money,
        /// What was paid, less all refunds that have not failed.
        left: Money,
    },
    /// An order cannot have so many refunds.
    #[error("the order has {max} refunds already, and cannot have more")]
    TooManyRefunds {
        /// The most.
        max: usize,
    },
    /// No such refund.
    #[error("the order has no refund {}", u32::from(*.refund) + 1)]
    RefundNotFound {
        /// Its number, from 0.
        refund: u16,
    },
    /// The refund is under way or done: there is nothing to try again.
    #[error(
        "refund {} {}: only a refund that failed can be tried again",
        u32::from(*.refund) + 1,
        if *.done { "is paid" } else { "is under way" }
    )]
    RefundNotFailed {
        /// Its number, from 0.
        refund: u16,
        /// Whether it is paid.
        done: bool,
    },
    /// A movement or count that happened too long ago, or has not happened yet.
    #[error(
        "{sku} at {location}: what is told now must have happened in the last {} minutes",
        .latest.since(*.earliest).0 / 60_000
    )]
    StampOutOfRange {
        /// Which product.
        sku: Sku,
        /// Where.
        location: LocationId,
        /// When it is said to have happened.
        given: Timestamp,
        /// The earliest instant there can be.
        earliest: Timestamp,
        /// The latest: now.
        latest: Timestamp,
    },
    /// No such lot.
    #[error("the product has no such lot")]
    LotNotFound {
        /// What was asked for.
        lot: LotId,
    },
    /// The lot has come to its end.
    #[error("the lot {}", .status.words())]
    LotEnded {
        /// Which lot.
        lot: LotId,
        /// How it ended.
        status: LotStatus,
    },
    /// More units arrived than are left to come.
    #[error("{requested} to be received, {left} left of the lot")]
    LotExceeded {
        /// Which lot.
        lot: LotId,
        /// Units to be received.
        requested: Quantity,
        /// Units that are expected still.
        left: Quantity,
    },
    /// A receipt of no units that does not end the lot either.
    #[error("a receipt must be of at least one unit, or end the lot")]
    ReceiptOfNothing,
    /// A product cannot have so many lots on their way.
    #[error("{sku} has {max} open lots already, and cannot have more")]
    TooManyLots {
        /// Which product.
        sku: Sku,
        /// The most.
        max: usize,
    },
    /// Units cannot be sent to where they are.
    #[error("{sku}: a transfer from {location} to {location} moves nothing")]
    TransferToSelf {
        /// Which product.
        sku: Sku,
        /// Where from and to.
        location: LocationId,
    },
    /// Units cannot be sent from where the product has never been.
    #[error("{sku} has never been at {location}")]
    UnknownSource {
        /// Which product.
        sku: Sku,
        /// Where from.
        location: LocationId,
    },
    /// Units are not sent to where the product has never been, unless that is what is meant.
    #[error("{sku} has never been at {location}; say so if it shall be there from now on")]
    UnknownDestination {
        /// Which product.
        sku: Sku,
        /// Where to.
        location: LocationId,
    },
    /// More to be sent than is fit for sale there and nobody's.
    #[error("{sku} at {location}: {requested:?} to be sent, {movable} fit for sale and nobody's")]
    TransferExceeded {
        /// Which product.
        sku: Sku,
        /// Where from.
        location: LocationId,
        /// Units to be sent.
        requested: LineQuantity,
        /// Units that could be.
        movable: Quantity,
    },
}

impl Rejection {
    /// The product whose lines were refused, and, where only lines for one location were or only those for none, for which;
    /// `None` if it is no refusal of lines.
    pub fn line_refused(&self) -> Option<(&Sku, Option<Option<&LocationId>>)> {
        match self {
            Self::InsufficientStock(shortage) => Some((&shortage.sku, Some(shortage.location.as_ref()))),
            Self::UnknownLocation { sku, location } => Some((sku, Some(Some(location)))),
            Self::UnknownSku { sku }
            | Self::NotSellable { sku }
            | Self::SaleNotOpen { sku, .. }
            | Self::CustomerLimit { sku, .. }
            | Self::ProductIsBundle { sku }
            | Self::ProductShort { sku }
            | Self::LineTooLarge { sku, .. }
            | Self::LineTooSmall { sku, .. }
            | Self::LineNotMultiple { sku, .. } => Some((sku, None)),
            _ => None,
        }
    }

    /// Whether the same request may succeed later without anything about it being changed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::InsufficientStock(shortage) => shortage.may_pass,
            Self::InBundle(part) => part.because.is_transient(),
            Self::NotSellable { .. }
            | Self::SaleNotOpen { .. }
            | Self::NotOnShelf { .. }
            | Self::ReservationInCheckout { .. }
            | Self::ProductShort { .. }
            | Self::WaitingListFull { .. }
            | Self::TransferExceeded { .. } => true,
            Self::OrderState { status, .. } => status.is_under_way(),
            Self::KeyReused
            | Self::UnknownSku { .. }
            | Self::ProductInUse { .. }
            | Self::CustomerLimit { .. }
            | Self::UnknownLocation { .. }
            | Self::OtherSale { .. }
            | Self::SaleNotFound { .. }
            | Self::SaleContradiction { .. }
            | Self::BundleInPart { .. }
            | Self::TooManyLines { .. }
            | Self::ProductIsBundle { .. }
            | Self::StockInTheWay { .. }
            | Self::ComponentIsBundle { .. }
            | Self::LastLocation { .. }
            | Self::LocationInUse { .. }
            | Self::LocationNotEmpty { .. }
            | Self::NoWaitingList { .. }
            | Self::NotWaiting { .. }
            | Self::PolicyContradiction { .. }
            | Self::LineTooLarge { .. }
            | Self::LineTooSmall { .. }
            | Self::LineNotMultiple { .. }
            | Self::StockChanged { .. }
            | Self::StockBelowZero { .. }
            | Self::StockAboveMaximum { .. }
            | Self::HoldNotFound { .. }
            | Self::CommitAboveHold { .. }
            | Self::ReservationChanged
            | Self::TooManyChanges
            | Self::CommitMismatch
            | Self::FulfilmentAboveAllocation { .. }
            | Self::HoldTimeOutOfRange { .. }
            | Self::ReservationNotFound { .. }
            | Self::ReservationExpired { .. }
            | Self::ReservationCommitted
            | Self::ReservationReleased
            | Self::ReservationOfOther { .. }
            | Self::NoPrice { .. }
            | Self::TotalChanged { .. }
            | Self::TotalTooLarge
            | Self::OrderNotFound { .. }
            | Self::NoSuchLine { .. }
            | Self::LineExceeded { .. }
            | Self::RefundOfNothing
            | Self::RefundAbovePaid { .. }
            | Self::TooManyRefunds { .. }
            | Self::RefundNotFound { .. }
            | Self::RefundNotFailed { .. }
            | Self::StampOutOfRange { .. }
            | Self::LotNotFound { .. }
            | Self::LotEnded { .. }
            | Self::LotExceeded { .. }
            | Self::ReceiptOfNothing
            | Self::TooManyLots { .. }
            | Self::TransferToSelf { .. }
            | Self::UnknownSource { .. }
            | Self::UnknownDestination { .. } => false,
        }
    }
}
