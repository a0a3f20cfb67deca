// SPDX-License-Identifier: MIT OR Apache-2.0
//! Powers of tau as snarkjs writes them.
//!
//! `"ptau"`, version 1, number of sections; each section an id, a length and content, all numbers little-endian.
//! Section 1: bytes of a coordinate, the modulus, log2 of the powers, the ceremony's. Section 2: powers in G1. Section
//! 3: powers in G2. Coordinates are little-endian and in Montgomery form. (snarkjs, src/powersoftau_utils.js.)

use halo2_base::halo2_proofs::halo2curves::CurveAffine;
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fq, Fq2, G1Affine, G2Affine};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::halo2curves::serde::SerdeObject;
use halo2_base::halo2_proofs::poly::commitment::ParamsProver;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

const COORDINATE_BYTES: usize = 32;

/// A file that holds no powers of tau.
#[derive(Debug, thiserror::Error)]
pub enum PtauError {
    /// It cannot be read, or ends early.
    #[error("the file cannot be read to its end: {0}")]
    Io(#[from] io::Error),
    /// It is another kind of file.
    #[error("this is no .ptau file of version 1: {0}")]
    Header(String),
    /// A section is missing or too short.
    #[error("section {id} has {found} bytes, {expected} are needed")]
    Section {
        /// Its number.
        id: u32,
        /// What it has, 0 if it is missing.
        found: u64,
        /// What it must have.
        expected: u64,
    },
    /// A point is none.
    #[error("point {index} of {group} is not on the curve, or has a coordinate that is not below the modulus")]
    Point {
        /// G1 or G2.
        group: &'static str,
        /// Its number.
        index: u64,
    },
    /// Fewer powers than asked for.
    #[error("the file has powers for 2^{found} rows, 2^{wanted} are asked for")]
    Short {
        /// What it has.
        found: u32,
        /// What is wanted.
        wanted: u32,
    },
    /// The powers are no powers of one tau.
    #[error(transparent)]
    Check(#[from] super::CheckError),
}

fn number<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Where sections are, and how long.
struct Sections(Vec<(u32, u64, u64)>);

impl Sections {
    fn read(reader: &mut (impl Read + Seek), file_bytes: u64) -> Result<Self, PtauError> {
        let magic = number::<4>(reader)?;
        if magic != *b"ptau" {
            return Err(PtauError::Header(format!("it begins with {magic:02x?}")));
        }
        let version = u32::from_le_bytes(number(reader)?);
        if version != 1 {
            return Err(PtauError::Header(format!("its version is {version}")));
        }
        let count = u32::from_le_bytes(number(reader)?);
        let mut sections = vec![];
        for _ in 0..count.min(64) {
            let id = u32::from_le_bytes(number(reader)?);
            let length = u64::from_le_bytes(number(reader)?);
            let start = reader.stream_position()?;
            let end = start.checked_add(length).filter(|&end| end <= file_bytes);
            let end = end.ok_or_else(|| PtauError::Header(format!("section {id} ends behind the file")))?;
            sections.push((id, start, length));
            reader.seek(SeekFrom::Start(end))?;
        }
        Ok(Self(sections))
    }

    /// Goes to a section that has at least so many bytes.
    fn enter(&self, reader: &mut impl Seek, id: u32, expected: u64) -> Result<(), PtauError> {
        let section = self.0.iter().find(|(known, ..)| *known == id);
        let (_, start, found) = section.copied().unwrap_or((id, 0, 0));
        if found < expected {
            return Err(PtauError::Section { id, found, expected });
        }
        reader.seek(SeekFrom::Start(start))?;
        Ok(())
    }
}

fn coordinate(reader: &mut impl Read) -> io::Result<Option<Fq>> {
    Ok(Fq::from_raw_bytes(&number::<COORDINATE_BYTES>(reader)?))
}

fn point_g1(reader: &mut impl Read) -> io::Result<Option<G1Affine>> {
    let (x, y) = (coordinate(reader)?, coordinate(reader)?);
    Ok(x.zip(y).and_then(|(x, y)| Option::from(G1Affine::from_xy(x, y))))
}

fn point_g2(reader: &mut impl Read) -> io::Result<Option<G2Affine>> {
    let [x0, x1, y0, y1] = [coordinate(reader)?, coordinate(reader)?, coordinate(reader)?, coordinate(reader)?];
    let pair = |real: Option<Fq>, imaginary: Option<Fq>| real.zip(imaginary).map(|(a, b)| Fq2::new(a, b));
    let (x, y) = (pair(x0, x1), pair(y0, y1));
    Ok(x.zip(y).and_then(|(x, y)| Option::from(G2Affine::from_xy(x, y))))
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
) -> Result<ParamsKZG<Bn256>, PtauError> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    import(BufReader::new(file), bytes, k, progress)
}

fn import(
    mut reader: impl Read + Seek,
    file_bytes: u64,
    k: Option<u32>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ParamsKZG<Bn256>, PtauError> {
    let sections = Sections::read(&mut reader, file_bytes)?;
    sections.enter(&mut reader, 1, 4 + COORDINATE_BYTES as u64 + 8)?;
    let width = u32::from_le_bytes(number(&mut reader)?);
    let modulus = number::<COORDINATE_BYTES>(&mut reader)?;
    // The modulus is one more than the representation of -1.
    let mut expected = (-Fq::one()).to_repr();
    expected[0] += 1;
    if width as usize != COORDINATE_BYTES || modulus != expected {
        return Err(PtauError::Header(format!("its curve is not BN254: {width} bytes, modulus {}", hex::encode(modulus))));
    }
    let power = u32::from_le_bytes(number(&mut reader)?);
    let k = k.unwrap_or(power);
    if power > 28 || k > power || k == 0 {
        return Err(PtauError::Short { found: power, wanted: k });
    }
    let n = 1u64 << k;
    sections.enter(&mut reader, 2, n * 2 * COORDINATE_BYTES as u64)?;
    let mut powers = Vec::with_capacity(n as usize);
    for index in 0..n {
        powers.push(point_g1(&mut reader)?.ok_or(PtauError::Point { group: "G1", index })?);
        if index % 4096 == 0 {
            progress(index);
        }
    }
    sections.enter(&mut reader, 3, 2 * 4 * COORDINATE_BYTES as u64)?;
    let mut points = [G2Affine::default(); 2];
    for (index, point) in points.iter_mut().enumerate() {
        let index = index as u64;
        *point = point_g2(&mut reader)?.ok_or(PtauError::Point { group: "G2", index })?;
    }
    let params = ParamsKZG::<Bn256>::new(1).from_parts(k, powers, None, points[0], points[1]);
    super::check(&params)?;
    Ok(params)
}

#[cfg(test)]
mod tests;
