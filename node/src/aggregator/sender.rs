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

/// How many times what is suggested is offered at most.
const CEILING: u128 = 10;

/// What providers say of a transaction that they or the chain have already, or that a higher fee would help.
const KNOWN_OR_CHEAP: [&str; 9] = [
    "already known",
    "alreadyknown",
    "already imported",
    "known transaction",
    "nonce too low",
    "oldnonce",
    "underpriced",
    "base fee",
    "feetoolow",
];

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

    fn base(self) -> u128 {
        // The estimate offers twice the base fee, so that it holds while that rises.
        self.max.saturating_sub(self.priority) / 2
    }

    /// What a transaction with these fees costs a unit of gas if it is mined while this is suggested.
    pub(super) fn price(self, suggested: Self) -> u128 {
        suggested.base().saturating_add(self.priority).min(self.max)
    }

    /// The least that providers take as a replacement, an eighth more of both, or this if it is more. The `first` replacement may
    /// cost what it must; after that nothing is offered above so many times what is suggested.
    pub(super) fn above(self, earlier: &InFlight, first: bool) -> Option<Self> {
        let raised = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        let priority = self.priority.max(raised(earlier.priority_fee));
        let max = self.max.max(raised(earlier.max_fee)).max(priority);
        (first || max <= self.max.saturating_mul(CEILING)).then_some(Self { max, priority })
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
    pub(super) async fn send(&self, client: &L1Client, raw: &Bytes) -> Result<Sent, L1Error> {
        match client.provider().send_raw_transaction(raw).await {
            Ok(_) => Ok(Sent::Taken),
            Err(error) => match error.as_error_resp() {
                Some(answer) if is_known_or_cheap(&answer.message) => {
                    tracing::debug!(%error, "the provider did not take the transaction");
                    Ok(Sent::Taken)
                }
                Some(_) => {
                    tracing::warn!(%error, "the provider refuses the transaction");
                    Ok(Sent::Refused)
                }
                None => Err(L1Error::rpc("sending a transaction")(error)),
            },
        }
    }
}

/// What a provider did with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It has it, or would for a higher fee.
    Taken,
    /// It refuses it whatever it pays.
    Refused,
}

fn is_known_or_cheap(message: &str) -> bool {
    let message = message.to_lowercase();
    KNOWN_OR_CHEAP.iter().any(|known| message.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn earlier(max: u64, priority: u64) -> InFlight {
        InFlight {
            hashes: vec![],
            raw: Bytes::new(),
            nonce: 0,
            last: 0,
            max_fee: max.into(),
            priority_fee: priority.into(),
            sent_at: 0,
            cancelled: false,
        }
    }

    #[test]
    fn only_what_a_fee_or_time_can_change_is_taken_for_sent() {
        for message in [
            "already known",
            "transaction already imported",
            "Nonce too low: next nonce 7",
            "replacement transaction underpriced",
            "max fee per gas less than block base fee",
        ] {
            assert!(is_known_or_cheap(message), "{message}");
        }
        for message in ["insufficient funds for gas * price + value", "intrinsic gas too low"] {
            assert!(!is_known_or_cheap(message), "{message}");
        }
    }

    proptest! {
        #[test]
        fn a_replacement_offers_an_eighth_more_of_both(max: u64, priority: u64, old: u64, old_priority: u64) {
            let suggested = Fees { max: max.into(), priority: u128::from(priority).min(max.into()) };
            let fees = suggested.above(&earlier(old, old_priority), true).unwrap();
            prop_assert!(fees.max * 8 >= u128::from(old) * 9);
            prop_assert!(fees.priority * 8 >= u128::from(old_priority) * 9);
            prop_assert!(fees.priority <= fees.max);
            prop_assert!(fees.price(suggested) <= fees.max);
        }

        #[test]
        fn bids_end_below_a_multiple_of_what_is_suggested(max in 1u64.., priority in 0u64..1_000) {
            let suggested = Fees { max: max.into(), priority: u128::from(priority).min(max.into()) };
            let mut bid = earlier(max, priority.min(max));
            let mut bids = 0;
            while let Some(fees) = suggested.above(&bid, false) {
                prop_assert!(fees.max <= CEILING * suggested.max);
                (bid.max_fee, bid.priority_fee) = (fees.max, fees.priority);
                bids += 1;
                prop_assert!(bids < 64);
            }
            prop_assert!(suggested.above(&bid, true).is_some());
        }
    }
}
