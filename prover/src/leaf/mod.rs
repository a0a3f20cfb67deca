// SPDX-License-Identifier: MIT OR Apache-2.0
//! The leaf circuit: one batch (CIR-1).
//!
//! Statement: from `(oldRoot, oldAcc, oldExitAcc)` one batch in `domain` leads to `(newRoot, newAcc, newExitAcc)`, by
//! the state transition of `docs/spec/state-transition.md`. For every batch that L1 accepts there is a proof, and
//! there is one result.

mod account;
mod exits;
mod messages;
mod slots;
mod witness;

use crate::config::{Builder, C, Circuit, Proof};
use crate::gadgets::range::RangeChecks;
use crate::gadgets::schnorr::challenge_prefix;
use crate::gadgets::sha256::{WordInput, sha256};
use crate::layers::parameters;
use crate::layers::public_inputs::{Boundary, LEAF_INPUTS, RangeInputs};
use crate::word::Word;
use account::{AccountTargets, OpeningTargets};
use exits::{ExitChain, RecordTargets, settle_exits};
use messages::{MessageState, MessageTargets, apply_messages};
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::iop::target::Target;
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::{Capacity, KIND_FULL_SLOTS, Slot};
use slots::{SlotState, SlotTargets, Surroundings, apply_slot};
pub use witness::LeafError;

/// Where a batch's witness goes.
#[derive(Clone, Debug)]
struct LeafTargets {
    accounts_root: HashOutTarget,
    message_acc: [Target; 8],
    acc: [Target; 8],
    exit_acc: [Target; 8],
    domain: [Target; 8],
    version: Target,
    fee_recipient: Target,
    messages: Vec<MessageTargets>,
    data: Vec<Target>,
    slots: Vec<SlotTargets>,
    fee_payout: OpeningTargets,
    records: Vec<RecordTargets>,
}

/// Rows that a part of the circuit takes. Rows of arithmetic are shared between parts; each counts where it was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRows {
    /// Name of the part.
    pub part: &'static str,
    /// Rows.
    pub rows: usize,
}

/// The leaf circuit for one capacity.
#[derive(Debug)]
pub struct LeafCircuit {
    capacity: Capacity,
    circuit: Circuit,
    targets: LeafTargets,
    rows: Vec<PartRows>,
}

impl LeafCircuit {
    /// Builds the circuit; seconds for the capacities in use.
    ///
    /// # Panics
    ///
    /// If a capacity is zero: the circuit is defined for at least one slot, message and exit.
    pub fn build(capacity: Capacity) -> Self {
        let mut builder = Builder::new(parameters::leaf());
        let (targets, rows) = constrain(&mut builder, &capacity);
        Self {
            capacity,
            circuit: builder.build::<C>(),
            targets,
            rows,
        }
    }

    /// Rows by part for a capacity, without building the circuit.
    ///
    /// # Panics
    ///
    /// As [`Self::build`].
    pub fn count_rows(capacity: Capacity) -> Vec<PartRows> {
        constrain(&mut Builder::new(parameters::leaf()), &capacity).1
    }

    /// What the circuit takes.
    pub const fn capacity(&self) -> &Capacity {
        &self.capacity
    }

    /// The plonky2 circuit.
    pub const fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// The bit of each slot that says whether it was applied; for tests that try to turn it round.
    pub fn verdicts(&self) -> Vec<Target> {
        self.targets.slots.iter().map(|slot| slot.applied.target).collect()
    }

    /// Rows by part, in the order of construction; the sum is what the power of two has to hold.
    pub fn rows(&self) -> &[PartRows] {
        &self.rows
    }

    /// Proves a batch.
    ///
    /// # Errors
    ///
    /// If the witness is not one of a batch of this capacity, or is inconsistent.
    pub fn prove(&self, batch: &BatchWitness) -> Result<Proof, LeafError> {
        let inputs = self.inputs(batch)?;
        self.circuit.prove(inputs).map_err(LeafError::Prove)
    }

    /// Verifies a proof of this circuit.
    ///
    /// # Errors
    ///
    /// If the proof does not hold.
    pub fn verify(&self, proof: Proof) -> Result<(), LeafError> {
        self.circuit.verify(proof).map_err(LeafError::Verify)
    }
}

/// Counts rows between calls.
struct Tally {
    counted: usize,
    rows: Vec<PartRows>,
}

impl Tally {
    fn count(&mut self, builder: &Builder, part: &'static str) {
        let now = builder.num_gates();
        self.rows.push(PartRows {
            part,
            rows: now - self.counted,
        });
        self.counted = now;
    }
}

