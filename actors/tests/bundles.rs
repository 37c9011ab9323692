//! Bundles: baskets of products that are made of others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use futures::future::join_all;
use holdfast_actors::{Failure, OrderRequestLine, Reply, ReservationView};
use holdfast_engine::product::{Component, Policy, ProductDetails};
use holdfast_engine::{Rejection, ReservationId, UnitPrice};

use support::ask::{
    PRICE_MINOR, basket, changed, details, eur, euros, fresh, fresh_operation, line, new_basket, order,
    order_line, order_of, order_units, sku, units,
};
use support::seeds::seeds;
use support::shop::{Shop, clock};
use support::within;

fn made_of(components: &[(&str, u32)]) -> ProductDetails {
    let component = |(name, count): &(&str, u32)| Component { sku: sku(name), quantity: units(*count) };
    ProductDetails { components: components.iter().map(component).collect(), ..details(Policy::default()) }
}

async fn put(shop: &Shop, name: &str, components: &[(&str, u32)]) {
    shop.core.put_product(sku(name), made_of(components), fresh_operation()).await.unwrap();
}

/// A shop with so many cups and teas, and boxes of a cup and two teas.
async fn shop_with(cups: u64, teas: u64) -> Shop {
    let shop = Shop::new(clock()).await;
    shop.stock("cup", cups).await;
    shop.stock("tea", teas).await;
    put(&shop, "box", &[("cup", 1), ("tea", 2)]).await;
    shop
}

