// SPDX-License-Identifier: MIT OR Apache-2.0
//! From batches to the last proof: every circuit of the pipeline, built once.
//!
//! Batches are proven one by one, in any order and on any machine; proofs of ranges that meet are joined in any order;
//! only [`Pipeline::finalize`] depends on who is paid. Every proof is verified before it leaves this module.
//!
//! A proof under way cannot be stopped half-way: plonky2 has no such point. [`Observer::is_cancelled`] is asked between
//! steps; a worker that must stop at once runs in a process of its own.

use crate::cache::Cache;
use crate::config::{F, Proof};
use crate::format::{self, FormatError};
use crate::layers::{
    Bind, BoundProof, BuildError, Final, FinalProof, Kind, Layer, LayerError, Node, RangeInputs, RangeProof, Wrap,
};
use crate::leaf::{LeafCircuit, LeafError};
use crate::lock::{LockEntry, lock_entry};
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::{Address, Bytes32, Capacity};
use std::time::{Duration, Instant};

/// A step of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A circuit is built.
    Build(Layer),
    /// A proof is made.
    Prove(Layer),
}

/// Told of every step, and asked whether to go on. `()` watches nothing and never stops.
pub trait Observer: Sync {
    /// A step begins.
    fn begun(&self, _step: Step) {}

    /// A step has ended.
    fn ended(&self, _step: Step, _took: Duration) {}

