// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every filling of a row, given its inputs: not only those near the honest one.
//!
//! Constraints are propagated as far as they go and branched upon where they leave a choice:
//! - a constraint with one unknown wire is a polynomial; its roots are the values that the wire may have,
//! - a constraint that is a polynomial of a linear form says that the form is one of its roots; linear forms are eliminated
//!   together, and searched over the integers where their wires have few values each,
//! - what remains is branched upon, the choice that decides most first.
//!
//! Nothing is assumed about a gate: its form is found by evaluating it, at random points where unknown wires stand, so that
//! a mistake has a probability below 2^-50. If the search ends with one filling there is no other.

use super::integer::{ENOUGH, signed, solutions};
use super::polynomial::{evaluate, interpolate, roots};
use super::row::{RowSystem, Values, nodes, reduce};
use crate::config::F;
use plonky2::field::types::{Field, PrimeField64, Sample};
use std::collections::BTreeSet;

/// Branches of one search.
const BRANCHES: usize = 10;

/// The most values that a wire is given by a form whose other wires have few.
const DOMAIN: usize = 64;

/// What is known of the wires of a row before it is filled.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Columns with their values.
    pub values: Vec<(usize, F)>,
    /// Columns that other rows of the circuit keep below a bound.
    pub below: Vec<(usize, u64)>,
}

/// What the search for fillings found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fillings {
    /// No filling.
    None,
    /// This one and no other, up to wires that no constraint reads.
    One(Vec<F>),
    /// These two, and perhaps more.
    Several([Vec<F>; 2]),
    /// One in which these columns can have any value.
    Free(Vec<usize>),
    /// The search did not come to an end; these columns were open.
    Undecided(Vec<usize>),
}

/// Searches for the fillings of rows of one gate.
#[derive(Debug)]
pub struct Solver {
    system: RowSystem,
    reads: Vec<Vec<usize>>,
    /// Columns that some constraint reads.
    read: BTreeSet<usize>,
}

#[derive(Clone)]
struct State {
    values: Vec<Option<F>>,
    domains: Vec<Option<Vec<F>>>,
    /// Constraints that may say something yet.
    open: Vec<bool>,
}

/// A linear form of unknown wires, and the values that it may have.
struct Form {
    terms: Vec<(usize, F)>,
    values: Vec<F>,
}

/// The constraints contradict what was assumed.
struct Contradiction;

struct Search<'s> {
    solver: &'s Solver,
    below: &'s [(usize, u64)],
    branches: usize,
    found: Vec<Vec<F>>,
}

impl Solver {
    /// For a gate on a row with its constants.
    pub fn new(system: RowSystem) -> Self {
        let reads = system.reads();
        Self {
            read: reads.iter().flatten().copied().collect(),
            reads,
            system,
        }
    }

    /// The columns below the gate's number of wires that no constraint reads.
    pub fn unread(&self) -> Vec<usize> {
        (0..self.system.wires())
            .filter(|column| !self.read.contains(column))
            .collect()
    }

    /// The columns that some constraint reads.
    pub(super) const fn read(&self) -> &BTreeSet<usize> {
        &self.read
    }

    /// Whether a constraint reads one of these columns.
    pub(super) fn reads_any(&self, constraint: usize, columns: &[usize]) -> bool {
        self.reads[constraint].iter().any(|column| columns.contains(column))
    }

    /// The same without one constraint.
    pub(super) fn without(&self, constraint: usize) -> Self {
        let mut reads = self.reads.clone();
        reads[constraint] = Vec::new();
        Self {
            system: self.system.without(constraint),
            reads,
            // A wire that only this constraint reads is free now.
            read: self.read.clone(),
        }
    }

