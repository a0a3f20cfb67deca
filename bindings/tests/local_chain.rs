// SPDX-License-Identifier: MIT OR Apache-2.0
//! The example of the README, and the native functions against the contracts, on a private chain.

#[path = "chain/mod.rs"]
mod chain;
#[allow(unreachable_pub)]
#[path = "../examples/sequence.rs"]
mod example;

use alloy::network::EthereumWallet;
use alloy::primitives::aliases::U40;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context as _, Result, ensure};
use chain::{Chain, KEY};
use futures::StreamExt as _;
use poe_bindings::batch_fee::FeeState;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{
    Claim, ProofOfEfficiencyErrors, ProofOfEfficiencyEvents,
};
use poe_bindings::formats;
use poe_bindings::sequencing::BatchSource;
use poe_bindings::watch::{Cursor, FinalChange, Watch};
use poe_bindings::{ContractError, Deployment, Preimages};
use std::time::Duration;

struct Setting {
    provider: DynProvider,
    deployment: Deployment,
    me: Address,
}

impl Setting {
    fn new(chain: &Chain) -> Result<Self> {
        let signer: PrivateKeySigner = KEY.parse()?;
        let me = signer.address();
        let provider = ProviderBuilder::new()
            .wallet(EthereumWallet::from(signer))
            .connect_http(chain.rpc_url.parse()?)
            .erased();
        let deployment = Deployment::read(&chain.deployment)?;
        Ok(Self {
            provider,
            deployment,
            me,
        })
    }

    fn watch(&self) -> Watch<DynProvider> {
        Watch::new(self.provider.clone(), &self.deployment).interval(Duration::from_millis(50))
    }

    async fn now(&self) -> Result<(u64, u64)> {
        let block = self.provider.get_block(Default::default()).await?.context("no block")?;
        Ok((block.header.number, block.header.timestamp))
    }

    /// Every event so far, with the batches of each sequence and the time of each block.
    async fn preimages(&self) -> Result<Preimages> {
        let d = &self.deployment;
        let mut known = Preimages::genesis(d.chain_id, d.contracts.proof_of_efficiency, d.genesis_root)?;
        let (newest, _) = self.now().await?;
        let events = self.watch().events(vec![]);
        futures::pin_mut!(events);
        // Something is logged in the newest block in all tests here.
        while let Some(event) = events.next().await {
            let event = event?;
            let block = self.provider.get_block(event.block.into()).await?.context("no block")?;
            let time = block.header.timestamp;
            match &event.value {
                ProofOfEfficiencyEvents::BatchesSequenced(sequenced) => {
                    let contract = d.contracts.proof_of_efficiency;
                    let made = poe_bindings::sequencing::fetch_transaction(&self.provider, contract, event.transaction)
                        .await?;
                    known.sequenced(sequenced, made[0].batches.len(), time)?;
                }
                ProofOfEfficiencyEvents::BatchesVerified(verified) => known.verified(verified, time)?,
                ProofOfEfficiencyEvents::VersionActivated(activated) => known.activated(activated, time),
                _ => {}
            }
            if event.block == newest {
                return Ok(known);
            }
        }
        unreachable!("the stream does not end")
    }
}

// REQ C8
#[tokio::test(flavor = "multi_thread")]
async fn the_example_runs_and_native_results_equal_the_contracts() -> Result<()> {
    let chain = Chain::start()?;
    let done = example::sequence(&chain.rpc_url, &chain.deployment, KEY).await?;
    let ContractError::Core(refusal) = &done.refusal else {
        panic!("not an error of the core: {}", done.refusal);
    };
    assert!(
        matches!(**refusal, ProofOfEfficiencyErrors::FeeAboveLimit(_)),
        "{}",
        done.refusal
    );
    assert_eq!(done.batches.sequence, 1);
    assert_eq!(done.batches.source, BatchSource::Calldata);
    assert_eq!(done.batches.batches, [Bytes::new()]);
    assert_eq!(U256::from(done.batches.fee), done.quoted);

    let setting = Setting::new(&chain)?;
    virtual_state(&setting).await?;
    accumulators(&setting).await?;
    fees(&setting).await?;
    proving(&setting).await?;
    Ok(())
}

