// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rows that satisfy a gate: inputs of every kind, edges among them, filled by the gate's own generators.

use super::solve::Given;
use crate::config::{D, F};
use crate::gates::sha256::{Sha256LowerRounds, Sha256Schedule, Sha256UpperRounds};
use crate::gates::word::WordSums;
use crate::gates::{ChallengeMatch, CustomGate, EcStep, Limbs};
use plonky2::field::types::{Field, Field64, PrimeField64, Sample};
use plonky2::gates::gate::GateRef;
use plonky2::hash::hash_types::HashOut;
use plonky2::iop::generator::{GeneratedValues, WitnessGeneratorRef};
use plonky2::iop::target::Target;
use plonky2::iop::witness::PartitionWitness;
use poe_rollup::ecgfp5::{AffinePoint, Point, Scalar, multiply_generator};

/// 2^32 - 1
const MAX: u64 = u32::MAX as u64;

/// Rows of which all inputs are of one kind: zeros, ones, the greatest values; random from there on.
pub(super) const EDGE_ROWS: usize = 3;

/// A satisfying row and what determines it.
#[derive(Clone, Debug)]
pub(super) struct Sampled {
    pub(super) constants: Vec<F>,
    pub(super) hash: HashOut<F>,
    /// The inputs, and what other rows of the circuit promise.
    pub(super) given: Given,
    pub(super) row: Vec<F>,
}

/// A gate for which nobody has said what its inputs may be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no inputs are known for the gate {0}: say in hunt/sample.rs what they may be")]
pub struct UnknownGate(pub String);

/// One of the values, or something random.
fn one_of(round: usize, edges: &[u64], random: impl FnOnce() -> u64) -> F {
    let value = match (edges.get(round), choose(4)) {
        (Some(&edge), _) if round < EDGE_ROWS => edge,
        (_, 0) => edges[choose(edges.len())],
        _ => random(),
    };
    F::from_canonical_u64(value)
}

fn choose(count: usize) -> usize {
    (F::rand().to_canonical_u64() % count as u64) as usize
}

fn below(bound: u64) -> u64 {
    F::rand().to_canonical_u64() % bound
}

fn any(round: usize) -> F {
    one_of(round, &[0, 1, F::ORDER - 1, MAX, MAX + 1, 2], || {
        F::rand().to_canonical_u64()
    })
}

fn less_than(round: usize, bound: u64) -> F {
    one_of(round, &[0, 1 % bound, bound - 1], || below(bound))
}

fn word(round: usize) -> F {
    less_than(round, 1 << 32)
}

fn columns_of(generator: &WitnessGeneratorRef<F, D>) -> Vec<usize> {
    let column = |target| match target {
        Target::Wire(wire) => wire.column,
        Target::VirtualTarget { .. } => unreachable!("gates own wires"),
    };
    generator.0.watch_list().into_iter().map(column).collect()
}

/// A satisfying row of a gate; `round` counts from zero, see [`EDGE_ROWS`].
pub(super) fn sample(gate: &GateRef<F, D>, round: usize) -> Result<Sampled, UnknownGate> {
    let id = gate.0.id();
    let constants: Vec<F> = (0..gate.0.num_constants())
        .map(|_| {
            if id == Sha256LowerRounds::ID {
                word(round)
            } else {
                any(round.max(1))
            }
        })
        .collect();
    let hash = HashOut::rand();
    let generators = gate.0.generators(0, &constants);
    let mut values = Vec::new();
    for generator in &generators {
        let columns = columns_of(generator);
        let filled = inputs(gate, &columns, round).ok_or_else(|| UnknownGate(id.clone()))?;
        values.extend(columns.into_iter().zip(filled));
    }
    if id == "PublicInputGate" || id == "NoopGate" || id.starts_with("ConstantGate") {
        debug_assert!(generators.is_empty());
    } else if generators.is_empty() {
        return Err(UnknownGate(id));
    }
    let row = fill(gate, &generators, &values, &constants, &hash);
    let mut below = Vec::new();
    match id.as_str() {
        EcStep::ID => {
            // Ten rows end in zero (`gadgets::curve`), so that what is left after each of them is determined.
            values.extend(EcStep::REMAINDERS_OUT.map(|column| (column, row[column])));
        }
        // Words by rows that follow, or by range checks (`gadgets::sha256`).
        Sha256LowerRounds::ID => below.push((Sha256LowerRounds::NEW[1], 1 << 32)),
        Sha256UpperRounds::ID => below.push((Sha256UpperRounds::NEW[1], 1 << 32)),
        Sha256Schedule::ID => below.extend(Sha256Schedule::NEW.map(|column| (column, 1 << 32))),
        // Bit by bit by the rows of `EcStep`.
        Limbs::ID => below.extend(Limbs::LOW.map(|column| (column, 1 << 30))),
        _ => {}
    }
    Ok(Sampled {
        constants,
        hash,
        given: Given { values, below },
        row,
    })
}

