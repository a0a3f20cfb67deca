// SPDX-License-Identifier: MIT OR Apache-2.0

use super::SyncError;
use crate::chain::{ApplyError, BlockId, Computed, L1Block, Status};
use crate::l1::{Claimed, Header, L1Client, L1Error, Numbers};
use crate::store::{Finality, Store, StoreError, View};
use poe_rollup::formats::{Bytes32, sequence_word};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Blocks that are not final are read this many at a time.
const STEP: u64 = 32;

/// How often reading starts again when L1 is reorganised meanwhile.
const ATTEMPTS: u32 = 5;

/// Checkpoints that are held against L1 before it is remembered that they were.
const WORDS: usize = 64;

/// Wait before blocks are read again that seemed to lack events: providers index logs a moment after blocks.
const UNTIL_INDEXED: Duration = Duration::from_secs(1);

/// Longest wait between attempts when the provider fails.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Where the follower stands: what subscribers get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The last L1 block applied.
    pub block: BlockId,
    /// Its time in seconds.
    pub timestamp: u64,
    /// Accumulator of the virtual state.
    pub acc: Bytes32,
    /// Newest sequence.
    pub last_sequence: u64,
    /// Newest checkpoint.
    pub last_verified: u64,
    /// Messages ever queued.
    pub messages: u32,
    /// Life of the deployment.
    pub status: Status,
}

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Blocks applied.
    pub blocks: u64,
    /// Blocks taken back first.
    pub undone: u64,
    /// The last block applied.
    pub tip: u64,
}

/// Keeps a store in step with L1.
#[derive(Debug)]
pub struct Follower {
    client: L1Client,
    store: Arc<Store>,
    tips: watch::Sender<Option<Tip>>,
    pruned: Option<Finality>,
}

enum Step {
    Done,
    Again,
}

/// The blocks a round goes up to.
struct Newest {
    latest: Header,
    finalized: Option<Header>,
}

impl Follower {
    /// Follows with this client into this store.
    pub fn new(client: L1Client, store: Store) -> Self {
        Self {
            client,
            store: Arc::new(store),
            tips: watch::Sender::new(None),
            pruned: None,
        }
    }

    /// The L1 client.
    pub const fn client(&self) -> &L1Client {
        &self.client
    }

    /// The store, which may be read from other tasks meanwhile.
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    /// A snapshot of everything as of the last block applied.
    pub fn view(&self) -> Result<View, StoreError> {
        self.store.view()
    }

    /// Told of every new head, reorganisations included; the value is `None` before the first round.
    pub fn subscribe(&self) -> watch::Receiver<Option<Tip>> {
        self.tips.subscribe()
    }

