// SPDX-License-Identifier: MIT OR Apache-2.0
//! Generated contracts in an EVM: challenge by challenge against halo2's verifier, on chains that lack a precompiled
//! contract, compiled in other ways, with checks removed, and beside what snark-verifier generates.

#[path = "../support/ceremony.rs"]
mod ceremony;
#[path = "../../examples/circuits/mod.rs"]
mod circuits;
#[path = "../../examples/snark_verifier/mod.rs"]
mod snark_verifier;

mod machine;
mod solc;

use circuits::{ALL, Small};
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fr};
use halo2_base::halo2_proofs::halo2curves::ff::{FromUniformBytes, PrimeField};
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use machine::{Answer, Machine};
use poe_verifier_gen::solidity::{Description, generate};
use poe_verifier_gen::{kzg, srs};
use revm::primitives::keccak256;
use solc::{Settings, compile};

/// A contract's source and a proof it accepts.
struct Case {
    kind: Small,
    name: String,
    source: String,
    inputs: Vec<[u8; 32]>,
    proof: Vec<u8>,
    /// What halo2's verifier drew.
    challenges: Vec<Fr>,
    /// Words of the proof before the evaluations, and of them.
    evaluations: (usize, usize),
}

fn word(value: Fr) -> [u8; 32] {
    let mut bytes = value.to_repr();
    bytes.reverse();
    bytes
}

impl Case {
    fn new(kind: Small) -> Self {
        Self::under(
            &srs::development(kind.k(), &|_| ()),
            kind,
            &format!("{}InsecureDev", kind.name()),
        )
    }

    fn under(params: &ParamsKZG<Bn256>, kind: Small, name: &str) -> Self {
        let (key, instances, proof) = circuits::prove(kind, 7, params).expect("a satisfied circuit");
        let description = Description {
            name: name.to_string(),
            circuit: None,
            interface_path: String::new(),
        };
        let source = generate(params, key.get_vk(), instances.len(), &description).expect("a supported circuit");
        let columns: Vec<&[Fr]> = if instances.is_empty() { vec![] } else { vec![&instances] };
        let count = source.matches("uint256 private constant EVAL_").count() - 2;
        Self {
            kind,
            name: description.name,
            source,
            inputs: instances.iter().copied().map(word).collect(),
            challenges: kzg::verify(params, key.get_vk(), &columns, &proof).expect("a valid proof"),
            evaluations: (proof.len() / 32 - 4 - count, count),
            proof,
        }
    }

    fn machine(&self) -> Machine {
        Machine::deploy(&compile(&self.source, &self.name, Settings::PROJECT))
    }

    fn data(&self) -> Vec<u8> {
        encode(&self.inputs, &self.proof)
    }

    /// With word `i` of the proof replaced by another of its kind, points by the generator.
    fn with_another(&self, i: usize) -> Vec<u8> {
        let (first, count) = self.evaluations;
        let mut proof = self.proof.clone();
        if (first..first + count).contains(&i) {
            let last = &mut proof[32 * i + 31];
            *last ^= 1;
        } else {
            let x = if i < first {
                i & !1
            } else {
                first + count + ((i - first - count) & !1)
            };
            proof[32 * x..32 * x + 64].fill(0);
            (proof[32 * x + 31], proof[32 * x + 63]) = (1, 2);
        }
        proof
    }
}

fn encode(inputs: &[[u8; 32]], proof: &[u8]) -> Vec<u8> {
    let number = |n: usize| word(Fr::from(n as u64));
    let list = if inputs.is_empty() {
        String::new()
    } else {
        format!("uint256[{}],", inputs.len())
    };
    let mut data = keccak256(format!("verify({list}bytes)"))[..4].to_vec();
    data.extend(inputs.concat());
    data.extend(number(32 * (inputs.len() + 1)));
    data.extend(number(proof.len()));
    data.extend(proof);
    data
}

fn challenge(hash: &[u8]) -> Fr {
    let mut wide = [0; 64];
    for (to, from) in wide.iter_mut().zip(hash.iter().rev()) {
        *to = *from;
    }
    Fr::from_uniform_bytes(&wide)
}

