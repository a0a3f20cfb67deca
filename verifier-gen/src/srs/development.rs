// SPDX-License-Identifier: MIT OR Apache-2.0
//! A setup whose secret everybody knows: for tests and demonstrations, the same on every machine (rule 27 of the circuit
//! rules).

use halo2_base::halo2_proofs::arithmetic::Field;
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1, G1Affine, G2Affine};
use halo2_base::halo2_proofs::halo2curves::ff::{FromUniformBytes, PrimeField};
use halo2_base::halo2_proofs::halo2curves::group::Curve;
use halo2_base::halo2_proofs::poly::commitment::ParamsProver;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// What tau is derived from.
pub const SEED: &str = "Proof of Efficiency development SRS, INSECURE: tau is known to everybody";

/// Bits of a window of the generator's table.
const WINDOW_BITS: usize = 16;

/// Points computed between two reports of progress.
const CHUNK: usize = 1 << 14;

/// tau: two SHA-256 hashes of [`SEED`], followed by one byte 0 and one byte 1, as a little-endian number modulo r.
fn tau() -> Fr {
    let mut wide = [0; 64];
    for (i, half) in wide.chunks_exact_mut(32).enumerate() {
        half.copy_from_slice(&Sha256::new().chain_update(SEED).chain_update([i as u8]).finalize());
    }
    Fr::from_uniform_bytes(&wide)
}

/// `[tau]_2`.
pub fn tau_g2() -> G2Affine {
    (G2Affine::generator() * tau()).to_affine()
}

/// Multiples of the generator by every value of every window.
struct Table(Vec<Vec<G1Affine>>);

impl Table {
    fn new() -> Self {
        let windows = (Fr::NUM_BITS as usize).div_ceil(WINDOW_BITS);
        let mut bases = vec![G1::from(G1Affine::generator())];
        while bases.len() < windows {
            let last = bases[bases.len() - 1];
            bases.push((0..WINDOW_BITS).fold(last, |base, _| base + base));
        }
        let row = |base: &G1| {
            let base = base.to_affine();
            let mut multiples = vec![G1::default(); 1 << WINDOW_BITS];
            for i in 1..multiples.len() {
                multiples[i] = multiples[i - 1] + base;
            }
            normalize(&multiples)
        };
        Self(bases.par_iter().map(row).collect())
    }

    fn multiply(&self, scalar: &Fr) -> G1 {
        let bytes = scalar.to_repr();
        let digits = bytes
            .chunks_exact(2)
            .map(|pair| usize::from(u16::from_le_bytes([pair[0], pair[1]])));
        let terms = self.0.iter().zip(digits).filter(|&(_, digit)| digit != 0);
        terms.fold(G1::default(), |sum, (row, digit)| sum + row[digit])
    }
}

fn normalize(points: &[G1]) -> Vec<G1Affine> {
    let mut affine = vec![G1Affine::default(); points.len()];
    G1::batch_normalize(points, &mut affine);
    affine
}

