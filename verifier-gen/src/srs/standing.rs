// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known of a setup, by its `[tau]_2`.

use super::development::tau_g2;
use core::fmt;
use halo2_base::halo2_proofs::halo2curves::bn256::{Fq, Fq2, G2Affine};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;

/// What is known of a setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Made by many, any one of whom keeps the secret by having forgotten it.
    Ceremony(&'static str),
    /// The secret is public, or there is none.
    Denied(&'static str),
    /// Neither.
    Unknown,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ceremony(name) => write!(f, "ceremony: {name}"),
            Self::Denied(why) => write!(f, "refused: {why}"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// A known `[tau]_2`: x and y, each real part first, in decimal.
struct Known {
    standing: Standing,
    coordinates: [&'static str; 4],
}

/// Ceremonies, and setups everybody knows the secret of.
const KNOWN: [Known; 3] = [
    // Header of powersOfTau28_hez_final_08.ptau; equal to the constants of Polygon's FflonkVerifier contracts.
    Known {
        standing: Standing::Ceremony("Perpetual Powers of Tau, 54 contributions and a beacon (Hermez)"),
        coordinates: [
            "21831381940315734285607113342023901060522397560371972897001948545212302161822",
            "17231025384763736816414546592865244497437017442647097510447326538965263639101",
            "2388026358213174446665280700919698872609886601280537296205114254867301080648",
            "11507326595632554467052522095592665270651932854513688777769618397986436103170",
        ],
    },
    // EigenDA's g2.point.powerOf2; equal to the constants of Axiom's and OpenVM's verifier contracts.
    Known {
        standing: Standing::Ceremony("Perpetual Powers of Tau, challenge 85"),
        coordinates: [
            "19394299006376106554626551996044114846855237028623244664226757033024550999552",
            "10478571113809844268398751534081669357808742555529167819607714577862447855483",
            "9205262336805673656533560220225620941045451042642528799409071118332922267006",
            "10552783866161062341197740743287753408530108186218052255509661543860392060676",
        ],
    },
    // `ChaCha20Rng::from_seed([0; 32])`, halo2-base 0.5.5, utils/mod.rs: many verifiers on chains rest on it.
    Known {
        standing: Standing::Denied("gen_srs of halo2-base, whose secret anybody can compute"),
        coordinates: [
            "10636109123245712761154089106962850338030861499499780077680501163989802673736",
            "680914607537786193282602121237984650800454798047999270849778542834133593762",
            "16854000939756280641726090623442951666690417225246842746551635055671014644057",
            "21580340206139066889705367534297486432012469002522164315791587385978070346307",
        ],
    },
];

fn decimal(text: &str) -> Fq {
    Fq::from_str_vartime(text).expect("a decimal number below the modulus")
}

/// What is known of the setup with this `[tau]_2`.
pub fn standing(point: &G2Affine) -> Standing {
    let generator = G2Affine::generator();
    if *point == tau_g2() {
        return Standing::Denied("the development setup, whose secret is derived from a text");
    }
    if bool::from(point.is_identity()) {
        return Standing::Denied("the point at infinity, tau is 0");
    }
    if *point == generator || *point == -generator {
        return Standing::Denied("the generator or its negative, tau is 1 or -1");
    }
    let known = KNOWN.iter().find(|known| {
        let [x0, x1, y0, y1] = known.coordinates.map(decimal);
        point.x == Fq2::new(x0, x1) && point.y == Fq2::new(y0, y1)
    });
    known.map_or(Standing::Unknown, |known| known.standing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::halo2_proofs::arithmetic::Field;
    use halo2_base::halo2_proofs::halo2curves::CurveAffine;
    use halo2_base::halo2_proofs::halo2curves::ff::WithSmallOrderMulGroup;

    fn point(known: &Known) -> G2Affine {
        let [x0, x1, y0, y1] = known.coordinates.map(decimal);
        Option::from(G2Affine::from_xy(Fq2::new(x0, x1), Fq2::new(y0, y1))).expect("on the twist")
    }

    // REQ V13
    #[test]
    fn known_points_are_on_the_twist_and_recognised() {
        for known in &KNOWN {
            assert_eq!(standing(&point(known)), known.standing);
            // Both coordinates count: of each, another point of the twist has the same.
            let point = point(known);
            let turned = G2Affine::from_xy(point.x * Fq2::new(Fq::ZETA, Fq::ZERO), point.y);
            assert_eq!(standing(&-point), Standing::Unknown);
            assert_eq!(
                standing(&Option::from(turned).expect("on the twist")),
                Standing::Unknown
            );
        }
    }

    /// Deployment scripts have the same list.
    // REQ V13
    #[test]
    fn the_list_is_that_of_the_scripts() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test/fixtures/verifiers/setups.json");
        let text = std::fs::read_to_string(path).expect("the list");
        let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let own = |ceremonies: bool| -> Vec<[&str; 4]> {
            let known = KNOWN
                .iter()
                .filter(|known| matches!(known.standing, Standing::Ceremony(_)) == ceremonies);
            known.map(|known| known.coordinates).collect()
        };
        assert_eq!(list["ceremonies"], serde_json::json!(own(true)));
        assert_eq!(list["denied"], serde_json::json!(own(false)));
    }

    // REQ V13
    #[test]
    fn setups_without_a_secret_are_refused() {
        let generator = G2Affine::generator();
        for bad in [tau_g2(), generator, -generator, G2Affine::identity()] {
            assert!(matches!(standing(&bad), Standing::Denied(_)));
        }
        assert_eq!(standing(&-tau_g2()), Standing::Unknown);
    }

    // REQ V13
    #[test]
    fn the_default_setup_of_halo2_base_is_the_one_refused() {
        use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
        use halo2_base::halo2_proofs::halo2curves::group::Curve;
        use rand_chacha::ChaCha20Rng;
        use rand_chacha::rand_core::SeedableRng;
        let tau = Fr::random(ChaCha20Rng::from_seed([0; 32]));
        let computed = (G2Affine::generator() * tau).to_affine();
        assert!(matches!(standing(&computed), Standing::Denied(_)));
    }
}
