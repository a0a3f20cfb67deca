// SPDX-License-Identifier: MIT OR Apache-2.0
//! Accounts (ST-1, ST-2).

use crate::ecgfp5::{AffinePoint, Fp5};
use crate::formats::{Address, read_u32, read_u64};
use crate::poseidon::{self, Digest};
use crate::schnorr::coefficients;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// An account. An untouched one is [`Account::EMPTY`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Account {
    /// The key that signs for it; zero until registered.
    pub key: AffinePoint,
    /// The L1 address its withdrawals go to; zero until registered.
    pub l1_owner: Address,
    /// Gwei.
    pub balance: u64,
    /// Slots applied so far; at most `2^32`.
    pub nonce: u64,
    /// The only test for existence.
    pub registered: bool,
}

/// Bytes that are no stored account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountDecodeError {
    /// A key coefficient is not below the Goldilocks prime.
    #[error("a key coefficient is not below the Goldilocks prime")]
    NonCanonicalKey,
    /// The balance is not below `2^61` gwei (ST-5).
    #[error("a balance of {found} gwei is not below 2^61")]
    BalanceOutOfRange {
        /// Gwei.
        found: u64,
    },
    /// The nonce is above `2^32` (ST-5).
    #[error("nonce {found} is above 2^32")]
    NonceOutOfRange {
        /// The nonce.
        found: u64,
    },
    /// The flag is neither 0 nor 1.
    #[error("the registered flag is {found}, neither 0 nor 1")]
    BadFlag {
        /// The byte found.
        found: u8,
    },
}

impl Account {
    /// The untouched account: zeros.
    pub const EMPTY: Self = Self {
        key: AffinePoint::NEUTRAL,
        l1_owner: [0; 20],
        balance: 0,
        nonce: 0,
        registered: false,
    };

    /// Every balance is below this many gwei (ST-5).
    pub const BALANCE_LIMIT: u64 = 1 << 61;

    /// The nonce of an account that can never send again (ST-8).
    pub const LAST_NONCE: u64 = 1 << 32;

    /// Length of the stored form.
    pub const BYTES: usize = 117;

    /// Whether balance and nonce are within ST-5. One that is not can share its leaf with one that is: the leaf holds them
    /// modulo `p`.
    pub const fn is_in_range(&self) -> bool {
        self.balance < Self::BALANCE_LIMIT && self.nonce <= Self::LAST_NONCE
    }

    /// `idHash`: who this is, whatever it holds.
    pub fn id_hash(&self) -> Digest {
        let mut input = [0; 15];
        input[..10].copy_from_slice(&coefficients(&self.key));
        for (i, word) in input[10..].iter_mut().enumerate() {
            *word = read_u32(&self.l1_owner, 4 * i).into();
        }
        poseidon::hash(&input)
    }

    /// The leaf of the tree. `id_hash` must be this account's.
    pub fn leaf(&self, id_hash: &Digest) -> Digest {
        let [h0, h1, h2, h3] = id_hash.elements();
        poseidon::hash(&[h0, h1, h2, h3, self.balance, self.nonce, self.registered.into(), 0])
    }

    /// `idHash` of the untouched account.
    pub fn empty_id_hash() -> Digest {
        static HASH: OnceLock<Digest> = OnceLock::new();
        *HASH.get_or_init(|| Self::EMPTY.id_hash())
    }

