// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is proven here is held against the verifier that will judge it, before anything is proven.

use super::AgentError;
use crate::l1::{L1Client, L1Error};
use crate::proving::KeyOnL1;
use alloy::primitives::Address;
use poe_bindings::ContractError;
use poe_bindings::contracts::{BatchVerifierInsecureDev, IVerifier};
use poe_rollup::formats::{Bytes32, Capacity};
use std::collections::HashMap;

/// Circuits, as a verifier speaks of them (`IVerifier`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitsOnL1 {
    /// What a batch can hold.
    pub capacity: Capacity,
    /// `circuitHash`: the lock entries of the plonky2 circuits.
    pub circuit_hash: Bytes32,
    /// Whether the setup is the development one, whose secret is public.
    pub insecure_setup: bool,
    /// The key of the halo2 circuit; `None` if it is not known.
    pub key: Option<KeyOnL1>,
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
            (true, false) => return Some("its setup is the development one, here it is a ceremony's".into()),
            (false, true) => return Some("its setup is a ceremony's, here it is the development one".into()),
            _ => {}
        }
        // A verifier that is not of verifier-gen's may tell nothing of its key.
        let (ours, theirs) = (self.key?, verifier.key?);
        ours.difference(&theirs)
    }
}

impl KeyOnL1 {
    fn difference(&self, verifier: &Self) -> Option<String> {
        let shown = |bytes: &Bytes32| format!("0x{}", hex::encode(bytes));
        if self.tau_g2 != verifier.tau_g2 {
            let (theirs, ours) = (shown(&verifier.tau_g2[0]), shown(&self.tau_g2[0]));
            return Some(format!(
                "its setup is of another ceremony: its srsTauG2 begins with {theirs}, that of the setup here with {ours}; \
                 give the --srs file of the deployment"
            ));
        }
        if self.vk_digest != verifier.vk_digest {
            let (theirs, ours) = (shown(&verifier.vk_digest), shown(&self.vk_digest));
            return Some(format!(
                "its halo2 circuit has vkDigest {theirs}, the one here {ours}: it is of another shape (--shape), or of another \
                 version of this program"
            ));
        }
        None
    }
}

/// A route that was held against what is proven here.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    /// Its number.
    pub(crate) number: u32,
    /// Why its verifier does not take what is proven here, if it does not.
    pub(crate) difference: Option<String>,
    /// Whether this is the first time it was looked at.
    pub(crate) is_new: bool,
}

/// Routes that were held against what is proven here. A route never changes.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    known: HashMap<u32, Option<String>>,
}

impl Routes {
    /// Judges the route that is in force for a version.
    pub(crate) async fn judge(
        &mut self,
        client: &L1Client,
        ours: &CircuitsOnL1,
        version: u32,
    ) -> Result<Judged, L1Error> {
        let route = InForce::of(client, version).await?;
        let number = route.number;
        if let Some(difference) = self.known.get(&number).cloned() {
            return Ok(Judged {
                number,
                difference,
                is_new: false,
            });
        }
        let difference = ours.difference(&route.circuits(client).await?);
        self.known.insert(number, difference.clone());
        Ok(Judged {
            number,
            difference,
            is_new: true,
        })
    }
}

/// Holds what is proven here against the verifier of what is sequenced now.
///
/// # Errors
///
/// If they differ, or the L1 provider fails.
pub(crate) async fn require_same(client: &L1Client, ours: &CircuitsOnL1) -> Result<(), AgentError> {
    let head = client.core().head().call().await;
    let version = head.map_err(L1Error::call("head"))?.version;
    let route = InForce::of(client, version.into()).await?;
    match ours.difference(&route.circuits(client).await?) {
        None => Ok(()),
        Some(why) => Err(AgentError::OtherCircuits {
            route: route.number,
            why,
        }),
    }
}

/// The route that judges proofs of a version.
struct InForce {
    number: u32,
    verifier: Address,
    capacity: Capacity,
}

impl InForce {
    async fn of(client: &L1Client, version: u32) -> Result<Self, L1Error> {
        let core = *client.core().address();
        let number = u16::try_from(version).unwrap_or(u16::MAX);
        let answer = client.lens().routeInForce(core, number).call().await;
        let answer = answer.map_err(L1Error::call("routeInForce"))?;
        Ok(Self {
            number: answer.resolvedVersion.into(),
            verifier: answer.route.verifier,
            capacity: Capacity {
                slots: answer.route.slotCapacity.into(),
                messages: answer.route.messageCapacity.into(),
                exits: answer.route.exitCapacity.into(),
            },
        })
    }

    /// What its verifier says of itself.
    async fn circuits(&self, client: &L1Client) -> Result<CircuitsOnL1, L1Error> {
        let verifier = IVerifier::new(self.verifier, client.provider().clone());
        let hash = verifier.circuitHash().call().await;
        let insecure = verifier.insecureSetup().call().await;
        Ok(CircuitsOnL1 {
            capacity: self.capacity,
            circuit_hash: hash.map_err(L1Error::call("circuitHash"))?.into(),
            insecure_setup: insecure.map_err(L1Error::call("insecureSetup"))?,
            key: key_of(client, self.verifier).await?,
        })
    }
}

/// The key that a verifier says it is for. Every verifier of verifier-gen does; `IVerifier` does not ask it of others.
///
/// # Errors
///
/// If the L1 provider fails.
pub async fn key_of(client: &L1Client, verifier: Address) -> Result<Option<KeyOnL1>, L1Error> {
    let verifier = BatchVerifierInsecureDev::new(verifier, client.provider().clone());
    let digest = answered("vkDigest", verifier.vkDigest().call().await)?;
    let tau = answered("srsTauG2", verifier.srsTauG2().call().await)?;
    Ok(digest.zip(tau).map(|(digest, tau)| KeyOnL1 {
        vk_digest: digest.into(),
        tau_g2: tau.map(|word| word.to_be_bytes()),
    }))
}

/// `None` if there is no such function.
fn answered<T>(what: &'static str, answer: Result<T, alloy::contract::Error>) -> Result<Option<T>, L1Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(alloy::contract::Error::ZeroData(..)) => Ok(None),
        Err(error) if ContractError::of_call(&error).is_some() => Ok(None),
        Err(error) => Err(L1Error::call(what)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: CircuitsOnL1 = CircuitsOnL1 {
        capacity: Capacity::REFERENCE,
        circuit_hash: [7; 32],
        insecure_setup: false,
        key: Some(KeyOnL1 {
            vk_digest: [1; 32],
            tau_g2: [[2; 32]; 4],
        }),
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

    #[test]
    fn another_ceremony_and_another_shape_are_told_apart_and_a_key_that_is_not_known_is_not_compared() {
        let key = OURS.key.unwrap();
        let of = |key| difference(|theirs| theirs.key = Some(key)).unwrap();
        let tau_g2 = [[3; 32]; 4];
        let ceremony = of(KeyOnL1 { tau_g2, ..key });
        assert!(
            ceremony.contains("another ceremony") && ceremony.contains("0x0303"),
            "{ceremony}"
        );
        let vk_digest = [4; 32];
        let shape = of(KeyOnL1 { vk_digest, ..key });
        assert!(
            shape.contains("--shape") && shape.contains("0x0404") && shape.contains("0x0101"),
            "{shape}"
        );
        assert_eq!(difference(|theirs| theirs.key = None), None);
    }
}
