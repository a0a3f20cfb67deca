// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linear equations modulo p in variables of few values each: every solution, by search over the integers.

use crate::config::F;
use plonky2::field::types::{Field64, PrimeField64};

/// p
const P: i128 = F::ORDER as i128;

/// Values of a sum beyond which no search is tried.
const LIMIT: i128 = 1 << 100;

/// Multiples of p a sum may differ by before no search is tried.
const TARGETS: i128 = 64;

/// Steps of one search.
const STEPS: usize = 50_000;

/// Solutions after which a search stops.
pub(super) const ENOUGH: usize = 4;

/// The representative of least absolute value.
pub(super) fn signed(element: F) -> i128 {
    let value = i128::from(element.to_canonical_u64());
    if value > P / 2 { value - P } else { value }
}

/// All solutions of `sum of coefficients[i] x_i = total`, `x_i` in `domains[i]`; `None` if the search is too long or there
/// are [`ENOUGH`].
///
/// Every solution modulo p is one over the integers for some total in the range of the sum. Variables are taken from the
/// one that can move the sum most; a branch is cut when what is left cannot reach the total. Digits have one path.
pub(super) fn solutions(coefficients: &[F], domains: &[&[F]], total: F) -> Option<Vec<Vec<F>>> {
    struct Variable<'d> {
        position: usize,
        terms: Vec<(i128, &'d F)>,
        least: i128,
        greatest: i128,
    }
    let mut variables = Vec::new();
    for (position, (&coefficient, domain)) in coefficients.iter().zip(domains).enumerate() {
        let coefficient = signed(coefficient);
        let terms: Vec<(i128, &F)> = domain
            .iter()
            .map(|value| coefficient.checked_mul(signed(*value)).map(|term| (term, value)))
            .collect::<Option<_>>()?;
        let (least, greatest) = (terms.iter().map(|t| t.0).min()?, terms.iter().map(|t| t.0).max()?);
        if least.abs().max(greatest.abs()) > LIMIT {
            return None;
        }
        variables.push(Variable {
            position,
            terms,
            least,
            greatest,
        });
    }
    variables.sort_by_key(|variable| variable.least - variable.greatest);
    // Bounds of the sum of the variables from each on.
    let mut bounds = vec![(0, 0)];
    for variable in variables.iter().rev() {
        let (least, greatest) = bounds[bounds.len() - 1];
        bounds.push((least + variable.least, greatest + variable.greatest));
    }
    bounds.reverse();
    let (least, greatest) = bounds[0];
    if (greatest - least) / P > TARGETS {
        return None;
    }

    let first = least + (signed(total) - least).rem_euclid(P);
    let mut found = Vec::new();
    let mut steps = 0;
    for target in (0..).map(|k| first + k * P).take_while(|&target| target <= greatest) {
        // Depth first: what is left of the target, and the values taken so far.
        let mut open: Vec<(i128, Vec<F>)> = vec![(target, Vec::new())];
        while let Some((rest, taken)) = open.pop() {
            steps += 1;
            if steps > STEPS {
                return None;
            }
            let Some(variable) = variables.get(taken.len()) else {
                let mut solution = vec![F::default(); variables.len()];
                for (variable, value) in variables.iter().zip(taken) {
                    solution[variable.position] = value;
                }
                found.push(solution);
                if found.len() >= ENOUGH {
                    return None;
                }
                continue;
            };
            let (least, greatest) = bounds[taken.len() + 1];
            for &(term, &value) in &variable.terms {
                if (least..=greatest).contains(&(rest - term)) {
                    let mut taken = taken.clone();
                    taken.push(value);
                    open.push((rest - term, taken));
                }
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plonky2::field::types::Field;

    fn digits(base: u64, count: usize, value: u64) -> Vec<Vec<F>> {
        let domain: Vec<F> = (0..base).map(F::from_canonical_u64).collect();
        let coefficients: Vec<F> = (0..count as u64)
            .map(|i| F::from_canonical_u64(base).exp_u64(i))
            .collect();
        solutions(&coefficients, &vec![&domain[..]; count], F::from_canonical_u64(value)).expect("one path")
    }

    #[test]
    fn digits_are_unique_unless_the_value_plus_p_has_some_too() {
        assert_eq!(digits(2, 32, 0x1234_5678).len(), 1);
        assert_eq!(digits(2, 32, 1 << 32).len(), 0);
        assert_eq!(digits(4, 32, 5).len(), 2);
        assert_eq!(digits(4, 32, u64::from(u32::MAX)).len(), 1);
        assert_eq!(digits(4, 31, 5).len(), 1);
    }
}
