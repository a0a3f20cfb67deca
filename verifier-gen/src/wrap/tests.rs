// SPDX-License-Identifier: MIT OR Apache-2.0
//! The whole circuit on small plonky2 circuits.

use super::*;
use halo2_base::halo2_proofs::dev::MockProver;
use plonky2::field::types::Field;
use plonky2::fri::FriConfig;
use plonky2::fri::reduction_strategies::FriReductionStrategy;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::{CircuitConfig, CircuitData};
use poe_prover::bn254::Bn254Config;
use poe_prover::config::{Builder as Plonky2Builder, D, F};

/// A circuit of a few stock gates and eight public words, with few queries.
pub(super) fn small() -> (CircuitData<F, Bn254Config, D>, InnerProof) {
    let config = CircuitConfig {
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
    };
    let mut builder = Plonky2Builder::new(config);
    let words: Vec<_> = (0..8).map(|_| builder.add_virtual_public_input()).collect();
    let sum = words.iter().skip(1).fold(words[0], |sum, &word| builder.mul_add(sum, word, word));
    let hash = builder.hash_n_to_hash_no_pad::<plonky2::hash::poseidon::PoseidonHash>(vec![sum]);
    builder.range_check(words[0], 32);
    let bits = builder.low_bits(hash.elements[0], 3, 64);
    let index = builder.le_sum(bits.iter());
    builder.random_access(index, words);
    let circuit = builder.build::<Bn254Config>();
    let mut witness = PartialWitness::new();
    for (i, &target) in circuit.prover_only.public_inputs.iter().enumerate() {
        witness
            .set_target(target, F::from_canonical_u64(0xffff_fff0 + i as u64))
            .expect("an unset target");
    }
    let proof = circuit.prove(witness).expect("a satisfied circuit");
    (circuit, proof)
}

fn run(shape: Shape, key: &Key, proof: &InnerProof) -> Result<(), String> {
    let circuit = WrapCircuit::new(Stage::Mock, shape, key, proof);
    let instances = vec![circuit.instances()];
    let prover = MockProver::run(shape.k, &circuit, instances).map_err(|error| error.to_string())?;
    prover.verify().map_err(|failures| format!("{} failures: {:?}", failures.len(), failures[0]))
}

#[test]
fn a_valid_proof_satisfies_the_circuit() {
    let (circuit, proof) = small();
    let key = Key::new(&circuit.verifier_data()).expect("stock gates");
    run(Shape::one_column(18), &key, &proof).expect("a valid proof");
}
