// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file of a proof: what it proves stands before it, so a folder of such files is its own index.
//!
//! | bytes | field |
//! |---|---|
//! | 0..4 | `PoEj` |
//! | 4..6 | format version, big-endian: 1 |
//! | 6..8 | length of the job, big-endian |
//! | 8..16 | length of the proof, big-endian |
//! | 16..48 | SHA-256 of job and proof |
//! | 48.. | the job as JSON, then the proof in its own format |
//!
//! The proof's own format, and whether the proof holds, are for those to check who have the circuits.

use super::job::{Id, Job};
use sha2::{Digest, Sha256};

const MAGIC: [u8; 4] = *b"PoEj";
const VERSION: u16 = 1;

/// Bytes before the job.
pub const HEADER_BYTES: usize = 48;

/// Bytes that are not the file of the proof that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It begins otherwise, or ends before its header does.
    #[error("no proof file of this program's format version {VERSION}")]
    NoHeader,
    /// It is longer or shorter than its header says.
    #[error("the header states {stated} bytes, {found} follow")]
    WrongLength {
        /// What the header says.
        stated: u64,
        /// What follows.
        found: u64,
    },
    /// It is damaged.
    #[error("the file's SHA-256 is not the one in its header: it is damaged")]
    Damaged,
    /// The job cannot be read.
    #[error("the job in the file cannot be read: {0}")]
    NoJob(String),
    /// It is another job's.
    #[error("the file is the proof of job {found}, not of {wanted}")]
    WrongJob {
        /// What was asked for.
        wanted: Id,
        /// What it is.
        found: Id,
    },
}

/// The bytes of a proof's file.
pub fn encode(job: &Job, proof: &[u8]) -> Vec<u8> {
    let text = serde_json::to_vec(job).expect("plain data");
    let digest = Sha256::new().chain_update(&text).chain_update(proof).finalize();
    let length = u16::try_from(text.len()).expect("a job has a few hundred bytes");
    [
        &MAGIC[..],
        &VERSION.to_be_bytes(),
        &length.to_be_bytes(),
        &(proof.len() as u64).to_be_bytes(),
        &digest,
        &text,
        proof,
    ]
    .concat()
}

/// The lengths of job and proof that a header states.
fn lengths(bytes: &[u8]) -> Result<(usize, u64), FileError> {
    if bytes.len() < HEADER_BYTES || bytes[..4] != MAGIC || bytes[4..6] != VERSION.to_be_bytes() {
        return Err(FileError::NoHeader);
    }
    let job = u16::from_be_bytes([bytes[6], bytes[7]]);
    let proof = u64::from_be_bytes(core::array::from_fn(|i| bytes[8 + i]));
    Ok((job.into(), proof))
}

fn job_of(id: Id, text: &[u8]) -> Result<Job, FileError> {
    let job: Job = serde_json::from_slice(text).map_err(|error| FileError::NoJob(error.to_string()))?;
    match job.id() {
        found if found == id => Ok(job),
        found => Err(FileError::WrongJob { wanted: id, found }),
    }
}

/// Reads the job from a file's beginning; `length` is the whole file's. The proof is not looked at.
///
/// # Errors
///
/// If there is no job, it is another than `id`, or the file has another length than it says.
pub fn decode_job(id: Id, beginning: &[u8], length: u64) -> Result<Job, FileError> {
    let (job, proof) = lengths(beginning)?;
    let (stated, found) = (
        proof.saturating_add(job as u64),
        length.saturating_sub(HEADER_BYTES as u64),
    );
    if stated != found || beginning.len() < HEADER_BYTES + job {
        return Err(FileError::WrongLength { stated, found });
    }
    job_of(id, &beginning[HEADER_BYTES..HEADER_BYTES + job])
}

/// Reads a file to the last byte: the job and the proof.
///
/// # Errors
///
/// If anything is wrong with it.
pub fn decode(id: Id, bytes: &[u8]) -> Result<(Job, &[u8]), FileError> {
    let job = decode_job(id, bytes, bytes.len() as u64)?;
    let (header, body) = bytes.split_at(HEADER_BYTES);
    if header[16..] != *Sha256::digest(body) {
        return Err(FileError::Damaged);
    }
    let (length, _) = lengths(bytes)?;
    Ok((job, &body[length..]))
}

#[cfg(test)]
mod tests {
    use super::super::job::Work;
    use super::*;

    fn job() -> Job {
        Job {
            circuit: Id([1; 32]),
            work: Work::Leaf { witness: Id([2; 32]) },
        }
    }

    // REQ C12
    #[test]
    fn what_is_written_is_read() {
        let (job, proof) = (job(), [3; 50]);
        let bytes = encode(&job, &proof);
        assert_eq!(decode(job.id(), &bytes), Ok((job, &proof[..])));
        let beginning = &bytes[..bytes.len() - 10];
        assert_eq!(decode_job(job.id(), beginning, bytes.len() as u64), Ok(job));
    }

    // REQ C12
    #[test]
    fn every_damage_is_an_error() {
        let job = job();
        let good = encode(&job, &[3; 50]);
        for length in 0..good.len() {
            assert!(decode(job.id(), &good[..length]).is_err(), "{length} bytes");
        }
        assert!(decode(job.id(), &[&good[..], &[0]].concat()).is_err());
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 1;
            assert!(decode(job.id(), &bad).is_err(), "byte {place}");
        }
        let other = Id([9; 32]);
        let refusal = FileError::WrongJob {
            wanted: other,
            found: job.id(),
        };
        assert_eq!(decode(other, &good), Err(refusal));
    }
}
