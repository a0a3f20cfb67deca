// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hunt in a whole circuit, around an honest witness.
//!
//! The unknowns are the classes of connected wires that the inputs of the witness do not give. Public inputs stay: their
//! hash is a constant of the constraints.

mod apart;
mod holes;
mod linear;

pub use self::holes::{Hole, Holes};

use self::linear::Linear;
use super::polynomial::{interpolate, roots};
use super::report::{CircuitReport, How, Reason, Unexplained};
use super::row::{RowSystem, nodes};
use super::sparse::{Kernel, kernel};
use crate::check::{Checker, Trace, TraceError, Violation};
use crate::config::{D, F};
use core::fmt;
use plonky2::field::types::{Field, PrimeField64, Sample};
use plonky2::hash::hash_types::HashOut;
use plonky2::iop::generator::GeneratedValues;
use plonky2::iop::target::Target;
use plonky2::iop::witness::PartialWitness;
use plonky2::plonk::config::GenericConfig;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Hints that need not be unique (`gadgets::word`): any inverses that add up will do, and they reach nothing else.
const FREE_HINTS: [&str; 2] = ["poe/inverse", "poe/differences"];

/// Name of plonky2's gate for operations `output = k a b + l c`, four wires each.
const ARITHMETIC: &str = "ArithmeticGate";

/// A row with its constraints and the classes of its wires.
#[derive(Clone)]
struct Place {
    row: usize,
    gate: usize,
    system: RowSystem,
    /// Position of each column's class.
    classes: Vec<u32>,
    /// A constraint that is left out: a planted hole.
    without: Option<usize>,
}

/// A class of connected wires.
#[derive(Clone)]
struct Class {
    value: F,
    given: bool,
    uses: usize,
    /// Places, by position, without repetition.
    places: Vec<u32>,
    first: (usize, usize),
    /// Whether all uses are in arithmetic rows.
    arithmetic: bool,
}

/// Which wires a gate's constraints read.
#[derive(Clone)]
struct GateReads {
    name: String,
    /// Columns, by constraint.
    reads: Vec<Vec<usize>>,
    /// Constraints, by column.
    readers: Vec<Vec<usize>>,
    /// Constraints that know the hash of the public inputs.
    know_hash: Vec<usize>,
}

/// A circuit around an honest witness.
#[derive(Clone)]
pub struct CircuitSearch {
    places: Vec<Place>,
    classes: Vec<Class>,
    gates: Vec<GateReads>,
    /// Classes whose value is a free hint.
    hints: HashSet<u32>,
    /// The part of each class that is apart.
    parts: Vec<Option<u32>>,
    /// Constraints, by place, that derivatives do without.
    checks: HashSet<(u32, u32)>,
}

impl fmt::Debug for CircuitSearch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, classes) = (self.places.len(), self.classes.len());
        write!(formatter, "CircuitSearch({rows} rows, {classes} classes)")
    }
}

