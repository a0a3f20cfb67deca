// SPDX-License-Identifier: MIT OR Apache-2.0

use alloy::contract::Error as ContractError;
use alloy::transports::TransportError;

/// Why L1 cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum L1Error {
    /// The provider did not answer, or answered with an error.
    #[error("L1 provider: {what}: {source}")]
    Rpc {
        /// What was asked.
        what: String,
        /// The answer.
        source: Box<TransportError>,
    },
    /// A call of a contract failed.
    #[error("L1 contract call: {what}: {source}")]
    Call {
        /// What was asked.
        what: String,
        /// The answer.
        source: Box<ContractError>,
    },
    /// Not a URL of a provider.
    #[error("{url} is not the URL of an L1 provider ({reason}); it should look like http://127.0.0.1:8545")]
    Url {
        /// What was given.
        url: String,
        /// Why it is none.
        reason: String,
    },
    /// The provider serves another chain.
    #[error("the L1 provider serves chain {found}, the deployment is on chain {expected}")]
    WrongChain {
        /// Chain of the provider.
        found: u64,
        /// Chain of the deployment.
        expected: u64,
    },
    /// There is no contract where the deployment says.
    #[error(
        "there is no contract at {address} on chain {chain_id}: the addresses file is of another chain with this id"
    )]
    NoContract {
        /// Where it should be.
        address: String,
        /// The chain.
        chain_id: u64,
    },
    /// The provider does not have what it has just spoken of: it is behind, or the chain was reorganised meanwhile.
    #[error("the L1 provider does not have {what}; it may be behind, or the chain was reorganised meanwhile")]
    Gone {
        /// What is missing.
        what: String,
    },
    /// A transaction was sent and has not been seen in a block.
    #[error(
        "transaction {transaction} was sent and not mined within {seconds} s; it may still be mined: look it up before you send it again"
    )]
    NotMined {
        /// Its hash.
        transaction: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A log or a transaction that the contract cannot have made.
    #[error("{what} in transaction {transaction} is not what the contract makes: {reason}")]
    Malformed {
        /// What it should be.
        what: &'static str,
        /// Where it was found.
        transaction: String,
        /// Why it is not.
        reason: String,
    },
}

impl L1Error {
    pub(crate) fn gone(what: impl Into<String>) -> Self {
        Self::Gone { what: what.into() }
    }

    pub(crate) fn rpc(what: impl Into<String>) -> impl FnOnce(TransportError) -> Self {
        let what = what.into();
        move |source| Self::Rpc {
            what,
            source: Box::new(source),
        }
    }

    pub(crate) fn call(what: impl Into<String>) -> impl FnOnce(ContractError) -> Self {
        let what = what.into();
        move |source| Self::Call {
            what,
            source: Box::new(source),
        }
    }

    /// Whether asking again later may help.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Rpc { .. } | Self::Call { .. } | Self::Gone { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::transports::TransportErrorKind;

    #[test]
    fn what_may_pass_is_told_from_what_does_not() {
        let unreachable = || TransportErrorKind::custom_str("connection refused");
        for passing in [
            L1Error::rpc("the head")(unreachable()),
            L1Error::call("a route")(unreachable().into()),
            L1Error::gone("block 7"),
        ] {
            assert!(passing.is_transient(), "{passing}");
        }
        let chain = L1Error::WrongChain { found: 1, expected: 2 };
        assert!(!chain.is_transient());
        let url = "ftp://example.org".to_owned();
        let reason = "scheme ftp".to_owned();
        assert!(!L1Error::Url { url, reason }.is_transient());
    }
}
