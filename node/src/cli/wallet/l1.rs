// SPDX-License-Identifier: MIT OR Apache-2.0

use super::secrets::Secrets;
use super::sender::{Done, Sender};
use crate::cli::output::Output;
use crate::config::Settings;
use crate::units::Gwei;
use alloy::primitives::{Address, Bytes};
use alloy::sol_types::SolCall as _;
use anyhow::{Context as _, Result};
use clap::Args;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency;

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
