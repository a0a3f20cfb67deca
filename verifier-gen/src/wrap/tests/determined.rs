// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which cells follow from others, by the constraints alone: an unknown that stands alone in a gate, with a factor that
//! is a constant other than zero, is determined, and so is what it is copied to; outputs of a permutation follow from its
//! inputs. A cell that nothing determines would be the prover's to choose.

use super::checker::{Cells, context};
use crate::wrap::PERMUTATION_CELLS;
use crate::wrap::builder::{LOOKUP_BITS, PERMUTATIONS};
use halo2_base::ContextCell;
use halo2_base::halo2_proofs::arithmetic::Field as _;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField as _;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// Cells of a permutation that are copied: inputs and outputs.
const ENDS: usize = 6;

/// Limbs with their factors.
type Form = HashMap<usize, Fr>;

/// Whether factors are 1, 2^16, 2^32 and so on, of limbs that are no more than r has digits: then the sum has one
/// decomposition.
fn is_in_base(form: &Form) -> bool {
    let digits = Fr::CAPACITY as usize / LOOKUP_BITS;
    let power = |i: usize| Fr::from(2).pow([(LOOKUP_BITS * i) as u64]);
    form.len() <= digits && (0..form.len()).all(|i| form.values().any(|factor| *factor == power(i)))
}

/// Limbs, and what is wrong with them.
pub(super) struct Limbs {
    /// Classes of cells in the table that do not follow from the prover's choices one by one.
    pub(super) limbs: usize,
    /// Of these, limbs that no known sum binds.
    pub(super) unbound: Vec<usize>,
    /// Cells that neither follow nor are sums of limbs.
    pub(super) others: Vec<usize>,
}

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
        let mut this = Self::by_choices(cells);
        for limb in this.limbs() {
            this.learn(limb);
        }
        while this.permutations() | this.gates() {}
        this
    }

    /// The same without the cells in the table.
    fn by_choices(cells: &'c Cells<'c>) -> Self {
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
        while this.permutations() | this.gates() {}
        this
    }

    /// Cells in the table.
    fn limbs(&self) -> Vec<usize> {
        let manager = &self.cells.builder.base.lookup_manager()[0];
        let lookups = manager.cells_to_lookup.lock().expect("no test panics with it");
        let cells = lookups.values().flatten();
        cells
            .map(|lookup| self.node(&lookup[0].cell.expect("a virtual cell")))
            .collect()
    }

    /// What follows from cells in the table alone: limbs, which the prover would choose if nothing bound them to a value
    /// that follows without them.
    pub(super) fn limbs_of(cells: &'c Cells<'c>) -> Limbs {
        let mut this = Self::by_choices(cells);
        let mut forms: HashMap<usize, Form> = HashMap::new();
        for limb in this.limbs() {
            let root = this.root(limb);
            if !this.known[root] {
                forms.insert(root, HashMap::from([(root, Fr::ONE)]));
            }
        }
        let limbs: Vec<usize> = forms.keys().copied().collect();
        let mut bound: HashSet<usize> = HashSet::new();
        // Shifted limbs, and the limbs that they are of.
        let mut shifted: Vec<(usize, usize)> = vec![];
        let selectors = &context(cells.builder).selector;
        for i in (0..selectors.len()).filter(|&i| selectors[i]) {
            let Some(sum) = this.sum_of_limbs(i, &forms).filter(|sum| !sum.is_empty()) else {
                continue;
            };
            let result = this.root(i + 3);
            if this.known[result] {
                if is_in_base(&sum) {
                    bound.extend(sum.keys());
                }
            } else if let Entry::Vacant(form) = forms.entry(result) {
                form.insert(sum);
            } else if let [(&limb, factor)] = sum.iter().collect::<Vec<_>>()[..]
                && (1..LOOKUP_BITS as u64).any(|by| *factor == Fr::from(1 << by))
            {
                shifted.push((result, limb));
            }
        }
        for (result, limb) in shifted {
            if bound.contains(&limb) {
                bound.insert(result);
            }
        }
        let unexplained = |cell: &usize| {
            let root = this.root(*cell);
            !this.known[root] && !forms.contains_key(&root)
        };
        Limbs {
            others: (0..cells.general.len()).filter(unexplained).collect(),
            unbound: limbs.iter().copied().filter(|limb| !bound.contains(limb)).collect(),
            limbs: limbs.len(),
        }
    }

    /// `a + b c` of a gate as a sum of limbs, beside what is known; `None` if it is none.
    fn sum_of_limbs(&mut self, i: usize, forms: &HashMap<usize, Form>) -> Option<Form> {
        let mut sum = Form::new();
        let mut add = |form: &Form, factor: Fr| {
            for (&limb, coefficient) in form {
                *sum.entry(limb).or_insert(Fr::ZERO) += factor * coefficient;
            }
        };
        let [a, b, c] = [0, 1, 2].map(|j| self.root(i + j));
        if !self.known[a] {
            add(forms.get(&a)?, Fr::ONE);
        }
        match (self.known[b], self.known[c]) {
            (true, true) => {}
            (false, true) => add(forms.get(&b)?, self.constants[c]?),
            (true, false) => add(forms.get(&c)?, self.constants[b]?),
            (false, false) => return None,
        }
        Some(sum)
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
