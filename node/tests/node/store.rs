// SPDX-License-Identifier: MIT OR Apache-2.0
//! The store against an L1 that forks.

use crate::simulated;

use poe_node::chain::{ApplyError, EventKind};
use poe_node::store::{DataDirectory, Finality, Identity, Record, Store, StoreError, Table};
use poe_rollup::formats::Capacity;
use poe_rollup::state::{StateReader, StateWriter as _};
use proptest::prelude::*;
use simulated::{Action, CHAIN_ID, CONTRACT, EXIT_DELAY, SimulatedL1};

fn identity() -> Identity {
    Identity {
        chain_id: CHAIN_ID,
        contract: CONTRACT,
        exit_delay: EXIT_DELAY,
        start: 0,
    }
}

fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(DataDirectory::lock(folder.path()).unwrap(), identity()).unwrap()
}

fn fresh() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    (folder, store)
}

/// Final blocks in one step, the others one by one: what a node does that starts now.
fn clean(l1: &SimulatedL1, final_blocks: usize) -> (tempfile::TempDir, Store) {
    let (folder, store) = fresh();
    let (old, new) = l1.blocks.split_at(final_blocks);
    if let Some(end) = old.last() {
        store.apply_final(old, end.id, end.timestamp).unwrap();
    }
    for block in new {
        store.apply(block).unwrap();
    }
    if let Some(end) = old.last() {
        store
            .prune(Finality {
                number: end.id.number,
                timestamp: end.timestamp,
            })
            .unwrap();
    }
    (folder, store)
}

/// Goes over to another fork as the follower does.
fn follow(store: &Store, l1: &SimulatedL1) {
    let (mut tip, _) = store.tip().unwrap();
    let view = store.view().unwrap();
    while tip > 0 && view.block(tip).unwrap().map(|b| b.hash) != l1.blocks.get(tip as usize - 1).map(|b| b.id.hash) {
        tip -= 1;
    }
    drop(view);
    store.rollback(tip).unwrap();
    for block in &l1.blocks[tip as usize..] {
        store.apply(block).unwrap();
    }
}

type Dump = Vec<Record>;

/// How soon slots and changes of settled batches are dropped depends on when the store was pruned, and is left out of the comparison.
fn comparable(mut one: Dump, mut other: Dump) -> (Dump, Dump) {
    for table in [Table::BatchData, Table::Changes] {
        let first = |dump: &Dump| {
            dump.iter()
                .find(|record| record.0 == table)
                .map(|record| record.1.clone())
        };
        let from = first(&one).zip(first(&other)).map(|(a, b)| a.max(b));
        for dump in [&mut one, &mut other] {
            dump.retain(|record| record.0 != table || from.as_ref().is_some_and(|from| record.1 >= *from));
        }
    }
    (one, other)
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        3 => any::<u16>().prop_map(|amount| Action::Register { amount }),
        2 => any::<(u8, u16)>().prop_map(|(account, amount)| Action::Deposit { account, amount }),
        6 => any::<(u8, u64)>().prop_map(|(batches, seed)| Action::Sequence { batches, seed }),
        3 => any::<u8>().prop_map(|pending| Action::Verify { pending: pending % 4 }),
        1 => any::<u8>().prop_map(|amount| Action::Tip { amount }),
        1 => (0u8..3).prop_map(|seed| Action::Announce { seed }),
        1 => Just(Action::HaltAndResume),
    ];
    prop::collection::vec(action, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn after_any_reorganisations_the_store_is_that_of_a_clean_sync(
        rounds in prop::collection::vec((0usize..8, prop::collection::vec(actions(), 1..6), 0u64..12), 1..8),
    ) {
        let (folder, mut store) = fresh();
        let mut snapshots = vec![SimulatedL1::new()];
        let mut final_blocks = 0;
        for (round, (depth, blocks, until_final)) in rounds.into_iter().enumerate() {
            // Back by `depth` blocks, but not behind what is final, and on from there.
            let keep = snapshots.len().saturating_sub(depth).max(final_blocks).max(1);
            snapshots.truncate(keep);
            for block in &blocks {
                let mut next = snapshots.last().unwrap().clone();
                next.mine(round as u64, block);
                snapshots.push(next);
            }
            let l1 = snapshots.last().unwrap();
            follow(&store, l1);
            final_blocks = final_blocks.max(l1.blocks.len().saturating_sub(until_final as usize));
            if final_blocks > 0 {
                let end = &l1.blocks[final_blocks - 1];
                store.prune(Finality { number: end.id.number, timestamp: end.timestamp }).unwrap();
            }
            if round % 3 == 2 {
                drop(store);
                store = open(&folder);
            }
        }
        let l1 = snapshots.last().unwrap();
        let (_clean_folder, clean) = clean(l1, final_blocks);
        let (found, expected) = comparable(store.dump().unwrap(), clean.dump().unwrap());
        prop_assert_eq!(found, expected);
        prop_assert_eq!(store.view().unwrap().head().unwrap(), l1.state().head().unwrap());
        prop_assert!(store.view().unwrap().disputed().unwrap().is_none());
    }

    #[test]
    fn every_unsettled_batch_has_a_witness_that_checks(blocks in prop::collection::vec(actions(), 4..16)) {
        let mut l1 = SimulatedL1::new();
        for block in &blocks {
            l1.mine(0, block);
        }
        let (_folder, store) = clean(&l1, 0);
        let view = store.view().unwrap();
        let batches = view.chain().batches;
        let mut seen = 0;
        if batches > 0 {
            view.witnesses(1..=batches, |number, witness| {
                seen += 1;
                assert_eq!(number, seen);
                witness.check().unwrap();
                assert_eq!(witness, view.witness(number)?);
                assert_eq!(witness.new, view.batch(number)?.unwrap().head);
                Ok::<_, StoreError>(())
            }).unwrap();
        }
        prop_assert_eq!(seen, batches);
        // Earlier states are whole states: their trees lead to their heads.
        for batch in 0..=batches {
            let past = view.state_after(batch).unwrap();
            let head = past.head().unwrap();
            prop_assert!(poe_rollup::state::prove(&past, 1).unwrap().holds_under(&head.accounts_root));
        }
    }
}

