// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the node against private chains, simulated ones, databases and real provers. One binary: each would link all of it again.

#![allow(unreachable_pub, reason = "modules of a test binary")]

mod aggregator;
mod aggregator_sending;
mod campaign_damage;
mod campaign_disk;
mod campaign_keys;
mod campaign_kill;
mod campaign_liveness;
mod campaign_load;
mod campaign_provider;
mod campaign_queue;
mod campaign_reorg;
mod l1;
mod l1_faults;
mod pool;
mod posting;
mod proving_engine;
mod proving_leases;
mod proving_real;
mod rpc;
mod sequencer;
mod sequencer_command;
mod store;
mod wallet;
mod watcher;
mod watcher_real;

// What they share.
mod books;
#[path = "support/campaign.rs"]
mod campaign;
#[path = "support/chain.rs"]
mod chain;
#[path = "support/clock.rs"]
mod clock;
#[path = "support/deploy.rs"]
mod deploy;
#[path = "support/history.rs"]
mod history;
mod machine;
#[path = "../../../rollup/tests/observer/mod.rs"]
mod observer;
mod postgres;
#[path = "support/process.rs"]
mod process;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/sequencing.rs"]
mod sequencing;
#[path = "support/simulated.rs"]
mod simulated;
#[path = "support/subject.rs"]
mod subject;
