//! What every operation of a run shares.

use crate::client::{Answer, Client, Keys, Kind, Passing};
use crate::ledger::{Ledger, Pending, PendingId, Refusal, Who};
use crate::plan::opening::StockRule;
use crate::plan::operation::OperationIndex;
use crate::plan::{Plan, Shipping};

/// One run against one server.
#[derive(Debug)]
pub struct Context {
    /// What is done.
    pub plan: Plan,
    /// How much stock there is: decides which refusals may come.
    pub rule: StockRule,
    /// When orders leave.
    pub shipping: Shipping,
    /// How orders are paid.
    pub payments: PaymentMix,
    /// Who asks.
    pub client: Client,
    /// Names every intention.
    pub keys: Keys,
    /// What was answered.
    pub ledger: Ledger,
}

/// How the orders of a run are paid. All payments succeed: what fails is for other tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentMix {
    /// All at once.
    Approve,
    /// Every eighth one comes through late, so that its order is pending for a while.
    SomeLate,
}

impl PaymentMix {
    pub(super) fn method(self, order: OperationIndex) -> &'static str {
        match self {
            Self::SomeLate if order.0 % 8 == 7 => "late",
            Self::Approve | Self::SomeLate => "approve",
        }
    }
}

/// A request under way: its place in the book and whose it is.
pub(super) struct Asking<'a> {
    pub(super) context: &'a Context,
    pub(super) id: PendingId,
    pub(super) kind: Kind,
    pub(super) who: Who,
    /// Units it is about, for counting refusals.
    pub(super) units: u64,
    /// Held until the answer is written down.
    _passing: Passing<'a>,
}

/// How an operation, or a step of one, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// As asked.
    Done,
    /// Refused: nothing happened.
    Refused,
    /// Nobody knows.
    Unknown,
}

impl Context {
    /// Writes down what is about to be asked for an invoice.
    pub(super) async fn asking(&self, invoice: &str, step: &str, pending: Pending, units: u64) -> Asking<'_> {
        let passing = self.client.gate().begin_request().await;
        let who = Who { invoice: invoice.into(), key: self.keys.key(invoice, step) };
        Asking {
            context: self,
            kind: pending.kind,
            id: self.ledger.begin(pending),
            who,
            units,
            _passing: passing,
        }
    }

    /// Refusals that scarce goods explain: sold out, nothing left to write off, and nothing on the shelf of all that
    /// was promised before a write-off took it.
    fn may_refuse(&self, kind: Kind, code: &str) -> bool {
        self.rule == StockRule::Scarce
            && matches!(
                (kind, code),
                (Kind::Checkout | Kind::Reserve, "insufficient_stock")
                    | (Kind::Adjust, "stock_below_zero")
                    | (Kind::Ship, "not_on_shelf")
            )
    }
}

impl Asking<'_> {
    /// Writes down a refusal, or an answer that should not have come.
    pub(super) fn refused(self, answer: &Answer) -> Ended {
        let problem = answer.problem().filter(|_| (400..500).contains(&answer.status));
        let Some(problem) = problem else { return self.unanswered(&answer.unexpected()) };
        let is_expected = self.context.may_refuse(self.kind, &problem.code);
        let refusal =
            Refusal { code: &problem.code, detail: &problem.detail, units: self.units, span: answer.span };
        self.context.ledger.refused(self.id, self.kind, self.who, &refusal, is_expected);
        Ended::Refused
    }

    /// Writes down that there is no answer that says what happened.
    pub(super) fn unanswered(self, why: &crate::client::Unanswered) -> Ended {
        self.context.ledger.unanswered(self.kind, self.who, why);
        Ended::Unknown
    }
}
