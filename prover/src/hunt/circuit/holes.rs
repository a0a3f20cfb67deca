// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which constraints the search would miss if they were left out.
//!
//! It asks that of every constraint at once. Constraints that are no sums of multiples of others add a dimension to the
//! kernel when they are left out. What then moves is known from the order in which they were used: a constraint that
//! was the first to have a single unknown left frees that unknown, since those before it are still fixed. The search
//! notices if that class is neither a free hint nor, without the constraint, apart.

use super::super::sparse::{self, Kernel};
use super::CircuitSearch;
use super::linear::Linear;
use std::collections::{HashMap, HashSet};

/// A constraint, or all that is known of how a class was reached.
const NONE: u32 = u32::MAX;

/// Constraints by what happens if each is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holes {
    /// Something moves that there is no reason for: the search notices.
    pub noticed: usize,
    /// What moves then is read by nothing that inputs or public inputs depend on, or is a free hint.
    pub idle: usize,
    /// Nothing moves to first order: the others together say the same.
    pub implied: usize,
}

/// How classes and constraints are reached from the anchors, in fewest steps.
struct Reach<'s> {
    search: &'s CircuitSearch,
    /// Number of the first constraint of each place.
    first: Vec<u32>,
    /// By class: the constraint by which it was reached, if not an anchor, and in how many steps.
    by: Vec<u32>,
    /// By constraint: the class by which it was reached.
    of: Vec<u32>,
}

impl<'s> Reach<'s> {
    fn new(search: &'s CircuitSearch) -> Self {
        let mut first = Vec::with_capacity(search.places.len());
        let mut count = 0;
        for place in &search.places {
            first.push(count);
            count += place.system.constraints() as u32;
        }
        let mut reach = Self {
            search,
            first,
            by: vec![NONE; search.classes.len()],
            of: vec![NONE; count as usize],
        };
        let mut seen = vec![false; search.classes.len()];
        let mut wave: Vec<u32> = search.anchors().collect();
        wave.iter().for_each(|&class| seen[class as usize] = true);
        while !wave.is_empty() {
            let mut next = Vec::new();
            for class in wave {
                for (constraint, place, columns) in reach.readers(class) {
                    if reach.of[constraint as usize] != NONE {
                        continue;
                    }
                    reach.of[constraint as usize] = class;
                    for &column in columns {
                        let other = search.places[place as usize].classes[column];
                        if !seen[other as usize] {
                            seen[other as usize] = true;
                            reach.by[other as usize] = constraint;
                            next.push(other);
                        }
                    }
                }
            }
            wave = next;
        }
        reach
    }

    /// The constraints that read a class: number, place, and columns it reads.
    fn readers(&self, class: u32) -> Vec<(u32, u32, &'s [usize])> {
        let search = self.search;
        let mut readers = Vec::new();
        for &position in &search.classes[class as usize].places {
            let place = &search.places[position as usize];
            let gate = &search.gates[place.gate];
            let own = (0..place.classes.len()).filter(|&column| place.classes[column] == class);
            let mut constraints: Vec<usize> = own.flat_map(|column| gate.readers[column].iter().copied()).collect();
            constraints.sort_unstable();
            constraints.dedup();
            for constraint in constraints.into_iter().filter(|&c| place.without != Some(c)) {
                let number = self.first[position as usize] + constraint as u32;
                readers.push((number, position, &gate.reads[constraint][..]));
            }
        }
        readers
    }

    fn number(&self, (place, constraint): (u32, u32)) -> u32 {
        self.first[place as usize] + constraint
    }

    /// Whether the shortest way of a class, which has one, does without a constraint.
    fn does_without(&self, mut class: u32, hole: u32) -> bool {
        loop {
            match self.by[class as usize] {
                NONE => return true,
                constraint if constraint == hole => return false,
                constraint => class = self.of[constraint as usize],
            }
        }
    }

    /// Whether a class that is not apart stays so without a constraint.
    fn stays(&self, class: u32, hole: u32) -> bool {
        let mut seen = HashSet::from([class]);
        let mut wave = vec![class];
        while let Some(class) = wave.pop() {
            if self.does_without(class, hole) {
                return true;
            }
            for (_, place, columns) in self.readers(class).into_iter().filter(|&(c, ..)| c != hole) {
                let classes = &self.search.places[place as usize].classes;
                wave.extend(columns.iter().map(|&column| classes[column]).filter(|&c| seen.insert(c)));
            }
        }
        false
    }
}

impl CircuitSearch {
    /// What happens if each constraint is left out.
    pub(super) fn holes(&self, unknowns: &[u32], linear: &Linear, kernel: &Kernel) -> Holes {
        let mut holes = Holes::default();
        let implied: HashSet<u32> = if kernel.rank == linear.equations.len() {
            HashSet::new()
        } else {
            sparse::dependent(unknowns.len(), &linear.equations).into_iter().collect()
        };
        let reach = Reach::new(self);
        let freed: HashMap<u32, u32> = kernel.peeled.iter().copied().collect();
        for equation in 0..linear.equations.len() as u32 {
            if implied.contains(&equation) {
                holes.implied += 1;
                continue;
            }
            let hole = reach.number(linear.labels[equation as usize]);
            let noticed = |column: u32| {
                let class = unknowns[column as usize];
                self.reason(class).is_none() && reach.stays(class, hole)
            };
            let is_noticed = match freed.get(&equation) {
                Some(&column) => noticed(column),
                // One of these moves.
                None => linear.equations[equation as usize].iter().all(|&(column, _)| noticed(column)),
            };
            if is_noticed {
                holes.noticed += 1;
            } else {
                holes.idle += 1;
            }
        }
        holes
    }
}
