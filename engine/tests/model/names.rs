//! The engine's names for what the shop on paper numbers, and its answers in the words of the shop on paper.

use holdfast_engine::order::{Attempt, OrderStatus, PaymentStep, RefundState, Step};
use std::sync::Arc;

use holdfast_engine::product::{
    Allotment, Backorders, Component, Condition, LotStatus, Matching, Policy, Preorder, PriorityClass,
    ProductDetails, SaleTerms, SourcingRules, Strategy, Terms, TimeInForce, WaitingEntry, WaitingRules,
    WaitingStatus,
};
use holdfast_engine::reservation::ReservationState;
use holdfast_engine::{
    Currency, CustomerId, Fingerprint, LineQuantity, LocationId, LocationUse, LotId, Millis, Operation,
    OperationId, OrderId, ProductUse, Quantity, Rejection, ReservationId, SaleId, Sku, SmolStr, Timestamp,
    UnitPrice,
};

use super::driver::{Effect, Wanted};
use super::reference::{
    Basket, Call, DAMAGED, How, Item, Key, Line, Missing, Next, No, Number, Pile, Place, Rules, SELLABLE,
    Sale, Stand, Status, Way, Wishes, Yes,
};

pub(crate) fn currency() -> Currency {
    Currency::new(*b"EUR", 2).unwrap()
}

pub(crate) fn sku(item: Item) -> Sku {
    Sku::new(&format!("item-{item}")).unwrap()
}

pub(crate) fn location(place: Place) -> LocationId {
    // The first one is where everything is that is nowhere else; its name comes first, too.
    if place == 0 { LocationId::main() } else { LocationId::new(&format!("place-{place}")).unwrap() }
}

pub(crate) fn customer(customer: u8) -> CustomerId {
    CustomerId::new(&format!("customer-{customer}")).unwrap()
}

pub(crate) fn reservation(number: Number) -> ReservationId {
    ReservationId(number.into())
}

pub(crate) fn order(number: Number) -> OrderId {
    OrderId(number.into())
}

pub(crate) fn lot(number: Number) -> LotId {
    LotId(number.into())
}

pub(crate) fn quantity(units: u64) -> Quantity {
    Quantity::new(units).unwrap()
}

pub(crate) fn operation(key: Key) -> Operation {
    Operation { id: OperationId(key.id.into()), fingerprint: Fingerprint(key.asked.into()) }
}

pub(crate) fn condition(pile: Pile) -> Condition {
    match pile {
        SELLABLE => Condition::Sellable,
        DAMAGED => Condition::Damaged,
        _ => Condition::QualityControl,
    }
}

pub(crate) fn wanted(lines: &[Line]) -> Vec<Wanted> {
    let wanted = lines.iter().map(|(item, place, units)| {
        let units = LineQuantity::new(u32::try_from(*units).unwrap()).unwrap();
        (sku(*item), place.map(location), units)
    });
    wanted.collect()
}

pub(crate) fn line_quantity(units: u64) -> LineQuantity {
    LineQuantity::new(u32::try_from(units).unwrap()).unwrap()
}

pub(crate) fn details(rules: Rules) -> ProductDetails {
    ProductDetails {
        name: SmolStr::default(),
        price: rules.price.map(|price| UnitPrice::new(price, currency()).unwrap()),
        policy: Policy {
            sellable: rules.sellable,
            tracked: rules.tracked,
            safety_stock: quantity(rules.safety),
            backorders: match rules.backorder {
                None => Backorders::Unlimited,
                Some(0) => Backorders::None,
                Some(limit) => Backorders::Capped(quantity(limit)),
            },
            preorder: rules.preorder.map(|(quota, release)| Preorder {
                quota: quantity(quota),
                release_at: Timestamp::from_millis(release),
            }),
            matching: if rules.fair { Matching::FairShare } else { Matching::Arrival },
            sourcing: SourcingRules {
                strategy: strategy(rules.way),
                ranking: rules.favourite.map(location).into_iter().collect(),
                closed: rules.closed.map(location).into_iter().collect(),
            },
            line_quantity_min: line_quantity(rules.line_min),
            line_quantity_max: line_quantity(rules.line_max),
            line_quantity_multiple: line_quantity(rules.line_step),
            waiting_list: rules
                .offers_for
                .map(|span| WaitingRules { offer_ttl: Millis(span.unsigned_abs()) }),
            ..Policy::default()
        },
        components: match rules.bundle {
            true => Box::new([Component { sku: sku(9), quantity: line_quantity(2) }]),
            false => Box::default(),
        },
    }
}

