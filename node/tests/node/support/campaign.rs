// SPDX-License-Identifier: MIT OR Apache-2.0
//! What campaigns share: a seed and a number of rounds, which a run prints and which repeat it, and how stores are compared.

use poe_node::store::{Record, Table};

/// A run of a campaign. What it draws follows from its seed.
pub struct Campaign {
    pub rounds: u64,
    state: u64,
}

impl Campaign {
    /// `POE_CAMPAIGN_SEED` and `POE_CAMPAIGN_ROUNDS`, else seed 1 and a few rounds. Printed, so that a failing run can be repeated.
    pub fn begin(test: &str, rounds: u64) -> Self {
        let seed = setting("POE_CAMPAIGN_SEED").unwrap_or(1);
        let rounds = setting("POE_CAMPAIGN_ROUNDS").unwrap_or(rounds);
        eprintln!(
            "campaign {test}: seed {seed}, {rounds} rounds; again: POE_CAMPAIGN_SEED={seed} POE_CAMPAIGN_ROUNDS={rounds} cargo test {test}"
        );
        Self { rounds, state: seed }
    }

    /// The next number (SplitMix64).
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A generator of its own, which follows from this one.
    pub fn fork(&mut self) -> Self {
        Self {
            rounds: self.rounds,
            state: self.number(),
        }
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    /// Once in `one_in` times.
    pub fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.number() as u8).collect()
    }
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is {text:?}; it must be a number")))
}

/// Two dumps without what only tells when their stores were pruned: the oldest records of settled batches and of blocks.
pub fn comparable(mut one: Vec<Record>, mut other: Vec<Record>) -> (Vec<Record>, Vec<Record>) {
    for table in [Table::BatchData, Table::Changes, Table::Blocks, Table::Journal] {
        let first = |dump: &[Record]| {
            let found = dump.iter().find(|record| record.0 == table);
            found.map(|record| record.1.clone())
        };
        let from = first(&one).zip(first(&other)).map(|(a, b)| a.max(b));
        for dump in [&mut one, &mut other] {
            dump.retain(|record| record.0 != table || from.as_ref().is_some_and(|from| record.1 >= *from));
        }
    }
    (one, other)
}

/// Fails with the first record that differs, which a whole dump would hide.
pub fn assert_same(found: Vec<Record>, expected: Vec<Record>, when: &str) {
    let (found, expected) = comparable(found, expected);
    for (one, other) in found.iter().zip(&expected) {
        assert_eq!(one, other, "{when}: a record of table {}", one.0.name());
    }
    assert_eq!(found.len(), expected.len(), "{when}: records of the store");
}

/// Resident memory of a process, in bytes: now, and the most it ever had.
pub fn memory_of(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}