    /// Brings the store up to the newest block of L1, and checks it against the contract and against what was proven. If an
    /// event seems to be missing, all blocks that are not final are read again, once.
    pub async fn sync_once(&mut self) -> Result<Progress, SyncError> {
        let mut progress = Progress::default();
        let mut repaired = false;
        for _ in 0..ATTEMPTS {
            match self.attempt(&mut progress).await {
                Ok(Step::Done) => {
                    self.publish()?;
                    return Ok(progress);
                }
                Ok(Step::Again) => {}
                Err(error) if error.is_of_missing_events() && !repaired => {
                    repaired = true;
                    progress.undone += self.undo_to_read_again(&error).await?;
                }
                Err(error @ SyncError::Incomplete { .. }) => {
                    self.require_undisputed()?;
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(SyncError::Unstable { attempts: ATTEMPTS })
    }

    /// Syncs again and again until `stop` completes, waiting `interval` between rounds. An L1 provider that fails is asked
    /// again, less and less often; any other error ends it.
    pub async fn run(&mut self, interval: Duration, stop: impl Future<Output = ()>) -> Result<(), SyncError> {
        tokio::pin!(stop);
        let mut wait = interval;
        loop {
            tokio::select! {
                // A round may be cut off anywhere: each block is one transaction.
                biased;
                () = &mut stop => return Ok(()),
                round = self.sync_once() => match round {
                    Ok(progress) => {
                        wait = interval;
                        if progress.blocks > 0 {
                            tracing::info!(tip = progress.tip, blocks = progress.blocks, undone = progress.undone, "synced");
                        }
                    }
                    Err(error) if error.is_transient() => {
                        wait = (wait * 2).min(LONGEST_WAIT).max(interval);
                        tracing::warn!(%error, retry_in = ?wait, "L1 cannot be read");
                    }
                    Err(error) => return Err(error),
                },
            }
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn attempt(&mut self, progress: &mut Progress) -> Result<Step, SyncError> {
        progress.undone += self.undo_orphans().await?;
        let Some(Newest { latest, finalized }) = self.catch_up_final(progress).await? else {
            return Ok(Step::Again);
        };
        if matches!(self.catch_up(&latest, progress).await?, Step::Again) {
            return Ok(Step::Again);
        }
        progress.tip = latest.id.number;
        match self.check_against_contract(&latest).await {
            Ok(Step::Done) => {}
            Ok(Step::Again) => return Ok(Step::Again),
            Err(error @ SyncError::Incomplete { .. }) => return Err(error),
            // A wrong checkpoint is not kept quiet about because the contract cannot be asked.
            Err(error) => {
                self.require_undisputed()?;
                return Err(error);
            }
        }
        self.require_undisputed()?;
        match finalized {
            Some(finalized) => self.prune(&finalized).await,
            None => Ok(Step::Done),
        }
    }

    /// Goes back to the last final block after an error that may be due to events the provider had not indexed yet.
    async fn undo_to_read_again(&self, error: &SyncError) -> Result<u64, SyncError> {
        let store = Arc::clone(&self.store);
        let undone = blocking(move || store.undo_unfinal()).await?;
        tracing::warn!(%error, blocks = undone, "reading the blocks again that are not final");
        tokio::time::sleep(UNTIL_INDEXED).await;
        Ok(undone)
    }

    /// Drops what only blocks need that L1 can take back, now that everything up to the newest block has been checked.
    async fn prune(&mut self, finalized: &Header) -> Result<Step, SyncError> {
        let finality = Finality {
            number: finalized.id.number,
            timestamp: finalized.timestamp,
        };
        if self.pruned == Some(finality) {
            return Ok(Step::Done);
        }
        match self.store.view()?.block(finality.number)? {
            Some(block) if block.hash == finalized.id.hash => {}
            Some(_) => return Ok(Step::Again),
            // Final blocks are behind those that are kept: the provider has fallen back.
            None => return Ok(Step::Done),
        }
        let store = Arc::clone(&self.store);
        blocking(move || store.prune(finality)).await?;
        self.pruned = Some(finality);
        Ok(Step::Done)
    }

    /// Undoes blocks that L1 no longer has. Returns how many. A provider that has none of the blocks is only behind.
    async fn undo_orphans(&self) -> Result<u64, SyncError> {
        let view = self.store.view()?;
        let (tip, record) = view.tip()?;
        if record.is_none() {
            return Ok(0);
        }
        let mut number = tip;
        let mut answered = false;
        while let Some(block) = view.block(number)? {
            let found = self.client.header(number).await?;
            answered |= found.is_some();
            if found.is_some_and(|header| header.id.hash == block.hash) {
                if number < tip {
                    tracing::info!(from = tip, to = number, "L1 was reorganised; undoing blocks");
                    self.rollback(number).await?;
                }
                return Ok(tip - number);
            }
            let Some(before) = number.checked_sub(1) else { break };
            number = before;
        }
        if !answered {
            return Err(L1Error::gone(format!("block {tip} nor any before it that is kept here")).into());
        }
        let too_deep = SyncError::TooDeep { oldest: number + 1 };
        // Nothing is left of what was read, down to the block before the first.
        if number != view.identity().start {
            return Err(too_deep);
        }
        match self.rollback(number).await {
            Ok(()) => Ok(tip - number),
            Err(StoreError::NoJournal { .. }) => Err(too_deep),
            Err(error) => Err(error.into()),
        }
    }

    async fn rollback(&self, block: u64) -> Result<(), StoreError> {
        let store = Arc::clone(&self.store);
        blocking(move || store.rollback(block)).await
    }

    /// Blocks that are final: by ranges, without journals. L1 goes on meanwhile, so the newest blocks are asked for until
    /// what is final is caught up with. `None` if L1 was reorganised.
    async fn catch_up_final(&mut self, progress: &mut Progress) -> Result<Option<Newest>, SyncError> {
        loop {
            let latest = self.client.latest().await?;
            let finalized = self.client.finalized(&latest).await?;
            let (tip, record) = self.store.tip()?;
            let Some(finalized) = finalized.filter(|finalized| finalized.id.number > tip) else {
                return Ok(Some(Newest { latest, finalized }));
            };
            let (blocks, end) = self.client.final_blocks(tip + 1, finalized.id.number).await?;
            // These blocks cannot be undone: they must follow the last one applied.
            if let Some(record) = record {
                let header = self.client.header(tip).await?;
                if header.is_none_or(|header| header.id.hash != record.hash) {
                    return Ok(None);
                }
            }
            let store = Arc::clone(&self.store);
            blocking(move || store.apply_final(&blocks, end.id, end.timestamp))
                .await
                .map_err(|source| apply_error(end.id.number, source))?;
            progress.blocks += end.id.number - tip;
            if end.id.number < finalized.id.number {
                tracing::info!(block = end.id.number, of = finalized.id.number, "catching up");
            }
        }
    }

    /// Blocks that L1 can still take back: one by one, each of which must follow the one before.
    async fn catch_up(&self, latest: &Header, progress: &mut Progress) -> Result<Step, SyncError> {
        loop {
            let (tip, record) = self.store.tip()?;
            if tip >= latest.id.number {
                return Ok(if tip == latest.id.number {
                    Step::Done
                } else {
                    Step::Again
                });
            }
            let end = latest.id.number.min(tip + STEP);
            let blocks = self.client.blocks(tip + 1..=end).await?;
            let mut parent = record.map(|record| record.hash);
            for block in blocks {
                if parent.is_some_and(|parent| parent != block.parent) {
                    return Ok(Step::Again);
                }
                parent = Some(block.id.hash);
                self.apply(block).await?;
                progress.blocks += 1;
            }
        }
    }

    async fn apply(&self, block: L1Block) -> Result<(), SyncError> {
        let store = Arc::clone(&self.store);
        let number = block.id.number;
        blocking(move || store.apply(&block))
            .await
            .map_err(|source| apply_error(number, source))
    }

    /// A provider that leaves out an event is caught here, before anybody builds on the store.
    async fn check_against_contract(&self, latest: &Header) -> Result<Step, SyncError> {
        let view = self.store.view()?;
        let (tip, record) = view.tip()?;
        if record.is_none_or(|record| record.hash != latest.id.hash) {
            return Ok(Step::Again);
        }
        let chain = view.chain();
        let numbers = Numbers {
            sequence: chain.last_sequence,
            checkpoint: chain.last_verified,
            message: chain.messages,
        };
        let claimed = self.client.claimed(&latest.id, numbers).await?;
        if let Some((what, claimed, computed)) = difference(&view, &claimed)? {
            return Err(SyncError::Incomplete {
                block: tip,
                what,
                claimed,
                computed,
            });
        }
        self.check_older_checkpoints(&view, latest).await?;
        Ok(Step::Done)
    }

    /// Each checkpoint has a word of its own, and none commits to another: what came together with the newest one, whose word is
    /// known, is asked for by itself, once, the oldest first.
    async fn check_older_checkpoints(&self, view: &View, latest: &Header) -> Result<(), SyncError> {
        let (checked, mut unchecked) = (view.checked()?, Vec::new());
        let newest = view.checkpoint(view.chain().last_verified)?;
        let last = newest.as_ref().map_or(0, |newest| newest.block.number);
        let mut next = newest;
        while let Some(checkpoint) = next.filter(|checkpoint| checkpoint.block.number > checked) {
            unchecked.push((checkpoint.number, checkpoint.word(), checkpoint.block.number));
            next = view.checkpoint(checkpoint.tail.previous)?;
        }
        for some in unchecked.get(1..).unwrap_or_default().rchunks(WORDS) {
            let numbers: Vec<u64> = some.iter().map(|(number, ..)| *number).collect();
            let claimed = self.client.words(&latest.id, &numbers).await?;
            for ((_, word, _), claimed) in some.iter().zip(claimed) {
                if claimed != *word {
                    return Err(SyncError::Incomplete {
                        block: latest.id.number,
                        what: "word of an older checkpoint",
                        claimed: hex::encode(claimed),
                        computed: hex::encode(word),
                    });
                }
            }
            // The next one may be of the same block.
            self.set_checked(some[0].2.saturating_sub(1)).await?;
        }
        self.set_checked(last).await
    }

    async fn set_checked(&self, block: u64) -> Result<(), SyncError> {
        let store = Arc::clone(&self.store);
        Ok(blocking(move || store.set_checked(block)).await?)
    }

    fn publish(&self) -> Result<(), SyncError> {
        let view = self.store.view()?;
        let (number, record) = view.tip()?;
        let Some(record) = record else { return Ok(()) };
        let chain = view.chain();
        let tip = Tip {
            block: BlockId {
                number,
                hash: record.hash,
            },
            timestamp: record.timestamp,
            acc: chain.head.acc,
            last_sequence: chain.last_sequence,
            last_verified: chain.last_verified,
            messages: chain.messages,
            status: chain.status,
        };
        self.tips.send_if_modified(|held| {
            let changed = *held != Some(tip);
            *held = Some(tip);
            changed
        });
        Ok(())
    }

    /// Everything up to the newest block is applied first: a wrong checkpoint may have been taken back since.
    fn require_undisputed(&self) -> Result<(), SyncError> {
        let Some(checkpoint) = self.store.view()?.disputed()? else {
            return Ok(());
        };
        let Some(computed) = checkpoint.disputed else {
            return Ok(());
        };
        Err(SyncError::ProvenStateDiffers {
            checkpoint: checkpoint.number,
            route: checkpoint.tail.proven_by,
            proven: Box::new(Computed {
                state_root: checkpoint.state_root,
                exit_acc: checkpoint.exit_acc,
            }),
            computed: Box::new(computed),
        })
    }
}

/// The first thing the contract has otherwise than the store: what, there, and here. The words bind what no accumulator does: fees,
/// payers, beneficiaries, times.
fn difference(view: &View, claimed: &Claimed) -> Result<Option<(&'static str, String, String)>, StoreError> {
    let chain = view.chain();
    let bytes = |bytes: &Bytes32| hex::encode(bytes);
    let status = |status| format!("{status:?}").to_lowercase();
    let mut pairs = vec![
        ("accumulator", bytes(&claimed.acc), bytes(&chain.head.acc)),
        (
            "sequence",
            claimed.last_sequence.to_string(),
            chain.last_sequence.to_string(),
        ),
        (
            "checkpoint",
            claimed.last_verified.to_string(),
            chain.last_verified.to_string(),
        ),
        ("message", claimed.messages.to_string(), chain.messages.to_string()),
        ("version", claimed.version.to_string(), chain.version.to_string()),
        (
            "status",
            claimed.status.map_or("unknown".to_owned(), status),
            status(chain.status),
        ),
        (
            "number of batches",
            claimed.batches.to_string(),
            chain.batches.to_string(),
        ),
        (
            "sum of fees",
            claimed.cumulative_fee.to_string(),
            chain.cumulative_fee.to_string(),
        ),
        (
            "number of attached messages",
            claimed.attached_messages.to_string(),
            chain.attached_messages.to_string(),
        ),
        (
            "message accumulator",
            bytes(&claimed.message_acc),
            bytes(&chain.queued_message_acc),
        ),
    ];
    // A closed deployment deletes the words of sequences whose fees it has paid back.
    if chain.status != Status::Closed
        && chain.last_sequence > chain.last_verified
        && let Some(sequence) = view.sequence(chain.last_sequence)?
    {
        let word = sequence_word(&sequence.acc, &sequence.rest, sequence.sequenced_at);
        pairs.push((
            "word of the newest sequence",
            bytes(&claimed.sequence_word),
            bytes(&word),
        ));
    }
    if let Some(checkpoint) = view.checkpoint(chain.last_verified)? {
        let word = checkpoint.word();
        pairs.push((
            "word of the newest checkpoint",
            bytes(&claimed.checkpoint_word),
            bytes(&word),
        ));
    }
    Ok(pairs.into_iter().find(|(_, claimed, computed)| claimed != computed))
}

fn apply_error(block: u64, source: ApplyError) -> SyncError {
    match source {
        ApplyError::Store(error) => SyncError::Store(error),
        source => SyncError::Apply { block, source },
    }
}

/// Runs work that executes batches and writes to disk where it does not hold up other tasks.
async fn blocking<T: Send + 'static, E: Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
