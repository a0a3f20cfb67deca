// SPDX-License-Identifier: MIT OR Apache-2.0
//! One round after another: follow L1, look, prove, halt, rewind.

use super::event::{Event, Report};
use super::findings::{Findings, Untrue};
use super::journal::{Journal, Step};
use super::step::Rehearsed;
use crate::aggregator::feed::Feed;
use crate::aggregator::route::{Routes, require_same};
use crate::aggregator::sender::Sender;
use crate::aggregator::{AggregatorError, DryRun, GoalRecord, ProofSource, RETRY_ROUNDS};
use crate::chain::Status;
use crate::l1::L1Client;
use crate::proving::{Goal, Id, Job, Progress, ProvingError, Target};
use crate::store::{StoreError, View};
use crate::sync::{Follower, SyncError};
use alloy::primitives::{Address, B256};
use alloy::signers::local::PrivateKeySigner;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// What is said of a false checkpoint, and of a chain that is rewound, whatever else happens.
pub(super) const FOUND: &str = "found ";
pub(super) const REWOUND: &str = "rewound ";

/// What a watcher is made of.
pub struct Parts<P, D> {
    /// Follows L1.
    pub follower: Follower,
    /// The L1 key that pays for gas.
    pub signer: PrivateKeySigner,
    /// The chain it signs for.
    pub chain_id: u64,
    /// Account that proofs are made for; a conflict pays nobody.
    pub beneficiary: Address,
    /// Who proves.
    pub proofs: P,
    /// Who rehearses.
    pub dry_run: D,
    /// What must be remembered.
    pub journal: Journal,
    /// Seconds of L1 after which a transaction that is not mined is sent with a higher fee.
    pub resend_after: u64,
    /// Most wei to offer for a unit of gas, if there is a limit.
    pub max_gas_price: Option<u128>,
    /// Most checkpoints in one call of `rewind`, at least 2.
    pub rewind_piece: usize,
    /// Who hears of it.
    pub report: Report,
}

/// How things stand after a round.
#[derive(Debug)]
pub enum Standing {
    /// Nothing is to be done.
    Quiet,
    /// Something is under way.
    Busy,
    /// False checkpoints stand, and this watcher cannot do anything about them.
    Helpless(Box<AggregatorError>),
}

/// A watcher.
pub struct Watcher<P, D> {
    pub(super) parts: Parts<P, D>,
    pub(super) sender: Sender,
    feed: Feed,
    routes: Routes,
    /// Rounds in which the nonce of the transaction was used and no receipt was to be had.
    pub(super) unseen: u32,
    missing: usize,
    /// Rounds that jobs which failed have been put off.
    waits: HashMap<Id, u32>,
    /// The last call that a fork has accepted.
    pub(super) rehearsed: Option<Rehearsed>,
    /// What was said, so that it is said once.
    pub(super) said: HashSet<String>,
}

impl<P: ProofSource, D: DryRun> Watcher<P, D> {
    /// Of these parts.
    pub fn new(parts: Parts<P, D>) -> Self {
        let sender = Sender {
            signer: parts.signer.clone(),
            chain_id: parts.chain_id,
        };
        Self {
            parts,
            sender,
            feed: Feed::default(),
            routes: Routes::default(),
            unseen: 0,
            missing: 0,
            waits: HashMap::new(),
            rehearsed: None,
            said: HashSet::new(),
        }
    }

    /// The L1 client.
    pub const fn client(&self) -> &L1Client {
        self.parts.follower.client()
    }

    /// What it remembers.
    pub const fn journal(&self) -> &Journal {
        &self.parts.journal
    }

