// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hands batches to whoever proves, and takes them back when L1 is reorganised.

use super::error::AgentError;
use super::proofs::ProofSource;
use crate::store::{StoreError, View};
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::Bytes32;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Witnesses in memory at once: a full batch has megabytes of them.
const CHUNK: u64 = 4;

/// What has been handed over: the accumulator after each batch.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    given: BTreeMap<u64, Bytes32>,
}

impl Feed {
    /// Hands over those of the batches that are new, after taking back those that L1 no longer has. Returns how many are new.
    pub(crate) async fn update<P: ProofSource>(
        &mut self,
        view: &View,
        batches: RangeInclusive<u64>,
        proofs: &P,
    ) -> Result<u64, AgentError> {
        self.take_back(view, proofs)?;
        let end = *batches.end();
        let missing: Vec<u64> = batches.filter(|number| !self.given.contains_key(number)).collect();
        let mut added = 0;
        let mut next = missing.first().copied().unwrap_or(end + 1);
        while next <= end {
            let last = end.min(next + CHUNK - 1);
            for (number, witness) in witnesses(view, next, last)? {
                if self.given.contains_key(&number) {
                    continue;
                }
                proofs.add_batch(number, &witness).await?;
                // Whoever else is on this thread comes first: a proof's signs of life, say.
                tokio::task::yield_now().await;
                self.given.insert(number, acc_after(view, number)?);
                added += 1;
            }
            next = last + 1;
        }
        Ok(added)
    }

    fn take_back<P: ProofSource>(&mut self, view: &View, proofs: &P) -> Result<(), AgentError> {
        let mut gone = None;
        for (&number, acc) in &self.given {
            let kept = view.batch(number)?.is_some_and(|record| record.head.acc == *acc);
            if !kept {
                gone = Some(number);
                break;
            }
        }
        if let Some(number) = gone {
            tracing::info!(batch = number, "L1 was reorganised; batches are taken back");
            proofs.truncate(number);
            self.given.split_off(&number);
        }
        Ok(())
    }

    /// Whether a batch has been handed over.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.given.contains_key(&number)
    }

    /// Forgets what stands before a batch.
    pub(super) fn prune(&mut self, number: u64) {
        self.given = self.given.split_off(&number);
    }
}

fn acc_after(view: &View, number: u64) -> Result<Bytes32, StoreError> {
    let missing = StoreError::Missing {
        table: crate::store::Table::Batches,
        key: number,
    };
    Ok(view.batch(number)?.ok_or(missing)?.head.acc)
}

/// Executes batches again. It takes milliseconds a batch, so it may hold up its thread.
fn witnesses(view: &View, first: u64, last: u64) -> Result<Vec<(u64, BatchWitness)>, StoreError> {
    let mut found = Vec::new();
    let collect = |number, witness| {
        found.push((number, witness));
        Ok::<_, StoreError>(())
    };
    tokio::task::block_in_place(|| view.witnesses(first..=last, collect))?;
    Ok(found)
}
