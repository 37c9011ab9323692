//! Places on paper: which the product is kept at, and what becomes of one that is given up.

use super::{
    Fact, Item, Key, MOST_UNITS, Moved, No, Number, PILES, PLACES, Place, Reference, Reply, Thing, Yes,
};

impl Reference {
    /// Whether anybody counted the product at a place or expected it there, or units came back there and were counted, and nobody
    /// has given the place up since. Of a place that was given up, whatever comes back there says the same.
    pub(super) fn knows(&self, item: Item, place: Place) -> bool {
        let (mut known, mut gone) = (false, false);
        for fact in &self.facts {
            let again = match fact {
                Fact::Counted { item: of, place: at, .. } | Fact::Announced { item: of, place: at, .. } => {
                    (*of, *at) == (item, place)
                }
                Fact::NeverCame { item: of, lot, short: false } if *of == item => {
                    self.announced(item, *lot).is_some_and(|lot| lot.comes_from(place))
                }
                Fact::Moved { basket, line, place: at, by, counted }
                    if (gone || *counted) && by.returned > 0 =>
                {
                    (self.lines(*basket)[*line].0, *at) == (item, place)
                }
                Fact::PlaceGone { item: of, place: at, .. } if (*of, *at) == (item, place) => {
                    (known, gone) = (false, true);
                    false
                }
                _ => false,
            };
            if again {
                (known, gone) = (true, false);
            }
        }
        known
    }

    /// Where units of a place are since what this fact tells of: where those went that were there when it was given up.
    pub(super) fn lies_now(&self, item: Item, place: Place, since: usize) -> Place {
        self.facts[since..].iter().fold(place, |home, fact| match fact {
            Fact::PlaceGone { item: of, place: at, to: Some(to), .. } if (*of, *at) == (item, home) => *to,
            _ => home,
        })
    }

    /// The same of a place at which a basket found units.
    pub(super) fn home_of_first(&self, basket: Number, line: usize, place: Place) -> Place {
        // While a basket holds units at a place, that is not given up: it has them there at its last change.
        let made = |fact: &Fact| matches!(fact, Fact::Reserved { basket: of, .. } | Fact::Changed { basket: of, .. } if *of == basket);
        let since = self.facts.iter().rposition(made).unwrap();
        self.lies_now(self.lines(basket)[line].0, place, since)
    }

    /// How far the units of a line have come whose home is this place.
    pub(super) fn moved_of_home(&self, basket: Number, line: usize, home: Place) -> Moved {
        let item = self.lines(basket)[line].0;
        let mut moved = Moved::default();
        for (number, fact) in self.facts.iter().enumerate() {
            if let Fact::Moved { basket: of, line: on, place, by, .. } = fact
                && (*of, *on, self.lies_now(item, *place, number)) == (basket, line, home)
            {
                moved.shipped += by.shipped;
                moved.cancelled += by.cancelled;
                moved.returned += by.returned;
                moved.damaged += by.damaged;
            }
        }
        moved
    }

    pub(crate) fn delete_place(&mut self, item: Item, place: Place, to: Option<Place>, key: Key) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        self.has_stock(item)?;
        if !self.knows(item, place) {
            return Err(No::NeverThere(item));
        }
        if to == Some(place) {
            return Err(No::FromHereToHere);
        }
        if let Some(to) = to.filter(|to| !self.knows(item, *to)) {
            return Err(No::NeverWanted(to));
        }
        if (0..PLACES).filter(|place| self.knows(item, *place)).count() == 1 {
            return Err(No::LastPlace(item));
        }
        let uses = self.uses_of(item, place);
        if uses != [0; 6] {
            return Err(No::PlaceInUse { item, uses });
        }
        let on_hand = self.on_hand(item, place);
        match to {
            None if on_hand > 0 => return Err(No::PlaceNotEmpty { item, on_hand }),
            Some(to) if self.on_hand(item, to) + on_hand > MOST_UNITS => return Err(No::AboveMaximum),
            _ => {}
        }
        let mut piles = [0; PILES as usize];
        for (pile, units) in (0..PILES).zip(&mut piles) {
            *units = self.pile(item, place, pile);
        }
        self.facts.push(Fact::PlaceGone { item, place, to, piles });
        self.note(Thing::Item(item), key, self.now);
        self.serve(item, self.now);
        Ok(Yes::Done)
    }

    fn uses_of(&self, item: Item, place: Place) -> [u64; 6] {
        let names_it = |(basket, line): &(Number, usize)| self.lines(*basket)[*line].1 == Some(place);
        let in_baskets: u64 = self
            .lines_held(item)
            .filter(names_it)
            .map(|(basket, line)| {
                let there: u64 = self.from(basket, line).iter().map(|from| from.1).sum();
                self.lines(basket)[line].2 - there
            })
            .sum();
        let promised: u64 = self
            .lines_promised(item)
            .filter(names_it)
            .map(|(basket, line)| self.queued_for(basket, line))
            .sum();
        [
            self.held(item, place),
            self.allocated(item, place),
            in_baskets + promised,
            self.waited_for_at(item, place),
            self.allotted(item, place),
            self.incoming(item, place),
        ]
    }
}
