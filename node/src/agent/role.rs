// SPDX-License-Identifier: MIT OR Apache-2.0

use super::journal::InFlight;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::{Debug, Display};

/// What an agent is there for.
pub trait Role: Copy + Debug + Eq + Send + Sync + 'static {
    /// What it is called. Its journal is the file `KIND.json`.
    const KIND: &'static str;
    /// The same with its article.
    const ONE: &'static str;
    /// What a transaction is for.
    type Step: Copy + Debug + Display + Eq + Send + Sync;
    /// A transaction on its way with what it is for, as the journal has it.
    type InFlight: Clone + Debug + Eq + Serialize + DeserializeOwned + Send + Sync;
    /// What became of a transaction, as the journal has it.
    type Outcome: Copy + Debug + Eq + Serialize + DeserializeOwned + Send + Sync;
    /// What else is in the journal.
    type Memory: Clone + Debug + Default + Eq + Serialize + DeserializeOwned + Send + Sync;
    /// What else it says.
    type Said: Clone + Debug + Eq + Send + Sync;

    /// The sequence that a transaction is about.
    fn sequence(step: Self::Step) -> u64;
    /// A transaction on its way, for the journal.
    fn in_flight(step: Self::Step, in_flight: InFlight) -> Self::InFlight;
    /// The same, of the journal.
    fn split(in_flight: &Self::InFlight) -> (Self::Step, &InFlight);
}