/// The stream reports the sequence, resumes behind it, and waits for the next.
async fn virtual_state(setting: &Setting) -> Result<()> {
    let virtual_state = setting.watch().most_blocks(2).virtual_state();
    futures::pin_mut!(virtual_state);
    let first = virtual_state.next().await.context("the stream ended")??;
    assert_eq!((first.value.sequence, first.value.fee_recipient), (1, 1));
    let resumed = setting.watch().from(first.cursor()).virtual_state();
    futures::pin_mut!(resumed);
    let nothing = tokio::time::timeout(Duration::from_millis(300), resumed.next()).await;
    ensure!(nothing.is_err(), "the resumed stream repeats: {nothing:?}");
    let again = setting.watch().from(Cursor {
        block: first.block,
        log_index: first.log_index,
    });
    let again = again.virtual_state();
    futures::pin_mut!(again);
    assert_eq!(again.next().await.context("the stream ended")??, first);
    Ok(())
}

/// Sequences three more batches; the accumulator is the one computed beforehand, natively and by the lens.
async fn accumulators(setting: &Setting) -> Result<()> {
    let poe = setting.deployment.proof_of_efficiency(&setting.provider);
    let lens = setting.deployment.lens(&setting.provider);
    let batches = vec![Bytes::from(vec![7; 96]), Bytes::new(), Bytes::from(vec![9; 94 * 96])];
    let head = poe.head().call().await?;
    let native = formats::acc_after(
        poe.lastAcc().call().await?,
        head.version,
        head.slotCapacity,
        &batches,
        &[B256::ZERO; 3],
        1,
    )?;
    let predicted = lens.predictAcc(*poe.address(), batches.clone(), 1).call().await?;
    assert_eq!(native, predicted);
    let known = setting.preimages().await?;
    let limits = formats::limits_at_sequence(
        U256::MAX,
        u64::MAX,
        1,
        &known.sequence(1).context("no sequence")?.preimage,
    );
    poe.sequenceBatches(batches, 1, limits.clone())
        .send()
        .await?
        .get_receipt()
        .await?;
    assert_eq!(poe.lastAcc().call().await?, native);
    // The anchor opens the word of sequence 1 still, and a wrong one does not.
    let mut wrong = limits.clone();
    wrong.anchorRest = B256::ZERO;
    poe.sequenceBatches(vec![Bytes::new()], 1, limits).call().await?;
    let refused = poe
        .sequenceBatches(vec![Bytes::new()], 1, wrong)
        .call()
        .await
        .unwrap_err();
    let refused = ContractError::of_call(&refused).context("no revert")?.to_string();
    assert!(refused.starts_with("AnchorMismatch { anchor: 1, "), "{refused}");
    Ok(())
}

/// Native quotes are the lens's to the wei, now and at any time, on time and late.
async fn fees(setting: &Setting) -> Result<()> {
    let poe = setting.deployment.proof_of_efficiency(&setting.provider);
    let lens = setting.deployment.lens(&setting.provider);
    let (number, now) = setting.now().await?;
    let state = FeeState::read(&poe, number.into()).await?;
    for seconds in [0, 1, 59, 1_799, 1_801, 5_000, 40_000, 47_833, 60_000, 1_000_000] {
        for batches in [0, 1, 2, 63, 1_000, 20_000, 1 << 24] {
            let at = U256::from(now + seconds);
            let asked = lens.quoteFeeAt(*poe.address(), U256::from(batches), at).call().await?;
            assert_eq!(
                state.quote(batches, now + seconds)?,
                asked,
                "{batches} batches, {seconds} s later"
            );
        }
    }
    let too_many = lens.quoteFee(*poe.address(), U256::from((1u64 << 24) + 1)).call().await;
    ensure!(too_many.is_err() && state.quote((1 << 24) + 1, now).is_err());
    Ok(())
}

