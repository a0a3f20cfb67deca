// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the circuit holds about the proofs it verifies: plonky2's verifier data, checked to be of a class this circuit
//! has formulas for.

use super::extension::Native;
use super::gates::{StockGate, UnknownGate};
use super::index::GROUP_BITS;
use super::proof::InnerProof;
use core::ops::Range;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use plonky2::field::polynomial::PolynomialCoeffs;
use plonky2::field::types::Field;
use plonky2::fri::proof::{FriInitialTreeProof, FriProof, FriQueryRound, FriQueryStep};
use plonky2::hash::merkle_proofs::MerkleProof;
use plonky2::hash::merkle_tree::MerkleCap;
use plonky2::plonk::circuit_data::{CommonCircuitData, VerifierCircuitData};
use plonky2::plonk::proof::{OpeningSet, Proof};
use poe_prover::bn254::{Bn254Config, Bn254Digest};
use poe_prover::config::{D, F};
use serde::Deserialize;

/// Words of 32 bits in a statement's hash.
const STATEMENT_WORDS: usize = 8;

/// plonky2's data of the circuit whose proofs are verified.
pub type InnerCircuit = VerifierCircuitData<F, Bn254Config, D>;

/// Why a plonky2 circuit's proofs cannot be verified here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// There is no formula for a gate.
    #[error(transparent)]
    Gate(#[from] UnknownGate),
    /// Lookups.
    #[error("the circuit uses plonky2's lookup tables, which are not supported")]
    Lookups,
    /// Blinded proofs.
    #[error("the circuit is configured for zero knowledge; salted leaves are not supported")]
    Hiding,
    /// A cap that is cut through by a FRI step.
    #[error("{index_bits} bits of an index, folded by {arities:?} bits, leave less than the cap's {cap_height}")]
    Cap {
        /// Bits of an index.
        index_bits: usize,
        /// log2 of the arity of each step.
        arities: Vec<usize>,
        /// Height of the cap.
        cap_height: usize,
    },
    /// A step that selects among more values than are decoded at once.
    #[error("FRI folds by {0} bits in one step; at most {GROUP_BITS} are supported")]
    Arity(usize),
    /// A statement of another length.
    #[error("the circuit has {0} public inputs; the statement's hash has {STATEMENT_WORDS} words of 32 bits")]
    PublicInputs(usize),
    /// plonky2's selectors could not be read.
    #[error("plonky2's selectors are not of the shape of version 1.1: {0}")]
    Selectors(String),
}

/// A gate and what selects it.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    pub(super) gate: StockGate,
    /// Its number.
    pub(super) row: usize,
    /// The constant that holds numbers.
    pub(super) selector: usize,
    /// Numbers that share that constant.
    pub(super) group: Range<usize>,
}

/// plonky2's `SelectorsInfo`, whose fields are private but serialize.
#[derive(Deserialize)]
struct Selectors {
    selector_indices: Vec<usize>,
    groups: Vec<Range<usize>>,
}

/// The key.
#[derive(Clone, Debug)]
pub struct Key {
    pub(super) common: CommonCircuitData<F, D>,
    pub(super) digest: Fr,
    pub(super) cap: Vec<Fr>,
    pub(super) gates: Vec<Selected>,
    pub(super) selectors: usize,
}

/// An element of BN254 as halo2's.
pub(super) fn field(digest: Bn254Digest) -> Fr {
    Fr::from_raw(<[u64; 4]>::from(digest))
}

