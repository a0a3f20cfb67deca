// SPDX-License-Identifier: MIT OR Apache-2.0
//! `poe --help`.

use anyhow::Result;
use clap::{Parser, Subcommand};
use poe_node::proving::{WorkerCommand, serve};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Write JSON lines instead of text for people.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove what others put into the queue.
    Worker(WorkerCommand),
    /// Prove what standard input says: a worker's child.
    #[command(hide = true)]
    ProveJob,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        // No runtime: it computes.
        Command::ProveJob => serve::serve(),
        Command::Worker(command) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(command.run(arguments.json))
        }
    }
}
