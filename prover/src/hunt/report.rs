// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the hunt found in a whole circuit.

use super::circuit::Holes;
use crate::config::F;
use core::fmt;
use std::collections::BTreeMap;

/// What was searched in one circuit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CircuitReport {
    /// Rows with wires.
    pub rows: usize,
    /// Classes of connected wires.
    pub classes: usize,
    /// Of these, inputs of the witness.
    pub given: usize,
    /// Constraints that depend on a class that is not given.
    pub equations: usize,
    /// Constraints beside these that derivatives were told to do without.
    pub checks: usize,
    /// Derivatives that are not zero.
    pub entries: usize,
    /// Rank of the derivatives by the classes that are not given.
    pub rank: usize,
    /// Of these, classes that fell to a constraint of which they were all that was left.
    pub peeled: usize,
    /// What happens if each of the equations is left out.
    pub constraint_holes: Holes,
    /// What happens if each wire is cut off from the others of its class.
    pub copy_holes: Holes,
    /// Classes that can move to first order, by the reason why they may.
    pub moving: BTreeMap<Reason, usize>,
    /// Parts of the circuit that are apart and have classes that can move, by the gate of a row.
    pub parts: BTreeMap<String, usize>,
    /// Changes of one class.
    pub changes: usize,
    /// Of these, changes that nothing refuses, by the reason why they may be.
    pub accepted: BTreeMap<Reason, usize>,
    /// Changes of one class for which every change of one other was sought that makes up for it.
    pub pairs: usize,
    /// Of these, changes that another makes up for, by the reason why it may.
    pub compensated: BTreeMap<Reason, usize>,
    /// What there is no reason for.
    pub unexplained: Vec<Unexplained>,
}

/// Why a class may be free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No chain of constraints joins it to an input or to a public input.
    Apart,
    /// An inverse that a gadget shows to exist, or what arithmetic rows compute of it for themselves.
    InverseHint,
}

/// A class that can be changed without a reason why it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// A row of the class.
    pub row: usize,
    /// Its column there.
    pub column: usize,
    /// The gate of that row.
    pub gate: String,
    /// Wires of gates in the class.
    pub uses: usize,
    /// How it can be changed.
    pub how: How,
}

/// How a class can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// To first order, with others.
    Derivative,
    /// Alone, by this difference.
    Alone(F),
    /// By the first difference, if the class of the wire at a row and a column changes by the second.
    Pair(F, (usize, usize), F),
}

impl fmt::Display for CircuitReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.classes - self.given;
        let count = |reasons: &BTreeMap<Reason, usize>| reasons.values().sum::<usize>();
        write!(
            formatter,
            "{} rows, {} classes of wires, {} of them given; {} equations with {} derivatives, {} checks beside them; \
             {columns} unknowns, rank {} ({} peeled), {} moving {:?} in parts {:?}; left out, {} of these equations are noticed, {} idle, \
             {} implied; cut off, {} wires are noticed, {} idle, {} implied; {} changes of one class, {} accepted {:?}; {} sought a second, {} found one {:?}; {} unexplained",
            self.rows,
            self.classes,
            self.given,
            self.equations,
            self.entries,
            self.checks,
            self.rank,
            self.peeled,
            count(&self.moving),
            self.moving,
            self.parts,
            self.constraint_holes.noticed,
            self.constraint_holes.idle,
            self.constraint_holes.implied,
            self.copy_holes.noticed,
            self.copy_holes.idle,
            self.copy_holes.implied,
            self.changes,
            count(&self.accepted),
            self.accepted,
            self.pairs,
            count(&self.compensated),
            self.compensated,
            self.unexplained.len(),
        )
    }
}
