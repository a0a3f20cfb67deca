// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a verifier of one circuit does, in halo2's order: the words of a proof, the constraints, the openings.
//!
//! Order and formulas are those of halo2-axiom 0.5.3 (`plonk/verifier.rs`, `poly/kzg/multiopen/shplonk`).

use super::constraints::Constraints;
use super::error::Unsupported;
use super::node::{Graph, Id};
use halo2_base::halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::plonk::{ConstraintSystem, Expression, VerifyingKey};
use std::collections::BTreeSet;

/// A number as Solidity writes it: short ones in decimal, others as a word.
pub(crate) fn solidity_word(value: &Fr) -> String {
    let mut bytes = value.to_repr();
    bytes.reverse();
    let leading = bytes.iter().take_while(|&&byte| byte == 0).count();
    if leading >= 24 {
        let low: [u8; 8] = bytes[24..].try_into().expect("eight bytes");
        return u64::from_be_bytes(low).to_string();
    }
    format!("0x{}", hex::encode(&bytes[leading..]))
}

/// Words that are absorbed before a challenge.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segment {
    /// Points, each of two words.
    pub(crate) points: Vec<String>,
    /// Scalars.
    pub(crate) scalars: Vec<String>,
    /// Challenges squeezed behind them, one after another.
    pub(crate) challenges: Vec<&'static str>,
}

/// Where a commitment is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Commitment {
    /// In the proof, by name.
    Proof(String),
    /// In the key, by name.
    Key(String, G1Affine),
    /// The quotient's pieces, `sum of piece * x^(n i)`.
    Quotient(Vec<String>),
}

/// Commitments that are opened at the same points.
#[derive(Clone, Debug)]
pub(crate) struct RotationSet {
    /// Rotations, ascending.
    pub(crate) rotations: Vec<i32>,
    /// Each with the names of its evaluations, in the order of rotations.
    pub(crate) commitments: Vec<(Commitment, Vec<String>)>,
}

/// A constraint and what a reader should know of it.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    pub(crate) title: String,
    pub(crate) root: Id,
}

/// Everything a contract is written from.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    pub(crate) k: u32,
    pub(crate) omega: Fr,
    pub(crate) public_inputs: usize,
    pub(crate) transcript_digest: Fr,
    pub(crate) segments: Vec<Segment>,
    /// Rows at the end that are blinded, without the last usable one.
    pub(crate) blinding_rows: usize,
    pub(crate) graph: Graph,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) sets: Vec<RotationSet>,
}

/// `_AT_2`, `_AT_MINUS_1`.
fn at(rotation: i32) -> String {
    if rotation < 0 {
        format!("_AT_MINUS_{}", -rotation)
    } else {
        format!("_AT_{rotation}")
    }
}

/// An opening: a commitment, a rotation, the evaluation's name.
type Query = (Commitment, i32, String);

impl Protocol {
    /// Reads a key.
    pub(crate) fn new(key: &VerifyingKey<G1Affine>, public_inputs: usize) -> Result<Self, Unsupported> {
        let cs = key.cs();
        refuse_what_is_not_supported(key, public_inputs)?;
        let sets = rotation_sets(&queries(key));
        let k = key.get_domain().k();
        refuse_collisions(&sets, k)?;
        let mut graph = Graph::default();
        let constraints = Constraints::new(cs, &mut graph).all();
        Ok(Self {
            k,
            omega: key.get_domain().get_omega(),
            public_inputs,
            transcript_digest: key.transcript_repr(),
            segments: segments(key),
            blinding_rows: cs.blinding_factors(),
            graph,
            constraints,
            sets,
        })
    }

    /// Every rotation something is opened at, ascending.
    pub(crate) fn rotations(&self) -> Vec<i32> {
        let all: BTreeSet<i32> = self.sets.iter().flat_map(|set| set.rotations.iter().copied()).collect();
        all.into_iter().collect()
    }

    /// Scalar multiplications on the curve: one for each commitment but the first of the first set, one more for each
    /// further set but the ones that already were counted, and three for W, W' and the claim.
    fn multiplications(&self) -> usize {
        let pieces: usize = self
            .sets
            .iter()
            .flat_map(|set| &set.commitments)
            .map(|(commitment, _)| match commitment {
                Commitment::Quotient(pieces) => pieces.len(),
                _ => 1,
            })
            .sum();
        pieces - 1 + 3
    }

