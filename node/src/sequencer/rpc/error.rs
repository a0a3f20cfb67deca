// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::sequencer::{SequencerError, SubmitError};
use poe_rollup::executor::Rule;
use serde::Serialize;
use serde_json::{Value, json};

/// Error codes. Those above -32100 are of JSON-RPC itself; the others are only ever added to.
pub mod codes {
    /// Not JSON.
    pub const PARSE: i32 = -32700;
    /// JSON, but no request.
    pub const INVALID_REQUEST: i32 = -32600;
    /// No such method.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// Parameters of a wrong number or form.
    pub const INVALID_PARAMS: i32 = -32602;
    /// The sequencer failed.
    pub const INTERNAL: i32 = -32603;
    /// A rule of the state transition is broken; `data.rule` is its number in ST-7.
    pub const RULE: i32 = -32000;
    /// The nonce was used; `data.next` is the next one.
    pub const NONCE_USED: i32 = -32001;
    /// The nonce is too far ahead; `data.next` is the next one.
    pub const NONCE_TOO_FAR: i32 = -32002;
    /// What the account holds is spoken for by its other slots.
    pub const OVERSPENT: i32 = -32003;
    /// The fee is below the minimum; `data.minimum` is it.
    pub const FEE_TOO_LOW: i32 = -32004;
    /// The fee is too low to replace a slot; `data.minimum` would do.
    pub const UNDERPRICED: i32 = -32005;
    /// The slot with this nonce is on its way to L1.
    pub const IN_FLIGHT: i32 = -32006;
    /// The pool is full; `data.minimum` would make room.
    pub const FULL: i32 = -32007;
    /// The slot is for another sequencer.
    pub const ANOTHER_SEQUENCER: i32 = -32008;
    /// Nothing can be sequenced at present.
    pub const UNAVAILABLE: i32 = -32009;
}

/// An error as JSON-RPC has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RpcError {
    pub(super) code: i32,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<Value>,
}

impl RpcError {
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    pub(super) fn params(message: impl Into<String>) -> Self {
        Self::new(codes::INVALID_PARAMS, message)
    }
}

impl From<SequencerError> for RpcError {
    fn from(error: SequencerError) -> Self {
        // Paths and causes are for the operator.
        tracing::error!(%error, "a request failed");
        Self::new(
            codes::INTERNAL,
            "the sequencer failed; its operator finds the reason in the log",
        )
    }
}

impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        let message = error.to_string();
        let (code, data) = match error {
            SubmitError::Internal(error) => return (*error).into(),
            SubmitError::Rule {
                rule,
                from,
                balance,
                nonce,
            } => {
                let next = (rule == Rule::NonceMismatch).then_some(nonce);
                (
                    codes::RULE,
                    json!({ "rule": rule as u8, "account": from, "balance": balance, "nonce": nonce, "next": next }),
                )
            }
            SubmitError::AnotherSequencer { named, ours } => {
                (codes::ANOTHER_SEQUENCER, json!({ "named": named, "ours": ours }))
            }
            SubmitError::NonceUsed { next, .. } => (codes::NONCE_USED, json!({ "next": next })),
            SubmitError::NonceTooFar { next, limit, .. } => {
                (codes::NONCE_TOO_FAR, json!({ "next": next, "limit": limit }))
            }
            SubmitError::Overspent {
                balance, pending, cost, ..
            } => (
                codes::OVERSPENT,
                json!({ "balance": balance, "pending": pending.to_string(), "cost": cost.to_string() }),
            ),
            SubmitError::FeeTooLow { minimum, .. } => (codes::FEE_TOO_LOW, json!({ "minimum": minimum })),
            SubmitError::Underpriced { minimum, .. } => (codes::UNDERPRICED, json!({ "minimum": minimum })),
            SubmitError::InFlight { .. } => (codes::IN_FLIGHT, Value::Null),
            SubmitError::Full { minimum, .. } => (codes::FULL, json!({ "minimum": minimum })),
            SubmitError::NotRunning { .. } | SubmitError::NotSynced => (codes::UNAVAILABLE, Value::Null),
        };
        Self {
            code,
            message,
            data: (!data.is_null()).then_some(data),
        }
    }
}