impl Key {
    /// Checks a circuit.
    ///
    /// # Errors
    ///
    /// If it is outside the class this circuit can verify.
    pub fn new(inner: &InnerCircuit) -> Result<Self, Unsupported> {
        let common = inner.common.clone();
        if common.num_lookup_polys != 0 || common.num_lookup_selectors != 0 || !common.luts.is_empty() {
            return Err(Unsupported::Lookups);
        }
        let fri = &common.fri_params;
        if fri.hiding {
            return Err(Unsupported::Hiding);
        }
        if let Some(&bits) = fri.reduction_arity_bits.iter().find(|&&bits| bits > GROUP_BITS) {
            return Err(Unsupported::Arity(bits));
        }
        if common.num_public_inputs != STATEMENT_WORDS {
            return Err(Unsupported::PublicInputs(common.num_public_inputs));
        }
        let (index_bits, folded) = (fri.lde_bits(), fri.reduction_arity_bits.iter().sum::<usize>());
        if index_bits < folded + fri.config.cap_height {
            return Err(Unsupported::Cap {
                index_bits,
                arities: fri.reduction_arity_bits.clone(),
                cap_height: fri.config.cap_height,
            });
        }
        let selectors = serde_json::to_value(&common.selectors_info)
            .and_then(serde_json::from_value::<Selectors>)
            .map_err(|error| Unsupported::Selectors(error.to_string()))?;
        let gates = common.gates.iter().zip(&selectors.selector_indices).enumerate();
        let gates = gates
            .map(|(row, (gate, &selector))| {
                Ok(Selected {
                    gate: StockGate::of(gate)?,
                    row,
                    selector,
                    group: selectors.groups[selector].clone(),
                })
            })
            .collect::<Result<_, UnknownGate>>()?;
        Ok(Self {
            digest: field(inner.verifier_only.circuit_digest),
            cap: inner
                .verifier_only
                .constants_sigmas_cap
                .0
                .iter()
                .copied()
                .map(field)
                .collect(),
            gates,
            selectors: selectors.groups.len(),
            common,
        })
    }

    /// A proof of zeros, of the circuit's shape: what key generation lays out.
    pub fn zero_proof(&self) -> InnerProof {
        let common = &self.common;
        let (config, params) = (&common.config, &common.fri_params);
        let cap = || MerkleCap(vec![Bn254Digest::default(); 1 << params.config.cap_height]);
        let path = |length: usize| MerkleProof {
            siblings: vec![Bn254Digest::default(); length],
        };
        let values = |n: usize| vec![Native::ZERO; n];
        let (zs, products) = (config.num_challenges, common.num_partial_products);
        let quotient = zs * common.quotient_degree_factor;
        let leaves = [
            common.num_constants + config.num_routed_wires,
            config.num_wires,
            zs * (1 + products),
            quotient,
        ];
        let mut height = self.index_bits() - params.config.cap_height;
        let initial = leaves.map(|length| (vec![F::ZERO; length], path(height)));
        let steps = params.reduction_arity_bits.iter().map(|bits| {
            height -= bits;
            FriQueryStep {
                evals: values(1 << bits),
                merkle_proof: path(height),
            }
        });
        let round = FriQueryRound {
            steps: steps.collect(),
            initial_trees_proof: FriInitialTreeProof {
                evals_proofs: initial.to_vec(),
            },
        };
        InnerProof {
            proof: Proof {
                wires_cap: cap(),
                plonk_zs_partial_products_cap: cap(),
                quotient_polys_cap: cap(),
                openings: OpeningSet {
                    constants: values(common.num_constants),
                    plonk_sigmas: values(config.num_routed_wires),
                    wires: values(config.num_wires),
                    plonk_zs: values(zs),
                    plonk_zs_next: values(zs),
                    partial_products: values(zs * products),
                    quotient_polys: values(quotient),
                    lookup_zs: vec![],
                    lookup_zs_next: vec![],
                },
                opening_proof: FriProof {
                    commit_phase_merkle_caps: params.reduction_arity_bits.iter().map(|_| cap()).collect(),
                    query_round_proofs: vec![round; params.config.num_query_rounds],
                    final_poly: PolynomialCoeffs::new(values(params.final_poly_len())),
                    pow_witness: F::ZERO,
                },
            },
            public_inputs: vec![F::ZERO; common.num_public_inputs],
        }
    }

    /// Bits of a query's index.
    pub(super) fn index_bits(&self) -> usize {
        self.common.fri_params.lde_bits()
    }
}
