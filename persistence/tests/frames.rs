//! Events to frames and back: nothing is lost, nothing wrong is believed, nothing grows over its bound.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use holdfast_engine::event::EVENT_BYTES_MAX;
use holdfast_engine::order::{LINES_PER_EVENT, OrderEvent, OrderLine};
use holdfast_engine::product::{
    FILLS_PER_EVENT, Fill, FromOffer, OFFERED_AT_MAX, PriorityClass, ProductEvent, SOURCES_MAX, Source,
    Sources, Spread,
};
use holdfast_engine::{
    CustomerId, Event, HoldId, LineQuantity, LocationId, OrderId, Quantity, ReservationId, Sequence, Sku,
    Timestamp,
};
use holdfast_persistence::frame::{EncodeError, Frame, FrameEncoder, FrameError, FrameGroup, HEADER_BYTES};
use holdfast_persistence::limits::{FRAME_BYTES_MAX, GROUP_BYTES_MAX};
use holdfast_persistence::{Epoch, Partition, Tail};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use support::events::{every_event, hold_opened, wide};
use support::strategies::event;

fn encoder() -> FrameEncoder {
    FrameEncoder::new(Partition(7), Epoch(3), &Tail { last: Sequence(99), hash: 42, ..Tail::default() })
}

fn encode(events: &[Event]) -> FrameGroup {
    let mut group = FrameGroup::new();
    assert_eq!(encoder().encode(events, &mut group), Ok(events.len()));
    group
}

/// All events of a group, which must follow on one another.
fn decode(group: &FrameGroup) -> Result<Vec<Event>, FrameError> {
    let mut next = Sequence(100);
    let mut events = Vec::new();
    for (header, bytes) in group.frames() {
        let frame = Frame::decode(bytes)?;
        assert_eq!(frame.header(), header);
        assert_eq!(header.first, next);
        for event in frame.events() {
            let (sequence, event) = event?;
            assert_eq!(sequence, next);
            next = next.plus(1);
            events.push(event);
        }
    }
    Ok(events)
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(20_261_121), ..Config::default() })]

    /// Every event comes back as it went in. That no frame is longer than estimated is asserted where it is made.
    #[test]
    fn any_events_come_back(events in vec(event(), 1..60)) {
        prop_assert_eq!(decode(&encode(&events)), Ok(events));
    }

    /// One changed byte anywhere is found, whatever it was and became.
    #[test]
    fn any_changed_byte_is_found(events in vec(event(), 1..4), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let group = encode(&events);
        let (_, bytes) = group.frames().next().unwrap();
        let mut changed = bytes.to_vec();
        let at = at.index(changed.len());
        changed[at] ^= flip;
        let found = Frame::decode(&changed).map(|frame| *frame.header());
        prop_assert!(found.as_ref().is_err_and(FrameError::may_be_torn), "byte {}: {:?}", at, found);
    }

    /// Bytes that carry right checksums and no sense are refused, and neither panic nor are taken for events.
    #[test]
    fn nonsense_with_right_checksums_is_refused_without_a_panic(
        events in vec(event(), 1..4), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let group = encode(&events);
        let (_, bytes) = group.frames().next().unwrap();
        let mut changed = bytes.to_vec();
        for (at, byte) in changes {
            let at = HEADER_BYTES + at.index(changed.len() - HEADER_BYTES);
            changed[at] = byte;
        }
        seal(&mut changed);
        if let Ok(frame) = Frame::decode(&changed) {
            for event in frame.events() {
                let _ = event;
            }
        }
    }
}

/// Makes the checksums of a frame right.
fn seal(frame: &mut [u8]) {
    let body = crc32c::crc32c(&frame[HEADER_BYTES..]).to_le_bytes();
    frame[HEADER_BYTES - 8..HEADER_BYTES - 4].copy_from_slice(&body);
    let header = crc32c::crc32c(&frame[..HEADER_BYTES - 4]).to_le_bytes();
    frame[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&header);
}

