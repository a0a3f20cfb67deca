// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files that save work: what takes long to build and is the same every time.
//!
//! A file is named by what it is and by a key, the hash of everything that decides its content, so a stale file is
//! never found. It is written beside its place and renamed into it, under a lock, so that neither a crash nor a second
//! process leaves half a file. What is read is checked to the last byte before it is used: a file that is damaged is made
//! again. It is a cache of one's own work, not a way to receive it from others.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const MAGIC: [u8; 4] = *b"PoEc";

/// Magic, key, length, SHA-256 of the body.
const HEADER_BYTES: usize = 4 + 32 + 8 + 32;

/// A folder of such files.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// The cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the cache at {path} cannot be {verb}: {source}")]
pub struct CacheError {
    path: PathBuf,
    verb: &'static str,
    source: io::Error,
}

impl Cache {
    /// A cache in `folder`, which is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The file of this name and key, read by `read`; made by `make` if there is none, or none that is whole.
    ///
    /// `make` gives the content and its bytes. `read` may refuse bytes that are whole and yet of no use.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written to.
    pub fn get_or_make<T>(
        &self,
        name: &str,
        key: &[u8; 32],
        read: impl Fn(&[u8]) -> Option<T>,
        make: impl FnOnce() -> (T, Vec<u8>),
    ) -> Result<T, CacheError> {
        self.get_or_try_make(name, key, read, || Ok(make()))
    }

    /// As [`Self::get_or_make`], where making may fail; nothing is written then.
    ///
    /// # Errors
    ///
    /// If it fails, or if the folder cannot be written to.
    pub fn get_or_try_make<T, E: From<CacheError>>(
        &self,
        name: &str,
        key: &[u8; 32],
        read: impl Fn(&[u8]) -> Option<T>,
        make: impl FnOnce() -> Result<(T, Vec<u8>), E>,
    ) -> Result<T, E> {
        let path = self.folder.join(format!("{name}-{}", hex(&key[..8])));
        let fetch = || fs::read(&path).ok().and_then(|bytes| read(body(key, &bytes)?));
        if let Some(found) = fetch() {
            return Ok(found);
        }
        fs::create_dir_all(&self.folder).map_err(|source| self.error(&self.folder, "made", source))?;
        let lock = path.with_extension("lock");
        let guard = File::create(&lock).map_err(|source| self.error(&lock, "made", source))?;
        guard.lock().map_err(|source| self.error(&lock, "locked", source))?;
        // Somebody may have made it while this process waited.
        if let Some(found) = fetch() {
            return Ok(found);
        }
        let (made, bytes) = make()?;
        write_whole(&path, key, &bytes).map_err(|source| self.error(&path, "written", source))?;
        Ok(made)
    }

    #[allow(clippy::unused_self, reason = "errors are the cache's")]
    fn error(&self, path: &Path, verb: &'static str, source: io::Error) -> CacheError {
        CacheError {
            path: path.to_owned(),
            verb,
            source,
        }
    }
}

/// The body of a file that is whole and has this key.
fn body<'b>(key: &[u8; 32], bytes: &'b [u8]) -> Option<&'b [u8]> {
    let (header, body) = bytes.split_at_checked(HEADER_BYTES)?;
    let whole = header[..4] == MAGIC
        && header[4..36] == *key
        && header[36..44] == (body.len() as u64).to_be_bytes()
        && header[44..] == *Sha256::digest(body);
    whole.then_some(body)
}

fn write_whole(path: &Path, key: &[u8; 32], body: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("part");
    let mut file = File::create(&unfinished)?;
    file.write_all(&MAGIC)?;
    file.write_all(key)?;
    file.write_all(&(body.len() as u64).to_be_bytes())?;
    file.write_all(&Sha256::digest(body))?;
    file.write_all(body)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A folder of this test's own.
    fn scratch(name: &str) -> Cache {
        let folder = std::env::temp_dir().join(format!("poe-prover-cache-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Cache::new(folder)
    }

    fn get(cache: &Cache, key: u8, made: &Cell<u32>) -> Vec<u8> {
        let make = || {
            made.set(made.get() + 1);
            (vec![key; 100], vec![key; 100])
        };
        let read = |bytes: &[u8]| Some(bytes.to_vec());
        cache
            .get_or_make("thing", &[key; 32], read, make)
            .expect("a writable folder")
    }

    #[test]
    fn a_file_is_made_once_for_each_key() {
        let (cache, made) = (scratch("once"), Cell::new(0));
        for key in [1, 2, 1, 2] {
            assert_eq!(get(&cache, key, &made), vec![key; 100]);
        }
        assert_eq!(made.get(), 2);
        fs::remove_dir_all(&cache.folder).expect("there");
    }

    // REQ C12
    #[test]
    fn a_damaged_file_is_made_again() {
        let (cache, made) = (scratch("damaged"), Cell::new(0));
        get(&cache, 7, &made);
        let path = cache.folder.join("thing-0707070707070707");
        let whole = fs::read(&path).expect("made");
        let mut expected = 1;
        for position in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[position] ^= 1;
            fs::write(&path, &damaged).expect("writable");
            assert_eq!(get(&cache, 7, &made), vec![7; 100]);
            expected += 1;
            assert_eq!(made.get(), expected, "byte {position}");
        }
        for length in [0, HEADER_BYTES - 1, HEADER_BYTES, whole.len() - 1] {
            fs::write(&path, &whole[..length]).expect("writable");
            assert_eq!(get(&cache, 7, &made), vec![7; 100]);
        }
        fs::write(&path, [&whole[..], &[0]].concat()).expect("writable");
        assert_eq!(get(&cache, 7, &made), vec![7; 100]);
        assert_eq!(made.get(), expected + 5);
        // What a crash leaves behind is in nobody's way.
        fs::write(path.with_extension("part"), b"half").expect("writable");
        assert_eq!(get(&cache, 7, &made), vec![7; 100]);
        assert_eq!(made.get(), expected + 5);
        fs::remove_dir_all(&cache.folder).expect("there");
    }

    #[test]
    fn what_cannot_be_made_leaves_no_file() {
        #[derive(Debug)]
        struct No;
        impl From<CacheError> for No {
            fn from(error: CacheError) -> Self {
                panic!("{error}")
            }
        }
        let (cache, made) = (scratch("failed"), Cell::new(0));
        let failed: Result<Vec<u8>, No> = cache.get_or_try_make("thing", &[3; 32], |_| None, || Err(No));
        failed.expect_err("it cannot be made");
        assert!(!cache.folder.join("thing-0303030303030303").exists());
        assert_eq!(get(&cache, 3, &made), vec![3; 100]);
        fs::remove_dir_all(&cache.folder).expect("there");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let cache = scratch("file");
        fs::write(&cache.folder, b"a file").expect("writable");
        let make = || ((), Vec::new());
        let error = cache
            .get_or_make("thing", &[0; 32], |_| None, make)
            .expect_err("no folder");
        assert!(error.to_string().contains("poe-prover-cache-file"), "{error}");
        fs::remove_file(&cache.folder).expect("there");
    }
}
