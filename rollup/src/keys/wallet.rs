// SPDX-License-Identifier: MIT OR Apache-2.0
//! An L2 key from an Ethereum wallet, so that its backup is the only one a user needs.
//!
//! The wallet signs EIP-712 typed data that says what the signature is for; the L2 seed is extracted from the signature by HKDF-SHA256.
//! The signature is therefore as secret as the key. The request names chain and contract, so a signature asked for by
//! another deployment is of no use here. Wallets must sign deterministically (RFC 6979, nearly all do); because one that
//! does not would lose the key for good, derivation takes *two* signatures and refuses if they differ.

use crate::formats::{Address, Bytes32, tag};
use crate::schnorr::SecretKey;
use hkdf::Hkdf;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha2::Sha256;
use sha3::{Digest as _, Keccak256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const NAME: &str = "Proof of Efficiency";
const VERSION: &str = "1";
const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const REQUEST_TYPE: &str = "KeyDerivation(string notice,uint32 keyNumber)";
const NOTICE: &str = "This signature is your L2 key: whoever holds it can spend your L2 balance. \
                      Sign it only in an application you trust.";

const TAG_SEED: Bytes32 = tag("PoE/key/wallet/1");

/// Why a wallet's signatures give no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DerivationError {
    /// Not an ECDSA signature of 65 bytes `r | s | v` with `v` in 0, 1, 27, 28.
    #[error("not a recoverable ECDSA signature (v = {v})")]
    Malformed {
        /// The last byte.
        v: u8,
    },
    /// The signature is by somebody else, or of something else.
    #[error("signed by {}, expected {}", hex::encode(found), hex::encode(expected))]
    WrongSigner {
        /// The address recovered.
        found: Address,
        /// The address the key is for.
        expected: Address,
    },
    /// The wallet gave two different signatures: it could not give the same key again.
    #[error("the wallet does not sign deterministically; create a key file instead")]
    NotDeterministic,
}

/// A 65-byte signature `r | s | v` as wallets return it. As secret as the key; wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct WalletSignature(pub [u8; 65]);

/// What a wallet is asked to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivationRequest {
    /// Chain of the deployment.
    pub chain_id: u64,
    /// Contract of the deployment.
    pub contract: Address,
    /// Tells the keys of one wallet apart; 0 for the first.
    pub key_number: u32,
}

impl DerivationRequest {
    /// The hash the wallet signs (EIP-712).
    pub fn hash(&self) -> Bytes32 {
        let domain = keccak(&[
            &keccak(&[DOMAIN_TYPE.as_bytes()]),
            &keccak(&[NAME.as_bytes()]),
            &keccak(&[VERSION.as_bytes()]),
            &left_padded(&self.chain_id.to_be_bytes()),
            &left_padded(&self.contract),
        ]);
        let request = keccak(&[
            &keccak(&[REQUEST_TYPE.as_bytes()]),
            &keccak(&[NOTICE.as_bytes()]),
            &left_padded(&self.key_number.to_be_bytes()),
        ]);
        keccak(&[&[0x19, 0x01], &domain, &request])
    }

    /// The typed data as JSON, for `eth_signTypedData_v4`.
    pub fn typed_data(&self) -> serde_json::Value {
        let field = |name: &str, kind: &str| serde_json::json!({ "name": name, "type": kind });
        serde_json::json!({
            "types": {
                "EIP712Domain": [
                    field("name", "string"), field("version", "string"),
                    field("chainId", "uint256"), field("verifyingContract", "address"),
                ],
                "KeyDerivation": [field("notice", "string"), field("keyNumber", "uint32")],
            },
            "primaryType": "KeyDerivation",
            "domain": {
                "name": NAME,
                "version": VERSION,
                "chainId": self.chain_id,
                "verifyingContract": format!("0x{}", hex::encode(self.contract)),
            },
            "message": { "notice": NOTICE, "keyNumber": self.key_number },
        })
    }

    /// The key of `signer`, from two signatures of this request asked for one after the other.
    pub fn derive(
        &self,
        signer: &Address,
        first: &WalletSignature,
        second: &WalletSignature,
    ) -> Result<SecretKey, DerivationError> {
        let secret = self.check(signer, first)?;
        if self.check(signer, second)? != secret {
            return Err(DerivationError::NotDeterministic);
        }
        let material = Zeroizing::new([&secret[..], &self.hash(), signer].concat());
        let (mut extracted, _) = Hkdf::<Sha256>::extract(Some(&TAG_SEED), &material);
        let seed = Zeroizing::new(extracted.into());
        extracted.as_mut_slice().zeroize();
        Ok(SecretKey::from_seed(&seed))
    }

    /// `r | s` with `s` in its lower half, if `signature` is `signer`'s.
    fn check(&self, signer: &Address, signature: &WalletSignature) -> Result<Zeroizing<[u8; 64]>, DerivationError> {
        let v = signature.0[64];
        let malformed = DerivationError::Malformed { v };
        let parity = match v {
            0 | 1 => v,
            27 | 28 => v - 27,
            _ => return Err(malformed),
        };
        let parsed = Signature::from_slice(&signature.0[..64]).map_err(|_| malformed)?;
        // Some wallets return the other of the two equivalent forms: -s, with the other parity.
        let (low, flipped) = parsed.normalize_s().map_or((parsed, 0), |low| (low, 1));
        let recovery = RecoveryId::from_byte(parity ^ flipped).ok_or(malformed)?;
        let key = VerifyingKey::recover_from_prehash(&self.hash(), &low, recovery).map_err(|_| malformed)?;
        let found = address_of(&key);
        if found != *signer {
            return Err(DerivationError::WrongSigner {
                found,
                expected: *signer,
            });
        }
        Ok(Zeroizing::new(low.to_bytes().into()))
    }
}