/// Preimages from events are those of the words on chain; the native statement is what the verifier is asked; the reward is paid.
async fn proving(setting: &Setting) -> Result<()> {
    let poe = setting.deployment.proof_of_efficiency(&setting.provider);
    let lens = setting.deployment.lens(&setting.provider);
    let known = setting.preimages().await?;
    for number in 0..=2 {
        let word = poe.commitmentOf(U40::from(number)).call().await?;
        assert_eq!(known.word(number), Some(word), "word {number}");
    }
    let beneficiary = Address::repeat_byte(0xbe);
    let root = setting.deployment.genesis_root;
    let claim = known
        .claim(0, 1, beneficiary, U256::ZERO, root, B256::repeat_byte(5))
        .context("unknown range")?;
    let statement = formats::statement(setting.deployment.domain, 1, &claim)?.hash();
    let asked = lens
        .statementOf(*poe.address(), Claim::clone(&claim).into())
        .call()
        .await?;
    assert_eq!(asked.statement, B256::from(statement));

    let sequence = known.sequence(1).context("no sequence")?.preimage.clone();
    let paid = poe.settlement().call().await?.paidCumulativeFee;
    let reward = formats::pending_reward(paid, &sequence);
    let asked = lens
        .pendingReward(*poe.address(), U40::from(1), sequence.into())
        .call()
        .await?;
    assert_eq!(reward, asked);

    // The mock verifier of local deployments takes the statement itself for a proof, and nothing else.
    let wrong = poe
        .verifyBatches(U40::ZERO, U40::from(1), claim.clone(), Bytes::from(vec![0; 32]))
        .call()
        .await;
    ensure!(wrong.is_err(), "a wrong statement was accepted");
    let proof = Bytes::copy_from_slice(&statement);
    poe.verifyBatches(U40::ZERO, U40::from(1), claim.clone(), proof.clone())
        .send()
        .await?
        .get_receipt()
        .await?;
    assert_eq!(poe.feeBalanceOf(beneficiary).call().await?, reward);
    let late = poe
        .verifyBatches(U40::ZERO, U40::from(1), claim, proof)
        .call()
        .await
        .unwrap_err();
    let late = ContractError::of_call(&late).context("no revert")?.to_string();
    assert_eq!(late, "LateProof { last: 1, lastVerified: 1 }");
    final_state(setting, reward).await
}

async fn final_state(setting: &Setting, reward: U256) -> Result<()> {
    let final_state = setting.watch().final_state();
    futures::pin_mut!(final_state);
    let change = final_state.next().await.context("the stream ended")??;
    let FinalChange::Verified(verified) = change.value else {
        panic!("not a proof: {:?}", change.value);
    };
    assert_eq!((verified.last, verified.reward), (U40::from(1), reward));
    let poe = setting.deployment.proof_of_efficiency(&setting.provider);
    let known = setting.preimages().await?;
    let word = poe.commitmentOf(U40::from(1)).call().await?;
    assert_eq!(known.word(1), Some(word));
    assert_eq!((known.last_verified(), known.last_sequence()), (1, 2));
    // Limits anchored at the new checkpoint are good.
    let anchor = &known.checkpoint(1).context("no checkpoint")?.preimage;
    let limits = formats::limits_at_checkpoint(U256::MAX, u64::MAX, 1, anchor);
    poe.sequenceBatches(vec![Bytes::new()], 1, limits)
        .from(setting.me)
        .call()
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_the_contracts_is_noticed() -> Result<()> {
    let chain = Chain::start()?;
    let setting = Setting::new(&chain)?;
    setting.deployment.verify(&setting.provider).await?;
    let mut other = setting.deployment.clone();
    other.contracts.lens = other.contracts.router;
    let error = other.verify(&setting.provider).await.unwrap_err().to_string();
    assert!(
        error.starts_with("lens at 0x") && error.contains("another contract"),
        "{error}"
    );
    other.contracts.lens = Address::repeat_byte(1);
    let error = other.verify(&setting.provider).await.unwrap_err().to_string();
    assert!(error.contains("no contract is there"), "{error}");
    other.chain_id = 1;
    let error = other.verify(&setting.provider).await.unwrap_err().to_string();
    assert_eq!(error, "the node follows chain 31337, the deployment is on chain 1");
    Ok(())
}
