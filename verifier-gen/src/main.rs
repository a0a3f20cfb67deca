// SPDX-License-Identifier: MIT OR Apache-2.0
//! `verifier-gen --help`.

mod cli;

use clap::Parser;

fn main() -> anyhow::Result<()> {
    cli::Arguments::parse().run()
}
