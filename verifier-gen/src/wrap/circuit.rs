// SPDX-License-Identifier: MIT OR Apache-2.0
//! The circuit: its columns, and how cells of the builder get into them.

use super::PERMUTATION_CELLS;
use super::builder::{Builder, LOOKUP_BITS, PERMUTATIONS, Stage};
use super::key::Key;
use super::poseidon::PoseidonConfig;
use super::proof::InnerProof;
use halo2_base::ContextCell;
use halo2_base::gates::circuit::{BaseCircuitParams, BaseConfig, MaybeRangeConfig};
use halo2_base::gates::flex_gate::MultiPhaseThreadBreakPoints;
use halo2_base::halo2_proofs::circuit::{Layouter, Region, SimpleFloorPlanner};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::halo2_proofs::plonk::{Circuit, ConstraintSystem, Error, Expression};
use halo2_base::virtual_region::manager::VirtualRegionManager;
use serde::{Deserialize, Serialize};

/// Degree of the constraints: the quotient is four times as long as a column.
pub const DEGREE: usize = 5;

/// Rows of the constants' column that are kept for constants of the circuit; round constants lie below.
const CONSTANT_ROWS: usize = 1 << 13;

/// How many columns hold the cells, and how long they are. The verifier's gas grows with the columns, the prover's
/// memory with the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// log2 of the rows.
    pub k: u32,
    /// Columns of general arithmetic.
    pub general: usize,
    /// Columns of cells that are looked up; none if there is one general column, whose cells are looked up in place.
    pub lookups: usize,
    /// Columns of permutations; none if they lie below the cells of the one general column.
    pub permutations: usize,
}

impl Shape {
    /// The shape of the committed verifier.
    pub const DEFAULT: Self = Self::one_column(20);

    /// The shape of fewest columns: everything in one.
    pub const fn one_column(k: u32) -> Self {
        Self {
            k,
            general: 1,
            lookups: 0,
            permutations: 0,
        }
    }

    pub(super) fn base(self) -> BaseCircuitParams {
        BaseCircuitParams {
            k: self.k as usize,
            num_advice_per_phase: vec![self.general],
            num_fixed: 1,
            // In place, halo2-base wants to hear that there is one.
            num_lookup_advice_per_phase: vec![self.lookups.max(1)],
            lookup_bits: Some(LOOKUP_BITS),
            num_instance_columns: 1,
        }
    }
}

/// Columns.
#[derive(Clone, Debug)]
pub struct Config {
    base: BaseConfig<Fr>,
    pub(super) poseidon: PoseidonConfig,
    /// Permutations share the general column.
    shared: bool,
}

/// The circuit with a proof in it.
#[derive(Debug)]
pub struct WrapCircuit {
    pub(super) shape: Shape,
    pub(super) builder: Builder,
}

impl WrapCircuit {
    /// Verifies `proof`, which has the shape `key` says; its public inputs, eight words of 32 bits, become two of 128.
    pub fn new(stage: Stage, shape: Shape, key: &Key, proof: &InnerProof) -> Self {
        Self::write(Builder::new(stage, shape.base()), shape, key, proof)
    }

    pub(super) fn write(mut builder: Builder, shape: Shape, key: &Key, proof: &InnerProof) -> Self {
        let inputs = builder.verify(key, proof);
        let words = builder.pack_words(&inputs);
        builder.base.assigned_instances[0] = words;
        Self { shape, builder }
    }

    /// Where columns broke at key generation, which a prover must be told if there are several.
    pub fn break_points(&self) -> MultiPhaseThreadBreakPoints {
        self.builder.base.break_points()
    }

    /// Tells a prover where columns break.
    pub fn set_break_points(&mut self, break_points: MultiPhaseThreadBreakPoints) {
        self.builder.base.set_break_points(break_points);
    }

    /// The public words.
    pub fn instances(&self) -> Vec<Fr> {
        self.builder.base.assigned_instances[0]
            .iter()
            .map(|word| *word.value())
            .collect()
    }