pub(crate) fn sale_id(name: u8) -> SaleId {
    SaleId::new(&format!("sale-{name}")).unwrap()
}

pub(crate) fn sale(sale: Sale) -> SaleTerms {
    let aside = sale.aside.into_iter().flatten().zip(0..);
    SaleTerms {
        id: sale_id(sale.name),
        opens_at: Timestamp::from_millis(sale.opens),
        closes_at: sale.closes.map(Timestamp::from_millis),
        paused: sale.paused,
        exclusive: sale.exclusive,
        per_customer: sale.limit.map(line_quantity),
        allotments: aside
            .map(|(units, place)| Allotment { location: location(place), units: quantity(units) })
            .collect(),
    }
}

fn strategy(way: Way) -> Strategy {
    match way {
        Way::FewestParcels => Strategy::FewestShipments,
        Way::ByRank => Strategy::Ranked,
        Way::FullestFirst => Strategy::HighestStock,
        Way::NearestFirst => Strategy::Nearest,
    }
}

pub(crate) fn terms(wishes: Wishes) -> Terms {
    Terms {
        time_in_force: wishes.missing.map(|missing| match missing {
            Missing::Refuse => TimeInForce::FillOrKill,
            Missing::Drop => TimeInForce::ImmediateOrCancel,
            Missing::Queue => TimeInForce::GoodTilCancelled,
        }),
        class: PriorityClass(wishes.class),
        strategy: wishes.way.map(strategy),
        nearest: wishes.near.map(|near| Arc::from([location(near)])),
        plan: None,
    }
}

pub(crate) fn yes(effect: Effect) -> Yes {
    match effect {
        Effect::Done => Yes::Done,
        Effect::Already => Yes::Already,
    }
}

pub(crate) fn basket(state: ReservationState) -> Basket {
    match state {
        ReservationState::Held { expires_at } => Basket::Held { deadline: expires_at.millis() },
        ReservationState::Pinned { order, remaining } => {
            Basket::Pinned { order: number(order.0), left: i64::try_from(remaining.0).unwrap() }
        }
        ReservationState::Committed { .. } => Basket::Committed,
        ReservationState::Released { .. } => Basket::Released,
        ReservationState::Expired { at } => Basket::Lapsed { deadline: at.millis() },
    }
}

pub(crate) fn stand(status: WaitingStatus) -> Stand {
    match status {
        WaitingStatus::Waiting => Stand::Waits,
        WaitingStatus::Offered => Stand::Offered,
        WaitingStatus::Claimed => Stand::Claimed,
        WaitingStatus::Lapsed => Stand::LetLapse,
        WaitingStatus::Left => Stand::Left,
    }
}

/// Units on offer, place by place.
pub(crate) fn offered(entry: &WaitingEntry) -> Vec<(Place, u64)> {
    let at = entry.offered_at();
    at.map(|(location, units)| (last_number(location.as_str()), units.units().into())).collect()
}

pub(crate) fn status(status: OrderStatus) -> Status {
    match status {
        OrderStatus::PaymentPending => Status::Paying,
        OrderStatus::PaymentUnknown => Status::Unknown,
        OrderStatus::Confirmed => Status::Confirmed,
        OrderStatus::PartiallyShipped => Status::PartlyShipped,
        OrderStatus::Shipped => Status::Shipped,
        OrderStatus::PartiallyReturned => Status::PartlyReturned,
        OrderStatus::Returned => Status::Returned,
        OrderStatus::Cancelled => Status::Cancelled,
        OrderStatus::PaymentFailed => Status::Failed,
    }
}

