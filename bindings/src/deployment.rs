// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a deployment is: `deployments/<chainId>.json`, which the deployment script writes.

use crate::contracts::exit_vault::ExitVault::ExitVaultInstance;
use crate::contracts::payments_state_machine::PaymentsStateMachine::PaymentsStateMachineInstance;
use crate::contracts::poe_lens::PoELens::PoELensInstance;
use crate::contracts::proof_of_efficiency::ProofOfEfficiency::ProofOfEfficiencyInstance;
use crate::contracts::verifier::IVerifier::IVerifierInstance;
use crate::contracts::verifier_router::VerifierRouter::VerifierRouterInstance;
use crate::formats;
use alloy::network::Network;
use alloy::primitives::{Address, B256, keccak256};
use alloy::providers::Provider;
use alloy::transports::TransportError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Version of the file's layout that these bindings read.
pub const LAYOUT: u64 = 1;

/// The public deployments: every file below `deployments/` that the repository holds. A test compares the two.
const COMMITTED: &[(u64, &str)] = &[];

/// A deployment file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentError {
    /// The file cannot be read.
    #[error("the deployment file {} cannot be read: deploy first, or name another", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The text is not a deployment file.
    #[error("{origin} is not a deployment file")]
    Malformed {
        /// Where the text is from.
        origin: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The file is of another version of the deployment script.
    #[error("{origin} has layout {found}, these bindings read layout {LAYOUT}: use those of the release that deployed")]
    OtherLayout {
        /// Where the text is from.
        origin: String,
        /// Layout in the file.
        found: u64,
    },
    /// The parts of the file do not fit each other.
    #[error(
        "{origin}: {field} is {found}, but chain id, address and genesis root give {expected}: the file was changed by hand"
    )]
    Inconsistent {
        /// Where the text is from.
        origin: String,
        /// Name of the field.
        field: &'static str,
        /// Its value.
        found: B256,
        /// What it would have to be.
        expected: B256,
    },
    /// The genesis root is none.
    #[error("{origin}: the genesis root {found} is not canonical: the file was changed by hand")]
    GenesisRoot {
        /// Where the text is from.
        origin: String,
        /// Its value.
        found: B256,
    },
    /// The file is of another chain than the one asked for.
    #[error("{origin} is of chain {found}, not {expected}")]
    OtherChain {
        /// Where the text is from.
        origin: String,
        /// Chain id in the file.
        found: u64,
        /// Chain id asked for.
        expected: u64,
    },
    /// No deployment on this chain comes with the crate.
    #[error(
        "no deployment on chain {chain_id} comes with these bindings (there are: {known:?}): read the file the deployment script wrote"
    )]
    NotCommitted {
        /// Chain id asked for.
        chain_id: u64,
        /// Chain ids there are.
        known: Vec<u64>,
    },
}

/// A node whose chain does not hold the deployment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The node follows another chain.
    #[error("the node follows chain {found}, the deployment is on chain {expected}")]
    OtherChain {
        /// Chain id of the node.
        found: u64,
        /// Chain id of the deployment.
        expected: u64,
    },
    /// A contract is not there, or another one is.
    #[error("{name} at {address} has code of hash {found}, the deployment file says {expected}: {}", hint(.found))]
    OtherCode {
        /// Name of the contract in the file.
        name: String,
        /// Its address.
        address: Address,
        /// Hash of the code there.
        found: B256,
        /// Hash in the file.
        expected: B256,
    },
    /// The node did not answer.
    #[error("the node did not answer")]
    Transport(#[from] TransportError),
}

/// A deployment: addresses, and what separates it from all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Version of the file's layout.
    pub layout: u64,
    /// The L1 chain.
    pub chain_id: u64,
    /// Its name, for people.
    pub name: String,
    /// A block not after the first event.
    pub from_block: u64,
    /// Salt of the addresses.
    pub salt: B256,
    /// Hash of the configuration deployed.
    pub config_hash: B256,
    /// Separates this deployment from all others (FMT-5).
    pub domain: B256,
    /// State root of the empty L2.
    pub genesis_root: B256,
    /// Accumulator before the first batch (FMT-8).
    pub genesis_acc: B256,
    /// Whether the verifier checks nothing: a private chain.
    pub mock_verifier: bool,
    /// Whether the verifier rests on a development setup, whose secret is public.
    pub insecure_setup: bool,
    /// The contracts.
    pub contracts: Contracts,
    /// Hash of the code of each contract, by its name in the file.
    pub code_hashes: BTreeMap<String, B256>,
}

/// Addresses of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contracts {
    /// The protocol.
    pub proof_of_efficiency: Address,
    /// The exit vault.
    pub exit_vault: Address,
    /// The router.
    pub router: Address,
    /// The verifier of route 1.
    pub verifier: Address,
    /// The L2's own rules.
    pub state_machine: Address,
    /// The owner.
    pub timelock: Address,
    /// The token of batch fees.
    pub fee_token: Address,
    /// The lens.
    pub lens: Address,
}

impl Deployment {
    /// The deployment on `chain_id` that comes with this crate.
    pub fn for_chain(chain_id: u64) -> Result<Self, DeploymentError> {
        let (_, text) = COMMITTED.iter().find(|(id, _)| *id == chain_id).ok_or_else(|| {
            let known = COMMITTED.iter().map(|(id, _)| *id).collect();
            DeploymentError::NotCommitted { chain_id, known }
        })?;
        Self::parse(text, &format!("the deployment on chain {chain_id}"))?.on_chain(chain_id)
    }

