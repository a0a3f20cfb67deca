// SPDX-License-Identifier: MIT OR Apache-2.0
//! Verifying keys as values inside circuits.

use crate::config::{Builder, C, D, F};
use plonky2::hash::hash_types::{HashOut, HashOutTarget, MerkleCapTarget};
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::iop::target::BoolTarget;
use plonky2::plonk::circuit_data::{VerifierCircuitTarget, VerifierOnlyCircuitData};
use plonky2::plonk::config::{GenericHashOut, Hasher};

/// A verifying key: circuit digest and the Merkle cap of constants and permutation, 68 elements with caps of height 4.
pub type Key = VerifierOnlyCircuitData<C, D>;

/// `H(circuit digest | cap)`: what wraps and nodes carry in place of the key.
///
/// The length is that of the one shape all such keys have, so the sponge without padding is collision-resistant.
pub fn hash(key: &Key) -> HashOut<F> {
    let elements: Vec<F> = [key.circuit_digest.to_vec(), key.constants_sigmas_cap.flatten()].concat();
    PoseidonHash::hash_no_pad(&elements)
}

/// [`hash`] inside a circuit.
pub(crate) fn hash_target(builder: &mut Builder, key: &VerifierCircuitTarget) -> HashOutTarget {
    let elements = core::iter::once(&key.circuit_digest)
        .chain(&key.constants_sigmas_cap.0)
        .flat_map(|hash| hash.elements)
        .collect();
    builder.hash_n_to_hash_no_pad::<PoseidonHash>(elements)
}

/// `choice ? one : zero`.
pub(crate) fn select(
    builder: &mut Builder,
    choice: BoolTarget,
    one: &VerifierCircuitTarget,
    zero: &VerifierCircuitTarget,
) -> VerifierCircuitTarget {
    let mut select_hash = |one: &HashOutTarget, zero: &HashOutTarget| HashOutTarget {
        elements: core::array::from_fn(|i| builder.select(choice, one.elements[i], zero.elements[i])),
    };
    let circuit_digest = select_hash(&one.circuit_digest, &zero.circuit_digest);
    let cap = one.constants_sigmas_cap.0.iter().zip(&zero.constants_sigmas_cap.0);
    VerifierCircuitTarget {
        circuit_digest,
        constants_sigmas_cap: MerkleCapTarget(cap.map(|(one, zero)| select_hash(one, zero)).collect()),
    }
}
