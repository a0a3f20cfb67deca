// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signed transactions: their hash is known, and on disk, before they are sent.

use super::error::AgentError;
use super::journal::InFlight;
use crate::l1::{L1Client, L1Error, Signed, sign_call};
use crate::units::Gwei;
use alloy::consensus::{Transaction as _, TxEnvelope};
use alloy::eips::BlockId;
use alloy::eips::eip2718::Decodable2718 as _;
use alloy::primitives::{Address, Bytes, U256};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionReceipt;
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
pub(crate) struct Fees {
    pub(crate) max: u128,
    pub(crate) priority: u128,
}

impl Fees {
    /// What the provider suggests.
    pub(crate) async fn suggested(client: &L1Client) -> Result<Self, L1Error> {
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
    pub(crate) fn price(self, suggested: Self) -> u128 {
        suggested.base().saturating_add(self.priority).min(self.max)
    }

    fn capped(self, most: u128) -> Self {
        Self {
            max: self.max.min(most),
            priority: self.priority.min(most),
        }
    }

    /// What a first transaction offers, if that suffices for it to be mined as things are; else in words why it waits.
    pub(crate) fn first(self, limit: Option<u128>) -> Result<Self, String> {
        let fees = self.capped(limit.map_or(u128::MAX, leaving_room));
        let price = self.price(self);
        match limit {
            Some(limit) if price > fees.max => Err(format!(
                "gas costs {}, more than {}: what --max-gas-price {} leaves when an eighth is kept for taking back",
                in_gwei(price),
                in_gwei(fees.max),
                in_gwei(limit)
            )),
            _ => Ok(fees),
        }
    }

    /// The least that providers take as a replacement, an eighth more of both, or this if it is more. The `first` replacement may
    /// cost what it must; after that nothing is offered above so many times what is suggested, and never anything above the limit;
    /// in words why not.
    pub(crate) fn above(self, earlier: &InFlight, first: bool, limit: Option<u128>) -> Result<Self, String> {
        let raised = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        let offered = self.capped(limit.unwrap_or(u128::MAX));
        let priority = offered.priority.max(raised(earlier.priority_fee));
        let max = offered.max.max(raised(earlier.max_fee)).max(priority);
        if let Some(limit) = limit.filter(|limit| max > *limit) {
            return Err(format!(
                "a replacement must offer {}, and --max-gas-price allows {}",
                in_gwei(max),
                in_gwei(limit)
            ));
        }
        if !first && max > self.max.saturating_mul(CEILING) {
            return Err(format!(
                "a replacement must offer {}, more than {CEILING} times the {} that is suggested",
                in_gwei(max),
                in_gwei(self.max)
            ));
        }
        Ok(Self { max, priority })
    }
}

/// So much below a limit that one more replacement fits.
pub(crate) const fn leaving_room(limit: u128) -> u128 {
    limit.saturating_sub(1) / 9 * 8
}

fn in_gwei(wei: u128) -> String {
    format!("{}.{:03} gwei", wei / 1_000_000_000, wei / 1_000_000 % 1_000)
}

/// Signs with one key on one chain.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) signer: PrivateKeySigner,
    pub(crate) chain_id: u64,
}

impl Sender {
    pub(crate) fn address(&self) -> Address {
        self.signer.address()
    }

    pub(crate) fn sign(
        &self,
        nonce: u64,
        to: Address,
        data: Bytes,
        gas: u64,
        fees: Fees,
    ) -> Result<Signed, AgentError> {
        let bid = (fees.max, fees.priority);
        sign_call(&self.signer, self.chain_id, nonce, to, data, gas, bid).map_err(|error| AgentError::Signing {
            reason: error.to_string(),
        })
    }

    /// Transactions of this key, mined by a block.
    pub(crate) async fn nonce(&self, client: &L1Client, block: BlockId) -> Result<u64, L1Error> {
        let count = client.provider().get_transaction_count(self.address()).block_id(block);
        count.await.map_err(L1Error::rpc("asking for the nonce"))
    }

