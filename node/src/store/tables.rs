// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables of the store and the encoding of keys and values.
//!
//! All tables map bytes to bytes, so that one journal can undo changes of any of them. Keys are big-endian numbers, so that
//! ranges are in order; values are postcard, but for accounts and nodes, which have a fixed form of their own.

use redb::TableDefinition;

/// A table of the store.
pub(crate) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// The tables. The discriminants are part of the stored journal: never renumber them, raise the schema version instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// What the store is for: schema, deployment.
    Meta = 0,
    /// Where the chain stands; one record.
    Chain = 1,
    /// L1 blocks from the last final one on, by number.
    Blocks = 2,
    /// Undo records of the blocks that are not final, by number.
    Journal = 3,
    /// Versions, by number.
    Versions = 4,
    /// Sequences, by number.
    Sequences = 5,
    /// Batches, by number.
    Batches = 6,
    /// Slots of batches, by number; dropped when the batch is settled.
    BatchData = 7,
    /// Changes of batches, by number; dropped when the batch is settled.
    Changes = 8,
    /// Exits of batches that have any, by number.
    Exits = 9,
    /// L1 messages, by number.
    Messages = 10,
    /// Checkpoints, by number.
    Checkpoints = 11,
    /// Tips, by sequence.
    Tips = 12,
    /// Receipts, by account and nonce.
    Receipts = 13,
    /// Sequencers that said where they answer, by address.
    Announcements = 14,
    /// Accounts of the virtual state, by index.
    Accounts = 15,
    /// Nodes of the virtual state's tree, by height and position.
    Nodes = 16,
}

impl Table {
    /// All tables, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Meta,
        Self::Chain,
        Self::Blocks,
        Self::Journal,
        Self::Versions,
        Self::Sequences,
        Self::Batches,
        Self::BatchData,
        Self::Changes,
        Self::Exits,
        Self::Messages,
        Self::Checkpoints,
        Self::Tips,
        Self::Receipts,
        Self::Announcements,
        Self::Accounts,
        Self::Nodes,
    ];

    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Chain => "chain",
            Self::Blocks => "blocks",
            Self::Journal => "journal",
            Self::Versions => "versions",
            Self::Sequences => "sequences",
            Self::Batches => "batches",
            Self::BatchData => "batch-data",
            Self::Changes => "changes",
            Self::Exits => "exits",
            Self::Messages => "messages",
            Self::Checkpoints => "checkpoints",
            Self::Tips => "tips",
            Self::Receipts => "receipts",
            Self::Announcements => "announcements",
            Self::Accounts => "accounts",
            Self::Nodes => "nodes",
        }
    }

    pub(crate) const fn definition(self) -> Definition {
        TableDefinition::new(self.name())
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// Key of the only record of a table.
pub(crate) const ONLY: &[u8] = &[];

/// Key in [`Table::Meta`] of the block up to which every checkpoint was held against L1.
pub(crate) const CHECKED: &[u8] = b"checked";

/// Key of a number.
pub(crate) const fn number(value: u64) -> [u8; 8] {
    value.to_be_bytes()
}

/// Reads a key made by [`number`].
pub(crate) fn read_number(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

/// Key of a receipt.
pub(crate) fn account_and_nonce(account: u32, nonce: u32) -> [u8; 8] {
    number(u64::from(account) << 32 | u64::from(nonce))
}

/// Key of a node.
pub(crate) fn node(key: poe_rollup::state::NodeKey) -> [u8; 5] {
    let [a, b, c, d] = key.position.to_be_bytes();
    [key.height, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_tables_are_their_positions_and_names_are_distinct() {
        for (position, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table as usize, position);
            assert_eq!(Table::from_number(position as u8), Some(table));
            assert_eq!(Table::ALL.iter().filter(|t| t.name() == table.name()).count(), 1);
        }
        assert_eq!(Table::from_number(17), None);
    }
}
