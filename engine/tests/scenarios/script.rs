//! Scripts: one row for each thing that is asked, with what is answered after a bar.
//!
//! ```text
//!   new cup price 4.50 safety 2 backorder 5     a product; also: unsellable, untracked, line-min 2, line-max 6, by 2, hold-default 1min, guest-hold 1min, hold-max 1h,
//!                                               backorder unlimited, fair, preorder 10 release 1h, waiting 10min, source ranked rank a,b closed c
//!   new box: 1 cup, 2 tea                       a bundle; what is said of a product comes before the colon
//!   receive 5 cup at north                      more of it; without "at" it is about the main place
//!   remove 2 cup                                less of it
//!   sale cup spring in 1h for 2h limit 2 aside 5 main,3 north     a sale; also: exclusive, paused; "in" and "for" are spans from now
//!   end-sale cup spring                         it is over
//!   delete cup                                  out of the catalogue
//!   count 7 cup if 5                            what a count found, if it was 5 before
//!   remove 2 cup back 15min                     it happened so long ago; also: receive, count
//!   receive 3 cup of damaged                    units in another condition; also: remove, count; and "of unseen"
//!   sort 2 cup of unseen to sellable            units whose condition is another one from now on
//!   join for ann: 2 cup at north                wait for cups that come free; also: class 1; "leave cup for ann" waits no more
//!   drop cup at north to south                  a location is given up, what lies there goes elsewhere; "to" may be missing
//!   announce L 5 cup at north in 3d             a lot from a supplier; without "in", nobody knows when it comes
//!   transfer T 3 cup from north to south        a lot from another place; also: new (south need not know cups), in 1d
//!   arrive L 3 cup                              units of a lot; also: of damaged, and close because stolen (no more will come)
//!   expect L cup in 2d · call off L cup         another time (none without "in"); not at all
//!   reserve A for ann lasting 1min: 3 cup, 1 pot at north      cups from wherever they lie, pots from north; also: or-kill, or-drop,
//!                                               or-queue, till 1h (queues so long), class 1, source fullest, near north,south; and so for orders
//!   change A: 4 cup, 1 tin                                   other lines for it; also: lasting, and what reserve has besides
//!   commit A · commit A: 2, 0 · release A · extend A by 1min · sweep
//!   order O for ann from A shown 9.00           a checkout of a basket, or of its own lines: "order O for ann: 2 cup"
//!   O asks · O approved · O declined · O unknown · O failing     what the payment provider is asked and says
//!   O steps · O finishes                        the next step that is no payment; every step, all approved
//!   ship O · ship O: 2 cup · start O: 2 cup · end O · cancel O · cancel O: 1 cup · return O: 1 cup · return-damaged O: 1 cup
//!   refund O of 5.00 · retry O refund 1                          goodwill; a refund that failed, again
//!   readdress O to leeds                                         somewhere else
//!   wait 15min · lag · catch up · restart
//! ```
//!
//! `key k` in a row makes two rows one request, or, if they differ, two requests under one key. Behind the bar stands
//! `done` (or nothing), `done before`, `refused: TheRejection, a piece of its message`, or, for an order, its status
//! and what it waits for. After the last row the expected lines are compared, each with what stands behind the same
//! name then; and every cut of the journal is restarted from, so that each script also says that a crash after any
//! of its events leaves nothing torn.

use std::hash::Hasher;

use holdfast_engine::order::{Attempt, Order, PaymentStep, RefundState, ReturnLine, Step};
use holdfast_engine::product::{
    Adjustment, Allotment, Announcement, Backorders, Claim, Component, Condition, Considered, DeleteLocation,
    ExplainedLine, Explanation, JoinWaiting, LotAction, LotCommand, Matching, Movement, Note, OpenHolds,
    Policy, Preorder, PriorityClass, Product, ProductCommand, ProductDetails, Receipt, SaleTerms,
    SourceOutcome, SourcingRules, StockChange, Strategy, Terms, TimeInForce, Transfer, WaitingRules,
    Whereabouts,
};
use holdfast_engine::reservation::ReservationState;
use holdfast_engine::{
    Currency, CustomerId, Event, Fingerprint, HoldId, LineQuantity, LocationId, LotId, Millis, Money,
    Operation, OperationId, OrderId, Quantity, Rejection, ReservationId, SaleId, Sku, SmolStr, Timestamp,
    UnitPrice,
};
use xxhash_rust::xxh3::Xxh3;

