// SPDX-License-Identifier: MIT OR Apache-2.0

use super::super::{Standing, development, standing};
use super::*;
use halo2_base::halo2_proofs::halo2curves::serde::SerdeObject;
use halo2_base::halo2_proofs::poly::commitment::{Params, ParamsProver};
use proptest::prelude::*;
use std::io::Cursor;
use std::sync::LazyLock;

#[path = "../../../tests/support/ceremony.rs"]
mod ceremony;

fn genuine() -> Vec<u8> {
    std::fs::read(ceremony::genuine()).expect("the file of the crate")
}

fn take(bytes: &[u8], k: Option<u32>) -> Result<ParamsKZG<Bn256>, ImportError> {
    read(Cursor::new(bytes), bytes.len() as u64, k, &|_| ())
}

/// A file of the development setup's powers.
static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| file_of(&development(3, &|_| ())));

fn small() -> Vec<u8> {
    SMALL.clone()
}

fn file_of(params: &ParamsKZG<Bn256>) -> Vec<u8> {
    let mut header = 32u32.to_le_bytes().to_vec();
    let mut modulus = (-Fq::one()).to_repr();
    modulus[0] += 1;
    header.extend(modulus);
    header.extend(3u32.to_le_bytes());
    header.extend(3u32.to_le_bytes());
    let g1: Vec<u8> = params
        .get_g()
        .iter()
        .flat_map(|p| [p.x.to_raw_bytes(), p.y.to_raw_bytes()].concat())
        .collect();
    let g2 = [params.g2(), params.s_g2()];
    let g2: Vec<u8> = g2
        .iter()
        .flat_map(|p| [p.x.c0, p.x.c1, p.y.c0, p.y.c1])
        .flat_map(|c| c.to_raw_bytes())
        .collect();
    let mut bytes = b"ptau".to_vec();
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(3u32.to_le_bytes());
    for (id, content) in [(1u32, header), (2, g1), (3, g2)] {
        bytes.extend(id.to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(content);
    }
    bytes
}

/// Where the content of section 2 begins, and of section 3.
const G1: usize = 12 + 12 + 44 + 12;
const G2: usize = G1 + 8 * 64 + 12;

// REQ V13
#[test]
fn the_genuine_ceremony_is_taken() {
    use blake2::{Blake2b512, Digest};
    let bytes = genuine();
    // snarkjs, README.md, table of prepared files, power 8.
    let digest = "d6a8fb3a04feb600096c3b791f936a578c4e664d262e4aa24beed1b7a9a96aa5\
                  eb72864d628db247e9293384b74b36ffb52ca8d148d6e1b8b51e279fdf57b583";
    assert_eq!(hex::encode(Blake2b512::digest(&bytes)), digest);
    let params = take(&bytes, None).expect("powers of one tau");
    assert_eq!(params.get_g().len(), 256);
    assert!(matches!(standing(&params.s_g2()), Standing::Ceremony(_)));
    let shorter = take(&bytes, Some(5)).expect("a prefix");
    assert_eq!(shorter.get_g(), &params.get_g()[..32]);
    assert!(matches!(
        take(&bytes, Some(9)),
        Err(ImportError::Short { found: 8, wanted: 9 })
    ));
}

#[test]
fn a_small_file_is_taken() {
    let params = take(&small(), None).expect("powers of one tau");
    assert_eq!(params.get_g(), development(3, &|_| ()).get_g());
}

/// Where the header tells log2 of the powers.
const POWER: usize = 12 + 12 + 36;

// REQ V13
#[test]
fn one_power_to_2_28_are_taken_and_no_more_than_there_are() {
    let with = |power: u32, k| {
        let mut file = small();
        file[POWER..POWER + 4].copy_from_slice(&power.to_le_bytes());
        take(&file, k)
    };
    assert_eq!(with(28, Some(3)).expect("a prefix").k(), 3);
    assert_eq!(with(3, Some(1)).expect("a prefix").k(), 1);
    for (power, k, wanted) in [(2, Some(3), 3), (3, Some(0), 0), (0, None, 0)] {
        let error = with(power, k).expect_err("not there");
        assert!(
            matches!(error, ImportError::Short { found, wanted: asked } if (found, asked) == (power, wanted)),
            "2^{power}: {error}"
        );
    }
    // A header that promises more than section 2 holds.
    assert!(matches!(
        with(4, None),
        Err(ImportError::Section {
            id: 2,
            found: 512,
            expected: 1024
        })
    ));
    for k in [None, Some(3)] {
        assert_eq!(
            with(29, k).expect_err("more than there can be").to_string(),
            ImportError::Header("it has 2^29 powers, at most 2^28 are possible".to_owned()).to_string()
        );
    }
}

// REQ V13 C12
#[test]
fn what_is_wrong_is_said() {
    let good = small();
    let with = |place: usize, byte: u8| {
        let mut bad = good.clone();
        bad[place] ^= byte;
        take(&bad, None)
    };
    assert!(matches!(with(0, 1), Err(ImportError::Header(_))));
    assert!(matches!(with(4, 2), Err(ImportError::Header(_))));
    assert!(matches!(with(24, 1), Err(ImportError::Header(_))));
    assert!(matches!(with(28, 1), Err(ImportError::Header(_))));
    for point in 0..8 {
        let error = with(G1 + 64 * point, 1).expect_err("off the curve");
        assert!(
            matches!(error, ImportError::Point { group: "G1", index } if index == point as u64),
            "{error}"
        );
    }
    assert!(matches!(
        with(G2 + 128, 1),
        Err(ImportError::Point { group: "G2", index: 1 })
    ));
    // A coordinate that is not reduced.
    let mut large = good.clone();
    large[G1..G1 + 32].fill(0xff);
    assert!(matches!(
        take(&large, None),
        Err(ImportError::Point { group: "G1", index: 0 })
    ));
    // Two powers exchanged, and two of G2.
    let mut swapped = good.clone();
    let (a, b) = swapped[G1 + 64..].split_at_mut(64);
    a[..64].swap_with_slice(&mut b[..64]);
    assert!(matches!(take(&swapped, None), Err(ImportError::Check(_))));
    let mut same = good.clone();
    let (a, b) = same[G2..].split_at_mut(128);
    b[..128].copy_from_slice(a);
    assert!(matches!(take(&same, None), Err(ImportError::Check(_))));
    for length in 0..good.len() {
        assert!(take(&good[..length], None).is_err(), "{length} bytes");
    }
}

proptest! {
    // REQ C12
    #[test]
    fn no_bytes_make_it_panic(place in 0usize..G1, bytes in prop::collection::vec(any::<u8>(), 1..20)) {
        let mut bad = small();
        for (i, byte) in bytes.into_iter().enumerate() {
            bad[(place + i).min(G1 - 1)] = byte;
        }
        let _ = take(&bad, None);
    }
}
