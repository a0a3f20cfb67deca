// SPDX-License-Identifier: MIT OR Apache-2.0
//! Amounts and times as people read and write them.

use alloy::primitives::U256;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An amount of the fee token, in base units; shown as tokens of 18 decimals, written to JSON as a decimal string of base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tokens(pub u128);

/// An amount of ether in gwei, the unit of the L2; shown as ether, written to JSON as a number of gwei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Gwei(pub u64);

/// Text that is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no amount: {reason}; write for example 0.05eth, 1200gwei, or 1200 (gwei)")]
pub struct AmountError {
    text: String,
    reason: &'static str,
}

impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal(self.0, 18))
    }
}

impl Serialize for Tokens {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

impl Gwei {
    /// Whole gwei of an amount in wei.
    pub fn of_wei(wei: U256) -> Self {
        Self((wei / U256::from(1_000_000_000u64)).saturating_to())
    }
}

impl fmt::Display for Gwei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} eth", decimal(self.0.into(), 9)))
    }
}

impl FromStr for Gwei {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let error = |reason| AmountError {
            text: text.to_owned(),
            reason,
        };
        let trimmed = text.trim();
        let (number, decimals) = match trimmed.strip_suffix("gwei") {
            Some(number) => (number, 0),
            None => trimmed.strip_suffix("eth").map_or((trimmed, 0), |number| (number, 9)),
        };
        let value = parse_decimal(number.trim(), decimals).map_err(error)?;
        u64::try_from(value).map(Self).map_err(|_| error("it is too large"))
    }
}

impl FromStr for Tokens {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let error = |reason| AmountError {
            text: text.to_owned(),
            reason,
        };
        parse_decimal(text.trim(), 18).map(Self).map_err(error)
    }
}

fn parse_decimal(number: &str, decimals: usize) -> Result<u128, &'static str> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err("it is not a decimal number");
    }
    if fraction.len() > decimals || fraction.contains('.') {
        return Err("it has more decimal places than the unit");
    }
    format!("{whole}{fraction:0<decimals$}")
        .parse()
        .map_err(|_| "it is too large")
}

fn decimal(value: u128, decimals: usize) -> String {
    let digits = format!("{value:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

/// A span of seconds, roughly.
pub fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Both ends of an address in hex.
pub fn short(address: &str) -> String {
    match (address.get(..6), address.get(address.len().saturating_sub(4)..)) {
        (Some(start), Some(end)) if address.len() > 12 => format!("{start}..{end}"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_in_their_units() {
        for (text, gwei) in [
            ("0.05eth", 50_000_000),
            ("1200gwei", 1_200),
            ("1200", 1_200),
            ("1 eth", 1_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Gwei(gwei)));
        }
        for text in [
            "",
            "eth",
            "-1",
            "1e3",
            "0.5gwei",
            "0.0000000001eth",
            "1..2eth",
            "20000000000eth",
        ] {
            assert!(text.parse::<Gwei>().is_err(), "{text}");
        }
        assert_eq!("1.5".parse(), Ok(Tokens(1_500_000_000_000_000_000)));
    }

    #[test]
    fn spans_and_addresses_are_short() {
        assert_eq!(
            [ago(5), ago(300), ago(7_200), ago(864_000)],
            ["5 s", "5 min", "2 h", "10 days"]
        );
        assert_eq!(short("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"), "0xf39f..2266");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(value: u64, tokens: u128) {
            prop_assert_eq!(Gwei(value).to_string().parse(), Ok(Gwei(value)));
            prop_assert_eq!(Tokens(tokens).to_string().parse(), Ok(Tokens(tokens)));
        }

        // REQ C12
        #[test]
        fn any_text_is_an_amount_or_an_error(text in ".{0,40}") {
            let _ = (text.parse::<Gwei>(), text.parse::<Tokens>());
        }
    }
}
