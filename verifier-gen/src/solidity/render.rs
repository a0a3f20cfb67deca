// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a [`Protocol`] to the text of a contract.

use super::Description;
use super::node::{Writer, read};
use super::protocol::{Commitment, Protocol, RotationSet, solidity_word};
use askama::Template;
use halo2_base::halo2_proofs::arithmetic::Field;
use halo2_base::halo2_proofs::halo2curves::bn256::{Fq, Fr, G2Affine};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;

/// A coordinate as a word.
fn coordinate(value: &Fq) -> String {
    let mut bytes = value.to_repr();
    bytes.reverse();
    format!("0x{}", hex::encode(bytes))
}

fn offset(bytes: usize) -> String {
    format!("0x{bytes:04x}")
}

struct Rotation {
    omega_name: String,
    omega: String,
    gap_name: String,
    in_first_set: bool,
}

struct KeyPoint {
    name: String,
    x: String,
    y: String,
}

struct Copy {
    name: String,
    from: String,
    bytes: String,
}

struct PointRun {
    name: String,
    count: usize,
    first: usize,
}

struct ConstraintText {
    title: String,
    lines: Vec<String>,
    value: String,
}

struct SetText {
    index: usize,
    summary: String,
    claim_lines: Vec<String>,
    point_lines: Vec<String>,
    scale_lines: Vec<String>,
    is_last: bool,
}

