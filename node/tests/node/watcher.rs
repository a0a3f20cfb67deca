// SPDX-License-Identifier: MIT OR Apache-2.0
//! Watchers against anvil and the real contracts, with the verifier that accepts every statement that is named: it takes a false one
//! as well. They halt and rewind, whoever else does; they leave a true chain alone; killed at any moment they go on.

use crate::chain;
use crate::process::{json, poe};
use crate::proxy::{Answer, Proxy};
use crate::subject;

use alloy::primitives::{Bytes, U256, aliases::U40};
use alloy::providers::{Provider, ext::AnvilApi};
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall as _;
use chain::{Chain, PROVER};
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{self, Conflict, haltOnConflictCall, rewindCall};
use poe_bindings::formats;
use poe_node::agent::{CircuitsOnL1, ForkDryRun};
use poe_node::chain::Status;
use poe_node::l1::preimage;
use poe_node::store::View;
use poe_node::sync::SyncError;
use poe_node::watcher::{ContestEvent, Event, Obstacle, Parts, REWIND_PIECE, Standing, Step, Watcher, Watching};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use subject::{Heard, Scribe, agent, chain_with, nonce, submission};

/// A watcher of ALICE's, and what it says.
struct Guard {
    watcher: Watcher<Scribe, ForkDryRun>,
    heard: Heard<Watching>,
}

struct Settings {
    proofs: Scribe,
    rewind_piece: usize,
    max_gas_price: Option<u128>,
    /// Another provider of the chain.
    provider: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            proofs: Scribe::new(true),
            rewind_piece: REWIND_PIECE,
            max_gas_price: None,
            provider: None,
        }
    }
}

impl Guard {
    async fn new(chain: &Chain, folder: &Path, settings: Settings) -> Self {
        let heard = Heard::nothing();
        let provider = settings.provider.as_ref().unwrap_or(&chain.url);
        let bidding = (60, settings.max_gas_price);
        let parts = Parts {
            agent: agent(chain, provider, folder, settings.proofs, bidding, &heard).await,
            rewind_piece: settings.rewind_piece,
        };
        Self {
            watcher: Watcher::new(parts),
            heard,
        }
    }

    async fn step(&mut self, chain: &Chain) -> Standing {
        let standing = self.watcher.step().await.unwrap();
        chain::settled(&chain.provider).await;
        standing
    }

    /// Until nothing is left to be done.
    async fn finish(&mut self, chain: &Chain) {
        for _ in 0..40 {
            match self.step(chain).await {
                Standing::Quiet => return,
                Standing::Busy => {}
                Standing::Helpless(error) => panic!("{error}"),
            }
        }
        panic!("it does not come to rest: {:#?}", self.heard.all());
    }

    fn view(&self) -> View {
        self.watcher.agent().view().unwrap()
    }

    fn steps(&self) -> Vec<Step> {
        let outcomes = self.watcher.agent().journal().outcomes();
        assert!(outcomes.iter().all(|outcome| outcome.accepted), "{outcomes:?}");
        outcomes.iter().map(|outcome| outcome.step).collect()
    }

    fn obstacles(&self) -> Vec<(u64, Option<Obstacle>)> {
        let found = self.heard.all().into_iter().filter_map(|event| match event {
            Event::Own(ContestEvent::Found(untrue)) => Some((untrue.checkpoint.number, untrue.obstacle)),
            _ => None,
        });
        found.collect()
    }
}

/// What L1 says, false checkpoints or not.
async fn seen(chain: &Chain) -> (View, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut follower = chain.follower(folder.path()).await;
    let synced = follower.sync_once().await;
    assert!(
        synced.as_ref().map_or_else(SyncError::is_dispute, |_| true),
        "{synced:?}"
    );
    (follower.view().unwrap(), folder)
}

async fn prove_true(chain: &Chain, last: u64) {
    let (view, _folder) = seen(chain).await;
    chain.verify(&view, last, |_| ()).await;
}

/// The verifier accepts that sequences up to `last` lead back to genesis.
async fn prove_false(chain: &Chain, last: u64) {
    let (view, _folder) = seen(chain).await;
    chain
        .verify(&view, last, |claim| claim.newStateRoot = chain.deployment.genesis_root)
        .await;
}

