// SPDX-License-Identifier: MIT OR Apache-2.0
//! What users may ask of a sequencer. JSON-RPC is a thin layer over it.

use super::config::SequencerConfig;
use super::error::{SequencerError, SubmitError};
use super::journal::Journal;
use super::packer::{Packed, pack};
use super::policy::{Prices, Ready};
use super::pool::{Admission, Pool};
use super::records::{Entry, Flight, Inclusion, Key, Outcome, TransferId, key_of};
use super::report::Report;
use super::revalidate::inclusion;
use crate::chain::{Status as ChainStatus, VersionRecord};
use crate::store::{Store, StoreError, View};
use crate::units::Tokens;
use alloy::primitives::Address;
use poe_rollup::formats::{Bytes32, Capacity, Slot};
use poe_rollup::state::{Account, StateReader as _};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// A sequencer as its users see it. Shared between the task that posts and the server.
#[derive(Debug)]
pub struct Service {
    pub(super) config: SequencerConfig,
    pub(super) journal: Journal,
    pool: Mutex<Pool>,
    store: Arc<Store>,
    domain: Bytes32,
    sender: Address,
    outlook: Mutex<Outlook>,
}

/// What the posting task last saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Outlook {
    pub(super) prices: Option<Prices>,
    /// Why it does not post although it would.
    pub(super) problem: Option<String>,
    /// The transaction on its way.
    pub(super) in_flight: Option<Bytes32>,
}

/// What became of a slot that was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Submitted {
    /// Names the transfer from now on.
    pub id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub status: Status,
}

/// Where a slot stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Status {
    /// This sequencer knows nothing of it.
    Unknown,
    /// It waits.
    Waiting {
        /// For what.
        waits_for: String,
    },
    /// It is in a transaction that is not mined yet.
    InFlight {
        /// The newest form of the transaction.
        transaction: Option<String>,
    },
    /// It was applied, in the virtual state.
    Sequenced {
        /// The sequence.
        sequence: u64,
        /// The batch.
        batch: u64,
        /// Position in the batch, from 0.
        position: u32,
        /// The L1 transaction.
        transaction: String,
        /// The L1 block.
        block: u64,
        /// Whether a proof has been accepted of it.
        proven: bool,
    },
    /// This sequencer will not include it.
    Dropped {
        /// Why.
        reason: String,
    },
}

/// What a slot should pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeEstimate {
    /// Gwei at which a batch as full as expected pays for itself, so that the slot is included soon.
    pub fee: u64,
    /// Gwei below which this sequencer takes no slot. Between the two, a slot waits for company, and at most `maxWait` seconds.
    pub minimum: u64,
    /// Seconds after which a slot is posted at a loss.
    pub max_wait: u64,
    /// What the next batch costs, in base units of the fee token.
    pub batch_fee: Tokens,
    /// The price of gas it reckons with, in wei.
    pub gas_price: u64,
}

/// An account in both states and in the pool. Amounts are gwei.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountReport {
    /// Its index.
    pub index: u32,
    /// Whether the virtual state has it.
    pub registered: bool,
    /// Its L1 owner.
    pub owner: Option<String>,
    /// Balance in the virtual state.
    pub balance: u64,
    /// Nonce in the virtual state.
    pub nonce: u64,
    /// Nonce to sign with next.
    pub next_nonce: u64,
    /// Its slots that wait here or are on their way.
    pub waiting: usize,
    /// What those move and pay.
    pub outgoing: u64,
    /// Balance in the final state.
    pub final_balance: u64,
    /// Nonce in the final state.
    pub final_nonce: u64,
}

