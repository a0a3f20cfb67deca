// SPDX-License-Identifier: MIT OR Apache-2.0
//! A private L1 on which anything happens that the contract allows, in an order that a campaign draws.

use crate::campaign::Campaign;
use crate::chain::{ALICE, Chain, DEPLOYER};
use crate::sequencing::{key, populated};
use alloy::providers::Provider as _;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{announceCall, tipCall};
use poe_node::store::{Record, View};
use poe_node::sync::Follower;
use poe_node::wallet::{TransferRequest, sign_transfer};
use poe_rollup::formats::Slot;
use poe_rollup::state::StateReader as _;

/// Batches that may wait, less the most of one call.
const MOST_PENDING: u64 = 60;

/// What may happen on L1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Sequencing,
    Proving,
    Exits,
    Messages,
    Tips,
    Silence,
}

pub const STAGES: [Stage; 6] = [
    Stage::Sequencing,
    Stage::Proving,
    Stage::Exits,
    Stage::Messages,
    Stage::Tips,
    Stage::Silence,
];

/// A chain, and a follower that knows its newest state.
pub struct History {
    pub chain: Chain,
    scout: Follower,
    _folder: tempfile::TempDir,
}

impl History {
    /// Two accounts that are in the state.
    pub async fn begin() -> Self {
        let chain = populated().await;
        chain.sequence(DEPLOYER, &[vec![]], 1).await;
        let folder = tempfile::tempdir().unwrap();
        let scout = chain.follower(folder.path()).await;
        Self {
            chain,
            scout,
            _folder: folder,
        }
    }

    pub async fn view(&mut self) -> View {
        self.scout.sync_once().await.unwrap();
        self.scout.view().unwrap()
    }

    /// Of the newest block.
    pub async fn number(&self) -> u64 {
        self.chain.provider.get_block_number().await.unwrap()
    }

    /// What a follower knows that has seen every block with an honest provider.
    pub async fn known(&mut self) -> Vec<Record> {
        self.view().await;
        self.scout.store().dump().unwrap()
    }

    /// The store of a node that starts now.
    pub async fn clean(&self) -> Vec<Record> {
        let folder = tempfile::tempdir().unwrap();
        let mut follower = self.chain.follower(folder.path()).await;
        follower.sync_once().await.unwrap();
        follower.store().dump().unwrap()
    }

    /// One to three blocks of a stage.
    pub async fn happen(&mut self, stage: Stage, draw: &mut Campaign) {
        match stage {
            Stage::Sequencing => self.sequence(draw, false).await,
            Stage::Proving => self.prove(draw).await,
            Stage::Exits => {
                self.sequence(draw, true).await;
                self.prove(draw).await;
                if draw.chance(3) {
                    let delay = self.scout.view().unwrap().identity().exit_delay;
                    self.chain.pass_time(delay + 1).await;
                }
            }
            Stage::Messages => self.queue(draw).await,
            Stage::Tips => self.tip(draw).await,
            Stage::Silence => self.chain.pass_time(1 + draw.below(100)).await,
        }
    }

    async fn sequence(&mut self, draw: &mut Campaign, exits: bool) {
        let view = self.view().await;
        let pending = view.chain().batches - view.last_batch_of(view.chain().last_verified).unwrap();
        if pending > MOST_PENDING {
            // The contract takes no more.
            let last = view.chain().last_sequence;
            return self.chain.verify(&view, last, |_| ()).await;
        }
        let batches: Vec<Vec<u8>> = (0..1 + draw.below(3)).map(|_| batch(&view, draw, exits)).collect();
        let (sender, recipient) = *draw.pick(&[(DEPLOYER, 1), (ALICE, 2)]);
        self.chain.sequence(sender, &batches, recipient).await;
    }

    async fn prove(&mut self, draw: &mut Campaign) {
        let view = self.view().await;
        let chain = view.chain();
        let pending = chain.last_sequence - chain.last_verified;
        if pending == 0 {
            return self.sequence(draw, false).await;
        }
        let last = chain.last_verified + 1 + draw.below(pending);
        self.chain.verify(&view, last, |_| ()).await;
    }

    async fn queue(&mut self, draw: &mut Campaign) {
        let amount = 300_000 + draw.below(1_000_000);
        let account = 3 + draw.below(200) as u8;
        self.chain.register(ALICE, &key(account), amount).await;
    }

    async fn tip(&mut self, draw: &mut Campaign) {
        let core = self.chain.core();
        let last = self.view().await.chain().last_sequence;
        let is_open = self.scout.view().unwrap().chain().last_verified < last;
        if is_open && draw.chance(2) {
            let call = tipCall {
                sequence: alloy::primitives::aliases::U40::wrapping_from(last),
                amount: alloy::primitives::U256::from(1 + draw.below(1_000)),
            };
            self.chain.send(ALICE, core, call, 0).await;
        } else {
            let url = format!("http://sequencer.example/{}", draw.below(1_000));
            self.chain.send(DEPLOYER, core, announceCall { url }, 0).await;
        }
    }
}

/// Good transfers, withdraws, the same twice, broken ones, and bytes that are nothing.
pub fn batch(view: &View, draw: &mut Campaign, exits: bool) -> Vec<u8> {
    let (from, mut slots) = (1 + draw.below(2) as u8, Vec::new());
    let nonce = view.account(from.into()).unwrap().map_or(0, |account| account.nonce) as u32;
    for offset in 0..draw.below(4) as u32 + u32::from(exits) {
        let request = TransferRequest {
            from: Some(from.into()),
            to: if exits || draw.chance(4) {
                0
            } else {
                3 - u32::from(from)
            },
            amount: 1 + draw.below(50),
            fee: draw.below(3),
            nonce: Some(nonce + offset),
            sequencer: 0,
        };
        let Ok(good) = sign_transfer(view, &key(from), &request) else {
            continue;
        };
        match draw.below(6) {
            0 => slots.extend([good, good]),
            1 => slots.push(Slot { spare: 1, ..good }),
            _ => slots.push(good),
        }
    }
    let mut bytes: Vec<u8> = slots.iter().flat_map(Slot::encode).collect();
    if draw.chance(3) {
        let nothing = 96 * draw.below(4) as usize;
        bytes.extend(draw.bytes(nothing));
    }
    bytes
}
