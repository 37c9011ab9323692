//! Records about a reservation.

use holdfast_engine::reservation::{Bundle, Lowered, ReservationEvent};
use holdfast_engine::{Fingerprint, Millis, OrderId};
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use super::put::ComponentRecord;
use super::value::{self, Id, OperationRecord};
use crate::record::RecordError;

/// One fact about one reservation.
#[derive(Archive, Serialize)]
pub(crate) enum ReservationRecord {
    Made {
        customer: SmolStr,
        fingerprint: u64,
        lines: u16,
        ttl_ms: u64,
        at: i64,
        metadata: SmolStr,
        follow: u16,
        bundles: u16,
    },
    Extended {
        expires_at: i64,
        operation: OperationRecord,
        at: i64,
    },
    Pinned {
        order: Id,
        at: i64,
    },
    Unpinned {
        expires_at: i64,
        at: i64,
    },
    Committed {
        taken: Option<Vec<u32>>,
        operation: Option<OperationRecord>,
        at: i64,
    },
    Released {
        operation: Option<OperationRecord>,
        at: i64,
    },
    Expired {
        at: i64,
    },
    Changed(Box<ChangedRecord>),
    BundlesNoted(Box<BundlesRecord>),
}

/// What a reservation is about to be made or changed for.
#[derive(Archive, Serialize)]
pub(crate) struct BundlesRecord {
    first: u16,
    bundles: Vec<BundleRecord>,
    at: i64,
}

/// Units of a bundle, and what each was made of.
#[derive(Archive, Serialize)]
pub(crate) struct BundleRecord {
    sku: SmolStr,
    location: Option<SmolStr>,
    quantity: u32,
    components: Vec<ComponentRecord>,
}

impl BundleRecord {
    fn bytes(&self) -> usize {
        let texts = self.sku.len() + self.location.as_ref().map_or(0, SmolStr::len);
        size_of::<ArchivedBundleRecord>() + texts + ComponentRecord::bytes_of(&self.components)
    }
}

