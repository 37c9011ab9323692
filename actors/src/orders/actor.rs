//! The coordinator's actor and its state.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use holdfast_engine::order::{Order, OrderEvent};
use holdfast_engine::{CustomerId, Event, OrderId, ReservationId, Sequence};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};

use super::checkout::Placing;
use super::lapse::Asking;
use super::{OrderMessage, OrderRequest, OrderView};
use crate::answer::{Failure, Reply, ReplyTo, Unavailable};
use crate::shared::Shared;
use crate::waiter::{Then, Waiter};

/// Starts the coordinator with the orders of the journal.
pub(crate) async fn spawn(
    shared: &Arc<Shared>,
    orders: Vec<Order>,
    supervisor: ActorCell,
) -> Result<ActorRef<OrderMessage>, SpawnErr> {
    let (actor, _stopped) =
        Actor::spawn_linked(None, OrderActor, (Arc::clone(shared), orders), supervisor).await?;
    Ok(actor)
}

struct OrderActor;

impl Actor for OrderActor {
    type Msg = OrderMessage;
    type State = Coordinator;
    type Arguments = (Arc<Shared>, Vec<Order>);

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        (shared, orders): Self::Arguments,
    ) -> Result<Coordinator, ActorProcessingErr> {
        Ok(Coordinator::new(shared, myself, orders))
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: OrderMessage,
        coordinator: &mut Coordinator,
    ) -> Result<(), ActorProcessingErr> {
        coordinator.handle(message);
        Ok(())
    }
}

pub(super) struct Coordinator {
    pub(super) shared: Arc<Shared>,
    pub(super) myself: ActorRef<OrderMessage>,
    /// Checkouts whose order is not placed yet.
    pub(super) placing: HashMap<OrderId, Placing>,
    pub(super) orders: HashMap<OrderId, Entry>,
    /// Orders of each customer, oldest first.
    by_customer: HashMap<CustomerId, BTreeSet<(Sequence, OrderId)>>,
    /// Orders of which something may lapse, by the reservation whose units they took.
    pub(super) dated: BTreeSet<(ReservationId, OrderId)>,
}

/// Who waits for the end of a checkout.
pub(super) struct Waiting {
    pub(super) caller: ReplyTo<Reply<OrderView>>,
    /// Whether another request had begun the checkout before.
    pub(super) is_repeat: bool,
}

/// A placed order with what only the coordinator knows.
pub(super) struct Entry {
    pub(super) order: Order,
    /// Who waits for the end of the checkout.
    pub(super) waiting: Vec<Waiting>,
    /// Requests that wait until the shipment under way has ended.
    pub(super) queued: VecDeque<(OrderRequest, holdfast_engine::Operation, ReplyTo<Reply<OrderView>>)>,
    /// Whether a payment call or a question about one is under way.
    pub(super) paying: bool,
    /// Questions asked in a row about a payment whose fate is unknown.
    pub(super) probes: u32,
    /// Whether its products are being asked what of it has lapsed.
    pub(super) asking: Asking,
}

impl Entry {
    pub(super) fn new(order: Order) -> Self {
        Self {
            order,
            waiting: Vec::new(),
            queued: VecDeque::new(),
            paying: false,
            probes: 0,
            asking: Asking::No,
        }
    }
}

impl Coordinator {
    fn new(shared: Arc<Shared>, myself: ActorRef<OrderMessage>, orders: Vec<Order>) -> Self {
        let mut coordinator = Self {
            shared,
            myself,
            placing: HashMap::new(),
            orders: HashMap::new(),
            by_customer: HashMap::new(),
            dated: BTreeSet::new(),
        };
        for order in orders {
            coordinator.insert(order, Vec::new());
        }
        coordinator
    }

    pub(super) fn insert(&mut self, order: Order, waiting: Vec<Waiting>) {
        let id = order.id();
        let number = (order.placed_sequence(), id);
        self.note_dates(&order);
        self.by_customer.entry(order.placed().customer.clone()).or_default().insert(number);
        self.orders.insert(id, Entry { waiting, ..Entry::new(order) });
        self.shared.counters.orders.store(self.orders.len() as u64, std::sync::atomic::Ordering::Relaxed);
    }

