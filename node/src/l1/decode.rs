// SPDX-License-Identifier: MIT OR Apache-2.0
//! From logs and calldata to events (`L1-11`).

use super::L1Error;
use crate::chain::{EventKind, Sequenced, Verified};
use alloy::primitives::{Address, B256, U256};
use alloy::rpc::types::Log;
use alloy::sol_types::SolEventInterface;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::ProofOfEfficiencyEvents as Events;
use poe_bindings::sequencing::decode_calldata;
use poe_rollup::formats::Message;

/// An event as far as the log alone tells.
#[allow(clippy::large_enum_variant)]
pub(super) enum Decoded {
    /// Complete.
    Whole(EventKind),
    /// A version, whose capacities the router knows.
    Version { version: u32, first_sequence: u64 },
    /// A sequence without its batches.
    Sequence(Sequenced),
    /// Batches of a sequence.
    Batches { sequence: u64, batches: Vec<Vec<u8>> },
    /// Nothing that concerns the node.
    Other,
}

pub(super) fn malformed(what: &'static str, transaction: B256, reason: &(impl ToString + ?Sized)) -> L1Error {
    L1Error::Malformed {
        what,
        transaction: transaction.to_string(),
        reason: reason.to_string(),
    }
}

/// The batches of a transaction that calls `sequenceBatches` itself.
pub fn batches_of_call(
    transaction: B256,
    to: Option<Address>,
    input: &[u8],
    core: Address,
) -> Result<Vec<Vec<u8>>, L1Error> {
    let what = "a sequencing transaction";
    if to != Some(core) {
        return Err(malformed(
            what,
            transaction,
            "it does not call the contract itself, yet there is no BatchData",
        ));
    }
    let call = decode_calldata(input).map_err(|error| malformed(what, transaction, &error))?;
    Ok(call.batches.into_iter().map(<[u8]>::to_vec).collect())
}

