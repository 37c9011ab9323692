//! When those who wait will be served, on paper: every unit that is to come is handed out one by one.

use std::collections::BTreeMap;

use super::{Item, Number, PLACES, Place, Reference, SELLABLE};

/// One line that waits.
struct Waiting {
    line: (Number, usize),
    place: Option<Place>,
    class: u8,
    arrival: usize,
    queued: u64,
    has: u64,
    until: Option<i64>,
}

impl Reference {
    /// When each line that waits will have all its units, and when there are some that nobody waits for.
    pub(crate) fn forecast(&self, item: Item, now: i64) -> (BTreeMap<(Number, usize), i64>, Option<i64>) {
        let (mut served, mut next) = (BTreeMap::new(), None);
        let Some(rules) = self.rules(item).filter(|rules| rules.tracked) else { return (served, next) };
        let release = rules.preorder.map(|(_, release)| release).filter(|release| *release > now);
        let is_open = |place: &Place| rules.closed != Some(*place);
        let spare = |place: Place| {
            let claimed = self.held(item, place) + self.allocated(item, place) + rules.safety;
            i64::try_from(self.pile(item, place, SELLABLE)).unwrap() - i64::try_from(claimed).unwrap()
        };
        let mut there: Vec<i64> = (0..PLACES).map(spare).collect();
        let mut coming: Vec<(i64, Place, i64)> = Vec::new();
        for place in (0..PLACES).filter(is_open) {
            if let Some(release) = release {
                let lies = there[usize::from(place)].max(0);
                there[usize::from(place)] -= lies;
                coming.push((release, place, lies));
            }
            for lot in self.lots(item) {
                let (left, due) = (self.left_of(item, lot), self.due(item, lot));
                if let Some(due) =
                    due.filter(|_| left > 0 && self.announced(item, lot).unwrap().place == place)
                {
                    let due = due.max(release.unwrap_or(due));
                    coming.push((due, place, i64::try_from(left).unwrap()));
                }
            }
        }
        coming.sort_by_key(|(due, place, _)| (*due, *place));
        let mut waiting = self.all_waiting(item);
        for (due, place, units) in coming {
            let here = &mut there[usize::from(place)];
            *here += units;
            waiting.retain(|one| one.until.is_none_or(|until| due < until));
            while *here > 0 {
                let hungry = waiting.iter_mut().filter(|one| one.queued > 0);
                let hungry = hungry.filter(|one| one.place.is_none_or(|asked| asked == place));
                let first = hungry.min_by_key(|one| {
                    (one.class, if rules.fair { one.has } else { 0 }, one.arrival, one.line.1)
                });
                let Some(one) = first else { break };
                one.queued -= 1;
                one.has += 1;
                *here -= 1;
                if one.queued == 0 {
                    served.insert(one.line, due);
                }
            }
            if *here > 0 && rules.sellable {
                next = next.or(Some(due));
            }
        }
        (served, next)
    }

    fn all_waiting(&self, item: Item) -> Vec<Waiting> {
        let waiting = self.lines_promised(item).map(|(basket, line)| {
            let (done, queued) = (self.moved(basket, line, None), self.queued_for(basket, line));
            Waiting {
                line: (basket, line),
                place: self.lines(basket)[line].1,
                class: self.class(basket, line),
                arrival: self.arrival(basket),
                queued,
                has: self.taken(basket).unwrap()[line] - queued - done.cancelled,
                until: self.until(basket, line),
            }
        });
        waiting.collect()
    }

    /// The lines of a product that wait for units promised to them.
    pub(crate) fn lines_waiting(&self, item: Item) -> Vec<(Number, usize)> {
        let waiting = self.all_waiting(item).into_iter().filter(|one| one.queued > 0);
        waiting.map(|one| one.line).collect()
    }
}
