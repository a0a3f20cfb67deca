// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a circuit is written with: halo2-base's context, its range checks, and permutations of our own.

use super::poseidon::{input, output};
use halo2_base::gates::circuit::BaseCircuitParams;
use halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use halo2_base::gates::{RangeChip, RangeInstructions};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::{AssignedValue, Context, ContextCell, QuantumCell};
use poe_prover::bn254::poseidon::{State, permute};

/// Bits of the lookup table: 64 is four limbs exactly.
pub const LOOKUP_BITS: usize = 16;

/// Names the cells of permutations in the copy manager.
pub(super) const PERMUTATIONS: &str = "poe-verifier-gen: permutations of Poseidon";

/// Who will read what the builder collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A prover, that needs values only.
    Prover,
    /// Key generation: constraints, no values.
    Keygen,
    /// A checker of constraints: both.
    Mock,
}

/// What a cell holds that the prover chooses and constraints must fix (docs/wrap.md says for each what does).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Hint {
    /// A public input of the proof.
    PublicInput,
    /// A digest of a cap of the proof.
    CapDigest,
    /// A coordinate of an element that the transcript absorbs.
    Element,
    /// A limb of a leaf.
    LeafLimb,
    /// A sibling on a Merkle path.
    Sibling,
    /// A reduced element.
    Remainder,
    /// The multiple of p between two representatives.
    Quotient,
    /// A digit to base p.
    Digit,
    /// A bit of an index.
    IndexBit,
    /// What an index leaves of its challenge.
    IndexRest,
    /// A coordinate of an inverse.
    Inverse,
    /// An input of a permutation, which is a copy.
    Lane,
}

/// What a test does to the parts of a proof that were absorbed.
#[cfg(test)]
pub(super) type Tamper = fn(&mut super::proof::Absorbed);

/// Where a test may change what checks see, after the transcript has absorbed something else: a change before that
/// changes every challenge, so that no single check can be shown to be needed.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before the identity at zeta.
    Quotient,
    /// Before claims are combined and queries checked.
    Queries,
}

/// A circuit being written.
#[derive(Debug)]
pub struct Builder {
    pub(super) base: BaseCircuitBuilder<Fr>,
    range: RangeChip<Fr>,
    pub(super) permutations: Vec<[Fr; 3]>,
    pub(super) stage: Stage,
    sections: Vec<Section>,
    /// What the prover chose so far, for tests of what fixes it.
    #[cfg(test)]
    pub(super) hints: Vec<(Hint, Fr)>,
    /// Cells that hold those choices.
    #[cfg(test)]
    pub(super) chosen: Vec<usize>,
    /// What a test has the prover choose instead, by the number of the hint.
    #[cfg(test)]
    pub(super) lies: std::collections::HashMap<usize, Fr>,
    /// What a test does, and when.
    #[cfg(test)]
    pub(super) tamper: Vec<(Moment, Tamper)>,
    /// Bits of work that a test asks for beyond those of the parameters.
    #[cfg(test)]
    pub(super) more_work: u32,
}

/// What a part of the circuit takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Which.
    pub name: &'static str,
    /// Cells of general arithmetic.
    pub cells: usize,
    /// Permutations.
    pub permutations: usize,
}

impl Builder {
    /// Nothing yet. `params` must be of [`LOOKUP_BITS`].
    pub fn new(stage: Stage, params: BaseCircuitParams) -> Self {
        let base = BaseCircuitBuilder::new(stage == Stage::Prover)
            .unknown(stage == Stage::Keygen)
            .use_params(params);
        Self {
            range: base.range_chip(),
            base,
            permutations: vec![],
            stage,
            sections: vec![],
            #[cfg(test)]
            hints: vec![],
            #[cfg(test)]
            chosen: vec![],
            #[cfg(test)]
            lies: std::collections::HashMap::new(),
            #[cfg(test)]
            tamper: vec![],
            #[cfg(test)]
            more_work: 0,
        }
    }

    /// halo2-base's context.
    pub(super) fn context(&mut self) -> &mut Context<Fr> {
        self.base.main(0)
    }

    /// A cell that holds any value.
    pub(super) fn witness(&mut self, hint: Hint, value: Fr) -> AssignedValue<Fr> {
        let value = self.choose(hint, value);
        #[cfg(test)]
        self.mark_chosen(0);
        self.context().load_witness(value)
    }

    /// The prover chooses the cell that is this many behind the last one.
    #[cfg(test)]
    pub(super) fn mark_chosen(&mut self, ahead: usize) {
        let cell = self.cells() + ahead;
        self.chosen.push(cell);
    }

