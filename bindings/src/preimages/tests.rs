// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use poe_rollup::state::Head;

const CONTRACT: Address = Address::repeat_byte(0xc0);

fn start() -> Preimages {
    let root = Head::genesis(1, &CONTRACT.0.0).state_root().to_bytes();
    Preimages::genesis(1, CONTRACT, root.into()).unwrap()
}

fn sequenced(sequence: u64, fee: u64) -> BatchesSequenced {
    BatchesSequenced {
        sequence: U40::from(sequence),
        payer: Address::repeat_byte(1),
        acc: B256::repeat_byte(sequence as u8),
        feeRecipient: 1,
        fee: U256::from(fee),
        attachedMessages: 0,
    }
}

fn verified(last: u64) -> BatchesVerified {
    BatchesVerified {
        last: U40::from(last),
        beneficiary: Address::repeat_byte(2),
        provenBy: 1,
        stateRoot: B256::repeat_byte(3),
        exitAcc: B256::repeat_byte(4),
        reward: U256::from(5),
    }
}

fn voided(voided: u64, last: u64) -> CheckpointVoided {
    CheckpointVoided {
        voided: U40::from(voided),
        lastVerified: U40::from(last),
    }
}

#[test]
fn sums_and_versions_run_along() {
    let mut known = start();
    known.sequenced(&sequenced(1, 10), 2, 100).unwrap();
    let activated = VersionActivated {
        version: 3,
        firstSequence: U40::from(2),
    };
    known.activated(&activated, 110);
    known.sequenced(&sequenced(2, 5), 1, 120).unwrap();
    let second = &known.sequence(2).unwrap().preimage;
    assert_eq!((second.cumulativeFee.to::<u64>(), second.fee.to::<u64>()), (15, 5));
    assert_eq!((second.cumulativeBatches.to::<u64>(), second.version), (3, 3));
    assert_eq!(known.sequence(1).unwrap().preimage.version, 1);
    assert_eq!((known.last_sequence(), known.last_verified()), (2, 0));
}

#[test]
fn a_voided_checkpoint_is_a_pending_sequence_again() {
    let mut known = start();
    for sequence in 1..=3 {
        known.sequenced(&sequenced(sequence, 10), 1, 100 + sequence).unwrap();
    }
    let pending = known.word(2).unwrap();
    known.verified(&verified(1), 200).unwrap();
    known.verified(&verified(2), 201).unwrap();
    assert_ne!(known.word(2).unwrap(), pending);
    assert_eq!(known.checkpoint(2).unwrap().preimage.previous, U40::from(1));
    assert_eq!(known.covering(2).unwrap().0, 2);
    assert!(known.covering(3).is_none());
    assert_eq!(known.path_to(0).len(), 3);
    assert_eq!(known.path_to(1)[0], known.checkpoint(2).unwrap().preimage);
    known.voided(&voided(2, 1)).unwrap();
    assert_eq!(known.word(2).unwrap(), pending);
    assert_eq!(known.last_verified(), 1);
    // And can be proven again, further this time.
    known.verified(&verified(3), 300).unwrap();
    assert_eq!(known.covering(2).unwrap().0, 3);
}

#[test]
fn events_out_of_order_are_refused_and_change_nothing() {
    let mut known = start();
    assert_eq!(
        known.sequenced(&sequenced(2, 1), 1, 1),
        Err(OutOfOrder::Sequence { found: 2, last: 0 })
    );
    known.sequenced(&sequenced(1, 1), 1, 1).unwrap();
    assert!(matches!(
        known.sequenced(&sequenced(1, 1), 1, 1),
        Err(OutOfOrder::Sequence { .. })
    ));
    assert!(matches!(
        known.verified(&verified(2), 1),
        Err(OutOfOrder::Checkpoint { found: 2, .. })
    ));
    known.verified(&verified(1), 1).unwrap();
    assert!(matches!(
        known.verified(&verified(1), 1),
        Err(OutOfOrder::Checkpoint { .. })
    ));
    assert!(matches!(known.voided(&voided(0, 0)), Err(OutOfOrder::Voided { .. })));
    assert!(matches!(known.voided(&voided(1, 5)), Err(OutOfOrder::Voided { .. })));
    let mut dear = sequenced(2, 0);
    dear.fee = U256::MAX;
    assert!(matches!(
        known.sequenced(&dear, 1, 1),
        Err(OutOfOrder::Fee { sequence: 2, .. })
    ));
    dear.fee = U256::from(U112::MAX);
    assert!(matches!(known.sequenced(&dear, 1, 1), Err(OutOfOrder::Fee { .. })));
    assert_eq!((known.last_sequence(), known.last_verified()), (1, 1));
}

#[test]
fn claims_are_made_of_what_is_known() {
    let mut known = start();
    known.sequenced(&sequenced(1, 7), 1, 1).unwrap();
    let claim = |init, last| known.claim(init, last, Address::ZERO, U256::ZERO, B256::ZERO, B256::ZERO);
    let claim_1 = claim(0, 1).unwrap();
    assert_eq!(claim_1.end, known.sequence(1).unwrap().preimage);
    assert_eq!(claim_1.start, known.opening(0).unwrap());
    assert!(claim(1, 1).is_none() && claim(0, 2).is_none());
}
