// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small circuits that between them use everything the generator supports.

use anyhow::Result;
use halo2_base::halo2_proofs::arithmetic::Field;
use halo2_base::halo2_proofs::circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Value};
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_base::halo2_proofs::plonk::{
    Advice, Circuit, Column, ConstraintSystem, Error, Expression, Fixed, Instance, ProvingKey, Selector, TableColumn,
    keygen_pk, keygen_vk,
};
use halo2_base::halo2_proofs::poly::Rotation;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use poe_verifier_gen::kzg;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// A circuit of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Small {
    /// Three advice columns, a product, two public words.
    Products,
    /// A lookup in place, and a fixed column that is all zero: its commitment is the identity.
    Lookup,
    /// Two columns queried at eleven and at ten rotations, of both signs.
    Rotations,
    /// Eight columns that may be copied at degree three: a permutation of eight products. No public words.
    Copies,
    /// Two lookups of two columns each, a gate of degree five, three public words.
    Pairs,
    /// The products, a row lower: another key of the same shape.
    Lower,
}

/// All whose contracts are kept.
pub(crate) const ALL: [Small; 5] = [
    Small::Products,
    Small::Lookup,
    Small::Rotations,
    Small::Copies,
    Small::Pairs,
];

impl Small {
    /// Name of the generated contract, without the mark of an insecure setup.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Products => "Products",
            Self::Lookup => "Lookup",
            Self::Rotations => "Rotations",
            Self::Copies => "Copies",
            Self::Pairs => "Pairs",
            Self::Lower => "Lower",
        }
    }

    /// log2 of the rows.
    pub(crate) fn k(self) -> u32 {
        6
    }

    /// Public words of the satisfied circuit with this seed.
    pub(crate) fn instances(self, seed: u64) -> Vec<Fr> {
        let base = Fr::from(seed) + Fr::from(3);
        match self {
            Self::Products | Self::Lower => vec![base.square(), base.square() * base],
            Self::Lookup => vec![Fr::from(seed % 16)],
            Self::Rotations => vec![fibonacci(seed)[12]],
            Self::Copies => vec![],
            Self::Pairs => vec![base, base.square().square(), Fr::from(seed % 8)],
        }
    }
}

/// Fourteen numbers, each the sum of the two before.
fn fibonacci(seed: u64) -> Vec<Fr> {
    let mut numbers = vec![Fr::from(seed), Fr::ONE];
    while numbers.len() < 14 {
        numbers.push(numbers[numbers.len() - 1] + numbers[numbers.len() - 2]);
    }
    numbers
}

/// A circuit of a kind with the witness of a seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SmallCircuit {
    /// Which.
    pub(crate) kind: Small,
    /// Decides the witness.
    pub(crate) seed: u64,
}

/// Columns of any of them.
#[derive(Clone, Debug)]
pub(crate) struct SmallConfig {
    advice: Vec<Column<Advice>>,
    fixed: Vec<Column<Fixed>>,
    selector: Selector,
    tables: Vec<TableColumn>,
    instance: Option<Column<Instance>>,
}

/// The kind, which decides the columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params(pub(crate) Small);

impl Default for Params {
    fn default() -> Self {
        Self(Small::Products)
    }
}

fn columns(meta: &mut ConstraintSystem<Fr>, n: usize) -> Vec<Column<Advice>> {
    (0..n)
        .map(|_| {
            let column = meta.advice_column();
            meta.enable_equality(column);
            column
        })
        .collect()
}

impl Circuit<Fr> for SmallCircuit {
    type Config = SmallConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Params;

