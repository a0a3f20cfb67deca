// SPDX-License-Identifier: MIT OR Apache-2.0
//! The private chain: anvil, the generated verifier, and the script that deploys everywhere.

use super::actors::{Actor, Ledger};
use super::screen::Screen;
use crate::agent::anvil::Anvil;
use alloy::primitives::Address;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use anyhow::{Context as _, Result, bail};
use poe_bindings::Deployment;
use poe_bindings::contracts::batch_verifier_insecure_dev::BatchVerifierInsecureDev;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::process::Command;
use tokio::task::JoinHandle;

/// Between blocks; transactions are mined at once besides.
const BLOCK_TIME: Duration = Duration::from_secs(2);

/// A running chain with the contracts on it; it ends, and its files go, when this is dropped.
pub(super) struct Chain {
    _anvil: Anvil,
    _folder: Scratch,
    pub(super) url: String,
    pub(super) provider: DynProvider,
    pub(super) deployment: Deployment,
    pub(super) deployment_file: PathBuf,
    pub(super) ledger: Ledger,
    clock: JoinHandle<()>,
    stopped: Arc<AtomicBool>,
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.clock.abort();
    }
}

/// A folder that goes when this is dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort: an error on the way has its own message.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A tool of foundry: where `make deps` links it, else from the path.
pub(super) fn tool(root: &Path, name: &str) -> PathBuf {
    let linked = root.join("target/bin").join(name);
    if linked.exists() { linked } else { name.into() }
}

impl Chain {
    pub(super) async fn start(root: &Path, deployer: &Actor, screen: &Screen) -> Result<Self> {
        if !root.join("script/Deploy.s.sol").exists() {
            bail!(
                "{} is not the repository: there is no script/Deploy.s.sol; give --root",
                root.display()
            );
        }
        let anvil = Anvil::start(&tool(root, "anvil"), &[]).await?;
        let url = anvil.url.clone();
        let provider = ProviderBuilder::new().connect_http(url.parse()?).erased();
        let ledger = Ledger::default();
        let verifier = deploy_verifier(&url, deployer, &ledger).await?;
        screen.line(format!(
            "  BatchVerifierInsecureDev, generated from the halo2 key, at {verifier}"
        ));
        // The script reads and writes below deployments/ only.
        let folder = Scratch(root.join(format!("deployments/rehearsal/demo-{}", std::process::id())));
        std::fs::create_dir_all(&folder.0)?;
        let file = folder.0.join("31337.json");
        write_config(root, &folder.0.join("config.json"), verifier)?;
        deploy_contracts(root, &folder.0, &url, deployer.address()).await?;
        let deployment = Deployment::read(&file)?;
        if deployment.mock_verifier {
            bail!("the deployment took the mock verifier: the demonstration is of real proofs");
        }
        let stopped = Arc::new(AtomicBool::new(false));
        let clock = tokio::spawn(tick(provider.clone(), Arc::clone(&stopped)));
        Ok(Self {
            clock,
            stopped,
            _anvil: anvil,
            _folder: folder,
            url,
            provider,
            deployment,
            deployment_file: file,
            ledger,
        })
    }

    /// Holds back blocks, so that what is sent meanwhile comes into one; or goes on.
    pub(super) async fn hold(&self, hold: bool) -> Result<()> {
        self.stopped.store(hold, Ordering::Relaxed);
        let _: Value = self.provider.raw_request("evm_setAutomine".into(), (!hold,)).await?;
        if !hold {
            let _: Value = self.provider.raw_request("evm_mine".into(), ()).await?;
        }
        Ok(())
    }

    /// Lets time pass on the private chain.
    pub(super) async fn travel(&self, seconds: u64) -> Result<()> {
        let _: Value = self.provider.raw_request("evm_increaseTime".into(), (seconds,)).await?;
        let _: Value = self.provider.raw_request("evm_mine".into(), ()).await?;
        Ok(())
    }
}

/// A block now and then, as on a public chain. One that fails is not missed.
async fn tick(provider: DynProvider, stopped: Arc<AtomicBool>) {
    loop {
        tokio::time::sleep(BLOCK_TIME).await;
        if !stopped.load(Ordering::Relaxed) {
            let _ = provider.raw_request::<_, Value>("evm_mine".into(), ()).await;
        }
    }
}

async fn deploy_verifier(url: &str, deployer: &Actor, ledger: &Ledger) -> Result<Address> {
    let provider = ProviderBuilder::new()
        .wallet(deployer.signer.clone())
        .connect_http(url.parse()?);
    let receipt = BatchVerifierInsecureDev::deploy_builder(&provider)
        .send()
        .await?
        .get_receipt()
        .await?;
    ledger.record(deployer, "deploy the verifier", &receipt, 0);
    receipt.contract_address.context("the verifier was not deployed")
}

/// The private chain's configuration with the generated verifier in place of the mock, and the delays that its prover needs.
fn write_config(root: &Path, path: &Path, verifier: Address) -> Result<()> {
    let template = std::fs::read_to_string(root.join("script/config/31337.json"))?;
    let mut config: Value = serde_json::from_str(&template)?;
    config["verifier"] = json!({ "address": verifier.to_checksum(None) });
    config["delays"]["about"] =
        json!("64 batches of 20 s, twice: exits wait 2,560 s; routes longer than a forced exit.");
    config["delays"]["batchProvingSeconds"] = json!(20);
    config["delays"]["exitDelaySeconds"] = json!(2_560);
    config["delays"]["routeDelaySeconds"] = json!(100_000);
    config["delays"]["escapeDelaySeconds"] = json!(200_000);
    Ok(std::fs::write(path, serde_json::to_string_pretty(&config)?)?)
}

async fn deploy_contracts(root: &Path, folder: &Path, url: &str, deployer: Address) -> Result<()> {
    let inside = folder.strip_prefix(root)?;
    let output = Command::new(tool(root, "forge"))
        .current_dir(root)
        .args([
            "script",
            "script/Deploy.s.sol",
            "--broadcast",
            "--slow",
            "--unlocked",
            "--rpc-url",
            url,
        ])
        .args(["--sender", &deployer.to_string()])
        .env("POE_CONFIG", inside.join("config.json"))
        .env("POE_DEPLOYMENT", inside.join("31337.json"))
        .env("POE_ALLOW_INSECURE_SETUP", "true")
        .env_remove("POE_ALLOW_MOCK_VERIFIER")
        .env("FOUNDRY_CACHE_PATH", "cache/Deploy.s.sol")
        .env("FOUNDRY_DISABLE_NIGHTLY_WARNING", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("starting forge: `make deps` installs it")?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!("script/Deploy.s.sol failed:\n{}", String::from_utf8_lossy(&text));
    }
    Ok(())
}
