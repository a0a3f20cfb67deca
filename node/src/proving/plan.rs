// SPDX-License-Identifier: MIT OR Apache-2.0
//! The graph of jobs: what a range needs, given what has been proven.
//!
//! Nothing here is stored. Which proofs exist is the store's index; which batch stands where is told by whoever follows
//! L1. Both change under a plan's hands (batches arrive and are rolled back, files are found spoiled, other machines
//! prove), so what is missing is worked out anew each time, which takes milliseconds.
//!
//! Joins follow one fixed tree wherever they can: batches `[i 2^k, (i + 1) 2^k)` are joined from their halves. So folding
//! can begin before anybody knows which range will be finished, any two ranges share what overlaps, and machines that never
//! heard of each other make the same joins. Proofs of other ranges are used where that saves work.

use super::job::{CircuitIds, Id, Job, Work};
use poe_rollup::formats::Address;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

/// What proving a batch costs, in joins. Only the ratio matters, and only to choose between ways.
const LEAF_COST: u64 = 8;

/// What somebody wants proven.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Goal {
    /// All batches of a range, and the joins that every longer range can use.
    Fold(Range<u64>),
    /// One proof of a range.
    Range(Range<u64>),
    /// The last plonky2 proof of a range, for a beneficiary.
    Last(Target),
    /// What the contract takes.
    Contract(Target),
}

/// A range on its way to the contract.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The batches.
    pub range: Range<u64>,
    /// Version of the route.
    pub version: u32,
    /// Who is paid.
    pub beneficiary: Address,
}

/// What is missing for a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Jobs that are not done, each after those it needs.
    pub jobs: Vec<Job>,
    /// The job whose proof is the goal; none for [`Goal::Fold`], which has many.
    pub result: Option<Id>,
}

impl Missing {
    /// Jobs whose inputs are all there.
    pub fn ready<'m>(&'m self, done: &'m HashMap<Id, Job>) -> impl Iterator<Item = &'m Job> {
        let has = |inputs: Vec<Id>| inputs.iter().all(|input| done.contains_key(input));
        self.jobs.iter().filter(move |job| has(job.work.inputs()))
    }
}

/// There is no plan for a range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It has no batches.
    #[error("the range {}..{} holds no batch", .0.start, .0.end)]
    Empty(Range<u64>),
    /// A batch has not been added.
    #[error("batch {0} is not known: add its witness first")]
    Unknown(u64),
}

/// The batches in their places.
#[derive(Clone, Debug)]
pub struct Plan {
    circuits: CircuitIds,
    batches: BTreeMap<u64, Id>,
}

impl Plan {
    /// A plan without batches.
    pub const fn new(circuits: CircuitIds) -> Self {
        Self {
            circuits,
            batches: BTreeMap::new(),
        }
    }

    /// The job of a batch.
    pub const fn leaf(&self, witness: Id) -> Job {
        self.circuits.job(Work::Leaf { witness })
    }

    /// Puts a batch in its place. If another was there, L1 has been reorganised: proofs of ranges with it no longer count,
    /// and do again if it comes back.
    pub fn insert(&mut self, position: u64, witness: Id) {
        self.batches.insert(position, witness);
    }

    /// Forgets all batches from a position on.
    pub fn truncate(&mut self, position: u64) {
        self.batches.split_off(&position);
    }

    /// Forgets all batches below a position. Returns the witnesses.
    pub fn prune(&mut self, position: u64) -> Vec<Id> {
        let kept = self.batches.split_off(&position);
        std::mem::replace(&mut self.batches, kept).into_values().collect()
    }

    /// The positions of batches, which need not be consecutive.
    pub fn positions(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.batches.keys().copied()
    }

    /// Proofs of ranges of these batches.
    pub fn proven(&self, done: &HashMap<Id, Job>) -> Vec<(Range<u64>, Id)> {
        let mut spans = self.spans(done);
        spans.retain(|id, _| done.contains_key(id));
        let mut proven: Vec<_> = spans.into_iter().map(|(id, span)| (span, id)).collect();
        proven.sort_by_key(|(span, id)| (span.start, span.end, *id));
        proven
    }

