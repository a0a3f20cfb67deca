// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verdict on a signature (ST-9), as one bit that the prover cannot choose.
//!
//! Rows of a signature: 1 to cut the words, 40 of joint steps, 3 permutations and 1 for the verdict; the two amounts take
//! two of an arithmetic row's twenty operations. The permutation that absorbs the domain is shared by all signatures.

use super::curve::{PointTarget, connect, joint_multiply};
use crate::config::{Builder, F};
use crate::gates::{ChallengeMatch, Custom};
use crate::word::Word;
use plonky2::field::types::Field;
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::hash::hashing::PlonkyPermutation;
use plonky2::hash::poseidon::{PoseidonHash, PoseidonPermutation};
use plonky2::iop::target::{BoolTarget, Target};

type Permutation = PoseidonPermutation<Target>;

/// The state of the challenge's sponge after the domain, eight words: one whole block.
#[derive(Clone, Copy, Debug)]
pub struct ChallengePrefix(Permutation);

/// What a signature covers besides its nonce point and the domain (ST-9).
#[derive(Clone, Copy, Debug)]
pub struct MessageTarget {
    /// Identity hash of the sender, as found in state.
    pub from_identity: HashOutTarget,
    /// Index of the sender.
    pub from: Word,
    /// Index of the recipient; 0 withdraws.
    pub to: Word,
    /// Gwei moved: the high word, then the low one.
    pub amount: [Word; 2],
    /// Gwei paid as a fee: the high word, then the low one.
    pub fee: [Word; 2],
    /// The sender's nonce.
    pub nonce: Word,
    /// The sequencer named.
    pub sequencer: Word,
    /// Identity hash of the recipient, as found in state.
    pub to_identity: HashOutTarget,
}

/// A signature: its limbs, least significant first, which need not be below `2^30`.
#[derive(Clone, Copy, Debug)]
pub struct SignatureTarget {
    /// The challenge.
    pub e: [Word; 4],
    /// The response.
    pub s: [Word; 11],
}

/// Absorbs the domain: one permutation for all signatures of a circuit.
pub fn challenge_prefix(builder: &mut Builder, domain: &[Word; 8]) -> ChallengePrefix {
    let zero = builder.zero();
    let mut state = Permutation::new(core::iter::repeat(zero));
    state.set_from_slice(&domain.map(Word::target), 0);
    ChallengePrefix(builder.permute::<PoseidonHash>(state))
}

/// 1 if the signature holds under `key` and 0 if not, limbs out of range included (CIR-3).
///
/// `key` must be an element of the group or the neutral element, under which anybody signs: `registered` must keep it from
/// use (CIR-8).
pub fn signature_valid(
    builder: &mut Builder,
    prefix: &ChallengePrefix,
    key: &PointTarget,
    message: &MessageTarget,
    signature: &SignatureTarget,
) -> BoolTarget {
    let (nonce_point, in_range) = joint_multiply(builder, key, &signature.e, &signature.s);
    let hash = challenge(builder, prefix, &nonce_point.u, message);
    let row = Custom::<ChallengeMatch>::add_row(builder, vec![]);
    connect(builder, row, ChallengeMatch::HASH, &hash);
    connect(builder, row, ChallengeMatch::E, &signature.e.map(Word::target));
    builder.connect(in_range.target, Target::wire(row, ChallengeMatch::IN_RANGE));
    BoolTarget::new_unsafe(Target::wire(row, ChallengeMatch::VALID))
}

/// `h_0` and `h_1` of ST-9: the rest of the sponge, which overwrites as many lanes as a block has.
fn challenge(builder: &mut Builder, prefix: &ChallengePrefix, u: &[Target; 5], message: &MessageTarget) -> [Target; 2] {
    let amount = join(builder, message.amount);
    let fee = join(builder, message.fee);
    let [from, to, nonce, sequencer] = [message.from, message.to, message.nonce, message.sequencer].map(Word::target);
    let mut input = u.to_vec();
    input.extend(message.from_identity.elements);
    input.extend([from, to, amount, fee, nonce, sequencer]);
    input.extend(message.to_identity.elements);

    let state = input.chunks(Permutation::RATE).fold(prefix.0, |mut state, block| {
        state.set_from_slice(block, 0);
        builder.permute::<PoseidonHash>(state)
    });
    let lanes = state.squeeze();
    [lanes[0], lanes[1]]
}

/// `2^32 high + low` modulo p, as the native sponge takes a `u64`. Not injective; but ST-7 makes a slot with a high word of
/// `2^29` or more invalid whatever its signature.
fn join(builder: &mut Builder, [high, low]: [Word; 2]) -> Target {
    builder.mul_const_add(F::from_canonical_u64(1 << 32), high.target(), low.target())
}

#[cfg(test)]
mod tests;
