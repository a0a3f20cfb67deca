// SPDX-License-Identifier: MIT OR Apache-2.0
//! `poe worker`, and the options that every command which proves takes.

use super::child::Prover;
use super::circuits::{Circuits, Setup};
use super::driver::Proving;
use super::job::{CircuitIds, Job};
use super::protocol::{Reply, Settings};
use super::queue::{Queue, QueueUrl};
use super::store::{Folder, Store};
use super::worker::{ChildProver, Event, Leasing, Report, Worker};
use anyhow::{Context, Result};
use clap::{ArgGroup, Args};
use indicatif::{ProgressBar, ProgressStyle};
use poe_rollup::formats::Capacity;
use poe_verifier_gen::wrap::Shape;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How and where to prove.
#[derive(Clone, Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("trusted setup").args(["srs", "insecure_dev_srs"]).required(true))]
pub struct ProvingOptions {
    /// The queue of jobs: sqlite:PATH, or postgres://USER:PASSWORD@HOST/DATABASE to share it with other machines
    /// [default: sqlite:$XDG_DATA_HOME/poe/proving/jobs.db]
    #[arg(long, env = "POE_QUEUE", value_name = "URL", hide_env_values = true)]
    pub queue: Option<QueueUrl>,
    /// Folder of witnesses and proofs; with PostgreSQL, of copies of what the database holds
    /// [default: $XDG_DATA_HOME/poe/proving/proofs]
    #[arg(long, env = "POE_PROOFS", value_name = "FOLDER")]
    pub proofs: Option<PathBuf>,
    /// Folder of circuits, keys and the development setup: about 1 GB, made when it is needed
    /// [default: $XDG_CACHE_HOME/poe]
    #[arg(long, env = "POE_CACHE", value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
    /// File that is locked while something heavy runs; the same for all who prove on this machine.
    #[arg(long, env = "POE_MACHINE_LOCK", default_value_os_t = std::env::temp_dir().join("poe-machine.lock"))]
    pub machine_lock: PathBuf,
    /// Slots a batch.
    #[arg(long, default_value_t = Capacity::REFERENCE.slots)]
    pub slots: u32,
    /// Messages a batch.
    #[arg(long, default_value_t = Capacity::REFERENCE.messages)]
    pub messages: u32,
    /// Exits a batch.
    #[arg(long, default_value_t = Capacity::REFERENCE.exits)]
    pub exits: u32,
    /// Shape of the halo2 circuit: log2 of the rows, columns of arithmetic, of lookups, of permutations.
    #[arg(long, value_parser = parse_shape, default_value = "20,1,0,0")]
    pub shape: Shape,
    /// A trusted setup that `verifier-gen srs import` wrote.
    #[arg(long, env = "POE_SRS")]
    pub srs: Option<PathBuf>,
    /// Use the development setup, with which everybody can prove false statements.
    #[arg(long)]
    pub insecure_dev_srs: bool,
}

/// A base folder of the XDG specification.
fn base(variable: &str, below_home: &str) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
    {
        return Ok(folder);
    }
    let home = std::env::var_os("HOME")
        .with_context(|| format!("neither {variable} nor HOME is set: say where with --queue, --proofs and --cache"))?;
    Ok(PathBuf::from(home).join(below_home))
}

fn parse_shape(text: &str) -> Result<Shape, String> {
    let numbers: Option<Vec<u32>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[k, general, lookups, permutations]) => Ok(Shape {
            k,
            general: general as usize,
            lookups: lookups as usize,
            permutations: permutations as usize,
        }),
        _ => Err(format!("four numbers, such as 20,1,0,0, are a shape; {text:?} is none")),
    }
}

/// Everything needed to prove, opened.
#[derive(Debug)]
pub struct Opened {
    /// Digests of the circuits.
    pub ids: CircuitIds,
    /// What children must know.
    pub settings: Settings,
    /// Who starts children.
    pub prover: Arc<Prover>,
    /// Where proofs are.
    pub store: Store,
    /// Where jobs are.
    pub queue: Queue,
}

impl ProvingOptions {
    /// Proofs of the reference capacity with the development setup; queue and proofs in a folder of this machine.
    pub fn for_development(folder: &Path, cache: PathBuf, machine_lock: PathBuf) -> Self {
        let Capacity { slots, messages, exits } = Capacity::REFERENCE;
        Self {
            queue: Some(QueueUrl::Sqlite(folder.join("jobs.db"))),
            proofs: Some(folder.join("proofs")),
            cache: Some(cache),
            machine_lock,
            slots,
            messages,
            exits,
            shape: Shape::DEFAULT,
            srs: None,
            insecure_dev_srs: true,
        }
    }

    /// The circuits.
    pub fn circuits(&self) -> Circuits {
        Circuits {
            capacity: Capacity {
                slots: self.slots,
                messages: self.messages,
                exits: self.exits,
            },
            shape: self.shape,
            setup: self.srs.clone().map_or(Setup::InsecureDevelopment, Setup::File),
        }
    }

    /// Opens store and queue, and learns the circuits' digests.
    ///
    /// # Errors
    ///
    /// If one of them cannot be had.
    pub async fn open(&self) -> Result<Opened> {
        self.open_with(Prover::this_program().context("this program's path")?)
            .await
    }

