//! What there would be if nobody held anything: whether it helps to wait and try again, and how many may queue.

use holdfast_engine::LocationId;

use super::script::{Shop, run, sku};

/// What there would be of cups: where they are asked for, at all locations, promised to those that queue, and how many may.
fn without_holds(shop: &Shop, asked: Option<&str>) -> [u64; 4] {
    let asked = asked.map(|name| LocationId::new(name).unwrap());
    let without = shop.driver.product(&sku("cup")).without_holds(asked.as_ref(), true, shop.driver.now);
    [without.here, without.anywhere, without.promised, without.queue_limit].map(|units| units.units())
}

/// How many cups could be had at all, at whatever location.
fn anywhere(script: &str) -> u64 {
    let [here, anywhere, ..] = without_holds(&run(script), None);
    assert_eq!(here, anywhere, "whoever asks for no location has all of them");
    anywhere
}

fn queueable(script: &str) -> Option<u64> {
    let shop = run(script);
    shop.driver.product(&sku("cup")).queueable(shop.driver.now).map(|units| units.units())
}

#[test]
fn what_is_held_would_be_there_and_what_is_promised_would_not() {
    let shop = run("
        new cup backorder 7
        receive 6 cup
        receive 4 cup at north
        reserve A for ann: 3 cup at main
        reserve B for bob: 2 cup at main
        commit B
        reserve C for cleo: 5 cup at north
        commit C
        ");
    // Cleo has the four in the north and queues for one more, which the limit has to leave room for.
    assert_eq!(without_holds(&shop, None), [4, 4, 1, 7]);
    assert_eq!(without_holds(&shop, Some("main")), [4, 4, 1, 7]);
    assert_eq!(without_holds(&shop, Some("north")), [0, 4, 1, 7]);
    assert_eq!(without_holds(&shop, Some("nroth")), [0, 4, 1, 7]);
    let cup = shop.driver.product(&sku("cup"));
    let limit = cup.without_holds(None, false, shop.driver.now).queue_limit;
    assert!(limit.is_zero(), "who does not want to queue has no use for the limit");
}

#[test]
fn there_is_nothing_before_the_release_or_where_it_is_closed() {
    assert_eq!(anywhere("new cup preorder 5 release 1h\nreceive 6 cup"), 0);
    assert_eq!(anywhere("new cup preorder 5 release 1h\nreceive 6 cup\nwait 1h"), 6);
    assert_eq!(anywhere("new cup closed north\nreceive 6 cup\nreceive 4 cup at north"), 6);
}

#[test]
fn in_an_open_sale_there_is_at_most_what_was_set_aside_for_it() {
    assert_eq!(anywhere("new cup\nreceive 9 cup\nsale cup spring aside 3 main\nreserve A for ann: 2 cup"), 3);
    assert_eq!(anywhere("new cup\nreceive 2 cup\nsale cup spring aside 3 main"), 2);
    assert_eq!(anywhere("new cup\nreceive 9 cup\nsale cup spring"), 9);
}

#[test]
fn before_a_sale_there_is_what_was_not_set_aside_for_it_and_afterwards_all() {
    let scheduled = "new cup\nreceive 9 cup\nsale cup spring in 1h for 1h aside 3 main";
    assert_eq!(anywhere(scheduled), 6);
    assert_eq!(anywhere(&format!("{scheduled}\nwait 1h")), 3);
    assert_eq!(anywhere(&format!("{scheduled}\nwait 2h")), 9);
    assert_eq!(anywhere(&format!("{scheduled}\nend-sale cup spring")), 9);
}

#[test]
fn a_refusal_in_a_sale_may_pass_only_where_what_is_held_was_set_aside_for_it() {
    let mut shop = run("
        new cup
        receive 9 cup
        reserve A for ann: 4 cup
        sale cup spring aside 3 main
        reserve B for bob: 3 cup
        ");
    assert!(shop.refusal("3 cup").is_transient(), "bob may let go of three");
    assert!(!shop.refusal("4 cup").is_transient(), "ann's are not the sale's");
}

#[test]
fn as_many_may_queue_as_the_limit_has_room_for() {
    assert_eq!(queueable("new cup backorder 5"), Some(5));
    assert_eq!(queueable("new cup backorder 5\nreserve A for ann: 2 cup"), Some(3));
    assert_eq!(queueable("new cup backorder unlimited"), None);
    assert_eq!(queueable("new cup backorder unlimited unsellable"), Some(0));
    assert_eq!(queueable("new cup"), Some(0));
}

#[test]
fn nobody_queues_for_a_sale_of_what_was_set_aside() {
    let sale = |terms| format!("new cup backorder 5\nreceive 2 cup\nsale cup spring {terms}");
    assert_eq!(queueable(&sale("aside 2 main")), Some(0));
    assert_eq!(queueable(&sale("")), Some(5));
    assert_eq!(queueable(&sale("in 1h aside 2 main")), Some(5));
    assert_eq!(queueable(&format!("{}\nend-sale cup spring", sale("aside 2 main"))), Some(5));
    run(&format!("{}\nreserve A for ann: 3 cup | refused: InsufficientStock", sale("aside 2 main")));
    run(&format!("{}\nreserve A for ann: 3 cup", sale("")));
}