fn busy_chain() -> SimulatedL1 {
    let mut l1 = SimulatedL1::new();
    l1.mine(
        0,
        &[Action::Register { amount: 1_000 }, Action::Register { amount: 500 }],
    );
    for seed in 1..12 {
        l1.mine(0, &[Action::Sequence { batches: 1, seed }]);
    }
    l1
}

#[test]
fn a_wrong_checkpoint_is_disputed_until_it_is_voided() {
    let mut l1 = busy_chain();
    l1.mine(0, &[Action::VerifyWrongly]);
    let (_folder, store) = clean(&l1, 0);
    let disputed = store.view().unwrap().disputed().unwrap().unwrap();
    let head = l1.state().head().unwrap();
    assert_eq!(disputed.disputed.unwrap().state_root, head.state_root().to_bytes());
    l1.mine(0, &[Action::HaltAndResume]);
    store.apply(l1.tip()).unwrap();
    let view = store.view().unwrap();
    assert!(view.disputed().unwrap().is_none());
    assert_eq!(view.chain().last_verified, 0);
    assert_eq!(view.pending_sequences().unwrap().len(), 11);
}

#[test]
fn what_the_provider_leaves_out_is_noticed_and_nothing_is_stored() {
    let l1 = busy_chain();
    let (_folder, store) = clean(&l1, 0);
    let before = store.dump().unwrap();
    let mut next = l1.clone();
    next.mine(0, &[Action::Sequence { batches: 0, seed: 3 }]);
    let good = next.tip().clone();
    let tamper = |change: &dyn Fn(&mut poe_node::chain::Sequenced)| {
        let mut block = good.clone();
        for event in &mut block.events {
            if let EventKind::Sequenced(sequenced) = &mut event.kind {
                change(sequenced);
            }
        }
        store.apply(&block).unwrap_err()
    };
    assert!(matches!(
        tamper(&|s| s.number += 1),
        ApplyError::Gap { what: "sequence", .. }
    ));
    assert!(matches!(tamper(&|s| s.acc[0] ^= 1), ApplyError::Accumulator { .. }));
    assert!(matches!(
        tamper(&|s| s.batches.push(vec![])),
        ApplyError::Accumulator { .. }
    ));
    assert!(matches!(
        tamper(&|s| s.attached_messages += 1),
        ApplyError::Gap { what: "message", .. }
    ));
    assert!(matches!(
        tamper(&|s| s.batches = vec![vec![0; 95]]),
        ApplyError::BatchData { .. }
    ));
    assert!(matches!(tamper(&|s| s.fee = 1 << 112), ApplyError::Fee { .. }));
    assert!(matches!(tamper(&|s| s.fee = u128::MAX), ApplyError::Fee { .. }));
    assert_eq!(store.dump().unwrap(), before);
    store.apply(&good).unwrap();
}

#[test]
fn blocks_must_follow_and_final_ones_stay() {
    let l1 = busy_chain();
    let (_folder, store) = clean(&l1, 5);
    let again = store.apply(l1.tip()).unwrap_err();
    assert!(
        matches!(again, ApplyError::Store(StoreError::NotNext { .. })),
        "{again}"
    );
    assert!(matches!(store.rollback(3), Err(StoreError::NoJournal { block: 5 })));
    store.rollback(5).unwrap();
    assert_eq!(store.tip().unwrap().0, 5);
}

