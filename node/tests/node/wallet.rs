// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the contract owes somebody besides exits, by the command line: tips, refunds, what is left of a closed chain.

use crate::chain::{ALICE, ALICE_KEY, Chain, PROVER};
use crate::process::{json, poe};

use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency;
use poe_rollup::schnorr::SecretKey;
use poe_rollup::state::StateReader as _;
use serde_json::Value;

const TOKEN: u128 = 1_000_000_000_000_000_000;
/// anvil's first account, DEPLOYER's.
const DEPLOYER_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

fn tokens(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tips_and_refunds_are_shown_and_fetched_by_the_command_line() {
    let (chain, folder) = (Chain::start().await, tempfile::tempdir().unwrap());
    chain.fund(ALICE).await;
    chain.register(ALICE, &SecretKey::from_seed(&[1; 32]), 1_000_000).await;
    for _ in 0..3 {
        chain.sequence(ALICE, &[vec![]], 1).await;
    }
    let run_as = |key: &str, arguments: &[&str]| {
        let mut command = poe(&chain, folder.path(), arguments);
        json(&command.arg("--json").env("POE_L1_PRIVATE_KEY", key).output().unwrap())
    };
    let run = |arguments: &[&str]| run_as(ALICE_KEY, arguments);
    let (alice, prover) = (ALICE.to_string(), PROVER.to_string());
    let core = ProofOfEfficiency::new(chain.core(), chain.provider.clone());
    let balance_of = async |account| -> u128 { core.feeBalanceOf(account).call().await.unwrap().to() };
    run(&["wallet", "fees", "tip", "--sequence", "2", "--amount", "1"]);

    let mut follower = chain.follower(&folder.path().join("own")).await;
    follower.sync_once().await.unwrap();
    chain.verify(&follower.view().unwrap(), 2, |_| ()).await;
    let collect = ["wallet", "fees", "collect", "--owner", &prover];
    let owed = || tokens(&run(&[&collect[..], &["--dry-run"]].concat())["sum"]);
    assert_eq!(owed(), 0, "the checkpoint has not matured");
    chain.pass_time(follower.client().exit_delay().await.unwrap()).await;
    assert_eq!(owed(), TOKEN);
    let before = balance_of(PROVER).await;
    assert_eq!(run(&collect)["collected"], true);
    assert_eq!((balance_of(PROVER).await, owed()), (before + TOKEN, 0));

    // Nobody proves the third; a deposit waits for a batch.
    run(&["wallet", "fees", "tip", "--sequence", "3", "--amount", "2"]);
    run(&["wallet", "deposit", "--account", "1", "--amount", "7gwei"]);
    chain.pass_time(core.escapeDelay().call().await.unwrap().to()).await;
    follower.sync_once().await.unwrap();
    let view = follower.view().unwrap();
    // No key is needed to know.
    let mut keyless = poe(&chain, folder.path(), &["wallet", "close", "--dry-run", "--json"]);
    let would = json(&keyless.env_remove("POE_L1_PRIVATE_KEY").output().unwrap());
    assert!(
        would["what"].as_str().unwrap().contains("at checkpoint 2: 1 sequences"),
        "{would}"
    );
    let closed = run_as(DEPLOYER_KEY, &["wallet", "close"]);
    assert!(
        closed["what"].as_str().unwrap().contains("closed at checkpoint 2"),
        "{closed}"
    );
    assert_eq!(core.consumedMessages().call().await.unwrap(), 1);
    let fee = view.sequence(3).unwrap().unwrap().rest.fee;
    let shown = || run(&["wallet", "balance", "--account", "1"])["accounts"][0].clone();
    assert_eq!(tokens(&shown()["ownerFeesOwed"]), fee + 2 * TOKEN);
    let left = view.messages(2..3).unwrap()[0].message;
    let held = view.final_state().unwrap().account(1).unwrap().unwrap().balance;
    assert_eq!(shown()["escapable"], held + left.amount + left.fee);
    let would = run(&["wallet", "escape", "--account", "1", "--dry-run"]);
    assert!(would["what"].as_str().unwrap().contains("in 1 messages"), "{would}");

    // Somebody else can refund the sequence to who paid, but not the tip.
    let before = balance_of(ALICE).await;
    let by_another = run_as(DEPLOYER_KEY, &["wallet", "fees", "collect", "--owner", &alice]);
    let kept: Vec<_> = by_another["owed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["left"].clone())
        .collect();
    assert_eq!(kept, [false, true]);
    assert_eq!(balance_of(ALICE).await, before + fee);
    run(&["wallet", "fees", "collect"]);
    assert_eq!(balance_of(ALICE).await, before + fee + 2 * TOKEN);
    assert_eq!(tokens(&run(&["wallet", "fees", "collect"])["sum"]), 0);
    run(&["wallet", "escape", "--account", "1"]);
    assert_eq!(
        (&shown()["escapable"], tokens(&shown()["ownerFeesOwed"])),
        (&0.into(), 0)
    );
}
