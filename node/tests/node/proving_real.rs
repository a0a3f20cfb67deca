// SPDX-License-Identifier: MIT OR Apache-2.0
//! Real proofs of the smallest circuit, by worker processes that are killed in the middle. One test: building circuits
//! takes longer than all the rest.

use crate::books;

use books::{SMALL, batches};
use poe_node::proving::child::{ChildError, Prover};
use poe_node::proving::command::{Opened, ProvingOptions};
use poe_node::proving::protocol::{Reply, Request};
use poe_node::proving::{Goal, Id, Progress, Proving};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

const POE: &str = env!("CARGO_BIN_EXE_poe");

/// Long enough to build the circuits on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

fn options(scratch: &Path) -> ProvingOptions {
    let cache = scratch.join("cache");
    ProvingOptions {
        slots: SMALL.slots,
        messages: SMALL.messages,
        exits: SMALL.exits,
        ..ProvingOptions::for_development(scratch, cache, scratch.join("machine.lock"))
    }
}

/// A worker process whose events are read.
struct Worker {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    fn start(scratch: &Path) -> Self {
        let path = |name: &str| scratch.join(name).display().to_string();
        let mut process = tokio::process::Command::new(POE)
            .args([
                "--json",
                "worker",
                "--insecure-dev-srs",
                "--heartbeat",
                "1",
                "--missed",
                "3",
            ])
            .args(["--slots", "2", "--messages", "1", "--exits", "1"])
            .args([
                "--queue",
                &format!("sqlite:{}", path("jobs.db")),
                "--proofs",
                &path("proofs"),
            ])
            .args(["--cache", &path("cache"), "--machine-lock", &path("machine.lock")])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("poe starts");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Self { process, lines }
    }

    /// Reads events until one contains all of `parts`.
    async fn says(&mut self, parts: &[&str]) -> String {
        let mut heard = vec![];
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line())
                .await
                .expect("it speaks");
            let line = line
                .expect("text")
                .unwrap_or_else(|| panic!("it ended after {heard:#?}"));
            if parts.iter().all(|part| line.contains(part)) {
                return line;
            }
            heard.push(line);
        }
        panic!("{parts:?} is not in {heard:#?}");
    }

    /// The worker's own child.
    fn child(&self) -> u32 {
        let worker = self.process.id().expect("it runs");
        let threads = std::fs::read_dir(format!("/proc/{worker}/task")).expect("it runs");
        let children = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
        let children: String = children.collect();
        children
            .trim()
            .parse()
            .unwrap_or_else(|_| panic!("one child, not {children:?}"))
    }
}

fn kill(signal: &str, process: u32) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(status.expect("kill runs").success());
}

async fn is_gone(process: u32) {
    let path = PathBuf::from(format!("/proc/{process}"));
    for _ in 0..100 {
        let state = std::fs::read_to_string(path.join("stat")).unwrap_or_default();
        if state.is_empty() || state.contains(") Z ") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("process {process} outlives its worker");
}

async fn complete(proving: &Proving, goal: &Goal) -> Id {
    let done = proving.complete(goal, Duration::from_millis(200), |_| ());
    let done = tokio::time::timeout(PATIENCE, done)
        .await
        .expect("it comes to an end")
        .expect("planned");
    match done {
        Progress::Done(Some(id)) => id,
        other => panic!("{other:?}"),
    }
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn killed_workers_and_children_lose_nothing() {
    let scratch = tempfile::tempdir().expect("a folder");
    let opened = options(scratch.path())
        .open_with(Prover::new(POE))
        .await
        .expect("opened");
    let proving = opened.proving();
    for (position, batch) in batches(2).iter().enumerate() {
        proving.add_batch(position as u64, batch).await.expect("kept");
    }
    let goal = Goal::Range(0..2);
    proving.advance(&goal).await.expect("pushed");

    let mut first = Worker::start(scratch.path());
    first.says(&["child", "begun", "build"]).await;
    let orphan = first.child();
    first.process.kill().await.expect("killed");
    is_gone(orphan).await;

    let mut second = Worker::start(scratch.path());
    second.says(&["child", "begun", "prove leaf"]).await;
    kill("-9", second.child());
    second.says(&["failed", "signal: 9"]).await;

    let id = complete(&proving, &goal).await;
    rubbish_is_found_and_replaced(&opened, &proving, &mut second, id).await;
    kill("-TERM", second.process.id().expect("it runs"));
    let ended = tokio::time::timeout(PATIENCE, second.process.wait())
        .await
        .expect("it ends")
        .expect("waited");
    assert!(ended.success(), "{ended}");
}

/// A whole file whose proof is none: the child refuses it, the worker removes it, and it is proven again.
async fn rubbish_is_found_and_replaced(opened: &Opened, proving: &Proving, worker: &mut Worker, id: Id) {
    let folder = proving.store().folder();
    let (join, good) = folder.proof(id).expect("whole").expect("there");
    let [left, _] = join.work.inputs()[..] else {
        panic!("{join:?} is no join")
    };
    let (leaf, _) = folder.proof(left).expect("whole").expect("there");
    let check = async |job| opened.prover.ask(&opened.settings, &Request::Check(job), &|_| ()).await;
    assert!(matches!(check(join).await.expect("it holds"), Reply::Done { .. }));
    // A proof of another range in the leaf's place, of the right length, and a bit of it changed.
    let mut rubbish = good;
    *rubbish.last_mut().expect("bytes") ^= 1;
    folder.put_proof(&leaf, &rubbish).expect("written");
    assert!(matches!(check(leaf).await, Err(ChildError::BadInput { id, .. }) if id == left));
    folder.discard_proof(id).expect("removed");
    let (goal, leaf_id) = (Goal::Range(0..2), left.to_string());
    let again = complete(proving, &goal);
    let parts = ["failed", &leaf_id];
    let heard = worker.says(&parts);
    let (again, _) = tokio::join!(again, heard);
    assert_eq!(again, id);
    assert!(matches!(check(leaf).await.expect("it holds"), Reply::Done { .. }));
}