    /// All fillings of a row.
    pub fn fillings(&self, given: &Given) -> Fillings {
        let wires = self.system.wires();
        let mut state = State {
            values: vec![None; wires],
            domains: vec![None; wires],
            open: vec![true; self.reads.len()],
        };
        for column in (0..wires).filter(|column| !self.read.contains(column)) {
            state.values[column] = Some(F::ZERO);
        }
        for &(column, value) in &given.values {
            state.values[column] = Some(value);
        }
        let mut search = Search {
            solver: self,
            below: &given.below,
            branches: 0,
            found: Vec::new(),
        };
        match search.explore(state) {
            Err(found) => found,
            Ok(()) => search.found.pop().map_or(Fillings::None, Fillings::One),
        }
    }
}

impl Search<'_> {
    /// Looks at every filling that the state allows; stops with more than one.
    fn explore(&mut self, mut state: State) -> Result<(), Fillings> {
        if self.propagate(&mut state).is_err() {
            return Ok(());
        }
        let unknown: Vec<usize> = (0..state.values.len())
            .filter(|&column| state.values[column].is_none())
            .collect();
        if unknown.is_empty() {
            let filling: Vec<F> = state.values.into_iter().flatten().collect();
            debug_assert!(self.solver.system.holds(&filling));
            if let Some(first) = self.found.iter().find(|&other| *other != filling) {
                return Err(Fillings::Several([first.clone(), filling]));
            }
            self.found.push(filling);
            return Ok(());
        }
        self.branches += 1;
        let Some(column) = self.branching_column(&state, &unknown) else {
            return Err(if state.open.contains(&true) {
                Fillings::Undecided(unknown)
            } else {
                Fillings::Free(unknown)
            });
        };
        if self.branches > BRANCHES {
            return Err(Fillings::Undecided(unknown));
        }
        for value in state.domains[column].clone().into_iter().flatten() {
            let mut branch = state.clone();
            branch.values[column] = Some(value);
            self.explore(branch)?;
        }
        Ok(())
    }

    /// The column with few values whose choice leaves a constraint with the fewest unknown wires.
    fn branching_column(&self, state: &State, unknown: &[usize]) -> Option<usize> {
        let rest = |column: usize| {
            (0..state.open.len())
                .filter(|&constraint| state.open[constraint] && self.solver.reads[constraint].contains(&column))
                .map(|constraint| self.unknown_of(state, constraint).len())
                .min()
                .unwrap_or(usize::MAX)
        };
        unknown
            .iter()
            .filter_map(|&column| Some((column, state.domains[column].as_ref()?.len())))
            .min_by_key(|&(column, values)| (rest(column), values))
            .map(|(column, _)| column)
    }

    fn unknown_of(&self, state: &State, constraint: usize) -> Vec<usize> {
        let reads = &self.solver.reads[constraint];
        reads
            .iter()
            .copied()
            .filter(|&column| state.values[column].is_none())
            .collect()
    }

    fn propagate(&self, state: &mut State) -> Result<(), Contradiction> {
        loop {
            while self.use_single_unknowns(state)? {}
            if !self.use_forms(state)? {
                return Ok(());
            }
        }
    }

    /// Narrows the values that a wire may have.
    fn narrow(&self, state: &mut State, column: usize, mut values: Vec<F>) -> Result<bool, Contradiction> {
        let allowed = |value: &F| {
            let bounds = self.below.iter().filter(|&&(bounded, _)| bounded == column);
            bounds.clone().all(|&(_, bound)| value.to_canonical_u64() < bound)
        };
        values.retain(allowed);
        let before = match (&state.values[column], &state.domains[column]) {
            (Some(value), _) => {
                return if values.contains(value) {
                    Ok(false)
                } else {
                    Err(Contradiction)
                };
            }
            (None, Some(domain)) => {
                values.retain(|value| domain.contains(value));
                domain.len()
            }
            (None, None) => usize::MAX,
        };
        match values[..] {
            [] => return Err(Contradiction),
            [value] => state.values[column] = Some(value),
            _ => {}
        }
        let narrowed = values.len() < before;
        state.domains[column] = Some(values);
        Ok(narrowed)
    }

    /// A point with random values where wires are unknown.
    fn random_point(state: &State) -> Vec<F> {
        state.values.iter().map(|value| value.unwrap_or_else(F::rand)).collect()
    }

    /// Uses constraints with at most one unknown wire; whether there were any.
    fn use_single_unknowns(&self, state: &mut State) -> Result<bool, Contradiction> {
        let mut ready = Vec::new();
        let mut moved = Vec::new();
        for constraint in (0..state.open.len()).filter(|&constraint| state.open[constraint]) {
            let unknown = self.unknown_of(state, constraint);
            if let [] | [_] = unknown[..] {
                let column = unknown.first().copied();
                ready.push((constraint, column));
                moved.extend(column.filter(|column| !moved.contains(column)));
            }
        }
        if ready.is_empty() {
            return Ok(false);
        }
        let nodes = nodes(self.solver.system.degree() + 1);
        let base = Self::random_point(state);
        let mut points = vec![base.clone()];
        for &column in &moved {
            for &node in &nodes {
                let mut point = base.clone();
                point[column] = node;
                points.push(point);
            }
        }
        let values = self.solver.system.evaluate(&points);
        for (constraint, column) in ready {
            state.open[constraint] = false;
            let Some(column) = column else {
                if !values.at(constraint, 0).is_zero() {
                    return Err(Contradiction);
                }
                continue;
            };
            let position = moved.iter().position(|&other| other == column).expect("moved");
            let first = 1 + position * nodes.len();
            let polynomial = interpolate(&nodes, &values.along(constraint, first..first + nodes.len()));
            if !polynomial.is_empty() {
                self.narrow(state, column, roots(&polynomial))?;
            }
        }
        Ok(true)
    }

    /// Uses constraints that are polynomials of a linear form; whether they told anything.
    fn use_forms(&self, state: &mut State) -> Result<bool, Contradiction> {
        let mut progress = false;
        let forms = self.forms(state, &mut progress)?;
        self.eliminate(state, &forms, &mut progress)?;
        for form in &forms {
            self.bound_last_wire(state, form, &mut progress)?;
            self.search_integers(state, form, &mut progress)?;
        }
        Ok(progress)
    }

    /// The open constraints that are polynomials of a linear form. Closes those that do not depend on unknown wires.
    fn forms(&self, state: &mut State, progress: &mut bool) -> Result<Vec<Form>, Contradiction> {
        let open: Vec<(usize, Vec<usize>)> = (0..state.open.len())
            .filter(|&constraint| state.open[constraint])
            .map(|constraint| (constraint, self.unknown_of(state, constraint)))
            .collect();
        let columns: Vec<usize> = open
            .iter()
            .flat_map(|(_, unknown)| unknown.iter().copied())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let probe = Probe::new(&self.solver.system, state, columns);
        let mut forms = Vec::new();
        for (constraint, unknown) in open {
            match probe.form(constraint, &unknown) {
                Seen::Constant(value) => {
                    if !value.is_zero() {
                        return Err(Contradiction);
                    }
                    state.open[constraint] = false;
                    *progress = true;
                }
                Seen::Form(form) if form.values.is_empty() => return Err(Contradiction),
                Seen::Form(form) => forms.push(form),
                Seen::Other => {}
            }
        }
        Ok(forms)
    }

    /// Gaussian elimination of all forms with one value.
    fn eliminate(&self, state: &mut State, forms: &[Form], progress: &mut bool) -> Result<(), Contradiction> {
        let linear: Vec<&Form> = forms.iter().filter(|form| form.values.len() == 1).collect();
        let columns: Vec<usize> = linear
            .iter()
            .flat_map(|form| form.terms.iter().map(|&(column, _)| column))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut matrix: Vec<Vec<F>> = linear
            .iter()
            .map(|form| {
                let mut row = vec![F::ZERO; columns.len() + 1];
                for &(column, coefficient) in &form.terms {
                    row[columns.binary_search(&column).expect("a column")] = coefficient;
                }
                row[columns.len()] = form.values[0];
                row
            })
            .collect();
        for (row, leading) in reduce(&mut matrix).into_iter().enumerate() {
            if leading == columns.len() {
                return Err(Contradiction);
            }
            if matrix[row][leading + 1..columns.len()].iter().all(F::is_zero) {
                let value = matrix[row][columns.len()];
                *progress |= self.narrow(state, columns[leading], vec![value])?;
            }
        }
        Ok(())
    }

    /// If all wires of a form but one have few values, so has that one.
    fn bound_last_wire(&self, state: &mut State, form: &Form, progress: &mut bool) -> Result<(), Contradiction> {
        let bounded = |state: &State, column: usize| state.values[column].is_some() || state.domains[column].is_some();
        let mut free = form.terms.iter().filter(|&&(column, _)| !bounded(state, column));
        let (Some(&(last, coefficient)), None) = (free.next(), free.next()) else {
            return Ok(());
        };
        let mut values = form.values.clone();
        for &(column, coefficient) in form.terms.iter().filter(|&&(column, _)| column != last) {
            let domain = state.values[column].map_or_else(|| state.domains[column].clone(), |value| Some(vec![value]));
            let domain = domain.unwrap_or_default();
            if domain.len() * values.len() > DOMAIN {
                return Ok(());
            }
            values = values
                .iter()
                .flat_map(|&sum| domain.iter().map(move |&value| sum - coefficient * value))
                .collect();
        }
        let inverse = coefficient.inverse();
        let mut values: Vec<F> = values.into_iter().map(|value| value * inverse).collect();
        values.sort_by_key(F::to_canonical_u64);
        values.dedup();
        *progress |= self.narrow(state, last, values)?;
        Ok(())
    }

    /// If all wires of a form have few values, searches for those that fit.
    fn search_integers(&self, state: &mut State, form: &Form, progress: &mut bool) -> Result<(), Contradiction> {
        let mut domains = Vec::new();
        for &(column, _) in &form.terms {
            match (&state.values[column], &state.domains[column]) {
                (Some(value), _) => domains.push(vec![*value]),
                (None, Some(domain)) => domains.push(domain.clone()),
                (None, None) => return Ok(()),
            }
        }
        let domains: Vec<&[F]> = domains.iter().map(Vec::as_slice).collect();
        let coefficients: Vec<F> = form.terms.iter().map(|&(_, coefficient)| coefficient).collect();
        let mut all = Vec::new();
        for &value in &form.values {
            match solutions(&coefficients, &domains, value) {
                Some(found) => all.extend(found),
                None => return Ok(()),
            }
            if all.len() > ENOUGH {
                return Ok(());
            }
        }
        for (position, &(column, _)) in form.terms.iter().enumerate() {
            let mut values: Vec<F> = all.iter().map(|solution| solution[position]).collect();
            values.sort_by_key(F::to_canonical_u64);
            values.dedup();
            *progress |= self.narrow(state, column, values)?;
        }
        Ok(())
    }
}