    /// Whether to stop before the next step.
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Observer for () {}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The observer asked to stop.
    #[error("stopped before the {0} step, as asked")]
    Cancelled(Layer),
    /// A circuit does not fit.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The batch.
    #[error(transparent)]
    Leaf(#[from] LeafError),
    /// A layer above it.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// Bytes that are no proof.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// All circuits for one capacity.
#[derive(Debug)]
pub struct Pipeline {
    leaf: LeafCircuit,
    wrap: Wrap,
    node: Node,
    bind: Bind,
    last: Final,
}

/// Runs a step under an observer.
fn step<T, E>(observer: &dyn Observer, step: Step, work: impl FnOnce() -> Result<T, E>) -> Result<T, PipelineError>
where
    PipelineError: From<E>,
{
    let (Step::Build(layer) | Step::Prove(layer)) = step;
    if observer.is_cancelled() {
        return Err(PipelineError::Cancelled(layer));
    }
    let begun = Instant::now();
    observer.begun(step);
    let done = work()?;
    observer.ended(step, begun.elapsed());
    Ok(done)
}

impl Pipeline {
    /// Builds all circuits; about a minute of one core for [`Capacity::REFERENCE`]. With a cache the last one, which takes
    /// longest, is built once a machine; the others are built anew, which takes less than reading them would save.
    ///
    /// # Errors
    ///
    /// If a circuit does not fit its shape, which is the same on every machine; if the cache cannot be written to; or if
    /// stopped.
    pub fn build(capacity: Capacity, cache: Option<&Cache>, observer: &dyn Observer) -> Result<Self, PipelineError> {
        let leaf = step(observer, Step::Build(Layer::Leaf), || {
            Ok::<_, BuildError>(LeafCircuit::build(capacity))
        })?;
        let wrap = step(observer, Step::Build(Layer::Wrap), || {
            Wrap::build(leaf.circuit().verifier_data())
        })?;
        let node = step(observer, Step::Build(Layer::Node), || Node::build(&wrap))?;
        let bind = step(observer, Step::Build(Layer::Bind), || Bind::build(&node))?;
        let last = step(observer, Step::Build(Layer::Final), || match cache {
            Some(cache) => Final::build_cached(&bind, cache),
            None => Final::build(&bind),
        })?;
        Ok(Self {
            leaf,
            wrap,
            node,
            bind,
            last,
        })
    }

    /// The leaf circuit.
    pub const fn leaf(&self) -> &LeafCircuit {
        &self.leaf
    }

    /// The wrap circuit.
    pub const fn wrap_layer(&self) -> &Wrap {
        &self.wrap
    }

    /// The node circuit.
    pub const fn node(&self) -> &Node {
        &self.node
    }

    /// The bind circuit.
    pub const fn bind_layer(&self) -> &Bind {
        &self.bind
    }

    /// The last layer, which the KZG circuit verifies.
    pub const fn last(&self) -> &Final {
        &self.last
    }

    /// Proves a batch: a range of one.
    ///
    /// # Errors
    ///
    /// If the witness is of another capacity or inconsistent, or if stopped.
    pub fn prove_batch(&self, batch: &BatchWitness, observer: &dyn Observer) -> Result<RangeProof, PipelineError> {
        let leaf = step(observer, Step::Prove(Layer::Leaf), || self.leaf.prove(batch))?;
        self.wrap(&leaf, observer)
    }

    /// Wraps a leaf proof, made here or elsewhere.
    ///
    /// # Errors
    ///
    /// If the proof does not hold, or if stopped.
    pub fn wrap(&self, leaf: &Proof, observer: &dyn Observer) -> Result<RangeProof, PipelineError> {
        let wrapped = step(observer, Step::Prove(Layer::Wrap), || {
            self.wrap.prove(leaf, self.node.key_hash())
        })?;
        self.node.check(&wrapped)?;
        Ok(wrapped)
    }

    /// Joins two ranges that meet.
    ///
    /// # Errors
    ///
    /// If a proof does not hold, if the ranges do not meet or belong to different domains, or if stopped.
    pub fn join(
        &self,
        left: &RangeProof,
        right: &RangeProof,
        observer: &dyn Observer,
    ) -> Result<RangeProof, PipelineError> {
        let joined = step(observer, Step::Prove(Layer::Node), || {
            self.node.prove(left, Some(right))
        })?;
        self.node.check(&joined)?;
        Ok(joined)
    }

    /// Joins ranges, each of which starts where the one before ends, as a tree of least height.
    ///
    /// # Errors
    ///
    /// As [`Self::join`]; `None` if there is no range.
    pub fn join_all(
        &self,
        mut ranges: Vec<RangeProof>,
        observer: &dyn Observer,
    ) -> Result<Option<RangeProof>, PipelineError> {
        while ranges.len() > 1 {
            let mut pairs = ranges.into_iter();
            let mut joined = Vec::with_capacity(pairs.len().div_ceil(2));
            while let Some(left) = pairs.next() {
                joined.push(match pairs.next() {
                    Some(right) => self.join(&left, &right, observer)?,
                    None => left,
                });
            }
            ranges = joined;
        }
        Ok(ranges.pop())
    }

    /// Binds a range to a route's version and a beneficiary, and makes the last plonky2 proof of it.
    ///
    /// # Errors
    ///
    /// If the proof does not hold or carries another node's key, or if stopped.
    pub fn finalize(
        &self,
        range: &RangeProof,
        version: u32,
        beneficiary: Address,
        observer: &dyn Observer,
    ) -> Result<(BoundProof, FinalProof), PipelineError> {
        let bound = step(observer, Step::Prove(Layer::Bind), || {
            self.bind.prove(range, version, beneficiary)
        })?;
        let last = step(observer, Step::Prove(Layer::Final), || self.last.prove(&bound.proof))?;
        self.last.verify(&last)?;
        Ok((bound, last))
    }

    /// The statement hash that a last proof proves.
    ///
    /// # Errors
    ///
    /// If it does not hold.
    pub fn verify(&self, proof: &FinalProof) -> Result<Bytes32, PipelineError> {
        Ok(self.last.verify(proof)?)
    }

    /// The bytes of a range's proof.
    pub fn encode_range(&self, range: &RangeProof) -> Vec<u8> {
        let circuit = match range.kind() {
            Kind::Wrap => self.wrap.circuit(),
            Kind::Node => self.node.circuit(),
        };
        format::encode(range.kind().layer(), circuit, range.proof())
    }

    /// Reads a range's proof, of one batch or of several, and verifies it.
    ///
    /// # Errors
    ///
    /// If the bytes are malformed or the proof does not hold.
    pub fn decode_range(&self, bytes: &[u8]) -> Result<RangeProof, PipelineError> {
        let (kind, circuit) = match format::layer_of(bytes)? {
            Layer::Node => (Kind::Node, self.node.circuit()),
            _ => (Kind::Wrap, self.wrap.circuit()),
        };
        let proof = format::decode(kind.layer(), circuit, bytes)?;
        let range = RangeProof::new(kind, proof)?;
        self.node.check(&range)?;
        Ok(range)
    }

    /// The bytes of a last proof.
    pub fn encode_final(&self, proof: &FinalProof) -> Vec<u8> {
        format::encode(Layer::Final, self.last.circuit(), proof)
    }

    /// Reads a last proof and verifies it.
    ///
    /// # Errors
    ///
    /// If the bytes are malformed or the proof does not hold.
    pub fn decode_final(&self, bytes: &[u8]) -> Result<FinalProof, PipelineError> {
        let proof = format::decode(Layer::Final, self.last.circuit(), bytes)?;
        self.last.verify(&proof)?;
        Ok(proof)
    }

    /// What identifies each circuit (CIR-20), from the leaf up.
    pub fn lock_entries(&self) -> Vec<LockEntry> {
        let Capacity { slots, messages, exits } = self.leaf.capacity();
        let range = RangeInputs::<F>::LAYOUT;
        let carried: Vec<(&str, usize)> = range.into_iter().chain([("nodeKey", 4)]).collect();
        vec![
            lock_entry(&format!("leaf {slots}/{messages}/{exits}"), self.leaf.circuit(), &range),
            lock_entry("wrap", self.wrap.circuit(), &carried),
            lock_entry("node", self.node.circuit(), &carried),
            lock_entry("bind", self.bind.circuit(), &[("statement", 8)]),
            lock_entry("final", self.last.circuit(), &[("statement", 8)]),
        ]
    }

    /// Rows before padding and after, of every layer.
    pub fn rows(&self) -> Vec<(Layer, usize, usize)> {
        let leaf: usize = self.leaf.rows().iter().map(|part| part.rows).sum();
        vec![
            (Layer::Leaf, leaf, self.leaf.circuit().common.degree()),
            (Layer::Wrap, self.wrap.rows(), self.wrap.circuit().common.degree()),
            (Layer::Node, self.node.rows(), self.node.circuit().common.degree()),
            (Layer::Bind, self.bind.rows(), self.bind.circuit().common.degree()),
            (Layer::Final, self.last.rows(), self.last.circuit().common.degree()),
        ]
    }
}