    /// The form stores keep: key (80 bytes), owner (20), balance (8), nonce (8), flag (1). Not part of the protocol.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        for (chunk, coefficient) in out[..80].chunks_exact_mut(8).zip(coefficients(&self.key)) {
            chunk.copy_from_slice(&coefficient.to_be_bytes());
        }
        out[80..100].copy_from_slice(&self.l1_owner);
        out[100..108].copy_from_slice(&self.balance.to_be_bytes());
        out[108..116].copy_from_slice(&self.nonce.to_be_bytes());
        out[116] = self.registered.into();
        out
    }

    /// Reads the stored form.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, AccountDecodeError> {
        let element = |start: usize| Fp5::from_canonical(core::array::from_fn(|i| read_u64(bytes, start + 8 * i)));
        let (Some(x), Some(u)) = (element(0), element(40)) else {
            return Err(AccountDecodeError::NonCanonicalKey);
        };
        let registered = match bytes[116] {
            flag @ (0 | 1) => flag == 1,
            found => return Err(AccountDecodeError::BadFlag { found }),
        };
        let (balance, nonce) = (read_u64(bytes, 100), read_u64(bytes, 108));
        if balance >= Self::BALANCE_LIMIT {
            return Err(AccountDecodeError::BalanceOutOfRange { found: balance });
        }
        if nonce > Self::LAST_NONCE {
            return Err(AccountDecodeError::NonceOutOfRange { found: nonce });
        }
        Ok(Self {
            key: AffinePoint { x, u },
            l1_owner: core::array::from_fn(|i| bytes[80 + i]),
            balance,
            nonce,
            registered,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // REQ C12
        #[test]
        fn any_bytes_are_an_account_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), Account::BYTES),
            flag in 0u8..4,
            balance in prop_oneof![0u64..1 << 61, any::<u64>()],
            nonce in prop_oneof![0u64..=1 << 32, any::<u64>()],
        ) {
            let mut bytes: [u8; Account::BYTES] = bytes.try_into().unwrap();
            bytes[100..108].copy_from_slice(&balance.to_be_bytes());
            bytes[108..116].copy_from_slice(&nonce.to_be_bytes());
            bytes[116] = flag;
            match Account::from_bytes(&bytes) {
                Ok(account) => prop_assert_eq!(account.to_bytes(), bytes),
                Err(AccountDecodeError::BadFlag { found }) => prop_assert!(found > 1),
                Err(AccountDecodeError::BalanceOutOfRange { found }) => prop_assert!(found >= 1 << 61),
                Err(AccountDecodeError::NonceOutOfRange { found }) => prop_assert!(found > 1 << 32),
                Err(AccountDecodeError::NonCanonicalKey) => {}
            }
        }
    }

    #[test]
    fn balances_and_nonces_are_read_up_to_their_limits() {
        let read = |account: Account| Account::from_bytes(&account.to_bytes());
        let largest = Account {
            balance: (1 << 61) - 1,
            nonce: 1 << 32,
            ..Account::EMPTY
        };
        assert!(largest.is_in_range());
        assert_eq!(read(largest), Ok(largest));
        for balance in [1 << 61, crate::ecgfp5::GOLDILOCKS_PRIME, u64::MAX] {
            let account = Account { balance, ..largest };
            assert!(!account.is_in_range());
            assert_eq!(
                read(account),
                Err(AccountDecodeError::BalanceOutOfRange { found: balance })
            );
        }
        for nonce in [(1 << 32) + 1, crate::ecgfp5::GOLDILOCKS_PRIME, u64::MAX] {
            let account = Account { nonce, ..largest };
            assert!(!account.is_in_range());
            assert_eq!(read(account), Err(AccountDecodeError::NonceOutOfRange { found: nonce }));
        }
    }

    #[test]
    fn the_leaf_binds_every_field() {
        let account = Account {
            key: AffinePoint::GENERATOR,
            l1_owner: [1; 20],
            balance: 2,
            nonce: 3,
            registered: true,
        };
        let leaf = |a: Account| a.leaf(&a.id_hash());
        let changed = [
            Account {
                key: -account.key,
                ..account
            },
            Account {
                l1_owner: [2; 20],
                ..account
            },
            Account { balance: 3, ..account },
            Account { nonce: 2, ..account },
            Account {
                registered: false,
                ..account
            },
        ];
        for other in changed {
            assert_ne!(leaf(other), leaf(account));
        }
    }
}
