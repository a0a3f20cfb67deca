// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;
use crate::chain::BlockId;
use crate::sequencer::pool::Removal;
use crate::sequencer::records::{Entry, Flight, Inclusion, Landed, Outcome, Sent};
use crate::sequencer::report::Totals;
use poe_rollup::formats::{Slot, Transfer};

const DOMAIN: Bytes32 = [7; 32];
const SENDER: Address = Address::repeat_byte(1);

fn open(folder: &Path) -> Journal {
    Journal::open(folder, &DOMAIN, SENDER, 2).unwrap()
}

fn change(journal: &Journal, new: Option<Entry>, leaving: &[Removal]) {
    let ticket = journal.enqueue(new, leaving.to_vec());
    journal.flush(ticket).unwrap();
}

fn entry(nonce: u32, order: u64) -> Entry {
    let transfer = Transfer {
        from: 3,
        nonce,
        ..Transfer::default()
    };
    Entry {
        slot: Slot {
            transfer,
            ..Slot::default()
        },
        received_at: 5,
        order,
        included: None,
        stalled_since: None,
    }
}

fn dropped(number: u8) -> Removal {
    Removal {
        key: (3, number.into()),
        id: [number; 32],
        outcome: Outcome::Dropped(format!("reason {number}")),
    }
}

fn landed(number: u8) -> Landed {
    let block = BlockId {
        number: number.into(),
        hash: [1; 32],
    };
    Landed {
        hash: [number; 32],
        block,
        sequence: Some(number.into()),
        gas_used: 10,
        gas_price: 3,
    }
}

fn flight(nonce: u64, landed: Option<Landed>) -> Flight {
    let sent = Sent {
        hash: [2; 32],
        raw: vec![1],
        max_fee_per_gas: 9,
        max_priority_fee_per_gas: 1,
        at: 7,
    };
    Flight {
        nonce,
        call: None,
        sent: vec![sent],
        keys: [(1, 2)].into(),
        landed,
    }
}

#[test]
fn what_was_written_is_there_after_a_restart_and_only_so_much_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    change(&journal, Some(entry(0, 0)), &[]);
    change(&journal, Some(entry(1, 1)), &[dropped(0)]);
    change(&journal, None, &[dropped(1), dropped(2)]);
    change(&journal, Some(entry(9, 4)), &[]);
    drop(journal);
    let journal = open(folder.path());
    assert_eq!(journal.entries().unwrap(), [entry(9, 4)]);
    assert_eq!(journal.recall(&[0; 32]).unwrap(), None);
    assert_eq!(journal.recall_key((3, 0)).unwrap(), None);
    assert_eq!(journal.recall(&[2; 32]).unwrap().unwrap().outcome, dropped(2).outcome);
    assert_eq!(journal.recall_key((3, 1)).unwrap().unwrap().outcome, dropped(1).outcome);
}

#[test]
fn one_flush_writes_all_that_waits_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let first = journal.enqueue(Some(entry(0, 0)), vec![]);
    let second = journal.enqueue(None, vec![dropped(0)]);
    let third = journal.enqueue(Some(entry(1, 1)), vec![]);
    assert_eq!(journal.entries().unwrap(), []);
    // Whoever asks about nothing new waits for what others have waiting.
    assert_eq!(journal.enqueue(None, vec![]), third);
    journal.flush(second).unwrap();
    assert_eq!(journal.entries().unwrap(), [entry(1, 1)]);
    journal.flush(first).unwrap();
    journal.flush(third).unwrap();
    assert_eq!(journal.entries().unwrap(), [entry(1, 1)]);
}

#[test]
fn a_newer_memory_outlives_an_older_one_of_the_same_slot() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let applied = Inclusion {
        sequence: 1,
        batch: 1,
        position: 0,
        block: landed(1).block,
        same: Some(true),
    };
    let again = Removal {
        outcome: Outcome::Applied(applied),
        ..dropped(1)
    };
    change(&journal, None, &[dropped(1), again.clone(), dropped(2)]);
    assert_eq!(journal.recall(&[1; 32]).unwrap().unwrap().outcome, again.outcome);
}

#[test]
fn a_flight_leaves_its_cost_behind_unless_it_was_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    journal.put_flight(&flight(4, Some(landed(2)))).unwrap();
    assert_eq!(journal.books(9).unwrap().open, [landed(2)]);
    journal.put_flight(&flight(4, None)).unwrap();
    assert_eq!(journal.books(9).unwrap(), Books::default());
    journal.put_flight(&flight(4, Some(landed(2)))).unwrap();
    let share = Totals {
        earned: 5,
        sequences: 1,
        ..Totals::default()
    };
    for _ in 0..2 {
        journal.settle_flight(4, &landed(2), &share).unwrap();
    }
    let books = Books {
        totals: share,
        settled: vec![landed(2)],
        open: vec![],
    };
    assert_eq!((journal.flights().unwrap(), journal.books(9).unwrap()), (vec![], books));
    journal.put_flight(&flight(5, Some(landed(3)))).unwrap();
    journal.settle_flight(5, &landed(3), &share).unwrap();
    let newest = journal.books(1).unwrap();
    assert_eq!((newest.settled, newest.totals.earned), (vec![landed(3)], 10));
}

#[test]
fn a_journal_of_another_deployment_or_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    assert!(matches!(
        Journal::open(folder.path(), &[8; 32], SENDER, 2),
        Err(SequencerError::Damaged { .. })
    ));
    let database = Database::open(folder.path().join(FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(META)
        .unwrap()
        .insert("schema", &9u32.to_be_bytes()[..])
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(matches!(
        Journal::open(folder.path(), &DOMAIN, SENDER, 2),
        Err(SequencerError::Schema { found: 9, .. })
    ));
}

#[test]
fn another_l1_key_is_refused_until_nothing_of_the_old_one_is_on_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let other = Address::repeat_byte(9);
    let journal = open(folder.path());
    journal.put_flight(&flight(4, Some(landed(2)))).unwrap();
    drop(journal);
    let refused = Journal::open(folder.path(), &DOMAIN, other, 2).unwrap_err();
    assert!(matches!(refused, SequencerError::AnotherKey { .. }), "{refused}");
    let journal = open(folder.path());
    journal.settle_flight(4, &landed(2), &Totals::default()).unwrap();
    drop(journal);
    drop(Journal::open(folder.path(), &DOMAIN, other, 2).unwrap());
    drop(open(folder.path()));
}
