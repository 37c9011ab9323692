//! Which event leads where: the one place where an order's state changes, used live and at recovery.

use smol_str::SmolStr;

use super::{
    Attempt, Compensation, LineState, LineUnits, Order, OrderAfter, OrderEvent, OrderLine, OrderPlaced,
    Outcome, PaymentOutcome, PaymentStep, PlaceOrder, Refund, RefundState, ReturnedUnits, Shipping, Stage,
};
use crate::ids::OrderId;
use crate::money::Money;
use crate::operation::{Operation, OperationLog, OperationRecord};
use crate::product::Fulfilment;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::{Sequence, Timestamp};

impl Order {
    /// An order as it is when it was placed with these lines. One that costs nothing needs no payment and goes
    /// straight on to take its units.
    ///
    /// # Panics
    /// If the lines' value is not an amount, which placing it has checked.
    pub fn place(id: OrderId, lines: Vec<OrderLine>, placed: &OrderPlaced) -> Self {
        let Ok(total) = PlaceOrder::total(&lines, placed.currency) else {
            panic!("{id:?} was placed with a value")
        };
        let lines = lines.into_iter().map(LineState::of).collect();
        let stage = if total.minor() == 0 {
            Stage::Committing { authorisation: FREE }
        } else {
            Stage::Authorising(Attempt::default())
        };
        Self {
            id,
            lines,
            total,
            stage,
            refunds: Vec::new(),
            shipping: None,
            outcome: None,
            ship_to: placed.ship_to.clone(),
            updated_at: placed.at,
            version: 1,
            sequence: Sequence::default(),
            operations: OperationLog::default(),
            placed: placed.clone(),
            placed_sequence: Sequence::default(),
        }
    }

    /// Takes one event in.
    ///
    /// # Panics
    /// If the event does not fit where the order stands: that is an error in this program or a damaged journal.
    pub fn apply(&mut self, event: &OrderEvent) {
        self.version += 1;
        let at = event.at().unwrap_or(self.updated_at);
        self.updated_at = at;
        match event {
            OrderEvent::LinesAdded { .. } | OrderEvent::Placed(_) => panic!("{:?} is placed once", self.id),
            OrderEvent::PaymentRequested { step, attempt, .. } => {
                let asked = self.attempt_mut(*step);
                *asked = Attempt { tries: *attempt, unknown: false, ..*asked };
            }
            OrderEvent::PaymentUnknown { step, .. } => self.attempt_mut(*step).unknown = true,
            OrderEvent::PaymentSettled { step, outcome, .. } => self.settle(*step, outcome, at),
            OrderEvent::StockCommitted { .. } => self.stock_committed(at),
            OrderEvent::Compensated { .. } => self.compensated(at),
            OrderEvent::Cancelled { reason, operation, .. } => {
                self.cancel(reason);
                self.record(*operation, at);
            }
            OrderEvent::UnitsCancelled { lines, reason, operation, .. } => {
                self.cancel_units(lines, reason);
                self.record(*operation, at);
            }
            OrderEvent::UnitsLapsed { lines, .. } => self.lapse(lines),
            OrderEvent::RefundGranted { amount_minor, reason, operation, .. } => {
                self.owe(*amount_minor, reason);
                self.record(*operation, at);
            }
            OrderEvent::RefundRetried { refund, operation, .. } => {
                self.owe_again(*refund);
                self.record(*operation, at);
            }
            OrderEvent::ShipToChanged { ship_to, operation, .. } => {
                assert!(self.is_all_here(), "{:?} is sent somewhere else before anything leaves", self.id);
                self.ship_to.clone_from(ship_to);
                self.record(*operation, at);
            }
            OrderEvent::ShipmentStarted { lines, operation, .. } => {
                let confirmed = matches!(self.stage, Stage::Confirmed { .. });
                assert!(
                    confirmed && self.shipping.is_none(),
                    "{:?} is paid and ships one thing at a time",
                    self.id
                );
                self.shipping = Some(Shipping { lines: lines.clone(), operation: *operation });
            }
            OrderEvent::Shipped { lines, .. } => self.shipped(lines, at),
            OrderEvent::Returned { lines, reason, operation, .. } => {
                self.take_back(lines, reason);
                self.record(*operation, at);
            }
        }
    }

    /// Tells the order where the last applied event stands in the journal.
    pub fn journaled(&mut self, sequence: Sequence) {
        self.sequence = sequence;
        let version = self.version;
        if version == 1 {
            self.placed_sequence = sequence;
        }
        if let Some(outcome) = self.outcome.as_mut().filter(|outcome| outcome.version == version) {
            outcome.sequence = sequence;
        }
        self.operations.set_sequence(version, sequence);
    }