use super::driver::{Answer, Basket, Change, Driver, Effect, Payment, PlaceRequest, Wanted, restart_from};

/// Runs a script, compares every answer, and then how things stand.
#[track_caller]
pub(crate) fn check(script: &str, expected: &str) {
    let shop = run(script);
    for line in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, _) = line.split_once(':').unwrap_or_else(|| panic!("no name in {line:?}"));
        assert_eq!(format!("{name}: {}", shop.describe(name)), line, "how things stand after the script");
    }
}

/// Runs a script and compares every answer.
#[track_caller]
pub(crate) fn run(script: &str) -> Shop {
    let mut shop = Shop::open();
    for row in script.lines().map(str::trim).filter(|row| !row.is_empty()) {
        shop.row(row);
    }
    shop.driver.catch_up();
    shop.driver.check();
    let journal = shop.driver.journal();
    for cut in 0..=journal.len() {
        restart_from(journal, cut, shop.driver.now);
    }
    shop
}

pub(crate) struct Shop {
    pub(crate) driver: Driver,
    rows: u128,
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self { driver: Driver::new(Timestamp::from_millis(1_700_000_000_000)), rows: 0 }
    }

    /// Runs one row and compares its answer.
    #[track_caller]
    pub(crate) fn row(&mut self, row: &str) {
        let (request, answer) = row.split_once('|').unwrap_or((row, ""));
        let expected = if answer.trim().is_empty() { "done" } else { answer.trim() };
        let heard = self.ask(request.trim());
        let (short, full) = match &heard {
            Heard::Answer(Ok(Effect::Done)) => ("done".to_owned(), String::new()),
            Heard::Answer(Ok(Effect::Already)) => ("done before".to_owned(), String::new()),
            Heard::Answer(Err(rejection)) => {
                let debug = format!("{rejection:?}");
                let name = debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                (format!("refused: {name}"), rejection.to_string())
            }
            Heard::Order(text) => {
                let text = if expected == "done" { "done".to_owned() } else { text.clone() };
                (text, String::new())
            }
        };
        let (expected_short, piece) = match expected.split_once(',') {
            Some((short, piece)) if short.starts_with("refused") => (short, piece.trim()),
            _ => (expected, ""),
        };
        assert_eq!(short, expected_short, "the answer to {request:?}: {full}");
        assert!(full.contains(piece), "the answer to {request:?} is {full:?}, without {piece:?}");
        self.driver.settle_waiting();
        self.driver.world().check();
    }

    /// Asks for several baskets, all of them or none: names and lines.
    pub(crate) fn reserve_together(&mut self, baskets: &[(&str, &str)]) -> Answer {
        let baskets = baskets.iter().map(|(name, lines)| Basket {
            id: ReservationId(number(name)),
            customer: customer("ann"),
            fingerprint: Fingerprint(1),
            lines: wanted(lines),
            ttl: Millis(15 * 60 * 1000),
            terms: Terms::default(),
        });
        self.driver.reserve_together(&baskets.collect::<Vec<_>>())
    }

    /// The same shop after a restart that found this journal.
    pub(crate) fn restarted_from(&self, journal: &[Event]) -> Self {
        Self { driver: Driver::recover(journal, self.driver.now), rows: self.rows }
    }

    /// What is said about a claim of units of a product: each place that is considered, line by line, in words.
    pub(crate) fn explain(&self, name: &str, request: &str) -> Vec<String> {
        let (head, tail) = request.split_once(':').unwrap();
        let words = Words::of(head);
        let claim = |(_, location, quantity)| Claim { location, quantity };
        let open = OpenHolds {
            reservation: ReservationId(u128::MAX),
            first_line: 0,
            claims: wanted(tail).into_iter().map(claim).collect(),
            terms: terms(&words, self.driver.now),
            customer: customer(words.after("for").unwrap()),
            expires_at: self.driver.now,
        };
        let Explanation { lines, refusal, .. } =
            self.driver.product(&sku(name)).explain(self.driver.now, &open);
        let mut said = Vec::new();
        for ExplainedLine { considered, queued, .. } in lines {
            said.extend(considered.iter().map(|Considered { location, free, outcome }| match outcome {
                SourceOutcome::Taken(units) => format!("{location}: {free} free, {} taken", units.units()),
                SourceOutcome::PassedOver(why) => format!("{location}: {free} free, {}", why.name()),
            }));
            if !queued.is_zero() {
                said.push(format!("{queued} queued"));
            }
        }
        said.extend(refusal.map(|refusal| {
            let debug = format!("{refusal:?}");
            format!("refused: {}", debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default())
        }));
        said
    }

    /// Why a basket of these lines is refused.
    pub(crate) fn refusal(&mut self, lines: &str) -> Rejection {
        match self.ask(&format!("reserve refused for nobody: {lines}")) {
            Heard::Answer(Err(rejection)) => rejection,
            _ => panic!("{lines:?} is not refused"),
        }
    }

    fn ask(&mut self, request: &str) -> Heard {
        self.rows += 1;
        let (request, operation) = self.identify(request);
        let (head, tail) = request.split_once(':').unwrap_or((&request, ""));
        let words = Words::of(head);
        let driver = &mut self.driver;
        Heard::Answer(match words.at(0) {
            "new" => {
                let now = driver.now;
                driver.put(&sku(words.at(1)), details(&words, tail, now), operation)
            }
            "sale" => {
                let now = driver.now;
                driver.put_sale(&sku(words.at(1)), sale(&words, now), operation)
            }
            "end-sale" => driver.end_sale(&sku(words.at(1)), sale_id(words.at(2)), operation),
            "delete" => driver.delete(&sku(words.at(1)), operation),
            "receive" | "remove" | "count" | "sort" => {
                let units: i64 = words.at(1).parse().unwrap();
                let then = words.after("back").map(|text| driver.now.minus(span(text)));
                let adjustment = Adjustment {
                    location: words.location(),
                    condition: words.after("of").map_or(Condition::Sellable, condition),
                    change: match words.at(0) {
                        "receive" => then.map_or(StockChange::By(units), |at| StockChange::ByAt(units, at)),
                        "remove" => then.map_or(StockChange::By(-units), |at| StockChange::ByAt(-units, at)),
                        "count" => {
                            let found = quantity(words.at(1));
                            then.map_or(StockChange::To(found), |at| StockChange::ToAt(found, at))
                        }
                        _ => {
                            let units = LineQuantity::new(words.at(1).parse().unwrap()).unwrap();
                            StockChange::Become(condition(words.after("to").unwrap()), units)
                        }
                    },
                    expected: words.after("if").map(quantity),
                    note: Note::why(SmolStr::new(words.at(0))),
                    operation,
                };
                driver.adjust(&sku(words.at(2)), adjustment)
            }
            "join" => {
                let (of, location, quantity) = wanted(tail).into_iter().next().unwrap();
                let class = terms(&words, driver.now).class;
                let customer = customer(words.after("for").unwrap());
                let join = JoinWaiting { customer, quantity, location, class, operation };
                driver.ask(&of, &ProductCommand::Join(Box::new(join)))
            }
            "drop" => {
                let name = |word: &str| words.after(word).map(|name| LocationId::new(name).unwrap());
                let (location, to, reason) = (name("at").unwrap(), name("to"), SmolStr::new_static("closed"));
                let command = DeleteLocation { location, to, reason, operation };
                driver.ask(&sku(words.at(1)), &ProductCommand::DeleteLocation(Box::new(command)))
            }
            "leave" => {
                let customer = customer(words.after("for").unwrap());
                driver.ask(&sku(words.at(1)), &ProductCommand::Leave { customer, operation })
            }
            "announce" | "transfer" | "arrive" | "expect" | "call" => {
                let (of, command) = lot_command(&words, driver.now, operation);
                driver.ask(&of, &ProductCommand::Lot(Box::new(command)))
            }
            "reserve" => driver.reserve(&Basket {
                id: ReservationId(number(words.at(1))),
                customer: customer(words.after("for").unwrap()),
                fingerprint: operation.fingerprint,
                lines: wanted(tail),
                ttl: words.after("lasting").map_or(Millis(15 * 60 * 1000), span),
                terms: terms(&words, driver.now),
            }),
            "change" => driver.change(
                ReservationId(number(words.at(1))),
                &Change {
                    lines: wanted(tail),
                    ttl: words.after("lasting").map(span),
                    terms: terms(&words, driver.now),
                    operation,
                },
            ),
            "commit" => {
                let units: Option<Vec<u32>> = (!tail.trim().is_empty())
                    .then(|| tail.split(',').map(|units| units.trim().parse().unwrap()).collect());
                driver.commit(ReservationId(number(words.at(1))), units.as_deref(), operation)
            }
            "release" => driver.release(ReservationId(number(words.at(1))), operation),
            "extend" => {
                let by = span(words.after("by").unwrap());
                driver.extend(ReservationId(number(words.at(1))), by, operation)
            }
            "pin" => {
                let order = OrderId(number(words.after("to").unwrap()));
                driver.pin(ReservationId(number(words.at(1))), order, &customer(words.after("for").unwrap()))
            }
            "unpin" => driver
                .unpin(ReservationId(number(words.at(1))), OrderId(number(words.after("from").unwrap()))),
            "order" => driver.place(&PlaceRequest {
                id: OrderId(number(words.at(1))),
                customer: customer(words.after("for").unwrap()),
                fingerprint: operation.fingerprint,
                basket: words.after("from").map(|basket| ReservationId(number(basket))),
                lines: wanted(tail),
                currency: currency(words.after("in").unwrap_or("EUR")),
                expected_total: words.after("shown").map(|amount| {
                    let currency = currency(words.after("in").unwrap_or("EUR"));
                    Money::from_decimal(amount.parse().unwrap(), currency).unwrap()
                }),
                terms: terms(&words, driver.now),
            }),
            "ship" => driver.ship(OrderId(number(words.at(1))), &wanted(tail), operation),
            "start" => driver.start_shipment(OrderId(number(words.at(1))), &wanted(tail), operation),
            "end" => driver.finish_shipment(OrderId(number(words.at(1)))),
            "cancel" => driver.cancel(OrderId(number(words.at(1))), &wanted(tail), operation),
            "readdress" => {
                driver.readdress(OrderId(number(words.at(1))), words.after("to").unwrap(), operation)
            }
            "refund" => {
                let id = OrderId(number(words.at(1)));
                let currency = driver.order(id).map_or(currency("EUR"), |order| order.total().currency());
                let amount = words.after("of").unwrap().parse().unwrap();
                driver.refund(id, Money::from_decimal(amount, currency).unwrap(), operation)
            }
            "retry" => {
                let refund: u16 = words.after("refund").unwrap().parse().unwrap();
                driver.retry_refund(OrderId(number(words.at(1))), refund - 1, operation)
            }
            "return" | "return-damaged" => {
                let damaged = words.at(0) == "return-damaged";
                let lines = wanted(tail).into_iter().map(|(sku, location, quantity)| ReturnLine {
                    sku,
                    location,
                    quantity,
                    damaged,
                });
                driver.take_back(OrderId(number(words.at(1))), &lines.collect::<Vec<_>>(), operation)
            }
            "sweep" | "wait" | "lag" | "catch" | "restart" => {
                self.pass(&words);
                Ok(Effect::Done)
            }
            name => return self.ask_order(OrderId(number(name)), words.at(1)),
        })
    }

    fn pass(&mut self, words: &Words<'_>) {
        match words.at(0) {
            "sweep" => {
                self.driver.sweep();
            }
            "wait" => self.driver.now = self.driver.now.plus(span(words.at(1))),
            "lag" => self.driver.lagging = true,
            "catch" => {
                self.driver.lagging = false;
                self.driver.catch_up();
            }
            _ => self.driver = Driver::recover(self.driver.journal(), self.driver.now),
        }
    }

    fn ask_order(&mut self, id: OrderId, verb: &str) -> Heard {
        let driver = &mut self.driver;
        match verb {
            "asks" => driver.request_payment(id),
            "finishes" => driver.finish(id),
            "steps" => assert_eq!(driver.step(id), Effect::Done, "{id:?} has a step to do"),
            "approved" => _ = driver.hear_payment(id, Payment::Approved),
            "declined" => _ = driver.hear_payment(id, Payment::Declined),
            "unknown" => _ = driver.hear_payment(id, Payment::Unknown),
            "failing" => _ = driver.hear_payment(id, Payment::Failing),
            other => panic!("{other:?} is nothing that a script can say"),
        }
        Heard::Order(order_in_words(driver.order(id).unwrap()))
    }

    /// What is asked without the key, and the key with a fingerprint of what is asked: a key of its own for each row
    /// that names none.
    fn identify(&self, request: &str) -> (String, Operation) {
        let mut words = Words::of(request);
        let id = words.after("key").map_or(1_000_000 + self.rows, number);
        if let Some(position) = words.0.iter().position(|word| *word == "key") {
            words.0.drain(position..position + 2);
        }
        let asked = words.0.join(" ");
        let mut hasher = Xxh3::new();
        hasher.write(asked.as_bytes());
        (asked, Operation { id: OperationId(id), fingerprint: Fingerprint(hasher.finish()) })
    }

    /// How something stands now: a product (`cup`, `cup at north`), when it is there for others (`cup next`) or for those
    /// to whom it is promised (`cup promised A`), what became of a promise (`cup line A`), who waits (`cup waiter ann`), a basket, an order, its `total`, `refunds`,
    /// `reason` or `address`.
    pub(crate) fn describe(&self, name: &str) -> String {
        let words = Words::of(name);
        if let Some(order) = self.driver.order(OrderId(number(words.at(0)))) {
            return match words.0.get(1) {
                None => order_in_words(order),
                Some(&"total") => order.total().to_decimal().to_string(),
                Some(&"refunds") => refunds_in_words(order),
                Some(&"address") => order.ship_to().to_string(),
                Some(&"reason") => order.reason().map_or("none", |reason| reason.as_str()).to_owned(),
                Some(other) => panic!("an order has no {other:?}"),
            };
        }
        if let Some(state) = self.driver.status(ReservationId(number(words.at(0)))) {
            return self.basket_in_words(state);
        }
        let product = self.driver.product(&sku(words.at(0)));
        if words.has("next") {
            return self.instant_in_words(product.forecast(self.driver.now).next_available_at);
        }
        if let Some(name) = words.after("waiter") {
            return self.waiter_in_words(&product, &customer(name));
        }
        if let Some(basket) = words.after("promised") {
            let hold = HoldId { reservation: ReservationId(number(basket)), line: 0 };
            return self.instant_in_words(product.forecast(self.driver.now).promised_at(hold));
        }
        if let Some(basket) = words.after("line") {
            let hold = HoldId { reservation: ReservationId(number(basket)), line: 0 };
            let Some(line) = product.allocation(hold) else { return "not promised".to_owned() };
            let (kept, queued, lapsed) = (line.open().floor_sub(line.queued), line.queued, line.lapsed);
            return format!("{kept} kept, {queued} queued, {lapsed} lapsed");
        }
        let location = words.location();
        let level = product.level(&location);
        let available = product.available(&location, self.driver.now);
        let mut conditions = String::new();
        for (count, word) in [(level.damaged, "damaged"), (level.quality_control, "unseen")] {
            if !count.is_zero() {
                conditions += &format!(" ({count} {word})");
            }
        }
        let queued = match product.queued().units() {
            0 => String::new(),
            queued => format!(", {queued} queued"),
        };
        let incoming = match product.incoming(&location).units() {
            0 => String::new(),
            incoming => format!(", {incoming} incoming"),
        };
        format!(
            "{} on hand{conditions}, {} held, {} promised, {available} available{queued}{incoming}",
            level.on_hand, level.held, level.allocated
        )
    }

    fn waiter_in_words(&self, product: &Product, customer: &CustomerId) -> String {
        let Some(entry) = product.waiting_entry(customer) else { return "never waited".to_owned() };
        let mut text = format!("{}, {} wanted", entry.status.name(), entry.wanted);
        for (location, units) in entry.offered_at() {
            text += &format!(", {units:?} offered at {location}");
        }
        if let Some(expires_at) = entry.expires_at {
            text += &format!(" for {} ms", expires_at.since(self.driver.now).0);
        }
        if let Some(ahead) = product.waiting_position(customer) {
            text += &format!(", {ahead} ahead");
        }
        text
    }

    fn basket_in_words(&self, state: ReservationState) -> String {
        match state {
            ReservationState::Held { expires_at } => {
                format!("held for {} ms", expires_at.since(self.driver.now).0)
            }
            ReservationState::Pinned { remaining, .. } => format!("in checkout, {} ms left", remaining.0),
            ReservationState::Committed { .. } => "committed".to_owned(),
            ReservationState::Released { .. } => "released".to_owned(),
            ReservationState::Expired { .. } => "lapsed".to_owned(),
        }
    }

    /// How many lines a product's movements have.
    pub(crate) fn movements(&self, name: &str) -> Vec<i64> {
        let of = sku(name);
        let movement = |event: &Event| match event {
            Event::Product(sku, holdfast_engine::product::ProductEvent::Adjusted { delta, .. })
                if *sku == of =>
            {
                Some(*delta)
            }
            _ => None,
        };
        self.driver.journal().iter().filter_map(movement).collect()
    }
}

