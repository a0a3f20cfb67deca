// SPDX-License-Identifier: MIT OR Apache-2.0
//! The follower against providers that fail, lag and leave out: anvil behind a proxy.

use crate::chain;
use crate::proxy;

use alloy::primitives::B256;
use alloy::providers::Provider as _;
use alloy::sol_types::SolCall as _;
use chain::{Chain, DEPLOYER};
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency;
use poe_node::l1::L1Error;
use poe_node::store::Record;
use poe_node::sync::{Follower, SyncError};
use poe_rollup::schnorr::SecretKey;
use proxy::{Answer, Proxy};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A chain with one sequence, and a follower that has read it through a proxy.
struct Stage {
    chain: Chain,
    proxy: Proxy,
    follower: Follower,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set() -> Self {
        let chain = Chain::start().await;
        chain.fund(DEPLOYER).await;
        chain
            .register(DEPLOYER, &SecretKey::from_seed(&[1; 32]), 1_000_000)
            .await;
        chain.sequence(DEPLOYER, &[vec![]], 1).await;
        let proxy = Proxy::start(&chain.url).await;
        let folder = tempfile::tempdir().unwrap();
        let mut follower = chain.follower_at(&proxy.url, folder.path(), 10_000).await;
        follower.sync_once().await.unwrap();
        Self {
            chain,
            proxy,
            follower,
            _folder: folder,
        }
    }

    fn dump(&self) -> Vec<Record> {
        self.follower.store().dump().unwrap()
    }

    fn tip(&self) -> u64 {
        self.follower.store().tip().unwrap().0
    }

    fn sequences(&self) -> u64 {
        self.follower.view().unwrap().chain().last_sequence
    }

    async fn refused(&mut self) -> SyncError {
        self.follower.sync_once().await.unwrap_err()
    }
}

fn asks_by_number(method: &str, params: &Value) -> bool {
    method == "eth_getBlockByNumber" && params[0].as_str().is_some_and(|at| at.starts_with("0x"))
}

