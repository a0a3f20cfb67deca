// SPDX-License-Identifier: MIT OR Apache-2.0

use super::refuse;
use super::secrets::Secrets;
use super::sender::{Done, Sender};
use crate::cli::output::Output;
use crate::cli::sync::sync_despite_dispute;
use crate::config::Settings;
use crate::sync::SyncError;
use crate::units::Gwei;
use crate::wallet::{Claim, ClaimError, Walk, credited, plan_claim};
use alloy::primitives::aliases::U40;
use alloy::primitives::{Address, U256};
use alloy::rpc::types::TransactionReceipt;
use alloy::sol_types::SolCall as _;
use anyhow::Result;
use clap::Args;
use poe_bindings::contracts::exit_vault::ExitVault::{
    ExitLink, claimExitsCall, claimExitsFromCall, withdrawEtherForCall,
};

/// Claim matured exits on L1 and have the ether paid out
///
/// Anybody can do this for anybody: the ether goes to the owner of the exits.
#[derive(Args, Debug)]
pub(super) struct ClaimCommand {
    /// Owner of the exits [default: the account that pays]
    #[arg(long)]
    owner: Option<Address>,
}

impl ClaimCommand {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let sender = Sender::open(settings, secrets).await?;
        let owner = self.owner.unwrap_or(sender.account);
        let (_, mut follower) = settings.open("wallet", None).await?;
        let dispute = sync_despite_dispute(&mut follower).await?;
        if let Some(error) = &dispute {
            tracing::warn!(%error, "claiming exits of the checkpoints before that one only");
        }
        let now = follower.client().latest().await?.timestamp;
        let claim = plan_claim(follower.client(), &follower.view()?, owner, now).await;
        let in_vault = credited(&sender.client, owner).await?;
        let Claim { calls, waiting, .. } = or_pay_out(claim, in_vault, dispute)?;
        let vault = sender.deployment.contracts.exit_vault;
        for (walk, links) in calls {
            sender.send(vault, claim_call(walk, links), U256::ZERO).await?;
        }
        let due = credited(&sender.client, owner).await?;
        let waiting = Gwei(waiting);
        output.print(&match pay_out(&sender, owner, due).await? {
            Some(receipt) => Done::new(
                format!("{} paid out to {owner}; {waiting} wait", Gwei::of_wei(due)),
                &receipt,
            ),
            None => Done::already(format!(
                "somebody else has had everything paid out to {owner}; {waiting} wait"
            )),
        })
    }
}

/// What an earlier claim credited is paid out even if there is nothing more to claim: it may have ended half way, or have
/// been made by somebody else.
fn or_pay_out(claim: Result<Claim, ClaimError>, in_vault: U256, dispute: Option<SyncError>) -> Result<Claim> {
    match claim {
        Err(ClaimError::Nothing { waiting, .. }) if !in_vault.is_zero() => Ok(Claim {
            calls: Vec::new(),
            amount: 0,
            waiting,
        }),
        Err(error @ ClaimError::Nothing { .. }) => {
            Err(dispute.map_or_else(|| refuse(error.to_string()), anyhow::Error::from))
        }
        other => Ok(other?),
    }
}

/// `None` if there is nothing to pay out, or nothing any more: anybody can have it done.
pub(super) async fn pay_out(sender: &Sender, owner: Address, due: U256) -> Result<Option<TransactionReceipt>> {
    if due.is_zero() {
        return Ok(None);
    }
    let call = withdrawEtherForCall { owner }.abi_encode();
    let vault = sender.deployment.contracts.exit_vault;
    match sender.send(vault, call, U256::ZERO).await {
        Ok(receipt) => Ok(Some(receipt)),
        Err(_) if credited(&sender.client, owner).await?.is_zero() => Ok(None),
        Err(error) => Err(error),
    }
}

fn claim_call(walk: Walk, links: Vec<ExitLink>) -> Vec<u8> {
    match walk {
        Walk::Checkpoint { number, opening } => claimExitsCall {
            checkpoint: U40::wrapping_from(number),
            opening,
            links,
        }
        .abi_encode(),
        Walk::Accumulator(acc) => claimExitsFromCall { exitAcc: acc, links }.abi_encode(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Result<Claim, ClaimError> {
        Err(ClaimError::Nothing {
            owner: Address::ZERO,
            waiting: 5,
        })
    }

    #[test]
    fn ether_that_an_earlier_claim_left_in_the_vault_is_paid_out() {
        let claim = or_pay_out(nothing(), U256::ONE, None).unwrap();
        assert_eq!((claim.calls.len(), claim.waiting), (0, 5));
        let refused = or_pay_out(nothing(), U256::ZERO, None).unwrap_err();
        assert_eq!(crate::exit::code(&refused), 8);
        let disputed = or_pay_out(nothing(), U256::ZERO, Some(SyncError::TooDeep { oldest: 1 })).unwrap_err();
        assert_eq!(crate::exit::code(&disputed), 7);
    }
}
