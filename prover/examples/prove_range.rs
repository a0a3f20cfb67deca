// SPDX-License-Identifier: MIT OR Apache-2.0
//! Proves a range of full batches and says what it took.
//!
//! ```sh
//! cargo build --workspace --all-features --locked --bins --examples
//! target/debug/examples/prove_range --batches 8
//! ```

mod traffic;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use poe_prover::cache::Cache;
use poe_prover::layers::Layer;
use poe_prover::pipeline::{Observer, Pipeline, Step};
use poe_rollup::formats::Capacity;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use traffic::Traffic;

/// Proves a range of full batches: leaf and wrap for each, a tree of nodes, bind, and the last plonky2 proof.
#[derive(Debug, Parser)]
struct Arguments {
    /// Batches in the range.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    batches: u32,
    /// Slots a batch.
    #[arg(long, default_value_t = Capacity::REFERENCE.slots, value_parser = clap::value_parser!(u32).range(1..))]
    slots: u32,
    /// Messages a batch.
    #[arg(long, default_value_t = Capacity::REFERENCE.messages, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,
    /// Exits a batch.
    #[arg(long, default_value_t = Capacity::REFERENCE.exits, value_parser = clap::value_parser!(u32).range(1..))]
    exits: u32,
    /// Folder that keeps the last circuit between runs.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Where to write the last proof.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// What a kind of step took so far.
#[derive(Clone, Copy, Default)]
struct Total {
    steps: u32,
    wall: Duration,
    cpu: Duration,
    peak_bytes: u64,
}

/// Draws a bar, and adds up time and memory by layer.
struct Meter {
    bars: MultiProgress,
    bar: ProgressBar,
    totals: Mutex<BTreeMap<(bool, Layer), Total>>,
    cpu_at_start: Mutex<Duration>,
}

impl Meter {
    fn new(steps: u64) -> Result<Self> {
        let bars = MultiProgress::new();
        let bar = bars.add(ProgressBar::new(steps));
        bar.set_style(ProgressStyle::with_template(
            "{elapsed_precise} [{bar:40}] {pos}/{len} {msg}",
        )?);
        bar.enable_steady_tick(Duration::from_millis(200));
        Ok(Self {
            bars,
            bar,
            totals: Mutex::new(BTreeMap::new()),
            cpu_at_start: Mutex::new(Duration::ZERO),
        })
    }

    fn say(&self, line: impl AsRef<str>) {
        // Where there is no terminal the bar is not drawn, and lines have to stand for it.
        if self.bar.is_hidden() {
            println!("{}", line.as_ref());
        } else {
            let _ = self.bars.println(line);
        }
    }
}

impl Observer for Meter {
    fn begun(&self, step: Step) {
        let what = match step {
            Step::Build(layer) => format!("building {layer}"),
            Step::Prove(layer) => format!("proving {layer}"),
        };
        self.bar.set_message(what);
        reset_peak_memory();
        *self.cpu_at_start.lock().expect("no panic holds it") = cpu_time();
    }

    fn ended(&self, step: Step, took: Duration) {
        let (proves, layer) = match step {
            Step::Build(layer) => (false, layer),
            Step::Prove(layer) => (true, layer),
        };
        let cpu = cpu_time().saturating_sub(*self.cpu_at_start.lock().expect("no panic holds it"));
        let mut totals = self.totals.lock().expect("no panic holds it");
        let total = totals.entry((proves, layer)).or_default();
        total.steps += 1;
        total.wall += took;
        total.cpu += cpu;
        total.peak_bytes = total.peak_bytes.max(peak_memory());
        self.bar.inc(1);
        let verb = if proves { "proven" } else { "built" };
        self.say(format!(
            "{layer:>6} {verb} in {:6.1} s, {:6.1} CPU-s",
            took.as_secs_f64(),
            cpu.as_secs_f64()
        ));
    }
}

/// Processor time of this process, all threads (/proc/self/stat, fields 14 and 15, in hundredths of a second).
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|t| t.parse::<u64>().ok())
        .sum();
    Duration::from_millis(10 * ticks)
}

/// Largest resident set since the last reset, in bytes; zero where the system does not say.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0) * 1024
}

fn reset_peak_memory() {
    // Linux: 5 resets the high-water mark. Elsewhere the figure stays zero.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let capacity = Capacity {
        slots: arguments.slots,
        messages: arguments.messages,
        exits: arguments.exits,
    };
    let batches = u64::from(arguments.batches);
    let begun = Instant::now();
    let meter = Meter::new(5 + 2 * batches + (batches - 1) + 2)?;
    let pipeline = Pipeline::build(capacity, arguments.cache.as_ref().map(Cache::new).as_ref(), &meter)?;

    // The range that is proven begins behind the registrations.
    let (mut traffic, _) = Traffic::new(capacity);
    let mut ranges = Vec::new();
    let mut applied = 0;
    let mut last_root = None;
    for _ in 0..batches {
        let batch = traffic.next_batch();
        applied += batch.slots.iter().filter(|slot| slot.receipt.is_applied()).count();
        last_root = Some(batch.new.state_root());
        ranges.push(pipeline.prove_batch(&batch, &meter)?);
    }
    let range = pipeline.join_all(ranges, &meter)?.context("at least one batch")?;
    let (bound, proof) = pipeline.finalize(&range, 1, *b"a beneficiary on L1.", &meter)?;
    meter.bar.finish_and_clear();

    let bytes = pipeline.encode_final(&proof);
    let verified = pipeline.verify(&pipeline.decode_final(&bytes)?)?;
    ensure!(
        verified == bound.statement.hash(),
        "the last proof is of another statement"
    );
    ensure!(
        Some(bound.statement.new_root) == last_root,
        "the proof ends in another state than the executor"
    );
    if let Some(path) = &arguments.out {
        std::fs::write(path, &bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    report(&pipeline, &meter, capacity, batches);
    println!(
        "{batches} batches, {applied} of {} slots applied, one proof of {} bytes, verified; {:.1} s in all",
        batches * u64::from(capacity.slots),
        bytes.len(),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

fn report(pipeline: &Pipeline, meter: &Meter, capacity: Capacity, batches: u64) {
    println!("\nrows of the leaf by part");
    for part in pipeline.leaf().rows() {
        println!("{:>8}  {}", part.rows, part.part);
    }
    println!("\n layer     rows      of  build s  proofs  s each  CPU-s each  peak MiB");
    let totals = meter.totals.lock().expect("no panic holds it");
    for (layer, rows, of) in pipeline.rows() {
        let built = totals.get(&(false, layer)).copied().unwrap_or_default();
        let proven = totals.get(&(true, layer)).copied().unwrap_or_default();
        let each = |time: Duration| time.as_secs_f64() / f64::from(proven.steps.max(1));
        println!(
            "{:>6} {rows:>8} {of:>7} {:>8.1} {:>7} {:>7.1} {:>11.1} {:>9}",
            layer.to_string(),
            built.wall.as_secs_f64(),
            proven.steps,
            each(proven.wall),
            each(proven.cpu),
            proven.peak_bytes >> 20
        );
    }
    let leaf = totals.get(&(true, Layer::Leaf)).copied().unwrap_or_default();
    let slots = batches * u64::from(capacity.slots);
    println!("\nleaf: {:.3} CPU-s a slot (P3)", leaf.cpu.as_secs_f64() / slots as f64);
}
