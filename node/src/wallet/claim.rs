// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exits paid on L1 (`L1-28`): the walk back from a matured checkpoint to the links that hold them.

use crate::chain::{CheckpointRecord, ExitLinkRecord};
use crate::l1::{L1Client, L1Error, preimage};
use crate::store::{StoreError, View};
use alloy::primitives::{Address, B256, U256};
use poe_bindings::contracts::exit_vault::ExitVault::{CheckpointOpening, ExitLink};
use poe_rollup::formats::{Bytes32, Exit};

/// Bytes of links in one transaction, if more than one fits: half of what the pools of Ethereum nodes take, and at most 2.6
/// million gas.
const BYTES_PER_CALL: u32 = 65_536;

/// Most links of one transaction.
const LINKS_PER_CALL: usize = 64;

/// Why exits cannot be claimed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// L1 cannot be read.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// Nothing has matured.
    #[error("{owner} has nothing to claim: {waiting} gwei wait for a proof or for the exit delay")]
    Nothing {
        /// The owner.
        owner: Address,
        /// Gwei of exits that are not payable yet.
        waiting: u64,
    },
}

/// Where a walk starts.
#[derive(Clone, Debug)]
pub enum Walk {
    /// At a matured checkpoint.
    Checkpoint {
        /// Its number.
        number: u64,
        /// Its opening.
        opening: CheckpointOpening,
    },
    /// Where an earlier walk has been.
    Accumulator(B256),
}

/// A claim of all exits of an owner that are payable.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The calls, in order: where each starts, and its links.
    pub calls: Vec<(Walk, Vec<ExitLink>)>,
    /// Gwei that the claim pays.
    pub amount: u64,
    /// Gwei of exits that are not payable yet.
    pub waiting: u64,
}

/// Plans the claim of everything that is payable to an owner at L1 time `now`. A checkpoint that is disputed, and all after
/// it, are not claimed on the strength of.
pub async fn plan_claim(client: &L1Client, view: &View, owner: Address, now: u64) -> Result<Claim, ClaimError> {
    let links = view.exit_links()?;
    let matured = newest_matured(view, now)?;
    let last = matured
        .as_ref()
        .map_or(0, |checkpoint| checkpoint.tail.sequence.cumulative_batches);
    let split = links.partition_point(|link| link.batch <= last);
    let (payable, later) = links.split_at(split);
    let waiting = later.iter().map(|link| owned(link, owner, U256::ZERO).1).sum();
    let mut marked = Vec::new();
    let mut amount = 0;
    for link in payable.iter().rev() {
        // A link without exits of this owner needs no look at L1.
        let mut mask = U256::ZERO;
        if owned(link, owner, U256::ZERO).1 > 0 {
            let (of_link, gwei) = owned(link, owner, state_of(client, &link.acc).await?.1);
            mask = of_link;
            amount += gwei;
        }
        marked.push((link, mask));
    }
    let (Some(checkpoint), Some(newest), Some(oldest)) = (
        matured,
        marked.iter().position(|(_, mask)| !mask.is_zero()),
        marked.iter().rposition(|(_, mask)| !mask.is_zero()),
    ) else {
        return Err(ClaimError::Nothing { owner, waiting });
    };
    let (start, first) = start_of(client, &checkpoint, &marked, newest).await?;
    let calls = calls(start, &marked[first..=oldest]);
    Ok(Claim { calls, amount, waiting })
}

fn newest_matured(view: &View, now: u64) -> Result<Option<CheckpointRecord>, StoreError> {
    let end = view.disputed()?.map_or(u64::MAX, |disputed| disputed.number);
    let checkpoints = view.checkpoints(usize::MAX)?;
    Ok(checkpoints
        .into_iter()
        .find(|checkpoint| checkpoint.number < end && view.matures_at(checkpoint).is_some_and(|at| at <= now)))
}

/// Gwei of the exits of an account in proven links that nobody has claimed yet.
pub async fn unclaimed(client: &L1Client, view: &View, account: u32) -> Result<u64, ClaimError> {
    let mut sum = 0;
    for link in view.exit_links()? {
        let is_of_account = |exit: &Exit| exit.index == account;
        if link.sequence > view.chain().last_verified || !link.exits.iter().any(is_of_account) {
            continue;
        }
        let (_, claimed) = state_of(client, &link.acc).await?;
        for (position, exit) in link.exits.iter().enumerate() {
            if is_of_account(exit) && !claimed.bit(position) {
                sum += exit.amount;
            }
        }
    }
    Ok(sum)
}

