// SPDX-License-Identifier: MIT OR Apache-2.0
//! Key files: a seed encrypted under a password, as JSON in the manner of Ethereum's keystore.
//!
//! scrypt makes guessing the password slow, AES-256-GCM encrypts and authenticates the seed together with every parameter
//! of the file. Text in, text out: reading and writing the file is the caller's.

use crate::formats::tag;
use crate::schnorr::{PublicKey, SecretKey};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::{Aes256Gcm, Key, Nonce, Tag};
use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const VERSION: u32 = 1;
const KDF: &str = "scrypt";
const CIPHER: &str = "aes-256-gcm";

/// Most memory a file may make scrypt use: 256 MiB, what geth's standard cost takes. A hostile file cannot ask for more.
const MAX_MEMORY: u64 = 1 << 28;

/// Largest block size a file may ask for. scrypt takes `128 r p` bytes beside its table: without this, a small `n` would let a
/// file ask for gigabytes.
const MAX_BLOCK_SIZE: u32 = 32;

/// Largest number of sequential scrypt passes a file may ask for.
const MAX_PARALLELISM: u32 = 16;

/// Why a key file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Not the JSON of a key file.
    #[error("not a key file: {0}")]
    Json(#[from] serde_json::Error),
    /// A later format.
    #[error("key file has version {found}, this program reads version {VERSION}")]
    UnsupportedVersion {
        /// The version found.
        found: u32,
    },
    /// Another key derivation or cipher.
    #[error("key file uses {found:?}, this program reads {expected:?}")]
    UnsupportedAlgorithm {
        /// The algorithm found.
        found: String,
        /// The one this program reads.
        expected: &'static str,
    },
    /// scrypt parameters that are invalid, or that would exhaust memory or time.
    #[error(
        "scrypt cost n = {n}, r = {r}, p = {p} is invalid or too high: \
         at most r = {MAX_BLOCK_SIZE}, p = {MAX_PARALLELISM} and 128 n r = {MAX_MEMORY}"
    )]
    CostOutOfRange {
        /// Cost, a power of two.
        n: u64,
        /// Block size.
        r: u32,
        /// Passes.
        p: u32,
    },
    /// The cipher refused to encrypt.
    #[error("the key could not be encrypted")]
    Encryption,
    /// The authentication tag does not match.
    #[error("wrong password, or the file was altered")]
    WrongPassword,
    /// The file decrypts, but to another key than it names.
    #[error("the decrypted key is not the public key the file names")]
    PublicKeyMismatch,
}

/// The work scrypt does for one guess of the password. Memory is `128 n r` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScryptCost {
    n: u64,
    r: u32,
    p: u32,
}

impl ScryptCost {
    /// `n = 2^17, r = 8, p = 1`: 128 MiB, the first choice of OWASP's password storage sheet.
    pub const STANDARD: Self = Self { n: 1 << 17, r: 8, p: 1 };

    /// `n = 2^12, r = 8, p = 1`: 4 MiB. For tests and machines that cannot do better.
    pub const LIGHT: Self = Self { n: 1 << 12, r: 8, p: 1 };

    fn params(self) -> Result<scrypt::Params, KeyFileError> {
        let Self { n, r, p } = self;
        let error = KeyFileError::CostOutOfRange { n, r, p };
        let memory = u64::from(r).checked_mul(128).and_then(|block| block.checked_mul(n));
        let in_range = r <= MAX_BLOCK_SIZE && p <= MAX_PARALLELISM && memory.is_some_and(|m| m <= MAX_MEMORY);
        if !(n > 1 && n.is_power_of_two() && in_range) {
            return Err(error);
        }
        scrypt::Params::new(n.trailing_zeros() as u8, r, p, 32).map_err(|_| error)
    }

    fn derive(self, password: &[u8], salt: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
        let mut key = Zeroizing::new([0; 32]);
        scrypt::scrypt(password, salt, &self.params()?, key.as_mut()).map_err(|_| KeyFileError::CostOutOfRange {
            n: self.n,
            r: self.r,
            p: self.p,
        })?;
        Ok(key)
    }
}

