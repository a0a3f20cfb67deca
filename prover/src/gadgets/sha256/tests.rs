// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;
use crate::check::{Checker, TraceError};
use crate::config::{C, Circuit, wide_config};
use crate::gadgets::lies::{Inputs, Lying, free_wires, partial, refuses};
use crate::gates::CustomGate;
use plonky2::field::types::PrimeField64;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

/// 2^32
const OVER: F = plonky2::field::goldilocks_field::GoldilocksField(1 << 32);

/// A circuit that hashes so many words; its public inputs are the digest.
struct Hashing {
    circuit: Circuit,
    message: Vec<Target>,
    digest: [Target; 8],
    /// First row of the gadget.
    first: usize,
    /// Rows of the gadget, range checks included.
    rows: usize,
}

impl Hashing {
    fn new(length: usize) -> Self {
        Self::of(length, |_, target| target.into())
    }

    fn of(length: usize, input: impl Fn(usize, Target) -> WordInput) -> Self {
        let mut builder = Builder::new(wide_config());
        let message = builder.add_virtual_targets(length);
        let inputs: Vec<WordInput> = message
            .iter()
            .enumerate()
            .map(|(i, &target)| input(i, target))
            .collect();
        let first = builder.num_gates();
        let mut checks = RangeChecks::new();
        let hashed = sha256(&mut builder, &mut checks, &inputs);
        checks.finish(&mut builder);
        let rows = builder.num_gates() - first;
        assert_eq!(
            hashed.words.iter().map(|word| word.target()).collect::<Vec<_>>(),
            message
        );
        let digest = hashed.digest.map(Word::target);
        builder.register_public_inputs(&digest);
        Self {
            circuit: builder.build::<C>(),
            message,
            digest,
            first,
            rows,
        }
    }

    fn inputs(&self, message: &[u32]) -> Inputs {
        let values = message.iter().map(|&word| F::from_canonical_u32(word));
        self.message.iter().copied().zip(values).collect()
    }

    fn digest(&self, message: &[u32]) -> String {
        let checker = Checker::new(&self.circuit);
        let trace = checker.honest(partial(&self.inputs(message))).expect("honest");
        assert_eq!(checker.violations(&trace), []);
        hex_words(&checker.public_inputs(&trace))
    }
}

fn hex_words(words: &[F]) -> String {
    words
        .iter()
        .map(|word| format!("{:08x}", word.to_canonical_u64()))
        .collect()
}

fn words_of(bytes: &[u8]) -> Vec<u32> {
    let (words, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty(), "whole words");
    words.iter().map(|&word| u32::from_be_bytes(word)).collect()
}

fn random_words(count: usize, seed: u64) -> Vec<u32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.next_u32()).collect()
}

/// NIST CAVP, SHA256ShortMsg.rsp (CAVS 11.0): lengths 0, 32, 64, 96, 128, 256 and 512, as message words and digest.
const SHORT_MESSAGES: [(&[u32], &str); 7] = [
    (&[], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
        &[0x74ba2521],
        "b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e",
    ),
    (
        &[0x5738c929, 0xc4f4ccb6],
        "963bb88f27f512777aab6c8b1a02c70ec0ad651d428f870036e1917120fb48bf",
    ),
    (
        &[0x9baf69cb, 0xa317f422, 0xfe26a9a0],
        "fe56287cd657e4afc50dba7a3a54c2a6324b886becdcd1fae473b769e551a09b",
    ),
    (
        &[0x0a27847c, 0xdc98bd6f, 0x62220b04, 0x6edd762b],
        "80c25ec1600587e7f28b18b1b18e3cdc89928e39cab3bc25e4d4a4c139bcedc4",
    ),
    (
        &[
            0x09fc1acc, 0xc230a205, 0xe4a208e6, 0x4a8f2042, 0x91f581a1, 0x2756392d, 0xa4b8c0cf, 0x5ef02b95,
        ],
        "4f44c1c7fbebb6f9601829f3897bfd650c56fa07844be76489076356ac1886a4",
    ),
    (
        &[
            0x5a86b737, 0xeaea8ee9, 0x76a0a24d, 0xa63e7ed7, 0xeefad18a, 0x101c1211, 0xe2b3650c, 0x5187c2a8, 0xa6505472,
            0x08251f6d, 0x4237e661, 0xc7bf4c77, 0xf3353903, 0x94c37fa1, 0xa9f9be83, 0x6ac28509,
        ],
        "42e61e174fbb3897d6dd6cef3dd2802fe67b331953b06114a65c772859dfc1aa",
    ),
];

// REQ C6
#[test]
fn cavp_short_messages_of_whole_words() {
    for (message, digest) in SHORT_MESSAGES {
        assert_eq!(Hashing::new(message.len()).digest(message), digest);
    }
}

