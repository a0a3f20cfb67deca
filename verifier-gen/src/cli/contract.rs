// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands about the contract of the batch circuits.

use super::progress::{Circuits, timed};
use super::setup::Source;
use anyhow::{Context, Result, ensure};
use clap::Args;
use poe_prover::cache::Cache;
use poe_prover::pipeline::Pipeline;
use poe_rollup::formats::Capacity;
use poe_verifier_gen::manifest::Manifest;
use poe_verifier_gen::solidity::{self, CircuitInfo, Description, INSECURE_SUFFIX};
use poe_verifier_gen::srs;
use poe_verifier_gen::wrap::{Shape, Wrap};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Which circuit, over which setup.
#[derive(Debug, Args)]
struct Circuit {
    /// Slots a batch.
    #[arg(long, default_value_t = Capacity::REFERENCE.slots)]
    slots: u32,
    /// Messages a batch.
    #[arg(long, default_value_t = Capacity::REFERENCE.messages)]
    messages: u32,
    /// Exits a batch.
    #[arg(long, default_value_t = Capacity::REFERENCE.exits)]
    exits: u32,
    /// log2 of the rows.
    #[arg(long, default_value_t = Shape::DEFAULT.k)]
    k: u32,
    /// Columns of general arithmetic.
    #[arg(long, default_value_t = Shape::DEFAULT.general)]
    general: usize,
    /// Columns of cells that are looked up; 0 with one general column.
    #[arg(long, default_value_t = Shape::DEFAULT.lookups)]
    lookups: usize,
    /// Columns of permutations; 0 to put them below the one general column.
    #[arg(long, default_value_t = Shape::DEFAULT.permutations)]
    permutations: usize,
    #[command(flatten)]
    source: Source,
}

impl Circuit {
    fn shape(&self) -> Shape {
        Shape {
            k: self.k,
            general: self.general,
            lookups: self.lookups,
            permutations: self.permutations,
        }
    }

    fn pipeline(&self) -> Result<Pipeline> {
        let capacity = Capacity {
            slots: self.slots,
            messages: self.messages,
            exits: self.exits,
        };
        let cache = self.source.cache.as_ref().map(Cache::new);
        Ok(Pipeline::build(capacity, cache.as_ref(), &Circuits)?)
    }

    /// The contract's source and its manifest.
    fn contract(&self, name: Option<&str>) -> Result<(String, Manifest)> {
        let pipeline = self.pipeline()?;
        let params = self.source.params(self.k)?;
        let inner = pipeline.last().verifier().clone();
        let key = timed("verifying key", || {
            Wrap::verifying_key_of(&params, &inner, self.shape())
        })?;
        let insecure = params.s_g2() == srs::tau_g2();
        let default = if insecure {
            format!("BatchVerifier{INSECURE_SUFFIX}")
        } else {
            "BatchVerifier".to_string()
        };
        let circuit = CircuitInfo {
            slots: self.slots.try_into().context("slots fit 16 bits")?,
            messages: self.messages.try_into().context("messages fit 8 bits")?,
            exits: self.exits.try_into().context("exits fit 8 bits")?,
            circuit_hash: poe_verifier_gen::manifest::circuit_hash(&pipeline.lock_entries()),
        };
        let description = Description {
            name: name.map_or(default, ToString::to_string),
            circuit: Some(circuit),
            interface_path: "../interfaces/IVerifier.sol".to_string(),
        };
        let source = solidity::format(&solidity::generate(&params, &key, 2, &description)?)?;
        let manifest = Manifest::new(&description, self.shape(), &params, &key, &source);
        Ok((source, manifest))
    }
}

/// The files of a contract.
fn paths(folder: &Path, name: &str) -> [PathBuf; 2] {
    [folder.join(format!("{name}.sol")), folder.join(format!("{name}.json"))]
}

/// Writes the contract and its manifest.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    circuit: Circuit,
    /// Name of the contract; over the development setup it must end in InsecureDev.
    #[arg(long)]
    name: Option<String>,
    /// Folder to write to.
    #[arg(long, default_value = "contracts/verifiers")]
    out: PathBuf,
}

impl Generate {
    pub(crate) fn run(self) -> Result<()> {
        let (source, manifest) = self.circuit.contract(self.name.as_deref())?;
        std::fs::create_dir_all(&self.out).with_context(|| self.out.display().to_string())?;
        let [contract, json] = paths(&self.out, &manifest.name);
        for (path, text) in [(contract, source), (json, manifest.to_json())] {
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
            println!("{} written", path.display());
        }
        Ok(())
    }
}

