// SPDX-License-Identifier: MIT OR Apache-2.0
//! A database that goes away in the middle of jobs and comes back, again and again.

use crate::campaign::Campaign;
use crate::machine::books::Books;
use crate::machine::{LOOK, Machine, target, witnesses};
use crate::postgres::Cluster;
use poe_node::proving::queue::QueueUrl;
use poe_node::proving::{Goal, Progress};
use std::sync::Arc;
use std::time::Duration;

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_and_comes_back_costs_no_proof() {
    let mut draw = Campaign::begin("a_database_that_goes_and_comes_back_costs_no_proof", 2);
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let url = QueueUrl::Postgres(cluster.url());
    let mut machine = Machine::new(&url, &scratch.path().join("proofs")).await;
    let mut books = Books::new(machine.books.folder.clone());
    books.takes = Duration::from_millis(300);
    machine.books = Arc::new(books);
    machine.worker.prover = machine.books.clone();
    let count = 2 + 2 * draw.rounds as usize;
    machine.add(count).await;
    let goal = Goal::Contract(target(0..count as u64));
    let working = machine.work();
    for _ in 0..draw.rounds {
        machine.proving.advance(&goal).await.expect("the database is there");
        tokio::time::sleep(Duration::from_millis(100 + draw.below(900))).await;
        cluster.stop();
        // Whoever asks now is told, and nobody panics.
        machine.proving.advance(&goal).await.expect_err("the database is gone");
        tokio::time::sleep(Duration::from_millis(draw.below(1_500))).await;
        cluster.start_again();
        machine
            .until("the database", async || machine.proving.advance(&goal).await.is_ok())
            .await;
    }
    let done = machine.proving.complete(&goal, LOOK, |_| ());
    let done = tokio::time::timeout(Duration::from_secs(120), done).await;
    let done = done.unwrap_or_else(|_| panic!("stuck: {:?}", machine.events.lock().unwrap()));
    let Progress::Done(Some(id)) = done.expect("planned") else {
        panic!("it failed")
    };
    assert_eq!(machine.covered(id).await, witnesses(0..count));
    working.stop().await;
    let (jobs, least) = (machine.books.proven().len(), 2 * count + 1);
    eprintln!("{jobs} proofs made, {least} needed");
    assert!(
        jobs < least + draw.rounds as usize,
        "{jobs} proofs made, {least} needed"
    );
}
