// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is wrong, and what can be done about it: a function of what L1 says.

use crate::chain::{CheckpointRecord, Computed, Status};
use crate::store::{StoreError, View};
use serde::Serialize;

/// A checkpoint that its batches do not lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untrue {
    /// As L1 has it.
    pub checkpoint: CheckpointRecord,
    /// What its batches lead to.
    pub computed: Computed,
    /// What stands in the way of contesting it, if something does.
    pub obstacle: Option<Obstacle>,
}

/// Why a checkpoint cannot be contested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Obstacle {
    /// It has matured: nothing takes it back.
    Matured,
    /// It follows a false checkpoint, from which nothing can be proven; it falls with that one.
    RestsOnAnother,
    /// The chain is halted for a conflict that starts no later; the rewind voids it.
    CoveredByHalt,
}

impl Obstacle {
    /// In words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Matured => "it has matured, so nothing takes it back",
            Self::RestsOnAnother => "it follows a false checkpoint and falls with that one",
            Self::CoveredByHalt => "the chain is halted for it or for an earlier one, and the rewind voids it",
        }
    }
}

/// What there is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// False checkpoints, newest first; of those that have matured the newest only.
    pub untrue: Vec<Untrue>,
    /// The way back that a halted chain still has to go: the last checkpoint first, where it ends last. Empty if there is none.
    pub rewind: Vec<u64>,
}

impl Findings {
    /// Looks at the chain, at L1 time `now`.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    pub fn of(view: &View, now: u64) -> Result<Self, StoreError> {
        if view.chain().status == Status::Closed {
            return Ok(Self::default());
        }
        let mut untrue = Vec::new();
        let mut next = view.checkpoint(view.chain().last_verified)?;
        while let Some(checkpoint) = next {
            let matured = view.matures_at(&checkpoint).is_some_and(|at| at <= now);
            let previous = view.checkpoint(checkpoint.tail.previous)?;
            if let Some(computed) = checkpoint.disputed {
                let obstacle = obstacle(view, &checkpoint, previous.as_ref(), matured);
                untrue.push(Untrue {
                    checkpoint,
                    computed,
                    obstacle,
                });
            }
            // Whatever is older has matured too.
            next = previous.filter(|_| !matured);
        }
        Ok(Self {
            untrue,
            rewind: way_back(view)?,
        })
    }

    /// Those that can be contested, newest first. In that order, since a halt takes only conflicts that start earlier than its
    /// own, and each on its own interval, since that blames the route that was wrong about it.
    pub fn contestable(&self) -> impl Iterator<Item = &Untrue> {
        self.untrue.iter().filter(|untrue| untrue.obstacle.is_none())
    }
}

fn obstacle(
    view: &View,
    checkpoint: &CheckpointRecord,
    previous: Option<&CheckpointRecord>,
    matured: bool,
) -> Option<Obstacle> {
    let chain = view.chain();
    if matured {
        Some(Obstacle::Matured)
    } else if chain.status == Status::Halted && checkpoint.tail.previous >= chain.halt.conflict_start {
        Some(Obstacle::CoveredByHalt)
    } else if previous.is_some_and(|previous| previous.disputed.is_some()) {
        Some(Obstacle::RestsOnAnother)
    } else {
        None
    }
}

/// To the last checkpoint at or before the start of the conflict, or the last that had matured.
fn way_back(view: &View) -> Result<Vec<u64>, StoreError> {
    let chain = view.chain();
    if chain.status != Status::Halted {
        return Ok(Vec::new());
    }
    let mut way = vec![chain.last_verified];
    let mut at = chain.last_verified;
    while at > chain.halt.conflict_start {
        let Some(checkpoint) = view.checkpoint(at)? else { break };
        // In a halt only what had matured before matures.
        if view.matures_at(&checkpoint).is_some() {
            break;
        }
        at = checkpoint.tail.previous;
        way.push(at);
    }
    Ok(if way.len() < 2 { Vec::new() } else { way })
}
