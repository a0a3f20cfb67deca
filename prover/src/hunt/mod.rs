// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hunt for wires that constraints leave to the prover (CIR-2, CIR-3).
//!
//! Constraints are polynomials; what they mean is of no concern here. Three questions are asked of their values:
//! - **Is there another filling of a row?** [`search_gate`] fills rows of a gate by its generators, from random inputs and
//!   edges, and shows that the inputs determine every other wire: the derivatives by those wires have full rank, and
//!   [`Solver`] finds no second filling, however far from the first.
//! - **Can wires of a circuit move together?** [`CircuitSearch`] computes the derivatives of all constraints by all classes
//!   of connected wires around an honest witness, and the kernel of that matrix.
//! - **Can one wire of a circuit be changed, or two?** The same search changes every class alone by several differences, and
//!   for some of them seeks every change of one other class that makes up for it.
//!
//! What none of this sees: another witness of a circuit that differs in three or more classes, by differences that are not
//! small, and whose rows are not fillings of the same inputs. The arguments of the gadgets exclude those.
//!
//! A search that finds nothing might be one that finds nothing at all: [`unnoticed_holes`] leaves out one constraint of a
//! row at a time, and a [`CircuitReport`] says of each constraint and each connection of a circuit whether the search would
//! notice that it is missing.

mod circuit;
mod gates;
mod integer;
mod polynomial;
mod report;
mod row;
mod sample;
mod solve;
mod sparse;

pub use circuit::{CircuitSearch, Hole, Holes};
pub use gates::{Failure, Freedom, GateReport, What, search_gate, unnoticed_holes};
pub use report::{CircuitReport, How, Reason, Unexplained};
pub use row::RowSystem;
pub use sample::UnknownGate;
pub use solve::{Fillings, Given, Solver};
