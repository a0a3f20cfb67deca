// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pool of a sequencer and what it packs, whatever users and other sequencers do.

use crate::simulated;

use poe_bindings::sequencing::MAX_BATCHES_PER_SEQUENCE;
use poe_node::sequencer::{Admission, Outcome, Pool, PoolLimits, SubmitError, pack};
use poe_node::store::{Store, View};
use poe_rollup::executor::{Batch, Mode, execute};
use poe_rollup::formats::{Slot, Transfer};
use proptest::prelude::*;
use simulated::{Action, CAPACITY, SimulatedL1, params, populated};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const OURS: u32 = 1;
const ACCOUNTS: u32 = 4;

fn limits() -> PoolLimits {
    PoolLimits {
        slots: 7,
        account_slots: 3,
        stall_blocks: 0,
        ..PoolLimits::default()
    }
}

struct World {
    l1: SimulatedL1,
    store: Store,
    pool: Pool,
    now: u64,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let (folder, l1, store) = populated(ACCOUNTS);
        let pool = Pool::new(limits(), params().domain, OURS, Vec::new());
        Self {
            l1,
            store,
            pool,
            now: 1_000,
            _folder: folder,
        }
    }

    fn view(&self) -> View {
        self.store.view().unwrap()
    }

    fn mine(&mut self, actions: &[Action]) {
        self.l1.mine(0, actions);
        self.store.apply(self.l1.tip()).unwrap();
        let view = self.view();
        let removals = self.pool.revalidate(&view, self.now).unwrap();
        self.pool.remove(&removals);
    }

    fn sign(&self, from: u32, to: u32, amount: u64, fee: u64, nonce: u32, sequencer: u32) -> Slot {
        self.l1.sign(Transfer {
            from,
            to,
            amount,
            fee,
            nonce,
            sequencer,
        })
    }

    fn nonce(&self, account: u32) -> u32 {
        self.l1.account(account).nonce as u32
    }

    fn next_nonce(&self, account: u32) -> u32 {
        self.pool.next_nonce(account, self.nonce(account).into()) as u32
    }

    fn submit(&mut self, slot: &Slot) -> Result<Admission, SubmitError> {
        let admission = self.pool.judge(&self.view(), slot, self.now)?;
        if let Admission::New { entry, leaving } = &admission {
            self.pool.admit(**entry, leaving);
            assert_eq!(
                self.pool.get((slot.transfer.from, slot.transfer.nonce)).unwrap().slot,
                *slot
            );
        }
        Ok(admission)
    }

    fn send(&mut self, from: u32, fee: u64, nonce: u32) -> Result<Admission, SubmitError> {
        let slot = self.sign(from, from % ACCOUNTS + 1, 10, fee, nonce, 0);
        self.submit(&slot)
    }

    /// Whatever is packed is applied, and keeps every limit of the route.
    fn check_packed(&self, max_batches: u32) -> usize {
        let view = self.view();
        let packed = pack(&view, self.pool.candidates(&BTreeSet::new()), OURS, max_batches).unwrap();
        assert!(!packed.batches.is_empty() && packed.batches.len() <= max_batches as usize);
        let mut state = view.state_after(view.chain().batches).unwrap();
        let mut first = view.chain().attached_messages + 1;
        let mut seen = BTreeSet::new();
        for batch in &packed.batches {
            assert!(batch.slots.len() <= CAPACITY.slots as usize && batch.messages <= CAPACITY.messages);
            let messages = view.messages(first..first + batch.messages).unwrap();
            first += batch.messages;
            let run = Batch {
                version: 1,
                fee_recipient: OURS,
                messages: messages.into_iter().map(|record| record.message).collect(),
                slots: batch.slots.clone(),
            };
            let outcome = execute(&params(), &state, &run, Mode::Follow).unwrap();
            assert!(
                outcome.receipts.iter().all(|receipt| receipt.is_applied()),
                "{:?}",
                outcome.receipts
            );
            assert_eq!(outcome.slot_fees + outcome.message_fees, batch.fees);
            for slot in &batch.slots {
                assert!(self.pool.holds(slot));
                assert!(seen.insert((slot.transfer.from, slot.transfer.nonce)));
            }
            state.advance(&outcome.changes);
        }
        seen.len()
    }

    fn check_limits(&self) {
        let limits = limits();
        assert!(self.pool.waiting() <= limits.slots);
        let mut by_account = BTreeMap::<u32, usize>::new();
        for (order, slot) in self.pool.candidates(&BTreeSet::new()) {
            let key = (slot.transfer.from, slot.transfer.nonce);
            assert_eq!(self.pool.find(&self.pool.id(&slot)), Some(key));
            assert_eq!(self.pool.get(key).unwrap().order, order);
            assert!(slot.transfer.fee >= limits.min_fee);
            *by_account.entry(key.0).or_default() += 1;
        }
        assert!(by_account.values().all(|&count| count <= limits.account_slots));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Submit {
        from: u32,
        to: u32,
        amount: u64,
        fee: u64,
        ahead: i64,
        sequencer: u32,
        spoiled: u8,
    },
    Mine(Vec<Action>),
    FlyAll,
    Land,
}

