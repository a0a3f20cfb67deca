// SPDX-License-Identifier: MIT OR Apache-2.0
//! Range checks, gathered over a whole circuit and packed eight to a row.
//!
//! A check of one word is a slot of a [`WordSums`] row: `x + 0 = x`, with the sum constrained to 32 bits. A check of
//! 62 bits is three of them.

use super::hint::{Hint, hint};
use crate::config::{Builder, F};
use crate::gates::Custom;
use crate::gates::word::{SUMS, WordSums, left, right, sum};
use crate::word::Word;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::iop::target::Target;

/// Range checks that were promised to gadgets and not laid out yet.
///
/// [`RangeChecks::finish`] lays them out; dropping pending ones panics, so that a circuit without them cannot be built
/// by mistake.
#[derive(Debug, Default)]
#[must_use = "pending checks must be finished"]
pub struct RangeChecks {
    pending: Vec<Target>,
}

impl RangeChecks {
    /// None yet.
    pub const fn new() -> Self {
        Self { pending: Vec::new() }
    }

    /// Constrains an element to be below 2^32: an eighth of a row.
    pub fn word(&mut self, target: Target) -> Word {
        self.pending.push(target);
        Word::assume_checked(target)
    }

    /// Constrains elements to be below 2^32.
    pub fn words(&mut self, targets: &[Target]) -> Vec<Word> {
        targets.iter().map(|&target| self.word(target)).collect()
    }

    /// Constrains an element to be below 2^62: three eighths of a row and two arithmetic operations.
    ///
    /// It is `low + 2^32 high` for words low, high such that `4 high` is a word too. With high below 2^32, `4 high` is
    /// below 2^34 < p, so being a word it says that high is below 2^30. The sum is below 2^62 < p: the split is unique.
    pub fn check_62_bits(&mut self, builder: &mut Builder, target: Target) {
        let (high, _) = self.split(builder, target);
        let scaled = builder.mul_const(F::from_canonical_u64(4), high.target());
        self.word(scaled);
    }

    /// Words with `low + 2^32 high = target` mod p; not unique where both the value and the value plus p are below
    /// 2^64. One arithmetic operation.
    pub(super) fn split(&mut self, builder: &mut Builder, target: Target) -> (Word, Word) {
        let halves = hint::<Halves>(builder, vec![target], 2);
        let [high, low] = [halves[0], halves[1]].map(|half| self.word(half));
        let composed = builder.mul_const_add(F::from_canonical_u64(1 << 32), high.target(), low.target());
        builder.connect(composed, target);
        (high, low)
    }

    /// Lays the checks out in rows; the last is filled up with zeros.
    pub fn finish(mut self, builder: &mut Builder) {
        let zero = builder.zero();
        for targets in core::mem::take(&mut self.pending).chunks(SUMS) {
            let row = Custom::<WordSums>::add_row(builder, Vec::new());
            for k in 0..SUMS {
                let target = targets.get(k).copied().unwrap_or(zero);
                builder.connect(Target::wire(row, left(k)), target);
                builder.connect(Target::wire(row, right(k)), zero);
                builder.connect(Target::wire(row, sum(k)), target);
            }
        }
    }
}

impl Drop for RangeChecks {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.pending.is_empty(), "{} range checks dropped", self.pending.len());
        }
    }
}

/// High and low 32 bits.
#[derive(Clone, Debug, Default)]
struct Halves;

impl Hint for Halves {
    const ID: &'static str = "poe/halves";

    fn compute(inputs: &[F]) -> Vec<F> {
        let value = inputs[0].to_canonical_u64();
        vec![
            F::from_canonical_u64(value >> 32),
            F::from_canonical_u64(value & u64::from(u32::MAX)),
        ]
    }
}
