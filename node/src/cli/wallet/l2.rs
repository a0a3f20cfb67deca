// SPDX-License-Identifier: MIT OR Apache-2.0

use super::fees;
use super::secrets::Secrets;
use crate::chain::Status;
use crate::cli::output::Output;
use crate::cli::sync::{end_with, sync_despite_dispute};
use crate::config::Settings;
use crate::l1::L1Client;
use crate::store::View;
use crate::units::{Gwei, Tokens};
use crate::wallet::{
    Leaving, TransferRequest, accounts_of, credited, owed_to, send_to_sequencer, sign_transfer, unclaimed,
};
use alloy::primitives::Address;
use anyhow::Result;
use clap::Args;
use poe_rollup::formats::Slot;
use poe_rollup::state::{Account, StateReader as _};
use serde::Serialize;
use std::fmt;

/// Show the public key and its accounts
#[derive(Args, Debug)]
pub(super) struct Show {}

/// Show the balances in the virtual and in the final state, and the exits
#[derive(Args, Debug)]
pub(super) struct Balance {
    /// Account to show [default: all accounts of the key]
    #[arg(long, value_name = "INDEX")]
    account: Option<u32>,
}

/// Sign a transfer; send it to a sequencer, or print its bytes
#[derive(Args, Debug)]
pub(super) struct TransferCommand {
    /// Account that receives
    #[arg(long, value_name = "INDEX", value_parser = clap::value_parser!(u32).range(1..))]
    to: u32,
    #[command(flatten)]
    common: Common,
}

/// Sign a withdraw to the account's L1 owner; send it to a sequencer, or print its bytes
#[derive(Args, Debug)]
pub(super) struct Withdraw {
    #[command(flatten)]
    common: Common,
}

#[derive(Args, Debug)]
struct Common {
    /// What to move
    #[arg(long)]
    amount: Gwei,
    /// What the sequencer gets
    #[arg(long, default_value = "0")]
    fee: Gwei,
    /// Account that pays [default: the only one of the key]
    #[arg(long, value_name = "INDEX")]
    from: Option<u32>,
    /// Nonce, if transfers are on their way that are not sequenced yet [default: that of the virtual state]
    #[arg(long)]
    nonce: Option<u32>,
    /// Account index of the only sequencer that may include it [default: any]
    #[arg(long, default_value_t = 0, value_name = "INDEX", hide_default_value = true)]
    only_sequencer: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    from: u32,
    /// Who gets what leaves the account for L1.
    owner: String,
    to: u32,
    amount: Gwei,
    fee: Gwei,
    nonce: u32,
    slot: String,
    sequencer: Option<serde_json::Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Accounts {
    public_key: Option<String>,
    accounts: Vec<AccountReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountReport {
    index: u32,
    registered: bool,
    queued: bool,
    owner: Option<String>,
    nonce: u64,
    r#virtual: Gwei,
    r#final: Gwei,
    /// Of these exits, nobody has claimed anything yet.
    exits_proven: Gwei,
    exits_pending: Gwei,
    /// Claimed for the owner, whatever account it is from, and not paid out.
    owner_in_vault: Gwei,
    /// What the account leaves a closed chain with.
    escapable: Gwei,
    /// The owner's fee tokens in the contract.
    owner_fee_balance: Tokens,
    /// Fee tokens that are owed to the owner, and not in that balance.
    owner_fees_owed: Tokens,
}

impl Show {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        Balance { account: None }.run(settings, secrets, output).await
    }
}

impl Balance {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let public = self.account.is_none().then(|| secrets.public_key()).transpose()?;
        let (_, mut follower) = settings.open("wallet", None).await?;
        let dispute = sync_despite_dispute(&mut follower).await?;
        let view = follower.view()?;
        let indices: Vec<u32> = match (self.account, &public) {
            (None, Some(key)) => accounts_of(&view, key)?.into_iter().map(|(index, _)| index).collect(),
            (index, _) => Vec::from_iter(index),
        };
        let mut accounts = Vec::new();
        for index in indices {
            accounts.push(AccountReport::new(follower.client(), &view, index).await?);
        }
        let public_key = public.map(|key| format!("0x{}", hex::encode(key.to_bytes())));
        output.print(&Accounts { public_key, accounts })?;
        end_with(dispute)
    }
}