impl Shop {
    fn instant_in_words(&self, at: Option<Timestamp>) -> String {
        let minutes = |at: Timestamp| (at.millis() - self.driver.now.millis()) / 60_000;
        at.map_or("nobody knows".to_owned(), |at| format!("in {} min", minutes(at)))
    }

    /// Changes a count at the main place, under a key of its own.
    pub(crate) fn tell(&mut self, name: &str, change: StockChange) -> Answer {
        self.rows += 1;
        let adjustment = Adjustment {
            location: LocationId::main(),
            condition: Condition::Sellable,
            change,
            expected: None,
            note: Note::why(SmolStr::new_static("told")),
            operation: Operation { id: OperationId(1_000_000 + self.rows), fingerprint: Fingerprint(0) },
        };
        self.driver.adjust(&sku(name), adjustment)
    }

    /// The lines of a product's books, in words: where, by how many, why, and the paper behind it.
    pub(crate) fn books(&self, name: &str) -> Vec<String> {
        let of = sku(name);
        let events = self.driver.journal().iter().filter_map(|event| match event {
            Event::Product(sku, event) if *sku == of => Some(event),
            _ => None,
        });
        let line = |Movement { place, delta, reason, reference }: Movement<'_>| {
            let place = match place {
                Whereabouts::Shelf(location, Condition::Sellable) => location.to_string(),
                Whereabouts::Shelf(location, condition) => format!("{location} {}", condition.name()),
                Whereabouts::Transit => "in transit".to_owned(),
            };
            format!("{place}: {delta:+} {reason} {}", reference.unwrap_or("-"))
        };
        events.flat_map(|event| event.movements()).map(line).collect()
    }
}

