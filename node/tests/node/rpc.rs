// SPDX-License-Identifier: MIT OR Apache-2.0
//! The JSON-RPC server by itself: every request is answered, and no client takes more than its share.

use crate::process::hex_of;
use crate::simulated;

use alloy::primitives::Address;
use poe_node::sequencer::rpc::{RpcServer, ServerLimits, codes};
use poe_node::sequencer::{SequencerConfig, Service};
use poe_rollup::formats::{Slot, Transfer};
use serde_json::{Value, json};
use simulated::{SimulatedL1, populated};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const ACCOUNTS: u32 = 4;
const SLOTS_OF_EACH: u32 = 50;
const PATIENCE: Duration = Duration::from_secs(120);

struct Server {
    address: SocketAddr,
    l1: SimulatedL1,
    service: Arc<Service>,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Four accounts with 300 gwei each.
    async fn start(limits: ServerLimits) -> Self {
        let (folder, l1, store) = populated(ACCOUNTS);
        let service = Service::open(SequencerConfig::new(1), Arc::new(store), Address::ZERO).unwrap();
        let service = Arc::new(service);
        let server = RpcServer::bind("127.0.0.1:0", Arc::clone(&service), limits)
            .await
            .unwrap();
        let address = server.local_addr();
        tokio::spawn(server.run(std::future::pending()));
        Self {
            address,
            l1,
            service,
            _folder: folder,
        }
    }

    fn sign(&self, from: u32, nonce: u32) -> Slot {
        self.l1.sign(Transfer {
            from,
            to: from % ACCOUNTS + 1,
            amount: 1,
            fee: 1,
            nonce,
            sequencer: 0,
        })
    }

    async fn client(&self) -> Client {
        Client(BufReader::new(TcpStream::connect(self.address).await.unwrap()))
    }
}

pub struct Client(pub BufReader<TcpStream>);

impl Client {
    async fn send(&mut self, body: &str) -> std::io::Result<()> {
        let length = body.len();
        let request = format!("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n{body}");
        self.0.write_all(request.as_bytes()).await
    }

    async fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).await.unwrap() > 0, "the connection ended");
            let line = line.trim().to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    pub async fn ask(&mut self, request: &Value) -> Value {
        self.send(&request.to_string()).await.unwrap();
        tokio::time::timeout(PATIENCE, self.receive()).await.expect("an answer")
    }
}

pub fn request(id: u32, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

fn question(id: u32) -> Value {
    let account = id % (ACCOUNTS + 2);
    match id % 6 {
        0 => request(id, "poe_info", &json!([])),
        1 => request(id, "poe_nonce", &json!([account])),
        2 => request(id, "poe_account", &json!([account])),
        3 => request(id, "poe_status", &json!([account, id % 7])),
        4 => request(id, "poe_report", &json!([])),
        _ => request(id, "poe_estimateFee", &json!([])),
    }
}

/// Allows for slow machines: how long a connection may last is not what is tested.
fn patient() -> ServerLimits {
    ServerLimits {
        lifetime: Duration::from_secs(3_600),
        ..ServerLimits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_requests_at_once_are_all_answered_and_every_slot_is_taken() {
    const CLIENTS: u32 = 40;
    const QUESTIONS: u32 = 100;
    let server = Server::start(patient()).await;
    let mut tasks = JoinSet::new();
    for number in 0..CLIENTS {
        let mut client = server.client().await;
        tasks.spawn(async move {
            for id in number * QUESTIONS..(number + 1) * QUESTIONS {
                let answer = client.ask(&question(id)).await;
                assert_eq!(answer["id"], id);
                // Prices are not known without an L1.
                let expected = if id % 6 == 5 { "error" } else { "result" };
                assert!(answer.get(expected).is_some(), "{answer}");
            }
            QUESTIONS
        });
    }
    for from in 1..=ACCOUNTS {
        let slots: Vec<Slot> = (0..SLOTS_OF_EACH).map(|nonce| server.sign(from, nonce)).collect();
        let mut client = server.client().await;
        tasks.spawn(async move {
            for slot in slots {
                let slot = hex_of(&slot);
                let answer = client.ask(&request(1, "poe_submit", &json!([slot]))).await;
                assert_eq!(answer["result"]["status"], "waiting", "{answer}");
            }
            SLOTS_OF_EACH
        });
    }
    let answered: u32 = tasks.join_all().await.into_iter().sum();
    assert_eq!(answered, CLIENTS * QUESTIONS + ACCOUNTS * SLOTS_OF_EACH);
    let info = server.service.info().unwrap();
    assert_eq!(info.pool, (ACCOUNTS * SLOTS_OF_EACH) as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_slot_from_many_clients_at_once_is_taken_once() {
    let server = Server::start(patient()).await;
    let slot = hex_of(&server.sign(1, 0));
    let mut tasks = JoinSet::new();
    for id in 0..20 {
        let (mut client, slot) = (server.client().await, slot.clone());
        tasks.spawn(async move { client.ask(&request(id, "poe_submit", &json!([slot]))).await });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|answer| answer["result"] == answers[0]["result"]));
    assert_eq!(answers[0]["result"]["status"], "waiting", "{}", answers[0]);
    assert_eq!(server.service.info().unwrap().pool, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_do_not_keep_others_from_being_answered() {
    let limits = ServerLimits {
        connections: 8,
        work: 1,
        ..patient()
    };
    let server = Server::start(limits).await;
    let list: Vec<Value> = (0..100).map(|id| request(id, "poe_account", &json!([1]))).collect();
    let list = Value::Array(list).to_string();
    for _ in 0..300 {
        let mut client = server.client().await;
        // It may be closed already.
        let _ = client.send(&list).await;
    }
    let answer = server.client().await.ask(&question(0)).await;
    assert!(answer.get("result").is_some(), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_read_lose_their_connection() {
    let limits = ServerLimits {
        connections: 1,
        lifetime: Duration::from_secs(2),
        ..ServerLimits::default()
    };
    let server = Server::start(limits).await;
    let list: Vec<Value> = (0..100).map(|id| request(id, "poe_info", &json!([]))).collect();
    let list = Value::Array(list).to_string();
    let mut greedy = server.client().await;
    let greedy = tokio::spawn(async move { while greedy.send(&list).await.is_ok() {} });
    let answer = server.client().await.ask(&question(0)).await;
    assert!(answer.get("result").is_some(), "{answer}");
    tokio::time::timeout(PATIENCE, greedy).await.expect("an end").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_at_most_a_hundred_requests_and_its_answer_is_bounded() {
    let limits = ServerLimits {
        body: 4 << 20,
        ..patient()
    };
    let server = Server::start(limits).await;
    let mut client = server.client().await;
    let list = |length: u32| Value::Array((0..length).map(question).collect());
    let answers = client.ask(&list(100)).await;
    assert_eq!(answers.as_array().unwrap().len(), 100);
    for length in [0, 101] {
        let refused = client.ask(&list(length)).await;
        assert_eq!(refused["error"]["code"], codes::INVALID_REQUEST, "{refused}");
    }
    let long_id = "i".repeat(20_000);
    let long = json!({ "jsonrpc": "2.0", "id": long_id, "method": "poe_nonce", "params": [1] });
    let answers = client.ask(&Value::Array(vec![long; 100])).await;
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 100);
    let done = answers.iter().filter(|answer| answer.get("result").is_some()).count();
    assert!((52..=53).contains(&done), "{done}");
    let message = answers[99]["error"]["message"].as_str().unwrap();
    assert!(message.contains("ask for less in one list"), "{message}");
}
