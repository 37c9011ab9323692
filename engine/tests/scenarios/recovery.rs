//! After a crash: what was under way is finished or given back. Every script of the other modules is restarted from
//! after each of its events; here are the restarts that have something of their own to say.

use holdfast_engine::product::{HoldEnd, ProductEvent};
use holdfast_engine::reservation::Verdict;
use holdfast_engine::world::mend_product;
use holdfast_engine::{Event, LocationId, Quantity, Rejection, ReservationId, Sequence};

use super::driver::{recovered_world, restart_from};
use super::script::{check, run, sku};

#[test]
fn a_basket_that_never_was_complete_is_given_back() {
    let shop = run("
        new cup
        new pot
        receive 5 cup
        receive 5 pot
        reserve A for ann: 3 cup, 2 pot
        ");
    let whole = shop.driver.journal().len();
    for (cut, held) in [(whole - 3, 0), (whole - 2, 0), (whole - 1, 0), (whole, 3)] {
        let (world, journal) = restart_from(shop.driver.journal(), cut, shop.driver.now);
        let cup: u64 = world.products()[&sku("cup")].levels().map(|(_, level)| level.held.units()).sum();
        assert_eq!(cup, held, "cut after {cut} of {whole} events");
        let given_back = |event: &Event| {
            matches!(event, Event::Product(_, ProductEvent::HoldEnded { why: HoldEnd::Abandoned, .. }))
        };
        assert!(journal[cut..].iter().all(given_back), "nothing else is to be done");
    }
}

#[test]
fn a_line_of_a_refused_try_may_go_back_after_the_next_try_was_made() {
    check(
        "
        new cup
        new pot
        new tin
        receive 5 cup
        receive 5 pot
        lag
        reserve A for ann: 1 cup, 1 pot, 1 tin  | refused: InsufficientStock, tin
        reserve A for ann: 2 cup
        catch up
        ",
        "
        A: held for 900000 ms
        cup: 5 on hand, 2 held, 0 promised, 3 available
        pot: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_line_of_a_refused_try_is_told_from_the_line_that_took_its_position() {
    check(
        "
        new cup
        new pot
        new tin
        receive 5 cup
        receive 5 pot
        receive 1 tin
        lag
        reserve A for ann: 1 cup, 2 tin         | refused: InsufficientStock, tin
        reserve A for ann: 2 pot, 1 tin
        catch up
        commit A
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        pot: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn a_line_of_a_refused_try_that_goes_back_late_takes_no_line_of_the_next_with_it() {
    check(
        "
        new bag
        new cup
        new tin
        receive 5 bag
        receive 5 cup
        lag
        reserve A for ann: 1 cup, 1 tin         | refused: InsufficientStock, tin
        reserve A for ann: 1 bag, 2 cup
        commit A: 1, 1
        ",
        "
        bag: 5 on hand, 0 held, 1 promised, 4 available
        cup: 5 on hand, 0 held, 1 promised, 4 available
        ",
    );
}

#[test]
fn what_a_basket_decided_reaches_its_products_after_a_restart() {
    check(
        "
        new cup
        new pot
        receive 9 cup
        receive 9 pot
        reserve A for ann lasting 1min: 1 cup, 1 pot
        reserve B for bob lasting 1min: 1 cup, 1 pot
        reserve C for cleo lasting 1min: 2 cup, 2 pot
        reserve D for dan lasting 1min: 1 cup, 1 pot
        lag
        commit A
        release B
        extend C by 1h
        commit D: 0, 1
        restart
        wait 2min
        ",
        "
        A: committed
        B: released
        C: held for 3480000 ms
        D: committed
        cup: 9 on hand, 2 held, 1 promised, 6 available
        pot: 9 on hand, 2 held, 2 promised, 5 available
        ",
    );
}

#[test]
fn a_basket_pinned_for_an_order_that_was_lost_is_let_go() {
    check(
        "
        new cup
        receive 9 cup
        reserve A for ann lasting 10min: 4 cup
        wait 4min
        pin A to O1 for ann
        wait 1d
        restart
        wait 5min
        ",
        "
        A: held for 60000 ms
        cup: 9 on hand, 4 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn an_order_goes_on_where_it_stood() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        reserve A for ann lasting 10min: 4 cup
        order O1 for ann from A
        lag
        restart
        O1 asks             | payment_pending; authorise after 1
        restart
        O1 unknown          | payment_unknown; ask about authorise
        restart
        O1 approved         | payment_pending; take the units
        restart
        O1 steps            | payment_pending; capture
        restart
        O1 asks             | payment_pending; capture after 1
        restart
        O1 declined         | payment_pending; void
        restart
        O1 approved         | payment_pending; give promised units back
        restart
        O1 steps            | payment_failed; rest
        restart
        ",
        "
        O1: payment_failed; rest
        cup: 9 on hand, 0 held, 0 promised, 9 available
        ",
    );
}

#[test]
fn what_an_order_decided_reaches_its_products_after_a_restart() {
    check(
        "
        new cup price 1.00
        new pot price 1.00
        receive 9 cup
        receive 9 pot
        order O1 for ann: 2 cup, 2 pot
        order O2 for bob: 3 cup, 3 pot
        O1 finishes
        O2 finishes
        ship O2
        lag
        cancel O1
        return O2: 1 cup
        restart
        ",
        "
        O1: cancelled; refund 1
        O2: partially_returned; refund 1
        cup: 7 on hand, 0 held, 0 promised, 7 available
        pot: 6 on hand, 0 held, 0 promised, 6 available
        ",
    );
}

#[test]
fn a_shipment_under_way_is_finished_and_its_key_remembered() {
    check(
        "
        new cup price 1.00
        new pot price 1.00
        receive 9 cup
        receive 9 pot
        order O1 for ann: 4 cup, 1 pot
        O1 finishes
        start O1: 2 cup, 1 pot key parcel
        restart
        start O1: 2 cup, 1 pot key parcel       | done before
        ship O1: 2 cup key next
        ",
        "
        O1: shipped; rest
        cup: 5 on hand, 0 held, 0 promised, 5 available
        pot: 8 on hand, 0 held, 0 promised, 8 available
        ",
    );
}

#[test]
fn a_shipment_under_way_ends_without_what_the_shelf_does_not_have() {
    check(
        "
        new cup price 1.00
        new pot price 1.00
        receive 4 cup
        receive 1 pot
        order O1 for ann: 4 cup, 1 pot
        O1 finishes
        count 1 cup
        start O1: 2 cup, 1 pot key first
        restart
        start O1: 2 cup, 1 pot key first        | done before
        start O1: 2 cup key second
        restart
        count 4 cup
        ship O1: 2 cup key second
        ",
        "
        O1: partially_shipped; rest
        cup: 2 on hand, 0 held, 2 promised, 0 available
        pot: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn two_shipments_under_way_share_the_last_units() {
    check(
        "
        new cup price 1.00
        receive 6 cup
        order O1 for ann: 3 cup
        order O2 for bob: 3 cup
        O1 finishes
        O2 finishes
        count 3 cup
        start O1: 3 cup
        start O2: 3 cup
        restart
        ",
        "
        O1: shipped; rest
        O2: confirmed; rest
        cup: 0 on hand, 0 held, 3 promised, 0 available
        ",
    );
}

#[test]
fn one_product_alone_is_mended_by_what_its_reservations_say() {
    let shop = run("
        new cup
        receive 9 cup
        reserve A for ann: 1 cup
        reserve B for bob: 1 cup
        reserve C for cleo: 1 cup
        reserve D for dan: 1 cup
        reserve E for eve: 1 cup
        ");
    let mut product = shop.driver.product(&sku("cup"));
    let name = |id: ReservationId| char::from_u32(u32::try_from(id.0).unwrap()).unwrap();
    let deadline = product.next_deadline();
    let events = mend_product(&product, &|id, line, of| {
        assert_eq!((line, of), (0, &sku("cup")));
        match name(id) {
            'A' => Some(Verdict::Open(deadline, None)),
            'B' => Some(Verdict::Open(None, None)),
            'C' => Some(Verdict::Commit {
                units: Quantity::new(1).unwrap(),
                arrival: Sequence(9),
                at: shop.driver.now,
            }),
            'D' => Some(Verdict::End(HoldEnd::Expired)),
            _ => None,
        }
    });
    let kinds: Vec<_> = events
        .iter()
        .map(|event| match event {
            ProductEvent::HoldMoved { hold, expires_at: None } => (name(hold.reservation), "pinned"),
            ProductEvent::HoldCommitted { hold, .. } => (name(hold.reservation), "committed"),
            ProductEvent::HoldEnded { hold, why: HoldEnd::Expired } => (name(hold.reservation), "lapsed"),
            ProductEvent::HoldEnded { hold, why: HoldEnd::Abandoned } => {
                (name(hold.reservation), "abandoned")
            }
            other => panic!("{other:?} was not called for"),
        })
        .collect();
    assert_eq!(kinds, [('B', "pinned"), ('C', "committed"), ('D', "lapsed"), ('E', "abandoned")]);
    events.iter().for_each(|event| product.apply(event));
    product.check();
    let level = product.level(&LocationId::main());
    assert_eq!((level.held.units(), level.allocated.units()), (2, 1));
}

#[test]
fn a_restart_with_nothing_under_way_writes_nothing() {
    let shop = run("
        new cup price 1.00
        receive 9 cup
        reserve A for ann: 1 cup
        order O1 for bob: 2 cup
        O1 finishes
        ship O1: 1 cup
        return O1: 1 cup
        ");
    let (world, journal) = recovered_world(shop.driver.journal(), shop.driver.now);
    assert_eq!(journal, shop.driver.journal());
    assert_eq!(world.digest(), shop.driver.world().digest());
}

#[test]
fn a_restart_ships_every_line_of_a_shipment_under_way() {
    check(
        "
        new cup price 0 backorder unlimited
        receive 2 cup at north
        receive 3 cup at south
        order O1 for ann: 1 cup, 2 cup at north
        O1 steps
        start O1
        reserve A for bob lasting 100ms: 1 cup
        wait 100ms
        restart
        ",
        "
        O1: shipped; rest
        cup at north: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn baskets_made_together_are_all_there_after_a_crash_or_none_of_them_is() {
    let mut shop = run("
        new cup
        new pot
        receive 5 cup
        receive 5 pot
        ");
    let baskets = [("A", "2 cup, 1 pot"), ("B", "3 cup"), ("C", "1 pot")];
    let before = shop.driver.journal().len();
    shop.reserve_together(&baskets).unwrap();
    let whole = shop.driver.journal().len();
    assert_eq!(whole - before, 4 + 3, "four holds and three baskets");
    for cut in before..=whole {
        let (world, journal) = restart_from(shop.driver.journal(), cut, shop.driver.now);
        let all = if cut == whole { 3 } else { 0 };
        assert_eq!(world.reservations().len(), all, "cut after {cut} of {whole} events");
        let held = |name: &str| -> u64 {
            world.products()[&sku(name)].levels().map(|(_, level)| level.held.units()).sum()
        };
        assert_eq!((held("cup"), held("pot")), if cut == whole { (5, 2) } else { (0, 0) });
        let given_back = |event: &Event| {
            matches!(event, Event::Product(_, ProductEvent::HoldEnded { why: HoldEnd::Abandoned, .. }))
        };
        assert!(journal[cut..].iter().all(given_back), "nothing else is to be done");
        // What comes after a crash is no part of what came before it: the same can be asked for again.
        let mut shop = shop.restarted_from(&journal);
        shop.reserve_together(&baskets).unwrap();
        restart_from(shop.driver.journal(), shop.driver.journal().len(), shop.driver.now);
        assert_eq!(shop.driver.world().reservations().len(), 3);
    }
}

#[test]
fn of_baskets_asked_for_together_none_is_made_if_one_cannot_be() {
    let mut shop = run("
        new cup
        new pot
        receive 5 cup
        receive 1 pot
        ");
    let refused = shop.reserve_together(&[("A", "2 cup"), ("B", "3 cup, 2 pot"), ("C", "1 pot")]);
    assert!(matches!(refused, Err(Rejection::InsufficientStock(_))), "{refused:?}");
    assert_eq!(shop.driver.reservations().count(), 0);
    shop.reserve_together(&[("A", "2 cup"), ("B", "3 cup"), ("C", "1 pot")]).unwrap();
    // They end one by one, as any others.
    shop.row("commit A");
    shop.row("release B");
    shop.row("reserve D for dan: 3 cup");
    let whole = shop.driver.journal().len();
    restart_from(shop.driver.journal(), whole, shop.driver.now);
}
