// SPDX-License-Identifier: MIT OR Apache-2.0
//! One slot (ST-7, ST-8, CIR-3 to CIR-9).
//!
//! Every rule of ST-7 is one bit that the constraints determine; their conjunction `applied` selects the effect. Both
//! paths are opened and rewritten whatever the verdict: a slot that is not applied writes back what it found.

use super::account::{AccountTargets, OpeningTargets, id_hash};
use super::exits::ExitChain;
use super::messages::select_hash;
use crate::config::{Builder, F};
use crate::gadgets::curve::PointTarget;
use crate::gadgets::range::RangeChecks;
use crate::gadgets::schnorr::{ChallengePrefix, MessageTarget, SignatureTarget, signature_valid};
use crate::gadgets::word::{are_equal, enough, is_zero, less_than_2_pow, u64_from_words};
use crate::word::Word;
use plonky2::field::types::Field;
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::iop::target::{BoolTarget, Target};
use poe_rollup::formats::Slot;
use poe_rollup::state::Account;

/// Where a slot's witness goes; its words are the batch's data.
#[derive(Clone, Debug)]
pub(super) struct SlotTargets {
    pub(super) key: [Target; 10],
    pub(super) owner: [Target; 5],
    pub(super) sender: OpeningTargets,
    pub(super) recipient: OpeningTargets,
    pub(super) applied: BoolTarget,
}

/// What is the same for all slots of a batch.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) challenge: ChallengePrefix,
    pub(super) fee_recipient: Word,
    /// `idHash` of the zero account.
    pub(super) nobody: HashOutTarget,
    /// E.
    pub(super) exit_capacity: Target,
    /// 2^32 - 1.
    pub(super) last_nonce: Target,
}

impl Surroundings {
    pub(super) fn new(builder: &mut Builder, challenge: ChallengePrefix, fee_recipient: Word, exits: usize) -> Self {
        let nobody = Account::empty_id_hash().into();
        Self {
            challenge,
            fee_recipient,
            nobody: builder.constant_hash(nobody),
            exit_capacity: builder.constant(F::from_canonical_usize(exits)),
            last_nonce: builder.constant(F::from_canonical_u64(u64::from(u32::MAX))),
        }
    }
}

/// State of the batch while slots are applied.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotState {
    pub(super) accounts_root: HashOutTarget,
    /// Gwei.
    pub(super) fees: Target,
    pub(super) exits: ExitChain,
}

/// The words of a slot by name (FMT-6).
struct Fields {
    from: Word,
    to: Word,
    amount: [Word; 2],
    fee: [Word; 2],
    nonce: Word,
    sequencer: Word,
    e: [Word; 4],
    s: [Word; 11],
    spare: Word,
}

impl Fields {
    fn of(words: &[Word; Slot::WORDS]) -> Self {
        Self {
            from: words[0],
            to: words[1],
            amount: [words[2], words[3]],
            fee: [words[4], words[5]],
            nonce: words[6],
            sequencer: words[7],
            e: core::array::from_fn(|i| words[8 + i]),
            s: core::array::from_fn(|i| words[12 + i]),
            spare: words[23],
        }
    }
}

