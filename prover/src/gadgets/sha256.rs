// SPDX-License-Identifier: MIT OR Apache-2.0
//! SHA-256 of messages that are whole words, of a length fixed when the circuit is built.
//!
//! A block is 24 rows of message schedule, 64 of rounds and one that adds the chaining value; a block of nothing but
//! padding needs no schedule. What the equations leave open is whether words are words, and every one is made so:
//!
//! | word | made a word by |
//! |---|---|
//! | `W_0` | [`RangeChecks`], unless it was a [`Word`] before |
//! | `W_1` to `W_15` | schedule rows, as `W_(t-15)` and `W_(t-14)` |
//! | `W_16` to `W_61` | schedule rows, as `W_(t-2)` and `W_(t-1)` |
//! | `W_62`, `W_63` | [`RangeChecks`]: nothing is computed from them bit by bit |
//! | chaining value | constants, or the sums of the block before |
//! | a and e after rounds 0 to 62 | round rows: as their own first result, or as the next row's a and e |
//! | a and e after round 63 | [`RangeChecks`] |
//! | b, c, d and f, g, h | they are a and e of earlier rounds, or of the chaining value |
//! | digest | sums |
//!
//! Given words, each row has one filling (see [`crate::gates::sha256`]): the digest and every intermediate value is a
//! function of the message. Without the checks of `W_0` and of the last words, 2^32 could be shifted between a word and
//! a carry.

use super::range::RangeChecks;
use crate::config::{Builder, F};
use crate::gates::Custom;
use crate::gates::sha256::{
    INITIAL, ROUND_CONSTANTS, Sha256LowerRounds, Sha256Schedule, Sha256UpperRounds, constant_schedule,
};
use crate::gates::word::{WordSums, left, right, sum};
use crate::word::Word;
use plonky2::field::types::Field;
use plonky2::iop::target::Target;

/// Words of a block.
const BLOCK: usize = 16;

/// One word of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordInput {
    /// An element that the gadget constrains to 32 bits.
    Raw(Target),
    /// A word already.
    Checked(Word),
}

impl From<Target> for WordInput {
    fn from(target: Target) -> Self {
        Self::Raw(target)
    }
}

impl From<Word> for WordInput {
    fn from(word: Word) -> Self {
        Self::Checked(word)
    }
}

/// A message and its digest.
#[derive(Clone, Debug)]
pub struct Hashed {
    /// The message: every word is one now.
    pub words: Vec<Word>,
    /// Its digest, first word first.
    pub digest: [Word; 8],
}

/// Hashes a message of whole big-endian words: about 89.6 rows for each 16 words.
pub fn sha256(builder: &mut Builder, checks: &mut RangeChecks, message: &[WordInput]) -> Hashed {
    let words: Vec<Word> = message
        .iter()
        .enumerate()
        .map(|(position, &input)| match input {
            WordInput::Checked(word) => word,
            WordInput::Raw(target) if position % BLOCK == 0 => checks.word(target),
            // Schedule rows hold all words of a block but the first bit by bit.
            WordInput::Raw(target) => Word::assume_checked(target),
        })
        .collect();

    let (length, padding) = (words.len(), padding(words.len()));
    let mut state = INITIAL.map(|word| Word::constant(builder, word));
    for start in (0..length + padding.len()).step_by(BLOCK) {
        let schedule = if start < length {
            let block = core::array::from_fn(|i| match words.get(start + i) {
                Some(&word) => word,
                None => Word::constant(builder, padding[start + i - length]),
            });
            Schedule::of_words(builder, checks, &block)
        } else {
            let block = core::array::from_fn(|i| padding[start + i - length]);
            Schedule::of_constants(builder, &block)
        };
        state = compress(builder, checks, state, &schedule);
    }
    Hashed { words, digest: state }
}

