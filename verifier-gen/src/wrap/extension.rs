// SPDX-License-Identifier: MIT OR Apache-2.0
//! The quadratic extension `F_p[X] / (X^2 - 7)` over lazily reduced integers.

use super::builder::{Builder, Hint};
use super::goldilocks::Lazy;
use num_bigint::BigInt;
use num_traits::Zero;
use plonky2::field::extension::FieldExtension;
use plonky2::field::extension::quadratic::QuadraticExtension;
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;

/// plonky2's extension of Goldilocks.
pub(crate) type Native = QuadraticExtension<GoldilocksField>;

/// X^2.
const W: u64 = 7;

/// Products are kept below 2^250, which leaves room to add a few.
const PRODUCT_BITS: u64 = 250;

/// An element, its two coordinates lazily reduced.
#[derive(Clone, Debug)]
pub(crate) struct Ext(pub [Lazy; 2]);

impl Ext {
    /// A constant of the circuit.
    pub(crate) fn constant(value: Native) -> Self {
        Self(value.0.map(Lazy::constant))
    }

    /// An element of the base field.
    pub(crate) fn base(value: Lazy) -> Self {
        Self([value, Lazy::integer(BigInt::zero())])
    }

    /// 0.
    pub(crate) fn zero() -> Self {
        Self::constant(Native::ZERO)
    }

    /// Bits of the larger coordinate.
    pub(super) fn bits(&self) -> u64 {
        self.0[0].bits().max(self.0[1].bits())
    }

    /// The element it stands for.
    pub(super) fn element(&self) -> Native {
        Native::from_basefield_array([self.0[0].element(), self.0[1].element()])
    }
}

impl Builder {
    /// `start + sum of products`. Bounds are the caller's business.
    pub(super) fn ext_sum(&mut self, start: &Ext, products: &[(&Ext, &Ext)]) -> Ext {
        let zero = Lazy::integer(BigInt::zero());
        let w = Lazy::integer(W.into());
        let part = |i: usize, j: usize| products.iter().map(move |(a, b)| (&a.0[i], &b.0[j]));
        let squares: Vec<_> = part(1, 1).collect();
        let squares = self.lazy_sum(&zero, &squares);
        let real: Vec<_> = part(0, 0).chain([(&squares, &w)]).collect();
        let cross: Vec<_> = part(0, 1).chain(part(1, 0)).collect();
        Ext([self.lazy_sum(&start.0[0], &real), self.lazy_sum(&start.0[1], &cross)])
    }

    /// `a b + c`, with factors reduced as far as bounds ask for.
    pub(super) fn ext_mul_add(&mut self, a: &Ext, b: &Ext, c: &Ext) -> Ext {
        let (mut a, mut b, mut c) = (a.clone(), b.clone(), c.clone());
        while a.bits() + b.bits() + 4 > PRODUCT_BITS {
            if a.bits() >= b.bits() {
                a = self.ext_reduce(&a);
            } else {
                b = self.ext_reduce(&b);
            }
        }
        if c.bits() > PRODUCT_BITS {
            c = self.ext_reduce(&c);
        }
        self.ext_sum(&c, &[(&a, &b)])
    }

    /// `a b`.
    pub(super) fn ext_mul(&mut self, a: &Ext, b: &Ext) -> Ext {
        self.ext_mul_add(a, b, &Ext::zero())
    }

    /// `a + b`.
    pub(super) fn ext_add(&mut self, a: &Ext, b: &Ext) -> Ext {
        self.ext_linear(a, &[(GoldilocksField::ONE, b)])
    }

    /// `a - b`.
    pub(super) fn ext_sub(&mut self, a: &Ext, b: &Ext) -> Ext {
        let (a, b) = (self.ext_fit(a, PRODUCT_BITS), self.ext_fit(b, PRODUCT_BITS));
        Ext(core::array::from_fn(|i| self.lazy_sub(&a.0[i], &b.0[i])))
    }

    /// `start + sum of constant * element`.
    pub(super) fn ext_linear(&mut self, start: &Ext, terms: &[(GoldilocksField, &Ext)]) -> Ext {
        let room = PRODUCT_BITS - u64::from(usize::BITS - terms.len().leading_zeros());
        let start = self.ext_fit(start, room);
        let terms: Vec<(Lazy, Ext)> = terms
            .iter()
            .map(|&(factor, term)| {
                let factor = Lazy::constant(factor);
                let term = self.ext_fit(term, room - factor.bits());
                (factor, term)
            })
            .collect();
        Ext(core::array::from_fn(|i| {
            let products: Vec<_> = terms.iter().map(|(factor, term)| (factor, &term.0[i])).collect();
            self.lazy_sum(&start.0[i], &products)
        }))
    }

    /// The same element, reduced if it has more than `bits`.
    pub(super) fn ext_fit(&mut self, a: &Ext, bits: u64) -> Ext {
        if a.bits() > bits { self.ext_reduce(a) } else { a.clone() }
    }

    /// The same element in 64 bits a coordinate.
    pub(super) fn ext_reduce(&mut self, a: &Ext) -> Ext {
        Ext([self.reduce(&a.0[0]), self.reduce(&a.0[1])])
    }

    /// A new element of canonical coordinates.
    pub(super) fn ext_canonical(&mut self, value: Native) -> Ext {
        Ext(value.0.map(|coordinate| self.canonical_limb(coordinate)))
    }

    /// The element is zero.
    pub(super) fn ext_assert_zero(&mut self, a: &Ext) {
        self.assert_zero(&a.0[0]);
        self.assert_zero(&a.0[1]);
    }

    /// `a = b`, as elements.
    pub(super) fn ext_assert_same(&mut self, a: &Ext, b: &Ext) {
        let difference = self.ext_sub(a, b);
        self.ext_assert_zero(&difference);
    }

    /// `1 / a`; nothing satisfies this for zero.
    pub(super) fn ext_inverse(&mut self, a: &Ext) -> Ext {
        let a = self.ext_reduce(a);
        let hint = a.element().try_inverse().unwrap_or(Native::ZERO);
        let inverse = Ext(hint
            .0
            .map(|c| self.limb(Hint::Inverse, plonky2::field::types::PrimeField64::to_canonical_u64(&c))));
        let one = Ext::constant(Native::ONE);
        let product = self.ext_mul(&a, &inverse);
        self.ext_assert_same(&product, &one);
        inverse
    }

    /// `a^(2^n)`.
    pub(super) fn ext_power_of_two(&mut self, a: &Ext, n: usize) -> Ext {
        let mut power = self.ext_reduce(a);
        for _ in 0..n {
            let square = self.ext_mul(&power, &power);
            power = self.ext_reduce(&square);
        }
        power
    }
}
