// SPDX-License-Identifier: MIT OR Apache-2.0
//! Circuits this generator has no contract for.

/// Why there is no contract for a verifying key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// Advice columns of later phases, or challenges a circuit asks for.
    #[error(
        "the circuit has {phases} phases and {challenges} challenges of its own; one phase without challenges is supported"
    )]
    Phases {
        /// Phases.
        phases: usize,
        /// Challenges.
        challenges: usize,
    },
    /// More than one column of public inputs.
    #[error("the circuit has {0} instance columns; at most one is supported")]
    InstanceColumns(usize),
    /// A public input read in another row than its own.
    #[error("the instance column is queried at rotation {0}; only rotation 0 is supported")]
    InstanceRotation(i32),
    /// As many public inputs as there are rows for them, or more.
    #[error("{inputs} public inputs do not fit into {rows} usable rows")]
    PublicInputs {
        /// How many are asked for.
        inputs: usize,
        /// Rows that are not blinded.
        rows: usize,
    },
    /// No permutation argument, or no gate: nothing halo2's own tools produce.
    #[error("the circuit has no {0}")]
    Missing(&'static str),
    /// Two rotations that are one point.
    #[error("rotations {first} and {second} are the same point of a domain of 2^{k} rows")]
    Collision {
        /// A rotation.
        first: i32,
        /// Another.
        second: i32,
        /// log2 of the rows.
        k: u32,
    },
    /// A constraint of higher degree than the quotient has room for: halo2 clamps degrees in silence.
    #[error("{what} is of degree {degree}, and the key was made for {limit}: halo2 clamped it")]
    Degree {
        /// Gate, lookup or permutation.
        what: String,
        /// Its degree.
        degree: usize,
        /// The key's.
        limit: usize,
    },
    /// A name that is no Solidity identifier.
    #[error("`{0}` is no name for a contract: letters, digits and underscores, beginning with a letter")]
    Name(String),
    /// The setup is not to be used.
    #[error("the setup with this [tau]_2 is refused: {0}")]
    Setup(&'static str),
}
