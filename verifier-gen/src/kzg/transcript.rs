// SPDX-License-Identifier: MIT OR Apache-2.0
//! A Fiat-Shamir transcript over Keccak-256, as cheap as it gets on the EVM: a buffer of words.
//!
//! Points are two words `x, y`, scalars one word, all big-endian. A challenge is the hash of the buffer, and the hash is
//! all the buffer holds afterwards; a buffer that holds nothing but a hash is hashed with one byte of 1 behind it, so
//! that two challenges in a row differ. The challenge is the hash modulo r.
//!
//! This is the transcript of snark-verifier's EVM loader and of the privacy-scaling group's generator; tests compare.

use halo2_base::halo2_proofs::arithmetic::CurveAffine;
use halo2_base::halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine};
use halo2_base::halo2_proofs::halo2curves::ff::{FromUniformBytes, PrimeField};
use halo2_base::halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_base::halo2_proofs::transcript::{
    EncodedChallenge, Transcript, TranscriptRead, TranscriptReadBuffer, TranscriptWrite, TranscriptWriterBuffer,
};
use sha3::{Digest, Keccak256};
use std::io::{self, Read, Write};

/// Bytes of a word.
pub const WORD_BYTES: usize = 32;

/// A challenge: the hash modulo r.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge(Fr);

impl EncodedChallenge<G1Affine> for Challenge {
    type Input = [u8; WORD_BYTES];

    fn new(hash: &[u8; WORD_BYTES]) -> Self {
        let mut wide = [0; 64];
        for (to, from) in wide.iter_mut().zip(hash.iter().rev()) {
            *to = *from;
        }
        Self(Fr::from_uniform_bytes(&wide))
    }

    fn get_scalar(&self) -> Fr {
        self.0
    }
}

/// The transcript over a stream `S` of the proof's bytes.
#[derive(Clone, Debug)]
pub struct KeccakTranscript<S> {
    stream: S,
    buffer: Vec<u8>,
    /// Challenges given, in order: what a verifier is compared with.
    challenges: Vec<Fr>,
}

impl<S> KeccakTranscript<S> {
    /// Nothing absorbed.
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: vec![],
            challenges: vec![],
        }
    }

    /// Challenges given so far.
    pub fn challenges(&self) -> &[Fr] {
        &self.challenges
    }

    /// What is left of the stream.
    pub fn into_stream(self) -> S {
        self.stream
    }
}

fn big_endian<F: PrimeField<Repr = [u8; WORD_BYTES]>>(value: F) -> [u8; WORD_BYTES] {
    let mut bytes = value.to_repr();
    bytes.reverse();
    bytes
}

fn invalid(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// The coordinates of a point that is not at infinity.
fn coordinates(point: G1Affine) -> io::Result<[[u8; WORD_BYTES]; 2]> {
    if point.is_identity().into() {
        return Err(invalid("the point at infinity has no words"));
    }
    Ok([big_endian(point.x), big_endian(point.y)])
}

impl<S> Transcript<G1Affine, Challenge> for KeccakTranscript<S> {
    fn squeeze_challenge(&mut self) -> Challenge {
        if self.buffer.len() == WORD_BYTES {
            self.buffer.push(1);
        }
        let hash: [u8; WORD_BYTES] = Keccak256::digest(&self.buffer).into();
        self.buffer = hash.to_vec();
        let challenge = Challenge::new(&hash);
        self.challenges.push(challenge.0);
        challenge
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        for word in coordinates(point)? {
            self.buffer.extend(word);
        }
        Ok(())
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.buffer.extend(big_endian(scalar));
        Ok(())
    }
}

impl<R: Read> KeccakTranscript<R> {
    fn word<F: PrimeField<Repr = [u8; WORD_BYTES]>>(&mut self, what: &str) -> io::Result<F> {
        let mut bytes = [0; WORD_BYTES];
        self.stream.read_exact(&mut bytes)?;
        bytes.reverse();
        Option::from(F::from_repr(bytes)).ok_or_else(|| {
            bytes.reverse();
            invalid(format!("{what} 0x{} is not below the modulus", hex::encode(bytes)))
        })
    }
}

impl<R: Read> TranscriptRead<G1Affine, Challenge> for KeccakTranscript<R> {
    fn read_point(&mut self) -> io::Result<G1Affine> {
        let (x, y): (Fq, Fq) = (self.word("a coordinate")?, self.word("a coordinate")?);
        // (0, 0), which stands for infinity elsewhere, is not on the curve.
        if y.square() != x.square() * x + Fq::from(3) {
            return Err(invalid(format!("({x:?}, {y:?}) is not on the curve")));
        }
        let point = Option::from(G1Affine::from_xy(x, y)).ok_or_else(|| invalid("not a point"))?;
        self.common_point(point)?;
        Ok(point)
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        let scalar = self.word("a scalar")?;
        self.common_scalar(scalar)?;
        Ok(scalar)
    }
}

impl<R: Read> TranscriptReadBuffer<R, G1Affine, Challenge> for KeccakTranscript<R> {
    fn init(reader: R) -> Self {
        Self::new(reader)
    }
}

impl<W: Write> TranscriptWrite<G1Affine, Challenge> for KeccakTranscript<W> {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        for word in coordinates(point)? {
            self.stream.write_all(&word)?;
        }
        self.common_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.stream.write_all(&big_endian(scalar))?;
        self.common_scalar(scalar)
    }
}

impl<W: Write> TranscriptWriterBuffer<W, G1Affine, Challenge> for KeccakTranscript<W> {
    fn init(writer: W) -> Self {
        Self::new(writer)
    }

    fn finalize(self) -> W {
        self.stream
    }
}
