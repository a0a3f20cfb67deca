// SPDX-License-Identifier: MIT OR Apache-2.0
//! Polynomials in one variable over the field, of the degrees that constraints have: interpolation and roots.

use crate::config::F;
use plonky2::field::types::{Field, Field64, Sample};

/// Coefficients, constant first, without leading zeros; none for the zero polynomial.
pub(super) type Polynomial = Vec<F>;

fn trim(mut polynomial: Polynomial) -> Polynomial {
    while polynomial.last().is_some_and(F::is_zero) {
        polynomial.pop();
    }
    polynomial
}

/// The polynomial of degree below `nodes.len()` with these values, by Newton's divided differences.
pub(super) fn interpolate(nodes: &[F], values: &[F]) -> Polynomial {
    let mut differences = values.to_vec();
    // Nodes are mostly evenly spaced: one inverse for each order.
    let (mut step, mut inverse) = (F::ONE, F::ONE);
    for order in 1..nodes.len() {
        for i in (order..nodes.len()).rev() {
            if nodes[i] - nodes[i - order] != step {
                step = nodes[i] - nodes[i - order];
                inverse = step.inverse();
            }
            differences[i] = (differences[i] - differences[i - 1]) * inverse;
        }
    }
    let mut polynomial = Polynomial::new();
    for (&node, &difference) in nodes.iter().zip(&differences).rev() {
        // polynomial * (x - node) + difference
        polynomial.push(F::ZERO);
        for i in (0..polynomial.len()).rev() {
            let below = if i == 0 { F::ZERO } else { polynomial[i - 1] };
            polynomial[i] = below - node * polynomial[i];
        }
        polynomial[0] += difference;
    }
    trim(polynomial)
}

/// The weights that turn values at `nodes`, the first of which is zero, into the derivative at zero, for polynomials of
/// degree below `nodes.len()`.
pub(super) fn derivative_weights(nodes: &[F]) -> Vec<F> {
    debug_assert!(nodes[0].is_zero());
    (0..nodes.len())
        .map(|k| {
            let values: Vec<F> = (0..nodes.len()).map(|i| F::from_bool(i == k)).collect();
            interpolate(nodes, &values).get(1).copied().unwrap_or(F::ZERO)
        })
        .collect()
}

/// The value at `x`.
pub(super) fn evaluate(polynomial: &[F], x: F) -> F {
    polynomial
        .iter()
        .rev()
        .fold(F::ZERO, |sum, &coefficient| sum * x + coefficient)
}

/// All roots in the field, each once.
///
/// # Panics
///
/// For the zero polynomial.
pub(super) fn roots(polynomial: &[F]) -> Vec<F> {
    let polynomial = monic(trim(polynomial.to_vec()));
    assert!(!polynomial.is_empty(), "every element is a root of zero");
    if polynomial.len() == 1 {
        return Vec::new();
    }
    // x^p - x is the product of all linear factors.
    let mut power = power_modulo(&[F::ZERO, F::ONE], F::ORDER, &polynomial);
    power.resize(power.len().max(2), F::ZERO);
    power[1] -= F::ONE;
    let mut found = Vec::new();
    split(gcd(polynomial, trim(power)), &mut found);
    found
}

/// The multiple that begins with one: to divide by it takes no inverse.
fn monic(mut polynomial: Polynomial) -> Polynomial {
    if let Some(leading) = polynomial.last().filter(|leading| !leading.is_one()) {
        let inverse = leading.inverse();
        polynomial.iter_mut().for_each(|coefficient| *coefficient *= inverse);
    }
    polynomial
}

/// Collects the roots of a product of distinct linear factors.
fn split(product: Polynomial, found: &mut Vec<F>) {
    let product = monic(product);
    match product[..] {
        [] | [_] => {}
        [constant, slope] => found.push(-constant / slope),
        _ => loop {
            // About half of the elements, shifted, are squares.
            let mut power = power_modulo(&[F::rand(), F::ONE], (F::ORDER - 1) / 2, &product);
            power.resize(power.len().max(1), F::ZERO);
            power[0] -= F::ONE;
            let factor = gcd(product.clone(), trim(power));
            if factor.len() > 1 && factor.len() < product.len() {
                let (quotient, _) = divide(product, &factor);
                split(factor, found);
                split(quotient, found);
                return;
            }
        },
    }
}

fn divide(mut dividend: Polynomial, divisor: &[F]) -> (Polynomial, Polynomial) {
    let leading = divisor.last().expect("a divisor");
    let inverse = if leading.is_one() { F::ONE } else { leading.inverse() };
    let mut quotient = vec![F::ZERO; (dividend.len() + 1).saturating_sub(divisor.len())];
    for shift in (0..quotient.len()).rev() {
        let factor = dividend[shift + divisor.len() - 1] * inverse;
        quotient[shift] = factor;
        for (i, &coefficient) in divisor.iter().enumerate() {
            dividend[shift + i] -= factor * coefficient;
        }
    }
    (quotient, trim(dividend))
}

fn gcd(mut a: Polynomial, mut b: Polynomial) -> Polynomial {
    while !b.is_empty() {
        let (_, remainder) = divide(a, &b);
        (a, b) = (b, remainder);
    }
    a
}

fn power_modulo(base: &[F], exponent: u64, modulus: &[F]) -> Polynomial {
    let multiply = |a: &[F], b: &[F]| {
        let mut product = vec![F::ZERO; (a.len() + b.len()).saturating_sub(1)];
        for (i, &x) in a.iter().enumerate() {
            for (j, &y) in b.iter().enumerate() {
                product[i + j] += x * y;
            }
        }
        divide(trim(product), modulus).1
    };
    let mut power = vec![F::ONE];
    for bit in (0..u64::BITS).rev() {
        power = multiply(&power, &power);
        if (exponent >> bit) & 1 == 1 {
            power = multiply(&power, base);
        }
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_gives_back_the_polynomial_and_its_derivative() {
        for degree in 0..8 {
            let polynomial = F::rand_vec(degree + 1);
            let nodes: Vec<F> = [F::ZERO].into_iter().chain(F::rand_vec(degree + 1)).collect();
            let values: Vec<F> = nodes.iter().map(|&x| evaluate(&polynomial, x)).collect();
            assert_eq!(interpolate(&nodes, &values), polynomial);
            let derivative: F = derivative_weights(&nodes)
                .iter()
                .zip(&values)
                .map(|(&w, &v)| w * v)
                .sum();
            assert_eq!(derivative, polynomial.get(1).copied().unwrap_or(F::ZERO));
        }
    }

    #[test]
    fn roots_are_all_roots() {
        let times = |polynomial: Polynomial, root: F| {
            let mut product = vec![F::ZERO; polynomial.len() + 1];
            for (i, &coefficient) in polynomial.iter().enumerate() {
                product[i + 1] += coefficient;
                product[i] -= root * coefficient;
            }
            product
        };
        for _ in 0..20 {
            let mut expected = F::rand_vec(5);
            expected.push(F::ZERO);
            let product = expected
                .iter()
                .fold(vec![F::rand()], |product, &root| times(product, root));
            // A double root counts once, and x^2 - 7 has none: 7 generates the group.
            let product = times(product, expected[2]);
            let mut found = roots(&product);
            assert_eq!(found.len(), expected.len());
            assert!(expected.iter().all(|root| found.contains(root)));
            found = roots(&[-F::from_canonical_u64(7), F::ZERO, F::ONE]);
            assert_eq!(found, []);
        }
        assert_eq!(roots(&[F::ONE]), []);
    }
}
