// SPDX-License-Identifier: MIT OR Apache-2.0
//! What users may ask of a sequencer. JSON-RPC is a thin layer over it.

use super::answers::{AccountReport, FeeEstimate, Info, Status, Submitted};
use super::config::SequencerConfig;
use super::error::{SequencerError, SubmitError};
use super::journal::Journal;
use super::policy::Prices;
use super::pool::{Admission, Pool, check_rules};
use super::records::{Entry, Key, Outcome, TransferId, key_of};
use super::report::Report;
use super::revalidate::{inclusion, not_this_one};
use crate::chain::VersionRecord;
use crate::store::{Store, StoreError, View};
use crate::units::Tokens;
use alloy::primitives::Address;
use poe_rollup::formats::{Bytes32, Slot};
use poe_rollup::state::{Account, StateReader as _};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Sequences that a report lists.
const LISTED: usize = 100;

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
    final_accounts: Mutex<Option<FinalAccounts>>,
}

/// What the posting task last saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Outlook {
    pub(super) prices: Option<Prices>,
    /// Slots whose turn it is.
    pub(super) ready: usize,
    /// The least fee that makes a slot come in.
    pub(super) entrance_fee: u64,
    /// Why it does not post although it would.
    pub(super) problem: Option<String>,
    /// The transaction on its way.
    pub(super) in_flight: Option<Bytes32>,
}

/// Where the final state differs from the virtual one, and which two states those are: the newest checkpoint, and the
/// accumulator of the newest batch.
#[derive(Debug)]
struct FinalAccounts {
    of: (u64, u64, Bytes32),
    accounts: Arc<HashMap<u32, Option<Account>>>,
}

/// A slot as the pool had it, to be looked at without the pool.
struct Seen {
    key: Key,
    entry: Entry,
    is_flying: bool,
    next: u64,
}

impl Seen {
    fn new(pool: &Pool, view: &View, key: Key) -> Result<Option<Self>, StoreError> {
        let Some(entry) = pool.get(key) else { return Ok(None) };
        let nonce = view.account(key.0)?.map_or(0, |account| account.nonce);
        Ok(Some(Self {
            key,
            entry: *entry,
            is_flying: pool.is_flying(key),
            next: pool.next_nonce(key.0, nonce),
        }))
    }
}

