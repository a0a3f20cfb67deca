// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hunt in one gate at a time.

use super::row::{RowSystem, rank};
use super::sample::{Sampled, UnknownGate, sample};
use super::solve::{Fillings, Solver};
use super::sparse::{dependent, sparse};
use crate::config::{D, F};
use core::fmt;
use plonky2::gates::gate::GateRef;
use std::collections::HashSet;

/// What was searched in one gate, and found to be in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateReport {
    /// Name of the gate.
    pub gate: String,
    /// Wires the gate owns.
    pub wires: usize,
    /// Of these, wires that no constraint reads on any of the rows.
    pub unread: usize,
    /// Wires that constraints read and inputs do not give: each was shown to have one value.
    pub determined: usize,
    /// Constraints.
    pub constraints: usize,
    /// Rows on which that was shown.
    pub rows: usize,
}

impl fmt::Display for GateReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            gate,
            wires,
            unread,
            determined,
            constraints,
            rows,
        } = self;
        let gate = gate.split("(PhantomData").next().unwrap_or(gate);
        write!(
            formatter,
            "{gate}: {wires} wires, {determined} determined by the others, {unread} unread; {constraints} constraints, \
             rank {determined}; {rows} rows"
        )
    }
}

/// A row with more than one filling, or of which that could not be excluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freedom {
    /// Name of the gate.
    pub gate: String,
    /// Constants of the row.
    pub constants: Vec<F>,
    /// The honest row.
    pub row: Vec<F>,
    /// What is free.
    pub what: What,
}

/// How a row is not determined by its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The honest row breaks a constraint.
    Dishonest,
    /// The derivatives of the constraints by this many wires have only this rank.
    Rank {
        /// Wires.
        wires: usize,
        /// Rank.
        rank: usize,
    },
    /// The search found something else than the honest row alone.
    Fillings(Fillings),
}

/// Why a gate is not in order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A gate nobody has said the inputs of.
    #[error(transparent)]
    Unknown(#[from] UnknownGate),
    /// A finding.
    #[error("the inputs of a row do not determine it: {0:?}")]
    Freedom(Box<Freedom>),
}

/// A row to search.
struct Candidate {
    sampled: Sampled,
    solver: Solver,
    system: RowSystem,
    /// Columns that must be determined.
    unknown: Vec<usize>,
}

impl Candidate {
    fn new(gate: &GateRef<F, D>, round: usize) -> Result<Self, UnknownGate> {
        let sampled = sample(gate, round)?;
        let system = RowSystem::new(gate.clone(), sampled.constants.clone(), sampled.hash);
        let solver = Solver::new(system.clone());
        let is_given = |column: usize| sampled.given.values.iter().any(|&(given, _)| given == column);
        let unknown = solver
            .read()
            .iter()
            .copied()
            .filter(|&column| !is_given(column))
            .collect();
        Ok(Self {
            sampled,
            solver,
            system,
            unknown,
        })
    }

    /// The derivatives of the constraints by what must be determined.
    fn jacobian(&self) -> Vec<Vec<F>> {
        self.system.jacobian(&self.sampled.row, &self.unknown)
    }

    /// How wires can move to first order, if they can.
    fn moving(&self, jacobian: Vec<Vec<F>>) -> Option<What> {
        let (wires, rank) = (self.unknown.len(), rank(jacobian));
        (rank < wires).then_some(What::Rank { wires, rank })
    }

    /// What else than the honest row the constraints of `solver` allow with the same inputs.
    fn others(&self, solver: &Solver) -> Option<What> {
        match solver.fillings(&self.sampled.given) {
            Fillings::One(row) if self.is_honest(&row) => None,
            fillings => Some(What::Fillings(fillings)),
        }
    }

    /// Whether a filling is that of the generators, in the columns that are read.
    fn is_honest(&self, row: &[F]) -> bool {
        self.unknown
            .iter()
            .all(|&column| row[column] == self.sampled.row[column])
    }
}

/// Shows on `rows` rows that a gate's inputs determine all its wires that constraints read: the derivatives of the
/// constraints by those wires have full rank, and the honest filling is the only one.
///
/// # Errors
///
/// With the first row that is not determined.
pub fn search_gate(gate: &GateRef<F, D>, rows: usize) -> Result<GateReport, Failure> {
    let mut report = GateReport {
        gate: gate.0.id(),
        wires: gate.0.num_wires(),
        unread: 0,
        determined: 0,
        constraints: gate.0.num_constraints(),
        rows,
    };
    if report.wires == 0 {
        return Ok(report);
    }
    let mut unread: HashSet<usize> = (0..report.wires).collect();
    for round in 0..rows {
        let candidate = Candidate::new(gate, round)?;
        report.determined = candidate.unknown.len();
        // A constant that is zero on this row may hide a wire.
        let also_here: HashSet<usize> = candidate.solver.unread().iter().copied().collect();
        unread.retain(|column| also_here.contains(column));
        let what = if candidate.system.holds(&candidate.sampled.row) {
            let moving = candidate.moving(candidate.jacobian());
            moving.or_else(|| candidate.others(&candidate.solver))
        } else {
            Some(What::Dishonest)
        };
        if let Some(what) = what {
            return Err(Failure::Freedom(Box::new(Freedom {
                gate: report.gate,
                constants: candidate.sampled.constants,
                row: candidate.sampled.row,
                what,
            })));
        }
    }
    report.unread = unread.len();
    Ok(report)
}

/// Leaves out each constraint of a gate in turn, and returns those whose absence the same search does not notice on any of
/// `rows` rows. A constraint of inputs alone determines nothing and is not asked for: there is one, in Poseidon's gate, by
/// which the input that swaps two others is a bit.
///
/// # Errors
///
/// If nobody has said what the gate's inputs may be.
pub fn unnoticed_holes(gate: &GateRef<F, D>, rows: usize) -> Result<Vec<usize>, UnknownGate> {
    let mut unnoticed: Vec<usize> = (0..gate.0.num_constraints()).collect();
    for round in 0..rows {
        if unnoticed.is_empty() {
            break;
        }
        let candidate = Candidate::new(gate, round)?;
        let jacobian = candidate.jacobian();
        // The rank is the same without these, and without no other.
        let dependent: HashSet<u32> = dependent(candidate.unknown.len(), &sparse(&jacobian))
            .into_iter()
            .collect();
        let moves_anyway = candidate.moving(jacobian).is_some();
        unnoticed.retain(|&constraint| {
            candidate.solver.reads_any(constraint, &candidate.unknown)
                && !moves_anyway
                && dependent.contains(&(constraint as u32))
                && candidate.others(&candidate.solver.without(constraint)).is_none()
        });
    }
    Ok(unnoticed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plonky2::gates::arithmetic_base::ArithmeticGate;

    /// A factor of zero on the last of the rows, one time in twelve, does not make the operands wires that nothing reads.
    #[test]
    fn constants_of_zero_hide_no_wire() {
        let gate = GateRef::new(ArithmeticGate { num_ops: 2 });
        for _ in 0..100 {
            assert_eq!(search_gate(&gate, 4).expect("determined").unread, 0);
        }
    }
}
