// SPDX-License-Identifier: MIT OR Apache-2.0
//! The group against published vectors and against itself.

use super::base;
use super::field::tests::element;
use super::*;
use proptest::prelude::*;

/// A square root in `GF(p)`, by Tonelli and Shanks (`p - 1 = 2^32 (2^32 - 1)`).
fn sqrt_base(a: u64) -> Option<u64> {
    let mut generator = base::pow(7, (1 << 32) - 1);
    let mut root = base::pow(a, 1 << 31);
    let mut rest = base::pow(a, (1 << 32) - 1);
    let mut order = 32;
    while rest > 1 {
        let mut square = rest;
        let mut k = 0;
        while square != 1 {
            square = base::mul(square, square);
            k += 1;
        }
        let factor = (0..order - k - 1).try_fold(generator, |g, _| Some(base::mul(g, g)))?;
        if k >= order {
            return None;
        }
        root = base::mul(root, factor);
        generator = base::mul(factor, factor);
        rest = base::mul(rest, generator);
        order = k;
    }
    (base::mul(root, root) == a).then_some(root)
}

fn pow(a: Fp5, exponent: u64) -> Fp5 {
    (0..64).rev().fold(Fp5::ONE, |r, bit| {
        let r = r.square();
        if (exponent >> bit) & 1 == 1 { r * a } else { r }
    })
}

/// A square root in `GF(p^5)`: `sqrt(a^r) / a^((r-1)/2)`, with `(r-1)/2 = (p+1)/2 (p + p^3)`.
fn sqrt(a: Fp5) -> Option<Fp5> {
    let e = pow(a, base::P / 2 + 1);
    let e_p = pow(e, base::P);
    let cofactor = e_p * pow(pow(e_p, base::P), base::P);
    let [norm, 0, 0, 0, 0] = (a * cofactor.square()).coefficients() else {
        panic!("a norm lies in GF(p)")
    };
    let root = Fp5::from_reduced([sqrt_base(norm)?, 0, 0, 0, 0]) * cofactor.inverse();
    (root.square() == a).then_some(root)
}

/// Decodes `w = y/x = 1/u` as the reference implementation does: of the two points with this `u`, the one in the group.
fn decode(w: [u64; 5]) -> Option<AffinePoint> {
    let w = Fp5::from_canonical(w)?;
    if w == Fp5::ZERO {
        return Some(AffinePoint::NEUTRAL);
    }
    // x^2 + (2 - w^2) x + b = 0; the product of the roots is b, a non-square, so exactly one root is a non-square.
    let minus_half_trace = w.square() - Fp5::ONE.double();
    let root = sqrt(minus_half_trace.square() - Fp5::ONE.scale_z(4 * 263))?;
    let half = Fp5::ONE.double().inverse();
    let x = [(minus_half_trace + root) * half, (minus_half_trace - root) * half]
        .into_iter()
        .find(|x| x.legendre() == base::P - 1)?;
    Some(AffinePoint { x, u: w.inverse() })
}

fn point(w: [u64; 5]) -> Point {
    decode(w).expect("a valid encoding").into()
}

fn encode(point: Point) -> [u64; 5] {
    point.to_affine().u.inverse().coefficients()
}

// pornin/ecgfp5, rust/src/curve.rs, made with Sage: P1 and P2 = e P1 random in the group, P3 = P1 + P2, P4 = 2 P1,
// P5 = 2 P2, P6 = 2 P1 + P2, P7 = P1 + 2 P2.
const W1: [u64; 5] = [
    12539254003028696409,
    15524144070600887654,
    15092036948424041984,
    11398871370327264211,
    10958391180505708567,
];
const W2: [u64; 5] = [
    11001943240060308920,
    17075173755187928434,
    3940989555384655766,
    15017795574860011099,
    5548543797011402287,
];
const W3: [u64; 5] = [
    246872606398642312,
    4900963247917836450,
    7327006728177203977,
    13945036888436667069,
    3062018119121328861,
];
const W4: [u64; 5] = [
    8058035104653144162,
    16041715455419993830,
    7448530016070824199,
    11253639182222911208,
    6228757819849640866,
];
const W5: [u64; 5] = [
    10523134687509281194,
    11148711503117769087,
    9056499921957594891,
    13016664454465495026,
    16494247923890248266,
];
const W6: [u64; 5] = [
    12173306542237620,
    6587231965341539782,
    17027985748515888117,
    17194831817613584995,
    10056734072351459010,
];
const W7: [u64; 5] = [
    9420857400785992333,
    4695934009314206363,
    14471922162341187302,
    13395190104221781928,
    16359223219913018041,
];

