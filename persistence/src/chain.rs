//! Reading a journal: what every store does with the frames it finds, in order.
//!
//! ```text
//!   [1..4]──▶[5..9]──▶[10]──▶ ▒▒▒▒           a bad frame, nothing sound after it: a torn tail, cut
//!   [1..4]──▶ ▒▒▒▒ ──▶[10]──▶[11..12]        a bad frame, a sound one after it: corruption, stop
//! ```
//!
//! A write that was cut short can only spoil the end. So a bad frame with a sound one behind it was sound once, and
//! may have been acknowledged: cutting there would lose acknowledged work without a word.

use holdfast_engine::Sequence;

use crate::frame::{Frame, FrameError, frame_hash};
use crate::store::{Partition, ReplayError, Tail, Visitor};

/// Where a frame lies, and why it is none.
pub(crate) type TornFrame = (Sequence, FrameError);

/// Follows a journal from frame to frame.
#[derive(Debug)]
pub(crate) struct Chain {
    partition: Partition,
    /// Events before this are checked and not visited.
    from: Sequence,
    /// Whether a frame was seen; the first of a replay from the middle has nothing to be compared with.
    linked: bool,
    tail: Tail,
    /// Damaged frames with nothing sound after them so far.
    torn: Vec<TornFrame>,
}

impl Chain {
    /// Follows a journal from the frame that is kept at `start`, and visits events from `from` on. Only the first
    /// frame of all can be held to what comes before it, which is nothing.
    pub(crate) fn starting_at(start: Sequence, partition: Partition, from: Sequence) -> Self {
        let linked = start <= Sequence(1);
        Self { partition, from, linked, tail: Tail::default(), torn: Vec::new() }
    }

    /// Takes the next frame, found where the store keeps the frame that begins at `key`.
    pub(crate) fn frame(
        &mut self,
        key: Sequence,
        bytes: &[u8],
        visit: &mut Visitor<'_>,
    ) -> Result<(), ReplayError> {
        let frame = match Frame::decode(bytes) {
            Ok(frame) => frame,
            Err(FrameError::NewerVersion { found, supported }) => {
                return Err(ReplayError::NewerVersion { sequence: key, found, supported });
            }
            Err(source) if source.may_be_torn() => {
                self.torn.push((key, source));
                return Ok(());
            }
            Err(source) => return Err(ReplayError::Corrupt { sequence: key, source }),
        };
        if let Some((sequence, source)) = self.torn.first() {
            return Err(ReplayError::Corrupt { sequence: *sequence, source: source.clone() });
        }
        self.link(key, &frame)?;

        for event in frame.events() {
            let (sequence, event) = event.map_err(|source| ReplayError::Corrupt { sequence: key, source })?;
            if sequence >= self.from {
                visit(sequence, event).map_err(|source| ReplayError::Refused { sequence, source })?;
            }
        }

        let header = frame.header();
        self.tail.last = header.last();
        self.tail.epoch = header.epoch;
        self.tail.hash = frame_hash(bytes);
        self.tail.frames += 1;
        self.tail.events += u64::from(header.count);
        self.tail.bytes += bytes.len() as u64;
        self.linked = true;
        Ok(())
    }

    /// Checks that a sound frame continues the one before it.
    fn link(&self, key: Sequence, frame: &Frame<'_>) -> Result<(), ReplayError> {
        let header = frame.header();
        let wrong = |detail| Err(ReplayError::Chain { sequence: key, detail });
        if header.first != key {
            return wrong("it lies under another position than it names");
        }
        if header.partition != self.partition {
            return wrong("it belongs to another partition");
        }
        if !self.linked {
            return Ok(());
        }
        if header.first != self.tail.last.plus(1) {
            return Err(ReplayError::Gap { after: self.tail.last, found: header.first });
        }
        if header.previous != self.tail.hash {
            return wrong("it names another frame as the one before it");
        }
        if header.epoch < self.tail.epoch {
            return wrong("its epoch is older");
        }
        Ok(())
    }

    /// Ends the journal here: answers where, and which unfinished frames lie beyond, each under its key.
    pub(crate) fn finish(mut self) -> Result<(Tail, Vec<TornFrame>), ReplayError> {
        let wanted = Sequence(self.from.0.saturating_sub(1));
        if self.tail.last < wanted {
            return Err(ReplayError::Gap { after: self.tail.last, found: self.from });
        }
        self.tail.torn_frames = self.torn.len() as u64;
        Ok((self.tail, self.torn))
    }
}

/// Logs what a store is about to cut off.
pub(crate) fn report_cut(torn: &[TornFrame]) {
    for (sequence, error) in torn {
        tracing::warn!(
            sequence = sequence.0,
            %error,
            "cutting an unfinished frame off the end of the journal; it was never acknowledged"
        );
    }
}
