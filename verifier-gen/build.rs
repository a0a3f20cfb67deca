// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells the crate the digest of its circuit's sources. Keys that are kept in files are named by it: a key of other
//! code would prove something else, or nothing.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

fn main() {
    let mut files = vec![];
    // The transcript that the circuit repeats is the prover's.
    for folder in ["src/kzg", "src/wrap", "../prover/src/bn254"] {
        println!("cargo:rerun-if-changed={folder}");
        collect(Path::new(folder), &mut files);
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let text = std::fs::read(&file).expect("a file that was listed");
        hash.update(file.to_string_lossy().as_bytes());
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo:rustc-env=POE_WRAP_SOURCES={digest}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of this workspace") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
