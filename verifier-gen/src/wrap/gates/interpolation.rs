// SPDX-License-Identifier: MIT OR Apache-2.0
//! Barycentric interpolation over a coset, a few points a time.

use super::algebra::{self, Algebra};
use super::{Arithmetic, Row};
use plonky2::field::types::Field;
use plonky2::gates::coset_interpolation::CosetInterpolationGate;
use poe_prover::config::{D, F};

/// Wires: the shift, the values, the point, the result, intermediate sums, intermediate products, the shifted point.
struct Wires {
    point: usize,
    result: usize,
    sums: usize,
    products: usize,
    shifted: usize,
    intermediates: usize,
}

impl Wires {
    fn of(gate: &CosetInterpolationGate<F, D>) -> Self {
        let points = 1 << gate.subgroup_bits;
        let intermediates = (points - 2) / (gate.degree - 1);
        let point = 1 + points * D;
        let sums = point + 2 * D;
        Self {
            point,
            result: point + D,
            sums,
            products: sums + D * intermediates,
            shifted: sums + 2 * D * intermediates,
            intermediates,
        }
    }
}

/// The value at `wires.point` of the polynomial through values at `shift * subgroup`.
pub(super) fn coset<A: Arithmetic>(
    a: &mut A,
    gate: &CosetInterpolationGate<F, D>,
    row: Row<'_, A::Element>,
) -> Vec<A::Element> {
    let wires = Wires::of(gate);
    let at = |start: usize| algebra::at(row.wires, start);
    let (point, shifted) = (at(wires.point), at(wires.shifted));
    let zero = a.zero();
    let computed = algebra::scale_add(a, &row.wires[0], &shifted, &[zero.clone(), zero.clone()]);
    let mut constraints = algebra::sub(a, &point, &computed).to_vec();

    let one = a.constant(Field::ONE);
    let mut sum: Algebra<A::Element> = [zero.clone(), zero.clone()];
    let mut product = [one, zero];
    let domain = F::two_adic_subgroup(gate.subgroup_bits);
    let mut start = 0;
    for i in 0..=wires.intermediates {
        // The first step takes one point more: its product starts from one.
        let end = (1 + (gate.degree - 1) * (i + 1)).min(domain.len());
        let points = domain.iter().zip(&gate.barycentric_weights).enumerate();
        for (j, (&point, &weight)) in points.take(end).skip(start) {
            (sum, product) = step(a, &shifted, point, weight, &at(1 + D * j), (sum, product));
        }
        start = end;
        if i < wires.intermediates {
            let (claimed_sum, claimed_product) = (at(wires.sums + D * i), at(wires.products + D * i));
            constraints.extend(algebra::sub(a, &claimed_sum, &sum));
            constraints.extend(algebra::sub(a, &claimed_product, &product));
            (sum, product) = (claimed_sum, claimed_product);
        }
    }
    constraints.extend(algebra::sub(a, &at(wires.result), &sum));
    constraints
}

/// `(sum (x - x_j) + weight value product, product (x - x_j))`.
fn step<A: Arithmetic>(
    a: &mut A,
    x: &Algebra<A::Element>,
    x_j: F,
    weight: F,
    value: &Algebra<A::Element>,
    (sum, product): (Algebra<A::Element>, Algebra<A::Element>),
) -> (Algebra<A::Element>, Algebra<A::Element>) {
    let zero = a.zero();
    let term = [a.shift(&x[0], -x_j), x[1].clone()];
    let product = product.map(|c| a.compress(&c));
    let weighted = value.clone().map(|c| a.linear(&zero, &[(weight, &c)]));
    let added = algebra::mul(a, &weighted, &product);
    (
        algebra::mul_add(a, &sum, &term, &added),
        algebra::mul(a, &product, &term),
    )
}
