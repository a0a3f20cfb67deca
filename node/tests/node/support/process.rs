// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands of `poe` as operators and users start them, and what is asked of those that go on.

use crate::chain::{ALICE_KEY, Chain};
use alloy::providers::{DynProvider, Provider as _, ProviderBuilder};
use poe_rollup::formats::Slot;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// Killed when dropped, without a word.
pub struct Killed(pub Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A service that says on standard output how it has started.
pub struct Process {
    pub running: Killed,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// The process, and the first thing it says.
    pub fn start(command: &mut Command) -> (Self, Value) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let running = Killed(child);
        let mut process = Self { running, output };
        let line = process.line();
        (process, line)
    }

    pub fn id(&self) -> u32 {
        self.running.0.id()
    }

    pub fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

fn poe_on(chain: &Chain, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poe"));
    command
        .env("POE_RPC", &chain.url)
        .env("POE_DEPLOYMENT", &chain.deployment_file)
        .env("POE_DATA_DIR", folder)
        .env("POE_NODE_CONFIG", "/dev/null");
    command
}

/// A command of ALICE's, on a chain and in a folder.
pub fn poe(chain: &Chain, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = poe_on(chain, folder);
    command
        .args(arguments)
        .env("POE_PASSWORD", "password")
        .env("POE_L1_PRIVATE_KEY", ALICE_KEY)
        .env("POE_KEY", folder.join("key.json"));
    command
}

pub fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A sequencer, its key and its account apart.
pub fn sequencer(chain: &Chain, folder: &Path, arguments: &[&str]) -> Command {
    let usual = "sequencer --json --poll-seconds 0.1 --listen 127.0.0.1:0 --max-body 4096";
    let mut command = poe_on(chain, folder);
    command
        .args(usual.split(' '))
        .args(arguments)
        .env_remove("POE_L1_PRIVATE_KEY");
    command
}

/// A sequencer of DEPLOYER's that posts nothing for an hour, whatever it would earn.
pub const PATIENT: [&str; 8] = [
    "--dev-key",
    "0",
    "--fee-recipient",
    "1",
    "--max-age",
    "3600",
    "--margin",
    "1000000",
];

/// The service of a sequencer that has started.
pub fn rpc_of(started: &Value) -> DynProvider {
    let url = started["url"].as_str().unwrap().parse().unwrap();
    ProviderBuilder::new().connect_http(url).erased()
}

pub async fn ask(provider: &DynProvider, method: &'static str, params: Value) -> Result<Value, (i64, String, Value)> {
    let answer = provider.raw_request::<_, Value>(method.into(), params).await;
    answer.map_err(|error| {
        let error = error.as_error_resp().expect("an answer").clone();
        let data = error
            .data
            .map_or(Value::Null, |data| serde_json::from_str(data.get()).unwrap());
        (error.code, error.message.to_string(), data)
    })
}

/// A slot as it is submitted.
pub fn hex_of(slot: &Slot) -> String {
    format!("0x{}", hex::encode(slot.encode()))
}
