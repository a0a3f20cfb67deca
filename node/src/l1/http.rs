// SPDX-License-Identifier: MIT OR Apache-2.0
//! Connections to JSON-RPC servers, none of which may keep the node waiting for ever.

use super::L1Error;
use alloy::providers::{DynProvider, Provider as _, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::http::reqwest::{Client, Url};
use std::time::Duration;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A provider that only asks.
pub(crate) fn dial(url: &str) -> Result<DynProvider, L1Error> {
    let (client, url) = (client(url, TIMEOUT)?, parse(url)?);
    Ok(ProviderBuilder::new().connect_reqwest(client, url).erased())
}

/// A provider that signs transactions.
pub(super) fn dial_with_signer(url: &str, signer: PrivateKeySigner) -> Result<DynProvider, L1Error> {
    let (client, url) = (client(url, TIMEOUT)?, parse(url)?);
    Ok(ProviderBuilder::new()
        .wallet(signer)
        .connect_reqwest(client, url)
        .erased())
}

fn client(url: &str, timeout: Duration) -> Result<Client, L1Error> {
    let built = Client::builder().timeout(timeout).build();
    built.map_err(|error| wrong(url, error.to_string()))
}

fn parse(url: &str) -> Result<Url, L1Error> {
    let parsed: Url = url.parse().map_err(|error| wrong(url, format!("{error}")))?;
    if matches!(parsed.scheme(), "http" | "https") {
        Ok(parsed)
    } else {
        Err(wrong(url, format!("scheme {}", parsed.scheme())))
    }
}

fn wrong(url: &str, reason: String) -> L1Error {
    L1Error::Url {
        url: url.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_never_answers_is_waited_for_no_longer_than_that() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let asking = client(&url, Duration::from_millis(100)).unwrap().get(&url).send();
        let error = asking.await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
    }

    // REQ C12
    #[test]
    fn other_schemes_are_refused() {
        assert!(parse("http://127.0.0.1:8545").is_ok());
        assert!(parse("https://l1.example").is_ok());
        for (url, reason) in [
            ("ftp://l1.example", "scheme ftp"),
            ("l1.example", "relative URL without a base"),
        ] {
            assert_eq!(
                parse(url).unwrap_err().to_string(),
                wrong(url, reason.into()).to_string()
            );
        }
    }
}
