// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row counts, exact, without building circuits: what the performance figures P1 and P2 quote.

use crate::config::Builder;
use crate::gadgets::curve::PointTarget;
use crate::gadgets::schnorr::{MessageTarget, SignatureTarget, challenge_prefix, signature_valid};
use crate::layers::parameters;
use crate::leaf::{LeafCircuit, PartRows};
use crate::word::Word;
use poe_rollup::formats::Capacity;

/// Enough repetitions to average the rows that operations share.
const MANY: usize = 20;

/// Rows of the leaf for a capacity, all parts together.
pub fn leaf_rows(capacity: Capacity) -> usize {
    LeafCircuit::count_rows(capacity)
        .iter()
        .map(|part: &PartRows| part.rows)
        .sum()
}

/// Rows that one more slot costs, all in: hashing, signature, four paths, predicates.
pub fn rows_per_slot() -> f64 {
    let few = Capacity {
        slots: 2,
        messages: 1,
        exits: 1,
    };
    let more = Capacity {
        slots: few.slots + MANY as u32,
        ..few
    };
    (leaf_rows(more) - leaf_rows(few)) as f64 / MANY as f64
}

/// Rows of one signature verification, all in: scalars, double multiplication, challenge, verdict.
pub fn rows_per_signature() -> f64 {
    let rows = |signatures: usize| {
        let mut builder = Builder::new(parameters::leaf());
        let word = |builder: &mut Builder| Word::assume_checked(builder.add_virtual_target());
        let domain = core::array::from_fn(|_| word(&mut builder));
        let prefix = challenge_prefix(&mut builder, &domain);
        for _ in 0..signatures {
            let key = core::array::from_fn(|_| builder.add_virtual_target());
            let message = MessageTarget {
                from_identity: builder.add_virtual_hash(),
                from: word(&mut builder),
                to: word(&mut builder),
                amount: core::array::from_fn(|_| word(&mut builder)),
                fee: core::array::from_fn(|_| word(&mut builder)),
                nonce: word(&mut builder),
                sequencer: word(&mut builder),
                to_identity: builder.add_virtual_hash(),
            };
            let signature = SignatureTarget {
                e: core::array::from_fn(|_| word(&mut builder)),
                s: core::array::from_fn(|_| word(&mut builder)),
            };
            signature_valid(
                &mut builder,
                &prefix,
                &PointTarget::from_targets(&key),
                &message,
                &signature,
            );
        }
        builder.num_gates()
    };
    (rows(1 + MANY) - rows(1)) as f64 / MANY as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    // Figure P1.
    #[test]
    fn a_signature_takes_about_45_rows() {
        let rows = rows_per_signature();
        assert!((45.0..45.5).contains(&rows), "{rows}");
    }

    // Figure P2.
    #[test]
    fn a_slot_takes_about_321_rows() {
        let rows = rows_per_slot();
        assert!((320.0..322.0).contains(&rows), "{rows}");
    }

    /// The reference capacity fills its power of two, and leaves what plonky2 adds (public inputs, constants) some room.
    #[test]
    fn the_reference_capacity_fills_2_15_rows() {
        let rows = leaf_rows(Capacity::REFERENCE);
        assert!((31_130..32_740).contains(&rows), "{rows} of 32,768");
    }
}
