// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file of JSON that is written whole or not at all, and names the digest of what it says.

use super::journal::JournalError;
use alloy::primitives::B256;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::path::Path;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole<T> {
    /// Of the contents, as JSON without spaces.
    sha256: B256,
    contents: T,
}

fn digest<T: Serialize>(contents: &T) -> Result<B256, serde_json::Error> {
    Ok(B256::from_slice(&Sha256::digest(serde_json::to_vec(contents)?)))
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> JournalError {
    move |source| JournalError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Reads the file, whose folder is made if there is none; `None` if there is no file.
///
/// # Errors
///
/// If the disk fails, if it is no such file, or if a bit of it has changed since it was written.
pub(crate) fn read<T: Serialize + DeserializeOwned>(path: &Path, of: &'static str) -> Result<Option<T>, JournalError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(io(path))?;
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(io(path))?,
    };
    let format = |source| JournalError::Format {
        path: path.to_owned(),
        of,
        source,
    };
    let whole: Whole<T> = serde_json::from_slice(&bytes).map_err(format)?;
    if digest(&whole.contents).map_err(format)? != whole.sha256 {
        return Err(JournalError::Damaged { path: path.to_owned() });
    }
    Ok(Some(whole.contents))
}

/// Writes the file.
pub(crate) fn write<T: Serialize>(path: &Path, contents: &T) -> Result<(), JournalError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let io = io(path);
    let whole = digest(contents).map(|sha256| Whole { sha256, contents });
    let bytes = whole.and_then(|whole| serde_json::to_vec_pretty(&whole));
    let bytes = bytes.map_err(|error| io(error.into()))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(&io)?;
    file.write_all(&bytes).map_err(&io)?;
    file.as_file().sync_all().map_err(&io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(&io)
}