/// What a constraint is as a function of unknown wires.
enum Seen {
    /// It does not depend on them.
    Constant(F),
    /// A polynomial of a linear form, zero exactly for these values of the form.
    Form(Form),
    /// Something else.
    Other,
}

/// All constraints at two random points, and along every unknown wire from there.
struct Probe {
    columns: Vec<usize>,
    bases: [Vec<F>; 2],
    nodes: Vec<F>,
    values: Values,
    weights: Vec<F>,
}

impl Probe {
    fn new(system: &RowSystem, state: &State, columns: Vec<usize>) -> Self {
        let nodes = nodes(system.degree() + 1);
        let bases = [(); 2].map(|()| Search::random_point(state));
        let mut points = Vec::with_capacity(2 * columns.len() * nodes.len());
        for base in &bases {
            for &column in &columns {
                points.extend(nodes.iter().map(|&node| {
                    let mut point = base.clone();
                    point[column] += node;
                    point
                }));
            }
        }
        // So that there is a point even without unknown wires.
        points.push(bases[0].clone());
        Self {
            values: system.evaluate(&points),
            weights: super::polynomial::derivative_weights(&nodes),
            columns,
            bases,
            nodes,
        }
    }

    /// Positions of the points along a column from a base.
    fn points(&self, base: usize, column: usize) -> core::ops::Range<usize> {
        let position = self.columns.binary_search(&column).expect("an unknown column");
        let first = (base * self.columns.len() + position) * self.nodes.len();
        first..first + self.nodes.len()
    }