    /// As [`Self::open`], with children of another program.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub async fn open_with(&self, prover: Prover) -> Result<Opened> {
        let circuits = self.circuits();
        let data =
            |name: &str| Ok::<_, anyhow::Error>(base("XDG_DATA_HOME", ".local/share")?.join("poe/proving").join(name));
        let settings = Settings {
            circuits: circuits.clone(),
            proofs: self.proofs.clone().map_or_else(|| data("proofs"), Ok)?,
            cache: match &self.cache {
                Some(cache) => cache.clone(),
                None => base("XDG_CACHE_HOME", ".cache")?.join("poe"),
            },
            lock: self.machine_lock.clone(),
        };
        let url = match &self.queue {
            Some(url) => url.clone(),
            None => QueueUrl::Sqlite(data("jobs.db")?),
        };
        let ids = circuits.ids(&prover, &settings).await?;
        let queue = Queue::open(&url, &ids)
            .await
            .with_context(|| format!("the queue {url:?}"))?;
        let folder = Folder::open(&settings.proofs)?;
        let store = match queue.postgres() {
            Some(pool) => Store::shared(folder, pool.clone()).await?,
            None => Store::local(folder),
        };
        Ok(Opened {
            ids,
            settings,
            prover: Arc::new(prover),
            store,
            queue,
        })
    }
}

impl Opened {
    /// For whoever wants proofs.
    pub fn proving(&self) -> Proving {
        Proving::new(self.ids, self.store.clone(), self.queue.clone())
    }

    /// For whoever makes them.
    pub fn worker(&self, leasing: Leasing, report: Report) -> Worker {
        Worker {
            queue: self.queue.clone(),
            store: self.store.clone(),
            prover: Arc::new(ChildProver {
                prover: self.prover.clone(),
                settings: self.settings.clone(),
                ids: self.ids,
            }),
            leasing,
            report,
        }
    }
}

/// Proves what others put into the queue. Several workers may share a queue, one on each machine; killed at any moment,
/// a worker loses the step it was at.
#[derive(Clone, Debug, Args)]
pub struct WorkerCommand {
    #[command(flatten)]
    options: ProvingOptions,
    /// Seconds between signs of life.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    heartbeat: u64,
    /// Signs of life that may fail to come before another worker takes the job.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(2..=1000))]
    missed: u16,
}

impl WorkerCommand {
    /// Works until it is interrupted. The first signal lets the job under way finish, the second gives it up.
    ///
    /// # Errors
    ///
    /// If queue or store cannot be opened, or the engine fails.
    pub async fn run(&self, json: bool) -> Result<()> {
        let opened = self.options.open().await?;
        let leasing = Leasing {
            heartbeat: Duration::from_secs(self.heartbeat),
            missed: self.missed.into(),
            ..Leasing::default()
        };
        let report: Report = if json { Arc::new(print_json) } else { Arc::new(bar()) };
        let worker = opened.worker(leasing, report);
        let (stop, stopped) = watch::channel(false);
        let mut interrupted = signals()?;
        let work = worker.run(stopped);
        tokio::pin!(work);
        tokio::select! {
            worked = &mut work => return Ok(worked?),
            () = interrupted() => eprintln!("finishing the job under way; interrupt again to give it up"),
        }
        stop.send_replace(true);
        tokio::select! {
            worked = &mut work => Ok(worked?),
            // Its lease runs out, and somebody else takes the job.
            () = interrupted() => Ok(()),
        }
    }
}

/// Waits for an interrupt or a request to terminate, each time it is called.
fn signals() -> Result<impl AsyncFnMut()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn label(job: &Job) -> String {
    format!("{} {:?}", job.work.name(), job.id())
}

/// An event as a line for machines.
fn print_json(event: &Event) {
    let about = |name: &str, job: &Job| json!({"event": name, "job": job.id(), "kind": job.work.name()});
    let line = match event {
        Event::Leased(job) => about("leased", job),
        Event::Child(job, reply) => {
            let mut line = about("child", job);
            line["child"] = serde_json::to_value(reply).unwrap_or_default();
            line
        }
        Event::Done { job, took } => {
            let mut line = about("done", job);
            line["seconds"] = json!(took.map(|took| took.as_secs_f64()));
            line
        }
        Event::Failed { job, why } => {
            let mut line = about("failed", job);
            line["why"] = json!(why);
            line
        }
        Event::GivenUp(job) => about("given up", job),
        Event::Disconnected(why) => json!({"event": "disconnected", "why": why}),
    };
    println!("{line}");
}

/// A bar for people, and a line for each job that ends.
fn bar() -> impl Fn(&Event) + Send + Sync {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.set_message("waiting for a job");
    // Without a terminal the bar swallows its lines.
    let line = |bar: &ProgressBar, text: String| {
        if bar.is_hidden() {
            eprintln!("{text}");
        } else {
            bar.println(text);
        }
    };
    move |event| match event {
        Event::Leased(job) => {
            bar.reset_elapsed();
            bar.set_message(label(job));
        }
        Event::Child(job, Reply::Begun { step }) => bar.set_message(format!("{}: {step}", label(job))),
        Event::Child(..) => {}
        Event::Done { job, took } => {
            let took = took.map_or("was proven already".to_owned(), |took| {
                format!("{:.1} s", took.as_secs_f64())
            });
            line(&bar, format!("{}: {took}", label(job)));
            bar.set_message("waiting for a job");
        }
        Event::Failed { job, why } => line(&bar, format!("{}: {why}", label(job))),
        Event::GivenUp(job) => {
            line(&bar, format!("{}: given up", label(job)));
            bar.set_message("waiting for a job");
        }
        Event::Disconnected(why) => line(&bar, format!("{why}; trying again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_four_numbers() {
        assert_eq!(parse_shape("20,1,0,0"), Ok(Shape::DEFAULT));
        assert_eq!(parse_shape("19, 2, 1, 1").map(|shape| shape.permutations), Ok(1));
        for text in ["", "20", "20,1,0", "20,1,0,0,0", "20,-1,0,0"] {
            assert!(parse_shape(text).expect_err("no shape").contains(text));
        }
    }
}
