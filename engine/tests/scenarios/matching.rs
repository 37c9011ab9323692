//! The worked examples of `docs/matching.md`. Each of its tables is a day in a shop: the rows are asked one after the
//! other, as in any script, and what the other columns say must be so after each row. The page names the test below
//! each table, so that neither can change without the other.
//!
//! ```text
//!   What happens, Answer                        a row of a script, and what is answered; nothing means done
//!   retryable                                   whether a refused reservation may succeed later without new goods
//!   on_hand, held, allocated, available         units of the cup; also: "held at north"
//!   queued, backorderable                       units that are queued for, and that may queue beyond those
//!   ann is, ann offered                         where a customer stands on the waiting list, and units kept for him
//!   A has, A queues, A ahead                    units there for a basket or order, units it queues for, and who is before it
//!   A lapsed                                    units it queued for up to its date
//! ```

use holdfast_engine::product::{Product, Terms, TimeInForce};
use holdfast_engine::{
    CustomerId, Fingerprint, HoldId, LineQuantity, LocationId, Millis, Quantity, ReservationId,
};

use super::driver::{Basket, restart_from};
use super::script::{Shop, number, sku};

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/matching.md"));

/// What stands in the page before the name of a table's test.
const MARK: &str = "Test: `matching::";

macro_rules! examples {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { Example::find(stringify!($name)).run(); })*
    };
}

examples! {
    all_of_it_what_there_is_or_the_rest_later
    the_policy_says_what_happens_to_a_line_that_says_nothing
    a_cap_counts_what_queues_and_not_what_is_there
    before_the_release_all_of_it_queues
    who_commits_first_is_served_first
    a_better_class_goes_first
    who_has_least_gets_the_next_unit
    the_same_day_by_arrival
    whatever_brings_units_serves_the_queue_first
    fewer_wanted_is_not_more_there
    what_still_queues_at_its_date_is_dropped
    an_order_is_paid_back_what_was_not_there_in_time
    who_has_paid_comes_before_who_waits
    an_offer_that_lapses_goes_to_the_next_in_line
    four_ways_to_choose_locations
    a_line_for_one_location_waits_for_that_location
    lines_for_one_location_come_first
    parts_leave_from_where_they_lie_and_come_back_there
    a_sale_keeps_its_units_and_its_limit
    waiting_helps_if_enough_is_held_by_others
    a_refused_request_may_be_sent_again_after_a_restock
}

#[test]
fn every_table_of_the_page_has_its_test() {
    let named: Vec<_> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix(MARK)?.split_once('`').map(|(name, _)| name))
        .collect();
    assert_eq!(named, NAMES);
}

/// A table of the page.
struct Example {
    columns: Vec<&'static str>,
    rows: Vec<Vec<&'static str>>,
}

impl Example {
    /// The table before the line that names its test.
    fn find(name: &str) -> Self {
        let (before, _) = PAGE
            .split_once(&format!("{MARK}{name}`"))
            .unwrap_or_else(|| panic!("the page has no example {name}"));
        let mut lines: Vec<_> = before.lines().rev().skip_while(|line| !line.starts_with('|')).collect();
        lines.truncate(lines.iter().position(|line| !line.starts_with('|')).unwrap_or(lines.len()));
        let mut cells = lines.into_iter().rev().map(|line| {
            let line = line.trim().trim_start_matches('|').trim_end_matches('|');
            line.split('|').map(plain).collect::<Vec<_>>()
        });
        let columns = cells.next().unwrap();
        let rows: Vec<_> = cells.skip(1).collect();
        assert!(!rows.is_empty(), "{name} has rows");
        Self { columns, rows }
    }

    fn run(&self) {
        let mut shop = Shop::open();
        for row in &self.rows {
            assert_eq!(row.len(), self.columns.len(), "{row:?} has every column of {:?}", self.columns);
            let cell = |column: &str| {
                let position = self.columns.iter().position(|here| *here == column);
                position.map_or("", |position| row[position])
            };
            let asked = cell("What happens");
            if !cell("retryable").is_empty() {
                assert_eq!(is_retryable(&shop, asked), cell("retryable"), "{asked}: retryable");
            }
            shop.row(&format!("{asked} | {}", cell("Answer")));
            for (column, said) in self.columns.iter().zip(row) {
                if !["What happens", "Answer", "retryable"].contains(column) && !said.is_empty() {
                    assert_eq!(count(&shop, column), *said, "{column} after {asked:?}");
                }
            }
        }
        shop.driver.catch_up();
        shop.driver.check();
        for cut in 0..=shop.driver.journal().len() {
            restart_from(shop.driver.journal(), cut, shop.driver.now);
        }
    }
}

