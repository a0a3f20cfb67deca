// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a leaf, a wrap and a node make public (CIR-1): one layout for values and for targets.

use crate::config::F;
use plonky2::field::types::{Field, PrimeField64};
use poe_rollup::formats::{Address, Bytes32, Statement, words_of};
use poe_rollup::poseidon::Digest;

/// Public inputs of a leaf.
pub const LEAF_INPUTS: usize = 48;

/// Public inputs of a wrap or a node: those of a leaf and the hash of the node's verifying key.
pub const CARRIED_INPUTS: usize = LEAF_INPUTS + 4;

/// The state of the rollup between two batches: 20 elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary<T> {
    /// State root: a Poseidon digest.
    pub root: [T; 4],
    /// Batch accumulator: eight words, most significant first.
    pub acc: [T; 8],
    /// Exit accumulator: eight words, most significant first.
    pub exit_acc: [T; 8],
}

impl<T: Copy> Boundary<T> {
    /// All elements: root, acc, exit accumulator.
    pub fn elements(&self) -> impl Iterator<Item = T> {
        self.root.into_iter().chain(self.acc).chain(self.exit_acc)
    }

    /// Element by element with `other`.
    pub fn zip_with(&self, other: &Self, mut f: impl FnMut(T, T) -> T) -> Self {
        Self {
            root: core::array::from_fn(|i| f(self.root[i], other.root[i])),
            acc: core::array::from_fn(|i| f(self.acc[i], other.acc[i])),
            exit_acc: core::array::from_fn(|i| f(self.exit_acc[i], other.exit_acc[i])),
        }
    }
}

/// "In `domain`, the batches of a range lead from `old` to `new`."
///
/// Words are range-checked by the leaf alone; the layers above pass them through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeInputs<T> {
    /// Before the first batch.
    pub old: Boundary<T>,
    /// After the last batch.
    pub new: Boundary<T>,
    /// The deployment (FMT-5): eight words.
    pub domain: [T; 8],
}

impl<T> RangeInputs<T> {
    /// Names and lengths of the parts, in order.
    pub const LAYOUT: [(&'static str, usize); 7] = [
        ("oldRoot", 4),
        ("newRoot", 4),
        ("oldAcc", 8),
        ("newAcc", 8),
        ("oldExitAcc", 8),
        ("newExitAcc", 8),
        ("domain", 8),
    ];
}

impl<T: Copy> RangeInputs<T> {
    /// In the order of CIR-1: old and new root, old and new acc, old and new exit accumulator, domain.
    pub fn elements(&self) -> [T; LEAF_INPUTS] {
        let Self { old, new, domain } = self;
        let mut all = [domain[0]; LEAF_INPUTS];
        let parts: [&[T]; 7] = [
            &old.root,
            &new.root,
            &old.acc,
            &new.acc,
            &old.exit_acc,
            &new.exit_acc,
            domain,
        ];
        for (slot, element) in all.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = *element;
        }
        all
    }

    /// The inverse of [`Self::elements`].
    pub fn from_elements(elements: &[T; LEAF_INPUTS]) -> Self {
        let digest = |at: usize| core::array::from_fn(|i| elements[at + i]);
        let words = |at: usize| core::array::from_fn(|i| elements[at + i]);
        Self {
            old: Boundary {
                root: digest(0),
                acc: words(8),
                exit_acc: words(24),
            },
            new: Boundary {
                root: digest(4),
                acc: words(16),
                exit_acc: words(32),
            },
            domain: words(40),
        }
    }
}

/// An element that should be a word and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("public input holds {0:#x} where a 32-bit word belongs")]
pub struct NotAWord(pub u64);

impl RangeInputs<F> {
    /// The statement that these inputs prove on a route of this version, for this beneficiary (FMT-14).
    ///
    /// # Errors
    ///
    /// If an accumulator or the domain holds an element of 33 bits or more: no leaf makes such a proof.
    pub fn statement(&self, version: u32, beneficiary: Address) -> Result<Statement, NotAWord> {
        Ok(Statement {
            domain: bytes_of(&self.domain)?,
            version,
            beneficiary,
            old_acc: bytes_of(&self.old.acc)?,
            new_acc: bytes_of(&self.new.acc)?,
            old_root: digest_of(&self.old.root),
            new_root: digest_of(&self.new.root),
            old_exit_acc: bytes_of(&self.old.exit_acc)?,
            new_exit_acc: bytes_of(&self.new.exit_acc)?,
        })
    }
}

