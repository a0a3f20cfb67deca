// SPDX-License-Identifier: MIT OR Apache-2.0

use super::l1_key::dev_signer;
use super::output::Output;
use super::sync::stop_signal;
use crate::config::{ConfigError, data_home};
use crate::demo::{self, DemoOptions};
use anyhow::{Result, bail};
use clap::Args;
use std::path::PathBuf;

/// Chain id of the private chain.
const PRIVATE_CHAIN: u64 = 31_337;

/// Show the whole protocol on a private chain, with real proofs
///
/// Starts anvil, deploys the contracts with the generated verifier, lets sequencers and users post real transactions and rubbish, lets
/// aggregators race with real proofs, claims an exit, and checks every balance to the wei. Takes about ten minutes on two cores, four
/// with --quick. Needs the repository, forge and anvil (make deps). The trusted setup is the development one: everybody knows its secret.
#[derive(Args, Debug)]
pub(super) struct DemoArguments {
    /// One sequencer, two aggregators, one proof
    #[arg(long)]
    quick: bool,
    /// The repository
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    root: PathBuf,
    /// Folder of circuits, keys and the development setup, about 1 GB [default: $XDG_DATA_HOME/poe/demo-cache]
    #[arg(long, env = "POE_CACHE", value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// Plain lines instead of a progress bar
    #[arg(long)]
    plain: bool,
}

impl DemoArguments {
    pub(super) async fn run(self, output: Output) -> Result<()> {
        let cache = self
            .cache
            .map_or_else(|| data_home().map(|home| home.join("demo-cache")), Ok::<_, ConfigError>)?;
        let keys = (0..10)
            .map(|number| dev_signer(number, PRIVATE_CHAIN))
            .collect::<Result<_>>()?;
        let root = std::fs::canonicalize(self.root)?;
        let options = DemoOptions {
            quick: self.quick,
            root,
            cache,
            plain: self.plain || output.json,
            keys,
        };
        let shown = tokio::select! {
            shown = demo::run(&options) => shown?,
            // What it has started and written goes with it.
            () = stop_signal() => bail!("interrupted"),
        };
        output.print(&shown)
    }
}
