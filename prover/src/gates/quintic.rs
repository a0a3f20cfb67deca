// SPDX-License-Identifier: MIT OR Apache-2.0
//! `GF(p)[z]/(z^5 - 3)`, the field of ecGFp5, inside constraints: elements are the coefficients of `z^0 .. z^4`.

use super::Algebra;
use crate::config::F;
use core::array::from_fn;
use plonky2::field::types::Field64;

/// An element, by its coefficients.
pub(super) type Quintic<E> = [E; 5];

/// `p - k`: minus `k` as a canonical constant.
pub(super) const fn minus(k: u64) -> u64 {
    F::ORDER - k
}

pub(super) fn add<A: Algebra>(
    algebra: &mut A,
    a: &Quintic<A::Element>,
    b: &Quintic<A::Element>,
) -> Quintic<A::Element> {
    from_fn(|i| algebra.add(a[i], b[i]))
}

pub(super) fn sub<A: Algebra>(
    algebra: &mut A,
    a: &Quintic<A::Element>,
    b: &Quintic<A::Element>,
) -> Quintic<A::Element> {
    from_fn(|i| algebra.sub(a[i], b[i]))
}

/// `a * b`
pub(super) fn mul<A: Algebra>(
    algebra: &mut A,
    a: &Quintic<A::Element>,
    b: &Quintic<A::Element>,
) -> Quintic<A::Element> {
    from_fn(|k| {
        let below = algebra.mul(a[0], b[k]);
        coefficient_of_product(algebra, a, b, k, below)
    })
}

/// `a * b + c`
pub(super) fn mul_add<A: Algebra>(
    algebra: &mut A,
    a: &Quintic<A::Element>,
    b: &Quintic<A::Element>,
    c: &Quintic<A::Element>,
) -> Quintic<A::Element> {
    from_fn(|k| {
        let below = algebra.mul_add(a[0], b[k], c[k]);
        coefficient_of_product(algebra, a, b, k, below)
    })
}

/// `start` plus the coefficient of `z^k` in `(a - a[0]) * b`; what overflows `z^4` returns threefold.
#[inline(always)]
fn coefficient_of_product<A: Algebra>(
    algebra: &mut A,
    a: &Quintic<A::Element>,
    b: &Quintic<A::Element>,
    k: usize,
    start: A::Element,
) -> A::Element {
    let below = (1..=k).fold(start, |sum, i| algebra.mul_add(a[i], b[k - i], sum));
    if k == 4 {
        return below;
    }
    let overflow = algebra.mul(a[k + 1], b[4]);
    let overflow = (k + 2..5).fold(overflow, |sum, i| algebra.mul_add(a[i], b[5 + k - i], sum));
    algebra.add_scaled(3, overflow, below)
}

/// `a * a` in 15 products instead of 25.
pub(super) fn square<A: Algebra>(algebra: &mut A, a: &Quintic<A::Element>) -> Quintic<A::Element> {
    let [d0, d1, d2, d3] = from_fn(|i| algebra.add(a[i], a[i]));
    let [a0, a1, a2, a3, a4] = *a;
    let mut of = |x, y, more: &[(A::Element, A::Element)]| {
        let first = algebra.mul(x, y);
        more.iter().fold(first, |sum, &(x, y)| algebra.mul_add(x, y, sum))
    };
    let below = [
        of(a0, a0, &[]),
        of(d0, a1, &[]),
        of(a1, a1, &[(d0, a2)]),
        of(d0, a3, &[(d1, a2)]),
        of(a2, a2, &[(d0, a4), (d1, a3)]),
    ];
    let overflow = [
        of(d1, a4, &[(d2, a3)]),
        of(a3, a3, &[(d2, a4)]),
        of(d3, a4, &[]),
        of(a4, a4, &[]),
    ];
    from_fn(|k| match overflow.get(k) {
        Some(&overflow) => algebra.add_scaled(3, overflow, below[k]),
        None => below[k],
    })
}

/// `a * factor` for an element of the base field.
pub(super) fn scale<A: Algebra>(algebra: &mut A, a: &Quintic<A::Element>, factor: A::Element) -> Quintic<A::Element> {
    a.map(|a| algebra.mul(a, factor))
}

/// `k * z * a + c` for a small constant `k` (`3 k` must fit).
pub(super) fn add_scaled_z<A: Algebra>(
    algebra: &mut A,
    k: i64,
    a: &Quintic<A::Element>,
    c: &Quintic<A::Element>,
) -> Quintic<A::Element> {
    let factor = |k: i64| {
        if k < 0 {
            minus(k.unsigned_abs())
        } else {
            k.unsigned_abs()
        }
    };
    from_fn(|i| match i {
        0 => algebra.add_scaled(factor(3 * k), a[4], c[0]),
        _ => algebra.add_scaled(factor(k), a[i - 1], c[i]),
    })
}

/// `a + k z^i` for a canonical constant `k`.
pub(super) fn add_constant<A: Algebra>(
    algebra: &mut A,
    a: &Quintic<A::Element>,
    i: usize,
    k: u64,
) -> Quintic<A::Element> {
    let mut sum = *a;
    let constant = algebra.constant(k);
    sum[i] = algebra.add(sum[i], constant);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::Native;
    use plonky2::field::extension::quintic::QuinticExtension;
    use plonky2::field::types::{Field, Sample};

    /// plonky2's own quintic extension of Goldilocks has the same modulus.
    #[test]
    fn arithmetic_is_that_of_the_extension_field() {
        type Q = QuinticExtension<F>;
        let algebra = &mut Native::<F>::new();
        let z = QuinticExtension([0, 1, 0, 0, 0].map(F::from_canonical_u64));
        for _ in 0..100 {
            let [a, b, c] = from_fn(|_| Q::rand());
            assert_eq!(mul(algebra, &a.0, &b.0), (a * b).0);
            assert_eq!(mul_add(algebra, &a.0, &b.0, &c.0), (a * b + c).0);
            assert_eq!(square(algebra, &a.0), (a * a).0);
            assert_eq!(add(algebra, &a.0, &b.0), (a + b).0);
            assert_eq!(sub(algebra, &a.0, &b.0), (a - b).0);
            assert_eq!(scale(algebra, &a.0, b.0[2]), (a * Q::from(b.0[2])).0);
            let k = Q::from_canonical_u64(1052);
            assert_eq!(add_scaled_z(algebra, 1052, &a.0, &c.0), (k * z * a + c).0);
            assert_eq!(add_scaled_z(algebra, -1052, &a.0, &c.0), (c - k * z * a).0);
            assert_eq!(add_constant(algebra, &a.0, 1, 1052), (a + k * z).0);
        }
    }
}
