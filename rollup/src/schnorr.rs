// SPDX-License-Identifier: MIT OR Apache-2.0
//! Schnorr signatures over ecGFp5 as the state transition defines them (ST-9).
//!
//! Key-prefixed, with a 120-bit challenge: forging costs about 2^120 hash evaluations or a discrete logarithm (2^159).
//! Nonces are deterministic, as in EdDSA: a hash of a secret prefix and of everything the challenge covers, so no two
//! different messages share one, whatever the random number generator does.
//! Signing is constant-time in the key and the nonce; verifying handles public data only and is not.

use crate::ecgfp5::{AffinePoint, Fp5, PointError, Scalar, joint_multiply_vartime, multiply_generator};
use crate::formats::{Bytes32, Signature, Slot, Transfer, read_u64, tag, words_of};
use crate::poseidon::{self, Digest};
use rand_core::CryptoRngCore;
use sha2::{Digest as _, Sha512};
use subtle::ConditionallySelectable;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const TAG_SCALAR: Bytes32 = tag("PoE/key/scalar/1");
const TAG_NONCE_PREFIX: Bytes32 = tag("PoE/key/nonce-prefix/1");
const TAG_NONCE: Bytes32 = tag("PoE/signature/nonce/1");

const LIMB_MASK: u64 = (1 << 30) - 1;

/// A key that L1 admits: a group element with non-zero coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey(AffinePoint);

impl PublicKey {
    /// Length of the byte encoding.
    pub const BYTES: usize = 80;

    /// Reads FMT-12. Fails where the L1 contract would refuse the registration.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, PointError> {
        let words: [u64; 10] = core::array::from_fn(|i| read_u64(bytes, 8 * i));
        if let Some(position) = words.iter().position(|&w| w >= crate::ecgfp5::GOLDILOCKS_PRIME) {
            return Err(PointError::NonCanonical {
                position,
                value: words[position],
            });
        }
        let [x0, x1, x2, x3, x4, u0, u1, u2, u3, u4] = words;
        let point = AffinePoint {
            x: Fp5::from_reduced([x0, x1, x2, x3, x4]),
            u: Fp5::from_reduced([u0, u1, u2, u3, u4]),
        };
        point.check_key().map(|()| Self(point))
    }

    /// The 80 bytes of FMT-12.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        for (chunk, coefficient) in out.chunks_exact_mut(8).zip(self.coefficients()) {
            chunk.copy_from_slice(&coefficient.to_be_bytes());
        }
        out
    }

    /// The ten coefficients, `x` first.
    pub fn coefficients(&self) -> [u64; 10] {
        coefficients(&self.0)
    }

    /// The point.
    pub const fn point(&self) -> &AffinePoint {
        &self.0
    }
}

/// The ten coefficients of a point, `x` first.
pub(crate) fn coefficients(point: &AffinePoint) -> [u64; 10] {
    let (x, u) = (point.x.coefficients(), point.u.coefficients());
    core::array::from_fn(|i| if i < 5 { x[i] } else { u[i - 5] })
}

/// A signing key. Wiped from memory when dropped; `Debug` shows the public key only.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey {
    seed: [u8; 32],
    scalar: Scalar,
    nonce_prefix: [u8; 64],
    #[zeroize(skip)]
    public: PublicKey,
}

impl core::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SecretKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

impl SecretKey {
    /// A fresh key.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        Self::from_seed(&seed)
    }

    /// The key a 32-byte seed stands for. The seed must have full entropy: nothing here slows down guessing.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let wide = Zeroizing::new(expand(&[&TAG_SCALAR, seed]));
        let scalar = Scalar::from_wide(&wide);
        // Zero has probability 2^-319 and no public key; mapping it to one keeps the function total.
        let scalar = Scalar::conditional_select(&scalar, &Scalar::ONE, scalar.is_zero());
        let public = PublicKey(multiply_generator(&scalar).to_affine());
        Self {
            seed: *seed,
            scalar,
            nonce_prefix: expand(&[&TAG_NONCE_PREFIX, seed]),
            public,
        }
    }

    /// The seed, for key files.
    pub(crate) fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The public key.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a transfer between two identities, as found in state, on a deployment.
    pub fn sign(&self, domain: &Bytes32, from: &Digest, transfer: &Transfer, to: &Digest) -> Slot {
        let nonce = Zeroizing::new(Scalar::from_wide(&Zeroizing::new(expand(&[
            &TAG_NONCE,
            &self.nonce_prefix,
            domain,
            &from.to_bytes(),
            &transfer.encode(),
            &to.to_bytes(),
        ]))));
        let u = multiply_generator(&nonce).to_affine().u;
        let e = challenge(&u, domain, from, transfer, to);
        // As secret as the key: e is public.
        let product = Zeroizing::new(Scalar::from_limbs(&e).mul(&self.scalar));
        let s = nonce.sub(&product).to_limbs();
        Slot {
            transfer: *transfer,
            signature: Signature { e, s },
            spare: 0,
        }
    }
}

