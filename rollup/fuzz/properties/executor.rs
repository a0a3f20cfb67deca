// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any messages and slots have a result, following and recording agree on it, and the witness shows it.
//!
//! The first byte says how many messages the rest begins with; amounts are cut to what L1 lets through.

use poe_rollup::executor::{Batch, Mode, Params, execute};
use poe_rollup::formats::{Capacity, Message, Slot, domain};
use poe_rollup::state::{Head, MemoryStore};

const CAPACITY: Capacity = Capacity {
    slots: 4,
    messages: 3,
    exits: 1,
};

pub(crate) fn holds(data: &[u8]) {
    let Some((&count, rest)) = data.split_first() else {
        return;
    };
    let messages = usize::from(count) % (CAPACITY.messages as usize + 1);
    let (head, tail) = rest.split_at((messages * Message::BYTES).min(rest.len()));
    let within_l1 = |bytes: &[u8; Message::BYTES]| {
        let message = Message::decode(bytes);
        Message {
            amount: message.amount >> 8,
            fee: message.fee >> 8,
            ..message
        }
    };
    let slots = tail.as_chunks().0.iter().take(CAPACITY.slots as usize);
    let batch = Batch {
        version: 1,
        fee_recipient: 1,
        messages: head.as_chunks().0.iter().map(within_l1).collect(),
        slots: slots.map(Slot::decode).collect(),
    };

    let params = Params {
        domain: domain(1, &[1; 20]),
        capacity: CAPACITY,
    };
    let store = MemoryStore::new(Head::genesis(1, &[1; 20]));
    let followed = execute(&params, &store, &batch, Mode::Follow).expect("a batch L1 lets through");
    let mut recorded = execute(&params, &store, &batch, Mode::Record).expect("a batch L1 lets through");
    let witness = recorded.witness.take().expect("it was recorded");
    assert_eq!(followed, recorded);
    assert_eq!(witness.check(), Ok(()));
}