impl From<&Statement> for RangeInputs<F> {
    fn from(statement: &Statement) -> Self {
        Self {
            old: Boundary {
                root: statement.old_root.elements().map(F::from_canonical_u64),
                acc: words(&statement.old_acc),
                exit_acc: words(&statement.old_exit_acc),
            },
            new: Boundary {
                root: statement.new_root.elements().map(F::from_canonical_u64),
                acc: words(&statement.new_acc),
                exit_acc: words(&statement.new_exit_acc),
            },
            domain: words(&statement.domain),
        }
    }
}

/// A 32-byte value as eight elements (FMT-3).
fn words(value: &Bytes32) -> [F; 8] {
    words_of(value).map(F::from_canonical_u64)
}

pub(crate) fn bytes_of(words: &[F; 8]) -> Result<Bytes32, NotAWord> {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
        let value = word.to_canonical_u64();
        let word = u32::try_from(value).map_err(|_| NotAWord(value))?;
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    Ok(bytes)
}

fn digest_of(root: &[F; 4]) -> Digest {
    plonky2::hash::hash_types::HashOut { elements: *root }.into()
}

/// What a wrap and a node make public: a range, and the hash of the verifying key of the node circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarriedInputs<T> {
    /// The range.
    pub range: RangeInputs<T>,
    /// [`super::key::hash`] of the node's verifying key, as claimed: only [`super::Bind`] compares it with the constant.
    pub node_key: [T; 4],
}

impl<T: Copy> CarriedInputs<T> {
    /// The range, then the key.
    pub fn elements(&self) -> [T; CARRIED_INPUTS] {
        let mut all = [self.node_key[0]; CARRIED_INPUTS];
        all[..LEAF_INPUTS].copy_from_slice(&self.range.elements());
        all[LEAF_INPUTS..].copy_from_slice(&self.node_key);
        all
    }

    /// The inverse of [`Self::elements`].
    pub fn from_elements(elements: &[T; CARRIED_INPUTS]) -> Self {
        let range: [T; LEAF_INPUTS] = core::array::from_fn(|i| elements[i]);
        Self {
            range: RangeInputs::from_elements(&range),
            node_key: core::array::from_fn(|i| elements[LEAF_INPUTS + i]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        let bytes = |seed: u8| core::array::from_fn(|i| seed.wrapping_add(i as u8));
        let digest = |seed: u64| Digest::try_from([seed, 2, u64::from(u32::MAX) << 32, 4]).expect("canonical");
        Statement {
            domain: bytes(1),
            version: 7,
            beneficiary: [9; 20],
            old_acc: bytes(40),
            new_acc: bytes(80),
            old_root: digest(1),
            new_root: digest(3),
            old_exit_acc: bytes(120),
            new_exit_acc: bytes(250),
        }
    }

    #[test]
    fn the_layout_is_that_of_the_specification() {
        let numbered: [usize; CARRIED_INPUTS] = core::array::from_fn(|i| i);
        let CarriedInputs { range, node_key } = CarriedInputs::from_elements(&numbered);
        assert_eq!(range.old.root, [0, 1, 2, 3]);
        assert_eq!(range.new.root, [4, 5, 6, 7]);
        assert_eq!([range.old.acc[0], range.new.acc[0]], [8, 16]);
        assert_eq!([range.old.exit_acc[0], range.new.exit_acc[0]], [24, 32]);
        assert_eq!((range.domain[0], range.domain[7]), (40, 47));
        assert_eq!(node_key, [48, 49, 50, 51]);
        assert_eq!(CarriedInputs { range, node_key }.elements(), numbered);
    }

    #[test]
    fn a_statement_survives_the_way_through_field_elements() {
        let statement = statement();
        let inputs = RangeInputs::from(&statement);
        assert_eq!(inputs.statement(7, [9; 20]), Ok(statement));
    }

    #[test]
    fn words_of_33_bits_are_no_statement() {
        let mut inputs = RangeInputs::from(&statement());
        inputs.new.exit_acc[7] = F::from_canonical_u64(1 << 32);
        assert_eq!(inputs.statement(7, [9; 20]), Err(NotAWord(1 << 32)));
    }
}