/// The standard's two-block messages of 448 and 896 bits (FIPS 180-2, appendix B.2, and C.2 under SHA-256), and those of
/// NIST's SHA2_Additional.pdf that are whole words.
// REQ C6
#[test]
fn nist_examples_of_whole_words() {
    let zeros = |bytes: usize| vec![0; bytes];
    let cases: [(Vec<u8>, &str); 7] = [
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".to_vec(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (
            b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
                .to_vec(),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
        ),
        (
            vec![0xc9, 0x8c, 0x8e, 0x55],
            "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504",
        ),
        (
            zeros(56),
            "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb",
        ),
        (
            zeros(64),
            "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b",
        ),
        (
            zeros(1000),
            "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53",
        ),
        (
            vec![b'A'; 1000],
            "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4",
        ),
    ];
    for (message, digest) in cases {
        let message = words_of(&message);
        assert_eq!(Hashing::new(message.len()).digest(&message), digest);
    }
}

/// Every position of the end of a message in its block, and longer ones at random.
// REQ C6
#[test]
fn messages_of_every_length_hash_as_outside() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let long = (0..4).map(|_| 34 + random.next_u32() as usize % 167);
    for length in (0..34).chain(long).collect::<Vec<_>>() {
        let message = random_words(length, length as u64);
        let bytes: Vec<u8> = message.iter().flat_map(|word| word.to_be_bytes()).collect();
        let expected = words_of(&Sha256::digest(&bytes));
        let expected: String = expected.iter().map(|word| format!("{word:08x}")).collect();
        assert_eq!(Hashing::new(length).digest(&message), expected, "{length} words");
    }
}

