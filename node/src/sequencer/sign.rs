// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signed transactions and what they offer for gas.

use super::error::SequencerError;
use super::records::Sent;
use super::service::unix_now;
use alloy::consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718 as _;
use alloy::network::TxSignerSync as _;
use alloy::primitives::{Address, TxKind, U256};
use alloy::signers::local::PrivateKeySigner;

/// What a transaction offers for gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fees {
    /// `maxFeePerGas`.
    pub(super) max: u128,
    /// `maxPriorityFeePerGas`.
    pub(super) priority: u128,
}

impl Fees {
    /// What it will pay, as things are: the estimate offers twice the base fee, so that it holds while that rises.
    pub(super) const fn expected(self) -> u128 {
        self.max.saturating_sub(self.priority) / 2 + self.priority
    }

    /// With nothing above a limit.
    pub(super) fn capped(self, limit: u128) -> Self {
        Self {
            max: self.max.min(limit),
            priority: self.priority.min(limit),
        }
    }

    /// With so much below a limit that it can be raised once to be replaced.
    pub(super) fn capped_below(self, limit: u128) -> Self {
        self.capped(limit.saturating_sub(1) / 9 * 8)
    }

    /// What replaces an earlier transaction within a limit, if anything does.
    pub(super) fn replacing(self, earlier: &Sent, limit: u128) -> Option<Self> {
        self.capped(limit).above(earlier).within(limit)
    }

    /// The least that providers take as a replacement of an earlier transaction, an eighth more of both, or this if it is more.
    fn above(self, earlier: &Sent) -> Self {
        let raised = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        let priority = self.priority.max(raised(earlier.max_priority_fee_per_gas));
        Self {
            max: self.max.max(raised(earlier.max_fee_per_gas)).max(priority),
            priority,
        }
    }

    /// This, if it is within a limit.
    fn within(self, limit: u128) -> Option<Self> {
        (self.max <= limit).then_some(self)
    }
}

/// A signed transaction with calldata and no ether.
pub(super) fn sign(
    signer: &PrivateKeySigner,
    chain_id: u64,
    nonce: u64,
    to: Address,
    data: Vec<u8>,
    gas: u64,
    fees: Fees,
) -> Result<Sent, SequencerError> {
    let mut transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: gas,
        max_fee_per_gas: fees.max,
        max_priority_fee_per_gas: fees.priority,
        to: TxKind::Call(to),
        value: U256::ZERO,
        access_list: alloy::eips::eip2930::AccessList::default(),
        input: data.into(),
    };
    let signature = signer.sign_transaction_sync(&mut transaction);
    let signature = signature.map_err(|error| SequencerError::Signing {
        reason: error.to_string(),
    })?;
    let envelope = TxEnvelope::Eip1559(transaction.into_signed(signature));
    Ok(Sent {
        hash: envelope.tx_hash().0,
        raw: envelope.encoded_2718(),
        max_fee_per_gas: fees.max,
        max_priority_fee_per_gas: fees.priority,
        at: unix_now(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::consensus::Transaction as _;
    use alloy::eips::eip2718::Decodable2718 as _;
    use proptest::prelude::*;

    #[test]
    fn a_signed_transaction_says_what_it_was_asked_to_and_who_signed() {
        let signer = PrivateKeySigner::random();
        let to = Address::repeat_byte(5);
        let sent = sign(
            &signer,
            31_337,
            9,
            to,
            vec![1, 2, 3],
            50_000,
            Fees { max: 70, priority: 3 },
        )
        .unwrap();
        let read = TxEnvelope::decode_2718(&mut &sent.raw[..]).unwrap();
        let signed_by = read.signature().recover_address_from_prehash(&read.signature_hash());
        assert_eq!(signed_by.unwrap(), signer.address());
        assert_eq!((read.nonce(), read.to(), read.gas_limit()), (9, Some(to), 50_000));
        assert_eq!((read.max_fee_per_gas(), read.input().as_ref()), (70, &[1, 2, 3][..]));
        assert_eq!(read.tx_hash().0, sent.hash);
    }

    proptest! {
        #[test]
        fn a_replacement_offers_an_eighth_more_of_both(max in 0u128..1 << 90, priority in 0u128..1 << 80, old: u64, old_priority: u64) {
            let earlier = Sent {
                hash: [0; 32], raw: vec![], max_fee_per_gas: old.into(), max_priority_fee_per_gas: old_priority.into(), at: 0,
            };
            let fees = Fees { max, priority: priority.min(max) }.above(&earlier);
            prop_assert!(fees.max * 8 >= u128::from(old) * 9);
            prop_assert!(fees.priority * 8 >= u128::from(old_priority) * 9);
            prop_assert!(fees.priority <= fees.max);
            prop_assert_eq!(fees.within(fees.max), Some(fees));
            prop_assert_eq!(fees.within(fees.max - 1), None);
            let earlier = |fees: Fees| Sent {
                hash: [0; 32], raw: vec![], max_fee_per_gas: fees.max, max_priority_fee_per_gas: fees.priority, at: 0,
            };
            prop_assert!(fees.capped(7).max <= 7 && fees.capped(7).priority <= fees.capped(7).max);
            // Whatever the provider asks for, a first transaction can be replaced within the limit.
            let limit = max.max(1);
            let replacement = fees.replacing(&earlier(fees.capped_below(limit)), limit);
            prop_assert!(replacement.is_some_and(|fees| fees.max <= limit && fees.priority <= fees.max));
        }
    }
}