    /// Proofs by these circuits that are of no range of these batches.
    pub fn unplaced(&self, done: &HashMap<Id, Job>) -> Vec<Id> {
        let mut placed: HashSet<Id> = self.spans(done).into_keys().collect();
        // The last proof of a range stands where that does, and its wrap where the last proof does.
        for _ in 0..2 {
            let on_top = |job: &Job| {
                job.work.is_for_one_beneficiary() && job.work.inputs().iter().all(|input| placed.contains(input))
            };
            let more: Vec<Id> = done.iter().filter(|(_, job)| on_top(job)).map(|(id, _)| *id).collect();
            placed.extend(more);
        }
        let unplaced = |(id, job): (&Id, &Job)| {
            (job.circuit == self.circuits.of(&job.work) && !placed.contains(id)).then_some(*id)
        };
        done.iter().filter_map(unplaced).collect()
    }

    /// The ranges of all leaves and of joins that exist.
    fn spans(&self, done: &HashMap<Id, Job>) -> HashMap<Id, Range<u64>> {
        let leaf = |(&at, &witness): (&u64, &Id)| (self.leaf(witness).id(), at..at + 1);
        let mut spans: HashMap<Id, Range<u64>> = self.batches.iter().map(leaf).collect();
        let mut joins: Vec<(Id, Id, Id)> = done
            .iter()
            .filter_map(|(&id, job)| match job.work {
                Work::Join { left, right } if job.circuit == self.circuits.batches => Some((id, left, right)),
                _ => None,
            })
            .collect();
        // A join is placed when both its parts are.
        loop {
            let before = joins.len();
            joins.retain(|(id, left, right)| match (spans.get(left), spans.get(right)) {
                (Some(left), Some(right)) if left.end == right.start => {
                    let span = left.start..right.end;
                    spans.insert(*id, span);
                    false
                }
                _ => true,
            });
            if joins.len() == before {
                return spans;
            }
        }
    }

    /// What is missing for a goal, given the proofs there are.
    ///
    /// # Errors
    ///
    /// If the range is empty or a batch of it is not known.
    pub fn missing(&self, goal: &Goal, done: &HashMap<Id, Job>) -> Result<Missing, PlanError> {
        let (Goal::Fold(range)
        | Goal::Range(range)
        | Goal::Last(Target { range, .. })
        | Goal::Contract(Target { range, .. })) = goal;
        if range.is_empty() {
            return Err(PlanError::Empty(range.clone()));
        }
        if let Some(unknown) = range.clone().find(|at| !self.batches.contains_key(at)) {
            return Err(PlanError::Unknown(unknown));
        }
        let mut search = Search::new(self, range, done);
        let result = match goal {
            Goal::Fold(range) => {
                search.fold(range.clone());
                None
            }
            Goal::Range(range) => Some(search.range(range.clone())),
            Goal::Last(target) => Some(search.last(target)),
            Goal::Contract(target) => {
                let last = search.last(target);
                Some(search.want(Work::Wrap { last }))
            }
        };
        let mut jobs = search.wanted;
        retain_needed(&mut jobs, result, done);
        Ok(Missing { jobs, result })
    }
}

/// Drops jobs that only jobs already done would need.
fn retain_needed(jobs: &mut Vec<Job>, result: Option<Id>, done: &HashMap<Id, Job>) {
    let Some(result) = result else { return };
    let by_id: HashMap<Id, Job> = jobs.iter().map(|job| (job.id(), *job)).collect();
    let (mut needed, mut open) = (HashSet::new(), vec![result]);
    while let Some(id) = open.pop() {
        if !done.contains_key(&id) && needed.insert(id) {
            open.extend(by_id.get(&id).into_iter().flat_map(|job| job.work.inputs()));
        }
    }
    jobs.retain(|job| needed.contains(&job.id()));
}

/// A step on the way through a range: where it starts, and the proof it goes over if there is one.
type Step = (u64, Option<Id>);

/// A search for the cheapest way to prove a range.
struct Search<'a> {
    plan: &'a Plan,
    done: &'a HashMap<Id, Job>,
    /// Proofs within the range, by where they start.
    proven: HashMap<u64, Vec<(u64, Id)>>,
    wanted: Vec<Job>,
    seen: HashSet<Id>,
    costs: HashMap<(u64, u64), u64>,
}

impl<'a> Search<'a> {
    fn new(plan: &'a Plan, range: &Range<u64>, done: &'a HashMap<Id, Job>) -> Self {
        let mut proven: HashMap<u64, Vec<(u64, Id)>> = HashMap::new();
        for (span, id) in plan.proven(done) {
            if range.start <= span.start && span.end <= range.end {
                proven.entry(span.start).or_default().push((span.end, id));
            }
        }
        Self {
            plan,
            done,
            proven,
            wanted: vec![],
            seen: HashSet::new(),
            costs: HashMap::new(),
        }
    }

