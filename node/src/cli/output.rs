// SPDX-License-Identifier: MIT OR Apache-2.0
//! Results go to stdout, everything else to stderr.

use anyhow::Result;
use serde::Serialize;
use std::fmt::Display;
use std::io::Write as _;

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    pub(super) json: bool,
}

impl Output {
    /// Prints a result, for a person or for a machine.
    pub(super) fn print<T: Serialize + Display>(self, result: &T) -> Result<()> {
        let mut stdout = std::io::stdout().lock();
        if self.json {
            writeln!(stdout, "{}", serde_json::to_string(result)?)?;
        } else {
            writeln!(stdout, "{result}")?;
        }
        Ok(())
    }

    /// Prints an error with all its causes.
    pub(super) fn error(self, error: &anyhow::Error, code: u8) {
        // A transparent wrapper says the same as what it wraps.
        let mut causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        causes.dedup_by(|next, before| before.ends_with(next.as_str()));
        let text = causes.join(": ");
        let text = if self.json {
            serde_json::json!({ "error": text, "code": code }).to_string()
        } else {
            format!("poe: error: {text}")
        };
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}
