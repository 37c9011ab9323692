//! One history through both shops, compared after every command.

use holdfast_engine::order::ReturnLine;
use holdfast_engine::product::{
    Adjustment, Announcement, DeleteLocation, Fulfilment, JoinWaiting, LotAction, LotCommand, PriorityClass,
    Product, ProductCommand, Receipt, StockChange, Transfer,
};
use holdfast_engine::{Fingerprint, HoldId, LineQuantity, Millis, Money, SmolStr, Timestamp};

use super::commands::{
    BASKETS, Command, CountChange, Expected, FIRST_DAY, FIRST_ORDER, ITEMS, ONE_OF, ORDERS, Wait,
};
use super::driver::{Answer, Basket, Change, Driver, Payment, PlaceRequest};
use super::names;
use super::reference::{
    self, Basket as PaperBasket, DAMAGED, Item, Key, Line, Moved, Next, Number, PILES, PLACES, Reference,
    Reply, Sale, Says, Told, Waiter, Yes,
};

/// Every number a basket can have in a history.
pub(crate) fn baskets() -> impl Iterator<Item = Number> {
    (0..BASKETS).chain(FIRST_ORDER..FIRST_ORDER + ORDERS)
}

pub(crate) struct Walk {
    pub(crate) driver: Driver,
    pub(crate) paper: Reference,
    now: i64,
    /// The basket refused last: its number is free for another try.
    refused: Number,
}

impl Default for Walk {
    fn default() -> Self {
        let now = FIRST_DAY;
        let mut driver = Driver::new(Timestamp::from_millis(now));
        // The shop on paper knows no baskets of bundles, only that a bundle has no units.
        driver.claims_bundles = true;
        Self { driver, paper: Reference::default(), now, refused: 0 }
    }
}

impl Walk {
    /// Runs one command, `before` being those that went before it, and compares.
    pub(crate) fn run(&mut self, before: &[Command], command: &Command) {
        let command = match command {
            Command::Again { .. } if before.is_empty() => return,
            Command::Again { which, other } => which.get(before).again(*other),
            command => command.clone(),
        };
        let command = self.name_parties(command);
        self.dispatch(&command);
        // An offer's time begins when it is made, so the timer is always quick here.
        self.driver.settle_waiting();
        self.paper.pass_to(self.now);
        self.compare(&command);
    }

    /// Puts a basket or order that is there and fits wherever a command means just one of them.
    fn name_parties(&self, mut command: Command) -> Command {
        let some = |wish: Number, fits: &dyn Fn(PaperBasket) -> bool| {
            let there = baskets().filter(|basket| self.paper.basket(*basket).is_some_and(fits));
            one_of(&there.collect::<Vec<_>>(), wish, 0)
        };
        let some_order = |wish: Number, fits: &dyn Fn(Number) -> bool| {
            let there = self.paper.orders().into_iter().filter(|order| fits(*order));
            one_of(&there.collect::<Vec<_>>(), wish, FIRST_ORDER)
        };
        match &mut command {
            Command::Commit { basket, .. }
            | Command::Release { basket, .. }
            | Command::Extend { basket, .. }
            | Command::ChangeLines { basket, .. }
            | Command::Pin { basket, .. }
            | Command::Place { basket: Some(basket), .. } => *basket = some(*basket, &|_| true),
            Command::Unpin { basket, order } | Command::EndPinned { basket, order, .. } => {
                if *basket >= ONE_OF {
                    *basket = some(*basket, &|state| matches!(state, PaperBasket::Pinned { .. }));
                    if let Some(PaperBasket::Pinned { order: by, .. }) = self.paper.basket(*basket) {
                        *order = by;
                    }
                }
            }
            Command::Fulfil { basket, .. } => {
                *basket = some(*basket, &|state| state == PaperBasket::Committed);
            }
            Command::Pay { order, .. } | Command::Step { order } | Command::Finish { order } => {
                *order = some_order(*order, &|order| self.paper.next(order) != Next::Nothing);
            }
            Command::Ship { order, .. }
            | Command::TakeBack { order, .. }
            | Command::Cancel { order, .. }
            | Command::Refund { order, .. }
            | Command::Readdress { order, .. } => {
                *order = some_order(*order, &|order| self.paper.is_paid(order));
            }
            Command::RetryRefund { order, .. } => {
                *order = some_order(*order, &|order| !self.paper.refunds(order).is_empty());
            }
            Command::FinishShipment { order } => {
                *order = some_order(*order, &|order| self.paper.is_shipping(order));
            }
            Command::Receive { item, lot, .. }
            | Command::Reschedule { item, lot, .. }
            | Command::CallOff { item, lot, .. } => {
                let open =
                    self.paper.lots(*item).into_iter().filter(|lot| self.paper.left_of(*item, *lot) > 0);
                *lot = one_of(&open.collect::<Vec<_>>(), *lot, 0);
            }
            Command::Reserve { basket, .. } if *basket >= ONE_OF => *basket = self.refused,
            Command::Reserve { .. }
            | Command::Bundle(_)
            | Command::Put { .. }
            | Command::Delete { .. }
            | Command::PutSale { .. }
            | Command::EndSale { .. }
            | Command::Count { .. }
            | Command::Announce { .. }
            | Command::Transfer { .. }
            | Command::DeletePlace { .. }
            | Command::Join { .. }
            | Command::Leave { .. }
            | Command::Sweep
            | Command::Wait(_)
            | Command::Lag(_)
            | Command::Crash
            | Command::Place { basket: None, .. }
            | Command::Again { .. } => {}
        }
        command
    }