    /// Reads a file that the deployment script wrote.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DeploymentError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| DeploymentError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads `<chain_id>.json` in a folder of deployment files.
    pub fn read_from(folder: impl AsRef<Path>, chain_id: u64) -> Result<Self, DeploymentError> {
        Self::read(folder.as_ref().join(format!("{chain_id}.json")))?.on_chain(chain_id)
    }

    /// Reads the text of a deployment file; `origin` says in errors where it is from.
    pub fn parse(text: &str, origin: &str) -> Result<Self, DeploymentError> {
        /// Looked at first: of another layout nothing else need be there.
        #[derive(Deserialize)]
        struct OnlyLayout {
            layout: u64,
        }
        let malformed = |source| DeploymentError::Malformed {
            origin: origin.to_owned(),
            source,
        };
        let OnlyLayout { layout } = serde_json::from_str(text).map_err(malformed)?;
        if layout != LAYOUT {
            return Err(DeploymentError::OtherLayout {
                origin: origin.to_owned(),
                found: layout,
            });
        }
        let deployment: Self = serde_json::from_str(text).map_err(malformed)?;
        deployment.require_consistent(origin)?;
        Ok(deployment)
    }

    /// Asks a node whether its chain holds exactly these contracts.
    pub async fn verify<P: Provider<N>, N: Network>(&self, provider: &P) -> Result<(), VerifyError> {
        let found = provider.get_chain_id().await?;
        if found != self.chain_id {
            return Err(VerifyError::OtherChain {
                found,
                expected: self.chain_id,
            });
        }
        for (name, address) in self.contracts.named() {
            // A name without a hash is of no use to a check: then there is no file of the deployment script behind it.
            let expected = self.code_hashes.get(name).copied().unwrap_or_default();
            let found = keccak256(provider.get_code_at(address).await?);
            if found != expected {
                return Err(VerifyError::OtherCode {
                    name: name.to_owned(),
                    address,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }

    /// The protocol's contract.
    pub fn proof_of_efficiency<P: Provider<N>, N: Network>(&self, provider: P) -> ProofOfEfficiencyInstance<P, N> {
        ProofOfEfficiencyInstance::new(self.contracts.proof_of_efficiency, provider)
    }

    /// The exit vault.
    pub fn exit_vault<P: Provider<N>, N: Network>(&self, provider: P) -> ExitVaultInstance<P, N> {
        ExitVaultInstance::new(self.contracts.exit_vault, provider)
    }

    /// The router.
    pub fn router<P: Provider<N>, N: Network>(&self, provider: P) -> VerifierRouterInstance<P, N> {
        VerifierRouterInstance::new(self.contracts.router, provider)
    }

    /// The verifier of route 1.
    pub fn verifier<P: Provider<N>, N: Network>(&self, provider: P) -> IVerifierInstance<P, N> {
        IVerifierInstance::new(self.contracts.verifier, provider)
    }

    /// The L2's own rules.
    pub fn state_machine<P: Provider<N>, N: Network>(&self, provider: P) -> PaymentsStateMachineInstance<P, N> {
        PaymentsStateMachineInstance::new(self.contracts.state_machine, provider)
    }

    /// The lens.
    pub fn lens<P: Provider<N>, N: Network>(&self, provider: P) -> PoELensInstance<P, N> {
        PoELensInstance::new(self.contracts.lens, provider)
    }

    fn on_chain(self, expected: u64) -> Result<Self, DeploymentError> {
        if self.chain_id == expected {
            return Ok(self);
        }
        Err(DeploymentError::OtherChain {
            origin: format!("the deployment file for chain {expected}"),
            found: self.chain_id,
            expected,
        })
    }

    fn require_consistent(&self, origin: &str) -> Result<(), DeploymentError> {
        let core = self.contracts.proof_of_efficiency;
        let genesis = formats::genesis_acc(self.chain_id, core, self.genesis_root);
        let genesis = genesis.map_err(|_| DeploymentError::GenesisRoot {
            origin: origin.to_owned(),
            found: self.genesis_root,
        })?;
        let expected = [
            ("domain", self.domain, formats::domain(self.chain_id, core)),
            ("genesisAcc", self.genesis_acc, genesis),
        ];
        match expected.into_iter().find(|(_, found, expected)| found != expected) {
            None => Ok(()),
            Some((field, found, expected)) => Err(DeploymentError::Inconsistent {
                origin: origin.to_owned(),
                field,
                found,
                expected,
            }),
        }
    }
}

impl Contracts {
    /// Name in the file, and address, of every contract.
    pub const fn named(&self) -> [(&'static str, Address); 8] {
        [
            ("proofOfEfficiency", self.proof_of_efficiency),
            ("exitVault", self.exit_vault),
            ("router", self.router),
            ("verifier", self.verifier),
            ("stateMachine", self.state_machine),
            ("timelock", self.timelock),
            ("feeToken", self.fee_token),
            ("lens", self.lens),
        ]
    }
}

/// What a code hash says.
fn hint(found: &B256) -> &'static str {
    if *found == keccak256([]) {
        "no contract is there; was the chain started anew?"
    } else {
        "another contract is there"
    }
}

#[cfg(test)]
pub(crate) mod tests;
