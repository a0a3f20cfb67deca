// SPDX-License-Identifier: MIT OR Apache-2.0
//! The identity of a circuit (CIR-20).
//!
//! plonky2's own `circuit_digest` covers the wiring and the constants, but not what the gates constrain: a coefficient
//! flipped inside a gate leaves it as it was. A [`lock_entry`] therefore also hashes what every gate evaluates to at
//! fixed points, in each of the ways the proof system evaluates it, and the checksums of the crates that decide the rest.
//! The entries of all circuits are committed in `prover/circuits.json`; a change of them is a new version of the
//! protocol's circuits, made by an explicit command and never by accident.

use crate::check::Checker;
use crate::config::{Builder, C, D, Extension, F};
use plonky2::field::extension::FieldExtension;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::gates::gate::GateRef;
use plonky2::hash::hash_types::{HashOut, HashOutTarget};
use plonky2::iop::ext_target::ExtensionTarget;
use plonky2::iop::witness::PartialWitness;
use plonky2::plonk::circuit_data::{CircuitConfig, CircuitData};
use plonky2::plonk::config::{GenericConfig, GenericHashOut};
use plonky2::plonk::vars::{EvaluationTargets, EvaluationVars, EvaluationVarsBaseBatch};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Fixed points each gate is evaluated at.
const POINTS: usize = 3;

/// Crates whose code decides what a proof means; their checksums are part of every entry.
const PINNED_CRATES: [&str; 4] = ["plonky2", "plonky2_field", "plonky2_maybe_rayon", "plonky2_util"];

/// What identifies a circuit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockEntry {
    /// Name of the circuit, with its capacities.
    pub circuit: String,
    /// SHA-256, in hexadecimal.
    pub digest: String,
    /// log2 of the rows.
    pub degree_bits: usize,
    /// Number of public inputs.
    pub public_inputs: usize,
}

/// The entry of a circuit; `layout` describes its public inputs in order, name and number of elements.
pub fn lock_entry<K: GenericConfig<D, F = F>>(
    name: &str,
    circuit: &CircuitData<F, K, D>,
    layout: &[(&str, usize)],
) -> LockEntry {
    let common = &circuit.common;
    let mut hash = Fields(Sha256::new());
    hash.text("PoE/circuit/1");
    hash.text(name);

    for part in [
        serde_json::to_string(&common.config),
        serde_json::to_string(&common.fri_params),
        serde_json::to_string(&common.selectors_info),
    ] {
        hash.text(&part.expect("plain data"));
    }
    for number in [
        common.quotient_degree_factor,
        common.num_gate_constraints,
        common.num_constants,
        common.num_public_inputs,
        common.num_partial_products,
        common.num_lookup_polys,
        common.num_lookup_selectors,
        common.luts.len(),
        common.gates.len(),
    ] {
        hash.number(number as u64);
    }
    hash.elements(&common.k_is);
    for gate in &common.gates {
        hash.text(&gate.0.id());
        hash_gate(&mut hash, gate);
    }

    let verifier = &circuit.verifier_only;
    hash.bytes(&verifier.circuit_digest.to_bytes());
    for node in &verifier.constants_sigmas_cap.0 {
        hash.bytes(&node.to_bytes());
    }
    for (part, elements) in layout {
        hash.text(part);
        hash.number(*elements as u64);
    }
    for name in PINNED_CRATES {
        hash.text(name);
        hash.text(checksum_of(name));
    }
    LockEntry {
        circuit: name.to_owned(),
        digest: hash.finish(),
        degree_bits: common.degree_bits(),
        public_inputs: common.num_public_inputs,
    }
}

/// The checksums of the crates that decide what a proof means.
pub(crate) fn crate_checksums() -> String {
    PINNED_CRATES.map(checksum_of).concat()
}

/// The checksum of a crate in the workspace's lock file.
fn checksum_of(name: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let header = format!("name = \"{name}\"\n");
    let package = lock.split("[[package]]\n").find(|package| package.starts_with(&header));
    package
        .and_then(|package| package.lines().find_map(|line| line.strip_prefix("checksum = ")))
        .unwrap_or_else(|| panic!("Cargo.lock has no checksum of {name}"))
}

/// A hash of fields, each with its length, so that no two sequences of fields hash alike.
struct Fields(Sha256);

impl Fields {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    fn elements(&mut self, elements: &[F]) {
        self.number(elements.len() as u64);
        for element in elements {
            self.0.update(element.to_canonical_u64().to_be_bytes());
        }
    }

    fn extensions(&mut self, elements: &[Extension]) {
        let flat: Vec<F> = elements
            .iter()
            .flat_map(FieldExtension::<D>::to_basefield_array)
            .collect();
        self.elements(&flat);
    }

    fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Elements that depend on a label only.
struct Points {
    label: &'static str,
    drawn: u64,
}

impl Points {
    fn element(&mut self) -> F {
        let mut hash = Sha256::new();
        hash.update(self.label);
        hash.update(self.drawn.to_be_bytes());
        self.drawn += 1;
        let digest: [u8; 32] = hash.finalize().into();
        F::from_noncanonical_u64(u64::from_be_bytes(core::array::from_fn(|i| digest[i])))
    }

    fn elements(&mut self, count: usize) -> Vec<F> {
        (0..count).map(|_| self.element()).collect()
    }

