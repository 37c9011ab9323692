//! Orders on paper: what was asked of the provider and the shelves, and what follows from the answers.

use super::{
    Call, Fact, Key, Line, Moved, Next, No, Number, PAID_WITHIN_MS, PROVIDER_TRIES, Reference, Reply, Says,
    Status, Thing, Wishes, Yes, merged,
};

impl Reference {
    pub(crate) fn orders(&self) -> Vec<Number> {
        let numbers = self.facts.iter().filter_map(|fact| match fact {
            Fact::Placed { order, .. } => Some(*order),
            _ => None,
        });
        numbers.collect()
    }

    /// Whether an order owns what this basket has promised.
    pub(crate) fn is_ordered(&self, basket: Number) -> bool {
        self.has(|fact| matches!(fact, Fact::Placed { basket: of, .. } if *of == basket))
    }

    /// The lines of an order that was placed.
    pub(crate) fn lines_of_order(&self, order: Number) -> Vec<Line> {
        self.order(order).unwrap().2
    }

    /// Basket, whether the order made it, lines and what each line costs.
    pub(super) fn order(&self, order: Number) -> Option<(Number, bool, Vec<Line>, Vec<i64>)> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Placed { order: of, basket, own, lines, prices, .. } if *of == order => {
                Some((*basket, *own, lines.clone(), prices.clone()))
            }
            _ => None,
        })
    }

    pub(crate) fn total(&self, order: Number) -> i64 {
        self.order(order).unwrap().3.iter().sum()
    }

    /// What a basket of these lines costs, line by line.
    pub(super) fn prices(&self, lines: &[Line]) -> Result<Vec<i64>, No> {
        let price = |line: &Line| {
            let rules = self.rules(line.0).ok_or(No::UnknownItem(line.0))?;
            let unit = rules.price.ok_or(No::Unpriced(line.0))?;
            // Ten-thousandths to hundredths.
            Ok(half_even(i128::from(unit) * i128::from(line.2), 100))
        };
        lines.iter().map(price).collect()
    }

    /// What the shop would show as the total of these lines, if it can.
    pub(crate) fn quote(&self, basket: Option<Number>, lines: &[Line]) -> Option<i64> {
        let lines = basket.map_or_else(|| merged(lines), |basket| self.lines_in_order(basket));
        Some(self.prices(&lines).ok()?.iter().sum())
    }

    pub(crate) fn place(
        &mut self,
        order: Number,
        (customer, asked): (u8, u32),
        basket: Option<Number>,
        lines: &[Line],
        expected: Option<i64>,
        (wishes, now): (Wishes, i64),
    ) -> Reply {
        for fact in &self.facts {
            if let Fact::Placed { order: of, asked: before, .. } = fact
                && *of == order
            {
                return if *before == asked { Ok(Yes::Already) } else { Err(No::KeyReused) };
            }
        }
        let lines = match basket {
            None => merged(lines),
            Some(basket) => {
                self.basket(basket).ok_or(No::UnknownBasket)?;
                self.lines_in_order(basket)
            }
        };
        let prices = self.prices(&lines)?;
        let total = prices.iter().sum::<i64>();
        if expected.is_some_and(|expected| expected != total) {
            return Err(No::OtherTotal(total));
        }
        let own = basket.is_none();
        let basket = basket.unwrap_or(order);
        if own {
            self.reserve(basket, (customer, asked), &lines, wishes, 60_000)?;
        }
        self.pin(basket, order, customer, now)?;
        self.facts.push(Fact::Placed { order, asked, basket, own, lines, prices, at: now });
        Ok(Yes::Done)
    }

    /// How the last answer to this call turned out.
    pub(super) fn settled(&self, order: Number, call: Call) -> Option<bool> {
        let last = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Settled { order: of, call: it, good } if (*of, *it) == (order, call) => Some(Some(*good)),
            Fact::Retried { order: of, refund } if (*of, Call::Refund(*refund)) == (order, call) => {
                Some(None)
            }
            _ => None,
        });
        last.flatten()
    }

    /// Whether the provider was asked and has not told yet.
    fn is_outstanding(&self, order: Number, call: Call) -> bool {
        let last = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Called { order: of, call: it } if (*of, *it) == (order, call) => Some(true),
            Fact::Settled { order: of, call: it, .. } if (*of, *it) == (order, call) => Some(false),
            _ => None,
        });
        last == Some(true)
    }

    pub(super) fn has(&self, test: impl Fn(&Fact) -> bool) -> bool {
        self.facts.iter().any(test)
    }

    pub(crate) fn is_paid(&self, order: Number) -> bool {
        self.settled(order, Call::Capture) == Some(true)
            || (self.total(order) == 0 && self.units_taken(order))
    }

    pub(super) fn units_taken(&self, order: Number) -> bool {
        self.has(|fact| matches!(fact, Fact::UnitsTaken { order: of } if *of == order))
    }

    pub(super) fn is_compensated(&self, order: Number) -> bool {
        self.has(|fact| matches!(fact, Fact::Compensated { order: of } if *of == order))
    }

    /// Whether it was paid and every unit of it was called off.
    pub(super) fn is_cancelled(&self, order: Number) -> bool {
        let lines = self.lines_of_order(order);
        self.is_paid(order)
            && (0..lines.len()).all(|line| self.progress(order, line).cancelled == lines[line].2)
    }

    /// Units of a line that are promised and still here.
    fn open(&self, order: Number, line: usize) -> u64 {
        let moved = self.progress(order, line);
        self.lines_of_order(order)[line].2 - moved.shipped - moved.cancelled
    }

    /// The units asked for, or all that are open; none beyond that.
    fn open_units(&self, order: Number, units: &[Line]) -> Result<Vec<(usize, u64)>, No> {
        let lines = self.lines_of_order(order);
        let left = |line| self.open(order, line);
        if !units.is_empty() {
            return named(&lines, units, left);
        }
        Ok((0..lines.len()).map(|line| (line, left(line))).filter(|(_, units)| *units > 0).collect())
    }

    /// Tells an order that is paid what was dropped of it since it heard of that last.
    pub(super) fn hear(&mut self, order: Number) {
        if !self.is_paid(order) {
            return;
        }
        let (basket, _, lines, _) = self.order(order).unwrap();
        let unheard = (0..lines.len()).map(|line| {
            let gone = self.moved(basket, self.numbered(basket)[line].1, None).cancelled;
            (line, gone.saturating_sub(self.progress(order, line).cancelled))
        });
        let units: Vec<_> = unheard.filter(|(_, units)| *units > 0).collect();
        if !units.is_empty() {
            self.facts.push(Fact::Heard { order, units });
        }
    }

    /// Units of a line that were dropped, as far as the order has heard of it and had not called them off before.
    pub(crate) fn lapsed(&self, order: Number, line: usize) -> u64 {
        let heard = self.facts.iter().filter_map(|fact| match fact {
            Fact::Heard { order: of, units } if *of == order => Some(units),
            _ => None,
        });
        heard.flatten().filter(|(at, _)| *at == line).map(|(_, units)| units).sum()
    }

    /// How far a line of an order has come. What was dropped counts as cancelled.
    pub(crate) fn progress(&self, order: Number, line: usize) -> Moved {
        let mut moved = Moved::default();
        let sum = |units: &[(usize, u64)]| -> u64 {
            units.iter().filter(|(at, _)| *at == line).map(|(_, units)| units).sum()
        };
        for fact in &self.facts {
            match fact {
                Fact::Shipped { order: of, units } if *of == order => moved.shipped += sum(units),
                Fact::Returned { order: of, units, damaged } if *of == order => {
                    moved.returned += sum(units);
                    moved.damaged += sum(damaged);
                }
                Fact::Cancelled { order: of, units } | Fact::Heard { order: of, units } if *of == order => {
                    moved.cancelled += sum(units);
                }
                _ => {}
            }
        }
        if self.is_compensated(order) && self.units_taken(order) {
            moved.cancelled = self.order(order).unwrap().2[line].2;
        }
        moved
    }

    /// What it waits for, from all that happened to it.
    pub(crate) fn next(&self, order: Number) -> Next {
        if self.is_compensated(order) {
            return Next::Nothing;
        }
        if self.is_paid(order) {
            let owed = (0..self.refunds(order).len()).map(Call::Refund);
            let owed: Vec<_> = owed.filter(|call| self.settled(order, *call).is_none()).collect();
            let asked = owed.iter().find(|call| self.is_outstanding(order, **call));
            return match asked.or(owed.first()) {
                Some(call) => self.call(order, *call),
                None => Next::Nothing,
            };
        }
        if self.total(order) > 0 {
            match self.settled(order, Call::Authorise) {
                None => return self.call(order, Call::Authorise),
                Some(false) => return Next::GiveUnitsBack { promised: false },
                Some(true) => {}
            }
        }
        if !self.units_taken(order) {
            return Next::TakeUnits;
        }
        if self.settled(order, Call::Capture).is_none() {
            return self.call(order, Call::Capture);
        }
        match self.settled(order, Call::Void) {
            None => self.call(order, Call::Void),
            Some(_) => Next::GiveUnitsBack { promised: true },
        }
    }

    pub(super) fn call(&self, order: Number, call: Call) -> Next {
        let (mut tries, mut unknown) = (0, false);
        for fact in &self.facts {
            match fact {
                Fact::Called { order: of, call: it } if (*of, *it) == (order, call) => {
                    (tries, unknown) = (tries + 1, false);
                }
                Fact::NoAnswer { order: of, call: it } if (*of, *it) == (order, call) => unknown = true,
                Fact::Settled { order: of, call: it, .. } if (*of, *it) == (order, call) => unknown = false,
                _ => {}
            }
        }
        Next::Pay { call, tries, unknown }
    }

    pub(crate) fn status(&self, order: Number) -> Option<Status> {
        let (_, _, lines, _) = self.order(order)?;
        if self.is_compensated(order) {
            return Some(Status::Failed);
        }
        if self.is_cancelled(order) {
            return Some(Status::Cancelled);
        }
        if !self.is_paid(order) {
            let next = self.next(order);
            let asking =
                matches!(next, Next::Pay { call: Call::Authorise | Call::Capture, unknown: true, .. });
            return Some(if asking { Status::Unknown } else { Status::Paying });
        }
        let open: u64 = (0..lines.len()).map(|line| self.open(order, line)).sum();
        let shipped: u64 = (0..lines.len()).map(|line| self.progress(order, line).shipped).sum();
        let returned: u64 = (0..lines.len()).map(|line| self.progress(order, line).returned).sum();
        Some(if shipped == 0 {
            Status::Confirmed
        } else if returned == shipped && open == 0 {
            Status::Returned
        } else if returned > 0 {
            Status::PartlyReturned
        } else if open == 0 {
            Status::Shipped
        } else {
            Status::PartlyShipped
        })
    }

    /// Whether it is too late to make this call, which was made so often before.
    fn is_too_late(&self, order: Number, call: Call, tries: u32, now: i64) -> bool {
        let placed = self.facts.iter().find_map(|fact| match fact {
            Fact::Placed { order: of, at, .. } if *of == order => Some(*at),
            _ => None,
        });
        let is_late = placed.is_some_and(|at| now >= at + PAID_WITHIN_MS);
        is_late && (call == Call::Authorise || (call == Call::Capture && tries > 0))
    }

    pub(crate) fn pay(&mut self, order: Number, says: Says, now: i64) -> Yes {
        let Next::Pay { call, tries, unknown } = self.next(order) else { return Yes::Already };
        if !unknown {
            if self.is_too_late(order, call, tries, now) {
                self.facts.push(Fact::Settled { order, call, good: false });
                return Yes::Done;
            }
            self.facts.push(Fact::Called { order, call });
        }
        let tries = tries + u32::from(!unknown);
        match says {
            Says::Approved => self.facts.push(Fact::Settled { order, call, good: true }),
            Says::Declined => self.facts.push(Fact::Settled { order, call, good: false }),
            Says::Failing if tries >= PROVIDER_TRIES => {
                self.facts.push(Fact::Settled { order, call, good: false });
            }
            Says::Failing if !unknown && self.is_too_late(order, call, tries, now) => {
                self.facts.push(Fact::Settled { order, call, good: false });
            }
            Says::Unknown if !unknown => self.facts.push(Fact::NoAnswer { order, call }),
            Says::Failing | Says::Unknown => return Yes::Already,
        }
        Yes::Done
    }

    pub(crate) fn step(&mut self, order: Number, now: i64) -> Yes {
        let Some((basket, own, _, _)) = self.order(order) else { return Yes::Already };
        match self.next(order) {
            Next::Pay { .. } | Next::Nothing => return Yes::Already,
            Next::TakeUnits => {
                self.end_pinned(basket, order, true).unwrap();
                self.facts.push(Fact::UnitsTaken { order });
            }
            Next::GiveUnitsBack { promised } => {
                for (line, units) in self.taken(basket).into_iter().flatten().enumerate() {
                    if self.lines(basket)[line].2 == 0 {
                        continue;
                    }
                    let to = Moved { cancelled: units, ..self.moved(basket, line, None) };
                    self.fulfil(basket, line, to).unwrap();
                }
                if !promised && own {
                    self.end_pinned(basket, order, false).unwrap();
                } else if !promised {
                    self.unpin(basket, order, now).unwrap();
                }
                self.facts.push(Fact::Compensated { order });
            }
        }
        Yes::Done
    }

    /// Goes on until it waits for nothing, the provider approving of everything.
    pub(crate) fn finish(&mut self, order: Number, now: i64) {
        loop {
            match self.next(order) {
                Next::Pay { .. } => self.pay(order, Says::Approved, now),
                Next::TakeUnits | Next::GiveUnitsBack { .. } => self.step(order, now),
                Next::Nothing => return,
            };
            self.hear(order);
        }
    }

    pub(crate) fn cancel(&mut self, order: Number, units: &[Line], now: i64, key: Key) -> Reply {
        let status = self.status(order).ok_or(No::UnknownOrder)?;
        if self.did(Thing::Order(order), key)? {
            return Ok(Yes::Already);
        }
        if !self.is_paid(order) || self.is_cancelled(order) || self.shipment(order).is_some() {
            return Err(No::OrderIs(status));
        }
        let units = self.open_units(order, units)?;
        if units.is_empty() {
            return Err(No::OrderIs(status));
        }
        self.facts.push(Fact::Cancelled { order, units });
        self.note(Thing::Order(order), key, now);
        self.tell_shelves(order);
        Ok(Yes::Done)
    }

    /// What an order has decided reaches the shelves.
    fn tell_shelves(&mut self, order: Number) {
        let (basket, _, lines, _) = self.order(order).unwrap();
        for line in 0..lines.len() {
            // A shelf that is full to the last unit there can be takes nothing back.
            let number = self.numbered(basket)[line].1;
            let _ = self.fulfil(basket, number, self.progress(order, line));
        }
    }

    pub(crate) fn is_shipping(&self, order: Number) -> bool {
        self.shipment(order).is_some()
    }

    /// The shipment asked for and not over.
    pub(super) fn shipment(&self, order: Number) -> Option<(Vec<(usize, u64)>, Key)> {
        let mut open = None;
        for fact in &self.facts {
            match fact {
                Fact::ShipmentBegun { order: of, units, key } if *of == order => {
                    open = Some((units.clone(), *key));
                }
                Fact::Shipped { order: of, .. } if *of == order => open = None,
                _ => {}
            }
        }
        open
    }

    pub(crate) fn start_shipment(&mut self, order: Number, units: &[Line], key: Key) -> Reply {
        let status = self.status(order).ok_or(No::UnknownOrder)?;
        if self.did(Thing::Order(order), key)? {
            return Ok(Yes::Already);
        }
        let paid = self.is_paid(order) && !self.is_cancelled(order);
        if !paid || self.shipment(order).is_some() {
            return Err(No::OrderIs(status));
        }
        let units = self.open_units(order, units)?;
        if units.is_empty() {
            return Err(No::OrderIs(status));
        }
        self.facts.push(Fact::ShipmentBegun { order, units, key });
        Ok(Yes::Done)
    }

    pub(crate) fn finish_shipment(&mut self, order: Number, now: i64) -> Reply {
        let (basket, ..) = self.order(order).ok_or(No::UnknownOrder)?;
        let Some((asked, key)) = self.shipment(order) else { return Ok(Yes::Already) };
        let mut first_refusal = None;
        let mut given = Vec::new();
        for (line, units) in asked {
            let mut to = self.progress(order, line);
            to.shipped += units;
            match self.fulfil(basket, self.numbered(basket)[line].1, to) {
                Ok(_) => given.push((line, units)),
                Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
            }
        }
        let nothing = given.is_empty();
        self.facts.push(Fact::Shipped { order, units: given });
        if !nothing {
            self.note(Thing::Order(order), key, now);
        }
        match first_refusal {
            Some(refusal) if nothing => Err(refusal),
            _ => Ok(Yes::Done),
        }
    }

    /// Takes units back: all of `units`, of which those in `damaged` are.
    pub(crate) fn take_back(
        &mut self,
        order: Number,
        (units, damaged): (&[Line], &[Line]),
        now: i64,
        key: Key,
    ) -> Reply {
        let status = self.status(order).ok_or(No::UnknownOrder)?;
        if self.did(Thing::Order(order), key)? {
            return Ok(Yes::Already);
        }
        if !self.is_paid(order) || self.is_cancelled(order) {
            return Err(No::OrderIs(status));
        }
        let lines = self.order(order).unwrap().2;
        let with_customer = |line: usize| {
            let moved = self.progress(order, line);
            moved.shipped - moved.returned
        };
        let units = named(&lines, units, with_customer)?;
        let damaged = named(&lines, damaged, with_customer)?;
        self.facts.push(Fact::Returned { order, units, damaged });
        self.note(Thing::Order(order), key, now);
        self.tell_shelves(order);
        Ok(Yes::Done)
    }

    /// Grants a refund, of what is left at most.
    pub(crate) fn refund(&mut self, order: Number, amount: i64, now: i64, key: Key) -> Reply {
        let status = self.status(order).ok_or(No::UnknownOrder)?;
        if self.did(Thing::Order(order), key)? {
            return Ok(Yes::Already);
        }
        if !self.is_paid(order) {
            return Err(No::OrderIs(status));
        }
        if amount == 0 {
            return Err(No::RefundOfNothing);
        }
        self.check_left(order, amount)?;
        self.facts.push(Fact::Granted { order, amount });
        self.note(Thing::Order(order), key, now);
        Ok(Yes::Done)
    }

    /// Tries a failed refund again, if there is as much left.
    pub(crate) fn retry_refund(&mut self, order: Number, refund: usize, now: i64, key: Key) -> Reply {
        self.status(order).ok_or(No::UnknownOrder)?;
        if self.did(Thing::Order(order), key)? {
            return Ok(Yes::Already);
        }
        let (amount, paid) = *self.refunds(order).get(refund).ok_or(No::UnknownRefund)?;
        if paid != Some(false) {
            return Err(No::RefundNotFailed { paid: paid == Some(true) });
        }
        self.check_left(order, amount)?;
        self.facts.push(Fact::Retried { order, refund });
        self.note(Thing::Order(order), key, now);
        Ok(Yes::Done)
    }

    /// Sends an order of which nothing has left somewhere else.
    pub(crate) fn readdress(&mut self, order: Number, to: u8, now: i64, key: Key) -> Reply {
        let status = self.status(order).ok_or(No::UnknownOrder)?;
        if self.did(Thing::Order(order), key)? {
            return Ok(Yes::Already);
        }
        if status != Status::Confirmed || self.shipment(order).is_some() {
            return Err(No::OrderIs(status));
        }
        self.facts.push(Fact::Readdressed { order, to });
        self.note(Thing::Order(order), key, now);
        Ok(Yes::Done)
    }

    /// Where it was last sent, if anywhere.
    pub(crate) fn address(&self, order: Number) -> Option<u8> {
        self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Readdressed { order: of, to } if *of == order => Some(*to),
            _ => None,
        })
    }

    fn check_left(&self, order: Number, amount: i64) -> Result<(), No> {
        let left = left_of(self.total(order), &self.refunds(order));
        if amount > left { Err(No::RefundAbovePaid { left }) } else { Ok(()) }
    }

    /// What is owed or paid back, in the order it came to be owed, and whether it was paid or has failed.
    pub(crate) fn refunds(&self, order: Number) -> Vec<(i64, Option<bool>)> {
        let (_, _, lines, prices) = self.order(order).unwrap();
        let mut back = vec![0_u64; lines.len()];
        let mut refunds: Vec<(i64, Option<bool>)> = Vec::new();
        for fact in &self.facts {
            match fact {
                Fact::Cancelled { order: of, units }
                | Fact::Heard { order: of, units }
                | Fact::Returned { order: of, units, .. }
                    if *of == order =>
                {
                    let share = |line: usize, units: u64| {
                        half_even(i128::from(prices[line]) * i128::from(units), i128::from(lines[line].2))
                    };
                    let mut owed = 0;
                    for (line, units) in units {
                        owed += share(*line, back[*line] + units) - share(*line, back[*line]);
                        back[*line] += units;
                    }
                    // What was given back before is not given back again.
                    let owed = owed.min(left_of(prices.iter().sum(), &refunds));
                    if owed > 0 {
                        refunds.push((owed, None));
                    }
                }
                Fact::Granted { order: of, amount } if *of == order => refunds.push((*amount, None)),
                Fact::Settled { order: of, call: Call::Refund(number), good } if *of == order => {
                    refunds[*number].1 = Some(*good);
                }
                Fact::Retried { order: of, refund } if *of == order => refunds[*refund].1 = None,
                _ => {}
            }
        }
        refunds
    }
}

/// What was paid, less all that is paid or owed back.
fn left_of(paid: i64, refunds: &[(i64, Option<bool>)]) -> i64 {
    paid - refunds.iter().filter(|(_, paid)| *paid != Some(false)).map(|(amount, _)| amount).sum::<i64>()
}

/// Which lines of an order are meant by naming products, none beyond what is left of it.
fn named(lines: &[Line], units: &[Line], left: impl Fn(usize) -> u64) -> Result<Vec<(usize, u64)>, No> {
    let mut named = Vec::new();
    for (item, place, units) in merged(units) {
        let line = lines.iter().position(|line| (line.0, line.1) == (item, place)).ok_or(No::UnknownLine)?;
        if units > left(line) {
            return Err(No::TooManyOfLine { left: left(line) });
        }
        named.push((line, units));
    }
    Ok(named)
}

/// The quotient, halves going to the even neighbour.
fn half_even(value: i128, by: i128) -> i64 {
    let (whole, rest) = (value / by, value % by);
    let up = match (rest * 2).cmp(&by) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => whole % 2 == 1,
    };
    i64::try_from(whole + i128::from(up)).unwrap()
}
