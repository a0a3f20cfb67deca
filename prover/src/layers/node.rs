// SPDX-License-Identifier: MIT OR Apache-2.0
//! The node (CIR-15, CIR-16): two adjacent ranges are one. One circuit for every height and shape of tree.
//!
//! # Why the carried key is enough
//!
//! A node cannot hold its own verifying key as a constant. It takes one as a witness, uses it for children that are
//! nodes, and exposes its hash. Suppose [`super::Bind`] accepts a proof under the true key of the node, carrying the
//! hash of the true key. The proof is sound for this circuit, so the witness key hashes to the carried value and, by
//! collision resistance, is the true one. Hence each child verified under the wrap's constant or under the true key
//! of the node, and carries the same hash; so the same holds for the children, down to the wraps. What a proof under
//! some other key carries does not matter: nothing accepts such a proof.

use super::error::{BuildError, Layer, LayerError};
use super::key::{self, Key};
use super::public_inputs::{Boundary, CarriedInputs, RangeInputs};
use super::range::{Kind, RangeProof};
use super::shape;
use super::wrap::Wrap;
use crate::config::{Builder, C, Circuit, D, F, Proof};
use plonky2::field::types::PrimeField64;
use plonky2::hash::hash_types::{HashOut, HashOutTarget};
use plonky2::iop::target::{BoolTarget, Target};
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::{CommonCircuitData, VerifierCircuitData, VerifierCircuitTarget};
use plonky2::plonk::proof::ProofWithPublicInputsTarget;

/// "There is a proof of a range from `old` to `new`, made of a left range and of a right range that starts where the
/// left one ends, or of the left range alone; both proofs are valid, each of a wrap or of a node under the key whose
/// hash is carried; and domain and carried key are equal everywhere."
#[derive(Debug)]
pub struct Node {
    circuit: Circuit,
    verifier: VerifierCircuitData<F, C, D>,
    wrap: VerifierCircuitData<F, C, D>,
    targets: Targets,
    rows: usize,
}

/// What a prover of a node sets.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    pub(crate) own: VerifierCircuitTarget,
    pub(crate) children: [Child; 2],
    pub(crate) ignore_right: BoolTarget,
}

/// A proof to verify, and which of two circuits made it.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) proof: ProofWithPublicInputsTarget<D>,
    pub(crate) is_node: BoolTarget,
    pub(crate) inputs: CarriedInputs<Target>,
}

impl Child {
    /// Verifies a proof under one of two keys.
    pub(crate) fn add(
        builder: &mut Builder,
        wrap: &VerifierCircuitTarget,
        node: &VerifierCircuitTarget,
        common: &CommonCircuitData<F, D>,
    ) -> Self {
        let proof = builder.add_virtual_proof_with_pis(common);
        let is_node = builder.add_virtual_bool_target_safe();
        let key = key::select(builder, is_node, node, wrap);
        builder.verify_proof::<C>(&proof, &key, common);
        let inputs = CarriedInputs::from_elements(&core::array::from_fn(|i| proof.public_inputs[i]));
        Self { proof, is_node, inputs }
    }

    pub(crate) fn set(&self, witness: &mut PartialWitness<F>, range: &RangeProof) -> anyhow::Result<()> {
        witness.set_proof_with_pis_target(&self.proof, range.proof())?;
        witness.set_bool_target(self.is_node, range.kind() == Kind::Node)
    }
}

impl Node {
    /// Builds the node above `wrap`.
    ///
    /// # Errors
    ///
    /// If the circuit does not come out in the shape it verifies.
    pub fn build(wrap: &Wrap) -> Result<Self, BuildError> {
        let common = &wrap.verifier().common;
        let mut builder = Builder::new(common.config.clone());
        let wrap_key = builder.constant_verifier_data::<C>(wrap.key());
        let own = builder.add_virtual_verifier_data(common.config.fri_config.cap_height);
        let own_hash = key::hash_target(&mut builder, &own);
        let children = [(); 2].map(|()| Child::add(&mut builder, &wrap_key, &own, common));
        let ignore_right = builder.add_virtual_bool_target_safe();
        let range = join(&mut builder, ignore_right, own_hash, &children);
        let inputs = CarriedInputs {
            range,
            node_key: own_hash.elements,
        };
        builder.register_public_inputs(&inputs.elements());

        let rows = builder.num_gates();
        shape::complete(&mut builder, &common.gates);
        let circuit = shape::build_as(Layer::Node, builder, common)?;
        Ok(Self {
            verifier: circuit.verifier_data(),
            circuit,
            wrap: wrap.verifier().clone(),
            targets: Targets {
                own,
                children,
                ignore_right,
            },
            rows,
        })
    }

