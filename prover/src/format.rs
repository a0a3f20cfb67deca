// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one format of a stored or transmitted proof (CIR-22).
//!
//! | bytes | field |
//! |---|---|
//! | 0..4 | `PoEp` |
//! | 4..6 | format version, big-endian: 1 |
//! | 6 | layer: 1 leaf, 2 wrap, 3 node, 4 bind, 5 final |
//! | 7 | 0 |
//! | 8..40 | digest of the circuit, as plonky2 writes it |
//! | 40..44 | length of the body, big-endian |
//! | 44.. | the proof and its public inputs, in plonky2 1.1.0's order, integers little-endian |
//!
//! Every length is known from the circuit, and every element is checked to be canonical, before plonky2 reads a byte:
//! its own reader ignores trailing bytes and keeps values that are not canonical.

use crate::bn254::{Bn254Digest, Bn254Hash};
use crate::config::{D, F};
use crate::layers::Layer;
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::plonk::circuit_data::{CircuitData, CommonCircuitData};
use plonky2::plonk::config::{GenericConfig, GenericHashOut, Hasher};
use plonky2::plonk::proof::ProofWithPublicInputs;
use poe_rollup::ecgfp5::GOLDILOCKS_PRIME;

const MAGIC: [u8; 4] = *b"PoEp";

/// Version of the format.
pub const VERSION: u16 = 1;

const HEADER_BYTES: usize = 44;

/// The number of a layer in the header.
const fn number(layer: Layer) -> u8 {
    match layer {
        Layer::Leaf => 1,
        Layer::Wrap => 2,
        Layer::Node => 3,
        Layer::Bind => 4,
        Layer::Final => 5,
    }
}

/// The layer that a proof's header names.
///
/// # Errors
///
/// If there is no header, or no such layer.
pub fn layer_of(bytes: &[u8]) -> Result<Layer, FormatError> {
    if bytes.len() < HEADER_BYTES {
        return Err(FormatError::NoHeader { found: bytes.len() });
    }
    if bytes[..4] != MAGIC {
        return Err(FormatError::WrongMagic);
    }
    let layers = [Layer::Leaf, Layer::Wrap, Layer::Node, Layer::Bind, Layer::Final];
    let named = layers.into_iter().find(|&layer| number(layer) == bytes[6]);
    named.ok_or(FormatError::UnknownLayer { found: bytes[6] })
}

/// Bytes that are no proof of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Too short for a header.
    #[error("{found} bytes are too short for a proof: the header alone has {HEADER_BYTES}")]
    NoHeader {
        /// Bytes given.
        found: usize,
    },
    /// The first bytes are not `PoEp`.
    #[error("not a proof file: it does not begin with \"PoEp\"")]
    WrongMagic,
    /// Written by another version.
    #[error("the proof has format version {found}, this program reads {VERSION}")]
    WrongVersion {
        /// Version in the header.
        found: u16,
    },
    /// A proof of another layer.
    #[error("the proof is of layer number {found}, not a {expected} proof")]
    WrongLayer {
        /// Layer asked for.
        expected: Layer,
        /// Number in the header.
        found: u8,
    },
    /// A number that is no layer's.
    #[error("there is no layer number {found}")]
    UnknownLayer {
        /// Number in the header.
        found: u8,
    },
    /// A byte that must be zero is not.
    #[error("the reserved byte is {found}, not 0")]
    ReservedByte {
        /// The byte.
        found: u8,
    },
    /// A proof of another circuit.
    #[error("the proof is of another circuit: other capacities, or another version of the prover")]
    WrongCircuit,
    /// The body is longer or shorter than a proof of the circuit.
    #[error("the body has {found} bytes, a proof of this circuit has {expected}")]
    WrongLength {
        /// Bytes of a proof of this circuit.
        expected: usize,
        /// Bytes present, or stated in the header.
        found: usize,
    },
    /// A field element is not below its modulus.
    #[error("the element at byte {offset} of the body is not canonical")]
    NotCanonical {
        /// Offset in the body.
        offset: usize,
    },
    /// A length inside the body is not the circuit's.
    #[error("the length at byte {offset} of the body is {found}, in this circuit it is {expected}")]
    WrongInnerLength {
        /// Offset in the body.
        offset: usize,
        /// The circuit's.
        expected: u64,
        /// The one found.
        found: u64,
    },
    /// plonky2 refuses what passed all checks above.
    #[error("plonky2 cannot read the proof")]
    Unreadable,
}