    /// For people.
    pub(crate) fn describe(&self) -> String {
        let points: usize = self.segments.iter().map(|s| s.points.len()).sum();
        let scalars: usize = self.segments.iter().map(|s| s.scalars.len()).sum();
        let mut lines = vec![
            format!("rows: 2^{}, of which {} are blinded", self.k, self.blinding_rows),
            format!(
                "proof: {} bytes, {points} points and {scalars} scalars",
                self.proof_bytes()
            ),
            format!("constraints: {}", self.constraints.len()),
            format!(
                "scalar multiplications: {}, and one pairing of two",
                self.multiplications()
            ),
        ];
        for (i, set) in self.sets.iter().enumerate() {
            lines.push(format!(
                "opening set {i}: {} commitments at rotations {:?}",
                set.commitments.len(),
                set.rotations
            ));
        }
        lines.join("\n") + "\n"
    }

    /// Bytes of a proof.
    pub(crate) fn proof_bytes(&self) -> usize {
        32 * self
            .segments
            .iter()
            .map(|s| 2 * s.points.len() + s.scalars.len())
            .sum::<usize>()
    }
}

/// Columns of the permutation a set multiplies.
pub(super) fn chunk(cs: &ConstraintSystem<Fr>) -> usize {
    cs.degree() - 2
}

pub(super) fn permutation_sets(cs: &ConstraintSystem<Fr>) -> usize {
    cs.permutation().get_columns().len().div_ceil(chunk(cs))
}

fn refuse_what_is_not_supported(key: &VerifyingKey<G1Affine>, public_inputs: usize) -> Result<(), Unsupported> {
    let cs = key.cs();
    let phases = cs
        .advice_column_phase()
        .into_iter()
        .max()
        .map_or(1, |last| usize::from(last) + 1);
    if phases > 1 || cs.num_challenges() > 0 {
        return Err(Unsupported::Phases {
            phases,
            challenges: cs.num_challenges(),
        });
    }
    if cs.num_instance_columns() > 1 {
        return Err(Unsupported::InstanceColumns(cs.num_instance_columns()));
    }
    if let Some((_, rotation)) = cs.instance_queries().iter().find(|(_, rotation)| rotation.0 != 0) {
        return Err(Unsupported::InstanceRotation(rotation.0));
    }
    let rows = (1 << key.get_domain().k()) - (cs.blinding_factors() + 1);
    let columns = cs.num_instance_columns();
    if public_inputs >= rows || (columns == 0 && public_inputs > 0) {
        return Err(Unsupported::PublicInputs {
            inputs: public_inputs,
            rows: if columns == 0 { 0 } else { rows },
        });
    }
    if cs.gates().is_empty() {
        return Err(Unsupported::Missing("gates"));
    }
    if cs.permutation().get_columns().is_empty() {
        return Err(Unsupported::Missing("permutation argument"));
    }
    refuse_clamped_degrees(key)
}

/// The quotient of a constraint of degree d takes d - 1 pieces, and halo2's degree may be clamped by its environment.
fn refuse_clamped_degrees(key: &VerifyingKey<G1Affine>) -> Result<(), Unsupported> {
    let cs = key.cs();
    let limit = key.get_domain().get_quotient_poly_degree() + 1;
    let gates = cs.gates().iter().flat_map(|gate| {
        let degrees = gate.polynomials().iter().map(Expression::degree);
        degrees.map(|degree| (format!("the gate \"{}\"", gate.name()), degree))
    });
    let lookups = cs.lookups().iter().map(|lookup| {
        let degree = |list: &[Expression<Fr>]| list.iter().map(Expression::degree).max().unwrap_or(1).max(1);
        let degree = 2 + degree(lookup.input_expressions()) + degree(lookup.table_expressions());
        (format!("the lookup \"{}\"", lookup.name()), degree.max(4))
    });
    let own = [
        ("the circuit".to_string(), cs.degree()),
        ("the permutation".to_string(), 3),
    ];
    match gates.chain(lookups).chain(own).find(|&(_, degree)| degree > limit) {
        Some((what, degree)) => Err(Unsupported::Degree { what, degree, limit }),
        None => Ok(()),
    }
}