    /// Lets everything in the mail arrive and compares for the last time.
    pub(crate) fn finish(&mut self) {
        self.driver.catch_up();
        self.compare(&"the end");
        self.driver.check();
        self.driver.check_pasts();
        let replayed = super::driver::replay(self.driver.journal());
        assert_eq!(replayed.digest(), self.driver.world().digest(), "I6: a replay gives the same state");
        assert!(replayed == *self.driver.world(), "I6: a replay gives the same state, field by field");
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    fn dispatch(&mut self, command: &Command) {
        let now = self.now;
        match command {
            Command::Put { item, rules, key } => {
                let answer =
                    self.driver.put(&names::sku(*item), names::details(*rules), names::operation(*key));
                agree(command, &answer, &self.paper.put(*item, *rules, now, *key));
            }
            Command::Delete { item, key } => {
                let answer = self.driver.delete(&names::sku(*item), names::operation(*key));
                agree(command, &answer, &self.paper.delete(*item, now, *key));
            }
            Command::PutSale { item, sale, key } => {
                let sale =
                    Sale { opens: now + sale.opens, closes: sale.closes.map(|after| now + after), ..*sale };
                let answer =
                    self.driver.put_sale(&names::sku(*item), names::sale(sale), names::operation(*key));
                agree(command, &answer, &self.paper.put_sale(*item, sale, *key));
            }
            Command::EndSale { item, name, key } => {
                let sale = names::sale_id(*name);
                let answer = self.driver.end_sale(&names::sku(*item), sale, names::operation(*key));
                agree(command, &answer, &self.paper.end_sale(*item, *name, *key));
            }
            Command::Count { item, place, pile, change, expected, key } => {
                self.count(command, (*item, *place, *pile), *change, *expected, *key);
            }
            Command::Announce { .. }
            | Command::Transfer { .. }
            | Command::Receive { .. }
            | Command::Reschedule { .. }
            | Command::CallOff { .. } => self.dispatch_lot(command),
            Command::DeletePlace { item, place, to, key } => {
                let (location, to_location) = (names::location(*place), to.map(names::location));
                let (reason, operation) = (SmolStr::new_static("closed"), names::operation(*key));
                let command_of_place = DeleteLocation { location, to: to_location, reason, operation };
                let delete = ProductCommand::DeleteLocation(Box::new(command_of_place));
                let answer = self.driver.ask(&names::sku(*item), &delete);
                agree(command, &answer, &self.paper.delete_place(*item, *place, *to, *key));
            }
            Command::Join { item, customer, units, place, class, key } => {
                let join = JoinWaiting {
                    customer: names::customer(*customer),
                    quantity: LineQuantity::new(*units).unwrap(),
                    location: place.map(names::location),
                    class: PriorityClass(*class),
                    operation: names::operation(*key),
                };
                let answer = self.driver.ask(&names::sku(*item), &ProductCommand::Join(Box::new(join)));
                let of = (*item, *customer);
                agree(command, &answer, &self.paper.join(of, (*units).into(), *place, *class, *key));
            }
            Command::Leave { item, customer, key } => {
                let (who, operation) = (names::customer(*customer), names::operation(*key));
                let leave = ProductCommand::Leave { customer: who, operation };
                let answer = self.driver.ask(&names::sku(*item), &leave);
                agree(command, &answer, &self.paper.leave(*item, *customer, *key));
            }
            Command::Reserve { basket, customer, asked, lines, wishes, ttl } => {
                let answer = self.driver.reserve(&Basket {
                    id: names::reservation(*basket),
                    customer: names::customer(*customer),
                    fingerprint: Fingerprint((*asked).into()),
                    lines: names::wanted(lines),
                    ttl: Millis(ttl.unsigned_abs()),
                    terms: names::terms(*wishes),
                });
                if answer.is_err() && *basket < BASKETS {
                    self.refused = *basket;
                }
                let reply = self.paper.reserve(*basket, (*customer, *asked), lines, *wishes, *ttl);
                agree(command, &answer, &reply);
            }
            Command::Bundle(wishes) => {
                let baskets = wishes.iter().map(|wish| Basket {
                    id: names::reservation(wish.basket),
                    customer: names::customer(wish.customer),
                    fingerprint: Fingerprint(wish.asked.into()),
                    lines: names::wanted(&wish.lines),
                    ttl: Millis(wish.ttl.unsigned_abs()),
                    terms: names::terms(wish.wishes),
                });
                let answer = self.driver.reserve_together(&baskets.collect::<Vec<_>>());
                let reply = self.paper.bundle(wishes);
                match wishes.as_slice() {
                    [_] => agree(command, &answer, &reply),
                    // Which of several reasons is named depends on the way through the shelves.
                    _ => assert_eq!(
                        answer.as_ref().map(|effect| names::yes(*effect)).ok(),
                        reply.as_ref().ok().copied(),
                        "the engine says {answer:?} and the shop on paper {reply:?} about {command:?}"
                    ),
                }
            }
            Command::Commit { basket, units, key } => {
                let id = names::reservation(*basket);
                let taken: Option<Vec<u32>> =
                    units.as_ref().map(|units| units.iter().map(|units| u32::from(*units)).collect());
                let answer = self.driver.commit(id, taken.as_deref(), names::operation(*key));
                let units: Option<Vec<u64>> =
                    units.as_ref().map(|units| units.iter().map(|units| u64::from(*units)).collect());
                agree(command, &answer, &self.paper.commit(*basket, units.as_deref(), now, *key));
            }
            Command::Release { basket, key } => {
                let answer = self.driver.release(names::reservation(*basket), names::operation(*key));
                agree(command, &answer, &self.paper.release(*basket, now, *key));
            }
            Command::Extend { basket, ttl, key } => {
                let span = Millis(ttl.unsigned_abs());
                let answer = self.driver.extend(names::reservation(*basket), span, names::operation(*key));
                agree(command, &answer, &self.paper.extend(*basket, *ttl, now, *key));
            }
            Command::ChangeLines { basket, lines, wishes, ttl, key } => {
                let answer = self.driver.change(
                    names::reservation(*basket),
                    &Change {
                        lines: names::wanted(lines),
                        ttl: ttl.map(|ttl| Millis(ttl.unsigned_abs())),
                        terms: names::terms(*wishes),
                        operation: names::operation(*key),
                    },
                );
                let reply = self.paper.change(*basket, lines, *wishes, *ttl, *key);
                agree(command, &answer, &reply);
            }
            Command::Pin { basket, order, customer } => {
                let buyer = names::customer(*customer);
                let answer = self.driver.pin(names::reservation(*basket), names::order(*order), &buyer);
                agree(command, &answer, &self.paper.pin(*basket, *order, *customer, now));
            }
            Command::Unpin { basket, order } => {
                let answer = self.driver.unpin(names::reservation(*basket), names::order(*order));
                agree(command, &answer, &self.paper.unpin(*basket, *order, now));
            }
            Command::EndPinned { basket, order, commit } => {
                let (id, by) = (names::reservation(*basket), names::order(*order));
                let answer = if *commit {
                    self.driver.commit_pinned(id, by)
                } else {
                    self.driver.release_pinned(id, by)
                };
                agree(command, &answer, &self.paper.end_pinned(*basket, *order, *commit));
            }
            Command::Fulfil { basket, line, shipped, cancelled, returned, damaged } => {
                let to = Moved {
                    shipped: (*shipped).into(),
                    cancelled: (*cancelled).into(),
                    returned: (*returned).into(),
                    damaged: (*damaged).into(),
                };
                self.fulfil(command, *basket, *line, to);
            }
            Command::Sweep => {
                let lapsed: Vec<_> = baskets()
                    .filter(|basket| matches!(self.paper.basket(*basket), Some(PaperBasket::Lapsed { .. })))
                    .map(names::reservation)
                    .collect();
                for ended in self.driver.sweep() {
                    assert!(lapsed.contains(&ended), "only what is lapsed is swept, not {ended:?}");
                }
                assert!(self.driver.sweep().is_empty(), "a second sweep finds nothing");
            }
            Command::Wait(wait) => self.wait(*wait),
            Command::Lag(lag) => {
                self.driver.lagging = *lag;
                if !lag {
                    self.driver.catch_up();
                }
            }
            Command::Crash => {
                // A shipment under way gets less if the units of a lapsed basket have not come to it by then.
                self.driver.settle_all();
                let (lagging, pasts) = (self.driver.lagging, self.driver.pasts());
                self.driver = Driver::recover(self.driver.journal(), self.now());
                self.driver.claims_bundles = true;
                self.driver.lagging = lagging;
                self.driver.go_on_noting(pasts);
                self.driver.world().check_settled(self.now());
                self.paper.restart(now);
            }
            Command::Place { .. }
            | Command::Pay { .. }
            | Command::Step { .. }
            | Command::Finish { .. }
            | Command::Ship { .. }
            | Command::FinishShipment { .. }
            | Command::Cancel { .. }
            | Command::TakeBack { .. }
            | Command::Refund { .. }
            | Command::RetryRefund { .. }
            | Command::Readdress { .. } => self.dispatch_order(command),
            Command::Again { .. } => {}
        }
    }

    fn dispatch_order(&mut self, command: &Command) {
        let now = self.now;
        match command {
            Command::Place { order, basket, customer, asked, lines, wishes, expected } => {
                let shown = self.paper.quote(*basket, lines).unwrap_or(0);
                let expected = match expected {
                    Expected::Nothing => None,
                    Expected::WhatIs => Some(shown),
                    Expected::SomethingElse => Some(shown + 1),
                };
                let answer = self.driver.place(&PlaceRequest {
                    id: names::order(*order),
                    customer: names::customer(*customer),
                    fingerprint: Fingerprint((*asked).into()),
                    basket: basket.map(names::reservation),
                    lines: names::wanted(lines),
                    currency: names::currency(),
                    expected_total: expected
                        .map(|minor| Money::from_minor(minor, names::currency()).unwrap()),
                    terms: names::terms(*wishes),
                });
                let buyer = (*customer, *asked);
                let reply = self.paper.place(*order, buyer, *basket, lines, expected, (*wishes, now));
                agree(command, &answer, &reply);
            }
            Command::Pay { order, says } if self.driver.order(names::order(*order)).is_some() => {
                let payment = match says {
                    Says::Approved => Payment::Approved,
                    Says::Declined => Payment::Declined,
                    Says::Unknown => Payment::Unknown,
                    Says::Failing => Payment::Failing,
                };
                let effect = self.driver.pay(names::order(*order), payment);
                agree(command, &Ok(effect), &Ok(self.paper.pay(*order, *says, now)));
            }
            Command::Step { order } if self.driver.order(names::order(*order)).is_some() => {
                let effect = self.driver.step(names::order(*order));
                agree(command, &Ok(effect), &Ok(self.paper.step(*order, now)));
            }
            Command::Finish { order } if self.driver.order(names::order(*order)).is_some() => {
                self.driver.finish(names::order(*order));
                self.paper.finish(*order, now);
            }
            Command::Ship { order, units, slow, key } => {
                let units = self.name_units(*order, units);
                let (id, named) = (names::order(*order), names::wanted(&units));
                let answer = self.driver.start_shipment(id, &named, names::operation(*key));
                let reply = self.paper.start_shipment(*order, &units, *key);
                agree(command, &answer, &reply);
                if reply == Ok(Yes::Done) && !slow {
                    let answer = self.driver.finish_shipment(id);
                    agree(command, &answer, &self.paper.finish_shipment(*order, now));
                }
            }
            Command::FinishShipment { order } => {
                let answer = self.driver.finish_shipment(names::order(*order));
                agree(command, &answer, &self.paper.finish_shipment(*order, now));
            }
            Command::Cancel { order, units, key } => {
                let units = self.name_units(*order, units);
                let (id, named) = (names::order(*order), names::wanted(&units));
                let answer = self.driver.cancel(id, &named, names::operation(*key));
                agree(command, &answer, &self.paper.cancel(*order, &units, now, *key));
            }
            Command::TakeBack { order, units, damaged, key } => {
                // Two returns that a crash makes one may bring the damaged unit back to another place.
                self.driver.catch_up();
                // The runtime lets other requests to an order wait until its shipment is over.
                let answer = self.driver.finish_shipment(names::order(*order));
                agree(command, &answer, &self.paper.finish_shipment(*order, now));
                let units = self.name_units(*order, units);
                let is_damaged = |position: usize| damaged >> position & 1 == 1;
                let broken: Vec<_> =
                    (0..).zip(&units).filter(|(at, _)| is_damaged(*at)).map(|(_, line)| *line).collect();
                let named =
                    names::wanted(&units).into_iter().enumerate().map(|(at, (sku, location, quantity))| {
                        ReturnLine { sku, location, quantity, damaged: is_damaged(at) }
                    });
                let (id, named) = (names::order(*order), named.collect::<Vec<_>>());
                let answer = self.driver.take_back(id, &named, names::operation(*key));
                agree(command, &answer, &self.paper.take_back(*order, (&units, &broken), now, *key));
            }
            Command::Refund { order, tenths, key } => {
                let there = self.paper.orders().contains(order);
                let total = if there { self.paper.total(*order) } else { 0 };
                let amount = total * i64::from(*tenths) / 10;
                let money = Money::from_minor(amount, names::currency()).unwrap();
                let answer = self.driver.refund(names::order(*order), money, names::operation(*key));
                agree(command, &answer, &self.paper.refund(*order, amount, now, *key));
            }
            Command::Readdress { order, to, key } => {
                let (id, place) = (names::order(*order), to.to_string());
                let answer = self.driver.readdress(id, &place, names::operation(*key));
                agree(command, &answer, &self.paper.readdress(*order, *to, now, *key));
            }
            Command::RetryRefund { order, refund, key } => {
                let (id, number) = (names::order(*order), u16::from(*refund));
                let answer = self.driver.retry_refund(id, number, names::operation(*key));
                agree(command, &answer, &self.paper.retry_refund(*order, (*refund).into(), now, *key));
            }
            _ => {}
        }
    }

    fn dispatch_lot(&mut self, command: &Command) {
        let now = self.now;
        let at = |due: &Option<i64>| due.map(Timestamp::from_millis);
        let units_of = |units: &u32| LineQuantity::new(*units).unwrap();
        let (item, lot, key, action, reply) = match command {
            Command::Announce { item, lot, place, units, due, key } => {
                let (location, units, expected_at) = (names::location(*place), units_of(units), at(due));
                let announcement = Announcement { location, units, expected_at, reference: None };
                let of = (*item, *lot, *place);
                let reply = self.paper.announce(of, units.units().into(), *due, now, *key);
                (item, lot, key, LotAction::Announce(announcement), reply)
            }
            Command::Transfer { item, lot, from, to, create, units, due, key } => {
                let transfer = Transfer {
                    from: names::location(*from),
                    to: names::location(*to),
                    create: *create,
                    units: units_of(units),
                    expected_at: at(due),
                    reason: SmolStr::new_static("rebalance"),
                    reference: None,
                };
                let (way, what) = ((*from, *to, *create), ((*units).into(), *due));
                let reply = self.paper.transfer((*item, *lot), way, what, now, *key);
                (item, lot, key, LotAction::Transfer(transfer), reply)
            }
            Command::Receive { item, lot, pile, units, close, key } => {
                let receipt = Receipt {
                    units: names::quantity((*units).into()),
                    condition: names::condition(*pile),
                    close: *close,
                    reason: None,
                };
                let (of, came) = ((*item, *lot, *pile), ((*units).into(), *close));
                (item, lot, key, LotAction::Receive(receipt), self.paper.receive(of, came, now, *key))
            }
            Command::Reschedule { item, lot, due, key } => {
                let reply = self.paper.reschedule(*item, *lot, *due, now, *key);
                (item, lot, key, LotAction::Reschedule(at(due)), reply)
            }
            Command::CallOff { item, lot, key } => {
                let action = LotAction::Cancel(SmolStr::new_static("called off"));
                (item, lot, key, action, self.paper.call_off(*item, *lot, now, *key))
            }
            _ => return,
        };
        let (lot, operation) = (names::lot(*lot), names::operation(*key));
        let command_of_lot = LotCommand { lot, action, actor: None, operation };
        let command_of_lot = ProductCommand::Lot(Box::new(command_of_lot));
        let answer = self.driver.ask(&names::sku(*item), &command_of_lot);
        agree(command, &answer, &reply);
    }

    fn count(
        &mut self,
        command: &Command,
        (item, place, pile): (u8, u8, u8),
        change: CountChange,
        expected: Expected,
        key: Key,
    ) {
        let there = self.paper.pile(item, place, pile);
        let expected = match expected {
            Expected::Nothing => None,
            Expected::WhatIs => Some(there),
            Expected::SomethingElse => Some(if there == 0 { 1 } else { there - 1 }),
        };
        let answer = self.driver.adjust(
            &names::sku(item),
            Adjustment {
                location: names::location(place),
                condition: names::condition(pile),
                change: match change {
                    CountChange::By(delta) => StockChange::By(delta),
                    CountChange::To(units) => StockChange::To(names::quantity(units)),
                    CountChange::Become(other, units) => {
                        StockChange::Become(names::condition(other), LineQuantity::new(units).unwrap())
                    }
                    CountChange::ByThen(delta, ago) => StockChange::ByAt(delta, self.ago(ago)),
                    CountChange::ToThen(units, ago) => {
                        StockChange::ToAt(names::quantity(units), self.ago(ago))
                    }
                },
                expected: expected.map(names::quantity),
                reason: SmolStr::new_static("count"),
                reference: None,
                actor: None,
                operation: names::operation(key),
            },
        );
        let told = match change {
            CountChange::By(delta) => (Told::By(delta), None),
            CountChange::To(units) => (Told::Found(units), None),
            CountChange::Become(other, units) => (Told::Became(other, units.into()), None),
            CountChange::ByThen(delta, ago) => (Told::By(delta), Some(self.now - ago)),
            CountChange::ToThen(units, ago) => (Told::Found(units), Some(self.now - ago)),
        };
        let reply = self.paper.count((item, place, pile), told, expected, self.now, key);
        agree(command, &answer, &reply);
    }

    fn ago(&self, ago: i64) -> Timestamp {
        Timestamp::from_millis(self.now - ago)
    }

    fn fulfil(&mut self, command: &Command, basket: Number, line: u8, to: Moved) {
        // What an order has promised moves only with the order.
        if self.paper.is_ordered(basket) {
            return;
        }
        let Some((item, ..)) = self.paper.lines(basket).get(usize::from(line)).copied() else { return };
        let hold = HoldId { reservation: names::reservation(basket), line: line.into() };
        let to_engine = Fulfilment {
            shipped: names::quantity(to.shipped),
            cancelled: names::quantity(to.cancelled),
            returned: names::quantity(to.returned),
            damaged: names::quantity(to.damaged),
        };
        let advance = ProductCommand::Advance { hold, to: to_engine };
        let answer = self.driver.ask(&names::sku(item), &advance);
        agree(command, &answer, &self.paper.fulfil(basket, line.into(), to));
    }

    fn wait(&mut self, wait: Wait) {
        self.driver.hear_of_goods();
        let now = self.now;
        let deadlines = baskets().filter_map(|basket| match self.paper.basket(basket) {
            Some(PaperBasket::Held { deadline }) => Some(deadline),
            _ => None,
        });
        self.now = match wait {
            Wait::For(span) => now + span,
            Wait::Deadline(after) => deadlines.min().map_or(now + 1, |deadline| deadline + after).max(now),
        };
        self.driver.now = self.now();
    }

    /// Lines of an order by position; a position it does not have becomes a product it does not have.
    fn name_units(&self, order: Number, units: &[(u8, u8)]) -> Vec<Line> {
        let lines = self.paper.order_lines(order);
        let name = |(line, units): &(u8, u8)| match lines.get(usize::from(*line)) {
            Some((item, place, _)) => (*item, *place, u64::from(*units)),
            None => (9, None, u64::from(*units)),
        };
        units.iter().map(name).collect()
    }
}

// Comparing.
impl Walk {
    fn compare(&self, command: &dyn std::fmt::Debug) {
        for item in 0..ITEMS {
            let product = self.driver.product(&names::sku(item));
            for place in 0..PLACES {
                let location = names::location(place);
                let level = product.level(&location);
                // Of what nobody counts there is no end, but where it has never been nothing is shown.
                let counts = self.paper.rules(item).is_none_or(|rules| rules.tracked);
                let free = if counts { self.paper.free(item, place) } else { 0 };
                let available = if counts { product.available(&location, self.now()).units() } else { 0 };
                let engine = [
                    level.on_hand,
                    level.damaged,
                    level.quality_control,
                    level.held,
                    level.allocated,
                    product.incoming(&location),
                ];
                assert_eq!(available, free, "available of item {item} at {place} after {command:?}");
                let paper = [
                    self.paper.on_hand(item, place),
                    self.paper.pile(item, place, DAMAGED),
                    self.paper.pile(item, place, PILES - 1),
                    self.paper.held(item, place),
                    self.paper.allocated(item, place),
                    self.paper.incoming(item, place),
                ];
                assert_eq!(
                    engine.map(|units| units.units()),
                    paper,
                    "on hand, held, allocated, incoming of item {item} at {place} after {command:?}"
                );
            }
            self.compare_waiting(command, item, &product);
            for (lot, state) in product.lots() {
                let lot = Number::try_from(lot.0).unwrap();
                let (left, due) = (state.left().units(), state.expected_at.map(Timestamp::millis));
                let paper = (self.paper.left_of(item, lot), self.paper.due(item, lot));
                assert_eq!((left, due), paper, "lot {lot} of item {item} after {command:?}");
            }
            let (forecast, (served, next)) =
                (product.forecast(self.now()), self.paper.forecast(item, self.now));
            for (basket, line) in self.paper.lines_waiting(item) {
                let hold = HoldId { reservation: names::reservation(basket), line: line.try_into().unwrap() };
                let promised = forecast.promised_at(hold).map(Timestamp::millis);
                let paper = served.get(&(basket, line)).copied();
                assert_eq!(promised, paper, "when {hold:?} gets its units, after {command:?}");
            }
            assert_eq!(
                forecast.next_available_at.map(Timestamp::millis),
                next,
                "when there is more of item {item} than anybody waits for, after {command:?}"
            );
            assert_eq!(product.incoming_total().units(), self.paper.incoming_anywhere(item));
            assert_eq!(
                product.queued().units(),
                self.paper.queued(item),
                "what queues for item {item} after {command:?}"
            );
        }
        for basket in baskets() {
            assert_eq!(
                self.driver.status(names::reservation(basket)).map(names::basket),
                self.paper.basket(basket),
                "basket {basket} after {command:?}"
            );
        }
        for number in self.paper.orders() {
            self.compare_order(command, number);
        }
        assert_eq!(self.driver.orders().count(), self.paper.orders().len(), "orders after {command:?}");
    }

