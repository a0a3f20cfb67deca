// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transactions of the wallet on L1.

use super::refuse;
use super::secrets::Secrets;
use crate::config::Settings;
use crate::l1::{L1Client, L1Error, is_short_of_funds};
use crate::sync::Follower;
use crate::units::Gwei;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::{PendingTransactionError, Provider as _};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::transports::TransportError;
use anyhow::Result;
use poe_bindings::{ContractError, Deployment};
use poe_rollup::formats::KIND_REGISTER;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Longest wait for a transaction.
const UNTIL_MINED: Duration = Duration::from_secs(600);

/// What was done, and by which transaction.
#[derive(Debug, Serialize)]
pub(super) struct Done {
    what: String,
    #[serde(flatten)]
    mined: Option<Mined>,
}

#[derive(Debug, Serialize)]
struct Mined {
    transaction: String,
    block: u64,
    gas: u64,
}

impl Done {
    pub(super) fn new(what: String, receipt: &TransactionReceipt) -> Self {
        let mined = Mined {
            transaction: receipt.transaction_hash.to_string(),
            block: receipt.block_number.unwrap_or_default(),
            gas: receipt.gas_used,
        };
        Self {
            what,
            mined: Some(mined),
        }
    }

    /// What needed no transaction of one's own.
    pub(super) const fn already(what: String) -> Self {
        Self { what, mined: None }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let Some(Mined {
            transaction,
            block,
            gas,
        }) = &self.mined
        else {
            return Ok(());
        };
        write!(f, "\ntransaction {transaction} in block {block}, {gas} gas")
    }
}

/// An L1 account and what it needs to send transactions.
pub(super) struct Sender {
    pub(super) deployment: Deployment,
    pub(super) client: L1Client,
    pub(super) account: Address,
}

impl Sender {
    pub(super) async fn open(settings: &Settings, secrets: &Secrets) -> Result<Self> {
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
    pub(super) async fn message_value(&self, amount: Gwei, max_fee: Option<Gwei>) -> Result<(U256, U256)> {
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
        // A fee that rises until the transaction lands comes out of the deposit; without one, out of a little more.
        let spare = match amount {
            Gwei(0) => (fee / U256::from(8)).min(max_fee - fee),
            Gwei(amount) => U256::from(amount),
        };
        Ok(((fee + spare) * U256::from(1_000_000_000u64), max_fee))
    }

    /// The identity of an account, from its registration: the money cannot end with somebody else after a reorganisation.
    pub(super) async fn identity_of(&self, settings: &Settings, account: u32) -> Result<[u8; 32]> {
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
    pub(super) async fn send(&self, to: Address, data: Vec<u8>, value: U256) -> Result<TransactionReceipt> {
        let request = TransactionRequest::default()
            .from(self.account)
            .to(to)
            .input(Bytes::from(data).into())
            .value(value);
        let pending = self.client.provider().send_transaction(request).await;
        let pending = pending.map_err(|error| self.not_sent(error))?;
        let hash = *pending.tx_hash();
        tracing::info!(transaction = %hash, "sent; waiting until it is mined");
        let receipt = pending.with_timeout(Some(UNTIL_MINED)).get_receipt().await;
        let receipt = receipt.map_err(|error| not_mined(hash, error))?;
        if !receipt.status() {
            return Err(refuse(format!("transaction {hash} was mined and reverted")));
        }
        Ok(receipt)
    }

    fn not_sent(&self, error: TransportError) -> anyhow::Error {
        if is_short_of_funds(&error) && ContractError::of_transport(&error).is_none() {
            return refuse(format!("{} has not enough ether: {error}", self.account));
        }
        refused_or(error, "the transaction was not sent")
    }
}

/// What the contract says against a call, if it is the contract that does.
pub(super) fn refused_or(error: TransportError, what: &'static str) -> anyhow::Error {
    match ContractError::of_transport(&error) {
        Some(reverted) => refuse(format!("the contract refuses: {reverted}")),
        None => L1Error::rpc(what)(error).into(),
    }
}

fn not_mined(hash: B256, error: PendingTransactionError) -> L1Error {
    match error {
        PendingTransactionError::TransportError(error) => {
            L1Error::rpc(format!("waiting for transaction {hash}, which may still be mined"))(error)
        }
        _ => L1Error::NotMined {
            transaction: hash.to_string(),
            seconds: UNTIL_MINED.as_secs(),
        },
    }
}
