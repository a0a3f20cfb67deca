// SPDX-License-Identifier: MIT OR Apache-2.0
//! `s*G + e*P` on ecGFp5: one row for the words and the forty of [`EcStep`].

use crate::config::{Builder, F};
use crate::gates::{Custom, EcStep, Limbs};
use crate::word::Word;
use core::array::from_fn;
use core::ops::Range;
use plonky2::field::types::Field;
use plonky2::iop::target::{BoolTarget, Target};

/// Words of one piece of a scalar: 120 bits.
const PIECE_WORDS: usize = 4;

/// A point `(x, u)` of ecGFp5, `u = x/y`, by the coefficients of `z^0 .. z^4`. The neutral element is `(0, 0)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointTarget {
    /// The abscissa.
    pub x: [Target; 5],
    /// `x/y`.
    pub u: [Target; 5],
}

impl PointTarget {
    /// The ten coefficients, `x` first.
    pub fn targets(&self) -> [Target; 10] {
        from_fn(|i| if i < 5 { self.x[i] } else { self.u[i - 5] })
    }

    /// The point with these ten coefficients, `x` first.
    pub fn from_targets(targets: &[Target; 10]) -> Self {
        Self {
            x: from_fn(|i| targets[i]),
            u: from_fn(|i| targets[i + 5]),
        }
    }
}

/// `s*G + e*key` for the integers `sum(w_i 2^(30 i))` of the low thirty bits `w_i` of the words, and whether all words are
/// below `2^30`.
///
/// Total (CIR-6): a word out of range makes the bit 0, not the circuit unsatisfiable; the point is then of no use. The
/// prover chooses neither. `key` must be an element of the group or the neutral element (CIR-8); the argument is that of
/// [`EcStep`], which this function completes: the steps start from [`EcStep::start`], every ten rows take up one word of
/// each of `e` and the three pieces of `s`, most significant first, and leave nothing of it. The top piece has three words;
/// zero stands for the fourth.
pub fn joint_multiply(
    builder: &mut Builder,
    key: &PointTarget,
    e: &[Word; 4],
    s: &[Word; 11],
) -> (PointTarget, BoolTarget) {
    let (limbs, in_range) = split(builder, e, s);
    let zero = builder.zero();
    let pieces: [[Target; PIECE_WORDS]; 4] =
        from_fn(|piece| from_fn(|i| limbs.get(PIECE_WORDS * piece + i).copied().unwrap_or(zero)));

    let mut point = EcStep::start().map(|coefficient| builder.constant(F::from_canonical_u64(coefficient)));
    for word in (0..PIECE_WORDS).rev() {
        let mut remainders = pieces.map(|piece| piece[word]);
        for _ in 0..EcStep::ROWS_PER_WORD {
            let row = Custom::<EcStep>::add_row(builder, vec![]);
            connect(builder, row, EcStep::POINT_IN, &point);
            connect(builder, row, EcStep::KEY, &key.targets());
            connect(builder, row, EcStep::REMAINDERS_IN, &remainders);
            point = wires(row, EcStep::POINT_OUT);
            remainders = wires(row, EcStep::REMAINDERS_OUT);
        }
        for remainder in remainders {
            builder.assert_zero(remainder);
        }
    }
    (PointTarget::from_targets(&point), in_range)
}

/// Low parts of the words, `e` first, to be bounded by the caller; whether there are no high parts.
fn split(builder: &mut Builder, e: &[Word; 4], s: &[Word; 11]) -> ([Target; 15], BoolTarget) {
    let row = Custom::<Limbs>::add_row(builder, vec![]);
    let words: Vec<Target> = e.iter().chain(s).map(|word| word.target()).collect();
    connect(builder, row, Limbs::WORDS, &words);
    let in_range = BoolTarget::new_unsafe(Target::wire(row, Limbs::IN_RANGE));
    (wires(row, Limbs::LOW), in_range)
}

/// The wires of some columns of a row.
fn wires<const N: usize>(row: usize, columns: Range<usize>) -> [Target; N] {
    assert_eq!(columns.len(), N, "columns");
    from_fn(|i| Target::wire(row, columns.start + i))
}

/// Connects some columns of a row.
pub(super) fn connect(builder: &mut Builder, row: usize, columns: Range<usize>, targets: &[Target]) {
    assert_eq!(columns.len(), targets.len(), "columns");
    for (column, &target) in columns.zip(targets) {
        builder.connect(target, Target::wire(row, column));
    }
}

#[cfg(test)]
mod tests;
