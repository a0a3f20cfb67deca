// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a person sees: lines that stay, a bar for what is under way, and how long everything took.

use crate::proving::Event;
use crate::proving::protocol::Reply;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Times of a step: how often, seconds in all.
pub(super) type Times = BTreeMap<String, (u32, f64)>;

/// The screen.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    bar: ProgressBar,
    begun: Instant,
    times: Arc<Mutex<Times>>,
}

impl Screen {
    pub(super) fn new(plain: bool) -> Self {
        let bar = if plain {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(1)
        };
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} [{bar:24}] {pos}/{len} proofs  {elapsed_precise}  {msg}")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            begun: Instant::now(),
            times: Arc::default(),
        }
    }

    /// A line that stays.
    pub(super) fn line(&self, text: impl AsRef<str>) {
        if self.bar.is_hidden() {
            eprintln!("{}", text.as_ref());
        } else {
            self.bar.println(text);
        }
    }

    /// A line with the time since the beginning.
    pub(super) fn say(&self, who: &str, text: impl AsRef<str>) {
        let seconds = self.begun.elapsed().as_secs();
        self.line(format!(
            "{:>3}:{:02}  {who:<10} {}",
            seconds / 60,
            seconds % 60,
            text.as_ref()
        ));
    }

    /// A headline.
    pub(super) fn act(&self, text: &str) {
        self.line(format!("\n{text}"));
    }

    /// So many proofs are to come in all.
    pub(super) fn expect(&self, proofs: u64) {
        self.bar.set_length(proofs);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    pub(super) fn times(&self) -> Times {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a worker says.
    pub(super) fn worker(&self, event: &Event) {
        match event {
            Event::Leased(job) => self.bar.set_message(format!("{} {:?}", job.work.name(), job.id())),
            Event::Child(_, Reply::Begun { step }) => self.bar.set_message(step.clone()),
            Event::Child(_, Reply::Ended { step, seconds }) => {
                let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
                let time = times.entry(step.clone()).or_default();
                *time = (time.0 + 1, time.1 + seconds);
            }
            Event::Child(..) => {}
            Event::Done { job, took } => {
                self.bar.inc(1);
                self.bar.set_message("");
                let took = took.map_or("was there already".to_owned(), |took| {
                    format!("{:.1} s", took.as_secs_f64())
                });
                self.say("prover", format!("{:<8} {:?}  {took}", job.work.name(), job.id()));
            }
            Event::Failed { job, why } => self.say("prover", format!("{} {:?}: {why}", job.work.name(), job.id())),
            Event::GivenUp(job) => self.say(
                "prover",
                format!("{} {:?} given up: nobody wants it any more", job.work.name(), job.id()),
            ),
            Event::Disconnected(why) => self.say("prover", why),
        }
    }
}
