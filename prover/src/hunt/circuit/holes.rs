// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the search would miss if it were not there: constraints, and connections of wires.
//!
//! It asks that of every one of them at once, by two arguments.
//! - A constraint that is no sum of multiples of others adds a dimension to the kernel when it is left out. What then moves
//!   is known from the order in which constraints were used: one that was the first to have a single unknown left frees
//!   that unknown, since those before it are still fixed.
//! - A wire that is cut off from its class is one unknown more. If no constraint that reads the wire is a sum of multiples
//!   of others, or becomes one, there is no equation more; then wire and class can come to differ, so one of them moves.
//!
//! The search notices if what moves is neither a free hint nor, in the circuit with the hole, apart.

use super::super::sparse::{self, Kernel};
use super::linear::Linear;
use super::{CircuitSearch, Class};
use std::collections::{HashMap, HashSet};

/// Instead of the number of a class or of a constraint.
const NONE: u32 = u32::MAX;

/// Examples of holes of each kind that are kept.
const EXAMPLES: usize = 16;

/// Something that is left out of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hole {
    /// A constraint of a row.
    Constraint {
        /// The row.
        row: usize,
        /// Position among the constraints of the row's gate.
        constraint: usize,
    },
    /// The connections of a wire.
    Copy {
        /// Row of the wire.
        row: usize,
        /// Its column.
        column: usize,
    },
}

/// How many things would be missed if they were left out one at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holes {
    /// Something moves that there is no reason for: the search notices.
    pub noticed: usize,
    /// What moves is a free hint, or read by nothing that inputs or public inputs depend on.
    pub idle: usize,
    /// To first order other constraints say the same.
    pub implied: usize,
    /// Some of those that are noticed, spread evenly.
    pub examples: Vec<Hole>,
}

impl Holes {
    fn count(&mut self, kind: Kind, hole: Hole, every: usize) {
        match kind {
            Kind::Implied => self.implied += 1,
            Kind::Idle => self.idle += 1,
            Kind::Noticed => {
                if self.noticed.is_multiple_of(every) {
                    self.examples.push(hole);
                }
                self.noticed += 1;
            }
        }
    }
}

/// Whether a hole is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Noticed,
    Idle,
    Implied,
}

/// A constraint that reads a class.
struct Reader<'s> {
    number: u32,
    place: u32,
    /// The columns it reads.
    columns: &'s [usize],
}

/// How classes and constraints are reached from the anchors, in fewest steps.
struct Reach<'s> {
    search: &'s CircuitSearch,
    /// Number of the first constraint of each place.
    first: Vec<u32>,
    /// By class: the constraint by which it was reached, if not an anchor.
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
                for reader in reach.readers(class) {
                    if reach.of[reader.number as usize] != NONE {
                        continue;
                    }
                    reach.of[reader.number as usize] = class;
                    let classes = &search.places[reader.place as usize].classes;
                    for other in reader.columns.iter().map(|&column| classes[column]) {
                        if !seen[other as usize] {
                            seen[other as usize] = true;
                            reach.by[other as usize] = reader.number;
                            next.push(other);
                        }
                    }
                }
            }
            wave = next;
        }
        reach
    }

    fn classes<'a>(&'a self, reader: &Reader<'a>) -> impl Iterator<Item = u32> + use<'a> {
        let classes = &self.search.places[reader.place as usize].classes;
        reader.columns.iter().map(|&column| classes[column])
    }

    fn readers(&self, class: u32) -> Vec<Reader<'s>> {
        let mut readers = Vec::new();
        for &position in &self.search.classes[class as usize].places {
            let place = &self.search.places[position as usize];
            let own = (0..place.classes.len()).filter(|&column| place.classes[column] == class);
            readers.extend(self.readers_at(position, own));
        }
        readers
    }

    /// The constraints of a place that read some of these columns.
    fn readers_at(&self, position: u32, columns: impl Iterator<Item = usize>) -> Vec<Reader<'s>> {
        let place = &self.search.places[position as usize];
        let gate = &self.search.gates[place.gate];
        let mut constraints: Vec<usize> = columns
            .flat_map(|column| gate.readers[column].iter().copied())
            .collect();
        constraints.sort_unstable();
        constraints.dedup();
        let reader = |constraint: usize| Reader {
            number: self.first[position as usize] + constraint as u32,
            place: position,
            columns: &gate.reads[constraint],
        };
        let there = constraints.into_iter().filter(|&c| place.without != Some(c));
        there.map(reader).collect()
    }

    /// Whether the shortest way of a class, which has one, does without a constraint and without a class.
    fn does_without(&self, mut class: u32, constraint: u32, other: u32) -> bool {
        loop {
            if class == other {
                return false;
            }
            match self.by[class as usize] {
                NONE => return true,
                by if by == constraint => return false,
                by => class = self.of[by as usize],
            }
        }
    }

    /// Whether a class that is not apart stays so without a constraint.
    fn stays(&self, class: u32, hole: u32) -> bool {
        if self.does_without(class, hole, NONE) {
            return true;
        }
        let mut seen = HashSet::from([class]);
        let mut wave = vec![class];
        while let Some(class) = wave.pop() {
            if self.does_without(class, hole, NONE) {
                return true;
            }
            for reader in self.readers(class).into_iter().filter(|reader| reader.number != hole) {
                wave.extend(self.classes(&reader).filter(|&class| seen.insert(class)));
            }
        }
        false
    }

    /// Whether one of these readers of a class reaches an anchor by another of its classes, and not through the first.
    fn leads_away<'a>(&'a self, class: u32, readers: impl IntoIterator<Item = Reader<'a>>) -> bool {
        readers.into_iter().any(|reader| {
            self.classes(&reader)
                .any(|other| other != class && self.does_without(other, NONE, class))
        })
    }
}

