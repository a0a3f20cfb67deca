// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a layer cannot be built, or refuses what it is given.

use super::public_inputs::NotAWord;
use super::shape::ShapeError;
use crate::cache::CacheError;
use core::fmt;

/// The circuits of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// One batch.
    Leaf,
    /// A leaf in the shape that nodes verify.
    Wrap,
    /// Two adjacent ranges.
    Node,
    /// A range bound to the statement that L1 checks.
    Bind,
    /// The same, hashed over BN254.
    Final,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaf => "leaf",
            Self::Wrap => "wrap",
            Self::Node => "node",
            Self::Bind => "bind",
            Self::Final => "final",
        })
    }
}

/// A circuit that does not come out as the layers above and below expect it.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The cache of built circuits.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The circuit below exposes something else.
    #[error("a {layer} circuit has {expected} public inputs, not {got}")]
    PublicInputs {
        /// The circuit below.
        layer: Layer,
        /// What it should expose.
        expected: usize,
        /// What it exposes.
        got: usize,
    },
    /// The circuit has more rows than its fixed degree.
    #[error("the {layer} circuit takes {rows} of {limit} rows")]
    Rows {
        /// The circuit.
        layer: Layer,
        /// Its rows before padding.
        rows: usize,
        /// 2^degree.
        limit: usize,
    },
    /// The circuit has gates, constants or parameters that the layer above does not verify.
    #[error("the {layer} circuit is not of the shape that the layer above verifies")]
    Shape {
        /// The circuit.
        layer: Layer,
    },
}

/// A proof or witness that a layer refuses, before any work is spent on it.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// Not the shape of a proof of that circuit.
    #[error("not a {layer} proof: {source}")]
    Shape {
        /// What it should be.
        layer: Layer,
        /// What is different.
        source: ShapeError,
    },
    /// A proof that does not verify.
    #[error("the {layer} proof is invalid: {reason}")]
    Invalid {
        /// What it claims to be.
        layer: Layer,
        /// plonky2's words.
        reason: String,
    },
    /// Two ranges of different deployments.
    #[error("the right range belongs to another domain than the left one")]
    Domain,
    /// A range that carries another node key.
    #[error("the {layer} proof carries the key of another node circuit: {got:?} instead of {expected:?}")]
    NodeKey {
        /// The kind of the proof.
        layer: Layer,
        /// The hash of the node's key.
        expected: [u64; 4],
        /// What the proof carries.
        got: [u64; 4],
    },
    /// Two ranges that do not meet.
    #[error(
        "the right range does not start where the left one ends: element {element} of root, acc and exit acc is {right:#x} after {left:#x}"
    )]
    NotAdjacent {
        /// Position among the twenty elements of a boundary.
        element: usize,
        /// Where the left range ends.
        left: u64,
        /// Where the right range starts.
        right: u64,
    },
    /// A valid proof that claims an accumulator which is none: its leaf does not check its words.
    #[error(transparent)]
    Word(#[from] NotAWord),
    /// Constraints that the witness breaks although everything was checked: a bug.
    #[error("the {layer} circuit has no witness for this input: {reason}")]
    Prove {
        /// The circuit.
        layer: Layer,
        /// plonky2's words.
        reason: String,
    },
}
