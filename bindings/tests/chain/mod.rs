// SPDX-License-Identifier: MIT OR Apache-2.0
//! A private chain with the contracts on it, deployed by the script that every deployment goes through. Shared by the tests of
//! both crates, so it knows neither alloy nor ethers.

use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Anvil's first published account, which has ether on its chains and nowhere else.
const DEPLOYER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// Its key.
pub(crate) const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A running anvil; it ends, and the files go, when this is dropped.
pub(crate) struct Chain {
    anvil: Child,
    folder: PathBuf,
    /// Where it answers.
    pub(crate) rpc_url: String,
    /// The file the deployment script wrote.
    pub(crate) deployment: PathBuf,
}

impl Chain {
    /// Starts anvil on a free port and deploys.
    pub(crate) fn start() -> Result<Self> {
        let root = root();
        // The script may write below deployments/ only.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = root
            .join("deployments")
            .join(format!("test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let mut anvil = tool("anvil")
            .args(["--host", "127.0.0.1", "--port", "0", "--hardfork", "osaka"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting anvil: `make deps` installs it, `eval \"$(make -s env)\"` finds it")?;
        let output = anvil.stdout.take().context("anvil has no output")?;
        let mut chain = Self {
            anvil,
            deployment: folder.join("31337.json"),
            folder,
            rpc_url: String::new(),
        };
        let mut lines = BufReader::new(output).lines();
        let port = lines.by_ref().map_while(Result::ok);
        let mut port = port.filter_map(|line| Some(line.strip_prefix("Listening on ")?.to_owned()));
        chain.rpc_url = format!("http://{}", port.next().context("anvil opened no port")?);
        // Read on, or a full pipe stops anvil.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        chain.deploy(&root)?;
        Ok(chain)
    }

    fn deploy(&self, root: &Path) -> Result<()> {
        // Two runs of forge at a time would write the same cache.
        let lock = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("forge.lock"))?;
        lock.lock()?;
        let output = tool("forge")
            .current_dir(root)
            .args(["script", "script/Deploy.s.sol", "--broadcast", "--slow", "--unlocked"])
            .args(["--sender", DEPLOYER, "--rpc-url", &self.rpc_url])
            .env("POE_ALLOW_MOCK_VERIFIER", "true")
            .env("POE_DEPLOYMENT", self.deployment.strip_prefix(root)?)
            .env_remove("POE_CONFIG")
            // Of its own: a script's build would drop the rest of the tree from the shared one.
            .env("FOUNDRY_CACHE_PATH", "cache/Deploy.s.sol")
            .env("FOUNDRY_DISABLE_NIGHTLY_WARNING", "1")
            .stdin(Stdio::null())
            .output()
            .context("starting forge: `make deps` installs it, `eval \"$(make -s env)\"` finds it")?;
        if !output.status.success() {
            let text = [output.stdout, output.stderr].concat();
            bail!("the deployment failed:\n{}", String::from_utf8_lossy(&text));
        }
        Ok(())
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // Best effort: a test that panics has its own message.
        let _ = self.anvil.kill();
        let _ = self.anvil.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The repository: the nearest folder above the crate that has a `foundry.toml`.
fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = crate_folder
        .ancestors()
        .find(|folder| folder.join("foundry.toml").exists());
    root.unwrap_or(crate_folder).to_owned()
}

/// A tool of foundry: where `make deps` links it, else from the `PATH`.
fn tool(name: &str) -> Command {
    let linked = root().join("target/bin").join(name);
    Command::new(if linked.exists() { linked } else { name.into() })
}