    fn attempt_mut(&mut self, step: PaymentStep) -> &mut Attempt {
        let id = self.id;
        match (step, &mut self.stage) {
            (PaymentStep::Authorise, Stage::Authorising(attempt))
            | (PaymentStep::Capture, Stage::Capturing { attempt, .. }) => attempt,
            (
                PaymentStep::Void,
                Stage::Compensating(Compensation { authorisation: Some(_), attempt, .. }),
            ) => attempt,
            (PaymentStep::Refund(number), Stage::Confirmed { .. } | Stage::Cancelled { .. }) => {
                match self.refunds.get_mut(usize::from(number)).map(|refund| &mut refund.state) {
                    Some(RefundState::Pending(attempt)) => attempt,
                    other => panic!("{id:?} has no pending refund {number}: {other:?}"),
                }
            }
            (step, stage) => panic!("{id:?} in {stage:?} makes no call to {step:?}"),
        }
    }

    fn settle(&mut self, step: PaymentStep, outcome: &PaymentOutcome, at: Timestamp) {
        if let PaymentStep::Refund(number) = step {
            return self.settle_refund(number, outcome);
        }
        self.stage = match (step, &self.stage, outcome) {
            (PaymentStep::Authorise, Stage::Authorising(_), PaymentOutcome::Approved { reference }) => {
                Stage::Committing { authorisation: reference.clone() }
            }
            (PaymentStep::Authorise, Stage::Authorising(_), PaymentOutcome::Declined { reason }) => {
                compensate(reason, None, false)
            }
            (PaymentStep::Capture, Stage::Capturing { .. }, PaymentOutcome::Approved { reference }) => {
                Stage::Confirmed { capture: reference.clone() }
            }
            (
                PaymentStep::Capture,
                Stage::Capturing { authorisation, .. },
                PaymentOutcome::Declined { reason },
            ) => compensate(reason, Some(authorisation.clone()), true),
            // Whether letting go was done or refused (a lapsed authorisation is refused): nothing is set aside any more.
            (PaymentStep::Void, Stage::Compensating(compensation), _)
                if compensation.authorisation.is_some() =>
            {
                Stage::Compensating(Compensation { authorisation: None, ..compensation.clone() })
            }
            (step, stage, outcome) => {
                panic!("{:?} in {stage:?} cannot settle {step:?} as {outcome:?}", self.id)
            }
        };
        if matches!(self.stage, Stage::Confirmed { .. }) {
            self.conclude(at, None);
        }
    }

    fn settle_refund(&mut self, number: u16, outcome: &PaymentOutcome) {
        let Some(Refund { state, .. }) = self.refunds.get_mut(usize::from(number)) else {
            panic!("{:?} has no refund {number}", self.id)
        };
        let RefundState::Pending(Attempt { tries, .. }) = *state else {
            panic!("{:?} has no pending refund {number}: {state:?}", self.id)
        };
        *state = match outcome {
            PaymentOutcome::Approved { reference } => RefundState::Done { reference: reference.clone() },
            PaymentOutcome::Declined { reason } => RefundState::Failed { reason: reason.clone(), tries },
        };
    }

    fn stock_committed(&mut self, at: Timestamp) {
        let Stage::Committing { authorisation } = &self.stage else {
            panic!("{:?} in {:?} takes no stock", self.id, self.stage)
        };
        if self.total.minor() == 0 {
            self.stage = Stage::Confirmed { capture: authorisation.clone() };
            self.conclude(at, None);
        } else {
            self.stage =
                Stage::Capturing { authorisation: authorisation.clone(), attempt: Attempt::default() };
        }
    }

    fn compensated(&mut self, at: Timestamp) {
        let Stage::Compensating(compensation) = &self.stage else {
            panic!("{:?} in {:?} has nothing to give back", self.id, self.stage)
        };
        let Compensation { reason, committed, authorisation, .. } = compensation.clone();
        assert!(authorisation.is_none(), "I7: {:?} lets go of the money before it is over", self.id);
        if committed {
            self.cancel_open_units();
        }
        self.stage = Stage::Failed { reason: reason.clone() };
        self.conclude(at, Some(reason));
    }

    fn cancel(&mut self, reason: &SmolStr) {
        let Stage::Confirmed { capture } = &self.stage else {
            panic!("{:?} in {:?} cannot be called off", self.id, self.stage)
        };
        let all_here = self.lines.iter().all(|line| line.progress.shipped.is_zero());
        assert!(all_here && self.shipping.is_none(), "{:?} is called off before anything leaves", self.id);
        self.stage = Stage::Cancelled { capture: capture.clone(), reason: reason.clone() };
        let owed = self.lines.iter().map(|line| line.share_of(line.open())).sum();
        self.cancel_open_units();
        self.owe_share(owed, reason);
    }

    fn cancel_units(&mut self, lines: &[LineUnits], reason: &SmolStr) {
        assert!(self.shipping.is_none(), "{:?} calls off nothing that may be leaving", self.id);
        let owed = self.worth(lines.iter().map(|LineUnits { line, units }| (*line, *units)));
        for LineUnits { line, units } in lines {
            self.advance(*line, |LineState { progress, .. }| {
                progress.cancelled = more(progress.cancelled, u64::from(units.units()));
            });
        }
        let goes_on =
            self.lines.iter().any(|line| !line.progress.shipped.is_zero() || !line.open().is_zero());
        assert!(goes_on, "{:?} has something left, or is called off as a whole", self.id);
        self.owe_share(owed, reason);
    }

