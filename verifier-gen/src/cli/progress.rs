// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines and bars on standard error, so that standard output holds results.

use indicatif::{ProgressBar, ProgressStyle};
use poe_prover::layers::Layer;
use poe_prover::pipeline::{Observer, Step};
use std::time::{Duration, Instant};

/// Runs something that takes seconds, and says how many.
pub(crate) fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let bar = ProgressBar::new_spinner().with_message(what.to_string());
    bar.enable_steady_tick(Duration::from_millis(200));
    let begun = Instant::now();
    let done = work();
    bar.finish_and_clear();
    eprintln!("{what}: {:.1} s", begun.elapsed().as_secs_f64());
    done
}

/// Runs something that tells how far it is.
pub(crate) fn counted<T>(what: &str, total: u64, work: impl FnOnce(&(dyn Fn(u64) + Sync)) -> T) -> T {
    let bar = ProgressBar::new(total).with_message(what.to_string());
    let style = ProgressStyle::with_template("{elapsed_precise} [{bar:40}] {pos}/{len} {msg}");
    bar.set_style(style.expect("a template of known fields"));
    let begun = Instant::now();
    let done = work(&|position| bar.set_position(position));
    bar.finish_and_clear();
    eprintln!("{what}: {:.1} s", begun.elapsed().as_secs_f64());
    done
}

/// Tells which plonky2 circuit is built.
pub(crate) struct Circuits;

impl Observer for Circuits {
    fn ended(&self, step: Step, took: Duration) {
        let (verb, layer): (_, Layer) = match step {
            Step::Build(layer) => ("built", layer),
            Step::Prove(layer) => ("proven", layer),
        };
        eprintln!("plonky2 {layer} {verb}: {:.1} s", took.as_secs_f64());
    }
}
