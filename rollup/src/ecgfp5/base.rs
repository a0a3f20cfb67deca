// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Goldilocks field `GF(p)`, `p = 2^64 - 2^32 + 1`, on canonical `u64` values.
//!
//! plonky2 has this field too, with rare data-dependent branches. Signing needs arithmetic whose control flow and memory
//! accesses do not depend on the values, so it is written here with masks instead. Every function takes and returns values
//! below `p`; since `2^64 = 2^32 - 1` and `2^96 = -1` modulo `p`, reduction needs no division.

/// The Goldilocks prime.
pub const P: u64 = 0xFFFF_FFFF_0000_0001;

/// `2^64 mod p`.
const EPSILON: u64 = 0xFFFF_FFFF;

/// All ones if `bit`, else zero.
#[inline(always)]
const fn mask(bit: bool) -> u64 {
    (bit as u64).wrapping_neg()
}

/// The representative below `p` of a value below `2^64`.
#[inline(always)]
pub(crate) const fn canonical(a: u64) -> u64 {
    let (reduced, borrow) = a.overflowing_sub(P);
    reduced.wrapping_add(P & mask(borrow))
}

#[inline(always)]
pub(crate) const fn add(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    let (reduced, borrow) = sum.overflowing_sub(P);
    reduced.wrapping_add(P & mask(borrow & !carry))
}

#[inline(always)]
pub(crate) const fn sub(a: u64, b: u64) -> u64 {
    let (difference, borrow) = a.overflowing_sub(b);
    difference.wrapping_sub(EPSILON & mask(borrow))
}

#[inline(always)]
pub(crate) const fn neg(a: u64) -> u64 {
    sub(0, a)
}

#[inline(always)]
pub(crate) const fn mul(a: u64, b: u64) -> u64 {
    reduce_128(a as u128 * b as u128)
}

/// `x mod p` for any `x < 2^128`.
#[inline(always)]
pub(crate) const fn reduce_128(x: u128) -> u64 {
    let low = x as u64;
    let high = (x >> 64) as u64;
    let (t, borrow) = low.overflowing_sub(high >> 32);
    let t = t.wrapping_sub(EPSILON & mask(borrow));
    let (sum, carry) = t.overflowing_add((high & EPSILON) * EPSILON);
    canonical(sum.wrapping_add(EPSILON & mask(carry)))
}

/// `(low + 2^128 * high) mod p` for `high < 2^31`: `2^128 = -2^32` modulo `p`.
#[inline(always)]
pub(crate) const fn reduce_160(low: u128, high: u64) -> u64 {
    sub(reduce_128(low), high << 32)
}

/// `a^exponent`. The exponent is public: the sequence of operations depends on it.
pub(crate) const fn pow(a: u64, exponent: u64) -> u64 {
    let mut result = 1;
    let mut bit = 64 - exponent.leading_zeros();
    while bit > 0 {
        bit -= 1;
        result = mul(result, result);
        if (exponent >> bit) & 1 == 1 {
            result = mul(result, a);
        }
    }
    result
}

/// `1/a`, and 0 for 0 (Fermat).
pub(crate) const fn inverse(a: u64) -> u64 {
    pow(a, P - 2)
}

/// 1 for a non-zero square, `p - 1` for a non-square, 0 for 0 (Euler's criterion).
pub(crate) const fn legendre(a: u64) -> u64 {
    pow(a, (P - 1) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values next to every boundary of the reduction, and random ones.
    fn element() -> impl Strategy<Value = u64> {
        let edges = prop::sample::select(vec![0, 1, 2, EPSILON - 1, EPSILON, EPSILON + 1, 1 << 63, P - 2, P - 1]);
        prop_oneof![edges, (0..P)]
    }

    fn expected(x: u128) -> u64 {
        (x % u128::from(P)) as u64
    }

    proptest! {
        #[test]
        fn arithmetic_agrees_with_integers(a in element(), b in element()) {
            let (wide_a, wide_b, p) = (u128::from(a), u128::from(b), u128::from(P));
            prop_assert_eq!(add(a, b), expected(wide_a + wide_b));
            prop_assert_eq!(sub(a, b), expected(p + wide_a - wide_b));
            prop_assert_eq!(neg(a), expected(p - wide_a));
            prop_assert_eq!(mul(a, b), expected(wide_a * wide_b));
            prop_assert_eq!(mul(a, inverse(a)), u64::from(a != 0));
        }

        #[test]
        fn reductions_agree_with_integers(low: u128, high in 0u64..1 << 31) {
            prop_assert_eq!(reduce_128(low), expected(low));
            let two_128 = u128::from(expected(u128::MAX)) + 1;
            prop_assert_eq!(reduce_160(low, high), expected(u128::from(expected(low)) + u128::from(high) * two_128));
        }
    }

    #[test]
    fn reduction_of_the_extremes_is_canonical() {
        for x in [
            0,
            u128::from(P) - 1,
            u128::from(P),
            u128::from(u64::MAX),
            u128::MAX - 1,
            u128::MAX,
        ] {
            assert_eq!(reduce_128(x), expected(x));
        }
        assert_eq!(canonical(P), 0);
        assert_eq!(canonical(u64::MAX), EPSILON - 1);
    }

    #[test]
    fn seven_generates_the_group_so_it_is_not_a_square() {
        assert_eq!(legendre(7), P - 1);
        assert_eq!(legendre(49), 1);
        assert_eq!(legendre(0), 0);
    }
}
