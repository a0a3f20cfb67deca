// SPDX-License-Identifier: MIT OR Apache-2.0
//! A submission is first mined on a fork of the chain, where it costs nothing.

use alloy::primitives::{Address, Bytes};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::transports::TransportError;
use poe_bindings::ContractError;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::BatchesVerified;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// What a transaction may use at most (EIP-7825).
const GAS_CAP: u64 = 16_777_216;

/// How long a fork may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// Who sends.
    pub from: Address,
    /// The contract.
    pub to: Address,
    /// Calldata.
    pub data: Bytes,
}

impl Rehearsal {
    /// As a request, without gas.
    pub fn request(&self) -> TransactionRequest {
        TransactionRequest::default()
            .from(self.from)
            .to(self.to)
            .input(self.data.clone().into())
    }
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was mined and accepted.
    Accepted {
        /// Gas of the whole transaction.
        gas: u64,
        /// Batch fees it earned, base units of the fee token.
        reward: u128,
    },
    /// It was mined and reverted.
    Refused(ContractError),
}

/// The rehearsal itself did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForkError {
    /// anvil does not start.
    #[error("{program} cannot be started: {source}; install foundry (make deps), or name it with --anvil")]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// anvil starts and does not serve.
    #[error("{program} opened no port: {said}")]
    Silent {
        /// The program.
        program: PathBuf,
        /// What it said last.
        said: String,
    },
    /// The fork does not answer as it should.
    #[error("the fork: {what}: {source}")]
    Rpc {
        /// What was asked.
        what: &'static str,
        /// The answer.
        source: Box<TransportError>,
    },
    /// The fork took a transaction and does not mine it.
    #[error("the fork did not mine the submission within {} s", PATIENCE.as_secs())]
    NotMined,
}

/// Who rehearses.
pub trait DryRun: Send + Sync {
    /// Rehearses a submission on the chain as it is now.
    fn rehearse(&self, rehearsal: &Rehearsal) -> impl Future<Output = Result<Verdict, ForkError>> + Send;
}

/// Rehearses on `anvil --fork-url`, a new one each time: a fork does not follow its chain.
#[derive(Clone, Debug)]
pub struct ForkDryRun {
    /// anvil.
    pub program: PathBuf,
    /// The provider whose chain is forked.
    pub rpc: String,
}

/// A fork; it ends when this is dropped.
struct Fork {
    provider: DynProvider,
    _anvil: Child,
}

fn rpc(what: &'static str) -> impl FnOnce(TransportError) -> ForkError {
    move |source| ForkError::Rpc {
        what,
        source: Box::new(source),
    }
}

impl ForkDryRun {
    async fn fork(&self) -> Result<Fork, ForkError> {
        let mut anvil = Command::new(&self.program)
            .args(["--host", "127.0.0.1", "--port", "0", "--hardfork", "osaka"])
            // A cache by block number would mix up two private chains.
            .args(["--no-storage-caching", "--fork-url", &self.rpc])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| ForkError::Start { program: self.program.clone(), source })?;
        let silent = |said: String| ForkError::Silent {
            program: self.program.clone(),
            said,
        };
        let output = anvil.stdout.take().ok_or_else(|| silent(String::new()))?;
        let mut lines = BufReader::new(output).lines();
        let opened = tokio::time::timeout(PATIENCE, port(&mut lines)).await;
        let address = opened.map_err(|_| silent("nothing".into()))?.map_err(silent)?;
        // Read on, or a full pipe stops it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let url = format!("http://{address}").parse().map_err(|_| silent(address))?;
        Ok(Fork {
            provider: ProviderBuilder::new().connect_http(url).erased(),
            _anvil: anvil,
        })
    }
}

/// Where it listens, or what it said last.
async fn port(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String, String> {
    let mut said = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(address) = line.strip_prefix("Listening on ") {
            return Ok(address.trim().to_owned());
        }
        if !line.trim().is_empty() {
            said = line;
        }
    }
    Err(said)
}

impl Fork {
    async fn mine(&self, rehearsal: &Rehearsal) -> Result<TransactionReceipt, ForkError> {
        let impersonated = self
            .provider
            .raw_request("anvil_impersonateAccount".into(), (rehearsal.from,));
        impersonated
            .await
            .map(|(): ()| ())
            .map_err(rpc("impersonating the sender"))?;
        let request = rehearsal.request().gas_limit(GAS_CAP);
        let sent = self.provider.send_transaction(request).await.map_err(rpc("sending"))?;
        let hash = *sent.tx_hash();
        let mined = async {
            loop {
                if let Some(receipt) = self
                    .provider
                    .get_transaction_receipt(hash)
                    .await
                    .map_err(rpc("the receipt"))?
                {
                    return Ok(receipt);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, mined)
            .await
            .map_err(|_| ForkError::NotMined)?
    }

    async fn reason(&self, rehearsal: &Rehearsal) -> Result<ContractError, ForkError> {
        match self.provider.call(rehearsal.request().gas_limit(GAS_CAP)).await {
            Ok(_) => Ok(ContractError::Empty),
            Err(error) => ContractError::of_transport(&error).ok_or_else(|| rpc("the reason")(error)),
        }
    }
}

impl DryRun for ForkDryRun {
    async fn rehearse(&self, rehearsal: &Rehearsal) -> Result<Verdict, ForkError> {
        let fork = self.fork().await?;
        let receipt = fork.mine(rehearsal).await?;
        if !receipt.status() {
            return Ok(Verdict::Refused(fork.reason(rehearsal).await?));
        }
        Ok(Verdict::Accepted {
            gas: receipt.gas_used,
            reward: reward_in(&receipt),
        })
    }
}

/// What a submission earned, by its receipt.
pub(super) fn reward_in(receipt: &TransactionReceipt) -> u128 {
    let events = receipt
        .inner
        .logs()
        .iter()
        .filter_map(|log| log.log_decode::<BatchesVerified>().ok());
    events.map(|event| event.inner.reward.saturating_to::<u128>()).sum()
}