/// Encodings of no group element, from the same source.
const INVALID: [[u64; 5]; 6] = [
    [
        13557832913345268708,
        15669280705791538619,
        8534654657267986396,
        12533218303838131749,
        5058070698878426028,
    ],
    [
        135036726621282077,
        17283229938160287622,
        13113167081889323961,
        1653240450380825271,
        520025869628727862,
    ],
    [
        6727960962624180771,
        17240764188796091916,
        3954717247028503753,
        1002781561619501488,
        4295357288570643789,
    ],
    [
        4578929270179684956,
        3866930513245945042,
        7662265318638150701,
        9503686272550423634,
        12241691520798116285,
    ],
    [
        16890297404904119082,
        6169724643582733633,
        9725973298012340311,
        5977049210035183790,
        11379332130141664883,
    ],
    [
        13777379982711219130,
        14715168412651470168,
        17942199593791635585,
        6188824164976547520,
        15461469634034461986,
    ],
];

// REQ C6
#[test]
fn group_law_agrees_with_published_vectors() {
    let (p1, p2) = (point(W1), point(W2));
    assert_eq!(encode(p1 + p2), W3);
    assert_eq!(encode(p1.double()), W4);
    assert_eq!(encode(p1 + p1), W4);
    assert_eq!(encode(p2.double()), W5);
    assert_eq!(encode(p1.double() + p2), W6);
    assert_eq!(encode(p1 + p2 + p2), W7);
    assert_eq!(encode(p1 + decode(W2).unwrap()), W3);
}

// REQ C6
#[test]
fn published_invalid_encodings_are_no_points() {
    for w in INVALID {
        assert_eq!(decode(w), None);
    }
}

/// pornin/ecgfp5, rust/src/curve.rs: a random point, a random scalar (little-endian there) and the product.
// REQ C6
#[test]
fn multiplication_agrees_with_published_vectors() {
    let start = [
        7534507442095725921,
        16658460051907528927,
        12417574136563175256,
        2750788641759288856,
        620002843272906439,
    ];
    let mut scalar = [
        0x1B, 0x18, 0x51, 0xC8, 0x1D, 0x22, 0xD4, 0x0D, 0x6D, 0x36, 0xEC, 0xCE, 0x54, 0x27, 0x41, 0x66, 0x08, 0x14,
        0x2F, 0x8F, 0xFF, 0x64, 0xB4, 0x76, 0x28, 0xCD, 0x3F, 0xF8, 0xAA, 0x25, 0x16, 0xD4, 0xBA, 0xD0, 0xCC, 0x02,
        0x1A, 0x44, 0x7C, 0x03,
    ];
    scalar.reverse();
    let product = [
        9486104512504676657,
        14312981644741144668,
        5159846406177847664,
        15978863787033795628,
        3249948839313771192,
    ];
    let scalar = Scalar::from_be_bytes(&scalar).unwrap();
    assert_eq!(encode(multiply_vartime(&scalar, &decode(start).unwrap())), product);
}

#[test]
fn generator_is_a_key_of_order_n() {
    let generator = AffinePoint::GENERATOR;
    assert_eq!(generator.check_key(), Ok(()));
    let minus_one = Scalar::ZERO.sub(&Scalar::ONE);
    assert_eq!(multiply_vartime(&minus_one, &generator).to_affine(), -generator);
    assert_eq!(
        (multiply_vartime(&minus_one, &generator) + generator).to_affine(),
        AffinePoint::NEUTRAL
    );
}

