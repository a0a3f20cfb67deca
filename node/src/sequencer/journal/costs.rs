// SPDX-License-Identifier: MIT OR Apache-2.0
//! L1 nonces in use, and what was paid.

use super::{COSTS, FLIGHTS, Journal, META, Result, SETTLED, database};
use crate::sequencer::records::{Flight, Landed};
use crate::sequencer::report::Totals;
use redb::{ReadableDatabase, ReadableTable};

/// What was mined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sequencer) struct Books {
    /// Sums over everything that is final.
    pub(in crate::sequencer) totals: Totals,
    /// The newest of what is final, oldest first.
    pub(in crate::sequencer) settled: Vec<Landed>,
    /// What L1 may still take back, by L1 nonce.
    pub(in crate::sequencer) open: Vec<Landed>,
}

impl Journal {
    /// L1 nonces in use, lowest first.
    pub(in crate::sequencer) fn flights(&self) -> Result<Vec<Flight>> {
        self.all(FLIGHTS, "a transaction on its way")
    }

    /// Writes an L1 nonce in use, and what its transaction cost once one is mined.
    pub(in crate::sequencer) fn put_flight(&self, flight: &Flight) -> Result<()> {
        self.write(|transaction| {
            self.put(transaction, FLIGHTS, flight.nonce, flight)?;
            match &flight.landed {
                Some(landed) => self.put(transaction, COSTS, flight.nonce, landed),
                None => self.remove(transaction, COSTS, flight.nonce).map(drop),
            }
        })
    }

    /// Forgets an L1 nonce of which nothing was mined.
    pub(in crate::sequencer) fn remove_flight(&self, nonce: u64) -> Result<()> {
        self.write(|transaction| {
            self.remove(transaction, COSTS, nonce)?;
            self.remove(transaction, FLIGHTS, nonce).map(drop)
        })
    }

    /// Forgets an L1 nonce that is used for good. What its transaction cost stays; `share` is what it adds to the totals. A second time
    /// adds nothing.
    pub(in crate::sequencer) fn settle_flight(&self, nonce: u64, landed: &Landed, share: &Totals) -> Result<()> {
        self.write(|transaction| {
            self.remove(transaction, COSTS, nonce)?;
            if !self.remove(transaction, FLIGHTS, nonce)? {
                return Ok(());
            }
            let last = transaction
                .open_table(SETTLED)
                .map_err(database)?
                .last()
                .map_err(database)?
                .map(|(place, _)| place.value());
            self.put(transaction, SETTLED, last.map_or(0, |place| place + 1), landed)?;
            let mut meta = transaction.open_table(META).map_err(database)?;
            let held = meta.get("totals").map_err(database)?.map(|held| held.value().to_vec());
            let mut totals = self.totals(held.as_deref())?;
            totals.add(share);
            meta.insert("totals", &self.bytes(&totals)?[..]).map_err(database)?;
            Ok(())
        })
    }

    fn totals(&self, held: Option<&[u8]>) -> Result<Totals> {
        held.map_or(Ok(Totals::default()), |bytes| {
            self.decode(bytes, "what was earned and paid")
        })
    }

    /// What was mined: sums over what is final, the newest `limit` of it, and all that is not final.
    pub(in crate::sequencer) fn books(&self, limit: usize) -> Result<Books> {
        let transaction = self.database.begin_read().map_err(database)?;
        let meta = transaction.open_table(META).map_err(database)?;
        let held = meta.get("totals").map_err(database)?.map(|held| held.value().to_vec());
        let mut books = Books {
            totals: self.totals(held.as_deref())?,
            ..Books::default()
        };
        let table = transaction.open_table(SETTLED).map_err(database)?;
        for record in table.iter().map_err(database)?.rev().take(limit) {
            let (_, value) = record.map_err(database)?;
            books
                .settled
                .push(self.decode(value.value(), "what a transaction cost")?);
        }
        books.settled.reverse();
        let table = transaction.open_table(COSTS).map_err(database)?;
        for record in table.iter().map_err(database)? {
            let (_, value) = record.map_err(database)?;
            books.open.push(self.decode(value.value(), "what a transaction cost")?);
        }
        Ok(books)
    }
}
