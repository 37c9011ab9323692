//! The owner of one product's state: takes its messages one by one, and for each decides, applies and hands the event
//! to the journal without a pause between. Nothing is awaited here.
//!
//! Before anything else a message settles what has lapsed: each such hold asks its reservation, which ends once for
//! all its holds, and follows.

mod lapses;
mod locations;
mod lots;
mod together;
mod visit;
mod waiting;

pub(crate) use visit::Pending;

use std::collections::VecDeque;
use std::sync::Arc;

use holdfast_engine::product::{
    Adjustment, DeleteLocation, Events, Explanation, Fulfilment, HoldEnd, JoinWaiting, LotCommand, OpenHolds,
    Product, ProductCommand, ProductDetails, ProductResult, SaleTerms,
};
use holdfast_engine::reservation::Verdict;
use holdfast_engine::{
    CustomerId, HoldId, Lookup, Millis, Operation, OperationRecord, Quantity, Rejection, SaleId, Sequence,
    Timestamp,
};
use holdfast_persistence::Trail;
use ractor::{Actor, ActorProcessingErr, ActorRef, ActorRuntime};

use crate::answer::{Answer, Failure, Reply, ReplyTo, Unavailable};
use crate::basket::Basket;
use crate::bundles;
use crate::countdown::Part;
use crate::lot_view::{LotAnswer, LotsView};
use crate::product_cell::{ProductCell, Publication, next_change};
use crate::shared::Shared;
use crate::view::{
    AdjustAnswer, DeleteAnswer, LocationDeleteAnswer, ProductView, PromiseView, PutAnswer, SaleAnswer,
    StockView,
};
use crate::waiter::{Then, Waiter};
use crate::waiting_view::WaitingView;

/// What can be said to a product's owner.
pub(crate) enum ProductMessage {
    /// Create it or replace its details.
    Put(Box<ProductDetails>, Operation, ReplyTo<Reply<PutAnswer>>),
    /// Take it out of the catalogue.
    Delete(Operation, ReplyTo<Reply<DeleteAnswer>>),
    /// Put a sale of it.
    PutSale(Box<SaleTerms>, Operation, ReplyTo<Reply<SaleAnswer>>),
    /// End its sale.
    EndSale(SaleId, Operation, ReplyTo<Reply<SaleAnswer>>),
    /// Change a count.
    Adjust(Box<Adjustment>, ReplyTo<Reply<AdjustAnswer>>),
    /// A basket wants its part.
    Visit(Box<Basket>),
    /// A basket gives its part back.
    Abandon(HoldId, Part),
    /// A basket that somebody here waits for has ended its way.
    FlightOver,
    /// The hold's reservation has decided something: follow it.
    Follow(HoldId, Option<Part>),
    /// Bring an allocation up to this point and say whether it went.
    Advance(HoldId, Fulfilment, Box<dyn FnOnce(Result<(), Rejection>) + Send>, Part),
    /// Say how many units of this promise are gone, if any have lapsed.
    TellLapsed(HoldId, Box<dyn FnOnce(Quantity) + Send>, Part),
    /// A deadline has come.
    Settle,
    /// Show the counts as they are now, to whoever has these holds.
    Read(Vec<HoldId>, ReplyTo<Result<StockView, Failure>>),
    /// Say what these claims would get, and why.
    Explain(Box<OpenHolds>, ReplyTo<Result<Explanation, Failure>>),
    /// Show where these promises stand.
    ReadPromises(Vec<HoldId>, ReplyTo<Result<Vec<PromiseView>, Failure>>),
    /// Do something about units on their way.
    Lot(Box<LotCommand>, ReplyTo<Reply<LotAnswer>>),
    /// Show what is on its way.
    ReadLots(ReplyTo<Result<LotsView, Failure>>),
    /// Give a location up.
    DeleteLocation(Box<DeleteLocation>, ReplyTo<Reply<LocationDeleteAnswer>>),
    /// Let a customer wait for units that come free.
    Join(Box<JoinWaiting>, ReplyTo<Reply<WaitingView>>),
    /// Let a customer wait no more.
    Leave(CustomerId, Operation, ReplyTo<Reply<WaitingView>>),
    /// Show where a customer stands who joined the waiting list.
    ReadWaiting(CustomerId, ReplyTo<Result<WaitingView, Failure>>),
}

