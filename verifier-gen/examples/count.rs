// SPDX-License-Identifier: MIT OR Apache-2.0
//! Counts the cells of the circuit, part by part, on a real proof, and checks every constraint.
//!
//! ```sh
//! cargo run --release --package poe-prover --example prove_range -- --batches 1 --out final.proof --cache cache
//! cargo run --release --package poe-verifier-gen --example count -- --proof final.proof --cache cache
//! ```

use anyhow::{Context, Result, ensure};
use clap::Parser;
use halo2_base::halo2_proofs::dev::MockProver;
use poe_prover::cache::Cache;
use poe_prover::pipeline::Pipeline;
use poe_rollup::formats::Capacity;
use poe_verifier_gen::wrap::{Key, PERMUTATION_CELLS, Shape, Stage, WrapCircuit};
use std::path::PathBuf;

/// Counts the cells of the circuit on a real proof.
#[derive(Debug, Parser)]
struct Arguments {
    /// The last plonky2 proof, as prove_range writes it.
    #[arg(long)]
    proof: PathBuf,
    /// Folder that keeps the last plonky2 circuit.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// log2 of the rows.
    #[arg(long, default_value_t = 20)]
    k: u32,
    /// Check every constraint on every row, which takes a minute.
    #[arg(long)]
    check: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let cache = arguments.cache.map(Cache::new);
    let pipeline = Pipeline::build(Capacity::REFERENCE, cache.as_ref(), &())?;
    let bytes = std::fs::read(&arguments.proof).with_context(|| arguments.proof.display().to_string())?;
    let proof = pipeline.decode_final(&bytes)?;
    pipeline.verify(&proof)?;

    let key = Key::new(pipeline.last().verifier())?;
    let shape = Shape::one_column(arguments.k);
    let circuit = WrapCircuit::new(Stage::Mock, shape, &key, &proof);
    let builder = circuit.builder();
    println!("| part | cells | permutations |\n|---|---|---|");
    for section in builder.sections() {
        println!("| {} | {} | {} |", section.name, section.cells, section.permutations);
    }
    let total = builder.cells() + builder.permutations() * PERMUTATION_CELLS;
    println!("| all | {} | {} |", builder.cells(), builder.permutations());
    println!("{total} cells, permutations included, of {} rows", 1u64 << arguments.k);
    if arguments.check {
        let instances = vec![circuit.instances()];
        let prover = MockProver::run(arguments.k, &circuit, instances)?;
        let failures = prover.verify().err().unwrap_or_default();
        ensure!(failures.is_empty(), "{} constraints fail, the first: {:?}", failures.len(), failures[0]);
        println!("every constraint holds");
    }
    Ok(())
}
