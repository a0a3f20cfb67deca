// SPDX-License-Identifier: MIT OR Apache-2.0
//! A submission that waits to be mined: why it could not be accepted any more, what more it may offer, and what became of it.

use super::costs::Costs;
use super::engine::{Aggregator, reward_of};
use super::event::Event;
use super::goals::stands;
use super::journal::Outcome;
use super::strategy::Offer;
use crate::agent::{AgentError, DryRun, JournalError, Mined, ProofSource, reward_in};
use crate::chain::Status;
use crate::store::{StoreError, View};

impl<P: ProofSource, D: DryRun> Aggregator<P, D> {
    /// Looks after a submission until it is mined, and settles it then. A higher fee is offered while the strategy wants it at that price.
    pub(super) async fn follow_submission(&mut self, view: &View) -> Result<(), AgentError> {
        let Some(last) = self.agent.journal().in_flight().map(|in_flight| in_flight.last) else {
            return Ok(());
        };
        let lost = self.lost(view, last)?;
        let (prices, measured) = (self.prices, self.agent.journal().measured());
        let strategy = &self.strategy;
        let pays = |gas: u64, gas_price: u128| {
            let offer = Offer {
                reward: reward_of(view, last)?,
                remaining_ms: 0,
                gas,
            };
            let costs = Costs {
                prices,
                measured,
                gas_price,
            };
            Ok(strategy.least_reward(&offer, &costs).is_some())
        };
        match self.agent.follow(lost, pays).await? {
            Some(mined) => Ok(self.settle(&mined)?),
            None => Ok(()),
        }
    }

    fn settle(&mut self, mined: &Mined<u64>) -> Result<(), JournalError> {
        let outcome = Outcome {
            transaction: mined.transaction,
            last: mined.step,
            accepted: mined.accepted,
            reward: reward_in(&mined.receipt),
            gas: mined.gas,
            cost: mined.cost,
        };
        let journal = &mut self.agent.parts.journal;
        let reverted = journal.goal().copied();
        let reverted = reverted.filter(|goal| mined.is_call && !mined.accepted && goal.last == mined.step);
        self.rehearsed = None;
        journal.settle(outcome, reverted.as_ref())?;
        if outcome.accepted {
            journal.set_goal(None)?;
            self.overlapped = None;
        }
        self.agent.forget_said();
        self.agent.say(&Event::Settled(outcome));
        Ok(())
    }

    /// Why a submission cannot be accepted any more, if it cannot.
    fn lost(&self, view: &View, last: u64) -> Result<Option<&'static str>, StoreError> {
        if view.chain().last_verified >= last {
            return Ok(Some("somebody else was first"));
        }
        if view.chain().status != Status::Running {
            return Ok(Some("the contract has been halted"));
        }
        match self.agent.journal().goal() {
            Some(goal) if goal.last == last && !stands(view, goal)? => {
                Ok(Some("L1 was reorganised or rewound under it"))
            }
            _ => Ok(None),
        }
    }
}
