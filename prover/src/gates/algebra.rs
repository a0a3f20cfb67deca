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
