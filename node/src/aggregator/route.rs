// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is proven here is held against the verifier that will judge it, before anything is proven.

use super::dry_run::DryRun;
use super::engine::Aggregator;
use super::error::AggregatorError;
use super::event::Event;
use super::proofs::ProofSource;
use crate::l1::L1Error;
use alloy::primitives::Address;
use poe_bindings::contracts::IVerifier;
use poe_rollup::formats::{Bytes32, Capacity};

/// Circuits, as a verifier speaks of them (`IVerifier`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitsOnL1 {
    /// What a batch can hold.
    pub capacity: Capacity,
    /// `circuitHash`: the lock entries of the plonky2 circuits.
    pub circuit_hash: Bytes32,
    /// Whether the setup is the development one, whose secret is public.
    pub insecure_setup: bool,
}

impl CircuitsOnL1 {
    /// Why proofs of these circuits are nothing to a verifier of others, if they are not the same.
    pub fn difference(&self, verifier: &Self) -> Option<String> {
        if self.capacity != verifier.capacity {
            let shown = |capacity: Capacity| {
                format!(
                    "{} slots, {} messages, {} exits",
                    capacity.slots, capacity.messages, capacity.exits
                )
            };
            let (theirs, ours) = (shown(verifier.capacity), shown(self.capacity));
            return Some(format!("its batches hold {theirs}, here they hold {ours}"));
        }
        if self.circuit_hash != verifier.circuit_hash {
            let (theirs, ours) = (hex::encode(verifier.circuit_hash), hex::encode(self.circuit_hash));
            return Some(format!(
                "its circuitHash is 0x{theirs}, the circuits here have 0x{ours}"
            ));
        }
        match (verifier.insecure_setup, self.insecure_setup) {
            (true, false) => Some("its setup is the development one, here it is a ceremony's".into()),
            (false, true) => Some("its setup is a ceremony's, here it is the development one".into()),
            _ => None,
        }
    }
}

/// The route that judges proofs of a version.
struct InForce {
    number: u32,
    verifier: Address,
    capacity: Capacity,
}

impl<P: ProofSource, D: DryRun> Aggregator<P, D> {
    /// Holds what is proven here against the verifier of what is sequenced now.
    ///
    /// # Errors
    ///
    /// If they differ, or the L1 provider fails.
    pub async fn check_circuits(&self) -> Result<(), AggregatorError> {
        let head = self.client().core().head().call().await;
        let version = head.map_err(L1Error::call("head"))?.version;
        let route = self.in_force(version.into()).await?;
        match self.difference(&route).await? {
            None => Ok(()),
            Some(why) => Err(AggregatorError::OtherCircuits {
                route: route.number,
                why,
            }),
        }
    }

    /// The number of the route that judges proofs of a version now, if its verifier takes what is proven here.
    pub(super) async fn route(&mut self, version: u32) -> Result<Option<u32>, AggregatorError> {
        let route = self.in_force(version).await?;
        if let Some(provable) = self.routes.get(&route.number) {
            return Ok(provable.then_some(route.number));
        }
        let difference = self.difference(&route).await?;
        // A route never changes.
        self.routes.insert(route.number, difference.is_none());
        let Some(why) = difference else {
            return Ok(Some(route.number));
        };
        self.say(&Event::OtherCircuits {
            route: route.number,
            why,
        });
        Ok(None)
    }

    async fn in_force(&self, version: u32) -> Result<InForce, AggregatorError> {
        let core = *self.client().core().address();
        let number = u16::try_from(version).unwrap_or(u16::MAX);
        let answer = self.client().lens().routeInForce(core, number).call().await;
        let answer = answer.map_err(L1Error::call("routeInForce"))?;
        Ok(InForce {
            number: answer.resolvedVersion.into(),
            verifier: answer.route.verifier,
            capacity: Capacity {
                slots: answer.route.slotCapacity.into(),
                messages: answer.route.messageCapacity.into(),
                exits: answer.route.exitCapacity.into(),
            },
        })
    }

    async fn difference(&self, route: &InForce) -> Result<Option<String>, AggregatorError> {
        let verifier = IVerifier::new(route.verifier, self.client().provider().clone());
        let hash = verifier.circuitHash().call().await;
        let insecure = verifier.insecureSetup().call().await;
        let theirs = CircuitsOnL1 {
            capacity: route.capacity,
            circuit_hash: hash.map_err(L1Error::call("circuitHash"))?.into(),
            insecure_setup: insecure.map_err(L1Error::call("insecureSetup"))?,
        };
        Ok(self.parts.proofs.circuits().difference(&theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: CircuitsOnL1 = CircuitsOnL1 {
        capacity: Capacity::REFERENCE,
        circuit_hash: [7; 32],
        insecure_setup: false,
    };

    fn difference(change: impl FnOnce(&mut CircuitsOnL1)) -> Option<String> {
        let mut theirs = OURS;
        change(&mut theirs);
        OURS.difference(&theirs)
    }

    #[test]
    fn every_difference_is_named_and_the_same_circuits_have_none() {
        assert_eq!(OURS.difference(&OURS), None);
        let slots = difference(|theirs| theirs.capacity.slots = 93).unwrap();
        assert!(slots.contains("93 slots") && slots.contains("94 slots"), "{slots}");
        assert!(difference(|theirs| theirs.capacity.messages = 5).is_some());
        assert!(difference(|theirs| theirs.capacity.exits = 5).is_some());
        let hash = difference(|theirs| theirs.circuit_hash[31] = 8).unwrap();
        assert!(hash.contains("0708") && hash.contains("0707"), "{hash}");
        let setup = difference(|theirs| theirs.insecure_setup = true).unwrap();
        assert!(setup.starts_with("its setup is the development one"), "{setup}");
    }
}