    fn along(&self, constraint: usize, base: usize, column: usize) -> Vec<F> {
        self.values.along(constraint, self.points(base, column))
    }

    fn form(&self, constraint: usize, unknown: &[usize]) -> Seen {
        let gradient = |base: usize| -> Vec<F> {
            let derivative = |column: usize| {
                let values = self.along(constraint, base, column);
                values
                    .iter()
                    .zip(&self.weights)
                    .map(|(&value, &weight)| value * weight)
                    .sum()
            };
            unknown.iter().map(|&column| derivative(column)).collect()
        };
        let gradients = [gradient(0), gradient(1)];
        let Some(pivot) = gradients[0].iter().position(|derivative| !derivative.is_zero()) else {
            // Without a derivative at a random point there is no dependence.
            let value = match unknown.first() {
                Some(&column) => self.along(constraint, 0, column)[0],
                None => self.values.at(constraint, 2 * self.columns.len() * self.nodes.len()),
            };
            return Seen::Constant(value);
        };
        let parallel = |i: usize| gradients[0][i] * gradients[1][pivot] == gradients[1][i] * gradients[0][pivot];
        if gradients[1][pivot].is_zero() || !(0..unknown.len()).all(parallel) {
            return Seen::Other;
        }
        let terms = normalized(unknown, &gradients[0]);

        // Along any wire the constraint takes the values of one polynomial at the values of the form.
        let form_at = |base: usize| -> F { terms.iter().map(|&(column, a)| a * self.bases[base][column]).sum() };
        let (column, slope) = terms[0];
        let forms: Vec<F> = self.nodes.iter().map(|&node| form_at(0) + slope * node).collect();
        let polynomial = interpolate(&forms, &self.along(constraint, 0, column));
        for base in 0..2 {
            for &(column, slope) in &terms {
                let values = self.along(constraint, base, column);
                let agrees = |(&node, &value): (&F, &F)| evaluate(&polynomial, form_at(base) + slope * node) == value;
                if !self.nodes.iter().zip(&values).all(agrees) {
                    return Seen::Other;
                }
            }
        }
        Seen::Form(Form {
            values: roots(&polynomial),
            terms,
        })
    }
}

/// The terms of a form that are not zero, scaled so that the greatest coefficient is as small as possible.
fn normalized(columns: &[usize], gradient: &[F]) -> Vec<(usize, F)> {
    let terms: Vec<(usize, F)> = columns
        .iter()
        .copied()
        .zip(gradient.iter().copied())
        .filter(|(_, coefficient)| !coefficient.is_zero())
        .collect();
    let scaled = |by: F| -> Vec<(usize, F)> {
        let inverse = by.inverse();
        terms
            .iter()
            .map(|&(column, coefficient)| (column, coefficient * inverse))
            .collect()
    };
    let greatest = |terms: &[(usize, F)]| terms.iter().map(|&(_, c)| signed(c).abs()).max();
    terms
        .iter()
        .map(|&(_, coefficient)| scaled(coefficient))
        .min_by_key(|terms| greatest(terms))
        .expect("a term")
}
