// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sequencers on a private L1, and what tests ask them.

use crate::chain::{ALICE, Chain, DEPLOYER, PROVER, settled};
use alloy::primitives::{Address, B256, U256};
use alloy::providers::{Provider as _, ext::AnvilApi as _};
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall as _;
use poe_node::sequencer::{Decision, Round, Sequencer, SequencerConfig, Status};
use poe_node::store::View;
use poe_node::sync::Follower;
use poe_node::wallet::{TransferRequest, sign_transfer};
use poe_rollup::formats::Slot;
use poe_rollup::schnorr::SecretKey;
use std::path::Path;
use std::time::Duration;

pub const DEPLOYER_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

pub fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

/// Posts whatever waits, at once.
pub fn eager(fee_recipient: u32) -> SequencerConfig {
    let mut config = SequencerConfig::new(fee_recipient);
    config.policy.max_age = Duration::ZERO;
    config
}

pub async fn open(chain: &Chain, folder: &Path, key: &str, config: SequencerConfig) -> Sequencer {
    let follower = chain.follower(folder).await;
    Sequencer::open(follower, key.parse().unwrap(), config).await.unwrap()
}

/// Two accounts, of two sequencers that have fees to spend.
pub async fn populated() -> Chain {
    let chain = Chain::start().await;
    for account in [DEPLOYER, ALICE, PROVER] {
        chain.fund(account).await;
    }
    chain.register(DEPLOYER, &key(1), 1_000_000).await;
    chain.register(ALICE, &key(2), 1_000_000).await;
    chain
}

/// The same with the accounts in the state, and a follower in a folder.
pub async fn inhabited(folder: &Path) -> (Chain, Follower) {
    let chain = populated().await;
    chain.sequence(ALICE, &[vec![]], 2).await;
    let mut follower = chain.follower(folder).await;
    follower.sync_once().await.unwrap();
    (chain, follower)
}

/// A transfer from one of the two accounts to the other.
pub fn signed(view: &View, from: u8, (amount, fee, nonce): (u64, u64, u32)) -> Slot {
    let request = TransferRequest {
        from: Some(from.into()),
        to: 3 - u32::from(from),
        amount,
        fee,
        nonce: Some(nonce),
        sequencer: 0,
    };
    sign_transfer(view, &key(from), &request).unwrap()
}

/// A sequencer that has brought the two accounts into the state.
pub async fn started(chain: &Chain, folder: &Path, config: SequencerConfig) -> Sequencer {
    let mut sequencer = open(chain, folder, DEPLOYER_KEY, config).await;
    let round = step(chain, &mut sequencer).await;
    assert!(round.sent.is_some(), "messages wait: {round:?}");
    assert_eq!(step(chain, &mut sequencer).await.decision, Some(Decision::Nothing));
    sequencer
}

/// One round, and then what anvil makes of it.
pub async fn step(chain: &Chain, sequencer: &mut Sequencer) -> Round {
    let round = sequencer.step().await.unwrap();
    settled(&chain.provider).await;
    round
}

/// anvil mines what it is sent a little later.
pub async fn mined(chain: &Chain, transaction: B256) {
    for _ in 0..1_000 {
        let receipt = chain.provider.get_transaction_receipt(transaction).await.unwrap();
        if receipt.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{transaction} was not mined");
}

pub fn transfer(sequencer: &Sequencer, from: u8, amount: u64) -> Slot {
    let nonce = sequencer.service().next_nonce(from.into()).unwrap() as u32;
    signed(&sequencer.follower().view().unwrap(), from, (amount, 7, nonce))
}

pub fn slots_posted(sequencer: &Sequencer) -> (u32, u32) {
    let view = sequencer.follower().view().unwrap();
    let batches = (1..=view.chain().batches).map(|number| view.batch(number).unwrap().unwrap());
    batches.fold((0, 0), |(slots, applied), batch| {
        (slots + batch.slots, applied + batch.applied)
    })
}

pub fn sequences(sequencer: &Sequencer) -> u64 {
    sequencer.follower().view().unwrap().chain().last_sequence
}

pub fn is_sequenced(sequencer: &Sequencer, slot: &Slot) -> bool {
    let status = sequencer
        .service()
        .status_at(slot.transfer.from, slot.transfer.nonce)
        .unwrap();
    matches!(status, Status::Sequenced { .. })
}

pub async fn automine(chain: &Chain, on: bool) {
    chain.provider.anvil_set_auto_mine(on).await.unwrap();
}

pub async fn count(chain: &Chain, account: Address) -> u64 {
    chain.provider.get_transaction_count(account).await.unwrap()
}

/// The hash of the transaction on its way.
pub fn in_flight(sequencer: &Sequencer) -> Option<B256> {
    let hash = sequencer.service().info().unwrap().in_flight?;
    Some(hash.parse().unwrap())
}

/// Gas of a call with one slot, and too little for a second one.
const GAS_OF_ONE_CALL: u64 = 170_000;

async fn set_block_gas(chain: &Chain, gas: u64) {
    let set = chain
        .provider
        .raw_request("evm_setBlockGasLimit".into(), (U256::from(gas),));
    assert!(set.await.unwrap_or(false));
}

/// Another sequencer includes a slot, in a block that has no room for whatever else waits in the provider's pool.
pub async fn include_elsewhere(chain: &Chain, slot: &Slot) {
    set_block_gas(chain, GAS_OF_ONE_CALL).await;
    let call = chain.sequence_call(&[slot.encode().to_vec()], 2).abi_encode();
    let request = TransactionRequest::default()
        .from(ALICE)
        .to(chain.core())
        .input(call.into());
    let request = TransactionRequest {
        gas_price: Some(100_000_000_000),
        gas: Some(GAS_OF_ONE_CALL),
        ..request
    };
    let other = *chain.provider.send_transaction(request).await.unwrap().tx_hash();
    chain.mine(1).await;
    mined(chain, other).await;
    set_block_gas(chain, 30_000_000).await;
}
