// SPDX-License-Identifier: MIT OR Apache-2.0
//! A bar on a terminal that tells how far a sync is, and a log that does not tear it.

use crate::l1::L1Client;
use crate::store::{Store, StoreError};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two looks at the store.
const GLANCE: Duration = Duration::from_millis(250);

/// Between two questions for the newest block.
const NEWEST: Duration = Duration::from_secs(10);

/// The bar that is on the terminal.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Whether a bar would be seen.
pub(super) fn is_wanted(json: bool) -> bool {
    !json && std::io::stderr().is_terminal()
}

/// Standard error, with the bar out of the way while something is written.
pub(super) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let write = || std::io::stderr().write(bytes);
        shown.map_or_else(write, |bar| bar.suspend(write))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Shows a bar while `work` goes on.
pub(super) async fn with_bar<T>(client: L1Client, store: &Store, work: impl Future<Output = T>) -> T {
    let bar = Bar::on_terminal();
    let show = async {
        // What is shown must not end what is done.
        if let Err(error) = bar.follow(&client, store).await {
            tracing::debug!(%error, "no progress to show");
        }
        std::future::pending().await
    };
    tokio::select! {
        done = work => done,
        never = show => never,
    }
}

/// A bar of blocks.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn on_terminal() -> Self {
        let bar = ProgressBar::new(0);
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        let style = ProgressStyle::with_template("{bar:30} L1 block {human_pos} of {human_len}, {msg}, ETA {eta}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar }
    }

    async fn follow(&self, client: &L1Client, store: &Store) -> Result<(), StoreError> {
        self.show(store)?;
        // What is there already took no time.
        self.bar.reset_eta();
        let mut asked: Option<Instant> = None;
        loop {
            if asked.is_none_or(|at| at.elapsed() >= NEWEST) {
                asked = Some(Instant::now());
                if let Ok(newest) = client.latest().await {
                    self.bar.set_length(newest.id.number);
                }
            }
            self.show(store)?;
            tokio::time::sleep(GLANCE).await;
        }
    }

    fn show(&self, store: &Store) -> Result<(), StoreError> {
        let view = store.view()?;
        let chain = view.chain();
        self.bar.set_message(format!(
            "{} batches, proven up to sequence {}",
            chain.batches, chain.last_verified
        ));
        self.bar.set_position(view.tip()?.0);
        Ok(())
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{BlockId, L1Block};
    use crate::store::{DataDirectory, Identity};

    #[test]
    fn the_bar_tells_blocks_and_batches_of_the_store_and_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity {
            chain_id: 1,
            contract: [1; 20],
            exit_delay: 1,
            start: 6,
        };
        let store = Store::open(DataDirectory::lock(folder.path()).unwrap(), identity).unwrap();
        let bar = Bar::on_terminal();
        bar.show(&store).unwrap();
        assert_eq!(bar.bar.position(), 6);
        let id = BlockId {
            number: 7,
            hash: [7; 32],
        };
        let block = L1Block {
            id,
            parent: [6; 32],
            timestamp: 1,
            events: vec![],
        };
        store.apply(&block).unwrap();
        bar.show(&store).unwrap();
        assert_eq!(bar.bar.position(), 7);
        assert_eq!(bar.bar.message(), "0 batches, proven up to sequence 0");
        assert_eq!(Stderr.write(b"").unwrap(), 0);
        let shown = bar.bar.clone();
        drop(bar);
        assert!(shown.is_finished());
        assert!(SHOWN.lock().unwrap().is_none());
    }
}
