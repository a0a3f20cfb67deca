// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signed transactions and what they offer for gas.

use super::error::SequencerError;
use super::records::Sent;
use super::service::unix_now;
use crate::l1::sign_call;
use alloy::primitives::Address;
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
    let bid = (fees.max, fees.priority);
    let signed = sign_call(signer, chain_id, nonce, to, data.into(), gas, bid);
    let signed = signed.map_err(|error| SequencerError::Signing {
        reason: error.to_string(),
    })?;
    Ok(Sent {
        hash: signed.hash.0,
        raw: signed.raw.into(),
        max_fee_per_gas: fees.max,
        max_priority_fee_per_gas: fees.priority,
        at: unix_now(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