/// A hash whose 32-byte encoding can be told canonical.
pub trait CanonicalHash: Hasher<F> {
    /// Whether `bytes` encode a digest in the only way there is.
    fn is_canonical(bytes: &[u8; 32]) -> bool;
}

impl CanonicalHash for PoseidonHash {
    fn is_canonical(bytes: &[u8; 32]) -> bool {
        bytes.chunks_exact(8).all(is_canonical_element)
    }
}

impl CanonicalHash for Bn254Hash {
    fn is_canonical(bytes: &[u8; 32]) -> bool {
        let limbs = core::array::from_fn(|i| u64::from_le_bytes(core::array::from_fn(|j| bytes[8 * i + j])));
        Bn254Digest::try_from(limbs).is_ok()
    }
}

fn is_canonical_element(bytes: &[u8]) -> bool {
    bytes
        .try_into()
        .is_ok_and(|bytes| u64::from_le_bytes(bytes) < GOLDILOCKS_PRIME)
}

/// Writes a proof.
pub fn encode<K>(layer: Layer, circuit: &CircuitData<F, K, D>, proof: &ProofWithPublicInputs<F, K, D>) -> Vec<u8>
where
    K: GenericConfig<D, F = F>,
{
    let body = proof.to_bytes();
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_be_bytes());
    bytes.extend([number(layer), 0]);
    bytes.extend(digest_of(circuit));
    bytes.extend(
        u32::try_from(body.len())
            .expect("proofs are far below 4 GiB")
            .to_be_bytes(),
    );
    bytes.extend(body);
    bytes
}

/// Reads a proof of `circuit`. It is well-formed then; whether it holds is the verifier's to say.
///
/// # Errors
///
/// Whatever is wrong with the bytes.
pub fn decode<K>(
    layer: Layer,
    circuit: &CircuitData<F, K, D>,
    bytes: &[u8],
) -> Result<ProofWithPublicInputs<F, K, D>, FormatError>
where
    K: GenericConfig<D, F = F>,
    K::Hasher: CanonicalHash,
{
    let body = check_header(layer, &digest_of(circuit), bytes)?;
    let expected = Walk::<K::Hasher>::length(&circuit.common);
    if body.len() != expected {
        return Err(FormatError::WrongLength {
            expected,
            found: body.len(),
        });
    }
    Walk::<K::Hasher>::new(Some(body)).proof(&circuit.common)?;
    ProofWithPublicInputs::from_bytes(body.to_vec(), &circuit.common).map_err(|_| FormatError::Unreadable)
}

fn digest_of<K: GenericConfig<D, F = F>>(circuit: &CircuitData<F, K, D>) -> Vec<u8> {
    circuit.verifier_only.circuit_digest.to_bytes()
}

fn check_header<'b>(layer: Layer, digest: &[u8], bytes: &'b [u8]) -> Result<&'b [u8], FormatError> {
    let (header, body) = bytes
        .split_at_checked(HEADER_BYTES)
        .ok_or(FormatError::NoHeader { found: bytes.len() })?;
    if header[..4] != MAGIC {
        return Err(FormatError::WrongMagic);
    }
    let version = u16::from_be_bytes([header[4], header[5]]);
    if version != VERSION {
        return Err(FormatError::WrongVersion { found: version });
    }
    if header[6] != number(layer) {
        return Err(FormatError::WrongLayer {
            expected: layer,
            found: header[6],
        });
    }
    if header[7] != 0 {
        return Err(FormatError::ReservedByte { found: header[7] });
    }
    if header[8..40] != *digest {
        return Err(FormatError::WrongCircuit);
    }
    let stated = u32::from_be_bytes([header[40], header[41], header[42], header[43]]) as usize;
    if stated != body.len() {
        return Err(FormatError::WrongLength {
            expected: stated,
            found: body.len(),
        });
    }
    Ok(body)
}

/// Goes through a body in plonky2's order; without a body it only counts.
struct Walk<'b, H> {
    body: Option<&'b [u8]>,
    at: usize,
    hash: core::marker::PhantomData<H>,
}

impl<'b, H: CanonicalHash> Walk<'b, H> {
    const fn new(body: Option<&'b [u8]>) -> Self {
        Self {
            body,
            at: 0,
            hash: core::marker::PhantomData,
        }
    }

    /// Bytes of a proof's body.
    fn length(common: &CommonCircuitData<F, D>) -> usize {
        let mut walk = Self::new(None);
        walk.proof(common).expect("without a body nothing is refused");
        walk.at
    }