    fn params(&self) -> Params {
        Params(self.kind)
    }

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> SmallConfig {
        unreachable!("halo2 is built with circuit parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, Params(kind): Params) -> SmallConfig {
        let advice = columns(
            meta,
            match kind {
                Small::Products | Small::Lower => 3,
                Small::Lookup => 1,
                Small::Copies => 8,
                Small::Rotations | Small::Pairs => 2,
            },
        );
        let instance = (kind != Small::Copies).then(|| {
            let column = meta.instance_column();
            meta.enable_equality(column);
            column
        });
        let mut config = SmallConfig {
            advice,
            fixed: vec![],
            selector: if matches!(kind, Small::Lookup | Small::Pairs) {
                meta.complex_selector()
            } else {
                meta.selector()
            },
            tables: vec![],
            instance,
        };
        match kind {
            Small::Products | Small::Lower => config.products(meta),
            Small::Lookup => config.lookup(meta),
            Small::Rotations => config.rotations(meta),
            Small::Copies => config.copies(meta),
            Small::Pairs => config.pairs(meta),
        }
        config
    }

    fn synthesize(&self, config: SmallConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        for (t, &table) in config.tables.iter().enumerate() {
            layouter.assign_table(
                || "table",
                |mut rows| {
                    for i in 0..16u64 {
                        let value = if t == 0 { Fr::from(i) } else { Fr::from(i).square() };
                        rows.assign_cell(|| "entry", table, i as usize, || Value::known(value))?;
                    }
                    Ok(())
                },
            )?;
        }
        let public = layouter.assign_region(
            || "rows",
            |mut region| {
                Ok(match self.kind {
                    Small::Products => self.products(&config, &mut region, 0),
                    Small::Lower => self.products(&config, &mut region, 1),
                    Small::Lookup => self.lookup(&config, &mut region),
                    Small::Rotations => self.rotations(&config, &mut region),
                    Small::Copies => self.copies(&config, &mut region),
                    Small::Pairs => self.pairs(&config, &mut region),
                })
            },
        )?;
        for (i, cell) in public.into_iter().enumerate() {
            layouter.constrain_instance(cell, config.instance.expect("public cells need a column"), i);
        }
        Ok(())
    }
}

impl SmallConfig {
    fn products(&mut self, meta: &mut ConstraintSystem<Fr>) {
        let Self { advice, selector, .. } = self.clone();
        meta.create_gate("product", |meta| {
            let on = meta.query_selector(selector);
            let [a, b, c] = core::array::from_fn(|i| meta.query_advice(advice[i], Rotation::cur()));
            vec![on * (a * b - c)]
        });
    }

    fn lookup(&mut self, meta: &mut ConstraintSystem<Fr>) {
        let table = meta.lookup_table_column();
        self.tables.push(table);
        let zeros = meta.fixed_column();
        self.fixed.push(zeros);
        let (column, selector) = (self.advice[0], self.selector);
        meta.lookup("small", |meta| {
            let on = meta.query_selector(selector);
            let value = meta.query_advice(column, Rotation::cur());
            vec![(on * value, table)]
        });
        meta.create_gate("nothing is added", |meta| {
            let zero = meta.query_fixed(zeros, Rotation::cur());
            let value = meta.query_advice(column, Rotation::cur());
            vec![zero * value]
        });
    }

    fn rotations(&mut self, meta: &mut ConstraintSystem<Fr>) {
        let Self { advice, selector, .. } = self.clone();
        // Two sets of many points: one column is seen from one row further.
        for (column, first) in [(advice[0], -2), (advice[1], -1)] {
            meta.create_gate("sums of two before, as far as one sees", |meta| {
                let on = meta.query_selector(selector);
                let values: Vec<_> = (first..=8).map(|i| meta.query_advice(column, Rotation(i))).collect();
                let sums = values
                    .windows(3)
                    .map(|w| on.clone() * (w[2].clone() - w[1].clone() - w[0].clone()));
                sums.collect::<Vec<_>>()
            });
        }
    }

    fn copies(&mut self, meta: &mut ConstraintSystem<Fr>) {
        let Self { advice, selector, .. } = self.clone();
        meta.create_gate("next to it, one more", |meta| {
            let on = meta.query_selector(selector);
            let values: Vec<_> = advice
                .iter()
                .map(|&column| meta.query_advice(column, Rotation::cur()))
                .collect();
            let one = || Expression::Constant(Fr::ONE);
            values
                .windows(2)
                .map(|w| on.clone() * (w[1].clone() - w[0].clone() - one()))
                .collect::<Vec<_>>()
        });
    }

    fn pairs(&mut self, meta: &mut ConstraintSystem<Fr>) {
        let tables = [meta.lookup_table_column(), meta.lookup_table_column()];
        self.tables.extend(tables);
        let Self { advice, selector, .. } = self.clone();
        for rotation in [0, 1] {
            meta.lookup("number and square", |meta| {
                let on = meta.query_selector(selector);
                let a = meta.query_advice(advice[0], Rotation(rotation));
                let b = meta.query_advice(advice[1], Rotation(rotation));
                vec![(on.clone() * a, tables[0]), (on * b, tables[1])]
            });
        }
        let power = meta.fixed_column();
        self.fixed.push(power);
        meta.create_gate("fourth power", |meta| {
            let on = meta.query_fixed(power, Rotation::cur());
            let a = meta.query_advice(advice[0], Rotation::cur());
            let b = meta.query_advice(advice[1], Rotation::cur());
            let square = a.clone() * a.clone();
            vec![on * (b - square.clone() * square)]
        });
    }
}

impl SmallCircuit {
    fn base(&self) -> Fr {
        Fr::from(self.seed) + Fr::from(3)
    }

