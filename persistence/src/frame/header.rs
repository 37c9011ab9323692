//! The fixed part of a frame.

use holdfast_engine::Sequence;

use super::{FORMAT_VERSION, FrameError, KIND_EVENTS, MAGIC};
use crate::store::{Epoch, Partition};

/// Bytes of a header. The same in every format version, as are the places of its magic, version and checksum, so
/// that an older build can tell a newer frame from a damaged one.
pub const HEADER_BYTES: usize = 56;

/// Bytes before the header's own checksum, which covers them.
const CHECKED_BYTES: usize = HEADER_BYTES - size_of::<u32>();

const _: () = assert!(
    HEADER_BYTES
        == MAGIC.len()                 // magic
            + 4 * size_of::<u16>()     // version, kind, partition, reserved
            + 2 * size_of::<u64>()     // epoch, first sequence
            + 2 * size_of::<u32>()     // count, body length
            + size_of::<u64>()         // hash of the previous frame
            + 2 * size_of::<u32>() // checksums of body and header
);

/// What a frame says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Whose journal it belongs to.
    pub partition: Partition,
    /// Under which term of ownership it was written.
    pub epoch: Epoch,
    /// Where its first event stands.
    pub first: Sequence,
    /// How many events it holds; at least one.
    pub count: u32,
    /// Bytes of the body.
    pub body_bytes: u32,
    /// [`frame_hash`](super::frame_hash) of the frame before it, 0 for the first.
    pub previous: u64,
    /// Checksum of the body.
    pub body_crc: u32,
}

impl Header {
    /// Where its last event stands.
    pub const fn last(&self) -> Sequence {
        Sequence(self.first.0.saturating_add(self.count as u64).saturating_sub(1))
    }

    /// The header as it lies in a frame.
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let mut rest = bytes.as_mut_slice();
        put(&mut rest, MAGIC);
        put(&mut rest, FORMAT_VERSION.to_le_bytes());
        put(&mut rest, KIND_EVENTS.to_le_bytes());
        put(&mut rest, self.partition.0.to_le_bytes());
        put(&mut rest, 0_u16.to_le_bytes());
        put(&mut rest, self.epoch.0.to_le_bytes());
        put(&mut rest, self.first.0.to_le_bytes());
        put(&mut rest, self.count.to_le_bytes());
        put(&mut rest, self.body_bytes.to_le_bytes());
        put(&mut rest, self.previous.to_le_bytes());
        put(&mut rest, self.body_crc.to_le_bytes());
        let (checked, crc) = bytes.split_at_mut(CHECKED_BYTES);
        crc.copy_from_slice(&crc32c::crc32c(checked).to_le_bytes());
        bytes
    }

    /// Reads a header from the first bytes of a frame. What it says of the body is not checked here.
    ///
    /// # Errors
    /// [`FrameError`] up to [`FrameError::Unknown`], in that order: a checksum is compared before a version is believed.
    pub(super) fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Result<Self, FrameError> {
        let (checked, crc) = bytes.split_at(CHECKED_BYTES);
        let mut rest = checked;
        if take::<8>(&mut rest) != MAGIC {
            return Err(FrameError::Magic);
        }
        if crc != crc32c::crc32c(checked).to_le_bytes() {
            return Err(FrameError::HeaderChecksum);
        }
        let version = u16::from_le_bytes(take(&mut rest));
        if version > FORMAT_VERSION {
            return Err(FrameError::NewerVersion { found: version, supported: FORMAT_VERSION });
        }
        if version < FORMAT_VERSION {
            return Err(FrameError::Unknown { field: "version", found: version });
        }
        let kind = u16::from_le_bytes(take(&mut rest));
        if kind != KIND_EVENTS {
            return Err(FrameError::Unknown { field: "kind", found: kind });
        }
        let partition = Partition(u16::from_le_bytes(take(&mut rest)));
        let reserved = u16::from_le_bytes(take(&mut rest));
        if reserved != 0 {
            return Err(FrameError::Unknown { field: "reserved field", found: reserved });
        }
        Ok(Self {
            partition,
            epoch: Epoch(u64::from_le_bytes(take(&mut rest))),
            first: Sequence(u64::from_le_bytes(take(&mut rest))),
            count: u32::from_le_bytes(take(&mut rest)),
            body_bytes: u32::from_le_bytes(take(&mut rest)),
            previous: u64::from_le_bytes(take(&mut rest)),
            body_crc: u32::from_le_bytes(take(&mut rest)),
        })
    }
}

/// Writes a field and moves on. The header's size is asserted above, so there is always room.
fn put<const N: usize>(rest: &mut &mut [u8], field: [u8; N]) {
    if let Some((place, after)) = std::mem::take(rest).split_first_chunk_mut::<N>() {
        *place = field;
        *rest = after;
    }
}

/// Reads a field and moves on; see [`put`].
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    match rest.split_first_chunk::<N>() {
        Some((field, after)) => {
            *rest = after;
            *field
        }
        None => [0; N],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            partition: Partition(3),
            epoch: Epoch(0x0102_0304_0506_0708),
            first: Sequence(1_000),
            count: 7,
            body_bytes: 123,
            previous: u64::MAX,
            body_crc: 0xdead_beef,
        }
    }

    /// Puts a number at a place and makes the checksum right again.
    fn with_field(at: usize, value: u16) -> [u8; HEADER_BYTES] {
        let mut bytes = header().to_bytes();
        bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..CHECKED_BYTES]).to_le_bytes();
        bytes[CHECKED_BYTES..].copy_from_slice(&crc);
        bytes
    }

    #[test]
    fn fields_stand_where_the_format_says() {
        let bytes = header().to_bytes();
        assert_eq!(&bytes[..8], b"HFASTJNL");
        assert_eq!(bytes[8..16], [1, 0, 1, 0, 3, 0, 0, 0]);
        assert_eq!(bytes[16..24], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(bytes[24..32], 1_000_u64.to_le_bytes());
        assert_eq!(bytes[32..40], [7, 0, 0, 0, 123, 0, 0, 0]);
        assert_eq!(bytes[40..48], [0xff; 8]);
        assert_eq!(bytes[48..52], [0xef, 0xbe, 0xad, 0xde]);
        assert_eq!(Header::from_bytes(&bytes), Ok(header()));
    }

    #[test]
    fn any_flipped_bit_is_seen() {
        for at in 0..HEADER_BYTES * 8 {
            let mut bytes = header().to_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            let expected = if at < 64 { FrameError::Magic } else { FrameError::HeaderChecksum };
            assert_eq!(Header::from_bytes(&bytes), Err(expected), "bit {at}");
        }
    }

    #[test]
    fn versions_kinds_and_reserved_fields_are_not_guessed() {
        let newer = FrameError::NewerVersion { found: 2, supported: 1 };
        assert_eq!(Header::from_bytes(&with_field(8, 2)), Err(newer));
        for (at, field, found) in [(8, "version", 0), (10, "kind", 9), (14, "reserved field", 1)] {
            assert_eq!(Header::from_bytes(&with_field(at, found)), Err(FrameError::Unknown { field, found }));
        }
    }
}