    fn proof(&mut self, common: &CommonCircuitData<F, D>) -> Result<(), FormatError> {
        let config = &common.config;
        let fri = &common.fri_params;
        let cap_height = config.fri_config.cap_height;
        let challenges = config.num_challenges;
        let partial_products = challenges * common.num_partial_products;
        let quotients = challenges * common.quotient_degree_factor;
        let constants = common.num_constants + config.num_routed_wires;

        for _ in 0..3 {
            self.cap(cap_height)?;
        }
        let openings = constants + config.num_wires + 2 * challenges + partial_products + quotients;
        self.elements(D * openings)?;
        for _ in &fri.reduction_arity_bits {
            self.cap(cap_height)?;
        }
        let leaves = [constants, config.num_wires, challenges + partial_products, quotients];
        for _ in 0..config.fri_config.num_query_rounds {
            for columns in leaves {
                self.elements(columns)?;
                self.path(fri.lde_bits() - cap_height)?;
            }
            let mut bits = fri.lde_bits();
            for arity_bits in &fri.reduction_arity_bits {
                bits -= arity_bits;
                self.elements(D << arity_bits)?;
                self.path(bits - cap_height)?;
            }
        }
        self.elements(D * fri.final_poly_len())?;
        // The proof of work.
        self.elements(1)?;
        self.number(common.num_public_inputs as u64)?;
        self.elements(common.num_public_inputs)
    }

    fn elements(&mut self, count: usize) -> Result<(), FormatError> {
        self.pieces(count, 8, is_canonical_element)
    }

    fn cap(&mut self, height: usize) -> Result<(), FormatError> {
        self.hashes(1 << height)
    }

    fn path(&mut self, length: usize) -> Result<(), FormatError> {
        let offset = self.at;
        self.at += 1;
        let expected = u8::try_from(length).expect("trees are low");
        self.expect(offset, u64::from(expected), |body| u64::from(body[offset]))?;
        self.hashes(length)
    }

    fn number(&mut self, expected: u64) -> Result<(), FormatError> {
        let offset = self.at;
        self.at += 8;
        self.expect(offset, expected, |body| {
            u64::from_le_bytes(core::array::from_fn(|i| body[offset + i]))
        })
    }

    fn expect(&self, offset: usize, expected: u64, read: impl FnOnce(&[u8]) -> u64) -> Result<(), FormatError> {
        match self.body.map(read) {
            Some(found) if found != expected => Err(FormatError::WrongInnerLength {
                offset,
                expected,
                found,
            }),
            _ => Ok(()),
        }
    }

    fn hashes(&mut self, count: usize) -> Result<(), FormatError> {
        self.pieces(count, 32, |bytes| bytes.try_into().is_ok_and(H::is_canonical))
    }