impl CircuitSearch {
    /// For the witness that a circuit's generators make of `inputs`.
    ///
    /// # Panics
    ///
    /// If the trace is not that of an honest prover.
    pub fn new<K: GenericConfig<D, F = F>>(
        checker: &Checker<'_, K>,
        inputs: &PartialWitness<F>,
        trace: &Trace<'_>,
    ) -> Self {
        assert!(checker.accepts(trace), "a search starts from an honest witness");
        let given: HashSet<usize> = inputs
            .target_values
            .keys()
            .map(|&target| trace.class_of(target))
            .collect();
        let hash: HashOut<F> = checker.public_inputs_hash(trace);
        let mut positions: HashMap<usize, u32> = HashMap::new();
        let mut search = Self {
            places: Vec::new(),
            classes: Vec::new(),
            gates: Vec::new(),
            hints: HashSet::new(),
            parts: Vec::new(),
            checks: HashSet::new(),
        };
        for (gate, (gate_ref, rows)) in checker.gates().enumerate() {
            let name = gate_ref.0.id();
            let wires = gate_ref.0.num_wires();
            let any_constants = F::rand_vec(gate_ref.0.num_constants());
            let system = RowSystem::new(gate_ref.clone(), any_constants, hash);
            let (reads, know_hash) = if wires == 0 {
                (Vec::new(), Vec::new())
            } else {
                (system.reads(), system.know_hash())
            };
            let arithmetic = name.starts_with(ARITHMETIC);
            let mut readers = vec![Vec::new(); wires];
            for (constraint, columns) in reads.iter().enumerate() {
                columns.iter().for_each(|&column| readers[column].push(constraint));
            }
            search.gates.push(GateReads {
                name,
                reads,
                readers,
                know_hash,
            });
            for &row in rows.iter().filter(|_| wires > 0) {
                let place = search.places.len() as u32;
                let mut classes = Vec::with_capacity(wires);
                for column in 0..wires {
                    let target = Target::wire(row, column);
                    let representative = trace.class_of(target);
                    let position = *positions.entry(representative).or_insert_with(|| {
                        search.classes.push(Class {
                            value: trace.get(target),
                            given: given.contains(&representative),
                            uses: 0,
                            places: Vec::new(),
                            first: (row, column),
                            arithmetic: true,
                        });
                        search.classes.len() as u32 - 1
                    });
                    let class = &mut search.classes[position as usize];
                    class.uses += 1;
                    class.arithmetic &= arithmetic;
                    if class.places.last() != Some(&place) {
                        class.places.push(place);
                    }
                    classes.push(position);
                }
                let constants = checker.constants_of(row)[..gate_ref.0.num_constants()].to_vec();
                search.places.push(Place {
                    row,
                    gate,
                    system: RowSystem::new(gate_ref.clone(), constants, hash),
                    classes,
                    without: None,
                });
            }
        }
        for target in free_hints(checker, trace) {
            search.hints.extend(positions.get(&trace.class_of(target)));
        }
        search.add_sums_of_hints();
        search.parts = search.parts_apart();
        search
    }

    /// The same search in which derivatives do without these constraints, and without those that know the hash of the
    /// public inputs: if the inputs determine all the same, they do so by computation, public inputs included. Changes of
    /// classes still have to satisfy all constraints.
    #[must_use]
    pub fn without_checks(mut self, checks: &[Violation]) -> Self {
        let rows: HashSet<(usize, usize)> = checks.iter().map(|check| (check.row, check.constraint)).collect();
        for (position, place) in self.places.iter().enumerate() {
            let know_hash = &self.gates[place.gate].know_hash;
            let constraints = (0..place.system.constraints())
                .filter(|constraint| rows.contains(&(place.row, *constraint)) || know_hash.contains(constraint));
            self.checks.extend(constraints.map(|c| (position as u32, c as u32)));
        }
        self
    }

    /// Adds what arithmetic rows compute from free hints and only arithmetic rows read.
    fn add_sums_of_hints(&mut self) {
        let operations: Vec<&[u32]> = self
            .places
            .iter()
            .filter(|place| self.gates[place.gate].name.starts_with(ARITHMETIC))
            .flat_map(|place| place.classes.chunks_exact(4))
            .collect();
        loop {
            let before = self.hints.len();
            for operation in &operations {
                let [operands @ .., output] = operation else { continue };
                let Class { arithmetic, given, .. } = self.classes[*output as usize];
                if arithmetic && !given && operands.iter().any(|operand| self.hints.contains(operand)) {
                    self.hints.insert(*output);
                }
            }
            if self.hints.len() == before {
                return;
            }
        }
    }

    /// What refuses inputs that are all changed, each by another difference, but for those that are 0 or 1: the constraints
    /// by which a circuit checks its inputs, as against those by which it computes. Everything that can be computed
    /// follows the inputs.
    ///
    /// # Errors
    ///
    /// If inputs are missing.
    pub fn checks<K: GenericConfig<D, F = F>>(
        checker: &Checker<'_, K>,
        inputs: &PartialWitness<F>,
        trace: &Trace<'_>,
    ) -> Result<Vec<Violation>, TraceError> {
        let mut lies: Vec<(Target, F)> = inputs.target_values.iter().map(|(&t, &v)| (t, v)).collect();
        lies.sort_unstable_by_key(|&(target, _)| trace.class_of(target));
        for (position, (_, value)) in lies.iter_mut().enumerate() {
            if value.to_canonical_u64() > 1 {
                *value += F::from_canonical_usize(position + 1);
            }
        }
        Ok(checker.violations(&checker.trace(PartialWitness::new(), &lies)?))
    }

