// SPDX-License-Identifier: MIT OR Apache-2.0
//! The properties of the fuzz targets, run over random input, the shared vectors and damaged copies of them.

#[path = "../fuzz/properties/decoders.rs"]
mod decoders;
#[path = "../fuzz/properties/executor.rs"]
mod executor;
#[path = "../fuzz/properties/key_file.rs"]
mod key_file;

use poe_rollup::keys::{KeyFile, ScryptCost};
use poe_rollup::schnorr::SecretKey;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::Value;
use std::sync::OnceLock;

/// Every byte string of the shared vectors: slots, batches, messages, keys, exits, accounts.
fn corpus() -> &'static [Vec<u8>] {
    fn collect(value: &Value, out: &mut Vec<Vec<u8>>) {
        match value {
            Value::String(text) => out.extend(text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok())),
            Value::Array(list) => list.iter().for_each(|v| collect(v, out)),
            Value::Object(map) => map.values().for_each(|v| collect(v, out)),
            _ => {}
        }
    }
    static CORPUS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../test/fixtures/formats");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = std::fs::read_to_string(path).unwrap();
                collect(&serde_json::from_str(&text).unwrap(), &mut found);
            }
        }
        found.sort();
        found.dedup();
        found
    })
}

fn key_file_text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let key = SecretKey::from_seed(&[3; 32]);
        let file = KeyFile::encrypt(&key, b"password", ScryptCost::LIGHT, &mut rng).unwrap();
        file.to_json().unwrap()
    })
}

/// Random bytes, and entries of the corpus glued together with one byte replaced.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let entries = prop::collection::vec(prop::sample::select(corpus()), 1..4);
    let damaged =
        (any::<u8>(), entries, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(first, parts, at, byte)| {
            let mut bytes = [vec![first], parts.concat()].concat();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..700), damaged]
}

proptest! {
    // REQ C12
    #[test]
    fn decoders_hold(data in input()) {
        decoders::holds(&data);
        decoders::holds(&data[data.len().min(1)..]);
    }

    // REQ C12
    #[test]
    fn key_files_hold(text in ".{0,300}", at in any::<prop::sample::Index>(), byte in 0x20u8..0x7F) {
        key_file::holds(&text);
        let mut damaged = key_file_text().as_bytes().to_vec();
        let at = at.index(damaged.len());
        damaged[at] = byte;
        key_file::holds(std::str::from_utf8(&damaged).unwrap());
        key_file::holds(&key_file_text()[..at]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // REQ C12
    #[test]
    fn executions_hold(data in input()) {
        executor::holds(&data);
    }
}

#[test]
fn every_shared_vector_holds() {
    assert!(corpus().len() > 100, "{}", corpus().len());
    corpus().iter().for_each(|bytes| decoders::holds(bytes));
    key_file::holds(key_file_text());
}

/// A target that nobody runs here would rot: each has its property in this file, under its name, and an entry in the manifest.
#[test]
fn every_fuzz_target_is_run_here() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz");
    let read = |path: &str| std::fs::read_to_string(format!("{folder}/{path}")).unwrap();
    let (manifest, here) = (read("Cargo.toml"), include_str!("fuzz_properties.rs"));
    let mut names: Vec<String> = std::fs::read_dir(format!("{folder}/fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["decoders", "executor", "key_file"]);
    for name in names {
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name}"
        );
        let property = format!("properties/{name}.rs\"]\nmod property;");
        assert!(read(&format!("fuzz_targets/{name}.rs")).contains(&property), "{name}");
        assert!(
            here.contains(&format!("#[path = \"../fuzz/properties/{name}.rs\"]")),
            "{name}"
        );
    }
}
