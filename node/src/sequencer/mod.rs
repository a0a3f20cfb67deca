// SPDX-License-Identifier: MIT OR Apache-2.0
//! A sequencer: takes transfers from users, and posts them to L1 in batches.
//!
//! - [`Pool`]: what users sent and L1 has not made final yet, judged by the executor against the virtual state.
//! - `Journal`: the pool, the transactions on their way and what they cost, on disk before anybody is told.
//! - [`pack`]: slots that are applied, chosen by fee.
//! - [`Policy`]: when a batch is worth its price, or overdue.
//! - `Poster`: one L1 nonce at a time, replaced with a higher fee until it is mined, taken up again after a reorganisation.
//! - [`Service`]: what users may ask; [`rpc`] serves it as JSON-RPC.
//!
//! ```no_run
//! # use poe_node::sequencer::{Sequencer, SequencerConfig, rpc::{RpcServer, ServerLimits}};
//! # use std::time::Duration;
//! # async fn example(
//! #     follower: poe_node::sync::Follower,
//! #     signer: alloy::signers::local::PrivateKeySigner,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let mut sequencer = Sequencer::open(follower, signer, SequencerConfig::new(1)).await?;
//! let service = sequencer.service();
//! let server = RpcServer::bind("127.0.0.1:0", sequencer.service(), ServerLimits::default()).await?;
//! println!("users: {}", server.url());
//! let (stop, stopped) = tokio::sync::watch::channel(false);
//! let until = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
//!     let _ = stopped.wait_for(|stop| *stop).await;
//! };
//! let serving = tokio::spawn(server.run(until(stopped.clone())));
//! let posting = tokio::spawn(async move { sequencer.run(Duration::from_secs(4), until(stopped)).await });
//! // ... until somebody asks it to end.
//! stop.send(true)?;
//! posting.await??;
//! serving.await?;
//! println!("{}", service.report()?);
//! # Ok(())
//! # }
//! ```
//!
//! [`Sequencer::step`] is one round of all of it, [`Sequencer::run`] goes on until it is stopped. A slot that was acknowledged is
//! never lost: it is forgotten only when L1 has made final what became of its nonce, or for a reason that can be asked for.

mod answers;
mod call;
mod config;
mod error;
mod journal;
mod judge;
mod packer;
mod policy;
mod pool;
mod post;
mod push;
mod records;
mod report;
mod revalidate;
pub mod rpc;
mod run;
mod service;
mod sign;
mod tasks;
mod track;

pub use answers::{AccountReport, FeeEstimate, Info, Status, Submitted};
pub use config::{PoolLimits, PostingLimits, SequencerConfig};
pub use error::{SequencerError, SubmitError};
pub use judge::transfer_id;
pub use packer::{Packed, PackedBatch, pack};
pub use policy::{Costs, Decision, Policy, Prices, Ready};
pub use pool::{Admission, Pool, Removal};
pub use records::{Entry, Inclusion, Key, Outcome, TransferId};
pub use report::{Report, SequenceReport};
pub use run::{Round, Sequencer};
pub use service::Service;
