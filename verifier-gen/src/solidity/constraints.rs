// SPDX-License-Identifier: MIT OR Apache-2.0
//! The constraints that a proof's evaluations satisfy: gates, permutation and lookups, as formulas over names.

use super::node::{Graph, Id};
use super::protocol::{Constraint, advice, chunk, fixed, permutation_sets};
use halo2_base::halo2_proofs::arithmetic::Field;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::plonk::{Any, ConstraintSystem, Expression};

/// Builds the constraints, in the order they are folded with y.
pub(super) struct Constraints<'a> {
    cs: &'a ConstraintSystem<Fr>,
    graph: &'a mut Graph,
    list: Vec<Constraint>,
}

impl<'a> Constraints<'a> {
    pub(super) fn new(cs: &'a ConstraintSystem<Fr>, graph: &'a mut Graph) -> Self {
        Self {
            cs,
            graph,
            list: vec![],
        }
    }

    pub(super) fn all(mut self) -> Vec<Constraint> {
        self.gates();
        self.permutation();
        self.lookups();
        self.list
    }

    fn push(&mut self, title: impl Into<String>, root: Id) {
        let title = title.into();
        self.list.push(Constraint { title, root });
    }

    fn expression(&mut self, expression: &Expression<Fr>) -> Id {
        match expression {
            Expression::Constant(value) => self.graph.constant(*value),
            Expression::Selector(_) => unreachable!("keys hold fixed columns in place of selectors"),
            Expression::Fixed(query) => self.graph.word(fixed(query.column_index(), query.rotation().0)),
            Expression::Advice(query) => self.graph.word(advice(query.column_index(), query.rotation().0)),
            Expression::Instance(_) => self.graph.word("EVAL_INSTANCE"),
            Expression::Challenge(_) => unreachable!("circuits with challenges are refused"),
            Expression::Negated(a) => {
                let a = self.expression(a);
                self.graph.negation(a)
            }
            Expression::Sum(a, b) => {
                let a = self.expression(a);
                if let Expression::Negated(b) = &**b {
                    let b = self.expression(b);
                    return self.graph.difference(a, b);
                }
                let b = self.expression(b);
                self.graph.sum(a, b)
            }
            Expression::Product(a, b) => {
                let (a, b) = (self.expression(a), self.expression(b));
                self.graph.product(a, b)
            }
            Expression::Scaled(a, factor) => {
                let (a, factor) = (self.expression(a), self.graph.constant(*factor));
                self.graph.product(a, factor)
            }
        }
    }

    fn gates(&mut self) {
        for gate in self.cs.gates() {
            for (i, polynomial) in gate.polynomials().iter().enumerate() {
                let name = gate.constraint_name(i);
                let title = if name.is_empty() {
                    format!("gate \"{}\", {} of {}", gate.name(), i + 1, gate.polynomials().len())
                } else {
                    format!("gate \"{}\": {name}", gate.name())
                };
                let root = self.expression(polynomial);
                self.push(title, root);
            }
        }
    }

    fn word(&mut self, name: impl Into<String>) -> Id {
        self.graph.word(name)
    }

    fn one_minus(&mut self, a: Id) -> Id {
        let one = self.graph.constant(Fr::ONE);
        self.graph.difference(one, a)
    }

    /// `value^2 - value`.
    fn boolean(&mut self, value: Id) -> Id {
        let square = self.graph.product(value, value);
        self.graph.difference(square, value)
    }

    /// `value + beta * factor + gamma`.
    fn shifted(&mut self, value: Id, factor: Id) -> Id {
        let beta = self.word("BETA");
        let gamma = self.word("GAMMA");
        let product = self.graph.product(beta, factor);
        let sum = self.graph.sum(value, product);
        self.graph.sum(sum, gamma)
    }