fn refuse_collisions(sets: &[RotationSet], k: u32) -> Result<(), Unsupported> {
    let rotations: BTreeSet<i32> = sets.iter().flat_map(|set| set.rotations.iter().copied()).collect();
    let n = 1i64 << k;
    let mut seen: Vec<(i64, i32)> = vec![];
    for rotation in rotations {
        let row = i64::from(rotation).rem_euclid(n);
        if let Some(&(_, first)) = seen.iter().find(|&&(other, _)| other == row) {
            return Err(Unsupported::Collision {
                first,
                second: rotation,
                k,
            });
        }
        seen.push((row, rotation));
    }
    Ok(())
}

fn segments(key: &VerifyingKey<G1Affine>) -> Vec<Segment> {
    let cs = key.cs();
    let (sets, lookups) = (permutation_sets(cs), cs.lookups().len());
    let points = |names: Vec<String>, challenges: &[&'static str]| Segment {
        points: names,
        scalars: vec![],
        challenges: challenges.to_vec(),
    };
    let advice = (0..cs.num_advice_columns()).map(|i| format!("ADVICE_{i}"));
    let permuted = (0..lookups).flat_map(|i| [format!("LOOKUP_INPUT_{i}"), format!("LOOKUP_TABLE_{i}")]);
    let products = (0..sets).map(|i| format!("PERMUTATION_{i}"));
    let products = products
        .chain((0..lookups).map(|i| format!("LOOKUP_{i}")))
        .chain(["RANDOM".to_string()]);
    let pieces = (0..key.get_domain().get_quotient_poly_degree()).map(|i| format!("QUOTIENT_{i}"));
    vec![
        points(advice.collect(), &["THETA"]),
        points(permuted.collect(), &["BETA", "GAMMA"]),
        points(products.collect(), &["Y"]),
        points(pieces.collect(), &["X"]),
        Segment {
            points: vec![],
            scalars: evaluations(cs),
            challenges: vec!["MU", "NU"],
        },
        points(vec!["W".to_string()], &["U"]),
        points(vec!["W_PRIME".to_string()], &[]),
    ]
}

/// Names of evaluations, in the order of the proof.
fn evaluations(cs: &ConstraintSystem<Fr>) -> Vec<String> {
    let sets = permutation_sets(cs);
    let advice = cs
        .advice_queries()
        .iter()
        .map(|(column, rotation)| advice(column.index(), rotation.0));
    let fixed_ones = cs
        .fixed_queries()
        .iter()
        .map(|(column, rotation)| fixed(column.index(), rotation.0));
    let sigmas = (0..cs.permutation().get_columns().len()).map(|i| format!("EVAL_SIGMA_{i}"));
    let products = (0..sets).flat_map(|i| {
        let mut names = vec![format!("EVAL_PERMUTATION_{i}"), format!("EVAL_PERMUTATION_{i}_NEXT")];
        if i + 1 < sets {
            names.push(format!("EVAL_PERMUTATION_{i}_LAST"));
        }
        names
    });
    let lookups = (0..cs.lookups().len()).flat_map(|i| {
        [
            format!("EVAL_LOOKUP_{i}"),
            format!("EVAL_LOOKUP_{i}_NEXT"),
            format!("EVAL_LOOKUP_INPUT_{i}"),
            format!("EVAL_LOOKUP_INPUT_{i}_BEFORE"),
            format!("EVAL_LOOKUP_TABLE_{i}"),
        ]
    });
    let random = ["EVAL_RANDOM".to_string()];
    advice
        .chain(fixed_ones)
        .chain(random)
        .chain(sigmas)
        .chain(products)
        .chain(lookups)
        .collect()
}

pub(super) fn advice(column: usize, rotation: i32) -> String {
    format!("EVAL_ADVICE_{column}{}", at(rotation))
}

pub(super) fn fixed(column: usize, rotation: i32) -> String {
    format!("EVAL_FIXED_{column}{}", at(rotation))
}

