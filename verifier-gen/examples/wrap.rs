// SPDX-License-Identifier: MIT OR Apache-2.0
//! Counts the cells of the circuit on a real proof, part by part, and proves it for the EVM.
//!
//! ```sh
//! cargo run --release --package poe-prover --example prove_range -- --batches 1 --out final.proof --cache cache
//! cargo run --release --package poe-verifier-gen --example wrap -- --proof final.proof --cache cache
//! ```

use anyhow::{Context, Result, ensure};
use clap::Parser;
use halo2_base::halo2_proofs::dev::MockProver;
use poe_prover::cache::Cache;
use poe_prover::pipeline::Pipeline;
use poe_rollup::formats::Capacity;
use poe_verifier_gen::srs;
use poe_verifier_gen::wrap::{Key, PERMUTATION_CELLS, Shape, Stage, Wrap, WrapCircuit};
use std::path::PathBuf;
use std::time::Instant;

/// Counts the cells of the circuit on a real proof, and proves it for the EVM.
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
    /// Columns of general arithmetic.
    #[arg(long, default_value_t = 1)]
    general: usize,
    /// Columns of cells that are looked up; 0 with one general column.
    #[arg(long, default_value_t = 0)]
    lookups: usize,
    /// Columns of permutations; 0 to put them below the one general column.
    #[arg(long, default_value_t = 0)]
    permutations: usize,
    /// Check every constraint on every row instead of proving.
    #[arg(long)]
    check: bool,
    /// Proofs to make.
    #[arg(long, default_value_t = 1)]
    proofs: u32,
}

/// Largest resident set so far, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0) / 1024
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    println!("{what}: {:.1} s, peak {} MiB", begun.elapsed().as_secs_f64(), peak_mib());
    done
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let cache = arguments.cache.map(Cache::new);
    let pipeline = timed("plonky2 circuits", || Pipeline::build(Capacity::REFERENCE, cache.as_ref(), &()))?;
    let bytes = std::fs::read(&arguments.proof).with_context(|| arguments.proof.display().to_string())?;
    let proof = pipeline.decode_final(&bytes)?;
    pipeline.verify(&proof)?;
    let inner = pipeline.last().verifier().clone();
    drop(pipeline);

    let shape = Shape {
        k: arguments.k,
        general: arguments.general,
        lookups: arguments.lookups,
        permutations: arguments.permutations,
    };
    let key = Key::new(&inner)?;
    let circuit = timed("cells", || WrapCircuit::new(Stage::Mock, shape, &key, &proof));
    let builder = circuit.builder();
    println!("| part | cells | permutations |\n|---|---|---|");
    for section in builder.sections() {
        println!("| {} | {} | {} |", section.name, section.cells, section.permutations);
    }
    let total = builder.cells() + builder.permutations() * PERMUTATION_CELLS;
    println!("| all | {} | {} |", builder.cells(), builder.permutations());
    println!("{total} cells, permutations included; {} rows", 1u64 << shape.k);
    if arguments.check {
        let instances = vec![circuit.instances()];
        let failures = timed("constraints", || {
            let prover = MockProver::run(shape.k, &circuit, instances)?;
            Ok::<_, anyhow::Error>(prover.verify().err().unwrap_or_default())
        })?;
        ensure!(failures.is_empty(), "{} constraints fail, the first: {:?}", failures.len(), failures[0]);
        println!("every constraint holds");
        return Ok(());
    }
    drop(circuit);

    let params = timed("development setup", || srs::development(shape.k, &|_| ()));
    let wrap = timed("keys", || Wrap::generate(&params, inner, shape))?;
    for _ in 0..arguments.proofs {
        let proof = timed("proof", || wrap.prove(&proof))?;
        println!("{} bytes for the statement {:?}", proof.bytes.len(), proof.statement);
    }
    Ok(())
}