enum Heard {
    Answer(Answer),
    /// The order in words, after something that is not asked but happens.
    Order(String),
}

pub(crate) fn order_in_words(order: &Order) -> String {
    let next = match order.next_step() {
        Step::Rest => "rest".to_owned(),
        Step::CommitStock => "take the units".to_owned(),
        Step::ReturnStock { committed: false } => "give held units back".to_owned(),
        Step::ReturnStock { committed: true } => "give promised units back".to_owned(),
        Step::Pay(step, Attempt { tries, unknown, .. }) => {
            let call = match step {
                PaymentStep::Authorise => "authorise".to_owned(),
                PaymentStep::Capture => "capture".to_owned(),
                PaymentStep::Void => "void".to_owned(),
                PaymentStep::Refund(number) => format!("refund {}", number + 1),
            };
            match (unknown, tries) {
                (true, _) => format!("ask about {call}"),
                (false, 0) => call,
                (false, tries) => format!("{call} after {tries}"),
            }
        }
    };
    format!("{}; {next}", order.status().name())
}

fn refunds_in_words(order: &Order) -> String {
    let refunds = order.refunds().iter().map(|refund| {
        let state = match refund.state {
            RefundState::Pending(_) => "owed",
            RefundState::Done { .. } => "paid",
            RefundState::Failed { .. } => "failed",
        };
        format!("{} {state}", refund.amount.to_decimal())
    });
    let refunds: Vec<_> = refunds.collect();
    if refunds.is_empty() { "none".to_owned() } else { refunds.join(", ") }
}

struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.split_whitespace().collect())
    }

    fn at(&self, position: usize) -> &'a str {
        self.0.get(position).copied().unwrap_or_default()
    }

    fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }

    /// The word that follows this one.
    fn after(&self, word: &str) -> Option<&'a str> {
        let position = self.0.iter().position(|here| *here == word)?;
        self.0.get(position + 1).copied()
    }

    /// The locations after this word, with commas between.
    fn locations(&self, word: &str) -> Vec<LocationId> {
        let names = self.after(word).into_iter().flat_map(|names| names.split(','));
        names.map(|name| LocationId::new(name).unwrap()).collect()
    }

    fn location(&self) -> LocationId {
        self.after("at").map_or_else(LocationId::main, |name| LocationId::new(name).unwrap())
    }
}

fn details(words: &Words<'_>, made_of: &str, now: Timestamp) -> ProductDetails {
    let usual = Policy::default();
    let policy = Policy {
        sellable: !words.has("unsellable"),
        safety_stock: words.after("safety").map_or(usual.safety_stock, quantity),
        backorders: match words.after("backorder") {
            None => Backorders::None,
            Some("unlimited") => Backorders::Unlimited,
            Some(limit) => Backorders::Capped(quantity(limit)),
        },
        preorder: words.after("preorder").map(|quota| Preorder {
            quota: quantity(quota),
            release_at: now.plus(span(words.after("release").unwrap())),
        }),
        matching: if words.has("fair") { Matching::FairShare } else { Matching::Arrival },
        sourcing: SourcingRules {
            strategy: words.after("source").map_or(Strategy::FewestShipments, strategy),
            ranking: words.locations("rank"),
            closed: words.locations("closed"),
        },
        hold_ttl_default: words.after("hold-default").map_or(usual.hold_ttl_default, span),
        guest_hold_ttl_default: words.after("guest-hold").map(span),
        hold_ttl_max: words.after("hold-max").map_or(usual.hold_ttl_max, span),
        line_quantity_min: words.after("line-min").map_or(usual.line_quantity_min, line_quantity),
        line_quantity_max: words.after("line-max").map_or(usual.line_quantity_max, line_quantity),
        line_quantity_multiple: words.after("by").map_or(usual.line_quantity_multiple, line_quantity),
        tracked: !words.has("untracked"),
        waiting_list: words.after("waiting").map(|ttl| WaitingRules { offer_ttl: span(ttl) }),
    };
    let currency = currency(words.after("in").unwrap_or("EUR"));
    let price =
        words.after("price").map(|price| UnitPrice::from_decimal(price.parse().unwrap(), currency).unwrap());
    let components = wanted(made_of).into_iter().map(|(sku, _, quantity)| Component { sku, quantity });
    ProductDetails { name: SmolStr::default(), price, policy, components: components.collect() }
}