// REQ V8 V22 R13
#[test]
fn every_challenge_is_the_verifiers() {
    for kind in ALL {
        let case = Case::new(kind);
        let machine = case.machine();
        let run = machine.call(case.data());
        assert!(run.answer.accepts(), "{kind:?}: {:?}", run.answer);
        let drawn: Vec<Fr> = run.hashes.iter().map(|hash| challenge(&hash[..])).collect();
        assert_eq!(drawn, case.challenges, "{kind:?}");

        // What a challenge has seen changes it and all that follow; what it has not seen does not.
        let mut unchanged = vec![];
        for i in 0..case.proof.len() / 32 {
            let other = machine.call(encode(&case.inputs, &case.with_another(i)));
            assert!(
                other.answer.is_error("ProofInvalid()", None),
                "{kind:?}, word {i}: {:?}",
                other.answer
            );
            unchanged.push(common(&run.hashes, &other.hashes));
        }
        assert!(unchanged.is_sorted(), "{kind:?}: {unchanged:?}");
        assert_eq!(unchanged.last(), Some(&run.hashes.len()), "nothing is drawn behind W'");
        for i in 0..case.inputs.len() {
            let mut inputs = case.inputs.clone();
            inputs[i][31] ^= 1;
            let other = machine.call(encode(&inputs, &case.proof));
            assert_eq!(
                common(&run.hashes, &other.hashes),
                0,
                "{kind:?}: input {i} is absorbed first"
            );
        }
    }
}

/// How many hashes agree; behind them none does.
fn common<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    assert_eq!(a.len(), b.len());
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    assert!(
        a[same..].iter().zip(&b[same..]).all(|(a, b)| a != b),
        "a later challenge does not depend on an earlier one"
    );
    same
}

// REQ V14
#[test]
fn the_digest_of_the_key_comes_first() {
    let case = Case::new(Small::Lookup);
    let run = case.machine().call(case.data());
    let line = case
        .source
        .lines()
        .find(|line| line.contains("constant VK_DIGEST"))
        .expect("the digest");
    let other = case.source.replace(line, "uint256 private constant VK_DIGEST = 7;");
    let other = Machine::deploy(&compile(&other, &case.name, Settings::PROJECT)).call(case.data());
    assert!(other.answer.is_error("ProofInvalid()", None));
    assert_eq!(common(&run.hashes, &other.hashes), 0);
}

// REQ V27
#[test]
fn a_proof_of_another_key_or_setup_is_refused() {
    let (one, other) = (Case::new(Small::Products), Case::new(Small::Lower));
    assert_eq!(
        (one.proof.len(), one.inputs.len()),
        (other.proof.len(), other.inputs.len())
    );
    for (own, foreign) in [(&one, &other), (&other, &one)] {
        let machine = own.machine();
        assert!(machine.call(own.data()).answer.accepts());
        let answer = machine.call(foreign.data()).answer;
        assert!(answer.is_error("ProofInvalid()", None), "{answer:?}");
    }
    // The generator, that is tau = 1, in place of [tau]_2.
    let mut source = one.source.clone();
    for part in ["X_0", "X_1", "Y_0", "Y_1"] {
        let line = |name: &str| {
            let start = format!("uint256 private constant {name}{part} = ");
            let line = one
                .source
                .lines()
                .find(|line| line.trim().starts_with(&start))
                .expect("a constant");
            line.trim()[start.len()..].to_string()
        };
        source = source.replace(&line("TAU_G2_"), &line("G2_"));
    }
    let answer = Machine::deploy(&compile(&source, &one.name, Settings::PROJECT))
        .call(one.data())
        .answer;
    assert!(answer.is_error("ProofInvalid()", None), "{answer:?}");
}

/// From the file of a ceremony to the contract that accepts: every circuit of the class, under powers nobody knows the
/// secret of. The contract of the development setup takes none of these proofs, nor the other way about.
// REQ V23 V27
#[test]
fn circuits_are_proven_under_a_genuine_ceremony() {
    let params = srs::import_ptau(&ceremony::genuine(), None, &|_| ()).expect("the import");
    assert!(matches!(srs::standing(&params.s_g2()), srs::Standing::Ceremony(_)));
    for kind in ALL {
        let case = Case::under(&params, kind, kind.name());
        assert!(case.source.contains("bool public constant insecureSetup = false;"));
        let machine = case.machine();
        assert!(machine.call(case.data()).answer.accepts(), "{kind:?}");
        let insecure = Case::new(kind);
        for (machine, proof) in [(&machine, &insecure), (&insecure.machine(), &case)] {
            let answer = machine.call(proof.data()).answer;
            assert!(!answer.accepts(), "{kind:?}: {answer:?}");
        }
    }
}

// REQ V18
#[test]
fn a_statement_has_many_proofs() {
    let case = Case::new(Small::Products);
    let machine = case.machine();
    let params = srs::development(case.kind.k(), &|_| ());
    let (_, _, again) = circuits::prove_blinded(case.kind, 7, &params, 8).expect("a satisfied circuit");
    assert_ne!(again, case.proof);
    assert!(machine.call(encode(&case.inputs, &again)).answer.accepts());
}

