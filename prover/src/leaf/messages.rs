// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages from L1 (ST-6, CIR-10).
//!
//! There is room for M messages; presence bits fall monotonically. Each message present steps the hash chain, which
//! starts from the accumulator opened in the old state root, and credits its account. The end of the chain enters the
//! acc step, so which messages are present, and what they say, is fixed by L1: SHA-256 would have to collide otherwise.
//! What the prover puts into the places of absent messages reaches no output.

use super::account::{AccountTargets, OpeningTargets, id_hash};
use crate::config::{Builder, F};
use crate::gadgets::range::RangeChecks;
use crate::gadgets::sha256::{WordInput, sha256};
use crate::gadgets::word::{are_equal, u64_from_words};
use crate::word::Word;
use plonky2::field::types::Field;
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::iop::target::{BoolTarget, Target};
use poe_rollup::formats::{KIND_REGISTER, Message};

/// Where a message's witness goes.
#[derive(Clone, Debug)]
pub(super) struct MessageTargets {
    pub(super) present: BoolTarget,
    pub(super) words: [Target; Message::WORDS],
    pub(super) opening: OpeningTargets,
}

/// State of the batch while messages are applied.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessageState {
    pub(super) accounts_root: HashOutTarget,
    pub(super) message_acc: [Word; 8],
    /// Gwei.
    pub(super) fees: Target,
}

/// Applies up to `count` messages; their targets, the state after them, and the `messages` word of the acc step: zero
/// if no message is present.
pub(super) fn apply_messages(
    builder: &mut Builder,
    checks: &mut RangeChecks,
    count: usize,
    mut state: MessageState,
) -> (Vec<MessageTargets>, MessageState, [Word; 8]) {
    let mut before = builder._true();
    let mut messages: Vec<MessageTargets> = Vec::with_capacity(count);
    for _ in 0..count {
        let present = builder.add_virtual_bool_target_safe();
        // Present only after a present one.
        let gap = builder.mul_sub(present.target, before.target, present.target);
        builder.assert_zero(gap);
        messages.push(apply_message(builder, checks, present, &mut state));
        before = present;
    }
    let any = messages[0].present;
    let step = state
        .message_acc
        .map(|word| Word::assume_checked(builder.mul(any.target, word.target())));
    (messages, state, step)
}

fn apply_message(
    builder: &mut Builder,
    checks: &mut RangeChecks,
    present: BoolTarget,
    state: &mut MessageState,
) -> MessageTargets {
    let words: [Target; Message::WORDS] = builder.add_virtual_targets(Message::WORDS).try_into().expect("as many");
    let input: Vec<WordInput> = state
        .message_acc
        .into_iter()
        .map(WordInput::Checked)
        .chain(words.map(WordInput::Raw))
        .collect();
    let hashed = sha256(builder, checks, &input);
    for (acc, stepped) in state.message_acc.iter_mut().zip(hashed.digest) {
        *acc = Word::assume_checked(builder.select(present, stepped.target(), acc.target()));
    }
    let typed: [Word; Message::WORDS] = hashed.words[8..].try_into().expect("as many");
    let pair = |builder: &mut Builder, at: usize| u64_from_words(builder, typed[at], typed[at + 1]);

    let before = AccountTargets::unbound(builder);
    let opening = OpeningTargets::open(builder, typed[1], before, state.accounts_root);
    let key = core::array::from_fn(|i| pair(builder, 2 + 2 * i));
    let owner = core::array::from_fn(|i| typed[22 + i]);
    let (amount, fee) = (pair(builder, 27), pair(builder, 29));

    let register = builder.constant(F::from_canonical_u32(KIND_REGISTER));
    let registers = are_equal(builder, &[typed[0].target()], &[register]);
    let registers = builder.and(registers, present);
    let new = builder.not(before.registered);
    let registers = builder.and(registers, new);
    let identity = id_hash(builder, &key, &owner);
    let after = AccountTargets {
        id_hash: select_hash(builder, registers, identity, before.id_hash),
        balance: builder.mul_add(present.target, amount, before.balance),
        nonce: before.nonce,
        registered: BoolTarget::new_unsafe(builder.add(before.registered.target, registers.target)),
    };
    state.accounts_root = opening.root_with(builder, &after);
    state.fees = builder.mul_add(present.target, fee, state.fees);
    MessageTargets {
        present,
        words,
        opening,
    }
}

/// `condition ? then : otherwise`
pub(super) fn select_hash(
    builder: &mut Builder,
    condition: BoolTarget,
    then: HashOutTarget,
    otherwise: HashOutTarget,
) -> HashOutTarget {
    HashOutTarget {
        elements: core::array::from_fn(|i| builder.select(condition, then.elements[i], otherwise.elements[i])),
    }
}
