// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel of a large sparse matrix over the field.
//!
//! Most constraints of a circuit define one wire by others. So rows with one column left are used first: that column is
//! zero in every vector of the kernel. Only where there is none is a row eliminated, the shortest first.

use crate::config::F;
use plonky2::field::types::{Field, Sample};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Entries of a row: columns, ascending, with values that are not zero.
pub(super) type Row = Vec<(u32, F)>;

/// A matrix without its zeros.
pub(super) fn sparse(rows: &[Vec<F>]) -> Vec<Row> {
    rows.iter()
        .map(|row| {
            let entries = row.iter().enumerate().filter(|(_, value)| !value.is_zero());
            entries.map(|(column, &value)| (column as u32, value)).collect()
        })
        .collect()
}

/// What is known of the kernel of a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kernel {
    /// Rank of the matrix.
    pub(super) rank: usize,
    /// Rows by which columns were zero without an elimination, or became so after one, with these columns, in order. Such
    /// a row has no other column that is not zero by those before it.
    pub(super) peeled: Vec<(u32, u32)>,
    /// Rows that were eliminated.
    pub(super) eliminated: Vec<u32>,
    /// Columns that are not zero in every vector of the kernel. Found from one random vector: one is overlooked with
    /// probability below 2^-60.
    pub(super) moving: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Live,
    /// Zero in every vector of the kernel, or eliminated.
    Done,
}

struct Elimination {
    rows: Vec<Row>,
    /// Rows that are used up.
    used: Vec<bool>,
    /// Live columns of a row.
    counts: Vec<usize>,
    columns: Vec<Column>,
    /// Rows in which a column is, or was.
    places: Vec<Vec<u32>>,
    single: Vec<u32>,
    shortest: BinaryHeap<Reverse<(usize, u32)>>,
}

/// The kernel of the matrix with these rows.
pub(super) fn kernel(columns: usize, rows: Vec<Row>) -> Kernel {
    let mut places = vec![Vec::new(); columns];
    for (position, row) in rows.iter().enumerate() {
        for &(column, _) in row {
            places[column as usize].push(position as u32);
        }
    }
    let counts: Vec<usize> = rows.iter().map(Vec::len).collect();
    let mut elimination = Elimination {
        used: vec![false; rows.len()],
        single: (0..rows.len() as u32)
            .filter(|&row| counts[row as usize] == 1)
            .collect(),
        columns: vec![Column::Live; columns],
        shortest: BinaryHeap::new(),
        rows,
        counts,
        places,
    };
    let mut peeled = Vec::new();
    elimination.peel(&mut peeled);
    elimination.shortest = (0..elimination.rows.len())
        .filter(|&row| elimination.counts[row] > 1)
        .map(|row| Reverse((elimination.counts[row], row as u32)))
        .collect();
    let (mut pivots, mut eliminated) = (Vec::new(), Vec::new());
    while let Some(row) = elimination.next_row() {
        eliminated.push(row);
        pivots.push(elimination.eliminate(row));
        elimination.peel(&mut peeled);
    }

    let mut vector: Vec<F> = elimination
        .columns
        .iter()
        .map(|&column| if column == Column::Live { F::rand() } else { F::ZERO })
        .collect();
    for (column, row) in pivots.iter().rev() {
        let mut sum = F::ZERO;
        let mut own = F::ZERO;
        for &(other, value) in row {
            if other == *column {
                own = value;
            } else {
                sum += value * vector[other as usize];
            }
        }
        vector[*column as usize] = -sum / own;
    }
    Kernel {
        rank: peeled.len() + pivots.len(),
        peeled,
        eliminated,
        moving: (0..columns as u32)
            .filter(|&column| !vector[column as usize].is_zero())
            .collect(),
    }
}

/// The rows that are multiples and sums of others: a row is one of them if the rank is the same without it. Found as
/// [`kernel`] finds columns, in the transposed matrix.
pub(super) fn dependent(columns: usize, rows: &[Row]) -> Vec<u32> {
    let mut transposed = vec![Row::new(); columns];
    for (position, row) in rows.iter().enumerate() {
        for &(column, value) in row {
            transposed[column as usize].push((position as u32, value));
        }
    }
    kernel(rows.len(), transposed).moving
}

impl Elimination {
    fn is_live(&self, column: u32) -> bool {
        self.columns[column as usize] == Column::Live
    }

    /// Uses rows with one live column, and adds them to `peeled`.
    fn peel(&mut self, peeled: &mut Vec<(u32, u32)>) {
        while let Some(row) = self.single.pop() {
            if self.used[row as usize] || self.counts[row as usize] != 1 {
                continue;
            }
            self.used[row as usize] = true;
            let live = self.rows[row as usize]
                .iter()
                .find(|&&(column, _)| self.is_live(column));
            let &(column, _) = live.expect("one");
            self.finish(column);
            peeled.push((row, column));
        }
    }