    fn handle(&mut self, message: OrderMessage) {
        match message {
            OrderMessage::Place { request, caller, is_repeat } => self.place(*request, caller, &is_repeat),
            OrderMessage::Held { id, reservation, try_number, outcome } => {
                self.held(id, reservation, try_number, outcome);
            }
            OrderMessage::Intended(id, step) => self.call_provider(id, step),
            OrderMessage::Paid(id, step, answer) => self.paid(id, step, answer),
            OrderMessage::Probe(id, step) => self.probe(id, step),
            OrderMessage::Probed(id, step, fate) => self.probed(id, step, fate),
            OrderMessage::StockCommitted(id, outcome) => self.stock_committed(id, &outcome),
            OrderMessage::StockReturned(id, outcome) => self.stock_returned(id, &outcome),
            OrderMessage::Operate(id, request, operation, caller) => {
                self.operate(id, request, operation, caller)
            }
            OrderMessage::ShelvesAnswered { id, went, refused, caller } => {
                self.shelves_answered(id, &went, refused, caller);
            }
            OrderMessage::UnitsLost(id, operation, caller) => self.units_lost(id, operation, caller),
            OrderMessage::Lapsed(reservation) => self.lapsed(reservation),
            OrderMessage::AskLapsed(id) => self.ask_lapsed(id),
            OrderMessage::LapsesTold { id, gone, outcome } => self.lapses_told(id, &gone, &outcome),
            OrderMessage::Read(id, caller) => self.read(id, caller),
            OrderMessage::List(customer, after, limit, caller) => self.list(&customer, after, limit, caller),
            OrderMessage::StepAgain(id) => self.advance(id),
            OrderMessage::Stopped(id) => self.stopped(id),
            OrderMessage::Resume => self.resume(),
        }
    }

    /// Applies an event to an order and journals it; `then` waits for the record.
    pub(super) fn record(&mut self, id: OrderId, event: OrderEvent, then: Then) {
        if let Some(entry) = self.orders.get_mut(&id) {
            entry.order.apply(&event);
            let sequence = self.shared.journal.append([Event::Order(id, event)], Waiter::tell(then));
            entry.order.journaled(sequence);
        }
    }

    /// Tells everybody who waits for something of this order that it will not come.
    pub(super) fn stopped(&mut self, id: OrderId) {
        let Some(entry) = self.orders.get_mut(&id) else { return };
        let queued = entry.queued.drain(..).map(|(_, _, caller)| caller);
        let waiting = entry.waiting.drain(..).map(|waiting| waiting.caller);
        for caller in waiting.chain(queued) {
            caller.answer(Err(self.shared.lost()));
        }
    }

    /// Gives an answer once everything it may rest on is durable.
    pub(super) fn answer_durable(&self, answer: Reply<OrderView>, caller: ReplyTo<Reply<OrderView>>) {
        let tell = move |durable: Option<Sequence>| {
            caller.answer(if durable.is_some() { answer } else { Err(Unavailable::JournalFailed.into()) });
        };
        self.shared.journal.append([], Waiter::tell(Then::call(tell)));
    }

    fn read(&self, id: OrderId, caller: ReplyTo<Result<OrderView, Failure>>) {
        let view = match self.orders.get(&id) {
            Some(entry) => Ok(OrderView::now(&entry.order)),
            None => Err(holdfast_engine::Rejection::OrderNotFound { order: id }.into()),
        };
        self.show_durable(view, caller);
    }

    fn list(
        &self,
        customer: &CustomerId,
        after: Option<OrderId>,
        limit: usize,
        caller: ReplyTo<Result<Vec<OrderView>, Failure>>,
    ) {
        let from = match after.map(|id| (id, self.orders.get(&id))) {
            None => Bound::Unbounded,
            Some((id, Some(entry))) => Bound::Excluded((entry.order.placed_sequence(), id)),
            Some((_, None)) => return self.show_durable(Ok(Vec::new()), caller),
        };
        let ids =
            self.by_customer.get(customer).into_iter().flat_map(|ids| ids.range((from, Bound::Unbounded)));
        let entries = ids.take(limit).filter_map(|(_, id)| self.orders.get(id));
        let views = entries.map(|entry| OrderView::now(&entry.order)).collect();
        self.show_durable(Ok(views), caller);
    }

    fn show_durable<T: Send + 'static>(&self, view: Result<T, Failure>, caller: ReplyTo<Result<T, Failure>>) {
        let tell = move |durable: Option<Sequence>| {
            let view = if durable.is_some() { view } else { Err(Unavailable::JournalFailed.into()) };
            caller.answer(view);
        };
        self.shared.journal.append([], Waiter::tell(Then::call(tell)));
    }

    /// Sends word to itself later, from wherever it becomes due.
    pub(super) fn word(&self, message: OrderMessage) -> impl FnOnce() + Send + 'static {
        let myself = self.myself.clone();
        // A coordinator that is gone is rebuilt from the journal and takes up the order there.
        move || drop(myself.send_message(message))
    }
}