/// Starts an owner. `None` only while the runtime is ending.
pub(crate) fn spawn(
    cell: Arc<ProductCell>,
    shared: &Arc<Shared>,
    product: Box<Product>,
) -> Option<ActorRef<ProductMessage>> {
    let supervisor = shared.supervisor()?;
    let owner = Owner::new(Arc::clone(&cell), Arc::clone(shared), product);
    let (actor, _started) = ActorRuntime::spawn_linked_instant(None, ProductActor, owner, supervisor).ok()?;
    shared.owners.insert(actor.get_id(), cell);
    Some(actor)
}

struct ProductActor;

impl Actor for ProductActor {
    type Msg = ProductMessage;
    type State = Owner;
    type Arguments = Owner;

    async fn pre_start(&self, _: ActorRef<Self::Msg>, owner: Owner) -> Result<Owner, ActorProcessingErr> {
        Ok(owner)
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: ProductMessage,
        owner: &mut Owner,
    ) -> Result<(), ActorProcessingErr> {
        owner.handle(message);
        Ok(())
    }
}

/// A product's state with what only its owner knows.
struct Owner {
    product: Box<Product>,
    cell: Arc<ProductCell>,
    shared: Arc<Shared>,
    /// Claims of baskets that may still give them back, oldest first.
    pending: Vec<Pending>,
    /// Baskets that wait for the end of another's way.
    parked: VecDeque<Box<Basket>>,
    /// The deadline the timer knows of.
    armed: Option<Timestamp>,
    /// The instant that counts as now for the message in hand.
    now: Timestamp,
    /// Whether what lapsed is being settled: nothing is offered until all of it is, because who queued then is served
    /// first.
    settling: bool,
}

/// A deadline that cannot be settled yet, because its basket is still on its way, is looked at again after this.
const RETRY_PAUSE: Millis = Millis(5);

/// How the answer to an operation is made of its record.
type AnswerOf<T> = fn(&OperationRecord<ProductResult>, &Product) -> Option<T>;

impl Owner {
    fn new(cell: Arc<ProductCell>, shared: Arc<Shared>, product: Box<Product>) -> Self {
        // After a rebuild, baskets may still be on their way.
        let pending = Pending::all(&shared, &product);
        let now = Timestamp::default();
        let (parked, armed, settling) = (VecDeque::new(), None, false);
        let mut owner = Self { product, cell, shared, pending, parked, armed, now, settling };
        owner.arm();
        owner
    }

    fn handle(&mut self, message: ProductMessage) {
        let at = self.settle();
        match message {
            ProductMessage::Put(details, operation, caller) => self.put(at, *details, operation, caller),
            ProductMessage::Delete(operation, caller) => self.delete(at, operation, caller),
            ProductMessage::PutSale(terms, operation, caller) => {
                self.change_sale(at, &ProductCommand::PutSale { terms, operation }, operation, caller);
                self.retry_parked(at);
            }
            ProductMessage::EndSale(sale, operation, caller) => {
                self.change_sale(at, &ProductCommand::EndSale { sale, operation }, operation, caller);
                self.retry_parked(at);
            }
            ProductMessage::Adjust(adjustment, caller) => {
                self.adjust(at, *adjustment, caller);
                self.retry_parked(at);
            }
            ProductMessage::Visit(basket) => self.visit(at, basket),
            ProductMessage::Abandon(hold, part) => {
                self.abandon(at, hold, part);
                self.retry_parked(at);
            }
            ProductMessage::FlightOver => self.retry_parked(at),
            ProductMessage::Follow(hold, part) => {
                self.follow(at, hold, part.map_or(Then::Nothing, Then::Part));
                self.retry_parked(at);
            }
            ProductMessage::Advance(hold, to, tell, part) => {
                self.advance(at, hold, to, tell, part);
                self.retry_parked(at);
            }
            ProductMessage::TellLapsed(hold, tell, part) => self.tell_lapsed(hold, tell, part),
            ProductMessage::Settle => {
                self.armed = None;
                self.show_what_time_brought(at);
                self.retry_parked(at);
            }
            ProductMessage::Read(own, caller) => self.read(at, &own, caller),
            ProductMessage::Explain(open, caller) => {
                self.show_durable(self.product.explain(at, &open), caller);
            }
            ProductMessage::ReadPromises(holds, caller) => self.read_promises(at, &holds, caller),
            ProductMessage::Lot(command, caller) => {
                self.lot(at, *command, caller);
                self.retry_parked(at);
            }
            ProductMessage::ReadLots(caller) => self.read_lots(caller),
            ProductMessage::DeleteLocation(command, caller) => {
                self.delete_location(at, command, caller);
                self.retry_parked(at);
            }
            ProductMessage::Join(join, caller) => {
                let operation = join.operation;
                self.change_waiting(at, &ProductCommand::Join(join), operation, caller);
                self.retry_parked(at);
            }
            ProductMessage::Leave(customer, operation, caller) => {
                self.change_waiting(at, &ProductCommand::Leave { customer, operation }, operation, caller);
                self.retry_parked(at);
            }
            ProductMessage::ReadWaiting(customer, caller) => self.read_waiting(customer, caller),
        }
        self.arm();
    }