    fn permutation(&mut self) {
        let (sets, size) = (permutation_sets(self.cs), chunk(self.cs));
        let (first, last) = (self.word("L_FIRST"), self.word("L_LAST"));
        let z = |this: &mut Self, i: usize, suffix: &str| this.word(format!("EVAL_PERMUTATION_{i}{suffix}"));
        let z_first = z(self, 0, "");
        let less = self.one_minus(z_first);
        let root = self.graph.product(first, less);
        self.push("permutation: the product begins with 1", root);
        let z_last = z(self, sets - 1, "");
        let boolean = self.boolean(z_last);
        let root = self.graph.product(boolean, last);
        self.push("permutation: the product ends with 0 or 1", root);
        for i in 1..sets {
            let (own, before) = (z(self, i, ""), z(self, i - 1, "_LAST"));
            let difference = self.graph.difference(own, before);
            let root = self.graph.product(difference, first);
            self.push(
                format!("permutation: product {i} begins where product {} ends", i - 1),
                root,
            );
        }
        let columns = self.cs.permutation().get_columns();
        for (i, chunk) in columns.chunks(size).enumerate() {
            let mut left = z(self, i, "_NEXT");
            let mut right = z(self, i, "");
            for (j, column) in chunk.iter().enumerate() {
                let position = i * size + j;
                let value = match column.column_type() {
                    Any::Advice(_) => self.word(advice(column.index(), 0)),
                    Any::Fixed => self.word(fixed(column.index(), 0)),
                    Any::Instance => self.word("EVAL_INSTANCE"),
                };
                let sigma = self.word(format!("EVAL_SIGMA_{position}"));
                let factor = self.shifted(value, sigma);
                left = self.graph.product(left, factor);
                let x = self.word("X");
                let delta = self.graph.constant(Fr::DELTA.pow_vartime([position as u64]));
                let identity = self.graph.product(x, delta);
                let factor = self.shifted(value, identity);
                right = self.graph.product(right, factor);
            }
            let difference = self.graph.difference(left, right);
            let active = self.word("L_ACTIVE");
            let root = self.graph.product(difference, active);
            self.push(format!("permutation: product {i} multiplies its columns"), root);
        }
    }

    fn compress(&mut self, expressions: &[Expression<Fr>]) -> Id {
        let theta = self.word("THETA");
        let mut sum = self.graph.constant(Fr::ZERO);
        for expression in expressions {
            let scaled = self.graph.product(sum, theta);
            let value = self.expression(expression);
            sum = self.graph.sum(scaled, value);
        }
        sum
    }

    fn lookups(&mut self) {
        let (first, last, active) = (self.word("L_FIRST"), self.word("L_LAST"), self.word("L_ACTIVE"));
        for (i, lookup) in self.cs.lookups().iter().enumerate() {
            let name = lookup.name();
            let words = [
                format!("EVAL_LOOKUP_{i}"),
                format!("EVAL_LOOKUP_{i}_NEXT"),
                format!("EVAL_LOOKUP_INPUT_{i}"),
                format!("EVAL_LOOKUP_INPUT_{i}_BEFORE"),
                format!("EVAL_LOOKUP_TABLE_{i}"),
            ];
            let [z, next, input, before, table] = words.map(|word| self.word(word));
            let less = self.one_minus(z);
            let root = self.graph.product(first, less);
            self.push(format!("lookup \"{name}\": the product begins with 1"), root);
            let boolean = self.boolean(z);
            let root = self.graph.product(last, boolean);
            self.push(format!("lookup \"{name}\": the product ends with 0 or 1"), root);

            let (beta, gamma) = (self.word("BETA"), self.word("GAMMA"));
            let inputs = self.compress(lookup.input_expressions());
            let tables = self.compress(lookup.table_expressions());
            let side = |this: &mut Self, z: Id, input: Id, table: Id| {
                let input = this.graph.sum(input, beta);
                let table = this.graph.sum(table, gamma);
                let product = this.graph.product(z, input);
                this.graph.product(product, table)
            };
            let left = side(self, next, input, table);
            let right = side(self, z, inputs, tables);
            let difference = self.graph.difference(left, right);
            let root = self.graph.product(difference, active);
            self.push(
                format!("lookup \"{name}\": the product multiplies inputs and table"),
                root,
            );

            let apart = self.graph.difference(input, table);
            let root = self.graph.product(first, apart);
            self.push(
                format!("lookup \"{name}\": the first input is the first of the table"),
                root,
            );
            let changed = self.graph.difference(input, before);
            let both = self.graph.product(apart, changed);
            let root = self.graph.product(both, active);
            self.push(
                format!("lookup \"{name}\": an input repeats the one before or is the table's"),
                root,
            );
        }
    }
}
