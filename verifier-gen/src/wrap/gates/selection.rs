// SPDX-License-Identifier: MIT OR Apache-2.0
//! An element of a list by its index.

use super::arithmetic::boolean;
use super::{Arithmetic, Row};
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;
use plonky2::gates::random_access::RandomAccessGate;
use poe_prover::config::{D, F};

/// Each copy: the index, the element and the list; then constants; then the bits of every copy's index.
pub(super) fn random_access<A: Arithmetic>(
    a: &mut A,
    gate: &RandomAccessGate<F, D>,
    row: Row<'_, A::Element>,
) -> Vec<A::Element> {
    let length = 1 << gate.bits;
    let copy_wires = 2 + length;
    let constants = copy_wires * gate.num_copies;
    let bits = constants + gate.num_extra_constants;
    let mut constraints = vec![];
    for copy in 0..gate.num_copies {
        let wires = &row.wires[copy * copy_wires..(copy + 1) * copy_wires];
        let (index, element, list) = (&wires[0], &wires[1], &wires[2..]);
        let bits = &row.wires[bits + copy * gate.bits..][..gate.bits];
        for bit in bits {
            constraints.push(boolean(a, bit));
        }
        let zero = a.zero();
        let terms: Vec<_> = GoldilocksField::TWO.powers().zip(bits).collect();
        let sum = a.linear(&zero, &terms);
        constraints.push(a.sub(&sum, index));
        let selected = select(a, bits, list);
        constraints.push(a.sub(&selected, element));
    }
    for i in 0..gate.num_extra_constants {
        constraints.push(a.sub(&row.constants[i], &row.wires[constants + i]));
    }
    constraints
}

/// The list folded by every bit, the lowest first.
fn select<A: Arithmetic>(a: &mut A, bits: &[A::Element], list: &[A::Element]) -> A::Element {
    let mut list = list.to_vec();
    for bit in bits {
        list = list
            .chunks_exact(2)
            .map(|pair| {
                let difference = a.sub(&pair[1], &pair[0]);
                a.mul_add(bit, &difference, &pair[0])
            })
            .collect();
    }
    list[0].clone()
}