/// Which bundles a refusal for lack of units came from.
fn short_in(answer: &Reply<ReservationView>) -> Vec<String> {
    match answer {
        Err(Failure::Rejected(Rejection::InBundle(part))) => {
            assert!(matches!(part.because, Rejection::InsufficientStock(_)), "{part:?}");
            part.bundles.iter().map(|(sku, _)| sku.to_string()).collect()
        }
        other => panic!("{other:?} is refused for lack of a component"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_baskets_that_share_the_last_component_exactly_one_is_made_and_no_rest_is_held() {
    for seed in seeds(24) {
        let shop = shop_with(4, 3).await;
        put(&shop, "set", &[("tea", 2), ("wine", 1)]).await;
        shop.stock("wine", 4).await;
        // One of them waits for tea behind cups, the other before wine.
        let (first, second) = (new_basket([line("box", 1)]), new_basket([line("set", 1)]));
        let both = match seed % 2 {
            0 => [shop.core.reserve(first), shop.core.reserve(second)],
            _ => [shop.core.reserve(second), shop.core.reserve(first)],
        };
        let answers = within("two baskets", join_all(both)).await;
        let made = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(made, 1, "seed {seed}: {answers:?}");
        let refused = answers.iter().find(|answer| answer.is_err()).unwrap();
        assert_eq!(short_in(refused).len(), 1);
        shop.settle().await;
        let held =
            [shop.counts("cup").await.held, shop.counts("tea").await.held, shop.counts("wine").await.held];
        assert!(held == [1, 2, 0] || held == [0, 2, 1], "seed {seed}: {held:?}");
        shop.audit().await;
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_would_be_refused_for_a_component_of_a_bundle_under_way_waits_for_its_end() {
    for seed in seeds(48) {
        // The box wants the cup and both teas, the set the cup and the wine. If the teas go to somebody else, the cup is the
        // set's, though the box may have had it for a moment.
        let shop = shop_with(1, 2).await;
        shop.stock("wine", 1).await;
        put(&shop, "set", &[("cup", 1), ("wine", 1)]).await;
        let mut wanted = [line("box", 1), line("set", 1), line("tea", 2)].map(|line| new_basket([line]));
        wanted.rotate_left(usize::try_from(seed % 3).unwrap());
        let asked: Vec<_> = wanted.iter().map(|basket| basket.lines[0].sku.to_string()).collect();
        let answers = within("three baskets", join_all(wanted.map(|basket| shop.core.reserve(basket)))).await;
        let made = asked.iter().zip(&answers).filter(|(_, answer)| answer.is_ok());
        let mut made: Vec<_> = made.map(|(name, _)| name.as_str()).collect();
        made.sort_unstable();
        assert!(made == ["box"] || made == ["set", "tea"], "seed {seed}: {answers:?}");
        shop.audit().await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_reservation_shows_what_it_holds_and_what_was_asked_and_keeps_both_when_the_bundle_changes() {
    let shop = shop_with(9, 9).await;
    let id = fresh();
    let asked = || basket(id, [line("box", 2), line("tea", 1)]);
    let made = shop.core.reserve(asked()).await.unwrap();
    let lines: Vec<_> =
        made.value.lines.iter().map(|line| (line.sku.to_string(), line.quantity.units())).collect();
    assert_eq!(lines, [("cup".to_owned(), 2), ("tea".to_owned(), 5)]);
    let bundles = made.value.bundles.clone().unwrap();
    assert_eq!(
        (bundles.len(), bundles[0].quantity, &*bundles[0].components),
        (1, units(2), &*made_of(&[("cup", 1), ("tea", 2)]).components)
    );
    put(&shop, "box", &[("cup", 3)]).await;
    let again = shop.core.reserve(asked()).await.unwrap();
    assert_eq!((again.replayed, again.value), (true, made.value.clone()));
    let read = shop.core.reservation(ReservationId(id)).await.unwrap();
    assert_eq!((read.lines, read.bundles), (made.value.lines, made.value.bundles));
    shop.audit().await;
    shop.close().await;
}

#[tokio::test]
async fn after_a_crash_a_basket_of_bundles_is_there_whole_with_what_was_asked() {
    let clock = clock();
    let shop = shop_with(9, 9).await;
    let made = shop.core.reserve(new_basket([line("box", 2)])).await.unwrap().value;
    let change = changed(made.id, [line("box", 3), line("cup", 1)], fresh_operation());
    let now = shop.core.change_reservation(change).await.unwrap().value;
    let again = shop.after_crash(clock).await;
    let read = again.core.reservation(made.id).await.unwrap();
    assert_eq!((&read.lines, &read.bundles), (&now.lines, &now.bundles));
    assert_eq!((again.counts("cup").await.held, again.counts("tea").await.held), (4, 6));
    again.audit().await;
    again.close().await;
}

#[tokio::test]
async fn the_stock_of_a_bundle_is_how_many_whole_ones_there_are() {
    let shop = shop_with(5, 7).await;
    let stock = shop.shown("box").await;
    assert_eq!(stock.totals().available, 3, "seven teas make three");
    let bundle = stock.bundle.unwrap();
    let told: Vec<_> = bundle
        .components
        .iter()
        .map(|part| (part.sku.to_string(), part.counts.available, part.suffices_for))
        .collect();
    assert_eq!(told, [("cup".to_owned(), 5, 5), ("tea".to_owned(), 7, 3)]);
    let made = shop.core.reserve(new_basket([line("box", 2)])).await.unwrap().value;
    assert_eq!(shop.shown("box").await.totals().available, 1);
    let own = shop.core.stock_to(&sku("box"), made.id).await.unwrap();
    assert_eq!(own.totals().available, 3, "what it holds counts");
    shop.core.change_reservation(changed(made.id, [line("box", 3)], fresh_operation())).await.unwrap();
    shop.close().await;
}

#[tokio::test]
async fn an_order_of_bundles_costs_what_they_cost_and_pays_it_back_to_the_last_unit() {
    let shop = shop_with(9, 9).await;
    let id = fresh();
    let price = UnitPrice::new(100_000, eur());
    let asked = OrderRequestLine { unit_price: price, ..order_line("box", 1) };
    let placed = shop.core.place_order(order(id, [asked], "approve")).await.unwrap().value;
    let lines: Vec<_> = placed
        .lines
        .iter()
        .map(|line| (line.sku.to_string(), line.quantity.units(), line.total.minor()))
        .collect();
    // Cups and teas have the same price alone, so a third of ten euros is the cup's.
    assert_eq!(lines, [("cup".to_owned(), 1, 333), ("tea".to_owned(), 2, 667)]);
    assert_eq!((placed.total, placed.bundles.unwrap().len()), (euros(1_000), 1));
    shop.core
        .cancel_units(placed.id, vec![order_units("tea", 1)], "no".into(), fresh_operation())
        .await
        .unwrap();
    shop.core.cancel_order(placed.id, "no".into(), fresh_operation()).await.unwrap();
    let refunds: Vec<_> = shop.rested(id).await.refunds.iter().map(|refund| refund.amount.minor()).collect();
    assert_eq!(refunds, [334, 666]);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test]
async fn an_order_of_a_reservation_costs_its_bundles_and_what_is_beside_them() {
    let shop = shop_with(9, 9).await;
    let made = shop.core.reserve(new_basket([line("box", 2), line("tea", 1)])).await.unwrap().value;
    // What they are made of later does not matter any more.
    put(&shop, "box", &[("cup", 5)]).await;
    let placed = shop.core.place_order(order_of(fresh(), made.id, "approve")).await.unwrap().value;
    assert_eq!(placed.total, euros(3 * PRICE_MINOR), "two boxes and a tea, which have the same price");
    let units: Vec<_> = placed.lines.iter().map(|line| line.quantity.units()).collect();
    assert_eq!(units, [2, 5]);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test]
async fn a_bundle_without_a_price_costs_what_its_components_do() {
    let shop = shop_with(9, 9).await;
    let unpriced = ProductDetails { price: None, ..made_of(&[("cup", 1), ("tea", 2)]) };
    shop.core.put_product(sku("box"), unpriced, fresh_operation()).await.unwrap();
    let placed =
        shop.core.place_order(order(fresh(), [order_line("box", 2)], "approve")).await.unwrap().value;
    assert_eq!(placed.total, euros(6 * PRICE_MINOR));
    shop.close().await;
}
