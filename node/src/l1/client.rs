// SPDX-License-Identifier: MIT OR Apache-2.0
//! One provider, asked over HTTP.

use super::decode::{Decoded, batches_of_call, decode, malformed};
use super::http::{dial, dial_with_signer};
use super::refusal::{is_not_found, is_unknown_tag, may_be_too_much};
use super::{L1Error, LogRange};
use crate::chain::{BlockId, EventKind, L1Block, L1Event, Sequenced, Status};
use alloy::consensus::Transaction as _;
use alloy::eips::{BlockId as AlloyBlockId, BlockNumberOrTag};
use alloy::network::TransactionResponse as _;
use alloy::primitives::B256;
use alloy::primitives::aliases::U40;
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::{Block, Filter, Log};
use alloy::signers::local::PrivateKeySigner;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use poe_bindings::contracts::{ExitVault, PoELens, ProofOfEfficiency, VerifierRouter};
use poe_bindings::deployment::Contracts;
use poe_rollup::formats::Capacity;
use std::collections::{BTreeMap, HashMap};

pub use poe_bindings::contracts::PoELens::Overview;

/// Requests in flight at once.
const PARALLEL: usize = 8;

/// Most blocks asked for in one log query.
pub const LARGEST_RANGE: u64 = 10_000;

/// Most blocks with events that one query returns, so that those of a busy chain fit into memory.
const MOST_BLOCKS: usize = 256;

/// Blocks after which one counts as final where the provider does not know finality: two epochs of Ethereum.
const FINALITY_DEPTH: u64 = 64;

/// A header, as far as the node needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which block.
    pub id: BlockId,
    /// Hash of the block before it.
    pub parent: B256,
    /// Block time in seconds.
    pub timestamp: u64,
}

impl From<Block> for Header {
    fn from(block: Block) -> Self {
        Self {
            id: BlockId {
                number: block.header.number,
                hash: block.header.hash.into(),
            },
            parent: block.header.parent_hash,
            timestamp: block.header.timestamp,
        }
    }
}

/// What is asked for by number, of those the store knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Of the newest sequence.
    pub sequence: u64,
    /// Of the newest checkpoint.
    pub checkpoint: u64,
    /// Of the newest message.
    pub message: u32,
}

/// What the contract says about itself at a block, to hold the store against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Accumulator of the newest sequence.
    pub acc: B256,
    /// Number of the newest sequence.
    pub last_sequence: u64,
    /// Number of the newest checkpoint.
    pub last_verified: u64,
    /// Batches ever sequenced.
    pub batches: u64,
    /// Batch fees ever charged, token wei.
    pub cumulative_fee: u128,
    /// Messages ever queued.
    pub messages: u32,
    /// Messages bound to a batch.
    pub attached_messages: u32,
    /// Accumulator after the newest message; zero if there is none.
    pub message_acc: B256,
    /// Word of the newest sequence: of a checkpoint if it is one.
    pub sequence_word: B256,
    /// Word of the newest checkpoint.
    pub checkpoint_word: B256,
    /// Life of the deployment; `None` if it is none that this program knows.
    pub status: Option<Status>,
    /// Route new sequences are pinned to.
    pub version: u32,
}

/// Reads L1 for one deployment.
#[derive(Clone, Debug)]
pub struct L1Client {
    provider: DynProvider,
    contracts: Contracts,
    range: LogRange,
}

impl L1Client {
    /// The chain a provider serves.
    pub async fn chain_of(url: &str) -> Result<u64, L1Error> {
        let asking = format!("asking {url} for its chain");
        dial(url)?.get_chain_id().await.map_err(L1Error::rpc(asking))
    }

    /// Connects to a provider and checks that it serves the deployment.
    pub async fn connect(url: &str, chain_id: u64, contracts: Contracts) -> Result<Self, L1Error> {
        let core = contracts.proof_of_efficiency;
        let client = Self {
            provider: dial(url)?,
            contracts,
            range: LogRange::new(LARGEST_RANGE),
        };
        let found = Self::chain_of(url).await?;
        if found != chain_id {
            return Err(L1Error::WrongChain {
                found,
                expected: chain_id,
            });
        }
        let code = client
            .provider
            .get_code_at(core)
            .await
            .map_err(L1Error::rpc("reading the contract"))?;
        if code.is_empty() {
            return Err(L1Error::NoContract {
                address: core.to_string(),
                chain_id,
            });
        }
        Ok(client)
    }

    /// With another limit of blocks for one log query.
    #[must_use]
    pub const fn with_largest_range(mut self, blocks: u64) -> Self {
        self.range = LogRange::new(blocks);
        self
    }

