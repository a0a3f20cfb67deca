// SPDX-License-Identifier: MIT OR Apache-2.0
//! The L1 key of a process that sends transactions. It is never a flag: command lines are visible to other users.

use crate::exit::Refusal;
use alloy::signers::local::{LocalSigner, MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use clap::Args;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Chain ids of private chains, where published keys may be used.
const PRIVATE_CHAINS: [u64; 2] = [31_337, 1_337];

/// The published mnemonic of anvil and hardhat. Whoever pays to its accounts on a public chain pays to everybody.
const DEV_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Which L1 key signs and pays.
#[derive(Args, Clone, Debug, Default)]
pub struct SignerOptions {
    /// Keystore of the L1 account that pays [default: the key in POE_L1_PRIVATE_KEY]
    #[arg(long, env = "POE_L1_KEYSTORE", value_name = "FILE", help_heading = "Keys")]
    pub l1_keystore: Option<PathBuf>,
    /// File with the password of the keystore [default: a prompt]
    #[arg(long, env = "POE_L1_PASSWORD_FILE", value_name = "FILE", help_heading = "Keys")]
    pub l1_password_file: Option<PathBuf>,
    /// Sign with this account of anvil's published mnemonic; on private chains (31337, 1337) only
    #[arg(long, value_name = "NUMBER", conflicts_with = "l1_keystore", help_heading = "Keys")]
    pub dev_key: Option<u32>,
}

impl SignerOptions {
    /// The key.
    ///
    /// # Errors
    ///
    /// If there is none, it cannot be read, or it may not be used on this chain.
    pub fn signer(&self, chain_id: u64) -> Result<PrivateKeySigner, Refusal> {
        if let Some(number) = self.dev_key {
            return dev_key(number, chain_id);
        }
        if let Some(path) = &self.l1_keystore {
            let password = self.password()?;
            let key = LocalSigner::decrypt_keystore(path, password.as_bytes());
            return key.map_err(|error| Refusal(format!("{}: {error}", path.display())));
        }
        let Ok(key) = std::env::var("POE_L1_PRIVATE_KEY").map(Zeroizing::new) else {
            return Err(Refusal("no L1 account to sign with: give --l1-keystore, or set POE_L1_PRIVATE_KEY".into()));
        };
        // The text is not repeated: it may be a key with one wrong digit.
        let no_key = "POE_L1_PRIVATE_KEY is no private key: 32 bytes in hex are";
        key.trim().parse().map_err(|_| Refusal(no_key.into()))
    }

    fn password(&self) -> Result<Zeroizing<String>, Refusal> {
        let Some(path) = &self.l1_password_file else {
            let asked = rpassword::prompt_password("Password of the L1 keystore: ").map(Zeroizing::new);
            return asked.map_err(|error| {
                Refusal(format!("no password: there is no terminal to ask on ({error}); give --l1-password-file"))
            });
        };
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.map_err(|error| Refusal(format!("cannot read the password file {}: {error}", path.display())))?;
        Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// An account of the published mnemonic.
///
/// # Errors
///
/// On a chain that is not private.
pub fn dev_key(number: u32, chain_id: u64) -> Result<PrivateKeySigner, Refusal> {
    if !PRIVATE_CHAINS.contains(&chain_id) {
        return Err(Refusal(format!(
            "--dev-key is refused on chain {chain_id}: its keys are published; give --l1-keystore, or set POE_L1_PRIVATE_KEY"
        )));
    }
    let builder = MnemonicBuilder::<English>::default().phrase(DEV_MNEMONIC).index(number);
    let key = builder.and_then(MnemonicBuilder::build);
    key.map_err(|error| Refusal(format!("--dev-key {number}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_keys_are_for_private_chains_only() {
        let key = dev_key(0, 31_337).unwrap();
        assert_eq!(key.address().to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        for chain in [1, 11_155_111, 137] {
            let error = dev_key(0, chain).unwrap_err().to_string();
            assert!(error.contains(&chain.to_string()), "{error}");
        }
    }
}
