// SPDX-License-Identifier: MIT OR Apache-2.0
//! Plans against a prover that only keeps books.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const CIRCUITS: CircuitIds = CircuitIds {
    batches: Id([1; 32]),
    wrap: Id([2; 32]),
};

fn witness(position: u64) -> Id {
    Id::of_bytes(&position.to_be_bytes())
}

fn plan(range: Range<u64>) -> Plan {
    let mut plan = Plan::new(CIRCUITS);
    for position in range {
        plan.insert(position, witness(position));
    }
    plan
}

fn target(range: Range<u64>) -> Target {
    Target {
        range,
        version: 1,
        beneficiary: [7; 20],
    }
}

/// Proves a job, if its inputs exist and meet.
fn prove(job: Job, done: &mut HashMap<Id, Job>) {
    for input in job.work.inputs() {
        assert!(done.contains_key(&input), "{job:?} before its input");
    }
    assert!(done.insert(job.id(), job).is_none(), "{job:?} a second time");
}

/// The batches that a proof covers, by following it to its leaves.
fn covered(id: Id, done: &HashMap<Id, Job>) -> Vec<Id> {
    match done[&id].work {
        Work::Leaf { witness } => vec![witness],
        work => work
            .inputs()
            .into_iter()
            .flat_map(|input| covered(input, done))
            .collect(),
    }
}

/// Does what a plan says until nothing is missing; `order` chooses among ready jobs. Returns the result and the number
/// of jobs.
fn carry_out(plan: &Plan, goal: &Goal, done: &mut HashMap<Id, Job>, order: &[usize]) -> (Option<Id>, usize) {
    let mut count = 0;
    loop {
        let missing = plan.missing(goal, done).expect("all batches are known");
        if missing.jobs.is_empty() {
            return (missing.result, count);
        }
        let ready: Vec<Job> = missing.ready(done).copied().collect();
        assert!(!ready.is_empty(), "{goal:?} is stuck");
        let choice = order.get(count % order.len().max(1)).copied().unwrap_or(0);
        prove(ready[choice % ready.len()], done);
        count += 1;
    }
}

fn witnesses(range: Range<u64>) -> Vec<Id> {
    range.map(witness).collect()
}

/// A stretch of batches and joins that somebody has made in it, of whatever shape.
fn history() -> impl Strategy<Value = (Range<u64>, Range<u64>, Vec<usize>, Vec<bool>)> {
    (0u64..40, 1u64..24).prop_flat_map(|(start, length)| {
        let all = start..start + length;
        let part = (0..length, 1..=length).prop_map(move |(skip, take)| {
            let first = start + skip;
            first..(first + take).min(start + length)
        });
        (Just(all), part, vec(any::<usize>(), 0..40), vec(any::<bool>(), 24))
    })
}

/// Proves some batches, and joins neighbours at random.
fn existing(all: &Range<u64>, joins: &[usize], proven: &[bool]) -> HashMap<Id, Job> {
    let mut done = HashMap::new();
    let mut pieces: Vec<(Range<u64>, Id)> = vec![];
    for (position, _) in all.clone().zip(proven).filter(|(_, proven)| **proven) {
        let job = CIRCUITS.job(Work::Leaf {
            witness: witness(position),
        });
        prove(job, &mut done);
        pieces.push((position..position + 1, job.id()));
    }
    for join in joins {
        let meeting: Vec<_> = pieces
            .iter()
            .flat_map(|left| pieces.iter().map(move |right| (left.clone(), right.clone())))
            .filter(|(left, right)| left.0.end == right.0.start)
            .collect();
        let Some((left, right)) = meeting.get(join % meeting.len().max(1)).cloned() else {
            break;
        };
        let work = Work::Join {
            left: left.1,
            right: right.1,
        };
        let job = CIRCUITS.job(work);
        if done.insert(job.id(), job).is_none() {
            pieces.push((left.0.start..right.0.end, job.id()));
        }
    }
    done
}

