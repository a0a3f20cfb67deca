// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keys at the edges of what the generator takes: blinding, rotations, degrees.

use halo2_base::halo2_proofs::arithmetic::Field;
use halo2_base::halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_base::halo2_proofs::plonk::{
    Advice, Circuit, Column, ConstraintSystem, Error, Expression, Selector, VerifyingKey, keygen_pk, keygen_vk,
};
use halo2_base::halo2_proofs::poly::Rotation;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use poe_verifier_gen::solidity::{Description, Unsupported, generate, inspect};
use poe_verifier_gen::{kzg, srs};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// log2 of the rows.
const K: u32 = 6;

/// Three columns that may be copied, one of them queried at these rotations: they add up to zero; and the power of one.
#[derive(Clone, Debug, Default)]
struct Rotated {
    rotations: Vec<i32>,
    /// Degree of the gate.
    degree: usize,
}

impl Rotated {
    fn of(rotations: impl IntoIterator<Item = i32>) -> Self {
        Self {
            rotations: rotations.into_iter().collect(),
            degree: 3,
        }
    }
}

impl Circuit<Fr> for Rotated {
    type Config = (Vec<Column<Advice>>, Selector);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Self;

    fn params(&self) -> Self {
        self.clone()
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {
        unreachable!("halo2 is built with circuit parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, Self { rotations, degree }: Self) -> Self::Config {
        let columns: Vec<_> = (0..3).map(|_| meta.advice_column()).collect();
        for &column in &columns {
            meta.enable_equality(column);
        }
        let selector = meta.selector();
        meta.create_gate("a sum of powers", |meta| {
            let on = meta.query_selector(selector);
            let terms = rotations.iter().map(|&i| {
                let value = meta.query_advice(columns[0], Rotation(i));
                (1..degree - 1).fold(value.clone(), |power, _| power * value.clone())
            });
            let sum = terms.reduce(|a, b| a + b).unwrap_or(Expression::Constant(Fr::ZERO));
            let [b, c] = [1, 2].map(|i| meta.query_advice(columns[i], Rotation::cur()));
            vec![on * (sum + b - c)]
        });
        (columns, selector)
    }

    fn synthesize(&self, (columns, selector): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "rows",
            |mut region| {
                let row = 10;
                selector.enable(&mut region, row)?;
                for i in 0..30 {
                    region.assign_advice(columns[0], i, Value::known(Fr::from(2)));
                }
                let sum = Fr::from(2).pow([self.degree as u64 - 1]) * Fr::from(self.rotations.len() as u64);
                let b = region.assign_advice(columns[1], row, Value::known(Fr::ONE)).cell();
                region.assign_advice(columns[2], row, Value::known(sum + Fr::ONE));
                let copy = region.assign_advice(columns[2], 20, Value::known(Fr::ONE)).cell();
                region.constrain_equal(b, copy);
                Ok(())
            },
        )
    }
}

fn params() -> ParamsKZG<Bn256> {
    srs::development(K, &|_| ())
}

fn key(circuit: &Rotated) -> VerifyingKey<G1Affine> {
    keygen_vk(&params(), circuit).expect("a key")
}

fn description() -> Description {
    Description {
        name: "RotatedInsecureDev".to_string(),
        circuit: None,
        interface_path: String::new(),
    }
}

/// With four, seven and eleven rotations of a column 6, 9 and 13 rows are blinded, and the last usable one is the row
/// before them: where products of the permutation end.
// REQ V26
#[test]
fn blinded_rows_follow_the_rotations() {
    for (rotations, blinded) in [(0..4, 6), (0..7, 9), (-2..9, 13)] {
        let circuit = Rotated::of(rotations.clone());
        let vk = key(&circuit);
        assert_eq!(vk.cs().blinding_factors(), blinded);
        let text = inspect(&vk, 0).expect("in the class");
        assert!(text.contains(&format!("of which {blinded} are blinded")), "{text}");
        let last = -(blinded as i32 + 1);
        assert!(text.contains(&format!("rotations [{last}, 0, 1]")), "{text}");
        let all: Vec<i32> = rotations.collect();
        assert!(text.contains(&format!("rotations {all:?}")), "{text}");
        generate(&params(), &vk, 0, &description()).expect("in the class");

        // halo2's own verifier takes the proof, so the text speaks of a circuit that works.
        let params = params();
        let pk = keygen_pk(&params, vk, &circuit).expect("keys");
        let proof = kzg::prove(&params, &pk, circuit, &[], ChaCha20Rng::seed_from_u64(1)).expect("a proof");
        kzg::verify(&params, pk.get_vk(), &[], &proof).expect("a valid proof");
    }
}

/// Rotations that are one point of the domain: of one column, of a column and the permutation's next row, of a column and
/// the permutation's last row.
// REQ V10
#[test]
fn rotations_that_collide_are_refused() {
    let n = 1 << K;
    for (rotations, first, second) in [
        (vec![0, n], 0, n),
        (vec![0, 1, -n], -n, 0),
        (vec![0, 2 - n, 2], 2 - n, 2),
        // One after all of them: the permutation looks at row 1.
        (vec![0, 1 - n], 1 - n, 1),
        // Six rows back is the last usable one of five blinded: the permutation looks there.
        (vec![0, n - 6], -6, n - 6),
    ] {
        let refused = generate(&params(), &key(&Rotated::of(rotations.clone())), 0, &description());
        assert_eq!(
            refused,
            Err(Unsupported::Collision { first, second, k: K }),
            "{rotations:?}"
        );
    }
}

/// halo2 clamps degrees to what an environment variable says, in silence. A key made like that is refused.
// REQ V17
#[test]
fn clamped_degrees_are_refused() {
    const NAME: &str = "clamped_degrees_are_refused";
    let circuit = Rotated {
        degree: 5,
        ..Rotated::of(0..3)
    };
    let made = generate(&params(), &key(&circuit), 0, &description());
    if std::env::var_os("MAX_DEGREE").is_some() {
        let gate = "the gate \"a sum of powers\"".to_string();
        assert_eq!(
            made,
            Err(Unsupported::Degree {
                what: gate,
                degree: 5,
                limit: 3
            })
        );
        return;
    }
    made.expect("a key of the right degree");
    let program = std::env::current_exe().expect("a test is a program");
    let run = std::process::Command::new(program)
        .args([NAME, "--exact"])
        .env("MAX_DEGREE", "3")
        .output()
        .expect("it runs");
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && output.contains("1 passed"), "{output}");
}