    /// With a signer for transactions, sent through the provider at `url`.
    pub fn with_signer(mut self, url: &str, signer: PrivateKeySigner) -> Result<Self, L1Error> {
        self.provider = dial_with_signer(url, signer)?;
        Ok(self)
    }

    /// The provider, for calls and transactions of one's own.
    pub const fn provider(&self) -> &DynProvider {
        &self.provider
    }

    /// The contracts.
    pub const fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// The core contract.
    pub fn core(&self) -> ProofOfEfficiency::ProofOfEfficiencyInstance<DynProvider> {
        ProofOfEfficiency::new(self.contracts.proof_of_efficiency, self.provider.clone())
    }

    /// The exit vault.
    pub fn vault(&self) -> ExitVault::ExitVaultInstance<DynProvider> {
        ExitVault::new(self.contracts.exit_vault, self.provider.clone())
    }

    /// The lens.
    pub fn lens(&self) -> PoELens::PoELensInstance<DynProvider> {
        PoELens::new(self.contracts.lens, self.provider.clone())
    }

    /// Everything about the deployment that fits one call: price, fee of the next batch, reward of the backlog.
    pub async fn overview(&self) -> Result<Overview, L1Error> {
        self.lens()
            .overview(self.contracts.proof_of_efficiency)
            .call()
            .await
            .map_err(L1Error::call("overview"))
    }

    /// What sequencing `batches` batches in one call costs now, token wei.
    pub async fn fee(&self, batches: u64) -> Result<alloy::primitives::U256, L1Error> {
        let count = alloy::primitives::U256::from(batches);
        self.lens()
            .quoteFee(self.contracts.proof_of_efficiency, count)
            .call()
            .await
            .map_err(L1Error::call("quoteFee"))
    }

    /// The exit delay of the deployment, in seconds.
    pub async fn exit_delay(&self) -> Result<u64, L1Error> {
        Ok(self
            .core()
            .exitDelay()
            .call()
            .await
            .map_err(L1Error::call("exitDelay"))?
            .to())
    }

    /// The newest header.
    pub async fn latest(&self) -> Result<Header, L1Error> {
        self.header_at(BlockNumberOrTag::Latest)
            .await?
            .ok_or_else(|| gone("its newest block"))
    }

