// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the executor's witness of a batch to the circuit's inputs.

use super::account::{AccountTargets, OpeningTargets};
use super::{LeafCircuit, LeafTargets};
use crate::config::F;
use plonky2::field::types::Field;
use plonky2::hash::hash_types::HashOut;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use poe_rollup::executor::{BatchWitness, Opening};
use poe_rollup::formats::{Capacity, Exit, Message, words_of};
use poe_rollup::state::Account;

/// Why a batch was not proven or a proof not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeafError {
    /// The witness belongs to another capacity.
    #[error("the batch was executed for capacity {found:?}, the circuit takes {expected:?}")]
    WrongCapacity {
        /// Capacity of the circuit.
        expected: Capacity,
        /// Capacity in the witness.
        found: Capacity,
    },
    /// More messages or exits than the capacity, or another number of slots.
    #[error("the witness holds {found} {what}, the circuit takes {expected}")]
    WrongLength {
        /// "messages", "slots", "exits" or "siblings".
        what: &'static str,
        /// What the circuit takes.
        expected: usize,
        /// What the witness holds.
        found: usize,
    },
    /// The witness contradicts a constraint.
    #[error("the batch cannot be proven from this witness")]
    Prove(#[source] anyhow::Error),
    /// The proof does not hold.
    #[error("the leaf proof does not hold")]
    Verify(#[source] anyhow::Error),
}

fn words(bytes: &[u8]) -> Vec<F> {
    bytes
        .chunks_exact(4)
        .map(|chunk| F::from_canonical_u32(u32::from_be_bytes(chunk.try_into().expect("four bytes"))))
        .collect()
}

/// Sets targets; each is set once by construction.
struct Inputs(PartialWitness<F>);

impl Inputs {
    fn set(&mut self, target: Target, value: F) -> Result<(), LeafError> {
        self.0.set_target(target, value).map_err(LeafError::Prove)
    }

    fn set_all(&mut self, targets: &[Target], values: &[F]) -> Result<(), LeafError> {
        debug_assert_eq!(targets.len(), values.len());
        targets
            .iter()
            .zip(values)
            .try_for_each(|(&target, &value)| self.set(target, value))
    }

    fn state(&mut self, targets: &AccountTargets, account: &Account) -> Result<(), LeafError> {
        self.set(targets.balance, F::from_noncanonical_u64(account.balance))?;
        self.set(targets.nonce, F::from_noncanonical_u64(account.nonce))?;
        self.set(targets.registered.target, F::from_bool(account.registered))
    }

    fn path(&mut self, targets: &OpeningTargets, opening: &Opening) -> Result<(), LeafError> {
        for (target, &sibling) in targets.siblings.iter().zip(&opening.path) {
            let sibling: HashOut<F> = sibling.into();
            self.set_all(&target.elements, &sibling.elements)?;
        }
        Ok(())
    }

    /// An account of which the identity alone matters.
    fn opening(&mut self, targets: &OpeningTargets, opening: &Opening) -> Result<(), LeafError> {
        let identity: HashOut<F> = opening.account.id_hash().into();
        self.set_all(&targets.account.id_hash.elements, &identity.elements)?;
        self.state(&targets.account, &opening.account)?;
        self.path(targets, opening)
    }
}

impl LeafCircuit {
    /// The inputs of the circuit for `batch`.
    ///
    /// # Errors
    ///
    /// If the witness is of another shape than the circuit.
    pub fn inputs(&self, batch: &BatchWitness) -> Result<PartialWitness<F>, LeafError> {
        self.check_shape(batch)?;
        let targets = &self.targets;
        let mut inputs = Inputs(PartialWitness::new());
        let accounts_root: HashOut<F> = batch.old.accounts_root.into();
        inputs.set_all(&targets.accounts_root.elements, &accounts_root.elements)?;
        for (target, value) in [
            (&targets.message_acc, &batch.old.message_acc),
            (&targets.acc, &batch.old.acc),
            (&targets.exit_acc, &batch.old.exit_acc),
            (&targets.domain, &batch.params.domain),
        ] {
            inputs.set_all(target, &words_of(value).map(F::from_canonical_u64))?;
        }
        inputs.set(targets.version, F::from_canonical_u32(batch.version))?;
        inputs.set(targets.fee_recipient, F::from_canonical_u32(batch.fee_recipient))?;
        set_messages(&mut inputs, targets, batch)?;
        set_slots(&mut inputs, targets, batch)?;
        inputs.opening(&targets.fee_payout, &batch.fee_payout)?;
        for (position, record) in targets.records.iter().enumerate() {
            let exit = batch.exits.get(position);
            inputs.set(record.present.target, F::from_bool(exit.is_some()))?;
            inputs.set_all(&record.words, &words(&exit.map_or([0; Exit::BYTES], Exit::encode)))?;
        }
        Ok(inputs.0)
    }

    fn check_shape(&self, batch: &BatchWitness) -> Result<(), LeafError> {
        let (expected, found) = (self.capacity, batch.params.capacity);
        if expected != found {
            return Err(LeafError::WrongCapacity { expected, found });
        }
        let wrong = |what, expected: u32, found| LeafError::WrongLength {
            what,
            expected: expected as usize,
            found,
        };
        if batch.messages.len() > expected.messages as usize {
            return Err(wrong("messages", expected.messages, batch.messages.len()));
        }
        if batch.slots.len() != expected.slots as usize {
            return Err(wrong("slots", expected.slots, batch.slots.len()));
        }
        if batch.exits.len() > expected.exits as usize {
            return Err(wrong("exits", expected.exits, batch.exits.len()));
        }
        Ok(())
    }
}

fn set_messages(inputs: &mut Inputs, targets: &LeafTargets, batch: &BatchWitness) -> Result<(), LeafError> {
    // In the place of an absent message any account of the state at that point can be opened. The first slot's sender
    // is one: the circuit has at least one slot, and the executor fills the rest with zero slots.
    let idle = &batch.slots[0].sender;
    let nothing = Message {
        index: idle.index,
        ..Message::default()
    };
    for (position, target) in targets.messages.iter().enumerate() {
        let witness = batch.messages.get(position);
        let (message, opening) = witness.map_or((&nothing, idle), |w| (&w.message, &w.account));
        inputs.set(target.present.target, F::from_bool(witness.is_some()))?;
        inputs.set_all(&target.words, &words(&message.encode()))?;
        inputs.opening(&target.opening, opening)?;
    }
    Ok(())
}

fn set_slots(inputs: &mut Inputs, targets: &LeafTargets, batch: &BatchWitness) -> Result<(), LeafError> {
    let data: Vec<F> = batch
        .slots
        .iter()
        .flat_map(|witness| words(&witness.slot.encode()))
        .collect();
    inputs.set_all(&targets.data, &data)?;
    for (target, witness) in targets.slots.iter().zip(&batch.slots) {
        let payer = &witness.sender.account;
        inputs.set_all(&target.key[..5], &payer.key.x.coefficients().map(F::from_canonical_u64))?;
        inputs.set_all(&target.key[5..], &payer.key.u.coefficients().map(F::from_canonical_u64))?;
        inputs.set_all(&target.owner, &words(&payer.l1_owner))?;
        inputs.state(&target.sender.account, payer)?;
        inputs.path(&target.sender, &witness.sender)?;
        inputs.opening(&target.recipient, &witness.recipient)?;
    }
    Ok(())
}
