// SPDX-License-Identifier: MIT OR Apache-2.0
//! That a setup is one: powers of one secret, and the same in both bases.

use halo2_base::halo2_proofs::arithmetic::{Field, best_multiexp};
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine, Gt};
use halo2_base::halo2_proofs::halo2curves::group::{Curve, Group};
use halo2_base::halo2_proofs::halo2curves::pairing::{Engine, MillerLoopResult, MultiMillerLoop};
use halo2_base::halo2_proofs::poly::EvaluationDomain;
use halo2_base::halo2_proofs::poly::commitment::{Blind, Params, ParamsProver};
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use rand_core::OsRng;

/// What is wrong with a setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// It begins with another point.
    #[error("the first power is not the generator of {0}")]
    Generator(&'static str),
    /// Not a point of the group that pairs.
    #[error("[tau]_2 is not in the group of prime order")]
    Subgroup,
    /// The powers are not those of the tau in G2.
    #[error("the powers in G1 are not those of the tau that [tau]_2 holds")]
    Ratio,
    /// The two bases commit differently.
    #[error("the Lagrange basis does not belong to the powers")]
    Lagrange,
}

/// Checks every point of a setup, by random linear combinations: an error passes with probability 2^-253.
///
/// # Errors
///
/// If it is none.
pub fn check(params: &ParamsKZG<Bn256>) -> Result<(), CheckError> {
    let powers = params.get_g();
    if powers[0] != G1Affine::generator() {
        return Err(CheckError::Generator("G1"));
    }
    if params.g2() != G2Affine::generator() {
        return Err(CheckError::Generator("G2"));
    }
    let tau = params.s_g2();
    if !bool::from((tau * -Fr::ONE + tau).is_identity()) {
        return Err(CheckError::Subgroup);
    }
    let weights: Vec<Fr> = (1..powers.len()).map(|_| Fr::random(OsRng)).collect();
    let low = best_multiexp(&weights, &powers[..powers.len() - 1]).to_affine();
    let high = best_multiexp(&weights, &powers[1..]).to_affine();
    let terms = [(&high, &(-G2Affine::generator()).into()), (&low, &tau.into())];
    let paired: Gt = <Bn256 as MultiMillerLoop>::multi_miller_loop(&terms).final_exponentiation();
    if paired != <Bn256 as Engine>::Gt::identity() {
        return Err(CheckError::Ratio);
    }
    let domain = EvaluationDomain::<Fr>::new(2, params.k());
    let values = domain.lagrange_from_vec((0..powers.len()).map(|_| Fr::random(OsRng)).collect());
    let by_values = params.commit_lagrange(&values, Blind::default());
    let by_coefficients = params.commit(&domain.lagrange_to_coeff(values), Blind::default());
    if by_values != by_coefficients {
        return Err(CheckError::Lagrange);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::development;
    use super::super::points::{COORDINATE_BYTES, Encoding, SMALLER_Y};
    use super::*;

    fn altered(change: impl FnOnce(&mut Vec<G1Affine>, &mut G2Affine)) -> ParamsKZG<Bn256> {
        let params = development(4, &|_| ());
        let (mut powers, mut tau) = (params.get_g().to_vec(), params.s_g2());
        change(&mut powers, &mut tau);
        params.from_parts(4, powers, None, params.g2(), tau)
    }

    // REQ V13
    #[test]
    fn the_development_setup_is_a_setup() {
        check(&development(4, &|_| ())).expect("powers of one tau");
    }

    // REQ V13
    #[test]
    fn each_check_finds_its_error() {
        let generator = altered(|powers, _| powers[0] = powers[1]);
        assert_eq!(check(&generator), Err(CheckError::Generator("G1")));
        for place in 1..16 {
            let swapped = altered(|powers, _| powers[place] = powers[0]);
            assert_eq!(check(&swapped), Err(CheckError::Ratio), "power {place}");
        }
        let other = altered(|_, tau| *tau = (*tau + *tau).to_affine());
        assert_eq!(check(&other), Err(CheckError::Ratio));

        // A point of the twist, nearly none of which is in the group of prime order: its imaginary part is 0.
        let stray = (1..=u8::MAX).find_map(|x| {
            let mut bytes = [0; 2 * COORDINATE_BYTES];
            (bytes[0], bytes[2 * COORDINATE_BYTES - 1]) = (SMALLER_Y, x);
            Encoding::Compressed.g2(&mut &bytes[..]).expect("as long as a point")
        });
        let stray = altered(|_, tau| *tau = stray.expect("every other x is a point's"));
        assert_eq!(check(&stray), Err(CheckError::Subgroup));

        let params = development(4, &|_| ());
        let mut lagrange = params.get_g().to_vec();
        lagrange.reverse();
        let mixed = params.from_parts(4, params.get_g().to_vec(), Some(lagrange), params.g2(), params.s_g2());
        assert_eq!(check(&mixed), Err(CheckError::Lagrange));
    }
}
