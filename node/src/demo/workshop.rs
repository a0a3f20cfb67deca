// SPDX-License-Identifier: MIT OR Apache-2.0
//! Queue, keys and worker that the aggregators share, and what is heard of all of them.

use super::DemoOptions;
use super::actors::Actor;
use super::players::{Running, Stage};
use super::screen::Screen;
use crate::aggregator::{Event, RangeEvent, Strategy, Timings};
use crate::proving::command::{Opened, ProvingOptions};
use crate::proving::worker::Leasing;
use crate::proving::{Event as WorkerEvent, Work, worker::Report as WorkerReport};
use crate::units::Tokens;
use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long any one thing may take before the demonstration gives up: cold keys on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// What is heard.
pub(super) enum Heard {
    Aggregator(&'static str, Event),
    Worker(WorkerEvent),
}

/// Who proves, and what is heard of it.
pub(super) struct Workshop {
    opened: Arc<Opened>,
    timings: Timings,
    events: mpsc::UnboundedSender<(&'static str, Event)>,
    heard: mpsc::UnboundedReceiver<(&'static str, Event)>,
    worker: mpsc::UnboundedReceiver<WorkerEvent>,
    _stop: watch::Sender<bool>,
}

impl Workshop {
    pub(super) async fn open(options: &DemoOptions, scratch: &Path, screen: &Screen) -> Result<Self> {
        let lock = std::env::temp_dir().join("poe-machine.lock");
        let proving = ProvingOptions::for_development(scratch, options.cache.clone(), lock);
        let opened = Arc::new(proving.open().await?);
        let timings = Timings::default();
        let (events, heard) = mpsc::unbounded_channel();
        let (said, worker) = mpsc::unbounded_channel();
        let (screen, times) = (screen.clone(), timings.clone());
        let report: WorkerReport = Arc::new(move |event: &WorkerEvent| {
            if let WorkerEvent::Done { job, took: Some(took) } = event {
                times.took(job.work, u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
            }
            screen.worker(event);
            // Nobody may listen any more.
            let _ = said.send(event.clone());
        });
        let leasing = Leasing {
            poll: Duration::from_millis(200),
            ..Leasing::default()
        };
        let work = opened.worker(leasing, report);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            if let Err(error) = work.run(stopped).await {
                tracing::error!(%error, "the worker ended");
            }
        });
        Ok(Self {
            opened,
            timings,
            events,
            heard,
            worker,
            _stop: stop,
        })
    }

    pub(super) async fn start(&self, stage: &Stage, actor: &Actor, strategy: Box<dyn Strategy>) -> Result<Running> {
        stage
            .screen
            .say(actor.name, format!("starts, strategy {}", strategy.name()));
        stage
            .aggregator(actor, strategy, &self.opened, &self.events, &self.timings)
            .await
    }

    /// Waits until the last step of the only aggregator's proof has begun.
    pub(super) async fn until_wrapped(&mut self, screen: &Screen, only: &Running) -> Result<()> {
        let wrapping = |heard: &Heard| {
            matches!(heard, Heard::Worker(WorkerEvent::Leased(job)) if matches!(job.work, Work::Wrap { .. }))
                .then_some(())
        };
        self.until(screen, &[only], "the KZG proof of the first range", wrapping)
            .await
    }

    /// Waits until something is heard; everything heard before is told on the screen.
    pub(super) async fn until<T>(
        &mut self,
        screen: &Screen,
        running: &[&Running],
        what: &str,
        mut is: impl FnMut(&Heard) -> Option<T>,
    ) -> Result<T> {
        let wait = async {
            let mut look = tokio::time::interval(Duration::from_secs(1));
            loop {
                let heard = tokio::select! {
                    Some((name, event)) = self.heard.recv() => {
                        tell(screen, name, &event);
                        Heard::Aggregator(name, event)
                    }
                    Some(event) = self.worker.recv() => Heard::Worker(event),
                    _ = look.tick() => {
                        if running.iter().any(|one| one.has_ended()) {
                            bail!("an aggregator ended while the story waited for {what}");
                        }
                        continue;
                    }
                };
                if let Heard::Aggregator(name, Event::Failed { why, .. }) = &heard {
                    bail!("{name}: {why}");
                }
                if let Some(found) = is(&heard) {
                    return Ok(found);
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .with_context(|| format!("waiting for {what}"))?
    }
}

fn tell(screen: &Screen, name: &str, event: &Event) {
    let text = match event {
        Event::Own(event) => told(event),
        Event::Abandoned { last, why } => format!("abandons the range up to {last}: {why}"),
        Event::Declined { step, why } => format!("does not send its proof up to {step}: {why}"),
        Event::Sent { transaction, .. } => format!("sends {transaction}"),
        Event::Settled(outcome) if outcome.accepted => {
            format!(
                "PAID {} tokens for sequences up to {}; {} gas",
                Tokens(outcome.reward),
                outcome.last,
                outcome.gas
            )
        }
        Event::Settled(outcome) => format!("reverted; {} gas", outcome.gas),
        _ => return,
    };
    screen.say(name, text);
}

fn told(event: &RangeEvent) -> String {
    match event {
        RangeEvent::Chosen { goal, reward } => {
            format!(
                "goes for sequences {}..={}, worth {} tokens",
                goal.init + 1,
                goal.last,
                Tokens(*reward)
            )
        }
        RangeEvent::Overlapped {
            goal,
            verified,
            kept: true,
        } => {
            format!(
                "sequences up to {verified} are proven by somebody else; the proof up to {} still pays for its tail",
                goal.last
            )
        }
        RangeEvent::Overlapped { goal, verified, .. } => format!("starts from {verified} instead, up to {}", goal.last),
        RangeEvent::Rehearsed { last, gas, reward } => {
            format!(
                "dry run on a fork: the proof up to {last} is accepted, {gas} gas, {} tokens",
                Tokens(*reward)
            )
        }
    }
}
