// SPDX-License-Identifier: MIT OR Apache-2.0
//! One round after another: follow L1, look, prove, halt, rewind.

use super::event::{ContestEvent, Event};
use super::findings::{Findings, Untrue};
use super::journal::{Step, Watching};
use super::step::Rehearsed;
use crate::agent::{self, Agent, AgentError, DryRun, GoalRecord, ProofSource};
use crate::chain::{CheckpointRecord, Status};
use crate::proving::Progress;
use crate::store::{StoreError, View};
use crate::sync::SyncError;
use alloy::primitives::B256;
use std::collections::HashSet;
use std::time::Duration;

/// What a watcher is made of.
pub struct Parts<P, D> {
    /// What every agent is made of. A conflict pays nobody.
    pub agent: agent::Parts<P, D, Watching>,
    /// Most checkpoints in one call of `rewind`, at least 2.
    pub rewind_piece: usize,
}

/// How things stand after a round.
#[derive(Debug)]
pub enum Standing {
    /// Nothing is to be done.
    Quiet,
    /// Something is under way.
    Busy,
    /// False checkpoints stand, and this watcher cannot do anything about them.
    Helpless(Box<AgentError>),
}

/// A watcher.
pub struct Watcher<P, D> {
    pub(super) agent: Agent<P, D, Watching>,
    pub(super) rewind_piece: usize,
    /// The last call that a fork has accepted.
    pub(super) rehearsed: Option<Rehearsed>,
    /// What was found and what was rewound, so that it is said once, whatever else happens.
    told: HashSet<String>,
}

impl<P: ProofSource, D: DryRun> Watcher<P, D> {
    /// Of these parts.
    pub fn new(parts: Parts<P, D>) -> Self {
        Self {
            agent: Agent::new(parts.agent),
            rewind_piece: parts.rewind_piece,
            rehearsed: None,
            told: HashSet::new(),
        }
    }

    /// What every agent has: its client, its journal, its view of L1.
    pub const fn agent(&self) -> &Agent<P, D, Watching> {
        &self.agent
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
    ) -> Result<(), AgentError> {
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
    pub async fn step(&mut self) -> Result<Standing, AgentError> {
        let dispute = match self.agent.parts.follower.sync_once().await {
            Ok(_) => None,
            Err(error) if error.is_dispute() => Some(error),
            Err(error) => return Err(error.into()),
        };
        let view = self.agent.view()?;
        if self.agent.journal().in_flight().is_some() {
            self.follow(&view).await?;
            return Ok(Standing::Busy);
        }
        let now = self.agent.now(&view).await?;
        let findings = Findings::of(&view, now)?;
        self.tell(&view, &findings);
        if self.rewind(&view, &findings.rewind).await? {
            return Ok(Standing::Busy);
        }
        self.reconsider(&view, &findings).await?;
        if let Some(unable) = self.choose(&view, &findings).await? {
            return Ok(Standing::Helpless(Box::new(unable)));
        }
        if self.agent.journal().goal().is_some() {
            self.pursue(&view).await?;
            return Ok(Standing::Busy);
        }
        Ok(match dispute {
            _ if !findings.rewind.is_empty() => Standing::Busy,
            // None of what is false can be contested, nor does a rewind void it.
            Some(error) => Standing::Helpless(Box::new(error.into())),
            None => {
                // Room on the disk is no reason to stop watching.
                if let Err(error) = self.agent.forget_matured(&view).await {
                    tracing::warn!(%error, "proofs of what has matured were not removed");
                }
                Standing::Quiet
            }
        })
    }

    fn tell(&mut self, view: &View, findings: &Findings) {
        for untrue in &findings.untrue {
            let checkpoint = &untrue.checkpoint;
            let key = format!("found {} {:?}", checkpoint.number, checkpoint.block.hash);
            self.tell_once(key, ContestEvent::Found(Box::new(untrue.clone())));
        }
        let chain = view.chain();
        if chain.status == Status::Halted && findings.rewind.is_empty() {
            let last_verified = chain.last_verified;
            let key = format!("rewound {last_verified} {}", chain.halt.block);
            self.tell_once(key, ContestEvent::Rewound { last_verified });
        }
    }

    fn tell_once(&mut self, key: String, event: ContestEvent) {
        if self.told.insert(key) {
            self.agent.say(&Event::Own(event));
        }
    }

    /// Gives the goal up if there is nothing to contest any more.
    async fn reconsider(&mut self, view: &View, findings: &Findings) -> Result<(), AgentError> {
        let Some(goal) = self.agent.journal().goal().copied() else {
            return Ok(());
        };
        let still = findings.contestable().find(|untrue| is_of(&untrue.checkpoint, &goal));
        let why = match (still, view.chain().status) {
            (Some(_), _) if self.agent.take_route_in_force(goal).await? => return Ok(()),
            (Some(_), _) => "the verifier in force stands for other circuits",
            (None, Status::Halted) => "the chain is halted for it or for an earlier conflict",
            (None, Status::Running) => "it does not stand any more, or has matured",
            (None, Status::Closed) => "the chain is closed",
        };
        self.agent.abandon(goal, why.to_owned()).await
    }

    /// Goes for the newest false checkpoint that can be contested with what is proven here; why none can be, if none can.
    async fn choose(&mut self, view: &View, findings: &Findings) -> Result<Option<AgentError>, AgentError> {
        if self.agent.journal().goal().is_some() {
            return Ok(None);
        }
        let mut unable = None;
        for Untrue { checkpoint, .. } in findings.contestable() {
            let (init, version) = (checkpoint.tail.previous, checkpoint.tail.sequence.version);
            match self.agent.route(version).await? {
                Err((route, why)) => unable = Some(AgentError::OtherCircuits { route, why }),
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
                    self.agent.parts.journal.set_goal(Some(goal))?;
                    self.agent.say(&Event::Own(ContestEvent::Chosen(goal)));
                    return Ok(None);
                }
            }
        }
        Ok(unable)
    }

    /// Proves the true result; sends it when it is there.
    async fn pursue(&mut self, view: &View) -> Result<(), AgentError> {
        let Some(goal) = self.agent.journal().goal().copied() else {
            return Ok(());
        };
        self.agent.feed(view, goal.first_batch..=goal.last_batch).await?;
        match self.agent.prove(&goal).await? {
            Progress::Done(Some(id)) => self.halt(view, goal, id).await,
            _ => Ok(()),
        }
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
fn is_of(checkpoint: &CheckpointRecord, goal: &GoalRecord) -> bool {
    (checkpoint.number, checkpoint.tail.previous, B256::from(checkpoint.acc)) == (goal.last, goal.init, goal.acc)
}

/// Whether it is about a false checkpoint that nothing takes back.
fn is_lost(error: &AgentError) -> bool {
    matches!(error, AgentError::Sync(error) if matches!(**error, SyncError::ProvenStateDiffers { .. }))
}
