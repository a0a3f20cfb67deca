// SPDX-License-Identifier: MIT OR Apache-2.0
//! Proofs of ranges of batches, made by a wrap or by a node.

use super::error::{Layer, LayerError};
use super::public_inputs::{CARRIED_INPUTS, CarriedInputs};
use super::shape::ShapeError;
use crate::config::{F, Proof};
use plonky2::field::types::PrimeField64;
use plonky2::hash::hash_types::HashOut;

/// Which circuit made a proof of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One batch.
    Wrap,
    /// Any number of batches.
    Node,
}

impl Kind {
    pub(crate) const fn layer(self) -> Layer {
        match self {
            Self::Wrap => Layer::Wrap,
            Self::Node => Layer::Node,
        }
    }
}

/// A proof that a range of batches was applied, as claimed: whoever takes one verifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeProof {
    kind: Kind,
    proof: Proof,
    inputs: CarriedInputs<F>,
}

impl RangeProof {
    /// Reads the public inputs.
    ///
    /// # Errors
    ///
    /// If their number is wrong.
    pub fn new(kind: Kind, proof: Proof) -> Result<Self, LayerError> {
        let layer = kind.layer();
        let inputs = CarriedInputs::try_from(proof.public_inputs.as_slice())
            .map_err(|source| LayerError::Shape { layer, source })?;
        Ok(Self { kind, proof, inputs })
    }

    /// The circuit that made it, as claimed.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The proof.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// What it claims.
    pub fn inputs(&self) -> &CarriedInputs<F> {
        &self.inputs
    }

    /// Checks that the carried key is that of the given node.
    pub(crate) fn check_key(&self, node_key: HashOut<F>) -> Result<(), LayerError> {
        if self.inputs.node_key == node_key.elements {
            return Ok(());
        }
        let canonical = |key: [F; 4]| key.map(|e| e.to_canonical_u64());
        Err(LayerError::NodeKey {
            layer: self.kind.layer(),
            expected: canonical(node_key.elements),
            got: canonical(self.inputs.node_key),
        })
    }
}

impl<T: Copy> TryFrom<&[T]> for CarriedInputs<T> {
    type Error = ShapeError;

    fn try_from(elements: &[T]) -> Result<Self, ShapeError> {
        let array: &[T; CARRIED_INPUTS] = elements.try_into().map_err(|_| ShapeError {
            part: "public inputs",
            expected: CARRIED_INPUTS,
            got: elements.len(),
        })?;
        Ok(Self::from_elements(array))
    }
}
