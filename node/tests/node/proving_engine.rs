// SPDX-License-Identifier: MIT OR Apache-2.0
//! Queue, store, plan and workers together, on SQLite and on PostgreSQL, with a prover that only keeps books.

use crate::machine;

use machine::books::{Mood, batches};
use machine::{CIRCUITS, HOUR, Machine, on_postgres, on_sqlite, target, witnesses};
use poe_node::proving::queue::{JobState, QueueUrl};
use poe_node::proving::{Goal, Id, Progress, ProvingError, Work};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_told_without_pushing_anything() {
    on_sqlite(async |url, scratch: &Path| {
        let machine = Machine::new(&url, &scratch.join("proofs")).await;
        machine.add(2).await;
        let goal = Goal::Range(0..2);
        let missing = machine.proving.missing(&goal).await.expect("answers");
        assert_eq!(missing.len(), 3);
        machine.proving.cancel(&goal).await.expect("nothing to cancel");
        assert_eq!(machine.proving.queue().load().await.expect("answers"), (0, 0));
    })
    .await;
}

/// What is bound to a beneficiary, and what was of batches that nobody knows any more, goes when it is old; rows of the queue too.
async fn what_is_of_no_batch_is_pruned_when_it_is_old(url: QueueUrl, scratch: &Path) {
    let folder = scratch.join("proofs");
    let machine = Machine::new(&url, &folder).await;
    machine.add(4).await;
    let working = machine.work();
    for range in [0..2, 2..4] {
        machine.complete(&Goal::Contract(target(range))).await;
    }
    working.stop().await;
    let store = machine.proving.store();
    let all = store.index().await.expect("answers");
    assert_eq!(all.len(), 4 + 2 + 4);
    machine.proving.prune(2, HOUR).await.expect("pruned");
    // The leaves and the join of the first range, but nothing young.
    let left = store.index().await.expect("answers");
    assert_eq!(left.len(), all.len() - 3);
    tokio::time::sleep(Duration::from_millis(20)).await;
    machine.proving.prune(2, Duration::ZERO).await.expect("pruned");
    let left = store.index().await.expect("answers");
    // The second range is whole, to the proof for the contract.
    assert_eq!(left.len(), 2 + 1 + 2);
    for id in all.keys() {
        let state = machine.proving.queue().state(*id).await.expect("answers");
        assert_eq!(state.is_some(), left.contains_key(id), "{id} is {state:?}");
    }
    let done = machine.proving.advance(&Goal::Contract(target(2..4))).await;
    assert!(matches!(done.expect("answers"), Progress::Done(Some(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_no_batch_is_pruned_when_it_is_old_on_sqlite() {
    on_sqlite(what_is_of_no_batch_is_pruned_when_it_is_old).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_no_batch_is_pruned_when_it_is_old_on_postgres() {
    on_postgres(what_is_of_no_batch_is_pruned_when_it_is_old).await;
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_cancelled_stops_and_can_be_wanted_again() {
    on_sqlite(async |url, scratch: &Path| {
        let machine = Machine::new(&url, &scratch.join("proofs")).await;
        machine.add(2).await;
        let working = machine.work();
        *machine.books.mood.lock().unwrap() = Mood::Stuck;
        let goal = Goal::Range(0..2);
        machine.proving.advance(&goal).await.expect("pushed");
        machine
            .until("the job", async || machine.books.begun.load(Ordering::SeqCst) == 1)
            .await;
        machine.proving.cancel(&goal).await.expect("cancelled");
        machine
            .until("the end", async || machine.books.given_up.load(Ordering::SeqCst) == 1)
            .await;
        assert_eq!(machine.proving.queue().load().await.expect("answers"), (0, 0));
        *machine.books.mood.lock().unwrap() = Mood::Willing;
        let done = machine.complete(&goal).await;
        assert!(matches!(done, Progress::Done(Some(_))), "{done:?}");
        working.stop().await;
    })
    .await;
}

/// A file that is damaged, and one that is whole and proves nothing.
// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn spoiled_proofs_are_made_again() {
    on_sqlite(spoiled_proofs).await;
    on_postgres(spoiled_proofs).await;
}

async fn spoiled_proofs(url: QueueUrl, scratch: &Path) {
    let folder = scratch.join("proofs");
    let machine = Machine::new(&url, &folder).await;
    machine.add(2).await;
    let working = machine.work();
    for range in [0..1, 1..2] {
        machine.complete(&Goal::Range(range)).await;
    }
    let proven = machine.proving.proven().await.expect("answers");
    let [(_, first), (_, second)] = proven[..] else {
        panic!("{proven:?}")
    };
    let path = folder.join(format!("{first}.proof"));
    let mut bytes = std::fs::read(&path).expect("there");
    *bytes.last_mut().expect("bytes") ^= 1;
    std::fs::write(&path, &bytes).expect("written");
    let (job, _) = machine.books.folder.proof(second).expect("whole").expect("there");
    machine.books.folder.put_proof(&job, b"rubbish").expect("written");
    machine.proving.store().publish(second).await.expect("shared");
    let done = machine.complete(&Goal::Range(0..2)).await;
    let Progress::Done(Some(id)) = done else {
        panic!("{done:?}")
    };
    assert_eq!(machine.covered(id).await, witnesses(0..2));
    let again = |id: Id| machine.books.proven().iter().filter(|job| job.id() == id).count();
    // With a database the first file was only a copy.
    let copies = machine.proving.queue().postgres().is_some();
    assert_eq!((again(first), again(second)), (if copies { 1 } else { 2 }, 2));
    working.stop().await;
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_retried_or_told() {
    on_sqlite(async |url, scratch: &Path| {
        let machine = Machine::new(&url, &scratch.join("proofs")).await;
        machine.add(1).await;
        let working = machine.work();
        let goal = Goal::Range(0..1);
        *machine.books.mood.lock().unwrap() = Mood::Refusing;
        let failed = machine.complete(&goal).await;
        let Progress::Failed { job, why } = failed else {
            panic!("{failed:?}")
        };
        assert!(why.contains("no such proof"), "{why}");
        *machine.books.mood.lock().unwrap() = Mood::Tired;
        let still = machine.proving.advance(&goal).await.expect("answers");
        assert!(matches!(still, Progress::Failed { .. }), "{still:?}");
        machine.proving.retry(&job).await.expect("answers");
        let done = machine.complete(&goal).await;
        assert!(matches!(done, Progress::Done(Some(_))), "{done:?}");
        // It refused once, was tired once, and proved.
        assert_eq!(machine.books.begun.load(Ordering::SeqCst), 3);
        working.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_is_there_after_a_restart() {
    on_sqlite(async |url, scratch: &Path| {
        let folder = scratch.join("proofs");
        let machine = Machine::new(&url, &folder).await;
        machine.add(4).await;
        let working = machine.work();
        machine.complete(&Goal::Fold(0..4)).await;
        working.stop().await;
        drop(machine);
        let machine = Machine::new(&url, &folder).await;
        assert_eq!(
            machine.proving.proven().await.expect("answers"),
            vec![],
            "batches are L1's to tell"
        );
        machine.add(4).await;
        let done = machine.proving.advance(&Goal::Range(0..4)).await.expect("answers");
        let Progress::Done(Some(id)) = done else {
            panic!("{done:?}")
        };
        machine.not_for_the_contract(id).await;
        machine.proving.prune(2, HOUR).await.expect("pruned");
        let left = machine.proving.proven().await.expect("answers");
        assert!(
            left.iter().all(|(range, _)| range.start >= 2) && !left.is_empty(),
            "{left:?}"
        );
    })
    .await;
}

impl Machine {
    async fn not_for_the_contract(&self, id: Id) {
        let batch = &batches(1)[0];
        let statement = poe_rollup::formats::Statement {
            domain: batch.params.domain,
            version: 1,
            beneficiary: [7; 20],
            old_acc: batch.old.acc,
            new_acc: batch.new.acc,
            old_root: batch.old.state_root(),
            new_root: batch.new.state_root(),
            old_exit_acc: batch.old.exit_acc,
            new_exit_acc: batch.new.exit_acc,
        };
        let refused = self.proving.contract_proof(id, &statement).await.expect_err("a join");
        assert!(matches!(refused, ProvingError::NotForContract(_, "join")), "{refused}");
        let refused = self
            .proving
            .contract_proof(Id([9; 32]), &statement)
            .await
            .expect_err("nothing");
        assert!(matches!(refused, ProvingError::NoProof(_)), "{refused}");
        // A bookkeeper's wrap is none.
        let job = CIRCUITS.job(Work::Wrap { last: id });
        self.books.folder.put_proof(&job, b"rubbish").expect("written");
        let refused = self
            .proving
            .contract_proof(job.id(), &statement)
            .await
            .expect_err("rubbish");
        assert!(matches!(refused, ProvingError::Format { .. }), "{refused}");
        let state = self.proving.queue().state(job.id()).await.expect("answers");
        assert_eq!(state, None::<JobState>);
    }
}
