// SPDX-License-Identifier: MIT OR Apache-2.0
//! The addresses file `deployments/<chainId>.json`, which the deployment script writes.

use crate::l1::Contracts;
use alloy::primitives::{Address, B256};
use serde::Deserialize;
use std::path::{Path, PathBuf};

const LAYOUT: u64 = 1;

/// Why there is no deployment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentError {
    /// The file cannot be read.
    #[error("cannot read the addresses file {path} ({source}); name the file the deployment script wrote with --deployment")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{path} is not an addresses file: {source}")]
    Parse {
        /// The file.
        path: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A later layout.
    #[error("the addresses file {path} has layout {found}, this program reads layout {LAYOUT}")]
    Layout {
        /// The file.
        path: String,
        /// The layout found.
        found: u64,
    },
    /// The file names a domain that does not follow from its chain and contract.
    #[error("the addresses file {path} names domain {found}, but its chain and contract have {expected}: it was edited or is damaged")]
    Domain {
        /// The file.
        path: String,
        /// What the file says.
        found: B256,
        /// What follows from chain and contract.
        expected: B256,
    },
}

/// A deployment.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    layout: u64,
    /// Its chain.
    pub chain_id: u64,
    /// Name of the chain.
    pub name: String,
    /// A block not after its first event.
    pub from_block: u64,
    /// Whether its verifier accepts anything: for tests only.
    pub mock_verifier: bool,
    /// Whether its verifier rests on a setup whose secret is public.
    pub insecure_setup: bool,
    domain: B256,
    contracts: Addresses,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Addresses {
    proof_of_efficiency: Address,
    exit_vault: Address,
    router: Address,
    fee_token: Address,
    lens: Address,
}

impl Deployment {
    /// Reads an addresses file.
    pub fn read(path: &Path) -> Result<Self, DeploymentError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| DeploymentError::Read { path: shown.clone(), source })?;
        let found: Self = serde_json::from_str(&text)
            .map_err(|source| DeploymentError::Parse { path: shown.clone(), source })?;
        if found.layout != LAYOUT {
            return Err(DeploymentError::Layout { path: shown, found: found.layout });
        }
        let core = found.contracts.proof_of_efficiency.into_array();
        let expected = B256::from(poe_rollup::formats::domain(found.chain_id, &core));
        if found.domain != expected {
            return Err(DeploymentError::Domain { path: shown, found: found.domain, expected });
        }
        Ok(found)
    }

    /// Where the script puts the file of a chain, seen from the repository.
    pub fn default_path(chain_id: u64) -> PathBuf {
        Path::new("deployments").join(format!("{chain_id}.json"))
    }

    /// The contracts the node talks to.
    pub const fn contracts(&self) -> Contracts {
        Contracts {
            core: self.contracts.proof_of_efficiency,
            router: self.contracts.router,
            exit_vault: self.contracts.exit_vault,
            lens: self.contracts.lens,
            fee_token: self.contracts.fee_token,
        }
    }

    /// A short name for folders: chain and the start of the contract's address.
    pub fn short_name(&self) -> String {
        let address = hex::encode(&self.contracts.proof_of_efficiency[..4]);
        format!("{}-{address}", self.chain_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(change: impl Fn(&mut serde_json::Value)) -> tempfile::NamedTempFile {
        let core = Address::repeat_byte(1);
        let domain = B256::from(poe_rollup::formats::domain(31337, &core.into_array()));
        let mut json = serde_json::json!({
            "layout": 1, "chainId": 31337, "name": "anvil", "fromBlock": 3, "mockVerifier": true, "insecureSetup": true,
            "domain": domain, "codeHashes": {},
            "contracts": {
                "proofOfEfficiency": core, "exitVault": core, "router": core, "feeToken": core, "lens": core,
                "timelock": core, "verifier": core, "stateMachine": core,
            },
        });
        change(&mut json);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), json.to_string()).unwrap();
        file
    }

    #[test]
    fn a_file_of_the_script_is_read() {
        let found = Deployment::read(file(|_| ()).path()).unwrap();
        assert_eq!((found.chain_id, found.from_block), (31337, 3));
        assert_eq!(found.short_name(), "31337-01010101");
    }

    #[test]
    fn another_layout_a_wrong_domain_and_rubbish_are_refused() {
        let read = |change: fn(&mut serde_json::Value)| Deployment::read(file(change).path()).unwrap_err();
        assert!(matches!(read(|j| j["layout"] = 2.into()), DeploymentError::Layout { found: 2, .. }));
        assert!(matches!(read(|j| j["chainId"] = 1.into()), DeploymentError::Domain { .. }));
        assert!(matches!(read(|j| j["contracts"]["lens"] = "x".into()), DeploymentError::Parse { .. }));
        assert!(matches!(Deployment::read(Path::new("none.json")), Err(DeploymentError::Read { .. })));
    }
}