#[derive(Template)]
#[template(path = "Verifier.sol", escape = "none")]
struct ContractTemplate<'a> {
    description: &'a Description,
    version: &'static str,
    insecure: bool,
    vk_digest: String,
    proof_bytes: usize,
    k: u32,
    rows_inverse: String,
    omega: String,
    omega_last: String,
    last_rotation: i32,
    blinding_rows: usize,
    lagrange_rows: usize,
    rotations: Vec<Rotation>,
    tau: [(&'static str, String); 4],
    key_points: Vec<KeyPoint>,
    words: Vec<(String, String)>,
    memory_bytes: String,
    inputs: usize,
    inputs_bytes: String,
    inputs_parameter: String,
    copies: Vec<Copy>,
    point_runs: Vec<PointRun>,
    first_evaluation: String,
    evaluations: usize,
    challenge_lines: Vec<String>,
    constraints: Vec<ConstraintText>,
    sets: Vec<SetText>,
    quotient_lines: Vec<String>,
    w_prime_y: String,
}

/// Names of words and their offsets.
#[derive(Default)]
struct Layout {
    words: Vec<(String, String)>,
    end: usize,
}

impl Layout {
    fn word(&mut self, name: impl Into<String>) -> usize {
        self.area(name, 1)
    }

    fn area(&mut self, name: impl Into<String>, words: usize) -> usize {
        let start = self.end;
        self.words.push((name.into(), offset(start)));
        self.end += 32 * words;
        start
    }
}

fn rotation_name(rotation: i32) -> String {
    if rotation < 0 {
        format!("MINUS_{}", -rotation)
    } else {
        rotation.to_string()
    }
}

fn gap(rotation: i32) -> String {
    format!("GAP_{}", rotation_name(rotation))
}

fn power_of(omega: Fr, rotation: i32) -> Fr {
    let power = omega.pow_vartime([u64::from(rotation.unsigned_abs())]);
    if rotation < 0 {
        Option::from(power.invert()).expect("a root of unity is not zero")
    } else {
        power
    }
}

/// Where the proof's words go, what is checked of them, and how they become challenges.
#[derive(Default)]
struct Reading {
    copies: Vec<Copy>,
    point_runs: Vec<PointRun>,
    challenge_lines: Vec<String>,
    first_evaluation: String,
    evaluations: usize,
}

impl Reading {
    fn new(protocol: &Protocol, layout: &mut Layout) -> Self {
        let mut reading = Self::default();
        let (mut from, mut points) = (0, 0);
        for (i, segment) in protocol.segments.iter().enumerate() {
            let start = if i == 0 {
                let start = layout.word("DIGEST");
                layout.area("INPUTS", protocol.public_inputs);
                start
            } else {
                layout.word(format!("HASH_{i}"))
            };
            let words = layout.end;
            for point in &segment.points {
                layout.area(point, 2);
            }
            for scalar in &segment.scalars {
                layout.word(scalar);
            }
            let bytes = layout.end - words;
            if let Some(name) = segment.points.first().or(segment.scalars.first()) {
                reading.copies.push(Copy {
                    name: name.clone(),
                    from: offset(from),
                    bytes: offset(bytes),
                });
            }
            if let Some(name) = segment.points.first() {
                reading.point_runs.push(PointRun {
                    name: name.clone(),
                    count: segment.points.len(),
                    first: points,
                });
            }
            if !segment.scalars.is_empty() {
                reading.first_evaluation = segment.scalars[0].clone();
                reading.evaluations = segment.scalars.len();
            }
            points += segment.points.len();
            from += bytes;
            let name = if i == 0 {
                "DIGEST".to_string()
            } else {
                format!("HASH_{i}")
            };
            reading.squeeze(&name, layout.end - start, &segment.challenges, i + 1);
        }
        for segment in &protocol.segments {
            for challenge in &segment.challenges {
                layout.word(*challenge);
            }
        }
        reading
    }

    fn squeeze(&mut self, start: &str, bytes: usize, challenges: &[&'static str], next: usize) {
        for (i, challenge) in challenges.iter().enumerate() {
            // One word is a hash and nothing behind it.
            if i == 0 && bytes > 32 {
                self.challenge_lines
                    .push(format!("hash := keccak256(add(m, {start}), {})", offset(bytes)));
            } else {
                self.challenge_lines.push("mstore(0x00, hash)".to_string());
                self.challenge_lines.push("mstore8(0x20, 1)".to_string());
                self.challenge_lines.push("hash := keccak256(0x00, 0x21)".to_string());
            }
            self.challenge_lines
                .push(format!("mstore(add(m, {challenge}), mod(hash, r))"));
        }
        if !challenges.is_empty() {
            self.challenge_lines.push(format!("mstore(add(m, HASH_{next}), hash)"));
        }
    }
}

/// Words for what is computed.
fn lay_out_results(layout: &mut Layout, protocol: &Protocol, lagrange_rows: usize, temporaries: usize) {
    for name in [
        "X_TO_ROWS",
        "FIRST_SET",
        "L_FIRST",
        "L_LAST",
        "L_ACTIVE",
        "EVAL_INSTANCE",
        "EVAL_QUOTIENT",
    ] {
        layout.word(name);
    }
    for name in ["QUOTIENT_X", "QUOTIENT_Y", "TOTAL_X", "TOTAL_Y"] {
        layout.word(name);
    }
    let start = layout.area("DENOMINATORS", lagrange_rows);
    layout.word("VANISHING_INVERSE");
    layout.word("X_INVERSE");
    for rotation in protocol.rotations() {
        layout.word(gap(rotation));
    }
    let bytes = layout.end - start;
    layout.area("PREFIXES", bytes / 32);
    layout.words.push(("DENOMINATOR_BYTES".to_string(), offset(bytes)));
    for i in 0..temporaries {
        layout.word(format!("TEMPORARY_{i}"));
    }
    // The longest input of a precompiled contract is the pairing's, twelve words and one of output.
    layout.area("SCRATCH", 13);
}

/// The commitment of a set as lines that put it into scratch, or fold it in.
fn point_lines(set: &RotationSet) -> Vec<String> {
    let mut lines = vec![];
    for (i, (commitment, _)) in set.commitments.iter().rev().enumerate() {
        let (from, key) = match commitment {
            Commitment::Proof(name) => (name.clone(), false),
            Commitment::Key(name, _) => (name.clone(), true),
            Commitment::Quotient(_) => ("QUOTIENT_X".to_string(), false),
        };
        lines.push(match (i, key) {
            (0, false) => format!("mcopy(scratch, add(m, {from}), 0x40)"),
            (0, true) => format!("mstore(scratch, {from}_X) mstore(add(scratch, 0x20), {from}_Y)"),
            (_, false) => format!("failure := or(failure, combineProof(scratch, mu, add(m, {from})))"),
            (_, true) => format!("failure := or(failure, combine(scratch, mu, {from}_X, {from}_Y))"),
        });
    }
    lines
}

/// Evaluations folded by mu, then interpolated at u: the terms that the denominators leave.
fn claim_lines(protocol: &Protocol, set: &RotationSet) -> Vec<String> {
    let mut lines = vec![];
    let roots: Vec<Fr> = set
        .rotations
        .iter()
        .map(|&rotation| power_of(protocol.omega, rotation))
        .collect();
    for (i, &rotation) in set.rotations.iter().enumerate() {
        for (j, (_, names)) in set.commitments.iter().rev().enumerate() {
            let value = read(&names[i]);
            lines.push(if j == 0 {
                format!("folded := {value}")
            } else {
                format!("folded := addmod(mulmod(folded, mu, r), {value}, r)")
            });
        }
        let others = roots.iter().enumerate().filter(|&(j, _)| j != i);
        let denominator: Fr = others.map(|(_, root)| roots[i] - root).product();
        let weight = Option::<Fr>::from(denominator.invert()).expect("rotations of a set are distinct points");
        let gap = read(&gap(rotation));
        let term = format!("mulmod(folded, {gap}, r)");
        let term = if weight == Fr::ONE {
            term
        } else {
            format!("mulmod({term}, {}, r)", solidity_word(&weight))
        };
        lines.push(if i == 0 {
            format!("value := {term}")
        } else {
            format!("value := addmod(value, {term}, r)")
        });
    }
    for _ in 1..set.rotations.len() {
        lines.push(format!("value := mulmod(value, {}, r)", read("X_INVERSE")));
    }
    lines
}

fn set_text(protocol: &Protocol, index: usize, set: &RotationSet) -> SetText {
    let points: Vec<String> = set
        .rotations
        .iter()
        .map(|&rotation| match rotation {
            0 => "x".to_string(),
            1 => "omega x".to_string(),
            _ => format!("omega^{rotation} x"),
        })
        .collect();
    let names: Vec<String> = set
        .commitments
        .iter()
        .map(|(commitment, _)| match commitment {
            Commitment::Proof(name) | Commitment::Key(name, _) => name.clone(),
            Commitment::Quotient(_) => "QUOTIENT".to_string(),
        })
        .collect();
    // Statement by statement: a set may have more points than the stack has room for.
    let scale_lines = set
        .rotations
        .iter()
        .map(|&rotation| format!("scale := mulmod(scale, {}, r)", read(&gap(rotation))))
        .collect();
    SetText {
        index,
        summary: format!("{} at {}", names.join(", "), points.join(", ")),
        claim_lines: claim_lines(protocol, set),
        point_lines: point_lines(set),
        scale_lines,
        is_last: index + 1 == protocol.sets.len(),
    }
}

fn quotient_lines(protocol: &Protocol) -> Vec<String> {
    let commitments = protocol.sets.iter().flat_map(|set| &set.commitments);
    let pieces = commitments.filter_map(|(commitment, _)| match commitment {
        Commitment::Quotient(pieces) => Some(pieces),
        _ => None,
    });
    let pieces: Vec<&String> = pieces.flatten().rev().collect();
    let fold = |name: &&String| {
        format!(
            "failure := or(failure, combineProof(scratch, {}, add(m, {name})))",
            read("X_TO_ROWS")
        )
    };
    let mut lines = vec![format!("mcopy(scratch, add(m, {}), 0x40)", pieces[0])];
    lines.extend(pieces[1..].iter().map(fold));
    lines
}

fn key_points(protocol: &Protocol) -> Vec<KeyPoint> {
    let commitments = protocol.sets.iter().flat_map(|set| &set.commitments);
    let mut points: Vec<KeyPoint> = commitments
        .filter_map(|(commitment, _)| match commitment {
            // The identity is (0, 0), for the precompiled contracts as in memory.
            Commitment::Key(name, point) => Some(KeyPoint {
                name: name.clone(),
                x: coordinate(&point.x),
                y: coordinate(&point.y),
            }),
            _ => None,
        })
        .collect();
    points.sort_by(|a, b| a.name.cmp(&b.name));
    points
}

/// Writes the contract.
pub(super) fn contract(protocol: &Protocol, description: &Description, tau: &G2Affine, insecure: bool) -> String {
    let roots: Vec<usize> = protocol.constraints.iter().map(|constraint| constraint.root).collect();
    let mut writer = Writer::new(&protocol.graph, &roots);
    let constraints = protocol.constraints.iter().map(|constraint| {
        let (lines, value) = writer.write(constraint.root);
        ConstraintText {
            title: constraint.title.replace(['\n', '\r'], " "),
            lines,
            value,
        }
    });
    let constraints = constraints.collect();

    let mut layout = Layout::default();
    let reading = Reading::new(protocol, &mut layout);
    let w_prime = layout
        .words
        .iter()
        .find(|(name, _)| name == "W_PRIME")
        .expect("the last point")
        .1
        .clone();
    let w_prime = usize::from_str_radix(&w_prime[2..], 16).expect("an offset");
    let lagrange_rows = protocol.blinding_rows + 1 + protocol.public_inputs.max(1);
    lay_out_results(&mut layout, protocol, lagrange_rows, writer.temporaries());
    let last_rotation = -(protocol.blinding_rows as i32 + 1);
    let rows = Fr::from(1u64 << protocol.k);
    let first_set = &protocol.sets[0].rotations;
    let rotations = protocol.rotations().into_iter().map(|rotation| Rotation {
        omega_name: format!("OMEGA_{}", rotation_name(rotation)),
        omega: solidity_word(&power_of(protocol.omega, rotation)),
        gap_name: gap(rotation),
        in_first_set: first_set.contains(&rotation),
    });
    ContractTemplate {
        description,
        version: env!("CARGO_PKG_VERSION"),
        insecure,
        vk_digest: word(&protocol.transcript_digest),
        proof_bytes: protocol.proof_bytes(),
        k: protocol.k,
        rows_inverse: solidity_word(&Option::<Fr>::from(rows.invert()).expect("2^k is not zero")),
        omega: solidity_word(&protocol.omega),
        omega_last: solidity_word(&power_of(protocol.omega, last_rotation)),
        last_rotation,
        blinding_rows: protocol.blinding_rows,
        lagrange_rows,
        rotations: rotations.collect(),
        tau: [
            ("TAU_G2_X_0", coordinate(&tau.x.c0)),
            ("TAU_G2_X_1", coordinate(&tau.x.c1)),
            ("TAU_G2_Y_0", coordinate(&tau.y.c0)),
            ("TAU_G2_Y_1", coordinate(&tau.y.c1)),
        ],
        key_points: key_points(protocol),
        memory_bytes: offset(layout.end),
        words: layout.words,
        inputs: protocol.public_inputs,
        inputs_bytes: offset(32 * protocol.public_inputs),
        inputs_parameter: match protocol.public_inputs {
            0 => String::new(),
            n => format!("uint256[{n}] calldata publicInputs, "),
        },
        copies: reading.copies,
        point_runs: reading.point_runs,
        first_evaluation: reading.first_evaluation,
        evaluations: reading.evaluations,
        challenge_lines: reading.challenge_lines,
        constraints,
        sets: protocol
            .sets
            .iter()
            .enumerate()
            .map(|(i, set)| set_text(protocol, i, set))
            .collect(),
        quotient_lines: quotient_lines(protocol),
        w_prime_y: offset(w_prime + 32),
    }
    .render()
    .expect("a template of strings renders")
}

/// All 32 bytes of a number.
fn word(value: &Fr) -> String {
    let mut bytes = value.to_repr();
    bytes.reverse();
    format!("0x{}", hex::encode(bytes))
}
