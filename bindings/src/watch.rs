// SPDX-License-Identifier: MIT OR Apache-2.0
//! Both states of a deployment as streams: the *virtual* one, which sequencing fixes, and the *final* one, which proofs reach.
//!
//! A stream yields what the L1 chain of the node logs, in its order, from a [`Cursor`] on, and waits for more; it ends only by an
//! error, after which a new stream goes on from the cursor of the last item. It does not notice that a block it has reported was
//! replaced: stay [`Watch::confirmations`] behind the newest block, or compare block hashes as a full node of the rollup does.

use crate::contracts::ProofOfEfficiency::{
    BatchesSequenced, BatchesVerified, ChainClosed, ChainHalted, ChainResumed, CheckpointVoided,
    ProofOfEfficiencyEvents,
};
use crate::deployment::Deployment;
use crate::sequencing::{SequencedBatches, SequencingError, fetch_transaction};
use alloy::network::Ethereum;
use alloy::primitives::{Address, B256};
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::{SolEvent as _, SolEventInterface as _};
use alloy::transports::TransportError;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use std::collections::VecDeque;
use std::time::Duration;

/// A stream that cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The node did not answer.
    #[error("the node did not answer for blocks {from} to {to}; go on from the cursor of the last item")]
    Transport {
        /// First block asked for.
        from: u64,
        /// Last block asked for.
        to: u64,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The node did not say what its newest block is.
    #[error("the node did not tell its newest block")]
    NewestBlock(#[source] TransportError),
    /// A log without its place in the chain, as of a pending block.
    #[error("the node answered with a log that has no block: does it serve pending logs?")]
    PendingLog,
    /// A log of the contract is not what its topic says.
    #[error("a log of the contract cannot be read: is the address that of ProofOfEfficiency?")]
    Log(#[from] alloy::sol_types::Error),
    /// The batches of a sequence cannot be told.
    #[error("the batches of a sequencing transaction cannot be told")]
    Sequencing(#[from] SequencingError),
    /// The log of a sequence is there, but its transaction does not make it: the chain changed between two answers.
    #[error(
        "transaction {hash} does not make sequence {sequence}: L1 was reorganised meanwhile; start again some blocks before"
    )]
    Reorganised {
        /// The transaction.
        hash: B256,
        /// Number of the sequence.
        sequence: u64,
    },
}

/// A place between two logs of the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Cursor {
    /// Block of the next log.
    pub block: u64,
    /// Logs of that block before this index are done.
    pub log_index: u64,
}

/// An item of a stream, and where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The item.
    pub value: T,
    /// Number of its block.
    pub block: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Its transaction.
    pub transaction: B256,
    /// Index of its log in the block.
    pub log_index: u64,
}

/// A change of the final state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FinalChange {
    /// A proof advanced it.
    Verified(BatchesVerified),
    /// A contradicted checkpoint was taken back.
    Voided(CheckpointVoided),
    /// Two proofs contradict each other: nothing moves.
    Halted(ChainHalted),
    /// The chain runs again.
    Resumed(ChainResumed),
    /// The chain closed for good.
    Closed(ChainClosed),
}

/// How to follow a deployment.
#[derive(Clone, Debug)]
pub struct Watch<P> {
    provider: P,
    contract: Address,
    from: Cursor,
    confirmations: u64,
    interval: Duration,
    most_blocks: u64,
}

impl<T> At<T> {
    /// Where a stream goes on behind this item.
    pub const fn cursor(&self) -> Cursor {
        Cursor {
            block: self.block,
            log_index: self.log_index + 1,
        }
    }
}

impl<P: Provider<Ethereum> + Clone> Watch<P> {
    /// Follows `deployment` from its first block, up to the newest block, asking every four seconds.
    pub fn new(provider: P, deployment: &Deployment) -> Self {
        Self {
            provider,
            contract: deployment.contracts.proof_of_efficiency,
            from: Cursor {
                block: deployment.from_block,
                log_index: 0,
            },
            confirmations: 0,
            interval: Duration::from_secs(4),
            most_blocks: 1_000,
        }
    }

    /// Starts at `from`.
    #[must_use]
    pub const fn from(mut self, from: Cursor) -> Self {
        self.from = from;
        self
    }

    /// Reports a block when it has this many on top of it.
    #[must_use]
    pub const fn confirmations(mut self, confirmations: u64) -> Self {
        self.confirmations = confirmations;
        self
    }

    /// Time between two questions for new blocks.
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Most blocks in one question, which providers limit; at least one.
    #[must_use]
    pub const fn most_blocks(mut self, most_blocks: u64) -> Self {
        self.most_blocks = if most_blocks == 0 { 1 } else { most_blocks };
        self
    }