/// Applies the slot made of `words`.
pub(super) fn apply_slot(
    builder: &mut Builder,
    checks: &mut RangeChecks,
    surroundings: &Surroundings,
    words: &[Word; Slot::WORDS],
    state: &mut SlotState,
) -> SlotTargets {
    let slot = Fields::of(words);
    let amount = u64_from_words(builder, slot.amount[0], slot.amount[1]);
    let fee = u64_from_words(builder, slot.fee[0], slot.fee[1]);
    let withdraws = is_zero(builder, slot.to.target());

    // The sender. Owner words need no range check: the state commits to words, and a record of an exit checks them.
    let key: [Target; 10] = builder.add_virtual_targets(10).try_into().expect("as many");
    let owner: [Target; 5] = builder.add_virtual_targets(5).try_into().expect("as many");
    let payer_id = id_hash(builder, &key, &owner.map(Word::assume_checked));
    let payer = AccountTargets::of(builder, payer_id);
    let sender = OpeningTargets::open(builder, slot.from, payer, state.accounts_root);

    // The recipient, in the state that the sender's debit leaves. Which state that is depends on the verdict, and the
    // verdict on what is found; but no rule reads anything of the recipient that a debit changes (ST-7, 7 and 11), so
    // only one of the two verdicts is consistent.
    let payee = AccountTargets::unbound(builder);
    let payee_id = select_hash(builder, withdraws, surroundings.nobody, payee.id_hash);
    let signed = signature_valid(
        builder,
        &surroundings.challenge,
        &PointTarget::from_targets(&key),
        &MessageTarget {
            from_identity: payer_id,
            from: slot.from,
            to: slot.to,
            amount: slot.amount,
            fee: slot.fee,
            nonce: slot.nonce,
            sequencer: slot.sequencer,
            to_identity: payee_id,
        },
        &SignatureTarget { e: slot.e, s: slot.s },
    );
    let cost_in_range = {
        let amount = less_than_2_pow(builder, checks, slot.amount[0], 29);
        let fee = less_than_2_pow(builder, checks, slot.fee[0], 29);
        builder.and(amount, fee)
    };
    let cost = builder.add(amount, fee);

    let verdicts = [
        is_zero(builder, slot.spare.target()),
        cost_in_range,
        sequencer_matches(builder, slot.sequencer, surroundings.fee_recipient),
        payer.registered,
        builder.or(withdraws, payee.registered),
        are_equal(builder, &[slot.nonce.target()], &[payer.nonce]),
        nonce_is_left(builder, surroundings, slot.nonce, withdraws),
        enough(builder, checks, payer.balance, cost, cost_in_range),
        signed,
        exit_is_left(builder, surroundings, &state.exits, withdraws),
    ];
    let applied = verdicts
        .into_iter()
        .reduce(|all, bit| builder.and(all, bit))
        .expect("several");

    // Effects.
    let paid = builder.mul(applied.target, cost);
    let debited = AccountTargets {
        balance: builder.sub(payer.balance, paid),
        nonce: builder.add(payer.nonce, applied.target),
        ..payer
    };
    let between = sender.root_with(builder, &debited);
    let recipient = OpeningTargets::open(builder, slot.to, payee, between);
    let exits = builder.and(applied, withdraws);
    let transfers = builder.sub(applied.target, exits.target);
    let credited = AccountTargets {
        balance: builder.mul_add(transfers, amount, payee.balance),
        ..payee
    };
    state.accounts_root = recipient.root_with(builder, &credited);
    state.fees = builder.mul_add(applied.target, fee, state.fees);
    let [o0, o1, o2, o3, o4] = owner;
    let record = [
        o0,
        o1,
        o2,
        o3,
        o4,
        slot.from.target(),
        slot.amount[0].target(),
        slot.amount[1].target(),
    ];
    state.exits.append(builder, exits, record);
    SlotTargets {
        key,
        owner,
        sender,
        recipient,
        applied,
    }
}

/// Rule 5: `sequencer` is 0 or the fee recipient; a field has no zero divisors.
fn sequencer_matches(builder: &mut Builder, sequencer: Word, fee_recipient: Word) -> BoolTarget {
    let difference = builder.sub(sequencer.target(), fee_recipient.target());
    let product = builder.mul(sequencer.target(), difference);
    is_zero(builder, product)
}

/// Rule 9.
fn nonce_is_left(builder: &mut Builder, surroundings: &Surroundings, nonce: Word, withdraws: BoolTarget) -> BoolTarget {
    let last = are_equal(builder, &[nonce.target()], &[surroundings.last_nonce]);
    let left = builder.not(last);
    builder.or(left, withdraws)
}

/// Rule 12.
fn exit_is_left(
    builder: &mut Builder,
    surroundings: &Surroundings,
    exits: &ExitChain,
    withdraws: BoolTarget,
) -> BoolTarget {
    let full = are_equal(builder, &[exits.count], &[surroundings.exit_capacity]);
    let broken = builder.and(full, withdraws);
    builder.not(broken)
}