    /// What goes into a cell that holds any value: the honest one, unless a test wants another.
    #[cfg_attr(
        not(test),
        allow(
            clippy::unused_self,
            clippy::needless_pass_by_ref_mut,
            reason = "tests keep a record"
        )
    )]
    pub(super) fn choose(&mut self, hint: Hint, honest: Fr) -> Fr {
        #[cfg(test)]
        {
            let number = self.hints.len();
            self.hints.push((hint, honest));
            self.lies.get(&number).copied().unwrap_or(honest)
        }
        #[cfg(not(test))]
        {
            let _ = hint;
            honest
        }
    }

    /// `start + sum of products`: one cell, and three for each product.
    ///
    /// # Panics
    ///
    /// If there is no product.
    pub(super) fn sum_of_products(
        &mut self,
        start: QuantumCell<Fr>,
        products: &[(QuantumCell<Fr>, QuantumCell<Fr>)],
    ) -> AssignedValue<Fr> {
        let mut sum = *start.value();
        let mut cells = Vec::with_capacity(1 + 3 * products.len());
        cells.push(start);
        for &(a, b) in products {
            sum += a.value() * b.value();
            cells.extend([a, b, QuantumCell::Witness(sum)]);
        }
        let gates = (0..products.len()).map(|i| 3 * i as isize);
        self.context().assign_region_last(cells, gates)
    }

    /// `value < 2^bits`.
    pub(super) fn check_bits(&mut self, value: AssignedValue<Fr>, bits: usize) {
        self.range.range_check(self.base.main(0), value, bits);
    }

    /// `a == b`.
    pub(super) fn equal(&mut self, a: QuantumCell<Fr>, b: QuantumCell<Fr>) {
        let context = self.base.main(0);
        match (a, b) {
            (QuantumCell::Existing(a), QuantumCell::Existing(b)) => context.constrain_equal(&a, &b),
            (QuantumCell::Existing(a), QuantumCell::Constant(c))
            | (QuantumCell::Constant(c), QuantumCell::Existing(a)) => {
                if let Some(cell) = a.cell {
                    let mut copies = context
                        .copy_manager
                        .lock()
                        .expect("nothing panics while it holds the lock");
                    copies.constant_equalities.push((c, cell));
                }
            }
            _ => panic!("two constants are compared while the circuit is written, not by the circuit"),
        }
    }

    /// The permutation. Its input is copied, its output is in cells that can be.
    pub(super) fn permute(&mut self, inputs: [QuantumCell<Fr>; 3]) -> [AssignedValue<Fr>; 3] {
        let index = self.permutations.len();
        let values = inputs.map(|cell| self.choose(Hint::Lane, *cell.value()));
        let virtual_cells = self.stage != Stage::Prover;
        let cell = |offset: usize| virtual_cells.then(|| ContextCell::new(PERMUTATIONS, index, offset));
        let permuted = permuted(values);
        let outputs = core::array::from_fn(|i| AssignedValue {
            value: permuted[i].into(),
            cell: cell(output(i)),
        });
        for (lane, source) in inputs.into_iter().enumerate() {
            let own = AssignedValue {
                value: values[lane].into(),
                cell: cell(input(lane)),
            };
            self.equal(QuantumCell::Existing(own), source);
        }
        self.permutations.push(values);
        outputs
    }

    /// What was written since the last section ended was this one; sections of one name add up.
    pub(super) fn end_section(&mut self, name: &'static str) {
        let cells = self.cells() - self.sections.iter().map(|section| section.cells).sum::<usize>();
        let permutations =
            self.permutations() - self.sections.iter().map(|section| section.permutations).sum::<usize>();
        if let Some(section) = self.sections.iter_mut().find(|section| section.name == name) {
            section.cells += cells;
            section.permutations += permutations;
        } else {
            self.sections.push(Section {
                name,
                cells,
                permutations,
            });
        }
    }

    /// What the parts take.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Cells of general arithmetic so far.
    pub fn cells(&self) -> usize {
        self.base.core().phase_manager[0].total_advice()
    }

    /// Permutations so far.
    pub fn permutations(&self) -> usize {
        self.permutations.len()
    }
}

fn permuted(values: [Fr; 3]) -> [Fr; 3] {
    use ark_ff::PrimeField;
    let mut state: State = values.map(|value| ark_bn254::Fr::from_le_bytes_mod_order(&value.to_bytes()));
    permute(&mut state);
    state.map(|value| Fr::from_raw(value.into_bigint().0))
}