/// What follows a message of `length` words: a bit, zeros, and the length in bits as a `u64`, up to the end of a block
/// (FIPS 180-4, section 5.1.1).
fn padding(length: usize) -> Vec<u32> {
    let padded = (length + 3).next_multiple_of(BLOCK);
    let bits = 32 * length as u64;
    let mut words = vec![0; padded - length];
    words[0] = 1 << 31;
    let (_, end) = words.split_last_chunk_mut::<2>().expect("room for the length");
    *end = [(bits >> 32) as u32, bits as u32];
    words
}

/// The message schedule of a block, split into what varies and what is added to it.
struct Schedule {
    words: [Target; 64],
    constants: [F; 64],
}

impl Schedule {
    fn of_words(builder: &mut Builder, checks: &mut RangeChecks, block: &[Word; BLOCK]) -> Self {
        let mut words = [builder.zero(); 64];
        words[..BLOCK].copy_from_slice(&block.map(Word::target));
        for t in (BLOCK..64).step_by(2) {
            let row = Custom::<Sha256Schedule>::add_row(builder, Vec::new());
            for (column, back) in Sha256Schedule::BACK.into_iter().enumerate() {
                builder.connect(words[t - back], Target::wire(row, column));
            }
            let new = Sha256Schedule::NEW.map(|column| Target::wire(row, column));
            words[t..t + 2].copy_from_slice(&new);
        }
        checks.words(&words[62..]);
        Self {
            words,
            constants: ROUND_CONSTANTS.map(F::from_canonical_u32),
        }
    }

    fn of_constants(builder: &mut Builder, block: &[u32; BLOCK]) -> Self {
        let schedule = constant_schedule(block);
        Self {
            words: [builder.zero(); 64],
            constants: core::array::from_fn(|t| {
                F::from_canonical_u64(u64::from(ROUND_CONSTANTS[t]) + u64::from(schedule[t]))
            }),
        }
    }
}

/// The chaining value after one block.
fn compress(builder: &mut Builder, checks: &mut RangeChecks, state: [Word; 8], schedule: &Schedule) -> [Word; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state.map(Word::target);
    for t in (0..64).step_by(2) {
        let lower = Custom::<Sha256LowerRounds>::add_row(builder, schedule.constants[t..t + 2].to_vec());
        connect(builder, lower, &Sha256LowerRounds::STATE, &[e, f, g, h]);
        connect(builder, lower, &Sha256LowerRounds::UPPER, &[d, c]);
        connect(builder, lower, &Sha256LowerRounds::SCHEDULE, &schedule.words[t..t + 2]);

        let upper = Custom::<Sha256UpperRounds>::add_row(builder, Vec::new());
        connect(builder, upper, &Sha256UpperRounds::STATE, &[a, b, c]);
        let t1 = Sha256LowerRounds::T1.map(|column| Target::wire(lower, column));
        connect(builder, upper, &Sha256UpperRounds::T1, &t1);

        (c, d, g, h) = (a, b, e, f);
        [b, a] = Sha256UpperRounds::NEW.map(|column| Target::wire(upper, column));
        [f, e] = Sha256LowerRounds::NEW.map(|column| Target::wire(lower, column));
    }
    checks.words(&[a, e]);

    let row = Custom::<WordSums>::add_row(builder, Vec::new());
    connect(
        builder,
        row,
        &core::array::from_fn::<_, 8, _>(left),
        &state.map(Word::target),
    );
    connect(
        builder,
        row,
        &core::array::from_fn::<_, 8, _>(right),
        &[a, b, c, d, e, f, g, h],
    );
    core::array::from_fn(|k| Word::assume_checked(Target::wire(row, sum(k))))
}

fn connect(builder: &mut Builder, row: usize, columns: &[usize], targets: &[Target]) {
    assert_eq!(columns.len(), targets.len());
    for (&column, &target) in columns.iter().zip(targets) {
        builder.connect(Target::wire(row, column), target);
    }
}

#[cfg(test)]
mod tests;
