// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ring operations constraints are written in, and where they are carried out.

use crate::config::{Builder, D, Extension, F};
use core::marker::PhantomData;
use plonky2::field::packed::PackedField;
use plonky2::field::types::Field;
use plonky2::iop::ext_target::ExtensionTarget;

/// Ring operations on some representation of field elements.
pub trait Algebra {
    /// One element, or several side by side.
    type Element: Copy;

    /// The element `value`, which must be canonical (below p).
    fn constant(&mut self, value: u64) -> Self::Element;

    /// `a + b`
    fn add(&mut self, a: Self::Element, b: Self::Element) -> Self::Element;

    /// `a - b`
    fn sub(&mut self, a: Self::Element, b: Self::Element) -> Self::Element;

    /// `a * b`
    fn mul(&mut self, a: Self::Element, b: Self::Element) -> Self::Element;

    /// `factor * a * b + c` for a canonical constant factor.
    fn mul_add_scaled(&mut self, factor: u64, a: Self::Element, b: Self::Element, c: Self::Element) -> Self::Element;

    /// `factor * a + c` for a canonical constant factor.
    fn add_scaled(&mut self, factor: u64, a: Self::Element, c: Self::Element) -> Self::Element;

    /// `a * b + c`
    fn mul_add(&mut self, a: Self::Element, b: Self::Element, c: Self::Element) -> Self::Element {
        self.mul_add_scaled(1, a, b, c)
    }

    /// `bit * (bit - 1)`: zero exactly for 0 and 1.
    fn boolean(&mut self, bit: Self::Element) -> Self::Element {
        let square = self.mul(bit, bit);
        self.sub(square, bit)
    }

    /// The product of `value - i` for `i` in `0..bound`: zero exactly for those values, of degree `bound` (at least 2).
    /// The factors are multiplied from both ends, `(v - i)(v - (n - 1 - i)) = v(v - (n - 1)) + i(n - 1 - i)`, which
    /// takes `(n + 1) / 2` multiplications instead of `n - 1`.
    fn below(&mut self, value: Self::Element, bound: u64) -> Self::Element {
        let last = self.constant(bound - 1);
        let shifted = self.sub(value, last);
        let ends = self.mul(value, shifted);
        let mut product = ends;
        for i in 1..bound / 2 {
            let offset = self.constant(i * (bound - 1 - i));
            let pair = self.add(ends, offset);
            product = self.mul(product, pair);
        }
        if bound % 2 == 1 {
            let middle = self.constant(bound / 2);
            let factor = self.sub(value, middle);
            product = self.mul(product, factor);
        }
        product
    }

    /// `sum of base^i * digits[i]`
    fn horner(&mut self, base: u64, digits: &[Self::Element]) -> Self::Element {
        let (&last, rest) = digits.split_last().expect("digits");
        rest.iter()
            .rev()
            .fold(last, |sum, &digit| self.add_scaled(base, sum, digit))
    }
}

/// Evaluation in a field, on one element or on a packed vector of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native<P>(PhantomData<P>);

impl<P> Native<P> {
    /// The algebra over `P`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: PackedField> Algebra for Native<P> {
    type Element = P;

    fn constant(&mut self, value: u64) -> P {
        P::Scalar::from_canonical_u64(value).into()
    }

    fn add(&mut self, a: P, b: P) -> P {
        a + b
    }

    fn sub(&mut self, a: P, b: P) -> P {
        a - b
    }

    fn mul(&mut self, a: P, b: P) -> P {
        a * b
    }

    fn mul_add_scaled(&mut self, factor: u64, a: P, b: P, c: P) -> P {
        let product = a * b;
        match factor {
            1 => product + c,
            _ => product * P::Scalar::from_canonical_u64(factor) + c,
        }
    }

    fn add_scaled(&mut self, factor: u64, a: P, c: P) -> P {
        match factor {
            1 => a + c,
            2 => a + a + c,
            _ => a * P::Scalar::from_canonical_u64(factor) + c,
        }
    }
}

/// Evaluation inside a circuit, on extension elements: what a verifier circuit does with a gate's constraints.
#[derive(Debug)]
pub struct InCircuit<'b>(pub &'b mut Builder);

impl Algebra for InCircuit<'_> {
    type Element = ExtensionTarget<D>;

    fn constant(&mut self, value: u64) -> Self::Element {
        self.0.constant_extension(Extension::from_canonical_u64(value))
    }

    fn add(&mut self, a: Self::Element, b: Self::Element) -> Self::Element {
        self.0.add_extension(a, b)
    }

    fn sub(&mut self, a: Self::Element, b: Self::Element) -> Self::Element {
        self.0.sub_extension(a, b)
    }

    fn mul(&mut self, a: Self::Element, b: Self::Element) -> Self::Element {
        self.0.mul_extension(a, b)
    }

    fn mul_add_scaled(&mut self, factor: u64, a: Self::Element, b: Self::Element, c: Self::Element) -> Self::Element {
        self.0
            .arithmetic_extension(F::from_canonical_u64(factor), F::ONE, a, b, c)
    }

    fn add_scaled(&mut self, factor: u64, a: Self::Element, c: Self::Element) -> Self::Element {
        let one = self.0.one_extension();
        self.mul_add_scaled(factor, a, one, c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_is_zero_exactly_below_its_bound() {
        let mut native = Native::<F>::new();
        for bound in 2..=8 {
            for value in 0..20 {
                let product = native.below(F::from_canonical_u64(value), bound);
                assert_eq!(product == F::ZERO, value < bound, "{value} below {bound}");
            }
            assert_ne!(native.below(F::NEG_ONE, bound), F::ZERO);
        }
    }
}