/// Every opening, in halo2's order.
fn queries(key: &VerifyingKey<G1Affine>) -> Vec<Query> {
    let cs = key.cs();
    let (sets, last) = (permutation_sets(cs), -(cs.blinding_factors() as i32 + 1));
    let proof = |name: String| Commitment::Proof(name);
    let mut queries: Vec<Query> = vec![];
    for (column, rotation) in cs.advice_queries() {
        let name = advice(column.index(), rotation.0);
        queries.push((proof(format!("ADVICE_{}", column.index())), rotation.0, name));
    }
    for i in 0..sets {
        let commitment = proof(format!("PERMUTATION_{i}"));
        queries.push((commitment.clone(), 0, format!("EVAL_PERMUTATION_{i}")));
        queries.push((commitment, 1, format!("EVAL_PERMUTATION_{i}_NEXT")));
    }
    for i in (0..sets - 1).rev() {
        queries.push((
            proof(format!("PERMUTATION_{i}")),
            last,
            format!("EVAL_PERMUTATION_{i}_LAST"),
        ));
    }
    for i in 0..cs.lookups().len() {
        let (product, input) = (proof(format!("LOOKUP_{i}")), proof(format!("LOOKUP_INPUT_{i}")));
        queries.push((product.clone(), 0, format!("EVAL_LOOKUP_{i}")));
        queries.push((input.clone(), 0, format!("EVAL_LOOKUP_INPUT_{i}")));
        queries.push((proof(format!("LOOKUP_TABLE_{i}")), 0, format!("EVAL_LOOKUP_TABLE_{i}")));
        queries.push((input, -1, format!("EVAL_LOOKUP_INPUT_{i}_BEFORE")));
        queries.push((product, 1, format!("EVAL_LOOKUP_{i}_NEXT")));
    }
    for (column, rotation) in cs.fixed_queries() {
        let commitment = key.fixed_commitments()[column.index()];
        let commitment = Commitment::Key(format!("FIXED_{}", column.index()), commitment);
        queries.push((commitment, rotation.0, fixed(column.index(), rotation.0)));
    }
    for (i, &sigma) in key.permutation().commitments().iter().enumerate() {
        queries.push((
            Commitment::Key(format!("SIGMA_{i}"), sigma),
            0,
            format!("EVAL_SIGMA_{i}"),
        ));
    }
    let pieces = key.get_domain().get_quotient_poly_degree();
    let pieces = (0..pieces).map(|i| format!("QUOTIENT_{i}")).collect();
    queries.push((Commitment::Quotient(pieces), 0, "EVAL_QUOTIENT".to_string()));
    queries.push((proof("RANDOM".to_string()), 0, "EVAL_RANDOM".to_string()));
    queries
}

/// Groups commitments by the points they are opened at, both in the order of first appearance.
fn rotation_sets(queries: &[Query]) -> Vec<RotationSet> {
    let mut commitments: Vec<(&Commitment, Vec<(i32, &String)>)> = vec![];
    for (commitment, rotation, name) in queries {
        match commitments.iter_mut().find(|(known, _)| same(known, commitment)) {
            Some((_, openings)) => openings.push((*rotation, name)),
            None => commitments.push((commitment, vec![(*rotation, name)])),
        }
    }
    let mut sets: Vec<RotationSet> = vec![];
    for (commitment, mut openings) in commitments {
        openings.sort_unstable();
        let rotations: Vec<i32> = openings.iter().map(|&(rotation, _)| rotation).collect();
        let names = openings.iter().map(|(_, name)| (*name).clone()).collect();
        match sets.iter_mut().find(|set| set.rotations == rotations) {
            Some(set) => set.commitments.push((commitment.clone(), names)),
            None => sets.push(RotationSet {
                rotations,
                commitments: vec![(commitment.clone(), names)],
            }),
        }
    }
    sets
}

/// halo2 tells commitments apart by where they are, not by what they are.
fn same(a: &Commitment, b: &Commitment) -> bool {
    match (a, b) {
        (Commitment::Proof(a), Commitment::Proof(b)) | (Commitment::Key(a, _), Commitment::Key(b, _)) => a == b,
        (Commitment::Quotient(_), Commitment::Quotient(_)) => true,
        _ => false,
    }
}