fn asks_what_is_final(method: &str, params: &Value) -> bool {
    method == "eth_getBlockByNumber" && params[0] == "finalized"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_behind_is_waited_for() {
    let mut stage = Stage::set().await;
    let before = stage.dump();
    stage
        .proxy
        .fail(|method, params| asks_by_number(method, params).then_some(Answer::Result(Value::Null)));
    let error = stage.refused().await;
    assert!(
        error.is_transient() && matches!(error, SyncError::L1(L1Error::Gone { .. })),
        "{error}"
    );
    assert_eq!(stage.dump(), before);
    stage.proxy.heal();
    stage.chain.mine(3).await;
    let progress = stage.follower.sync_once().await.unwrap();
    assert_eq!((progress.blocks, progress.undone), (3, 0));
}

/// How many blocks a query of logs asks for; none of a block by its hash.
fn blocks_of_logs(method: &str, params: &Value) -> Option<u64> {
    let bound = |name: &str| {
        let number = params[0][name].as_str()?.strip_prefix("0x")?;
        u64::from_str_radix(number, 16).ok()
    };
    (method == "eth_getLogs").then_some(())?;
    Some(bound("toBlock")? - bound("fromBlock")? + 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_limits_ranges_is_asked_for_fewer_blocks() {
    let mut stage = Stage::set().await;
    stage.chain.mine(200).await;
    stage.chain.sequence(DEPLOYER, &[vec![]], 1).await;
    stage.chain.mine(200).await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    stage.proxy.fail(move |method, params| {
        let blocks = blocks_of_logs(method, params)?;
        seen.lock().unwrap().push(blocks);
        (blocks > 30).then_some(Answer::Error(-32_005, "query returned more than 10000 results"))
    });
    while stage.tip() < stage.chain.provider.get_block_number().await.unwrap() {
        stage.follower.sync_once().await.unwrap();
    }
    assert_eq!(stage.sequences(), 2);
    let asked = asked.lock().unwrap().clone();
    let refused = asked.iter().filter(|&&blocks| blocks > 30).count();
    assert!(refused > 0 && asked.len() > 2 * refused, "{asked:?}");

    // Of a single block nothing less can be asked.
    stage.chain.mine(200).await;
    let before = stage.dump();
    stage.proxy.fail(|method, params| {
        let refusal = Answer::Error(-32_005, "query returned more than 10000 results");
        blocks_of_logs(method, params).map(|_| refusal)
    });
    let error = stage.refused().await;
    assert!(
        error.is_transient() && matches!(error, SyncError::L1(L1Error::Rpc { .. })),
        "{error}"
    );
    assert_eq!(stage.dump(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_final_is_not_guessed_from_a_failure() {
    let mut stage = Stage::set().await;
    let before = stage.dump();
    stage.chain.mine(100).await;
    stage.proxy.fail(|method, params| {
        asks_what_is_final(method, params).then_some(Answer::Error(-32_603, "the server behind this one timed out"))
    });
    let error = stage.refused().await;
    assert!(
        error.is_transient() && matches!(error, SyncError::L1(L1Error::Rpc { .. })),
        "{error}"
    );
    assert_eq!(stage.dump(), before);

    // Nothing is final yet: however deep, a reorganisation is followed.
    stage
        .proxy
        .fail(|method, params| asks_what_is_final(method, params).then_some(Answer::Result(Value::Null)));
    let snapshot = stage.chain.snapshot().await;
    stage.chain.mine(100).await;
    stage.follower.sync_once().await.unwrap();
    stage.chain.revert(snapshot).await;
    stage.chain.pass_time(7).await;
    let progress = stage.follower.sync_once().await.unwrap();
    assert_eq!((progress.blocks, progress.undone), (1, 100));

    // A provider that knows no finality: two epochs are final.
    stage.proxy.fail(|method, params| {
        asks_what_is_final(method, params).then_some(Answer::Error(
            -32_602,
            "invalid argument 0: hex string without 0x prefix",
        ))
    });
    stage.follower.sync_once().await.unwrap();
    let (view, last) = (stage.follower.view().unwrap(), stage.tip() - 64);
    assert!(view.block(last).unwrap().is_some());
    assert!(view.block(last - 1).unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_of_final_blocks_is_refused() {
    let mut stage = Stage::set().await;
    let snapshot = stage.chain.snapshot().await;
    stage.chain.mine(200).await;
    stage.follower.sync_once().await.unwrap();
    let before = stage.dump();
    stage.chain.revert(snapshot).await;
    stage.chain.pass_time(7).await;
    stage.chain.mine(250).await;
    let error = stage.refused().await;
    assert!(matches!(error, SyncError::TooDeep { .. }), "{error}");
    assert_eq!(poe_node::exit::code(&error.into()), 7);
    assert_eq!(stage.dump(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_the_provider_has_not_indexed_yet_are_read_again() {
    let mut stage = Stage::set().await;
    stage.chain.sequence(DEPLOYER, &[vec![]], 1).await;
    let mut unanswered = 1;
    stage.proxy.fail(move |method, _| {
        if method != "eth_getLogs" || unanswered == 0 {
            return None;
        }
        unanswered -= 1;
        Some(Answer::Result(json!([])))
    });
    let progress = stage.follower.sync_once().await.unwrap();
    assert!(progress.undone > 0, "{progress:?}");
    assert_eq!(stage.sequences(), 2);

    // For good: it is said, and nothing is lost by it.
    stage.chain.sequence(DEPLOYER, &[vec![]], 1).await;
    stage.chain.mine(2).await;
    let hash = json!(stage.chain.block_hash(stage.tip() + 1).await);
    stage.proxy.fail(move |method, params| {
        let hidden = method == "eth_getLogs" && params[0]["blockHash"] == hash;
        hidden.then(|| Answer::Result(json!([])))
    });
    let error = stage.refused().await;
    assert!(matches!(error, SyncError::Incomplete { .. }), "{error}");
    assert_eq!(poe_node::exit::code(&error.into()), 7);
    stage.proxy.heal();
    stage.follower.sync_once().await.unwrap();
    assert_eq!(stage.sequences(), 3);
    let folder = tempfile::tempdir().unwrap();
    let mut clean = stage.chain.follower(folder.path()).await;
    clean.sync_once().await.unwrap();
    assert_eq!(clean.store().dump().unwrap(), stage.dump());
}

/// The word of a checkpoint commits to no other: that of the newest one says nothing of one that two others follow.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_the_provider_hides_among_others_is_missed() {
    let mut stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let mut clean = stage.chain.follower(folder.path()).await;
    let mut hidden = B256::ZERO;
    for sequence in 2..=6 {
        stage.chain.sequence(DEPLOYER, &[vec![]], 1).await;
        clean.sync_once().await.unwrap();
        stage.chain.verify(&clean.view().unwrap(), sequence - 1, |_| ()).await;
        if sequence == 4 {
            hidden = stage
                .chain
                .block_hash(stage.chain.provider.get_block_number().await.unwrap())
                .await;
        }
    }
    let hash = json!(hidden);
    stage.proxy.fail(move |method, params| {
        let hides = method == "eth_getLogs" && params[0]["blockHash"] == hash;
        hides.then(|| Answer::Result(json!([])))
    });
    let error = stage.refused().await;
    assert!(
        matches!(error, SyncError::Incomplete { what, .. } if what.contains("older checkpoint")),
        "{error}"
    );
    // It goes on saying so.
    let error = stage.refused().await;
    assert!(matches!(error, SyncError::Incomplete { .. }), "{error}");
    stage.proxy.heal();
    stage.follower.sync_once().await.unwrap();
    clean.sync_once().await.unwrap();
    assert_eq!(clean.store().dump().unwrap(), stage.dump());

    // Each is asked for once; after that only the newest sequence's and the newest checkpoint's.
    let asked = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&asked);
    let selector = hex::encode(ProofOfEfficiency::commitmentOfCall::SELECTOR);
    stage.proxy.fail(move |method, params| {
        let is_word = method == "eth_call" && params[0].to_string().contains(&selector);
        heard.fetch_add(usize::from(is_word), Ordering::Relaxed);
        None
    });
    for _ in 0..2 {
        stage.chain.mine(1).await;
        stage.follower.sync_once().await.unwrap();
    }
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}
