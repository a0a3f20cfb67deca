// SPDX-License-Identifier: MIT OR Apache-2.0

use super::refuse;
use super::secrets::Secrets;
use crate::cli::output::Output;
use crate::config::Settings;
use crate::l1::{L1Client, L1Error};
use crate::sync::Follower;
use crate::units::{Gwei, Tokens};
use crate::wallet::{ClaimError, Walk, plan_claim};
use alloy::primitives::{Address, Bytes, U256};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::sol_types::SolCall as _;
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use poe_bindings::contracts::exit_vault::ExitVault;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency;
use poe_bindings::contracts::test_token::TestToken;
use poe_bindings::{ContractError, Deployment};
use poe_rollup::formats::KIND_REGISTER;
use serde::Serialize;
use std::fmt;

/// Register the key on L1, with a first deposit
#[derive(Args, Debug)]
pub(super) struct Register {
    /// First deposit, besides the message fee
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

/// Claim matured exits on L1 and have the ether paid out
///
/// Anybody can do this for anybody: the ether goes to the owner of the exits.
#[derive(Args, Debug)]
pub(super) struct ClaimCommand {
    /// Owner of the exits [default: the account that pays]
    #[arg(long)]
    owner: Option<Address>,
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

/// A transaction that was mined.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    what: String,
    transaction: String,
    block: u64,
    gas: u64,
}

impl Register {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let key = secrets.public_key()?;
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

impl ClaimCommand {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let sender = Sender::open(settings, secrets).await?;
        let owner = self.owner.unwrap_or(sender.account);
        let (_, mut follower) = settings.open("wallet", None).await?;
        follower.sync_once().await?;
        let now = follower.client().latest().await?.timestamp;
        let claim = plan_claim(follower.client(), &follower.view()?, owner, now)
            .await
            .map_err(|error| match error {
                ClaimError::Nothing { .. } => refuse(error.to_string()),
                other => other.into(),
            })?;
        let vault = sender.deployment.contracts.exit_vault;
        for (walk, links) in claim.calls {
            let data = match walk {
                Walk::Checkpoint { number, opening } => {
                    let checkpoint = alloy::primitives::aliases::U40::wrapping_from(number);
                    ExitVault::claimExitsCall {
                        checkpoint,
                        opening,
                        links,
                    }
                    .abi_encode()
                }
                Walk::Accumulator(acc) => ExitVault::claimExitsFromCall { exitAcc: acc, links }.abi_encode(),
            };
            sender.send(vault, data, U256::ZERO).await?;
        }
        let receipt = sender
            .send(
                vault,
                ExitVault::withdrawEtherForCall { owner }.abi_encode(),
                U256::ZERO,
            )
            .await?;
        let what = format!(
            "{} paid out to {owner}; {} wait",
            Gwei(claim.amount),
            Gwei(claim.waiting)
        );
        output.print(&Done::new(what, &receipt))
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

/// An L1 account and what it needs to send transactions.
struct Sender {
    deployment: Deployment,
    client: L1Client,
    account: Address,
}

impl Sender {
    async fn open(settings: &Settings, secrets: &Secrets) -> Result<Self> {
        let signer = secrets.l1_signer()?;
        let account = signer.address();
        let deployment = settings.read_deployment().await?;
        let contracts = deployment.contracts.clone();
        let client = L1Client::connect(&settings.rpc, deployment.chain_id, contracts)
            .await?
            .with_signer(&settings.rpc, signer)?;
        Ok(Self {
            deployment,
            client,
            account,
        })
    }

    /// The ether to send with a message, in wei, and the most it may cost, in gwei.
    async fn message_value(&self, amount: Gwei, max_fee: Option<Gwei>) -> Result<(U256, U256)> {
        let fee = self
            .client
            .core()
            .messageFeeGwei()
            .call()
            .await
            .map_err(L1Error::call("messageFeeGwei"))?;
        let max_fee = max_fee.map_or(fee.saturating_mul(U256::from(2)), |Gwei(max)| U256::from(max));
        if fee > max_fee {
            return Err(refuse(format!(
                "a message costs {fee} gwei now, more than --max-message-fee {max_fee}"
            )));
        }
        // A fee that rises until the transaction lands comes out of the deposit.
        Ok(((U256::from(amount.0) + fee) * U256::from(1_000_000_000u64), max_fee))
    }

    /// The identity of an account, from its registration: the money cannot end with somebody else after a reorganisation.
    async fn identity_of(&self, settings: &Settings, account: u32) -> Result<[u8; 32]> {
        let (_, mut follower): (_, Follower) = settings.open("wallet", None).await?;
        follower.sync_once().await?;
        let view = follower.view()?;
        let registrations = view.registrations(|message| message.index == account)?;
        let Some(record) = registrations.iter().find(|record| record.message.kind == KIND_REGISTER) else {
            return Err(refuse(format!("account {account} is not registered")));
        };
        let mut key = [0; 80];
        key.copy_from_slice(&record.message.encode()[8..88]);
        Ok(poe_rollup::formats::identity(account, &key, &record.message.l1_owner))
    }

    /// Sends a transaction and waits until it is mined.
    async fn send(&self, to: Address, data: Vec<u8>, value: U256) -> Result<TransactionReceipt> {
        use alloy::providers::Provider as _;
        let request = TransactionRequest::default()
            .from(self.account)
            .to(to)
            .input(Bytes::from(data).into())
            .value(value);
        let pending = self.client.provider().send_transaction(request).await;
        let pending = pending.map_err(|error| match ContractError::of_transport(&error) {
            Some(reverted) => refuse(format!("the contract refuses: {reverted}")),
            None => anyhow::Error::from(error).context("the transaction was not sent"),
        })?;
        let hash = *pending.tx_hash();
        let receipt = pending
            .get_receipt()
            .await
            .with_context(|| format!("waiting for transaction {hash}"))?;
        if !receipt.status() {
            return Err(refuse(format!("transaction {hash} was mined and reverted")));
        }
        Ok(receipt)
    }
}

impl Done {
    fn new(what: String, receipt: &TransactionReceipt) -> Self {
        Self {
            what,
            transaction: receipt.transaction_hash.to_string(),
            block: receipt.block_number.unwrap_or_default(),
            gas: receipt.gas_used,
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        write!(
            f,
            "transaction {} in block {}, {} gas",
            self.transaction, self.block, self.gas
        )
    }
}