fn address_of(key: &VerifyingKey) -> Address {
    let hash = keccak(&[&key.to_encoded_point(false).as_bytes()[1..]]);
    core::array::from_fn(|i| hash[12 + i])
}

fn keccak(parts: &[&[u8]]) -> Bytes32 {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A number or an address as a Solidity word.
fn left_padded(bytes: &[u8]) -> Bytes32 {
    let mut out = [0; 32];
    out[32 - bytes.len()..].copy_from_slice(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use k256::ecdsa::SigningKey;
    use k256::ecdsa::hazmat::SignPrimitive;
    use proptest::prelude::*;

    fn request() -> DerivationRequest {
        DerivationRequest {
            chain_id: 31337,
            contract: [0x11; 20],
            key_number: 0,
        }
    }

    /// Anvil's first account.
    fn wallet() -> (SigningKey, Address) {
        let key = hex::decode("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80").unwrap();
        let key = SigningKey::from_slice(&key).unwrap();
        let address = address_of(key.verifying_key());
        assert_eq!(hex::encode(address), "f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
        (key, address)
    }

    fn sign(request: &DerivationRequest) -> WalletSignature {
        let (signature, recovery) = wallet().0.sign_prehash_recoverable(&request.hash()).unwrap();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        WalletSignature(bytes)
    }

    /// The other form of the same signature: `(r, -s)` and the other parity.
    fn flipped(signature: &WalletSignature) -> WalletSignature {
        let parsed = Signature::from_slice(&signature.0[..64]).unwrap();
        let (r, s) = parsed.split_scalars();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(
            &Signature::from_scalars(r.to_bytes(), (-s).to_bytes())
                .unwrap()
                .to_bytes(),
        );
        bytes[64] = 55 - signature.0[64];
        WalletSignature(bytes)
    }

    /// `cast wallet sign --data` (foundry 1.7.1) of the typed data, with anvil's first key: another implementation of EIP-712.
    #[test]
    fn the_typed_data_is_hashed_as_wallets_hash_it() {
        let by_cast = "2bf0f92079b7360810f9f9f0189d764f7e094bd27037c0e2bba02714586c2da8\
                       1866ef01ae4f182e830ae208427bd2ec9ba7d41e980af5e8751e405d634eb3401b";
        assert_eq!(hex::encode(sign(&request()).0), by_cast);
    }

    #[test]
    fn the_same_wallet_gives_the_same_key_in_every_form() {
        let (request, signer) = (request(), wallet().1);
        let signature = sign(&request);
        let key = request.derive(&signer, &signature, &signature).unwrap();
        let mut zero_based = signature.clone();
        zero_based.0[64] -= 27;
        for form in [&zero_based, &flipped(&signature)] {
            assert_eq!(
                request.derive(&signer, &signature, form).unwrap().public(),
                key.public()
            );
        }
    }

    #[test]
    fn keys_differ_by_number_contract_and_chain() {
        let signer = wallet().1;
        let variants = [
            request(),
            DerivationRequest {
                key_number: 1,
                ..request()
            },
            DerivationRequest {
                contract: [0x12; 20],
                ..request()
            },
            DerivationRequest {
                chain_id: 1,
                ..request()
            },
        ];
        let keys = variants.map(|r| {
            let signature = sign(&r);
            r.derive(&signer, &signature, &signature).unwrap().public().to_bytes()
        });
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key));
        }
    }

    #[test]
    fn a_signature_of_another_request_or_person_is_refused() {
        let (request, signer) = (request(), wallet().1);
        let other = sign(&DerivationRequest {
            key_number: 1,
            ..request
        });
        let found = request.derive(&signer, &other, &other);
        assert!(matches!(
            found,
            Err(DerivationError::WrongSigner { .. } | DerivationError::Malformed { .. })
        ));
        let signature = sign(&request);
        let found = request.derive(&[9; 20], &signature, &signature).unwrap_err();
        assert_eq!(
            found,
            DerivationError::WrongSigner {
                found: signer,
                expected: [9; 20]
            }
        );
    }

    #[test]
    fn a_wallet_that_signs_differently_the_second_time_is_refused() {
        let (request, signer) = (request(), wallet().1);
        let first = sign(&request);
        // A valid signature by the same key with another nonce.
        let secret: k256::Scalar = *wallet().0.as_nonzero_scalar().as_ref();
        let (signature, recovery) = secret
            .try_sign_prehashed(k256::Scalar::from(7u64), &request.hash().into())
            .unwrap();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.unwrap().to_byte();
        let found = request.derive(&signer, &first, &WalletSignature(bytes)).unwrap_err();
        assert_eq!(found, DerivationError::NotDeterministic);
    }

    proptest! {
        // REQ C12
        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 65)) {
            let signature = WalletSignature(bytes.try_into().unwrap());
            prop_assert!(request().derive(&wallet().1, &signature, &signature).is_err());
        }
    }
}
