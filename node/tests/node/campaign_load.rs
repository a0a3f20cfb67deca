// SPDX-License-Identifier: MIT OR Apache-2.0
//! Much of everything: batches to sync, requests to answer, a backlog to prove. What it takes is printed.

use crate::campaign::{Campaign, memory_of};
use crate::chain::{Chain, DEPLOYER};
use crate::history::History;
use crate::machine::books::batches;
use crate::machine::{Machine, on_sqlite, target};
use crate::process::{self, PATIENT, Process, hex_of, poe};
use crate::rpc::{Client, request};
use crate::sequencing::{inhabited, signed};
use poe_node::proving::{Goal, Id, Progress};
use poe_rollup::formats::Slot;
use poe_rollup::state::StateReader as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const MEGABYTE: u64 = 1 << 20;

/// Batches of one call, less than half of those that may wait.
const BATCHES_OF_A_CALL: u64 = 30;

/// So many batches with three slots each: transfers between two accounts.
async fn backlog(chain: &Chain, history: &mut History, count: u64) -> u64 {
    let view = history.view().await;
    let mut nonces = [0u32; 2];
    let mut transfer = |number: u64| {
        let from = 1 + (number % 2) as u8;
        let nonce = &mut nonces[usize::from(from) - 1];
        let slot = signed(&view, from, (1, 0, *nonce));
        *nonce += 1;
        slot.encode()
    };
    let mut made = 0;
    while made < count {
        let size = BATCHES_OF_A_CALL.min(count - made);
        let call: Vec<Vec<u8>> = (0..size)
            .map(|batch| (0..3).flat_map(|slot| transfer(3 * (made + batch) + slot)).collect())
            .collect();
        chain.sequence(DEPLOYER, &call, 1).await;
        made += size;
        let view = history.view().await;
        let last = view.chain().last_sequence;
        chain.verify(&view, last, |_| ()).await;
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_is_synced_in_bounded_memory() {
    let draw = Campaign::begin("a_long_history_is_synced_in_bounded_memory", 150);
    let mut history = History::begin().await;
    let chain = Chain::attach(&history.chain.url, &history.chain.deployment_file);
    let made = backlog(&chain, &mut history, draw.rounds).await;
    // Half of it final, at least where there is much.
    chain.mine(draw.rounds / 30).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = poe(&chain, folder.path(), &["sync", "--once", "--json"]);
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        peak = peak.max(memory_of(child.id()).1);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let took = begun.elapsed().as_secs_f64();
    assert!(status.success());
    let report: Value = serde_json::from_reader(child.stdout.take().unwrap()).unwrap();
    let view = history.view().await;
    assert_eq!(report["batches"], made + 1);
    assert_eq!(
        report["virtualRoot"],
        format!("0x{}", hex::encode(view.head().unwrap().state_root().to_bytes()))
    );
    let bytes = std::fs::metadata(folder.path().join("node/chain.redb")).unwrap().len();
    eprintln!(
        "{made} batches of 3 slots: {took:.1} s, {:.0} batches/s, {} MB at most, {} MB of store",
        made as f64 / took,
        peak / MEGABYTE,
        bytes / MEGABYTE
    );
    assert!(peak < 512 * MEGABYTE, "{peak} bytes");
}

/// What users ask and send; every kind, most of it answered from memory.
fn question(id: u32, slots: &[Slot], draw: &mut Campaign) -> Value {
    match id % 8 {
        0 => request(id, "poe_info", &json!([])),
        1 => request(id, "poe_nonce", &json!([draw.below(5)])),
        2 => request(id, "poe_account", &json!([draw.below(5)])),
        3 => request(id, "poe_status", &json!([1, draw.below(300)])),
        4 => request(id, "poe_estimateFee", &json!([])),
        5 => request(id, "poe_status", &json!([format!("0x{}", hex::encode(draw.bytes(32)))])),
        // Good ones, again and again, and some that nobody signed.
        6 => request(id, "poe_submit", &json!([hex_of(draw.pick(slots))])),
        _ => request(id, "poe_submit", &json!([format!("0x{}", hex::encode(draw.bytes(96)))])),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_answers_thousands_of_requests_a_second_in_bounded_memory() {
    const CLIENTS: u64 = 32;
    let name = "a_sequencer_answers_thousands_of_requests_a_second_in_bounded_memory";
    let mut draw = Campaign::begin(name, 3);
    let (folder, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (chain, follower) = inhabited(own.path()).await;
    let view = follower.view().unwrap();
    let slots: Vec<Slot> = (0..60).map(|nonce| signed(&view, 1, (1, 7, nonce))).collect();
    let (process, started) = Process::start(&mut process::sequencer(&chain, folder.path(), &PATIENT));
    let url = started["url"].as_str().unwrap();
    let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    let (before, _) = memory_of(process.id());
    let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut clients = JoinSet::new();
    let begun = Instant::now();
    for number in 0..CLIENTS {
        let (mut draw, slots) = (draw.fork(), slots.clone());
        let (is_over, answered) = (Arc::clone(&is_over), Arc::clone(&answered));
        clients.spawn(async move {
            let mut id = number as u32;
            // A connection ends when it is old; then there is another.
            while !is_over.load(Ordering::Relaxed) {
                let mut client = Client(BufReader::new(TcpStream::connect(address).await.unwrap()));
                for _ in 0..1_000 {
                    id += 1;
                    let answer = client.ask(&question(id, &slots, &mut draw)).await;
                    assert_eq!(answer["id"], id, "{answer}");
                    answered.fetch_add(1, Ordering::Relaxed);
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                }
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(draw.rounds)).await;
    is_over.store(true, Ordering::Relaxed);
    clients.join_all().await;
    let took = begun.elapsed().as_secs_f64();
    let (after, peak) = memory_of(process.id());
    let answered = answered.load(Ordering::Relaxed);
    eprintln!(
        "{answered} requests of {CLIENTS} clients in {took:.1} s: {:.0} requests/s; {} MB before, {} MB at most, {} MB after",
        answered as f64 / took,
        before / MEGABYTE,
        peak / MEGABYTE,
        after / MEGABYTE
    );
    assert!(answered > 0 && before > 0);
    assert!(peak < before + 128 * MEGABYTE, "{before} bytes before, {peak} at most");
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn a_deep_backlog_is_proven_as_one_range() {
    let draw = Campaign::begin("a_deep_backlog_is_proven_as_one_range", 48);
    let count = draw.rounds;
    on_sqlite(async |url, scratch: &Path| {
        let mut machine = Machine::taking(Duration::ZERO, &url, &scratch.join("proofs")).await;
        machine.worker.leasing.poll = Duration::from_millis(5);
        let all = batches(count as usize);
        let (before, _) = memory_of(std::process::id());
        for (position, batch) in all.iter().enumerate() {
            machine.proving.add_batch(position as u64, batch).await.expect("kept");
        }
        let goal = Goal::Contract(target(0..count));
        let begun = Instant::now();
        let missing = machine.proving.missing(&goal).await.expect("planned");
        let planned = begun.elapsed();
        // A leaf a batch, a join less, and what is for the contract.
        assert_eq!(missing.len() as u64, 2 * count + 1);
        let begun = Instant::now();
        let working = machine.work();
        let done = machine.proving.complete(&goal, Duration::from_millis(200), |_| ());
        let Progress::Done(Some(id)) = done.await.expect("planned") else {
            panic!("it failed")
        };
        let took = begun.elapsed();
        working.stop().await;
        let (_, peak) = memory_of(std::process::id());
        let expected: Vec<Id> = all.iter().map(|batch| Id::of_bytes(&serde_json::to_vec(batch).unwrap())).collect();
        assert_eq!(machine.covered(id).await, expected);
        let jobs = machine.books.proven().len() as u64;
        assert_eq!(jobs, 2 * count + 1, "a job was done twice");
        eprintln!(
            "{count} batches: planned in {planned:?}, {jobs} jobs in {:.1} s ({:.1} ms each), {} MB before, {} MB at most",
            took.as_secs_f64(),
            took.as_secs_f64() * 1e3 / jobs as f64,
            before / MEGABYTE,
            peak / MEGABYTE
        );
    })
    .await;
}
