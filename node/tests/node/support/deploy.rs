// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contracts on a private chain: by the script that testnets use, once; after that from the state it has led to, as long as neither
//! contracts nor script change.

use crate::chain::{DEPLOYER, repository, tool};
use alloy::providers::{DynProvider, Provider as _};
use poe_rollup::formats::Capacity;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Puts the contracts on a new chain; the addresses file. One at a time: forge keeps its build in the repository.
pub async fn deploy(provider: &DynProvider, url: &str, capacity: Option<Capacity>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(folder).unwrap();
    let lock = File::create(folder.join("forge.lock")).unwrap();
    lock.lock().unwrap();
    let relative = Path::new("deployments/node-tests").join(format!("{}.json", unique_name()));
    let path = repository().join(&relative);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let kept = folder.join(format!("deployed-{}.json", sources(capacity)));
    // Tests create contracts of the build.
    let is_built = repository().join("out/SequencingContract.sol").exists();
    if let Some([state, addresses]) = read(&kept).filter(|_| is_built) {
        let loaded = provider.raw_request("anvil_loadState".into(), (state,)).await;
        assert!(loaded.unwrap_or(false), "anvil does not take {}", kept.display());
        fs::write(&path, addresses).unwrap();
        return path;
    }
    run_script(url, &relative, capacity);
    let state: String = provider.raw_request("anvil_dumpState".into(), (true,)).await.unwrap();
    let whole = serde_json::to_vec(&[state, fs::read_to_string(&path).unwrap()]).unwrap();
    let draft = kept.with_extension("new");
    fs::write(&draft, whole).unwrap();
    fs::rename(draft, kept).unwrap();
    path
}

fn read(kept: &Path) -> Option<[String; 2]> {
    serde_json::from_slice(&fs::read(kept).ok()?).ok()
}

/// What the state of a deployment follows from.
fn sources(capacity: Option<Capacity>) -> String {
    let root = repository();
    let mut files = vec![root.join("foundry.toml"), root.join("package-lock.json")];
    let mut folders: Vec<PathBuf> = ["contracts", "script", "test/mocks"].map(|name| root.join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut digest = Sha256::new().chain_update(format!("{capacity:?}"));
    for file in files {
        digest.update(Sha256::digest(
            file.strip_prefix(&root).unwrap().to_string_lossy().as_bytes(),
        ));
        digest.update(Sha256::digest(fs::read(file).unwrap()));
    }
    hex::encode(&digest.finalize()[..8])
}

fn run_script(url: &str, relative: &Path, capacity: Option<Capacity>) {
    let mut environment = vec![
        ("POE_ALLOW_MOCK_VERIFIER", "true".to_owned()),
        ("POE_DEPLOYMENT", relative.display().to_string()),
        // Of its own: a script's build would drop the rest of the tree from the shared one.
        ("FOUNDRY_CACHE_PATH", "cache/Deploy.s.sol".to_owned()),
    ];
    let config = relative.with_extension("config.json");
    if let Some(capacity) = capacity {
        fs::write(repository().join(&config), configuration(capacity)).unwrap();
        environment.push(("POE_CONFIG", config.display().to_string()));
    }
    forge(&["build"], &[]);
    let script = [
        "script",
        "script/Deploy.s.sol",
        "--rpc-url",
        url,
        "--broadcast",
        // One transaction after another: sent at once, one may overtake another, and its nonce is a gap.
        "--slow",
        "--unlocked",
        "--sender",
        &DEPLOYER.to_string(),
    ];
    forge(&script, &environment);
    let _ = fs::remove_file(repository().join(config));
}

/// That of private chains, with a mock verifier of another capacity.
fn configuration(capacity: Capacity) -> String {
    let usual = repository().join("script/config/31337.json");
    let mut config: serde_json::Value = serde_json::from_str(&fs::read_to_string(usual).unwrap()).unwrap();
    let Capacity { slots, messages, exits } = capacity;
    for (name, value) in [("mockSlots", slots), ("mockMessages", messages), ("mockExits", exits)] {
        config["verifier"][name] = value.into();
    }
    config.to_string()
}

/// Tests run as threads of one process or as processes of their own.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn forge(arguments: &[&str], environment: &[(&str, String)]) {
    let output = Command::new(tool("forge"))
        .current_dir(repository())
        .args(arguments)
        .env_remove("POE_CONFIG")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .output()
        .expect("forge is needed: run make deps");
    let text = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "forge {arguments:?} failed:\n{}",
        String::from_utf8_lossy(&text)
    );
}