    /// `count` pieces of `size` bytes; the body is as long as the walk, so it holds them.
    fn pieces(&mut self, count: usize, size: usize, is_canonical: impl Fn(&[u8]) -> bool) -> Result<(), FormatError> {
        let from = self.at;
        self.at += count * size;
        let Some(body) = self.body else { return Ok(()) };
        match body[from..self.at]
            .chunks_exact(size)
            .position(|piece| !is_canonical(piece))
        {
            Some(position) => Err(FormatError::NotCanonical {
                offset: from + position * size,
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Builder, C, Circuit, Proof};
    use plonky2::field::types::Field;
    use plonky2::gates::noop::NoopGate;
    use plonky2::iop::witness::{PartialWitness, WitnessWrite};
    use plonky2::plonk::circuit_data::CircuitConfig;
    use std::sync::OnceLock;

    /// Large enough that its proofs fold twice, and with as many challenges as our own circuits have.
    fn example() -> &'static (Circuit, Proof, Vec<u8>) {
        static EXAMPLE: OnceLock<(Circuit, Proof, Vec<u8>)> = OnceLock::new();
        EXAMPLE.get_or_init(|| {
            let mut builder = Builder::new(CircuitConfig {
                num_challenges: 3,
                ..CircuitConfig::standard_recursion_config()
            });
            let x = builder.add_virtual_public_input();
            let y = builder.exp_u64(x, 1000);
            builder.register_public_input(y);
            while builder.num_gates() < 600 {
                builder.add_gate(NoopGate, vec![]);
            }
            let circuit = builder.build::<C>();
            assert_eq!(circuit.common.fri_params.reduction_arity_bits, [4, 4]);
            let mut inputs = PartialWitness::new();
            inputs.set_target(x, F::TWO).expect("set once");
            let proof = circuit.prove(inputs).expect("a proof");
            let bytes = encode(Layer::Leaf, &circuit, &proof);
            (circuit, proof, bytes)
        })
    }

    fn decoded(bytes: &[u8]) -> Result<Proof, FormatError> {
        decode(Layer::Leaf, &example().0, bytes)
    }

    // REQ C11
    #[test]
    fn a_proof_survives_the_round_trip() {
        let (circuit, proof, bytes) = example();
        let read = decoded(bytes).expect("well-formed");
        assert_eq!(read, *proof);
        assert_eq!(encode(Layer::Leaf, circuit, &read), *bytes);
        circuit.verify(read).expect("it holds");
    }

    // REQ C11
    #[test]
    fn a_header_that_is_not_right_is_named() {
        let (circuit, _, bytes) = example();
        let with = |at: usize, value: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            decoded(&bytes).expect_err("spoiled")
        };
        assert_eq!(decoded(&bytes[..43]), Err(FormatError::NoHeader { found: 43 }));
        assert_eq!(with(0, b'p'), FormatError::WrongMagic);
        assert_eq!(with(5, 2), FormatError::WrongVersion { found: 2 });
        let expected = Layer::Leaf;
        assert_eq!(with(6, 2), FormatError::WrongLayer { expected, found: 2 });
        assert_eq!(with(7, 1), FormatError::ReservedByte { found: 1 });
        assert_eq!(with(8, bytes[8] ^ 1), FormatError::WrongCircuit);
        assert!(matches!(with(43, bytes[43] ^ 1), FormatError::WrongLength { .. }));
        let expected = Layer::Wrap;
        let other = decode(Layer::Wrap, circuit, bytes);
        assert_eq!(other, Err(FormatError::WrongLayer { expected, found: 1 }));
    }

    // REQ C11
    #[test]
    fn a_header_is_the_one_of_the_specification() {
        let (circuit, _, bytes) = example();
        assert_eq!(bytes[..8], *b"PoEp\0\x01\x01\0");
        assert_eq!(bytes[8..40], circuit.verifier_only.circuit_digest.to_bytes());
        let body = bytes.len() - HEADER_BYTES;
        assert_eq!(bytes[40..44], (body as u32).to_be_bytes());
        let mut longer = bytes.clone();
        longer.push(0);
        let (expected, found) = (body, body + 1);
        assert_eq!(decoded(&longer), Err(FormatError::WrongLength { expected, found }));
        longer[40..44].copy_from_slice(&(found as u32).to_be_bytes());
        assert_eq!(decoded(&longer), Err(FormatError::WrongLength { expected, found }));
    }

    // REQ C11
    #[test]
    fn a_header_names_its_layer() {
        let header = |layer: u8| {
            let mut header = [0; HEADER_BYTES];
            header[..4].copy_from_slice(&MAGIC);
            header[6] = layer;
            header
        };
        let layers = [Layer::Leaf, Layer::Wrap, Layer::Node, Layer::Bind, Layer::Final];
        for (named, layer) in (1..).zip(layers) {
            assert_eq!(layer_of(&header(named)), Ok(layer));
        }
        for found in [0, 6, u8::MAX] {
            assert_eq!(layer_of(&header(found)), Err(FormatError::UnknownLayer { found }));
        }
        assert_eq!(layer_of(&header(1)[..43]), Err(FormatError::NoHeader { found: 43 }));
        assert_eq!(layer_of(&[0; HEADER_BYTES]), Err(FormatError::WrongMagic));
    }

    /// By the format: three caps of 16 digests, the openings, the caps of two foldings; at the end the public inputs.
    // REQ C11
    #[test]
    fn what_is_wrong_in_the_body_is_told_with_its_place() {
        let (circuit, _, bytes) = example();
        let with = |offset: usize, piece: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[HEADER_BYTES + offset..][..piece.len()].copy_from_slice(piece);
            decoded(&bytes).expect_err("spoiled")
        };
        let caps = 3 * 16 * 32;
        for hash in [0, 5, 16, 47] {
            let offset = hash * 32;
            let found = with(offset + 24, &u64::MAX.to_le_bytes());
            assert_eq!(found, FormatError::NotCanonical { offset });
        }
        for element in [0, 1, 100] {
            let offset = caps + element * 8;
            let found = with(offset, &GOLDILOCKS_PRIME.to_le_bytes());
            assert_eq!(found, FormatError::NotCanonical { offset });
        }
        let body = bytes.len() - HEADER_BYTES;
        let offset = body - 2 * 8 - 8;
        let (expected, found) = (2, 3);
        assert_eq!(
            with(offset, &3u64.to_le_bytes()),
            FormatError::WrongInnerLength {
                offset,
                expected,
                found
            }
        );

        // The first path of the first query: constants and sigmas, from the leaves to the cap.
        let common = &circuit.common;
        let (constants, wires) = (
            common.num_constants + common.config.num_routed_wires,
            common.config.num_wires,
        );
        let products = common.config.num_challenges * (2 + common.num_partial_products + common.quotient_degree_factor);
        let offset = caps + 8 * D * (constants + wires + products) + 2 * 16 * 32 + 8 * constants;
        let (expected, found) = (common.fri_params.lde_bits() as u64 - 4, 77);
        assert_eq!(
            with(offset, &[77]),
            FormatError::WrongInnerLength {
                offset,
                expected,
                found
            }
        );
    }

