// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads `docs/spec` and holds the code to it: its tables, its lengths, its list of rules, and every one of its ids.

mod common;
mod observer;

use common::World;
use poe_rollup::executor::{Receipt, Rule};
use poe_rollup::formats::{Message, Slot};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const FORMATS: &str = include_str!("../../docs/spec/formats.md");
const TRANSITION: &str = include_str!("../../docs/spec/state-transition.md");

/// The text of one numbered rule: from its bold id to the next one, or to the next heading.
fn rule(page: &'static str, id: &str) -> &'static str {
    let start = page
        .find(&format!("**{id} ("))
        .or_else(|| page.find(&format!("**{id}.**")));
    let text = &page[start.unwrap_or_else(|| panic!("{id} is not in the specification"))..];
    let end = [text[2..].find("\n**"), text.find("\n## ")].into_iter().flatten().min();
    &text[..end.map_or(text.len(), |end| end + 2)]
}

/// The body of the table in a rule, cell by cell, without code marks.
fn table(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |row: &str| {
        row.trim_matches('|')
            .split(" | ")
            .map(|c| c.trim().replace('`', ""))
            .collect()
    };
    rows.map(cells).collect()
}

/// Every id of a page, in order.
fn ids(page: &str) -> Vec<String> {
    let bold = page.lines().filter_map(|line| line.strip_prefix("**"));
    bold.filter_map(|line| line.split([' ', '.', '*']).next())
        .filter(|id| id.starts_with("FMT-") || id.starts_with("ST-"))
        .map(str::to_owned)
        .collect()
}

/// Bytes `a..b` of a table as numbers.
fn range(cell: &str) -> std::ops::Range<usize> {
    let (from, to) = cell.split_once("..").unwrap();
    from.parse().unwrap()..to.parse().unwrap()
}

/// The words of a table's first cell: `0`, `2, 3` or `8..11` (both ends included).
fn words(cell: &str) -> (usize, usize) {
    let mut numbers = cell
        .split([',', '.', ' '])
        .filter(|n| !n.is_empty())
        .map(|n| n.parse().unwrap());
    let first = numbers.next().unwrap();
    (first, numbers.next_back().unwrap_or(first))
}

/// Checks a layout table against a decoder: the bytes of a field, set to ones, show up in that field and in no other.
fn assert_layout<const N: usize>(id: &str, fields: impl Fn(&[u8; N]) -> Vec<(&'static str, Vec<u8>)>) {
    let rows = table(rule(FORMATS, id));
    let mut end = 0;
    for row in &rows {
        let (bytes, name) = (range(&row[1]), row[2].as_str());
        let (first, last) = words(&row[0]);
        assert_eq!((first * 4, last * 4 + 4), (bytes.start, bytes.end), "{id} {name}");
        assert_eq!(bytes.start, end, "{id} {name} follows the field before it");
        end = bytes.end;
        let mut input = [0; N];
        input[bytes.clone()].fill(0xFF);
        for (field, value) in fields(&input) {
            let expected = if field == name {
                vec![0xFF; bytes.len()]
            } else {
                vec![0; value.len()]
            };
            assert_eq!(value, expected, "{id}: {field} when the bytes of {name} are set");
        }
    }
    assert_eq!(end, N, "{id}");
    let names: BTreeSet<_> = rows.iter().map(|row| row[2].clone()).collect();
    let decoded: BTreeSet<_> = fields(&[0; N]).into_iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, decoded, "{id}");
}

fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[test]
fn fmt_6_the_table_of_a_slot() {
    assert_layout::<{ Slot::BYTES }>("FMT-6", |bytes| {
        let Slot {
            transfer: t,
            signature,
            spare,
        } = Slot::decode(bytes);
        vec![
            ("from", bytes_of(&[t.from])),
            ("to", bytes_of(&[t.to])),
            ("amount", t.amount.to_be_bytes().to_vec()),
            ("fee", t.fee.to_be_bytes().to_vec()),
            ("nonce", bytes_of(&[t.nonce])),
            ("sequencer", bytes_of(&[t.sequencer])),
            ("e", bytes_of(&signature.e)),
            ("s", bytes_of(&signature.s)),
            ("spare", bytes_of(&[spare])),
        ]
    });
    assert!(rule(FORMATS, "FMT-6").contains(&format!("A slot is {} bytes = {} words", Slot::BYTES, Slot::WORDS)));
}

#[test]
fn fmt_10_the_table_of_a_message() {
    assert_layout::<{ Message::BYTES }>("FMT-10", |bytes| {
        let message = Message::decode(bytes);
        vec![
            ("kind", bytes_of(&[message.kind])),
            ("index", bytes_of(&[message.index])),
            ("key", message.key.map(u64::to_be_bytes).as_flattened().to_vec()),
            ("l1Owner", message.l1_owner.to_vec()),
            ("amount", message.amount.to_be_bytes().to_vec()),
            ("fee", message.fee.to_be_bytes().to_vec()),
        ]
    });
    assert!(rule(FORMATS, "FMT-10").contains(&format!("{} bytes = {} words", Message::BYTES, Message::WORDS)));
}

/// Each tag of the table is made once in the sources, under its name and text, and no tag of the protocol is made besides.
#[test]
fn fmt_4_the_table_of_tags() {
    let formats: String = sources(&["src/formats"]).concat();
    let rows = table(rule(FORMATS, "FMT-4"));
    for row in &rows {
        let made = format!("const {}: Bytes32 = tag(\"{}\");", row[0], row[1]);
        assert_eq!(formats.matches(&made).count(), 1, "{made}");
    }
    assert_eq!(formats.matches(": Bytes32 = tag(\"").count(), rows.len());
}

#[test]
fn st_7_the_table_of_rules() {
    let rules = [
        Rule::SpareNotZero,
        Rule::ScalarOutOfRange,
        Rule::AmountOutOfRange,
        Rule::FeeOutOfRange,
        Rule::WrongSequencer,
        Rule::SenderNotRegistered,
        Rule::RecipientNotRegistered,
        Rule::NonceMismatch,
        Rule::NonceExhausted,
        Rule::InsufficientBalance,
        Rule::BadSignature,
        Rule::ExitCapacityReached,
    ];
    let rows: Vec<_> = table(rule(TRANSITION, "ST-7"))
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let named = rules.map(|rule| ((rule as u8).to_string(), format!("{rule:?}")));
    assert_eq!(rows, named);
}

/// ST-7 judges by the first rule broken: a slot that breaks rules `k..=11` is refused by `k`, for every `k` that can be mended
/// one after the other.
#[test]
fn st_7_the_first_broken_rule_names_the_receipt() {
    let mut world = World::new(2);
    let mut slot = Slot::decode(&[0xFF; 96]);
    let mut receipts = Vec::new();
    let mends: [fn(&mut Slot); 8] = [
        |s| s.spare = 0,
        |s| {
            s.signature.e = [1; 4];
            s.signature.s = [1; 11];
        },
        |s| s.transfer.amount = (1 << 61) - 1,
        |s| s.transfer.fee = 0,
        |s| s.transfer.sequencer = 0,
        |s| s.transfer.from = 2,
        |s| s.transfer.to = 1,
        |s| s.transfer.nonce = 0,
    ];
    receipts.push(world.run_slot(slot));
    for mend in mends {
        mend(&mut slot);
        receipts.push(world.run_slot(slot));
    }
    slot.transfer.amount = 1;
    receipts.push(world.run_slot(slot));
    let expected = [
        Rule::SpareNotZero,
        Rule::ScalarOutOfRange,
        Rule::AmountOutOfRange,
        Rule::FeeOutOfRange,
        Rule::WrongSequencer,
        Rule::SenderNotRegistered,
        Rule::RecipientNotRegistered,
        Rule::NonceMismatch,
        Rule::InsufficientBalance,
        Rule::BadSignature,
    ];
    assert_eq!(receipts, expected.map(Receipt::NoOp));
}

/// The texts of the Rust files under folders of this crate.
fn sources(folders: &[&str]) -> Vec<String> {
    fn collect(folder: &Path, out: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                out.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut out = Vec::new();
    for folder in folders {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut out);
    }
    out
}

/// An id in a text, and not as the beginning of a longer one.
fn cites(text: &str, id: &str) -> bool {
    text.match_indices(id)
        .any(|(at, _)| !text[at + id.len()..].starts_with(|next: char| next.is_ascii_digit()))
}

/// Every numbered rule of the two pages is cited where it is implemented, and no code cites a rule that does not exist.
#[test]
fn every_id_is_cited_and_every_citation_exists() {
    let ids: Vec<String> = [ids(FORMATS), ids(TRANSITION)].concat();
    let numbered = |prefix: &str, count: usize| (1..=count).map(|n| format!("{prefix}-{n}")).collect::<Vec<_>>();
    assert_eq!(ids, [numbered("FMT", 18), numbered("ST", 14)].concat());
    for id in &ids {
        assert!(
            sources(&["src"]).iter().any(|text| cites(text, id)),
            "{id} is cited nowhere"
        );
    }
    for text in &sources(&["src", "tests", "benches", "fuzz/properties"]) {
        for prefix in ["FMT-", "ST-"] {
            for (at, _) in text.match_indices(prefix) {
                let number: String = text[at + prefix.len()..]
                    .chars()
                    .take_while(char::is_ascii_digit)
                    .collect();
                let id = format!("{prefix}{number}");
                assert!(
                    number.is_empty() || ids.contains(&id),
                    "{id} is not in the specification"
                );
            }
        }
    }
}