/// The sequencer and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// L1 chain.
    pub chain_id: u64,
    /// The core contract.
    pub contract: String,
    /// L1 account that pays.
    pub sequencer: String,
    /// L2 account that earns the fees.
    pub fee_recipient: u32,
    /// Version new sequences are pinned to.
    pub version: u32,
    /// Slots, messages and exits of a batch.
    pub capacity: Option<Capacity>,
    /// Life of the deployment.
    pub status: ChainStatus,
    /// The last L1 block applied.
    pub l1_block: u64,
    /// Its hash.
    pub l1_block_hash: Option<String>,
    /// The newest sequence.
    pub last_sequence: u64,
    /// Batches ever.
    pub batches: u64,
    /// The newest checkpoint.
    pub last_verified: u64,
    /// Accumulator of the virtual state.
    pub acc: String,
    /// Root of the virtual state.
    pub virtual_root: String,
    /// Root of the final state.
    pub final_root: String,
    /// Gwei below which no slot is taken.
    pub min_fee: u64,
    /// Slots in the pool.
    pub pool: usize,
    /// Most slots in the pool.
    pub pool_limit: usize,
    /// Most slots of one account.
    pub account_limit: usize,
    /// The transaction on its way to L1.
    pub in_flight: Option<String>,
    /// Why nothing is posted although something should be.
    pub problem: Option<String>,
}

