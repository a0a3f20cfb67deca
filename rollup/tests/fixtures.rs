// SPDX-License-Identifier: MIT OR Apache-2.0
//! Walks the shared vectors of `test/fixtures/formats`, the worked examples of the specification, from their bytes.

use poe_rollup::executor::{Batch, Mode, Params, Receipt, execute};
use poe_rollup::formats::{
    Address, BatchData, BatchHeader, Bytes32, Capacity, CheckpointTail, Exit, Message, SequenceRest, Slot, Statement,
    checkpoint_word, domain, genesis_acc, identity, sequence_word, step_exit_acc,
};
use poe_rollup::keys::DerivationRequest;
use poe_rollup::poseidon::Digest;
use poe_rollup::schnorr::{PublicKey, verify};
use poe_rollup::state::{DEPTH, Head, MemoryStore, StateReader, StateWriter, empty_subtree, prove};
use serde_json::Value;

/// A case of a fixture, read by field.
struct Case(Value);

impl Case {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("{name} in {}", self.0))
    }

    fn vec(&self, name: &str) -> Vec<u8> {
        unhex(self.text(name))
    }

    fn bytes<const N: usize>(&self, name: &str) -> [u8; N] {
        self.vec(name).try_into().unwrap()
    }

    fn digest(&self, name: &str) -> Digest {
        Digest::from_bytes(&self.bytes(name)).unwrap()
    }

    fn number<T: TryFrom<u128>>(&self, name: &str) -> T
    where
        T::Error: core::fmt::Debug,
    {
        let value = &self.0[name];
        let number = value.as_u64().map(u128::from).or_else(|| value.as_str()?.parse().ok());
        number
            .unwrap_or_else(|| panic!("{name} in {}", self.0))
            .try_into()
            .unwrap()
    }

    fn list(&self, name: &str) -> &[Value] {
        self.0[name].as_array().unwrap()
    }
}

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text.strip_prefix("0x").unwrap()).unwrap()
}

fn unhex_value<const N: usize>(value: &Value) -> [u8; N] {
    unhex(value.as_str().unwrap()).try_into().unwrap()
}

