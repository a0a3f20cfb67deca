// SPDX-License-Identifier: MIT OR Apache-2.0
//! Batch data (FMT-7).

use super::{Bytes32, Slot, sha256};
use serde::{Deserialize, Serialize};

/// What a route's circuit can take per batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Capacity {
    /// Slots, `T`.
    pub slots: u32,
    /// L1 messages, `M`.
    pub messages: u32,
    /// Exits, `E`.
    pub exits: u32,
}

impl Capacity {
    /// What the reference circuit takes: with four messages and eight exits, 94 slots fill 98.7 % of its 2^15 rows.
    /// Tests of the prover hold it to that; the contracts' tests and configurations take the numbers from
    /// `test/fixtures/formats/capacity.json`, which is made from this constant.
    pub const REFERENCE: Self = Self {
        slots: 94,
        messages: 4,
        exits: 8,
    };
}

/// Bytes L1 would not accept as a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchDataError {
    /// The length is not a multiple of the slot size.
    #[error("batch data has {length} bytes, not a multiple of {}", Slot::BYTES)]
    PartialSlot {
        /// Bytes given.
        length: usize,
    },
    /// There are more slots than the circuit takes.
    #[error("batch data has {slots} slots, the route takes {capacity}")]
    TooManySlots {
        /// Slots given.
        slots: usize,
        /// Slots the route takes.
        capacity: u32,
    },
}

/// The slots of a batch, at most as many as the route takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchData {
    slots: Vec<Slot>,
    capacity: u32,
}

impl BatchData {
    /// A batch of these slots under a route of `capacity` slots.
    pub fn new(slots: Vec<Slot>, capacity: u32) -> Result<Self, BatchDataError> {
        if slots.len() > capacity as usize {
            return Err(BatchDataError::TooManySlots {
                slots: slots.len(),
                capacity,
            });
        }
        Ok(Self { slots, capacity })
    }

    /// Reads the bytes a sequencer posted. Refuses exactly what the L1 contract refuses.
    pub fn decode(bytes: &[u8], capacity: u32) -> Result<Self, BatchDataError> {
        let (chunks, rest) = bytes.as_chunks::<{ Slot::BYTES }>();
        if !rest.is_empty() {
            return Err(BatchDataError::PartialSlot { length: bytes.len() });
        }
        if chunks.len() > capacity as usize {
            return Err(BatchDataError::TooManySlots {
                slots: chunks.len(),
                capacity,
            });
        }
        Self::new(chunks.iter().map(Slot::decode).collect(), capacity)
    }

    /// The bytes a sequencer posts: no padding.
    pub fn encode(&self) -> Vec<u8> {
        self.slots.iter().flat_map(Slot::encode).collect()
    }

    /// The slots, in order.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Slots the route takes.
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// `dataHash`: SHA-256 of the bytes, zero-padded to the capacity.
    pub fn hash(&self) -> Bytes32 {
        let mut bytes = self.encode();
        bytes.resize(self.capacity as usize * Slot::BYTES, 0);
        sha256(&[&bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // REQ C12
        #[test]
        fn decoding_is_total_and_round_trips(bytes in prop::collection::vec(any::<u8>(), 0..500), capacity in 0u32..6) {
            match BatchData::decode(&bytes, capacity) {
                Ok(data) => prop_assert_eq!(data.encode(), bytes),
                Err(BatchDataError::PartialSlot { length }) => prop_assert!(length % 96 != 0),
                Err(BatchDataError::TooManySlots { slots, .. }) => {
                    prop_assert_eq!(slots * 96, bytes.len());
                    prop_assert!(slots > capacity as usize);
                }
            }
        }
    }

    // REQ R46
    #[test]
    fn only_trailing_zero_slots_leave_the_hash_unchanged() {
        let slot = Slot {
            spare: 1,
            ..Slot::default()
        };
        let hash = |slots: &[Slot], capacity| BatchData::new(slots.to_vec(), capacity).unwrap().hash();
        assert_eq!(hash(&[slot], 3), hash(&[slot, Slot::default()], 3));
        assert_ne!(hash(&[slot], 3), hash(&[Slot::default(), slot], 3));
        assert_ne!(hash(&[slot], 3), hash(&[slot], 4));
    }
}
