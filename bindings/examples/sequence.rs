// SPDX-License-Identifier: MIT OR Apache-2.0
//! `sequence <rpc-url> <deployment.json> <private-key>`: registers an L2 account, buys
//! room for a batch and reads it back from L1, on a deployment with the test token.

use alloy::primitives::{Address, U256};
use alloy::providers::{Provider, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context as _, Result};
use poe_bindings::batch_fee::FeeState;
use poe_bindings::contracts::TestToken;
use poe_bindings::poe_rollup::schnorr::SecretKey;
use poe_bindings::sequencing::{SequencedBatches, fetch_transaction};
use poe_bindings::{ContractError, Deployment, formats};
use std::path::Path;

/// What the example did.
pub struct Sequenced {
    /// The sequence, as read back from L1.
    pub batches: SequencedBatches,
    /// What it was to cost, computed beforehand.
    pub quoted: U256,
    /// Why a call that offered less was refused.
    pub refusal: ContractError,
}

/// Registers, pays in, sequences one empty batch.
pub async fn sequence(rpc_url: &str, deployment: &Path, key: &str) -> Result<Sequenced> {
    let signer: PrivateKeySigner = key.parse()?;
    let me: Address = signer.address();
    let provider = ProviderBuilder::new().wallet(signer).connect_http(rpc_url.parse()?);

    // For a public deployment: Deployment::for_chain(provider.get_chain_id().await?)?
    let deployment = Deployment::read(deployment)?;
    deployment.verify(&provider).await?;
    let poe = deployment.proof_of_efficiency(&provider);

    // An L2 account, which will earn the fees of the batch. Its registration takes a fee in ether; the rest is its balance.
    let account = SecretKey::from_seed(&[7; 32]).public().to_bytes();
    let fee = poe.messageFeeGwei().call().await?;
    let gwei = U256::from(1_000_000_000);
    let registration = poe
        .register(account.into(), me, fee)
        .value((fee + U256::from(5_000)) * gwei);
    registration.send().await?.get_receipt().await?;
    let index: u32 = poe.head().call().await?.nextIndex.to::<u32>() - 1;

    // Batch fees are paid from a balance in the fee token.
    let token = TestToken::new(deployment.contracts.fee_token, &provider);
    let amount = U256::from(10).pow(U256::from(18));
    token.mint(me, amount).send().await?.get_receipt().await?;
    token
        .approve(*poe.address(), amount)
        .send()
        .await?
        .get_receipt()
        .await?;
    poe.depositFees(me, amount).send().await?.get_receipt().await?;

    // The price falls with time while proofs are on time: what holds now is enough for the next block.
    let block = provider.get_block(Default::default()).await?.context("no block")?;
    let quoted = FeeState::read(&poe, block.header.number.into())
        .await?
        .quote(1, block.header.timestamp)?;
    let genesis = formats::genesis_checkpoint(
        deployment.chain_id,
        deployment.contracts.proof_of_efficiency,
        deployment.genesis_root,
    )?;
    let limits = |max_fee| formats::limits_at_checkpoint(max_fee, block.header.timestamp + 3_600, 0, &genesis);

    // A refusal comes with its name and its values.
    let batches = vec![Default::default()];
    let refused = poe
        .sequenceBatches(batches.clone(), index, limits(quoted / U256::from(2)))
        .call()
        .await;
    let refusal = ContractError::of_call(&refused.err().context("the contract took half the price")?);
    let refusal = refusal.context("the call failed without reverting")?;

    // The price of an idle chain is at its floor; nobody else sequences meanwhile, so the quote is exact.
    let receipt = poe
        .sequenceBatches(batches, index, limits(quoted))
        .send()
        .await?
        .get_receipt()
        .await?;
    let mut sequences = fetch_transaction(&provider, *poe.address(), receipt.transaction_hash).await?;
    let batches = sequences.pop().context("the transaction made no sequence")?;
    Ok(Sequenced {
        batches,
        quoted,
        refusal,
    })
}

#[tokio::main]
#[allow(dead_code, reason = "the integration test runs `sequence` itself")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rpc_url, deployment, key] = arguments.as_slice() else {
        anyhow::bail!("usage: sequence <rpc-url> <deployment.json> <private-key>");
    };
    let done = sequence(rpc_url, Path::new(deployment), key).await?;
    println!("half the price was refused: {}", done.refusal);
    println!(
        "sequence {} cost {} wei of the fee token",
        done.batches.sequence, done.batches.fee
    );
    Ok(())
}