#[test]
fn a_proof_of_two_blocks_verifies() {
    let message = words_of(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    let hashing = Hashing::new(message.len());
    let proof = hashing
        .circuit
        .prove(partial(&hashing.inputs(&message)))
        .expect("a proof");
    assert_eq!(
        hex_words(&proof.public_inputs),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    );
    hashing.circuit.verify(proof).expect("valid");
}

/// Rows of n blocks and one of padding: 89 a block, 65 for the padding, and an eighth of a row for each of the four or
/// five checks of a block and the two of the padding.
#[test]
fn rows_are_as_documented() {
    let rows = |blocks: usize| {
        let raw = Hashing::new(BLOCK * blocks).rows;
        let checked = Hashing::of(BLOCK * blocks, |_, target| Word::assume_checked(target).into()).rows;
        (raw, checked)
    };
    assert_eq!(rows(0), (66, 66));
    assert_eq!(rows(1), (155, 155));
    assert_eq!(rows(2), (245, 245));
    assert_eq!(rows(8), (783, 782));
    let (raw, checked) = rows(8 + 8);
    assert_eq!(
        (raw - 783, checked - 782),
        (8 * 89 + 5, 8 * 89 + 4),
        "89.625 and 89.5 rows a block"
    );
    // The step of an accumulator: 27 words in two blocks.
    assert_eq!(Hashing::new(27).rows, 2 * 89 + 2);
}

/// The one-block message of the tests below: thirteen words and padding.
fn one_block() -> (Hashing, Vec<u32>) {
    (Hashing::new(13), random_words(13, 13))
}

/// Rows of the schedule, of the rounds and of the sums of the only block, in the order in which they are laid out.
fn wires_of(row: usize) -> usize {
    match row {
        0..24 => Sha256Schedule::WIRES,
        24..88 if row.is_multiple_of(2) => Sha256LowerRounds::WIRES,
        24..88 => Sha256UpperRounds::WIRES,
        88.. => WordSums::WIRES,
    }
}

/// Each sign flipped, each digit, carry, T1, state, schedule word and sum changed: one filling of the block's rows.
// REQ C3
#[test]
fn no_wire_of_a_block_can_be_changed() {
    let (hashing, message) = one_block();
    let rows = hashing.first..hashing.first + hashing.rows;
    let wires = hashing.circuit.common.config.num_wires;
    let free = free_wires(
        &hashing.circuit,
        &hashing.inputs(&message),
        rows,
        0..wires,
        Lying::AfterTheFact,
    );
    let used: Vec<_> = free
        .into_iter()
        .filter(|&(row, column)| column < wires_of(row - hashing.first))
        .collect();
    assert_eq!(used, [], "wires that can be changed");
}

/// The same for connected wires and carries, with all that follows changed too.
// REQ C3
#[test]
fn no_word_or_carry_of_a_block_can_be_changed_consistently() {
    let (hashing, message) = one_block();
    let inputs = hashing.inputs(&message);
    let sums = hashing.first + 88;
    let end = hashing.first + hashing.rows;
    for (rows, columns) in [(hashing.first..sums, 0..14), (sums..end, 0..WordSums::WIRES)] {
        let free = free_wires(&hashing.circuit, &inputs, rows, columns, Lying::Followed);
        assert_eq!(free, []);
    }
}

// REQ C3
#[test]
fn no_input_or_output_is_a_word_plus_2_to_the_32() {
    // Two blocks of message: the first word of each is an addend only.
    let hashing = Hashing::new(29);
    let message = random_words(29, 29);
    let inputs = hashing.inputs(&message);
    for &(target, value) in &inputs {
        assert!(
            refuses(&hashing.circuit, &inputs, &[(target, value + OVER)]),
            "{target:?}"
        );
    }
    // An honest prover is told where the check is a row of its own.
    for first in [0, BLOCK] {
        let mut wrong = inputs.clone();
        wrong[first].1 += OVER;
        let outcome = Checker::new(&hashing.circuit).honest(partial(&wrong));
        assert!(matches!(outcome, Err(TraceError::Conflict { .. })), "word {first}");
    }
    let checker = Checker::new(&hashing.circuit);
    let honest = checker.honest(partial(&inputs)).expect("honest");
    for target in hashing.digest {
        let lie = (target, honest.get(target) + OVER);
        assert!(refuses(&hashing.circuit, &inputs, &[lie]));
    }
}

/// What the check of `W_0` is for: taken for a word without being one, `W_0 + 2^32` has the same digest.
#[test]
fn an_unchecked_first_word_would_not_be_a_function_of_the_digest() {
    let hashing = Hashing::of(13, |_, target| Word::assume_checked(target).into());
    let message = random_words(13, 13);
    let inputs = hashing.inputs(&message);
    let (target, value) = inputs[0];
    assert!(!refuses(&hashing.circuit, &inputs, &[(target, value + OVER)]));
    // The others are checked by the schedule even so.
    for &(target, value) in &inputs[1..] {
        assert!(refuses(&hashing.circuit, &inputs, &[(target, value + OVER)]));
    }
}

/// The words that no row needs bit by bit: 2^32 moved from the carry into the word satisfies all rows but the check's.
// REQ C3
#[test]
fn the_last_words_cannot_borrow_from_their_carries() {
    let (hashing, message) = one_block();
    let inputs = hashing.inputs(&message);
    let checker = Checker::new(&hashing.circuit);
    let honest = checker.honest(partial(&inputs)).expect("honest");
    let wire = |row: usize, column: usize| Target::wire(hashing.first + row, column);
    let last = [
        (
            "W_62",
            wire(23, Sha256Schedule::NEW[0]),
            wire(23, Sha256Schedule::NEW[1] + 1),
        ),
        (
            "W_63",
            wire(23, Sha256Schedule::NEW[1]),
            wire(23, Sha256Schedule::NEW[1] + 2),
        ),
        (
            "e",
            wire(86, Sha256LowerRounds::NEW[1]),
            wire(86, Sha256LowerRounds::NEW[1] + 2),
        ),
        (
            "a",
            wire(87, Sha256UpperRounds::NEW[1]),
            wire(87, Sha256UpperRounds::NEW[1] + 2),
        ),
    ];
    for (name, word, carry) in last {
        let borrowed = [(word, honest.get(word) + OVER), (carry, honest.get(carry) - F::ONE)];
        let trace = checker.trace(partial(&inputs), &borrowed).expect("inputs");
        let violations = checker.violations(&trace);
        assert!(
            violations.iter().any(|v| v.gate == WordSums::ID),
            "{name}: {violations:?}"
        );
    }
}

/// Rows, columns of results and columns of their carries, over the block.
fn carries() -> impl Iterator<Item = (usize, usize, usize)> {
    let of_row = |row: usize| match wires_of(row) {
        Sha256Schedule::WIRES => Sha256Schedule::NEW,
        Sha256LowerRounds::WIRES => Sha256LowerRounds::NEW,
        _ => Sha256UpperRounds::NEW,
    };
    (0..88).flat_map(move |row| of_row(row).into_iter().map(move |new| (row, new, new + 2)))
}

/// Modulo p every word is a result, with the carry that solves the equation; only the carry's range refuses it.
// REQ C3
#[test]
fn no_carry_solves_its_equation_modulo_p_alone() {
    let (hashing, message) = one_block();
    let inputs = hashing.inputs(&message);
    let checker = Checker::new(&hashing.circuit);
    let honest = checker.honest(partial(&inputs)).expect("honest");
    for (row, new, carry) in carries() {
        let [new, carry] = [new, carry].map(|column| Target::wire(hashing.first + row, column));
        let word = honest.get(new);
        let other = F::from_canonical_u64(word.to_canonical_u64() ^ 1);
        let solved = honest.get(carry) + (word - other) / OVER;
        let trace = checker
            .trace(partial(&inputs), &[(new, other), (carry, solved)])
            .expect("inputs");
        let violations = checker.violations(&trace);
        assert!(!violations.is_empty(), "row {row}");
        assert!(
            violations.iter().all(|v| v.row == hashing.first + row),
            "row {row}: {violations:?}"
        );
    }
}
