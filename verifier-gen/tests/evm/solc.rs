// SPDX-License-Identifier: MIT OR Apache-2.0
//! The compiler of the project, which `make deps` installs.

use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How to compile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Runs the optimizer weighs; none turns it off.
    pub(crate) runs: Option<u32>,
    /// Through the Yul pipeline.
    pub(crate) via_ir: bool,
    /// Optimize Yul and assembly.
    pub(crate) yul: bool,
}

impl Settings {
    /// What foundry.toml says for verifiers.
    pub(crate) const PROJECT: Self = Self {
        runs: Some(800),
        via_ir: false,
        yul: true,
    };
}

fn compiler() -> PathBuf {
    let home = PathBuf::from(std::env::var("HOME").expect("a home folder"));
    let data = std::env::var("XDG_DATA_HOME").map_or_else(|_| home.join(".local/share"), PathBuf::from);
    let candidates = [home.join(".svm"), data.join("svm")].map(|folder| folder.join("0.8.30/solc-0.8.30"));
    let found = candidates.iter().find(|path| path.exists());
    found
        .unwrap_or_else(|| panic!("solc 0.8.30 is not installed: run make deps ({candidates:?})"))
        .clone()
}

/// Creation code of the contract in `source`.
pub(crate) fn compile(source: &str, name: &str, settings: Settings) -> Vec<u8> {
    let interface = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/interfaces/IVerifier.sol");
    let interface = std::fs::read_to_string(interface).expect("the interface");
    let optimizer = json!({
        "enabled": settings.runs.is_some(),
        "runs": settings.runs.unwrap_or(200),
        "details": { "yul": settings.yul && settings.runs.is_some() },
    });
    let input = json!({
        "language": "Solidity",
        "sources": {
            "contracts/verifiers/Contract.sol": { "content": source },
            "contracts/interfaces/IVerifier.sol": { "content": interface },
        },
        "settings": {
            "evmVersion": "osaka",
            "viaIR": settings.via_ir,
            "optimizer": optimizer,
            "metadata": { "bytecodeHash": "none" },
            "outputSelection": { "contracts/verifiers/Contract.sol": { "*": ["evm.bytecode.object"] } },
        },
    });
    let mut child = Command::new(compiler())
        .arg("--standard-json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("solc starts");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(input.to_string().as_bytes())
        .expect("solc reads");
    let output = child.wait_with_output().expect("solc ends");
    let output: Value = serde_json::from_slice(&output.stdout).expect("solc answers JSON");
    let errors: Vec<&Value> = output["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|e| e["severity"] == "error")
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
    let object = &output["contracts"]["contracts/verifiers/Contract.sol"][name]["evm"]["bytecode"]["object"];
    hex::decode(object.as_str().unwrap_or_else(|| panic!("no contract {name}"))).expect("hexadecimal")
}