/// A conflict as somebody else would send it.
fn conflict(chain: &Chain, view: &View, init: u64, last: u64) -> haltOnConflictCall {
    let claim = preimage::claim(view, init, last, PROVER, U256::ZERO).unwrap();
    let statement = formats::statement(chain.deployment.domain, 1, &claim).unwrap();
    haltOnConflictCall {
        last: U40::wrapping_from(last),
        conflict: Conflict {
            start: claim.start,
            end: preimage::checkpoint_at(view, last).unwrap(),
            beneficiary: PROVER,
            newStateRoot: claim.newStateRoot,
            newExitAcc: claim.newExitAcc,
        },
        proof: Bytes::copy_from_slice(&statement.hash()),
    }
}

async fn is_rewound_to(chain: &Chain, guard: &Guard, last_verified: u64) {
    let core = guard.watcher.agent().client().core();
    let head = core.head().call().await.unwrap();
    assert_eq!((head.status, head.lastVerified.to::<u64>()), (1, last_verified));
    // The store goes on from there, and nothing is disputed any more.
    let view = guard.view();
    assert_eq!(
        (view.chain().status, view.chain().last_verified),
        (Status::Halted, last_verified)
    );
    assert_eq!(view.disputed().unwrap(), None);
    let (clean, _folder) = seen(chain).await;
    assert_eq!(clean.chain(), view.chain());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_checkpoint_halts_the_chain_and_is_taken_back() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    prove_true(&chain, 1).await;
    prove_false(&chain, 3).await;
    let mut guard = Guard::new(&chain, folder.path(), Settings::default()).await;
    guard.finish(&chain).await;
    assert_eq!(guard.obstacles(), [(3, None)]);
    let expected = [Step::Halt { start: 1, end: 3 }, Step::Rewind { from: 3, to: 1 }];
    assert_eq!(guard.steps(), expected);
    is_rewound_to(&chain, &guard, 1).await;
    assert_eq!(
        guard
            .heard
            .count(|event| matches!(event, Event::Own(ContestEvent::Rewound { last_verified: 1 }))),
        1
    );
    // The fork foretold the gas, and nothing is sent again.
    let rehearsed = guard.heard.find(|event| match event {
        Event::Own(ContestEvent::Rehearsed {
            step: Step::Halt { .. },
            gas,
        }) => Some(*gas),
        _ => None,
    });
    let used = guard.watcher.agent().journal().outcomes()[0].gas;
    assert!(rehearsed.unwrap().abs_diff(used) < used / 20);
    guard.finish(&chain).await;
    assert_eq!(nonce(&chain).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_true_chain_is_left_alone() {
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    let mut guard = Guard::new(&chain, folder.path(), Settings::default()).await;
    guard.watcher.agent().check_circuits().await.unwrap();
    assert!(matches!(guard.step(&chain).await, Standing::Quiet));
    prove_true(&chain, 1).await;
    assert!(matches!(guard.step(&chain).await, Standing::Quiet));
    // From an earlier checkpoint, over a range that is proven.
    let overlap = submission(&chain, &guard.view(), 0, 2);
    chain.send_raw(PROVER, overlap.to, overlap.data.to_vec(), 0).await;
    assert!(matches!(guard.step(&chain).await, Standing::Quiet));
    assert_eq!(guard.view().chain().last_verified, 2);
    assert_eq!(guard.heard.count(|_| true), 0);
    assert_eq!(nonce(&chain).await, 0);
}

/// Newest first: a halt takes only conflicts that start before its own, and the one that was wrong about an interval is blamed for it.
#[tokio::test(flavor = "multi_thread")]
async fn several_false_checkpoints_are_contested_each_on_its_own_interval() {
    let (chain, folder) = (chain_with(5).await, tempfile::tempdir().unwrap());
    prove_true(&chain, 1).await;
    prove_false(&chain, 2).await;
    // A true one after it, proven from the last true one.
    let (view, _seen) = seen(&chain).await;
    let over = submission(&chain, &view, 1, 3);
    chain.send_raw(PROVER, over.to, over.data.to_vec(), 0).await;
    prove_false(&chain, 4).await;
    prove_false(&chain, 5).await;
    let mut guard = Guard::new(&chain, folder.path(), Settings::default()).await;
    guard.finish(&chain).await;
    assert_eq!(
        guard.obstacles(),
        [(5, Some(Obstacle::RestsOnAnother)), (4, None), (2, None)]
    );
    let expected = [
        Step::Halt { start: 3, end: 4 },
        Step::Rewind { from: 5, to: 3 },
        Step::Halt { start: 1, end: 2 },
        Step::Rewind { from: 3, to: 1 },
    ];
    assert_eq!(guard.steps(), expected);
    is_rewound_to(&chain, &guard, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_way_back_is_gone_in_pieces() {
    let (chain, folder) = (chain_with(4).await, tempfile::tempdir().unwrap());
    for last in 1..=4 {
        prove_false(&chain, last).await;
    }
    let settings = Settings {
        rewind_piece: 3,
        ..Settings::default()
    };
    let mut guard = Guard::new(&chain, folder.path(), settings).await;
    guard.finish(&chain).await;
    let expected = [
        Step::Halt { start: 0, end: 1 },
        Step::Rewind { from: 4, to: 2 },
        Step::Rewind { from: 2, to: 0 },
    ];
    assert_eq!(guard.steps(), expected);
    is_rewound_to(&chain, &guard, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_halting_or_rewinding_first_is_no_error() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    prove_true(&chain, 1).await;
    prove_false(&chain, 3).await;
    let proofs = Scribe::new(false);
    let settings = Settings {
        proofs: proofs.clone(),
        ..Settings::default()
    };
    let mut guard = Guard::new(&chain, folder.path(), settings).await;
    assert!(matches!(guard.step(&chain).await, Standing::Busy));
    assert_eq!(guard.watcher.agent().journal().goal().unwrap().last, 3);
    chain
        .send(PROVER, chain.core(), conflict(&chain, &guard.view(), 1, 3), 0)
        .await;
    proofs.ready.store(true, Ordering::Relaxed);
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    guard.step(&chain).await;
    // It rewinds what somebody else has halted, and somebody else is faster again.
    let (step, sent) = guard.watcher.agent().journal().in_flight().unwrap().clone();
    assert_eq!(step, Step::Rewind { from: 3, to: 1 });
    chain.provider.anvil_drop_transaction(sent.hashes[0]).await.unwrap();
    let path = [3, 1].map(|number| preimage::checkpoint_at(&guard.view(), number).unwrap());
    let rewind = TransactionRequest {
        gas: Some(1_000_000),
        ..TransactionRequest::default()
            .from(PROVER)
            .to(chain.core())
            .input(Bytes::from(rewindCall { path: path.into() }.abi_encode()).into())
    };
    let _ = chain.provider.send_transaction(rewind).await.unwrap();
    chain.mine(1).await;
    guard.step(&chain).await;
    assert!(guard.heard.cancelled().unwrap().contains("somebody else has rewound"));
    chain.mine(1).await;
    guard.finish(&chain).await;
    is_rewound_to(&chain, &guard, 1).await;
    assert!(guard.heard.abandoned().is_some());
    assert_eq!(guard.watcher.agent().journal().goal(), None);
    // The nonce was taken by something cheaper.
    let outcomes = guard.watcher.agent().journal().outcomes();
    assert_eq!(
        (outcomes.len(), outcomes[0].accepted, outcomes[0].gas),
        (1, false, 21_000)
    );
}

/// It halts the chain shallowly; the deeper conflict is still contested.
#[tokio::test(flavor = "multi_thread")]
async fn a_halt_that_is_too_shallow_is_deepened() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    prove_false(&chain, 1).await;
    let (view, _seen) = seen(&chain).await;
    let over = submission(&chain, &view, 0, 2);
    chain.send_raw(PROVER, over.to, over.data.to_vec(), 0).await;
    prove_false(&chain, 3).await;
    let (view, _seen) = seen(&chain).await;
    chain.send(PROVER, chain.core(), conflict(&chain, &view, 2, 3), 0).await;
    let mut guard = Guard::new(&chain, folder.path(), Settings::default()).await;
    guard.finish(&chain).await;
    let expected = [
        Step::Rewind { from: 3, to: 2 },
        Step::Halt { start: 0, end: 1 },
        Step::Rewind { from: 2, to: 0 },
    ];
    assert_eq!(guard.steps(), expected);
    is_rewound_to(&chain, &guard, 0).await;
}

/// Not while another is contested.
#[tokio::test(flavor = "multi_thread")]
async fn proofs_of_what_has_matured_are_let_go_of() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    let proofs = Scribe::new(false);
    let settings = Settings {
        proofs: proofs.clone(),
        ..Settings::default()
    };
    let mut guard = Guard::new(&chain, folder.path(), settings).await;
    let delay = guard.watcher.agent().client().exit_delay().await.unwrap();
    let pruned = || proofs.pruned.lock().unwrap().clone();
    prove_true(&chain, 1).await;
    guard.step(&chain).await;
    assert!(pruned().is_empty());
    chain.pass_time(delay).await;
    prove_true(&chain, 2).await;
    // What cannot be removed keeps nobody from watching, nor from ending with `--once`.
    proofs.stuck.store(true, Ordering::Relaxed);
    assert!(matches!(guard.step(&chain).await, Standing::Quiet));
    proofs.stuck.store(false, Ordering::Relaxed);
    for _ in 0..2 {
        guard.step(&chain).await;
    }
    assert_eq!(pruned(), [2], "once for each that matures");
    // The second matures while the third is contested.
    chain.pass_time(delay / 2).await;
    prove_false(&chain, 3).await;
    chain.pass_time(delay / 2).await;
    assert!(matches!(guard.step(&chain).await, Standing::Busy));
    assert_eq!(pruned(), [2]);
    proofs.ready.store(true, Ordering::Relaxed);
    guard.finish(&chain).await;
    is_rewound_to(&chain, &guard, 2).await;
    assert_eq!(pruned(), [2, 3]);
}

/// The journal knows a transaction before the provider does, so it is neither forgotten nor sent twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_killed_between_any_two_steps_goes_on() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    prove_true(&chain, 1).await;
    prove_false(&chain, 3).await;
    let mut hashes = Vec::new();
    // Every round is another process. Every other one ends with a transaction that is not mined.
    for round in 0..12 {
        chain.provider.anvil_set_auto_mine(round % 2 == 1).await.unwrap();
        let mut guard = Guard::new(&chain, folder.path(), Settings::default()).await;
        let standing = guard.watcher.step().await.unwrap();
        if let Some((_, in_flight)) = guard.watcher.agent().journal().in_flight() {
            hashes.extend(in_flight.hashes.iter().copied());
        }
        drop(guard);
        if let Standing::Quiet = standing {
            break;
        }
        chain.mine(u64::from(round % 2 == 1)).await;
    }
    chain.provider.anvil_set_auto_mine(true).await.unwrap();
    let mut guard = Guard::new(&chain, folder.path(), Settings::default()).await;
    guard.finish(&chain).await;
    let expected = [Step::Halt { start: 1, end: 3 }, Step::Rewind { from: 3, to: 1 }];
    assert_eq!(guard.steps(), expected);
    is_rewound_to(&chain, &guard, 1).await;
    hashes.dedup();
    let mined = guard
        .watcher
        .agent()
        .journal()
        .outcomes()
        .iter()
        .map(|outcome| outcome.transaction);
    assert_eq!((hashes, nonce(&chain).await), (mined.collect::<Vec<_>>(), 2));
}

/// As if it were killed after it has noted a transaction, before the provider has it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_noted_and_not_sent_is_sent_by_the_next_process() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    prove_false(&chain, 1).await;
    let proxy = Proxy::start(&chain.url).await;
    proxy.fail(|method, _| (method == "eth_sendRawTransaction").then(|| Answer::Result(1.into())));
    let settings = Settings {
        provider: Some(proxy.url.clone()),
        ..Settings::default()
    };
    let mut guard = Guard::new(&chain, folder.path(), settings).await;
    assert!(guard.watcher.step().await.unwrap_err().is_transient());
    let (step, noted) = guard.watcher.agent().journal().in_flight().unwrap().clone();
    assert_eq!((step, nonce(&chain).await), (Step::Halt { start: 0, end: 1 }, 0));
    drop(guard);
    let mut next = Guard::new(&chain, folder.path(), Settings::default()).await;
    next.finish(&chain).await;
    assert_eq!(next.steps(), [step, Step::Rewind { from: 1, to: 0 }]);
    assert_eq!(
        next.watcher.agent().journal().outcomes()[0].transaction,
        noted.hashes[0]
    );
}

/// Its halt is reorganised away: it is sent again, with the proof that is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_halt_that_is_reorganised_away_is_made_again() {
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    prove_false(&chain, 2).await;
    let mut guard = Guard::new(&chain, folder.path(), Settings::default()).await;
    let snapshot = chain.snapshot().await;
    guard.step(&chain).await;
    guard.step(&chain).await;
    assert_eq!(guard.steps(), [Step::Halt { start: 0, end: 2 }]);
    chain.revert(snapshot).await;
    chain.mine(3).await;
    guard.finish(&chain).await;
    let halt = Step::Halt { start: 0, end: 2 };
    assert_eq!(guard.steps(), [halt, halt, Step::Rewind { from: 2, to: 0 }]);
    is_rewound_to(&chain, &guard, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_matured_is_said_to_be_beyond_recall() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    prove_false(&chain, 1).await;
    let mut guard = Guard::new(&chain, folder.path(), Settings::default()).await;
    let delay = guard.watcher.agent().client().exit_delay().await.unwrap();
    chain.pass_time(delay).await;
    // What follows it cannot be proven from it, and is not contested from before it.
    prove_false(&chain, 2).await;
    assert!(matches!(guard.step(&chain).await, Standing::Helpless(_)));
    assert_eq!(
        guard.obstacles(),
        [(2, Some(Obstacle::RestsOnAnother)), (1, Some(Obstacle::Matured))]
    );
    let never = std::future::pending();
    let ended = guard.watcher.run(Duration::from_millis(50), false, never).await;
    let error = ended.unwrap_err().to_string();
    assert!(error.contains("PROVEN STATE IS WRONG"), "{error}");
    assert_eq!(nonce(&chain).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_of_other_circuits_says_so_and_sends_nothing() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    prove_false(&chain, 1).await;
    let mut proofs = Scribe::new(true);
    let change: fn(&mut CircuitsOnL1) = |circuits| circuits.circuit_hash[0] ^= 1;
    change(&mut proofs.circuits);
    let settings = Settings {
        proofs,
        ..Settings::default()
    };
    let mut guard = Guard::new(&chain, folder.path(), settings).await;
    assert!(guard.watcher.agent().check_circuits().await.is_err());
    for _ in 0..2 {
        assert!(matches!(guard.step(&chain).await, Standing::Helpless(_)));
    }
    assert_eq!(
        guard
            .heard
            .count(|event| matches!(event, Event::OtherCircuits { route: 1, .. })),
        1
    );
    let never = std::future::pending();
    let ended = guard.watcher.run(Duration::from_millis(50), true, never).await;
    assert!(ended.unwrap_err().to_string().contains("circuitHash"));
    assert_eq!(nonce(&chain).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn gas_above_the_limit_is_waited_for_and_a_proof_that_does_not_hold_is_not_sent() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    prove_false(&chain, 1).await;
    let settings = Settings {
        max_gas_price: Some(18),
        ..Settings::default()
    };
    let mut guard = Guard::new(&chain, folder.path(), settings).await;
    for _ in 0..3 {
        guard.step(&chain).await;
    }
    assert_eq!(
        guard
            .heard
            .count(|event| matches!(event, Event::WaitsForGas { doing: "sending", .. })),
        1
    );
    drop(guard);
    let settings = Settings {
        proofs: Scribe {
            honest: false,
            ..Scribe::new(true)
        },
        ..Settings::default()
    };
    let mut guard = Guard::new(&chain, folder.path(), settings).await;
    for _ in 0..3 {
        guard.step(&chain).await;
    }
    assert_eq!(guard.heard.count(|event| matches!(event, Event::Declined { .. })), 1);
    assert_eq!(nonce(&chain).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_it_would_do_and_refuses_a_verifier_of_other_circuits_at_the_start() {
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    let dry_run = ["watch", "--dry-run", "--insecure-dev-srs", "--json"];
    let run = |arguments: &[&str]| {
        let mut command = poe(&chain, folder.path(), arguments);
        command.env_remove("POE_L1_PRIVATE_KEY").output().unwrap()
    };
    let quiet = json(&run(&dry_run));
    assert_eq!(
        (&quiet["status"], quiet["false"].as_array().unwrap().len()),
        (&"running".into(), 0)
    );
    prove_false(&chain, 2).await;
    let output = run(&dry_run);
    assert_eq!(output.status.code(), Some(6));
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let contest = &plan["false"][0];
    assert_eq!(
        (
            &contest["start"],
            &contest["checkpoint"],
            &contest["firstBatch"],
            &contest["lastBatch"]
        ),
        (&0.into(), &2.into(), &1.into(), &2.into())
    );
    let text = String::from_utf8(run(&dry_run[..3]).stdout).unwrap();
    assert!(
        text.contains("would prove batches 1 to 2") && text.contains("haltOnConflict(2), from checkpoint 0"),
        "{text}"
    );

    let (view, _seen) = seen(&chain).await;
    chain.send(PROVER, chain.core(), conflict(&chain, &view, 0, 2), 0).await;
    let text = String::from_utf8(run(&dry_run[..3]).stdout).unwrap();
    assert!(
        text.contains("would rewind from checkpoint 2 to 0, in 1 transactions"),
        "{text}"
    );

    // The mock verifier stands for no circuits that anybody can prove with.
    let anvil = subject::anvil();
    let arguments = [
        "watch",
        "--once",
        "--insecure-dev-srs",
        "--anvil",
        anvil.to_str().unwrap(),
    ];
    let refused = poe(&chain, folder.path(), &arguments).output().unwrap();
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && error.contains("circuitHash"), "{error}");
    let head = ProofOfEfficiency::new(chain.core(), chain.provider.clone())
        .head()
        .call()
        .await
        .unwrap();
    assert_eq!(head.lastVerified.to::<u64>(), 2);
}
