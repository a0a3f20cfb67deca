// SPDX-License-Identifier: MIT OR Apache-2.0
//! The constraints of a written circuit, evaluated over its cells without laying them out: what `MockProver` finds out
//! in seconds, in a fraction of one. That layout and cells agree is tested by `MockProver` itself.

use super::super::builder::{Builder, LOOKUP_BITS, PERMUTATIONS};
use super::super::poseidon::trace;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::{Context, ContextCell};
use rayon::prelude::*;

/// A constraint that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// `a + b c = d` from this cell on.
    Gate(usize),
    /// Two cells are equal.
    Copy(ContextCell, ContextCell),
    /// A cell holds a constant.
    Constant(ContextCell),
    /// A cell is in the table.
    Lookup(ContextCell),
}

/// The cells of a builder.
pub(super) struct Cells<'b> {
    pub(super) builder: &'b Builder,
    pub(super) general: Vec<Fr>,
    permutations: Vec<Vec<Fr>>,
}

pub(super) fn context(builder: &Builder) -> &Context<Fr> {
    let threads = &builder.base.core().phase_manager[0].threads;
    assert_eq!(threads.len(), 1, "the circuit is written in one context");
    &threads[0]
}

impl<'b> Cells<'b> {
    pub(super) fn of(builder: &'b Builder) -> Self {
        Self {
            general: context(builder).advice.iter().map(|value| value.evaluate()).collect(),
            permutations: builder.permutations.par_iter().map(|&input| trace(input)).collect(),
            builder,
        }
    }

    fn at(&self, cell: &ContextCell) -> Fr {
        if cell.type_id == PERMUTATIONS {
            self.permutations[cell.context_id][cell.offset]
        } else {
            assert_eq!(
                cell.type_id,
                context(self.builder).tag().0,
                "cells lie in the context or in a permutation"
            );
            self.general[cell.offset]
        }
    }

    /// Every constraint that does not hold.
    pub(super) fn failures(&self) -> Vec<Failure> {
        let selectors = &context(self.builder).selector;
        assert_eq!(selectors.len(), self.general.len(), "a selector for every cell");
        let gates = (0..selectors.len()).filter(|&i| selectors[i]).filter(|&i| {
            let [a, b, c, d] = core::array::from_fn(|j| self.general[i + j]);
            a + b * c != d
        });
        let mut failures: Vec<Failure> = gates.map(Failure::Gate).collect();

        let copies = self
            .builder
            .base
            .core()
            .copy_manager
            .lock()
            .expect("no test panics with it");
        let unequal = copies
            .advice_equalities
            .iter()
            .filter(|(a, b)| self.at(a) != self.at(b));
        failures.extend(unequal.map(|&(a, b)| Failure::Copy(a, b)));
        let other = copies
            .constant_equalities
            .iter()
            .filter(|(constant, cell)| self.at(cell) != *constant);
        failures.extend(other.map(|&(_, cell)| Failure::Constant(cell)));

        let lookups = self.builder.base.lookup_manager()[0]
            .cells_to_lookup
            .lock()
            .expect("no test panics with it");
        let table: std::collections::HashSet<[u8; 32]> =
            (0..1u64 << LOOKUP_BITS).map(|i| Fr::from(i).to_bytes()).collect();
        let cells = lookups
            .values()
            .flatten()
            .map(|cells| cells[0].cell.expect("cells are virtual for tests"));
        failures.extend(
            cells
                .filter(|cell| !table.contains(&self.at(cell).to_bytes()))
                .map(Failure::Lookup),
        );
        failures
    }

    /// Cells that no constraint mentions.
    pub(super) fn idle(&self) -> Vec<usize> {
        let selectors = &context(self.builder).selector;
        let mut used = vec![false; self.general.len()];
        for i in (0..selectors.len()).filter(|&i| selectors[i]) {
            used[i..i + 4].fill(true);
        }
        let copies = self
            .builder
            .base
            .core()
            .copy_manager
            .lock()
            .expect("no test panics with it");
        let copied = copies.advice_equalities.iter().flat_map(|(a, b)| [a, b]);
        for cell in copied.chain(copies.constant_equalities.iter().map(|(_, cell)| cell)) {
            if cell.type_id != PERMUTATIONS {
                used[cell.offset] = true;
            }
        }
        (0..used.len()).filter(|&i| !used[i]).collect()
    }

    /// What the verifying key depends on: where gates are, what is copied, what is looked up.
    pub(super) fn structure(&self) -> Structure {
        let copies = self
            .builder
            .base
            .core()
            .copy_manager
            .lock()
            .expect("no test panics with it");
        let lookups = self.builder.base.lookup_manager()[0]
            .cells_to_lookup
            .lock()
            .expect("no test panics with it");
        Structure {
            gates: context(self.builder).selector.clone(),
            copies: copies.advice_equalities.clone(),
            constants: copies.constant_equalities.clone(),
            lookups: lookups
                .values()
                .flatten()
                .map(|cells| cells[0].cell.expect("a virtual cell"))
                .collect(),
            permutations: self.builder.permutations.len(),
        }
    }
}

/// Everything about a circuit but its values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Structure {
    gates: Vec<bool>,
    copies: Vec<(ContextCell, ContextCell)>,
    constants: Vec<(Fr, ContextCell)>,
    lookups: Vec<ContextCell>,
    permutations: usize,
}

/// Whether every constraint holds.
pub(in crate::wrap) fn holds(builder: &Builder) -> bool {
    Cells::of(builder).failures().is_empty()
}
