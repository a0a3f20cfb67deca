// SPDX-License-Identifier: MIT OR Apache-2.0
//! JSON-RPC 2.0 over HTTP: POST, one request or a list of them.
//!
//! | method | parameters | result |
//! |---|---|---|
//! | `poe_submit` | the slot: 96 bytes in hex | id and status |
//! | `poe_status` | the id; or sender and nonce | status |
//! | `poe_nonce` | account | the nonce to sign with next |
//! | `poe_estimateFee` | | what a slot should pay |
//! | `poe_account` | account | balances and nonces in both states, and what waits |
//! | `poe_info` | | capacity, fee recipient, deployment, heads |
//! | `poe_report` | | what the sequencer earned and paid |

mod error;
mod methods;
mod server;

pub use error::{RpcError, codes};
pub use methods::handle;
pub use server::{RpcServer, ServerLimits};
