// SPDX-License-Identifier: MIT OR Apache-2.0
//! Providers that lie, stall, refuse and break off, at random. What they say is refused or true; when they are well again the node
//! goes on.

use crate::campaign::{Campaign, assert_same};
use crate::history::{History, STAGES};
use crate::proxy::{Answer, Proxy};
use poe_node::chain::{CheckpointRecord, SequenceRecord};
use poe_node::store::{Record, Table};
use poe_node::sync::{Follower, SyncError};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Lie,
    Forget,
    Refuse,
    TooMany,
    Unavailable,
    Cut,
    Close,
    Late,
    OldHead,
}

const FAULTS: [Fault; 11] = [
    Fault::Lie,
    Fault::Lie,
    Fault::Lie,
    Fault::Forget,
    Fault::Refuse,
    Fault::TooMany,
    Fault::Unavailable,
    Fault::Cut,
    Fault::Close,
    Fault::Late,
    Fault::OldHead,
];

/// What a lie is told about. What is final is the provider's word alone: blocks called final too early cannot be taken back.
const METHODS: [&str; 5] = [
    "eth_getLogs",
    "eth_getLogs",
    "eth_getBlockByNumber",
    "eth_call",
    "eth_getTransactionByHash",
];

/// One fault, in one of so many answers to one method.
struct Plan {
    fault: Fault,
    method: &'static str,
    one_in: u64,
    /// The newest block there is.
    head: u64,
    late: Duration,
    draw: Campaign,
}

impl Plan {
    fn answer(&mut self, method: &str, params: &Value) -> Option<Answer> {
        if self.fault == Fault::OldHead {
            let asked = method == "eth_getBlockByNumber" && params[0] == "latest";
            // As a server does that is behind the others.
            let number = self.head.saturating_sub(self.draw.below(40));
            return asked.then(|| Answer::To(json!([format!("{number:#x}"), params[1]])));
        }
        if method != self.method || params[0] == "finalized" || !self.draw.chance(self.one_in) {
            return None;
        }
        Some(match self.fault {
            Fault::Lie => {
                let mut draw = self.draw.fork();
                Answer::Altered(Box::new(move |result| lie(result, &mut draw)))
            }
            Fault::Forget if method == "eth_getLogs" => Answer::Result(json!([])),
            Fault::Forget => Answer::Result(Value::Null),
            Fault::Refuse => Answer::Error(-32_000, "header not found"),
            Fault::TooMany => Answer::Status(429),
            Fault::Unavailable => Answer::Status(503),
            Fault::Cut => Answer::Cut,
            Fault::Close => Answer::Close,
            Fault::Late | Fault::OldHead => Answer::Late(self.late),
        })
    }
}

/// Changes one value somewhere in an answer.
fn lie(value: &mut Value, draw: &mut Campaign) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let at = draw.below(items.len() as u64) as usize;
            match draw.below(5) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.swap(0, at),
                _ => lie(&mut items[at], draw),
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            let at = draw.below(fields.len() as u64) as usize;
            let name = fields.keys().nth(at).unwrap().clone();
            if draw.chance(8) {
                fields.remove(&name);
            } else {
                lie(&mut fields[&name], draw);
            }
        }
        Value::String(text) if text.len() > 2 && text.starts_with("0x") => {
            let at = 2 + draw.below(text.len() as u64 - 2) as usize;
            let digit = char::from_digit(draw.below(16) as u32, 16).unwrap();
            text.replace_range(at..=at, &digit.to_string());
        }
        Value::Bool(bit) => *bit = !*bit,
        other => *other = json!("0x7"),
    }
}

