// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `poe sequencer` as operators and users meet it.

use crate::chain::DEPLOYER;
use crate::process::{self, PATIENT, Process, ask, hex_of, json, rpc_of};
use crate::sequencing::{inhabited, signed};
use poe_node::sequencer::rpc::codes;
use poe_rollup::formats::Slot;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

/// A request by hand; returns everything that comes back.
fn http(url: &str, head: &str, body: &[u8]) -> String {
    let mut stream = std::net::TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "{head} / HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(body);
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_serves_users_survives_kill_nine_and_reports_on_exit() {
    let (folder, wallet) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (chain, follower) = inhabited(wallet.path()).await;
    let view = follower.view().unwrap();
    let sign = |amount: u64, fee: u64, nonce: u32| signed(&view, 1, (amount, fee, nonce));

    let command = |arguments: &[&str]| process::sequencer(&chain, folder.path(), arguments);
    let patient = [&PATIENT[..], &["--min-fee", "5"]].concat();
    let (process, started) = Process::start(&mut command(&patient));
    assert_eq!(started["sequencer"], DEPLOYER.to_string());
    let url = started["url"].as_str().unwrap().to_owned();
    let rpc = rpc_of(&started);

    let info = ask(&rpc, "poe_info", json!([])).await.unwrap();
    assert_eq!(
        (&info["chainId"], &info["feeRecipient"], &info["minFee"]),
        (&31_337.into(), &1.into(), &5.into())
    );
    assert!(
        info["capacity"]["slots"].as_u64().unwrap() > 0 && info["lastSequence"] == 1,
        "{info}"
    );

    let good = sign(1_000, 9, 0);
    let taken = ask(&rpc, "poe_submit", json!([hex_of(&good)])).await.unwrap();
    assert_eq!(taken["status"], "waiting");
    assert_eq!(
        ask(&rpc, "poe_submit", json!([hex_of(&good)])).await.unwrap(),
        taken,
        "the same again is no error"
    );
    assert_eq!(
        ask(&rpc, "poe_status", json!([taken["id"]])).await.unwrap()["status"],
        "waiting"
    );
    assert_eq!(
        ask(&rpc, "poe_status", json!([1, 0])).await.unwrap()["status"],
        "waiting"
    );
    assert_eq!(
        ask(&rpc, "poe_status", json!([1, 77])).await.unwrap()["status"],
        "unknown"
    );
    assert_eq!(ask(&rpc, "poe_nonce", json!(["0x1"])).await.unwrap(), 1);
    let account = ask(&rpc, "poe_account", json!([1])).await.unwrap();
    assert_eq!(
        (&account["waiting"], &account["outgoing"], &account["nonce"]),
        (&1.into(), &1_009.into(), &0.into())
    );

    let submit = async |slot: Slot| ask(&rpc, "poe_submit", json!([hex_of(&slot)])).await.unwrap_err();
    let (code, message, data) = submit(sign(1, 4, 1)).await;
    assert_eq!(
        (code, &data["minimum"]),
        (codes::FEE_TOO_LOW.into(), &5.into()),
        "{message}"
    );
    let (code, message, data) = submit(sign(1, 9, 200)).await;
    assert_eq!(
        (code, &data["next"]),
        (codes::NONCE_TOO_FAR.into(), &1.into()),
        "{message}"
    );
    let (code, message, data) = submit(Slot {
        spare: 1,
        ..sign(1, 9, 1)
    })
    .await;
    assert_eq!((code, &data["rule"]), (codes::RULE.into(), &1.into()), "{message}");
    let (code, message, data) = submit(sign(2_000, 9, 0)).await;
    assert_eq!(
        (code, &data["minimum"]),
        (codes::UNDERPRICED.into(), &10.into()),
        "{message}"
    );
    for (method, params, expected, part) in [
        (
            "poe_submit",
            json!(["0x12"]),
            codes::INVALID_PARAMS,
            "has 1 bytes; it must have 96",
        ),
        ("poe_submit", json!(["0xzz"]), codes::INVALID_PARAMS, "not hex"),
        (
            "poe_submit",
            json!([]),
            codes::INVALID_PARAMS,
            "poe_submit takes one parameter",
        ),
        (
            "poe_nonce",
            json!([-1]),
            codes::INVALID_PARAMS,
            "the account must be a number",
        ),
        ("poe_status", json!({ "id": 1 }), codes::INVALID_PARAMS, "a list"),
        ("poe_sumbit", json!([]), codes::METHOD_NOT_FOUND, "there are poe_submit"),
    ] {
        let (code, message, _) = ask(&rpc, method, params).await.unwrap_err();
        assert!(
            code == i64::from(expected) && message.contains(part),
            "{code} {message}"
        );
    }
    assert!(http(&url, "GET", b"").starts_with("HTTP/1.1 405"));
    assert!(http(&url, "POST", &[b' '; 5_000]).starts_with("HTTP/1.1 413"));
    assert!(http(&url, "POST", b"{").contains(&codes::PARSE.to_string()));
    assert!(http(&url, "POST", b"[1]").contains(&codes::INVALID_REQUEST.to_string()));
    let list = br#"[{"jsonrpc":"2.0","id":1,"method":"poe_nonce","params":[1]},{"jsonrpc":"2.0","method":"poe_info"}]"#;
    assert!(http(&url, "POST", list).ends_with(r#"[{"id":1,"jsonrpc":"2.0","result":1}]"#));

    // What was acknowledged is there after kill -9.
    drop(process);
    let eager = [
        "--dev-key",
        "0",
        "--fee-recipient",
        "1",
        "--max-age",
        "0",
        "--report-lines",
    ];
    let (mut process, started) = Process::start(&mut command(&eager));
    let rpc = rpc_of(&started);
    let deadline = Instant::now() + Duration::from_secs(30);
    while ask(&rpc, "poe_status", json!([taken["id"]])).await.unwrap()["status"] != "sequenced" {
        assert!(Instant::now() < deadline, "it is not sequenced");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (code, message, data) = ask(&rpc, "poe_submit", json!([hex_of(&sign(5, 9, 0))]))
        .await
        .unwrap_err();
    assert_eq!(
        (code, &data["next"]),
        (codes::NONCE_USED.into(), &1.into()),
        "{message}"
    );
    // Its profit, as a line and on exit.
    let line = process.line();
    assert_eq!((&line["sequence"], &line["earned"]), (&2.into(), &9.into()), "{line}");
    assert!(
        Command::new("kill")
            .arg(process.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    let report = process.line();
    assert_eq!(
        (&report["earned"], report["sequences"].as_array().unwrap().len()),
        (&9.into(), 1),
        "{report}"
    );
    assert!(process.running.0.wait().unwrap().success());

    let report = command(&["--dev-key", "0", "--fee-recipient", "1", "--report"]).output();
    let report = json(&report.unwrap());
    assert!(
        report["earned"] == 9 && report["profit"].as_i64().unwrap() < 0,
        "{report}"
    );
    let refused = command(&["--dev-key", "0", "--fee-recipient", "9"]).output().unwrap();
    assert_eq!(
        refused.status.code(),
        Some(8),
        "{}",
        String::from_utf8_lossy(&refused.stderr)
    );
}