fn sale(words: &Words<'_>, now: Timestamp) -> SaleTerms {
    let opens_at = words.after("in").map_or(now, |after| now.plus(span(after)));
    let aside = words
        .0
        .iter()
        .position(|word| *word == "aside")
        .map_or(String::new(), |at| words.0[at + 1..].join(" "));
    let allotments = aside.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| {
        let (units, location) = part.split_once(' ').unwrap();
        Allotment { location: LocationId::new(location).unwrap(), units: quantity(units) }
    });
    SaleTerms {
        id: sale_id(words.at(2)),
        opens_at,
        closes_at: words.after("for").map(|length| opens_at.plus(span(length))),
        paused: words.has("paused"),
        exclusive: words.has("exclusive"),
        per_customer: words.after("limit").map(line_quantity),
        admits: words.after("admits").map(|most| most.parse().unwrap()),
        allotments: allotments.collect(),
    }
}

fn sale_id(name: &str) -> SaleId {
    SaleId::new(name).unwrap()
}

fn strategy(word: &str) -> Strategy {
    match word {
        "fewest" => Strategy::FewestShipments,
        "ranked" => Strategy::Ranked,
        "fullest" => Strategy::HighestStock,
        "nearest" => Strategy::Nearest,
        other => panic!("{other:?} is no way to choose locations"),
    }
}

