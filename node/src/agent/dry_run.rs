// SPDX-License-Identifier: MIT OR Apache-2.0
//! A transaction is first mined on a fork of the chain, where it costs nothing.

use super::anvil::Anvil;
use alloy::primitives::{Address, Bytes, U256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::transports::TransportError;
use poe_bindings::ContractError;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::BatchesVerified;
use std::path::PathBuf;
use std::time::Duration;

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
    #[error("the fork did not mine the transaction within {} s", PATIENCE.as_secs())]
    NotMined,
}

/// Who rehearses.
pub trait DryRun: Send + Sync {
    /// Rehearses a transaction on the chain as it is now.
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
    _anvil: Anvil,
}

fn rpc(what: &'static str) -> impl FnOnce(TransportError) -> ForkError {
    move |source| ForkError::Rpc {
        what,
        source: Box::new(source),
    }
}

impl ForkDryRun {
    async fn fork(&self) -> Result<Fork, ForkError> {
        // A cache by block number would mix up two private chains.
        let anvil = Anvil::start(&self.program, &["--no-storage-caching", "--fork-url", &self.rpc]).await?;
        let url = anvil.url.parse().map_err(|_| ForkError::Silent {
            program: self.program.clone(),
            said: anvil.url.clone(),
        })?;
        Ok(Fork {
            provider: ProviderBuilder::new().connect_http(url).erased(),
            _anvil: anvil,
        })
    }
}

impl Fork {
    /// Lets the sender act here, with ether for all the gas a transaction may take: what it really costs is known afterwards.
    async fn prepare(&self, sender: Address) -> Result<(), ForkError> {
        let impersonated = self.provider.raw_request("anvil_impersonateAccount".into(), (sender,));
        impersonated
            .await
            .map(|(): ()| ())
            .map_err(rpc("impersonating the sender"))?;
        let plenty = U256::from(u128::MAX);
        let rich = self.provider.raw_request("anvil_setBalance".into(), (sender, plenty));
        rich.await.map(|(): ()| ()).map_err(rpc("the sender's ether"))
    }

    async fn mine(&self, rehearsal: &Rehearsal) -> Result<TransactionReceipt, ForkError> {
        self.prepare(rehearsal.from).await?;
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
pub(crate) fn reward_in(receipt: &TransactionReceipt) -> u128 {
    let events = receipt
        .inner
        .logs()
        .iter()
        .filter_map(|log| log.log_decode::<BatchesVerified>().ok());
    events.map(|event| event.inner.reward.saturating_to::<u128>()).sum()
}
