// SPDX-License-Identifier: MIT OR Apache-2.0
//! The child process: proves what it is asked to, one job at a time, with circuits that stay warm between jobs.
//!
//! It is a process of its own so that it can be killed: plonky2 and halo2 cannot be stopped half-way, and memory they
//! held is free at once. When its parent is gone it ends too. Whatever it is killed at, the folder holds whole files.

use super::circuits::Setup;
use super::job::{Id, Job, Work};
use super::key::KeyOnL1;
use super::protocol::{Reply, Request, Settings};
use super::store::{Folder, StoreError};
use crate::exit::is_of_full_disk;
use anyhow::{Context, Result, bail};
use halo2_proofs::halo2curves::bn256::Bn256;
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use poe_prover::cache::Cache;
use poe_prover::layers::RangeProof;
use poe_prover::pipeline::{Observer, Pipeline, PipelineError, Step};
use poe_verifier_gen::manifest::circuit_hash;
use poe_verifier_gen::srs;
use poe_verifier_gen::wrap::{Wrap, WrapError};
use serde::Serialize;
use std::cell::OnceCell;
use std::fs::File;
use std::io::{BufRead, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Why a job did not come out.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("input {id}: {why}")]
    BadInput { id: Id, why: String },
    #[error("{0:#}")]
    Permanent(anyhow::Error),
    #[error("{0:#}")]
    Transient(anyhow::Error),
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        Self::Permanent(error.into())
    }
}

impl From<WrapError> for Failure {
    fn from(error: WrapError) -> Self {
        match error {
            WrapError::Cache(error) => Self::Transient(error.into()),
            error => Self::Permanent(error.into()),
        }
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Self {
        let why = failure.to_string();
        match failure {
            Failure::BadInput { id, why } => Self::BadInput { id, why },
            Failure::Permanent(ref error) | Failure::Transient(ref error) if is_of_full_disk(&**error) => {
                Self::Full { why }
            }
            Failure::Permanent(_) => Self::Failed { why, permanent: true },
            Failure::Transient(_) => Self::Failed { why, permanent: false },
        }
    }
}

/// Serves the parent at standard input and output until it is gone.
///
/// # Errors
///
/// If the first line is no settings, or the folder cannot be used.
pub fn serve() -> Result<()> {
    let mut lines = std::io::stdin().lock().lines();
    let first = lines
        .next()
        .context("the first line of standard input must be the settings")??;
    let settings: Settings = serde_json::from_str(&first).context("the first line of standard input")?;
    let folder = Folder::open(&settings.proofs)?;
    let (sender, requests) = mpsc::channel();
    drop(lines);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
        // Nobody is left to tell the result to; whoever leases the job next proves it.
        std::process::exit(0);
    });
    let params = OnceCell::new();
    let mut warm = Warm {
        settings: &settings,
        folder,
        params: &params,
        pipeline: None,
        wrap: None,
    };
    for line in requests {
        let request = serde_json::from_str(&line).with_context(|| format!("no request: {line}"))?;
        let reply = warm.answer(&request).unwrap_or_else(Reply::from);
        say(&reply);
    }
    Ok(())
}

/// Writes a line. A parent that does not read is gone, which the reader of standard input notices.
fn say(message: &impl Serialize) {
    let mut line = serde_json::to_string(message).expect("plain data");
    line.push('\n');
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
}

/// Says which step is under way.
struct Voice;

fn name(step: Step) -> String {
    match step {
        Step::Build(layer) => format!("build {layer}"),
        Step::Prove(layer) => format!("prove {layer}"),
    }
}

impl Observer for Voice {
    fn begun(&self, step: Step) {
        say(&Reply::Begun { step: name(step) });
    }

    fn ended(&self, step: Step, took: Duration) {
        let seconds = took.as_secs_f64();
        say(&Reply::Ended {
            step: name(step),
            seconds,
        });
    }
}

/// Says that a step of this module's own is under way.
fn step<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    say(&Reply::Begun { step: name.to_owned() });
    let done = work();
    say(&Reply::Ended {
        step: name.to_owned(),
        seconds: begun.elapsed().as_secs_f64(),
    });
    done
}

/// What stays warm between jobs.
struct Warm<'p> {
    settings: &'p Settings,
    folder: Folder,
    params: &'p OnceCell<ParamsKZG<Bn256>>,
    pipeline: Option<Pipeline>,
    wrap: Option<Wrap<'p>>,
}

