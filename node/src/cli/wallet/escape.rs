// SPDX-License-Identifier: MIT OR Apache-2.0

use super::claim::pay_out;
use super::refuse;
use super::secrets::Secrets;
use super::sender::{Done, Sender};
use crate::chain::{MessageRecord, Status};
use crate::cli::output::Output;
use crate::cli::sync::sync_despite_dispute;
use crate::config::Settings;
use crate::units::Gwei;
use crate::wallet::{Leaving, credited};
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall as _;
use anyhow::Result;
use clap::Args;
use poe_bindings::contracts::exit_vault::ExitVault::{Account as Leaf, escapeAccountCall, refundMessageCall};
use poe_rollup::state::AccountProof;

/// Bytes of the key at the start of an account's stored form.
const KEY_BYTES: usize = 80;

/// Leave a closed chain: take out the balance of an account, and its messages that no batch has consumed
///
/// Anybody can do this for anybody: the ether goes to the L1 owner that is registered for the account.
#[derive(Args, Debug)]
pub(super) struct Escape {
    /// Account to take out
    #[arg(long, value_name = "INDEX")]
    account: u32,
    /// Say what would be taken out, and send nothing
    #[arg(long)]
    dry_run: bool,
}

impl Escape {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let sender = Sender::open(settings, secrets).await?;
        let (_, mut follower) = settings.open("wallet", None).await?;
        sync_despite_dispute(&mut follower).await?;
        let view = follower.view()?;
        if view.chain().status != Status::Closed {
            return Err(refuse(
                "the chain is not closed: accounts leave it with poe wallet withdraw",
            ));
        }
        let Some(registration) = view.registrations(|message| message.index == self.account)?.pop() else {
            return Err(refuse(format!("account {} is not registered", self.account)));
        };
        let owner = Address::from(registration.message.l1_owner);
        let leaving = Leaving::of(&sender.client, &view, self.account).await?;
        if self.dry_run {
            return output.print(&Done::already(self.plan(&leaving, owner)));
        }
        self.take(&sender, &leaving, &registration).await?;
        let due = credited(&sender.client, owner).await?;
        match pay_out(&sender, owner, due).await? {
            Some(receipt) => output.print(&Done::new(
                format!("{} paid out to {owner}", Gwei::of_wei(due)),
                &receipt,
            )),
            None => output.print(&Done::already(format!(
                "account {} has nothing that is not paid out",
                self.account
            ))),
        }
    }

    fn plan(&self, leaving: &Leaving, owner: Address) -> String {
        let (account, messages) = (self.account, leaving.messages.len());
        let balance = Gwei(leaving.balance.as_ref().map_or(0, |proof| proof.account.balance));
        format!(
            "would take out {} of account {account} for {owner}: {balance} of balance, the rest in {messages} messages",
            Gwei(leaving.gwei())
        )
    }

    async fn take(&self, sender: &Sender, leaving: &Leaving, registration: &MessageRecord) -> Result<()> {
        let vault = sender.deployment.contracts.exit_vault;
        if let Some(proof) = &leaving.balance {
            let call = escape_call(proof, registration);
            sender.send(vault, call.abi_encode(), U256::ZERO).await?;
        }
        for (number, record) in &leaving.messages {
            let call = refundMessageCall {
                number: *number,
                message: Bytes::copy_from_slice(&record.message.encode()),
                publicKey: key_of(registration),
                l1Owner: registration.message.l1_owner.into(),
            };
            sender.send(vault, call.abi_encode(), U256::ZERO).await?;
        }
        Ok(())
    }
}

/// The key as the registration has it, which is how the contract knows it.
fn key_of(registration: &MessageRecord) -> Bytes {
    Bytes::copy_from_slice(&registration.message.encode()[8..8 + KEY_BYTES])
}

/// The leaf as the last checkpoint has it: without key and owner, if it holds only fees.
fn escape_call(proof: &AccountProof, registration: &MessageRecord) -> escapeAccountCall {
    let account = &proof.account;
    escapeAccountCall {
        index: proof.index,
        account: Leaf {
            publicKey: Bytes::copy_from_slice(&account.to_bytes()[..KEY_BYTES]),
            l1Owner: account.l1_owner.into(),
            balance: account.balance,
            nonce: account.nonce,
            registered: account.registered,
        },
        siblings: proof.path.map(|sibling| B256::from(sibling.to_bytes())),
        publicKey: key_of(registration),
        l1Owner: registration.message.l1_owner.into(),
    }
}