#[test]
fn addition_is_complete_on_the_group() {
    let (neutral, p) = (Point::NEUTRAL, point(W1));
    assert_eq!((neutral + neutral).to_affine(), AffinePoint::NEUTRAL);
    assert_eq!(neutral.double().to_affine(), AffinePoint::NEUTRAL);
    assert_eq!(encode(p + neutral), W1);
    assert_eq!(encode(neutral + p), W1);
    assert_eq!((p + -p).to_affine(), AffinePoint::NEUTRAL);
    assert_eq!(encode(p + AffinePoint::NEUTRAL), W1);
}

#[test]
fn points_that_are_no_keys_are_refused_by_name() {
    let generator = AffinePoint::GENERATOR;
    assert_eq!(AffinePoint::NEUTRAL.check_key(), Err(PointError::ZeroCoordinate));
    assert_eq!(
        AffinePoint {
            u: Fp5::ONE,
            ..generator
        }
        .check_key(),
        Err(PointError::NotOnCurve)
    );
    // b/x is the other root of the quadratic in x: same u, on the curve, in E[n].
    let twin = AffinePoint {
        x: Fp5::ONE.scale_z(263) * generator.x.inverse(),
        u: generator.u,
    };
    assert!(twin.is_on_curve());
    assert_eq!(twin.check_key(), Err(PointError::NotInGroup));
}

fn scalar() -> impl Strategy<Value = Scalar> {
    let edge = prop::sample::select(vec![Scalar::ZERO, Scalar::ONE, Scalar::ZERO.sub(&Scalar::ONE)]);
    let random = (prop::array::uniform32(any::<u8>()), prop::array::uniform32(any::<u8>())).prop_map(|(a, b)| {
        let mut wide = [0; 64];
        wide[..32].copy_from_slice(&a);
        wide[32..].copy_from_slice(&b);
        Scalar::from_wide(&wide)
    });
    prop_oneof![1 => edge, 6 => random]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn multiplications_agree(s in scalar(), k in scalar(), e in 0u128..1 << 120) {
        let generator = AffinePoint::GENERATOR;
        prop_assert_eq!(multiply_generator(&s).to_affine(), multiply_vartime(&s, &generator).to_affine());
        let p = multiply_generator(&k).to_affine();
        prop_assert_eq!(p == AffinePoint::NEUTRAL || p.check_key().is_ok(), true);
        let mut limbs = [0; 4];
        for (i, limb) in limbs.iter_mut().enumerate() {
            *limb = (e >> (30 * i)) as u32 & ((1 << 30) - 1);
        }
        let expected = multiply_vartime(&s, &generator) + multiply_vartime(&Scalar::from_limbs(&limbs), &p);
        prop_assert_eq!(joint_multiply_vartime(&s, e, &p).to_affine(), expected.to_affine());
    }

    #[test]
    fn extreme_challenges_agree(s in scalar(), e in prop::sample::select(vec![0, 1, (1u128 << 120) - 1, 1 << 119])) {
        let p = multiply_generator(&s).to_affine();
        let e_scalar = Scalar::from_limbs(&core::array::from_fn::<_, 4, _>(|i| (e >> (30 * i)) as u32 & ((1 << 30) - 1)));
        let expected = multiply_vartime(&s, &AffinePoint::GENERATOR) + multiply_vartime(&e_scalar, &p);
        prop_assert_eq!(joint_multiply_vartime(&s, e, &p).to_affine(), expected.to_affine());
    }

    // REQ C12
    #[test]
    fn verification_arithmetic_never_panics_outside_the_group(s in scalar(), e in 0u128..1 << 120, x in element(), u in element()) {
        let _ = joint_multiply_vartime(&s, e, &AffinePoint { x, u }).to_affine();
    }
}