impl AccountReport {
    async fn new(client: &L1Client, view: &View, index: u32) -> Result<Self> {
        let account = view.account(index)?.unwrap_or(Account::EMPTY);
        let in_final = view.final_state()?.account(index)?.unwrap_or(Account::EMPTY);
        let owner = account.registered.then(|| Address::from(account.l1_owner));
        let (mut in_vault, mut fee_balance, mut owed) = (Gwei(0), Tokens(0), Tokens(0));
        if let Some(owner) = owner {
            in_vault = Gwei::of_wei(credited(client, owner).await?);
            fee_balance = fees::fee_balance(client, owner).await?;
            let now = client.latest().await?.timestamp;
            owed = fees::sum(&owed_to(client, view, owner, now).await?);
        }
        let escapable = match view.chain().status {
            Status::Closed => Gwei(Leaving::of(client, view, index).await?.gwei()),
            _ => Gwei(0),
        };
        let links = view.exit_links()?;
        let unproven = links
            .iter()
            .filter(|link| link.sequence > view.chain().last_verified)
            .flat_map(|link| &link.exits)
            .filter(|exit| exit.index == index);
        Ok(Self {
            index,
            registered: account.registered,
            queued: !view.registrations(|message| message.index == index)?.is_empty(),
            owner: account.registered.then(|| hex_address(&account)),
            nonce: account.nonce,
            r#virtual: Gwei(account.balance),
            r#final: Gwei(in_final.balance),
            exits_pending: Gwei(unproven.map(|exit| exit.amount).sum()),
            exits_proven: Gwei(unclaimed(client, view, index).await?),
            owner_in_vault: in_vault,
            escapable,
            owner_fee_balance: fee_balance,
            owner_fees_owed: owed,
        })
    }

    /// What there is to say besides the numbers.
    const fn remark(&self) -> &'static str {
        match (self.registered, self.queued) {
            (true, _) => "",
            (false, true) => " (registration waits for a batch)",
            (false, false) => " (not registered)",
        }
    }
}

impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.public_key {
            writeln!(f, "public key  {key}")?;
        }
        if self.accounts.is_empty() {
            return write!(f, "no account is registered for this key: poe wallet register");
        }
        write!(
            f,
            "account    nonce      virtual state            final state              exits not claimed"
        )?;
        for a in &self.accounts {
            write!(
                f,
                "\n{:<10} {:<10} {:<24} {:<24} ",
                a.index, a.nonce, a.r#virtual, a.r#final
            )?;
            write!(f, "{} proven, {} not yet", a.exits_proven, a.exits_pending)?;
            if a.owner_in_vault > Gwei(0) {
                write!(f, ", {} claimed: poe wallet claim pays it out", a.owner_in_vault)?;
            }
            if a.escapable > Gwei(0) {
                write!(f, ", {} to leave with: poe wallet escape", a.escapable)?;
            }
            if a.owner_fees_owed > Tokens(0) {
                write!(f, ", {} fee tokens owed: poe wallet fees collect", a.owner_fees_owed)?;
            }
            f.write_str(a.remark())?;
            if let Some(owner) = &a.owner {
                write!(f, "\n{:<10} owned on L1 by {owner}", "")?;
            }
        }
        Ok(())
    }
}

impl TransferCommand {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        self.common.run(self.to, settings, secrets, output).await
    }
}

impl Withdraw {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        self.common.run(0, settings, secrets, output).await
    }
}

impl Common {
    async fn run(self, to: u32, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let key = secrets.secret_key()?;
        let (_, mut follower) = settings.open("wallet", None).await?;
        follower.sync_once().await?;
        let request = TransferRequest {
            from: self.from,
            to,
            amount: self.amount.0,
            fee: self.fee.0,
            nonce: self.nonce,
            sequencer: self.only_sequencer,
        };
        let view = follower.view()?;
        let slot = sign_transfer(&view, &key, &request)?;
        let sender = view.account(slot.transfer.from)?.unwrap_or(Account::EMPTY);
        let answer = match &settings.sequencer {
            Some(url) => Some(send_to_sequencer(url, &slot).await?),
            None => None,
        };
        output.print(&Signed::new(&slot, &sender, answer))
    }
}

fn hex_address(account: &Account) -> String {
    format!("0x{}", hex::encode(account.l1_owner))
}

impl Signed {
    fn new(slot: &Slot, sender: &Account, sequencer: Option<serde_json::Value>) -> Self {
        Self {
            from: slot.transfer.from,
            owner: hex_address(sender),
            to: slot.transfer.to,
            amount: Gwei(slot.transfer.amount),
            fee: Gwei(slot.transfer.fee),
            nonce: slot.transfer.nonce,
            slot: format!("0x{}", hex::encode(slot.encode())),
            sequencer,
        }
    }
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to == 0 {
            format!("its owner on L1, {}", self.owner)
        } else {
            format!("account {}", self.to)
        };
        writeln!(
            f,
            "{} from account {} to {to}, fee {}, nonce {}",
            self.amount, self.from, self.fee, self.nonce
        )?;
        match &self.sequencer {
            Some(answer) => write!(f, "sent; the sequencer says {answer}"),
            None => write!(
                f,
                "not sent (no --sequencer); its bytes, for any sequencer or a batch of your own:\n{}",
                self.slot
            ),
        }
    }
}
