// SPDX-License-Identifier: MIT OR Apache-2.0
//! `poe --help`.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    poe_node::cli::Arguments::parse().run()
}
