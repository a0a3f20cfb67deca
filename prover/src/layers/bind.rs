// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bind (CIR-17): a range becomes the statement that L1 checks.

use super::error::{BuildError, Layer, LayerError};
use super::node::{Child, Node};
use super::public_inputs::{NotAWord, RangeInputs};
use super::range::RangeProof;
use super::{parameters, shape};
use crate::config::{Builder, C, Circuit, D, F, Proof};
use crate::gadgets::range::RangeChecks;
use crate::gadgets::sha256::{WordInput, sha256};
use crate::gadgets::word::canonical_words;
use crate::word::Word;
use plonky2::field::types::Field;
use plonky2::gates::noop::NoopGate;
use plonky2::hash::hash_types::HashOut;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::VerifierCircuitData;
use poe_rollup::formats::{Address, Bytes32, Statement};

/// Public inputs of bind and of the last layer: the statement as eight words, most significant first.
///
/// Half a statement does not fit a Goldilocks element; whoever verifies the last layer packs words 0..4 and 4..8 into
/// the two public inputs of FMT-15.
pub const STATEMENT_INPUTS: usize = 8;

/// log2 of the rows.
pub const DEGREE_BITS: usize = 13;

/// `PoE/statement/1`, zero-filled to eight words (FMT-4).
const TAG: &[u8; 32] = b"PoE/statement/1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// "There is a version, a beneficiary and a range, proven by the wrap or by the node below, both constants of this
/// circuit, that carries the true key of the node; its roots as bytes are canonical; and the SHA-256 of FMT-14 over
/// them is these eight words."
#[derive(Debug)]
pub struct Bind {
    circuit: Circuit,
    verifier: VerifierCircuitData<F, C, D>,
    node: Checks,
    targets: Targets,
    rows: usize,
}

/// What a range is checked with before it is bound.
#[derive(Debug)]
struct Checks {
    wrap: VerifierCircuitData<F, C, D>,
    node: VerifierCircuitData<F, C, D>,
    node_key: HashOut<F>,
}

/// What a prover of a bind sets.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    pub(crate) range: Child,
    pub(crate) version: Target,
    pub(crate) beneficiary: [Target; 5],
}

impl Bind {
    /// Builds the bind above `node` and its wrap.
    ///
    /// # Errors
    ///
    /// If it takes more than 2^13 rows.
    pub fn build(node: &Node) -> Result<Self, BuildError> {
        let (wrap, node_key) = (node.wrap_verifier(), node.key_hash());
        let mut builder = Builder::new(parameters::bind());
        let wrap_constant = builder.constant_verifier_data::<C>(&wrap.verifier_only);
        let node_constant = builder.constant_verifier_data::<C>(node.key());
        let range = Child::add(&mut builder, &wrap_constant, &node_constant, &wrap.common);
        let expected = builder.constant_hash(node_key);
        builder.connect_array(range.inputs.node_key, expected.elements);

        let targets = Targets {
            version: builder.add_virtual_target(),
            beneficiary: builder.add_virtual_target_arr(),
            range,
        };
        let statement = statement(&mut builder, &targets);
        builder.register_public_inputs(&statement.map(Word::target));

        let (rows, limit) = (builder.num_gates(), 1 << DEGREE_BITS);
        if rows > limit {
            return Err(BuildError::Rows {
                layer: Layer::Bind,
                rows,
                limit,
            });
        }
        while builder.num_gates() <= limit / 2 {
            builder.add_gate(NoopGate, vec![]);
        }
        let circuit = builder.build::<C>();
        if circuit.common.degree_bits() != DEGREE_BITS {
            return Err(BuildError::Shape { layer: Layer::Bind });
        }
        Ok(Self {
            verifier: circuit.verifier_data(),
            circuit,
            node: Checks {
                wrap: wrap.clone(),
                node: node.verifier().clone(),
                node_key,
            },
            targets,
            rows,
        })
    }

