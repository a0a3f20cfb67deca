// SPDX-License-Identifier: MIT OR Apache-2.0
//! Setups in files: a header that says what follows, then halo2's own encoding, every point of which is checked to be on
//! the curve when it is read.

use super::MAX_K;
use super::points::Encoding;
use halo2_base::halo2_proofs::SerdeFormat;
use halo2_base::halo2_proofs::halo2curves::bn256::Bn256;
use halo2_base::halo2_proofs::poly::commitment::{Params, ParamsProver};
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use poe_prover::cache::{Cache, CacheError};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const MAGIC: [u8; 4] = *b"PoEs";

/// Magic, log2 of the rows, SHA-256 of the body.
const HEADER_BYTES: usize = 4 + 4 + 32;

/// A file that is no setup.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It begins otherwise.
    #[error("this is no setup written by `verifier-gen srs`: it does not begin with \"PoEs\"")]
    Magic,
    /// It is longer or shorter than its header says.
    #[error("a setup for 2^{k} rows has {expected} bytes, this file has {found}")]
    Length {
        /// log2 of the rows.
        k: u32,
        /// What it must have.
        expected: u64,
        /// What it has.
        found: u64,
    },
    /// It is for more rows than BN254 has roots of unity for.
    #[error("a setup is for 2^{MAX_K} rows at most, this file's header says 2^{k}")]
    TooLarge {
        /// log2 of the rows.
        k: u32,
    },
    /// Its header and its body are of two setups.
    #[error("the header says 2^{header} rows, the body 2^{body}")]
    Rows {
        /// log2 of the rows, as the header has it.
        header: u32,
        /// As the body has it.
        body: u32,
    },
    /// It is damaged.
    #[error("the setup's SHA-256 is not the one in its header: the file is damaged")]
    Damaged,
    /// A point is none.
    #[error("point {index} of {group} is not on the curve, or has a coordinate that is not below the modulus")]
    Point {
        /// G1 or G2.
        group: &'static str,
        /// Its number; in G1 the powers come first, then the Lagrange basis.
        index: usize,
    },
    /// It has fewer rows than asked for.
    #[error("the setup is for 2^{found} rows, 2^{wanted} are asked for")]
    Short {
        /// What it has.
        found: u32,
        /// What is wanted.
        wanted: u32,
    },
}

/// Bytes of halo2's encoding: k, two bases of G1, two points of G2.
fn body_bytes(k: u32) -> u64 {
    4 + 2 * (64 << k) + 2 * 128
}

fn encode(params: &ParamsKZG<Bn256>) -> Vec<u8> {
    let mut body = vec![];
    params
        .write_custom(&mut body, SerdeFormat::RawBytes)
        .expect("a vector takes what it is given");
    body
}

/// Every point is checked to be on the curve, which halo2's own reader of this encoding does not do.
/// `body` has the length that k asks for.
fn decode(k: u32, body: &[u8]) -> Result<ParamsKZG<Bn256>, FileError> {
    let point = Encoding::Montgomery.bytes();
    let (bases, second) = body[4..].split_at(2 * (point << k));
    let points = bases.par_chunks(point).enumerate().map(|(index, mut bytes)| {
        let point = Encoding::Montgomery
            .g1(&mut bytes)
            .expect("a chunk is as long as a point");
        point.ok_or(FileError::Point { group: "G1", index })
    });
    let mut powers = points.collect::<Result<Vec<_>, _>>()?;
    let lagrange = powers.split_off(1 << k);
    let mut reader = second;
    let mut in_g2 = |index| {
        let point = Encoding::Montgomery.g2(&mut reader).expect("the length was checked");
        point.ok_or(FileError::Point { group: "G2", index })
    };
    let (generator, tau) = (in_g2(0)?, in_g2(1)?);
    Ok(ParamsKZG::<Bn256>::new(1).from_parts(k, powers, Some(lagrange), generator, tau))
}

/// Writes a setup beside its place and renames it, so that no half of it is ever found.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(path: &Path, params: &ParamsKZG<Bn256>) -> Result<(), FileError> {
    let body = encode(params);
    let unfinished = path.with_extension("part");
    let failed = |source| FileError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = std::fs::File::create(&unfinished).map_err(failed)?;
    let header = [&MAGIC[..], &params.k().to_be_bytes(), &Sha256::digest(&body)].concat();
    file.write_all(&header)
        .and_then(|()| file.write_all(&body))
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)
}

