// SPDX-License-Identifier: MIT OR Apache-2.0
//! The batches of a sequencing transaction.
//!
//! The contract leaves them in one of two places (`docs/spec/l1.md`): in the calldata of the transaction itself if a plain account
//! called it directly and laid the call out as every ABI encoder does, else in a `BatchData` log. So transactions and their
//! logs are enough, and nobody needs traces.

use crate::contracts::ProofOfEfficiency::{BatchData, BatchesSequenced, sequenceBatchesCall};
use alloy::consensus::Transaction as _;
use alloy::network::Ethereum;
use alloy::primitives::{Address, B256, Bytes, Log};
use alloy::providers::Provider;
use alloy::sol_types::{SolCall as _, SolEvent as _};
use alloy::transports::TransportError;

/// Most batches of a sequence, hence of a call of `sequenceBatches`; the contract refuses more.
pub const MAX_BATCHES_PER_SEQUENCE: u32 = 64;

const WORD: usize = 32;
/// Words of the head of the arguments: the offset of the batches, the fee recipient, five words of limits.
const HEAD_WORDS: usize = 7;

/// One sequence, as its transaction and logs show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequencedBatches {
    /// Number of the sequence.
    pub sequence: u64,
    /// Who paid.
    pub payer: Address,
    /// Accumulator after it.
    pub acc: B256,
    /// L2 account that earns the L2 fees of these batches.
    pub fee_recipient: u32,
    /// What it cost, in token wei.
    pub fee: u128,
    /// L1 messages ever attached to a batch, those of this sequence included.
    pub attached_messages: u32,
    /// The batches as they were posted: whole slots, any content.
    pub batches: Vec<Bytes>,
    /// Where they stood.
    pub source: BatchSource,
}

/// Where the batches of a sequence stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchSource {
    /// In the calldata of the transaction.
    Calldata,
    /// In a `BatchData` log.
    Log,
}

/// Calldata that is not a plain call of `sequenceBatches`. The contract then logs the batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalldataError {
    /// The selector is another function's.
    #[error("the calldata calls another function than sequenceBatches (selector {}): look for a BatchData log", hex(.found))]
    OtherFunction {
        /// The first bytes, at most four.
        found: [u8; 4],
    },
    /// The calldata ends before the arguments do.
    #[error("the calldata has {length} bytes and ends within the arguments, {needed} are needed")]
    TooShort {
        /// Bytes given.
        length: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// A number or an offset is not what a plain encoder writes there.
    #[error("the word at byte {at} of the calldata is not what an ABI encoder writes there: look for a BatchData log")]
    NotPlain {
        /// Offset of the word.
        at: usize,
    },
    /// There is more calldata than arguments.
    #[error("the arguments end at byte {end} of {length} bytes of calldata: look for a BatchData log")]
    TrailingBytes {
        /// Where the arguments end.
        end: usize,
        /// Bytes given.
        length: usize,
    },
}

/// A transaction whose batches cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SequencingError {
    /// Neither a log nor the calldata holds the batches: not the logs of this transaction, or not this contract.
    #[error(
        "sequence {sequence} has no BatchData log and its transaction does not call the contract: are these its logs, all of them?"
    )]
    NoData {
        /// Number of the sequence.
        sequence: u64,
    },
    /// There is no log, and the calldata cannot be read.
    #[error(
        "sequence {sequence} has no BatchData log, and its calldata is not a plain call: are these all logs of the transaction?"
    )]
    Calldata {
        /// Number of the sequence.
        sequence: u64,
        /// What is wrong with the calldata.
        #[source]
        source: CalldataError,
    },
    /// The calldata names another fee recipient than the log: not the transaction of these logs.
    #[error(
        "sequence {sequence} was logged with fee recipient {logged}, the calldata says {called}: not its transaction"
    )]
    OtherTransaction {
        /// Number of the sequence.
        sequence: u64,
        /// Fee recipient in the log.
        logged: u32,
        /// Fee recipient in the calldata.
        called: u32,
    },
    /// A log of the contract has the topic of a sequencing event and other contents: not this contract.
    #[error("a log of the contract is not the event its topic says")]
    Log(#[from] alloy::sol_types::Error),
    /// The node does not know the transaction, or it is not mined.
    #[error("the node has no mined transaction {hash}")]
    UnknownTransaction {
        /// Its hash.
        hash: B256,
    },
    /// The node did not answer.
    #[error("the node did not answer")]
    Transport(#[from] TransportError),
}

/// The arguments of a plain call that matter for the state: the fee recipient and the batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainCall<'a> {
    /// L2 account that earns the L2 fees.
    pub fee_recipient: u32,
    /// The batches.
    pub batches: Vec<&'a [u8]>,
}