/// All constraints of the leaf.
fn constrain(builder: &mut Builder, capacity: &Capacity) -> (LeafTargets, Vec<PartRows>) {
    assert!(
        capacity.slots > 0 && capacity.messages > 0 && capacity.exits > 0,
        "no capacity may be zero: {capacity:?}"
    );
    let mut tally = Tally {
        counted: 0,
        rows: Vec::new(),
    };
    let (slots, messages, exits) = (
        capacity.slots as usize,
        capacity.messages as usize,
        capacity.exits as usize,
    );
    let eight = |builder: &mut Builder| -> [Target; 8] { builder.add_virtual_targets(8).try_into().expect("eight") };
    let accounts_root = builder.add_virtual_hash();
    let (message_acc, acc, exit_acc, domain) = (eight(builder), eight(builder), eight(builder), eight(builder));
    let (version, fee_recipient) = (builder.add_virtual_target(), builder.add_virtual_target());
    let zero = builder.zero();

    // What no hash of words below checks.
    let mut checks = RangeChecks::new();
    let domain_words = words(checks.words(&domain));
    let fee_recipient_word = checks.word(fee_recipient);
    let message_acc_words: [Word; 8] = words(checks.words(&message_acc));

    let old_root = state_root(builder, accounts_root, &message_acc_words);
    tally.count(builder, "public inputs and old root");

    let state = MessageState {
        accounts_root,
        message_acc: message_acc_words,
        fees: zero,
    };
    let (messages, state, message_step) = apply_messages(builder, &mut checks, messages, state);
    tally.count(builder, "messages");

    let data = builder.add_virtual_targets(slots * Slot::WORDS);
    let raw: Vec<WordInput> = data.iter().copied().map(WordInput::Raw).collect();
    let hashed = sha256(builder, &mut checks, &raw);
    tally.count(builder, "SHA-256 of the data");

    let challenge = challenge_prefix(builder, &domain_words);
    let surroundings = Surroundings::new(builder, challenge, fee_recipient_word, exits);
    let mut slot_state = SlotState {
        accounts_root: state.accounts_root,
        fees: state.fees,
        exits: ExitChain::empty(builder),
    };
    let slots = hashed
        .words
        .chunks_exact(Slot::WORDS)
        .map(|chunk| {
            let slot: &[Word; Slot::WORDS] = chunk.try_into().expect("as many");
            apply_slot(builder, &mut checks, &surroundings, slot, &mut slot_state)
        })
        .collect();
    tally.count(builder, "slots");

    // ST-10. Credits cannot overflow: all that exists stays below 2^61 (ST-5).
    let payee = AccountTargets::unbound(builder);
    let fee_payout = OpeningTargets::open(builder, fee_recipient_word, payee, slot_state.accounts_root);
    let paid = AccountTargets {
        balance: builder.add(payee.balance, slot_state.fees),
        ..payee
    };
    let new_accounts_root = fee_payout.root_with(builder, &paid);
    let new_root = state_root(builder, new_accounts_root, &state.message_acc);
    tally.count(builder, "fee payout and new root");

    let (records, old_exit_acc, new_exit_acc) = settle_exits(builder, &mut checks, exits, &slot_state.exits, exit_acc);
    tally.count(builder, "exits");

    // ST-12: acc | kind | version | dataHash | messages | feeRecipient.
    let kind = Word::constant(builder, KIND_FULL_SLOTS);
    let step: Vec<WordInput> = acc
        .into_iter()
        .map(WordInput::Raw)
        .chain([WordInput::Checked(kind), WordInput::Raw(version)])
        .chain(hashed.digest.into_iter().chain(message_step).map(WordInput::Checked))
        .chain([WordInput::Checked(fee_recipient_word)])
        .collect();
    let stepped = sha256(builder, &mut checks, &step);
    tally.count(builder, "acc step");

    checks.finish(builder);
    tally.count(builder, "range checks");

    let boundary = |root: HashOutTarget, acc: [Word; 8], exit_acc: [Word; 8]| Boundary {
        root: root.elements,
        acc: acc.map(Word::target),
        exit_acc: exit_acc.map(Word::target),
    };
    let public = RangeInputs {
        old: boundary(old_root, words(stepped.words[..8].to_vec()), old_exit_acc),
        new: boundary(new_root, stepped.digest, new_exit_acc),
        domain: domain_words.map(Word::target),
    };
    builder.register_public_inputs(&public.elements());
    debug_assert_eq!(builder.num_public_inputs(), LEAF_INPUTS);
    let targets = LeafTargets {
        accounts_root,
        message_acc,
        acc,
        exit_acc,
        domain,
        version,
        fee_recipient,
        messages,
        data,
        slots,
        fee_payout,
        records,
    };
    (targets, tally.rows)
}

fn words<const N: usize>(words: Vec<Word>) -> [Word; N] {
    words.try_into().expect("as many words")
}

/// ST-4.
fn state_root(builder: &mut Builder, accounts_root: HashOutTarget, message_acc: &[Word; 8]) -> HashOutTarget {
    let elements = accounts_root
        .elements
        .into_iter()
        .chain(message_acc.iter().map(|word| word.target()));
    builder.hash_n_to_hash_no_pad::<PoseidonHash>(elements.collect())
}