#[test]
fn a_frame_cut_anywhere_may_be_torn() {
    let group = encode(&every_event());
    let (_, bytes) = group.frames().next().unwrap();
    for end in 0..bytes.len() {
        let error = Frame::decode(&bytes[..end]).unwrap_err();
        assert!(error.may_be_torn(), "cut at {end}: {error}");
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(matches!(Frame::decode(&longer), Err(FrameError::BodyLength { .. })));
}

#[test]
fn what_was_written_as_it_stands_is_never_torn() {
    let group = encode(&every_event());
    let (_, bytes) = group.frames().next().unwrap();
    let changed = |at: usize, value: u8| {
        let mut changed = bytes.to_vec();
        changed[at] = value;
        seal(&mut changed);
        Frame::decode(&changed).map(|frame| *frame.header()).unwrap_err()
    };
    let newer = changed(8, 2);
    assert_eq!(newer, FrameError::NewerVersion { found: 2, supported: 1 });
    let kind = changed(10, 2);
    assert_eq!(kind, FrameError::Unknown { field: "kind", found: 2 });
    let count = changed(32, 1);
    assert!(matches!(count, FrameError::Count { header: 1, .. }));
    let list = changed(bytes.len() - 1, 0x7f);
    assert!(matches!(list, FrameError::Malformed { .. }), "{list}");
    for error in [newer, kind, count, list] {
        assert!(!error.may_be_torn(), "{error}");
    }
}

#[test]
fn a_record_that_is_no_event_names_its_place() {
    let group = encode(&[hold_opened(1), hold_opened(2)]);
    let (_, bytes) = group.frames().next().unwrap();
    // The second product's name, in place in its record, begins with a space.
    let mut changed = bytes.to_vec();
    let at = changed.windows(6).rposition(|window| window == b"85123A").unwrap();
    changed[at] = b' ';
    seal(&mut changed);
    let frame = Frame::decode(&changed).unwrap();
    let events: Vec<_> = frame.events().collect();
    assert_eq!(events[0], Ok((Sequence(100), hold_opened(1))));
    let Err(FrameError::Record { sequence: Sequence(101), source }) = &events[1] else {
        panic!("{:?}", events[1]);
    };
    assert_eq!(source.to_string(), "sku: must not begin or end with white space");
}

#[test]
fn a_common_event_takes_few_bytes() {
    let events: Vec<_> = (0..100).map(hold_opened).collect();
    let bytes = encode(&events).bytes();
    assert!(bytes <= 100 * 80 + 200, "{bytes} bytes for 100 holds");
}

#[test]
fn frames_stay_below_their_bound_and_groups_below_theirs() {
    let events: Vec<_> = (0..40_000)
        .map(|number| if number % 500 == 0 { wide(30_000) } else { hold_opened(number) })
        .collect();
    let (mut encoder, mut group) = (encoder(), FrameGroup::new());
    let mut taken = 0;
    let mut groups = 0;
    while taken < events.len() {
        group.clear();
        let first = group.first();
        assert_eq!(first, None);
        let more = encoder.encode(&events[taken..], &mut group).unwrap();
        assert!(more > 0);
        assert!(group.bytes() <= GROUP_BYTES_MAX, "a group of {} bytes", group.bytes());
        assert!(group.frames().all(|(_, frame)| frame.len() <= FRAME_BYTES_MAX));
        assert_eq!(group.events(), more as u64);
        taken += more;
        groups += 1;
        assert_eq!(group.last(), Some(Sequence(99 + taken as u64)));
    }
    assert!(groups > 3, "{groups} groups");
}

#[test]
fn the_widest_event_the_engine_makes_has_room() {
    let line = OrderLine {
        hold: u16::MAX,
        sku: longest_sku(),
        location: Some(longest_location()),
        quantity: LineQuantity::new(LineQuantity::MAX).unwrap(),
        total_minor: i64::MAX,
    };
    let lines = OrderEvent::LinesAdded { first: 0, lines: vec![line; LINES_PER_EVENT] };
    let (longest, most) = (longest_sku(), LineQuantity::new(LineQuantity::MAX).unwrap());
    let hold = HoldId { reservation: ReservationId(1), line: 1 };
    let source = Source { location: longest_location(), units: most };
    let spread = Spread {
        asked: Some(longest_location()),
        filled: vec![source; SOURCES_MAX],
        queued: Quantity::MAX,
        class: PriorityClass(1),
        good_til: Some(Timestamp::from_millis(1)),
    };
    let sources = Sources::Spread(Box::new(spread));
    let expires_at = Timestamp::from_millis(1);
    let offered = Source { location: longest_location(), units: most };
    let offer = FromOffer {
        customer: CustomerId::new(&"c".repeat(CustomerId::BYTES_MAX)).unwrap(),
        units: vec![offered; OFFERED_AT_MAX],
    };
    let from_offer = ProductEvent::HoldOpened {
        hold,
        quantity: most,
        sources: sources.clone(),
        buyer: Some(offer.customer.clone()),
        expires_at,
        offer: Some(Box::new(offer)),
    };
    let opened =
        ProductEvent::HoldOpened { hold, quantity: most, sources, buyer: None, expires_at, offer: None };
    let fills = vec![Fill { hold, units: most }; FILLS_PER_EVENT];
    let filled = ProductEvent::Filled { location: longest_location(), fills };
    for event in [
        Event::Order(OrderId(1), lines),
        Event::Product(longest.clone(), opened),
        Event::Product(longest.clone(), from_offer),
        Event::Product(longest, filled),
        wide(EVENT_BYTES_MAX),
    ] {
        let group = encode(&[event]);
        assert!(group.bytes() < 48 * 1024, "{} bytes", group.bytes());
    }
}

fn longest_location() -> LocationId {
    LocationId::new(&"l".repeat(LocationId::BYTES_MAX)).unwrap()
}

fn longest_sku() -> Sku {
    Sku::new(&"s".repeat(Sku::BYTES_MAX)).unwrap()
}

#[test]
fn an_event_beyond_all_bounds_is_refused_not_written() {
    let too_large = [hold_opened(1), wide(FRAME_BYTES_MAX)];
    let error = encoder().encode(&too_large, &mut FrameGroup::new()).unwrap_err();
    assert!(matches!(error, EncodeError::EventTooLarge { sequence: Sequence(101), .. }), "{error}");
    let error = encoder().encode(&too_large[1..], &mut FrameGroup::new()).unwrap_err();
    assert!(matches!(error, EncodeError::EventTooLarge { sequence: Sequence(100), .. }), "{error}");
}
