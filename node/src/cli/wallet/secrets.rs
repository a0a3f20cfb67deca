// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keys and passwords. None of them is ever a flag: command lines are visible to other users of a machine.

use super::refuse;
use crate::config::data_home;
use crate::wallet::{read_key_file, require_private};
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context as _, Result};
use clap::Args;
use poe_rollup::schnorr::{PublicKey, SecretKey};
use std::path::{Path, PathBuf};
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
        let password = password(
            self.password_file.as_deref(),
            Some("POE_PASSWORD"),
            "Password of the key file: ",
        )?;
        file.decrypt(password.as_bytes())
            .map_err(|error| refuse(format!("{}: {error}", path.display())))
    }

    /// A password for a new key file, asked for twice.
    pub(super) fn new_password(&self) -> Result<Zeroizing<String>> {
        let source = (self.password_file.as_deref(), std::env::var_os("POE_PASSWORD"));
        let chosen = password(self.password_file.as_deref(), Some("POE_PASSWORD"), "New password: ")?;
        if source == (None, None) && *chosen != *password(None, None, "The same again: ")? {
            return Err(refuse("the two passwords differ"));
        }
        if chosen.is_empty() {
            return Err(refuse("an empty password protects nothing"));
        }
        Ok(chosen)
    }

    /// The L1 account that signs and pays.
    pub(super) fn l1_signer(&self) -> Result<PrivateKeySigner> {
        if let Some(path) = &self.l1_keystore {
            let password = password(self.l1_password_file.as_deref(), None, "Password of the L1 keystore: ")?;
            return PrivateKeySigner::decrypt_keystore(path, password.as_bytes())
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
}

fn password(file: Option<&Path>, variable: Option<&str>, prompt: &str) -> Result<Zeroizing<String>> {
    if let Some(path) = file {
        require_private(path).map_err(|error| refuse(error.to_string()))?;
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.with_context(|| format!("cannot read the password file {}", path.display()))?;
        return Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if let Some(Ok(text)) = variable.map(std::env::var) {
        return Ok(Zeroizing::new(text));
    }
    let asked = rpassword::prompt_password(prompt).map(Zeroizing::new);
    asked.map_err(|error| {
        refuse(format!(
            "no password: there is no terminal to ask on ({error}); give --password-file"
        ))
    })
}
