// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gates of plain arithmetic.

use super::algebra::{self, Algebra};
use super::{Arithmetic, ONE, Row};
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;
use plonky2::gates::arithmetic_base::ArithmeticGate;
use plonky2::gates::arithmetic_extension::ArithmeticExtensionGate;
use plonky2::gates::base_sum::BaseSumGate;
use plonky2::gates::multiplication_extension::MulExtensionGate;
use plonky2::gates::reducing::ReducingGate;
use plonky2::gates::reducing_extension::ReducingExtensionGate;
use poe_prover::config::D;

/// Constants minus wires.
pub(super) fn constant<A: Arithmetic>(a: &mut A, n: usize, row: Row<'_, A::Element>) -> Vec<A::Element> {
    (0..n).map(|i| a.sub(&row.constants[i], &row.wires[i])).collect()
}

/// Wires minus the hash.
pub(super) fn public_input<A: Arithmetic>(a: &mut A, row: Row<'_, A::Element>) -> Vec<A::Element> {
    (0..4)
        .map(|i| a.sub(&row.wires[i], &row.public_inputs_hash[i]))
        .collect()
}

/// Wire 0 is the sum, the others its bits.
pub(super) fn base_sum<A: Arithmetic>(a: &mut A, gate: &BaseSumGate<2>, row: Row<'_, A::Element>) -> Vec<A::Element> {
    let bits = &row.wires[1..=gate.num_limbs];
    let zero = a.zero();
    let weights = GoldilocksField::TWO.powers();
    let terms: Vec<_> = weights.zip(bits).collect();
    let sum = a.linear(&zero, &terms);
    let mut constraints = vec![a.sub(&sum, &row.wires[0])];
    for bit in bits {
        constraints.push(boolean(a, bit));
    }
    constraints
}

/// `b (b - 1)`.
pub(super) fn boolean<A: Arithmetic>(a: &mut A, bit: &A::Element) -> A::Element {
    let less = a.shift(bit, -ONE);
    a.mul(bit, &less)
}

/// `[x, y, z, out]` a time.
pub(super) fn base<A: Arithmetic>(a: &mut A, gate: &ArithmeticGate, row: Row<'_, A::Element>) -> Vec<A::Element> {
    let operations = row.wires.chunks_exact(4).take(gate.num_ops);
    operations
        .map(|wires| {
            let product = a.mul(&wires[0], &wires[1]);
            let scaled = a.mul(&product, &row.constants[0]);
            let computed = a.mul_add(&wires[2], &row.constants[1], &scaled);
            a.sub(&wires[3], &computed)
        })
        .collect()
}

/// The same, two wires an element.
pub(super) fn extension<A: Arithmetic>(
    a: &mut A,
    gate: &ArithmeticExtensionGate<D>,
    row: Row<'_, A::Element>,
) -> Vec<A::Element> {
    let operations = row.wires.chunks_exact(4 * D).take(gate.num_ops);
    operations
        .flat_map(|wires| {
            let [x, y, z, out] = core::array::from_fn(|i| algebra::at(wires, D * i));
            let zero = a.zero();
            let scaled = algebra::scale_add(a, &row.constants[1], &z, &[zero.clone(), zero]);
            let product = algebra::mul(a, &x, &y);
            let computed = algebra::scale_add(a, &row.constants[0], &product, &scaled);
            algebra::sub(a, &out, &computed)
        })
        .collect()
}

/// `[x, y, out]` a time, two wires an element.
pub(super) fn multiplication<A: Arithmetic>(
    a: &mut A,
    gate: &MulExtensionGate<D>,
    row: Row<'_, A::Element>,
) -> Vec<A::Element> {
    let operations = row.wires.chunks_exact(3 * D).take(gate.num_ops);
    operations
        .flat_map(|wires| {
            let [x, y, out] = core::array::from_fn(|i| algebra::at(wires, D * i));
            let product = algebra::mul(a, &x, &y);
            let zero = a.zero();
            let computed = algebra::scale_add(a, &row.constants[0], &product, &[zero.clone(), zero]);
            algebra::sub(a, &out, &computed)
        })
        .collect()
}

/// Wires of both reducing gates: the result, alpha and the accumulator before, then coefficients, then accumulators,
/// the last of which is the result.
fn horner<A: Arithmetic>(
    a: &mut A,
    wires: &[A::Element],
    coefficients: &[Algebra<A::Element>],
    accumulators: usize,
) -> Vec<A::Element> {
    let (result, alpha) = (algebra::at(wires, 0), algebra::at(wires, D));
    let mut before = algebra::at(wires, 2 * D);
    let mut constraints = Vec::with_capacity(D * coefficients.len());
    for (i, coefficient) in coefficients.iter().enumerate() {
        let after = if i + 1 == coefficients.len() {
            result.clone()
        } else {
            algebra::at(wires, accumulators + D * i)
        };
        let computed = algebra::mul_add(a, &before, &alpha, coefficient);
        constraints.extend(algebra::sub(a, &computed, &after));
        before = after;
    }
    constraints
}

/// Where coefficients begin.
const COEFFICIENTS: usize = 3 * D;

/// Horner's rule over coefficients of one wire.
pub(super) fn reducing<A: Arithmetic>(a: &mut A, gate: &ReducingGate<D>, row: Row<'_, A::Element>) -> Vec<A::Element> {
    let end = COEFFICIENTS + gate.num_coeffs;
    let zero = a.zero();
    let coefficients: Vec<_> = row.wires[COEFFICIENTS..end]
        .iter()
        .map(|c| [c.clone(), zero.clone()])
        .collect();
    horner(a, row.wires, &coefficients, end)
}

/// Horner's rule over coefficients of two wires.
pub(super) fn reducing_extension<A: Arithmetic>(
    a: &mut A,
    gate: &ReducingExtensionGate<D>,
    row: Row<'_, A::Element>,
) -> Vec<A::Element> {
    let end = COEFFICIENTS + D * gate.num_coeffs;
    let coefficients: Vec<_> = (0..gate.num_coeffs)
        .map(|i| algebra::at(row.wires, COEFFICIENTS + D * i))
        .collect();
    horner(a, row.wires, &coefficients, end)
}