    /// The virtual state: every sequence with its batches.
    pub fn virtual_state(self) -> impl Stream<Item = Result<At<SequencedBatches>, WatchError>> + Send {
        let (provider, contract) = (self.provider.clone(), self.contract);
        self.logs(vec![BatchesSequenced::SIGNATURE_HASH]).and_then(move |log| {
            let provider = provider.clone();
            async move {
                let sequence: u64 = BatchesSequenced::decode_log(&log.value.inner)?.data.sequence.to();
                let hash = log.transaction;
                let all = fetch_transaction(&provider, contract, hash).await?;
                let found = all.into_iter().find(|batches| batches.sequence == sequence);
                let found = found.ok_or(WatchError::Reorganised { hash, sequence })?;
                Ok(log.map(|_| found))
            }
        })
    }

    /// The final state: every proof, and what undoes one.
    pub fn final_state(self) -> impl Stream<Item = Result<At<FinalChange>, WatchError>> + Send {
        let topics = vec![
            BatchesVerified::SIGNATURE_HASH,
            CheckpointVoided::SIGNATURE_HASH,
            ChainHalted::SIGNATURE_HASH,
            ChainResumed::SIGNATURE_HASH,
            ChainClosed::SIGNATURE_HASH,
        ];
        self.events(topics).try_filter_map(|event| async move {
            let change = match event.value.clone() {
                ProofOfEfficiencyEvents::BatchesVerified(change) => FinalChange::Verified(change),
                ProofOfEfficiencyEvents::CheckpointVoided(change) => FinalChange::Voided(change),
                ProofOfEfficiencyEvents::ChainHalted(change) => FinalChange::Halted(change),
                ProofOfEfficiencyEvents::ChainResumed(change) => FinalChange::Resumed(change),
                ProofOfEfficiencyEvents::ChainClosed(change) => FinalChange::Closed(change),
                _ => return Ok(None),
            };
            Ok(Some(event.map(|_| change)))
        })
    }

    /// Every event of the contract whose first topic is among `topics`; of any if there are none.
    pub fn events(
        self,
        topics: Vec<B256>,
    ) -> impl Stream<Item = Result<At<ProofOfEfficiencyEvents>, WatchError>> + Send {
        self.logs(topics).map(|log| {
            let log = log?;
            let event = ProofOfEfficiencyEvents::decode_log(&log.value.inner)?.data;
            Ok(log.map(|_| event))
        })
    }

    fn logs(self, topics: Vec<B256>) -> impl Stream<Item = Result<At<Log>, WatchError>> + Send {
        let filter = Filter::new().address(self.contract);
        let filter = if topics.is_empty() {
            filter
        } else {
            filter.event_signature(topics)
        };
        let state = (self.from, VecDeque::new(), self, filter);
        stream::try_unfold(state, |(mut next, mut ready, watch, filter)| async move {
            loop {
                if let Some(log) = ready.pop_front() {
                    return Ok(Some((log, (next, ready, watch, filter))));
                }
                match watch.newest().await? {
                    Some(newest) if next.block <= newest => {
                        let to = newest.min(next.block.saturating_add(watch.most_blocks - 1));
                        ready = watch.between(next, to, &filter).await?;
                        next = Cursor {
                            block: to + 1,
                            log_index: 0,
                        };
                    }
                    _ => tokio::time::sleep(watch.interval).await,
                }
            }
        })
    }

    /// The newest block with enough others on top of it.
    async fn newest(&self) -> Result<Option<u64>, WatchError> {
        let newest = self
            .provider
            .get_block_number()
            .await
            .map_err(WatchError::NewestBlock)?;
        Ok(newest.checked_sub(self.confirmations))
    }

    /// The logs from `from` to the end of block `to`, in their order.
    async fn between(&self, from: Cursor, to: u64, filter: &Filter) -> Result<VecDeque<At<Log>>, WatchError> {
        let question = filter.clone().from_block(from.block).to_block(to);
        let logs = self.provider.get_logs(&question).await;
        let logs = logs.map_err(|source| WatchError::Transport {
            from: from.block,
            to,
            source,
        })?;
        let mut logs = logs.into_iter().map(placed).collect::<Result<Vec<_>, _>>()?;
        logs.retain(|log| (log.block, log.log_index) >= (from.block, from.log_index));
        logs.sort_by_key(|log| (log.block, log.log_index));
        Ok(logs.into())
    }
}

impl<T> At<T> {
    /// Another item in the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> At<U> {
        At {
            value: change(self.value),
            block: self.block,
            block_hash: self.block_hash,
            transaction: self.transaction,
            log_index: self.log_index,
        }
    }
}

fn placed(log: Log) -> Result<At<Log>, WatchError> {
    let place = (log.block_number, log.block_hash, log.transaction_hash, log.log_index);
    let (Some(block), Some(block_hash), Some(transaction), Some(log_index)) = place else {
        return Err(WatchError::PendingLog);
    };
    Ok(At {
        value: log,
        block,
        block_hash,
        transaction,
        log_index,
    })
}