/// An encrypted key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct KeyFile {
    version: u32,
    #[serde(with = "hex::serde")]
    public_key: [u8; PublicKey::BYTES],
    crypto: Crypto,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Crypto {
    kdf: String,
    kdfparams: ScryptCost,
    #[serde(with = "hex::serde")]
    salt: [u8; 32],
    cipher: String,
    #[serde(with = "hex::serde")]
    nonce: [u8; 12],
    #[serde(with = "hex::serde")]
    ciphertext: [u8; 32],
    #[serde(with = "hex::serde")]
    tag: [u8; 16],
}

impl KeyFile {
    /// Encrypts a key. Salt and nonce are fresh.
    pub fn encrypt(
        key: &SecretKey,
        password: &[u8],
        cost: ScryptCost,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, KeyFileError> {
        let (mut salt, mut nonce) = ([0; 32], [0; 12]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut nonce);
        let crypto = Crypto {
            kdf: KDF.into(),
            kdfparams: cost,
            salt,
            cipher: CIPHER.into(),
            nonce,
            ciphertext: [0; 32],
            tag: [0; 16],
        };
        let mut file = Self {
            version: VERSION,
            public_key: key.public().to_bytes(),
            crypto,
        };
        let mut buffer = Zeroizing::new(*key.seed());
        let tag = file
            .cipher(password)?
            .encrypt_in_place_detached(Nonce::from_slice(&nonce), &file.associated_data(), buffer.as_mut())
            .map_err(|_| KeyFileError::Encryption)?;
        file.crypto.ciphertext = *buffer;
        file.crypto.tag = tag.into();
        Ok(file)
    }

    /// Decrypts the key.
    pub fn decrypt(&self, password: &[u8]) -> Result<SecretKey, KeyFileError> {
        self.check_algorithms()?;
        let mut seed = Zeroizing::new(self.crypto.ciphertext);
        self.cipher(password)?
            .decrypt_in_place_detached(
                Nonce::from_slice(&self.crypto.nonce),
                &self.associated_data(),
                seed.as_mut(),
                Tag::from_slice(&self.crypto.tag),
            )
            .map_err(|_| KeyFileError::WrongPassword)?;
        let key = SecretKey::from_seed(&seed);
        if key.public().to_bytes() != self.public_key {
            return Err(KeyFileError::PublicKeyMismatch);
        }
        Ok(key)
    }

    /// Reads the JSON text of a key file.
    pub fn from_json(text: &str) -> Result<Self, KeyFileError> {
        let file: Self = serde_json::from_str(text)?;
        file.check_algorithms()?;
        Ok(file)
    }

    /// The JSON text of this key file.
    pub fn to_json(&self) -> Result<String, KeyFileError> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// The public key the file names. Authenticated only by [`KeyFile::decrypt`].
    pub fn public_key_bytes(&self) -> &[u8; PublicKey::BYTES] {
        &self.public_key
    }

    fn check_algorithms(&self) -> Result<(), KeyFileError> {
        if self.version != VERSION {
            return Err(KeyFileError::UnsupportedVersion { found: self.version });
        }
        for (found, expected) in [(&self.crypto.kdf, KDF), (&self.crypto.cipher, CIPHER)] {
            if found != expected {
                return Err(KeyFileError::UnsupportedAlgorithm {
                    found: found.clone(),
                    expected,
                });
            }
        }
        Ok(())
    }

    fn cipher(&self, password: &[u8]) -> Result<Aes256Gcm, KeyFileError> {
        let key = self.crypto.kdfparams.derive(password, &self.crypto.salt)?;
        Ok(Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(key.as_ref())))
    }

