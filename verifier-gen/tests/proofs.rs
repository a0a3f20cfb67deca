// SPDX-License-Identifier: MIT OR Apache-2.0
//! Proofs as the EVM reads them, hostile ones: no bytes make the verifier panic, and no other word is accepted.

#[path = "../examples/circuits/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which use all of it")]
mod circuits;

use circuits::{ALL, Small, prove};
use halo2_base::halo2_proofs::arithmetic::{CurveAffine, Field};
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fq, Fr, G1, G1Affine};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::halo2curves::group::{Curve, Group};
use halo2_base::halo2_proofs::plonk::{ProvingKey, keygen_vk};
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_base::halo2_proofs::transcript::{EncodedChallenge as _, Transcript as _, TranscriptWrite as _};
use num_bigint::BigUint;
use poe_verifier_gen::kzg::{self, KeccakTranscript, ProofError, WORD_BYTES};
use poe_verifier_gen::srs;
use proptest::prelude::*;
use std::sync::LazyLock;

type Word = [u8; WORD_BYTES];

/// A circuit with a proof.
struct Proven {
    kind: Small,
    params: ParamsKZG<Bn256>,
    key: ProvingKey<G1Affine>,
    instances: Vec<Fr>,
    proof: Vec<u8>,
    /// Words at the beginning that are coordinates, pair by pair; and two points at the end.
    points: usize,
}

impl Proven {
    fn new(kind: Small, seed: u64) -> Self {
        let params = srs::development(kind.k(), &|_| ());
        let (key, instances, proof) = prove(kind, seed, &params).expect("a satisfied circuit");
        let cs = key.get_vk().cs();
        let sets = cs.permutation().get_columns().len().div_ceil(cs.degree() - 2);
        let pieces = key.get_vk().get_domain().get_quotient_poly_degree();
        let points = cs.num_advice_columns() + 3 * cs.lookups().len() + sets + 1 + pieces;
        Self {
            kind,
            params,
            key,
            instances,
            proof,
            points,
        }
    }

    fn verify_with(&self, instances: &[Fr], proof: &[u8]) -> Result<Vec<Fr>, ProofError> {
        let columns: Vec<&[Fr]> = if self.kind == Small::Copies {
            vec![]
        } else {
            vec![instances]
        };
        kzg::verify(&self.params, self.key.get_vk(), &columns, proof)
    }

    fn verify(&self, proof: &[u8]) -> Result<Vec<Fr>, ProofError> {
        self.verify_with(&self.instances, proof)
    }

    fn words(&self) -> usize {
        self.proof.len() / WORD_BYTES
    }

    fn is_coordinate(&self, word: usize) -> bool {
        word < 2 * self.points || word >= self.words() - 4
    }

    fn word(&self, word: usize) -> BigUint {
        BigUint::from_bytes_be(&self.proof[word * WORD_BYTES..(word + 1) * WORD_BYTES])
    }

    fn with(&self, words: &[(usize, &BigUint)]) -> Vec<u8> {
        let mut proof = self.proof.clone();
        for &(word, value) in words {
            proof[word * WORD_BYTES..(word + 1) * WORD_BYTES].copy_from_slice(&be(value));
        }
        proof
    }
}

fn be(value: &BigUint) -> Word {
    let bytes = value.to_bytes_be();
    let mut word = [0; WORD_BYTES];
    word[WORD_BYTES - bytes.len()..].copy_from_slice(&bytes);
    word
}

fn modulus<F: PrimeField<Repr = Word>>() -> BigUint {
    BigUint::from_bytes_le((-F::ONE).to_repr().as_ref()) + 1u32
}

fn coordinates(point: G1Affine) -> [BigUint; 2] {
    let point = point.coordinates().expect("not at infinity");
    [point.x(), point.y()].map(|c| BigUint::from_bytes_le(c.to_repr().as_ref()))
}

