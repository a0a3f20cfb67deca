// SPDX-License-Identifier: MIT OR Apache-2.0
//! Services that are killed, again and again, at any moment.

use crate::campaign::{Campaign, assert_same};
use crate::campaign_disk::bounded;
use crate::chain::{ALICE, Chain, DEPLOYER, settled};
use crate::history::{History, STAGES};
use crate::machine::{Machine, on_sqlite, target, witnesses};
use crate::process::{self, Killed, Process, ask, hex_of, poe, rpc_of};
use crate::sequencing::{automine, count, inhabited, signed};
use crate::subject::{Scribe, Subject, chain_with};
use alloy::providers::{DynProvider, Provider as _};
use poe_node::aggregator::Eager;
use poe_node::proving::{Goal, Progress};
use poe_node::store::View;
use poe_rollup::formats::Slot;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Waits for up to so many milliseconds, as `draw` says.
pub async fn pause(draw: &mut Campaign, most_ms: u64) {
    tokio::time::sleep(Duration::from_millis(draw.below(most_ms))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_is_killed_while_l1_goes_on_and_back_loses_nothing() {
    let name = "a_follower_that_is_killed_while_l1_goes_on_and_back_loses_nothing";
    let mut draw = Campaign::begin(name, 30);
    let mut history = History::begin().await;
    let folder = tempfile::tempdir().unwrap();
    for round in 0..draw.rounds {
        let snapshot = history.chain.snapshot().await;
        let mut command = poe(&history.chain, folder.path(), &["sync", "--poll-seconds", "0.02"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut child = Killed(child);
        for _ in 0..1 + draw.below(3) {
            pause(&mut draw, 60).await;
            let stage = *draw.pick(&STAGES);
            history.happen(stage, &mut draw).await;
        }
        if draw.chance(3) {
            history.chain.revert(snapshot).await;
            history.chain.pass_time(5).await;
        }
        pause(&mut draw, 150).await;
        assert!(
            child.0.try_wait().unwrap().is_none(),
            "round {round}: it ended by itself"
        );
    }
    let once = poe(&history.chain, folder.path(), &["sync", "--once"])
        .output()
        .unwrap();
    assert!(once.status.success(), "{}", String::from_utf8_lossy(&once.stderr));
    let follower = history.chain.follower(&folder.path().join("node")).await;
    assert_same(follower.store().dump().unwrap(), history.clean().await, "at the end");
}

/// What a user of the killed sequencer keeps.
pub struct User {
    view: View,
    /// By account: transfers that were acknowledged.
    pub acknowledged: [Vec<Slot>; 2],
}

impl User {
    pub fn new(view: View) -> Self {
        Self {
            view,
            acknowledged: [vec![], vec![]],
        }
    }

    fn next(&self, from: u8) -> Slot {
        let nonce = self.acknowledged[usize::from(from) - 1].len() as u32;
        signed(&self.view, from, (1 + u64::from(nonce), 7, nonce))
    }

    /// Sends the next transfer of an account. The answer may be lost with the process: then the same is sent again later.
    pub async fn send(&mut self, rpc: &DynProvider, from: u8) {
        let slot = self.next(from);
        let params = json!([hex_of(&slot)]);
        let answer = rpc.raw_request::<_, Value>("poe_submit".into(), params);
        let answer = tokio::time::timeout(Duration::from_secs(5), answer).await;
        match answer {
            Ok(Ok(taken)) => {
                assert!(taken["id"].is_string(), "{taken}");
                self.acknowledged[usize::from(from) - 1].push(slot);
            }
            // Taken before the answer was lost, and sequenced since.
            Ok(Err(error))
                if error
                    .as_error_resp()
                    .is_some_and(|refusal| refusal.message.contains("nonce")) =>
            {
                self.acknowledged[usize::from(from) - 1].push(slot);
            }
            Ok(Err(error)) => assert!(error.as_error_resp().is_none(), "{error}"),
            Err(_) => {}
        }
    }

    pub fn count(&self) -> usize {
        self.acknowledged.iter().map(Vec::len).sum()
    }
}

pub const SEQUENCER: [&str; 8] = [
    "--dev-key",
    "0",
    "--fee-recipient",
    "1",
    "--max-age",
    "0",
    "--resubmit-after",
    "1",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_that_is_killed_keeps_what_it_acknowledged_and_doubles_nothing() {
    let name = "a_sequencer_that_is_killed_keeps_what_it_acknowledged_and_doubles_nothing";
    let mut draw = Campaign::begin(name, 25);
    let (folder, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (chain, mut follower) = inhabited(own.path()).await;
    let mut user = User::new(follower.view().unwrap());
    let before = count(&chain, DEPLOYER).await;
    let start = || {
        let (process, started) = Process::start(&mut process::sequencer(&chain, folder.path(), &SEQUENCER));
        (process, rpc_of(&started))
    };
    for _ in 0..draw.rounds {
        // A transaction may stay in the pool over a death.
        automine(&chain, true).await;
        follower.sync_once().await.unwrap();
        chain.verify_backlog(&follower.view().unwrap()).await;
        let mines = draw.chance(2);
        automine(&chain, mines).await;
        let (process, rpc) = start();
        for _ in 0..draw.below(5) {
            let from = 1 + draw.below(2) as u8;
            user.send(&rpc, from).await;
            pause(&mut draw, 120).await;
        }
        pause(&mut draw, 300).await;
        drop(process);
        if !mines && draw.chance(2) {
            chain.mine(1).await;
        }
    }
    automine(&chain, true).await;
    chain.mine(1).await;
    let (_process, rpc) = start();
    let begun = Instant::now();
    for (from, slots) in (1..).zip(&user.acknowledged) {
        for slot in slots {
            let status = async || {
                let found = ask(&rpc, "poe_status", json!([from, slot.transfer.nonce])).await;
                found.unwrap()["status"].as_str().unwrap().to_owned()
            };
            while status().await != "sequenced" {
                assert!(
                    begun.elapsed() < Duration::from_secs(60),
                    "account {from}: {slot:?} is {}",
                    status().await
                );
                chain.mine(1).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    settled(&chain.provider).await;
    follower.sync_once().await.unwrap();
    let view = follower.view().unwrap();
    let batches = (1..=view.chain().batches).map(|number| view.batch(number).unwrap().unwrap());
    let (posted, applied) = batches.fold((0, 0), |(posted, applied), batch| {
        (posted + batch.slots as usize, applied + batch.applied as usize)
    });
    let (sent, reverted) = chain.transactions_of(DEPLOYER).await;
    eprintln!(
        "{} slots acknowledged, {posted} posted, {sent} transactions, {reverted} reverted",
        user.count()
    );
    assert_eq!((posted, applied), (user.count(), user.count()));
    assert_eq!(reverted, 0);
    assert_eq!(count(&chain, DEPLOYER).await, sent);
    assert!(sent > before && user.count() > 0);
}

const CHILD: &str = "POE_CAMPAIGN_AGGREGATOR";

/// Aggregates until everything is proven; as a child of the test below, until it is killed.
#[tokio::test(flavor = "multi_thread")]
async fn an_aggregator_proves_all_there_is() {
    if let Ok(place) = std::env::var(CHILD) {
        let [url, deployment, folder]: [String; 3] = serde_json::from_str(&place).unwrap();
        let chain = Chain::attach(&url, Path::new(&deployment));
        let mut subject = aggregator(&chain, Path::new(&folder)).await;
        let ended = subject
            .aggregator
            .run(Duration::from_millis(20), std::future::pending())
            .await;
        let code = ended.map_or_else(|error| poe_node::exit::code(&error.into()), |()| 0);
        std::process::exit(code.into());
    }
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    let mut subject = aggregator(&chain, folder.path()).await;
    subject.steps(3).await;
    assert_eq!(subject.view().chain().last_verified, 2);
}

pub async fn aggregator(chain: &Chain, folder: &Path) -> Subject {
    Subject::resending_after(1, chain, folder, Box::new(Eager), Scribe::new(true)).await
}

pub fn aggregator_process(chain: &Chain, folder: &Path) -> Killed {
    let place = [
        chain.url.clone(),
        chain.deployment_file.display().to_string(),
        folder.display().to_string(),
    ];
    let this: PathBuf = std::env::current_exe().unwrap();
    let mut command = Command::new(this);
    command
        .args(["--exact", "campaign_kill::an_aggregator_proves_all_there_is"])
        .env(CHILD, serde_json::to_string(&place).unwrap());
    let child = bounded(&command, None)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Killed(child.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregator_that_is_killed_sends_no_proof_twice_and_is_paid_for_all() {
    let name = "an_aggregator_that_is_killed_sends_no_proof_twice_and_is_paid_for_all";
    let mut draw = Campaign::begin(name, 20);
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let before = count(&chain, ALICE).await;
    for _ in 0..draw.rounds {
        let mines = draw.chance(2);
        automine(&chain, mines).await;
        let mut process = aggregator_process(&chain, folder.path());
        pause(&mut draw, 900).await;
        if mines && draw.chance(2) {
            chain.sequence(DEPLOYER, &[vec![]], 1).await;
        }
        pause(&mut draw, 300).await;
        assert!(process.0.try_wait().unwrap().is_none(), "it ended by itself");
        drop(process);
        if !mines {
            chain.mine(draw.below(2)).await;
        }
    }
    automine(&chain, true).await;
    chain.mine(1).await;
    let mut last = aggregator(&chain, folder.path()).await;
    let begun = Instant::now();
    let is_done = |subject: &Subject| {
        let view = subject.view();
        let chain = view.chain();
        chain.last_verified == chain.last_sequence && subject.aggregator.agent().journal().in_flight().is_none()
    };
    last.steps(1).await;
    while !is_done(&last) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", last.heard.all());
        chain.pass_time(1).await;
        last.steps(1).await;
    }
    let view = last.view();
    let (sent, reverted) = chain.transactions_of(ALICE).await;
    let accepted = view.checkpoints(usize::MAX).unwrap().len() as u64;
    eprintln!(
        "{accepted} proofs accepted with {} transactions, {reverted} reverted",
        sent - before
    );
    assert!(reverted <= 1, "{reverted} reverted");
    assert_eq!(sent - before, accepted + reverted, "a transaction is doubled");
    let outcomes = last.aggregator.agent().journal().outcomes();
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.accepted).count() as u64,
        accepted
    );
    assert_eq!(count(&chain, ALICE).await, sent);
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn workers_that_vanish_at_any_moment_leave_no_job_undone_and_none_wrong() {
    let name = "workers_that_vanish_at_any_moment_leave_no_job_undone_and_none_wrong";
    let mut draw = Campaign::begin(name, 20);
    on_sqlite(async |url, scratch: &Path| {
        let machine = Machine::new(&url, &scratch.join("proofs")).await;
        machine.add(12).await;
        let goal = Goal::Contract(target(0..12));
        for _ in 0..draw.rounds {
            let worker = Machine::new(&url, &scratch.join("proofs")).await;
            let working = worker.work();
            machine.proving.advance(&goal).await.expect("planned");
            pause(&mut draw, 250).await;
            working.vanish();
        }
        let last = Machine::new(&url, &scratch.join("proofs")).await;
        let working = last.work();
        let done = machine.complete(&goal).await;
        let Progress::Done(Some(id)) = done else {
            panic!("{done:?}")
        };
        assert_eq!(machine.covered(id).await, witnesses(0..12));
        working.stop().await;
    })
    .await;
}
