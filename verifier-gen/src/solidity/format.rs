// SPDX-License-Identifier: MIT OR Apache-2.0
//! `forge fmt` over generated source.

use std::io::Write;
use std::process::{Command, Stdio};

/// `forge fmt` could not be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "forge fmt cannot format the contract: {0}. `make env` prints how to put forge on the path; FORGE names it otherwise"
)]
pub struct FormatError(String);

/// Formats a contract as the project formats its sources, by `forge fmt` (the program that FORGE names, or forge).
///
/// # Errors
///
/// If forge is not there, or refuses the source.
pub fn format(source: &str) -> Result<String, FormatError> {
    let forge = std::env::var("FORGE").unwrap_or_else(|_| "forge".to_string());
    let failed = |error: std::io::Error| FormatError(error.to_string());
    let mut child = Command::new(forge)
        .args(["fmt", "--raw", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    child
        .stdin
        .take()
        .expect("it is piped")
        .write_all(source.as_bytes())
        .map_err(failed)?;
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err(FormatError(String::from_utf8_lossy(&output.stderr).trim().to_string()));
    }
    String::from_utf8(output.stdout).map_err(|error| FormatError(error.to_string()))
}
