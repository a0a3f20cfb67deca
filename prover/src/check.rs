// SPDX-License-Identifier: MIT OR Apache-2.0
//! Constraints tested without a proof (CIR-23): the whole matrix of a witness, with any value overridden.
//!
//! plonky2 has no mock prover. [`Checker::trace`] runs a circuit's generators as the prover does, except that values
//! named by the caller are lies that stay, and whatever depends on them follows. [`Checker::violations`] then evaluates
//! the gate of every row. Connected wires hold one value by construction, which is what the permutation argument
//! enforces on a prover; so a lie is always a lie on a whole class of connected wires.
//!
//! A lie that leaves no violation and changes a public input is a soundness bug.

use crate::config::{D, F};
use plonky2::field::types::{Field, PrimeField64};
use plonky2::gates::gate::GateRef;
use plonky2::hash::hash_types::HashOut;
use plonky2::iop::generator::{GeneratedValues, WitnessGeneratorRef};
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, PartitionWitness, Witness};
use plonky2::plonk::circuit_data::CircuitData;
use plonky2::plonk::config::{GenericConfig, Hasher};
use plonky2::plonk::vars::EvaluationVarsBaseBatch;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What plonky2 1.1.0 writes into the selector columns of groups that a row's gate is not in (gates/selectors.rs).
const UNUSED_SELECTOR: u64 = u32::MAX as u64;

/// A constraint that a witness breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The row.
    pub row: usize,
    /// Name of the row's gate.
    pub gate: String,
    /// Position among the gate's constraints.
    pub constraint: usize,
}

/// A class of connected wires that no constraint fixes, given all the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loose {
    /// Row of one wire of the class.
    pub row: usize,
    /// Column of that wire.
    pub column: usize,
    /// Name of the row's gate.
    pub gate: String,
    /// Wires of gates in the class. A single wire of a stock gate that does several operations a row is an operation
    /// nobody uses.
    pub uses: usize,
}

/// Why the honest witness of a circuit could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// Two sources give the same wire different values.
    #[error("{target} is given the values {first} and {second}")]
    Conflict {
        /// The wire or virtual target.
        target: String,
        /// The value that was there.
        first: u64,
        /// The value that came later.
        second: u64,
    },
    /// Inputs are missing: generators wait for values that never come.
    #[error("{0} generators were not run: an input is missing")]
    Unfinished(usize),
}

/// The values of all wires of a circuit.
#[derive(Clone, Debug)]
pub struct Trace<'c> {
    witness: PartitionWitness<'c, F>,
    conflicts: Vec<TraceError>,
}

impl Trace<'_> {
    /// Value of a target; zero where nothing sets it, as in a proof.
    pub fn get(&self, target: Target) -> F {
        self.witness.try_get_target(target).unwrap_or(F::ZERO)
    }

    /// Replaces the value of a target, and of all that is connected to it, after the fact: nothing follows.
    pub fn lie(&mut self, target: Target, value: F) {
        let class = class_of(&self.witness, target);
        self.witness.values[class] = Some(value);
    }

    /// The class of connected targets that a target is in.
    pub(crate) fn class_of(&self, target: Target) -> usize {
        class_of(&self.witness, target)
    }

    /// The witness as generators read it.
    pub(crate) const fn witness(&self) -> &PartitionWitness<'_, F> {
        &self.witness
    }

    /// The first contradiction met while generators ran; an honest witness has none.
    pub fn conflict(&self) -> Option<&TraceError> {
        self.conflicts.first()
    }
}

/// Evaluates the constraints of one circuit on witnesses.
#[derive(Debug)]
pub struct Checker<'c, K: GenericConfig<D, F = F>> {
    circuit: &'c CircuitData<F, K, D>,
    /// Constants by column, then row.
    constants: Vec<Vec<F>>,
    /// Rows of each gate, in the order of the circuit's gates.
    rows: Vec<Vec<usize>>,
}

impl<'c, K: GenericConfig<D, F = F>> Checker<'c, K> {
    /// Reads the constants back from the circuit's commitment.
    pub fn new(circuit: &'c CircuitData<F, K, D>) -> Self {
        let common = &circuit.common;
        let polynomials = &circuit.prover_only.constants_sigmas_commitment.polynomials;
        let constants: Vec<Vec<F>> = polynomials[..common.num_constants]
            .iter()
            .map(|p| p.clone().fft().values)
            .collect();
        let mut rows = vec![Vec::new(); common.gates.len()];
        for row in 0..common.degree() {
            // A row holds the number of its gate in the selector column of the gate's group, UNUSED in all others.
            let gate = constants[..common.selectors_info.num_selectors()]
                .iter()
                .map(|column| column[row].to_canonical_u64())
                .find(|&selector| selector != UNUSED_SELECTOR)
                .expect("every row has a gate");
            rows[usize::try_from(gate).expect("few gates")].push(row);
        }
        Self {
            circuit,
            constants,
            rows,
        }
    }

