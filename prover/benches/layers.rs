// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long the proofs take. On one thread (`RAYON_NUM_THREADS=1`) the time of a leaf is its CPU time, and divided by
//! its slots it is figure P3.

#[path = "../examples/traffic/mod.rs"]
mod traffic;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use poe_prover::layers::Layer;
use poe_prover::pipeline::Pipeline;
use poe_rollup::formats::Capacity;
use std::time::Duration;
use traffic::Traffic;

fn layers(criterion: &mut Criterion) {
    let pipeline = Pipeline::build(Capacity::REFERENCE, None, &()).expect("the circuits fit");
    let (mut traffic, _) = Traffic::new(Capacity::REFERENCE);
    let batch = traffic.next_batch();

    let mut group = criterion.benchmark_group("prove");
    group.sample_size(10).warm_up_time(Duration::from_millis(1));
    group.throughput(Throughput::Elements(u64::from(Capacity::REFERENCE.slots)));
    group.bench_function(Layer::Leaf.to_string(), |bencher| {
        bencher.iter(|| pipeline.leaf().prove(&batch).expect("provable"));
    });

    let leaf = pipeline.leaf().prove(&batch).expect("provable");
    group.throughput(Throughput::Elements(1));
    group.bench_function(Layer::Wrap.to_string(), |bencher| {
        bencher.iter(|| pipeline.wrap(&leaf, &()).expect("valid"));
    });
    let left = pipeline.wrap(&leaf, &()).expect("valid");
    let right = pipeline.prove_batch(&traffic.next_batch(), &()).expect("provable");
    group.bench_function(Layer::Node.to_string(), |bencher| {
        bencher.iter(|| pipeline.join(&left, &right, &()).expect("they meet"));
    });
    group.bench_function("bind and final", |bencher| {
        bencher.iter(|| pipeline.finalize(&left, 1, [1; 20], &()).expect("valid"));
    });
    group.finish();
}

criterion_group!(benches, layers);
criterion_main!(benches);