impl From<&Bundle> for BundleRecord {
    fn from(bundle: &Bundle) -> Self {
        Self {
            sku: SmolStr::new(bundle.sku.as_str()),
            location: bundle.location.as_ref().map(|location| SmolStr::new(location.as_str())),
            quantity: bundle.quantity.units(),
            components: bundle.components.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<&ArchivedBundleRecord> for Bundle {
    type Error = RecordError;

    fn try_from(record: &ArchivedBundleRecord) -> Result<Self, RecordError> {
        Ok(Self {
            sku: value::sku(&record.sku)?,
            location: record.location.as_ref().map(value::location).transpose()?,
            quantity: value::line_quantity("units of a bundle", record.quantity)?,
            components: record.components.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        })
    }
}

/// Lines that have fewer units, how many have more, and until when it is held now.
#[derive(Archive, Serialize)]
pub(crate) struct ChangedRecord {
    lowered: Vec<LoweredRecord>,
    raised: u16,
    bundles: u16,
    expires_at: i64,
    operation: OperationRecord,
    at: i64,
}

#[derive(Archive, Serialize)]
pub(crate) struct LoweredRecord {
    line: u16,
    left: u32,
}

impl ReservationRecord {
    /// Most bytes of what lies beside the record's place: texts and lists.
    pub(super) fn bytes_beside(&self) -> usize {
        match self {
            Self::Made { customer, metadata, .. } => customer.len() + metadata.len(),
            Self::Committed { taken, .. } => taken.as_ref().map_or(0, |taken| size_of_val(taken.as_slice())),
            Self::Changed(changed) => {
                size_of::<ArchivedChangedRecord>()
                    + changed.lowered.len() * size_of::<ArchivedLoweredRecord>()
            }
            Self::BundlesNoted(noted) => {
                let bundles = noted.bundles.iter().map(BundleRecord::bytes);
                size_of::<ArchivedBundlesRecord>() + bundles.sum::<usize>()
            }
            Self::Extended { .. }
            | Self::Pinned { .. }
            | Self::Unpinned { .. }
            | Self::Released { .. }
            | Self::Expired { .. } => 0,
        }
    }
}

impl From<&ReservationEvent> for ReservationRecord {
    fn from(event: &ReservationEvent) -> Self {
        match event {
            ReservationEvent::Made { customer, fingerprint, lines, ttl, at, metadata, follow, bundles } => {
                Self::Made {
                    customer: SmolStr::new(customer.as_str()),
                    fingerprint: fingerprint.0,
                    lines: *lines,
                    ttl_ms: ttl.0,
                    at: at.millis(),
                    metadata: metadata.clone(),
                    follow: *follow,
                    bundles: *bundles,
                }
            }
            ReservationEvent::BundlesNoted { first, bundles, at } => {
                let bundles = bundles.iter().map(Into::into).collect();
                Self::BundlesNoted(Box::new(BundlesRecord { first: *first, bundles, at: at.millis() }))
            }
            ReservationEvent::Extended { expires_at, operation, at } => Self::Extended {
                expires_at: expires_at.millis(),
                operation: (*operation).into(),
                at: at.millis(),
            },
            ReservationEvent::Pinned { order, at } => {
                Self::Pinned { order: order.0.to_be_bytes(), at: at.millis() }
            }
            ReservationEvent::Unpinned { expires_at, at } => {
                Self::Unpinned { expires_at: expires_at.millis(), at: at.millis() }
            }
            ReservationEvent::Committed { taken, operation, at } => Self::Committed {
                taken: taken.clone(),
                operation: operation.map(Into::into),
                at: at.millis(),
            },
            ReservationEvent::Released { operation, at } => {
                Self::Released { operation: operation.map(Into::into), at: at.millis() }
            }
            ReservationEvent::Expired { at } => Self::Expired { at: at.millis() },
            ReservationEvent::Changed { lowered, raised, bundles, expires_at, operation, at } => {
                let lowered =
                    lowered.iter().map(|Lowered { line, left }| LoweredRecord { line: *line, left: *left });
                Self::Changed(Box::new(ChangedRecord {
                    lowered: lowered.collect(),
                    raised: *raised,
                    bundles: *bundles,
                    expires_at: expires_at.millis(),
                    operation: (*operation).into(),
                    at: at.millis(),
                }))
            }
        }
    }
}

impl TryFrom<&ArchivedReservationRecord> for ReservationEvent {
    type Error = RecordError;

    fn try_from(record: &ArchivedReservationRecord) -> Result<Self, RecordError> {
        Ok(match record {
            ArchivedReservationRecord::Made {
                customer,
                fingerprint,
                lines,
                ttl_ms,
                at,
                metadata,
                follow,
                bundles,
            } => Self::Made {
                customer: value::customer(customer)?,
                fingerprint: Fingerprint(fingerprint.to_native()),
                lines: lines.to_native(),
                ttl: Millis(ttl_ms.to_native()),
                at: value::instant(*at),
                metadata: value::text(metadata),
                follow: follow.to_native(),
                bundles: bundles.to_native(),
            },
            ArchivedReservationRecord::Extended { expires_at, operation, at } => Self::Extended {
                expires_at: value::instant(*expires_at),
                operation: operation.into(),
                at: value::instant(*at),
            },
            ArchivedReservationRecord::Pinned { order, at } => {
                Self::Pinned { order: OrderId(u128::from_be_bytes(*order)), at: value::instant(*at) }
            }
            ArchivedReservationRecord::Unpinned { expires_at, at } => {
                Self::Unpinned { expires_at: value::instant(*expires_at), at: value::instant(*at) }
            }
            ArchivedReservationRecord::Committed { taken, operation, at } => Self::Committed {
                taken: taken.as_ref().map(|taken| taken.iter().map(|units| units.to_native()).collect()),
                operation: operation.as_ref().map(Into::into),
                at: value::instant(*at),
            },
            ArchivedReservationRecord::Released { operation, at } => {
                Self::Released { operation: operation.as_ref().map(Into::into), at: value::instant(*at) }
            }
            ArchivedReservationRecord::Expired { at } => Self::Expired { at: value::instant(*at) },
            ArchivedReservationRecord::BundlesNoted(noted) => Self::BundlesNoted {
                first: noted.first.to_native(),
                bundles: noted.bundles.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
                at: value::instant(noted.at),
            },
            ArchivedReservationRecord::Changed(changed) => {
                let lowered = changed.lowered.iter();
                let lowered = lowered
                    .map(|record| Lowered { line: record.line.to_native(), left: record.left.to_native() });
                Self::Changed {
                    lowered: lowered.collect(),
                    raised: changed.raised.to_native(),
                    bundles: changed.bundles.to_native(),
                    expires_at: value::instant(changed.expires_at),
                    operation: (&changed.operation).into(),
                    at: value::instant(changed.at),
                }
            }
        })
    }
}
