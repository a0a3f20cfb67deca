// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a provider means by an error. There is no standard: codes and words differ from one to the next.

use alloy::transports::http::reqwest;
use alloy::transports::{TransportError, TransportErrorKind};

const INVALID_PARAMETERS: i64 = -32_602;

/// Whether the provider knows the tag, but nothing it stands for.
pub(super) fn is_not_found(error: &TransportError) -> bool {
    answer(error).is_some_and(|answer| answer.says(&["not found"]))
}

/// Whether the provider does not know the tag it was asked for. Everything else that goes wrong is no such answer.
pub(super) fn is_unknown_tag(error: &TransportError) -> bool {
    match answer(error) {
        Some(answer) if answer.is_busy() || answer.says(&["not found"]) => false,
        Some(answer) if answer.says(&["block tag", "unknown tag", "invalid tag"]) => true,
        _ => error.error_code() == Some(INVALID_PARAMETERS),
    }
}

/// Whether a smaller query may be answered: the provider took too long, or said no for another reason than that it is asked
/// too often.
pub(super) fn may_be_too_much(error: &TransportError) -> bool {
    if let Some(answer) = answer(error) {
        return !answer.is_busy();
    }
    let kind = error.as_transport_err();
    if kind.and_then(TransportErrorKind::as_custom).is_some_and(timed_out) {
        return true;
    }
    let http = kind.and_then(TransportErrorKind::as_http_error);
    http.is_some_and(|error| matches!(error.status, 400 | 413 | 504))
}

/// Whether the account that signs cannot pay.
pub(crate) fn is_short_of_funds(error: &TransportError) -> bool {
    answer(error).is_some_and(|answer| answer.says(&["insufficient funds"]))
}

/// An error that the provider itself has sent.
struct Answer {
    code: i64,
    /// In lower case.
    message: String,
}

fn answer(error: &TransportError) -> Option<Answer> {
    error.as_error_resp().map(|payload| Answer {
        code: payload.code,
        message: payload.message.to_lowercase(),
    })
}

impl Answer {
    fn says(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.message.contains(text))
    }

    /// Code -32005 stands for too many requests with some, and for too many results with others: words decide.
    fn is_busy(&self) -> bool {
        let words = [
            "rate limit",
            "request rate",
            "rate exceeded",
            "per second",
            "too many requests",
            "credits",
            "daily",
            "throttl",
        ];
        self.code == 429 || self.says(&words)
    }
}

fn timed_out(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error
        .downcast_ref::<reqwest::Error>()
        .is_some_and(reqwest::Error::is_timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: i64, message: &str) -> TransportError {
        let payload = serde_json::json!({ "code": code, "message": message }).to_string();
        TransportError::ErrorResp(serde_json::from_str(&payload).unwrap())
    }

    #[test]
    fn only_an_answer_about_the_tag_says_that_the_tag_is_unknown() {
        for error in [
            answered(INVALID_PARAMETERS, "invalid argument 0: hex string without 0x prefix"),
            answered(-32_000, "unsupported block tag"),
            TransportErrorKind::http_error(400, r#"{"error":{"code":-32602,"message":"invalid"}}"#.into()),
        ] {
            assert!(is_unknown_tag(&error), "{error}");
        }
        for error in [
            answered(-32_603, "internal error"),
            answered(-32_000, "upstream timed out"),
            answered(429, "too many requests"),
            answered(-32_602, "daily request count exceeded"),
            answered(-39_001, "finalized block not found"),
            TransportErrorKind::custom_str("connection refused"),
            TransportErrorKind::http_error(503, String::new()),
        ] {
            assert!(!is_unknown_tag(&error), "{error}");
        }
        assert!(is_not_found(&answered(-39_001, "finalized block not found")));
    }

    #[test]
    fn an_account_that_cannot_pay_is_told_from_other_refusals() {
        let short = "Insufficient funds for gas * price + value: balance 0, tx cost 21000, overshot 21000";
        assert!(is_short_of_funds(&answered(-32_000, short)));
        for other in [
            answered(-32_000, "nonce too low"),
            TransportErrorKind::custom_str(short),
        ] {
            assert!(!is_short_of_funds(&other), "{other}");
        }
    }

    #[test]
    fn fewer_blocks_are_asked_for_only_where_that_may_help() {
        for error in [
            answered(-32_005, "query returned more than 10000 results"),
            answered(-32_602, "block range is too wide"),
            TransportErrorKind::http_error(413, String::new()),
        ] {
            assert!(may_be_too_much(&error), "{error}");
        }
        for error in [
            answered(429, "slow down"),
            answered(-32_005, "project ID request rate exceeded"),
            TransportErrorKind::custom_str("connection refused"),
            TransportErrorKind::http_error(429, String::new()),
            TransportErrorKind::http_error(503, String::new()),
        ] {
            assert!(!may_be_too_much(&error), "{error}");
        }
    }
}
