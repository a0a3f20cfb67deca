// SPDX-License-Identifier: MIT OR Apache-2.0
//! Proves the first batches of a chain for Ethereum, and writes what `forge test` settles: the calls that bring the contract
//! there, and proofs for two beneficiaries. Proofs hold randomness, so the file is written anew only for another circuit.
//!
//! ```sh
//! cargo build --workspace --all-features --locked --bins --examples
//! target/debug/examples/settlement --cache cache
//! ```

#[path = "../../prover/examples/traffic/mod.rs"]
mod traffic;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use poe_prover::cache::Cache;
use poe_prover::layers::FinalProof;
use poe_prover::pipeline::Pipeline;
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::{BatchData, Capacity, Message};
use poe_rollup::state::Head;
use poe_verifier_gen::srs;
use poe_verifier_gen::wrap::{Shape, Wrap, WrapProof};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Instant;
use traffic::Traffic;

/// Proves the first batches of a chain for Ethereum, and writes what `forge test` settles.
#[derive(Debug, Parser)]
struct Arguments {
    /// Full batches behind those that register accounts.
    #[arg(long, default_value_t = 1)]
    full_batches: u32,
    /// Folder that keeps what takes long to make.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Where to write the last plonky2 proof, for the first beneficiary.
    #[arg(long)]
    last: Option<PathBuf>,
    /// Where to write the fixture.
    #[arg(long, default_value = "test/fixtures/verifiers/settlement.json")]
    out: PathBuf,
}

const BENEFICIARIES: [[u8; 20]; 2] = [[0xA1; 20], [0xA2; 20]];
const VERSION: u32 = 1;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    println!("{what}: {:.1} s", begun.elapsed().as_secs_f64());
    done
}

fn hexadecimal(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// A batch as it is sent to the contract: without the empty slots at its end.
fn data(batch: &BatchWitness) -> Result<Vec<u8>> {
    let slots: Vec<_> = batch.slots.iter().map(|witness| witness.slot).collect();
    let mut bytes = BatchData::new(slots, batch.params.capacity.slots)?.encode();
    let used = bytes
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last / 96 + 1);
    bytes.truncate(96 * used);
    Ok(bytes)
}

/// What the messages of a batch were sent with.
fn messages(batch: &BatchWitness) -> Vec<Value> {
    let sent = batch.messages.iter().map(|witness| {
        let Message {
            index,
            l1_owner,
            amount,
            fee,
            ..
        } = witness.message;
        let encoded = witness.message.encode();
        json!({
            "register": l1_owner != [0; 20],
            "index": index,
            "key": hexadecimal(&encoded[8..88]),
            "owner": hexadecimal(&l1_owner),
            "valueGwei": amount + fee,
        })
    });
    sent.collect()
}

fn claim(beneficiary: [u8; 20], proof: &WrapProof) -> Value {
    let words = proof.statement.map(|half| {
        let mut bytes = half.to_repr();
        bytes.reverse();
        hexadecimal(&bytes)
    });
    json!({ "beneficiary": hexadecimal(&beneficiary), "publicInputs": words, "proof": hexadecimal(&proof.bytes) })
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let cache = arguments.cache.as_ref().map(Cache::new);
    let capacity = Capacity::REFERENCE;
    let pipeline = timed("plonky2 circuits", || Pipeline::build(capacity, cache.as_ref(), &()))?;
    let (mut traffic, mut batches) = Traffic::new(capacity);
    batches.extend((0..arguments.full_batches).map(|_| traffic.next_batch()));

    let ranges = batches
        .iter()
        .map(|batch| timed("batch", || pipeline.prove_batch(batch, &())));
    let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
    let range = timed("joins", || pipeline.join_all(ranges, &()))?.context("at least one batch")?;
    let finalize = |&beneficiary| timed("finalization", || pipeline.finalize(&range, VERSION, beneficiary, &()));
    let last = BENEFICIARIES
        .iter()
        .map(finalize)
        .map(|done| Ok(done?.1))
        .collect::<Result<Vec<FinalProof>>>()?;
    if let Some(path) = &arguments.last {
        std::fs::write(path, pipeline.encode_final(&last[0])).with_context(|| path.display().to_string())?;
    }
    let inner = pipeline.last().verifier().clone();
    drop(pipeline);

    let shape = Shape::DEFAULT;
    let make = || timed("development setup", || srs::development(shape.k, &|_| ()));
    let params = cache
        .as_ref()
        .map_or_else(|| Ok(make()), |cache| srs::cached(cache, shape.k, make))?;
    let wrap = timed("keys", || Wrap::generate(&params, inner, shape))?;
    let mut claims = vec![];
    for (beneficiary, proof) in BENEFICIARIES.into_iter().zip(&last) {
        claims.push(claim(beneficiary, &timed("wrap", || wrap.prove(proof))?));
    }

    let (first, end) = (&batches[0], batches.last().context("at least one batch")?);
    ensure!(
        first.old.acc == Head::genesis(traffic::CHAIN_ID, &traffic::CONTRACT).acc,
        "the range begins at genesis"
    );
    let text = serde_json::to_string_pretty(&json!({
        "chainId": traffic::CHAIN_ID,
        "contract": hexadecimal(&traffic::CONTRACT),
        "feeRecipient": first.fee_recipient,
        "messages": batches.iter().flat_map(messages).collect::<Vec<_>>(),
        "messageCounts": batches.iter().map(|batch| batch.messages.len()).collect::<Vec<_>>(),
        "batches": batches.iter().map(|batch| Ok(hexadecimal(&data(batch)?))).collect::<Result<Vec<_>>>()?,
        "newAcc": hexadecimal(&end.new.acc),
        "newStateRoot": hexadecimal(&end.new.state_root().to_bytes()),
        "newExitAcc": hexadecimal(&end.new.exit_acc),
        "claims": claims,
    }))? + "\n";
    std::fs::write(&arguments.out, text).with_context(|| arguments.out.display().to_string())?;
    println!("{} written", arguments.out.display());
    Ok(())
}