/// Wei that the vault holds for an owner: claimed, by whomever, and not paid out.
pub async fn credited(client: &L1Client, owner: Address) -> Result<U256, L1Error> {
    let balance = client.vault().etherBalanceOf(owner).call().await;
    balance.map_err(L1Error::call("etherBalanceOf"))
}

/// The records of an owner in a link that are not claimed: a mask, and their sum in gwei.
fn owned(link: &ExitLinkRecord, owner: Address, claimed: U256) -> (U256, u64) {
    let mut found = (U256::ZERO, 0);
    for (position, exit) in link.exits.iter().enumerate() {
        if exit.l1_owner == owner && !claimed.bit(position) {
            found.0.set_bit(position, true);
            found.1 += exit.amount;
        }
    }
    found
}

async fn state_of(client: &L1Client, acc: &Bytes32) -> Result<(bool, U256), L1Error> {
    let state = client
        .vault()
        .exitStateOf(acc.into())
        .call()
        .await
        .map_err(L1Error::call("exitStateOf"))?;
    Ok((state.reached, state.claimed))
}

/// The place nearest before the newest link wanted from which a walk may start: where one has been, or the checkpoint.
async fn start_of(
    client: &L1Client,
    checkpoint: &CheckpointRecord,
    marked: &[(&ExitLinkRecord, U256)],
    newest: usize,
) -> Result<(Walk, usize), L1Error> {
    for position in (0..=newest).rev() {
        let acc = &marked[position].0.acc;
        if state_of(client, acc).await?.0 {
            return Ok((Walk::Accumulator(acc.into()), position));
        }
    }
    let opening = preimage::opening(checkpoint);
    let opening = CheckpointOpening {
        acc: opening.acc,
        stateRoot: opening.stateRoot,
        exitAcc: opening.exitAcc,
        tail: opening.tail,
    };
    Ok((
        Walk::Checkpoint {
            number: checkpoint.number,
            opening,
        },
        0,
    ))
}

/// A link is its padded records, and six words besides.
fn links_per_call(marked: &[(&ExitLinkRecord, U256)]) -> usize {
    let capacity = marked.iter().map(|(link, _)| link.capacity).max().unwrap_or(0);
    let bytes = capacity.saturating_mul(Exit::BYTES as u32).saturating_add(192);
    ((BYTES_PER_CALL / bytes) as usize).clamp(1, LINKS_PER_CALL)
}

fn calls(start: Walk, marked: &[(&ExitLinkRecord, U256)]) -> Vec<(Walk, Vec<ExitLink>)> {
    let mut walk = start;
    let mut calls = Vec::new();
    for chunk in marked.chunks(links_per_call(marked)) {
        let links = chunk.iter().map(|(link, mask)| ExitLink {
            previousAcc: link.previous_acc.into(),
            records: link.records().into(),
            claimMask: *mask,
        });
        let next = chunk.last().map_or(B256::ZERO, |(link, _)| link.previous_acc.into());
        calls.push((core::mem::replace(&mut walk, Walk::Accumulator(next)), links.collect()));
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(batch: u64, capacity: u32) -> ExitLinkRecord {
        ExitLinkRecord {
            batch,
            sequence: batch,
            previous_acc: [batch as u8 - 1; 32],
            acc: [batch as u8; 32],
            capacity,
            exits: Vec::new(),
        }
    }

    #[test]
    fn calls_stay_small_and_go_on_where_the_one_before_stopped() {
        for (capacity, most) in [(8, 64), (64, 29), (255, 7), (4_000, 1)] {
            let links: Vec<_> = (1..=100).rev().map(|batch| link(batch, capacity)).collect();
            let marked: Vec<_> = links.iter().map(|link| (link, U256::ZERO)).collect();
            let calls = calls(Walk::Accumulator(B256::repeat_byte(100)), &marked);
            assert!(calls.iter().all(|(_, links)| links.len() <= most));
            assert_eq!(calls.iter().map(|(_, links)| links.len()).sum::<usize>(), 100);
            let mut at = B256::repeat_byte(100);
            for (walk, links) in &calls {
                assert!(matches!(walk, Walk::Accumulator(start) if *start == at));
                at = links[links.len() - 1].previousAcc;
            }
        }
    }
}
