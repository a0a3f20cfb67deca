// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signatures, hashes and the group, one core.

#![allow(missing_docs, reason = "criterion_group writes undocumented items")]

use criterion::{Criterion, criterion_group, criterion_main};
use poe_rollup::ecgfp5::{AffinePoint, Point};
use poe_rollup::formats::Transfer;
use poe_rollup::poseidon::{hash, two_to_one};
use poe_rollup::schnorr::{SecretKey, verify};
use std::hint::black_box;

fn field_and_group(c: &mut Criterion) {
    let a = AffinePoint::GENERATOR.x;
    let b = a.square();
    c.bench_function("fp5/mul", |bench| bench.iter(|| black_box(a) * black_box(b)));
    c.bench_function("fp5/square", |bench| bench.iter(|| black_box(a).square()));
    c.bench_function("fp5/inverse", |bench| bench.iter(|| black_box(a).inverse()));
    let p = Point::from(AffinePoint::GENERATOR).double();
    c.bench_function("point/add", |bench| bench.iter(|| black_box(p) + black_box(p)));
    c.bench_function("point/double", |bench| bench.iter(|| black_box(p).double()));
    c.bench_function("key/check", |bench| {
        bench.iter(|| black_box(AffinePoint::GENERATOR).check_key());
    });
}

fn hashes(c: &mut Criterion) {
    let (left, right) = (hash(&[1]), hash(&[2]));
    c.bench_function("poseidon/two_to_one", |bench| {
        bench.iter(|| two_to_one(black_box(&left), black_box(&right)));
    });
}

fn signatures(c: &mut Criterion) {
    let key = SecretKey::from_seed(&[1; 32]);
    let (from, to, domain) = (hash(&[1]), hash(&[2]), [3; 32]);
    let transfer = Transfer {
        from: 1,
        to: 2,
        amount: 3,
        fee: 4,
        nonce: 5,
        sequencer: 0,
    };
    let slot = key.sign(&domain, &from, &transfer, &to);
    let point = key.public().point();
    c.bench_function("schnorr/verify", |bench| {
        bench.iter(|| verify(black_box(point), &domain, &from, black_box(&slot), &to));
    });
    c.bench_function("schnorr/sign", |bench| {
        bench.iter(|| key.sign(&domain, &from, black_box(&transfer), &to));
    });
}

criterion_group!(benches, field_and_group, hashes, signatures);
criterion_main!(benches);