    /// The honest witness.
    ///
    /// # Errors
    ///
    /// If the inputs contradict a constraint that generators meet, or leave a value open.
    pub fn honest(&self, inputs: PartialWitness<F>) -> Result<Trace<'c>, TraceError> {
        let trace = self.trace(inputs, &[])?;
        match trace.conflicts.first() {
            Some(conflict) => Err(conflict.clone()),
            None => Ok(trace),
        }
    }

    /// The witness a prover computes who tells `lies`: those targets keep the given values whatever generators say,
    /// and everything computed from them follows. Where a generator contradicts an earlier value, the earlier stays.
    ///
    /// # Errors
    ///
    /// If inputs are missing.
    pub fn trace(&self, inputs: PartialWitness<F>, lies: &[(Target, F)]) -> Result<Trace<'c>, TraceError> {
        let CircuitData {
            prover_only: prover,
            common,
            ..
        } = self.circuit;
        let witness = PartitionWitness::new(common.config.num_wires, common.degree(), &prover.representative_map);
        let mut run = Run {
            lied: lies.iter().map(|&(target, _)| class_of(&witness, target)).collect(),
            trace: Trace {
                witness,
                conflicts: Vec::new(),
            },
            stuck: lies.is_empty(),
        };
        for &(target, value) in lies {
            run.trace.lie(target, value);
        }
        for (target, value) in inputs.target_values {
            run.set(target, value);
        }

        let generators = &prover.generators;
        let mut finished = vec![false; generators.len()];
        let mut pending: Vec<usize> = (0..generators.len()).collect();
        while !pending.is_empty() {
            let mut next = Vec::new();
            for index in pending {
                if finished[index] {
                    continue;
                }
                let mut values = GeneratedValues::empty();
                finished[index] = run.attempt(|witness| generators[index].0.run(witness, &mut values));
                for (target, value) in values.target_values {
                    let watchers = run
                        .set(target, value)
                        .and_then(|class| prover.generator_indices_by_watches.get(&class));
                    next.extend(watchers.into_iter().flatten().filter(|&&watcher| !finished[watcher]));
                }
            }
            pending = next;
        }
        match finished.iter().filter(|done| !**done).count() {
            0 => Ok(run.trace),
            // After a lie, what could not be computed stays zero.
            _ if !lies.is_empty() => Ok(run.trace),
            open => Err(TraceError::Unfinished(open)),
        }
    }

    /// The public inputs that a trace claims.
    pub fn public_inputs(&self, trace: &Trace<'_>) -> Vec<F> {
        let targets = &self.circuit.prover_only.public_inputs;
        targets.iter().map(|&target| trace.get(target)).collect()
    }

    /// Their hash, which the constraints know.
    pub(crate) fn public_inputs_hash(&self, trace: &Trace<'_>) -> HashOut<F> {
        <K::InnerHasher as Hasher<F>>::hash_no_pad(&self.public_inputs(trace))
    }

    /// Every gate of the circuit and its rows.
    pub(crate) fn gates(&self) -> impl Iterator<Item = (&GateRef<F, D>, &[usize])> {
        self.circuit
            .common
            .gates
            .iter()
            .zip(self.rows.iter().map(Vec::as_slice))
    }

    /// The circuit's generators.
    pub(crate) fn generators(&self) -> &[WitnessGeneratorRef<F, D>] {
        &self.circuit.prover_only.generators
    }

    /// The constants of a row, without selectors.
    pub(crate) fn constants_of(&self, row: usize) -> Vec<F> {
        self.gate_constants().iter().map(|column| column[row]).collect()
    }

    /// Constants by column, then row, without selectors.
    fn gate_constants(&self) -> &[Vec<F>] {
        let common = &self.circuit.common;
        &self.constants[common.selectors_info.num_selectors() + common.num_lookup_selectors..]
    }

    /// Every constraint that the trace breaks, row by row of each gate.
    pub fn violations(&self, trace: &Trace<'_>) -> Vec<Violation> {
        let hash = self.public_inputs_hash(trace);
        (0..self.rows.len())
            .filter(|&gate| !self.rows[gate].is_empty())
            .flat_map(|gate| self.gate_violations(gate, trace, &hash))
            .collect()
    }

    /// Whether the trace satisfies the circuit.
    pub fn accepts(&self, trace: &Trace<'_>) -> bool {
        self.violations(trace).is_empty()
    }

    /// Wires that can be changed alone without breaking a constraint, one of each class of connected wires: whatever is
    /// not harmless among them is a value the prover chooses freely. `difference` is what is added to each value.
    pub fn loose(&self, trace: &Trace<'_>, difference: F) -> Vec<Loose> {
        let common = &self.circuit.common;
        let hash = self.public_inputs_hash(trace);
        let mut uses: HashMap<usize, Vec<(usize, usize, usize)>> = HashMap::new();
        for (gate, rows) in self.rows.iter().enumerate() {
            let columns = common.gates[gate].0.num_wires();
            for (&row, column) in rows
                .iter()
                .flat_map(|row| (0..columns).map(move |column| (row, column)))
            {
                let class = class_of(&trace.witness, Target::wire(row, column));
                uses.entry(class).or_default().push((gate, row, column));
            }
        }
        let mut changed = trace.clone();
        let mut loose = Vec::new();
        for (class, uses) in uses {
            let value = trace.witness.values[class];
            changed.witness.values[class] = Some(value.unwrap_or(F::ZERO) + difference);
            let mut rows: Vec<_> = uses.iter().map(|&(gate, row, _)| (gate, row)).collect();
            rows.dedup();
            let holds =
                |&(gate, row): &(usize, usize)| self.evaluate(gate, &[row], &changed, &hash).iter().all(F::is_zero);
            if rows.iter().all(holds) {
                let (gate, row, column) = uses[0];
                loose.push(Loose {
                    row,
                    column,
                    gate: common.gates[gate].0.id(),
                    uses: uses.len(),
                });
            }
            changed.witness.values[class] = value;
        }
        loose.sort_by_key(|wire| (wire.row, wire.column));
        loose
    }

    fn gate_violations(&self, gate: usize, trace: &Trace<'_>, hash: &HashOut<F>) -> Vec<Violation> {
        let rows = &self.rows[gate];
        self.evaluate(gate, rows, trace, hash)
            .into_iter()
            .enumerate()
            .filter(|(_, value)| *value != F::ZERO)
            .map(|(position, _)| Violation {
                row: rows[position % rows.len()],
                gate: self.circuit.common.gates[gate].0.id(),
                constraint: position / rows.len(),
            })
            .collect()
    }

    /// The constraints of a gate on `rows`: all rows of the first constraint, then of the second...
    fn evaluate(&self, gate: usize, rows: &[usize], trace: &Trace<'_>, hash: &HashOut<F>) -> Vec<F> {
        let common = &self.circuit.common;
        let gate = &common.gates[gate].0;
        let constants: Vec<F> = self
            .gate_constants()
            .iter()
            .flat_map(|column| rows.iter().map(|&row| column[row]))
            .collect();
        let wires: Vec<F> = (0..common.config.num_wires)
            .flat_map(|column| rows.iter().map(move |&row| trace.get(Target::wire(row, column))))
            .collect();
        gate.eval_unfiltered_base_batch(EvaluationVarsBaseBatch::new(rows.len(), &constants, &wires, hash))
    }
}