    /// The builder, to count its cells.
    pub fn builder(&self) -> &Builder {
        &self.builder
    }

    fn assign(&self, config: &Config, region: &mut Region<'_, Fr>) {
        let builder = &self.builder;
        let gate = config.base.gate();
        let base = &builder.base;
        base.core().phase_manager[0].assign_raw(&(gate.basic_gates[0].clone(), gate.max_rows), region);

        let keep = builder.stage != Stage::Prover;
        let start = if config.shared {
            builder.cells().max(CONSTANT_ROWS)
        } else {
            CONSTANT_ROWS
        };
        let end = start + config.poseidon.rows(builder.permutations());
        assert!(
            end <= gate.max_rows,
            "{end} rows of cells and permutations do not fit into {}",
            gate.max_rows
        );
        let mut cells = vec![];
        let unknown = builder.stage == Stage::Keygen;
        config.poseidon.assign(
            region,
            start,
            &builder.permutations,
            unknown,
            |permutation, offset, cell| {
                if keep {
                    // Gates see neighbours: regions must lie where they were put, which halo2 is not asked to promise.
                    let row = start + permutation / config.poseidon.width() * PERMUTATION_CELLS + offset;
                    assert_eq!(cell.row_offset, row, "the cells of a permutation lie side by side");
                    cells.push((ContextCell::new(PERMUTATIONS, permutation, offset), cell));
                }
            },
        );
        if keep {
            let mut copies = base
                .core()
                .copy_manager
                .lock()
                .expect("nothing panics while it holds the lock");
            let constants = copies.num_distinct_constants();
            assert!(
                constants <= CONSTANT_ROWS,
                "{constants} constants reach into the rows of round constants"
            );
            copies.assigned_advices.extend(cells);
        }
        if let MaybeRangeConfig::WithRange(range) = &config.base.base {
            base.assign_lookups_in_phase(range, region, 0);
        }
        if keep {
            base.core().copy_manager.assign_raw(config.base.constants(), region);
        }
    }
}

impl Circuit<Fr> for WrapCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn params(&self) -> Shape {
        self.shape
    }

    fn without_witnesses(&self) -> Self {
        unreachable!("key generation takes a circuit of stage Keygen")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Config {
        let mut base = BaseConfig::configure(meta, shape.base());
        let shared = shape.permutations == 0;
        let columns = if shared {
            assert_eq!(
                shape.general, 1,
                "permutations share the one general column, or have columns of their own"
            );
            vec![base.gate().basic_gates[0][0].value]
        } else {
            (0..shape.permutations).map(|_| meta.advice_column()).collect()
        };
        let poseidon = PoseidonConfig::configure(meta, columns, base.constants()[0]);
        meta.set_minimum_degree(DEGREE);
        assert_eq!(meta.degree(), DEGREE, "halo2 clamps degrees in silence");
        for gate in meta.gates() {
            for polynomial in gate.polynomials() {
                assert!(
                    polynomial.degree() <= DEGREE,
                    "the gate {} is above degree {DEGREE}",
                    gate.name()
                );
            }
        }
        for lookup in meta.lookups() {
            let degree = |list: &[Expression<Fr>]| list.iter().map(Expression::degree).max().unwrap_or(0);
            let degree = 2 + degree(lookup.input_expressions()) + degree(lookup.table_expressions());
            assert!(
                degree <= DEGREE,
                "the lookup {} is of degree {degree}, above {DEGREE}",
                lookup.name()
            );
        }
        // Gates added after halo2-base counted its rows query further, so more rows are blinded.
        base.set_usable_rows((1 << shape.k) - meta.minimum_rows());
        Config { base, poseidon, shared }
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("halo2 is built with circuit parameters")
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        config.base.initialize(&mut layouter);
        layouter.assign_region(
            || "verifier",
            |mut region| {
                self.assign(&config, &mut region);
                Ok(())
            },
        )?;
        self.builder
            .base
            .assign_instances(&config.base.instance, layouter.namespace(|| "public inputs"));
        Ok(())
    }
}
