// SPDX-License-Identifier: MIT OR Apache-2.0

use super::policy::Policy;
use std::time::Duration;

/// Everything an operator decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SequencerConfig {
    /// Registered account that earns the fees.
    pub fee_recipient: u32,
    /// What is taken from users.
    pub pool: PoolLimits,
    /// When to post.
    pub policy: Policy,
    /// What posting may cost.
    pub posting: PostingLimits,
}

/// Bounds of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Lowest fee of a slot, in gwei.
    pub min_fee: u64,
    /// Slots that wait at once. Those included are held beside them until L1 makes them final.
    pub slots: usize,
    /// Slots of one account that wait, and how far ahead of the account its nonces may be.
    pub account_slots: usize,
    /// How long a slot may wait.
    pub expiry: Duration,
    /// L1 blocks for which a slot may lack money or a registration: a reorganisation takes either away for a moment.
    pub stall_blocks: u64,
    /// Slots that are gone whose end is remembered.
    pub memory: u64,
}

/// What posting may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostingLimits {
    /// Most batches in one call; the contract takes 64 at most (L1-5).
    pub max_batches: u32,
    /// Most to pay for a batch, in base units of the fee token.
    pub max_batch_fee: u128,
    /// How much the batch fee may rise from the quote until the call is mined, in percent.
    pub fee_headroom: u32,
    /// How long a call may take to be mined.
    pub deadline: Duration,
    /// Highest price of gas, in wei.
    pub max_gas_price: u128,
    /// After how long a transaction that is not mined is sent again with a higher price of gas.
    pub resubmit_after: Duration,
}

impl SequencerConfig {
    /// The defaults of the command line.
    pub fn new(fee_recipient: u32) -> Self {
        Self {
            fee_recipient,
            pool: PoolLimits::default(),
            policy: Policy::default(),
            posting: PostingLimits::default(),
        }
    }
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            min_fee: 1,
            slots: 10_000,
            account_slots: 64,
            expiry: Duration::from_secs(24 * 3_600),
            stall_blocks: 8,
            memory: 100_000,
        }
    }
}

impl Default for PostingLimits {
    fn default() -> Self {
        Self {
            max_batches: 8,
            max_batch_fee: 100 * 10u128.pow(18),
            fee_headroom: 20,
            deadline: Duration::from_secs(600),
            max_gas_price: 200 * 10u128.pow(9),
            resubmit_after: Duration::from_secs(36),
        }
    }
}
