// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keys and passwords. None of them is ever a flag: command lines are visible to other users of a machine.

use super::refuse;
use crate::cli::l1_key::{read_password, signer_of};
use crate::config::data_home;
use crate::wallet::read_key_file;
use alloy::signers::local::PrivateKeySigner;
use anyhow::Result;
use clap::Args;
use poe_rollup::schnorr::{PublicKey, SecretKey};
use std::path::PathBuf;
use zeroize::Zeroizing;

#[derive(Args, Debug)]
pub(super) struct Secrets {
    /// Key file of the L2 key [default: $XDG_DATA_HOME/poe/keys/default.json]
    #[arg(long, env = "POE_KEY", value_name = "FILE", global = true, help_heading = "Keys")]
    key: Option<PathBuf>,
    /// File with the password of the key file [default: POE_PASSWORD, else a prompt]
    #[arg(
        long,
        env = "POE_PASSWORD_FILE",
        value_name = "FILE",
        global = true,
        help_heading = "Keys"
    )]
    password_file: Option<PathBuf>,
    /// Keystore of the L1 account that pays [default: the key in POE_L1_PRIVATE_KEY]
    #[arg(
        long,
        env = "POE_L1_KEYSTORE",
        value_name = "FILE",
        global = true,
        help_heading = "Keys"
    )]
    l1_keystore: Option<PathBuf>,
    /// File with the password of the keystore [default: a prompt]
    #[arg(
        long,
        env = "POE_L1_PASSWORD_FILE",
        value_name = "FILE",
        global = true,
        help_heading = "Keys"
    )]
    l1_password_file: Option<PathBuf>,
}

impl Secrets {
    pub(super) fn key_path(&self) -> Result<PathBuf> {
        match &self.key {
            Some(path) => Ok(path.clone()),
            None => Ok(data_home()?.join("keys/default.json")),
        }
    }

    /// The public key, for which no password is needed. It is not authenticated: for showing things only.
    pub(super) fn public_key(&self) -> Result<PublicKey> {
        let path = self.key_path()?;
        let file = read_key_file(&path).map_err(|error| refuse(error.to_string()))?;
        PublicKey::from_bytes(file.public_key_bytes())
            .map_err(|error| refuse(format!("{} names no public key: {error}", path.display())))
    }

    /// The secret key, decrypted.
    pub(super) fn secret_key(&self) -> Result<SecretKey> {
        let path = self.key_path()?;
        let file = read_key_file(&path).map_err(|error| refuse(error.to_string()))?;
        let password = self.password("Password of the key file: ")?;
        file.decrypt(password.as_bytes())
            .map_err(|error| refuse(format!("{}: {error}", path.display())))
    }

    /// A password for a new key file, asked for twice.
    pub(super) fn new_password(&self) -> Result<Zeroizing<String>> {
        let source = (self.password_file.as_deref(), std::env::var_os("POE_PASSWORD"));
        let chosen = self.password("New password: ")?;
        if source == (None, None) && *chosen != *self.password("The same again: ")? {
            return Err(refuse("the two passwords differ"));
        }
        if chosen.is_empty() {
            return Err(refuse("an empty password protects nothing"));
        }
        Ok(chosen)
    }

    /// The L1 account that signs and pays.
    pub(super) fn l1_signer(&self) -> Result<PrivateKeySigner> {
        signer_of(self.l1_keystore.as_deref(), self.l1_password_file.as_deref())
    }

    /// The password of the key file.
    fn password(&self, prompt: &str) -> Result<Zeroizing<String>> {
        match std::env::var("POE_PASSWORD") {
            Ok(text) if self.password_file.is_none() => Ok(Zeroizing::new(text)),
            _ => read_password(self.password_file.as_deref(), prompt, "--password-file"),
        }
    }
}
