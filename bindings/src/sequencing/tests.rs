// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::contracts::ProofOfEfficiency::Limits;
use alloy::primitives::U256;
use alloy::primitives::aliases::U40;
use proptest::prelude::*;

const CONTRACT: Address = Address::repeat_byte(0xc0);

fn calldata(batches: &[Vec<u8>], fee_recipient: u32) -> Vec<u8> {
    let limits = Limits {
        maxFee: U256::MAX,
        deadline: U256::MAX,
        anchor: U40::MAX,
        anchorAcc: B256::repeat_byte(1),
        anchorRest: B256::repeat_byte(2),
    };
    let call = sequenceBatchesCall {
        batches: batches.iter().cloned().map(Bytes::from).collect(),
        feeRecipient: fee_recipient,
        limits,
    };
    call.abi_encode()
}

fn log(contract: Address, event: &impl alloy::sol_types::SolEvent) -> Log {
    Log {
        address: contract,
        data: event.encode_log_data(),
    }
}

fn event(sequence: u64) -> BatchesSequenced {
    BatchesSequenced {
        sequence: U40::from(sequence),
        payer: Address::repeat_byte(0xaa),
        acc: B256::repeat_byte(3),
        feeRecipient: 7,
        fee: U256::from(1_000),
        attachedMessages: 2,
    }
}

fn data(sequence: u64, batches: &[Vec<u8>]) -> BatchData {
    BatchData {
        sequence: U40::from(sequence),
        batches: batches.iter().cloned().map(Bytes::from).collect(),
    }
}

fn slots(count: usize) -> Vec<u8> {
    (0..count * 96).map(|i| i as u8).collect()
}

#[test]
fn the_batches_of_a_direct_call_are_in_its_calldata() {
    let batches = [slots(2), vec![], slots(1)];
    let logs = [log(CONTRACT, &event(5))];
    let found = decode_transaction(CONTRACT, Some(CONTRACT), &calldata(&batches, 7), &logs).unwrap();
    let [found] = found.try_into().unwrap();
    assert_eq!(found.batches, batches.map(Bytes::from));
    assert_eq!(found.source, BatchSource::Calldata);
    assert_eq!((found.sequence, found.fee_recipient, found.fee), (5, 7, 1_000));
    assert_eq!((found.attached_messages, found.payer), (2, Address::repeat_byte(0xaa)));
}

// REQ C12
#[test]
fn a_log_goes_before_the_calldata() {
    let (logged, called) = ([slots(1)], [slots(3)]);
    let logs = [log(CONTRACT, &event(5)), log(CONTRACT, &data(5, &logged))];
    let found = decode_transaction(CONTRACT, Some(CONTRACT), &calldata(&called, 7), &logs).unwrap();
    assert_eq!(found[0].batches, logged.map(Bytes::from));
    assert_eq!(found[0].source, BatchSource::Log);
}

