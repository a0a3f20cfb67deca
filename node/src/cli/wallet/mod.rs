// SPDX-License-Identifier: MIT OR Apache-2.0

mod claim;
mod close;
mod escape;
mod fees;
mod keys;
mod l1;
mod l2;
mod secrets;
mod sender;

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
    New(keys::New),
    FromEthereum(keys::FromEthereum),
    Show(l2::Show),
    Balance(l2::Balance),
    Register(l1::Register),
    Deposit(l1::Deposit),
    Transfer(l2::TransferCommand),
    Withdraw(l2::Withdraw),
    Claim(claim::ClaimCommand),
    Close(close::Close),
    Escape(escape::Escape),
    Fees(fees::Fees),
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
            Action::Close(command) => command.run(settings, secrets, output).await,
            Action::Escape(command) => command.run(settings, secrets, output).await,
            Action::Fees(command) => command.run(settings, secrets, output).await,
        }
    }
}

fn refuse(reason: impl Into<String>) -> anyhow::Error {
    Refusal(reason.into()).into()
}