/// Writes the contract once more, in memory, and compares source and manifest with the files, and code with what is deployed.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    circuit: Circuit,
    /// Name of the contract.
    #[arg(long)]
    name: Option<String>,
    /// Its folder.
    #[arg(long, default_value = "contracts/verifiers")]
    folder: PathBuf,
    /// A file with runtime code in hexadecimal, as `cast code ADDRESS` prints it, to be compared but for its metadata.
    #[arg(long)]
    code: Option<PathBuf>,
}

impl Check {
    pub(crate) fn run(self) -> Result<()> {
        let (source, manifest) = self.circuit.contract(self.name.as_deref())?;
        let [contract, json] = paths(&self.folder, &manifest.name);
        for (path, text) in [(contract, source), (json, manifest.to_json())] {
            let found = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            ensure!(found == text, "{} is not what the generator writes", path.display());
            println!("{} is what the generator writes", path.display());
        }
        if let Some(path) = &self.code {
            self.compare_code(path, &manifest.name)?;
        }
        Ok(())
    }

    /// The files are known to be right.
    fn compare_code(&self, path: &Path, name: &str) -> Result<()> {
        let deployed = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let digits = deployed.trim().trim_start_matches("0x");
        let deployed = hex::decode(digits).with_context(|| format!("{}: not hexadecimal", path.display()))?;
        let [contract, _] = paths(&self.folder, name);
        let interface = self.folder.join("../interfaces/IVerifier.sol");
        let read = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
        let compile = || -> Result<Vec<u8>> { Ok(solidity::compile(&read(&contract)?, name, &read(&interface)?)?) };
        let compiled = timed("compilation", compile)?;
        let (own, found) = (
            solidity::without_metadata(&compiled),
            solidity::without_metadata(&deployed),
        );
        ensure!(
            own == found,
            "the code is not that of {}: {} bytes and {} bytes, which differ from byte {} on",
            contract.display(),
            found.len(),
            own.len(),
            own.iter().zip(found).take_while(|(a, b)| a == b).count()
        );
        println!(
            "{} holds the code of {}: {} bytes",
            path.display(),
            contract.display(),
            own.len()
        );
        Ok(())
    }
}

/// Says what the contract does.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    circuit: Circuit,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<()> {
        let pipeline = self.circuit.pipeline()?;
        let params = self.circuit.source.params(self.circuit.k)?;
        let inner = pipeline.last().verifier().clone();
        let key = timed("verifying key", || {
            Wrap::verifying_key_of(&params, &inner, self.circuit.shape())
        })?;
        print!("{}", solidity::inspect(&key, 2)?);
        Ok(())
    }
}

/// Wraps a plonky2 proof.
#[derive(Debug, Args)]
pub(crate) struct Prove {
    #[command(flatten)]
    circuit: Circuit,
    /// The last plonky2 proof, as poe-prover writes it.
    #[arg(long)]
    proof: PathBuf,
    /// Where to write the public inputs and the proof, as JSON.
    #[arg(long)]
    out: PathBuf,
    /// Proofs to make, each with blinding of its own.
    #[arg(long, default_value_t = 1)]
    count: u32,
}

impl Prove {
    pub(crate) fn run(self) -> Result<()> {
        let pipeline = self.circuit.pipeline()?;
        let bytes = std::fs::read(&self.proof).with_context(|| self.proof.display().to_string())?;
        let proof = pipeline.decode_final(&bytes)?;
        pipeline.verify(&proof)?;
        let inner = pipeline.last().verifier().clone();
        drop(pipeline);
        let params = self.circuit.source.params(self.circuit.k)?;
        let wrap = timed("keys", || Wrap::generate(&params, inner, self.circuit.shape()))?;
        let mut proofs = vec![];
        for _ in 0..self.count {
            let wrapped = timed("proof", || wrap.prove(&proof))?;
            proofs.push(json!({
                "publicInputs": wrapped.statement.map(|half| format!("{half:?}")),
                "proof": format!("0x{}", hex::encode(&wrapped.bytes)),
            }));
        }
        let text = serde_json::to_string_pretty(&json!({ "proofs": proofs }))? + "\n";
        std::fs::write(&self.out, text).with_context(|| self.out.display().to_string())?;
        println!("{} written", self.out.display());
        Ok(())
    }
}