    /// Ends what has lapsed by now, in the order of the deadlines: what each gives back goes to those that queued then.
    /// Returns the instant that counts as now for the message in hand.
    fn settle(&mut self) -> Timestamp {
        let at = self.shared.clock.now();
        self.now = at;
        if self.product.next_deadline().is_some_and(|deadline| deadline <= at) {
            self.settling = true;
            for (deadline, hold) in self.product.lapsed(at) {
                self.serve(deadline);
                if let Some(reservation) = self.shared.reservations.get(hold.reservation) {
                    reservation.expire(&self.shared);
                }
                self.follow(deadline, hold, Then::Nothing);
            }
            self.settling = false;
        }
        self.serve(at);
        self.offer();
        at
    }

    /// Gives what is free at this instant to those that queue, as when a product is released, and drops what queues no more.
    fn serve(&mut self, at: Timestamp) {
        loop {
            let fills = self.product.decide_fills_until(at);
            if fills.is_empty() {
                return;
            }
            fills.iter().for_each(|event| self.product.apply(event));
            let lapsed = lapses::lapsed_of(&fills);
            self.journal(fills, None, Then::Nothing);
            self.shared.tell_of_lapses(lapsed);
        }
    }

    /// Carries out what was decided elsewhere, if it is not done already; `then` waits until it is durable.
    fn obey(&mut self, at: Timestamp, command: &ProductCommand, then: Then) {
        match self.product.carry_out(at, command) {
            Ok(events) if !events.is_empty() => self.journal_with_fills(at, events, then),
            Ok(_) | Err(_) => {
                self.shared.journal.append([], Waiter::tell(then));
            }
        }
    }

    /// Does with a hold what its reservation has decided.
    fn follow(&mut self, at: Timestamp, id: HoldId, then: Then) {
        let Some(hold) = self.product.hold(id) else {
            // Done before; whoever waits, waits until that is durable.
            self.shared.journal.append([], Waiter::tell(then));
            return;
        };
        let verdict = match self.shared.reservations.get(id.reservation) {
            Some(reservation) => reservation.verdict(id.line, self.product.sku(), hold.expires_at),
            None => Verdict::End(HoldEnd::Abandoned),
        };
        let command = match verdict {
            // What it has besides may be what is being claimed for it.
            Verdict::Open(expires_at, Some(has))
                if has.quantity < hold.quantity && self.is_being_raised(id) =>
            {
                ProductCommand::Keep { hold: id, expires_at, has: None }
            }
            Verdict::Open(expires_at, has) => ProductCommand::Keep { hold: id, expires_at, has },
            Verdict::Commit { units: quantity, arrival, at } => {
                ProductCommand::Commit { hold: id, quantity, arrival, at }
            }
            Verdict::End(why) => ProductCommand::End { hold: id, why },
        };
        self.obey(at, &command, then);
    }

    /// A release changes the counts without an event: they are shown anew.
    fn show_what_time_brought(&mut self, at: Timestamp) {
        if self.cell.shown().next_change.is_some_and(|next| next <= at) {
            let publication = self.publication(None, 0);
            let waiter = Waiter::publish(Arc::clone(&self.cell), publication, Then::Nothing);
            self.shared.journal.append([], waiter);
        }
    }