impl CircuitSearch {
    /// What happens if each constraint is left out, and if each wire is cut off from its class.
    pub(super) fn holes(&self, unknowns: &[u32], linear: &Linear, kernel: &Kernel) -> [Holes; 2] {
        let implied: HashSet<u32> = if kernel.rank == linear.equations.len() {
            HashSet::new()
        } else {
            sparse::dependent(unknowns.len(), &linear.equations)
                .into_iter()
                .collect()
        };
        let reach = Reach::new(self);
        [
            self.constraints_left_out(unknowns, linear, kernel, &implied, &reach),
            self.wires_cut_off(linear, &implied, &reach),
        ]
    }

    fn constraints_left_out(
        &self,
        unknowns: &[u32],
        linear: &Linear,
        kernel: &Kernel,
        implied: &HashSet<u32>,
        reach: &Reach<'_>,
    ) -> Holes {
        let mut holes = Holes::default();
        let freed: HashMap<u32, u32> = kernel.peeled.iter().copied().collect();
        let every = linear.equations.len().div_ceil(EXAMPLES).max(1);
        for (equation, &(place, constraint)) in linear.labels.iter().enumerate() {
            let number = reach.first[place as usize] + constraint;
            let matters = |column: u32| {
                let class = unknowns[column as usize];
                self.reason(class).is_none() && reach.stays(class, number)
            };
            let kind = if implied.contains(&(equation as u32)) {
                Kind::Implied
            } else {
                let is_noticed = match freed.get(&(equation as u32)) {
                    Some(&column) => matters(column),
                    // One of these moves.
                    None => linear.equations[equation].iter().all(|&(column, _)| matters(column)),
                };
                if is_noticed { Kind::Noticed } else { Kind::Idle }
            };
            let hole = Hole::Constraint {
                row: self.places[place as usize].row,
                constraint: constraint as usize,
            };
            holes.count(kind, hole, every);
        }
        holes
    }

    fn wires_cut_off(&self, linear: &Linear, implied: &HashSet<u32>, reach: &Reach<'_>) -> Holes {
        let mut holes = Holes::default();
        // What an equation more is not made of: equations that are not implied, and those that are left out anyway.
        let independent: HashSet<u32> = linear
            .labels
            .iter()
            .enumerate()
            .filter(|&(equation, _)| !implied.contains(&(equation as u32)))
            .map(|(_, label)| label)
            .chain(&self.checks)
            .map(|&(place, constraint)| reach.first[place as usize] + constraint)
            .collect();
        let wires = self.places.iter().map(|place| place.classes.len()).sum::<usize>();
        let every = wires.div_ceil(4 * EXAMPLES).max(1);
        for (position, place) in self.places.iter().enumerate() {
            for (column, &class) in place.classes.iter().enumerate() {
                let of = &self.classes[class as usize];
                if of.uses > 1 {
                    let kind = self.wire_cut_off(position as u32, column, class, of, &independent, reach);
                    let hole = Hole::Copy { row: place.row, column };
                    holes.count(kind, hole, every);
                }
            }
        }
        holes
    }

    fn wire_cut_off(
        &self,
        position: u32,
        column: usize,
        class: u32,
        of: &Class,
        independent: &HashSet<u32>,
        reach: &Reach<'_>,
    ) -> Kind {
        let own = reach.readers_at(position, core::iter::once(column));
        if own.iter().any(|reader| !independent.contains(&reader.number)) {
            return Kind::Implied;
        }
        let place = &self.places[position as usize];
        let gate = &self.gates[place.gate];
        let is_public = gate.readers[column]
            .iter()
            .any(|reader| gate.know_hash.contains(reader));
        if self.reason(class).is_some() || !(is_public || reach.leads_away(class, own)) {
            return Kind::Idle;
        }
        let beside = (0..place.classes.len()).filter(|&other| other != column && place.classes[other] == class);
        let elsewhere = of.places.iter().filter(|&&other| other != position);
        let left = || {
            let there = elsewhere.flat_map(|&other| {
                let classes = &self.places[other as usize].classes;
                reach.readers_at(other, (0..classes.len()).filter(|&column| classes[column] == class))
            });
            reach.readers_at(position, beside).into_iter().chain(there)
        };
        if of.given || reach.leads_away(class, left()) {
            Kind::Noticed
        } else {
            Kind::Idle
        }
    }

    /// The same search in a circuit with a hole.
    ///
    /// # Panics
    ///
    /// If the circuit has no such row.
    #[must_use]
    pub fn with_hole(&self, hole: Hole) -> Self {
        let mut search = self.clone();
        let (Hole::Constraint { row, .. } | Hole::Copy { row, .. }) = hole;
        let position = self.places.iter().position(|place| place.row == row).expect("a row");
        let place = &mut search.places[position];
        match hole {
            Hole::Constraint { constraint, .. } => {
                place.system = place.system.without(constraint);
                place.without = Some(constraint);
            }
            Hole::Copy { column, .. } => {
                let new = search.classes.len() as u32;
                let class = core::mem::replace(&mut place.classes[column], new);
                let is_beside = place.classes.contains(&class);
                let old = &mut search.classes[class as usize];
                old.uses -= 1;
                if !is_beside {
                    old.places.retain(|&other| other != position as u32);
                }
                let value = old.value;
                search.classes.push(Class {
                    value,
                    given: false,
                    uses: 1,
                    places: vec![position as u32],
                    first: (row, column),
                    arithmetic: false,
                });
            }
        }
        search.parts = search.parts_apart();
        search
    }
}
