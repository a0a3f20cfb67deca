// SPDX-License-Identifier: MIT OR Apache-2.0
//! Following a chain (P16) and updating the tree. Elements per second are transactions or accounts.
//!
//! `execution/follow` with `--no-default-features` is the figure per core; with the feature `parallel` it is the machine's.

#![allow(missing_docs, reason = "criterion_group writes undocumented items")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use poe_rollup::executor::{Batch, Mode, Params, execute};
use poe_rollup::formats::{Capacity, Message, Slot, Transfer, domain};
use poe_rollup::schnorr::SecretKey;
use poe_rollup::state::{Account, Head, MemoryStore, StateReader, StateView, StateWriter};

const ACCOUNTS: u32 = 4096;
const CAPACITY: Capacity = Capacity {
    slots: 48,
    messages: 16,
    exits: 8,
};

fn key(index: u32) -> SecretKey {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&index.to_be_bytes());
    SecretKey::from_seed(&seed)
}

/// A chain with registered accounts, spread over the tree's lower half as L1 hands indices out: densely.
fn chain() -> (Params, MemoryStore) {
    let params = Params {
        domain: domain(1, &[1; 20]),
        capacity: CAPACITY,
    };
    let mut store = MemoryStore::new(Head::genesis(1, &[1; 20]));
    let messages: Vec<_> = (1..=ACCOUNTS)
        .map(|i| Message::register(i, key(i).public(), [9; 20], 1 << 30, 0))
        .collect();
    for chunk in messages.chunks(CAPACITY.messages as usize) {
        let batch = Batch {
            version: 1,
            fee_recipient: 1,
            messages: chunk.to_vec(),
            slots: vec![],
        };
        let changes = execute(&params, &store, &batch, Mode::Follow).map(|o| o.changes);
        store.apply(&changes.unwrap()).unwrap();
    }
    (params, store)
}

/// A full batch of transfers between accounts far apart, all valid.
fn full_batch(params: &Params, store: &MemoryStore) -> Batch {
    let slots = (0..CAPACITY.slots).map(|i| {
        let (from, to) = (1 + i * 83, 1 + (i * 83 + 2000) % ACCOUNTS);
        let id = |index| store.account(index).unwrap().unwrap().id_hash();
        let transfer = Transfer {
            from,
            to,
            amount: 5,
            fee: 1,
            nonce: 0,
            sequencer: 1,
        };
        key(from).sign(&params.domain, &id(from), &transfer, &id(to))
    });
    let slots: Vec<Slot> = slots.collect();
    Batch {
        version: 1,
        fee_recipient: 1,
        messages: vec![],
        slots,
    }
}

fn execution(c: &mut Criterion) {
    let (params, store) = chain();
    let batch = full_batch(&params, &store);
    let outcome = execute(&params, &store, &batch, Mode::Follow).unwrap();
    assert!(outcome.receipts.iter().all(|r| r.is_applied()));
    let mut group = c.benchmark_group("execution");
    group.throughput(Throughput::Elements(CAPACITY.slots.into()));
    group.bench_function("follow", |b| {
        b.iter(|| execute(&params, &store, &batch, Mode::Follow).unwrap());
    });
    group.bench_function("record", |b| {
        b.iter(|| execute(&params, &store, &batch, Mode::Record).unwrap());
    });
    group.finish();
}

fn tree(c: &mut Criterion) {
    let (_, store) = chain();
    let mut group = c.benchmark_group("tree");
    for (name, count) in [("update one", 1u32), ("update 96", 96), ("update 4096", 4096)] {
        group.throughput(Throughput::Elements(count.into()));
        group.bench_function(name, |b| {
            b.iter_batched(
                || StateView::new(&store).unwrap(),
                |mut view| {
                    for i in 0..count {
                        let index = 1 + i * (ACCOUNTS / count);
                        let (account, _) = view.account(index).unwrap();
                        view.set_account(index, Account { balance: 1, ..account }).unwrap();
                    }
                    view.accounts_root().unwrap()
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, execution, tree);
criterion_main!(benches);