    fn put(
        &mut self,
        at: Timestamp,
        details: ProductDetails,
        operation: Operation,
        caller: ReplyTo<Reply<PutAnswer>>,
    ) {
        let command = ProductCommand::Put { details: Box::new(details.clone()), operation };
        match self.product.decide(at, &command) {
            Ok(events) if !events.is_empty() => {
                if let Err(rejection) = bundles::check_components(&self.shared, self.product.sku(), &details)
                {
                    return self.answer_durable(Err(rejection.into()), caller);
                }
                events.iter().for_each(|event| self.product.apply(event));
                let events = self.with_fills(at, events);
                let Some(mut shown) = ProductView::of(&self.product) else { return };
                let record = self.product.operation(operation.id).map(|record| &record.result);
                let created = matches!(record, Some(ProductResult::Put { created: true, .. }));
                let details = Some(Some(Box::new(shown.clone())));
                self.append(
                    events,
                    details,
                    move |first| {
                        shown.sequence = first;
                        Ok(Answer::fresh(PutAnswer { created, product: shown }))
                    },
                    caller,
                );
            }
            Ok(_) => {
                let again = self.repeated(operation, |record, product| match record.result {
                    ProductResult::Put { details_version, created } => Some(PutAnswer {
                        created,
                        product: ProductView {
                            sku: product.sku().clone(),
                            details,
                            version: details_version,
                            sequence: record.sequence,
                            created_at: product.created_at(),
                            updated_at: record.at,
                        },
                    }),
                    ProductResult::Adjusted { .. }
                    | ProductResult::Deleted
                    | ProductResult::Lot { .. }
                    | ProductResult::LocationDeleted { .. }
                    | ProductResult::Waiting { .. }
                    | ProductResult::Sale { .. } => None,
                });
                self.answer_durable(again, caller);
            }
            Err(rejection) => self.answer_durable(Err(rejection.into()), caller),
        }
    }

    fn delete(&mut self, at: Timestamp, operation: Operation, caller: ReplyTo<Reply<DeleteAnswer>>) {
        match self.product.carry_out(at, &ProductCommand::Delete { operation }) {
            Ok(events) if !events.is_empty() => {
                let events = self.with_fills(at, events);
                let (sku, version) = (self.product.sku().clone(), self.product.version());
                let answer = move |sequence| Ok(Answer::fresh(DeleteAnswer { sku, at, version, sequence }));
                self.append(events, Some(None), answer, caller);
            }
            Ok(_) => {
                let again = self.repeated(operation, |record, product| match record.result {
                    ProductResult::Deleted => Some(DeleteAnswer {
                        sku: product.sku().clone(),
                        at: record.at,
                        version: record.version,
                        sequence: record.sequence,
                    }),
                    ProductResult::Put { .. }
                    | ProductResult::Adjusted { .. }
                    | ProductResult::Lot { .. }
                    | ProductResult::LocationDeleted { .. }
                    | ProductResult::Waiting { .. }
                    | ProductResult::Sale { .. } => None,
                });
                self.answer_durable(again, caller);
            }
            Err(rejection) => self.answer_durable(Err(rejection.into()), caller),
        }
    }

    fn change_sale(
        &mut self,
        at: Timestamp,
        command: &ProductCommand,
        operation: Operation,
        caller: ReplyTo<Reply<SaleAnswer>>,
    ) {
        self.operate(at, command, operation, (sale, |answer| &mut answer.sequence), caller);
    }

    fn adjust(&mut self, at: Timestamp, adjustment: Adjustment, caller: ReplyTo<Reply<AdjustAnswer>>) {
        let operation = adjustment.operation;
        let command = ProductCommand::Adjust(Box::new(adjustment));
        self.operate(at, &command, operation, (adjusted, |answer| &mut answer.sequence), caller);
    }

