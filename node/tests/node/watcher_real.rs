// SPDX-License-Identifier: MIT OR Apache-2.0
//! A conflict with a real proof. The false checkpoint is one that the mock verifier accepted before its route was frozen in favour of
//! one whose verifier checks proofs: no false proof of that one can be had.

use crate::chain::{Chain, DEPLOYER};
use crate::process::{json, poe};
use crate::subject;

use alloy::primitives::U256;
use alloy::providers::ext::AnvilApi;
use poe_bindings::contracts::{ProofOfEfficiency, VerifierRouter};
use poe_node::proving::ProvingOptions;
use poe_node::proving::child::Prover;
use std::path::{Path, PathBuf};

/// Circuits and keys are made once for all runs.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("proving-cache")
}

fn lock() -> PathBuf {
    std::env::temp_dir().join("poe-machine.lock")
}

/// Makes circuits and keys, which would take longer than the exit delay of this chain.
async fn make_keys(scratch: &Path) {
    let options = ProvingOptions::for_development(scratch, cache(), lock());
    let opened = options.open_with(Prover::new(env!("CARGO_BIN_EXE_poe"))).await.unwrap();
    let key = opened.key().await.unwrap();
    let manifest = include_str!("../../../contracts/verifiers/BatchVerifierInsecureDev.json");
    assert!(manifest.contains(&hex::encode(key.vk_digest)), "{key:?}");
}

/// A route to the verifier that checks proofs, active.
async fn add_route(chain: &Chain) -> u16 {
    let verifier = chain
        .create("BatchVerifierInsecureDev.sol/BatchVerifierInsecureDev.json")
        .await;
    let router = VerifierRouter::new(chain.deployment.contracts.router, chain.provider.clone());
    let owner = router.owner().call().await.unwrap();
    chain.provider.anvil_impersonate_account(owner).await.unwrap();
    let ether = U256::from(10u64).pow(U256::from(20u64));
    chain.provider.anvil_set_balance(owner, ether).await.unwrap();
    chain
        .send(owner, *router.address(), VerifierRouter::addRouteCall { verifier }, 0)
        .await;
    chain.pass_time(router.delay().call().await.unwrap().to()).await;
    router.latestVersion().call().await.unwrap()
}

async fn freeze_for(chain: &Chain, successor: u16) {
    let router = VerifierRouter::new(chain.deployment.contracts.router, chain.provider.clone());
    let owner = router.owner().call().await.unwrap();
    let call = VerifierRouter::freezeRouteCall { version: 1, successor };
    chain.send(owner, *router.address(), call, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_checkpoint_is_contested_with_a_real_proof() {
    let (chain, folder) = (subject::chain_with(2).await, tempfile::tempdir().unwrap());
    make_keys(folder.path()).await;
    let successor = add_route(&chain).await;
    let mut follower = chain.follower(&folder.path().join("own")).await;
    follower.sync_once().await.unwrap();
    let genesis = chain.deployment.genesis_root;
    chain
        .verify(&follower.view().unwrap(), 2, |claim| claim.newStateRoot = genesis)
        .await;
    freeze_for(&chain, successor).await;
    // However long this machine proves, nothing matures meanwhile.
    chain.provider.anvil_set_block_timestamp_interval(1).await.unwrap();

    let (anvil, cache, lock) = (subject::anvil(), cache(), lock());
    let arguments = [
        "watch",
        "--once",
        "--json",
        "--poll-seconds",
        "0.5",
        "--insecure-dev-srs",
        "--anvil",
        anvil.to_str().unwrap(),
        "--cache",
        cache.to_str().unwrap(),
        "--machine-lock",
        lock.to_str().unwrap(),
    ];
    let done = json(&poe(&chain, folder.path(), &arguments).output().unwrap());
    assert_eq!((&done["status"], &done["lastVerified"]), (&"halted".into(), &0.into()));
    let transactions = done["transactions"].as_array().unwrap();
    assert_eq!(transactions.len(), 2, "{done}");
    assert!(transactions.iter().all(|done| done["accepted"] == true), "{done}");
    assert_eq!(transactions[0]["halt"], serde_json::json!({ "start": 0, "end": 2 }));
    let core = ProofOfEfficiency::new(chain.core(), chain.provider.clone());
    let head = core.head().call().await.unwrap();
    assert_eq!((head.status, head.lastVerified.to::<u64>()), (1, 0));
    follower.sync_once().await.unwrap();
    // A second watcher has nothing to do.
    let again = json(&poe(&chain, folder.path(), &arguments).output().unwrap());
    assert_eq!(again["transactions"], done["transactions"]);
    assert_ne!(
        DEPLOYER,
        core.owner().call().await.unwrap(),
        "the owner had no part in it"
    );
}
