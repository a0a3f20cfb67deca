// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opening redb's files.

use redb::{Database, DatabaseError, StorageError};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Opens a database, or makes it: under another name first, since a process that is killed meanwhile leaves a file that is none.
/// Every page is checked: one that was changed from outside would be believed, or end the process when it is met.
///
/// # Errors
///
/// If the file is no database, another process has it, or the disk fails.
pub(crate) fn open_or_create(path: &Path) -> Result<Database, DatabaseError> {
    if !path.exists() {
        let draft = path.with_extension("new");
        remove(&draft).map_err(StorageError::Io)?;
        drop(Database::create(&draft)?);
        publish(&draft, path).map_err(StorageError::Io)?;
    }
    Database::builder().set_check_integrity_on_open(true).open(path)
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn publish(draft: &Path, path: &Path) -> io::Result<()> {
    fs::rename(draft, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_half_made_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.redb");
        fs::write(path.with_extension("new"), [0; 73_728]).unwrap();
        drop(open_or_create(&path).unwrap());
        drop(open_or_create(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_no_database_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.redb");
        fs::write(&path, "no database").unwrap();
        open_or_create(&path).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"no database");
    }
}