fn class_of(witness: &PartitionWitness<'_, F>, target: Target) -> usize {
    witness.representative_map[target.index(witness.num_wires, witness.degree)]
}

/// Generators at work.
struct Run<'c> {
    trace: Trace<'c>,
    lied: HashSet<usize>,
    /// Whether a generator that panics takes the test down with it.
    stuck: bool,
}

impl Run<'_> {
    /// Sets a value that is not lied about; the class, if its value is new.
    fn set(&mut self, target: Target, value: F) -> Option<usize> {
        let class = class_of(&self.trace.witness, target);
        if self.lied.contains(&class) {
            return None;
        }
        match self.trace.witness.values[class] {
            None => {
                self.trace.witness.values[class] = Some(value);
                Some(class)
            }
            Some(first) => {
                if first != value {
                    self.trace.conflicts.push(TraceError::Conflict {
                        target: format!("{target:?}"),
                        first: first.to_canonical_u64(),
                        second: value.to_canonical_u64(),
                    });
                }
                None
            }
        }
    }

    /// Runs a generator. Stock generators panic on values that no honest prover has; after a lie they are left out.
    fn attempt(&self, run: impl FnOnce(&PartitionWitness<'_, F>) -> bool) -> bool {
        if self.stuck {
            return run(&self.trace.witness);
        }
        catch_unwind(AssertUnwindSafe(|| run(&self.trace.witness))).unwrap_or(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Builder, C, Circuit};
    use plonky2::hash::poseidon::PoseidonHash;
    use plonky2::iop::witness::WitnessWrite;
    use plonky2::plonk::circuit_data::CircuitConfig;

    /// y = x^2 + 3 with x in 16 bits; y and a hash of it are public.
    fn example() -> (Circuit, Target, Target) {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let x = builder.add_virtual_target();
        builder.range_check(x, 16);
        let three = builder.constant(F::from_canonical_u64(3));
        let y = builder.mul_add(x, x, three);
        let hash = builder.hash_n_to_hash_no_pad::<PoseidonHash>(vec![y]);
        builder.register_public_input(y);
        builder.register_public_inputs(&hash.elements);
        (builder.build::<C>(), x, y)
    }

    fn input(x: Target, value: u64) -> PartialWitness<F> {
        let mut inputs = PartialWitness::new();
        inputs.set_target(x, F::from_canonical_u64(value)).expect("set once");
        inputs
    }

    #[test]
    fn an_honest_witness_has_no_violation_and_the_proofs_public_inputs() {
        let (circuit, x, y) = example();
        let checker = Checker::new(&circuit);
        let trace = checker.honest(input(x, 12)).expect("honest");
        assert_eq!(checker.violations(&trace), []);
        assert_eq!(trace.get(y), F::from_canonical_u64(147));
        let proof = circuit.prove(input(x, 12)).expect("a proof");
        assert_eq!(checker.public_inputs(&trace), proof.public_inputs);
    }

    #[test]
    fn a_lie_is_found_wherever_it_is_told() {
        let (circuit, x, y) = example();
        let checker = Checker::new(&circuit);
        let lie = [(y, F::from_canonical_u64(148))];
        let followed = checker.trace(input(x, 12), &lie).expect("complete");
        let found = checker.violations(&followed);
        assert!(
            !found.is_empty() && found.iter().all(|v| v.gate.starts_with("Arithmetic")),
            "{found:?}"
        );

        // After the fact the hash does not follow either.
        let mut trace = checker.honest(input(x, 12)).expect("honest");
        trace.lie(y, F::from_canonical_u64(148));
        assert!(
            checker
                .violations(&trace)
                .iter()
                .any(|v| v.gate.starts_with("Poseidon"))
        );
    }

    #[test]
    fn loose_wires_are_operations_that_nobody_uses() {
        let (circuit, x, _) = example();
        let checker = Checker::new(&circuit);
        let trace = checker.honest(input(x, 12)).expect("honest");
        let loose = checker.loose(&trace, F::ONE);
        assert!(!loose.is_empty());
        assert!(
            loose
                .iter()
                .all(|wire| wire.uses == 1 && wire.gate.starts_with("Arithmetic")),
            "{loose:?}"
        );

        // A square has two roots: without the range check the other one would be found by its difference.
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let free = builder.add_virtual_target();
        let square = builder.square(free);
        builder.register_public_input(square);
        let circuit = builder.build::<C>();
        let checker = Checker::new(&circuit);
        let trace = checker.honest(input(free, 12)).expect("honest");
        let loose = checker.loose(&trace, -F::from_canonical_u64(24));
        assert!(loose.iter().any(|wire| wire.uses > 1), "{loose:?}");
    }

    #[test]
    fn out_of_range_inputs_are_found() {
        let (circuit, x, _) = example();
        let checker = Checker::new(&circuit);
        let lie = [(x, F::from_canonical_u64(1 << 16))];
        let trace = checker.trace(PartialWitness::new(), &lie).expect("complete");
        assert!(!checker.accepts(&trace));
    }

    #[test]
    fn missing_inputs_and_contradictions_are_named() {
        let (circuit, x, y) = example();
        let checker = Checker::new(&circuit);
        assert!(matches!(checker.honest(PartialWitness::new()), Err(TraceError::Unfinished(n)) if n > 0));
        let mut inputs = input(x, 12);
        inputs.set_target(y, F::ONE).expect("set once");
        assert!(matches!(checker.honest(inputs), Err(TraceError::Conflict { .. })));
    }
}