/// Every word: one more, one bit other, nothing, the largest, and the same number otherwise written. Every point: the
/// negative, another point of the curve, none at all.
// REQ C12, V1, V4
#[test]
fn every_other_word_is_rejected() {
    let (r, q) = (modulus::<Fr>(), modulus::<Fq>());
    let one = BigUint::from(1u32);
    let largest: BigUint = (BigUint::from(1u32) << 256) - 1u32;
    let [gx, gy] = coordinates(G1::generator().to_affine());
    for kind in ALL {
        let proven = Proven::new(kind, 1);
        proven
            .verify(&proven.proof)
            .unwrap_or_else(|error| panic!("{}: {error}", kind.name()));
        for word in 0..proven.words() {
            let value = proven.word(word);
            let modulus = if proven.is_coordinate(word) { &q } else { &r };
            assert!(&value < modulus);
            let others = [
                &value + &one,
                &value ^ &one,
                BigUint::ZERO,
                &value + modulus,
                modulus.clone(),
                largest.clone(),
            ];
            for other in others.iter().filter(|&other| other != &value) {
                let error = proven.verify(&proven.with(&[(word, other)])).expect_err("another word");
                // halo2 does not say why it could not read the last two points.
                if other >= modulus && word + 4 < proven.words() {
                    assert!(
                        format!("{error:?}").contains("not below the modulus"),
                        "{kind:?}, word {word}: {error:?}"
                    );
                }
            }
        }
        let last = (proven.words() - 4..proven.words()).step_by(2);
        for x in (0..2 * proven.points).step_by(2).chain(last) {
            let y = &q - proven.word(x + 1);
            let doubled = double(&proven.word(x), &proven.word(x + 1));
            for [px, py] in [
                [proven.word(x), y],
                [gx.clone(), gy.clone()],
                [BigUint::ZERO, BigUint::ZERO],
                doubled,
            ] {
                let proof = proven.with(&[(x, &px), (x + 1, &py)]);
                assert!(proven.verify(&proof).is_err(), "{kind:?}, the point at word {x}");
            }
        }
    }
}

fn double(x: &BigUint, y: &BigUint) -> [BigUint; 2] {
    let coordinate = |c: &BigUint| {
        let mut word = be(c);
        word.reverse();
        Fq::from_repr(word).expect("canonical")
    };
    let point = G1Affine::from_xy(coordinate(x), coordinate(y)).expect("on the curve");
    coordinates((G1::from(point) + G1::from(point)).to_affine())
}

/// Words of another valid proof, one at a time; and words in one another's place.
// REQ C12, V8
#[test]
fn words_of_another_proof_do_not_fit() {
    for kind in ALL {
        let (proven, other) = (Proven::new(kind, 1), Proven::new(kind, 2));
        assert_eq!(proven.proof.len(), other.proof.len());
        for word in 0..proven.words() {
            let value = other.word(word);
            if value != proven.word(word) {
                assert!(
                    proven.verify(&proven.with(&[(word, &value)])).is_err(),
                    "{kind:?}, word {word}"
                );
            }
            let next = (word + 1) % proven.words();
            let (a, b) = (proven.word(word), proven.word(next));
            if a != b {
                assert!(
                    proven.verify(&proven.with(&[(word, &b), (next, &a)])).is_err(),
                    "{kind:?}, words {word}, {next}"
                );
            }
        }
        if proven.instances != other.instances {
            assert!(proven.verify(&other.proof).is_err());
        }
    }
}

// REQ C12, V11
#[test]
fn other_public_words_are_rejected() {
    for kind in ALL.into_iter().filter(|&kind| kind != Small::Copies) {
        let proven = Proven::new(kind, 1);
        for i in 0..proven.instances.len() {
            for difference in [Fr::ONE, -Fr::ONE] {
                let mut instances = proven.instances.clone();
                instances[i] += difference;
                assert!(
                    proven.verify_with(&instances, &proven.proof).is_err(),
                    "{kind:?}, word {i}"
                );
            }
        }
        let more = [&proven.instances[..], &[Fr::ZERO]].concat();
        assert!(proven.verify_with(&more, &proven.proof).is_err(), "one more word");
        let fewer = &proven.instances[1..];
        assert!(proven.verify_with(fewer, &proven.proof).is_err(), "one word less");
        assert!(
            kzg::verify(&proven.params, proven.key.get_vk(), &[], &proven.proof).is_err(),
            "no column"
        );
        let rows = vec![Fr::ZERO; 1 << kind.k()];
        assert!(
            proven.verify_with(&rows, &proven.proof).is_err(),
            "as many words as rows"
        );
    }
}

