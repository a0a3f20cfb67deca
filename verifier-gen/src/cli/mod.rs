// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line.

mod contract;
mod progress;
mod setup;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Wraps the last plonky2 proof for Ethereum, and writes the contract that verifies it.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the verifier's contract and its manifest.
    Generate(contract::Generate),
    /// Write the contract again, in memory, and compare it with the one in a folder.
    Check(contract::Check),
    /// Say what the contract does: words of the proof, openings, curve operations.
    Inspect(contract::Inspect),
    /// Wrap a plonky2 proof into what the contract takes.
    Prove(contract::Prove),
    /// Trusted setups.
    #[command(subcommand)]
    Srs(setup::Srs),
}

impl Arguments {
    /// Does what was asked for.
    pub(crate) fn run(self) -> Result<()> {
        match self.command {
            Command::Generate(command) => command.run(),
            Command::Check(command) => command.run(),
            Command::Inspect(command) => command.run(),
            Command::Prove(command) => command.run(),
            Command::Srs(command) => command.run(),
        }
    }
}
