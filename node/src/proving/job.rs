// SPDX-License-Identifier: MIT OR Apache-2.0
//! Jobs: what is to be proven, named by its content.
//!
//! A job's id is a hash of its kind, of the circuits that prove it and of its inputs' ids, so whoever needs the same
//! proof asks for the same job, on whatever machine and however often.

use poe_rollup::formats::{Address, Bytes32};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Names a job and its proof, or a witness.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub Bytes32);

impl Id {
    /// The id of a witness: the digest of its bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", &hex::encode(self.0)[..12])
    }
}

impl std::str::FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAnId(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Text that is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no id: 64 hexadecimal digits are")]
pub struct NotAnId(String);

/// What a job proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// One batch: leaf and wrap.
    Leaf {
        /// The witness.
        witness: Id,
    },
    /// Two ranges that meet.
    Join {
        /// The earlier.
        left: Id,
        /// The later.
        right: Id,
    },
    /// A range, bound to who is paid: the last plonky2 proof.
    Finalize {
        /// The range.
        range: Id,
        /// Version of the route.
        version: u32,
        /// Who is paid.
        #[serde(with = "hex::serde")]
        beneficiary: Address,
    },
    /// The last plonky2 proof, for the contract.
    Wrap {
        /// The last plonky2 proof.
        last: Id,
    },
}

impl Work {
    /// Jobs whose proofs this one reads.
    pub fn inputs(&self) -> Vec<Id> {
        match *self {
            Self::Leaf { .. } => vec![],
            Self::Join { left, right } => vec![left, right],
            Self::Finalize { range, .. } => vec![range],
            Self::Wrap { last } => vec![last],
        }
    }

    /// Whether the proof is of use to one beneficiary only.
    pub const fn is_for_one_beneficiary(&self) -> bool {
        matches!(self, Self::Finalize { .. } | Self::Wrap { .. })
    }

    /// A word for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Leaf { .. } => "leaf",
            Self::Join { .. } => "join",
            Self::Finalize { .. } => "finalize",
            Self::Wrap { .. } => "wrap",
        }
    }
}

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Job {
    /// The circuits that prove it: [`CircuitIds::of`].
    pub circuit: Id,
    /// What it proves.
    pub work: Work,
}

impl Job {
    /// Its id, and its proof's.
    pub fn id(&self) -> Id {
        let mut hash = Sha256::new();
        hash.update("PoE/job/1");
        hash.update(self.circuit.0);
        let mut part = |kind: u8, ids: &[Id]| {
            hash.update([kind]);
            for id in ids {
                hash.update(id.0);
            }
        };
        match self.work {
            Work::Leaf { witness } => part(1, &[witness]),
            Work::Join { left, right } => part(2, &[left, right]),
            Work::Finalize {
                range,
                version,
                beneficiary,
            } => {
                part(3, &[range]);
                hash.update(version.to_be_bytes());
                hash.update(beneficiary);
            }
            Work::Wrap { last } => part(4, &[last]),
        }
        Id(hash.finalize().into())
    }
}

/// Digests of the circuits that the jobs of a deployment are proven with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CircuitIds {
    /// The plonky2 circuits: the `circuitHash` of the verifier's manifest.
    pub batches: Id,
    /// The halo2 circuit: those, its code, its shape and its setup.
    pub wrap: Id,
}

impl CircuitIds {
    /// The circuits that prove `work`.
    pub const fn of(&self, work: &Work) -> Id {
        match work {
            Work::Wrap { .. } => self.wrap,
            _ => self.batches,
        }
    }

    /// The job of `work`.
    pub const fn job(&self, work: Work) -> Job {
        Job {
            circuit: self.of(&work),
            work,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn id(byte: u8) -> Id {
        Id([byte; 32])
    }

    fn works() -> Vec<Work> {
        let finalize = |range, version, payee| Work::Finalize {
            range: id(range),
            version,
            beneficiary: [payee; 20],
        };
        let join = |left, right| Work::Join {
            left: id(left),
            right: id(right),
        };
        vec![
            Work::Leaf { witness: id(1) },
            Work::Leaf { witness: id(2) },
            Work::Wrap { last: id(1) },
            Work::Wrap { last: id(2) },
            join(1, 2),
            join(2, 1),
            join(1, 3),
            finalize(1, 1, 1),
            finalize(2, 1, 1),
            finalize(1, 2, 1),
            finalize(1, 1, 2),
        ]
    }

    // REQ C12
    #[test]
    fn a_job_is_named_by_all_of_its_content_and_nothing_else() {
        let mut seen = HashSet::new();
        for circuit in [id(7), id(8)] {
            for work in works() {
                let job = Job { circuit, work };
                assert!(seen.insert(job.id()), "{job:?}");
                let text = serde_json::to_string(&job).expect("plain data");
                assert_eq!(serde_json::from_str::<Job>(&text).expect("what was written"), job);
                assert_eq!(job.id(), Job { circuit, work }.id());
            }
        }
    }

    /// An id of a file on somebody's disk must not change with a version of the program.
    #[test]
    fn ids_are_pinned() {
        let job = Job {
            circuit: id(7),
            work: works()[4],
        };
        let mut preimage = b"PoE/job/1".to_vec();
        preimage.extend([7; 32]);
        preimage.push(2);
        preimage.extend([1; 32]);
        preimage.extend([2; 32]);
        assert_eq!(job.id(), Id::of_bytes(&preimage));
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in ["", "00", &"0".repeat(63), &"g".repeat(64), &"0".repeat(66)] {
            assert_eq!(text.parse::<Id>(), Err(NotAnId(text.to_owned())));
        }
        assert_eq!(id(0xab).to_string().parse(), Ok(id(0xab)));
    }
}
