// SPDX-License-Identifier: MIT OR Apache-2.0
//! plonky2's stock gates, each constraint in plonky2's order, written once over [`Arithmetic`].
//!
//! Where wires lie is not public in plonky2; it is restated here from version 1.1.0, and tests compare every gate with
//! plonky2's own evaluation at random points.

pub(super) use poseidon::permute;

mod algebra;
mod arithmetic;
mod interpolation;
mod poseidon;
mod selection;

use super::arithmetic::Arithmetic;
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::gates::arithmetic_base::ArithmeticGate;
use plonky2::gates::arithmetic_extension::ArithmeticExtensionGate;
use plonky2::gates::base_sum::BaseSumGate;
use plonky2::gates::constant::ConstantGate;
use plonky2::gates::coset_interpolation::CosetInterpolationGate;
use plonky2::gates::gate::GateRef;
use plonky2::gates::multiplication_extension::MulExtensionGate;
use plonky2::gates::noop::NoopGate;
use plonky2::gates::poseidon::PoseidonGate;
use plonky2::gates::poseidon_mds::PoseidonMdsGate;
use plonky2::gates::public_input::PublicInputGate;
use plonky2::gates::random_access::RandomAccessGate;
use plonky2::gates::reducing::ReducingGate;
use plonky2::gates::reducing_extension::ReducingExtensionGate;
use poe_prover::config::{D, F};

/// What a gate reads.
#[derive(Debug)]
pub(crate) struct Row<'a, E> {
    /// Constants, without those that select gates.
    pub(crate) constants: &'a [E],
    /// Wires.
    pub wires: &'a [E],
    /// The hash of the public inputs.
    pub public_inputs_hash: &'a [E; 4],
}

// Not derived, since that would ask for elements that can be copied.
impl<E> Clone for Row<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Row<'_, E> {}

/// A gate this circuit has no formula for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the circuit uses {0}; formulas exist for plonky2's arithmetic, Poseidon, reducing, selection and interpolation gates"
)]
pub struct UnknownGate(pub String);

/// A stock gate with its parameters.
#[derive(Clone, Debug)]
pub(crate) enum StockGate {
    /// No constraints.
    Noop,
    /// Wires hold constants.
    Constant(usize),
    /// Wires hold the hash of the public inputs.
    PublicInput,
    /// A sum of bits.
    BaseSum(BaseSumGate<2>),
    /// `c0 x y + c1 z` over the base field.
    Arithmetic(ArithmeticGate),
    /// The same over the extension.
    ArithmeticExtension(ArithmeticExtensionGate<D>),
    /// `c0 x y` over the extension.
    MulExtension(MulExtensionGate<D>),
    /// Horner's rule over base coefficients.
    Reducing(ReducingGate<D>),
    /// Horner's rule over extension coefficients.
    ReducingExtension(ReducingExtensionGate<D>),
    /// An element of a list.
    RandomAccess(RandomAccessGate<F, D>),
    /// Interpolation over a coset.
    CosetInterpolation(CosetInterpolationGate<F, D>),
    /// Poseidon's matrix.
    PoseidonMds,
    /// Poseidon's permutation.
    Poseidon,
}

impl StockGate {
    /// Recognises a gate.
    ///
    /// # Errors
    ///
    /// If there is no formula for it.
    pub(crate) fn of(gate: &GateRef<F, D>) -> Result<Self, UnknownGate> {
        let any = gate.0.as_any();
        macro_rules! first {
            ($($kind:ty => $make:expr),* $(,)?) => {
                $(if let Some(gate) = any.downcast_ref::<$kind>() { return Ok($make(gate)); })*
            };
        }
        first! {
            NoopGate => |_| Self::Noop,
            ConstantGate => |_| Self::Constant(gate.0.num_constants()),
            PublicInputGate => |_| Self::PublicInput,
            BaseSumGate<2> => |g: &BaseSumGate<2>| Self::BaseSum(*g),
            ArithmeticGate => |g: &ArithmeticGate| Self::Arithmetic(g.clone()),
            ArithmeticExtensionGate<D> => |g: &ArithmeticExtensionGate<D>| Self::ArithmeticExtension(g.clone()),
            MulExtensionGate<D> => |g: &MulExtensionGate<D>| Self::MulExtension(g.clone()),
            ReducingGate<D> => |g: &ReducingGate<D>| Self::Reducing(g.clone()),
            ReducingExtensionGate<D> => |g: &ReducingExtensionGate<D>| Self::ReducingExtension(g.clone()),
            RandomAccessGate<F, D> => |g: &RandomAccessGate<F, D>| Self::RandomAccess(*g),
            CosetInterpolationGate<F, D> => |g: &CosetInterpolationGate<F, D>| Self::CosetInterpolation(g.clone()),
            PoseidonMdsGate<F, D> => |_| Self::PoseidonMds,
            PoseidonGate<F, D> => |_| Self::Poseidon,
        }
        Err(UnknownGate(gate.0.id()))
    }

    /// The constraints at a row, each zero where the gate is satisfied.
    pub(crate) fn constraints<A: Arithmetic>(&self, a: &mut A, row: Row<'_, A::Element>) -> Vec<A::Element> {
        match self {
            Self::Noop => vec![],
            Self::Constant(n) => arithmetic::constant(a, *n, row),
            Self::PublicInput => arithmetic::public_input(a, row),
            Self::BaseSum(gate) => arithmetic::base_sum(a, gate, row),
            Self::Arithmetic(gate) => arithmetic::base(a, gate, row),
            Self::ArithmeticExtension(gate) => arithmetic::extension(a, gate, row),
            Self::MulExtension(gate) => arithmetic::multiplication(a, gate, row),
            Self::Reducing(gate) => arithmetic::reducing(a, gate, row),
            Self::ReducingExtension(gate) => arithmetic::reducing_extension(a, gate, row),
            Self::RandomAccess(gate) => selection::random_access(a, gate, row),
            Self::CosetInterpolation(gate) => interpolation::coset(a, gate, row),
            Self::PoseidonMds => poseidon::matrix(a, row),
            Self::Poseidon => poseidon::permutation(a, row),
        }
    }
}

/// One.
const ONE: GoldilocksField = GoldilocksField(1);

#[cfg(test)]
mod tests;
