// SPDX-License-Identifier: MIT OR Apache-2.0

use super::super::development;
use super::*;
use halo2_base::halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::halo2curves::group::Curve;
use halo2_base::halo2_proofs::poly::commitment::ParamsProver;
use proptest::prelude::*;
use std::io::Cursor;
use std::sync::LazyLock;

/// log2 of the powers of the files.
const POWER: u32 = 2;

/// Twice as many powers, for what a challenge file has in G1.
static PARAMS: LazyLock<ParamsKZG<Bn256>> = LazyLock::new(|| development(POWER + 1, &|_| ()));

fn big_endian(value: Fq) -> Vec<u8> {
    value.to_repr().iter().rev().copied().collect()
}

fn uncompressed_g1(point: &G1Affine) -> Vec<u8> {
    [big_endian(point.x), big_endian(point.y)].concat()
}

fn uncompressed_g2(point: &G2Affine) -> Vec<u8> {
    [point.x.c1, point.x.c0, point.y.c1, point.y.c0]
        .map(big_endian)
        .concat()
}

fn flagged(mut x: Vec<u8>, y: &[u8], negative: &[u8]) -> Vec<u8> {
    x[0] |= if y > negative { 0xc0 } else { 0x80 };
    x
}

fn compressed_g1(point: &G1Affine) -> Vec<u8> {
    flagged(big_endian(point.x), &big_endian(point.y), &big_endian(-point.y))
}

fn compressed_g2(point: &G2Affine) -> Vec<u8> {
    let x = [big_endian(point.x.c1), big_endian(point.x.c0)].concat();
    let y = |point: &G2Affine| [big_endian(point.y.c1), big_endian(point.y.c0)].concat();
    flagged(x, &y(point), &y(&-*point))
}

fn challenge_file() -> Vec<u8> {
    let powers = PARAMS.get_g();
    let mut bytes = vec![7; HASH_BYTES as usize];
    bytes.extend(powers[..powers.len() - 1].iter().flat_map(uncompressed_g1));
    bytes.extend([PARAMS.g2(), PARAMS.s_g2()].iter().flat_map(uncompressed_g2));
    bytes
}

fn take_challenge(bytes: &[u8], power: u32, k: Option<u32>) -> Result<ParamsKZG<Bn256>, ImportError> {
    challenge(Cursor::new(bytes), bytes.len() as u64, power, k, &|_| ())
}

fn take_compressed(bytes: &[u8], k: Option<u32>) -> Result<ParamsKZG<Bn256>, ImportError> {
    compressed(&mut Cursor::new(bytes), bytes.len() as u64, PARAMS.s_g2(), k, &|_| ())
}

// REQ V13
#[test]
fn a_challenge_is_taken() {
    let file = challenge_file();
    let params = take_challenge(&file, POWER, None).expect("powers of one tau");
    assert_eq!(params.get_g(), &PARAMS.get_g()[..1 << POWER]);
    assert_eq!(params.s_g2(), PARAMS.s_g2());
    assert_eq!(
        take_challenge(&file, POWER, Some(1)).expect("a prefix").get_g().len(),
        2
    );
    assert!(matches!(
        take_challenge(&file, POWER, Some(3)),
        Err(ImportError::Short { found: 2, wanted: 3 })
    ));
    // Another power means other places: nothing fits.
    for power in [0, 1, 3, 29] {
        assert!(take_challenge(&file, power, None).is_err(), "2^{power}");
    }
}

// REQ V13
#[test]
fn rows_are_a_power_of_two_that_the_powers_are_enough_for() {
    for (found, k, expected) in [
        (2, None, 1),
        (3, None, 1),
        (8, None, 3),
        (8, Some(1), 1),
        (1 << 28, None, 28),
        (1 << 40, None, 28),
        (1 << 40, Some(28), 28),
    ] {
        assert_eq!(rows(found, k).expect("enough"), expected, "{found} powers, {k:?}");
    }
    for (found, k, wanted) in [
        (0, None, 0),
        (1, None, 0),
        (8, Some(0), 0),
        (7, Some(3), 3),
        (1 << 40, Some(29), 29),
    ] {
        let error = rows(found, k).expect_err("not enough");
        assert!(
            matches!(error, ImportError::Short { wanted: asked, .. } if asked == wanted),
            "{found} powers, {k:?}: {error}"
        );
    }
}

