// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading L1: headers, events, and the batches behind them. Signing calls of it.

mod client;
mod decode;
mod error;
mod http;
pub mod preimage;
mod range;
mod refusal;
mod transaction;

pub use client::{Claimed, Header, L1Client, LARGEST_RANGE, Numbers, Overview};
pub use decode::batches_of_call;
pub use error::L1Error;
pub(crate) use http::dial;
pub use range::LogRange;
pub(crate) use refusal::is_short_of_funds;
pub(crate) use transaction::{Signed, sign_call};
