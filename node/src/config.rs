// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where settings come from: a flag, else the environment, else the configuration file, else a default.

use crate::l1::{L1Client, L1Error, LARGEST_RANGE};
use crate::store::{DataDirectory, Identity, Store};
use crate::sync::Follower;
use clap::Args;
use poe_bindings::deployment::{Deployment, DeploymentError};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is wrong.
    #[error("configuration file {path}: {source}")]
    Parse {
        /// The file.
        path: String,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// There is no home to put data in.
    #[error("HOME is not set, so there is no default place for {what}; give {flag}")]
    NoHome {
        /// What is to be put there.
        what: &'static str,
        /// The flag that says where.
        flag: &'static str,
    },
    /// There is no deployment.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// A time that is none.
    #[error("poll-seconds is {found}: give a number of seconds that is not negative, for example 4")]
    PollSeconds {
        /// What was given.
        found: f64,
    },
}

/// Options of every command that talks to L1.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// URL of the L1 provider [default: http://127.0.0.1:8545]
    #[arg(
        long,
        env = "POE_RPC",
        value_name = "URL",
        global = true,
        help_heading = "Connection"
    )]
    rpc: Option<String>,
    /// Addresses file of the deployment [default: deployments/CHAIN-ID.json]
    #[arg(
        long,
        env = "POE_DEPLOYMENT",
        value_name = "FILE",
        global = true,
        help_heading = "Connection"
    )]
    deployment: Option<PathBuf>,
    /// Folder for what is kept, in a folder of its own for each command [default: $XDG_DATA_HOME/poe/DEPLOYMENT]
    #[arg(
        long,
        env = "POE_DATA_DIR",
        value_name = "FOLDER",
        global = true,
        help_heading = "Connection"
    )]
    data_dir: Option<PathBuf>,
    /// Most blocks to ask the provider for in one log query [default: 10000]
    #[arg(
        long,
        env = "POE_LOG_RANGE",
        value_name = "BLOCKS",
        global = true,
        help_heading = "Connection"
    )]
    log_range: Option<u64>,
    /// Seconds between looks at L1 [default: 4]
    #[arg(
        long,
        env = "POE_POLL_SECONDS",
        value_name = "SECONDS",
        global = true,
        help_heading = "Connection"
    )]
    poll_seconds: Option<f64>,
    /// URL of a sequencer's JSON-RPC, for sending transfers
    #[arg(
        long,
        env = "POE_SEQUENCER",
        value_name = "URL",
        global = true,
        help_heading = "Connection"
    )]
    sequencer: Option<String>,
    /// Configuration file [default: $XDG_CONFIG_HOME/poe/config.toml, if there is one]
    #[arg(
        long,
        env = "POE_NODE_CONFIG",
        value_name = "FILE",
        global = true,
        help_heading = "Connection"
    )]
    config: Option<PathBuf>,
}

/// The configuration file: the same names as the flags.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ConfigFile {
    rpc: Option<String>,
    deployment: Option<PathBuf>,
    data_dir: Option<PathBuf>,
    log_range: Option<u64>,
    poll_seconds: Option<f64>,
    sequencer: Option<String>,
}

/// All settings, decided.
#[derive(Clone, Debug)]
pub struct Settings {
    /// URL of the L1 provider.
    pub rpc: String,
    /// Addresses file, if one was named.
    pub deployment: Option<PathBuf>,
    /// Data directory, if one was named.
    pub data_dir: Option<PathBuf>,
    /// Most blocks in one log query.
    pub log_range: u64,
    /// Between looks at L1.
    pub poll: Duration,
    /// URL of a sequencer.
    pub sequencer: Option<String>,
}

impl Options {
    /// Reads the configuration file and decides.
    pub fn settle(&self) -> Result<Settings, ConfigError> {
        let file = self.file()?;
        let seconds = self.poll_seconds.or(file.poll_seconds).unwrap_or(4.0);
        Ok(Settings {
            rpc: self
                .rpc
                .clone()
                .or(file.rpc)
                .unwrap_or_else(|| "http://127.0.0.1:8545".into()),
            deployment: self.deployment.clone().or(file.deployment),
            data_dir: self.data_dir.clone().or(file.data_dir),
            log_range: self.log_range.or(file.log_range).unwrap_or(LARGEST_RANGE),
            poll: Duration::try_from_secs_f64(seconds)
                .map_err(|_| ConfigError::PollSeconds { found: seconds })?
                .max(Duration::from_millis(50)),
            sequencer: self.sequencer.clone().or(file.sequencer),
        })
    }