/// Inputs that one generator of a gate waits for.
fn inputs(gate: &GateRef<F, D>, columns: &[usize], round: usize) -> Option<Vec<F>> {
    let id = gate.0.id();
    let all = |value: &dyn Fn() -> F| columns.iter().map(|_| value()).collect::<Vec<F>>();
    let name: String = id.chars().take_while(|c| c.is_alphanumeric()).collect();
    Some(match id.as_str() {
        EcStep::ID => ec_step(round),
        ChallengeMatch::ID => challenge_match(round),
        Limbs::ID | WordSums::ID | Sha256LowerRounds::ID | Sha256Schedule::ID => all(&|| word(round)),
        // t1 is not reduced: five words.
        Sha256UpperRounds::ID => columns
            .iter()
            .map(|column| less_than(round, if *column < 3 { 1 << 32 } else { 5 * MAX }))
            .collect(),
        _ => match name.as_str() {
            "ArithmeticGate"
            | "ArithmeticExtensionGate"
            | "MulExtensionGate"
            | "PoseidonMdsGate"
            | "ReducingGate"
            | "ReducingExtensionGate" => all(&|| any(round)),
            "PoseidonGate" => {
                let mut state = all(&|| any(round));
                *state.last_mut()? = less_than(round, 2);
                state
            }
            "BaseSumGate" => vec![less_than(round, 1 << (gate.0.num_wires() - 1).min(63))],
            "RandomAccessGate" => {
                let mut list = all(&|| any(round));
                list[0] = less_than(round, columns.len() as u64 - 1);
                list
            }
            "ExponentiationGate" => {
                let mut powers = all(&|| less_than(round, 2));
                powers[0] = any(round);
                powers
            }
            "CosetInterpolationGate" => {
                let mut values = all(&|| any(round));
                // The shift of a coset is a power of a generator.
                values[0] = any(round.max(1));
                if values[0].is_zero() {
                    values[0] = F::ONE;
                }
                values
            }
            _ => return None,
        },
    })
}

/// A point of the group, the neutral element among them.
fn point(which: usize) -> AffinePoint {
    match which {
        0 => AffinePoint::NEUTRAL,
        1 => AffinePoint::GENERATOR,
        _ => {
            let mut bytes = [0; 64];
            bytes.fill_with(|| F::rand().to_canonical_u64() as u8);
            multiply_generator(&Scalar::from_wide(&bytes)).to_affine()
        }
    }
}

fn ec_step(round: usize) -> Vec<F> {
    let start = point(choose(4) + 2 * usize::from(round > EDGE_ROWS));
    let key = match choose(8) {
        0 => start,
        1 => -start,
        // So that the last addition of a step may be a doubling, or give the neutral element.
        2 => Point::from(start).double().to_affine(),
        which => point(which - 3),
    };
    let coefficients = |point: AffinePoint| {
        let (x, u): ([u64; 5], [u64; 5]) = (point.x.into(), point.u.into());
        [x, u]
            .concat()
            .into_iter()
            .map(F::from_canonical_u64)
            .collect::<Vec<_>>()
    };
    let remainders = (0..4).map(|_| less_than(round, 1 << 30)).collect();
    [coefficients(start), coefficients(key), remainders].concat()
}

/// Two elements of the hash, four words of the challenge and whether they are in range.
fn challenge_match(round: usize) -> Vec<F> {
    let top = MAX << 32;
    let hash = [(); 2].map(|()| {
        let edges = [0, F::ORDER - 1, 5, MAX - 1, MAX, top - 1, top, (1 << 60) - 1];
        one_of(round, &edges, || F::rand().to_canonical_u64()).to_canonical_u64()
    });
    let mut values: Vec<F> = hash.into_iter().map(F::from_canonical_u64).collect();
    for hash in hash {
        let (low, high) = match choose(3) {
            0 => (below(1 << 32), below(1 << 32)),
            _ => (hash % (1 << 30), (hash >> 30) % (1 << 30)),
        };
        values.extend([low, high].map(F::from_canonical_u64));
    }
    values.push(F::from_bool(choose(4) > 0));
    values
}

/// Runs the generators of one row.
fn fill(
    gate: &GateRef<F, D>,
    generators: &[WitnessGeneratorRef<F, D>],
    inputs: &[(usize, F)],
    constants: &[F],
    hash: &HashOut<F>,
) -> Vec<F> {
    let wires = gate.0.num_wires();
    let own: Vec<usize> = (0..wires).collect();
    let mut witness = PartitionWitness::new(wires, 1, &own);
    for &(column, value) in inputs {
        witness.values[column] = Some(value);
    }
    for (constant, column) in gate.0.extra_constant_wires() {
        witness.values[column] = Some(constants[constant]);
    }
    if gate.0.id() == "PublicInputGate" {
        for (value, element) in witness.values.iter_mut().zip(hash.elements) {
            *value = Some(element);
        }
    }
    for generator in generators {
        let mut made = GeneratedValues::empty();
        assert!(generator.0.run(&witness, &mut made), "inputs are there");
        for (target, value) in made.target_values {
            witness.values[target.index(wires, 1)] = Some(value);
        }
    }
    witness.values.into_iter().map(Option::unwrap_or_default).collect()
}