// REQ V7
#[test]
fn a_chain_that_lacks_a_precompiled_contract_accepts_nothing() {
    let kinds = [Small::Lookup, Small::Pairs];
    for case in kinds.map(Case::new) {
        let machine = case.machine();
        let mut wrong = case.inputs.clone();
        wrong[0][31] ^= 1;
        for missing in [vec![5], vec![6], vec![7], vec![8], vec![6, 7, 8], vec![5, 6, 7, 8]] {
            let poor = machine.without(&missing);
            for inputs in [&case.inputs, &wrong] {
                let run = poor.call(encode(inputs, &case.proof));
                let said = missing
                    .iter()
                    .any(|&n| run.answer.is_error("PrecompileFailed(uint256)", Some(n)));
                // Two kinds of failure may be joined into one number.
                let joined = run.answer.is_error("PrecompileFailed(uint256)", Some(7));
                assert!(said || joined, "{:?} without {missing:?}: {:?}", case.kind, run.answer);
            }
        }
    }
}

// REQ V9
#[test]
fn nothing_is_divided_by_zero() {
    let case = Case::new(Small::Products);
    let x_of_the_domain = ("mstore(add(m, X), mod(hash, r))", "mstore(add(m, X), 1)");
    let blinded_row = ("mstore(add(m, X), mod(hash, r))", "mstore(add(m, X), OMEGA_LAST)");
    let u_at_x = ("mstore(add(m, U), mod(hash, r))", "mstore(add(m, U), mload(add(m, X)))");
    let u_at_next = (
        "mstore(add(m, U), mod(hash, r))",
        "mstore(add(m, U), mulmod(mload(add(m, X)), OMEGA, r))",
    );
    let x_zero = ("mstore(add(m, X), mod(hash, r))", "mstore(add(m, X), 0)");
    for (line, instead) in [x_of_the_domain, blinded_row, u_at_x, u_at_next, x_zero] {
        assert_eq!(case.source.matches(line).count(), 1, "{line}");
        let source = case.source.replace(line, instead);
        let run = Machine::deploy(&compile(&source, &case.name, Settings::PROJECT)).call(case.data());
        assert!(
            run.answer.is_error("InvertOfZero()", None),
            "{instead}: {:?}",
            run.answer
        );
    }
}

// REQ V15
#[test]
fn settings_of_the_compiler_do_not_matter() {
    let plain = |runs| Settings {
        runs,
        ..Settings::PROJECT
    };
    let pipeline = |runs| Settings {
        via_ir: true,
        ..plain(runs)
    };
    let case = Case::new(Small::Rotations);
    let mut wrong = case.proof.clone();
    wrong[32 * case.evaluations.0 + 31] ^= 1;
    for settings in [
        plain(None),
        plain(Some(1)),
        plain(Some(100_000)),
        pipeline(Some(1)),
        pipeline(Some(100_000)),
    ] {
        // Without the optimizer the code is larger than a chain takes; what it answers is the question here.
        let machine = Machine::deploy_of_any_size(&compile(&case.source, &case.name, settings));
        let answer = machine.call(case.data()).answer;
        assert!(answer.accepts(), "{settings:?}: {answer:?}");
        let answer = machine.call(encode(&case.inputs, &wrong)).answer;
        assert!(answer.is_error("ProofInvalid()", None), "{settings:?}: {answer:?}");
    }
}

/// Calls that a contract answers in its own way, on chains that have everything and on others.
fn attacks(case: &Case) -> Vec<(Vec<u64>, Vec<u8>)> {
    let r = Fr::MODULUS.trim_start_matches("0x");
    let r: [u8; 32] = hex::decode(r).expect("hexadecimal").try_into().expect("a word");
    let q = hex::decode("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47").expect("hexadecimal");
    let q: [u8; 32] = q.try_into().expect("a word");
    let mut proofs = vec![case.proof[32..].to_vec(), [&case.proof[..], &[0; 32]].concat()];
    for i in 0..case.proof.len() / 32 {
        proofs.push(case.with_another(i));
        for instead in [[0xff; 32], r, q, [0; 32]] {
            let mut proof = case.proof.clone();
            proof[32 * i..32 * i + 32].copy_from_slice(&instead);
            proofs.push(proof);
        }
        let word: [u8; 32] = case.proof[32 * i..32 * i + 32].try_into().expect("a word");
        let mut proof = case.proof.clone();
        proof[32 * i..32 * i + 32].copy_from_slice(&add(&word, &q));
        proofs.push(proof);
        let mut proof = case.proof.clone();
        proof[32 * i + 31] ^= 1;
        proofs.push(proof);
    }
    let mut calls: Vec<(Vec<u64>, Vec<u8>)> = proofs.iter().map(|p| (vec![], encode(&case.inputs, p))).collect();
    for i in 0..case.inputs.len() {
        for instead in [add(&case.inputs[i], &r), r, [0xff; 32], [0; 32]] {
            let mut inputs = case.inputs.clone();
            inputs[i] = instead;
            calls.push((vec![], encode(&inputs, &case.proof)));
        }
    }
    for missing in 5..=8 {
        calls.push((vec![missing], case.data()));
    }
    // What was meant to be another word may be the same.
    calls.retain(|(missing, data)| !missing.is_empty() || *data != case.data());
    calls.push((vec![], case.data()));
    calls
}