impl Warm<'_> {
    fn answer(&mut self, request: &Request) -> Result<Reply, Failure> {
        // Held to the end of this job, and let go by the system if this process is killed.
        let _machine = self.machine().map_err(Failure::Transient)?;
        let begun = Instant::now();
        let done = || {
            let seconds = begun.elapsed().as_secs_f64();
            Ok(Reply::Done { seconds })
        };
        match request {
            Request::Describe => {
                let entries = self.pipeline()?.lock_entries();
                let batches = Id(circuit_hash(&entries));
                Ok(Reply::Circuits { batches })
            }
            Request::Key => {
                let (_, wrap) = self.wrap()?;
                let digest = wrap.verifying_key().transcript_repr();
                let params = self.params.get().expect("the keys are over it");
                Ok(Reply::Key(KeyOnL1::new(digest, &params.s_g2())))
            }
            Request::Check(job) => {
                self.check(job)?;
                done()
            }
            Request::Prove(job) => {
                // Somebody may have proven it while this process waited for the machine.
                if !matches!(self.folder.proof(job.id()), Ok(Some(_))) {
                    let proof = self.prove(job)?;
                    self.folder
                        .put_proof(job, &proof)
                        .map_err(|error| Failure::Transient(error.into()))?;
                }
                done()
            }
        }
    }

    /// Waits until nothing heavy runs on this machine.
    fn machine(&self) -> Result<File> {
        let path = &self.settings.lock;
        let open = || {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            let file = File::options().create(true).append(true).open(path)?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        };
        open().with_context(|| format!("the lock of this machine, {}", path.display()))
    }

    fn pipeline(&mut self) -> Result<&Pipeline, Failure> {
        if self.pipeline.is_none() {
            let cache = Cache::new(&self.settings.cache);
            let built = Pipeline::build(self.settings.circuits.capacity, Some(&cache), &Voice)?;
            self.pipeline = Some(built);
        }
        Ok(self.pipeline.as_ref().expect("built above"))
    }

    fn wrap(&mut self) -> Result<(&Pipeline, &Wrap<'_>), Failure> {
        self.pipeline()?;
        let pipeline = self.pipeline.as_ref().expect("built above");
        if self.wrap.is_none() {
            if self.params.get().is_none() {
                let params = step("read setup", || read_setup(self.settings)).map_err(Failure::Permanent)?;
                let _ = self.params.set(params);
            }
            let params = self.params.get().expect("set above");
            let cache = Cache::new(&self.settings.cache);
            let inner = pipeline.last().verifier().clone();
            let shape = self.settings.circuits.shape;
            self.wrap = Some(step("read or make halo2 keys", || {
                Wrap::generate_cached(params, inner, shape, &cache)
            })?);
        }
        Ok((pipeline, self.wrap.as_ref().expect("made above")))
    }

    fn prove(&mut self, job: &Job) -> Result<Vec<u8>, Failure> {
        match job.work {
            Work::Leaf { witness } => {
                let found = self.folder.witness(witness);
                let batch = found_input(witness, found)?;
                let pipeline = self.pipeline()?;
                let proof = pipeline.prove_batch(&batch, &Voice)?;
                Ok(pipeline.encode_range(&proof))
            }
            Work::Join { left, right } => {
                let (left, right) = (self.range(left)?, self.range(right)?);
                let pipeline = self.pipeline()?;
                Ok(pipeline.encode_range(&pipeline.join(&left, &right, &Voice)?))
            }
            Work::Finalize {
                range,
                version,
                beneficiary,
            } => {
                let range = self.range(range)?;
                let pipeline = self.pipeline()?;
                let (_, last) = pipeline.finalize(&range, version, beneficiary, &Voice)?;
                Ok(pipeline.encode_final(&last))
            }
            Work::Wrap { last: id } => {
                let bytes = self.input(id)?;
                let (pipeline, wrap) = self.wrap()?;
                let last = pipeline.decode_final(&bytes).map_err(|error| bad(id, &error))?;
                let proof = step("prove halo2", || wrap.prove(&last))?;
                Ok(wrap.encode(&proof))
            }
        }
    }

    /// The bytes of an input.
    fn input(&self, id: Id) -> Result<Vec<u8>, Failure> {
        Ok(found_input(id, self.folder.proof(id))?.1)
    }

    /// The proof of a range, verified.
    fn range(&mut self, id: Id) -> Result<RangeProof, Failure> {
        let bytes = self.input(id)?;
        self.pipeline()?.decode_range(&bytes).map_err(|error| bad(id, &error))
    }

    /// Verifies a proof in the folder.
    fn check(&mut self, job: &Job) -> Result<(), Failure> {
        let id = job.id();
        let bytes = self.input(id)?;
        match job.work {
            Work::Leaf { .. } | Work::Join { .. } => {
                self.range(id)?;
            }
            Work::Finalize { .. } => {
                self.pipeline()?.decode_final(&bytes).map_err(|error| bad(id, &error))?;
            }
            Work::Wrap { .. } => {
                let (_, wrap) = self.wrap()?;
                wrap.decode(&bytes).map_err(|error| bad(id, &error))?;
            }
        }
        Ok(())
    }
}

fn bad(id: Id, error: &dyn std::error::Error) -> Failure {
    let why = error.to_string();
    Failure::BadInput { id, why }
}

fn found_input<T>(id: Id, found: Result<Option<T>, StoreError>) -> Result<T, Failure> {
    match found {
        Ok(Some(found)) => Ok(found),
        Ok(None) => {
            let why = "it is not in the folder".to_owned();
            Err(Failure::BadInput { id, why })
        }
        Err(error @ StoreError::Io { .. }) => Err(Failure::Transient(error.into())),
        Err(error) => Err(bad(id, &error)),
    }
}

fn read_setup(settings: &Settings) -> Result<ParamsKZG<Bn256>> {
    let k = settings.circuits.shape.k;
    match &settings.circuits.setup {
        Setup::InsecureDevelopment => {
            let cache = Cache::new(&settings.cache);
            Ok(srs::cached(&cache, k, || srs::development(k, &|_| ()))?)
        }
        Setup::File(path) => {
            let params = srs::read(path).with_context(|| path.display().to_string())?;
            if let srs::Standing::Denied(why) = srs::standing(&params.s_g2()) {
                bail!("{}: this setup is refused: {why}", path.display());
            }
            Ok(srs::truncate(params, k)?)
        }
    }
}