pub(crate) fn refund(state: &RefundState) -> Option<bool> {
    match state {
        RefundState::Pending(_) => None,
        RefundState::Done { .. } => Some(true),
        RefundState::Failed { .. } => Some(false),
    }
}

pub(crate) fn next(step: &Step) -> Next {
    match step {
        Step::Pay(step, Attempt { tries, unknown, .. }) => {
            let call = match step {
                PaymentStep::Authorise => Call::Authorise,
                PaymentStep::Capture => Call::Capture,
                PaymentStep::Void => Call::Void,
                PaymentStep::Refund(number) => Call::Refund(usize::from(*number)),
            };
            Next::Pay { call, tries: *tries, unknown: *unknown }
        }
        Step::CommitStock => Next::TakeUnits,
        Step::ReturnStock { committed } => Next::GiveUnitsBack { promised: *committed },
        Step::Rest => Next::Nothing,
    }
}

pub(crate) fn no(rejection: &Rejection) -> No {
    match rejection {
        Rejection::KeyReused => No::KeyReused,
        Rejection::UnknownSku { sku } => No::UnknownItem(item(sku)),
        Rejection::NotSellable { sku } => No::NotForSale(item(sku)),
        Rejection::UnknownLocation { sku, .. } => No::NeverThere(item(sku)),
        Rejection::SaleNotOpen { sku, sale, opens_at, status: _ } => No::SaleNotOpen {
            item: item(sku),
            sale: last_number(sale.as_str()),
            opens: opens_at.map(|opens| opens.millis()),
        },
        Rejection::CustomerLimit { sku, sale, bought, .. } => {
            No::OverLimit { item: item(sku), sale: last_number(sale.as_str()), bought: bought.units() }
        }
        Rejection::OtherSale { sale, .. } => No::OtherSale(last_number(sale.as_str())),
        Rejection::SaleNotFound { sale, .. } => No::UnknownSale(last_number(sale.as_str())),
        Rejection::SaleContradiction { .. } => No::SaleIsNonsense,
        Rejection::ProductInUse { sku, .. } => No::InUse(item(sku)),
        Rejection::LineTooLarge { sku, .. } => No::LineTooLarge(item(sku)),
        Rejection::LineTooSmall { sku, .. } => No::LineTooSmall(item(sku)),
        Rejection::LineNotMultiple { sku, .. } => No::LineIsNoStep(item(sku)),
        Rejection::InsufficientStock(shortage) => No::TooFew {
            item: item(&shortage.sku),
            place: shortage.location.as_ref().map(|location| last_number(location.as_str())),
            asked: shortage.requested.units().into(),
            free: shortage.available.units(),
            held: shortage.held.units(),
            queued: shortage.queued.units(),
            may_pass: shortage.may_pass,
        },
        Rejection::StockChanged { actual, .. } => No::CountIs(actual.units()),
        Rejection::StockBelowZero { .. } => No::BelowZero,
        Rejection::StampOutOfRange { .. } => No::NotToday,
        Rejection::StockAboveMaximum { .. } => No::AboveMaximum,
        Rejection::NotOnShelf { requested, sellable, .. } => {
            No::NotOnShelf { asked: requested.units(), sellable: sellable.units() }
        }
        Rejection::HoldNotFound { .. } => No::NothingPromised,
        Rejection::CommitAboveHold { line, .. } => No::CommitAboveHold { line: usize::from(*line) },
        Rejection::CommitMismatch => No::CommitDoesNotFit,
        Rejection::FulfilmentAboveAllocation { .. } => No::AbovePromise,
        Rejection::ReservationNotFound { .. } => No::UnknownBasket,
        Rejection::ReservationExpired { expired_at } => No::Lapsed { deadline: expired_at.millis() },
        Rejection::ReservationCommitted => No::Committed,
        Rejection::ReservationReleased => No::Released,
        Rejection::ReservationInCheckout { order } => No::InCheckout(number(order.0)),
        Rejection::ProductShort { sku } => No::Short(item(sku)),
        Rejection::ReservationOfOther { .. } => No::OfSomebodyElse,
        Rejection::NoPrice { sku, .. } => No::Unpriced(item(sku)),
        Rejection::TotalChanged { actual, .. } => No::OtherTotal(actual.minor()),
        Rejection::OrderNotFound { .. } => No::UnknownOrder,
        Rejection::OrderState { status: is, .. } => No::OrderIs(status(*is)),
        Rejection::NoSuchLine { .. } => No::UnknownLine,
        Rejection::LineExceeded { left, .. } => No::TooManyOfLine { left: left.units() },
        Rejection::RefundOfNothing => No::RefundOfNothing,
        Rejection::RefundAbovePaid { left, .. } => No::RefundAbovePaid { left: left.minor() },
        Rejection::RefundNotFound { .. } => No::UnknownRefund,
        Rejection::RefundNotFailed { done, .. } => No::RefundNotFailed { paid: *done },
        Rejection::LotNotFound { .. } => No::UnknownLot,
        Rejection::LotEnded { status, .. } => No::LotOver(match status {
            LotStatus::Received => How::Whole,
            LotStatus::Short => How::Short,
            LotStatus::Cancelled => How::Never,
            LotStatus::Open => panic!("an open lot has not ended"),
        }),
        Rejection::LotExceeded { left, .. } => No::LotHasLess { left: left.units() },
        Rejection::ReceiptOfNothing => No::NothingCame,
        Rejection::TransferToSelf { .. } => No::FromHereToHere,
        Rejection::UnknownSource { location, .. } => No::NeverFrom(last_number(location.as_str())),
        Rejection::UnknownDestination { location, .. } => No::NeverWanted(last_number(location.as_str())),
        Rejection::TransferExceeded { movable, .. } => No::TooFewToMove { movable: movable.units() },
        Rejection::ProductIsBundle { sku } => No::IsBundle(item(sku)),
        Rejection::StockInTheWay { sku, uses } => {
            let ProductUse { on_hand, held, allocated, queued, incoming, waiting, sale } = &**uses;
            let counts = [on_hand, held, allocated, queued, incoming].map(|units| units.units());
            let [on_hand, held, allocated, queued, incoming] = counts;
            let uses = [on_hand, held, allocated, queued, incoming, *waiting as u64];
            let sale = sale.as_ref().map(|sale| last_number(sale.as_str()));
            No::StockInTheWay { item: item(sku), uses, sale }
        }
        Rejection::LastLocation { sku, .. } => No::LastPlace(item(sku)),
        Rejection::LocationInUse { sku, uses, .. } => {
            let LocationUse { held, allocated, queued, waiting, set_aside, incoming } = **uses;
            let uses = [held, allocated, queued, waiting, set_aside, incoming].map(Quantity::units);
            No::PlaceInUse { item: item(sku), uses }
        }
        Rejection::LocationNotEmpty { sku, on_hand, .. } => {
            No::PlaceNotEmpty { item: item(sku), on_hand: on_hand.units() }
        }
        Rejection::NoWaitingList { sku } => No::WithoutList(item(sku)),
        Rejection::NotWaiting { sku, .. } => No::WaitsNot(item(sku)),
        Rejection::WaitingListFull { .. }
        | Rejection::ComponentIsBundle { .. }
        | Rejection::InBundle(_)
        | Rejection::BundleInPart { .. }
        | Rejection::TooManyLines { .. }
        | Rejection::PolicyContradiction { .. }
        | Rejection::TooManyLots { .. }
        | Rejection::HoldTimeOutOfRange { .. }
        | Rejection::ReservationChanged
        | Rejection::TooManyChanges
        | Rejection::TotalTooLarge
        | Rejection::TooManyRefunds { .. } => panic!("no history leads here: {rejection}"),
    }
}

fn item(sku: &Sku) -> Item {
    last_number(sku.as_str())
}

fn number(id: u128) -> Number {
    Number::try_from(id).unwrap()
}

fn last_number(name: &str) -> u8 {
    if name == "main" {
        return 0;
    }
    name.rsplit('-').next().unwrap().parse().unwrap()
}
