// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a worker and its child say to each other: a JSON object a line. The first line to the child is its [`Settings`].

use super::circuits::Circuits;
use super::job::{Id, Job};
use super::key::KeyOnL1;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a child must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The circuits.
    pub circuits: Circuits,
    /// Folder of witnesses and proofs.
    pub proofs: PathBuf,
    /// Folder of what takes long to make: circuits, keys, the development setup.
    pub cache: PathBuf,
    /// File that is locked while something heavy runs; one for each machine.
    pub lock: PathBuf,
}

/// What a child is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Prove a job whose inputs are in the folder, and write the proof there.
    Prove(Job),
    /// Verify the proof of a job in the folder.
    Check(Job),
    /// Tell the circuits' digest.
    Describe,
    /// Tell the key of the halo2 circuit.
    Key,
}

/// What a child answers: any number of steps, then one of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub enum Reply {
    /// A step begins.
    Begun {
        /// Such as `prove node`.
        step: String,
    },
    /// A step has ended.
    Ended {
        /// Such as `prove node`.
        step: String,
        /// How long it took.
        seconds: f64,
    },
    /// The proof is in the folder, and holds.
    Done {
        /// How long it took, without waiting for the machine.
        seconds: f64,
    },
    /// An input is missing, damaged, or proves nothing.
    BadInput {
        /// Which.
        id: Id,
        /// Why.
        why: String,
    },
    /// It did not work.
    Failed {
        /// Why.
        why: String,
        /// Whether it would fail again.
        permanent: bool,
    },
    /// The disk is full: what is under way is done when there is room.
    Full {
        /// What was to be written.
        why: String,
    },
    /// The circuits.
    Circuits {
        /// Their digest.
        batches: Id,
    },
    /// The key of the halo2 circuit.
    Key(KeyOnL1),
}

impl Reply {
    /// Whether nothing follows.
    pub const fn is_last(&self) -> bool {
        !matches!(self, Self::Begun { .. } | Self::Ended { .. })
    }
}
