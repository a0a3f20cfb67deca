// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes the contracts that `forge test` tries, with proofs for them; or checks that they are what would be written.
//!
//! ```sh
//! cargo build --workspace --all-features --locked --bins --examples
//! target/debug/examples/verifier_fixtures --write
//! ```

#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod circuits;

use anyhow::{Context, Result, ensure};
use circuits::{ALL, Small, prove};
use clap::Parser;
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use poe_verifier_gen::solidity::{Description, format, generate};
use poe_verifier_gen::srs;
use serde_json::json;
use std::path::PathBuf;

/// Writes or checks the generated contracts of small circuits.
#[derive(Debug, Parser)]
struct Arguments {
    /// Write the files instead of checking them.
    #[arg(long)]
    write: bool,
    /// Root of the project.
    #[arg(long, default_value = ".")]
    root: PathBuf,
}

/// Two proofs each: one to mutate, another whose words do not fit the first.
fn files(kind: Small) -> Result<[(String, String); 2]> {
    let params = srs::development(kind.k(), &|_| ());
    let description = Description {
        name: format!("{}InsecureDev", kind.name()),
        circuit: None,
        interface_path: String::new(),
    };
    let mut proofs = vec![];
    let mut contract = String::new();
    for seed in [1, 2] {
        let (key, instances, proof) = prove(kind, seed, &params)?;
        contract = format(&generate(&params, key.get_vk(), instances.len(), &description)?)?;
        let words: Vec<String> = instances
            .iter()
            .map(|value| {
                let mut bytes = value.to_repr();
                bytes.reverse();
                format!("0x{}", hex::encode(bytes))
            })
            .collect();
        proofs.push(json!({ "publicInputs": words, "proof": format!("0x{}", hex::encode(proof)) }));
    }
    let fixture = serde_json::to_string_pretty(&json!({ "proofs": proofs }))? + "\n";
    Ok([
        (format!("test/verifiers/generated/{}.sol", description.name), contract),
        (format!("test/fixtures/verifiers/{}.json", description.name), fixture),
    ])
}

/// Proofs hold randomness, and `forge test` verifies those that are kept: of a fixture the public words are compared.
fn comparable(path: &str, text: &str) -> Result<String> {
    if !path.ends_with(".json") {
        return Ok(text.to_string());
    }
    let fixture: serde_json::Value = serde_json::from_str(text).with_context(|| path.to_string())?;
    let proofs = fixture["proofs"].as_array().into_iter().flatten();
    Ok(proofs.map(|proof| proof["publicInputs"].to_string()).collect())
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    for kind in ALL {
        for (path, text) in files(kind)? {
            let full = arguments.root.join(&path);
            if arguments.write {
                std::fs::create_dir_all(full.parent().expect("a file in a folder"))?;
                std::fs::write(&full, text).with_context(|| path.clone())?;
                println!("{path} written");
            } else {
                let found = std::fs::read_to_string(&full).with_context(|| path.clone())?;
                ensure!(
                    comparable(&path, &found)? == comparable(&path, &text)?,
                    "{path} is not what the generator writes: run with --write"
                );
                println!("{path} is up to date");
            }
        }
    }
    Ok(())
}