/// Reads what [`write()`] wrote.
///
/// # Errors
///
/// If it is anything else, to the last byte.
pub fn read(path: &Path) -> Result<ParamsKZG<Bn256>, FileError> {
    let bytes = std::fs::read(path).map_err(|source| FileError::Io {
        path: path.to_owned(),
        source,
    })?;
    from_bytes(&bytes)
}

fn from_bytes(bytes: &[u8]) -> Result<ParamsKZG<Bn256>, FileError> {
    let (header, body) = bytes.split_at_checked(HEADER_BYTES).ok_or(FileError::Magic)?;
    if header[..4] != MAGIC {
        return Err(FileError::Magic);
    }
    let k = u32::from_be_bytes(header[4..8].try_into().expect("four bytes"));
    if k > MAX_K {
        return Err(FileError::TooLarge { k });
    }
    let (expected, found) = (HEADER_BYTES as u64 + body_bytes(k), bytes.len() as u64);
    if found != expected {
        return Err(FileError::Length { k, expected, found });
    }
    let inner = u32::from_le_bytes(body[..4].try_into().expect("four bytes"));
    if inner != k {
        return Err(FileError::Rows { header: k, body: inner });
    }
    if header[8..] != *Sha256::digest(body) {
        return Err(FileError::Damaged);
    }
    decode(k, body)
}

/// The setup for fewer rows: a prefix of the powers.
///
/// # Errors
///
/// If there are too few.
pub fn truncate(params: ParamsKZG<Bn256>, k: u32) -> Result<ParamsKZG<Bn256>, FileError> {
    match params.k() {
        found if found < k => Err(FileError::Short { found, wanted: k }),
        found if found == k => Ok(params),
        _ => Ok(params.from_parts(k, params.get_g()[..1 << k].to_vec(), None, params.g2(), params.s_g2())),
    }
}

/// What the development setup for 2^k rows is known by in a cache.
fn cache_key(k: u32) -> [u8; 32] {
    Sha256::new()
        .chain_update(super::SEED)
        .chain_update(k.to_be_bytes())
        .finalize()
        .into()
}