    /// What has become of a transaction that was sent.
    pub(crate) async fn fate(&self, client: &L1Client, in_flight: &InFlight) -> Result<Fate, L1Error> {
        // Before the receipts: what is mined between the two questions has one.
        let mined = self.nonce(client, BlockId::latest()).await?;
        for hash in &in_flight.hashes {
            let receipt = client.provider().get_transaction_receipt(*hash).await;
            if let Some(receipt) = receipt.map_err(L1Error::rpc("the receipt of the transaction sent"))? {
                return Ok(Fate::Mined(Box::new(receipt)));
            }
        }
        if mined > in_flight.nonce {
            return Ok(Fate::Used);
        }
        let next = mined == in_flight.nonce || self.nonce(client, BlockId::pending()).await? > mined;
        Ok(if next { Fate::Waits } else { Fate::Stranded })
    }

    /// What the key lacks in wei for a transaction: its balance, and what it may need. Providers take no other.
    pub(crate) async fn lacks(&self, client: &L1Client, gas: u64, fees: Fees) -> Result<Option<Lack>, L1Error> {
        let has = client.provider().get_balance(self.address()).await;
        let has = has.map_err(L1Error::rpc("the ether of the key"))?;
        let needs = U256::from(fees.max.saturating_mul(gas.into()));
        Ok((has < needs).then_some(Lack { has, needs }))
    }

    /// Sends what has been signed. That the provider has it already, or that its nonce is taken, is no error: the receipts tell.
    pub(crate) async fn send(&self, client: &L1Client, raw: &Bytes) -> Result<Sent, L1Error> {
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

/// What has become of a transaction.
pub(crate) enum Fate {
    /// It was mined.
    Mined(Box<TransactionReceipt>),
    /// Its nonce is used, and there is no receipt of it.
    Used,
    /// It waits for a nonce that nothing has: L1 has taken back the transaction that had it, and the provider does not know it.
    Stranded,
    /// It waits.
    Waits,
}

/// Ether that is not there, in wei.
pub(crate) struct Lack {
    pub(crate) has: U256,
    pub(crate) needs: U256,
}

impl Lack {
    /// In words, for the account of a key.
    pub(crate) fn of(&self, account: Address) -> String {
        format!(
            "the account {account} lacks ether for gas: it has {}, the transaction may take {}",
            Gwei::of_wei(self.has),
            Gwei::of_wei(self.needs)
        )
    }
}

/// Who is called with what, and the limit of gas of a transaction.
pub(crate) fn read_call(raw: &Bytes) -> Option<(Address, Bytes, u64)> {
    let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).ok()?;
    Some((transaction.to()?, transaction.input().clone(), transaction.gas_limit()))
}

/// What a provider did with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
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
            let fees = suggested.above(&earlier(old, old_priority), true, None).unwrap();
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
            while let Ok(fees) = suggested.above(&bid, false, None) {
                prop_assert!(fees.max <= CEILING * suggested.max);
                (bid.max_fee, bid.priority_fee) = (fees.max, fees.priority);
                bids += 1;
                prop_assert!(bids < 64);
            }
            prop_assert!(suggested.above(&bid, true, None).is_ok());
        }

        #[test]
        fn nothing_is_offered_above_the_limit_and_a_first_bid_can_be_replaced_within_it(
            max in 1u64.., priority: u64, limit in 18u64.., old: u64, first: bool
        ) {
            let suggested = Fees { max: max.into(), priority: u128::from(priority).min(max.into()) };
            let limit = Some(u128::from(limit));
            if let Ok(bid) = suggested.first(limit) {
                prop_assert!(bid.max >= suggested.price(suggested) && Some(bid.max) <= limit);
                let sent = InFlight { max_fee: bid.max, priority_fee: bid.priority, ..earlier(0, 0) };
                prop_assert!(suggested.above(&sent, true, limit).is_ok());
            }
            if let Ok(bid) = suggested.above(&earlier(old, 0), first, limit) {
                prop_assert!(Some(bid.max) <= limit && bid.priority <= bid.max);
            }
        }
    }

    #[test]
    fn a_bid_that_waits_says_what_gas_costs_and_what_is_allowed() {
        let gwei = |gwei: u128| gwei * 1_000_000_000;
        let suggested = Fees {
            max: gwei(101),
            priority: gwei(1),
        };
        let why = suggested.first(Some(gwei(50))).unwrap_err();
        assert!(
            why.contains("gas costs 51.000 gwei") && why.contains("--max-gas-price 50.000 gwei"),
            "{why}"
        );
        assert_eq!(suggested.first(None).unwrap(), suggested);
        let why = suggested
            .above(&earlier(45_000_000_000, 1), true, Some(gwei(50)))
            .unwrap_err();
        assert!(why.contains("50.625 gwei"), "{why}");
    }
}