    /// Carries out an operation, with what follows from it for those that queue or wait, and answers once that is durable: with
    /// the first answer again if it was carried out before. The answer is made of the operation's record, and names the
    /// position of its event, which is the first.
    fn operate<T: Send + 'static>(
        &mut self,
        at: Timestamp,
        command: &ProductCommand,
        operation: Operation,
        (answer, sequence): (AnswerOf<T>, fn(&mut T) -> &mut Sequence),
        caller: ReplyTo<Reply<T>>,
    ) {
        match self.product.carry_out(at, command) {
            Ok(events) if !events.is_empty() => {
                let events = self.with_fills(at, events);
                let answer = self.repeated(operation, answer);
                let tell = move |first| {
                    let mut answer = answer?;
                    answer.replayed = false;
                    *sequence(&mut answer.value) = first;
                    Ok(answer)
                };
                self.append(events, None, tell, caller);
            }
            Ok(_) => {
                let again = self.repeated(operation, answer);
                self.answer_durable(again, caller);
            }
            Err(rejection) => self.answer_durable(Err(rejection.into()), caller),
        }
    }

    fn advance(
        &mut self,
        at: Timestamp,
        hold: HoldId,
        to: Fulfilment,
        tell: Box<dyn FnOnce(Result<(), Rejection>) + Send>,
        part: Part,
    ) {
        match self.product.carry_out(at, &ProductCommand::Advance { hold, to }) {
            Ok(events) => {
                if !events.is_empty() {
                    self.journal_with_fills(at, events, Then::Nothing);
                }
                // After it was decided, and before the part can be finished: whoever hears of the part counts on it.
                tell(Ok(()));
                self.shared.journal.append([], Waiter::tell(Then::Part(part)));
            }
            Err(rejection) => {
                tell(Err(rejection));
                self.shared.journal.append([], Waiter::tell(Then::Part(part)));
            }
        }
    }

    fn read(&self, at: Timestamp, own: &[HoldId], caller: ReplyTo<Result<StockView, Failure>>) {
        let view = StockView::with_forecast(&self.product, at).with_own(&self.product, own);
        self.show_durable(view, caller);
    }

    fn read_promises(
        &self,
        at: Timestamp,
        holds: &[HoldId],
        caller: ReplyTo<Result<Vec<PromiseView>, Failure>>,
    ) {
        let forecast = self.product.forecast(at);
        let views = holds.iter().filter_map(|hold| PromiseView::of(&self.product, *hold, &forecast));
        self.show_durable(views.collect(), caller);
    }

    fn show_durable<T: Send + 'static>(&self, view: T, caller: ReplyTo<Result<T, Failure>>) {
        self.show_durable_outcome(Ok(view), caller);
    }

    fn show_durable_outcome<T: Send + 'static>(
        &self,
        outcome: Result<T, Failure>,
        caller: ReplyTo<Result<T, Failure>>,
    ) {
        let tell = move |durable: Option<Sequence>| {
            let failed = || Err(Failure::Unavailable(Unavailable::JournalFailed));
            caller.answer(if durable.is_some() { outcome } else { failed() });
        };
        self.shared.journal.append([], Waiter::tell(Then::call(tell)));
    }

    /// The answer that a carried-out operation got.
    fn repeated<T>(
        &self,
        operation: Operation,
        answer: impl FnOnce(&OperationRecord<ProductResult>, &Product) -> Option<T>,
    ) -> Reply<T> {
        match self.product.look_up(operation) {
            Lookup::Repeat(record) => {
                answer(record, &self.product).map(Answer::repeated).ok_or(Rejection::KeyReused.into())
            }
            Lookup::New | Lookup::Reused => Err(Rejection::KeyReused.into()),
        }
    }

    /// Applies what applied events give to those that queue, and what is then offered to those that wait. Answers all of
    /// them, to be journaled together.
    fn with_fills(&mut self, at: Timestamp, mut events: Events) -> Events {
        self.fill(at, &mut events);
        while !self.settling {
            let offers = self.product.decide_offers(self.now);
            if offers.is_empty() {
                break;
            }
            offers.iter().for_each(|event| self.product.apply(event));
            events.extend(offers);
            self.fill(at, &mut events);
        }
        events
    }

    /// Gives what is free to those that queue, and adds that to the events of the step.
    fn fill(&mut self, at: Timestamp, events: &mut Events) {
        loop {
            let fills = self.product.decide_fills(at);
            if fills.is_empty() {
                return;
            }
            fills.iter().for_each(|event| self.product.apply(event));
            events.extend(fills);
        }
    }

    /// Journals applied events, with what follows from them for those that queue or wait.
    fn journal_with_fills(&mut self, at: Timestamp, events: Events, then: Then) {
        let events = self.with_fills(at, events);
        self.journal(events, None, then);
    }

    /// Journals applied events and answers once they are durable.
    fn append<T: Send + 'static>(
        &mut self,
        events: Events,
        details: Option<Option<Box<ProductView>>>,
        answer: impl FnOnce(Sequence) -> Reply<T> + Send + 'static,
        caller: ReplyTo<Reply<T>>,
    ) {
        let tell = move |first: Option<Sequence>| {
            let answer = match first {
                Some(first) => answer(first),
                None => Err(Unavailable::JournalFailed.into()),
            };
            caller.answer(answer);
        };
        self.journal(events, details, Then::call(tell));
    }

    /// Journals applied events; what is shown follows when they are durable.
    fn journal(&mut self, events: Events, details: Option<Option<Box<ProductView>>>, then: Then) {
        let count = events.len() as u64;
        let publication = self.publication(details, count);
        let waiter = Waiter::publish(Arc::clone(&self.cell), publication, then);
        let first = self.shared.journal.append_to_trail(
            self.trail(),
            visit::about(self.product.sku(), events),
            waiter,
        );
        self.product.journaled_together(first, count);
    }

    /// Where the product's trail goes on: behind the last of its events that has a position.
    fn trail(&self) -> Trail {
        Trail { previous: self.product.sequence(), at: self.now }
    }

    /// Gives an answer once everything it may rest on is durable.
    fn answer_durable<T: Send + 'static>(&self, answer: Reply<T>, caller: ReplyTo<Reply<T>>) {
        let tell = move |durable: Option<Sequence>| {
            caller.answer(if durable.is_some() { answer } else { Err(Unavailable::JournalFailed.into()) });
        };
        self.shared.journal.append([], Waiter::tell(Then::call(tell)));
    }

    fn publication(&mut self, details: Option<Option<Box<ProductView>>>, events: u64) -> Publication {
        let pending = self.units_pending();
        Publication { details, events, pending, ..Publication::of(&self.product, self.now) }
    }

    /// Lets the timer know of the next instant at which something changes by itself, unless it knows of an earlier one.
    fn arm(&mut self) {
        let Some(next) = next_change(&self.product, self.now) else { return };
        if self.armed.is_some_and(|armed| armed <= next) {
            return;
        }
        let next = next.max(self.shared.clock.now().plus(RETRY_PAUSE));
        self.armed = Some(next);
        self.shared.expiry.arm(next, &self.cell);
    }
}

