// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many blocks to ask for at once. Providers limit ranges and results, each in its own way and words, so the answer is
//! found by trying.

/// The present size of log queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRange {
    size: u64,
    largest: u64,
}

impl LogRange {
    /// Starts at `largest` blocks, and never asks for more.
    pub const fn new(largest: u64) -> Self {
        let largest = if largest == 0 { 1 } else { largest };
        Self { size: largest, largest }
    }

    /// Last block of the query that starts at `from`, when `end` is wanted.
    pub const fn last(&self, from: u64, end: u64) -> u64 {
        let last = from.saturating_add(self.size - 1);
        if last < end { last } else { end }
    }

    /// The provider refused: ask for half. `false` if one block was too much already.
    pub const fn shrink(&mut self) -> bool {
        if self.size == 1 {
            return false;
        }
        self.size /= 2;
        true
    }

    /// The provider answered: ask for a quarter more next time, so that a limit is not hit on every second query.
    pub fn grow(&mut self) {
        self.size = (self.size + self.size / 4 + 1).min(self.largest);
    }

    /// Blocks of the next query.
    pub const fn size(&self) -> u64 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_refusal_halves_down_to_one_block_and_then_gives_up() {
        let mut range = LogRange::new(5);
        assert_eq!(range.last(10, 100), 14);
        assert!(range.shrink());
        assert_eq!(range.last(10, 100), 11);
        assert!(range.shrink());
        assert_eq!(range.last(10, 100), 10);
        assert!(!range.shrink());
    }

    #[test]
    fn an_answer_grows_by_a_quarter_up_to_the_largest() {
        let mut range = LogRange::new(10);
        assert!(range.shrink());
        let mut sizes = vec![range.size()];
        for _ in 0..4 {
            range.grow();
            sizes.push(range.size());
        }
        assert_eq!(sizes, [5, 7, 9, 10, 10]);
        assert_eq!(LogRange::new(0).size(), 1);
    }

    proptest! {
        #[test]
        fn every_block_is_asked_for_once_whatever_the_provider_allows(
            limit in 1u64..300, largest in 0u64..1_000, from in 0u64..1_000, count in 1u64..2_000,
        ) {
            let (mut range, mut next, end) = (LogRange::new(largest), from, from + count - 1);
            let mut refusals = 0;
            while next <= end {
                let last = range.last(next, end);
                prop_assert!(last >= next && last <= end);
                if last - next + 1 > limit {
                    prop_assert!(range.shrink());
                    refusals += 1;
                    continue;
                }
                next = last + 1;
                range.grow();
            }
            prop_assert_eq!(next, end + 1);
            // Ten halvings to find a limit, and after that at most one refusal for each two answers.
            prop_assert!(refusals <= 11 + count / limit);
        }
    }
}
