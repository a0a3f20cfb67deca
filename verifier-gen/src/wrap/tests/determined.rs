// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which cells follow from others, by the constraints alone: an unknown that stands alone in a gate, with a factor that
//! is a constant other than zero, is determined, and so is what it is copied to; outputs of a permutation follow from its
//! inputs. A cell that nothing determines would be the prover's to choose.

use super::checker::{Cells, context};
use crate::wrap::PERMUTATION_CELLS;
use crate::wrap::builder::PERMUTATIONS;
use halo2_base::ContextCell;
use halo2_base::halo2_proofs::arithmetic::Field as _;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;

/// Cells of a permutation that are copied: inputs and outputs.
const ENDS: usize = 6;

/// Classes of cells that are copies of one another, and what is known of them.
pub(super) struct Determined<'c> {
    cells: &'c Cells<'c>,
    parents: Vec<usize>,
    known: Vec<bool>,
    constants: Vec<Option<Fr>>,
}

impl<'c> Determined<'c> {
    /// Starts from constants, from what is marked as chosen, and from cells in the table, and goes as far as it gets.
    pub(super) fn by(cells: &'c Cells<'c>) -> Self {
        let nodes = cells.general.len() + ENDS * cells.builder.permutations.len();
        let mut this = Self {
            cells,
            parents: (0..nodes).collect(),
            known: vec![false; nodes],
            constants: vec![None; nodes],
        };
        this.copy();
        for &cell in &cells.builder.chosen {
            this.learn(cell);
        }
        let lookups = cells.builder.base.lookup_manager()[0]
            .cells_to_lookup
            .lock()
            .expect("no test panics with it");
        for lookup in lookups.values().flatten() {
            let node = this.node(&lookup[0].cell.expect("a virtual cell"));
            this.learn(node);
        }
        while this.permutations() | this.gates() {}
        this
    }

    /// Cells of general arithmetic that do not follow.
    pub(super) fn others(&mut self) -> Vec<usize> {
        (0..self.cells.general.len())
            .filter(|&cell| !self.is_known(cell))
            .collect()
    }

    fn node(&self, cell: &ContextCell) -> usize {
        if cell.type_id != PERMUTATIONS {
            return cell.offset;
        }
        let outputs = PERMUTATION_CELLS - 3;
        assert!(
            !(3..outputs).contains(&cell.offset),
            "only inputs and outputs of a permutation are copied"
        );
        let end = if cell.offset < 3 {
            cell.offset
        } else {
            3 + cell.offset - outputs
        };
        self.cells.general.len() + ENDS * cell.context_id + end
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.parents[node] != node {
            self.parents[node] = self.parents[self.parents[node]];
            node = self.parents[node];
        }
        node
    }

    fn is_known(&mut self, node: usize) -> bool {
        let root = self.root(node);
        self.known[root]
    }

    /// Whether that is news.
    fn learn(&mut self, node: usize) -> bool {
        let root = self.root(node);
        !core::mem::replace(&mut self.known[root], true)
    }

    fn copy(&mut self) {
        let builder = self.cells.builder;
        let copies = builder.base.core().copy_manager.lock().expect("no test panics with it");
        for (a, b) in &copies.advice_equalities {
            let (a, b) = (self.node(a), self.node(b));
            let (a, b) = (self.root(a), self.root(b));
            self.parents[a] = b;
        }
        for (constant, cell) in &copies.constant_equalities {
            let node = self.node(cell);
            let root = self.root(node);
            self.known[root] = true;
            self.constants[root] = Some(*constant);
        }
    }

    fn permutations(&mut self) -> bool {
        let mut news = false;
        for i in 0..self.cells.builder.permutations.len() {
            let start = self.cells.general.len() + ENDS * i;
            if (start..start + 3).all(|node| self.is_known(node)) {
                for node in start + 3..start + ENDS {
                    news |= self.learn(node);
                }
            }
        }
        news
    }

    fn constant(&mut self, node: usize) -> Option<Fr> {
        let root = self.root(node);
        self.constants[root]
    }

    fn gates(&mut self) -> bool {
        let cells = self.cells;
        let selectors = &context(cells.builder).selector;
        let mut news = false;
        for i in (0..selectors.len()).filter(|&i| selectors[i]) {
            let unknown: Vec<usize> = (0..4).filter(|j| !self.is_known(i + j)).collect();
            let follows = match unknown[..] {
                // a + b c = d.
                [0 | 3] => true,
                [1] => self.constant(i + 2).is_some_and(|c| c != Fr::ZERO),
                [2] => self.constant(i + 1).is_some_and(|b| b != Fr::ZERO),
                // `z + a y = 1` and, in the next gate, `0 + a z = 0`: z is 1 where a is 0, and 0 elsewhere. The y is the
                // inverse of a, or anything where a is 0, and is seen by nothing else.
                [0, 2] => selectors.get(i + 4) == Some(&true) && self.is_test_for_zero(i),
                _ => false,
            };
            if follows {
                for j in unknown {
                    news |= self.learn(i + j);
                }
            }
        }
        news
    }

    fn is_test_for_zero(&mut self, i: usize) -> bool {
        let same = |this: &mut Self, a: usize, b: usize| this.root(a) == this.root(b);
        self.constant(i + 3) == Some(Fr::ONE)
            && self.constant(i + 4) == Some(Fr::ZERO)
            && self.constant(i + 7) == Some(Fr::ZERO)
            && same(self, i + 1, i + 5)
            && same(self, i, i + 6)
    }
}
