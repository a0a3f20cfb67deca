// SPDX-License-Identifier: MIT OR Apache-2.0

mod keys;
mod l1;
mod l2;
mod secrets;

use super::output::Output;
use crate::config::Settings;
use crate::exit::Refusal;
use anyhow::Result;
use clap::{Args, Subcommand};
use secrets::Secrets;

/// Keys, deposits, transfers, withdraws, exits, balances
///
/// The wallet keeps a synced store of its own, so that it trusts nobody's word about balances and exits. Amounts are written
/// 0.05eth, 1200gwei or 1200 (gwei).
#[derive(Args, Debug)]
pub(super) struct WalletArguments {
    #[command(flatten)]
    secrets: Secrets,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a new L2 key and write it to an encrypted key file
    New(keys::New),
    /// Derive the L2 key of an Ethereum account, so that its backup is the only one needed
    FromEthereum(keys::FromEthereum),
    /// Show the public key and its accounts
    Show(l2::Show),
    /// Show the balances in the virtual and in the final state, and the exits
    Balance(l2::Balance),
    /// Register the key on L1, with a first deposit
    Register(l1::Register),
    /// Deposit ether into an account
    Deposit(l1::Deposit),
    /// Sign a transfer; send it to a sequencer, or print its bytes
    Transfer(l2::TransferCommand),
    /// Sign a withdraw to the account's L1 owner; send it to a sequencer, or print its bytes
    Withdraw(l2::Withdraw),
    /// Claim matured exits on L1 and have the ether paid out
    Claim(l1::ClaimCommand),
    /// Put fee tokens into the balance that pays for sequencing, or take them out
    Fees(l1::Fees),
}

impl WalletArguments {
    pub(super) async fn run(self, settings: &Settings, output: Output) -> Result<()> {
        let secrets = &self.secrets;
        match self.action {
            Action::New(command) => command.run(secrets, output),
            Action::FromEthereum(command) => command.run(settings, secrets, output).await,
            Action::Show(command) => command.run(settings, secrets, output).await,
            Action::Balance(command) => command.run(settings, secrets, output).await,
            Action::Register(command) => command.run(settings, secrets, output).await,
            Action::Deposit(command) => command.run(settings, secrets, output).await,
            Action::Transfer(command) => command.run(settings, secrets, output).await,
            Action::Withdraw(command) => command.run(settings, secrets, output).await,
            Action::Claim(command) => command.run(settings, secrets, output).await,
            Action::Fees(command) => command.run(settings, secrets, output).await,
        }
    }
}

fn refuse(reason: impl Into<String>) -> anyhow::Error {
    Refusal(reason.into()).into()
}
