// SPDX-License-Identifier: MIT OR Apache-2.0

use super::error::{RpcError, codes};
use crate::sequencer::Service;
use poe_rollup::formats::Slot;
use serde::Serialize;
use serde_json::{Value, json};

/// Most requests in one list.
const LONGEST_LIST: usize = 100;

/// Bytes of answers after which no further request of a list is done.
const LONGEST_ANSWER: usize = 1 << 20;

type Answer = Result<Value, RpcError>;

/// Answers the body of a request, in JSON. `None` if it has only notifications, which are not answered.
pub fn handle(service: &Service, body: &[u8]) -> Option<String> {
    let request: Value = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => {
            let error = RpcError::new(codes::PARSE, format!("the body is not JSON: {error}"));
            return Some(response(&Value::Null, Err(error)).to_string());
        }
    };
    let Value::Array(requests) = request else {
        return one(service, &request).map(|answer| answer.to_string());
    };
    if requests.is_empty() || requests.len() > LONGEST_LIST {
        let found = requests.len();
        let error = format!("a list of {found} requests; 1 to {LONGEST_LIST} are answered");
        let error = RpcError::new(codes::INVALID_REQUEST, error);
        return Some(response(&Value::Null, Err(error)).to_string());
    }
    list(service, &requests)
}

fn list(service: &Service, requests: &[Value]) -> Option<String> {
    let (mut answers, mut length) = (Vec::new(), 0);
    for request in requests {
        let answer = if length < LONGEST_ANSWER {
            one(service, request)
        } else {
            too_long(request)
        };
        let answer = answer.map(|answer| answer.to_string());
        length += answer.as_ref().map_or(0, String::len);
        answers.extend(answer);
    }
    (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")))
}

fn too_long(request: &Value) -> Option<Value> {
    let error = format!("not done: the answers before it have {LONGEST_ANSWER} bytes; ask for less in one list");
    let error = RpcError::new(codes::INVALID_REQUEST, error);
    request.get("id").map(|id| response(id, Err(error)))
}

fn one(service: &Service, request: &Value) -> Option<Value> {
    let id = request.get("id");
    let method = request.get("method").and_then(Value::as_str);
    let version = request.get("jsonrpc").and_then(Value::as_str);
    let (Some(method), Some("2.0")) = (method, version) else {
        let error = "a request is an object with \"jsonrpc\": \"2.0\", \"method\", \"params\" and \"id\"";
        let error = RpcError::new(codes::INVALID_REQUEST, error);
        return Some(response(id.unwrap_or(&Value::Null), Err(error)));
    };
    let none = Vec::new();
    let answer = match request.get("params") {
        None | Some(Value::Null) => call(service, method, &none),
        Some(Value::Array(params)) => call(service, method, params),
        Some(_) => Err(RpcError::params("parameters are a list, in order")),
    };
    id.map(|id| response(id, answer))
}

fn response(id: &Value, answer: Answer) -> Value {
    match answer {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
    }
}

fn call(service: &Service, method: &str, params: &[Value]) -> Answer {
    match (method, params) {
        ("poe_submit", [slot]) => value(service.submit(&read_slot(slot)?)?),
        ("poe_status", [id]) => value(service.status(&read_id(id)?)?),
        ("poe_status", [from, nonce]) => {
            value(service.status_at(read_u32(from, "sender")?, read_u32(nonce, "nonce")?)?)
        }
        ("poe_nonce", [account]) => value(service.next_nonce(read_u32(account, "account")?)?),
        ("poe_account", [account]) => value(service.account(read_u32(account, "account")?)?),
        ("poe_estimateFee", []) => match service.estimate_fee()? {
            Some(estimate) => value(estimate),
            None => Err(RpcError::new(
                codes::UNAVAILABLE,
                "prices are not known yet; try again in a moment",
            )),
        },
        ("poe_info", []) => value(service.info()?),
        ("poe_report", []) => value(service.report()?),
        _ => Err(wrong_call(method, params.len())),
    }
}

fn wrong_call(method: &str, found: usize) -> RpcError {
    let takes = match method {
        "poe_submit" => "one parameter, the slot: 96 bytes in hex",
        "poe_status" => "one parameter, the id, or two: sender and nonce",
        "poe_nonce" | "poe_account" => "one parameter, the account",
        "poe_estimateFee" | "poe_info" | "poe_report" => "no parameters",
        _ => {
            let known = "poe_submit, poe_status, poe_nonce, poe_estimateFee, poe_account, poe_info and poe_report";
            let shown: String = method.chars().take(64).collect();
            return RpcError::new(
                codes::METHOD_NOT_FOUND,
                format!("there is no method {shown:?}; there are {known}"),
            );
        }
    };
    RpcError::params(format!("{method} takes {takes}; {found} were given"))
}

fn value(result: impl Serialize) -> Answer {
    serde_json::to_value(result).map_err(|error| RpcError::new(codes::INTERNAL, error.to_string()))
}

fn read_slot(value: &Value) -> Result<Slot, RpcError> {
    let bytes: [u8; Slot::BYTES] = read_bytes(value, "the slot")?;
    Ok(Slot::decode(&bytes))
}

fn read_id(value: &Value) -> Result<[u8; 32], RpcError> {
    read_bytes(value, "the id")
}

fn read_bytes<const N: usize>(value: &Value, what: &str) -> Result<[u8; N], RpcError> {
    let Some(text) = value.as_str() else {
        return Err(RpcError::params(format!(
            "{what} is {}; it must be a string of hex",
            kind(value)
        )));
    };
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let bytes = hex::decode(digits).map_err(|error| RpcError::params(format!("{what} is not hex: {error}")))?;
    let found = bytes.len();
    bytes
        .try_into()
        .map_err(|_| RpcError::params(format!("{what} has {found} bytes; it must have {N}")))
}

/// A number, or, since wallets differ, a string of it in decimal or in hex.
fn read_u32(value: &Value, what: &str) -> Result<u32, RpcError> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        },
        _ => None,
    };
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| RpcError::params(format!("the {what} must be a number from 0 to {}", u32::MAX)))
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
