// SPDX-License-Identifier: MIT OR Apache-2.0
//! A wrapped proof in a file.
//!
//! | bytes | field |
//! |---|---|
//! | 0..4 | `PoEk` |
//! | 4..6 | format version, big-endian: 1 |
//! | 6..8 | 0 |
//! | 8..40 | halo2's digest of the verifying key, big-endian |
//! | 40..72 | the statement's hash |
//! | 72..76 | length of the proof, big-endian |
//! | 76.. | the proof: what the contract takes, words of 32 bytes |

use super::prover::{Wrap, WrapError, WrapProof};
use crate::kzg::{self, WORD_BYTES};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;

const MAGIC: [u8; 4] = *b"PoEk";

/// Version of the format.
const VERSION: u16 = 1;

const HEADER_BYTES: usize = 76;

/// Bytes that are no wrapped proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapFormatError {
    /// Too short for a header.
    #[error("{found} bytes are too short for a wrapped proof: the header alone has {HEADER_BYTES}")]
    NoHeader {
        /// Bytes given.
        found: usize,
    },
    /// The first bytes are not `PoEk`.
    #[error("not a wrapped proof: it does not begin with \"PoEk\"")]
    WrongMagic,
    /// Written by another version.
    #[error("the wrapped proof has format version {found}, this program reads {VERSION}")]
    WrongVersion {
        /// Version in the header.
        found: u16,
    },
    /// Bytes that must be zero are not.
    #[error("the reserved bytes are {found:#06x}, not 0")]
    Reserved {
        /// The bytes.
        found: u16,
    },
    /// The proof is longer or shorter than its header says, or not of whole words.
    #[error("the header states {stated} bytes of proof, {found} follow; a proof is made of words of 32 bytes")]
    WrongLength {
        /// What the header says.
        stated: usize,
        /// What follows.
        found: usize,
    },
    /// A proof by another key.
    #[error("the proof is by another verifying key: another circuit, shape or setup")]
    WrongKey,
}

/// The words of 128 bits as one of 256.
fn hash_of(statement: &[Fr; 2]) -> [u8; 32] {
    let mut hash = [0; 32];
    for (half, word) in hash.chunks_exact_mut(16).zip(statement) {
        half.copy_from_slice(&word.to_repr()[..16]);
        half.reverse();
    }
    hash
}

fn words_of(hash: &[u8; 32]) -> [Fr; 2] {
    let word = |half: &[u8]| Fr::from_u128(u128::from_be_bytes(half.try_into().expect("sixteen bytes")));
    [word(&hash[..16]), word(&hash[16..])]
}

fn big_endian(key: Fr) -> [u8; 32] {
    let mut bytes = key.to_repr();
    bytes.reverse();
    bytes
}

impl WrapProof {
    /// The statement's hash.
    pub fn statement_hash(&self) -> [u8; 32] {
        hash_of(&self.statement)
    }

    /// The bytes of a file; `key` is the digest of the verifying key.
    fn encode(&self, key: Fr) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).expect("proofs have a few kilobytes");
        [
            &MAGIC[..],
            &VERSION.to_be_bytes(),
            &[0; 2],
            &big_endian(key),
            &self.statement_hash(),
            &length.to_be_bytes(),
            &self.bytes,
        ]
        .concat()
    }

    /// Reads the bytes of a file: the digest of the verifying key, and the proof, which may not be a true one.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<([u8; 32], Self), WrapFormatError> {
        let (header, proof) = bytes
            .split_at_checked(HEADER_BYTES)
            .ok_or(WrapFormatError::NoHeader { found: bytes.len() })?;
        if header[..4] != MAGIC {
            return Err(WrapFormatError::WrongMagic);
        }
        let version = u16::from_be_bytes([header[4], header[5]]);
        if version != VERSION {
            return Err(WrapFormatError::WrongVersion { found: version });
        }
        let reserved = u16::from_be_bytes([header[6], header[7]]);
        if reserved != 0 {
            return Err(WrapFormatError::Reserved { found: reserved });
        }
        let stated = u32::from_be_bytes([header[72], header[73], header[74], header[75]]) as usize;
        if stated != proof.len() || !stated.is_multiple_of(WORD_BYTES) {
            return Err(WrapFormatError::WrongLength {
                stated,
                found: proof.len(),
            });
        }
        let [key, hash] = [8, 40].map(|at| core::array::from_fn(|i| header[at + i]));
        let statement = words_of(&hash);
        let bytes = proof.to_vec();
        Ok((key, Self { statement, bytes }))
    }
}

impl Wrap<'_> {
    /// The bytes of a proof's file.
    pub fn encode(&self, proof: &WrapProof) -> Vec<u8> {
        proof.encode(self.verifying_key().transcript_repr())
    }

    /// Reads a proof's file and verifies the proof.
    ///
    /// # Errors
    ///
    /// If the bytes are malformed, the proof is by another key, or it does not hold.
    pub fn decode(&self, bytes: &[u8]) -> Result<WrapProof, WrapError> {
        let (key, proof) = WrapProof::decode(bytes)?;
        if key != big_endian(self.verifying_key().transcript_repr()) {
            return Err(WrapFormatError::WrongKey.into());
        }
        kzg::verify(self.params, self.verifying_key(), &[&proof.statement], &proof.bytes)?;
        Ok(proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof() -> WrapProof {
        let hash = core::array::from_fn(|i| 0xff - i as u8);
        WrapProof {
            statement: words_of(&hash),
            bytes: vec![7; 3 * WORD_BYTES],
        }
    }

    // REQ C12
    #[test]
    fn what_is_written_is_read() {
        let key = Fr::from(0x1234);
        let (found, read) = WrapProof::decode(&proof().encode(key)).expect("well-formed");
        assert_eq!(read, proof());
        assert_eq!(found, big_endian(key));
        assert_eq!(found[30..], [0x12, 0x34]);
        assert_eq!(read.statement_hash()[..2], [0xff, 0xfe]);
    }

    // REQ C12
    #[test]
    fn each_malformation_has_its_error() {
        let good = proof().encode(Fr::from(1));
        for length in 0..good.len() {
            assert!(WrapProof::decode(&good[..length]).is_err(), "{length} bytes");
        }
        let long = [&good[..], &[0]].concat();
        let wrong = |stated, found| Err(WrapFormatError::WrongLength { stated, found });
        assert_eq!(WrapProof::decode(&long), wrong(96, 97));
        let damaged = |at: usize| {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            WrapProof::decode(&bytes)
        };
        assert_eq!(damaged(0), Err(WrapFormatError::WrongMagic));
        assert_eq!(damaged(5), Err(WrapFormatError::WrongVersion { found: 0 }));
        assert_eq!(damaged(6), Err(WrapFormatError::Reserved { found: 0x100 }));
        assert_eq!(damaged(75), wrong(97, 96));
        let mut odd = proof();
        odd.bytes.pop();
        assert_eq!(WrapProof::decode(&odd.encode(Fr::from(1))), wrong(95, 95));
    }
}
