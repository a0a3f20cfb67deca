// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every import of a ceremony's powers shares.

use super::points::Encoding;
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, G1Affine, G2Affine};
use halo2_base::halo2_proofs::poly::commitment::ParamsProver;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use std::io::{self, Read};

/// Powers read between two reports of progress.
const CHUNK: u64 = 4096;

/// A file that holds no powers of tau.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read, or ends early.
    #[error("the file cannot be read to its end: {0}")]
    Io(#[from] io::Error),
    /// It is another kind of file.
    #[error("this is no such file: {0}")]
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

/// The next n points of G1.
pub(super) fn powers(
    encoding: Encoding,
    reader: &mut impl Read,
    n: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<G1Affine>, ImportError> {
    let mut powers = Vec::with_capacity(n as usize);
    for index in 0..n {
        powers.push(encoding.g1(reader)?.ok_or(ImportError::Point { group: "G1", index })?);
        if index % CHUNK == 0 {
            progress(index);
        }
    }
    Ok(powers)
}

/// The setup of these powers and of the generator and `[tau]_2`, if it is one.
pub(super) fn finish(
    k: u32,
    powers: Vec<G1Affine>,
    [generator, tau]: [G2Affine; 2],
) -> Result<ParamsKZG<Bn256>, ImportError> {
    let params = ParamsKZG::<Bn256>::new(1).from_parts(k, powers, None, generator, tau);
    super::check(&params)?;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::super::points::COORDINATE_BYTES;
    use super::*;
    use halo2_base::halo2_proofs::halo2curves::serde::SerdeObject;
    use std::sync::Mutex;

    #[test]
    fn progress_is_told_now_and_then() {
        let point = G1Affine::generator().to_raw_bytes();
        assert_eq!(point.len(), 2 * COORDINATE_BYTES);
        let n = 2 * CHUNK + 1;
        let file = point.repeat(n as usize);
        let told = Mutex::new(vec![]);
        let read = powers(Encoding::Montgomery, &mut &file[..], n, &|index| {
            told.lock().expect("no panic").push(index);
        });
        assert_eq!(read.expect("points").len() as u64, n);
        assert_eq!(*told.lock().expect("no panic"), [0, CHUNK, 2 * CHUNK]);
    }

    // REQ C12
    #[test]
    fn a_point_that_is_none_is_told_by_its_number() {
        let point = G1Affine::generator().to_raw_bytes();
        let mut file = point.repeat(3);
        file[2 * point.len()] ^= 1;
        let read = powers(Encoding::Montgomery, &mut &file[..], 3, &|_| ());
        assert!(matches!(read, Err(ImportError::Point { group: "G1", index: 2 })));
    }
}