/// The development setup for 2^k rows from a cache, made by `make` if it is not there.
///
/// # Errors
///
/// If the cache cannot be written to.
pub fn cached(cache: &Cache, k: u32, make: impl FnOnce() -> ParamsKZG<Bn256>) -> Result<ParamsKZG<Bn256>, CacheError> {
    let fits = |bytes: &[u8]| bytes.len() as u64 == body_bytes(k) && bytes[..4] == k.to_le_bytes();
    let read = |bytes: &[u8]| fits(bytes).then(|| decode(k, bytes).ok()).flatten();
    cache.get_or_make("srs-dev", &cache_key(k), read, || {
        let params = make();
        let bytes = encode(&params);
        (params, bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::super::development;
    use super::*;

    fn bytes() -> Vec<u8> {
        let body = encode(&development(3, &|_| ()));
        [&MAGIC[..], &3u32.to_be_bytes(), &Sha256::digest(&body), &body].concat()
    }

    /// With a digest that fits.
    fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
        let digest = Sha256::digest(&bytes[HEADER_BYTES..]);
        bytes[8..HEADER_BYTES].copy_from_slice(&digest);
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = std::env::temp_dir().join(format!("poe-srs-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("dev.srs");
        let params = development(3, &|_| ());
        write(&path, &params).expect("written");
        assert_eq!(encode(&read(&path).expect("read")), encode(&params));
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    // REQ V13
    #[test]
    fn a_length_that_does_not_fit_is_told_beside_the_one_that_does() {
        let good = bytes();
        let of = |k: u32, length: usize| {
            let mut file = good.clone();
            file[4..8].copy_from_slice(&k.to_be_bytes());
            file.resize(length, 0);
            match from_bytes(&file) {
                Err(FileError::Length { k, expected, found }) => (k, expected, found),
                other => panic!("{:?}", other.err()),
            }
        };
        // Header, k, two bases of 2^k points of 64 bytes, two points of 128.
        let expected = |k: u32| 40 + 4 + 2 * (64 << k) + 256;
        assert_eq!(good.len() as u64, expected(3));
        assert_eq!(of(3, 1_325), (3, 1_324, 1_325));
        assert_eq!(of(28, 1_324), (28, expected(28), 1_324));
    }

    // REQ V13
    #[test]
    fn rows_that_no_setup_has_and_rows_told_twice_differently_are_refused() {
        let with = |place: usize, k: [u8; 4]| {
            let mut file = bytes();
            file[place..place + 4].copy_from_slice(&k);
            from_bytes(&sealed(file)).err().map(|error| error.to_string())
        };
        let refused = |text: &str| Some(text.to_owned());
        assert_eq!(
            with(4, 29u32.to_be_bytes()),
            refused("a setup is for 2^28 rows at most, this file's header says 2^29")
        );
        assert_eq!(
            with(HEADER_BYTES, 4u32.to_le_bytes()),
            refused("the header says 2^3 rows, the body 2^4")
        );
    }

    // REQ V13 C12
    #[test]
    fn a_cached_setup_is_made_once_and_for_these_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(folder.path());
        let made = std::cell::RefCell::new(vec![]);
        let of = |k: u32| {
            let make = || {
                made.borrow_mut().push(k);
                development(k, &|_| ())
            };
            encode(&cached(&cache, k, make).expect("a writable folder"))
        };
        for k in [3, 2, 3, 2] {
            assert_eq!(of(k), encode(&development(k, &|_| ())), "2^{k} rows");
        }
        assert_eq!(*made.borrow(), [3, 2]);
        // A whole file of other rows, or of points that are none, is no setup of these.
        let wrong = |bytes: fn() -> Vec<u8>| {
            let folder = tempfile::tempdir().expect("a folder");
            let cache = Cache::new(folder.path());
            cached_as(&cache, 3, bytes());
            let found = cached(&cache, 3, || development(3, &|_| ())).expect("a writable folder");
            assert_eq!(encode(&found), encode(&development(3, &|_| ())));
        };
        wrong(|| encode(&development(2, &|_| ())));
        wrong(|| {
            let mut bytes = encode(&development(3, &|_| ()));
            bytes[4] ^= 1;
            bytes
        });
        wrong(|| {
            let mut bytes = encode(&development(3, &|_| ()));
            bytes[0] = 4;
            bytes
        });
    }

    /// Puts these bytes where the setup for 2^k rows is looked for.
    fn cached_as(cache: &Cache, k: u32, bytes: Vec<u8>) {
        let made = cache.get_or_make("srs-dev", &cache_key(k), |_| None, || ((), bytes));
        made.expect("a writable folder");
    }

    // REQ V13
    #[test]
    fn a_setup_for_fewer_rows_is_a_prefix_of_the_powers() {
        let params = || development(3, &|_| ());
        let shorter = truncate(params(), 2).expect("enough");
        assert_eq!((shorter.k(), shorter.get_g()), (2, &params().get_g()[..4]));
        assert_eq!(shorter.s_g2(), params().s_g2());
        assert_eq!(encode(&truncate(params(), 3).expect("enough")), encode(&params()));
        assert!(matches!(
            truncate(params(), 4),
            Err(FileError::Short { found: 3, wanted: 4 })
        ));
    }

    // REQ V13 C12
    #[test]
    fn a_point_that_is_none_is_told() {
        let good = bytes();
        for (place, group, index) in [
            (4, "G1", 0),
            (4 + 64, "G1", 1),
            (4 + 64 * 15, "G1", 15),
            (4 + 64 * 16, "G2", 0),
            (4 + 64 * 16 + 128, "G2", 1),
        ] {
            let mut off = good.clone();
            off[HEADER_BYTES + place] ^= 1;
            let error = from_bytes(&sealed(off)).expect_err("off the curve");
            assert!(
                matches!(error, FileError::Point { group: g, index: i } if (g, i) == (group, index)),
                "{error}"
            );
        }
    }

    // REQ V13 C12
    #[test]
    fn every_damage_is_an_error() {
        let good = bytes();
        from_bytes(&good).expect("whole");
        for length in 0..good.len() {
            assert!(from_bytes(&good[..length]).is_err(), "{length} bytes");
        }
        assert!(matches!(
            from_bytes(&[&good[..], &[0]].concat()),
            Err(FileError::Length { .. })
        ));
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 1;
            assert!(from_bytes(&bad).is_err(), "byte {place}");
        }
        // A point off the curve under a digest that fits; a coordinate that is not reduced.
        let mut off = good.clone();
        off[HEADER_BYTES + 4 + 70] ^= 1;
        assert!(matches!(from_bytes(&sealed(off)), Err(FileError::Point { .. })));
        let mut large = good;
        large[HEADER_BYTES + 4..][..32].fill(0xff);
        assert!(matches!(from_bytes(&sealed(large)), Err(FileError::Point { .. })));
    }
}