// REQ C11, V2
#[test]
fn a_proof_has_one_length() {
    for kind in ALL {
        let proven = Proven::new(kind, 1);
        for length in 0..proven.proof.len() {
            assert!(
                matches!(proven.verify(&proven.proof[..length]), Err(ProofError::Rejected(_))),
                "{length} bytes"
            );
        }
        for more in [1, 31, 32, 1000] {
            let longer = [&proven.proof[..], &vec![0; more]].concat();
            match proven.verify(&longer) {
                Err(ProofError::TrailingBytes(found)) => assert_eq!(found, more),
                other => panic!("{more} bytes more: {other:?}"),
            }
        }
    }
}

static PROVEN: LazyLock<Vec<Proven>> = LazyLock::new(|| ALL.map(|kind| Proven::new(kind, 1)).into());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    // REQ C12
    #[test]
    fn no_bytes_make_the_verifier_panic(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let proven = PROVEN.iter().find(|proven| proven.kind == Small::Pairs).expect("one of all");
        prop_assert!(proven.verify(&bytes).is_err());
    }

    // REQ C12
    #[test]
    fn no_change_makes_the_verifier_panic(
        kind in prop::sample::select(&ALL[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length in any::<prop::sample::Index>(),
        cut: bool,
    ) {
        let proven = PROVEN.iter().find(|proven| proven.kind == kind).expect("one of all");
        let mut proof = proven.proof.clone();
        for (at, byte) in changes {
            let at = at.index(proof.len());
            proof[at] = byte;
        }
        if cut {
            proof.truncate(length.index(proof.len()));
        }
        prop_assert_eq!(proven.verify(&proof).is_ok(), proof == proven.proof);
    }
}

/// snark-verifier's transcript, an implementation nobody here wrote: every challenge is the same, two in a row too, and
/// the unreduced hash goes on.
// REQ V8, V22
#[test]
fn challenges_are_those_of_snark_verifier() {
    use snark_verifier::loader::native::NativeLoader;
    use snark_verifier::system::halo2::transcript::evm::EvmTranscript;

    let mut ours = KeccakTranscript::new(Vec::new());
    let mut theirs = EvmTranscript::<G1Affine, NativeLoader, Vec<u8>, Vec<u8>>::new(Vec::new());
    let mut point = G1::generator();
    for i in 0..40u64 {
        for _ in 0..i % 4 {
            let scalar = Fr::from(i).square() - Fr::from(7);
            ours.write_scalar(scalar).expect("a vector takes it");
            theirs.write_scalar(scalar).expect("a scalar");
        }
        for _ in 0..i % 3 {
            point = point.double() + G1::generator();
            ours.write_point(point.to_affine()).expect("a vector takes it");
            theirs.write_point(point.to_affine()).expect("a point");
        }
        assert_eq!(
            ours.squeeze_challenge().get_scalar(),
            theirs.squeeze_challenge().get_scalar(),
            "{i}"
        );
    }
    assert_eq!(ours.clone().into_stream(), theirs.finalize(), "words are written alike");
    assert!(ours.write_point(G1Affine::default()).is_err(), "infinity has no words");
}

/// A key whose fixed column is all zero: its commitment is the point at infinity, and proofs verify.
// REQ V21
#[test]
fn a_key_may_hold_the_point_at_infinity() {
    use halo2_base::halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
    let proven = Proven::new(Small::Lookup, 3);
    let infinities = proven
        .key
        .get_vk()
        .fixed_commitments()
        .iter()
        .filter(|c| bool::from(c.is_identity()))
        .count();
    assert_eq!(infinities, 1);
    proven.verify(&proven.proof).expect("a valid proof");
    let key = keygen_vk(
        &proven.params,
        &circuits::SmallCircuit {
            kind: Small::Lookup,
            seed: 9,
        },
    )
    .expect("a key");
    assert_eq!(
        key.transcript_repr(),
        proven.key.get_vk().transcript_repr(),
        "the key does not depend on the witness"
    );
}
