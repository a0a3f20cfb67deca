// SPDX-License-Identifier: MIT OR Apache-2.0
//! One provider, asked over HTTP.

use super::decode::{Decoded, batches_of_call, decode, malformed};
use super::{L1Error, LogRange};
use crate::chain::{BlockId, EventKind, L1Block, L1Event, Sequenced};
use alloy::consensus::Transaction as _;
use alloy::eips::{BlockId as AlloyBlockId, BlockNumberOrTag};
use alloy::network::TransactionResponse as _;
use alloy::primitives::B256;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::{Block, Filter, Log};
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::http::reqwest::Url;
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

/// What the contract says about itself at a block, to hold the store against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Accumulator of the newest sequence.
    pub acc: B256,
    /// Number of the newest sequence.
    pub last_sequence: u64,
    /// Number of the newest checkpoint.
    pub last_verified: u64,
    /// Messages ever queued.
    pub messages: u32,
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
        self.provider = ProviderBuilder::new().wallet(signer).connect_http(parse(url)?).erased();
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

    /// The last final header, not after `latest`.
    pub async fn finalized(&self, latest: &Header) -> Result<Option<Header>, L1Error> {
        if let Ok(Some(header)) = self.header_at(BlockNumberOrTag::Finalized).await {
            return Ok((header.id.number <= latest.id.number).then_some(header));
        }
        match latest.id.number.checked_sub(FINALITY_DEPTH) {
            Some(number) => self.header(number).await,
            None => Ok(None),
        }
    }

    /// The header of this number on the present chain.
    pub async fn header(&self, number: u64) -> Result<Option<Header>, L1Error> {
        self.header_at(BlockNumberOrTag::Number(number)).await
    }

    /// What the contract says about itself at a block.
    pub async fn claimed(&self, block: &BlockId) -> Result<Claimed, L1Error> {
        let at = AlloyBlockId::hash(block.hash.into());
        let core = self.core();
        let (acc, head, sequenced) = (
            core.lastAcc().block(at),
            core.head().block(at),
            core.sequenced().block(at),
        );
        let (acc, head, sequenced) = tokio::try_join!(acc.call(), head.call(), sequenced.call())
            .map_err(L1Error::call(format!("the contract at block {}", block.number)))?;
        Ok(Claimed {
            acc,
            last_sequence: sequenced.lastSequence.to(),
            last_verified: head.lastVerified.to(),
            messages: head.messageCount,
        })
    }

    /// The next block, complete, and the same if L1 is reorganised while this asks.
    pub async fn block(&self, header: &Header) -> Result<L1Block, L1Error> {
        let filter = Filter::new()
            .address(self.contracts.proof_of_efficiency)
            .at_block_hash(header.id.hash);
        let logs = self.provider.get_logs(&filter).await;
        let logs = logs.map_err(L1Error::rpc(format!("the logs of block {}", header.id.number)))?;
        let events = self.events(logs).await?;
        Ok(L1Block {
            id: header.id,
            parent: header.parent.into(),
            timestamp: header.timestamp,
            events,
        })
    }

    /// The blocks that follow `from`, `from` included, in order and complete.
    pub async fn blocks(&self, numbers: std::ops::RangeInclusive<u64>) -> Result<Vec<L1Block>, L1Error> {
        let fetch = |number| async move {
            let header = self
                .header(number)
                .await?
                .ok_or_else(|| gone(format!("block {number}")))?;
            self.block(&header).await
        };
        stream::iter(numbers).map(fetch).buffered(PARALLEL).try_collect().await
    }

    /// The events of final blocks from `from` on, up to the block returned, which is `end` or as far as the provider goes at once.
    pub async fn final_blocks(&mut self, from: u64, end: u64) -> Result<(Vec<L1Block>, Header), L1Error> {
        let (logs, last) = loop {
            let last = self.range.last(from, end);
            let filter = Filter::new()
                .address(self.contracts.proof_of_efficiency)
                .from_block(from)
                .to_block(last);
            match self.provider.get_logs(&filter).await {
                Ok(logs) => break (logs, last),
                Err(error) if self.range.shrink() => {
                    tracing::debug!(%error, blocks = self.range.size(), "the provider refused; asking for fewer blocks");
                }
                Err(error) => return Err(L1Error::rpc(format!("the logs of block {from}"))(error)),
            }
        };
        self.range.grow();
        let header = self.header(last).await?.ok_or_else(|| gone(format!("block {last}")))?;
        let mut by_block = BTreeMap::<u64, Vec<Log>>::new();
        for log in logs {
            let number = log.block_number.ok_or_else(|| gone("the block of a log"))?;
            by_block.entry(number).or_default().push(log);
        }
        let client = &*self;
        let fetch = move |(number, logs)| async move {
            let header = client
                .header(number)
                .await?
                .ok_or_else(|| gone(format!("block {number}")))?;
            let events = client.events(logs).await?;
            Ok(L1Block {
                id: header.id,
                parent: header.parent.into(),
                timestamp: header.timestamp,
                events,
            })
        };
        let blocks = stream::iter(by_block)
            .map(fetch)
            .buffered(PARALLEL)
            .try_collect::<Vec<_>>()
            .await?;
        Ok((blocks, header))
    }

    async fn header_at(&self, at: BlockNumberOrTag) -> Result<Option<Header>, L1Error> {
        let block = self.provider.get_block_by_number(at).await;
        Ok(block
            .map_err(L1Error::rpc(format!("the header of block {at}")))?
            .map(Header::from))
    }

    /// The events of the logs of one block, with what the logs do not say.
    async fn events(&self, mut logs: Vec<Log>) -> Result<Vec<L1Event>, L1Error> {
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

fn dial(url: &str) -> Result<DynProvider, L1Error> {
    Ok(ProviderBuilder::new().connect_http(parse(url)?).erased())
}

fn parse(url: &str) -> Result<Url, L1Error> {
    let parsed: Url = url.parse().map_err(|error| L1Error::Url {
        url: url.to_owned(),
        reason: format!("{error}"),
    })?;
    if !matches!(parsed.scheme(), "http" | "https") {
        let reason = format!("scheme {}", parsed.scheme());
        return Err(L1Error::Url {
            url: url.to_owned(),
            reason,
        });
    }
    Ok(parsed)
}

fn gone(what: impl Into<String>) -> L1Error {
    L1Error::Gone { what: what.into() }
}
