//! Which part of a product's history is asked for.
//!
//! A cursor names a place in one product's history and is signed with the directory's secret: another text, or one of
//! another product, is found out before anything is read, and what cannot be read is never blamed on the caller.

use holdfast_actors::{HistoryPlace, Topic};
use holdfast_engine::{Sequence, Sku};
use serde::Deserialize;
use utoipa::ToSchema;

use super::page::{check_limit, malformed};
use crate::problem::Problem;

/// Which page of a product's history.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryQuery {
    kind: Option<TopicWord>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// What an entry of a product's history is about.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HistoryKind)]
pub(crate) enum TopicWord {
    /// Whatever moved stock or counted it: `adjusted`, `counted`, and all entries that have `movements`.
    Movement,
    /// Claims: `hold_*`.
    Hold,
    /// What became of promises: `allocation_advanced`, `demand_lowered`, `demand_lapsed`.
    Allocation,
    /// Units that went to those that queued: `filled`.
    Match,
    /// What the product is, and its policies: `product_*`.
    Policy,
    /// Units on their way: `lot_*`.
    Lot,
    /// Sales: `sale_*`.
    Sale,
    /// The waiting list: `waiting_*`, `offered`, `offer_lapsed`.
    Waiting,
}

impl From<TopicWord> for Topic {
    fn from(word: TopicWord) -> Self {
        match word {
            TopicWord::Movement => Self::Movement,
            TopicWord::Hold => Self::Hold,
            TopicWord::Allocation => Self::Allocation,
            TopicWord::Match => Self::Match,
            TopicWord::Policy => Self::Policy,
            TopicWord::Lot => Self::Lot,
            TopicWord::Sale => Self::Sale,
            TopicWord::Waiting => Self::Waiting,
        }
    }
}

/// Bytes of a cursor: position, version, signature.
const CURSOR_BYTES: usize = 24;

impl HistoryQuery {
    /// What is asked of this product's history.
    pub(crate) fn check(
        &self,
        secret: &[u8; 32],
        sku: &Sku,
    ) -> Result<holdfast_actors::HistoryQuery, Problem> {
        let strange = || malformed("cursor: not one this service has given for this product");
        let from = self.cursor.as_ref().map(|cursor| decode(secret, sku, cursor).ok_or_else(strange));
        let (from, limit) = (from.transpose()?, check_limit(self.limit)?);
        Ok(holdfast_actors::HistoryQuery { from, limit, topic: self.kind.map(Topic::from) })
    }

    /// The cursor that goes on at this place: in hexadecimal, so that it needs no escaping anywhere.
    pub(crate) fn cursor(secret: &[u8; 32], sku: &Sku, place: HistoryPlace) -> String {
        let place = [place.sequence.0.to_be_bytes(), place.version.to_be_bytes()];
        let signature = sign(secret, sku, &place).to_be_bytes();
        let bytes = place.into_iter().chain([signature]).flatten();
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }
}

fn decode(secret: &[u8; 32], sku: &Sku, cursor: &str) -> Option<HistoryPlace> {
    let digits = cursor.as_bytes();
    let are_digits = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if digits.len() != 2 * CURSOR_BYTES || !are_digits {
        return None;
    }
    let mut words = cursor.as_bytes().chunks(16).map(|digits| {
        let digits = std::str::from_utf8(digits).ok()?;
        u64::from_str_radix(digits, 16).ok()
    });
    let (sequence, version, signature) = (words.next()??, words.next()??, words.next()??);
    let place = [sequence.to_be_bytes(), version.to_be_bytes()];
    let place = (sign(secret, sku, &place) == signature).then_some(place)?;
    let [sequence, version] = place.map(u64::from_be_bytes);
    Some(HistoryPlace { sequence: Sequence(sequence), version })
}

fn sign(secret: &[u8; 32], sku: &Sku, place: &[[u8; 8]; 2]) -> u64 {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    // Nothing else that is derived from the secret begins like this.
    hasher.update(b"history cursor");
    hasher.update(place.as_flattened()).update(sku.as_str().as_bytes());
    let mut number = [0; 8];
    hasher.finalize_xof().fill(&mut number);
    u64::from_be_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_products_history_and_no_other_does() {
        let (secret, sku) = ([7; 32], Sku::new("85123A").unwrap());
        let place = HistoryPlace { sequence: Sequence(u64::MAX - 1), version: 3 };
        let cursor = HistoryQuery::cursor(&secret, &sku, place);
        assert_eq!(decode(&secret, &sku, &cursor), Some(place));
        assert_eq!(decode(&[8; 32], &sku, &cursor), None);
        assert_eq!(decode(&secret, &Sku::new("85123B").unwrap(), &cursor), None);
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(decode(&secret, &sku, &changed), None, "digit {at}");
        }
        for bad in ["", "0", &cursor[1..], &cursor.to_uppercase(), &format!("{cursor}0"), &"+".repeat(48)] {
            assert_eq!(decode(&secret, &sku, bad), None, "{bad}");
        }
    }
}