    /// Proves the statement of a range on a route of this version, for this beneficiary.
    ///
    /// # Errors
    ///
    /// If the range's proof is invalid, carries another key, or claims words that are none.
    pub fn prove(&self, range: &RangeProof, version: u32, beneficiary: Address) -> Result<BoundProof, LayerError> {
        let Checks { wrap, node, node_key } = &self.node;
        let layer = range.kind().layer();
        let verifier = if layer == Layer::Wrap { wrap } else { node };
        shape::verify(layer, verifier, range.proof())?;
        range.check_key(*node_key)?;
        let statement = range.inputs().range.statement(version, beneficiary)?;
        let prove_error = |error: anyhow::Error| LayerError::Prove {
            layer: Layer::Bind,
            reason: error.to_string(),
        };
        let witness = self.witness(range, version, beneficiary).map_err(prove_error)?;
        let proof = self.circuit.prove(witness).map_err(prove_error)?;
        Ok(BoundProof { proof, statement })
    }

    /// The inputs of [`Self::prove`] as a witness. Nothing is checked.
    ///
    /// # Errors
    ///
    /// If the proof is of another shape.
    pub fn witness(&self, range: &RangeProof, version: u32, beneficiary: Address) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        self.targets.range.set(&mut witness, range)?;
        witness.set_target(self.targets.version, F::from_canonical_u32(version))?;
        for (&target, bytes) in self.targets.beneficiary.iter().zip(beneficiary.chunks_exact(4)) {
            witness.set_target(target, F::from_canonical_u32(big_endian(bytes)))?;
        }
        Ok(witness)
    }

    /// Checks a proof, and returns the statement's hash.
    ///
    /// # Errors
    ///
    /// If it is no valid proof of this circuit.
    pub fn verify(&self, proof: &Proof) -> Result<Bytes32, LayerError> {
        shape::verify(Layer::Bind, &self.verifier, proof)?;
        Ok(statement_hash(&proof.public_inputs)?)
    }

    /// plonky2's digest of the circuit. It does not cover gate constraints (CIR-20 does).
    pub fn digest(&self) -> HashOut<F> {
        self.verifier.verifier_only.circuit_digest
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

    #[cfg(test)]
    pub(crate) fn targets(&self) -> &Targets {
        &self.targets
    }
}

/// A proof of [`Bind`] and what it proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundProof {
    /// The proof.
    pub proof: Proof,
    /// The statement whose hash it exposes.
    pub statement: Statement,
}

/// Reads eight words.
pub(crate) fn statement_hash(public_inputs: &[F]) -> Result<Bytes32, NotAWord> {
    let mut words = [F::ZERO; STATEMENT_INPUTS];
    words.copy_from_slice(&public_inputs[..STATEMENT_INPUTS]);
    super::public_inputs::bytes_of(&words)
}

/// FMT-14: 70 words, five blocks.
fn statement(builder: &mut Builder, targets: &Targets) -> [Word; STATEMENT_INPUTS] {
    let mut checks = RangeChecks::new();
    let RangeInputs { old, new, domain } = targets.range.inputs.range;
    let mut root = |builder: &mut Builder, root: [Target; 4]| -> Vec<WordInput> {
        root.into_iter()
            .map(|element| canonical_words(builder, &mut checks, element))
            .flat_map(|(high, low)| [high, low])
            .map(WordInput::from)
            .collect()
    };
    let roots = [root(builder, old.root), root(builder, new.root)].concat();
    let tag = TAG
        .chunks_exact(4)
        .map(|bytes| Word::constant(builder, big_endian(bytes)).into())
        .collect();
    let raw = |words: &[Target]| words.iter().copied().map(WordInput::from).collect::<Vec<_>>();
    let message: Vec<WordInput> = [
        tag,
        raw(&domain),
        raw(&[targets.version]),
        raw(&targets.beneficiary),
        raw(&old.acc),
        raw(&new.acc),
        roots,
        raw(&old.exit_acc),
        raw(&new.exit_acc),
    ]
    .concat();
    let digest = sha256(builder, &mut checks, &message).digest;
    checks.finish(builder);
    digest
}

fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |word, &byte| word << 8 | u32::from(byte))
}
