// SPDX-License-Identifier: MIT OR Apache-2.0
//! Against the vectors the Solidity tests read too.

use super::*;
use alloy::primitives::hex;
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let path = format!("{}/../test/fixtures/formats/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    fixture["cases"].as_array().unwrap().clone()
}

fn word(value: &Value) -> B256 {
    value.as_str().unwrap().parse().unwrap()
}

fn address(value: &Value) -> Address {
    value.as_str().unwrap().parse().unwrap()
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

fn wide(value: &Value) -> U112 {
    U112::from(value.as_str().unwrap().parse::<u128>().unwrap())
}

fn sequence(case: &Value) -> Sequence {
    Sequence {
        acc: word(&case["acc"]),
        cumulativeFee: wide(&case["cumulativeFee"]),
        fee: wide(&case["fee"]),
        cumulativeBatches: U40::from(number(&case["cumulativeBatches"])),
        version: number(&case["version"]) as u16,
        payer: address(&case["payer"]),
    }
}

fn checkpoint(case: &Value) -> Checkpoint {
    Checkpoint {
        sequence: sequence(case),
        sequencedAt: U40::from(number(&case["sequencedAt"])),
        stateRoot: word(&case["stateRoot"]),
        exitAcc: word(&case["exitAcc"]),
        previous: U40::from(number(&case["previous"])),
        beneficiary: address(&case["beneficiary"]),
        provenBy: number(&case["provenBy"]) as u16,
    }
}

// REQ C8
#[test]
fn words_are_those_of_the_contract() {
    let sequences = cases("sequences");
    assert!(!sequences.is_empty());
    for case in &sequences {
        let found = sequence_word(&sequence(case), number(&case["sequencedAt"]));
        assert_eq!(found, word(&case["word"]), "{case}");
        assert_eq!(time_of(found), number(&case["sequencedAt"]));
    }
    let checkpoints = cases("checkpoints");
    assert!(!checkpoints.is_empty());
    for case in &checkpoints {
        let found = checkpoint_word(&checkpoint(case), number(&case["verifiedAt"]));
        assert_eq!(found, word(&case["word"]), "{case}");
        assert_eq!(time_of(found), number(&case["verifiedAt"]));
    }
}

/// The contract's `seal`: what an anchor and the opening of a checkpoint are compared with.
fn seal(acc: B256, rest: B256, time: u64) -> B256 {
    let mut word = alloy::primitives::keccak256([acc.0, rest.0].concat());
    word[27..].copy_from_slice(&time.to_be_bytes()[3..]);
    word
}

#[test]
fn limits_open_the_word_of_their_anchor() {
    for case in cases("sequences") {
        let limits = limits_at_sequence(U256::from(9), 8, 7, &sequence(&case));
        let time = number(&case["sequencedAt"]);
        assert_eq!(seal(limits.anchorAcc, limits.anchorRest, time), word(&case["word"]));
        assert_eq!((limits.maxFee, limits.deadline), (U256::from(9), U256::from(8)));
        assert_eq!(limits.anchor, U40::from(7));
    }
    for case in cases("checkpoints") {
        let limits = limits_at_checkpoint(U256::from(9), 8, 7, &checkpoint(&case));
        let time = number(&case["verifiedAt"]);
        assert_eq!(seal(limits.anchorAcc, limits.anchorRest, time), word(&case["word"]));
    }
}

// REQ C8
#[test]
fn statements_are_those_of_the_contract() {
    let all = cases("statements");
    assert!(!all.is_empty());
    for case in &all {
        let claim = Claim {
            beneficiary: address(&case["beneficiary"]),
            start: CheckpointOpening {
                acc: word(&case["oldAcc"]),
                stateRoot: word(&case["oldRoot"]),
                exitAcc: word(&case["oldExitAcc"]),
                ..CheckpointOpening::default()
            },
            end: Sequence {
                acc: word(&case["newAcc"]),
                ..Sequence::default()
            },
            newStateRoot: word(&case["newRoot"]),
            newExitAcc: word(&case["newExitAcc"]),
            ..Claim::default()
        };
        let found = statement(word(&case["domain"]), number(&case["version"]) as u16, &claim).unwrap();
        assert_eq!(B256::from(found.hash()), word(&case["statement"]), "{case}");
        let mut forged = claim.clone();
        forged.newStateRoot = B256::repeat_byte(0xff);
        assert!(statement(word(&case["domain"]), 1, &forged).is_err());
    }
}

#[test]
fn accumulators_are_those_of_the_example_chain() {
    for case in cases("chain") {
        let capacity = number(&case["capacity"]["slots"]) as u16;
        let data = hex::decode(case["data"].as_str().unwrap()).unwrap();
        let found = acc_after(
            word(&case["old"]["acc"]),
            number(&case["version"]) as u16,
            capacity,
            &[data],
            &[word(&case["headerMessages"])],
            number(&case["feeRecipient"]) as u32,
        );
        assert_eq!(found, Ok(word(&case["new"]["acc"])));
    }
    let first = &cases("chain")[0];
    let (chain_id, contract) = (number(&first["chainId"]), address(&first["contract"]));
    let genesis_root = poe_rollup::state::Head::genesis(chain_id, &contract.0.0).state_root();
    let genesis = genesis_acc(chain_id, contract, genesis_root.to_bytes().into()).unwrap();
    assert_eq!(genesis, word(&first["old"]["acc"]));
}

#[test]
fn what_the_contract_would_refuse_has_no_accumulator() {
    let refused = |batches: &[Vec<u8>], accs: usize| {
        acc_after(B256::ZERO, 1, 2, batches, &vec![B256::ZERO; accs], 1).map_err(|error| error.to_string())
    };
    assert!(refused(&[vec![0; 192]], 1).is_ok());
    let long = refused(&[vec![], vec![0; 288]], 2).unwrap_err();
    assert!(long.starts_with("batch 1: batch data has 3 slots"), "{long}");
    let partial = refused(&[vec![0; 95]], 1).unwrap_err();
    assert!(partial.contains("95 bytes"), "{partial}");
    let accs = refused(&[vec![]], 2).unwrap_err();
    assert!(accs.starts_with("1 batches, but 2"), "{accs}");
}

#[test]
fn rewards_are_what_was_not_paid_yet() {
    let sequence = Sequence {
        cumulativeFee: U112::from(100),
        ..Sequence::default()
    };
    assert_eq!(pending_reward(U112::from(60), &sequence), U256::from(40));
    // After a rewind the prefix up to the amount paid has been paid for already.
    assert_eq!(pending_reward(U112::from(130), &sequence), U256::ZERO);
}
