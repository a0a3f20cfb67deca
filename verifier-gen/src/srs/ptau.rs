// SPDX-License-Identifier: MIT OR Apache-2.0
//! Powers of tau as snarkjs writes them.
//!
//! `"ptau"`, version 1, number of sections; each section an id, a length and content, all numbers little-endian.
//! Section 1: bytes of a coordinate, the modulus, log2 of the powers, the ceremony's. Section 2: powers in G1. Section
//! 3: powers in G2. Coordinates are little-endian and in Montgomery form. (snarkjs, src/powersoftau_utils.js.)

use super::MAX_K;
use super::import::{self, ImportError};
use super::points::{COORDINATE_BYTES, Encoding, number};
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fq, G2Affine};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Where sections are, and how long.
struct Sections(Vec<(u32, u64, u64)>);

impl Sections {
    fn read(reader: &mut (impl Read + Seek), file_bytes: u64) -> Result<Self, ImportError> {
        let magic = number::<4>(reader)?;
        if magic != *b"ptau" {
            return Err(ImportError::Header(format!("it begins with {magic:02x?}")));
        }
        let version = u32::from_le_bytes(number(reader)?);
        if version != 1 {
            return Err(ImportError::Header(format!("its version is {version}")));
        }
        let count = u32::from_le_bytes(number(reader)?);
        let mut sections = vec![];
        for _ in 0..count.min(64) {
            let id = u32::from_le_bytes(number(reader)?);
            let length = u64::from_le_bytes(number(reader)?);
            let start = reader.stream_position()?;
            let end = start.checked_add(length).filter(|&end| end <= file_bytes);
            let end = end.ok_or_else(|| ImportError::Header(format!("section {id} ends behind the file")))?;
            sections.push((id, start, length));
            reader.seek(SeekFrom::Start(end))?;
        }
        Ok(Self(sections))
    }

    /// Goes to a section that has at least so many bytes.
    fn enter(&self, reader: &mut impl Seek, id: u32, expected: u64) -> Result<(), ImportError> {
        let section = self.0.iter().find(|(known, ..)| *known == id);
        let (_, start, found) = section.copied().unwrap_or((id, 0, 0));
        if found < expected {
            return Err(ImportError::Section { id, found, expected });
        }
        reader.seek(SeekFrom::Start(start))?;
        Ok(())
    }
}

/// Reads powers for 2^k rows (all there are, without k), and checks that they are powers of one tau.
///
/// Memory beyond the result is a buffer. Whose tau it is, [`super::standing`] says.
///
/// # Errors
///
/// If the file is anything else, or holds too few powers.
pub fn import_ptau(
    path: &Path,
    k: Option<u32>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ParamsKZG<Bn256>, ImportError> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    read(BufReader::new(file), bytes, k, progress)
}

fn read(
    mut reader: impl Read + Seek,
    file_bytes: u64,
    k: Option<u32>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ParamsKZG<Bn256>, ImportError> {
    let sections = Sections::read(&mut reader, file_bytes)?;
    sections.enter(&mut reader, 1, 4 + COORDINATE_BYTES as u64 + 8)?;
    let width = u32::from_le_bytes(number(&mut reader)?);
    let modulus = number::<COORDINATE_BYTES>(&mut reader)?;
    // The modulus is one more than the representation of -1.
    let mut expected = (-Fq::one()).to_repr();
    expected[0] += 1;
    if width as usize != COORDINATE_BYTES || modulus != expected {
        return Err(ImportError::Header(format!(
            "its curve is not BN254: {width} bytes, modulus {}",
            hex::encode(modulus)
        )));
    }
    let power = u32::from_le_bytes(number(&mut reader)?);
    if power > MAX_K {
        return Err(ImportError::Header(format!(
            "it has 2^{power} powers, at most 2^{MAX_K} are possible"
        )));
    }
    let k = k.unwrap_or(power);
    if k > power || k == 0 {
        return Err(ImportError::Short {
            found: power,
            wanted: k,
        });
    }
    let n = 1u64 << k;
    sections.enter(&mut reader, 2, n * 2 * COORDINATE_BYTES as u64)?;
    let powers = import::powers(Encoding::Montgomery, &mut reader, n, progress)?;
    sections.enter(&mut reader, 3, 2 * 4 * COORDINATE_BYTES as u64)?;
    let mut points = [G2Affine::default(); 2];
    for (index, point) in points.iter_mut().enumerate() {
        let index = index as u64;
        *point = Encoding::Montgomery
            .g2(&mut reader)?
            .ok_or(ImportError::Point { group: "G2", index })?;
    }
    import::finish(k, powers, points)
}

#[cfg(test)]
mod tests;