    /// Searches: the rank of all derivatives, what would be missed if it were left out, changes of every class alone, and
    /// for `pairs` of the classes, spread evenly, changes of one other class that make up for it.
    pub fn run(&self, pairs: usize) -> CircuitReport {
        let linear = Linear::new(self);
        let mut report = self.size();
        let unknowns = self.unknowns();
        let kernel = self.search_kernel(&unknowns, &linear, &mut report);
        [report.constraint_holes, report.copy_holes] = self.holes(&unknowns, &linear, &kernel);
        for class in 0..self.classes.len() as u32 {
            for (difference, is_refused) in linear.changes(self, class) {
                report.changes += 1;
                if !is_refused {
                    self.explain(class, How::Alone(difference), &mut report);
                }
            }
        }
        let stride = self.classes.len().div_ceil(pairs.max(1)).max(1);
        for class in (0..self.classes.len() as u32).step_by(stride).take(pairs) {
            for (difference, _) in linear.changes(self, class) {
                report.pairs += 1;
                if let Some(how) = self.compensation(class, difference) {
                    self.explain(class, how, &mut report);
                }
            }
        }
        report
    }

    /// The part of [`Self::run`] that ranks derivatives.
    pub fn moving(&self) -> CircuitReport {
        let mut report = self.size();
        self.search_kernel(&self.unknowns(), &Linear::new(self), &mut report);
        report
    }

    fn size(&self) -> CircuitReport {
        CircuitReport {
            rows: self.places.len(),
            classes: self.classes.len(),
            given: self.classes.iter().filter(|class| class.given).count(),
            ..CircuitReport::default()
        }
    }

    fn search_kernel(&self, unknowns: &[u32], linear: &Linear, report: &mut CircuitReport) -> Kernel {
        report.equations = linear.equations.len();
        report.entries = linear.equations.iter().map(Vec::len).sum();
        report.checks = linear.checks;
        let kernel = kernel(unknowns.len(), linear.equations.clone());
        (report.rank, report.peeled) = (kernel.rank, kernel.peeled.len());
        for &column in &kernel.moving {
            self.explain(unknowns[column as usize], How::Derivative, report);
        }
        let moving = kernel.moving.iter().map(|&column| unknowns[column as usize]);
        let parts: BTreeSet<u32> = moving.filter_map(|class| self.parts[class as usize]).collect();
        for part in parts {
            let (row, column) = self.classes[part as usize].first;
            let gate = self.gate_at(row, column);
            let name = gate.split([' ', '(']).next().unwrap_or_default();
            *report.parts.entry(name.to_owned()).or_default() += 1;
        }
        kernel
    }

    /// The classes that are not given.
    fn unknowns(&self) -> Vec<u32> {
        let classes = 0..self.classes.len() as u32;
        classes.filter(|&class| !self.classes[class as usize].given).collect()
    }