    fn extensions(&mut self, count: usize) -> Vec<Extension> {
        (0..count)
            .map(|_| Extension::from_basefield_array([self.element(), self.element()]))
            .collect()
    }
}

/// Hashes what `gate` evaluates to: in the extension, in the base field as the prover does it, and in a circuit.
fn hash_gate(hash: &mut Fields, reference: &GateRef<F, D>) {
    let gate = &reference.0;
    let (constants, wires) = (gate.num_constants(), gate.num_wires());
    hash.number(gate.degree() as u64);
    hash.number(gate.num_constraints() as u64);

    let mut points = Points {
        label: "PoE/gate points/1",
        drawn: 0,
    };
    let public_inputs_hash = HashOut::from_partial(&points.elements(4));
    for _ in 0..POINTS {
        let (constants, wires) = (points.extensions(constants), points.extensions(wires));
        let native = gate.eval_unfiltered(EvaluationVars {
            local_constants: &constants,
            local_wires: &wires,
            public_inputs_hash: &public_inputs_hash,
        });
        hash.extensions(&native);
        hash.extensions(&evaluate_in_circuit(reference, &constants, &wires, &public_inputs_hash));
    }
    // Column by column, as the prover holds them.
    let (constants, wires) = (points.elements(POINTS * constants), points.elements(POINTS * wires));
    let batch = EvaluationVarsBaseBatch::new(POINTS, &constants, &wires, &public_inputs_hash);
    hash.elements(&gate.eval_unfiltered_base_batch(batch));
}

/// Evaluates the gate as a verifier circuit would, and reads the result from the circuit's witness.
fn evaluate_in_circuit(
    gate: &GateRef<F, D>,
    constants: &[Extension],
    wires: &[Extension],
    public_inputs_hash: &HashOut<F>,
) -> Vec<Extension> {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let mut targets = |values: &[Extension]| -> Vec<ExtensionTarget<D>> {
        values.iter().map(|&value| builder.constant_extension(value)).collect()
    };
    let (constants, wires) = (targets(constants), targets(wires));
    let public_inputs_hash: HashOutTarget = builder.constant_hash(*public_inputs_hash);
    let evaluated = gate.0.eval_unfiltered_circuit(
        &mut builder,
        EvaluationTargets {
            local_constants: &constants,
            local_wires: &wires,
            public_inputs_hash: &public_inputs_hash,
        },
    );
    let circuit = builder.build::<C>();
    let checker = Checker::new(&circuit);
    let trace = checker.honest(PartialWitness::new()).expect("constants only");
    evaluated
        .iter()
        .map(|target| Extension::from_basefield_array(target.to_target_array().map(|limb| trace.get(limb))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::{Algebra, Custom, CustomGate, Row};
    use plonky2::iop::target::Target;

    /// `y = K * x^2`
    #[derive(Clone, Debug, Default)]
    struct Scaled<const K: u64>;

    impl<const K: u64> CustomGate for Scaled<K> {
        const ID: &'static str = "Scaled";
        const WIRES: usize = 2;
        const CONSTANTS: usize = 0;
        const DEGREE: usize = 2;
        const CONSTRAINTS: usize = 1;

        fn constrain<A: Algebra>(
            algebra: &mut A,
            _constants: &[A::Element],
            wires: &[A::Element],
            emit: &mut impl FnMut(A::Element),
        ) {
            let zero = algebra.constant(0);
            let scaled = algebra.mul_add_scaled(K, wires[0], wires[0], zero);
            emit(algebra.sub(wires[1], scaled));
        }

        fn inputs() -> Vec<usize> {
            vec![0]
        }

        fn fill(row: &mut Row<'_>) -> anyhow::Result<()> {
            let x = row.get(0);
            row.set(1, F::from_canonical_u64(K) * x * x)
        }
    }

    fn circuit<const K: u64>(constant: u64) -> CircuitData<F, C, D> {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let row = Custom::<Scaled<K>>::add_row(&mut builder, vec![]);
        let input = builder.constant(F::from_canonical_u64(constant));
        builder.connect(input, Target::wire(row, 0));
        builder.register_public_input(Target::wire(row, 1));
        builder.build::<C>()
    }

    const LAYOUT: [(&str, usize); 1] = [("y", 1)];

    // REQ C9
    #[test]
    fn one_coefficient_of_a_gate_changes_the_entry_and_nothing_plonky2_looks_at() {
        let (one, other) = (circuit::<3>(5), circuit::<4>(5));
        assert_eq!(one.verifier_only.circuit_digest, other.verifier_only.circuit_digest);
        let entry = lock_entry("test", &one, &LAYOUT);
        assert_eq!(
            entry,
            lock_entry("test", &circuit::<3>(5), &LAYOUT),
            "an entry is a function"
        );
        assert_ne!(entry, lock_entry("test", &other, &LAYOUT));
    }

    // REQ C9
    #[test]
    fn names_constants_and_layouts_change_the_entry() {
        let one = circuit::<3>(5);
        let entry = lock_entry("test", &one, &LAYOUT);
        assert_ne!(entry.digest, lock_entry("test2", &one, &LAYOUT).digest);
        assert_ne!(entry.digest, lock_entry("test", &one, &[("z", 1)]).digest);
        assert_ne!(entry.digest, lock_entry("test", &circuit::<3>(6), &LAYOUT).digest);
    }

    /// The evaluation in a circuit is the gate's own: else a verifier circuit would check something else.
    // REQ C5
    #[test]
    fn evaluation_in_a_circuit_is_the_native_one() {
        let gate = GateRef::new(Custom::<Scaled<3>>::default());
        let mut points = Points {
            label: "test",
            drawn: 0,
        };
        let wires = points.extensions(2);
        let hash = HashOut::ZERO;
        let native = gate.0.eval_unfiltered(EvaluationVars {
            local_constants: &[],
            local_wires: &wires,
            public_inputs_hash: &hash,
        });
        assert_eq!(evaluate_in_circuit(&gate, &[], &wires, &hash), native);
    }

    #[test]
    fn the_pinned_crates_are_in_the_lock_file() {
        for name in PINNED_CRATES {
            assert_eq!(checksum_of(name).len(), 66, "{name}");
        }
    }
}
