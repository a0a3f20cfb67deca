// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hunt in a whole circuit, around an honest witness.
//!
//! The unknowns are the classes of connected wires that the inputs of the witness do not give. Public inputs stay: their
//! hash is a constant of the constraints.

use super::polynomial::{derivative_weights, interpolate, roots};
use super::report::{CircuitReport, How, Reason, Unexplained};
use super::row::{Move, RowSystem, nodes};
use super::sparse::{self, kernel};
use crate::check::{Checker, Trace};
use crate::config::{D, F};
use core::fmt;
use plonky2::field::types::{Field, Sample};
use plonky2::hash::hash_types::HashOut;
use plonky2::iop::generator::GeneratedValues;
use plonky2::iop::target::Target;
use plonky2::iop::witness::PartialWitness;
use plonky2::plonk::config::GenericConfig;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Hints that need not be unique (`gadgets::word`): any inverses that add up will do, and they reach nothing else.
const FREE_HINTS: [&str; 2] = ["poe/inverse", "poe/differences"];

/// Name of plonky2's gate for operations `output = k a b + l c`, four wires each.
const ARITHMETIC: &str = "ArithmeticGate";

/// A row with its constraints and the classes of its wires.
struct Place {
    row: usize,
    gate: usize,
    system: RowSystem,
    /// Position of each column's class.
    classes: Vec<u32>,
}

/// A class of connected wires.
struct Class {
    value: F,
    given: bool,
    /// Whether the honest prover sets it.
    set: bool,
    uses: usize,
    /// Places, by position, without repetition.
    places: Vec<u32>,
    first: (usize, usize),
    /// Whether all uses are in arithmetic rows.
    arithmetic: bool,
}

/// Which wires a gate's constraints read.
struct GateReads {
    name: String,
    /// Columns, by constraint.
    reads: Vec<Vec<usize>>,
    /// Constraints, by column.
    readers: Vec<Vec<usize>>,
}