fn cases(name: &str) -> Vec<Case> {
    let path = format!("{}/../test/fixtures/formats/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(Some(cases.len() as u64), file["count"].as_u64());
    assert!(!cases.is_empty());
    cases.iter().cloned().map(Case).collect()
}

#[test]
fn fmt_5_and_8_domains_and_genesis() {
    for case in cases("domains") {
        let (chain_id, contract) = (case.number("chainId"), case.bytes::<20>("contract"));
        assert_eq!(domain(chain_id, &contract), case.bytes("domain"));
        assert_eq!(
            genesis_acc(chain_id, &contract, &case.digest("genesisRoot")),
            case.bytes("genesisAcc")
        );
    }
}

#[test]
fn fmt_6_slots() {
    for case in cases("slots") {
        let slot = Slot::decode(&case.bytes("bytes"));
        assert_eq!(slot.encode(), case.bytes("bytes"));
        let transfer = &slot.transfer;
        assert_eq!((transfer.from, transfer.to), (case.number("from"), case.number("to")));
        assert_eq!(
            (transfer.amount, transfer.fee),
            (case.number("amount"), case.number("fee"))
        );
        assert_eq!(
            (transfer.nonce, transfer.sequencer),
            (case.number("nonce"), case.number("sequencer"))
        );
        assert_eq!(serde_json::json!(slot.signature.e), case.0["e"]);
        assert_eq!(serde_json::json!(slot.signature.s), case.0["s"]);
        assert_eq!(slot.spare, case.number::<u32>("spare"));
    }
}

#[test]
fn fmt_7_batches() {
    for case in cases("batches") {
        let data = BatchData::decode(&case.vec("data"), case.number("capacity")).unwrap();
        assert_eq!(data.hash(), case.bytes("dataHash"));
    }
}

#[test]
fn fmt_8_accumulator_steps() {
    for case in cases("accs") {
        let header = BatchHeader {
            kind: case.number("kind"),
            version: case.number("version"),
            data_hash: case.bytes("dataHash"),
            messages: case.bytes("messages"),
            fee_recipient: case.number("feeRecipient"),
        };
        assert_eq!(header.step(&case.bytes("acc")), case.bytes("newAcc"));
    }
}

#[test]
fn fmt_10_and_11_messages() {
    for case in cases("messages") {
        let message = Message::decode(&case.bytes("bytes"));
        assert_eq!(
            (message.kind, message.index),
            (case.number("kind"), case.number("index"))
        );
        assert_eq!(message.key.map(u64::to_be_bytes).as_flattened(), case.vec("key"));
        assert_eq!(message.l1_owner, case.bytes("l1Owner"));
        assert_eq!(
            (message.amount, message.fee),
            (case.number("amount"), case.number("fee"))
        );
        assert_eq!(message.step(&case.bytes("messageAcc")), case.bytes("newMessageAcc"));
    }
}

#[test]
fn fmt_12_keys() {
    for case in cases("keys") {
        let found = PublicKey::from_bytes(&case.bytes("key"));
        assert_eq!(
            found.err().map_or_else(String::new, |e| e.to_string()),
            case.text("error")
        );
    }
}

#[test]
fn fmt_13_exits() {
    for case in cases("exits") {
        let records = case.vec("records");
        let exits: Vec<_> = records
            .chunks_exact(32)
            .map(|r| Exit::decode(r.try_into().unwrap()))
            .collect();
        for (exit, fields) in exits.iter().zip(case.list("exits")) {
            let fields = Case(fields.clone());
            assert_eq!(exit.l1_owner, fields.bytes("l1Owner"));
            assert_eq!(
                (exit.index, exit.amount),
                (fields.number("index"), fields.number("amount"))
            );
        }
        assert_eq!(exits.len(), case.list("exits").len());
        let stepped = step_exit_acc(&case.bytes("exitAcc"), &exits, case.number("capacity")).unwrap();
        assert_eq!(stepped, case.bytes("newExitAcc"));
    }
}

// REQ R15
#[test]
fn fmt_14_and_15_statements() {
    for case in cases("statements") {
        let statement = Statement {
            domain: case.bytes("domain"),
            version: case.number("version"),
            beneficiary: case.bytes("beneficiary"),
            old_acc: case.bytes("oldAcc"),
            new_acc: case.bytes("newAcc"),
            old_root: case.digest("oldRoot"),
            new_root: case.digest("newRoot"),
            old_exit_acc: case.bytes("oldExitAcc"),
            new_exit_acc: case.bytes("newExitAcc"),
        };
        assert_eq!(statement.hash(), case.bytes("statement"));
        let inputs = statement.public_inputs().map(|input| input.to_string());
        assert_eq!(serde_json::json!(inputs), case.0["publicInputs"]);
    }
}

fn rest(case: &Case) -> SequenceRest {
    SequenceRest {
        cumulative_fee: case.number("cumulativeFee"),
        fee: case.number("fee"),
        cumulative_batches: case.number("cumulativeBatches"),
        version: case.number("version"),
        payer: case.bytes("payer"),
    }
}

#[test]
fn fmt_16_to_18_words_on_l1() {
    for case in cases("sequences") {
        let word = sequence_word(&case.bytes("acc"), &rest(&case), case.number("sequencedAt"));
        assert_eq!(word, case.bytes("word"));
    }
    for case in cases("checkpoints") {
        let tail = CheckpointTail {
            sequence: rest(&case),
            sequenced_at: case.number("sequencedAt"),
            previous: case.number("previous"),
            beneficiary: case.bytes("beneficiary"),
            proven_by: case.number("provenBy"),
        };
        let (acc, root, exits) = (case.bytes("acc"), case.bytes("stateRoot"), case.bytes("exitAcc"));
        assert_eq!(
            checkpoint_word(&acc, &root, &exits, &tail, case.number("verifiedAt")),
            case.bytes("word")
        );
    }
    for case in cases("identities") {
        let found = identity(case.number("index"), &case.bytes("key"), &case.bytes("l1Owner"));
        assert_eq!(found, case.bytes("identity"));
    }
}

#[test]
fn st_9_signatures() {
    for case in cases("signatures") {
        let key = PublicKey::from_bytes(&case.bytes("key")).unwrap();
        let (from, to) = (case.digest("fromIdHash"), case.digest("toIdHash"));
        let slot = Slot::decode(&case.bytes("slot"));
        let valid = verify(key.point(), &case.bytes("domain"), &from, &slot, &to);
        assert_eq!(valid, case.0["valid"].as_bool().unwrap());
    }
}

#[test]
fn key_derivation_requests() {
    for case in cases("key-derivation") {
        let request = DerivationRequest {
            chain_id: case.number("chainId"),
            contract: case.bytes("contract"),
            key_number: case.number("keyNumber"),
        };
        assert_eq!(request.hash(), case.bytes("hash"));
        assert_eq!(request.typed_data(), case.0["typedData"]);
    }
}

#[test]
fn st_4_genesis() {
    let case = &cases("genesis")[0];
    let head = Head::genesis(1, &[0; 20]);
    assert_eq!(head.accounts_root, case.digest("accountsRoot"));
    assert_eq!(head.state_root(), case.digest("stateRoot"));
    for (height, digest) in (0..=DEPTH).zip(case.list("emptySubtrees")) {
        assert_eq!(empty_subtree(height).to_bytes(), unhex_value(digest));
    }
}

fn receipt_name(receipt: &Receipt) -> String {
    match receipt {
        Receipt::Applied => "Applied".into(),
        Receipt::NoOp(rule) => format!("{rule:?}"),
    }
}

fn assert_head(head: &Head, value: &Value) {
    let case = Case(value.clone());
    assert_eq!(head.accounts_root, case.digest("accountsRoot"));
    assert_eq!(head.message_acc, case.bytes("messageAcc"));
    assert_eq!(head.state_root(), case.digest("stateRoot"));
    assert_eq!(head.acc, case.bytes("acc"));
    assert_eq!(head.exit_acc, case.bytes("exitAcc"));
}

fn capacity(case: &Case) -> Capacity {
    let fields = Case(case.0["capacity"].clone());
    Capacity {
        slots: fields.number("slots"),
        messages: fields.number("messages"),
        exits: fields.number("exits"),
    }
}

/// ST-6 to ST-12: a chain from genesis, executed from the bytes L1 has, and the proofs of its accounts.
#[test]
fn state_transition_of_the_example_chain() {
    let chain = cases("chain");
    let (chain_id, contract): (u64, Address) = (chain[0].number("chainId"), chain[0].bytes("contract"));
    let mut store = MemoryStore::new(Head::genesis(chain_id, &contract));
    for case in chain {
        let params = Params {
            domain: domain(chain_id, &contract),
            capacity: capacity(&case),
        };
        let data = BatchData::decode(&case.vec("data"), params.capacity.slots).unwrap();
        let batch = Batch {
            version: case.number("version"),
            fee_recipient: case.number("feeRecipient"),
            messages: case
                .list("messages")
                .iter()
                .map(|m| Message::decode(&unhex_value(m)))
                .collect(),
            slots: data.slots().to_vec(),
        };
        let outcome = execute(&params, &store, &batch, Mode::Record).unwrap();
        assert_head(&outcome.old, &case.0["old"]);
        assert_head(&outcome.new, &case.0["new"]);
        assert_eq!(outcome.header.data_hash, case.bytes::<32>("dataHash"));
        assert_eq!(outcome.header.messages, case.bytes::<32>("headerMessages"));
        let receipts: Vec<_> = outcome.receipts.iter().map(receipt_name).collect();
        assert_eq!(serde_json::json!(receipts), case.0["receipts"]);
        let exits: Vec<Bytes32> = case.list("exits").iter().map(unhex_value).collect();
        assert_eq!(outcome.exits.iter().map(Exit::encode).collect::<Vec<_>>(), exits);
        assert_eq!(
            (outcome.slot_fees, outcome.message_fees),
            (case.number("slotFees"), case.number("messageFees"))
        );
        assert_eq!(outcome.witness.unwrap().check(), Ok(()));
        store.apply(&outcome.changes).unwrap();
    }
    for case in cases("accounts") {
        let proof = prove(&store, case.number("index")).unwrap();
        assert_eq!(proof.accounts_root(), store.head().unwrap().accounts_root);
        assert_eq!(proof.accounts_root(), case.digest("accountsRoot"));
        assert_eq!(
            (proof.account.balance, proof.account.nonce),
            (case.number("balance"), case.number("nonce"))
        );
        assert_eq!(serde_json::json!(proof.account.registered), case.0["registered"]);
        assert_eq!(proof.account.id_hash(), case.digest("idHash"));
        let path: Vec<Bytes32> = case.list("siblings").iter().map(unhex_value).collect();
        assert_eq!(proof.path.map(|s| s.to_bytes()).as_slice(), path);
    }
}
