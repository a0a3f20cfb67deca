// SPDX-License-Identifier: MIT OR Apache-2.0
//! What of a circuit nothing that matters depends on.
//!
//! Two classes are linked if a constraint reads both. The anchors are the inputs of the witness, and the classes that a
//! constraint reads together with the hash of the public inputs. Classes that no chain of links joins to an anchor are
//! *apart*: whatever satisfies their constraints, the rest of the circuit is satisfied by the same inputs and public inputs.

use super::CircuitSearch;

/// Classes in parts: a forest in which each class points to another of its part, or to itself.
struct Parts(Vec<u32>);

impl Parts {
    fn root(&mut self, mut class: u32) -> u32 {
        while self.0[class as usize] != class {
            let next = self.0[class as usize];
            self.0[class as usize] = self.0[next as usize];
            class = next;
        }
        class
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

impl CircuitSearch {
    /// For each class that is apart the first class of its part.
    pub(super) fn parts_apart(&self) -> Vec<Option<u32>> {
        let mut parts = Parts((0..self.classes.len() as u32).collect());
        for place in &self.places {
            for (constraint, columns) in self.gates[place.gate].reads.iter().enumerate() {
                if let (Some((&first, others)), true) = (columns.split_first(), place.without != Some(constraint)) {
                    for &other in others {
                        parts.join(place.classes[first], place.classes[other]);
                    }
                }
            }
        }
        let mut anchored = vec![false; self.classes.len()];
        for class in self.anchors() {
            anchored[parts.root(class) as usize] = true;
        }
        (0..self.classes.len() as u32)
            .map(|class| {
                let root = parts.root(class);
                (!anchored[root as usize]).then_some(root)
            })
            .collect()
    }

    /// Inputs of the witness, and what constraints read together with the hash of the public inputs.
    pub(super) fn anchors(&self) -> impl Iterator<Item = u32> + '_ {
        let given = (0..self.classes.len() as u32).filter(|&class| self.classes[class as usize].given);
        let hashed = self.places.iter().flat_map(|place| {
            let gate = &self.gates[place.gate];
            let columns = gate.know_hash.iter().flat_map(|&constraint| &gate.reads[constraint]);
            columns.map(|&column| place.classes[column])
        });
        given.chain(hashed)
    }
}
