// SPDX-License-Identifier: MIT OR Apache-2.0
//! An aggregator under test, whose proofs are what the mock verifier accepts.

use crate::chain::{self, ALICE, ALICE_KEY, Chain, DEPLOYER, PROVER};
use alloy::primitives::{Bytes, U256, aliases::U40, keccak256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall as _;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::verifyBatchesCall;
use poe_bindings::formats;
use poe_node::agent::{self, CircuitsOnL1, Event, ForkDryRun, InFlight, Journal, ProofSource, Rehearsal, Report, Role};
use poe_node::aggregator::{Aggregating, Aggregator, Parts, Prices, Strategy, Timings};
use poe_node::l1::preimage;
use poe_node::proving::{ContractProof, Goal, Id, Job, Progress, ProvingError};
use poe_node::store::View;
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::{Capacity, Statement};
use poe_rollup::schnorr::SecretKey;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the mock verifier says of itself.
pub fn mock_circuits() -> CircuitsOnL1 {
    CircuitsOnL1 {
        capacity: Capacity::REFERENCE,
        circuit_hash: keccak256("MockVerifier").0,
        insecure_setup: true,
        key: None,
    }
}

/// Makes "proofs" at once, when it is told to; dishonest ones name another statement.
#[derive(Clone)]
pub struct Scribe {
    pub ready: Arc<AtomicBool>,
    pub honest: bool,
    pub circuits: CircuitsOnL1,
    pub cancelled: Arc<Mutex<Vec<Goal>>>,
    pub folds: Arc<AtomicUsize>,
    /// First batches that were kept.
    pub pruned: Arc<Mutex<Vec<u64>>>,
    /// Whether what it has made cannot be removed.
    pub stuck: Arc<AtomicBool>,
}

impl Scribe {
    pub fn new(ready: bool) -> Self {
        Self {
            ready: Arc::new(AtomicBool::new(ready)),
            honest: true,
            circuits: mock_circuits(),
            cancelled: Arc::default(),
            folds: Arc::default(),
            pruned: Arc::default(),
            stuck: Arc::default(),
        }
    }
}

impl ProofSource for Scribe {
    fn circuits(&self) -> CircuitsOnL1 {
        self.circuits
    }

    async fn add_batch(&self, _: u64, _: &BatchWitness) -> Result<(), ProvingError> {
        Ok(())
    }

    fn truncate(&self, _: u64) {}

    async fn advance(&self, goal: &Goal) -> Result<Progress, ProvingError> {
        if let Goal::Fold(_) = goal {
            self.folds.fetch_add(1, Ordering::Relaxed);
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

    async fn missing(&self, _: &Goal) -> Result<Vec<Job>, ProvingError> {
        Ok(vec![])
    }

    async fn replace(&self, _: &Goal, _: &Goal) -> Result<(), ProvingError> {
        Ok(())
    }

    async fn retry(&self, _: &Job) -> Result<(), ProvingError> {
        Ok(())
    }

    async fn prune(&self, number: u64, _: Duration) -> Result<(), ProvingError> {
        if self.stuck.load(Ordering::Relaxed) {
            return Err(ProvingError::NoProof(Id([0; 32])));
        }
        self.pruned.lock().unwrap().push(number);
        Ok(())
    }

    async fn check(&self, _: Id) -> Result<(), ProvingError> {
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

pub fn anvil() -> PathBuf {
    let pinned = chain::repository().join("target/bin/anvil");
    if pinned.exists() { pinned } else { "anvil".into() }
}

pub fn fork(chain: &Chain) -> ForkDryRun {
    ForkDryRun {
        program: anvil(),
        rpc: chain.url.clone(),
    }
}

/// What an agent says.
pub struct Heard<R: Role>(Arc<Mutex<Vec<Event<R>>>>);

impl<R: Role> Heard<R> {
    pub fn nothing() -> Self {
        Self(Arc::default())
    }

    fn report(&self) -> Report<R> {
        let heard = Arc::clone(&self.0);
        Arc::new(move |event: &Event<R>| heard.lock().unwrap().push(event.clone()))
    }

    pub fn all(&self) -> Vec<Event<R>> {
        self.0.lock().unwrap().clone()
    }

    pub fn find<T>(&self, mut of: impl FnMut(&Event<R>) -> Option<T>) -> Option<T> {
        self.0.lock().unwrap().iter().find_map(&mut of)
    }

    pub fn count(&self, is: impl Fn(&Event<R>) -> bool) -> usize {
        self.0.lock().unwrap().iter().filter(|event| is(event)).count()
    }

    pub fn settled(&self) -> Option<R::Outcome> {
        self.find(|event| match event {
            Event::Settled(outcome) => Some(*outcome),
            _ => None,
        })
    }

    pub fn declined(&self) -> Option<String> {
        self.find(|event| match event {
            Event::Declined { why, .. } => Some(why.clone()),
            _ => None,
        })
    }

    pub fn cancelled(&self) -> Option<String> {
        self.find(|event| match event {
            Event::Cancelled { why, .. } => Some(why.clone()),
            _ => None,
        })
    }

    pub fn abandoned(&self) -> Option<String> {
        self.find(|event| match event {
            Event::Abandoned { why, .. } => Some(why.clone()),
            _ => None,
        })
    }
}

/// How often an agent sends again, in seconds, and the most it offers for gas.
pub type Bidding = (u64, Option<u128>);

/// An agent of ALICE's that reads L1 through a provider.
pub async fn agent<R: Role>(
    chain: &Chain,
    provider: &str,
    folder: &Path,
    proofs: Scribe,
    (resend_after, max_gas_price): Bidding,
    heard: &Heard<R>,
) -> agent::Parts<Scribe, ForkDryRun, R> {
    let signer: PrivateKeySigner = ALICE_KEY.parse().unwrap();
    agent::Parts {
        follower: chain.follower_at(provider, &folder.join("store"), 10_000).await,
        chain_id: chain.deployment.chain_id,
        beneficiary: signer.address(),
        signer,
        proofs,
        dry_run: fork(chain),
        journal: Journal::open(folder).unwrap(),
        resend_after,
        max_gas_price,
        report: heard.report(),
    }
}

/// An aggregator of ALICE's, and what it says.
pub struct Subject {
    pub aggregator: Aggregator<Scribe, ForkDryRun>,
    pub heard: Heard<Aggregating>,
    provider: DynProvider,
}

impl Subject {
    pub async fn new(chain: &Chain, folder: &Path, strategy: Box<dyn Strategy>, proofs: Scribe) -> Self {
        Self::resending_after(60, chain, folder, strategy, proofs).await
    }

    pub async fn resending_after(
        resend_after: u64,
        chain: &Chain,
        folder: &Path,
        strategy: Box<dyn Strategy>,
        proofs: Scribe,
    ) -> Self {
        Self::bidding((resend_after, None), chain, folder, strategy, proofs).await
    }

    pub async fn bidding(
        bidding: Bidding,
        chain: &Chain,
        folder: &Path,
        strategy: Box<dyn Strategy>,
        proofs: Scribe,
    ) -> Self {
        let heard = Heard::nothing();
        let parts = Parts {
            agent: agent(chain, &chain.url, folder, proofs, bidding, &heard).await,
            strategy,
            prices: Prices {
                token_gwei: 1_000_000_000,
                proving_hour_gwei: 1,
            },
            timings: Timings::default(),
        };
        Self {
            aggregator: Aggregator::new(parts),
            heard,
            provider: chain.provider.clone(),
        }
    }

    pub async fn steps(&mut self, count: usize) {
        for _ in 0..count {
            self.aggregator.step().await.unwrap();
            chain::settled(&self.provider).await;
        }
    }

    pub fn in_flight(&self) -> InFlight {
        self.aggregator.agent().journal().in_flight().unwrap().clone()
    }

    pub fn view(&self) -> View {
        self.aggregator.agent().view().unwrap()
    }
}

/// A chain with an account and so many sequences of one batch.
pub async fn chain_with(sequences: u64) -> Chain {
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

pub async fn fee_balance(chain: &Chain, subject: &Subject) -> u128 {
    subject
        .aggregator
        .agent()
        .client()
        .core()
        .feeBalanceOf(ALICE)
        .call()
        .await
        .unwrap_or_else(|_| panic!("{}", chain.url))
        .to()
}

pub async fn nonce(chain: &Chain) -> u64 {
    chain.provider.get_transaction_count(ALICE).await.unwrap()
}

pub fn fee_of(view: &View, sequence: u64) -> u128 {
    view.sequence(sequence).unwrap().unwrap().rest.fee
}

/// A submission as somebody else would send it.
pub fn submission(chain: &Chain, view: &View, init: u64, last: u64) -> Rehearsal {
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

/// Sends it without waiting until it is mined; `bid` makes another offer for its gas.
pub async fn send_unmined(chain: &Chain, call: &Rehearsal, bid: impl FnOnce(&mut TransactionRequest)) {
    let mut request = call.request().gas_limit(1_000_000);
    bid(&mut request);
    let _ = chain.provider.send_transaction(request).await.unwrap();
}