    /// The last final header, not after `latest`. `None` if nothing is known to be final. Only where the provider does not
    /// know finality at all is it reckoned from the depth: what is final cannot be undone any more.
    pub async fn finalized(&self, latest: &Header) -> Result<Option<Header>, L1Error> {
        match self.provider.get_block_by_number(BlockNumberOrTag::Finalized).await {
            Ok(block) => {
                let header = block.map(Header::from);
                Ok(header.filter(|header| header.id.number <= latest.id.number))
            }
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) if is_unknown_tag(&error) => match latest.id.number.checked_sub(FINALITY_DEPTH) {
                Some(number) => self.header(number).await,
                None => Ok(None),
            },
            Err(error) => Err(L1Error::rpc("the last final block")(error)),
        }
    }

    /// The header of this number on the present chain.
    pub async fn header(&self, number: u64) -> Result<Option<Header>, L1Error> {
        let header = self.header_at(BlockNumberOrTag::Number(number)).await?;
        match header {
            Some(header) if header.id.number != number => Err(gone(format!("block {number}"))),
            header => Ok(header),
        }
    }

    async fn header_that_is(&self, number: u64) -> Result<Header, L1Error> {
        let header = self.header(number).await?;
        header.ok_or_else(|| gone(format!("block {number}")))
    }

    /// What the contract says about itself, and under these numbers, at a block.
    pub async fn claimed(&self, block: &BlockId, of: Numbers) -> Result<Claimed, L1Error> {
        let at = AlloyBlockId::hash(block.hash.into());
        let core = self.core();
        let word = |number| core.commitmentOf(U40::saturating_from(number)).block(at);
        let (acc, head, sequenced) = (
            core.lastAcc().block(at),
            core.head().block(at),
            core.sequenced().block(at),
        );
        let (sequence, checkpoint) = (word(of.sequence), word(of.checkpoint));
        let messages = core.messageAccOf(of.message).block(at);
        let (acc, head, sequenced, sequence_word, checkpoint_word, message_acc) = tokio::try_join!(
            acc.call(),
            head.call(),
            sequenced.call(),
            sequence.call(),
            checkpoint.call(),
            messages.call()
        )
        .map_err(L1Error::call(format!("the contract at block {}", block.number)))?;
        Ok(Claimed {
            acc,
            last_sequence: sequenced.lastSequence.to(),
            last_verified: head.lastVerified.to(),
            batches: sequenced.cumulativeBatches.to(),
            cumulative_fee: sequenced.cumulativeFee.to(),
            messages: head.messageCount,
            attached_messages: head.attachedMessages,
            message_acc,
            sequence_word,
            checkpoint_word,
            status: status_of(head.status),
            version: head.version.into(),
        })
    }

    /// The words under these numbers, at a block.
    pub async fn words(&self, block: &BlockId, numbers: &[u64]) -> Result<Vec<B256>, L1Error> {
        let (core, at) = (self.core(), AlloyBlockId::hash(block.hash.into()));
        let word = |number: &u64| {
            let call = core.commitmentOf(U40::saturating_from(*number)).block(at);
            async move { call.call().await }
        };
        let words = stream::iter(numbers).map(word).buffered(PARALLEL).try_collect().await;
        words.map_err(L1Error::call(format!("commitmentOf at block {}", block.number)))
    }

    /// The next block, complete, and the same if L1 is reorganised while this asks.
    pub async fn block(&self, header: &Header) -> Result<L1Block, L1Error> {
        let filter = Filter::new()
            .address(self.contracts.proof_of_efficiency)
            .at_block_hash(header.id.hash);
        let logs = self.provider.get_logs(&filter).await;
        let logs = logs.map_err(L1Error::rpc(format!("the logs of block {}", header.id.number)))?;
        self.block_of(header, logs).await
    }

    /// A block and the logs the provider gave for it.
    async fn block_of(&self, header: &Header, logs: Vec<Log>) -> Result<L1Block, L1Error> {
        if logs
            .iter()
            .any(|log| log.removed || log.block_hash != Some(header.id.hash.into()))
        {
            return Err(gone(format!("the logs of block {} as it is now", header.id.number)));
        }
        Ok(L1Block {
            id: header.id,
            parent: header.parent.into(),
            timestamp: header.timestamp,
            events: self.events(logs).await?,
        })
    }

    /// The blocks that follow `from`, `from` included, in order and complete.
    pub async fn blocks(&self, numbers: std::ops::RangeInclusive<u64>) -> Result<Vec<L1Block>, L1Error> {
        let fetch = |number| async move {
            let header = self.header_that_is(number).await?;
            self.block(&header).await
        };
        stream::iter(numbers).map(fetch).buffered(PARALLEL).try_collect().await
    }

    /// The events of final blocks from `from` on, up to the block returned, which is `end` or as far as the provider goes at once.
    pub async fn final_blocks(&mut self, from: u64, end: u64) -> Result<(Vec<L1Block>, Header), L1Error> {
        let (logs, last) = self.final_logs(from, end).await?;
        let (by_block, last) = group(logs, from, last)?;
        let client = &*self;
        let fetch = move |(number, logs)| async move {
            let header = client.header_that_is(number).await?;
            client.block_of(&header, logs).await
        };
        let blocks = stream::iter(by_block)
            .map(fetch)
            .buffered(PARALLEL)
            .try_collect::<Vec<_>>()
            .await?;
        Ok((blocks, self.header_that_is(last).await?))
    }

    /// Logs from `from` on, and the last block they are complete up to.
    async fn final_logs(&mut self, from: u64, end: u64) -> Result<(Vec<Log>, u64), L1Error> {
        loop {
            let last = self.range.last(from, end);
            let filter = Filter::new()
                .address(self.contracts.proof_of_efficiency)
                .from_block(from)
                .to_block(last);
            match self.provider.get_logs(&filter).await {
                Ok(logs) => {
                    self.range.grow();
                    return Ok((logs, last));
                }
                Err(error) if may_be_too_much(&error) && self.range.shrink() => {
                    tracing::debug!(%error, blocks = self.range.size(), "the provider refused; asking for fewer blocks");
                }
                Err(error) => return Err(L1Error::rpc(format!("the logs of block {from}"))(error)),
            }
        }
    }

    async fn header_at(&self, at: BlockNumberOrTag) -> Result<Option<Header>, L1Error> {
        let block = self.provider.get_block_by_number(at).await;
        Ok(block
            .map_err(L1Error::rpc(format!("the header of block {at}")))?
            .map(Header::from))
    }

    /// The events of the logs of one block, with what the logs do not say.
    async fn events(&self, mut logs: Vec<Log>) -> Result<Vec<L1Event>, L1Error> {
        logs.retain(|log| log.address() == self.contracts.proof_of_efficiency);
        logs.sort_by_key(|log| log.log_index);
        let mut batches = HashMap::new();
        let mut found = Vec::new();
        for log in &logs {
            let transaction = log.transaction_hash.ok_or_else(|| gone("the transaction of a log"))?;
            match decode(log)? {
                Decoded::Other => {}
                Decoded::Batches {
                    sequence,
                    batches: data,
                } => {
                    batches.insert(sequence, data);
                }
                decoded => found.push((transaction, decoded)),
            }
        }
        let mut events = Vec::with_capacity(found.len());
        for (transaction, decoded) in found {
            let kind = self.complete(transaction, decoded, &mut batches).await?;
            events.push(L1Event {
                transaction: transaction.into(),
                kind,
            });
        }
        Ok(events)
    }

    async fn complete(
        &self,
        transaction: B256,
        decoded: Decoded,
        batches: &mut HashMap<u64, Vec<Vec<u8>>>,
    ) -> Result<EventKind, L1Error> {
        match decoded {
            Decoded::Whole(kind) => Ok(kind),
            Decoded::Version {
                version,
                first_sequence,
            } => {
                let capacity = self.capacity(version).await?;
                Ok(EventKind::VersionActivated {
                    version,
                    first_sequence,
                    capacity,
                })
            }
            Decoded::Sequence(sequence) => {
                let batches = match batches.remove(&sequence.number) {
                    Some(batches) => batches,
                    None => self.calldata(transaction).await?,
                };
                Ok(EventKind::Sequenced(Sequenced { batches, ..sequence }))
            }
            Decoded::Batches { .. } | Decoded::Other => Err(malformed("an event", transaction, "it has no effect")),
        }
    }

    /// Capacities of a route, which never change.
    async fn capacity(&self, version: u32) -> Result<Capacity, L1Error> {
        let what = format!("route {version}");
        let number = u16::try_from(version).map_err(|_| gone(&*what))?;
        let router = VerifierRouter::new(self.contracts.router, self.provider.clone());
        let route = router.routeOf(number).call().await.map_err(L1Error::call(what))?;
        Ok(Capacity {
            slots: route.slotCapacity.into(),
            messages: route.messageCapacity.into(),
            exits: route.exitCapacity.into(),
        })
    }

    async fn calldata(&self, hash: B256) -> Result<Vec<Vec<u8>>, L1Error> {
        let what = format!("transaction {hash}");
        let found = self
            .provider
            .get_transaction_by_hash(hash)
            .await
            .map_err(L1Error::rpc(&*what))?;
        let transaction = found.ok_or_else(|| gone(what))?;
        batches_of_call(
            transaction.tx_hash(),
            transaction.to(),
            transaction.input(),
            self.contracts.proof_of_efficiency,
        )
    }
}

