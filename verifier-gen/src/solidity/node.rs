// SPDX-License-Identifier: MIT OR Apache-2.0
//! Expressions over the scalar field as a graph without repetitions, and as statements of Yul.

use super::protocol::solidity_word;
use halo2_base::halo2_proofs::arithmetic::Field;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use std::collections::HashMap;

/// A node of the graph.
pub(crate) type Id = usize;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    Constant(Fr),
    /// A word of memory, by the name of its offset.
    Word(String),
    Sum(Id, Id),
    Difference(Id, Id),
    Product(Id, Id),
}

/// Deepest expression in one statement: the EVM reaches sixteen words of its stack.
const DEPTH: usize = 5;

/// The graph. Equal expressions are one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    known: HashMap<Node, Id>,
}

impl Graph {
    fn intern(&mut self, node: Node) -> Id {
        if let Some(&id) = self.known.get(&node) {
            return id;
        }
        self.nodes.push(node.clone());
        self.known.insert(node, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn value(&self, id: Id) -> Option<Fr> {
        match self.nodes[id] {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn constant(&mut self, value: Fr) -> Id {
        self.intern(Node::Constant(value))
    }

    pub(crate) fn word(&mut self, name: impl Into<String>) -> Id {
        self.intern(Node::Word(name.into()))
    }

    pub(crate) fn sum(&mut self, a: Id, b: Id) -> Id {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => self.constant(x + y),
            (Some(x), None) if x == Fr::ZERO => b,
            (None, Some(y)) if y == Fr::ZERO => a,
            _ => self.intern(Node::Sum(a, b)),
        }
    }

    pub(crate) fn difference(&mut self, a: Id, b: Id) -> Id {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => self.constant(x - y),
            (None, Some(y)) if y == Fr::ZERO => a,
            _ => self.intern(Node::Difference(a, b)),
        }
    }

    pub(crate) fn product(&mut self, a: Id, b: Id) -> Id {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => self.constant(x * y),
            (Some(x), None) | (None, Some(x)) if x == Fr::ZERO => self.constant(Fr::ZERO),
            (Some(x), None) if x == Fr::ONE => b,
            (None, Some(y)) if y == Fr::ONE => a,
            _ => self.intern(Node::Product(a, b)),
        }
    }

    pub(crate) fn negation(&mut self, a: Id) -> Id {
        let zero = self.constant(Fr::ZERO);
        self.difference(zero, a)
    }

    fn children(&self, id: Id) -> Vec<Id> {
        match self.nodes[id] {
            Node::Constant(_) | Node::Word(_) => vec![],
            Node::Sum(a, b) | Node::Difference(a, b) | Node::Product(a, b) => vec![a, b],
        }
    }
}

/// Writes statements: what is used more than once, or lies too deep, gets a word of memory.
#[derive(Debug)]
pub(crate) struct Writer<'g> {
    graph: &'g Graph,
    uses: Vec<usize>,
    words: HashMap<Id, usize>,
    lines: Vec<String>,
}

impl<'g> Writer<'g> {
    /// `roots` are all the expressions that will be asked for.
    pub(crate) fn new(graph: &'g Graph, roots: &[Id]) -> Self {
        let mut uses = vec![0; graph.nodes.len()];
        let mut open = roots.to_vec();
        while let Some(id) = open.pop() {
            uses[id] += 1;
            if uses[id] == 1 {
                open.extend(graph.children(id));
            }
        }
        Self {
            graph,
            uses,
            words: HashMap::new(),
            lines: vec![],
        }
    }

    /// Words of memory taken so far.
    pub(crate) fn temporaries(&self) -> usize {
        self.words.len()
    }

    /// The expression, and the statements that have to come before it.
    pub(crate) fn write(&mut self, root: Id) -> (Vec<String>, String) {
        let (text, _) = self.visit(root);
        (std::mem::take(&mut self.lines), text)
    }

    fn visit(&mut self, id: Id) -> (String, usize) {
        if let Some(index) = self.words.get(&id) {
            return (read(&temporary(*index)), 2);
        }
        let (text, depth) = match &self.graph.nodes[id] {
            Node::Constant(value) => return (solidity_word(value), 1),
            Node::Word(name) => return (read(name), 2),
            &Node::Sum(a, b) => {
                let (a, b, depth) = self.pair(a, b);
                (format!("addmod({a}, {b}, r)"), depth)
            }
            &Node::Product(a, b) => {
                let (a, b, depth) = self.pair(a, b);
                (format!("mulmod({a}, {b}, r)"), depth)
            }
            // Operands are below r, so the subtraction does not wrap.
            &Node::Difference(a, b) => {
                let (a, b, depth) = self.pair(a, b);
                (format!("addmod({a}, sub(r, {b}), r)"), depth + 1)
            }
        };
        if self.uses[id] > 1 || depth >= DEPTH {
            return (self.store(id, &text), 2);
        }
        (text, depth)
    }

    /// Both operands. Of the two, the second is on the stack while the first is computed.
    fn pair(&mut self, a: Id, b: Id) -> (String, String, usize) {
        let (b_text, b_depth) = self.visit(b);
        let (a_text, a_depth) = self.visit(a);
        (a_text, b_text, a_depth.max(b_depth) + 1)
    }

    fn store(&mut self, id: Id, text: &str) -> String {
        let index = self.words.len();
        self.words.insert(id, index);
        self.lines.push(format!("mstore(add(m, {}), {text})", temporary(index)));
        read(&temporary(index))
    }
}