fn sale(record: &OperationRecord<ProductResult>, product: &Product) -> Option<SaleAnswer> {
    match &record.result {
        ProductResult::Sale { terms, status } => Some(SaleAnswer {
            sku: product.sku().clone(),
            terms: Arc::clone(terms),
            status: *status,
            at: record.at,
            version: record.version,
            sequence: record.sequence,
        }),
        ProductResult::Put { .. }
        | ProductResult::Deleted
        | ProductResult::Lot { .. }
        | ProductResult::LocationDeleted { .. }
        | ProductResult::Waiting { .. }
        | ProductResult::Adjusted { .. } => None,
    }
}

fn adjusted(record: &OperationRecord<ProductResult>, product: &Product) -> Option<AdjustAnswer> {
    match &record.result {
        ProductResult::Adjusted { location, condition, delta, level, stamped } => Some(AdjustAnswer {
            sku: product.sku().clone(),
            location: location.clone(),
            condition: *condition,
            delta: *delta,
            level: *level,
            stamped: stamped.as_deref().copied(),
            at: record.at,
            version: record.version,
            sequence: record.sequence,
        }),
        ProductResult::Put { .. }
        | ProductResult::Deleted
        | ProductResult::Lot { .. }
        | ProductResult::LocationDeleted { .. }
        | ProductResult::Waiting { .. }
        | ProductResult::Sale { .. } => None,
    }
}
