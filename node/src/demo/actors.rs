// SPDX-License-Identifier: MIT OR Apache-2.0
//! People with L1 accounts, and a ledger of every transaction they send.

use alloy::primitives::{Address, B256, U256};
use alloy::providers::{Provider as _, ProviderBuilder};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context as _, Result, bail};
use poe_rollup::schnorr::SecretKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Somebody.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) name: &'static str,
    pub(super) signer: PrivateKeySigner,
    pub(super) key: SecretKey,
}

impl Actor {
    /// The L2 key follows from the name: this is a private chain.
    pub(super) fn new(name: &'static str, signer: PrivateKeySigner) -> Self {
        let mut seed = [0; 32];
        for (place, byte) in seed.iter_mut().zip(name.bytes().cycle()) {
            *place = byte;
        }
        Self {
            name,
            signer,
            key: SecretKey::from_seed(&seed),
        }
    }

    pub(super) fn address(&self) -> Address {
        self.signer.address()
    }
}

/// One transaction.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) actor: &'static str,
    pub(super) what: &'static str,
    pub(super) gas: u64,
    /// Wei for gas.
    pub(super) cost: U256,
    /// Wei sent along, and taken by whoever was called.
    pub(super) value: U256,
    pub(super) accepted: bool,
}

/// Every transaction that was mined.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<Entry>>>);

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, actor: &Actor, what: &'static str, receipt: &TransactionReceipt, wei: u128) {
        let accepted = receipt.status();
        let value = if accepted { U256::from(wei) } else { U256::ZERO };
        self.add(Entry {
            actor: actor.name,
            what,
            gas: receipt.gas_used,
            cost: U256::from(receipt.gas_used) * U256::from(receipt.effective_gas_price),
            value,
            accepted,
        });
    }

    pub(super) fn add(&self, entry: Entry) {
        self.lock().push(entry);
    }

    /// Wei that somebody paid for gas and sent along.
    pub(super) fn spent(&self, actor: &str) -> U256 {
        self.lock()
            .iter()
            .filter(|entry| entry.actor == actor)
            .map(|entry| entry.cost + entry.value)
            .sum()
    }

    /// Least and most gas of each kind of call, and how many there were.
    pub(super) fn gas(&self) -> BTreeMap<(&'static str, bool), (usize, u64, u64)> {
        let mut kinds = BTreeMap::new();
        for entry in self.lock().iter() {
            let kind = kinds.entry((entry.what, entry.accepted)).or_insert((0, u64::MAX, 0));
            *kind = (kind.0 + 1, kind.1.min(entry.gas), kind.2.max(entry.gas));
        }
        kinds
    }
}

/// Something to send.
pub(super) struct Call<'a> {
    pub(super) what: &'static str,
    pub(super) to: Address,
    pub(super) data: Vec<u8>,
    pub(super) wei: u128,
    /// Sent with this much gas, whatever comes of it; else it is estimated, and refused where it would revert.
    pub(super) gas: Option<u64>,
    pub(super) ledger: &'a Ledger,
}

impl Actor {
    /// Sends a call and waits until it is mined.
    pub(super) async fn send(&self, url: &str, call: Call<'_>) -> Result<TransactionReceipt> {
        let provider = ProviderBuilder::new()
            .wallet(self.signer.clone())
            .connect_http(url.parse()?);
        let mut request = TransactionRequest::default()
            .from(self.address())
            .to(call.to)
            .input(call.data.into())
            .value(U256::from(call.wei));
        request.gas = call.gas;
        let sent = provider.send_transaction(request).await;
        let sent = sent.with_context(|| format!("{}: {}", self.name, call.what))?;
        let hash: B256 = *sent.tx_hash();
        let receipt = sent
            .get_receipt()
            .await
            .with_context(|| format!("the receipt of {hash}"))?;
        call.ledger.record(self, call.what, &receipt, call.wei);
        if !receipt.status() && call.gas.is_none() {
            bail!("{}: {} reverted ({hash})", self.name, call.what);
        }
        Ok(receipt)
    }
}