/// What the words and accumulators commit to that the node asks the contract for. Tips, announcements, rewards, and when and by whom
/// older sequences were posted, are the provider's word.
fn bound(dump: Vec<Record>) -> Vec<Record> {
    let told = [
        Table::Tips,
        Table::Announcements,
        Table::Blocks,
        Table::Journal,
        Table::Meta,
    ];
    let mut found: Vec<Record> = Vec::new();
    for (table, key, value) in dump.into_iter().filter(|record| !told.contains(&record.0)) {
        let value = match table {
            Table::Sequences => {
                let SequenceRecord { acc, rest, head, .. } = postcard::from_bytes(&value).unwrap();
                postcard::to_stdvec(&(acc, rest.cumulative_fee, rest.cumulative_batches, rest.version, head))
            }
            Table::Checkpoints => {
                let checkpoint: CheckpointRecord = postcard::from_bytes(&value).unwrap();
                postcard::to_stdvec(&(checkpoint.word(), checkpoint.disputed))
            }
            Table::Messages => {
                let poe_node::chain::MessageRecord { message, acc, .. } = postcard::from_bytes(&value).unwrap();
                postcard::to_stdvec(&(message, acc))
            }
            _ => Ok(value),
        };
        // Each in the place of the one before it.
        let is_next = table == Table::Checkpoints && found.last().is_some_and(|(last, ..)| *last == table);
        if is_next {
            found.pop();
        }
        found.push((table, key, value.unwrap()));
    }
    found
}

/// What may come of a provider's fault.
fn is_expected(error: &SyncError) -> bool {
    match error {
        SyncError::L1(_) | SyncError::Unstable { .. } | SyncError::Apply { .. } | SyncError::Incomplete { .. } => true,
        // Hashes, or a root, that were changed on the way.
        SyncError::TooDeep { .. } | SyncError::ProvenStateDiffers { .. } => true,
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_provider_is_stored_and_the_node_goes_on_when_it_is_well() {
    let name = "no_fault_of_a_provider_is_stored_and_the_node_goes_on_when_it_is_well";
    let mut draw = Campaign::begin(name, 40);
    let mut history = History::begin().await;
    for stage in STAGES {
        history.happen(stage, &mut draw).await;
    }
    history.chain.mine(70).await;
    let proxy = Proxy::start(&history.chain.url).await;
    let mut folder = tempfile::tempdir().unwrap();
    let mut follower = history.chain.follower_at(&proxy.url, folder.path(), 10_000).await;
    let mut tally = BTreeMap::<(Fault, bool), u32>::new();
    for round in 0..draw.rounds {
        if round % 3 == 0 {
            // A node that starts now reads what is final in ranges.
            drop(follower);
            folder = tempfile::tempdir().unwrap();
            follower = history
                .chain
                .follower_at(&proxy.url, folder.path(), 1 + draw.below(100))
                .await;
        } else {
            let stage = *draw.pick(&STAGES);
            history.happen(stage, &mut draw).await;
        }
        let fault = *draw.pick(&FAULTS);
        let mut plan = Plan {
            fault,
            method: METHODS[draw.below(METHODS.len() as u64) as usize],
            one_in: 1 + draw.below(6),
            head: history.number().await,
            // Longer than anybody waits, once in a long run.
            late: if round == 100 {
                Duration::from_secs(61)
            } else {
                Duration::from_millis(20)
            },
            draw: draw.fork(),
        };
        let when = format!("round {round}, {fault:?} of {}, one in {}", plan.method, plan.one_in);
        proxy.fail(move |method, params| plan.answer(method, params));
        for _ in 0..2 {
            let synced = follower.sync_once().await;
            *tally.entry((fault, synced.is_ok())).or_default() += 1;
            if let Err(error) = synced {
                assert!(is_expected(&error), "{when}: {error}");
            }
        }
        proxy.heal();
        let rebuilt = !recovers(&mut follower, &when).await;
        if rebuilt {
            drop(follower);
            folder = tempfile::tempdir().unwrap();
            follower = history.chain.follower_at(&proxy.url, folder.path(), 10_000).await;
            follower.sync_once().await.unwrap();
        }
        let (found, expected) = (follower.store().dump().unwrap(), history.known().await);
        assert_same(bound(found), bound(expected), &when);
    }
    eprintln!("outcomes of rounds with faults: {tally:?}");
    assert!(tally.values().sum::<u32>() >= 2 * draw.rounds as u32);
}

/// Whether it goes on by itself. If a lie about final blocks was taken, the error says that the store must be made anew.
async fn recovers(follower: &mut Follower, when: &str) -> bool {
    let mut last = None;
    for _ in 0..3 {
        match follower.sync_once().await {
            Ok(_) => return true,
            Err(error) => last = Some(error),
        }
    }
    let error = last.unwrap();
    let text = error.to_string();
    assert_eq!(poe_node::exit::code(&error.into()), 7, "{when}: {text}");
    assert!(text.contains("sync"), "{when}: {text}");
    false
}