    /// What these units' shares come to, in minor units.
    pub(super) fn worth(&self, units: impl Iterator<Item = (u16, LineQuantity)>) -> i64 {
        let share = |(line, units)| Some(self.lines.get(usize::from(line))?.share_of(Quantity::from(units)));
        units.filter_map(share).sum()
    }

    fn cancel_open_units(&mut self) {
        for line in &mut self.lines {
            let open = line.open();
            line.progress.cancelled = line.progress.cancelled.checked_add(open).unwrap_or(Quantity::MAX);
        }
    }

    fn shipped(&mut self, lines: &[LineUnits], at: Timestamp) {
        let Some(shipping) = self.shipping.take() else { panic!("{:?} was asked to ship", self.id) };
        for LineUnits { line, units } in lines {
            self.advance(*line, |LineState { progress, .. }| {
                progress.shipped = more(progress.shipped, u64::from(units.units()));
            });
        }
        if !lines.is_empty() {
            self.record(shipping.operation, at);
        }
    }

    fn take_back(&mut self, lines: &[ReturnedUnits], reason: &SmolStr) {
        let owed = self.worth(lines.iter().map(|ReturnedUnits { line, units, .. }| (*line, *units)));
        for ReturnedUnits { line, units, damaged } in lines {
            self.advance(*line, |LineState { progress, .. }| {
                progress.returned = more(progress.returned, u64::from(units.units()));
                progress.damaged = more(progress.damaged, u64::from(*damaged));
            });
        }
        self.owe_share(owed, reason);
    }

    /// Owes what units are worth, as far as it was not granted back before.
    pub(super) fn owe_share(&mut self, worth: i64, reason: &SmolStr) {
        let owed = worth.min(self.refundable().minor());
        if owed > 0 {
            self.owe(owed, reason);
        }
    }

    fn owe(&mut self, minor: i64, reason: &SmolStr) {
        let amount = Money::from_minor(minor, self.total.currency()).filter(|amount| amount.minor() > 0);
        let Some(amount) = amount else { panic!("{:?} owes something, not {minor}", self.id) };
        self.check_owed(amount);
        let state = RefundState::Pending(Attempt::default());
        self.refunds.push(Refund { amount, reason: reason.clone(), state });
    }

    fn owe_again(&mut self, number: u16) {
        let Some(Refund { amount, state: RefundState::Failed { tries, .. }, .. }) =
            self.refunds.get(usize::from(number))
        else {
            panic!("{:?} has no failed refund {number}", self.id)
        };
        let (amount, tries) = (*amount, *tries);
        self.check_owed(amount);
        if let Some(refund) = self.refunds.get_mut(usize::from(number)) {
            refund.state = RefundState::Pending(Attempt { tries, ended: tries, unknown: false });
        }
    }

    fn check_owed(&self, amount: Money) {
        let left = self.refundable();
        assert!(left.checked_sub(amount).is_some(), "I7: {:?} owes back at most what was paid", self.id);
    }

    pub(super) fn advance(&mut self, line: u16, change: impl FnOnce(&mut LineState)) {
        assert!(matches!(self.stage, Stage::Confirmed { .. }), "I7: {:?} is paid before units move", self.id);
        let Some(state) = self.lines.get_mut(usize::from(line)) else {
            panic!("{:?} has no line {line}", self.id)
        };
        change(state);
        let Fulfilment { shipped, returned, damaged, .. } = state.progress;
        let ended = shipped.checked_add(state.gone());
        assert!(
            ended.is_some_and(|ended| ended <= Quantity::from(state.ordered.quantity))
                && returned <= shipped
                && damaged <= returned,
            "{:?}: line {line} moves no more units than it has",
            self.id
        );
    }

    fn conclude(&mut self, at: Timestamp, reason: Option<SmolStr>) {
        let status = self.status();
        self.outcome =
            Some(Outcome { status, reason, at, version: self.version, sequence: Sequence::default() });
    }

    fn record(&mut self, operation: Operation, at: Timestamp) {
        let version = self.version;
        let has_lapsed = self.lines.iter().any(|line| !line.lapsed.is_zero());
        let result = OrderAfter {
            status: self.status(),
            progress: self.lines.iter().map(|line| line.progress).collect(),
            lapsed: self.lines.iter().filter(|_| has_lapsed).map(|line| line.lapsed).collect(),
            refunds: self.refunds.clone(),
            ship_to: self.ship_to.clone(),
        };
        self.operations.record(OperationRecord {
            operation,
            at,
            version,
            sequence: Sequence::default(),
            result,
        });
    }
}

fn more(count: Quantity, units: u64) -> Quantity {
    Quantity::new(units).and_then(|units| count.checked_add(units)).unwrap_or(Quantity::MAX)
}

/// The payment reference of an order that costs nothing.
const FREE: SmolStr = SmolStr::new_static("free");

fn compensate(reason: &SmolStr, authorisation: Option<SmolStr>, committed: bool) -> Stage {
    Stage::Compensating(Compensation {
        reason: reason.clone(),
        authorisation,
        attempt: Attempt::default(),
        committed,
    })
}
