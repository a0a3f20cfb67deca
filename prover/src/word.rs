// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words: elements known to be below 2^32.

use crate::config::{Builder, F};
use plonky2::field::types::Field;
use plonky2::iop::target::Target;

/// A `u32` inside a circuit. Whoever makes one has constrained the element to 32 bits; see the gadgets that return it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word(Target);

impl Word {
    /// A constant.
    pub fn constant(builder: &mut Builder, value: u32) -> Self {
        Self(builder.constant(F::from_canonical_u32(value)))
    }

    /// Takes the caller's word for it that `target` is constrained to 32 bits.
    pub(crate) const fn assume_checked(target: Target) -> Self {
        Self(target)
    }

    /// The element.
    pub const fn target(self) -> Target {
        self.0
    }
}