/// A cell without its marks; what follows code is a remark.
fn plain(cell: &'static str) -> &'static str {
    let cell = cell.trim();
    cell.strip_prefix('`').map_or(cell, |code| code.split_once('`').map_or(code, |(code, _)| code))
}

fn count(shop: &Shop, column: &str) -> String {
    let product = shop.driver.product(&sku("cup"));
    match column.split(' ').collect::<Vec<_>>().as_slice() {
        ["queued"] => product.queued().to_string(),
        ["backorderable"] => {
            product.queueable(shop.driver.now).map_or("no limit".to_owned(), |units| units.to_string())
        }
        [term] => {
            let here = product.levels().map(|(location, _)| at(shop, &product, term, location).units());
            here.sum::<u64>().to_string()
        }
        [name, asked @ ("offered" | "is")] => waiter(&product, name, asked),
        [term, "at", location] => at(shop, &product, term, &LocationId::new(location).unwrap()).to_string(),
        [name, asked] => of(&product, name, asked),
        _ => panic!("{column:?} is nothing that a table can show"),
    }
}

fn at(shop: &Shop, product: &Product, term: &str, location: &LocationId) -> Quantity {
    let level = product.level(location);
    match term {
        "on_hand" => level.on_hand,
        "damaged" => level.damaged,
        "held" => level.held,
        "allocated" => level.allocated,
        "available" => product.available(location, shop.driver.now),
        other => panic!("{other:?} is no count of units"),
    }
}

/// Where a customer stands on the waiting list.
fn waiter(product: &Product, name: &str, asked: &str) -> String {
    let entry = product.waiting_entry(&CustomerId::new(name).unwrap());
    match asked {
        "offered" => entry.map_or(Quantity::ZERO, |entry| entry.offered()).to_string(),
        _ => entry.map_or("nowhere", |entry| entry.status.name()).to_owned(),
    }
}

/// Where the one line of a basket or an order stands.
fn of(product: &Product, name: &str, asked: &str) -> String {
    let id = HoldId { reservation: ReservationId(number(name)), line: 0 };
    let (has, queues) = match (product.hold(id), product.allocation(id)) {
        (Some(hold), _) => {
            let filled = hold.sources.filled(hold.quantity).map(|(_, units)| u64::from(units.units()));
            (filled.sum::<u64>(), hold.sources.queued())
        }
        (None, Some(allocation)) => {
            (product.kept_for(id).map(|(_, units)| units.units()).sum(), allocation.queued)
        }
        (None, None) => (0, Quantity::ZERO),
    };
    match asked {
        "has" => has.to_string(),
        "queues" => queues.to_string(),
        "lapsed" => product.allocation(id).map_or(Quantity::ZERO, |line| line.lapsed).to_string(),
        "ahead" => product.queue_position(id).map_or("none".to_owned(), |ahead| ahead.to_string()),
        other => panic!("{other:?} is nothing that a line has"),
    }
}

/// Asks a copy of the shop for all or nothing of some cups.
fn is_retryable(shop: &Shop, row: &str) -> &'static str {
    assert!(row.contains("or-kill"), "{row:?} asks for all or nothing");
    let (_, line) = row.split_once(':').unwrap();
    let units = line.trim().strip_suffix(" cup").unwrap().parse().unwrap();
    let basket = Basket {
        id: ReservationId(1),
        customer: CustomerId::new("somebody").unwrap(),
        fingerprint: Fingerprint(1),
        lines: vec![(sku("cup"), None, LineQuantity::new(units).unwrap())],
        ttl: Millis(60_000),
        terms: Terms { time_in_force: Some(TimeInForce::FillOrKill), ..Terms::default() },
    };
    match shop.driver.clone().reserve(&basket) {
        Err(refusal) if refusal.is_transient() => "yes",
        Err(_) => "no",
        Ok(effect) => panic!("{row:?} is not refused but {effect:?}"),
    }
}
