//! Which operation of a batch waits for which.
//!
//! Two operations have to do with each other if they concern the same reservation or the same product; then the later one
//! begins when the earlier one has been answered. Two kinds may overlap with their like, because nothing is lost by it and a
//! batch of a thousand for one hot product would otherwise cost a thousand syncs:
//!
//! - *claims*: reservations. They are sent off in their order, so the product decides them in their order; only where one
//!   visits other products first may another one be there before it, as among requests of their own.
//! - *ends*: commits, releases and extensions of different reservations.
//!
//! ```text
//!   claims of A ──┐                    ┌── ends at A
//!   claims of A ──┼──▶ change of A ──▶─┼── ends at A
//!   claims of A ──┘                    └── …
//! ```
//!
//! Where many wait for many, a *gate* stands between, so that the plan grows with the batch and not with its square.

use std::collections::{BTreeSet, HashMap};

use holdfast_engine::{ReservationId, Sku};

/// What an operation concerns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Thing {
    Product(Sku),
    Reservation(ReservationId),
}

/// What an operation does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Claim,
    End,
    /// Anything else: alone.
    Change,
}

/// Operations that use one thing in the same way, one after another in the batch.
struct Run {
    kind: Use,
    /// What all of them wait for.
    after: Option<usize>,
    members: Vec<usize>,
}

/// Who waits for whom. Operations are named by their positions; gates have the numbers after these.
pub(super) struct Plan {
    operations: usize,
    /// How many each one waits for.
    waits: Vec<usize>,
    /// Who waits for each one.
    followers: Vec<Vec<usize>>,
    ready: BTreeSet<usize>,
}

impl Plan {
    /// The plan for operations that use these things.
    pub(super) fn new(uses: impl ExactSizeIterator<Item = Vec<(Thing, Use)>>) -> Self {
        let operations = uses.len();
        let mut plan = Self {
            operations,
            waits: vec![0; operations],
            followers: vec![Vec::new(); operations],
            ready: BTreeSet::new(),
        };
        let mut runs: HashMap<Thing, Run> = HashMap::new();
        for (position, uses) in uses.enumerate() {
            for (thing, kind) in uses {
                let run = runs.entry(thing).or_insert(Run { kind, after: None, members: Vec::new() });
                if run.members.last() == Some(&position) {
                    continue;
                }
                if !run.members.is_empty() && (run.kind != kind || kind == Use::Change) {
                    let after = plan.after_all(&std::mem::take(&mut run.members));
                    *run = Run { kind, after, members: Vec::new() };
                }
                run.members.push(position);
                if let Some(after) = run.after {
                    plan.wait(position, after);
                }
            }
        }
        plan.ready = (0..operations).filter(|position| plan.waits.get(*position) == Some(&0)).collect();
        plan
    }

    /// What is done when all of these are.
    fn after_all(&mut self, members: &[usize]) -> Option<usize> {
        if let [only] = members {
            return Some(*only);
        }
        let gate = self.waits.len();
        self.waits.push(0);
        self.followers.push(Vec::new());
        members.iter().for_each(|member| self.wait(gate, *member));
        Some(gate)
    }

    fn wait(&mut self, who: usize, whom: usize) {
        if let (Some(waits), Some(followers)) = (self.waits.get_mut(who), self.followers.get_mut(whom)) {
            *waits += 1;
            followers.push(who);
        }
    }

    /// The first operation that waits for nothing and has not been begun.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.ready.pop_first()
    }

    /// Notes that an operation is done.
    pub(super) fn done(&mut self, position: usize) {
        let mut done = vec![position];
        while let Some(node) = done.pop() {
            for follower in self.followers.get_mut(node).map(std::mem::take).unwrap_or_default() {
                let Some(waits) = self.waits.get_mut(follower) else { continue };
                *waits -= 1;
                if *waits > 0 {
                    continue;
                }
                if follower < self.operations {
                    self.ready.insert(follower);
                } else {
                    done.push(follower);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(sku: &str, kind: Use) -> Vec<(Thing, Use)> {
        vec![(Thing::Product(Sku::new(sku).unwrap()), kind)]
    }

    /// The operations that can begin together, wave by wave.
    fn waves(uses: Vec<Vec<(Thing, Use)>>) -> Vec<Vec<usize>> {
        let mut plan = Plan::new(uses.into_iter());
        let mut waves = Vec::new();
        loop {
            let wave: Vec<_> = std::iter::from_fn(|| plan.next()).collect();
            if wave.is_empty() {
                return waves;
            }
            wave.iter().for_each(|position| plan.done(*position));
            waves.push(wave);
        }
    }

    #[test]
    fn claims_of_one_product_run_together_and_changes_of_it_alone_and_in_order() {
        let uses = [Use::Claim, Use::Claim, Use::Change, Use::Change, Use::Claim, Use::Claim, Use::End];
        let uses = uses.map(|kind| product("A", kind));
        assert_eq!(waves(uses.to_vec()), [vec![0, 1], vec![2], vec![3], vec![4, 5], vec![6]]);
    }

    #[test]
    fn what_has_nothing_to_do_with_each_other_runs_together() {
        let uses = ["A", "B", "A", "C"].map(|sku| product(sku, Use::Change));
        assert_eq!(waves(uses.to_vec()), [vec![0, 1, 3], vec![2]]);
    }

    #[test]
    fn an_operation_waits_for_all_it_has_to_do_with() {
        let both = [product("A", Use::Claim), product("B", Use::Claim)].concat();
        let uses = vec![
            product("A", Use::Change),
            product("B", Use::Change),
            both.clone(),
            both,
            product("B", Use::End),
        ];
        assert_eq!(waves(uses), [vec![0, 1], vec![2, 3], vec![4]]);
    }

    #[test]
    fn operations_on_one_reservation_run_one_by_one() {
        let of = |number| {
            [vec![(Thing::Reservation(ReservationId(number)), Use::Change)], product("A", Use::End)].concat()
        };
        assert_eq!(waves(vec![of(1), of(2), of(1), of(1)]), [vec![0, 1], vec![2], vec![3]]);
    }

    #[test]
    fn a_product_named_twice_by_one_operation_is_no_reason_to_wait_for_itself() {
        let twice = [product("A", Use::Claim), product("A", Use::Claim)].concat();
        assert_eq!(waves(vec![twice.clone(), twice]), [vec![0, 1]]);
    }

    #[test]
    fn the_plan_grows_with_the_batch() {
        let many = |kind| (0..1000).map(move |_| product("A", kind));
        let uses: Vec<_> = many(Use::Claim).chain(many(Use::End)).collect();
        let plan = Plan::new(uses.into_iter());
        let edges: usize = plan.followers.iter().map(Vec::len).sum();
        assert_eq!((plan.waits.len(), edges), (2001, 2000));
    }
}
