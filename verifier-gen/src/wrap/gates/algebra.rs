// SPDX-License-Identifier: MIT OR Apache-2.0
//! `E[Y] / (Y^2 - 7)` over the extension E: where wires hold an element of the extension, their openings hold one of
//! this algebra.

use super::super::arithmetic::Arithmetic;
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;

/// Y^2.
const W: u64 = 7;

/// An element: coordinates of 1 and Y.
pub(super) type Algebra<E> = [E; 2];

/// The element in two wires from `start` on.
pub(super) fn at<E: Clone>(wires: &[E], start: usize) -> Algebra<E> {
    [wires[start].clone(), wires[start + 1].clone()]
}

/// `x y + z`.
pub(super) fn mul_add<A: Arithmetic>(
    a: &mut A,
    x: &Algebra<A::Element>,
    y: &Algebra<A::Element>,
    z: &Algebra<A::Element>,
) -> Algebra<A::Element> {
    let zero = a.zero();
    let top = a.mul(&x[1], &y[1]);
    let top = a.linear(&zero, &[(GoldilocksField::from_canonical_u64(W), &top)]);
    let top = a.add(&top, &z[0]);
    let cross = a.mul_add(&x[0], &y[1], &z[1]);
    [a.mul_add(&x[0], &y[0], &top), a.mul_add(&x[1], &y[0], &cross)]
}

/// `x y`.
pub(super) fn mul<A: Arithmetic>(a: &mut A, x: &Algebra<A::Element>, y: &Algebra<A::Element>) -> Algebra<A::Element> {
    let zero = a.zero();
    mul_add(a, x, y, &[zero.clone(), zero])
}

/// `factor x + z`.
pub(super) fn scale_add<A: Arithmetic>(
    a: &mut A,
    factor: &A::Element,
    x: &Algebra<A::Element>,
    z: &Algebra<A::Element>,
) -> Algebra<A::Element> {
    [a.mul_add(factor, &x[0], &z[0]), a.mul_add(factor, &x[1], &z[1])]
}

/// `x - y`.
pub(super) fn sub<A: Arithmetic>(a: &mut A, x: &Algebra<A::Element>, y: &Algebra<A::Element>) -> Algebra<A::Element> {
    [a.sub(&x[0], &y[0]), a.sub(&x[1], &y[1])]
}
