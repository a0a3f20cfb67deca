// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of `poe`.

use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// The node of Proof of Efficiency.
#[derive(Debug, Parser)]
#[command(name = "poe", version, propagate_version = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Arguments {
    /// Runs the command.
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Self::command(), "poe", &mut std::io::stdout());
            }
        }
        ExitCode::SUCCESS
    }
}
