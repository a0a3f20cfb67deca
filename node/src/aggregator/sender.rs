// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signed transactions of an aggregator: their hash is known, and on disk, before they are sent.

use super::error::AggregatorError;
use super::journal::InFlight;
use crate::l1::{L1Client, L1Error};
use alloy::consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718 as _;
use alloy::network::TxSignerSync as _;
use alloy::primitives::{Address, B256, Bytes, TxKind, U256};
use alloy::providers::Provider as _;
use alloy::signers::local::PrivateKeySigner;

/// What a transaction offers for gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fees {
    pub(super) max: u128,
    pub(super) priority: u128,
}

impl Fees {
    /// What the provider suggests.
    pub(super) async fn suggested(client: &L1Client) -> Result<Self, L1Error> {
        let fees = client
            .provider()
            .estimate_eip1559_fees()
            .await
            .map_err(L1Error::rpc("asking for gas prices"))?;
        let priority = fees.max_priority_fee_per_gas.max(1);
        Ok(Self {
            max: fees.max_fee_per_gas.max(priority),
            priority,
        })
    }

    /// The least that providers take as a replacement, an eighth more of both, or this if it is more.
    pub(super) fn above(self, earlier: &InFlight) -> Self {
        let raised = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        let priority = self.priority.max(raised(earlier.priority_fee));
        Self {
            max: self.max.max(raised(earlier.max_fee)).max(priority),
            priority,
        }
    }
}

/// A signed transaction.
pub(super) struct Signed {
    pub(super) hash: B256,
    pub(super) raw: Bytes,
}

/// Signs with one key on one chain.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) signer: PrivateKeySigner,
    pub(super) chain_id: u64,
}

impl Sender {
    pub(super) fn address(&self) -> Address {
        self.signer.address()
    }

    pub(super) fn sign(
        &self,
        nonce: u64,
        to: Address,
        data: Bytes,
        gas: u64,
        fees: Fees,
    ) -> Result<Signed, AggregatorError> {
        let mut transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: fees.max,
            max_priority_fee_per_gas: fees.priority,
            to: TxKind::Call(to),
            value: U256::ZERO,
            access_list: alloy::eips::eip2930::AccessList::default(),
            input: data,
        };
        let signature =
            self.signer
                .sign_transaction_sync(&mut transaction)
                .map_err(|error| AggregatorError::Signing {
                    reason: error.to_string(),
                })?;
        let envelope = TxEnvelope::Eip1559(transaction.into_signed(signature));
        Ok(Signed {
            hash: *envelope.tx_hash(),
            raw: envelope.encoded_2718().into(),
        })
    }

    /// Sends what has been signed. That the provider has it already, or that its nonce is taken, is no error: the receipts tell.
    pub(super) async fn send(&self, client: &L1Client, raw: &Bytes) -> Result<(), L1Error> {
        match client.provider().send_raw_transaction(raw).await {
            Ok(_) => Ok(()),
            Err(error) if error.as_error_resp().is_some() => {
                tracing::debug!(%error, "the provider did not take the transaction");
                Ok(())
            }
            Err(error) => Err(L1Error::rpc("sending a transaction")(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_replacement_offers_an_eighth_more_of_both(max: u64, priority: u64, old: u64, old_priority: u64) {
            let earlier = InFlight {
                hashes: vec![], raw: Bytes::new(), nonce: 0, last: 0, max_fee: old.into(), priority_fee: old_priority.into(),
                sent_at: 0, cancelled: false,
            };
            let fees = Fees { max: max.into(), priority: u128::from(priority).min(max.into()) }.above(&earlier);
            prop_assert!(fees.max * 8 >= u128::from(old) * 9);
            prop_assert!(fees.priority * 8 >= u128::from(old_priority) * 9);
            prop_assert!(fees.priority <= fees.max);
        }
    }
}
