// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verdict against the native one, and against liars.

use super::*;
use crate::check::{Checker, Trace};
use crate::config::{C, Circuit, wide_config};
use crate::gadgets::testing::{assert_lies_are_refused, wires_of, witness, words};
use crate::gates::Limbs;
use core::array::from_fn;
use plonky2::field::types::Field64;
use poe_rollup::ecgfp5::AffinePoint;
use poe_rollup::formats::{Bytes32, Slot, Transfer};
use poe_rollup::poseidon::{self, Digest};
use poe_rollup::schnorr::{self, SecretKey};

/// One signature.
struct Example {
    circuit: Circuit,
    /// Domain, key, sender's identity, the slot's words but for the spare one, recipient's identity.
    inputs: Vec<Target>,
    valid: BoolTarget,
    limbs_row: usize,
    match_row: usize,
}

impl Example {
    fn new() -> Self {
        let mut builder = Builder::new(wide_config());
        let domain: [Word; 8] = words(&mut builder);
        let prefix = challenge_prefix(&mut builder, &domain);
        let mut inputs: Vec<Target> = domain.into_iter().map(Word::target).collect();
        let limbs_row = builder.num_gates();
        let valid = add_signature(&mut builder, &prefix, &mut inputs);
        let match_row = builder.num_gates() - 1;
        Self {
            circuit: builder.build::<C>(),
            inputs,
            valid,
            limbs_row,
            match_row,
        }
    }

    fn honest<'c>(&self, checker: &Checker<'c, C>, case: &Case) -> Trace<'c> {
        let witness = witness(&self.inputs, &case.values());
        checker.honest(witness).expect("an honest witness")
    }

    /// Runs the circuit, which must be satisfied and agree with the native verdict; the verdict.
    fn verdict(&self, checker: &Checker<'_, C>, case: &Case) -> bool {
        let trace = self.honest(checker, case);
        assert_eq!(checker.violations(&trace), [], "{case:?}");
        let verdict = case.is_valid();
        assert_eq!(trace.get(self.valid.target), F::from_bool(verdict), "{case:?}");
        verdict
    }
}

/// Adds a signature whose parts are free targets.
fn add_signature(builder: &mut Builder, prefix: &ChallengePrefix, inputs: &mut Vec<Target>) -> BoolTarget {
    let key: [Target; 10] = builder.add_virtual_target_arr();
    let [from_identity, to_identity] = from_fn(|_| builder.add_virtual_hash());
    let slot: [Word; 23] = words(builder);
    inputs.extend(key);
    inputs.extend(from_identity.elements);
    inputs.extend(slot.map(Word::target));
    inputs.extend(to_identity.elements);
    let message = MessageTarget {
        from_identity,
        from: slot[0],
        to: slot[1],
        amount: [slot[2], slot[3]],
        fee: [slot[4], slot[5]],
        nonce: slot[6],
        sequencer: slot[7],
        to_identity,
    };
    let signature = SignatureTarget {
        e: from_fn(|i| slot[8 + i]),
        s: from_fn(|i| slot[12 + i]),
    };
    signature_valid(builder, prefix, &PointTarget::from_targets(&key), &message, &signature)
}

/// A signature and what it is checked against.
#[derive(Clone, Copy, Debug)]
struct Case {
    domain: Bytes32,
    key: AffinePoint,
    from: Digest,
    slot: Slot,
    to: Digest,
}

impl Case {
    fn signed(secret: &SecretKey, transfer: &Transfer) -> Self {
        let (domain, from, to) = ([0xA5; 32], poseidon::hash(&[1]), poseidon::hash(&[2]));
        Self {
            domain,
            key: *secret.public().point(),
            from,
            slot: secret.sign(&domain, &from, transfer, &to),
            to,
        }
    }

    fn is_valid(&self) -> bool {
        schnorr::verify(&self.key, &self.domain, &self.from, &self.slot, &self.to)
    }

    fn values(&self) -> Vec<F> {
        let words = |bytes: &[u8]| -> Vec<u64> {
            let words = bytes.chunks_exact(4);
            words
                .map(|w| u64::from(u32::from_be_bytes([w[0], w[1], w[2], w[3]])))
                .collect()
        };
        let key = [self.key.x.coefficients(), self.key.u.coefficients()];
        let mut values = words(&self.domain);
        values.extend(key.as_flattened());
        values.extend(self.from.elements());
        values.extend(&words(&self.slot.encode())[..23]);
        values.extend(self.to.elements());
        values.into_iter().map(F::from_canonical_u64).collect()
    }

    fn limb(&mut self, position: usize) -> &mut u32 {
        let signature = &mut self.slot.signature;
        signature
            .e
            .iter_mut()
            .chain(&mut signature.s)
            .nth(position)
            .expect("fifteen limbs")
    }
}

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_seed(&[byte; 32])
}

fn transfer() -> Transfer {
    Transfer {
        from: 3,
        to: 4,
        amount: 5 << 33 | 6,
        fee: 7 << 34 | 8,
        nonce: 9,
        sequencer: 10,
    }
}

#[test]
fn accepts_what_was_signed() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    for byte in 0..8 {
        let nonce = u32::from(byte) << 20;
        let transfer = Transfer { nonce, ..transfer() };
        assert!(example.verdict(&checker, &Case::signed(&secret(byte), &transfer)));
    }
}