    // REQ C11
    #[test]
    fn digests_over_bn254_have_one_encoding() {
        // The modulus, least significant limb first.
        let modulus = [
            0x43e1_f593_f000_0001,
            0x2833_e848_79b9_7091,
            0xb850_45b6_8181_585d,
            0x3064_4e72_e131_a029_u64,
        ];
        let is_canonical = |limbs: [u64; 4]| {
            let bytes = limbs.map(u64::to_le_bytes).concat();
            Bn254Hash::is_canonical(&bytes.try_into().expect("32 bytes"))
        };
        assert!(!is_canonical(modulus));
        for limb in 0..4 {
            let (mut below, mut above) = (modulus, modulus);
            below[limb] -= 1;
            above[limb] += 1;
            assert!(is_canonical(below), "limb {limb}");
            assert!(!is_canonical(above), "limb {limb}");
        }
        assert!(is_canonical([u64::MAX, u64::MAX, u64::MAX, 1]));
        assert!(!is_canonical([1, 1, 1, u64::MAX]));
    }

    // REQ C11
    #[test]
    fn a_body_of_another_length_is_refused_whatever_the_header_says() {
        let (_, _, bytes) = example();
        for length in [
            HEADER_BYTES,
            bytes.len() - 8,
            bytes.len() - 1,
            bytes.len() + 1,
            bytes.len() + 8,
        ] {
            let mut bytes = bytes.clone();
            bytes.resize(length, 0);
            assert!(
                matches!(decoded(&bytes), Err(FormatError::WrongLength { .. })),
                "{length}"
            );
            let body = u32::try_from(length - HEADER_BYTES).expect("short").to_be_bytes();
            bytes[40..44].copy_from_slice(&body);
            assert!(
                matches!(decoded(&bytes), Err(FormatError::WrongLength { .. })),
                "{length}"
            );
        }
    }

    /// Any eight bytes of the body turned into p or 2^64 - 1 are refused, or are no element at all and then a length.
    // REQ C11, C12
    #[test]
    fn no_element_has_a_second_encoding() {
        let (circuit, _, bytes) = example();
        let mut offset = HEADER_BYTES;
        while offset + 8 <= bytes.len() {
            for value in [GOLDILOCKS_PRIME, u64::MAX] {
                let mut bytes = bytes.clone();
                bytes[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
                match decoded(&bytes) {
                    Err(FormatError::NotCanonical { .. } | FormatError::WrongInnerLength { .. }) => {}
                    // The bytes straddle two elements.
                    Ok(proof) => assert_eq!(encode(Layer::Leaf, circuit, &proof), bytes),
                    Err(other) => panic!("{other} at {offset}"),
                }
            }
            offset += 121;
        }
    }

    // REQ C12
    #[test]
    fn no_bytes_make_the_decoder_panic() {
        use proptest::prelude::*;
        let (_, _, bytes) = example();
        proptest!(ProptestConfig::with_cases(300), |(at in 0..bytes.len(), value: u8, length in 0..bytes.len())| {
            let mut spoiled = bytes.clone();
            spoiled[at] = value;
            if let Ok(proof) = decoded(&spoiled) {
                prop_assert_eq!(encode(Layer::Leaf, &example().0, &proof), spoiled.clone());
                if spoiled != *bytes {
                    prop_assert!(example().0.verify(proof).is_err());
                }
            }
            spoiled.truncate(length);
            prop_assert!(decoded(&spoiled).is_err());
        });
    }
}
