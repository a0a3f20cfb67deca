// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file of JSON that is written whole or not at all.

use super::journal::JournalError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write as _;
use std::path::Path;

fn io(path: &Path) -> impl Fn(std::io::Error) -> JournalError {
    move |source| JournalError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Reads the file, whose folder is made if there is none; `None` if there is no file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, of: &'static str) -> Result<Option<T>, JournalError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(io(path))?;
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(path)(error)),
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| JournalError::Format {
                path: path.to_owned(),
                of,
                source,
            }),
    }
}

/// Writes the file.
pub(crate) fn write<T: Serialize>(path: &Path, contents: &T) -> Result<(), JournalError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let io = io(path);
    let bytes = serde_json::to_vec_pretty(contents).map_err(|error| io(error.into()))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(&io)?;
    file.write_all(&bytes).map_err(&io)?;
    file.as_file().sync_all().map_err(&io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(&io)
}
