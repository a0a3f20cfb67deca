// SPDX-License-Identifier: MIT OR Apache-2.0

use super::refuse;
use super::secrets::Secrets;
use super::sender::{Done, Sender};
use crate::cli::output::Output;
use crate::cli::sync::sync_despite_dispute;
use crate::config::Settings;
use crate::l1::{L1Client, L1Error};
use crate::units::Tokens;
use crate::wallet::{Owed, OwedFor, owed_to};
use alloy::primitives::aliases::U40;
use alloy::primitives::{Address, U256};
use alloy::sol_types::SolCall as _;
use anyhow::Result;
use clap::{Args, Subcommand};
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency;
use poe_bindings::contracts::test_token::TestToken;
use serde::Serialize;
use std::fmt;

/// Put fee tokens into the balance that pays for sequencing, take them out, tip, and fetch what is owed
#[derive(Args, Debug)]
pub(super) struct Fees {
    #[command(subcommand)]
    action: FeeAction,
}

#[derive(Debug, Subcommand)]
enum FeeAction {
    /// Allow the contract to take tokens, and deposit them
    Deposit {
        /// Tokens
        #[arg(long)]
        amount: Tokens,
    },
    /// Take tokens out
    Withdraw {
        /// Tokens
        #[arg(long)]
        amount: Tokens,
    },
    /// Show the balance
    Balance,
    /// Add to what proving a sequence earns; refunded only if the chain closes before it is proven
    Tip {
        /// The sequence, which must wait for a proof
        #[arg(long, value_name = "SEQUENCE")]
        sequence: u64,
        /// Tokens, out of the balance
        #[arg(long)]
        amount: Tokens,
    },
    Collect(Collect),
}

/// Bring into the balance what is owed: tips of matured proofs; of a closed chain, fees and tips of sequences nobody proved
///
/// Anybody can do this for anybody, except for refunds of tips: those only the tipper can.
#[derive(Args, Debug)]
struct Collect {
    /// Whom it is owed to [default: the account that pays]
    #[arg(long)]
    owner: Option<Address>,
    /// Say what is owed, and send nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct FeeBalance {
    balance: Tokens,
    #[serde(skip)]
    what: String,
}

/// What is owed, or was collected.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Collection {
    owner: String,
    owed: Vec<Item>,
    sum: Tokens,
    /// Whether it was brought into the balance.
    collected: bool,
}

#[derive(Debug, Serialize)]
struct Item {
    what: String,
    sequence: u64,
    amount: Tokens,
    /// Whether it was left, because only the owner can fetch it.
    left: bool,
}

impl Fees {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let sender = Sender::open(settings, secrets).await?;
        let (core, token) = (
            sender.deployment.contracts.proof_of_efficiency,
            sender.deployment.contracts.fee_token,
        );
        let receipt = match self.action {
            FeeAction::Deposit { amount } => {
                let amount = U256::from(amount.0);
                let approve = TestToken::approveCall {
                    spender: core,
                    value: amount,
                };
                sender.send(token, approve.abi_encode(), U256::ZERO).await?;
                let deposit = ProofOfEfficiency::depositFeesCall {
                    account: sender.account,
                    amount,
                };
                Some(sender.send(core, deposit.abi_encode(), U256::ZERO).await?)
            }
            FeeAction::Withdraw { amount } => {
                let withdraw = ProofOfEfficiency::withdrawFeesCall {
                    recipient: sender.account,
                    amount: U256::from(amount.0),
                };
                Some(sender.send(core, withdraw.abi_encode(), U256::ZERO).await?)
            }
            FeeAction::Tip { sequence, amount } => {
                let tip = ProofOfEfficiency::tipCall {
                    sequence: number(sequence)?,
                    amount: U256::from(amount.0),
                };
                Some(sender.send(core, tip.abi_encode(), U256::ZERO).await?)
            }
            FeeAction::Collect(collect) => return collect.run(&sender, settings, output).await,
            FeeAction::Balance => None,
        };
        let balance = fee_balance(&sender.client, sender.account).await?;
        let what = format!("fee balance of {}: {balance} tokens", sender.account);
        match receipt {
            Some(receipt) => output.print(&Done::new(what, &receipt)),
            None => output.print(&FeeBalance { balance, what }),
        }
    }
}

fn number(sequence: u64) -> Result<U40> {
    U40::try_from(sequence).map_err(|_| refuse(format!("{sequence} is no number of a sequence: it has 40 bits")))
}

/// Fee tokens that the contract holds for an account.
pub(super) async fn fee_balance(client: &L1Client, account: Address) -> Result<Tokens, L1Error> {
    let balance = client.core().feeBalanceOf(account).call().await;
    Ok(Tokens(balance.map_err(L1Error::call("feeBalanceOf"))?.saturating_to()))
}

impl Collect {
    async fn run(self, sender: &Sender, settings: &Settings, output: Output) -> Result<()> {
        let owner = self.owner.unwrap_or(sender.account);
        let (_, mut follower) = settings.open("wallet", None).await?;
        if let Some(error) = sync_despite_dispute(&mut follower).await? {
            tracing::warn!(%error, "collecting what is owed all the same");
        }
        let (view, now) = (follower.view()?, follower.client().latest().await?.timestamp);
        let owed = owed_to(&sender.client, &view, owner, now).await?;
        let is_left = |owed: &Owed| owed.what == OwedFor::Tip && owner != sender.account;
        if !self.dry_run {
            let core = sender.deployment.contracts.proof_of_efficiency;
            for owed in owed.iter().filter(|owed| !is_left(owed)) {
                sender.send(core, owed.call(&view)?, U256::ZERO).await?;
            }
        }
        let items = owed.iter().map(|owed| Item {
            what: owed.reason(),
            sequence: owed.sequence,
            amount: Tokens(owed.amount),
            left: is_left(owed),
        });
        output.print(&Collection {
            owner: owner.to_string(),
            owed: items.collect(),
            sum: sum(&owed),
            collected: !self.dry_run,
        })
    }
}

/// All that is owed.
pub(super) fn sum(owed: &[Owed]) -> Tokens {
    Tokens(owed.iter().fold(0, |sum: u128, owed| sum.saturating_add(owed.amount)))
}

impl fmt::Display for FeeBalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = &self.owner;
        if self.owed.is_empty() {
            return write!(f, "nothing is owed to {owner}");
        }
        let done = if self.collected {
            "brought into the fee balance of"
        } else {
            "owed to"
        };
        write!(f, "{done} {owner}:")?;
        for Item { what, amount, left, .. } in &self.owed {
            let left = if *left {
                " (left: only the tipper can fetch it)"
            } else {
                ""
            };
            write!(f, "\n  {amount} tokens: {what}{left}")?;
        }
        write!(
            f,
            "\n{} tokens in all; poe wallet fees withdraw takes them out",
            self.sum
        )
    }
}