// REQ V13
#[test]
fn a_challenge_that_is_too_short_or_of_no_power_is_told() {
    let file = challenge_file();
    let said = |bytes: &[u8], power| match take_challenge(bytes, power, None) {
        Err(ImportError::Header(said)) => said,
        other => panic!("{:?}", other.err()),
    };
    assert_eq!(
        said(&file[..767], POWER),
        "a challenge of 2^2 powers has more than 768 bytes, this file has 767"
    );
    for power in [0, 29] {
        let expected = format!("a challenge of 2^{power} powers: 1 to 28 are possible");
        assert_eq!(said(&file, power), expected);
    }
    assert!(said(&file, 28).contains("this file has 768"));
}

// REQ V13
#[test]
fn compressed_powers_are_taken() {
    let file: Vec<u8> = PARAMS.get_g().iter().flat_map(compressed_g1).collect();
    let params = take_compressed(&file, None).expect("powers of one tau");
    assert_eq!(params.get_g(), PARAMS.get_g());
    // A power too many, as in files that are no power of two long.
    let longer = [&file[..], &file[..32]].concat();
    assert_eq!(
        take_compressed(&longer, None).expect("a prefix").get_g(),
        PARAMS.get_g()
    );
    assert!(matches!(
        take_compressed(&file, Some(4)),
        Err(ImportError::Short { found: 3, wanted: 4 })
    ));
}

// REQ V13
#[test]
fn tau_is_the_first_point_or_behind_the_generator() {
    let tau = compressed_g2(&PARAMS.s_g2());
    let generator = compressed_g2(&G2Affine::generator());
    assert_eq!(compressed_tau(&mut Cursor::new(&tau)).expect("a point"), PARAMS.s_g2());
    assert_eq!(
        compressed_tau(&mut Cursor::new([generator.clone(), tau].concat())).expect("a point"),
        PARAMS.s_g2()
    );
    assert!(compressed_tau(&mut Cursor::new(generator)).is_err());
}

/// y = 2 is the smaller root of the generator's x = 1 (gnark-crypto, ecc/bn254/marshal.go: 0b10 for the smaller one).
#[test]
fn flags_mean_what_gnark_means() {
    let mut bytes = [0; 32];
    (bytes[0], bytes[31]) = (0x80, 1);
    assert_eq!(
        Encoding::Compressed.g1(&mut &bytes[..]).expect("32 bytes"),
        Some(G1Affine::generator())
    );
    bytes[0] = 0xc0;
    assert_eq!(
        Encoding::Compressed.g1(&mut &bytes[..]).expect("32 bytes"),
        Some(-G1Affine::generator())
    );
    for flags in [0x00, 0x40] {
        bytes[0] = flags;
        assert_eq!(
            Encoding::Compressed.g1(&mut &bytes[..]).expect("32 bytes"),
            None,
            "{flags:#x}"
        );
    }
    for scalar in 1u64..20 {
        let point = (G2Affine::generator() * Fr::from(scalar)).to_affine();
        for point in [point, -point] {
            assert_eq!(
                Encoding::Compressed
                    .g2(&mut &compressed_g2(&point)[..])
                    .expect("64 bytes"),
                Some(point)
            );
        }
    }
}

// REQ V13 C12
#[test]
fn every_damage_is_an_error() {
    let file = challenge_file();
    for length in 0..file.len() {
        assert!(take_challenge(&file[..length], POWER, None).is_err(), "{length} bytes");
    }
    // Powers beyond those that are used, and the hash, are not read.
    let used = HASH_BYTES as usize..HASH_BYTES as usize + 64 * (1 << POWER);
    let second = file.len() - 256..file.len();
    for place in used.chain(second) {
        let mut bad = file.clone();
        bad[place] ^= 1;
        assert!(take_challenge(&bad, POWER, None).is_err(), "byte {place}");
    }
    let file: Vec<u8> = PARAMS.get_g().iter().flat_map(compressed_g1).collect();
    for place in 0..file.len() {
        for bit in [0x01, 0x40, 0x80] {
            let mut bad = file.clone();
            bad[place] ^= bit;
            assert!(take_compressed(&bad, None).is_err(), "byte {place}");
        }
    }
}

proptest! {
    // REQ C12
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..900), power in 0u32..4, k in prop::option::of(0u32..40)) {
        let _ = take_challenge(&bytes, power, k);
        let _ = take_compressed(&bytes, k);
        let _ = compressed_tau(&mut Cursor::new(&bytes));
    }
}
