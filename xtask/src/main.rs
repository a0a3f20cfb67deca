// SPDX-License-Identifier: MIT OR Apache-2.0
//! Repository chores. `cargo xtask` lists them.

mod bindings;
mod circuits;
mod fixtures;

use anyhow::{Result, bail};
use std::path::Path;

const USAGE: &str = "\
usage: cargo xtask <command>

  bindings            write the contracts' artifacts to bindings/artifacts, from what `forge build` left in out/
  bindings --check    fail if those on disk are not what the contracts compile to
  fixtures            write the shared test vectors of all byte formats to test/fixtures/formats
  fixtures --check    fail if those on disk are not what this tree produces
  rows                print the rows of the leaf circuit, part by part
  circuits            build all circuits and fail if one is not as locked in prover/circuits.json
  circuits --write    build all circuits and lock them as they are";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["bindings"] => bindings::write(&root()),
        ["bindings", "--check"] => bindings::check(&root()),
        ["fixtures"] => fixtures::write(&root()),
        ["fixtures", "--check"] => fixtures::check(&root()),
        ["rows"] => circuits::rows(&root()),
        ["circuits"] => circuits::check(&root()),
        ["circuits", "--write"] => circuits::write(&root()),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("unknown command {other:?}\n\n{USAGE}"),
    }
}

/// The repository, whatever the current directory.
fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