#[test]
fn final_blocks_must_follow_too_and_nothing_is_stored_if_they_do_not() {
    let l1 = busy_chain();
    let (_folder, store) = clean(&l1, 5);
    let before = store.dump().unwrap();
    let [old, new] = [&l1.blocks[2], l1.tip()];
    let mut more = l1.clone();
    more.mine(0, &[]);
    let end = more.tip();
    for (blocks, last) in [
        (vec![], old),
        (vec![], new),
        (vec![old.clone()], end),
        (vec![end.clone(), end.clone()], end),
    ] {
        let refused = store.apply_final(&blocks, last.id, last.timestamp).unwrap_err();
        assert!(
            matches!(refused, ApplyError::Store(StoreError::NotNext { .. })),
            "{refused}"
        );
        assert_eq!(store.dump().unwrap(), before);
    }
    store.apply_final(&[], end.id, end.timestamp).unwrap();
    assert_eq!(store.tip().unwrap().0, end.id.number);
}

#[test]
fn all_that_is_not_final_can_be_read_again() {
    let l1 = busy_chain();
    for final_blocks in [0, 5] {
        let (_folder, store) = clean(&l1, final_blocks);
        let before = store.dump().unwrap();
        let unfinal = &l1.blocks[final_blocks..];
        assert_eq!(store.undo_unfinal().unwrap(), unfinal.len() as u64);
        assert_eq!(store.tip().unwrap().0, final_blocks as u64);
        assert_eq!(store.undo_unfinal().unwrap(), 0);
        for block in unfinal {
            store.apply(block).unwrap();
        }
        assert_eq!(store.dump().unwrap(), before);
    }
}

#[test]
fn a_settled_batch_gives_up_its_slots_and_no_other_does() {
    let mut l1 = busy_chain();
    l1.mine(0, &[Action::Verify { pending: 3 }]);
    for _ in 0..EXIT_DELAY {
        l1.mine(0, &[]);
    }
    let blocks = l1.blocks.len();
    let (_folder, store) = clean(&l1, blocks);
    let view = store.view().unwrap();
    let settled = view.last_batch_of(4).unwrap();
    assert!(matches!(view.witness(settled), Err(StoreError::Settled { batch }) if batch == settled));
    view.witness(settled + 1).unwrap().check().unwrap();
    assert_eq!(view.final_state().unwrap().head().unwrap(), view.final_head().unwrap());
}

#[test]
fn a_store_of_another_schema_or_deployment_is_refused() {
    let (folder, store) = fresh();
    drop(store);
    let other = Identity {
        chain_id: 1,
        ..identity()
    };
    let refused = Store::open(DataDirectory::lock(folder.path()).unwrap(), other).unwrap_err();
    assert!(
        matches!(
            refused,
            StoreError::AnotherDeployment {
                found_chain: CHAIN_ID,
                expected_chain: 1,
                ..
            }
        ),
        "{refused}"
    );

    let definition = redb::TableDefinition::<&[u8], &[u8]>::new(Table::Meta.name());
    let database = redb::Database::open(folder.path().join("chain.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    // The first byte is the version.
    transaction
        .open_table(definition)
        .unwrap()
        .insert(&[][..], &[9, 0][..])
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    let refused = Store::open(DataDirectory::lock(folder.path()).unwrap(), identity()).unwrap_err();
    assert!(matches!(refused, StoreError::Schema { found: 9, .. }), "{refused}");
    assert!(refused.to_string().contains("chain.redb"), "{refused}");
}

#[test]
fn messages_go_to_batches_in_order_and_receipts_name_their_slots() {
    let mut l1 = SimulatedL1::new();
    l1.mine(0, &[Action::Register { amount: 90 }; 5]);
    // Seed 1: a good slot, twice.
    l1.mine(
        0,
        &[
            Action::Sequence { batches: 0, seed: 0 },
            Action::Sequence { batches: 2, seed: 7 },
        ],
    );
    let (_folder, store) = clean(&l1, 0);
    let view = store.view().unwrap();
    let taken: Vec<_> = (1..=4)
        .map(|n| view.batch(n).unwrap().unwrap())
        .map(|b| (b.first_message, b.messages))
        .collect();
    assert_eq!(taken, [(1, 2), (3, 2), (5, 1), (6, 0)]);
    assert_eq!(view.next_messages().unwrap(), []);
    assert_eq!(
        view.version(1).unwrap().unwrap().capacity,
        Capacity {
            slots: 3,
            messages: 2,
            exits: 1
        }
    );
    let found = view.registrations(|message| message.l1_owner == [4; 20]).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message.index, 4);
    let mut replayed = poe_rollup::state::MemoryStore::new(poe_rollup::state::Head::genesis(CHAIN_ID, &CONTRACT));
    for number in 1..=4 {
        let batch = view.batch_contents(number).unwrap();
        let outcome = poe_rollup::executor::execute(
            &simulated::params(),
            &replayed,
            &batch,
            poe_rollup::executor::Mode::Follow,
        )
        .unwrap();
        for (position, (slot, receipt)) in batch.slots.iter().zip(&outcome.receipts).enumerate() {
            if receipt.is_applied() {
                let stored = view.receipt(slot.transfer.from, slot.transfer.nonce).unwrap().unwrap();
                assert_eq!(
                    (stored.batch, stored.position, stored.receipt),
                    (number, position as u32, *receipt)
                );
            }
        }
        replayed.apply(&outcome.changes).unwrap();
    }
}
