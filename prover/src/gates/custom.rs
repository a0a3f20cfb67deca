// SPDX-License-Identifier: MIT OR Apache-2.0
//! From one statement of constraints to a plonky2 gate.

use super::algebra::{Algebra, InCircuit, Native};
use crate::config::{Builder, D, Extension, F};
use core::fmt::Debug;
use core::marker::PhantomData;
use plonky2::field::extension::Extendable;
use plonky2::field::packed::PackedField;
use plonky2::gates::gate::Gate;
use plonky2::gates::packed_util::PackedEvaluableBase;
use plonky2::gates::util::StridedConstraintConsumer;
use plonky2::iop::ext_target::ExtensionTarget;
use plonky2::iop::generator::{GeneratedValues, SimpleGenerator, WitnessGeneratorRef};
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartitionWitness, Witness, WitnessWrite};
use plonky2::plonk::circuit_data::CommonCircuitData;
use plonky2::plonk::vars::{
    EvaluationTargets, EvaluationVars, EvaluationVarsBase, EvaluationVarsBaseBatch, EvaluationVarsBasePacked,
};
use plonky2::util::serialization::{Buffer, IoResult, Read, Write};

/// A gate without parameters that fills a whole row.
pub trait CustomGate: 'static + Clone + Debug + Default + Send + Sync {
    /// Name, version included: it is part of the circuit's identity.
    const ID: &'static str;

    /// Wires the gate owns; the first 80 of a row can be connected.
    const WIRES: usize;

    /// Constants the gate owns.
    const CONSTANTS: usize;

    /// Highest degree of a constraint in wires and constants; at most 8.
    const DEGREE: usize;

    /// Number of constraints.
    const CONSTRAINTS: usize;

    /// Emits every constraint: an expression that is zero on valid rows, [`Self::CONSTRAINTS`] of them in fixed order.
    fn constrain<A: Algebra>(
        algebra: &mut A,
        constants: &[A::Element],
        wires: &[A::Element],
        emit: &mut impl FnMut(A::Element),
    );

    /// Columns that must be known before the row can be filled.
    fn inputs() -> Vec<usize>;

    /// Computes the remaining columns of a row from its inputs. An honest filling; what it writes is constrained by
    /// [`Self::constrain`] and nothing else.
    fn fill(row: &mut Row<'_>) -> anyhow::Result<()>;
}

/// One row while its wires are computed.
#[derive(Debug)]
pub struct Row<'w> {
    index: usize,
    constants: &'w [F],
    witness: &'w PartitionWitness<'w, F>,
    values: &'w mut GeneratedValues<F>,
}

impl Row<'_> {
    /// Value of an input column.
    pub fn get(&self, column: usize) -> F {
        self.witness.get_target(Target::wire(self.index, column))
    }

    /// Constant of the row.
    pub const fn constant(&self, position: usize) -> F {
        self.constants[position]
    }

    /// Sets an output column.
    pub fn set(&mut self, column: usize, value: F) -> anyhow::Result<()> {
        self.values.set_target(Target::wire(self.index, column), value)
    }
}

/// The plonky2 gate of `G`.
#[derive(Clone, Debug, Default)]
pub struct Custom<G>(G);

impl<G: CustomGate> Custom<G> {
    /// Adds a row with this gate; its wires are `Target::wire(row, column)`.
    pub fn add_row(builder: &mut Builder, constants: Vec<F>) -> usize {
        assert_eq!(constants.len(), G::CONSTANTS, "constants of a {} row", G::ID);
        builder.add_gate(Self::default(), constants)
    }
}

impl<G: CustomGate> Gate<F, D> for Custom<G> {
    fn id(&self) -> String {
        G::ID.to_owned()
    }

    fn serialize(&self, _dst: &mut Vec<u8>, _common_data: &CommonCircuitData<F, D>) -> IoResult<()> {
        Ok(())
    }

    fn deserialize(_src: &mut Buffer<'_>, _common_data: &CommonCircuitData<F, D>) -> IoResult<Self> {
        Ok(Self::default())
    }