    fn put(region: &mut Region<'_, Fr>, column: Column<Advice>, row: usize, value: Fr) -> Cell {
        region.assign_advice(column, row, Value::known(value)).cell()
    }

    fn products(&self, config: &SmallConfig, region: &mut Region<'_, Fr>, start: usize) -> Vec<Cell> {
        let base = self.base();
        let mut before = base;
        let mut cells: Vec<[Cell; 3]> = vec![];
        for row in start..start + 2 {
            config.selector.enable(region, row).expect("a row");
            let values = [before, base, before * base];
            cells.push(core::array::from_fn(|i| {
                Self::put(region, config.advice[i], row, values[i])
            }));
            before = values[2];
        }
        region.constrain_equal(cells[0][2], cells[1][0]);
        region.constrain_equal(cells[0][1], cells[1][1]);
        region.constrain_equal(cells[0][0], cells[0][1]);
        vec![cells[0][2], cells[1][2]]
    }

    fn lookup(&self, config: &SmallConfig, region: &mut Region<'_, Fr>) -> Vec<Cell> {
        let cells = (0..4).map(|row| {
            config.selector.enable(region, row).expect("a row");
            Self::put(region, config.advice[0], row, Fr::from((self.seed + row as u64) % 16))
        });
        cells.take(4).collect::<Vec<_>>()[..1].to_vec()
    }

    fn rotations(&self, config: &SmallConfig, region: &mut Region<'_, Fr>) -> Vec<Cell> {
        let numbers = fibonacci(self.seed);
        let cells: Vec<Cell> = numbers
            .iter()
            .enumerate()
            .map(|(row, &value)| {
                Self::put(region, config.advice[1], row, value);
                Self::put(region, config.advice[0], row, value)
            })
            .collect();
        for row in [2, 5] {
            config.selector.enable(region, row).expect("a row");
        }
        vec![cells[12]]
    }

    fn copies(&self, config: &SmallConfig, region: &mut Region<'_, Fr>) -> Vec<Cell> {
        let mut first: Option<Vec<Cell>> = None;
        for row in 0..3 {
            config.selector.enable(region, row).expect("a row");
            let values = config.advice.iter().enumerate();
            let cells: Vec<Cell> = values
                .map(|(i, &column)| Self::put(region, column, row, self.base() + Fr::from(i as u64)))
                .collect();
            if let Some(first) = &first {
                for (a, b) in first.iter().zip(&cells) {
                    region.constrain_equal(*a, *b);
                }
            } else {
                first = Some(cells);
            }
        }
        vec![]
    }

    fn pairs(&self, config: &SmallConfig, region: &mut Region<'_, Fr>) -> Vec<Cell> {
        let [a, b] = [config.advice[0], config.advice[1]];
        let small = Fr::from(self.seed % 8);
        config.selector.enable(region, 0).expect("a row");
        let number = Self::put(region, a, 0, small);
        Self::put(region, b, 0, small.square());
        let next = small + Fr::from(2);
        Self::put(region, a, 1, next);
        Self::put(region, b, 1, next.square());
        region.assign_fixed(config.fixed[0], 2, Fr::ONE);
        let base = self.base();
        let bottom = Self::put(region, a, 2, base);
        let top = Self::put(region, b, 2, base.square().square());
        vec![bottom, top, number]
    }
}

/// Keys, the same on every machine, and a proof.
pub(crate) fn prove(
    kind: Small,
    seed: u64,
    params: &ParamsKZG<Bn256>,
) -> Result<(ProvingKey<G1Affine>, Vec<Fr>, Vec<u8>)> {
    prove_blinded(kind, seed, params, seed)
}

/// The same with blinding of choice.
pub(crate) fn prove_blinded(
    kind: Small,
    seed: u64,
    params: &ParamsKZG<Bn256>,
    blinding: u64,
) -> Result<(ProvingKey<G1Affine>, Vec<Fr>, Vec<u8>)> {
    let circuit = SmallCircuit { kind, seed };
    let key = keygen_vk(params, &circuit)?;
    let key = keygen_pk(params, key, &circuit)?;
    let instances = kind.instances(seed);
    let columns: Vec<&[Fr]> = if kind == Small::Copies {
        vec![]
    } else {
        vec![&instances]
    };
    let proof = kzg::prove(params, &key, circuit, &columns, ChaCha20Rng::seed_from_u64(blinding))?;
    kzg::verify(params, key.get_vk(), &columns, &proof)?;
    Ok((key, instances, proof))
}
