// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files that are damaged at random: refused with a clear error or repaired, never believed, and no reason to panic.

use crate::campaign::Campaign;
use crate::machine::{CIRCUITS, LOOK, Machine, on_sqlite, sqlite, target, witnesses};
use crate::simulated::{Action, CHAIN_ID, CONTRACT, EXIT_DELAY, SimulatedL1, key, params, populated};
use alloy::primitives::Address;
use poe_node::chain::ApplyError;
use poe_node::proving::queue::{Queue, QueueUrl};
use poe_node::proving::{Goal, Progress};
use poe_node::sequencer::{SequencerConfig, SequencerError, Service, Status};
use poe_node::store::{DataDirectory, Identity, Record, Store, StoreError};
use poe_rollup::formats::{Slot, Transfer};
use poe_rollup::state::{Account, StateReader as _};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Spoils a file: some bits, a piece of it, or its end. Tells how.
fn damage(path: &Path, draw: &mut Campaign) -> String {
    let mut bytes = fs::read(path).unwrap();
    let length = bytes.len() as u64;
    // Most of a database is empty.
    let used: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] != 0).collect();
    let place = |draw: &mut Campaign| {
        if draw.chance(4) {
            draw.below(length) as usize
        } else {
            *draw.pick(&used)
        }
    };
    let said = match draw.below(8) {
        0 => {
            bytes.truncate(draw.below(length) as usize);
            format!("cut to {} of {length} bytes", bytes.len())
        }
        1 => {
            let start = place(draw);
            let end = bytes.len().min(start + 1 + draw.below(8_192) as usize);
            bytes[start..end].fill(0);
            format!("zeros in {start}..{end}")
        }
        _ => {
            let places: Vec<usize> = (0..1 + draw.below(3)).map(|_| place(draw)).collect();
            for &at in &places {
                bytes[at] ^= 1 << draw.below(8);
            }
            format!("bits of bytes {places:?}")
        }
    };
    fs::write(path, bytes).unwrap();
    said
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let paths = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path());
    for path in paths.filter(|path| path.is_file()) {
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

fn open(folder: &Path) -> Result<Store, StoreError> {
    let identity = Identity {
        chain_id: CHAIN_ID,
        contract: CONTRACT,
        exit_delay: EXIT_DELAY,
        start: 0,
    };
    Store::open(DataDirectory::lock(folder)?, identity)
}

#[test]
fn a_damaged_store_is_refused_or_holds_what_it_held() {
    let name = "a_damaged_store_is_refused_or_holds_what_it_held";
    let mut draw = Campaign::begin(name, 150);
    let scratch = tempfile::tempdir().unwrap();
    let live = scratch.path().join("live");
    let mut l1 = SimulatedL1::new();
    let store = open(&live).unwrap();
    store.apply(l1.tip()).unwrap();
    let mut dumps: Vec<Vec<Record>> = vec![store.dump().unwrap()];
    for seed in 0..40 {
        let actions = match seed {
            0 => vec![Action::Register { amount: 900 }; 4],
            _ if seed % 9 == 0 => vec![Action::Verify { pending: 2 }],
            _ => vec![Action::Sequence { batches: 2, seed }, Action::Tip { amount: 3 }],
        };
        l1.mine(0, &actions);
        store.apply(l1.tip()).unwrap();
        dumps.push(store.dump().unwrap());
    }
    // As a process leaves it that is killed, and as one that ends.
    let (killed, ended) = (scratch.path().join("killed"), scratch.path().join("ended"));
    copy(&live, &killed);
    drop(store);
    copy(&live, &ended);
    let mut outcomes = BTreeMap::<&str, u32>::new();
    for round in 0..draw.rounds {
        let folder = scratch.path().join("damaged");
        copy(if draw.chance(2) { &killed } else { &ended }, &folder);
        let said = damage(&folder.join("chain.redb"), &mut draw);
        let outcome = match open(&folder) {
            Ok(store) => {
                let dump = store.dump().unwrap();
                let at = dumps.iter().rposition(|known| *known == dump);
                let at = at.unwrap_or_else(|| panic!("round {round}, {said}: it is believed"));
                for block in &l1.blocks[at + 1..] {
                    store
                        .apply(block)
                        .unwrap_or_else(|error: ApplyError| panic!("round {round}, {said}: {error}"));
                }
                if at + 1 == dumps.len() {
                    "harmless"
                } else {
                    "one block older"
                }
            }
            Err(StoreError::Database(error)) => {
                assert!(!error.to_string().is_empty());
                "refused"
            }
            Err(error) => panic!("round {round}, {said}: {error}"),
        };
        *outcomes.entry(outcome).or_default() += 1;
        fs::remove_dir_all(&folder).unwrap();
    }
    eprintln!("{outcomes:?}");
    assert!(outcomes.contains_key("refused"), "{outcomes:?}");
}

/// Transfers of account 1 on a simulated L1.
fn transfers(l1: &SimulatedL1, count: u32) -> Vec<Slot> {
    let id_hash = |index| l1.state().account(index).unwrap().unwrap_or(Account::EMPTY).id_hash();
    let sign = |nonce| {
        let transfer = Transfer {
            from: 1,
            to: 2,
            amount: 1,
            fee: 1,
            nonce,
            sequencer: 0,
        };
        key(1).sign(&params().domain, &id_hash(1), &transfer, &id_hash(2))
    };
    (0..count).map(sign).collect()
}

#[test]
fn a_damaged_journal_of_a_sequencer_is_refused_or_holds_what_it_held() {
    let name = "a_damaged_journal_of_a_sequencer_is_refused_or_holds_what_it_held";
    let mut draw = Campaign::begin(name, 80);
    let (folder, l1, store) = populated(2);
    let slots = transfers(&l1, 30);
    let service = |store| Service::open(SequencerConfig::new(1), Arc::new(store), Address::ZERO);
    let first = service(store).unwrap();
    for slot in &slots {
        first.submit(slot).unwrap();
    }
    drop(first);
    let scratch = tempfile::tempdir().unwrap();
    let mut outcomes = BTreeMap::<String, u32>::new();
    for round in 0..draw.rounds {
        let damaged = scratch.path().join("damaged");
        copy(folder.path(), &damaged);
        let said = damage(&damaged.join("sequencer.redb"), &mut draw);
        let outcome = match service(open(&damaged).unwrap()) {
            Ok(service) => {
                let waiting = |slot: &Slot| {
                    let status = service.status_at(1, slot.transfer.nonce).unwrap();
                    matches!(status, Status::Waiting { .. })
                };
                let kept = slots.iter().take_while(|slot| waiting(slot)).count();
                assert_eq!(service.info().unwrap().pool, kept, "round {round}, {said}");
                // The last slot may be lost with the last page, none in the middle.
                assert!(kept + 1 >= slots.len(), "round {round}, {said}: {kept} slots are left");
                format!("{kept} slots")
            }
            Err(SequencerError::Store(StoreError::Database(_))) => "refused".to_owned(),
            Err(error) => panic!("round {round}, {said}: {error}"),
        };
        *outcomes.entry(outcome).or_default() += 1;
        fs::remove_dir_all(&damaged).unwrap();
    }
    eprintln!("{outcomes:?}");
    assert!(outcomes.contains_key("refused"), "{outcomes:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "proof" || end == "witness"));
    files.sort();
    files
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn damaged_witnesses_and_proofs_are_made_again() {
    let mut draw = Campaign::begin("damaged_witnesses_and_proofs_are_made_again", 12);
    on_sqlite(async |url, scratch: &Path| {
        let folder = scratch.join("proofs");
        for round in 0..draw.rounds {
            let machine = Machine::new(&url, &folder).await;
            let mut said = vec![];
            if round > 0 {
                for _ in 0..1 + draw.below(6) {
                    let file = draw.pick(&files(&folder)).clone();
                    said.push(damage(&file, &mut draw));
                }
            }
            // As after a restart.
            machine.add(6).await;
            let working = machine.work();
            let last = if draw.chance(2) { 5 } else { 6 };
            let done = machine.complete(&Goal::Contract(target(0..last))).await;
            let Progress::Done(Some(id)) = done else {
                panic!("round {round}, {said:?}: {done:?}")
            };
            assert_eq!(
                machine.covered(id).await,
                witnesses(0..last as usize),
                "round {round}, {said:?}"
            );
            working.stop().await;
        }
    })
    .await;
}

/// The queue holds nothing that is not told again: a damaged one may be removed.
// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_queue_proves_nothing_wrong_and_can_be_removed() {
    let mut draw = Campaign::begin("a_damaged_queue_proves_nothing_wrong_and_can_be_removed", 6);
    let mut outcomes = BTreeMap::<&str, u32>::new();
    for round in 0..draw.rounds {
        let scratch = tempfile::tempdir().unwrap();
        let (url, folder) = (sqlite(scratch.path()), scratch.path().join("proofs"));
        let goal = Goal::Contract(target(0..3));
        let first = Machine::new(&url, &folder).await;
        first.add(3).await;
        let working = first.work();
        first.proving.advance(&goal).await.expect("pushed");
        tokio::time::sleep(Duration::from_millis(draw.below(200))).await;
        working.stop().await;
        // As the process leaves it that is killed.
        let damaged = scratch.path().join("damaged");
        copy(scratch.path(), &damaged);
        drop(first);
        let file = damaged.join(if draw.chance(3) { "jobs.db-wal" } else { "jobs.db" });
        let said = damage(&file, &mut draw);
        let (url, when) = (sqlite(&damaged), format!("round {round}, {said}"));
        let outcome = attempt(&url, &folder, &goal, &when).await;
        *outcomes.entry(outcome).or_default() += 1;
        if outcome != "proven" {
            for end in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(damaged.join(format!("jobs.db{end}")));
            }
            assert_eq!(attempt(&url, &folder, &goal, &when).await, "proven", "{when}");
        }
    }
    eprintln!("{outcomes:?}");
}

/// Goes for a goal with a queue that may be damaged.
async fn attempt(url: &QueueUrl, folder: &Path, goal: &Goal, when: &str) -> &'static str {
    if let Err(error) = Queue::open(url, &CIRCUITS).await {
        assert!(!error.to_string().is_empty());
        return "refused";
    }
    let machine = Machine::new(url, folder).await;
    machine.add(3).await;
    let working = machine.work();
    let done = machine.proving.complete(goal, LOOK, |_| ());
    let done = tokio::time::timeout(Duration::from_secs(6), done).await;
    working.vanish();
    match done {
        Ok(Ok(Progress::Done(Some(id)))) => {
            assert_eq!(machine.covered(id).await, witnesses(0..3), "{when}");
            "proven"
        }
        Ok(Ok(other)) => panic!("{when}: {other:?}"),
        Ok(Err(error)) => {
            assert!(!error.to_string().is_empty());
            "an error"
        }
        Err(_) => "no progress",
    }
}
