// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the contracts of a deployment log, as one type to match on.

use crate::contracts::exit_vault::ExitVault::ExitVaultEvents;
use crate::contracts::proof_of_efficiency::ProofOfEfficiency::ProofOfEfficiencyEvents;
use crate::contracts::verifier_router::VerifierRouter::VerifierRouterEvents;
use crate::deployment::Deployment;
use alloy::primitives::{Address, B256, Log};
use alloy::sol_types::SolEventInterface as _;

/// An event of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The protocol.
    Core(Box<ProofOfEfficiencyEvents>),
    /// The exit vault.
    Vault(Box<ExitVaultEvents>),
    /// The router.
    Router(Box<VerifierRouterEvents>),
}

/// A log of one of a deployment's contracts that is none of its events: the address is of another contract, or newer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the log of {address} with first topic {topic:?} is no event that these bindings know")]
pub struct UnknownEvent {
    /// Who logged it.
    pub address: Address,
    /// Its first topic, the hash of the event's signature.
    pub topic: Option<B256>,
    /// What the decoder said.
    #[source]
    pub source: Box<alloy::sol_types::Error>,
}

impl Event {
    /// Reads a log. `None` if another contract logged it: anybody can log what looks like an event of the protocol.
    pub fn decode(deployment: &Deployment, log: &Log) -> Result<Option<Self>, UnknownEvent> {
        let contracts = &deployment.contracts;
        let (topics, data) = (log.topics(), &log.data.data);
        let event = if log.address == contracts.proof_of_efficiency {
            ProofOfEfficiencyEvents::decode_raw_log(topics, data).map(|event| Self::Core(Box::new(event)))
        } else if log.address == contracts.exit_vault {
            ExitVaultEvents::decode_raw_log(topics, data).map(|event| Self::Vault(Box::new(event)))
        } else if log.address == contracts.router {
            VerifierRouterEvents::decode_raw_log(topics, data).map(|event| Self::Router(Box::new(event)))
        } else {
            return Ok(None);
        };
        event.map(Some).map_err(|source| UnknownEvent {
            address: log.address,
            topic: topics.first().copied(),
            source: Box::new(source),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::{ExitVault, ProofOfEfficiency, VerifierRouter};
    use crate::deployment::tests::sample;
    use alloy::primitives::{Bytes, U256};
    use alloy::sol_types::SolEvent as _;
    use proptest::prelude::*;

    #[test]
    fn an_event_is_read_by_who_logged_it() {
        let deployment = sample();
        let frozen = VerifierRouter::RouteFrozen {
            version: 1,
            successor: 2,
        };
        let withdrawn = ExitVault::EtherWithdrawn {
            owner: Address::repeat_byte(1),
            recipient: Address::repeat_byte(2),
            amount: U256::from(3),
        };
        let resumed = ProofOfEfficiency::ChainResumed { version: 4 };
        let contracts = deployment.contracts.clone();
        let decode = |address, data| Event::decode(&deployment, &Log { address, data });
        assert_eq!(
            decode(contracts.router, frozen.encode_log_data()).unwrap(),
            Some(Event::Router(Box::new(VerifierRouterEvents::RouteFrozen(
                frozen.clone()
            ))))
        );
        assert_eq!(
            decode(contracts.exit_vault, withdrawn.encode_log_data()).unwrap(),
            Some(Event::Vault(Box::new(ExitVaultEvents::EtherWithdrawn(withdrawn))))
        );
        assert_eq!(
            decode(contracts.proof_of_efficiency, resumed.encode_log_data()).unwrap(),
            Some(Event::Core(Box::new(ProofOfEfficiencyEvents::ChainResumed(
                resumed.clone()
            ))))
        );
        // The same bytes from a stranger are nobody's event, and from another contract of the deployment a mistake.
        assert_eq!(
            decode(Address::repeat_byte(9), resumed.encode_log_data()).unwrap(),
            None
        );
        let error = decode(contracts.exit_vault, frozen.encode_log_data()).unwrap_err();
        assert_eq!(error.topic, Some(VerifierRouter::RouteFrozen::SIGNATURE_HASH));
    }

    proptest! {
        #[test]
        fn decoding_is_total(
            known in any::<bool>(),
            topics in prop::collection::vec(any::<[u8; 32]>(), 0..5),
            data in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let deployment = sample();
            let mut topics: Vec<B256> = topics.into_iter().map(B256::from).collect();
            if let (true, Some(first)) = (known, topics.first_mut()) {
                *first = ProofOfEfficiency::BatchData::SIGNATURE_HASH;
            }
            let address = deployment.contracts.proof_of_efficiency;
            let log = Log::new_unchecked(address, topics, Bytes::from(data));
            let _ = Event::decode(&deployment, &log);
        }
    }
}
