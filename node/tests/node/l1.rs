// SPDX-License-Identifier: MIT OR Apache-2.0
//! The follower against anvil and the real contracts.

use crate::chain;
use crate::process::{json, poe};

use alloy::primitives::{Address, U256};
use alloy::sol_types::SolCall;
use chain::{ALICE, Chain, DEPLOYER, PROVER};
use poe_node::chain::Status;
use poe_node::store::Record;
use poe_node::sync::{Follower, SyncError};
use poe_node::wallet::{TransferError, TransferRequest};
use poe_node::wallet::{Walk, accounts_of, plan_claim, sign_transfer};
use poe_rollup::formats::Slot;
use poe_rollup::schnorr::SecretKey;
use poe_rollup::state::StateReader as _;

alloy::sol! {
    struct Limits { uint256 maxFee; uint256 deadline; uint40 anchor; bytes32 anchorAcc; bytes32 anchorRest; }
    /// Of test/mocks/SequencingContract.sol.
    function sequenceBatches(address poe, bytes[] batches, Limits limits) external returns (uint40);
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

fn request(to: u32, amount: u64) -> TransferRequest {
    TransferRequest {
        from: None,
        to,
        amount,
        fee: 3,
        nonce: None,
        sequencer: 0,
    }
}

fn bytes(slots: &[Slot]) -> Vec<u8> {
    slots.iter().flat_map(Slot::encode).collect()
}

/// Two accounts and a first batch that brings them into the state.
async fn populated() -> (Chain, tempfile::TempDir, Follower) {
    let chain = Chain::start().await;
    for account in [DEPLOYER, ALICE] {
        chain.fund(account).await;
    }
    chain.register(DEPLOYER, &key(1), 1_000_000).await;
    chain.register(ALICE, &key(2), 500_000).await;
    chain.sequence(DEPLOYER, &[vec![]], 1).await;
    let folder = tempfile::tempdir().unwrap();
    let mut follower = chain.follower(folder.path()).await;
    follower.sync_once().await.unwrap();
    (chain, folder, follower)
}

/// Anyone may register an account under somebody's key, and be its owner on L1: what leaves it is theirs.
#[tokio::test(flavor = "multi_thread")]
async fn among_several_accounts_of_a_key_the_wallet_does_not_choose() {
    let (chain, _folder, mut follower) = populated().await;
    chain.register(DEPLOYER, &key(2), 500_000).await;
    let own = request(1, 5);
    sign_transfer(&follower.view().unwrap(), &key(2), &own).unwrap();
    chain.sequence(DEPLOYER, &[vec![]], 1).await;
    follower.sync_once().await.unwrap();
    let view = follower.view().unwrap();
    let refusal = sign_transfer(&view, &key(2), &own).unwrap_err().to_string();
    let named = format!("2 of owner {ALICE}, 3 of owner {DEPLOYER}");
    assert!(refusal.contains(&named), "{refusal}");
    let chosen = TransferRequest { from: Some(2), ..own };
    assert_eq!(sign_transfer(&view, &key(2), &chosen).unwrap().transfer.from, 2);
}

async fn dump_of_a_clean_sync(chain: &Chain, range: u64) -> Vec<Record> {
    let folder = tempfile::tempdir().unwrap();
    let mut follower = chain.follower_with_range(folder.path(), range).await;
    follower.sync_once().await.unwrap();
    follower.store().dump().unwrap()
}

fn balances(follower: &Follower) -> [u64; 2] {
    let view = follower.view().unwrap();
    [1, 2].map(|index| view.account(index).unwrap().map_or(0, |account| account.balance))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_states_follow_from_l1_alone_and_exits_are_paid() {
    let (chain, _folder, mut follower) = populated().await;
    let view = follower.view().unwrap();
    let start = balances(&follower);
    assert_eq!(accounts_of(&view, key(2).public()).unwrap().len(), 1);
    let too_much = sign_transfer(&view, &key(2), &request(1, u64::MAX >> 4)).unwrap_err();
    assert!(matches!(too_much, TransferError::Void { from: 2, .. }), "{too_much}");

    // A transfer, the same again, rubbish, and a withdraw: in two batches of one call.
    let transfer = sign_transfer(&view, &key(1), &request(2, 1_000)).unwrap();
    let withdraw = sign_transfer(&view, &key(2), &request(0, 4_000)).unwrap();
    let rubbish = Slot { spare: 1, ..transfer };
    chain
        .sequence(ALICE, &[bytes(&[transfer, transfer, rubbish]), bytes(&[withdraw])], 2)
        .await;
    follower.sync_once().await.unwrap();
    assert_eq!(balances(&follower), [start[0] - 1_003, start[1] + 1_000 + 3 - 4_000]);
    let view = follower.view().unwrap();
    assert_eq!(view.batch(2).unwrap().unwrap().applied, 1);
    assert!(view.receipt(1, 0).unwrap().unwrap().receipt.is_applied());
    view.witnesses(1..=3, |_, witness| {
        witness.check().unwrap();
        Ok::<_, poe_node::store::StoreError>(())
    })
    .unwrap();

    // Proven, matured, claimed.
    chain.verify(&view, 2, |_| ()).await;
    follower.sync_once().await.unwrap();
    let view = follower.view().unwrap();
    assert_eq!(view.final_head().unwrap(), view.head().unwrap());
    assert_eq!(view.checkpoints(9).unwrap()[0].tail.beneficiary, PROVER.into_array());
    let now = || async { follower.client().latest().await.unwrap().timestamp };
    let early = plan_claim(follower.client(), &view, ALICE, now().await)
        .await
        .unwrap_err();
    assert!(early.to_string().contains("4000 gwei wait"), "{early}");
    chain.pass_time(view.identity().exit_delay + 1).await;
    let claim = plan_claim(follower.client(), &view, ALICE, now().await).await.unwrap();
    assert_eq!((claim.amount, claim.waiting), (4_000, 0));
    let (walk, links) = claim.calls.into_iter().next().unwrap();
    let Walk::Checkpoint { number, opening } = walk else {
        panic!("nobody has walked yet")
    };
    let checkpoint = alloy::primitives::aliases::U40::wrapping_from(number);
    let call = poe_bindings::contracts::exit_vault::ExitVault::claimExitsCall {
        checkpoint,
        opening,
        links,
    };
    chain.send(PROVER, chain.deployment.contracts.exit_vault, call, 0).await;
    let paid = follower.client().vault().etherBalanceOf(ALICE).call().await.unwrap();
    assert_eq!(paid, U256::from(4_000_000_000_000u64));
    assert!(plan_claim(follower.client(), &view, ALICE, now().await).await.is_err());

    // Whoever has walked the exits: what is in the vault is paid out, once.
    let folder = tempfile::tempdir().unwrap();
    let claim = || {
        poe(&chain, folder.path(), &["wallet", "claim", "--json"])
            .output()
            .unwrap()
    };
    let done = json(&claim());
    assert!(
        done["what"].as_str().unwrap().contains("0.000004 eth paid out"),
        "{done}"
    );
    let left = follower.client().vault().etherBalanceOf(ALICE).call().await.unwrap();
    assert_eq!(left, U256::ZERO);
    assert_eq!(claim().status.code(), Some(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_found_whoever_calls_and_whatever_the_provider_allows_at_once() {
    let (chain, _folder, mut follower) = populated().await;
    let contract = chain.create("SequencingContract.sol/SequencingContract.json").await;
    // The contract pays from its own balance.
    let amount = U256::from(10u64).pow(U256::from(20u64));
    let token = chain.deployment.contracts.fee_token;
    use poe_bindings::contracts::{proof_of_efficiency::ProofOfEfficiency, test_token::TestToken};
    chain
        .send(
            DEPLOYER,
            token,
            TestToken::mintCall {
                account: DEPLOYER,
                amount,
            },
            0,
        )
        .await;
    chain
        .send(
            DEPLOYER,
            token,
            TestToken::approveCall {
                spender: chain.core(),
                value: amount,
            },
            0,
        )
        .await;
    chain
        .send(
            DEPLOYER,
            chain.core(),
            ProofOfEfficiency::depositFeesCall {
                account: contract,
                amount,
            },
            0,
        )
        .await;

    let transfer = sign_transfer(&follower.view().unwrap(), &key(2), &request(1, 10)).unwrap();
    let call = chain.sequence_call(&[bytes(&[transfer]), vec![]], 1);
    let limits = Limits {
        maxFee: call.limits.maxFee,
        deadline: call.limits.deadline,
        anchor: call.limits.anchor,
        anchorAcc: call.limits.anchorAcc,
        anchorRest: call.limits.anchorRest,
    };
    let indirect = sequenceBatchesCall {
        poe: chain.core(),
        batches: call.batches.clone(),
        limits,
    };
    chain.send_raw(ALICE, contract, indirect.abi_encode(), 0).await;
    // Calldata with a byte behind its end is not plain: the contract logs the batches.
    let mut odd = chain.sequence_call(&[vec![7; 96]], 1).abi_encode();
    odd.push(0);
    chain.send_raw(DEPLOYER, chain.core(), odd, 0).await;
    follower.sync_once().await.unwrap();
    let view = follower.view().unwrap();
    assert_eq!((view.chain().last_sequence, view.chain().batches), (3, 4));
    assert!(view.receipt(2, 0).unwrap().unwrap().receipt.is_applied());

    // Most of it final: read in ranges, large and small, it is the same.
    chain.mine(100).await;
    follower.sync_once().await.unwrap();
    let dump = follower.store().dump().unwrap();
    assert_eq!(dump_of_a_clean_sync(&chain, 10_000).await, dump);
    assert_eq!(dump_of_a_clean_sync(&chain, 3).await, dump);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_reorganisations_the_store_is_that_of_a_clean_sync() {
    let (chain, folder, mut follower) = populated().await;
    let mut tips = follower.subscribe();
    let first_tip = tips.borrow_and_update().unwrap();
    let mut snapshot = chain.snapshot().await;
    for round in 0..4u64 {
        let view = follower.view().unwrap();
        let transfer = sign_transfer(&view, &key(1), &request(2, 100 + round)).unwrap();
        // A fork that the follower sees ...
        chain.sequence(DEPLOYER, &[bytes(&[transfer])], 1).await;
        chain.register(ALICE, &key(3), 50_000 + round).await;
        chain.mine(round).await;
        follower.sync_once().await.unwrap();
        let seen = follower.view().unwrap();
        assert_eq!(seen.chain().last_sequence, 2);
        chain.verify(&seen, 2, |_| ()).await;
        follower.sync_once().await.unwrap();
        assert_eq!(follower.view().unwrap().chain().last_verified, 2);
        drop(seen);
        // ... and that L1 takes back, for a longer or a shorter one.
        chain.revert(snapshot).await;
        snapshot = chain.snapshot().await;
        chain.pass_time(5 + round).await;
        if round % 2 == 0 {
            chain.sequence(ALICE, &[bytes(&[transfer, transfer]), vec![]], 2).await;
        }
        let progress = follower.sync_once().await.unwrap();
        assert!(progress.undone >= 3, "{progress:?}");
        assert_eq!(
            follower.store().dump().unwrap(),
            dump_of_a_clean_sync(&chain, 10_000).await
        );
        assert!(tips.has_changed().unwrap());
        assert_ne!(*tips.borrow_and_update(), Some(first_tip));
        if round == 1 {
            drop(follower);
            follower = chain.follower(folder.path()).await;
            tips = follower.subscribe();
        }
        chain.revert(snapshot).await;
        snapshot = chain.snapshot().await;
        follower.sync_once().await.unwrap();
    }
    assert_eq!(
        follower.store().dump().unwrap(),
        dump_of_a_clean_sync(&chain, 10_000).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_something_else_stops_the_follower_loudly() {
    let (chain, _folder, mut follower) = populated().await;
    let view = follower.view().unwrap();
    chain
        .verify(&view, 1, |claim| claim.newStateRoot = chain.deployment.genesis_root)
        .await;
    let error = follower.sync_once().await.unwrap_err();
    let SyncError::ProvenStateDiffers {
        checkpoint,
        proven,
        computed,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!((*checkpoint, proven.state_root), (1, chain.deployment.genesis_root.0));
    assert_eq!(computed.state_root, view.head().unwrap().state_root().to_bytes());
    assert_eq!(poe_node::exit::code(&error.into()), 6);
    // It goes on saying so, and a node that starts now says so too.
    assert!(matches!(
        follower.sync_once().await,
        Err(SyncError::ProvenStateDiffers { .. })
    ));
    assert_eq!(follower.view().unwrap().chain().status, Status::Running);
    // What there is to see is shown all the same.
    let folder = tempfile::tempdir().unwrap();
    for (arguments, shown) in [
        (["status"].as_slice(), "DISPUTED"),
        (&["wallet", "balance", "--account", "1"], "account"),
    ] {
        let output = poe(&chain, folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(6));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(shown), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_at_any_moment_loses_nothing() {
    let (chain, _folder, follower) = populated().await;
    for number in 0..30u64 {
        let slot = bytes(&[Slot {
            spare: number as u32,
            ..Slot::default()
        }]);
        chain.sequence(DEPLOYER, &[slot, vec![]], 1).await;
        if number % 7 == 0 {
            chain.mine(3).await;
        }
    }
    drop(follower);
    let folder = tempfile::tempdir().unwrap();
    let mut killed = 0;
    for attempt in 0..150u64 {
        let mut child = poe(&chain, folder.path(), &["sync", "--once"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(2 + 3 * attempt));
        match child.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success());
                break;
            }
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
                killed += 1;
            }
        }
    }
    assert!(killed > 3, "killed {killed} times only");
    let report = json(
        &poe(&chain, folder.path(), &["sync", "--once", "--json"])
            .output()
            .unwrap(),
    );
    assert_eq!((&report["sequences"], &report["batches"]), (&31.into(), &61.into()));
    let follower = chain.follower(&folder.path().join("node")).await;
    assert_eq!(
        follower.store().dump().unwrap(),
        dump_of_a_clean_sync(&chain, 10_000).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_goes_from_a_key_to_ether_on_l1_by_the_command_line() {
    let chain = Chain::start().await;
    chain.fund(DEPLOYER).await;
    chain.register(DEPLOYER, &key(1), 1_000_000).await;
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| poe(&chain, folder.path(), arguments).arg("--json").output().unwrap();
    let refused = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(
            output.status.code(),
            Some(8),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stderr).unwrap()
    };
    json(&run(&["wallet", "new", "--light"]));
    assert!(refused(&["wallet", "new", "--light"]).contains("never overwritten"));
    json(&run(&["wallet", "register", "--amount", "0.001eth"]));
    assert!(refused(&["wallet", "transfer", "--to", "1", "--amount", "5"]).contains("no registered account"));
    chain.sequence(DEPLOYER, &[vec![]], 1).await;
    json(&run(&["wallet", "deposit", "--account", "2", "--amount", "7gwei"]));
    chain.sequence(DEPLOYER, &[vec![]], 1).await;
    let balance = |report: &serde_json::Value| {
        (
            report["accounts"][0]["virtual"].clone(),
            report["accounts"][0]["final"].clone(),
        )
    };
    assert_eq!(
        balance(&json(&run(&["wallet", "balance"]))),
        (1_000_007.into(), 0.into())
    );
    assert!(refused(&["wallet", "transfer", "--to", "1", "--amount", "1eth"]).contains("holds 1000007 gwei"));
    assert!(refused(&["wallet", "transfer", "--to", "9", "--amount", "1"]).contains("recipient is not registered"));

    let signed = json(&run(&["wallet", "withdraw", "--amount", "1000gwei", "--fee", "3"]));
    let slot = hex::decode(signed["slot"].as_str().unwrap().trim_start_matches("0x")).unwrap();
    chain.sequence(DEPLOYER, &[slot], 1).await;
    {
        let mut follower = chain.follower(&folder.path().join("node")).await;
        follower.sync_once().await.unwrap();
        chain.verify(&follower.view().unwrap(), 3, |_| ()).await;
        // Two processes on one directory.
        let locked = run(&["sync", "--once"]);
        assert_eq!(locked.status.code(), Some(5));
        assert!(
            String::from_utf8(locked.stderr)
                .unwrap()
                .contains("in use by another poe")
        );
        // Other commands have folders of their own.
        json(&run(&["status"]));
    }
    assert_eq!(
        balance(&json(&run(&["wallet", "balance"]))),
        (999_004.into(), 999_004.into())
    );
    assert!(refused(&["wallet", "claim"]).contains("1000 gwei wait"));
    chain.pass_time(10_000).await;
    json(&run(&["wallet", "claim"]));
    assert!(refused(&["wallet", "claim"]).contains("nothing to claim"));

    let status = json(&run(&["status"]));
    assert_eq!(
        (&status["proven"], &status["pendingBatches"], &status["insecure"]),
        (&3.into(), &0.into(), &true.into())
    );
    let winner: Address = status["proofs"][0]["winner"].as_str().unwrap().parse().unwrap();
    assert_eq!(winner, PROVER);
    let by_environment = poe(&chain, folder.path(), &["status"]).env("POE_JSON", "1").output();
    assert_eq!(json(&by_environment.unwrap())["proven"], 3);
    let text = poe(&chain, folder.path(), &["status"]).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("proven      up to sequence 3") && text.contains("INSECURE"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_leave_a_closed_chain_by_the_command_line() {
    let (chain, _folder, mut follower) = populated().await;
    chain.verify(&follower.view().unwrap(), 1, |_| ()).await;
    follower.sync_once().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| poe(&chain, folder.path(), arguments).arg("--json").output().unwrap();
    let escape = || run(&["wallet", "escape", "--account", "2"]);
    let refused = escape();
    assert_eq!(refused.status.code(), Some(8));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("not closed"));
    json(&run(&["wallet", "deposit", "--account", "2", "--amount", "7gwei"]));

    let core = follower.client().core();
    let delay: u64 = core.escapeDelay().call().await.unwrap().to();
    chain.pass_time(delay).await;
    let refused = run(&["wallet", "close", "--dry-run"]);
    assert_eq!(refused.status.code(), Some(8));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("may not be closed yet"), "{error}");
    // Twice: nothing waits for a proof, and idle is not dead.
    chain.pass_time(delay).await;
    let would = json(&run(&["wallet", "close", "--dry-run"]));
    assert_eq!(
        would["what"],
        "would close the chain for good at checkpoint 1: 0 sequences after it would be void"
    );
    assert_eq!(core.head().call().await.unwrap().status, 0);
    let done = json(&run(&["wallet", "close"]));
    assert!(
        done["what"].as_str().unwrap().contains("closed at checkpoint 1"),
        "{done}"
    );
    let again = String::from_utf8(run(&["wallet", "close"]).stderr).unwrap();
    assert!(again.contains("the chain is closed"), "{again}");
    let balance = balances(&follower)[1];
    let done = json(&escape());
    assert!(done["what"].as_str().unwrap().contains("paid out to 0x7099"), "{done}");
    let vault = follower.client().vault();
    assert!(vault.accountEscaped(2).call().await.unwrap());
    assert!(vault.messageRefunded(3).call().await.unwrap());
    assert_eq!(vault.etherBalanceOf(ALICE).call().await.unwrap(), U256::ZERO);
    assert!(balance > 0);
    assert!(json(&escape())["what"].as_str().unwrap().contains("nothing"));
    assert_eq!(json(&run(&["status"]))["status"], "closed");
}
