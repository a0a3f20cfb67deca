// SPDX-License-Identifier: MIT OR Apache-2.0
//! Counts the cells of the circuit on a real proof, part by part, proves it for the EVM in a shape of choice, and runs the
//! contract for that shape beside the one that snark-verifier generates: a point of the curve in docs/wrap.md.
//!
//! ```sh
//! cargo build --workspace --all-features --locked --bins --examples
//! target/debug/examples/prove_range --batches 1 --out final.proof --cache cache
//! target/debug/examples/wrap --proof final.proof --cache cache
//! ```

#[path = "../tests/evm/machine.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod machine;
mod snark_verifier;
#[path = "../tests/evm/solc.rs"]
mod solc;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use halo2_base::halo2_proofs::dev::MockProver;
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, G1Affine};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::plonk::VerifyingKey;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use machine::Machine;
use poe_prover::cache::Cache;
use poe_prover::pipeline::Pipeline;
use poe_rollup::formats::Capacity;
use poe_verifier_gen::solidity::{Description, generate};
use poe_verifier_gen::srs;
use poe_verifier_gen::wrap::{Key, PERMUTATION_CELLS, Shape, Stage, Wrap, WrapCircuit, WrapProof};
use revm::primitives::keccak256;
use solc::{Settings, compile};
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
    /// Proofs to make; their median time counts.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    proofs: u32,
    /// Where to write the figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Largest resident set so far, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0) / 1024
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    seconds(what, work).1
}

fn seconds<T>(what: &str, work: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let done = work();
    let took = begun.elapsed().as_secs_f64();
    println!("{what}: {took:.1} s, peak {} MiB", peak_mib());
    (took, done)
}

/// Calldata of the contract and of snark-verifier's for one proof.
fn calls(proof: &WrapProof) -> [Vec<u8>; 2] {
    let word = |n: u64| [&[0; 24][..], &n.to_be_bytes()].concat();
    let words: Vec<u8> = proof
        .statement
        .iter()
        .flat_map(|half| half.to_repr().into_iter().rev())
        .collect();
    let own = [
        &keccak256("verify(uint256[2],bytes)")[..4],
        &words,
        &word(96),
        &word(proof.bytes.len() as u64),
        &proof.bytes,
    ];
    [own.concat(), [words.clone(), proof.bytes.clone()].concat()]
}

/// Gas and bytes of the contract, and of snark-verifier's, on one proof.
fn contracts(params: &ParamsKZG<Bn256>, key: &VerifyingKey<G1Affine>, proof: &WrapProof) -> Result<[(u64, usize); 2]> {
    let description = Description {
        name: "MeasuredInsecureDev".to_string(),
        circuit: None,
        interface_path: String::new(),
    };
    let own = generate(params, key, 2, &description)?;
    let other = snark_verifier::contract(params, key, 2);
    let without_yul = Settings {
        yul: false,
        ..Settings::PROJECT
    };
    let own = compile(&own, &description.name, Settings::PROJECT);
    let other = compile(&other, snark_verifier::NAME, without_yul);
    let machines = [Machine::deploy(&own), Machine::deploy_of_any_size(&other)];
    let mut figures = [(0, 0); 2];
    for (figure, (machine, call)) in figures.iter_mut().zip(machines.into_iter().zip(calls(proof))) {
        let run = machine.call(call);
        ensure!(
            run.answer.accepts(),
            "the contract rejects a valid proof: {:?}",
            run.answer
        );
        *figure = (run.gas, machine.size());
    }
    Ok(figures)
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let cache = arguments.cache.as_ref().map(Cache::new);
    let pipeline = timed("plonky2 circuits", || {
        Pipeline::build(Capacity::REFERENCE, cache.as_ref(), &())
    })?;
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
        ensure!(
            failures.is_empty(),
            "{} constraints fail, the first: {:?}",
            failures.len(),
            failures[0]
        );
        println!("every constraint holds");
        return Ok(());
    }
    drop(circuit);

    let make = || timed("development setup", || srs::development(shape.k, &|_| ()));
    let params = cache
        .as_ref()
        .map_or_else(|| Ok(make()), |cache| srs::cached(cache, shape.k, make))?;
    let (keys, wrap) = seconds("keys", || Wrap::generate(&params, inner, shape));
    let wrap = wrap?;
    let mut proofs = vec![];
    for _ in 0..arguments.proofs {
        let (took, done) = seconds("proof", || wrap.prove(&proof));
        proofs.push((took, done?));
    }
    proofs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (median, proof) = &proofs[proofs.len() / 2];
    let [(gas, bytes), (other_gas, other_bytes)] = contracts(&params, wrap.verifying_key(), proof)?;
    println!(
        "| k | general, lookup, permutation columns | keys, s | proof, s | peak, MiB | proof, bytes | gas | snark-verifier | \
         bytes | snark-verifier |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    println!(
        "| {} | {}, {}, {} | {keys:.0} | {median:.0} | {} | {} | {gas} | {other_gas} | {bytes} | {other_bytes} |",
        shape.k,
        shape.general,
        shape.lookups,
        shape.permutations,
        peak_mib(),
        proof.bytes.len()
    );
    if let Some(path) = &arguments.json {
        let figures = serde_json::json!({
            "proofSeconds": median, "peakMib": peak_mib(), "gas": gas, "bytes": bytes,
            "snarkVerifierGas": other_gas, "snarkVerifierBytes": other_bytes,
        });
        std::fs::write(path, figures.to_string()).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