/// SHA-512 of the concatenation of `parts`.
fn expand(parts: &[&[u8]]) -> [u8; 64] {
    let mut hasher = Sha512::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The challenge of ST-9: bits 0..29 and 30..59 of the first two elements of the hash.
fn challenge(u: &Fp5, domain: &Bytes32, from: &Digest, transfer: &Transfer, to: &Digest) -> [u32; 4] {
    let fields = [
        transfer.from.into(),
        transfer.to.into(),
        transfer.amount,
        transfer.fee,
        transfer.nonce.into(),
        transfer.sequencer.into(),
    ];
    let mut input = [0u64; 27];
    input[0..8].copy_from_slice(&words_of(domain));
    input[8..13].copy_from_slice(&u.coefficients());
    input[13..17].copy_from_slice(&from.elements());
    input[17..23].copy_from_slice(&fields);
    input[23..27].copy_from_slice(&to.elements());
    let [h0, h1, ..] = poseidon::hash(&input).elements();
    [h0, h0 >> 30, h1, h1 >> 30].map(|bits| (bits & LIMB_MASK) as u32)
}

/// Whether the signature of `slot` holds (ST-9). Total: any key, any limbs.
pub fn verify(key: &AffinePoint, domain: &Bytes32, from: &Digest, slot: &Slot, to: &Digest) -> bool {
    let Signature { e, s } = &slot.signature;
    if !slot.signature.is_in_range() {
        return false;
    }
    let e_integer = e.iter().rev().fold(0, |value, &limb| value << 30 | u128::from(limb));
    let r = joint_multiply_vartime(&Scalar::from_limbs(s), e_integer, key).to_affine();
    challenge(&r.u, domain, from, &slot.transfer, to) == *e
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_seed(&[byte; 32])
    }

    fn digest(seed: u64) -> Digest {
        poseidon::hash(&[seed])
    }

    const DOMAIN: Bytes32 = [3; 32];

    fn transfer() -> impl Strategy<Value = Transfer> {
        any::<(u32, u32, u64, u64, u32, u32)>().prop_map(|(from, to, amount, fee, nonce, sequencer)| Transfer {
            from,
            to,
            amount,
            fee,
            nonce,
            sequencer,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn signatures_verify_and_bind_everything(seed: [u8; 32], transfer in transfer(), bit in 0usize..256) {
            let key = SecretKey::from_seed(&seed);
            let (from, to) = (digest(1), digest(2));
            let slot = key.sign(&DOMAIN, &from, &transfer, &to);
            let point = key.public().point();
            prop_assert!(verify(point, &DOMAIN, &from, &slot, &to));
            prop_assert!(!verify(point, &[4; 32], &from, &slot, &to));
            prop_assert!(!verify(point, &DOMAIN, &digest(3), &slot, &to));
            prop_assert!(!verify(point, &DOMAIN, &from, &slot, &digest(3)));
            let mut flipped = transfer.encode();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let other = Slot { transfer: Transfer::decode(&flipped), ..slot };
            prop_assert!(!verify(point, &DOMAIN, &from, &other, &to));
        }

        // REQ C12
        #[test]
        fn verification_is_total(x: [u64; 5], u: [u64; 5], e: [u32; 4], s: [u32; 11], t in transfer()) {
            let point = AffinePoint { x: Fp5::from_reduced(x), u: Fp5::from_reduced(u) };
            let slot = Slot { transfer: t, signature: Signature { e, s }, spare: 0 };
            prop_assert!(!verify(&point, &DOMAIN, &digest(1), &slot, &digest(2)));
            let in_range = Slot { signature: Signature { e: e.map(|l| l >> 2), s: s.map(|l| l >> 2) }, ..slot };
            prop_assert!(!verify(&point, &DOMAIN, &digest(1), &in_range, &digest(2)));
        }
    }

    #[test]
    fn any_change_of_a_limb_is_refused() {
        let (from, to) = (digest(1), digest(2));
        let key = key(1);
        let slot = key.sign(&DOMAIN, &from, &Transfer::default(), &to);
        for position in 0..15 {
            let mut forged = slot;
            let limb = if position < 4 {
                &mut forged.signature.e[position]
            } else {
                &mut forged.signature.s[position - 4]
            };
            *limb ^= 1;
            assert!(
                !verify(key.public().point(), &DOMAIN, &from, &forged, &to),
                "limb {position}"
            );
        }
        assert!(!verify(
            SecretKey::from_seed(&[2; 32]).public().point(),
            &DOMAIN,
            &from,
            &slot,
            &to
        ));
    }

    /// ST-9: `s` is an integer of up to 330 bits, so adding the group order changes the bytes and not the verdict.
    #[test]
    fn an_unreduced_response_is_valid() {
        let (from, to) = (digest(1), digest(2));
        let key = key(1);
        let slot = key.sign(&DOMAIN, &from, &Transfer::default(), &to);
        let order = Scalar::ZERO.sub(&Scalar::ONE).to_limbs();
        let mut carry = 1u64;
        let mut shifted = slot;
        for (limb, n) in shifted.signature.s.iter_mut().zip(order) {
            let sum = u64::from(*limb) + u64::from(n) + carry;
            *limb = (sum & LIMB_MASK) as u32;
            carry = sum >> 30;
        }
        assert_eq!(carry, 0);
        assert_ne!(shifted, slot);
        assert!(verify(key.public().point(), &DOMAIN, &from, &shifted, &to));
    }

    #[test]
    fn nonces_differ_between_messages_and_keys() {
        let (from, to) = (digest(1), digest(2));
        let sign = |key: &SecretKey, nonce| {
            key.sign(
                &DOMAIN,
                &from,
                &Transfer {
                    nonce,
                    ..Transfer::default()
                },
                &to,
            )
        };
        let first = key(1);
        assert_eq!(sign(&first, 0), sign(&first, 0));
        assert_ne!(sign(&first, 0).signature.e, sign(&first, 1).signature.e);
        assert_ne!(sign(&first, 0).signature.s, sign(&key(2), 0).signature.s);
    }

    /// Under the neutral element any response verifies for the right challenge: why `registered` and L1's key check exist.
    #[test]
    fn the_neutral_key_accepts_anybody() {
        let (from, to) = (digest(1), digest(2));
        let slot = key(1).sign(&DOMAIN, &from, &Transfer::default(), &to);
        let nonce = Scalar::from_limbs(&[5, 0, 0]);
        let u = multiply_generator(&nonce).to_affine().u;
        let e = challenge(&u, &DOMAIN, &from, &slot.transfer, &to);
        let forged = Slot {
            signature: Signature { e, s: nonce.to_limbs() },
            ..slot
        };
        assert!(verify(&AffinePoint::NEUTRAL, &DOMAIN, &from, &forged, &to));
        assert!(!verify(key(1).public().point(), &DOMAIN, &from, &forged, &to));
    }

    #[test]
    fn public_keys_round_trip_and_reject_what_l1_rejects() {
        let public = *key(7).public();
        assert_eq!(PublicKey::from_bytes(&public.to_bytes()), Ok(public));
        let mut bytes = public.to_bytes();
        bytes[40..48].copy_from_slice(&u64::MAX.to_be_bytes());
        assert_eq!(
            PublicKey::from_bytes(&bytes),
            Err(PointError::NonCanonical {
                position: 5,
                value: u64::MAX
            })
        );
        assert_eq!(PublicKey::from_bytes(&[0; 80]), Err(PointError::ZeroCoordinate));
    }
}