#[test]
fn one_transaction_of_a_contract_may_sequence_twice() {
    let (first, second) = ([slots(1)], [slots(2), vec![]]);
    let logs = [
        log(CONTRACT, &event(5)),
        log(CONTRACT, &data(5, &first)),
        log(CONTRACT, &event(6)),
        log(CONTRACT, &data(6, &second)),
    ];
    let found = decode_transaction(CONTRACT, Some(Address::repeat_byte(9)), &[1, 2, 3], &logs).unwrap();
    assert_eq!(found.iter().map(|s| s.sequence).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(found[0].batches, first.map(Bytes::from));
    assert_eq!(found[1].batches, second.map(Bytes::from));
}

#[test]
fn logs_of_other_contracts_are_nothing() {
    let stranger = Address::repeat_byte(0xee);
    let logs = [log(stranger, &event(5)), log(stranger, &data(5, &[slots(1)]))];
    let found = decode_transaction(CONTRACT, Some(CONTRACT), &calldata(&[slots(1)], 7), &logs).unwrap();
    assert_eq!(found, []);
    // Nor can a stranger's log replace the batches of a true one.
    let logs = [log(CONTRACT, &event(5)), log(stranger, &data(5, &[slots(2)]))];
    let found = decode_transaction(CONTRACT, Some(CONTRACT), &calldata(&[slots(1)], 7), &logs).unwrap();
    assert_eq!(found[0].batches, [Bytes::from(slots(1))]);
}

#[test]
fn batches_that_cannot_be_told_are_an_error() {
    let logs = [log(CONTRACT, &event(5))];
    let by_other = decode_transaction(CONTRACT, Some(Address::ZERO), &calldata(&[], 7), &logs);
    assert!(matches!(by_other, Err(SequencingError::NoData { sequence: 5 })));
    let rubbish = decode_transaction(CONTRACT, Some(CONTRACT), &[1, 2, 3, 4], &logs);
    assert!(matches!(rubbish, Err(SequencingError::Calldata { sequence: 5, .. })));
    let other = decode_transaction(CONTRACT, Some(CONTRACT), &calldata(&[], 8), &logs);
    assert!(matches!(
        other,
        Err(SequencingError::OtherTransaction {
            sequence: 5,
            logged: 7,
            called: 8
        })
    ));
}

#[test]
fn a_call_that_no_encoder_makes_is_refused_as_the_contract_does() {
    let plain = calldata(&[slots(1), slots(2)], 7);
    assert!(decode_calldata(&plain).is_ok());
    let with = |at: usize, value: u8| {
        let mut changed = plain.clone();
        changed[4 + at] = value;
        decode_calldata(&changed).map(|_| ())
    };
    // The last byte of: the offset of the batches, their number, their first and second offset, the first length.
    assert_eq!(with(31, 0xc0), Err(CalldataError::NotPlain { at: 4 }));
    assert!(matches!(with(8 * 32 - 1, 1), Err(CalldataError::NotPlain { .. })));
    assert!(matches!(
        with(9 * 32 - 1, 0x60),
        Err(CalldataError::NotPlain { at: 260 })
    ));
    assert!(matches!(
        with(10 * 32 - 1, 0x41),
        Err(CalldataError::NotPlain { at: 292 })
    ));
    assert!(matches!(with(11 * 32 - 1, 0x61), Err(CalldataError::NotPlain { .. })));
    // A fee recipient of more than 32 bits, and an offset of more.
    assert_eq!(with(32, 1), Err(CalldataError::NotPlain { at: 36 }));
    assert_eq!(with(0, 1), Err(CalldataError::NotPlain { at: 4 }));
    // Another function; a byte too many; a byte too few.
    assert!(matches!(
        decode_calldata(&[0; 400]),
        Err(CalldataError::OtherFunction { found: [0, 0, 0, 0] })
    ));
    assert!(matches!(decode_calldata(&[]), Err(CalldataError::OtherFunction { .. })));
    let longer = [plain.as_slice(), &[0]].concat();
    assert!(matches!(
        decode_calldata(&longer),
        Err(CalldataError::TrailingBytes { .. })
    ));
    assert!(matches!(
        decode_calldata(&plain[..plain.len() - 1]),
        Err(CalldataError::TooShort { .. })
    ));
}

// The contract does not look at what fills the last word of a batch: 96 bytes are whole words, but a call it refuses for its
// length is still laid out plainly.
#[test]
fn what_fills_the_last_word_is_not_looked_at() {
    let mut dirty = calldata(&[vec![1; 33]], 7);
    *dirty.last_mut().unwrap() = 9;
    assert_eq!(decode_calldata(&dirty).unwrap().batches, [&[1; 33][..]]);
}

proptest! {
    // REQ C12
    #[test]
    fn encoding_and_decoding_are_inverse(
        batches in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
        fee_recipient: u32,
    ) {
        let calldata = calldata(&batches, fee_recipient);
        let call = decode_calldata(&calldata).unwrap();
        prop_assert_eq!(call.fee_recipient, fee_recipient);
        prop_assert_eq!(call.batches, batches.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    #[test]
    fn hostile_calldata_never_panics_and_never_grows(
        words in prop::collection::vec(prop_oneof![
            any::<[u8; 32]>(),
            (0u32..40).prop_map(|n| U256::from(32 * n).to_be_bytes()),
            (0u8..5).prop_map(|n| U256::from(n).to_be_bytes()),
            Just([0xff; 32]),
        ], 0..30),
        rest in prop::collection::vec(any::<u8>(), 0..32),
    ) {
        let mut calldata = sequenceBatchesCall::SELECTOR.to_vec();
        calldata.extend_from_slice(words.as_flattened());
        calldata.extend_from_slice(&rest);
        if let Ok(call) = decode_calldata(&calldata) {
            prop_assert!(call.batches.iter().map(|batch| batch.len()).sum::<usize>() <= calldata.len());
        }
    }

    // Whatever this reads as plain, an encoder would have written just so, up to what fills the last words.
    #[test]
    fn only_what_an_encoder_writes_is_plain(
        batches in prop::collection::vec((0usize..3).prop_map(slots), 0..4),
        at: prop::sample::Index,
        value: u8,
    ) {
        let plain = calldata(&batches, 7);
        let mut changed = plain.clone();
        *at.get_mut(&mut changed) = value;
        if let Ok(call) = decode_calldata(&changed) {
            let owned: Vec<Vec<u8>> = call.batches.iter().map(|batch| batch.to_vec()).collect();
            let mut again = calldata(&owned, call.fee_recipient);
            // The limits are not read.
            again[4 + 64..4 + 7 * 32].copy_from_slice(&changed[4 + 64..4 + 7 * 32]);
            prop_assert_eq!(again, changed);
        }
    }

    #[test]
    fn hostile_logs_never_panic(
        topics in prop::collection::vec(any::<[u8; 32]>(), 1..4),
        is_data: bool,
        data in prop::collection::vec(any::<u8>(), 0..400),
        input in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut topics: Vec<B256> = topics.into_iter().map(B256::from).collect();
        topics[0] = if is_data { BatchData::SIGNATURE_HASH } else { BatchesSequenced::SIGNATURE_HASH };
        let logs = [Log::new_unchecked(CONTRACT, topics, data.into())];
        let _ = decode_transaction(CONTRACT, Some(CONTRACT), &input, &logs);
    }
}