    fn eval_unfiltered(&self, vars: EvaluationVars<'_, F, D>) -> Vec<Extension> {
        let mut constraints = Vec::with_capacity(G::CONSTRAINTS);
        G::constrain(
            &mut Native::<Extension>::new(),
            vars.local_constants,
            vars.local_wires,
            &mut |c| constraints.push(c),
        );
        constraints
    }

    fn eval_unfiltered_base_one(
        &self,
        vars: EvaluationVarsBase<'_, F>,
        mut yield_constr: StridedConstraintConsumer<'_, F>,
    ) {
        let constants: Vec<F> = (0..G::CONSTANTS).map(|i| vars.local_constants[i]).collect();
        let wires: Vec<F> = (0..G::WIRES).map(|i| vars.local_wires[i]).collect();
        G::constrain(&mut Native::<F>::new(), &constants, &wires, &mut |c| {
            yield_constr.one(c);
        });
    }

    fn eval_unfiltered_base_batch(&self, vars_base: EvaluationVarsBaseBatch<'_, F>) -> Vec<F> {
        self.eval_unfiltered_base_batch_packed(vars_base)
    }

    fn eval_unfiltered_circuit(
        &self,
        builder: &mut Builder,
        vars: EvaluationTargets<'_, D>,
    ) -> Vec<ExtensionTarget<D>> {
        let mut constraints = Vec::with_capacity(G::CONSTRAINTS);
        G::constrain(
            &mut InCircuit(builder),
            vars.local_constants,
            vars.local_wires,
            &mut |c| {
                constraints.push(c);
            },
        );
        constraints
    }

    fn generators(&self, row: usize, local_constants: &[F]) -> Vec<WitnessGeneratorRef<F, D>> {
        let generator = Filling::<G> {
            row,
            constants: local_constants[..G::CONSTANTS].to_vec(),
            gate: PhantomData,
        };
        vec![WitnessGeneratorRef::new(generator.adapter())]
    }

    fn num_wires(&self) -> usize {
        G::WIRES
    }

    fn num_constants(&self) -> usize {
        G::CONSTANTS
    }

    fn degree(&self) -> usize {
        G::DEGREE
    }

    fn num_constraints(&self) -> usize {
        G::CONSTRAINTS
    }
}

impl<G: CustomGate> PackedEvaluableBase<F, D> for Custom<G> {
    fn eval_unfiltered_base_packed<P: PackedField<Scalar = F>>(
        &self,
        vars: EvaluationVarsBasePacked<'_, P>,
        mut yield_constr: StridedConstraintConsumer<'_, P>,
    ) {
        let constants: Vec<P> = (0..G::CONSTANTS).map(|i| vars.local_constants[i]).collect();
        let wires: Vec<P> = (0..G::WIRES).map(|i| vars.local_wires[i]).collect();
        G::constrain(&mut Native::<P>::new(), &constants, &wires, &mut |c| {
            yield_constr.one(c);
        });
    }
}

/// Computes the wires of one row.
#[derive(Clone, Debug, Default)]
struct Filling<G> {
    row: usize,
    constants: Vec<F>,
    gate: PhantomData<G>,
}

impl<G: CustomGate> SimpleGenerator<F, D> for Filling<G>
where
    F: Extendable<D>,
{
    fn id(&self) -> String {
        format!("{}Filling", G::ID)
    }

    fn dependencies(&self) -> Vec<Target> {
        G::inputs()
            .into_iter()
            .map(|column| Target::wire(self.row, column))
            .collect()
    }

    fn run_once(&self, witness: &PartitionWitness<'_, F>, out_buffer: &mut GeneratedValues<F>) -> anyhow::Result<()> {
        G::fill(&mut Row {
            index: self.row,
            constants: &self.constants,
            witness,
            values: out_buffer,
        })
    }

    fn serialize(&self, dst: &mut Vec<u8>, _common_data: &CommonCircuitData<F, D>) -> IoResult<()> {
        dst.write_usize(self.row)?;
        dst.write_usize(self.constants.len())?;
        dst.write_field_vec(&self.constants)
    }

    fn deserialize(src: &mut Buffer<'_>, _common_data: &CommonCircuitData<F, D>) -> IoResult<Self> {
        let row = src.read_usize()?;
        let length = src.read_usize()?;
        Ok(Self {
            row,
            constants: src.read_field_vec(length)?,
            gate: PhantomData,
        })
    }
}
