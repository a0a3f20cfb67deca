// SPDX-License-Identifier: MIT OR Apache-2.0

use super::secrets::Secrets;
use super::sender::{Done, Sender};
use crate::cli::output::Output;
use crate::config::Settings;
use crate::l1::L1Error;
use crate::units::{Gwei, Tokens};
use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall as _;
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency;
use poe_bindings::contracts::test_token::TestToken;
use serde::Serialize;
use std::fmt;

/// Register the key on L1, with a first deposit
#[derive(Args, Debug)]
pub(super) struct Register {
    /// First deposit, besides the message fee; of 0, what is sent in case the fee rises is deposited: an eighth of it at most
    #[arg(long, default_value = "0")]
    amount: Gwei,
    /// L1 account that withdrawals go to [default: the one that pays]
    #[arg(long)]
    owner: Option<Address>,
    /// Most to pay for the message [default: twice the present fee]
    #[arg(long)]
    max_message_fee: Option<Gwei>,
}

/// Deposit ether into an account
#[derive(Args, Debug)]
pub(super) struct Deposit {
    /// Account that is credited
    #[arg(long, value_name = "INDEX")]
    account: u32,
    /// Deposit, besides the message fee
    #[arg(long)]
    amount: Gwei,
    /// Most to pay for the message [default: twice the present fee]
    #[arg(long)]
    max_message_fee: Option<Gwei>,
}

/// Put fee tokens into the balance that pays for sequencing, or take them out
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
}

impl Register {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        // The public key of the file is not authenticated: a deposit to another key would be lost.
        let secret = secrets.secret_key()?;
        let key = secret.public();
        let sender = Sender::open(settings, secrets).await?;
        let (value, max_fee) = sender.message_value(self.amount, self.max_message_fee).await?;
        let call = ProofOfEfficiency::registerCall {
            publicKey: Bytes::copy_from_slice(&key.to_bytes()),
            l1Owner: self.owner.unwrap_or(sender.account),
            maxFeeGwei: max_fee,
        };
        let core = sender.deployment.contracts.proof_of_efficiency;
        let receipt = sender.send(core, call.abi_encode(), value).await?;
        let index = receipt.inner.logs().iter().find_map(|log| {
            let event = log.log_decode::<ProofOfEfficiency::MessageQueued>().ok()?;
            Some(event.inner.index)
        });
        let index = index.context("the transaction queued no message")?;
        output.print(&Done::new(
            format!("account {index} registered; the next batch brings it into the state"),
            &receipt,
        ))
    }
}

impl Deposit {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let sender = Sender::open(settings, secrets).await?;
        let identity = sender.identity_of(settings, self.account).await?;
        let (value, max_fee) = sender.message_value(self.amount, self.max_message_fee).await?;
        let call = ProofOfEfficiency::depositCall {
            index: self.account,
            expectedIdentity: identity.into(),
            maxFeeGwei: max_fee,
        };
        let core = sender.deployment.contracts.proof_of_efficiency;
        let receipt = sender.send(core, call.abi_encode(), value).await?;
        output.print(&Done::new(
            format!("{} on their way to account {}", self.amount, self.account),
            &receipt,
        ))
    }
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
            FeeAction::Balance => None,
        };
        let balance = sender
            .client
            .core()
            .feeBalanceOf(sender.account)
            .call()
            .await
            .map_err(L1Error::call("feeBalanceOf"))?;
        let what = format!(
            "fee balance of {}: {} tokens",
            sender.account,
            Tokens(balance.saturating_to())
        );
        match receipt {
            Some(receipt) => output.print(&Done::new(what, &receipt)),
            None => output.print(&FeeBalance {
                balance: Tokens(balance.saturating_to()),
                what,
            }),
        }
    }
}

#[derive(Debug, Serialize)]
struct FeeBalance {
    balance: Tokens,
    #[serde(skip)]
    what: String,
}

impl fmt::Display for FeeBalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}
