// SPDX-License-Identifier: MIT OR Apache-2.0

use super::dry_run::DryRun;
use super::event::{Event, Report};
use super::feed::Feed;
use super::journal::{GoalRecord, Journal};
use super::proofs::ProofSource;
use super::route::{Routes, require_same};
use super::sender::Sender;
use super::{AgentError, Role};
use crate::chain::CheckpointRecord;
use crate::l1::{L1Client, preimage};
use crate::proving::{Goal, Id, Job, Progress, ProvingError, Target};
use crate::store::{StoreError, View};
use crate::sync::Follower;
use alloy::primitives::{Address, Bytes, U256};
use alloy::signers::local::PrivateKeySigner;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::Claim;
use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

/// How long to wait before a job that failed for good is tried again, in rounds.
pub(crate) const RETRY_ROUNDS: u32 = 60;

/// What an agent is made of.
pub struct Parts<P, D, R: Role> {
    /// Follows L1.
    pub follower: Follower,
    /// The L1 key that pays for gas.
    pub signer: PrivateKeySigner,
    /// The chain it signs for.
    pub chain_id: u64,
    /// Account that proofs are made for: who is paid, if somebody is.
    pub beneficiary: Address,
    /// Who proves.
    pub proofs: P,
    /// Who rehearses.
    pub dry_run: D,
    /// What must be remembered.
    pub journal: Journal<R>,
    /// Seconds of L1 after which a transaction that is not mined is sent with a higher fee.
    pub resend_after: u64,
    /// Most wei to offer for a unit of gas, if there is a limit.
    pub max_gas_price: Option<u128>,
    /// Who hears of it.
    pub report: Report<R>,
}

/// Who follows L1, has something proven, and sends it.
pub struct Agent<P, D, R: Role> {
    pub(crate) parts: Parts<P, D, R>,
    pub(crate) sender: Sender,
    pub(crate) feed: Feed,
    /// Routes that were held against what is proven here.
    routes: Routes,
    /// Rounds in which the transaction on its way could neither be mined nor be found.
    pub(super) unseen: u32,
    missing: usize,
    /// Rounds that jobs which failed have been put off.
    waits: HashMap<Id, u32>,
    /// What was said of the range or the transaction under way, so that it is said once.
    said: HashSet<String>,
    /// First batch that is kept.
    kept: u64,
}