/// The setup for 2^k rows, its powers a prefix of those of every larger one. `progress` is told how many of
/// `2 * 2^k` points are done.
///
/// About nine seconds of two cores at k = 20.
///
/// # Panics
///
/// If k is above 28, the two-adicity of the field.
pub fn development(k: u32, progress: &(dyn Fn(u64) + Sync)) -> ParamsKZG<Bn256> {
    assert!(k <= Fr::S, "2^{k} rows need a root of unity that BN254 does not have");
    let (n, tau, table) = (1usize << k, tau(), Table::new());
    let done = std::sync::atomic::AtomicU64::new(0);
    let points = |scalars: &(dyn Fn(usize, usize) -> Vec<Fr> + Sync)| -> Vec<G1Affine> {
        (0..n)
            .into_par_iter()
            .step_by(CHUNK)
            .flat_map_iter(|start| {
                let length = CHUNK.min(n - start);
                let multiples: Vec<G1> = scalars(start, length).iter().map(|s| table.multiply(s)).collect();
                let total = done.fetch_add(length as u64, std::sync::atomic::Ordering::Relaxed) + length as u64;
                progress(total);
                normalize(&multiples)
            })
            .collect()
    };
    let powers = points(&|start, length| geometric(tau.pow_vartime([start as u64]), tau, length));
    // L_i(tau) = w^i (tau^n - 1) / (n (tau - w^i)).
    let root = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let invert =
        |value: Fr| Option::<Fr>::from(value.invert()).expect("tau is no root of unity, n is no multiple of r");
    let scale = (tau.pow_vartime([n as u64]) - Fr::ONE) * invert(Fr::from(n as u64));
    let lagrange = points(&|start, length| {
        let roots = geometric(root.pow_vartime([start as u64]), root, length);
        let inverses = batch_invert(roots.iter().map(|w| tau - w).collect());
        roots
            .iter()
            .zip(inverses)
            .map(|(w, inverse)| scale * w * inverse)
            .collect()
    });
    ParamsKZG::<Bn256>::new(1).from_parts(k, powers, Some(lagrange), G2Affine::generator(), tau_g2())
}

fn geometric(first: Fr, ratio: Fr, length: usize) -> Vec<Fr> {
    std::iter::successors(Some(first), |last| Some(last * ratio))
        .take(length)
        .collect()
}

/// One inversion for all; none may be zero.
fn batch_invert(values: Vec<Fr>) -> Vec<Fr> {
    let mut product = Fr::ONE;
    let mut prefix = Vec::with_capacity(values.len());
    for value in &values {
        prefix.push(product);
        product *= value;
    }
    let mut inverse = Option::<Fr>::from(product.invert()).expect("no value is zero");
    let mut inverses = values;
    for (value, before) in inverses.iter_mut().zip(prefix).rev() {
        let own = inverse * before;
        inverse *= *value;
        *value = own;
    }
    inverses
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::halo2_proofs::poly::EvaluationDomain;
    use halo2_base::halo2_proofs::poly::commitment::{Blind, Params};

    #[test]
    fn it_is_the_setup_of_this_tau() {
        let params = development(5, &|_| ());
        let tau = tau();
        for (i, point) in params.get_g().iter().enumerate() {
            assert_eq!(
                *point,
                (G1Affine::generator() * tau.pow_vartime([i as u64])).to_affine(),
                "power {i}"
            );
        }
        // halo2's own transform of the powers gives the other basis.
        let recomputed = params.from_parts(5, params.get_g().to_vec(), None, params.g2(), params.s_g2());
        let ones = |params: &ParamsKZG<Bn256>| {
            let domain = EvaluationDomain::<Fr>::new(2, 5);
            let values = domain.lagrange_from_vec((0..32).map(|i| Fr::from(i * i + 1)).collect());
            params.commit_lagrange(&values, Blind::default()).to_affine()
        };
        assert_eq!(ones(&params), ones(&recomputed));
    }

    #[test]
    fn progress_counts_the_points_of_both_bases() {
        let told = std::sync::Mutex::new(vec![]);
        development(4, &|done| told.lock().expect("no panic").push(done));
        assert_eq!(*told.lock().expect("no panic"), [16, 32]);
    }

    #[test]
    fn a_smaller_one_is_a_prefix() {
        let (small, large) = (development(3, &|_| ()), development(6, &|_| ()));
        assert_eq!(small.get_g(), &large.get_g()[..8]);
        assert_eq!(small.s_g2(), large.s_g2());
    }

    #[test]
    fn tau_is_pinned() {
        let digest = Sha256::digest(format!("{:?}", tau_g2()));
        assert_eq!(
            hex::encode(digest),
            "74cf7b490811dda9611b7eb0db3a2beedea21d39c2a9180c7154803c91b01760"
        );
    }
}