fn temporary(index: usize) -> String {
    format!("TEMPORARY_{index}")
}

/// Reads the word at an offset.
pub(crate) fn read(offset: &str) -> String {
    format!("mload(add(m, {offset}))")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(graph: &mut Graph, value: u64) -> Id {
        graph.constant(Fr::from(value))
    }

    #[test]
    fn equal_expressions_are_one_node() {
        let mut graph = Graph::default();
        let (a, b) = (graph.word("A"), graph.word("B"));
        assert_ne!(a, b);
        assert_eq!(graph.word("A"), a);
        assert_eq!(graph.sum(a, b), graph.sum(a, b));
        assert_ne!(graph.sum(a, b), graph.difference(a, b));
        assert_ne!(graph.sum(a, b), graph.product(a, b));
    }

    #[test]
    fn constants_are_computed() {
        let mut graph = Graph::default();
        let (two, three, six) = (small(&mut graph, 2), small(&mut graph, 3), small(&mut graph, 6));
        assert_eq!(graph.sum(two, three), small(&mut graph, 5));
        assert_eq!(graph.difference(three, two), small(&mut graph, 1));
        assert_eq!(graph.difference(two, three), graph.constant(-Fr::ONE));
        assert_eq!(graph.product(two, three), six);
        assert_eq!(graph.negation(two), graph.constant(-Fr::from(2)));
    }

    #[test]
    fn zero_and_one_leave_no_operation_where_they_change_nothing() {
        let mut graph = Graph::default();
        let (a, zero, one, two) = (
            graph.word("A"),
            small(&mut graph, 0),
            small(&mut graph, 1),
            small(&mut graph, 2),
        );
        for same in [
            graph.sum(a, zero),
            graph.sum(zero, a),
            graph.difference(a, zero),
            graph.product(a, one),
            graph.product(one, a),
        ] {
            assert_eq!(same, a);
        }
        assert_eq!(graph.product(a, zero), zero);
        assert_eq!(graph.product(zero, a), zero);
        for other in [
            graph.sum(a, one),
            graph.sum(one, a),
            graph.difference(a, one),
            graph.difference(zero, a),
            graph.negation(a),
            graph.product(a, two),
            graph.product(two, a),
        ] {
            assert!(![a, zero, one, two].contains(&other), "{:?}", graph.nodes[other]);
        }
    }

    /// What is written for the sum, the difference or the product of words, nested as deep as it says.
    fn chain(depth: usize) -> (Vec<String>, String) {
        let mut graph = Graph::default();
        let mut root = graph.word("W0");
        for i in 1..=depth {
            let word = graph.word(format!("W{i}"));
            root = graph.product(root, word);
        }
        Writer::new(&graph, &[root]).write(root)
    }

    #[test]
    fn operations_are_written_modulo_r() {
        let mut graph = Graph::default();
        let (a, b) = (graph.word("A"), graph.word("B"));
        let roots = [graph.sum(a, b), graph.difference(a, b), graph.product(a, b), a];
        let mut writer = Writer::new(&graph, &roots);
        let written = roots.map(|root| writer.write(root));
        let (a, b) = ("mload(add(m, A))", "mload(add(m, B))");
        let texts = [
            format!("addmod({a}, {b}, r)"),
            format!("addmod({a}, sub(r, {b}), r)"),
            format!("mulmod({a}, {b}, r)"),
            a.to_string(),
        ];
        assert_eq!(written, texts.map(|text| (vec![], text)));
        assert_eq!(writer.temporaries(), 0);
    }

    #[test]
    fn what_is_used_twice_is_stored_once() {
        let mut graph = Graph::default();
        let (a, b) = (graph.word("A"), graph.word("B"));
        let sum = graph.sum(a, b);
        let square = graph.product(sum, sum);
        let mut writer = Writer::new(&graph, &[square, sum]);
        let stored = "mstore(add(m, TEMPORARY_0), addmod(mload(add(m, A)), mload(add(m, B)), r))".to_string();
        let read = "mload(add(m, TEMPORARY_0))".to_string();
        assert_eq!(
            writer.write(square),
            (vec![stored], format!("mulmod({read}, {read}, r)"))
        );
        assert_eq!(writer.write(sum), (vec![], read));
        assert_eq!(writer.temporaries(), 1);
    }

    /// The deepest operand of a statement is one less than [`DEPTH`]: a word counts two, each operation one.
    #[test]
    fn what_lies_too_deep_is_stored() {
        let (lines, text) = chain(DEPTH - 3);
        assert_eq!((lines.len(), text.matches("mulmod").count()), (0, DEPTH - 3));
        let (lines, text) = chain(DEPTH - 2);
        assert_eq!((lines.len(), text.as_str()), (1, "mload(add(m, TEMPORARY_0))"));
        assert_eq!(lines[0].matches("mulmod").count(), DEPTH - 2);
    }

    #[test]
    fn a_difference_counts_one_more() {
        let mut graph = Graph::default();
        let [a, b, c] = ["A", "B", "C"].map(|name| graph.word(name));
        let inner = graph.difference(a, b);
        let root = graph.product(inner, c);
        let (lines, text) = Writer::new(&graph, &[root]).write(root);
        assert_eq!((lines.len(), text.as_str()), (1, "mload(add(m, TEMPORARY_0))"));
    }
}
