// SPDX-License-Identifier: MIT OR Apache-2.0

use super::refuse;
use super::secrets::Secrets;
use crate::cli::output::Output;
use crate::config::Settings;
use crate::wallet::write_new_key_file;
use alloy::primitives::B256;
use alloy::signers::{Signature, SignerSync as _};
use anyhow::Result;
use clap::Args;
use poe_rollup::keys::{DerivationRequest, WalletSignature};
use poe_rollup::keys::{KeyFile, ScryptCost};
use poe_rollup::schnorr::SecretKey;
use rand_core::OsRng;
use serde::Serialize;
use std::fmt;

/// Make a new L2 key and write it to an encrypted key file
#[derive(Args, Debug)]
pub(super) struct New {
    #[command(flatten)]
    strength: Strength,
}

/// Derive the L2 key of an Ethereum account, so that its backup is the only one needed
///
/// The account signs a message that names this deployment; whoever has that signature has the key.
#[derive(Args, Debug)]
pub(super) struct FromEthereum {
    /// Which key of the account
    #[arg(long, default_value_t = 0)]
    number: u32,
    #[command(flatten)]
    strength: Strength,
}

#[derive(Args, Debug)]
struct Strength {
    /// Spend 4 MiB instead of 128 MiB on a guess of the password: for small machines
    #[arg(long)]
    light: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    file: String,
    public_key: String,
}

impl New {
    pub(super) fn run(self, secrets: &Secrets, output: Output) -> Result<()> {
        write(&SecretKey::generate(&mut OsRng), &self.strength, secrets, output)
    }
}

impl FromEthereum {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let deployment = settings.read_deployment().await?;
        let signer = secrets.l1_signer()?;
        let request = DerivationRequest {
            chain_id: deployment.chain_id,
            contract: deployment.contracts.proof_of_efficiency.into(),
            key_number: self.number,
        };
        let sign = || -> Result<WalletSignature> {
            let signature: Signature = signer.sign_hash_sync(&B256::from(request.hash()))?;
            Ok(WalletSignature(signature.as_bytes()))
        };
        let key = request.derive(&signer.address().into(), &sign()?, &sign()?);
        write(
            &key.map_err(|error| refuse(error.to_string()))?,
            &self.strength,
            secrets,
            output,
        )
    }
}

fn write(key: &SecretKey, strength: &Strength, secrets: &Secrets, output: Output) -> Result<()> {
    let path = secrets.key_path()?;
    if path.exists() {
        return Err(refuse(format!(
            "{} exists; a key file is never overwritten: give another --key",
            path.display()
        )));
    }
    let cost = if strength.light {
        ScryptCost::LIGHT
    } else {
        ScryptCost::STANDARD
    };
    let file = KeyFile::encrypt(key, secrets.new_password()?.as_bytes(), cost, &mut OsRng)?;
    write_new_key_file(&path, &file).map_err(|error| refuse(error.to_string()))?;
    let public_key = format!("0x{}", hex::encode(key.public().to_bytes()));
    output.print(&Written {
        file: path.display().to_string(),
        public_key,
    })
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "key file    {}", self.file)?;
        write!(f, "public key  {}", self.public_key)
    }
}