    /// Position of each class among the unknowns.
    fn columns(&self) -> Vec<Option<u32>> {
        let mut next = 0;
        self.classes
            .iter()
            .map(|class| {
                (!class.given).then(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect()
    }

    /// Why a class may be free, if it may.
    fn reason(&self, class: u32) -> Option<Reason> {
        if self.parts[class as usize].is_some() {
            Some(Reason::Apart)
        } else {
            self.hints.contains(&class).then_some(Reason::InverseHint)
        }
    }

    fn explain(&self, class: u32, how: How, report: &mut CircuitReport) {
        let &Class {
            uses,
            first: (row, column),
            ..
        } = &self.classes[class as usize];
        let reason = self.reason(class);
        let counts = match how {
            How::Derivative => &mut report.moving,
            How::Alone(_) => &mut report.accepted,
            How::Pair(..) => &mut report.compensated,
        };
        match reason {
            Some(reason) => *counts.entry(reason).or_default() += 1,
            None => report.unexplained.push(Unexplained {
                row,
                column,
                gate: self.gate_at(row, column),
                uses,
                how,
            }),
        }
    }

    fn gate_at(&self, row: usize, column: usize) -> String {
        let place = self
            .places
            .iter()
            .find(|place| place.row == row && column < place.classes.len());
        place.map_or_else(String::new, |place| self.gates[place.gate].name.clone())
    }

    /// The wires of a place, with some classes changed.
    fn wires_at(&self, place: &Place, changes: &[(u32, F)]) -> Vec<F> {
        let value = |&class: &u32| {
            let change = changes.iter().find(|&&(changed, _)| changed == class);
            self.classes[class as usize].value + change.map_or(F::ZERO, |&(_, difference)| difference)
        };
        place.classes.iter().map(value).collect()
    }

    /// A change of one other class after which a change of `class` breaks nothing.
    ///
    /// The other class is read by every constraint that the first change breaks; at each of its changes that mend one of
    /// them, all are looked at.
    fn compensation(&self, class: u32, difference: F) -> Option<How> {
        let change = (class, difference);
        let mut candidates: Option<Vec<u32>> = None;
        let mut broken = None;
        for &position in &self.classes[class as usize].places {
            let place = &self.places[position as usize];
            let values = place.system.evaluate(&[self.wires_at(place, &[change])]);
            for (constraint, reads) in self.gates[place.gate].reads.iter().enumerate() {
                if values.at(constraint, 0).is_zero() {
                    continue;
                }
                let read: HashSet<u32> = reads.iter().map(|&column| place.classes[column]).collect();
                match &mut candidates {
                    Some(candidates) => candidates.retain(|other| read.contains(other)),
                    None => {
                        broken = Some((place, constraint));
                        candidates = Some(read.into_iter().filter(|&other| other != class).collect());
                    }
                }
                if candidates.as_ref().is_some_and(Vec::is_empty) {
                    return None;
                }
            }
        }
        let (place, constraint) = broken?;
        let nodes = nodes(place.system.degree() + 1);
        candidates?.into_iter().find_map(|other| {
            let points: Vec<Vec<F>> = nodes
                .iter()
                .map(|&node| self.wires_at(place, &[change, (other, node)]))
                .collect();
            let values = place.system.evaluate(&points);
            let polynomial = interpolate(&nodes, &values.along(constraint, 0..nodes.len()));
            let mends = |&second: &F| {
                let changes = [change, (other, second)];
                let places = self.classes[class as usize]
                    .places
                    .iter()
                    .chain(&self.classes[other as usize].places);
                places.into_iter().all(|&position| {
                    let place = &self.places[position as usize];
                    place.system.holds(&self.wires_at(place, &changes))
                })
            };
            if polynomial.is_empty() {
                return None;
            }
            let second = roots(&polynomial).into_iter().find(mends)?;
            Some(How::Pair(difference, self.classes[other as usize].first, second))
        })
    }
}

/// What the generators of hints that need not be unique set: all of it but the last value of a comparison, its bit.
fn free_hints<K: GenericConfig<D, F = F>>(checker: &Checker<'_, K>, trace: &Trace<'_>) -> Vec<Target> {
    let mut targets = Vec::new();
    for generator in checker
        .generators()
        .iter()
        .filter(|generator| FREE_HINTS.contains(&generator.0.id().as_str()))
    {
        let mut made = GeneratedValues::empty();
        generator.0.run(trace.witness(), &mut made);
        let all = made.target_values.len();
        let inverses = if generator.0.id() == FREE_HINTS[0] {
            all
        } else {
            all - 1
        };
        targets.extend(made.target_values[..inverses].iter().map(|&(target, _)| target));
    }
    targets
}

#[cfg(test)]
mod tests;