fn hash(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

pub(super) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Seconds that a time may lie ahead because clocks are corrected.
const CORRECTION: u64 = 5;

/// Seconds since `at`. What is still to come was written before the clock was set back: nobody knows how long ago, and nothing waits
/// until the clock is there again.
pub(super) const fn seconds_since(at: u64, now: u64) -> u64 {
    if at > now.saturating_add(CORRECTION) {
        return u64::MAX;
    }
    now.saturating_sub(at)
}

impl Service {
    /// What users ask of, on a store that somebody keeps in step with L1. [`super::Sequencer`] is that somebody; without it nothing is
    /// posted.
    pub fn open(config: SequencerConfig, store: Arc<Store>, sender: Address) -> Result<Self, SequencerError> {
        let domain = store.view()?.domain();
        let journal = Journal::open(store.directory().path(), &domain, sender, config.pool.memory)?;
        let pool = Pool::new(config.pool, domain, config.fee_recipient, journal.entries()?);
        Ok(Self {
            config,
            journal,
            pool: Mutex::new(pool),
            store,
            domain,
            sender,
            outlook: Mutex::default(),
            final_accounts: Mutex::default(),
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
        let view = self.view()?;
        let first = self.pool().check(&view, slot, unix_now())?;
        if first != Admission::Known {
            // Takes long, and the pool is not needed for it.
            check_rules(&view, slot, self.config.fee_recipient)?;
        }
        let (id, ticket) = {
            let mut pool = self.pool();
            // What held before the signature was checked need not hold any more.
            let ticket = match pool.check(&self.view()?, slot, unix_now())? {
                Admission::Known => self.journal.enqueue(None, Vec::new()),
                Admission::New { entry, leaving } => {
                    pool.admit(*entry, &leaving);
                    self.journal.enqueue(Some(*entry), leaving)
                }
            };
            (pool.id(slot), ticket)
        };
        if let Err(error) = self.journal.flush(ticket) {
            self.pool().forget(slot);
            return Err(error.into());
        }
        let seen = Seen::new(&self.pool(), &view, key_of(&slot.transfer))?;
        let status = match seen {
            Some(seen) => self.status_of(&view, &seen)?,
            None => Status::Unknown,
        };
        Ok(Submitted { id: hash(&id), status })
    }

    /// Where the transfer with a name stands.
    pub fn status(&self, id: &TransferId) -> Result<Status, SequencerError> {
        let view = self.view()?;
        let seen = {
            let pool = self.pool();
            pool.find(id)
                .map(|key| Seen::new(&pool, &view, key))
                .transpose()?
                .flatten()
        };
        if let Some(seen) = seen {
            return self.status_of(&view, &seen);
        }
        match self.journal.recall(id)? {
            Some(memory) => ended(&view, &memory.outcome),
            None => Ok(Status::Unknown),
        }
    }

    /// Where the slot of a sender with a nonce stands: what this sequencer has, else what L1 says, else what it remembers.
    pub fn status_at(&self, from: u32, nonce: u32) -> Result<Status, SequencerError> {
        let (view, key) = (self.view()?, (from, nonce));
        let seen = Seen::new(&self.pool(), &view, key)?;
        if let Some(seen) = seen {
            return self.status_of(&view, &seen);
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

    fn status_of(&self, view: &View, seen: &Seen) -> Result<Status, SequencerError> {
        let (from, nonce) = seen.key;
        if u64::from(nonce) < view.account(from)?.map_or(0, |account| account.nonce) {
            // The posting task may not have seen it yet.
            let Some(inclusion) = inclusion(view, &seen.entry.slot)? else {
                return Ok(Status::Unknown);
            };
            return match not_this_one(&inclusion) {
                None => sequenced(view, inclusion.sequence, inclusion.batch, inclusion.position),
                Some(reason) => Ok(Status::Dropped { reason }),
            };
        }
        if seen.is_flying {
            let transaction = self.outlook().in_flight.map(|transaction| hash(&transaction));
            return Ok(Status::InFlight { transaction });
        }
        let waits_for = match seen.entry.stalled_since {
            Some(_) => "money or a registration that it needs".to_owned(),
            None if seen.next <= nonce.into() => format!("the slot with nonce {} of account {from}", seen.next),
            None => "its turn in a batch".to_owned(),
        };
        Ok(Status::Waiting { waits_for })
    }

    /// The nonce that an account should sign with next, slots that wait counted.
    pub fn next_nonce(&self, account: u32) -> Result<u64, SequencerError> {
        let nonce = self.view()?.account(account)?.map_or(0, |account| account.nonce);
        Ok(self.pool().next_nonce(account, nonce))
    }

    /// What a slot should pay, as of the last round; `None` before the first.
    pub fn estimate_fee(&self) -> Result<Option<FeeEstimate>, SequencerError> {
        let outlook = self.outlook().clone();
        let view = self.view()?;
        let (Some(prices), Some(version)) = (outlook.prices, view.version(view.chain().version)?) else {
            return Ok(None);
        };
        let policy = &self.config.policy;
        let minimum = self.config.pool.min_fee.max(outlook.entrance_fee);
        Ok(Some(FeeEstimate {
            fee: policy
                .fee_estimate(version.capacity.slots, outlook.ready, &prices)
                .max(minimum),
            minimum,
            max_wait: policy.max_age.as_secs(),
            batch_fee: Tokens(prices.batch_fee),
            gas_price: u64::try_from(prices.gas_price).unwrap_or(u64::MAX),
        }))
    }

    /// An account in both states and in the pool.
    pub fn account(&self, index: u32) -> Result<AccountReport, SequencerError> {
        let view = self.view()?;
        let account = view.account(index)?.unwrap_or(Account::EMPTY);
        let in_final = match self.final_accounts(&view)?.get(&index) {
            Some(changed) => changed.unwrap_or(Account::EMPTY),
            None => account,
        };
        let pool = self.pool();
        let waiting = || {
            pool.of_account(index)
                .filter(|(key, _)| u64::from(key.1) >= account.nonce)
        };
        let outgoing = waiting().fold(0u64, |sum, (_, entry)| {
            let transfer = &entry.slot.transfer;
            sum.saturating_add(transfer.amount).saturating_add(transfer.fee)
        });
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

    /// Read once for each pair of states: it takes longer the more batches wait for a proof.
    fn final_accounts(&self, view: &View) -> Result<Arc<HashMap<u32, Option<Account>>>, StoreError> {
        let chain = view.chain();
        let of = (chain.last_verified, chain.batches, chain.head.acc);
        let mut held = self.final_accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = held.as_ref().filter(|found| found.of == of) {
            return Ok(Arc::clone(&found.accounts));
        }
        let accounts = Arc::new(view.final_accounts()?);
        *held = Some(FinalAccounts {
            of,
            accounts: Arc::clone(&accounts),
        });
        Ok(accounts)
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

    /// What sequencing earned and cost, with the newest sequences.
    pub fn report(&self) -> Result<Report, SequencerError> {
        self.report_of(LISTED)
    }

    /// The same, with the newest `limit` sequences among those that are final.
    pub(super) fn report_of(&self, limit: usize) -> Result<Report, SequencerError> {
        let books = self.journal.books(limit)?;
        Report::new(&self.view()?, &books, self.config.policy.token_gwei)
    }

    /// The deployment (FMT-5), which every signature is for.
    pub const fn domain(&self) -> &Bytes32 {
        &self.domain
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_the_clock_was_set_back_is_old() {
        assert_eq!(seconds_since(100, 130), 30);
        assert_eq!(seconds_since(104, 100), 0);
        assert_eq!(seconds_since(130, 100), u64::MAX);
        assert_eq!(seconds_since(u64::MAX, u64::MAX), 0);
    }
}
