// SPDX-License-Identifier: MIT OR Apache-2.0
//! The index of a FRI query: its bits, and what is selected by them.

use super::builder::{Builder, Hint};
use super::extension::Ext;
use super::goldilocks::Lazy;
use halo2_base::QuantumCell;
use halo2_base::gates::GateInstructions;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use num_bigint::BigInt;
use num_traits::{One, Zero};
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::PrimeField64;

/// Bits of a group that is decoded at once.
pub(super) const GROUP_BITS: usize = 4;

/// Some bits of an index, decoded.
#[derive(Clone, Debug)]
struct Group {
    start: usize,
    bits: usize,
    /// One of these is 1, at the number the bits make; the others are 0.
    one_hot: Vec<Lazy>,
}

/// An index.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) bits: Vec<Lazy>,
    groups: Vec<Group>,
}

impl Index {
    /// The lowest `bits` of a canonical challenge. Groups end at every position in `borders`.
    pub(super) fn new(builder: &mut Builder, challenge: &Lazy, bits: usize, borders: &[usize]) -> Self {
        let value = challenge.element().to_canonical_u64();
        let gate = halo2_base::gates::GateChip::<Fr>::default();
        let bits: Vec<Lazy> = (0..bits)
            .map(|i| {
                let cell = builder.witness(Hint::IndexBit, Fr::from(value >> i & 1));
                gate.assert_bit(builder.context(), cell);
                Lazy::trusted(cell.into(), 1)
            })
            .collect();
        // The rest has 64 - n bits: with the bits it makes one integer below 2^64, so that of the challenge.
        let rest = builder.witness(Hint::IndexRest, Fr::from(value >> bits.len()));
        builder.check_bits(rest, 64 - bits.len());
        let weight = |i: usize| Lazy::integer(BigInt::one() << i);
        let weights: Vec<Lazy> = (0..=bits.len()).map(weight).collect();
        let rest = Lazy::trusted(rest.into(), (64 - bits.len()) as u64);
        let terms: Vec<_> = bits.iter().chain([&rest]).zip(&weights).collect();
        let sum = builder.lazy_sum(&Lazy::integer(BigInt::zero()), &terms);
        builder.equal(sum.cell(), challenge.cell());

        let mut groups = vec![];
        let mut start = 0;
        for &border in borders.iter().chain([&bits.len()]) {
            while start < border {
                // A group between borders is whole unless it is longer than what is decoded at once; the last one
                // before the end is the cap's, which is never split.
                let length = if border == bits.len() {
                    border - start
                } else {
                    (border - start).min(GROUP_BITS)
                };
                let one_hot = one_hot(builder, &bits[start..start + length]);
                groups.push(Group {
                    start,
                    bits: length,
                    one_hot,
                });
                start += length;
            }
        }
        Self { bits, groups }
    }

    /// `base` times the product over bits from `start` on, where they are 1, of `factor(bit)`. A group begins at
    /// `start`.
    pub(super) fn product(
        &self,
        builder: &mut Builder,
        start: usize,
        base: GoldilocksField,
        factor: impl Fn(usize) -> GoldilocksField,
    ) -> Lazy {
        let mut product = Lazy::constant(base);
        for group in self.groups.iter().filter(|group| group.start >= start) {
            let table: Vec<Lazy> = (0..group.one_hot.len())
                .map(|number| {
                    let bits = (0..group.bits).filter(|i| number >> i & 1 == 1);
                    Lazy::constant(bits.map(|i| factor(group.start + i)).product())
                })
                .collect();
            let selected = group.select(builder, &table, 64);
            if product.bits() + selected.bits() > 250 {
                product = builder.reduce(&product);
            }
            product = builder.lazy_sum(&Lazy::integer(BigInt::zero()), &[(&product, &selected)]);
        }
        builder.reduce(&product)
    }

    /// The entry of a list of elements at the number made by the group that begins at `start`.
    pub(super) fn select_extension(&self, builder: &mut Builder, start: usize, list: &[Ext]) -> Ext {
        let group = self.group(start);
        Ext(core::array::from_fn(|coordinate| {
            let column: Vec<Lazy> = list.iter().map(|element| element.0[coordinate].clone()).collect();
            group.select(builder, &column, 64)
        }))
    }

    /// The digest of a cap at the number made by the last group.
    pub(super) fn select_digest(
        &self,
        builder: &mut Builder,
        height: usize,
        cap: &[QuantumCell<Fr>],
    ) -> QuantumCell<Fr> {
        if height == 0 {
            return cap[0];
        }
        let group = self.group(self.bits.len() - height);
        assert_eq!(group.one_hot.len(), cap.len(), "a cap of height {height}");
        let products: Vec<_> = group
            .one_hot
            .iter()
            .zip(cap)
            .map(|(one, &digest)| (one.cell(), digest))
            .collect();
        builder
            .sum_of_products(QuantumCell::Constant(Fr::zero()), &products)
            .into()
    }

    fn group(&self, start: usize) -> &Group {
        let found = self.groups.iter().find(|group| group.start == start);
        found.unwrap_or_else(|| panic!("no group of bits begins at {start}"))
    }
}

impl Group {
    /// The entry at the number; exactly one term is not zero, so that it has no more bits than entries have.
    fn select(&self, builder: &mut Builder, list: &[Lazy], bits: u64) -> Lazy {
        assert_eq!(list.len(), self.one_hot.len(), "a list of as many entries as numbers");
        assert!(list.iter().all(|entry| entry.bits() <= bits), "entries of {bits} bits");
        let terms: Vec<_> = self.one_hot.iter().zip(list).collect();
        let sum = builder.lazy_sum(&Lazy::integer(BigInt::zero()), &terms);
        if sum.known().is_some() {
            sum
        } else {
            Lazy::trusted(sum.cell(), bits)
        }
    }
}

/// Products of bits and of their complements, the lowest bit first.
fn one_hot(builder: &mut Builder, bits: &[Lazy]) -> Vec<Lazy> {
    let gate = halo2_base::gates::GateChip::<Fr>::default();
    let mut cells = vec![QuantumCell::Constant(Fr::one())];
    for bit in bits {
        let context = builder.context();
        // A number of the lower bits goes on as it is where the bit is 0, and 2^i higher where it is 1.
        let high: Vec<QuantumCell<Fr>> = cells
            .iter()
            .map(|&cell| gate.mul(context, cell, bit.cell()).into())
            .collect();
        let low: Vec<QuantumCell<Fr>> = cells
            .iter()
            .zip(&high)
            .map(|(&cell, &high)| gate.sub(context, cell, high).into())
            .collect();
        cells = low;
        cells.extend(high);
    }
    cells.into_iter().map(|cell| Lazy::trusted(cell, 1)).collect()
}