    /// What the tag covers besides the seed. Salt and cost are bound through the key, the nonce by the cipher.
    fn associated_data(&self) -> Vec<u8> {
        [
            &tag("PoE/key-file/1")[..],
            &self.version.to_be_bytes(),
            &self.public_key,
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const CHEAP: ScryptCost = ScryptCost { n: 2, r: 1, p: 1 };

    fn sample(cost: ScryptCost) -> (SecretKey, KeyFile) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = SecretKey::generate(&mut rng);
        let file = KeyFile::encrypt(&key, b"correct horse", cost, &mut rng).unwrap();
        (key, file)
    }

    #[test]
    fn a_key_survives_the_round_trip_through_text() {
        let (key, file) = sample(ScryptCost::LIGHT);
        let read = KeyFile::from_json(&file.to_json().unwrap()).unwrap();
        assert_eq!(read, file);
        assert_eq!(read.decrypt(b"correct horse").unwrap().public(), key.public());
        assert!(matches!(
            read.decrypt(b"battery staple"),
            Err(KeyFileError::WrongPassword)
        ));
    }

    #[test]
    fn the_seed_is_not_in_the_file() {
        let (key, file) = sample(CHEAP);
        assert!(!file.to_json().unwrap().contains(&hex::encode(key.seed())));
        assert!(!format!("{key:?}").contains(&hex::encode(key.seed())));
    }

    #[test]
    fn every_altered_part_is_noticed() {
        let (_, file) = sample(CHEAP);
        let alterations: [fn(&mut KeyFile); 6] = [
            |f| f.public_key[3] ^= 1,
            |f| f.crypto.salt[0] ^= 1,
            |f| f.crypto.nonce[0] ^= 1,
            |f| f.crypto.ciphertext[31] ^= 1,
            |f| f.crypto.tag[15] ^= 1,
            |f| f.crypto.kdfparams.n = 4,
        ];
        for alter in alterations {
            let mut altered = file.clone();
            alter(&mut altered);
            assert!(matches!(
                altered.decrypt(b"correct horse"),
                Err(KeyFileError::WrongPassword)
            ));
        }
        let mut altered = file.clone();
        altered.version = 2;
        assert!(matches!(
            altered.decrypt(b"correct horse"),
            Err(KeyFileError::UnsupportedVersion { found: 2 })
        ));
        let mut altered = file;
        altered.crypto.cipher = "none".into();
        assert!(matches!(
            altered.decrypt(b"correct horse"),
            Err(KeyFileError::UnsupportedAlgorithm { .. })
        ));
    }

    #[test]
    fn hostile_costs_are_refused_before_memory_is_taken() {
        let (_, file) = sample(CHEAP);
        for (n, r, p) in [
            (0, 8, 1),
            (3, 8, 1),
            (1 << 19, 8, 1),
            (1 << 63, u32::MAX, 1),
            (2, 1, 17),
            (2, 1 << 20, 16),
            (2, 33, 1),
            (2, 1, 0),
            (2, 0, 1),
            (1, 8, 1),
        ] {
            let mut altered = file.clone();
            altered.crypto.kdfparams = ScryptCost { n, r, p };
            let found = altered.decrypt(b"correct horse");
            assert!(matches!(found, Err(KeyFileError::CostOutOfRange { .. })), "{n} {r} {p}");
        }
    }

    /// No byte of a file can be replaced or cut off so that it gives another key, or none without an error.
    #[test]
    fn damaged_text_is_an_error_or_the_same_key() {
        let (key, file) = sample(CHEAP);
        let text = file.to_json().unwrap();
        for at in 0..text.len() {
            assert!(KeyFile::from_json(&text[..at]).is_err(), "cut at {at}");
            for byte in ["0", "7", "f", "z", " ", "\"", "}"] {
                let damaged = [&text[..at], byte, &text[at + 1..]].concat();
                if let Ok(read) = KeyFile::from_json(&damaged).and_then(|file| file.decrypt(b"correct horse")) {
                    assert_eq!(read.public(), key.public(), "{byte} at {at}");
                }
            }
        }
    }

    proptest! {
        // REQ C12
        #[test]
        fn any_text_is_a_key_file_or_an_error(text in ".{0,300}") {
            prop_assert!(KeyFile::from_json(&text).is_err());
        }
    }
}
