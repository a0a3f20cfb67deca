// SPDX-License-Identifier: MIT OR Apache-2.0
//! Powers of tau without a header that describes them.

use super::MAX_K;
use super::import::{self, ImportError};
use super::points::Encoding;
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, G2Affine};
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// A challenge file begins with the hash of the response before it.
const HASH_BYTES: u64 = 64;

fn open(path: &Path) -> Result<(BufReader<File>, u64), ImportError> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    Ok((BufReader::new(file), bytes))
}

/// log2 of the rows that `found` powers are enough for.
fn rows(found: u64, k: Option<u32>) -> Result<u32, ImportError> {
    let found = found.checked_ilog2().unwrap_or(0);
    let wanted = k.unwrap_or(found.min(MAX_K));
    if wanted == 0 || wanted > found || wanted > MAX_K {
        return Err(ImportError::Short { found, wanted });
    }
    Ok(wanted)
}

/// Reads a challenge file of the Perpetual Powers of Tau, of 2^power powers of tau in G2 and twice as many, less one, in G1:
/// uncompressed, big-endian. (Layout: kobigurk/phase2-bn254, powersoftau/src/batched_accumulator.rs.)
///
/// # Errors
///
/// If the file is anything else, or holds too few powers.
pub fn import_challenge(
    path: &Path,
    power: u32,
    k: Option<u32>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ParamsKZG<Bn256>, ImportError> {
    let (reader, bytes) = open(path)?;
    challenge(reader, bytes, power, k, progress)
}

fn challenge(
    mut reader: impl Read + Seek,
    file_bytes: u64,
    power: u32,
    k: Option<u32>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ParamsKZG<Bn256>, ImportError> {
    let encoding = Encoding::BigEndian;
    if power == 0 || power > MAX_K {
        return Err(ImportError::Header(format!(
            "a challenge of 2^{power} powers: 1 to {MAX_K} are possible"
        )));
    }
    let point = encoding.bytes() as u64;
    let in_g2 = HASH_BYTES + point * ((2 << power) - 1);
    let needed = in_g2 + 2 * 2 * point;
    if file_bytes < needed {
        return Err(ImportError::Header(format!(
            "a challenge of 2^{power} powers has more than {needed} bytes, this file has {file_bytes}"
        )));
    }
    let k = rows(1 << power, k)?;
    reader.seek(SeekFrom::Start(HASH_BYTES))?;
    let powers = import::powers(encoding, &mut reader, 1 << k, progress)?;
    reader.seek(SeekFrom::Start(in_g2))?;
    import::finish(
        k,
        powers,
        [
            second_group(encoding, &mut reader, 0)?,
            second_group(encoding, &mut reader, 1)?,
        ],
    )
}

fn second_group(encoding: Encoding, reader: &mut impl Read, index: u64) -> Result<G2Affine, ImportError> {
    encoding.g2(reader)?.ok_or(ImportError::Point { group: "G2", index })
}

/// Reads compressed powers as gnark writes them, one file for G1 and one for G2: EigenDA's `g1.point` with `g2.point` or
/// `g2.point.powerOf2`, whose first point is `[tau]_2`.
///
/// # Errors
///
/// If a file is anything else, or holds too few powers.
pub fn import_compressed(
    g1: &Path,
    g2: &Path,
    k: Option<u32>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ParamsKZG<Bn256>, ImportError> {
    let (mut reader, bytes) = open(g1)?;
    let tau = compressed_tau(&mut open(g2)?.0)?;
    compressed(&mut reader, bytes, tau, k, progress)
}

fn compressed(
    reader: &mut impl Read,
    bytes: u64,
    tau: G2Affine,
    k: Option<u32>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ParamsKZG<Bn256>, ImportError> {
    let k = rows(bytes / Encoding::Compressed.bytes() as u64, k)?;
    let powers = import::powers(Encoding::Compressed, reader, 1 << k, progress)?;
    import::finish(k, powers, [G2Affine::generator(), tau])
}

/// The first point, or the second if the first is the generator.
fn compressed_tau(reader: &mut impl Read) -> Result<G2Affine, ImportError> {
    let first = second_group(Encoding::Compressed, reader, 0)?;
    if first == G2Affine::generator() {
        second_group(Encoding::Compressed, reader, 1)
    } else {
        Ok(first)
    }
}

#[cfg(test)]
mod tests;