impl<P: ProofSource, D: DryRun, R: Role> Agent<P, D, R> {
    pub(crate) fn new(parts: Parts<P, D, R>) -> Self {
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
            said: HashSet::new(),
            kept: 0,
        }
    }

    /// The L1 client.
    pub const fn client(&self) -> &L1Client {
        self.parts.follower.client()
    }

    /// What it remembers.
    pub const fn journal(&self) -> &Journal<R> {
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

    pub(crate) fn say(&self, event: &Event<R>) {
        (self.parts.report)(event);
    }

    /// Says something that is so for many rounds, unless that was said since [`Self::forget_said`].
    pub(crate) fn say_once(&mut self, key: String, event: &Event<R>) {
        if self.said.insert(key) {
            self.say(event);
        }
    }

    /// What comes now may have the same reasons, and they are said again.
    pub(crate) fn forget_said(&mut self) {
        self.said.clear();
    }

    pub(crate) fn decline(&mut self, step: R::Step, why: String) {
        self.decline_for(step, &why.clone(), why);
    }

    /// As [`Self::decline`], where the words change and the reason does not.
    pub(crate) fn decline_for(&mut self, step: R::Step, reason: &str, why: String) {
        self.say_once(format!("{step} declined: {reason}"), &Event::Declined { step, why });
    }

    /// Holds what is proven here against the verifier of what is sequenced now.
    ///
    /// # Errors
    ///
    /// If they differ, or the L1 provider fails.
    pub async fn check_circuits(&self) -> Result<(), AgentError> {
        require_same(self.client(), &self.parts.proofs.circuits()).await
    }

    /// The time on L1. A block may be long ago where nothing happens, and the store a little behind.
    pub(crate) async fn now(&self, view: &View) -> Result<u64, AgentError> {
        let synced = view.tip()?.1.map_or(0, |block| block.timestamp);
        let newest = self.client().latest().await;
        Ok(newest.map_or(synced, |header| header.timestamp.max(synced)))
    }

    /// The route that judges proofs of a version now; its number and what differs, if its verifier does not take what is proven here.
    pub(crate) async fn route(&mut self, version: u32) -> Result<Result<u32, (u32, String)>, AgentError> {
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

    /// Has the proof of a goal judged by the route in force now. `false` if the verifier of that stands for other circuits.
    pub(crate) async fn take_route_in_force(&mut self, goal: GoalRecord) -> Result<bool, AgentError> {
        let Ok(route) = self.route(goal.version).await? else {
            return Ok(false);
        };
        if route != goal.route {
            self.parts.journal.set_goal(Some(GoalRecord { route, ..goal }))?;
        }
        Ok(true)
    }

    /// Gives a goal up.
    pub(crate) async fn abandon(&mut self, goal: GoalRecord, why: String) -> Result<(), AgentError> {
        known_only(self.parts.proofs.cancel(&self.contract_goal(&goal)).await)?;
        self.parts.journal.set_goal(None)?;
        self.say(&Event::Abandoned { last: goal.last, why });
        Ok(())
    }

    pub(crate) fn contract_goal(&self, goal: &GoalRecord) -> Goal {
        Goal::Contract(Target {
            range: goal.first_batch..goal.last_batch + 1,
            version: goal.route,
            beneficiary: self.parts.beneficiary.into(),
        })
    }

    /// Hands batches over to whoever proves.
    pub(crate) async fn feed(&mut self, view: &View, batches: RangeInclusive<u64>) -> Result<(), AgentError> {
        self.feed.update(view, batches, &self.parts.proofs).await.map(drop)
    }

    /// Brings the proof of a goal one step further. A job that failed for good is put off.
    pub(crate) async fn prove(&mut self, goal: &GoalRecord) -> Result<Progress, AgentError> {
        let progress = self.parts.proofs.advance(&self.contract_goal(goal)).await?;
        match &progress {
            Progress::Failed { job, why } => self.put_off(job, why).await?,
            Progress::Proving { missing, .. } if missing.len() != self.missing => {
                self.missing = missing.len();
                let (last, missing) = (goal.last, missing.len());
                self.say(&Event::Proving { last, missing });
            }
            Progress::Proving { .. } | Progress::Done(_) => {}
        }
        Ok(progress)
    }

    /// A job that failed for good is tried again after a while.
    pub(crate) async fn put_off(&mut self, job: &Job, why: &str) -> Result<(), AgentError> {
        let rounds = self.waits.entry(job.id()).or_default();
        *rounds += 1;
        match *rounds {
            1 => {
                let (job, why) = (*job, why.to_owned());
                self.say(&Event::Failed { job, why });
            }
            RETRY_ROUNDS.. => {
                self.waits.remove(&job.id());
                self.parts.proofs.retry(job).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What the proof of a goal claims, and its bytes; `None` if there is none, and it is made again.
    pub(crate) async fn proof(
        &self,
        view: &View,
        goal: &GoalRecord,
        id: Id,
        min_reward: U256,
    ) -> Result<Option<(Claim, Bytes)>, AgentError> {
        let claim = preimage::claim(view, goal.init, goal.last, self.parts.beneficiary, min_reward)?;
        let route = u16::try_from(goal.route).unwrap_or(u16::MAX);
        let statement = poe_bindings::formats::statement(view.domain().into(), route, &claim)
            .map_err(|_| AgentError::Root { checkpoint: goal.init })?;
        match self.parts.proofs.contract_proof(id, &statement).await {
            Ok(proof) => Ok(Some((claim, proof.bytes.into()))),
            Err(ProvingError::NoProof(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Proofs of what has matured are of no use to anybody: neither to be paid nor to contest.
    pub(crate) async fn forget_matured(&mut self, view: &View) -> Result<(), AgentError> {
        let now = view.tip()?.1.map_or(0, |block| block.timestamp);
        let Some(matured) = newest_matured(view, now)? else {
            return Ok(());
        };
        let mut next = view.last_batch_of(matured.number)? + 1;
        if let Some(goal) = self.parts.journal.goal() {
            next = next.min(goal.first_batch);
        }
        if next > self.kept {
            // Made that long before, it is of no checkpoint that could still be contested.
            let age = now.saturating_sub(matured.verified_at) + view.identity().exit_delay;
            self.parts.proofs.prune(next, Duration::from_secs(age)).await?;
            self.feed.prune(next);
            self.kept = next;
        }
        Ok(())
    }
}

/// The newest checkpoint that has matured.
fn newest_matured(view: &View, now: u64) -> Result<Option<CheckpointRecord>, StoreError> {
    let mut number = view.chain().last_verified;
    while let Some(checkpoint) = view.checkpoint(number)? {
        if view.matures_at(&checkpoint).is_some_and(|at| at <= now) {
            return Ok(Some(checkpoint));
        }
        number = checkpoint.tail.previous;
    }
    Ok(None)
}

/// Batches that the engine does not know, after a restart say, have no jobs either.
pub(crate) fn known_only(cancelled: Result<(), ProvingError>) -> Result<(), ProvingError> {
    match cancelled {
        Err(ProvingError::Plan(_)) => Ok(()),
        other => other,
    }
}
