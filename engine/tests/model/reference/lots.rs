//! Units on their way on paper: what was announced, what of it came, and what never will.

use super::{
    Fact, How, Item, Key, MOST_UNITS, No, Number, PLACES, Pile, Place, Reference, Reply, SELLABLE, Thing, Yes,
};

/// Units of a lot, and between which places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Announced {
    pub(super) place: Place,
    from: Option<Place>,
    units: u64,
}

impl Announced {
    pub(super) fn comes_from(&self, place: Place) -> bool {
        self.from == Some(place)
    }
}

impl Reference {
    /// What a fact about a lot brings to a pile, or takes from it.
    pub(super) fn brought(&self, fact: &Fact, (item, place, pile): (Item, Place, Pile)) -> i64 {
        let signed = |units: u64| i64::try_from(units).unwrap();
        match fact {
            Fact::Announced { item: of, from: Some(from), units, .. }
                if (*of, *from, SELLABLE) == (item, place, pile) =>
            {
                -signed(*units)
            }
            Fact::Came { item: of, lot, pile: to, units }
                if (*of, *to) == (item, pile) && self.announced(item, *lot).unwrap().place == place =>
            {
                signed(*units)
            }
            Fact::NeverCame { item: of, lot, short: false } if (*of, SELLABLE) == (item, pile) => {
                let lot_facts = self.announced(item, *lot).unwrap();
                if lot_facts.from == Some(place) {
                    signed(lot_facts.units - self.came(item, *lot))
                } else {
                    0
                }
            }
            _ => 0,
        }
    }