proptest! {
    // REQ C12
    #[test]
    fn whatever_exists_and_whatever_the_order_a_range_gets_its_proof(
        (all, part, order, proven) in history(),
        folded in any::<bool>(),
    ) {
        let plan = plan(all.clone());
        let mut done = existing(&all, &order, &proven);
        if folded {
            carry_out(&plan, &Goal::Fold(all), &mut done, &order);
        }
        let before = done.clone();
        let (result, count) = carry_out(&plan, &Goal::Range(part.clone()), &mut done, &order);
        let result = result.expect("a range has one result");
        prop_assert_eq!(covered(result, &done), witnesses(part.clone()));
        // Never more than from nothing, and nothing at all the second time.
        let (length, leaves) = ((part.end - part.start) as usize, part.clone().filter(|&at| {
            !before.contains_key(&plan.leaf(witness(at)).id())
        }).count());
        prop_assert!(count < leaves + length, "{} jobs for {} batches, {} unproven", count, length, leaves);
        prop_assert_eq!(carry_out(&plan, &Goal::Range(part), &mut done, &order), (Some(result), 0));
    }

    // REQ C12
    #[test]
    fn a_range_that_has_a_proof_costs_nothing((all, part, order, proven) in history()) {
        let plan = plan(all.clone());
        let mut done = existing(&all, &order, &proven);
        let spans = plan.proven(&done);
        for (span, _) in &spans {
            let (result, count) = carry_out(&plan, &Goal::Range(span.clone()), &mut done, &order);
            prop_assert_eq!(count, 0);
            prop_assert_eq!(covered(result.expect("one"), &done), witnesses(span.clone()));
        }
        // To finish it takes two more jobs, whoever is paid.
        let goal = Goal::Contract(target(part.clone()));
        let (_, range) = carry_out(&plan, &Goal::Range(part), &mut done, &order);
        let (result, rest) = carry_out(&plan, &goal, &mut done, &order);
        prop_assert!(range < 64 && rest == 2);
        let is_wrap = matches!(done[&result.expect("one")].work, Work::Wrap { .. });
        prop_assert!(is_wrap);
    }

    /// Folding begins before anybody knows the range; hardly a join is left then.
    #[test]
    fn folding_first_loses_nothing((all, part, order, _) in history()) {
        let plan = plan(all.clone());
        let mut done = HashMap::new();
        carry_out(&plan, &Goal::Fold(all.clone()), &mut done, &order);
        let mut alone = HashMap::new();
        let (result, _) = carry_out(&plan, &Goal::Range(part.clone()), &mut alone, &order);
        prop_assert_eq!(covered(result.expect("one"), &alone), witnesses(part.clone()));
        let (_, more) = carry_out(&plan, &Goal::Range(part.clone()), &mut done, &order);
        // At most two pieces of each size are left to join.
        let bits = u64::BITS - (part.end - part.start).leading_zeros();
        prop_assert!(more <= 2 * bits as usize, "{} joins after folding", more);
    }
}

#[test]
fn batches_that_are_not_known_are_named() {
    let mut plan = plan(3..9);
    let done = HashMap::new();
    let refused = |plan: &Plan, range: Range<u64>| plan.missing(&Goal::Range(range), &done).expect_err("refused");
    assert_eq!(refused(&plan, 2..5), PlanError::Unknown(2));
    assert_eq!(refused(&plan, 5..5), PlanError::Empty(5..5));
    plan.truncate(8);
    assert_eq!(refused(&plan, 5..9), PlanError::Unknown(8));
    assert_eq!(plan.prune(5), witnesses(3..5));
    assert_eq!(plan.positions().collect::<Vec<_>>(), [5, 6, 7]);
}

// REQ C12
#[test]
fn a_reorganised_batch_takes_its_ranges_along_and_brings_them_back() {
    let mut plan = plan(0..8);
    let mut done = HashMap::new();
    let goal = Goal::Range(0..8);
    assert_eq!(carry_out(&plan, &goal, &mut done, &[]).1, 15);
    plan.insert(5, Id([9; 32]));
    // The leaf, and the joins above it: 4..6, 4..8, 0..8.
    assert_eq!(plan.missing(&goal, &done).expect("known").jobs.len(), 4);
    assert!(plan.proven(&done).iter().all(|(span, _)| !span.contains(&5)));
    plan.insert(5, witness(5));
    assert_eq!(plan.missing(&goal, &done).expect("known").jobs, []);
}

// REQ C12
#[test]
fn a_proof_that_is_lost_is_made_again() {
    let plan = plan(0..4);
    let mut done = HashMap::new();
    let goal = Goal::Contract(target(0..4));
    let (result, count) = carry_out(&plan, &goal, &mut done, &[]);
    assert_eq!(count, 4 + 3 + 2);
    let wrap = done.remove(&result.expect("one")).expect("there");
    let missing = plan.missing(&goal, &done).expect("known");
    assert_eq!((missing.jobs, missing.result), (vec![wrap], result));
    // With its input lost too, both are missing; what lies below is not needed.
    let last = wrap.work.inputs()[0];
    let last = done.remove(&last).expect("there");
    assert_eq!(plan.missing(&goal, &done).expect("known").jobs, [last, wrap]);
    let leaf = plan.leaf(witness(2)).id();
    done.remove(&leaf).expect("there");
    assert_eq!(plan.missing(&goal, &done).expect("known").jobs, [last, wrap]);
}

#[test]
fn what_is_of_no_batch_left_is_unplaced_to_the_last_proof() {
    let (mut plan, mut done) = (plan(0..4), HashMap::new());
    for range in [0..2, 2..4] {
        for job in plan.missing(&Goal::Contract(target(range)), &done).unwrap().jobs {
            prove(job, &mut done);
        }
    }
    let other = Job {
        circuit: Id([9; 32]),
        work: Work::Leaf { witness: witness(0) },
    };
    done.insert(other.id(), other);
    assert_eq!(plan.unplaced(&done), vec![]);
    plan.prune(2);
    // Two leaves, their join, its last proof and the wrap of that; proofs of other circuits are others' business.
    let unplaced = plan.unplaced(&done);
    assert_eq!(unplaced.len(), 5);
    assert!(!unplaced.contains(&other.id()));
    let left = plan.missing(&Goal::Contract(target(2..4)), &done).unwrap();
    assert!(!unplaced.contains(&left.result.unwrap()));
}
