// SPDX-License-Identifier: MIT OR Apache-2.0
//! The identities of all circuits (CIR-20): `prover/circuits.json`, and the rows they take.

use anyhow::{Context, Result, bail};
use poe_prover::layers::Layer;
use poe_prover::leaf::PartRows;
use poe_prover::lock::LockEntry;
use poe_prover::pipeline::{Observer, Pipeline, Step};
use poe_prover::rows;
use poe_rollup::formats::Capacity;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::Duration;

const LOCK: &str = "prover/circuits.json";
const FIGURES: &str = "target/circuits.json";

/// Says what is being built; it takes a minute.
struct Progress;

impl Observer for Progress {
    fn ended(&self, step: Step, took: Duration) {
        if let Step::Build(layer) = step {
            eprintln!("circuits: {layer} built in {:.1} s", took.as_secs_f64());
        }
    }
}

/// Prints the rows and writes the figures that `make figures` reads; builds nothing.
pub(crate) fn rows(root: &Path) -> Result<()> {
    let parts = poe_prover::leaf::LeafCircuit::count_rows(Capacity::REFERENCE);
    let total: usize = parts.iter().map(|part| part.rows).sum();
    println!(
        "leaf of {} slots, {} messages, {} exits:",
        Capacity::REFERENCE.slots,
        Capacity::REFERENCE.messages,
        Capacity::REFERENCE.exits
    );
    for PartRows { part, rows } in &parts {
        println!("{rows:>8}  {part}");
    }
    println!(
        "{total:>8}  of {}, {:.1} %",
        total.next_power_of_two(),
        100.0 * total as f64 / total.next_power_of_two() as f64
    );
    let (signature, slot) = (rows::rows_per_signature(), rows::rows_per_slot());
    println!("{signature:>8.1}  a signature, all in (P1)\n{slot:>8.1}  a slot, all in (P2)");
    write_figures(
        root,
        &json!({ "rowsPerSignature": signature, "rowsPerSlot": slot, "leafRows": total }),
    )
}

fn write_figures(root: &Path, figures: &serde_json::Value) -> Result<()> {
    let path = root.join(FIGURES);
    fs::create_dir_all(path.parent().context("a folder")?)?;
    fs::write(&path, serde_json::to_string_pretty(figures)? + "\n")
        .with_context(|| format!("writing {}", path.display()))
}

/// Builds every circuit and fails if one is not the one that is locked.
pub(crate) fn check(root: &Path) -> Result<()> {
    let found = build(root)?;
    let path = root.join(LOCK);
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let locked: Vec<LockEntry> = serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    let changed: Vec<&str> = found
        .iter()
        .filter(|entry| !locked.contains(entry))
        .map(|entry| entry.circuit.as_str())
        .collect();
    if !changed.is_empty() || locked.len() != found.len() {
        bail!(
            "not the locked circuits: {}. A proof of one is no proof of the other: if the change is meant, run `cargo xtask circuits --write` and make a new version of the verifier",
            changed.join(", ")
        );
    }
    println!("circuits: {} are as locked", found.len());
    Ok(())
}

/// Builds every circuit and locks it.
pub(crate) fn write(root: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(&build(root)?)? + "\n";
    fs::write(root.join(LOCK), text).with_context(|| format!("writing {LOCK}"))
}

fn build(root: &Path) -> Result<Vec<LockEntry>> {
    let pipeline = Pipeline::build(Capacity::REFERENCE, None, &Progress)?;
    for (layer, used, of) in pipeline.rows() {
        println!("{used:>8}  of {of:>6} rows  {layer}");
    }
    let node = pipeline.rows().into_iter().find(|(layer, ..)| *layer == Layer::Node);
    let (_, node_rows, node_of) = node.context("a node")?;
    write_figures(
        root,
        &json!({
            "rowsPerSignature": rows::rows_per_signature(),
            "rowsPerSlot": rows::rows_per_slot(),
            "leafRows": rows::leaf_rows(Capacity::REFERENCE),
            "nodeRows": node_rows,
            "nodeRowsPadded": node_of,
        }),
    )?;
    Ok(pipeline.lock_entries())
}
