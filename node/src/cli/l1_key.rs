// SPDX-License-Identifier: MIT OR Apache-2.0
//! The L1 account of a service. The key is never a flag: command lines are visible to other users of a machine.

use crate::exit::Refusal;
use crate::wallet::require_private;
use alloy::primitives::{B256, b256};
use alloy::signers::local::{LocalSigner, PrivateKeySigner};
use anyhow::{Context as _, Result};
use clap::Args;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Chains that nobody holds anything of value on: those of anvil, hardhat and ganache.
const DEV_CHAINS: [u64; 2] = [31_337, 1_337];

/// The keys of anvil's first accounts, which everybody knows.
const DEV_KEYS: [B256; 10] = [
    b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    b256!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
    b256!("5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
    b256!("7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"),
    b256!("47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"),
    b256!("8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
    b256!("92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"),
    b256!("4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"),
    b256!("dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"),
    b256!("2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"),
];

/// Where the key of the L1 account is.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct L1Key {
    /// Keystore of the L1 account that pays [default: the key in POE_L1_PRIVATE_KEY]
    #[arg(long, env = "POE_L1_KEYSTORE", value_name = "FILE", help_heading = "Keys")]
    l1_keystore: Option<PathBuf>,
    /// File with the password of the keystore [default: a prompt]
    #[arg(long, env = "POE_L1_PASSWORD_FILE", value_name = "FILE", help_heading = "Keys")]
    l1_password_file: Option<PathBuf>,
    /// One of anvil's well-known accounts, 0 to 9, on a private chain (id 31337 or 1337)
    #[arg(long, value_name = "N", conflicts_with = "l1_keystore", value_parser = clap::value_parser!(u8).range(0..10), help_heading = "Keys")]
    dev_key: Option<u8>,
}

impl L1Key {
    /// The signer, for transactions on this chain.
    pub(super) fn signer(&self, chain_id: u64) -> Result<PrivateKeySigner> {
        if let Some(number) = self.dev_key {
            return dev_signer(number, chain_id);
        }
        signer_of(self.l1_keystore.as_deref(), self.l1_password_file.as_deref())
    }
}

/// The key of a keystore, else of the environment.
pub(super) fn signer_of(keystore: Option<&Path>, password_file: Option<&Path>) -> Result<PrivateKeySigner> {
    if let Some(path) = keystore {
        let password = read_password(password_file, "Password of the L1 keystore: ", "--l1-password-file")?;
        return LocalSigner::decrypt_keystore(path, password.as_bytes())
            .map_err(|error| refuse(format!("{}: {error}", path.display())));
    }
    let Ok(key) = std::env::var("POE_L1_PRIVATE_KEY").map(Zeroizing::new) else {
        return Err(refuse(
            "no L1 account to sign with: give --l1-keystore, or set POE_L1_PRIVATE_KEY",
        ));
    };
    // The text is not repeated: it may be a key with one wrong digit.
    key.trim()
        .parse()
        .map_err(|_| refuse("POE_L1_PRIVATE_KEY is no private key: 32 bytes in hex are"))
}

/// A password: the file's, else what is typed after a prompt. The flag is what names the file.
pub(super) fn read_password(file: Option<&Path>, prompt: &str, flag: &str) -> Result<Zeroizing<String>> {
    if let Some(path) = file {
        require_private(path).map_err(|error| refuse(error.to_string()))?;
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.with_context(|| format!("cannot read the password file {}", path.display()))?;
        return Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    let asked = rpassword::prompt_password(prompt).map(Zeroizing::new);
    asked.map_err(|error| {
        refuse(format!(
            "no password: there is no terminal to ask on ({error}); give {flag}"
        ))
    })
}

pub(super) fn dev_signer(number: u8, chain_id: u64) -> Result<PrivateKeySigner> {
    if !DEV_CHAINS.contains(&chain_id) {
        return Err(refuse(format!(
            "--dev-key {number} is a key that everybody knows, for private chains with id 31337 or 1337; this is chain {chain_id}: \
             give --l1-keystore, or set POE_L1_PRIVATE_KEY"
        )));
    }
    let key = DEV_KEYS
        .get(usize::from(number))
        .ok_or_else(|| refuse(format!("--dev-key {number}: there are 0 to 9")))?;
    Ok(PrivateKeySigner::from_bytes(key)?)
}

fn refuse(reason: impl Into<String>) -> anyhow::Error {
    Refusal(reason.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::address;

    #[test]
    fn well_known_keys_are_for_private_chains_only() {
        let key = L1Key {
            dev_key: Some(0),
            ..L1Key::default()
        };
        let known = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        for chain in [31_337, 1_337] {
            assert_eq!(key.signer(chain).unwrap().address(), known);
        }
        for chain in [1, 11_155_111, 137, 31_336] {
            let refused = key.signer(chain).unwrap_err().to_string();
            assert!(refused.contains(&format!("chain {chain}")), "{refused}");
        }
        let last = address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720");
        assert_eq!(dev_signer(9, 31_337).unwrap().address(), last);
    }

    #[test]
    fn a_keystore_is_opened_with_the_password_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (signer, _) =
            LocalSigner::new_keystore(folder.path(), &mut rand_core::OsRng, "secret", Some("key")).unwrap();
        let password = folder.path().join("password");
        std::fs::write(&password, "secret\n").unwrap();
        let permit = |mode| {
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                std::fs::set_permissions(&password, std::fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        permit(0o600);
        let key = L1Key {
            l1_keystore: Some(folder.path().join("key")),
            l1_password_file: Some(password.clone()),
            dev_key: None,
        };
        assert_eq!(key.signer(1).unwrap().address(), signer.address());
        permit(0o644);
        #[cfg(unix)]
        assert!(key.signer(1).unwrap_err().to_string().contains("chmod 600"));
        permit(0o600);
        std::fs::write(&password, "wrong").unwrap();
        assert!(key.signer(1).is_err());
    }
}