    fn file(&self) -> Result<ConfigFile, ConfigError> {
        let path = match &self.config {
            Some(path) => path.clone(),
            None => match base("XDG_CONFIG_HOME", ".config").map(|base| base.join("poe/config.toml")) {
                Some(path) if path.exists() => path,
                _ => return Ok(ConfigFile::default()),
            },
        };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Read {
            path: shown.clone(),
            source,
        })?;
        toml::from_str(&text).map_err(|source| ConfigError::Parse {
            path: shown,
            source: Box::new(source),
        })
    }
}

impl Settings {
    /// The deployment: the file that was named, else that of the provider's chain.
    pub async fn read_deployment(&self) -> Result<Deployment, OpenError> {
        let found = match &self.deployment {
            Some(path) => Deployment::read(path),
            None => default_deployment(L1Client::chain_of(&self.rpc).await?),
        };
        Ok(found.map_err(ConfigError::from)?)
    }

    /// The data directory of a `purpose`: commands that share their settings do not lock each other out.
    pub fn data_directory(&self, deployment: &Deployment, purpose: &str) -> Result<PathBuf, ConfigError> {
        let shared = match &self.data_dir {
            Some(path) => path.clone(),
            None => data_home()?.join(short_name(deployment)),
        };
        Ok(shared.join(purpose))
    }

    /// Connects to L1 and opens the store of `purpose`. `from` is the first block to look at if the store is new.
    pub async fn open(&self, purpose: &str, from: Option<u64>) -> Result<(Deployment, Follower), OpenError> {
        let deployment = self.read_deployment().await?;
        let client = L1Client::connect(&self.rpc, deployment.chain_id, deployment.contracts.clone()).await?;
        let client = client.with_largest_range(self.log_range);
        let identity = Identity {
            chain_id: deployment.chain_id,
            contract: deployment.contracts.proof_of_efficiency.into(),
            exit_delay: client.exit_delay().await?,
            start: from.unwrap_or(deployment.from_block).saturating_sub(1),
        };
        let path = self.data_directory(&deployment, purpose)?;
        let directory = DataDirectory::lock(&path).map_err(crate::store::StoreError::from)?;
        let store = Store::open(directory, identity)?;
        Ok((deployment, Follower::new(client, store)))
    }
}

/// Why a node cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// L1.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// The file below the present folder, if there is one, else the deployment that comes with the program.
fn default_deployment(chain_id: u64) -> Result<Deployment, DeploymentError> {
    let path = Path::new("deployments").join(format!("{chain_id}.json"));
    if path.exists() {
        Deployment::read(path)
    } else {
        Deployment::for_chain(chain_id)
    }
}

/// A short name for folders: chain and the start of the contract's address.
fn short_name(deployment: &Deployment) -> String {
    let address = hex::encode(&deployment.contracts.proof_of_efficiency[..4]);
    format!("{}-{address}", deployment.chain_id)
}

/// Where data goes by default.
pub fn data_home() -> Result<PathBuf, ConfigError> {
    let none = ConfigError::NoHome {
        what: "data",
        flag: "--data-dir",
    };
    base("XDG_DATA_HOME", ".local/share")
        .map(|base| base.join("poe"))
        .ok_or(none)
}

fn base(variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set(variable)
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&set("HOME")?).join(below_home)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(file: &str) -> (tempfile::NamedTempFile, Options) {
        let config = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(config.path(), file).unwrap();
        let options = Options {
            config: Some(config.path().into()),
            ..Options::default()
        };
        (config, options)
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let (_file, mut options) = options("rpc = \"http://file:1\"\nlog-range = 7\n");
        let settings = options.settle().unwrap();
        assert_eq!((settings.rpc.as_str(), settings.log_range), ("http://file:1", 7));
        options.rpc = Some("http://flag:1".into());
        assert_eq!(options.settle().unwrap().rpc, "http://flag:1");
        let (_file, options) = self::options("");
        assert_eq!(options.settle().unwrap().rpc, "http://127.0.0.1:8545");
    }

    #[test]
    fn a_time_that_is_none_is_refused() {
        for seconds in [-1.0, f64::NAN, f64::INFINITY] {
            let options = Options {
                config: Some("/dev/null".into()),
                poll_seconds: Some(seconds),
                ..Options::default()
            };
            assert!(
                matches!(options.settle(), Err(ConfigError::PollSeconds { .. })),
                "{seconds}"
            );
        }
    }

    #[test]
    fn an_unknown_name_and_a_missing_file_are_clear_errors() {
        let (file, options) = options("rcp = \"http://file:1\"\n");
        let error = options.settle().unwrap_err().to_string();
        assert!(
            error.contains("rcp") && error.contains(&file.path().display().to_string()),
            "{error}"
        );
        let missing = Options {
            config: Some("missing.toml".into()),
            ..Options::default()
        };
        assert!(matches!(missing.settle(), Err(ConfigError::Read { .. })));
    }
}
