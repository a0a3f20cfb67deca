// SPDX-License-Identifier: MIT OR Apache-2.0
//! The whole circuit on a small plonky2 circuit, the smallest that still has every part.

pub(super) mod checker;
mod chip;
mod determined;
mod layout;
mod lies;
mod mutations;
mod parts;

use super::builder::Builder;
use super::*;
use halo2_base::halo2_proofs::dev::MockProver;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use plonky2::field::types::Field;
use plonky2::fri::FriConfig;
use plonky2::fri::reduction_strategies::FriReductionStrategy;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::{CircuitConfig, CircuitData};
use poe_prover::bn254::Bn254Config;
use poe_prover::config::{Builder as Plonky2Builder, D, F};
use std::collections::HashMap;

/// log2 of the rows that hold the cells of the small circuit's proof in one column.
const K: u32 = 18;

type Circuit = CircuitData<F, Bn254Config, D>;

fn config() -> CircuitConfig {
    CircuitConfig {
        security_bits: 1,
        num_challenges: 2,
        fri_config: FriConfig {
            rate_bits: 3,
            cap_height: 2,
            proof_of_work_bits: 3,
            reduction_strategy: FriReductionStrategy::ConstantArityBits(3, 2),
            num_query_rounds: 2,
        },
        ..CircuitConfig::standard_recursion_config()
    }
}

/// A circuit of a few stock gates and `words` public inputs, with few queries. `added` is a constant of it.
fn circuit(config: CircuitConfig, words: usize, added: u64) -> Circuit {
    let mut builder = Plonky2Builder::new(config);
    let words: Vec<_> = (0..words).map(|_| builder.add_virtual_public_input()).collect();
    let sum = words
        .iter()
        .skip(1)
        .fold(words[0], |sum, &word| builder.mul_add(sum, word, word));
    let sum = builder.add_const(sum, F::from_canonical_u64(added));
    let hash = builder.hash_n_to_hash_no_pad::<plonky2::hash::poseidon::PoseidonHash>(vec![sum]);
    builder.range_check(words[0], 32);
    let bits = builder.low_bits(hash.elements[0], 3, 64);
    let index = builder.le_sum(bits.iter());
    builder.random_access(index, words.into_iter().cycle().take(8).collect());
    builder.build::<Bn254Config>()
}

fn prove(circuit: &Circuit, first: u64) -> InnerProof {
    let mut witness = PartialWitness::new();
    for (i, &target) in circuit.prover_only.public_inputs.iter().enumerate() {
        witness
            .set_target(target, F::from_canonical_u64(first + i as u64))
            .expect("an unset target");
    }
    circuit.prove(witness).expect("a satisfied circuit")
}

/// A circuit, its key, and a proof.
pub(super) fn small() -> (Circuit, Key, InnerProof) {
    let circuit = circuit(config(), 8, 5);
    let proof = prove(&circuit, 0xffff_fff0);
    let key = Key::new(&circuit.verifier_data()).expect("stock gates");
    (circuit, key, proof)
}

/// The circuit, written for a checker.
fn written(key: &Key, proof: &InnerProof) -> WrapCircuit {
    WrapCircuit::new(Stage::Mock, Shape::one_column(K), key, proof)
}

/// The circuit with some of the prover's choices changed, by their numbers.
fn written_with_lies(key: &Key, proof: &InnerProof, lies: HashMap<usize, Fr>) -> WrapCircuit {
    let shape = Shape::one_column(K);
    let mut builder = Builder::new(Stage::Mock, shape.base());
    builder.lies = lies;
    WrapCircuit::write(builder, shape, key, proof)
}

/// What halo2 itself finds.
fn mock(circuit: &WrapCircuit) -> Result<(), String> {
    let prover =
        MockProver::run(circuit.shape.k, circuit, vec![circuit.instances()]).map_err(|error| error.to_string())?;
    prover
        .verify()
        .map_err(|failures| format!("{} failures: {:?}", failures.len(), failures[0]))
}
