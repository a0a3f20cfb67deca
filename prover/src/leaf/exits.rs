// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exits: from withdraws among T slots to E records (ST-11, CIR-11).
//!
//! Two chains run over the overwrite sponge of Poseidon, keeping its capacity: one over the slots, stepping where a slot is
//! an applied withdraw; one over the E records, stepping where a record is present. Equal ends and equal counts
//! mean equal lists, or a collision in the capacity (256 bits). Presence falls monotonically and absent records are
//! zeros, so the records are a function of the slots.

use crate::config::Builder;
use crate::gadgets::range::RangeChecks;
use crate::gadgets::sha256::{WordInput, sha256};
use crate::word::Word;
use plonky2::hash::hashing::PlonkyPermutation;
use plonky2::hash::poseidon::{PoseidonHash, PoseidonPermutation};
use plonky2::iop::target::{BoolTarget, Target};

/// Words of a record: owner 5, index 1, amount 2 (FMT-13).
pub(super) const RECORD_WORDS: usize = 8;

/// A list of exits, as a chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExitChain {
    capacity: [Target; 4],
    /// Exits so far.
    pub(super) count: Target,
}

impl ExitChain {
    /// The empty list.
    pub(super) fn empty(builder: &mut Builder) -> Self {
        let zero = builder.zero();
        Self {
            capacity: [zero; 4],
            count: zero,
        }
    }

    /// Appends `record` if `present`: one row and a few operations.
    pub(super) fn append(&mut self, builder: &mut Builder, present: BoolTarget, record: [Target; RECORD_WORDS]) {
        let state = PoseidonPermutation::new(record.into_iter().chain(self.capacity));
        let state = builder.permute::<PoseidonHash>(state);
        for (old, &new) in self.capacity.iter_mut().zip(&state.as_ref()[8..]) {
            *old = builder.select(present, new, *old);
        }
        self.count = builder.add(self.count, present.target);
    }
}

/// Where the witness of a record goes.
#[derive(Clone, Debug)]
pub(super) struct RecordTargets {
    pub(super) present: BoolTarget,
    pub(super) words: [Target; RECORD_WORDS],
}

/// Requires that the records of this batch are those of `chain`, and steps the exit accumulator with them.
pub(super) fn settle_exits(
    builder: &mut Builder,
    checks: &mut RangeChecks,
    count: usize,
    chain: &ExitChain,
    old: [Target; 8],
) -> (Vec<RecordTargets>, [Word; 8], [Word; 8]) {
    let mut before = builder._true();
    let mut listed = ExitChain::empty(builder);
    let mut records: Vec<RecordTargets> = Vec::with_capacity(count);
    for _ in 0..count {
        let present = builder.add_virtual_bool_target_safe();
        let gap = builder.mul_sub(present.target, before.target, present.target);
        builder.assert_zero(gap);
        let words: [Target; RECORD_WORDS] = builder.add_virtual_targets(RECORD_WORDS).try_into().expect("as many");
        for word in words {
            let excess = builder.mul_sub(present.target, word, word);
            builder.assert_zero(excess);
        }
        listed.append(builder, present, words);
        records.push(RecordTargets { present, words });
        before = present;
    }
    for (&a, &b) in listed.capacity.iter().zip(&chain.capacity) {
        builder.connect(a, b);
    }
    builder.connect(listed.count, chain.count);

    let input: Vec<WordInput> = old
        .into_iter()
        .chain(records.iter().flat_map(|record| record.words))
        .map(WordInput::Raw)
        .collect();
    let hashed = sha256(builder, checks, &input);
    let old: [Word; 8] = hashed.words[..8].try_into().expect("as many");
    let any = records[0].present;
    let new =
        core::array::from_fn(|i| Word::assume_checked(builder.select(any, hashed.digest[i].target(), old[i].target())));
    (records, old, new)
}
