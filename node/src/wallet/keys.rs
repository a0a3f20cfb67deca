// SPDX-License-Identifier: MIT OR Apache-2.0
//! Key files on disk: readable by their owner only, written whole or not at all, never overwritten.

use poe_rollup::keys::{KeyFile, KeyFileError};
use std::io::Write as _;
use std::path::Path;

/// Why a key file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// The disk.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// There is a file already.
    #[error("{path} exists; a key file is never overwritten: move it away, or give another --key")]
    Exists {
        /// The file.
        path: String,
    },
    /// Others may read the file.
    #[error("{path} can be read by others (mode {mode:o}); make it yours alone: chmod 600 {path}")]
    Exposed {
        /// The file.
        path: String,
        /// Its mode.
        mode: u32,
    },
    /// The contents.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: KeyFileError,
    },
}

/// Writes a new key file.
pub fn write_new_key_file(path: &Path, file: &KeyFile) -> Result<(), KeyStoreError> {
    let shown = || path.display().to_string();
    let io = |source| KeyStoreError::Io { path: shown(), source };
    let json = file
        .to_json()
        .map_err(|source| KeyStoreError::File { path: shown(), source })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(io)?;
    // Mode 600 from the start; visible under its name only when it is whole.
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    temporary.write_all(json.as_bytes()).map_err(io)?;
    temporary.as_file().sync_all().map_err(io)?;
    temporary
        .persist_noclobber(path)
        .map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => KeyStoreError::Exists { path: shown() },
            _ => io(error.error),
        })?;
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io)
}

/// Reads a key file that nobody else can read.
pub fn read_key_file(path: &Path) -> Result<KeyFile, KeyStoreError> {
    let shown = || path.display().to_string();
    let io = |source| KeyStoreError::Io { path: shown(), source };
    require_private(path)?;
    let text = std::fs::read_to_string(path).map_err(io)?;
    KeyFile::from_json(&text).map_err(|source| KeyStoreError::File { path: shown(), source })
}

/// Refuses a file that others can read: a key, or the password of one.
pub fn require_private(path: &Path) -> Result<(), KeyStoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let shown = || path.display().to_string();
        let metadata = std::fs::metadata(path).map_err(|source| KeyStoreError::Io { path: shown(), source })?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyStoreError::Exposed { path: shown(), mode });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use poe_rollup::keys::ScryptCost;
    use poe_rollup::schnorr::SecretKey;
    use rand_core::OsRng;

    fn key_file() -> (SecretKey, KeyFile) {
        let key = SecretKey::from_seed(&[3; 32]);
        let file = KeyFile::encrypt(&key, b"password", ScryptCost::LIGHT, &mut OsRng).unwrap();
        (key, file)
    }

    #[test]
    fn a_key_file_is_private_comes_back_and_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/default.json");
        let (key, file) = key_file();
        write_new_key_file(&path, &file).unwrap();
        let read = read_key_file(&path).unwrap().decrypt(b"password").unwrap();
        assert_eq!(read.public(), key.public());
        assert!(matches!(
            write_new_key_file(&path, &key_file().1),
            Err(KeyStoreError::Exists { .. })
        ));
        assert_eq!(read_key_file(&path).unwrap(), file);
        // No half-written file is left behind.
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        write_new_key_file(&path, &key_file().1).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            read_key_file(&path),
            Err(KeyStoreError::Exposed { mode: 0o640, .. })
        ));
    }
}