    pub(super) fn announced(&self, item: Item, lot: Number) -> Option<Announced> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Announced { item: of, lot: number, place, from, units, .. }
                if (*of, *number) == (item, lot) =>
            {
                Some(Announced { place: *place, from: *from, units: *units })
            }
            _ => None,
        })
    }

    fn came(&self, item: Item, lot: Number) -> u64 {
        let came = self.facts.iter().filter_map(|fact| match fact {
            Fact::Came { item: of, lot: number, units, .. } if (*of, *number) == (item, lot) => Some(*units),
            _ => None,
        });
        came.sum()
    }

    fn over(&self, item: Item, lot: Number) -> Option<How> {
        let never = self.facts.iter().find_map(|fact| match fact {
            Fact::NeverCame { item: of, lot: number, short } if (*of, *number) == (item, lot) => {
                Some(if *short { How::Short } else { How::Never })
            }
            _ => None,
        });
        let whole =
            self.announced(item, lot).is_some_and(|lot_facts| self.came(item, lot) == lot_facts.units);
        never.or(whole.then_some(How::Whole))
    }

    /// Units that are still to come of a lot.
    pub(crate) fn left_of(&self, item: Item, lot: Number) -> u64 {
        match (self.announced(item, lot), self.over(item, lot)) {
            (Some(lot_facts), None) => lot_facts.units - self.came(item, lot),
            _ => 0,
        }
    }

    /// When the rest of a lot is expected.
    pub(crate) fn due(&self, item: Item, lot: Number) -> Option<i64> {
        let due = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Announced { item: of, lot: number, due, .. }
            | Fact::Rescheduled { item: of, lot: number, due }
                if (*of, *number) == (item, lot) =>
            {
                Some(*due)
            }
            _ => None,
        });
        due.flatten()
    }

    /// Numbers of all lots of a product that were ever announced.
    pub(crate) fn lots(&self, item: Item) -> Vec<Number> {
        let lots = self.facts.iter().filter_map(|fact| match fact {
            Fact::Announced { item: of, lot, .. } if *of == item => Some(*lot),
            _ => None,
        });
        lots.collect()
    }

    pub(crate) fn incoming(&self, item: Item, place: Place) -> u64 {
        let here = self.lots(item).into_iter();
        let here = here.filter(|lot| self.announced(item, *lot).unwrap().place == place);
        here.map(|lot| self.left_of(item, lot)).sum()
    }

    fn may_begin(&self, item: Item, lot: Number) -> Result<(), No> {
        self.has_stock(item)?;
        if self.announced(item, lot).is_some() { Err(No::KeyReused) } else { Ok(()) }
    }

    fn still_open(&self, item: Item, lot: Number) -> Result<Announced, No> {
        self.has_stock(item)?;
        let announced = self.announced(item, lot).ok_or(No::UnknownLot)?;
        self.over(item, lot).map_or(Ok(announced), |how| Err(No::LotOver(how)))
    }

    pub(crate) fn announce(
        &mut self,
        (item, lot, place): (Item, Number, Place),
        units: u64,
        due: Option<i64>,
        now: i64,
        key: Key,
    ) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        self.may_begin(item, lot)?;
        self.facts.push(Fact::Announced { item, lot, place, from: None, units, due });
        self.note(Thing::Item(item), key, now);
        Ok(Yes::Done)
    }

    pub(crate) fn transfer(
        &mut self,
        (item, lot): (Item, Number),
        (from, to, create): (Place, Place, bool),
        (units, due): (u64, Option<i64>),
        now: i64,
        key: Key,
    ) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        self.may_begin(item, lot)?;
        if from == to {
            return Err(No::FromHereToHere);
        }
        if !self.knows(item, from) {
            return Err(No::NeverFrom(from));
        }
        if !create && !self.knows(item, to) {
            return Err(No::NeverWanted(to));
        }
        let claimed = self.held(item, from) + self.allocated(item, from);
        let movable = self.pile(item, from, SELLABLE).saturating_sub(claimed);
        if units > movable {
            return Err(No::TooFewToMove { movable });
        }
        self.facts.push(Fact::Announced { item, lot, place: to, from: Some(from), units, due });
        self.note(Thing::Item(item), key, now);
        self.serve(item, now);
        Ok(Yes::Done)
    }

    pub(crate) fn receive(
        &mut self,
        (item, lot, pile): (Item, Number, Pile),
        (units, close): (u64, bool),
        now: i64,
        key: Key,
    ) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        let announced = self.still_open(item, lot)?;
        let left = self.left_of(item, lot);
        if units > left {
            return Err(No::LotHasLess { left });
        }
        if units == 0 && !close {
            return Err(No::NothingCame);
        }
        if self.on_hand(item, announced.place) + units > MOST_UNITS {
            return Err(No::AboveMaximum);
        }
        if units > 0 {
            self.facts.push(Fact::Came { item, lot, pile, units });
        }
        if close && units < left {
            self.facts.push(Fact::NeverCame { item, lot, short: true });
        }
        self.note(Thing::Item(item), key, now);
        self.serve(item, now);
        Ok(Yes::Done)
    }

    pub(crate) fn reschedule(
        &mut self,
        item: Item,
        lot: Number,
        due: Option<i64>,
        now: i64,
        key: Key,
    ) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        self.still_open(item, lot)?;
        self.facts.push(Fact::Rescheduled { item, lot, due });
        self.note(Thing::Item(item), key, now);
        Ok(Yes::Done)
    }

    pub(crate) fn call_off(&mut self, item: Item, lot: Number, now: i64, key: Key) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        let announced = self.still_open(item, lot)?;
        let left = self.left_of(item, lot);
        if announced.from.is_some_and(|from| self.on_hand(item, from) + left > MOST_UNITS) {
            return Err(No::AboveMaximum);
        }
        self.facts.push(Fact::NeverCame { item, lot, short: false });
        self.note(Thing::Item(item), key, now);
        self.serve(item, now);
        Ok(Yes::Done)
    }

    /// All that is to come to anywhere.
    pub(crate) fn incoming_anywhere(&self, item: Item) -> u64 {
        (0..PLACES).map(|place| self.incoming(item, place)).sum()
    }
}