fn step() -> impl Strategy<Value = Step> {
    // Behind the next nonce, the next one, ahead of it.
    let ahead = prop_oneof![4 => Just(0), 1 => -3i64..3];
    let submit = (
        1..=ACCOUNTS + 1,
        0..=ACCOUNTS + 1,
        0u64..120,
        0u64..40,
        ahead,
        0u32..3,
        0u8..8,
    );
    let submit = submit.prop_map(|(from, to, amount, fee, ahead, sequencer, spoiled)| Step::Submit {
        from,
        to,
        amount,
        fee,
        ahead,
        sequencer,
        spoiled,
    });
    let action = prop_oneof![
        4 => any::<u64>().prop_map(|seed| Action::Sequence { batches: 1, seed }),
        1 => (0u8..4, 0u16..200).prop_map(|(account, amount)| Action::Deposit { account, amount }),
        1 => Just(Action::Register { amount: 50 }),
    ];
    prop_oneof![
        12 => submit,
        3 => prop::collection::vec(action, 0..3).prop_map(Step::Mine),
        1 => Just(Step::FlyAll),
        1 => Just(Step::Land),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    // REQ C12
    #[test]
    fn limits_hold_and_everything_packed_is_applied(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        for step in steps {
            match step {
                Step::Submit { from, to, amount, fee, ahead, sequencer, spoiled } => {
                    let next = world.next_nonce(from);
                    let nonce = (i64::from(next) + ahead).max(0) as u32;
                    let mut slot = world.sign(from, to, amount, fee, nonce, sequencer);
                    match spoiled {
                        0 => slot.spare = 1,
                        1 => slot.signature.s[0] ^= 1,
                        _ => {}
                    }
                    let before = world.pool.len();
                    let taken = world.submit(&slot);
                    match taken {
                        Err(_) => prop_assert_eq!(world.pool.len(), before),
                        // The same transfer again, in whatever form.
                        Ok(Admission::Known) => prop_assert_eq!(world.pool.len(), before),
                        Ok(Admission::New { .. }) => {
                            prop_assert!(spoiled > 1 && sequencer != 2 && fee > 0 && ahead <= 0);
                            prop_assert_eq!(world.submit(&slot).unwrap(), Admission::Known);
                        }
                    }
                }
                Step::Mine(actions) => world.mine(&actions),
                Step::FlyAll => {
                    let all: Vec<_> = world.pool.candidates(&BTreeSet::new()).collect();
                    world.pool.add_flying(all.iter().map(|(_, slot)| (slot.transfer.from, slot.transfer.nonce)));
                    prop_assert_eq!(world.pool.candidates(&BTreeSet::new()).count(), 0);
                }
                Step::Land => world.pool.set_flying(BTreeSet::new()),
            }
            world.check_limits();
            world.check_packed(1);
            world.check_packed(3);
        }
    }
}

#[test]
fn the_highest_fees_go_first_and_nonces_stay_in_order() {
    let mut world = World::new();
    for (from, fee, nonce) in [(2, 9, 0), (2, 1, 1), (3, 5, 0), (4, 7, 0), (3, 30, 1)] {
        world.send(from, fee, nonce).unwrap();
    }
    let view = world.view();
    let packed = pack(&view, world.pool.candidates(&BTreeSet::new()), OURS, 2).unwrap();
    let order = |batch: usize| -> Vec<_> {
        packed.batches[batch]
            .slots
            .iter()
            .map(|slot| (slot.transfer.from, slot.transfer.nonce))
            .collect()
    };
    assert_eq!(order(0), [(2, 0), (4, 0), (3, 0)]);
    assert_eq!(order(1), [(3, 1), (2, 1)]);
    assert_eq!(world.check_packed(2), 5);
}

#[test]
fn withdraws_beyond_the_exits_of_a_batch_go_to_the_next() {
    let mut world = World::new();
    for from in 2..=4 {
        let slot = world.sign(from, 0, 10, 5, 0, 0);
        world.submit(&slot).unwrap();
    }
    assert_eq!(world.check_packed(1), 1);
    assert_eq!(world.check_packed(3), 3);
}

#[test]
fn no_more_batches_are_packed_than_the_contract_takes_in_one_call() {
    let mut world = World::new();
    let most = MAX_BATCHES_PER_SEQUENCE as usize;
    // One batch more than that.
    let deposit = Action::Deposit { account: 1, amount: 5 };
    world.mine(&vec![deposit; most * CAPACITY.messages as usize + 1]);
    let packed = pack(&world.view(), [], OURS, u32::MAX).unwrap();
    assert_eq!(packed.batches.len(), most);
    assert!(packed.batches.iter().all(|batch| batch.messages == CAPACITY.messages));
}

#[test]
fn money_that_a_batch_moves_can_be_spent_in_it() {
    let world = World::new();
    let view = world.view();
    // Account 2 spends all it has, is paid by account 3, and can spend that, although its fee is higher than that of its payer.
    let candidates = [(2, 4, 250, 50, 0), (2, 4, 130, 20, 1), (3, 2, 200, 9, 0)];
    let sign = |(from, to, amount, fee, nonce)| world.sign(from, to, amount, fee, nonce, 0);
    let candidates = candidates
        .map(sign)
        .into_iter()
        .enumerate()
        .map(|(order, slot)| (order as u64, slot));
    let packed = pack(&view, candidates, OURS, 1).unwrap();
    assert_eq!(
        packed.slots().map(|slot| slot.transfer.fee).collect::<Vec<_>>(),
        [50, 9, 20]
    );
}

#[test]
fn each_refusal_says_what_would_be_right() {
    let mut world = World::new();
    let refused = |world: &mut World, slot: Slot| world.submit(&slot).unwrap_err().to_string();
    let free = world.sign(2, 3, 1, 0, 0, 0);
    assert!(refused(&mut world, free).contains("below the minimum of this sequencer, 1"));
    let other = world.sign(2, 3, 1, 1, 0, 9);
    assert!(refused(&mut world, other).contains("names sequencer 9; this one has account 1"));
    // A nonce that leaves a gap.
    let far = world.sign(2, 3, 1, 1, 1, 0);
    assert!(refused(&mut world, far).contains("the next free one is 0"));
    let poor = world.sign(2, 3, 300, 1, 0, 0);
    assert!(refused(&mut world, poor).contains("less than amount and fee (account 2 holds 300 gwei and has nonce 0)"));
    let nobody = world.sign(9, 3, 1, 1, 0, 0);
    assert!(refused(&mut world, nobody).contains("the sender is not registered"));
    let forged = Slot {
        transfer: Transfer {
            amount: 2,
            ..world.sign(2, 3, 1, 1, 0, 0).transfer
        },
        ..world.sign(2, 3, 1, 1, 0, 0)
    };
    assert!(refused(&mut world, forged).contains("the signature does not hold"));

    let first = world.sign(2, 3, 200, 20, 0, 0);
    world.submit(&first).unwrap();
    let second = world.sign(2, 3, 80, 1, 1, 0);
    assert!(refused(&mut world, second).contains("holds 300 gwei, of which 220 are spoken for"));
    let cheaper = world.sign(2, 4, 1, 21, 0, 0);
    assert!(refused(&mut world, cheaper).contains("must be at least 22 gwei"));
    let better = world.sign(2, 4, 1, 22, 0, 0);
    let Admission::New { leaving, .. } = world.submit(&better).unwrap() else {
        panic!("it is new")
    };
    assert_eq!(leaving.len(), 1);
    assert_eq!(world.pool.len(), 1);
    world.pool.add_flying([(2, 0)]);
    let late = world.sign(2, 4, 1, 99, 0, 0);
    assert!(matches!(
        world.submit(&late),
        Err(SubmitError::InFlight { key: (2, 0) })
    ));
}

fn is_full(refused: &SubmitError, least: Option<u64>) -> bool {
    matches!(refused, SubmitError::Full { slots: 7, minimum } if *minimum == least)
}

#[test]
fn a_full_pool_makes_room_for_a_higher_fee_only() {
    let mut world = World::new();
    for (from, nonce) in [(2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2), (4, 0)] {
        world.send(from, 5 + u64::from(nonce), nonce).unwrap();
    }
    let refused = world.send(1, 5, 0).unwrap_err();
    assert!(is_full(&refused, Some(6)), "{refused}");
    let Admission::New { leaving, .. } = world.send(1, 6, 0).unwrap() else {
        panic!("it is new")
    };
    // The lowest fee among the last slots of accounts: an earlier one would take later ones with it.
    assert_eq!(leaving[0].key, (4, 0));
    assert!(matches!(&leaving[0].outcome, Outcome::Dropped(reason) if reason.contains("the pool was full")));
}

#[test]
fn what_another_sequencer_included_is_not_packed_and_what_is_unpaid_or_old_leaves() {
    let mut world = World::new();
    // Seed 7 has account 4 spend its nonce 0.
    world.send(4, 3, 0).unwrap();
    world.send(4, 3, 1).unwrap();
    world.mine(&[Action::Sequence { batches: 0, seed: 7 }]);
    assert_eq!(world.nonce(4), 1);
    let inclusion = world.pool.get((4, 0)).unwrap().included.unwrap();
    assert_eq!(inclusion.same, Some(false));
    let view = world.view();
    let packed = pack(&view, world.pool.candidates(&BTreeSet::new()), OURS, 1).unwrap();
    assert_eq!(packed.slots().map(|slot| slot.transfer.nonce).collect::<Vec<_>>(), [1]);
    // A reorganisation gives the nonce back, and with it the slot.
    world.store.rollback(world.l1.tip().id.number - 1).unwrap();
    let view = world.view();
    assert_eq!(world.pool.revalidate(&view, world.now).unwrap(), []);
    assert_eq!(world.pool.get((4, 0)).unwrap().included, None);
    assert_eq!(world.check_packed(1), 2);

    world.now += Duration::from_secs(24 * 3_600).as_secs();
    let old = world.pool.revalidate(&view, world.now).unwrap();
    assert_eq!(old.len(), 2);
    assert!(matches!(&old[0].outcome, Outcome::Dropped(reason) if reason.contains("waited for 86400 seconds")));
}

#[test]
fn a_full_pool_lets_slots_go_that_no_batch_can_take_and_never_those_of_the_sender() {
    let mut world = World::new();
    for (from, nonce) in [(2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2)] {
        world.send(from, 30, nonce).unwrap();
    }
    world.send(4, 1, 0).unwrap();
    // Only slots of others make room.
    let Admission::New { leaving, .. } = world.send(4, 40, 1).unwrap() else {
        panic!("it is new")
    };
    assert_eq!(leaving[0].key, (3, 2));
    // The first slot of account 2 goes, say because it could not be paid for: the later ones have nothing to follow.
    let first = world.pool.get((2, 0)).unwrap().slot;
    let hopeless = world
        .pool
        .hopeless(&[(first, poe_rollup::executor::Rule::BadSignature)]);
    world.pool.remove(&hopeless);
    let view = world.view();
    assert_eq!(world.pool.revalidate(&view, world.now).unwrap(), []);
    world.send(1, 2, 0).unwrap();
    let Admission::New { leaving, .. } = world.send(1, 1, 1).unwrap() else {
        panic!("it is new")
    };
    assert_eq!(leaving[0].key, (2, 2));
    assert!(matches!(&leaving[0].outcome, Outcome::Dropped(reason) if reason.contains("a lower nonce was missing")));
    // What comes behind a slot that fills a gap is like any other again.
    let Admission::New { leaving, .. } = world.send(2, 99, 0).unwrap() else {
        panic!("it is new")
    };
    assert_eq!(leaving[0].key, (1, 1));
    let Admission::New { leaving, .. } = world.send(1, 35, 1).unwrap() else {
        panic!("it is new")
    };
    assert_eq!(leaving[0].key, (3, 1));
}

#[test]
fn what_is_included_leaves_room_for_new_slots() {
    let mut world = World::new();
    world.send(4, 3, 0).unwrap();
    for (from, nonce) in [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)] {
        world.send(from, 5, nonce).unwrap();
    }
    assert_eq!((world.pool.len(), world.pool.waiting()), (7, 7));
    // Seed 7 has account 4 spend its nonce 0.
    world.mine(&[Action::Sequence { batches: 0, seed: 7 }]);
    assert_eq!((world.pool.len(), world.pool.waiting()), (7, 6));
    let Admission::New { leaving, .. } = world.send(4, 1, 1).unwrap() else {
        panic!("it is new")
    };
    assert_eq!(leaving, []);
    let refused = world.send(4, 1, 2).unwrap_err();
    assert!(is_full(&refused, Some(6)), "{refused}");
    let all: Vec<_> = world.pool.candidates(&BTreeSet::new()).collect();
    let keys = all.iter().map(|(_, slot)| (slot.transfer.from, slot.transfer.nonce));
    world.pool.add_flying(keys);
    let refused = world.send(4, 99, 2).unwrap_err();
    assert!(is_full(&refused, None), "{refused}");
}