fn terms(words: &Words<'_>, now: Timestamp) -> Terms {
    let near = words.locations("near");
    let tifs = [
        ("or-kill", TimeInForce::FillOrKill),
        ("or-drop", TimeInForce::ImmediateOrCancel),
        ("or-queue", TimeInForce::GoodTilCancelled),
    ];
    Terms {
        time_in_force: match words.after("till") {
            Some(after) => Some(TimeInForce::GoodTilDate(now.plus(span(after)))),
            None => tifs.into_iter().find(|(word, _)| words.has(word)).map(|(_, tif)| tif),
        },
        class: words
            .after("class")
            .map_or(PriorityClass::USUAL, |class| PriorityClass(class.parse().unwrap())),
        strategy: words.after("source").map(strategy),
        nearest: (!near.is_empty()).then(|| near.into()),
        plan: None,
    }
}

fn wanted(text: &str) -> Vec<Wanted> {
    let lines = text.split(',').map(str::trim).filter(|line| !line.is_empty());
    let line = |line: &str| {
        let words = Words::of(line);
        let location = words.after("at").map(|name| LocationId::new(name).unwrap());
        (sku(words.at(1)), location, LineQuantity::new(words.at(0).parse().unwrap()).unwrap())
    };
    lines.map(line).collect()
}