/// A circuit around an honest witness.
pub struct CircuitSearch {
    places: Vec<Place>,
    classes: Vec<Class>,
    gates: Vec<GateReads>,
    /// Classes whose value is a free hint.
    hints: HashSet<u32>,
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
        };
        for (gate, (gate_ref, rows)) in checker.gates().enumerate() {
            let name = gate_ref.0.id();
            let wires = gate_ref.0.num_wires();
            let any_constants = F::rand_vec(gate_ref.0.num_constants());
            let reads = if wires == 0 {
                Vec::new()
            } else {
                RowSystem::new(gate_ref.clone(), any_constants, hash).reads()
            };
            let arithmetic = name.starts_with(ARITHMETIC);
            let mut readers = vec![Vec::new(); wires];
            for (constraint, columns) in reads.iter().enumerate() {
                columns.iter().for_each(|&column| readers[column].push(constraint));
            }
            search.gates.push(GateReads { name, reads, readers });
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
                            set: trace.is_set(target),
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
                });
            }
        }
        for target in free_hints(checker, trace) {
            search.hints.extend(positions.get(&trace.class_of(target)));
        }
        search.add_sums_of_hints();
        search
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

    /// Searches: the rank of all derivatives, changes of every class alone, and for `pairs` of the classes, spread evenly,
    /// changes of one other class that make up for it.
    pub fn run(&self, pairs: usize) -> CircuitReport {
        let mut report = CircuitReport {
            rows: self.places.len(),
            classes: self.classes.len(),
            given: self.classes.iter().filter(|class| class.given).count(),
            ..CircuitReport::default()
        };
        let columns = self.columns();
        let mut alone = Alone::new(self);
        let mut matrix = Vec::new();
        for place in &self.places {
            self.search_place(place, &columns, &mut matrix, &mut alone);
        }
        report.equations = matrix.len();
        report.entries = matrix.iter().map(Vec::len).sum();
        let unknowns: Vec<u32> = (0..self.classes.len() as u32)
            .filter(|&c| !self.classes[c as usize].given)
            .collect();
        let kernel = kernel(unknowns.len(), matrix);
        (report.rank, report.peeled) = (kernel.rank, kernel.peeled);
        for column in kernel.moving {
            let class = unknowns[column as usize];
            self.explain(class, How::Derivative, &mut report);
        }
        for class in 0..self.classes.len() as u32 {
            for (move_, difference) in self.changes(class, &alone) {
                report.changes += 1;
                if alone.refused[class as usize] & (1 << move_) == 0 {
                    self.explain(class, How::Alone(difference), &mut report);
                }
            }
        }
        let stride = self.classes.len().div_ceil(pairs.max(1)).max(1);
        for class in (0..self.classes.len() as u32).step_by(stride).take(pairs) {
            for (_, difference) in self.changes(class, &alone) {
                report.pairs += 1;
                if let Some(how) = self.compensation(class, difference) {
                    self.explain(class, how, &mut report);
                }
            }
        }
        report
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

    fn explain(&self, class: u32, how: How, report: &mut CircuitReport) {
        let &Class {
            set,
            uses,
            first: (row, column),
            arithmetic,
            ..
        } = &self.classes[class as usize];
        let reason = if arithmetic && uses == 1 && !set {
            Some(Reason::UnusedOperation)
        } else if self.hints.contains(&class) {
            Some(Reason::InverseHint)
        } else {
            None
        };
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

    /// Distinct classes of a place, in order, with their columns.
    fn classes_at(place: &Place) -> BTreeMap<u32, Vec<usize>> {
        let mut classes: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (column, &class) in place.classes.iter().enumerate() {
            classes.entry(class).or_default().push(column);
        }
        classes
    }

    /// The wires of a place, with some classes changed.
    fn wires_at(&self, place: &Place, changes: &[(u32, F)]) -> Vec<F> {
        let value = |&class: &u32| {
            let change = changes.iter().find(|&&(changed, _)| changed == class);
            self.classes[class as usize].value + change.map_or(F::ZERO, |&(_, difference)| difference)
        };
        place.classes.iter().map(value).collect()
    }

    /// Derivatives of a row's constraints, and the changes of single classes that it refuses.
    fn search_place(&self, place: &Place, columns: &[Option<u32>], matrix: &mut Vec<sparse::Row>, alone: &mut Alone) {
        let gate = &self.gates[place.gate];
        let degree = place.system.degree();
        let weights = derivative_weights(&alone.nodes[..=degree]);
        let classes = Self::classes_at(place);
        let mut moves = Vec::new();
        for (class, own) in &classes {
            let nodes = &alone.nodes[1..=degree.max(DIFFERENCES)];
            moves.extend(nodes.iter().map(|&difference| (*class, &own[..], difference)));
            let others = self.other_values(*class);
            moves.extend(others.map(|difference| (*class, &own[..], difference)));
        }
        let differences: Vec<Move<'_>> = moves
            .iter()
            .map(|&(_, columns, difference)| Move { columns, difference })
            .collect();
        let values = place.system.evaluate_moves(&self.wires_at(place, &[]), &differences);

        let mut entries = vec![sparse::Row::new(); place.system.constraints()];
        let mut moves = moves.into_iter().enumerate().peekable();
        while let Some((first, (class, own, _))) = moves.next() {
            let mut readers: Vec<usize> = own.iter().flat_map(|&column| &gate.readers[column]).copied().collect();
            readers.sort_unstable();
            readers.dedup();
            if let Some(column) = columns[class as usize] {
                for &constraint in &readers {
                    // At the witness itself the constraint is zero.
                    let terms = weights[1..].iter().enumerate();
                    let derivative: F = terms
                        .map(|(k, &weight)| weight * values.at(constraint, first + k))
                        .sum();
                    if !derivative.is_zero() {
                        entries[constraint].push((column, derivative));
                    }
                }
            }
            let mut positions = vec![first];
            while let Some((position, _)) = moves.next_if(|(_, (other, ..))| *other == class) {
                positions.push(position);
            }
            let refused = &mut alone.refused[class as usize];
            let moves = (0..DIFFERENCES).chain(positions.len() - OTHER_VALUES..positions.len());
            for (move_, position) in moves.enumerate() {
                let refuses = |&constraint: &usize| !values.at(constraint, positions[position]).is_zero();
                if readers.iter().any(refuses) {
                    *refused |= 1 << move_;
                }
            }
        }
        matrix.extend(entries.into_iter().filter(|row| !row.is_empty()).map(|mut row| {
            row.sort_unstable_by_key(|&(column, _)| column);
            row
        }));
    }

    /// What is added to a value for its negative, and for what a bit would be otherwise.
    fn other_values(&self, class: u32) -> [F; OTHER_VALUES] {
        let value = self.classes[class as usize].value;
        [-value.double(), F::ONE - value.double()]
    }

    /// The changes of a class that are tried, by the position of their bit.
    fn changes<'a>(&'a self, class: u32, alone: &'a Alone) -> impl Iterator<Item = (usize, F)> + 'a {
        let all = alone.nodes[1..=DIFFERENCES]
            .iter()
            .copied()
            .chain(self.other_values(class));
        all.enumerate().filter(|(_, difference)| !difference.is_zero())
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

/// Differences that every class is changed by: 1, -1, 2^32, -2^32 and a random one.
const DIFFERENCES: usize = 5;

/// Changes of a class that depend on its value.
const OTHER_VALUES: usize = 2;

/// The highest degree of a constraint.
const MAX_DEGREE: usize = 8;

/// Changes of single classes.
struct Alone {
    /// Zero, the [`DIFFERENCES`], and more points to interpolate with.
    nodes: Vec<F>,
    /// A bit for each change that some row refuses: the differences first.
    refused: Vec<u8>,
}

impl Alone {
    fn new(search: &CircuitSearch) -> Self {
        let two_32 = F::from_canonical_u64(1 << 32);
        let mut nodes = vec![F::ZERO, F::ONE, F::NEG_ONE, two_32, -two_32, F::rand()];
        nodes.extend((2..).map(F::from_canonical_u64).take(MAX_DEGREE + 1 - nodes.len()));
        Self {
            nodes,
            refused: vec![0; search.classes.len()],
        }
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
mod tests {
    use super::*;
    use crate::config::{Builder, C};
    use crate::gadgets::range::RangeChecks;
    use crate::gadgets::testing::witness;
    use crate::gadgets::word::{are_equal, canonical_words};
    use plonky2::plonk::circuit_data::CircuitConfig;

    /// The report on a circuit that `build` makes of two inputs.
    fn searched(inputs: [u64; 2], build: impl FnOnce(&mut Builder, [Target; 2])) -> CircuitReport {
        let mut builder = Builder::new(crate::config::wide_config());
        let targets = [(); 2].map(|()| builder.add_virtual_target());
        build(&mut builder, targets);
        let circuit = builder.build::<C>();
        let checker = Checker::new(&circuit);
        let inputs = witness(&targets, &inputs.map(F::from_canonical_u64));
        let trace = checker.honest(inputs.clone()).expect("honest");
        let search = CircuitSearch::new(&checker, &inputs, &trace);
        search.run(usize::MAX)
    }

    fn ways(report: &CircuitReport) -> [bool; 3] {
        let some = |way: fn(&How) -> bool| report.unexplained.iter().any(|found| way(&found.how));
        [
            some(|how| *how == How::Derivative),
            some(|how| matches!(how, How::Alone(_))),
            some(|how| matches!(how, How::Pair(..))),
        ]
    }

    #[test]
    fn sound_gadgets_leave_nothing_but_inverses() {
        for values in [[5, 7], [7, 7], [0, 0], [u64::from(u32::MAX) << 32, 1]] {
            let report = searched(values, |builder, [a, b]| {
                let mut checks = RangeChecks::new();
                let (high, low) = canonical_words(builder, &mut checks, a);
                let equal = are_equal(builder, &[a, b, high.target()], &[b, a, low.target()]);
                builder.register_public_input(equal.target);
                checks.finish(builder);
            });
            assert_eq!(report.unexplained, [], "{values:?}: {report}");
            assert!(report.moving.contains_key(&Reason::InverseHint), "{report}");
            assert!(report.moving.contains_key(&Reason::UnusedOperation), "{report}");
        }
    }

    /// Halves of an element that nothing bounds.
    #[test]
    fn words_without_range_checks_are_found() {
        let report = searched([(5 << 32) | 7, 0], |builder, [a, _]| {
            let [high, low] = [5, 7].map(|value| {
                let half = builder.add_virtual_target();
                let value = builder.constant(F::from_canonical_u64(value));
                builder.generate_copy(value, half);
                half
            });
            let sum = builder.mul_const_add(F::from_canonical_u64(1 << 32), high, low);
            builder.connect(sum, a);
        });
        assert_eq!(ways(&report), [true, false, true], "{report}");
    }

    /// A square root has a negative: no derivative tells.
    #[test]
    fn a_second_root_is_found() {
        let report = searched([49, 0], |builder, [a, _]| {
            let one = builder.one();
            let root = builder.add_virtual_target();
            builder.generate_copy(one, root);
            let shifted = builder.add_const(root, F::from_canonical_u64(6));
            let square = builder.mul(shifted, shifted);
            builder.connect(square, a);
        });
        // The root is a sum, and moves with it.
        assert_eq!(ways(&report), [false, false, true], "{report}");
    }

    /// A value that nothing reads but a product with zero.
    #[test]
    fn a_factor_of_zero_is_found() {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let [a, b] = [(); 2].map(|()| builder.add_virtual_target());
        let zero = builder.zero();
        let free = builder.add_virtual_target();
        builder.generate_copy(b, free);
        let product = builder.mul(a, free);
        builder.connect(product, zero);
        let circuit = builder.build::<C>();
        let checker = Checker::new(&circuit);
        let inputs = witness(&[a, b], &[F::ZERO, F::ONE]);
        let trace = checker.honest(inputs.clone()).expect("honest");
        let report = CircuitSearch::new(&checker, &inputs, &trace).run(usize::MAX);
        let [derivative, alone, _] = ways(&report);
        assert!(derivative && alone, "{report}");
    }
}