    /// Proves the union of `left` and `right`, or `left` alone.
    ///
    /// # Errors
    ///
    /// If a proof is invalid or carries another key, or the ranges do not meet or belong to two domains.
    pub fn prove(&self, left: &RangeProof, right: Option<&RangeProof>) -> Result<RangeProof, LayerError> {
        self.check(left)?;
        if let Some(right) = right {
            self.check(right)?;
            check_adjacent(&left.inputs().range, &right.inputs().range)?;
        }
        let prove_error = |error: anyhow::Error| LayerError::Prove {
            layer: Layer::Node,
            reason: error.to_string(),
        };
        let witness = self.witness(left, right).map_err(prove_error)?;
        let proof = self.circuit.prove(witness).map_err(prove_error)?;
        RangeProof::new(Kind::Node, proof)
    }

    /// The inputs of [`Self::prove`] as a witness. A lone left child is verified twice. Nothing is checked.
    ///
    /// # Errors
    ///
    /// If a proof is of another shape.
    pub fn witness(&self, left: &RangeProof, right: Option<&RangeProof>) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        let [left_child, right_child] = &self.targets.children;
        left_child.set(&mut witness, left)?;
        right_child.set(&mut witness, right.unwrap_or(left))?;
        witness.set_bool_target(self.targets.ignore_right, right.is_none())?;
        witness.set_verifier_data_target(&self.targets.own, self.key())?;
        Ok(witness)
    }

    /// Checks a proof of a range, made by this node or by the wrap below it.
    ///
    /// # Errors
    ///
    /// If it is invalid or carries another key than this node's.
    pub fn check(&self, range: &RangeProof) -> Result<(), LayerError> {
        let verifier = match range.kind() {
            Kind::Wrap => &self.wrap,
            Kind::Node => &self.verifier,
        };
        shape::verify(range.kind().layer(), verifier, range.proof())?;
        range.check_key(self.key_hash())
    }

    /// Checks a proof of this circuit.
    ///
    /// # Errors
    ///
    /// If it is invalid or carries another key.
    pub fn verify(&self, proof: &Proof) -> Result<RangeInputs<F>, LayerError> {
        let range = RangeProof::new(Kind::Node, proof.clone())?;
        self.check(&range)?;
        Ok(range.inputs().range)
    }

    /// The key that is carried as a hash.
    pub fn key(&self) -> &Key {
        &self.verifier.verifier_only
    }

    /// What wraps and nodes carry.
    pub fn key_hash(&self) -> HashOut<F> {
        key::hash(self.key())
    }

    /// plonky2's digest of the circuit. It does not cover gate constraints (CIR-20 does).
    pub fn digest(&self) -> HashOut<F> {
        self.key().circuit_digest
    }

    /// Rows before padding.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// What a verifier needs.
    pub fn verifier(&self) -> &VerifierCircuitData<F, C, D> {
        &self.verifier
    }

    /// What a verifier of the wrap below needs.
    pub(crate) fn wrap_verifier(&self) -> &VerifierCircuitData<F, C, D> {
        &self.wrap
    }

    #[cfg(test)]
    pub(crate) fn targets(&self) -> &Targets {
        &self.targets
    }
}

/// The rules of CIR-15 and CIR-16 on verified children.
fn join(
    builder: &mut Builder,
    ignore_right: BoolTarget,
    own_hash: HashOutTarget,
    [left, right]: &[Child; 2],
) -> RangeInputs<Target> {
    for child in [left, right] {
        builder.connect_array(child.inputs.node_key, own_hash.elements);
    }
    let (left, right) = (&left.inputs.range, &right.inputs.range);
    builder.connect_array(left.domain, right.domain);

    let use_right = builder.not(ignore_right);
    for (end, start) in left.new.elements().zip(right.old.elements()) {
        builder.conditional_assert_eq(use_right.target, end, start);
    }
    RangeInputs {
        old: left.old,
        new: left.new.zip_with(&right.new, |end_of_left, end_of_right| {
            builder.select(ignore_right, end_of_left, end_of_right)
        }),
        domain: left.domain,
    }
}

fn check_adjacent(left: &RangeInputs<F>, right: &RangeInputs<F>) -> Result<(), LayerError> {
    if left.domain != right.domain {
        return Err(LayerError::Domain);
    }
    let boundaries: [&Boundary<F>; 2] = [&left.new, &right.old];
    let mut pairs = boundaries[0].elements().zip(boundaries[1].elements()).enumerate();
    match pairs.find(|(_, (end, start))| end != start) {
        None => Ok(()),
        Some((element, (end, start))) => Err(LayerError::NotAdjacent {
            element,
            left: end.to_canonical_u64(),
            right: start.to_canonical_u64(),
        }),
    }
}