pub(crate) fn sku(name: &str) -> Sku {
    Sku::new(name).unwrap()
}

fn customer(name: &str) -> CustomerId {
    CustomerId::new(name).unwrap()
}

pub(crate) fn currency(code: &str) -> Currency {
    let exponent = match code {
        "JPY" => 0,
        "KWD" => 3,
        _ => 2,
    };
    Currency::new(code.as_bytes().try_into().unwrap(), exponent).unwrap()
}

pub(crate) fn quantity(units: &str) -> Quantity {
    Quantity::new(units.parse().unwrap()).unwrap()
}

/// A name as a number: its letters, as bytes.
pub(crate) fn number(name: &str) -> u128 {
    name.bytes().fold(0, |number, byte| (number << 8) | u128::from(byte))
}

fn span(text: &str) -> Millis {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        other => panic!("{other:?} is no unit of time"),
    };
    Millis(digits.parse::<u64>().unwrap() * unit)
}

fn line_quantity(units: &str) -> LineQuantity {
    LineQuantity::new(units.parse().unwrap()).unwrap()
}

fn condition(word: &str) -> Condition {
    match word {
        "sellable" => Condition::Sellable,
        "damaged" => Condition::Damaged,
        "unseen" => Condition::QualityControl,
        other => panic!("{other} is no condition"),
    }
}

/// What is asked about a lot, and of which product.
fn lot_command(words: &Words<'_>, now: Timestamp, operation: Operation) -> (Sku, LotCommand) {
    let expected_at = words.after("in").map(|text| now.plus(span(text)));
    let reference = Some(SmolStr::new(words.at(if words.at(0) == "call" { 2 } else { 1 })));
    let (name, of, action) = match words.at(0) {
        "announce" => {
            let (location, units) = (words.location(), line_quantity(words.at(2)));
            let announcement = Announcement { location, units, expected_at, reference };
            (words.at(1), words.at(3), LotAction::Announce(announcement))
        }
        "transfer" => {
            let location = |word| LocationId::new(words.after(word).unwrap()).unwrap();
            let transfer = Transfer {
                from: location("from"),
                to: location("to"),
                create: words.has("new"),
                units: line_quantity(words.at(2)),
                expected_at,
                reason: SmolStr::new_static("rebalance"),
                reference,
            };
            (words.at(1), words.at(3), LotAction::Transfer(transfer))
        }
        "arrive" => {
            let receipt = Receipt {
                units: quantity(words.at(2)),
                condition: words.after("of").map_or(Condition::Sellable, condition),
                close: words.has("close"),
                reason: words.after("because").map(SmolStr::new),
            };
            (words.at(1), words.at(3), LotAction::Receive(receipt))
        }
        "expect" => (words.at(1), words.at(2), LotAction::Reschedule(expected_at)),
        _ => (words.at(2), words.at(3), LotAction::Cancel(SmolStr::new_static("called off"))),
    };
    (sku(of), LotCommand { lot: LotId(number(name)), action, actor: None, operation })
}