    /// What it knows of L1.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    pub fn view(&self) -> Result<View, StoreError> {
        self.parts.follower.view()
    }

    pub(super) fn say(&self, event: &Event) {
        (self.parts.report)(event);
    }

    /// Says something that is so for many rounds.
    pub(super) fn say_once(&mut self, key: String, event: &Event) {
        if self.said.insert(key) {
            self.say(event);
        }
    }

    /// Holds what is proven here against the verifier of what is sequenced now: an emergency is no time to find out.
    ///
    /// # Errors
    ///
    /// If they differ, or the L1 provider fails.
    pub async fn check_circuits(&self) -> Result<(), AggregatorError> {
        require_same(self.client(), &self.parts.proofs.circuits()).await
    }

    /// Takes rounds until `stop` completes; with `once`, until nothing is left to be done. A provider that fails is asked again; any
    /// other error ends it.
    ///
    /// # Errors
    ///
    /// If a false checkpoint stands that nothing takes back, if the store, the journal or the disk fails, or L1 contradicts itself.
    pub async fn run(
        &mut self,
        interval: Duration,
        once: bool,
        stop: impl Future<Output = ()>,
    ) -> Result<(), AggregatorError> {
        tokio::pin!(stop);
        loop {
            tokio::select! {
                // A round may be cut off anywhere: whatever matters is on disk before it is acted on.
                biased;
                () = &mut stop => return Ok(()),
                round = self.step() => match round {
                    Ok(Standing::Quiet) if once => return Ok(()),
                    Ok(Standing::Quiet | Standing::Busy) => {}
                    Ok(Standing::Helpless(error)) if once || is_lost(&error) => return Err(*error),
                    // Another watcher may be able to, and it may be of another version only.
                    Ok(Standing::Helpless(_)) => {}
                    Err(error) if error.is_transient() => tracing::warn!(%error, "trying again"),
                    Err(error) => return Err(error),
                },
            }
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(interval) => {}
            }
        }
    }

    /// One round.
    ///
    /// # Errors
    ///
    /// As [`Self::run`], and if the L1 provider fails.
    pub async fn step(&mut self) -> Result<Standing, AggregatorError> {
        let dispute = match self.parts.follower.sync_once().await {
            Ok(_) => None,
            Err(error) if error.is_dispute() => Some(error),
            Err(error) => return Err(error.into()),
        };
        let view = self.view()?;
        if self.parts.journal.in_flight().is_some() {
            self.follow(&view).await?;
            return Ok(Standing::Busy);
        }
        let now = self.now(&view).await?;
        let findings = Findings::of(&view, now)?;
        self.tell(&view, &findings);
        if self.rewind(&view, &findings.rewind).await? {
            return Ok(Standing::Busy);
        }
        self.reconsider(&view, &findings).await?;
        if let Some(unable) = self.choose(&view, &findings).await? {
            return Ok(Standing::Helpless(Box::new(unable)));
        }
        if self.parts.journal.goal().is_some() {
            self.pursue(&view).await?;
            return Ok(Standing::Busy);
        }
        Ok(match dispute {
            _ if !findings.rewind.is_empty() => Standing::Busy,
            // None of what is false can be contested, nor does a rewind void it.
            Some(error) => Standing::Helpless(Box::new(error.into())),
            None => Standing::Quiet,
        })
    }

    fn tell(&mut self, view: &View, findings: &Findings) {
        for untrue in &findings.untrue {
            let checkpoint = &untrue.checkpoint;
            let key = format!("{FOUND}{} {:?}", checkpoint.number, checkpoint.block.hash);
            self.say_once(key, &Event::Found(Box::new(untrue.clone())));
        }
        let chain = view.chain();
        if chain.status == Status::Halted && findings.rewind.is_empty() {
            let last_verified = chain.last_verified;
            let key = format!("{REWOUND}{last_verified} {}", chain.halt.block);
            self.say_once(key, &Event::Rewound { last_verified });
        }
    }

    /// The time on L1. A block may be long ago where nothing happens, and the store a little behind.
    async fn now(&self, view: &View) -> Result<u64, AggregatorError> {
        let synced = view.tip()?.1.map_or(0, |block| block.timestamp);
        let newest = self.client().latest().await;
        Ok(newest.map_or(synced, |header| header.timestamp.max(synced)))
    }

    /// Gives the goal up if there is nothing to contest any more.
    async fn reconsider(&mut self, view: &View, findings: &Findings) -> Result<(), AggregatorError> {
        let Some(goal) = self.parts.journal.goal().copied() else {
            return Ok(());
        };
        let still = findings.contestable().find(|untrue| is_of(&untrue.checkpoint, &goal));
        let why = match (still, view.chain().status) {
            (Some(_), _) => return self.take_route_in_force(goal).await,
            (None, Status::Halted) => "the chain is halted for it or for an earlier conflict",
            (None, Status::Running) => "it does not stand any more, or has matured",
            (None, Status::Closed) => "the chain is closed",
        };
        self.abandon(goal, why).await
    }

    async fn take_route_in_force(&mut self, goal: GoalRecord) -> Result<(), AggregatorError> {
        match self.route(goal.version).await? {
            Ok(route) if route == goal.route => Ok(()),
            Ok(route) => Ok(self.parts.journal.set_goal(Some(GoalRecord { route, ..goal }))?),
            Err(_) => {
                self.abandon(goal, "the verifier in force stands for other circuits")
                    .await
            }
        }
    }

    async fn abandon(&mut self, goal: GoalRecord, why: &str) -> Result<(), AggregatorError> {
        match self.parts.proofs.cancel(&self.contract_goal(&goal)).await {
            // Batches that the engine does not know, after a restart say, have no jobs either.
            Err(ProvingError::Plan(_)) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
        self.parts.journal.set_goal(None)?;
        let (checkpoint, why) = (goal.last, why.to_owned());
        self.say(&Event::Abandoned { checkpoint, why });
        Ok(())
    }

    /// Goes for the newest false checkpoint that can be contested with what is proven here; why none can be, if none can.
    async fn choose(&mut self, view: &View, findings: &Findings) -> Result<Option<AggregatorError>, AggregatorError> {
        if self.parts.journal.goal().is_some() {
            return Ok(None);
        }
        let mut unable = None;
        for Untrue { checkpoint, .. } in findings.contestable() {
            let (init, version) = (checkpoint.tail.previous, checkpoint.tail.sequence.version);
            match self.route(version).await? {
                Err((route, why)) => unable = Some(AggregatorError::OtherCircuits { route, why }),
                Ok(route) => {
                    let goal = GoalRecord {
                        init,
                        last: checkpoint.number,
                        acc: checkpoint.acc.into(),
                        first_batch: view.last_batch_of(init)? + 1,
                        last_batch: checkpoint.tail.sequence.cumulative_batches,
                        version,
                        route,
                    };
                    self.parts.journal.set_goal(Some(goal))?;
                    self.say(&Event::Chosen(goal));
                    return Ok(None);
                }
            }
        }
        Ok(unable)
    }

    /// The route in force for a version; its number and what differs, if its verifier does not take what is proven here.
    async fn route(&mut self, version: u32) -> Result<Result<u32, (u32, String)>, AggregatorError> {
        let ours = self.parts.proofs.circuits();
        let judged = self.routes.judge(self.parts.follower.client(), &ours, version).await?;
        let Some(why) = judged.difference else {
            return Ok(Ok(judged.number));
        };
        if judged.is_new {
            let (route, why) = (judged.number, why.clone());
            self.say(&Event::OtherCircuits { route, why });
        }
        Ok(Err((judged.number, why)))
    }

    fn contract_goal(&self, goal: &GoalRecord) -> Goal {
        Goal::Contract(Target {
            range: goal.first_batch..goal.last_batch + 1,
            version: goal.route,
            beneficiary: self.parts.beneficiary.into(),
        })
    }

    /// Proves the true result; sends it when it is there.
    async fn pursue(&mut self, view: &View) -> Result<(), AggregatorError> {
        let Some(goal) = self.parts.journal.goal().copied() else {
            return Ok(());
        };
        let batches = goal.first_batch..=goal.last_batch;
        self.feed.update(view, batches, &self.parts.proofs).await?;
        match self.parts.proofs.advance(&self.contract_goal(&goal)).await? {
            Progress::Failed { job, why } => self.put_off(job, why).await,
            Progress::Proving { missing, .. } => {
                if missing.len() != self.missing {
                    self.missing = missing.len();
                    let (checkpoint, missing) = (goal.last, missing.len());
                    self.say(&Event::Proving { checkpoint, missing });
                }
                Ok(())
            }
            Progress::Done(Some(id)) => self.halt(view, goal, id).await,
            Progress::Done(None) => Ok(()),
        }
    }

    /// A job that failed for good is tried again after a while.
    async fn put_off(&mut self, job: Job, why: String) -> Result<(), AggregatorError> {
        let rounds = self.waits.entry(job.id()).or_default();
        *rounds += 1;
        match *rounds {
            1 => self.say(&Event::Failed { job, why }),
            RETRY_ROUNDS.. => {
                self.waits.remove(&job.id());
                self.parts.proofs.retry(&job).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Why a transaction is of no use any more, if it is of none.
    pub(super) fn lost(&self, view: &View, step: Step) -> Result<Option<&'static str>, StoreError> {
        let chain = view.chain();
        Ok(match step {
            Step::Rewind { .. } if chain.status != Status::Halted => Some("the chain is not halted"),
            Step::Rewind { from, .. } if chain.last_verified != from => Some("somebody else has rewound"),
            Step::Halt { start, .. } if chain.status == Status::Halted && chain.halt.conflict_start <= start => {
                Some("somebody else has halted the chain")
            }
            Step::Halt { .. } if chain.status == Status::Closed => Some("the chain is closed"),
            Step::Halt { end, .. }
                if view
                    .checkpoint(end)?
                    .is_none_or(|checkpoint| checkpoint.disputed.is_none()) =>
            {
                Some("the false checkpoint does not stand any more")
            }
            _ => None,
        })
    }
}

/// Whether a goal contests this checkpoint, as L1 has it now.
fn is_of(checkpoint: &crate::chain::CheckpointRecord, goal: &GoalRecord) -> bool {
    (checkpoint.number, checkpoint.tail.previous, B256::from(checkpoint.acc)) == (goal.last, goal.init, goal.acc)
}

/// Whether it is about a false checkpoint that nothing takes back.
fn is_lost(error: &AggregatorError) -> bool {
    matches!(error, AggregatorError::Sync(error) if matches!(**error, SyncError::ProvenStateDiffers { .. }))
}
