// SPDX-License-Identifier: MIT OR Apache-2.0
//! Aggregators against anvil and the real contracts, with the verifier that accepts every statement that is named: who is paid, who
//! gives up, and what is never sent.

#[path = "support/chain.rs"]
mod chain;

use alloy::primitives::{Bytes, U256, aliases::U40};
use alloy::providers::{Provider, ext::AnvilApi};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall as _;
use chain::{ALICE, ALICE_KEY, Chain, DEPLOYER, PROVER};
use poe_bindings::ContractError;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{
    LateProof, ProofOfEfficiencyErrors, verifyBatchesCall,
};
use poe_bindings::formats;
use poe_node::aggregator::{
    Aggregator, DryRun, Eager, Event, ForkDryRun, Interval, Journal, Outcome, Parts, Prices, Profit, ProofSource,
    Rehearsal, Strategy, Timings, Verdict,
};
use poe_node::l1::preimage;
use poe_node::proving::{ContractProof, Goal, Id, Job, Progress, ProvingError};
use poe_node::store::View;
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::Statement;
use poe_rollup::schnorr::SecretKey;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Makes "proofs" at once, when it is told to; dishonest ones name another statement.
#[derive(Clone)]
struct Scribe {
    ready: Arc<AtomicBool>,
    honest: bool,
    cancelled: Arc<Mutex<Vec<Goal>>>,
}

impl Scribe {
    fn new(ready: bool) -> Self {
        Self {
            ready: Arc::new(AtomicBool::new(ready)),
            honest: true,
            cancelled: Arc::default(),
        }
    }
}

impl ProofSource for Scribe {
    async fn add_batch(&self, _: u64, _: &BatchWitness) -> Result<(), ProvingError> {
        Ok(())
    }

    fn truncate(&self, _: u64) {}

    async fn advance(&self, goal: &Goal) -> Result<Progress, ProvingError> {
        if let Goal::Fold(_) = goal {
            return Ok(Progress::Done(None));
        }
        if self.ready.load(Ordering::Relaxed) {
            return Ok(Progress::Done(Some(Id([9; 32]))));
        }
        Ok(Progress::Proving {
            missing: vec![],
            leased: vec![],
        })
    }

    async fn cancel(&self, goal: &Goal) -> Result<(), ProvingError> {
        self.cancelled.lock().unwrap().push(goal.clone());
        Ok(())
    }

    async fn retry(&self, _: &Job) -> Result<(), ProvingError> {
        Ok(())
    }

    async fn prune(&self, _: u64) -> Result<(), ProvingError> {
        Ok(())
    }

    async fn contract_proof(&self, _: Id, statement: &Statement) -> Result<ContractProof, ProvingError> {
        let mut hash = statement.hash();
        if !self.honest {
            hash[31] ^= 1;
        }
        Ok(ContractProof {
            statement: hash,
            key: [0; 32],
            bytes: hash.to_vec(),
        })
    }
}

fn anvil() -> PathBuf {
    let pinned = chain::repository().join("target/bin/anvil");
    if pinned.exists() { pinned } else { "anvil".into() }
}

fn fork(chain: &Chain) -> ForkDryRun {
    ForkDryRun {
        program: anvil(),
        rpc: chain.url.clone(),
    }
}