/// The logs of each block from `from` on, of at most [`MOST_BLOCKS`] blocks, and the last block they are complete up to.
fn group(logs: Vec<Log>, from: u64, last: u64) -> Result<(BTreeMap<u64, Vec<Log>>, u64), L1Error> {
    let mut by_block = BTreeMap::<u64, Vec<Log>>::new();
    for log in logs {
        let number = log.block_number.filter(|number| (from..=last).contains(number));
        let number = number.ok_or_else(|| gone("the block of a log"))?;
        by_block.entry(number).or_default().push(log);
    }
    match by_block.keys().nth(MOST_BLOCKS).copied() {
        Some(cut) => {
            by_block.split_off(&cut);
            Ok((by_block, cut - 1))
        }
        None => Ok((by_block, last)),
    }
}

const fn status_of(status: u8) -> Option<Status> {
    match status {
        0 => Some(Status::Running),
        1 => Some(Status::Halted),
        2 => Some(Status::Closed),
        _ => None,
    }
}

fn gone(what: impl Into<String>) -> L1Error {
    L1Error::gone(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(blocks: impl IntoIterator<Item = u64>) -> Vec<Log> {
        let log = |number| Log {
            block_number: Some(number),
            ..Log::default()
        };
        blocks.into_iter().map(log).collect()
    }

    #[test]
    fn a_status_is_the_contracts() {
        use Status::{Closed, Halted, Running};
        assert_eq!(
            [0, 1, 2, 3, u8::MAX].map(status_of),
            [Some(Running), Some(Halted), Some(Closed), None, None]
        );
    }

    #[test]
    fn logs_of_a_busy_range_are_cut_behind_a_whole_block() {
        let twice = (0..1_000u64).flat_map(|number| [10 + 3 * number; 2]);
        let (found, last) = group(logs(twice), 10, 5_000).unwrap();
        assert_eq!(found.len(), MOST_BLOCKS);
        assert!(found.values().all(|logs| logs.len() == 2));
        assert_eq!(last, 10 + 3 * MOST_BLOCKS as u64 - 1);
        let (found, last) = group(logs([10, 20]), 10, 5_000).unwrap();
        assert_eq!((found.len(), last), (2, 5_000));
    }

    #[test]
    fn logs_that_were_not_asked_for_are_refused() {
        for number in [9, 21] {
            assert!(matches!(group(logs([number]), 10, 20), Err(L1Error::Gone { .. })));
        }
    }
}