    fn proof_of(&self, span: &Range<u64>) -> Option<Id> {
        let proofs = self.proven.get(&span.start)?;
        proofs.iter().find(|(end, _)| *end == span.end).map(|(_, id)| *id)
    }

    /// Asks for a job, unless it is done or has been asked for.
    fn want(&mut self, work: Work) -> Id {
        let job = self.plan.circuits.job(work);
        let id = job.id();
        if !self.done.contains_key(&id) && self.seen.insert(id) {
            self.wanted.push(job);
        }
        id
    }

    /// What a piece of the tree costs.
    fn cost(&mut self, start: u64, size: u64) -> u64 {
        if self.proof_of(&(start..start + size)).is_some() {
            return 0;
        }
        if size == 1 {
            return LEAF_COST;
        }
        if let Some(&cost) = self.costs.get(&(start, size)) {
            return cost;
        }
        let half = size / 2;
        let cost = self.cost(start, half) + self.cost(start + half, half) + 1;
        self.costs.insert((start, size), cost);
        cost
    }

    /// Asks for all jobs of a piece of the tree.
    fn piece(&mut self, start: u64, size: u64) -> Id {
        if let Some(id) = self.proof_of(&(start..start + size)) {
            return id;
        }
        if size == 1 {
            return self.want(Work::Leaf {
                witness: self.plan.batches[&start],
            });
        }
        let half = size / 2;
        let (left, right) = (self.piece(start, half), self.piece(start + half, half));
        self.want(Work::Join { left, right })
    }

    /// The pieces of the tree that a range consists of.
    fn fold(&mut self, range: Range<u64>) {
        let mut at = range.start;
        while at < range.end {
            let size = sizes(at, range.end).last().expect("one batch at least");
            self.piece(at, size);
            at += size;
        }
    }

    /// Asks for the cheapest proof of a range.
    fn range(&mut self, range: Range<u64>) -> Id {
        let mut parts: Vec<Id> = vec![];
        for (start, end, proof) in self.cheapest(&range) {
            parts.push(proof.unwrap_or_else(|| self.piece(start, end - start)));
        }
        // Neighbours first: a tree of least height.
        while parts.len() > 1 {
            let pairs = parts.chunks(2).map(<[Id]>::to_vec).collect::<Vec<_>>();
            parts = pairs
                .into_iter()
                .map(|pair| match pair[..] {
                    [left, right] => self.want(Work::Join { left, right }),
                    _ => pair[0],
                })
                .collect();
        }
        parts[0]
    }

    /// The cheapest way from start to end: over proofs there are and pieces of the tree.
    fn cheapest(&mut self, range: &Range<u64>) -> Vec<(u64, u64, Option<Id>)> {
        let length = usize::try_from(range.end - range.start).expect("fewer batches than addresses");
        // For each place: what it costs to get there, and the last step.
        let mut best: Vec<Option<(u64, Step)>> = vec![None; length + 1];
        best[0] = Some((0, (range.start, None)));
        for start in range.clone() {
            let index = |at: u64| usize::try_from(at - range.start).expect("within the range");
            let (so_far, _) = best[index(start)].expect("single batches reach every place");
            let proofs = self.proven.get(&start).cloned().unwrap_or_default();
            let mut ways: Vec<_> = proofs.into_iter().map(|(end, id)| (end, 0, Some(id))).collect();
            ways.extend(sizes(start, range.end).map(|size| (start + size, self.cost(start, size), None)));
            for (end, cost, proof) in ways {
                // Each step is one more join in the end.
                let cost = so_far + cost + 1;
                if best[index(end)].is_none_or(|(other, _)| cost < other) {
                    best[index(end)] = Some((cost, (start, proof)));
                }
            }
        }
        let (mut way, mut end) = (vec![], range.end);
        while end > range.start {
            let at = usize::try_from(end - range.start).expect("within the range");
            let (_, (start, proof)) = best[at].expect("reached");
            way.push((start, end, proof));
            end = start;
        }
        way.reverse();
        way
    }

    fn last(&mut self, target: &Target) -> Id {
        let range = self.range(target.range.clone());
        self.want(Work::Finalize {
            range,
            version: target.version,
            beneficiary: target.beneficiary,
        })
    }
}

/// Sizes of pieces of the tree that start at `start` and end by `end`, ascending.
fn sizes(start: u64, end: u64) -> impl Iterator<Item = u64> {
    (0..64)
        .map(|height| 1u64 << height)
        .take_while(move |size| start.is_multiple_of(*size) && *size <= end - start)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
