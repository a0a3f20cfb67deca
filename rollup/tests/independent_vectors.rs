// SPDX-License-Identifier: MIT OR Apache-2.0
//! `test/fixtures/l2/derived.json`: vectors computed with textbook big-integer arithmetic in another language, which share no
//! code with this crate nor with plonky2. The Solidity libraries are held to the same file.

use poe_rollup::ecgfp5::{AffinePoint, Fp5, GOLDILOCKS_PRIME, PointError};
use poe_rollup::poseidon::{Digest, hash};
use poe_rollup::schnorr::PublicKey;
use poe_rollup::state::{Account, AccountProof, DEPTH, Head, empty_subtree};
use serde_json::Value;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test/fixtures/l2/derived.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    let list = value[name].as_array().unwrap();
    assert!(!list.is_empty(), "{name}");
    list
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap().trim_start_matches("0x"))
        .unwrap()
        .try_into()
        .unwrap()
}

fn number(value: &Value) -> u64 {
    value
        .as_str()
        .map_or_else(|| value.as_u64().unwrap(), |text| text.parse().unwrap())
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn element(value: &Value) -> Fp5 {
    Fp5::from_canonical(numbers(value).try_into().unwrap()).unwrap()
}

// REQ C6
#[test]
fn field_products_and_squareness_agree() {
    for case in list(&vectors(), "field") {
        let a = element(&case["a"]);
        assert_eq!(a * element(&case["b"]), element(&case["product"]));
        let square = case["square"].as_bool().unwrap();
        assert_eq!(a.legendre() != GOLDILOCKS_PRIME - 1, square || a == Fp5::ZERO, "{case}");
    }
}

#[test]
fn keys_are_accepted_and_their_twins_outside_the_group_refused() {
    for case in list(&vectors(), "keys") {
        let key: [u8; 80] = bytes(&case["key"]);
        assert_eq!(PublicKey::from_bytes(&key).unwrap().to_bytes(), key);
        assert_eq!(
            PublicKey::from_bytes(&bytes(&case["outside"])),
            Err(PointError::NotInGroup)
        );
    }
}

// REQ C6
#[test]
fn hashes_agree() {
    for case in list(&vectors(), "hashes") {
        assert_eq!(
            hash(&numbers(&case["input"])).to_bytes(),
            bytes(&case["digest"]),
            "{case}"
        );
    }
}

// REQ C6
#[test]
fn accounts_tree_and_state_roots_agree() {
    let vectors = vectors();
    let state = &vectors["state"];
    assert_eq!(empty_subtree(DEPTH).to_bytes(), bytes(&state["emptyRoot"]));
    let accounts_root = Digest::from_bytes(&bytes(&state["accountsRoot"])).unwrap();
    for case in list(state, "accounts") {
        let key: [u8; 80] = bytes(&case["publicKey"]);
        let coefficient = |i: usize| u64::from_be_bytes(key[8 * i..8 * i + 8].try_into().unwrap());
        let element = |start: usize| Fp5::from_canonical(core::array::from_fn(|i| coefficient(start + i))).unwrap();
        let account = Account {
            key: AffinePoint {
                x: element(0),
                u: element(5),
            },
            l1_owner: bytes(&case["l1Owner"]),
            balance: number(&case["balance"]),
            nonce: number(&case["nonce"]),
            registered: case["registered"].as_bool().unwrap(),
        };
        assert_eq!(account.leaf(&account.id_hash()).to_bytes(), bytes(&case["leaf"]));
        let siblings: Vec<_> = list(case, "siblings")
            .iter()
            .map(|s| Digest::from_bytes(&bytes(s)).unwrap())
            .collect();
        let proof = AccountProof {
            index: number(&case["index"]) as u32,
            account,
            path: siblings.try_into().unwrap(),
        };
        assert_eq!(proof.accounts_root(), accounts_root, "{case}");
    }
    for case in list(state, "states") {
        let head = Head {
            accounts_root,
            message_acc: bytes(&case["messageAcc"]),
            acc: [0; 32],
            exit_acc: [0; 32],
        };
        assert_eq!(head.state_root().to_bytes(), bytes(&case["stateRoot"]));
    }
}
