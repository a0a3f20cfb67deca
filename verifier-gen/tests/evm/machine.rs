// SPDX-License-Identifier: MIT OR Apache-2.0
//! One contract in an EVM under the rules of Osaka, with precompiled contracts taken away and hashes watched.

use revm::bytecode::opcode;
use revm::context::{BlockEnv, CfgEnv, Context, Journal, TxEnv};
use revm::context_interface::result::{ExecutionResult, Output};
use revm::database_interface::EmptyDB;
use revm::handler::{EthPrecompiles, MainnetContext};
use revm::inspector::Inspector;
use revm::interpreter::Interpreter;
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::interpreter_types::Jumps;
use revm::precompile::{PrecompileSpecId, Precompiles};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use revm::state::{AccountInfo, Bytecode};
use revm::{InspectEvm, MainBuilder, database::CacheDB};

const CONTRACT: Address = Address::repeat_byte(0xCC);
/// The chain on which an insecure setup is allowed.
const CHAIN_ID: u64 = 31337;
/// What a caller supplies, below the cap of EIP-7825.
const GAS: u64 = 16_000_000;

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It returned.
    Returned(Vec<u8>),
    /// It reverted with these bytes.
    Reverted(Vec<u8>),
    /// It ended in any other way, such as without gas.
    Halted(String),
}

impl Answer {
    /// Whether the call returned.
    pub(crate) fn accepts(&self) -> bool {
        matches!(self, Self::Returned(_))
    }

    /// Whether it reverted with this error and one number.
    pub(crate) fn is_error(&self, signature: &str, argument: Option<u64>) -> bool {
        let mut expected = keccak256(signature)[..4].to_vec();
        if let Some(argument) = argument {
            expected.extend(U256::from(argument).to_be_bytes::<32>());
        }
        *self == Self::Reverted(expected)
    }
}

/// What a call did.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// How it ended.
    pub(crate) answer: Answer,
    /// Execution alone: no intrinsic gas.
    pub(crate) gas: u64,
    /// Every hash taken, in order.
    pub(crate) hashes: Vec<B256>,
}

/// Collects what KECCAK256 leaves on the stack.
#[derive(Default)]
struct Hashes {
    taken: Vec<B256>,
    pending: bool,
}

impl<CTX> Inspector<CTX, EthInterpreter> for Hashes {
    fn step(&mut self, interpreter: &mut Interpreter<EthInterpreter>, _: &mut CTX) {
        self.pending = interpreter.bytecode.opcode() == opcode::KECCAK256;
    }

    fn step_end(&mut self, interpreter: &mut Interpreter<EthInterpreter>, _: &mut CTX) {
        if self.pending {
            let top = interpreter.stack.data().last().expect("a hash was pushed");
            self.taken.push(B256::from(*top));
        }
    }
}

/// Largest code of a contract (EIP-170).
const MAX_CODE_BYTES: usize = 0x6000;

/// A contract, and the precompiled contracts of its chain.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    code: Bytes,
    precompiles: &'static Precompiles,
}

impl Machine {
    /// Runs the constructor of a contract that chains take (EIP-170).
    pub(crate) fn deploy(creation: &[u8]) -> Self {
        let machine = Self::deploy_of_any_size(creation);
        assert!(machine.size() <= MAX_CODE_BYTES, "{} bytes of code", machine.size());
        machine
    }

    /// Runs the constructor, however large the code: that of another generator is only measured.
    pub(crate) fn deploy_of_any_size(creation: &[u8]) -> Self {
        let all = Precompiles::new(PrecompileSpecId::from_spec_id(SpecId::OSAKA));
        let (answer, ..) = transact(all, None, TxKind::Create, creation.to_vec().into());
        match answer {
            Answer::Returned(code) => Self {
                code: code.into(),
                precompiles: all,
            },
            other => panic!("the constructor: {other:?}"),
        }
    }

    /// Bytes of the deployed code.
    pub(crate) fn size(&self) -> usize {
        self.code.len()
    }

    /// The same chain without some precompiled contracts: their addresses hold nothing, so calls succeed and return nothing.
    pub(crate) fn without(&self, addresses: &[u64]) -> Self {
        let mut left = Precompiles::default();
        for address in self.precompiles.addresses() {
            let number = U256::from_be_bytes(address.into_word().0);
            if !addresses.iter().any(|&missing| number == U256::from(missing)) {
                left.extend([self.precompiles.get(address).expect("it is listed").clone()]);
            }
        }
        Self {
            code: self.code.clone(),
            precompiles: Box::leak(Box::new(left)),
        }
    }

    /// Calls the contract.
    pub(crate) fn call(&self, data: Vec<u8>) -> Run {
        let intrinsic = 21_000 + data.iter().map(|&byte| if byte == 0 { 4 } else { 16 }).sum::<u64>();
        let (answer, gas, hashes) = transact(
            self.precompiles,
            Some(self.code.clone()),
            TxKind::Call(CONTRACT),
            data.into(),
        );
        Run {
            answer,
            gas: gas - intrinsic,
            hashes,
        }
    }
}

fn transact(
    precompiles: &'static Precompiles,
    code: Option<Bytes>,
    kind: TxKind,
    data: Bytes,
) -> (Answer, u64, Vec<B256>) {
    let mut db = CacheDB::new(EmptyDB::new());
    if let Some(code) = code {
        db.insert_account_info(CONTRACT, AccountInfo::from_bytecode(Bytecode::new_raw(code)));
    }
    let mut context: MainnetContext<CacheDB<EmptyDB>> =
        Context::<BlockEnv, TxEnv, CfgEnv, _, Journal<_>, ()>::new(db, SpecId::OSAKA);
    context.cfg.chain_id = CHAIN_ID;
    context.cfg.tx_gas_limit_cap = Some(u64::MAX);
    // `Machine::deploy` checks the size.
    context.cfg.limit_contract_code_size = Some(usize::MAX);
    context.cfg.limit_contract_initcode_size = Some(usize::MAX);
    let mut evm = context.build_mainnet_with_inspector(Hashes::default());
    evm.precompiles = EthPrecompiles {
        precompiles,
        spec: SpecId::OSAKA,
    };
    let transaction = TxEnv::builder()
        .chain_id(Some(CHAIN_ID))
        .gas_limit(GAS)
        .gas_price(0)
        .kind(kind)
        .data(data)
        .build();
    let result = evm
        .inspect_one_tx(transaction.expect("a whole transaction"))
        .expect("a valid transaction");
    let hashes = core::mem::take(&mut evm.inspector.taken);
    let gas = result.gas().total_gas_spent();
    let answer = match result {
        ExecutionResult::Success { output, .. } => Answer::Returned(match output {
            Output::Call(bytes) | Output::Create(bytes, _) => bytes.to_vec(),
        }),
        ExecutionResult::Revert { output, .. } => Answer::Reverted(output.to_vec()),
        ExecutionResult::Halt { reason, .. } => Answer::Halted(format!("{reason:?}")),
    };
    (answer, gas, hashes)
}
