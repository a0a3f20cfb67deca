// SPDX-License-Identifier: MIT OR Apache-2.0
//! plonky2's challenger over [`poe_prover::bn254::Transcript`], and the hash of leaves.

use super::builder::{Builder, Hint};
use super::digest::DIGITS;
use super::extension::Ext;
use super::goldilocks::Lazy;
use halo2_base::QuantumCell;
use halo2_base::gates::GateInstructions;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use plonky2::field::goldilocks_field::GoldilocksField;
use poe_prover::bn254::{ELEMENTS_PER_LANE, LEAF_TAG, RATE, TRANSCRIPT_TAG};

/// A lane of the rate, and the digits it shows, once somebody looks.
#[derive(Clone, Debug)]
struct Lane {
    cell: QuantumCell<Fr>,
    digits: Option<[Lazy; DIGITS]>,
}

impl Lane {
    fn shown(&mut self, builder: &mut Builder) -> &[Lazy] {
        let digits = self.digits.get_or_insert_with(|| builder.digits(self.cell));
        &digits[..ELEMENTS_PER_LANE]
    }
}

/// The challenger.
#[derive(Clone, Debug)]
pub(crate) struct Challenger {
    capacity: QuantumCell<Fr>,
    lanes: [Lane; 2],
    absorbed: Vec<Lazy>,
    /// Challenges not yet given, the next one last.
    ready: usize,
}

impl Challenger {
    /// Nothing absorbed.
    pub(crate) fn new() -> Self {
        let zeros = Lane {
            cell: QuantumCell::Constant(Fr::zero()),
            digits: None,
        };
        Self {
            capacity: QuantumCell::Constant(Fr::from(TRANSCRIPT_TAG)),
            lanes: [zeros.clone(), zeros],
            absorbed: vec![],
            ready: 0,
        }
    }

    /// Absorbs a canonical element.
    ///
    /// # Panics
    ///
    /// If it is not known to be canonical: two representatives would give two transcripts of one proof to choose from.
    pub(crate) fn observe(&mut self, builder: &mut Builder, element: &Lazy) {
        assert!(
            element.is_canonical(),
            "the transcript absorbs canonical elements, not {element:?}"
        );
        self.ready = 0;
        self.absorbed.push(element.clone());
        if self.absorbed.len() == RATE {
            self.duplex(builder);
        }
    }

    /// Absorbs a constant of the circuit.
    pub(crate) fn observe_constant(&mut self, builder: &mut Builder, element: GoldilocksField) {
        self.observe(builder, &Lazy::constant(element));
    }

    /// Absorbs an element of the extension.
    pub(crate) fn observe_extension(&mut self, builder: &mut Builder, element: &Ext) {
        for coordinate in &element.0 {
            self.observe(builder, coordinate);
        }
    }

    /// Absorbs a digest by its digits.
    pub(crate) fn observe_digest(&mut self, builder: &mut Builder, digest: QuantumCell<Fr>) {
        for digit in builder.digits(digest) {
            self.observe(builder, &digit);
        }
    }

    /// Absorbs every digest of a cap.
    pub(crate) fn observe_cap(&mut self, builder: &mut Builder, cap: &[QuantumCell<Fr>]) {
        for &digest in cap {
            self.observe_digest(builder, digest);
        }
    }

    /// A challenge, canonical.
    pub(crate) fn challenge(&mut self, builder: &mut Builder) -> Lazy {
        if !self.absorbed.is_empty() || self.ready == 0 {
            self.duplex(builder);
        }
        self.ready -= 1;
        let [low, high] = &mut self.lanes;
        let (lane, index) = if self.ready < ELEMENTS_PER_LANE {
            (low, self.ready)
        } else {
            (high, self.ready - ELEMENTS_PER_LANE)
        };
        lane.shown(builder)[index].clone()
    }

    /// Several.
    pub(crate) fn challenges(&mut self, builder: &mut Builder, n: usize) -> Vec<Lazy> {
        (0..n).map(|_| self.challenge(builder)).collect()
    }

    /// A challenge of the extension.
    pub(crate) fn extension_challenge(&mut self, builder: &mut Builder) -> Ext {
        Ext([self.challenge(builder), self.challenge(builder)])
    }

    /// Overwrites what was absorbed, keeps what was shown behind it, and permutes.
    fn duplex(&mut self, builder: &mut Builder) {
        let absorbed = core::mem::take(&mut self.absorbed);
        let mut rest = absorbed.as_slice();
        let mut input = [self.capacity; 3];
        for (cell, lane) in input[1..].iter_mut().zip(&mut self.lanes) {
            let (new, later) = rest.split_at(rest.len().min(ELEMENTS_PER_LANE));
            rest = later;
            let mut limbs = new.to_vec();
            if limbs.len() < ELEMENTS_PER_LANE {
                limbs.extend_from_slice(&lane.shown(builder)[limbs.len()..]);
            }
            *cell = builder.pack(&limbs);
        }
        let [capacity, low, high] = builder.permute(input).map(QuantumCell::from);
        self.capacity = capacity;
        self.lanes = [low, high].map(|cell| Lane { cell, digits: None });
        self.ready = RATE;
    }
}

impl Builder {
    /// The hash of a leaf of limbs.
    pub(super) fn hash_leaf(&mut self, limbs: &[Lazy]) -> QuantumCell<Fr> {
        let mut chain = QuantumCell::Constant(Fr::from(LEAF_TAG + limbs.len() as u64));
        for block in limbs.chunks(RATE) {
            let (low, high) = block.split_at(block.len().min(ELEMENTS_PER_LANE));
            let input = [chain, self.pack(low), self.pack(high)];
            let [output, _, _] = self.permute(input);
            chain = output.into();
        }
        chain
    }

    /// The hash of two digests.
    pub(super) fn compress(&mut self, left: QuantumCell<Fr>, right: QuantumCell<Fr>) -> QuantumCell<Fr> {
        let [output, _, _] = self.permute([QuantumCell::Constant(Fr::zero()), left, right]);
        output.into()
    }

    /// The digest at the root of the subtree of depth `siblings.len()` that has `leaf` at `bits`, least significant
    /// first. Siblings are any elements.
    pub(super) fn climb(&mut self, leaf: QuantumCell<Fr>, bits: &[Lazy], siblings: &[Fr]) -> QuantumCell<Fr> {
        assert_eq!(bits.len(), siblings.len(), "one bit a level");
        let gate = halo2_base::gates::GateChip::<Fr>::default();
        let one = QuantumCell::Constant(Fr::one());
        let mut digest = leaf;
        for (bit, &sibling) in bits.iter().zip(siblings) {
            let sibling = self.choose(Hint::Sibling, sibling);
            #[cfg(test)]
            self.mark_chosen(3);
            let context = self.context();
            let difference = QuantumCell::Witness(sibling - digest.value());
            context.assign_region([difference, digest, one, QuantumCell::Witness(sibling)], [0]);
            let (difference, sibling) = (context.get(-4), context.get(-1));
            let left = gate.mul_add(context, bit.cell(), difference, digest);
            let right = gate.sub_mul(context, sibling, bit.cell(), difference);
            digest = self.compress(left.into(), right.into());
        }
        digest
    }
}
