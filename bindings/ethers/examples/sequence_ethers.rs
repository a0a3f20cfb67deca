// SPDX-License-Identifier: MIT OR Apache-2.0
//! `sequence_ethers <rpc-url> <deployment.json>`: registers an L2 account, buys room for
//! a batch and finds its event, on a deployment with the test token, from the first account the node has the key of.

use anyhow::{Context as _, Result};
use ethers_core::types::{Address, Bytes, U256};
use ethers_providers::{Http, Middleware as _, Provider};
use poe_bindings_ethers::proof_of_efficiency::{BatchesSequencedFilter, Limits, ProofOfEfficiencyErrors};
use poe_bindings_ethers::{PoELens, ProofOfEfficiency, TestToken};
use poe_rollup::schnorr::SecretKey;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What the example did.
pub struct Sequenced {
    /// The event of the sequence.
    pub event: BatchesSequencedFilter,
    /// What it was to cost, by the lens.
    pub quoted: U256,
    /// Why a call that offered less was refused.
    pub refusal: ProofOfEfficiencyErrors,
}

/// Registers, pays in, sequences one empty batch.
pub async fn sequence(rpc_url: &str, deployment: &Path) -> Result<Sequenced> {
    // An account of the node sends. With a key of one's own: SignerMiddleware of ethers-middleware around the provider.
    // Receipts are asked for once in this time; left alone, ethers waits seven seconds.
    let provider = Provider::<Http>::try_from(rpc_url)?.interval(Duration::from_millis(500));
    let accounts = provider.get_accounts().await?;
    let me = *accounts.first().context("the node has no account")?;
    let client = Arc::new(provider.with_sender(me));

    let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(deployment)?)?;
    let address = |name: &str| -> Result<Address> {
        Ok(file["contracts"][name]
            .as_str()
            .with_context(|| format!("no {name}"))?
            .parse()?)
    };
    let poe = ProofOfEfficiency::new(address("proofOfEfficiency")?, client.clone());
    let lens = PoELens::new(address("lens")?, client.clone());
    let token = TestToken::new(address("feeToken")?, client.clone());

    // An L2 account, which will earn the fees of the batch. Its registration takes a fee in ether; the rest is its balance.
    let account = SecretKey::from_seed(&[8; 32]).public().to_bytes();
    let fee = poe.message_fee_gwei().call().await?;
    let value = (fee + 5_000) * 1_000_000_000u64;
    poe.register(account.into(), me, fee).value(value).send().await?.await?;
    let index = u32::try_from(poe.head().call().await?.next_index)? - 1;

    // Batch fees are paid from a balance in the fee token.
    let amount = U256::exp10(18);
    token.mint(me, amount).send().await?.await?;
    token.approve(poe.address(), amount).send().await?.await?;
    poe.deposit_fees(me, amount).send().await?.await?;

    let quoted = lens.quote_fee(poe.address(), U256::one()).call().await?;
    let anchored = lens
        .limits_at_genesis(poe.address(), quoted, U256::from(u64::MAX))
        .call()
        .await?;
    let limits = |max_fee| Limits {
        max_fee,
        deadline: anchored.deadline,
        anchor: anchored.anchor,
        anchor_acc: anchored.anchor_acc,
        anchor_rest: anchored.anchor_rest,
    };

    // A refusal comes with its name and its values.
    let batches = vec![Bytes::new()];
    let refused = poe
        .sequence_batches(batches.clone(), index, limits(quoted / 2))
        .call()
        .await;
    let refusal = refused.err().context("the contract took half the price")?;
    let refusal = refusal.decode_contract_revert::<ProofOfEfficiencyErrors>();
    let refusal = refusal.context("the call failed without an error of the contract")?;

    poe.sequence_batches(batches, index, limits(quoted))
        .send()
        .await?
        .await?;
    let events = poe.batches_sequenced_filter().from_block(0u64).query().await?;
    let event = events.into_iter().next_back().context("no sequence was logged")?;
    Ok(Sequenced { event, quoted, refusal })
}

#[tokio::main]
#[allow(dead_code, reason = "the integration test runs `sequence` itself")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rpc_url, deployment] = arguments.as_slice() else {
        anyhow::bail!("usage: sequence <rpc-url> <deployment.json>");
    };
    let done = sequence(rpc_url, Path::new(deployment)).await?;
    println!("half the price was refused: {}", done.refusal);
    println!(
        "sequence {} cost {} wei of the fee token",
        done.event.sequence, done.event.fee
    );
    Ok(())
}
