// SPDX-License-Identifier: MIT OR Apache-2.0
//! Accounts and their paths (ST-1 to ST-3).

use crate::config::Builder;
use crate::word::Word;
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::hash::hashing::PlonkyPermutation;
use plonky2::hash::poseidon::{PoseidonHash, PoseidonPermutation};
use plonky2::iop::target::{BoolTarget, Target};
use plonky2::plonk::config::AlgebraicHasher;
use poe_rollup::state::DEPTH;

/// What a leaf commits to. `registered` is 0 or 1, `balance` below 2^61 and `nonce` at most 2^32 in every state that is
/// reached from the genesis state (ST-5); the circuit keeps these ranges and relies on them.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccountTargets {
    pub(super) id_hash: HashOutTarget,
    pub(super) balance: Target,
    pub(super) nonce: Target,
    pub(super) registered: BoolTarget,
}

impl AccountTargets {
    /// An account the prover supplies: bound by the root it is opened against.
    pub(super) fn unbound(builder: &mut Builder) -> Self {
        let id_hash = builder.add_virtual_hash();
        Self::of(builder, id_hash)
    }

    /// The rest of an account whose identity is known.
    pub(super) fn of(builder: &mut Builder, id_hash: HashOutTarget) -> Self {
        Self {
            id_hash,
            balance: builder.add_virtual_target(),
            nonce: builder.add_virtual_target(),
            registered: builder.add_virtual_bool_target_unsafe(),
        }
    }

    /// The leaf (ST-2): one row.
    fn leaf(&self, builder: &mut Builder) -> HashOutTarget {
        let [h0, h1, h2, h3] = self.id_hash.elements;
        let zero = builder.zero();
        let fields = vec![h0, h1, h2, h3, self.balance, self.nonce, self.registered.target, zero];
        builder.hash_n_to_hash_no_pad::<PoseidonHash>(fields)
    }
}

/// `idHash` of a key and an owner (ST-2): two rows.
pub(super) fn id_hash(builder: &mut Builder, key: &[Target; 10], owner: &[Word; 5]) -> HashOutTarget {
    let elements = key.iter().copied().chain(owner.iter().map(|word| word.target()));
    builder.hash_n_to_hash_no_pad::<PoseidonHash>(elements.collect())
}

/// An account opened under a root, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct OpeningTargets {
    pub(super) account: AccountTargets,
    pub(super) siblings: Vec<HashOutTarget>,
    bits: Vec<BoolTarget>,
}

impl OpeningTargets {
    /// Requires that `account` stands at `index` under `root`.
    pub(super) fn open(builder: &mut Builder, index: Word, account: AccountTargets, root: HashOutTarget) -> Self {
        let opening = Self {
            account,
            siblings: (0..DEPTH).map(|_| builder.add_virtual_hash()).collect(),
            // A word has one decomposition: 2^32 < p.
            bits: builder.split_le(index.target(), usize::from(DEPTH)),
        };
        let found = opening.root_with(builder, &account);
        builder.connect_hashes(found, root);
        opening
    }

    /// The root with `account` in the place of the opened one.
    pub(super) fn root_with(&self, builder: &mut Builder, account: &AccountTargets) -> HashOutTarget {
        let mut node = account.leaf(builder);
        let zero = builder.zero();
        for (&bit, sibling) in self.bits.iter().zip(&self.siblings) {
            let mut state = PoseidonPermutation::new(core::iter::repeat(zero));
            state.set_from_slice(&node.elements, 0);
            state.set_from_slice(&sibling.elements, 4);
            let state = PoseidonHash::permute_swapped(state, bit, builder);
            node = HashOutTarget::from_vec(state.squeeze()[..4].to_vec());
        }
        node
    }
}
