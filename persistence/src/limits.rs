//! Every bound of this crate, with the relations between them that the rest relies on.

use holdfast_engine::event::EVENT_BYTES_MAX;

/// Most bytes of one frame, envelope included. The writer starts the next frame when one more event could make it go
/// over; a single event always fits, because the engine bounds what an event may carry.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Bytes of frames after which a group is synced and acknowledged before the rest of what has gathered is written,
/// so that a long queue does not make its first member wait for its last.
pub const GROUP_BYTES_MAX: usize = 1024 * 1024;

/// Events for which the queue keeps its memory between groups. A burst above it gives the memory back.
pub(crate) const QUEUE_EVENTS_KEPT: usize = 64 * 1024;

/// The size of sled's segments. sled puts whatever is larger than a quarter of one, a tree page included, into files
/// of their own that it never syncs; so this is chosen together with [`FRAME_BYTES_MAX`].
pub(crate) const SLED_SEGMENT_BYTES: usize = 8 * 1024 * 1024;

/// A leaf of sled's tree is split when it holds more than 16 entries, so it has at most one more.
const SLED_LEAF_ENTRIES_MAX: usize = 17;

/// Bytes to allow for keys and framing of one entry in a leaf; far above what they take.
const SLED_ENTRY_OVERHEAD: usize = 256;

/// How often to look whether sled has let go of its file after it was dropped, and how many milliseconds apart.
pub(crate) const SLED_RELEASE_TRIES: u32 = 10_000;
/// See [`SLED_RELEASE_TRIES`].
pub(crate) const SLED_RELEASE_PAUSE_MS: u64 = 1;

/// Bytes read at a time where a whole file is hashed.
pub(crate) const READ_CHUNK_BYTES: usize = 1024 * 1024;

// The widest event, with its fixed parts and what archiving adds, fits into a frame with room to spare.
const _: () = assert!(EVENT_BYTES_MAX + EVENT_BYTES_MAX / 2 <= 48 * 1024);
const _: () = assert!(48 * 1024 < FRAME_BYTES_MAX);
const _: () = assert!(FRAME_BYTES_MAX <= GROUP_BYTES_MAX);
// The fullest leaf of the widest frames stays below the size from which sled makes files of their own.
const _: () =
    assert!(SLED_LEAF_ENTRIES_MAX * (FRAME_BYTES_MAX + SLED_ENTRY_OVERHEAD) < SLED_SEGMENT_BYTES / 4);
