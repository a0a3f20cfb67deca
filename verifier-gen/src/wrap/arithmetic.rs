// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arithmetic in the extension that a formula can be written over once, and evaluated natively or as constraints.

use super::builder::Builder;
use super::extension::{Ext, Native};
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;

/// Arithmetic in the quadratic extension of Goldilocks.
pub(crate) trait Arithmetic {
    /// An element.
    type Element: Clone;

    /// A constant.
    fn constant(&mut self, value: Native) -> Self::Element;

    /// `a b + c`.
    fn mul_add(&mut self, a: &Self::Element, b: &Self::Element, c: &Self::Element) -> Self::Element;

    /// `start + sum of constant * element`.
    fn linear(&mut self, start: &Self::Element, terms: &[(GoldilocksField, &Self::Element)]) -> Self::Element;

    /// The same element, made as small as it gets: for what is a factor more than once.
    fn compress(&mut self, a: &Self::Element) -> Self::Element;

    /// 0.
    fn zero(&mut self) -> Self::Element {
        self.constant(Native::ZERO)
    }

    /// `a b`.
    fn mul(&mut self, a: &Self::Element, b: &Self::Element) -> Self::Element {
        let zero = self.zero();
        self.mul_add(a, b, &zero)
    }

    /// `a + b`.
    fn add(&mut self, a: &Self::Element, b: &Self::Element) -> Self::Element {
        self.linear(a, &[(GoldilocksField::ONE, b)])
    }

    /// `a - b`.
    fn sub(&mut self, a: &Self::Element, b: &Self::Element) -> Self::Element {
        self.linear(a, &[(GoldilocksField::NEG_ONE, b)])
    }

    /// `a + constant`.
    fn shift(&mut self, a: &Self::Element, constant: GoldilocksField) -> Self::Element {
        let constant = self.constant(constant.into());
        self.add(a, &constant)
    }
}

/// Plain evaluation, which formulas are compared with plonky2's by.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plain;

#[cfg(test)]
impl Arithmetic for Plain {
    type Element = Native;

    fn constant(&mut self, value: Native) -> Native {
        value
    }

    fn mul_add(&mut self, a: &Native, b: &Native, c: &Native) -> Native {
        *a * *b + *c
    }

    fn linear(&mut self, start: &Native, terms: &[(GoldilocksField, &Native)]) -> Native {
        terms
            .iter()
            .fold(*start, |sum, &(factor, term)| sum + *term * factor.into())
    }

    fn compress(&mut self, a: &Native) -> Native {
        *a
    }
}

impl Arithmetic for Builder {
    type Element = Ext;

    fn constant(&mut self, value: Native) -> Ext {
        Ext::constant(value)
    }

    fn mul_add(&mut self, a: &Ext, b: &Ext, c: &Ext) -> Ext {
        self.ext_mul_add(a, b, c)
    }

    fn linear(&mut self, start: &Ext, terms: &[(GoldilocksField, &Ext)]) -> Ext {
        self.ext_linear(start, terms)
    }

    fn compress(&mut self, a: &Ext) -> Ext {
        self.ext_reduce(a)
    }

    fn sub(&mut self, a: &Ext, b: &Ext) -> Ext {
        self.ext_sub(a, b)
    }
}