fn hash(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

pub(super) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

impl Service {
    pub(super) fn open(config: SequencerConfig, store: Arc<Store>, sender: Address) -> Result<Self, SequencerError> {
        let domain = store.view()?.domain();
        let journal = Journal::open(store.directory().path(), &domain, config.pool.memory)?;
        let pool = Pool::new(config.pool, domain, config.fee_recipient, journal.entries()?);
        Ok(Self {
            config,
            journal,
            pool: Mutex::new(pool),
            store,
            domain,
            sender,
            outlook: Mutex::default(),
        })
    }

    pub(super) fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn outlook(&self) -> MutexGuard<'_, Outlook> {
        self.outlook.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self) -> Result<View, StoreError> {
        self.store.view()
    }

    /// Takes a slot. When this returns, it is on disk. The same transfer again, in whatever form, is not an error.
    pub fn submit(&self, slot: &Slot) -> Result<Submitted, SubmitError> {
        let mut pool = self.pool();
        let view = self.view()?;
        let id = pool.id(slot);
        match pool.judge(&view, slot, unix_now())? {
            Admission::Known => {}
            Admission::New { entry, leaving } => {
                self.journal.change_pool(Some(&entry), &leaving)?;
                pool.admit(entry, &leaving);
            }
        }
        let key = key_of(&slot.transfer);
        let status = match pool.get(key) {
            Some(entry) => self.status_of(&pool, &view, key, entry)?,
            None => Status::Unknown,
        };
        Ok(Submitted { id: hash(&id), status })
    }

    /// Where the transfer with a name stands.
    pub fn status(&self, id: &TransferId) -> Result<Status, SequencerError> {
        let pool = self.pool();
        let view = self.view()?;
        if let Some(key) = pool.find(id) {
            if let Some(entry) = pool.get(key) {
                return self.status_of(&pool, &view, key, entry);
            }
        }
        match self.journal.recall(id)? {
            Some(memory) => ended(&view, &memory.outcome),
            None => Ok(Status::Unknown),
        }
    }

    /// Where the slot of a sender with a nonce stands: what this sequencer has, else what L1 says, else what it remembers.
    pub fn status_at(&self, from: u32, nonce: u32) -> Result<Status, SequencerError> {
        let (pool, view, key) = (self.pool(), self.view()?, (from, nonce));
        if let Some(entry) = pool.get(key) {
            return self.status_of(&pool, &view, key, entry);
        }
        if let Some(receipt) = view
            .receipt(from, nonce)?
            .filter(|receipt| receipt.receipt.is_applied())
        {
            let (sequence, batch, position) = (receipt.sequence, receipt.batch, receipt.position);
            return sequenced(&view, sequence, batch, position);
        }
        match self.journal.recall_key(key)? {
            Some(memory) => ended(&view, &memory.outcome),
            None => Ok(Status::Unknown),
        }
    }

    fn status_of(&self, pool: &Pool, view: &View, key: Key, entry: &Entry) -> Result<Status, SequencerError> {
        let nonce = view.account(key.0)?.map_or(0, |account| account.nonce);
        if u64::from(key.1) < nonce {
            // The posting task may not have seen it yet.
            return match inclusion(view, &entry.slot)? {
                Some(Inclusion {
                    same: true,
                    sequence,
                    batch,
                    position,
                    ..
                }) => sequenced(view, sequence, batch, position),
                Some(Inclusion { batch, .. }) => Ok(Status::Dropped {
                    reason: format!("another slot with the same nonce was applied in batch {batch}"),
                }),
                None => Ok(Status::Unknown),
            };
        }
        if pool.is_flying(key) {
            let transaction = self.outlook().in_flight.map(|transaction| hash(&transaction));
            return Ok(Status::InFlight { transaction });
        }
        let next = pool.next_nonce(key.0, nonce);
        let waits_for = match entry.stalled_since {
            Some(_) => "money or a registration that it needs".to_owned(),
            None if next <= key.1.into() => format!("the slot with nonce {next} of account {}", key.0),
            None => "its turn in a batch".to_owned(),
        };
        Ok(Status::Waiting { waits_for })
    }

    /// The nonce that an account should sign with next, slots that wait counted.
    pub fn next_nonce(&self, account: u32) -> Result<u64, SequencerError> {
        let (pool, view) = (self.pool(), self.view()?);
        Ok(pool.next_nonce(account, view.account(account)?.map_or(0, |account| account.nonce)))
    }

    /// What a slot should pay; `None` until prices are known.
    pub fn estimate_fee(&self) -> Result<Option<FeeEstimate>, SequencerError> {
        let Some(prices) = self.outlook().prices else {
            return Ok(None);
        };
        let view = self.view()?;
        let Some(version) = view.version(view.chain().version)? else {
            return Ok(None);
        };
        let waiting = self.pool().ready(&view)?.len();
        let (policy, minimum) = (&self.config.policy, self.config.pool.min_fee);
        Ok(Some(FeeEstimate {
            fee: policy
                .fee_estimate(version.capacity.slots, waiting, &prices)
                .max(minimum),
            minimum,
            max_wait: policy.max_age.as_secs(),
            batch_fee: Tokens(prices.batch_fee),
            gas_price: u64::try_from(prices.gas_price).unwrap_or(u64::MAX),
        }))
    }

    /// An account in both states and in the pool.
    pub fn account(&self, index: u32) -> Result<AccountReport, SequencerError> {
        let (pool, view) = (self.pool(), self.view()?);
        let account = view.account(index)?.unwrap_or(Account::EMPTY);
        let in_final = view.final_state()?.account(index)?.unwrap_or(Account::EMPTY);
        let waiting = || {
            pool.of_account(index)
                .filter(|(key, _)| u64::from(key.1) >= account.nonce)
        };
        let outgoing: u64 = waiting()
            .map(|(_, e)| e.slot.transfer.amount.saturating_add(e.slot.transfer.fee))
            .sum();
        Ok(AccountReport {
            index,
            registered: account.registered,
            owner: account.registered.then(|| hash(&account.l1_owner)),
            balance: account.balance,
            nonce: account.nonce,
            next_nonce: pool.next_nonce(index, account.nonce),
            waiting: waiting().count(),
            outgoing,
            final_balance: in_final.balance,
            final_nonce: in_final.nonce,
        })
    }

    /// The sequencer and where it stands.
    pub fn info(&self) -> Result<Info, SequencerError> {
        let view = self.view()?;
        let chain = view.chain();
        let (l1_block, record) = view.tip()?;
        let outlook = self.outlook().clone();
        Ok(Info {
            chain_id: view.identity().chain_id,
            contract: hash(&view.identity().contract),
            sequencer: self.sender.to_string(),
            fee_recipient: self.config.fee_recipient,
            version: chain.version,
            capacity: view
                .version(chain.version)?
                .map(|version: VersionRecord| version.capacity),
            status: chain.status,
            l1_block,
            l1_block_hash: record.map(|record| hash(&record.hash)),
            last_sequence: chain.last_sequence,
            batches: chain.batches,
            last_verified: chain.last_verified,
            acc: hash(&chain.head.acc),
            virtual_root: hash(&chain.head.state_root().to_bytes()),
            final_root: hash(&view.final_head()?.state_root().to_bytes()),
            min_fee: self.config.pool.min_fee,
            pool: self.pool().len(),
            pool_limit: self.config.pool.slots,
            account_limit: self.config.pool.account_slots,
            in_flight: outlook.in_flight.map(|transaction| hash(&transaction)),
            problem: outlook.problem,
        })
    }

    /// What sequencing earned and cost.
    pub fn report(&self) -> Result<Report, SequencerError> {
        Report::new(&self.view()?, &self.journal.costs()?, self.config.policy.token_gwei)
    }

    /// The deployment (FMT-5), which every signature is for.
    pub const fn domain(&self) -> &Bytes32 {
        &self.domain
    }

    /// Holds the pool against a new virtual state. Returns how many slots left it.
    pub(super) fn revalidate(&self, view: &View) -> Result<usize, SequencerError> {
        let mut pool = self.pool();
        let removals = pool.revalidate(view, unix_now())?;
        self.journal.change_pool(None, &removals)?;
        pool.remove(&removals);
        for removal in &removals {
            tracing::debug!(account = removal.key.0, nonce = removal.key.1, outcome = ?removal.outcome, "slot leaves the pool");
        }
        Ok(removals.len())
    }

    /// Packs what waits, the slots of `again` included although they are on their way, and marks it as on its way, so that no user
    /// replaces it from now on; [`Self::set_flights`] takes the mark back.
    pub(super) fn pack(&self, view: &View, again: &BTreeSet<Key>) -> Result<Packed, SequencerError> {
        loop {
            let candidates: Vec<_> = self.pool().candidates(again).collect();
            let packed = pack(
                view,
                candidates,
                self.config.fee_recipient,
                self.config.posting.max_batches,
            )?;
            let mut pool = self.pool();
            let removals = pool.hopeless(&packed.hopeless);
            self.journal.change_pool(None, &removals)?;
            pool.remove(&removals);
            // Checking signatures takes a while; whoever replaced a slot meanwhile is to get what was acknowledged.
            if packed.slots().all(|slot| pool.holds(slot)) {
                pool.add_flying(packed.slots().map(|slot| key_of(&slot.transfer)));
                return Ok(packed);
            }
        }
    }

    /// What could be posted now.
    pub(super) fn ready(&self, view: &View) -> Result<Ready, SequencerError> {
        let chain = view.chain();
        let Some(version) = view.version(chain.version)? else {
            return Ok(Ready::default());
        };
        let batches = self.config.posting.max_batches;
        let slots = self.pool().ready(view)?;
        let mut fees: Vec<u64> = slots.iter().map(|(_, slot)| slot.transfer.fee).collect();
        fees.sort_unstable_by(|a, b| b.cmp(a));
        fees.truncate((version.capacity.slots as usize).saturating_mul(batches as usize));
        let most = version.capacity.messages.saturating_mul(batches);
        let end = chain.messages.min(chain.attached_messages.saturating_add(most));
        let messages = view.messages(chain.attached_messages + 1..end + 1)?;
        let (now, l1_now) = (unix_now(), view.tip()?.1.map_or(0, |block| block.timestamp));
        let ages = slots.iter().map(|(received_at, _)| now.saturating_sub(*received_at));
        let ages = ages.chain(messages.iter().map(|message| l1_now.saturating_sub(message.queued_at)));
        Ok(Ready {
            slots: fees.len(),
            messages: messages.len(),
            fees: fees
                .iter()
                .chain(messages.iter().map(|record| &record.message.fee))
                .fold(0u64, |sum, fee| sum.saturating_add(*fee)),
            oldest: ages.max(),
            capacity: version.capacity.slots,
            message_capacity: version.capacity.messages,
        })
    }

    pub(super) fn set_flights(&self, flights: &[Flight]) {
        let active = || flights.iter().filter(|flight| flight.landed.is_none());
        self.pool()
            .set_flying(active().flat_map(|flight| flight.keys.iter().copied()).collect());
        self.outlook().in_flight = active().find_map(|flight| flight.sent.last()).map(|sent| sent.hash);
    }
}

fn ended(view: &View, outcome: &Outcome) -> Result<Status, SequencerError> {
    match outcome {
        Outcome::Applied(inclusion) => sequenced(view, inclusion.sequence, inclusion.batch, inclusion.position),
        Outcome::Dropped(reason) => Ok(Status::Dropped { reason: reason.clone() }),
    }
}

fn sequenced(view: &View, sequence: u64, batch: u64, position: u32) -> Result<Status, SequencerError> {
    let Some(record) = view.sequence(sequence)? else {
        return Ok(Status::Unknown);
    };
    Ok(Status::Sequenced {
        sequence,
        batch,
        position,
        transaction: hash(&record.transaction),
        block: record.block.number,
        proven: sequence <= view.chain().last_verified,
    })
}
