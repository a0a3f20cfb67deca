// SPDX-License-Identifier: MIT OR Apache-2.0
//! The example of the README on a private chain.

#[allow(dead_code)]
#[path = "../../tests/chain/mod.rs"]
mod chain;
#[allow(unreachable_pub)]
#[path = "../examples/sequence_ethers.rs"]
mod example;

use anyhow::Result;
use chain::Chain;
use ethers_core::types::U256;
use poe_bindings_ethers::proof_of_efficiency::ProofOfEfficiencyErrors;

#[tokio::test(flavor = "multi_thread")]
async fn the_example_runs() -> Result<()> {
    let chain = Chain::start()?;
    let done = example::sequence(&chain.rpc_url, &chain.deployment).await?;
    assert_eq!(done.event.sequence, 1);
    assert_eq!(done.event.fee, done.quoted);
    let ProofOfEfficiencyErrors::FeeAboveLimit(refusal) = done.refusal else {
        panic!("refused for another reason: {}", done.refusal);
    };
    assert_eq!(refusal.max_fee, done.quoted / 2);
    assert!(refusal.fee > U256::zero());
    Ok(())
}

/// The README shows the example's own text.
#[test]
fn the_readme_shows_the_example() {
    let (readme, example) = (
        include_str!("../README.md"),
        include_str!("../examples/sequence_ethers.rs"),
    );
    let body = example.split_once("pub async fn sequence").map(|(_, rest)| rest);
    let body = body.and_then(|rest| rest.split_once("\n}\n")).map(|(body, _)| body);
    assert!(
        readme.contains(body.unwrap()),
        "copy `sequence` from the example into the README"
    );
}
