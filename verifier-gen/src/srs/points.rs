// SPDX-License-Identifier: MIT OR Apache-2.0
//! Points as files hold them. Every reader checks that coordinates are below the modulus and that the point is on the curve and
//! not at infinity; halo2curves' own raw reader does not look at the curve.

use halo2_base::halo2_proofs::arithmetic::Field;
use halo2_base::halo2_proofs::halo2curves::CurveAffine;
use halo2_base::halo2_proofs::halo2curves::bn256::{Fq, Fq2, G1Affine, G2Affine};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::halo2curves::serde::SerdeObject;
use std::io::{self, Read};

/// Bytes of a coordinate.
pub(super) const COORDINATE_BYTES: usize = 32;

/// Which of two square roots a compressed point means, and infinity: the two highest bits of its first byte.
const FLAGS: u8 = 0xc0;
pub(super) const SMALLER_Y: u8 = 0x80;
const LARGER_Y: u8 = 0xc0;

/// How coordinates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Little-endian, in Montgomery form; real part first.
    Montgomery,
    /// Big-endian; imaginary part first.
    BigEndian,
    /// As before, x alone, with flags in the two highest bits.
    Compressed,
}

/// So many bytes.
pub(super) fn number<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn big_endian(mut bytes: [u8; COORDINATE_BYTES]) -> Option<Fq> {
    bytes.reverse();
    Option::from(Fq::from_repr(bytes))
}

/// Whether y is the larger of itself and its negative.
fn is_larger(y: Fq) -> bool {
    let (mut a, mut b) = (y.to_repr(), (-y).to_repr());
    a.reverse();
    b.reverse();
    a > b
}

impl Encoding {
    /// Bytes of a point in G1; one in G2 takes twice as many.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Montgomery | Self::BigEndian => 2 * COORDINATE_BYTES,
            Self::Compressed => COORDINATE_BYTES,
        }
    }

    fn coordinate(self, reader: &mut impl Read) -> io::Result<Option<Fq>> {
        let bytes = number::<COORDINATE_BYTES>(reader)?;
        Ok(match self {
            Self::Montgomery => Fq::from_raw_bytes(&bytes),
            Self::BigEndian | Self::Compressed => big_endian(bytes),
        })
    }

    fn pair(self, reader: &mut impl Read) -> io::Result<Option<Fq2>> {
        let (first, second) = (self.coordinate(reader)?, self.coordinate(reader)?);
        Ok(first.zip(second).map(|(first, second)| match self {
            Self::Montgomery => Fq2::new(first, second),
            Self::BigEndian | Self::Compressed => Fq2::new(second, first),
        }))
    }

    /// A point of G1, none if the bytes are none.
    ///
    /// # Errors
    ///
    /// If there are too few bytes.
    pub(super) fn g1(self, reader: &mut impl Read) -> io::Result<Option<G1Affine>> {
        if self == Self::Compressed {
            return Ok(g1_of_x(number(reader)?));
        }
        let (x, y) = (self.coordinate(reader)?, self.coordinate(reader)?);
        Ok(x.zip(y).and_then(|(x, y)| Option::from(G1Affine::from_xy(x, y))))
    }

    /// A point of G2's curve, none if the bytes are none.
    ///
    /// # Errors
    ///
    /// If there are too few bytes.
    pub(super) fn g2(self, reader: &mut impl Read) -> io::Result<Option<G2Affine>> {
        if self == Self::Compressed {
            return Ok(g2_of_x(number(reader)?));
        }
        let (x, y) = (self.pair(reader)?, self.pair(reader)?);
        Ok(x.zip(y).and_then(|(x, y)| Option::from(G2Affine::from_xy(x, y))))
    }
}

fn flags(first: &mut u8) -> Option<bool> {
    let flags = *first & FLAGS;
    *first &= !FLAGS;
    match flags {
        SMALLER_Y => Some(false),
        LARGER_Y => Some(true),
        _ => None,
    }
}

fn g1_of_x(mut bytes: [u8; COORDINATE_BYTES]) -> Option<G1Affine> {
    let larger = flags(&mut bytes[0])?;
    let x = big_endian(bytes)?;
    let y = Option::<Fq>::from((x.square() * x + Fq::from(3)).sqrt())?;
    Option::from(G1Affine::from_xy(x, if is_larger(y) == larger { y } else { -y }))
}

fn g2_of_x(mut bytes: [u8; 2 * COORDINATE_BYTES]) -> Option<G2Affine> {
    let larger = flags(&mut bytes[0])?;
    let (imaginary, real) = bytes.split_at(COORDINATE_BYTES);
    let part = |half: &[u8]| big_endian(half.try_into().expect("half of them"));
    let x = Fq2::new(part(real)?, part(imaginary)?);
    // 3 / (9 + i), the twist's constant: what the generator satisfies.
    let generator = G2Affine::generator();
    let constant = generator.y.square() - generator.x.square() * generator.x;
    let y = Option::<Fq2>::from((x.square() * x + constant).sqrt())?;
    let own = if y.c1 == Fq::ZERO {
        is_larger(y.c0)
    } else {
        is_larger(y.c1)
    };
    Option::from(G2Affine::from_xy(x, if own == larger { y } else { -y }))
}