    /// Takes a column out of all counts.
    fn finish(&mut self, column: u32) {
        self.columns[column as usize] = Column::Done;
        // A row is there twice if the column left it and came back.
        let mut places = core::mem::take(&mut self.places[column as usize]);
        places.sort_unstable();
        places.dedup();
        for row in places {
            let holds = self.rows[row as usize]
                .binary_search_by_key(&column, |&(column, _)| column)
                .is_ok();
            if !self.used[row as usize] && holds {
                self.recount(row, self.counts[row as usize] - 1);
            }
        }
    }

    fn recount(&mut self, row: u32, count: usize) {
        self.counts[row as usize] = count;
        match count {
            0 => self.used[row as usize] = true,
            1 => self.single.push(row),
            _ => self.shortest.push(Reverse((count, row))),
        }
    }

    fn next_row(&mut self) -> Option<u32> {
        loop {
            let Reverse((count, row)) = self.shortest.pop()?;
            if !self.used[row as usize] && self.counts[row as usize] == count {
                return Some(row);
            }
        }
    }

    /// Eliminates a column of a row from all other rows; the column and the row.
    fn eliminate(&mut self, position: u32) -> (u32, Row) {
        self.used[position as usize] = true;
        let mut row = core::mem::take(&mut self.rows[position as usize]);
        row.retain(|&(column, _)| self.is_live(column));
        let &(column, value) = row
            .iter()
            .min_by_key(|&&(column, _)| self.places[column as usize].len())
            .expect("at least two");
        let inverse = value.inverse();
        for other in core::mem::take(&mut self.places[column as usize]) {
            if self.used[other as usize] {
                continue;
            }
            let target = &self.rows[other as usize];
            let Ok(found) = target.binary_search_by_key(&column, |&(column, _)| column) else {
                continue;
            };
            let factor = target[found].1 * inverse;
            let merged = self.subtract(other, &row, factor);
            // The column itself is gone by the subtraction.
            self.recount(other, merged.len());
            self.rows[other as usize] = merged;
        }
        self.columns[column as usize] = Column::Done;
        (column, row)
    }

    /// The live part of a row minus a multiple of another.
    fn subtract(&mut self, target: u32, row: &[(u32, F)], factor: F) -> Row {
        let old = core::mem::take(&mut self.rows[target as usize]);
        let mut left = old
            .into_iter()
            .filter(|&(column, _)| self.columns[column as usize] == Column::Live)
            .peekable();
        let mut merged = Row::with_capacity(left.size_hint().1.unwrap_or(0) + row.len());
        let mut new = Vec::new();
        for &(column, value) in row {
            while let Some(entry) = left.next_if(|&(other, _)| other < column) {
                merged.push(entry);
            }
            let value = value * factor;
            match left.next_if(|&(other, _)| other == column) {
                Some((_, old)) if old == value => {}
                Some((_, old)) => merged.push((column, old - value)),
                None => {
                    merged.push((column, -value));
                    new.push(column);
                }
            }
        }
        merged.extend(left);
        for column in new {
            self.places[column as usize].push(target);
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::rank;
    use super::*;
    use plonky2::field::types::PrimeField64;

    /// Against dense elimination: the rank, and that every moving column, and every dependent row, can be left out without
    /// loss of rank, and no other.
    #[test]
    fn the_kernel_is_that_of_dense_elimination() {
        for case in 0..60 {
            let (rows, columns) = (20 + case % 7, 24 - case % 5);
            let density = 2 + case as u64 % 6;
            let entry = || {
                let random = F::rand();
                if random.to_canonical_u64() % density == 0 {
                    random
                } else {
                    F::ZERO
                }
            };
            let dense: Vec<Vec<F>> = (0..rows).map(|_| (0..columns).map(|_| entry()).collect()).collect();
            let sparse = sparse(&dense);
            let dependent = dependent(columns, &sparse);
            let kernel = kernel(columns, sparse);
            assert_eq!(kernel.rank, rank(dense.clone()));
            for column in 0..columns {
                let without = dense
                    .iter()
                    .map(|row| {
                        row.iter()
                            .enumerate()
                            .filter(|&(i, _)| i != column)
                            .map(|(_, &v)| v)
                            .collect()
                    })
                    .collect();
                let moves = rank(without) == kernel.rank;
                assert_eq!(kernel.moving.contains(&(column as u32)), moves, "column {column}");
            }
            for row in 0..rows {
                let mut without = dense.clone();
                without.remove(row);
                let depends = rank(without) == kernel.rank;
                assert_eq!(dependent.contains(&(row as u32)), depends, "row {row}");
            }
        }
    }
}