    fn compare_waiting(&self, command: &dyn std::fmt::Debug, item: Item, product: &Product) {
        let paper = self.paper.waiters(item);
        assert_eq!(product.waiting_entries().count(), paper.len(), "who joined the list of {item}");
        for (customer, waiter) in paper {
            let name = names::customer(customer);
            let entry = product.waiting_entry(&name).unwrap();
            let Waiter { stand, wants, place, class, until, kept, .. } = waiter;
            let kept: Vec<_> = kept.iter().map(|kept| (kept.place, kept.units)).collect();
            let ahead = self.paper.waits_behind(item, customer);
            assert_eq!(
                (
                    names::stand(entry.status),
                    entry.wanted.units(),
                    entry.location.clone(),
                    entry.class.0,
                    entry.expires_at.map(Timestamp::millis),
                    names::offered(entry),
                    product.waiting_position(&name),
                ),
                (stand, wants, place.map(names::location), class, until, kept, ahead),
                "{name} on the list of item {item} after {command:?}"
            );
        }
    }

    fn compare_order(&self, command: &dyn std::fmt::Debug, number: Number) {
        let order = self.driver.order(names::order(number)).unwrap();
        assert_eq!(
            Some(names::status(order.status())),
            self.paper.status(number),
            "order {number} after {command:?}"
        );
        assert_eq!(
            names::next(&order.next_step()),
            self.paper.next(number),
            "what order {number} waits for after {command:?}"
        );
        for (line, state) in order.lines().iter().enumerate() {
            let Fulfilment { shipped, cancelled, returned, damaged } = state.progress;
            let paper = self.paper.progress(number, line);
            assert_eq!(
                [shipped, cancelled, returned, damaged].map(|units| units.units()),
                [paper.shipped, paper.cancelled, paper.returned, paper.damaged],
                "shipped, cancelled, returned, damaged of line {line} of order {number} after {command:?}"
            );
        }
        assert_eq!(order.total().minor(), self.paper.total(number), "what order {number} costs");
        let address = self.paper.address(number).map_or(String::new(), |to| to.to_string());
        assert_eq!(order.ship_to(), &address, "where order {number} goes after {command:?}");
        let refunds = order.refunds().iter();
        let refunds: Vec<_> =
            refunds.map(|refund| (refund.amount.minor(), names::refund(&refund.state))).collect();
        assert_eq!(refunds, self.paper.refunds(number), "what order {number} is owed after {command:?}");
        let back = refunds.iter().filter(|(_, paid)| *paid != Some(false)).map(|(amount, _)| amount);
        assert!(back.sum::<i64>() <= order.total().minor(), "I7: never more back than was paid");
        let shipped = order.lines().iter().any(|line| !line.progress.shipped.is_zero());
        assert!(!shipped || self.paper.is_paid(number), "I7: what is shipped is paid for");
    }
}

/// One of those that are there, if that is meant and there are any; otherwise the number that was meant.
fn one_of(there: &[Number], wish: Number, otherwise: Number) -> Number {
    match wish.checked_sub(ONE_OF) {
        None => wish,
        Some(_) if there.is_empty() => otherwise,
        Some(which) => there[usize::from(which) % there.len()],
    }
}

fn agree(command: &Command, answer: &Answer, reply: &Reply) {
    let heard = match answer {
        Ok(effect) => Ok(names::yes(*effect)),
        Err(refusal) => Err(names::no(refusal)),
    };
    assert_eq!(&heard, reply, "the engine and the shop on paper about {command:?}");
}

impl Reference {
    /// The lines of an order, if there is one.
    fn order_lines(&self, order: Number) -> Vec<reference::Line> {
        if self.orders().contains(&order) { self.lines_of_order(order) } else { Vec::new() }
    }
}