/// A log of the core contract. Its ABI lists all events, those of its parent contracts too.
pub(super) fn decode(log: &Log) -> Result<Decoded, L1Error> {
    let transaction = log.transaction_hash.unwrap_or_default();
    let amount = |value: U256| {
        value
            .try_into()
            .map_err(|_| malformed("an amount", transaction, &value))
    };
    let event = match Events::decode_log(&log.inner) {
        Ok(event) => event.data,
        Err(error) if log.topic0().is_some_and(|topic| Events::SELECTORS.contains(&topic.0)) => {
            return Err(malformed("a log", transaction, &error));
        }
        Err(_) => return Ok(Decoded::Other),
    };
    Ok(match event {
        Events::MessageQueued(e) => {
            let bytes = e.message.as_ref().try_into();
            let bytes =
                bytes.map_err(|_| malformed("a message", transaction, &format!("{} bytes", e.message.len())))?;
            Decoded::Whole(EventKind::MessageQueued {
                number: e.number,
                message: Message::decode(bytes),
            })
        }
        Events::VersionActivated(e) => Decoded::Version {
            version: e.version.into(),
            first_sequence: e.firstSequence.to(),
        },
        Events::BatchesSequenced(e) => Decoded::Sequence(Sequenced {
            number: e.sequence.to(),
            payer: e.payer.into(),
            acc: e.acc.into(),
            fee_recipient: e.feeRecipient,
            fee: amount(e.fee)?,
            attached_messages: e.attachedMessages,
            batches: Vec::new(),
        }),
        Events::BatchData(e) => Decoded::Batches {
            sequence: e.sequence.to(),
            batches: e.batches.into_iter().map(|batch| batch.to_vec()).collect(),
        },
        Events::BatchesVerified(e) => Decoded::Whole(EventKind::Verified(Verified {
            last: e.last.to(),
            beneficiary: e.beneficiary.into(),
            proven_by: e.provenBy.into(),
            state_root: e.stateRoot.into(),
            exit_acc: e.exitAcc.into(),
            reward: amount(e.reward)?,
        })),
        Events::ChainHalted(e) => Decoded::Whole(EventKind::Halted {
            start: e.start.to(),
            end: e.end.to(),
        }),
        Events::CheckpointVoided(e) => Decoded::Whole(EventKind::Voided {
            voided: e.voided.to(),
            last_verified: e.lastVerified.to(),
        }),
        Events::ChainResumed(_) => Decoded::Whole(EventKind::Resumed),
        Events::ChainClosed(_) => Decoded::Whole(EventKind::Closed),
        Events::SequenceTipped(e) => Decoded::Whole(EventKind::Tipped {
            sequence: e.sequence.to(),
            amount: amount(e.amount)?,
        }),
        Events::TipsClaimed(e) => Decoded::Whole(EventKind::TipsRemoved {
            sequence: e.sequence.to(),
            amount: amount(e.amount)?,
        }),
        Events::TipRefunded(e) => Decoded::Whole(EventKind::TipsRemoved {
            sequence: e.sequence.to(),
            amount: amount(e.amount)?,
        }),
        Events::SequencerAnnounced(e) => Decoded::Whole(EventKind::Announced {
            sequencer: e.sequencer.into(),
            url: e.url,
        }),
        _ => Decoded::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{LogData, aliases::U40};
    use alloy::sol_types::SolEvent as _;
    use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::ChainHalted;

    fn log(data: LogData) -> Log {
        Log {
            inner: alloy::primitives::Log {
                address: Address::ZERO,
                data,
            },
            ..Log::default()
        }
    }

    fn whole(event: &impl alloy::sol_types::SolEvent) -> Option<EventKind> {
        match decode(&log(event.encode_log_data())) {
            Ok(Decoded::Whole(kind)) => Some(kind),
            _ => None,
        }
    }

    #[test]
    fn each_event_becomes_its_own() {
        use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{
            ChainClosed, ChainResumed, CheckpointVoided, SequenceTipped, SequencerAnnounced, TipRefunded, TipsClaimed,
        };
        let (sequence, someone, amount) = (U40::from(7), Address::repeat_byte(1), U256::from(9));
        let tipped = SequenceTipped {
            sequence,
            tipper: someone,
            amount,
        };
        let (sequence, amount) = (7, 9);
        assert_eq!(whole(&tipped), Some(EventKind::Tipped { sequence, amount }));
        let removed = Some(EventKind::TipsRemoved { sequence, amount });
        let claimed = TipsClaimed {
            sequence: tipped.sequence,
            beneficiary: someone,
            amount: tipped.amount,
        };
        assert_eq!(whole(&claimed), removed);
        let refunded = TipRefunded {
            sequence: tipped.sequence,
            tipper: someone,
            amount: tipped.amount,
        };
        assert_eq!(whole(&refunded), removed);
        let voided = CheckpointVoided {
            voided: U40::from(5),
            lastVerified: U40::from(3),
        };
        let expected = EventKind::Voided {
            voided: 5,
            last_verified: 3,
        };
        assert_eq!(whole(&voided), Some(expected));
        assert_eq!(whole(&ChainResumed { version: 2 }), Some(EventKind::Resumed));
        let closed = ChainClosed {
            lastVerified: U40::from(3),
            accountsRoot: B256::ZERO,
            consumedMessages: 0,
        };
        assert_eq!(whole(&closed), Some(EventKind::Closed));
        let url = "https://sequencer.example".to_owned();
        let announced = SequencerAnnounced {
            sequencer: someone,
            url: url.clone(),
        };
        let sequencer = someone.into();
        assert_eq!(whole(&announced), Some(EventKind::Announced { sequencer, url }));
    }

    // REQ C12
    #[test]
    fn an_amount_above_all_that_exists_is_malformed() {
        use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::SequenceTipped;
        let of = |amount: U256| {
            let event = SequenceTipped {
                sequence: U40::from(7),
                tipper: Address::ZERO,
                amount,
            };
            decode(&log(event.encode_log_data()))
        };
        assert!(of(U256::from(u128::MAX)).is_ok());
        assert!(matches!(of(U256::from(1) << 128), Err(L1Error::Malformed { .. })));
    }

    #[test]
    fn an_event_of_the_contract_that_is_cut_off_is_no_other_event() {
        let halted = ChainHalted {
            start: U40::from(1),
            end: U40::from(3),
            version: 1,
            otherStateRoot: B256::ZERO,
            otherExitAcc: B256::ZERO,
        };
        let whole = halted.encode_log_data();
        assert!(matches!(
            decode(&log(whole.clone())),
            Ok(Decoded::Whole(EventKind::Halted { start: 1, end: 3 }))
        ));
        let topics = whole.topics().to_vec();
        let cut = LogData::new_unchecked(topics, whole.data.slice(..32));
        assert!(matches!(decode(&log(cut)), Err(L1Error::Malformed { .. })));
        let unknown = LogData::new_unchecked(vec![B256::repeat_byte(7)], whole.data);
        assert!(matches!(decode(&log(unknown)), Ok(Decoded::Other)));
    }
}
