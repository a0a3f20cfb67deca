// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disks that take nothing more, at any moment: the service says so and ends, and goes on when there is room.
//!
//! The kernel's limit on the size of files stands for the disk. It can be put on a process that runs.

use crate::campaign::{Campaign, assert_same};
use crate::campaign_kill::{aggregator, aggregator_process};
use crate::chain::{ALICE, DEPLOYER};
use crate::history::{History, STAGES};
use crate::machine::books::Mood;
use crate::machine::{Machine, on_sqlite, target, witnesses};
use crate::process::{self, Killed, PATIENT, Process, ask, hex_of, poe, rpc_of};
use crate::sequencing::{inhabited, signed};
use crate::subject::chain_with;
use alloy::providers::Provider as _;
use poe_node::proving::{Goal, Progress};
use serde_json::json;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The exit code of a full disk.
const FULL: i32 = 9;

/// The same command, to which a limit is an error and not the end.
pub fn bounded(command: &Command, limit_kb: Option<u64>) -> Command {
    let limit = limit_kb.map_or(String::new(), |kilobytes| format!("ulimit -f {}; ", 2 * kilobytes));
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("trap '' XFSZ; {limit}exec \"$@\""), "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// From now on the process can write to no file. `false`, and a line on standard error, if this machine cannot do that.
fn fill_disk(process: u32) -> bool {
    let limited = Command::new("prlimit")
        .args(["--fsize=0", "--pid", &process.to_string()])
        .status();
    let is_limited = limited.is_ok_and(|status| status.success());
    if !is_limited {
        eprintln!("NOT RUN: prlimit (of util-linux) does not set limits here; install it to run this");
    }
    is_limited
}

fn ends(child: &mut Child, when: &str) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{when}: it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn says_so(status: ExitStatus, errors: &str, when: &str) {
    assert_eq!(status.code(), Some(FULL), "{when}: {errors}");
    let text = errors.to_lowercase();
    assert!(!text.contains("panicked"), "{when}: {errors}");
    assert!(
        text.contains("too large") || text.contains("os error 27"),
        "{when}: {errors}"
    );
}

fn errors_of(child: &mut Child) -> String {
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    errors
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_whose_disk_is_full_says_so_and_goes_on_when_there_is_room() {
    let name = "a_follower_whose_disk_is_full_says_so_and_goes_on_when_there_is_room";
    let mut draw = Campaign::begin(name, 8);
    let mut history = History::begin().await;
    for _ in 0..12 {
        let stage = *draw.pick(&STAGES);
        history.happen(stage, &mut draw).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let once = poe(&history.chain, folder.path(), &["sync", "--once"]);
    // From the first byte on, and wherever the file stops.
    let mut refused = 0;
    for round in 0..draw.rounds {
        let most = 1 << draw.below(13);
        let limit = if round == 0 { 0 } else { draw.below(most) };
        let output = bounded(&once, Some(limit)).output().unwrap();
        let when = format!("round {round}, {limit} kB");
        if !output.status.success() {
            says_so(output.status, &String::from_utf8_lossy(&output.stderr), &when);
            refused += 1;
        }
    }
    assert!(refused > 0);
    // A service that runs when the disk fills up.
    let mut service = poe(&history.chain, folder.path(), &["sync", "--poll-seconds", "0.02"]);
    for round in 0..draw.rounds / 4 {
        let mut child = Killed(
            bounded(&service, None)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        tokio::time::sleep(Duration::from_millis(100 + draw.below(300))).await;
        if !fill_disk(child.0.id()) {
            return;
        }
        history.chain.mine(1).await;
        let when = format!("service, round {round}");
        let status = ends(&mut child.0, &when);
        says_so(status, &errors_of(&mut child.0), &when);
    }
    service.arg("--once");
    let output = service.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let follower = history.chain.follower(&folder.path().join("node")).await;
    assert_same(
        follower.store().dump().unwrap(),
        history.clean().await,
        "with room again",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_whose_disk_is_full_acknowledges_nothing_that_it_would_lose() {
    let name = "a_sequencer_whose_disk_is_full_acknowledges_nothing_that_it_would_lose";
    let mut draw = Campaign::begin(name, 3);
    let (folder, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (chain, follower) = inhabited(own.path()).await;
    let view = follower.view().unwrap();
    let submit = |nonce: u32| json!([hex_of(&signed(&view, 1, (5, 7, nonce)))]);
    let start = || {
        let usual = process::sequencer(&chain, folder.path(), &PATIENT);
        let (process, started) = Process::start(&mut bounded(&usual, None));
        (process, rpc_of(&started))
    };
    let mut kept = 0;
    for round in 0..draw.rounds {
        let when = format!("round {round}");
        let (mut process, rpc) = start();
        for _ in 0..1 + draw.below(4) {
            ask(&rpc, "poe_submit", submit(kept)).await.unwrap();
            kept += 1;
        }
        if !fill_disk(process.id()) {
            return;
        }
        let refused = rpc
            .raw_request::<_, serde_json::Value>("poe_submit".into(), submit(kept))
            .await;
        refused.unwrap_err();
        let status = ends(&mut process.running.0, &when);
        assert_eq!(status.code(), Some(FULL), "{when}");
    }
    let (_process, rpc) = start();
    for nonce in 0..=kept {
        let status = ask(&rpc, "poe_status", json!([1, nonce])).await.unwrap();
        let expected = if nonce < kept { "waiting" } else { "unknown" };
        assert_eq!(status["status"], expected, "{nonce} of {kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregator_whose_disk_is_full_ends_and_is_paid_when_there_is_room() {
    let name = "an_aggregator_whose_disk_is_full_ends_and_is_paid_when_there_is_room";
    let mut draw = Campaign::begin(name, 3);
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    for round in 0..draw.rounds {
        let mut process = aggregator_process(&chain, folder.path());
        tokio::time::sleep(Duration::from_millis(200 + draw.below(1_000))).await;
        if !fill_disk(process.0.id()) {
            return;
        }
        chain.sequence(DEPLOYER, &[vec![]], 1).await;
        let status = ends(&mut process.0, &format!("round {round}"));
        assert_eq!(status.code(), Some(FULL), "round {round}");
    }
    let mut last = aggregator(&chain, folder.path()).await;
    for _ in 0..20 {
        last.steps(1).await;
        chain.pass_time(1).await;
    }
    let view = last.view();
    assert_eq!(view.chain().last_verified, 1 + draw.rounds);
    let (sent, reverted) = chain.transactions_of(ALICE).await;
    let accepted = view.checkpoints(usize::MAX).unwrap().len() as u64;
    assert_eq!((sent, reverted), (accepted, 0));
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_disk_is_full_gives_its_job_back_and_ends() {
    on_sqlite(async |url, scratch: &Path| {
        let folder = scratch.join("proofs");
        let goal = Goal::Contract(target(0..2));
        let asking = Machine::new(&url, &folder).await;
        asking.add(2).await;
        // More often than a job may fail.
        for _ in 0..8 {
            let machine = Machine::new(&url, &folder).await;
            *machine.books.mood.lock().unwrap() = Mood::Cramped;
            asking.proving.advance(&goal).await.expect("pushed");
            let (_stop, stopped) = tokio::sync::watch::channel(false);
            let running = tokio::time::timeout(Duration::from_secs(20), machine.worker.run(stopped));
            let error = running.await.expect("it ends").expect_err("there is no room");
            assert!(error.to_string().contains("No space left"), "{error}");
            assert_eq!(poe_node::exit::code(&error.into()), u8::try_from(FULL).unwrap());
        }
        let machine = Machine::new(&url, &folder).await;
        let working = machine.work();
        let done = asking.complete(&goal).await;
        let Progress::Done(Some(id)) = done else {
            panic!("{done:?}")
        };
        assert_eq!(asking.covered(id).await, witnesses(0..2));
        working.stop().await;
    })
    .await;
}