fn add(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    let mut sum = [0; 32];
    let mut carry = 0;
    for i in (0..32).rev() {
        let total = u16::from(a[i]) + u16::from(b[i]) + carry;
        (sum[i], carry) = (total as u8, total >> 8);
    }
    sum
}

/// Removes one check after another and demands that some call is answered otherwise, or burns the gas it is given.
// REQ V6
#[test]
fn no_check_can_be_removed_unnoticed() {
    let case = Case::new(Small::Lookup);
    let removals: [(&str, &str); 12] = [
        (
            "if (proof.length != PROOF_BYTES) revert ProofLengthWrong(proof.length, PROOF_BYTES);",
            "",
        ),
        (
            "if (publicInputs[i] >= R) revert PublicInputNotInField(i, publicInputs[i]);",
            "",
        ),
        ("if (bad != type(uint256).max) revert PointNotOnCurve(bad);", ""),
        ("if (bad != type(uint256).max) revert EvaluationNotInField(bad);", ""),
        (
            "and(and(lt(x, q), lt(y, q)), eq(mulmod(y, y, q), cubic))",
            "and(lt(x, q), lt(y, q))",
        ),
        (
            "and(and(lt(x, q), lt(y, q)), eq(mulmod(y, y, q), cubic))",
            "and(lt(y, q), eq(mulmod(y, y, q), cubic))",
        ),
        (
            "and(and(lt(x, q), lt(y, q)), eq(mulmod(y, y, q), cubic))",
            "and(lt(x, q), eq(mulmod(y, y, q), cubic))",
        ),
        (
            "iszero(and(done, eq(returndatasize(), 0x20)))\n            if",
            "iszero(done)\n            if",
        ),
        (
            "if iszero(and(done, eq(returndatasize(), 0x40))) { failed := 7 leave }",
            "",
        ),
        ("if iszero(and(done, eq(returndatasize(), 0x40))) { failed := 6 }", ""),
        ("if iszero(and(done, eq(returndatasize(), 0x20))) { failure := 8 }", ""),
        ("if (failure == 1) revert ProofInvalid();", "if (failure == 1) return;"),
    ];
    let calls = attacks(&case);
    let answers = |source: &str| -> Vec<(Answer, u64)> {
        let machine = Machine::deploy(&compile(source, &case.name, Settings::PROJECT));
        let run = |(missing, data): &(Vec<u64>, Vec<u8>)| {
            let run = machine.without(missing).call(data.clone());
            (run.answer, run.gas)
        };
        calls.iter().map(run).collect()
    };
    let intact = answers(&case.source);
    assert_eq!(
        intact.iter().filter(|(answer, _)| answer.accepts()).count(),
        1,
        "one of the calls is right"
    );
    for (check, instead) in removals {
        assert_eq!(case.source.matches(check).count(), 1, "{check}");
        let weaker = answers(&case.source.replace(check, instead));
        let noticed = intact
            .iter()
            .zip(&weaker)
            .any(|(a, b)| a.0 != b.0 || b.1 > a.1 + a.1 / 10);
        assert!(noticed, "nobody notices that this is gone: {check}");
    }
}

/// The contract that snark-verifier writes for the same key takes the same proof.
#[test]
fn another_generators_contract_accepts_the_same_proofs() {
    println!("| circuit | gas | snark-verifier | bytes | snark-verifier |\n|---|---|---|---|---|");
    // It cannot write a commitment that is the identity, nor do without public words.
    for kind in [Small::Products, Small::Rotations, Small::Pairs] {
        let case = Case::new(kind);
        let params = srs::development(kind.k(), &|_| ());
        let (key, ..) = circuits::prove(kind, 7, &params).expect("a satisfied circuit");
        let source = snark_verifier::contract(&params, key.get_vk(), case.inputs.len());
        let settings = Settings {
            yul: false,
            ..Settings::PROJECT
        };
        let other = Machine::deploy(&compile(&source, snark_verifier::NAME, settings));
        let run = other.call([case.inputs.concat(), case.proof.clone()].concat());
        assert!(run.answer.accepts(), "{kind:?}: {:?}", run.answer);
        let mut wrong = case.inputs.clone();
        wrong[0][31] ^= 1;
        assert!(
            !other
                .call([wrong.concat(), case.proof.clone()].concat())
                .answer
                .accepts(),
            "{kind:?}"
        );
        let own = case.machine();
        let gas = own.call(case.data()).gas;
        println!("| {kind:?} | {gas} | {} | {} | {} |", run.gas, own.size(), other.size());
    }
}