/// An aggregator of ALICE's, and what it says.
struct Subject {
    aggregator: Aggregator<Scribe, ForkDryRun>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Subject {
    async fn new(chain: &Chain, folder: &Path, strategy: Box<dyn Strategy>, proofs: Scribe) -> Self {
        let events = Arc::<Mutex<Vec<Event>>>::default();
        let heard = Arc::clone(&events);
        let signer: PrivateKeySigner = ALICE_KEY.parse().unwrap();
        let parts = Parts {
            follower: chain.follower(&folder.join("store")).await,
            chain_id: chain.deployment.chain_id,
            beneficiary: signer.address(),
            signer,
            strategy,
            proofs,
            dry_run: fork(chain),
            journal: Journal::open(folder).unwrap(),
            prices: Prices {
                token_gwei: 1_000_000_000,
                proving_hour_gwei: 1,
            },
            resend_after: 60,
            report: Arc::new(move |event: &Event| heard.lock().unwrap().push(event.clone())),
            timings: Timings::default(),
        };
        Self {
            aggregator: Aggregator::new(parts),
            events,
        }
    }

    async fn steps(&mut self, count: usize) {
        for _ in 0..count {
            self.aggregator.step().await.unwrap();
        }
    }

    fn find<T>(&self, mut of: impl FnMut(&Event) -> Option<T>) -> Option<T> {
        self.events.lock().unwrap().iter().find_map(&mut of)
    }

    fn settled(&self) -> Option<Outcome> {
        self.find(|event| match event {
            Event::Settled(outcome) => Some(*outcome),
            _ => None,
        })
    }

    fn declined(&self) -> Option<String> {
        self.find(|event| match event {
            Event::Declined { why, .. } => Some(why.clone()),
            _ => None,
        })
    }

    fn abandoned(&self) -> Option<String> {
        self.find(|event| match event {
            Event::Abandoned { why, .. } => Some(why.clone()),
            _ => None,
        })
    }

    fn view(&self) -> View {
        self.aggregator.view().unwrap()
    }
}

/// A chain with an account and so many sequences of one batch.
async fn chain_with(sequences: u64) -> Chain {
    let chain = Chain::start().await;
    chain.fund(DEPLOYER).await;
    chain
        .register(DEPLOYER, &SecretKey::from_seed(&[1; 32]), 1_000_000)
        .await;
    for _ in 0..sequences {
        chain.sequence(DEPLOYER, &[vec![]], 1).await;
    }
    chain
}

async fn fee_balance(chain: &Chain, subject: &Subject) -> u128 {
    subject
        .aggregator
        .client()
        .core()
        .feeBalanceOf(ALICE)
        .call()
        .await
        .unwrap_or_else(|_| panic!("{}", chain.url))
        .to()
}

async fn nonce(chain: &Chain) -> u64 {
    chain.provider.get_transaction_count(ALICE).await.unwrap()
}

fn fee_of(view: &View, sequence: u64) -> u128 {
    view.sequence(sequence).unwrap().unwrap().rest.fee
}

/// A submission as somebody else would send it.
fn submission(chain: &Chain, view: &View, init: u64, last: u64) -> Rehearsal {
    let claim = preimage::claim(view, init, last, PROVER, U256::ZERO).unwrap();
    let statement = formats::statement(chain.deployment.domain, 1, &claim).unwrap();
    let proof = Bytes::copy_from_slice(&statement.hash());
    let call = verifyBatchesCall {
        init: U40::wrapping_from(init),
        last: U40::wrapping_from(last),
        claim,
        proof,
    };
    Rehearsal {
        from: PROVER,
        to: chain.core(),
        data: call.abi_encode().into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_proof_is_paid_to_the_wei_after_a_rehearsal() {
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    subject.steps(2).await;
    let outcome = subject.settled().unwrap();
    let view = subject.view();
    let fees = fee_of(&view, 1) + fee_of(&view, 2);
    assert!(outcome.accepted);
    assert_eq!(
        (outcome.last, outcome.reward, fee_balance(&chain, &subject).await),
        (2, fees, fees)
    );
    // The fork foretold it.
    let rehearsed = subject.find(|event| match event {
        Event::Rehearsed { gas, reward, .. } => Some((*gas, *reward)),
        _ => None,
    });
    let (gas, reward) = rehearsed.unwrap();
    assert_eq!(reward, outcome.reward);
    // The fee controller's work depends on the time that has passed.
    assert!(
        gas.abs_diff(outcome.gas) < outcome.gas / 20,
        "{gas} foretold, {} used",
        outcome.gas
    );
    assert_eq!(subject.aggregator.journal().goal(), None);
    assert_eq!(nonce(&chain).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_a_range_that_somebody_else_has_proven_is_abandoned() {
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    let scribe = Scribe::new(false);
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), scribe.clone()).await;
    subject.steps(1).await;
    assert_eq!(subject.aggregator.journal().goal().unwrap().last, 2);
    chain.verify(&subject.view(), 2, |_| ()).await;
    scribe.ready.store(true, Ordering::Relaxed);
    subject.steps(2).await;
    assert!(subject.abandoned().unwrap().contains("is proven"));
    assert_eq!(scribe.cancelled.lock().unwrap().len(), 1);
    assert_eq!(nonce(&chain).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_proof_that_overlaps_is_sent_and_paid_for_its_tail() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    let scribe = Scribe::new(false);
    let mut subject = Subject::new(
        &chain,
        folder.path(),
        Box::new(Profit { margin_percent: 0 }),
        scribe.clone(),
    )
    .await;
    subject.steps(1).await;
    chain.verify(&subject.view(), 2, |_| ()).await;
    subject.steps(1).await;
    scribe.ready.store(true, Ordering::Relaxed);
    subject.steps(2).await;
    let kept = subject.find(|event| match event {
        Event::Overlapped { goal, verified, kept } => Some((goal.init, *verified, *kept)),
        _ => None,
    });
    assert_eq!(kept, Some((0, 2, true)));
    let outcome = subject.settled().unwrap();
    assert!(outcome.accepted);
    assert_eq!(outcome.reward, fee_of(&subject.view(), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_does_not_pay_is_abandoned_by_profit() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    let mut dear = Subject::new(&chain, folder.path(), Box::new(TailIsWorthless), Scribe::new(false)).await;
    dear.steps(1).await;
    chain.verify(&dear.view(), 2, |_| ()).await;
    dear.steps(1).await;
    assert!(dear.abandoned().unwrap().contains("does not pay"));
}

/// Wants three sequences or nothing.
struct TailIsWorthless;

impl Strategy for TailIsWorthless {
    fn name(&self) -> &'static str {
        "all or nothing"
    }

    fn target(&mut self, situation: &poe_node::aggregator::Situation<'_>) -> Option<u64> {
        situation.pending.get(2).map(|pending| pending.sequence)
    }

    fn least_reward(&self, _: &poe_node::aggregator::Offer, _: &poe_node::aggregator::Costs) -> Option<u128> {
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_waits_in_the_pool_is_seen_and_none_is_sent_behind_it() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let scribe = Scribe::new(false);
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), scribe.clone()).await;
    subject.steps(1).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    let other = submission(&chain, &subject.view(), 0, 1);
    let request = TransactionRequest {
        gas: Some(1_000_000),
        ..other.request()
    };
    let _ = chain.provider.send_transaction(request).await.unwrap();
    scribe.ready.store(true, Ordering::Relaxed);
    subject.steps(2).await;
    let why = subject.declined().unwrap();
    assert!(why.contains("LateProof"), "{why}");
    chain.mine(1).await;
    assert_eq!(nonce(&chain).await, 0);
    subject.steps(1).await;
    assert!(subject.abandoned().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_the_verifier_refuses_costs_no_gas() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let scribe = Scribe {
        honest: false,
        ..Scribe::new(true)
    };
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), scribe).await;
    subject.steps(3).await;
    assert!(subject.declined().is_some());
    assert_eq!(nonce(&chain).await, 0);
    // It is said once, not in every round.
    let declined = subject
        .events
        .lock()
        .unwrap()
        .iter()
        .filter(|event| matches!(event, Event::Declined { .. }))
        .count();
    assert_eq!(declined, 1);
}

/// The journal knows the transaction before the provider does, so it is neither forgotten nor sent twice.
#[tokio::test(flavor = "multi_thread")]
async fn an_aggregator_killed_after_sending_goes_on_from_its_journal() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(1).await;
    let hash = *subject.aggregator.journal().in_flight().unwrap().hashes.last().unwrap();
    drop(subject);
    let mut again = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    again.steps(2).await;
    assert_eq!(again.settled(), None);
    chain.mine(1).await;
    again.steps(1).await;
    let outcome = again.settled().unwrap();
    assert!(outcome.accepted);
    assert_eq!((outcome.transaction, nonce(&chain).await), (hash, 1));
}

/// Its nonce is taken by something cheaper.
#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_becomes_late_in_the_pool_is_cancelled() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(1).await;
    let hash = *subject.aggregator.journal().in_flight().unwrap().hashes.last().unwrap();
    // The pool of the block's producer does not have it, but another proof.
    chain.provider.anvil_drop_transaction(hash).await.unwrap();
    let other = submission(&chain, &subject.view(), 0, 1);
    let request = TransactionRequest {
        gas: Some(1_000_000),
        ..other.request()
    };
    let _ = chain.provider.send_transaction(request).await.unwrap();
    chain.mine(1).await;
    subject.steps(1).await;
    assert!(
        subject
            .find(|event| matches!(event, Event::Cancelled { .. }).then_some(()))
            .is_some()
    );
    chain.mine(1).await;
    subject.steps(1).await;
    let outcome = subject.settled().unwrap();
    assert_eq!((outcome.accepted, outcome.gas, outcome.reward), (false, 21_000, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_tells_what_would_happen_and_leaves_the_chain_alone() {
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    let mut follower = chain.follower(folder.path()).await;
    follower.sync_once().await.unwrap();
    let view = follower.view().unwrap();
    let good = submission(&chain, &view, 0, 2);
    let accepted = fork(&chain).rehearse(&good).await.unwrap();
    let fees = fee_of(&view, 1) + fee_of(&view, 2);
    assert!(
        matches!(accepted, Verdict::Accepted { reward, gas } if reward == fees && gas > 50_000),
        "{accepted:?}"
    );
    let head = follower.client().core().head().call().await.unwrap();
    assert_eq!(head.lastVerified.to::<u64>(), 0);
    chain.verify(&view, 2, |_| ()).await;
    let late = LateProof {
        last: U40::from(2),
        lastVerified: U40::from(2),
    };
    let late = ContractError::Core(Box::new(ProofOfEfficiencyErrors::LateProof(late)));
    assert_eq!(fork(&chain).rehearse(&good).await.unwrap(), Verdict::Refused(late));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interval_aggregator_waits_its_time() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let strategy = Interval { seconds: 600 };
    let mut subject = Subject::new(&chain, folder.path(), Box::new(strategy), Scribe::new(true)).await;
    subject.steps(1).await;
    assert_eq!(subject.aggregator.journal().goal(), None);
    chain.pass_time(601).await;
    subject.steps(2).await;
    assert!(subject.settled().unwrap().accepted);
}

#[tokio::test]
async fn a_missing_anvil_is_named() {
    let dry_run = ForkDryRun {
        program: "no-such-anvil".into(),
        rpc: "http://127.0.0.1:1".into(),
    };
    let rehearsal = Rehearsal {
        from: ALICE,
        to: PROVER,
        data: Bytes::new(),
    };
    let error = dry_run.rehearse(&rehearsal).await.unwrap_err().to_string();
    assert!(error.contains("no-such-anvil") && error.contains("--anvil"), "{error}");
}
