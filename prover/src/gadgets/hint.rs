// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values that the prover computes outside the circuit. Nothing about them is proven until something constrains them.

use crate::config::{Builder, D, F};
use core::fmt::Debug;
use core::marker::PhantomData;
use plonky2::iop::generator::{GeneratedValues, SimpleGenerator};
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartitionWitness, Witness, WitnessWrite};
use plonky2::plonk::circuit_data::CommonCircuitData;
use plonky2::util::serialization::{Buffer, IoResult, Read, Write};

/// A function from known values to hinted ones.
pub(super) trait Hint: 'static + Clone + Debug + Default + Send + Sync {
    /// Name of the generator.
    const ID: &'static str;

    /// The hinted values, as many as were asked for. Total: a lying prover may feed it anything.
    fn compute(inputs: &[F]) -> Vec<F>;
}

/// `count` targets filled by `H` from `inputs`, constrained by nothing.
pub(super) fn hint<H: Hint>(builder: &mut Builder, inputs: Vec<Target>, count: usize) -> Vec<Target> {
    let outputs = builder.add_virtual_targets(count);
    builder.add_simple_generator(Hinting::<H> {
        inputs,
        outputs: outputs.clone(),
        function: PhantomData,
    });
    outputs
}

#[derive(Clone, Debug, Default)]
struct Hinting<H> {
    inputs: Vec<Target>,
    outputs: Vec<Target>,
    function: PhantomData<H>,
}

impl<H: Hint> SimpleGenerator<F, D> for Hinting<H> {
    fn id(&self) -> String {
        H::ID.to_owned()
    }

    fn dependencies(&self) -> Vec<Target> {
        self.inputs.clone()
    }

    fn run_once(&self, witness: &PartitionWitness<'_, F>, out_buffer: &mut GeneratedValues<F>) -> anyhow::Result<()> {
        let values = H::compute(&witness.get_targets(&self.inputs));
        assert_eq!(values.len(), self.outputs.len(), "values of {}", H::ID);
        for (&target, value) in self.outputs.iter().zip(values) {
            out_buffer.set_target(target, value)?;
        }
        Ok(())
    }

    fn serialize(&self, dst: &mut Vec<u8>, _common_data: &CommonCircuitData<F, D>) -> IoResult<()> {
        dst.write_target_vec(&self.inputs)?;
        dst.write_target_vec(&self.outputs)
    }

    fn deserialize(src: &mut Buffer<'_>, _common_data: &CommonCircuitData<F, D>) -> IoResult<Self> {
        Ok(Self {
            inputs: src.read_target_vec()?,
            outputs: src.read_target_vec()?,
            function: PhantomData,
        })
    }
}
