// SPDX-License-Identifier: MIT OR Apache-2.0
//! The derivatives of all constraints of a circuit, and the changes of single classes that they refuse.

use super::super::polynomial::derivative_weights;
use super::super::row::Move;
use super::super::sparse;
use super::{CircuitSearch, Place};
use crate::config::F;
use plonky2::field::types::{Field, Sample};

/// Differences that every class is changed by: 1, -1, 2^32, -2^32 and a random one.
const DIFFERENCES: usize = 5;

/// Changes of a class that depend on its value.
const OTHER_VALUES: usize = 2;

/// The highest degree of a constraint.
const MAX_DEGREE: usize = 8;

/// The most constraints of a gate.
const MAX_CONSTRAINTS: usize = 256;

/// A set of a gate's constraints.
type Readers = [u64; MAX_CONSTRAINTS / 64];

/// What changes of classes do to constraints.
pub(super) struct Linear {
    /// Derivatives of constraints by the classes that are not given, by column.
    pub(super) equations: Vec<sparse::Row>,
    /// Place and constraint of each.
    pub(super) labels: Vec<(u32, u32)>,
    /// Constraints that depend on classes that are not given, and were told to be left out.
    pub(super) checks: usize,
    /// Zero, the [`DIFFERENCES`], and more points to interpolate with.
    nodes: Vec<F>,
    /// By class, a bit for each change that some row refuses: the differences first.
    refused: Vec<u8>,
}

/// A class of a row, with the row's columns that hold it.
struct Held {
    class: u32,
    columns: Vec<usize>,
    readers: Readers,
}

impl Linear {
    pub(super) fn new(search: &CircuitSearch) -> Self {
        let two_32 = F::from_canonical_u64(1 << 32);
        let mut nodes = vec![F::ZERO, F::ONE, F::NEG_ONE, two_32, -two_32, F::rand()];
        nodes.extend((2..).map(F::from_canonical_u64).take(MAX_DEGREE + 1 - nodes.len()));
        let mut linear = Self {
            equations: Vec::new(),
            labels: Vec::new(),
            checks: 0,
            nodes,
            refused: vec![0; search.classes.len()],
        };
        let columns = search.columns();
        for position in 0..search.places.len() as u32 {
            for (constraint, equation) in linear.search_place(search, position, &columns) {
                if search.checks.contains(&(position, constraint)) {
                    linear.checks += 1;
                } else {
                    linear.labels.push((position, constraint));
                    linear.equations.push(equation);
                }
            }
        }
        linear
    }

    /// Derivatives of a row's constraints; writes down the changes of single classes that it refuses.
    ///
    /// Classes that no constraint reads together are changed together.
    pub(super) fn search_place(
        &mut self,
        search: &CircuitSearch,
        position: u32,
        columns: &[Option<u32>],
    ) -> Vec<(u32, sparse::Row)> {
        let place = &search.places[position as usize];
        let degree = place.system.degree();
        let weights = derivative_weights(&self.nodes[..=degree]);
        let together = degree.max(DIFFERENCES);
        let groups = grouped(held(search, place));
        let mut moves: Vec<Move> = Vec::with_capacity(groups.len() * (together + OTHER_VALUES));
        for group in &groups {
            let moved = |difference: &dyn Fn(u32) -> F| {
                group
                    .iter()
                    .flat_map(|held| held.columns.iter().map(|&column| (column, difference(held.class))))
                    .collect()
            };
            moves.extend(self.nodes[1..=together].iter().map(|&node| moved(&|_| node)));
            moves.extend((0..OTHER_VALUES).map(|other| moved(&|class| other_values(search, class)[other])));
        }
        let values = place.system.evaluate_moves(&search.wires_at(place, &[]), &moves);

        let mut entries = vec![sparse::Row::new(); place.system.constraints()];
        for (position, group) in groups.iter().enumerate() {
            let first = position * (together + OTHER_VALUES);
            let others = first + together..first + together + OTHER_VALUES;
            for held in group {
                let refused = &mut self.refused[held.class as usize];
                for constraint in constraints(&held.readers) {
                    for (move_, position) in (first..first + DIFFERENCES).chain(others.clone()).enumerate() {
                        if !values.at(constraint, position).is_zero() {
                            *refused |= 1 << move_;
                        }
                    }
                    let Some(column) = columns[held.class as usize] else {
                        continue;
                    };
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
        }
        let entries = entries.into_iter().enumerate().filter(|(_, row)| !row.is_empty());
        entries
            .map(|(constraint, mut row)| {
                row.sort_unstable_by_key(|&(column, _)| column);
                row.shrink_to_fit();
                (constraint as u32, row)
            })
            .collect()
    }

    /// The changes of a class that are tried, and whether some row refuses them.
    pub(super) fn changes<'a>(&'a self, search: &'a CircuitSearch, class: u32) -> impl Iterator<Item = (F, bool)> + 'a {
        let refused = self.refused[class as usize];
        let all = self.nodes[1..=DIFFERENCES]
            .iter()
            .copied()
            .chain(other_values(search, class));
        all.enumerate()
            .filter(|(_, difference)| !difference.is_zero())
            .map(move |(move_, difference)| (difference, refused & 1 << move_ != 0))
    }
}

/// What is added to a value for its negative, and for what a bit would be otherwise.
fn other_values(search: &CircuitSearch, class: u32) -> [F; OTHER_VALUES] {
    let value = search.classes[class as usize].value;
    [-value.double(), F::ONE - value.double()]
}

/// The classes of a place that a constraint reads.
fn held(search: &CircuitSearch, place: &Place) -> Vec<Held> {
    let gate = &search.gates[place.gate];
    assert!(
        gate.reads.len() <= MAX_CONSTRAINTS,
        "{} has more constraints",
        gate.name
    );
    let mut columns: Vec<(u32, usize)> = (0..place.classes.len()).map(|c| (place.classes[c], c)).collect();
    columns.sort_unstable();
    let mut held: Vec<Held> = Vec::new();
    for (class, column) in columns {
        if held.last().is_none_or(|last| last.class != class) {
            held.push(Held {
                class,
                columns: Vec::new(),
                readers: Readers::default(),
            });
        }
        let last = held.last_mut().expect("pushed");
        last.columns.push(column);
        for constraint in &gate.readers[column] {
            last.readers[constraint / 64] |= 1 << (constraint % 64);
        }
    }
    held
}

/// Groups of classes of which no constraint reads two.
fn grouped(mut held: Vec<Held>) -> Vec<Vec<Held>> {
    held.sort_by_key(|held| core::cmp::Reverse(held.readers.iter().map(|word| word.count_ones()).sum::<u32>()));
    let mut groups: Vec<(Readers, Vec<Held>)> = Vec::new();
    for held in held {
        let apart = |all: &Readers| all.iter().zip(&held.readers).all(|(a, b)| a & b == 0);
        let position = groups.iter().position(|(all, _)| apart(all)).unwrap_or_else(|| {
            groups.push((Readers::default(), Vec::new()));
            groups.len() - 1
        });
        let (all, group) = &mut groups[position];
        all.iter_mut().zip(&held.readers).for_each(|(all, own)| *all |= own);
        group.push(held);
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn constraints(readers: &Readers) -> impl Iterator<Item = usize> + '_ {
    (0..MAX_CONSTRAINTS).filter(|constraint| readers[constraint / 64] >> (constraint % 64) & 1 != 0)
}
