//! The bodies the server and we exchange, as far as we read them.
//!
//! Unknown members of answers are passed over: the server may say more than we need.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A refusal.
#[derive(Debug, Clone, Deserialize)]
pub struct Problem {
    /// Which one, for programs.
    pub code: String,
    /// For people.
    #[serde(default)]
    pub detail: String,
    /// What was missing.
    #[serde(default)]
    pub shortages: Vec<Shortage>,
}

/// What was missing of one product.
#[derive(Debug, Clone, Deserialize)]
pub struct Shortage {
    /// Which product.
    pub sku: SmolStr,
    /// Units asked for.
    pub requested: u64,
    /// Units free.
    pub available: u64,
}

/// Stock of one product.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stock {
    /// Which product.
    pub sku: SmolStr,
    /// Units counted.
    pub on_hand: u64,
    /// Units in live holds.
    pub held: u64,
    /// Units promised and not shipped.
    pub allocated: u64,
    /// Units free.
    pub available: u64,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// Its state in one word.
    pub status: SmolStr,
    /// What it costs, in pounds.
    pub total: SmolStr,
    /// One line for each product.
    pub lines: Vec<OrderLine>,
    /// Money owed or paid back.
    #[serde(default)]
    pub refunds: Vec<Refund>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrderLine {
    /// Which product.
    pub sku: SmolStr,
    /// Units ordered.
    pub quantity: u64,
    /// What they cost, in pounds.
    pub total: SmolStr,
    /// Units that left.
    pub shipped: u64,
    /// Units called off.
    pub cancelled: u64,
    /// Units that came back.
    pub returned: u64,
}

/// Money owed or paid back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refund {
    /// How much, in pounds.
    pub amount: SmolStr,
}

impl Order {
    /// Whether its payment is still under way.
    pub fn is_undecided(&self) -> bool {
        matches!(self.status.as_str(), "payment_pending" | "payment_unknown")
    }
}

/// A reservation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reservation {
    /// Its id.
    pub id: String,
    /// Its state in one word.
    pub status: SmolStr,
    /// One line for each product.
    pub lines: Vec<ReservationLine>,
}

/// One line of a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReservationLine {
    /// Which product.
    pub sku: SmolStr,
    /// Units held.
    pub quantity: u64,
    /// Units taken.
    pub committed: u64,
}

/// A correction of stock that was made.
#[derive(Debug, Clone, Deserialize)]
pub struct Adjustment {
    /// By how much.
    pub delta: i64,
}

/// An order to place.
#[derive(Debug, Serialize)]
pub struct PlaceOrder<'a> {
    /// The buyer.
    pub customer: &'a str,
    /// What is bought.
    pub lines: Vec<PlaceLine<'a>>,
    /// What prices are in.
    pub currency: &'static str,
    /// How it is paid.
    pub payment: Payment,
}

/// One line of an order to place.
#[derive(Debug, Serialize)]
pub struct PlaceLine<'a> {
    /// Which product.
    pub sku: &'a str,
    /// How many.
    pub quantity: u64,
    /// Pounds for one, as decimal text.
    pub unit_price: String,
}

/// How an order is paid.
#[derive(Debug, Serialize)]
pub struct Payment {
    /// Which provider.
    pub provider: &'static str,
    /// Which of its methods.
    pub method: &'static str,
}

/// Units of products: the lines of reservations, commits and returns.
#[derive(Debug, Serialize)]
pub struct Units<'a> {
    /// Which product.
    pub sku: &'a str,
    /// How many.
    pub quantity: u64,
}

/// A correction of stock to make.
#[derive(Debug, Serialize)]
pub struct Adjust<'a> {
    /// By how much.
    pub delta: i64,
    /// Why.
    pub reason: &'a str,
    /// The document it comes from.
    pub reference: &'a str,
}

/// A reservation to make.
#[derive(Debug, Serialize)]
pub struct Reserve<'a> {
    /// For whom.
    pub customer: &'a str,
    /// What.
    pub lines: Vec<Units<'a>>,
    /// For how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
}

/// What to take of a reservation: the named lines, or everything.
#[derive(Debug, Serialize)]
pub struct Commit<'a> {
    /// Lines with the units to take; `None` takes everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<Units<'a>>>,
}

/// Units of an order that come back.
#[derive(Debug, Serialize)]
pub struct Return<'a> {
    /// Which.
    pub lines: Vec<Units<'a>>,
    /// Why.
    pub reason: &'a str,
}

/// An order to call off.
#[derive(Debug, Serialize)]
pub struct Cancel<'a> {
    /// Why.
    pub reason: &'a str,
}

/// A body without members.
#[derive(Debug, Serialize)]
pub struct Empty {}