/// Reads the calldata of a direct call, as strictly as the contract does before it leaves the batches there: words in their
/// places, every batch right behind the one before it, nothing after the last. (What an encoder leaves zero between batches is not
/// looked at, by the contract neither.) So it costs no more than the calldata, however hostile.
pub fn decode_calldata(calldata: &[u8]) -> Result<PlainCall<'_>, CalldataError> {
    let found: [u8; 4] = core::array::from_fn(|i| calldata.get(i).copied().unwrap_or(0));
    if calldata.len() < 4 || found != sequenceBatchesCall::SELECTOR {
        return Err(CalldataError::OtherFunction { found });
    }
    let arguments = Arguments(calldata);
    arguments.expect(0, HEAD_WORDS * WORD)?;
    let fee_recipient = arguments.number(WORD)?;
    let fee_recipient = u32::try_from(fee_recipient).map_err(|_| CalldataError::NotPlain { at: 4 + WORD })?;
    let count = arguments.number(HEAD_WORDS * WORD)?;
    // The offsets are relative to the first of them.
    let base = (HEAD_WORDS + 1) * WORD;
    let mut offset = count.saturating_mul(WORD);
    let mut batches = Vec::new();
    for i in 0..count {
        arguments.expect(base + i * WORD, offset)?;
        let length = arguments.number(base.saturating_add(offset))?;
        let start = base.saturating_add(offset).saturating_add(WORD);
        let padded = length.div_ceil(WORD).saturating_mul(WORD);
        batches.push(arguments.bytes(start, length, padded)?);
        offset = offset.saturating_add(WORD).saturating_add(padded);
    }
    let end = 4 + base + offset;
    if end != calldata.len() {
        return Err(CalldataError::TrailingBytes {
            end,
            length: calldata.len(),
        });
    }
    Ok(PlainCall { fee_recipient, batches })
}

/// The sequences that one transaction made: `to` and `input` are its own, `logs` those of its receipt, of all contracts.
pub fn decode_transaction<'a>(
    contract: Address,
    to: Option<Address>,
    input: &[u8],
    logs: impl IntoIterator<Item = &'a Log>,
) -> Result<Vec<SequencedBatches>, SequencingError> {
    let mut sequenced = Vec::new();
    let mut data = Vec::new();
    for log in logs.into_iter().filter(|log| log.address == contract) {
        match log.topics().first() {
            Some(&BatchesSequenced::SIGNATURE_HASH) => sequenced.push(BatchesSequenced::decode_log(log)?.data),
            Some(&BatchData::SIGNATURE_HASH) => data.push(BatchData::decode_log(log)?.data),
            _ => {}
        }
    }
    sequenced
        .into_iter()
        .map(|event| {
            let logged = data.iter_mut().find(|data| data.sequence == event.sequence);
            let (batches, source) = match logged {
                Some(data) => (core::mem::take(&mut data.batches), BatchSource::Log),
                None if to == Some(contract) => (from_calldata(&event, input)?, BatchSource::Calldata),
                None => {
                    return Err(SequencingError::NoData {
                        sequence: event.sequence.to(),
                    });
                }
            };
            Ok(joined(&event, batches, source))
        })
        .collect()
}

/// The sequences that the mined transaction `hash` made, from a node.
pub async fn fetch_transaction<P: Provider<Ethereum>>(
    provider: &P,
    contract: Address,
    hash: B256,
) -> Result<Vec<SequencedBatches>, SequencingError> {
    let unknown = || SequencingError::UnknownTransaction { hash };
    let transaction = provider.get_transaction_by_hash(hash).await?.ok_or_else(unknown)?;
    let receipt = provider.get_transaction_receipt(hash).await?.ok_or_else(unknown)?;
    let logs = receipt.logs().iter().map(|log| &log.inner);
    decode_transaction(contract, transaction.to(), transaction.input(), logs)
}

fn from_calldata(event: &BatchesSequenced, input: &[u8]) -> Result<Vec<Bytes>, SequencingError> {
    let sequence = event.sequence.to();
    let call = decode_calldata(input).map_err(|source| SequencingError::Calldata { sequence, source })?;
    if call.fee_recipient != event.feeRecipient {
        return Err(SequencingError::OtherTransaction {
            sequence,
            logged: event.feeRecipient,
            called: call.fee_recipient,
        });
    }
    Ok(call.batches.into_iter().map(Bytes::copy_from_slice).collect())
}

fn joined(event: &BatchesSequenced, batches: Vec<Bytes>, source: BatchSource) -> SequencedBatches {
    SequencedBatches {
        sequence: event.sequence.to(),
        payer: event.payer,
        acc: event.acc,
        fee_recipient: event.feeRecipient,
        // The contract keeps fees in 112 bits.
        fee: event.fee.saturating_to(),
        attached_messages: event.attachedMessages,
        batches,
        source,
    }
}

/// Calldata; offsets count from behind the selector.
struct Arguments<'a>(&'a [u8]);

impl<'a> Arguments<'a> {
    fn bytes(&self, offset: usize, length: usize, padded: usize) -> Result<&'a [u8], CalldataError> {
        let start = offset.saturating_add(4);
        let needed = start.saturating_add(padded);
        if needed > self.0.len() {
            return Err(CalldataError::TooShort {
                length: self.0.len(),
                needed,
            });
        }
        Ok(&self.0[start..start + length])
    }

    /// The word at `offset`, if it is a number that could be a length or an offset here.
    fn number(&self, offset: usize) -> Result<usize, CalldataError> {
        let word = self.bytes(offset, WORD, WORD)?;
        let (high, low) = word.split_at(WORD - 4);
        if high.iter().any(|&byte| byte != 0) {
            return Err(CalldataError::NotPlain { at: offset + 4 });
        }
        Ok(low.iter().fold(0, |value, &byte| value << 8 | usize::from(byte)))
    }

    fn expect(&self, offset: usize, value: usize) -> Result<(), CalldataError> {
        if self.number(offset)? == value {
            Ok(())
        } else {
            Err(CalldataError::NotPlain { at: offset + 4 })
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    alloy::hex::encode_prefixed(bytes)
}

#[cfg(test)]
mod tests;