/// Amounts on both sides of p, of 2^61 and of 2^63 enter the hash as the native sponge takes them.
#[test]
fn amounts_are_reduced_as_natively() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let p = F::ORDER;
    for value in [
        0,
        (1 << 61) - 1,
        1 << 61,
        (1 << 61) + 1,
        (1 << 63) - 1,
        p - 1,
        p,
        p + 1,
        u64::MAX,
    ] {
        for (amount, fee) in [(value, 0), (0, value), (value, value)] {
            let transfer = Transfer {
                amount,
                fee,
                ..transfer()
            };
            assert!(
                example.verdict(&checker, &Case::signed(&secret(1), &transfer)),
                "{value}"
            );
        }
    }
}

#[test]
fn refuses_whatever_was_not_signed_and_stays_satisfiable() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let good = Case::signed(&secret(1), &transfer());
    let mut bad = vec![
        Case {
            domain: [0xA4; 32],
            ..good
        },
        Case {
            key: *secret(2).public().point(),
            ..good
        },
        Case { key: -good.key, ..good },
        Case {
            key: AffinePoint::NEUTRAL,
            ..good
        },
        Case { from: good.to, ..good },
        Case { to: good.from, ..good },
    ];
    for bit in (0..256).step_by(11) {
        let mut encoded = good.slot.transfer.encode();
        encoded[bit / 8] ^= 1 << (bit % 8);
        let mut tampered = good;
        tampered.slot.transfer = Transfer::decode(&encoded);
        bad.push(tampered);
    }
    for position in 0..15 {
        for flip in [1, 1 << 29, 1 << 30, 1 << 31, 3 << 30] {
            let mut tampered = good;
            *tampered.limb(position) ^= flip;
            bad.push(tampered);
        }
    }
    for case in &bad {
        assert!(!example.verdict(&checker, case), "{case:?}");
    }
    assert!(example.verdict(&checker, &good));
}

/// Under the neutral key, the one of an empty account, any response verifies: `registered` keeps it from use.
#[test]
fn the_neutral_key_accepts_anybody_as_natively() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let mut case = Case::signed(&secret(1), &transfer());
    case.key = AffinePoint::NEUTRAL;
    // s = 1, so R = G; the challenge is found by asking for the hash of that.
    case.slot.signature.s = from_fn(|i| u32::from(i == 0));
    let trace = example.honest(&checker, &case);
    let hash = ChallengeMatch::HASH.map(|column| trace.get(Target::wire(example.match_row, column)));
    let limb = |element: F, shift: u32| (element.0 >> shift & 0x3FFF_FFFF) as u32;
    let [h0, h1] = hash.collect::<Vec<_>>()[..] else {
        panic!("two elements")
    };
    case.slot.signature.e = [limb(h0, 0), limb(h0, 30), limb(h1, 0), limb(h1, 30)];
    assert!(example.verdict(&checker, &case));
}

// REQ C3
#[test]
fn no_wire_of_the_verdict_can_be_lied_about() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let good = Case::signed(&secret(1), &transfer());
    let (mut wrong, mut out_of_range) = (good, good);
    *wrong.limb(0) ^= 1;
    *out_of_range.limb(14) |= 1 << 30;
    for case in [good, wrong, out_of_range] {
        let wires = wires_of::<ChallengeMatch>(example.match_row).chain(wires_of::<Limbs>(example.limbs_row));
        let met = assert_lies_are_refused(&checker, &example.inputs, &case.values(), wires);
        met.assert_all_of::<ChallengeMatch>();
    }
}

/// The opposite verdict, with every combination of opposite intermediate bits that could carry it.
// REQ C3
#[test]
fn the_opposite_verdict_is_refused() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let good = Case::signed(&secret(1), &transfer());
    let mut cases = vec![good];
    for (position, flip) in [(0, 1), (3, 1 << 29), (14, 1), (7, 1 << 31)] {
        let mut tampered = good;
        *tampered.limb(position) ^= flip;
        cases.push(tampered);
    }
    let [equal_0, equal_1] = from_fn(|element| ChallengeMatch::equal(element).1);
    let bits = [equal_0, equal_1, ChallengeMatch::IN_RANGE].map(|column| Target::wire(example.match_row, column));
    for case in cases {
        let honest = example.honest(&checker, &case);
        let valid = (example.valid.target, F::ONE - honest.get(example.valid.target));
        for chosen in 0..1 << bits.len() {
            let flipped = (0..bits.len()).filter(|i| chosen >> i & 1 == 1);
            let mut lies: Vec<_> = flipped.map(|i| (bits[i], F::ONE - honest.get(bits[i]))).collect();
            lies.push(valid);
            let trace = checker
                .trace(witness(&example.inputs, &case.values()), &lies)
                .expect("a trace");
            assert!(!checker.accepts(&trace), "{case:?}: {lies:?}");
        }
    }
}

#[test]
fn a_proof_of_a_verdict_verifies() {
    let example = Example::new();
    let case = Case::signed(&secret(1), &transfer());
    let proof = example
        .circuit
        .prove(witness(&example.inputs, &case.values()))
        .expect("a proof");
    example.circuit.verify(proof).expect("verifies");
}

/// Rows of a circuit with this many signatures, words and identities given.
fn rows(signatures: usize) -> usize {
    let mut builder = Builder::new(wide_config());
    let domain: [Word; 8] = words(&mut builder);
    let prefix = challenge_prefix(&mut builder, &domain);
    for _ in 0..signatures {
        add_signature(&mut builder, &prefix, &mut Vec::new());
    }
    builder.num_gates()
}

/// Twenty signatures more cost 902 rows: 45.1 each.
// Figure P1.
#[test]
fn a_signature_takes_forty_five_rows_and_two_operations() {
    let twenty = rows(21) - rows(1);
    println!("rows per signature: {}.{}", twenty / 20, twenty % 20 / 2);
    assert!(twenty <= 20 * 60, "requirement");
    assert_eq!(twenty, 902, "pinned");
}
