// SPDX-License-Identifier: MIT OR Apache-2.0
//! A conflict with a real proof, and the settlement after it, by daemons that are killed at any moment. The false checkpoint is one that
//! the mock verifier accepted before its route was frozen in favour of one whose verifier checks proofs: no false proof of that one can be had.

use crate::campaign::Campaign;
use crate::campaign_kill::pause;
use crate::chain::{ALICE, Chain, DEPLOYER};
use crate::process::{Killed, json, poe};
use crate::subject;

use alloy::primitives::U256;
use alloy::providers::ext::AnvilApi;
use poe_bindings::contracts::{ProofOfEfficiency, VerifierRouter};
use poe_node::proving::ProvingOptions;
use poe_node::proving::child::Prover;
use poe_node::sync::Follower;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough to prove on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// Circuits and keys are made once for all runs; `make test` names the folder of the other commands.
fn cache() -> PathBuf {
    let own = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("proving-cache");
    std::env::var_os("POE_CACHE").map_or_else(own, PathBuf::from)
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

/// `poe` with real proofs, its queue and proofs those of every other run.
fn daemon(chain: &Chain, folder: &Path, command: &str, more: &[&str]) -> Command {
    let mut process = poe(
        chain,
        folder,
        &[command, "--json", "--poll-seconds", "0.5", "--insecure-dev-srs"],
    );
    process
        .args(more)
        .arg("--queue")
        .arg(format!("sqlite:{}", folder.join("jobs.db").display()))
        .arg("--proofs")
        .arg(folder.join("proofs"))
        .arg("--anvil")
        .arg(subject::anvil())
        .arg("--cache")
        .arg(cache())
        .arg("--machine-lock")
        .arg(lock());
    process
}

/// Starts a service and kills it, each time after as long as `draw` says.
async fn kill_again_and_again(draw: &mut Campaign, most_ms: u64, mut command: impl FnMut() -> Command) {
    for _ in 0..draw.rounds {
        let mut process = Killed(command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        pause(draw, most_ms).await;
        let ended = process.0.try_wait().unwrap();
        assert!(ended.is_none_or(|status| status.success()), "{ended:?}");
    }
}

/// Two batches, and a checkpoint that says they change nothing: accepted by a route that has been frozen since.
async fn with_a_false_checkpoint(chain: &Chain, follower: &mut Follower) {
    let successor = add_route(chain).await;
    follower.sync_once().await.unwrap();
    let genesis = chain.deployment.genesis_root;
    chain
        .verify(&follower.view().unwrap(), 2, |claim| claim.newStateRoot = genesis)
        .await;
    freeze_for(chain, successor).await;
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn a_false_checkpoint_is_contested_with_a_real_proof() {
    let mut draw = Campaign::begin("a_false_checkpoint_is_contested_with_a_real_proof", 1);
    let (chain, folder) = (subject::chain_with(2).await, tempfile::tempdir().unwrap());
    make_keys(folder.path()).await;
    let mut follower = chain.follower(&folder.path().join("own")).await;
    with_a_false_checkpoint(&chain, &mut follower).await;
    // However long this machine proves, nothing matures meanwhile.
    chain.provider.anvil_set_block_timestamp_interval(1).await.unwrap();
    let core = ProofOfEfficiency::new(chain.core(), chain.provider.clone());
    let before = chain.transactions_of(ALICE).await.0;

    // Ends by itself only with all done: halted and rewound.
    let watch = || daemon(&chain, folder.path(), "watch", &["--once"]);
    kill_again_and_again(&mut draw, 20_000, watch).await;
    let done = json(&watch().output().unwrap());
    assert_eq!((&done["status"], &done["lastVerified"]), (&"halted".into(), &0.into()));
    let transactions = done["transactions"].as_array().unwrap();
    assert_eq!(transactions.len(), 2, "{done}");
    assert!(transactions.iter().all(|done| done["accepted"] == true), "{done}");
    assert_eq!(transactions[0]["halt"], serde_json::json!({ "start": 0, "end": 2 }));
    let head = core.head().call().await.unwrap();
    assert_eq!((head.status, head.lastVerified.to::<u64>()), (1, 0));
    // A second watcher has nothing to do.
    let again = json(&watch().output().unwrap());
    assert_eq!(again["transactions"], done["transactions"]);
    assert_eq!(chain.transactions_of(ALICE).await, (before + 2, 0));
    let owner = core.owner().call().await.unwrap();
    assert_ne!(DEPLOYER, owner, "the owner had no part in it");

    // The chain goes on, and the batches are settled with what has been proven.
    let resume = ProofOfEfficiency::resumeCall { version: head.version };
    chain.send(owner, chain.core(), resume, 0).await;
    // The false proof was paid for them, so that only who wants the chain to live proves them again.
    let aggregate = || {
        daemon(
            &chain,
            folder.path(),
            "aggregator",
            &["--strategy", "interval", "--every", "1"],
        )
    };
    kill_again_and_again(&mut draw, 10_000, aggregate).await;
    let process = Killed(aggregate().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let begun = Instant::now();
    while core.head().call().await.unwrap().lastVerified.to::<u64>() < 2 {
        assert!(begun.elapsed() < PATIENCE, "nothing was settled");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    drop(process);
    assert_eq!(chain.transactions_of(ALICE).await, (before + 3, 0));
    follower.sync_once().await.unwrap();
    let disputed = follower.view().unwrap().disputed().unwrap();
    assert!(disputed.is_none(), "what L1 took is not what the batches lead to");
}
