// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a contract says when it reverts, as one type to match on.

use crate::contracts::batch_verifier_insecure_dev::BatchVerifierInsecureDev::BatchVerifierInsecureDevErrors;
use crate::contracts::exit_vault::ExitVault::ExitVaultErrors;
use crate::contracts::payments_state_machine::PaymentsStateMachine::PaymentsStateMachineErrors;
use crate::contracts::poe_lens::PoELens::PoELensErrors;
use crate::contracts::proof_of_efficiency::ProofOfEfficiency::ProofOfEfficiencyErrors;
use crate::contracts::test_token::TestToken::TestTokenErrors;
use crate::contracts::verifier_router::VerifierRouter::VerifierRouterErrors;
use alloy::primitives::Bytes;
use alloy::sol_types::{Panic, Revert, SolError as _, SolInterface as _};
use alloy::transports::TransportError;
use std::fmt;

/// An error of any contract of a deployment, with its values.
///
/// An error that several contracts declare, `ZeroAddress()` say, is found under the first of them in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContractError {
    /// The protocol refused.
    Core(Box<ProofOfEfficiencyErrors>),
    /// The exit vault refused.
    Vault(Box<ExitVaultErrors>),
    /// The router refused.
    Router(Box<VerifierRouterErrors>),
    /// The state machine refused a key, a root or an account.
    StateMachine(Box<PaymentsStateMachineErrors>),
    /// The verifier refused a proof.
    Verifier(Box<BatchVerifierInsecureDevErrors>),
    /// The lens refused a question.
    Lens(Box<PoELensErrors>),
    /// The fee token refused, by one of the standard errors of ERC-20 and ERC-2612.
    Token(Box<TestTokenErrors>),
    /// `Error(string)`: a contract outside of this project, a fee token say.
    Message(String),
    /// `Panic(uint256)`: a failed assertion of the compiler, i.e. a bug in a contract.
    Panic(Panic),
    /// Nothing was said: no such function, not the expected contract, or out of gas.
    Empty,
    /// No error known here.
    Unknown(Bytes),
}

impl ContractError {
    /// Reads revert data. Total: whatever is not known is [`Self::Unknown`].
    pub fn decode(data: &[u8]) -> Self {
        if data.is_empty() {
            return Self::Empty;
        }
        Self::decode_known(data).unwrap_or_else(|| Self::Unknown(Bytes::copy_from_slice(data)))
    }

    fn decode_known(data: &[u8]) -> Option<Self> {
        macro_rules! one_of {
            ($($variant:ident: $errors:ident),*) => {
                $(if let Ok(error) = $errors::abi_decode(data) {
                    return Some(Self::$variant(Box::new(error)));
                })*
            };
        }
        one_of!(
            Core: ProofOfEfficiencyErrors,
            Vault: ExitVaultErrors,
            Router: VerifierRouterErrors,
            StateMachine: PaymentsStateMachineErrors,
            Verifier: BatchVerifierInsecureDevErrors,
            Lens: PoELensErrors,
            Token: TestTokenErrors
        );
        if let Ok(revert) = Revert::abi_decode(data) {
            return Some(Self::Message(revert.reason));
        }
        Panic::abi_decode(data).ok().map(Self::Panic)
    }

    /// The revert behind an error of a call. `None` if the call failed for another reason: no connection, no funds, ...
    pub fn of_call(error: &alloy::contract::Error) -> Option<Self> {
        error.as_revert_data().map(|data| Self::decode(&data))
    }

    /// The revert behind an error of a provider, `estimate_gas` say. `None` if it failed for another reason.
    pub fn of_transport(error: &TransportError) -> Option<Self> {
        let data = error.as_error_resp()?.as_revert_data()?;
        Some(Self::decode(&data))
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core(error) => f.write_str(&name_and_values(error)),
            Self::Vault(error) => f.write_str(&name_and_values(error)),
            Self::Router(error) => f.write_str(&name_and_values(error)),
            Self::StateMachine(error) => f.write_str(&name_and_values(error)),
            Self::Verifier(error) => f.write_str(&name_and_values(error)),
            Self::Lens(error) => f.write_str(&name_and_values(error)),
            Self::Token(error) => f.write_str(&name_and_values(error)),
            Self::Message(text) => write!(f, "the call reverted: {text}"),
            Self::Panic(panic) => write!(f, "the contract panicked: {panic}"),
            Self::Empty => f.write_str(
                "the call reverted without a reason: check that the address is that of the contract, and the gas limit",
            ),
            Self::Unknown(data) => write!(f, "the call reverted with an unknown error: {data}"),
        }
    }
}

impl std::error::Error for ContractError {}

/// `LateProof { last: 3, lastVerified: 5 }`: the derived form of a generated enum, without the variant around the struct.
fn name_and_values(error: &impl fmt::Debug) -> String {
    let text = format!("{error:?}");
    let inner = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::{ExitVault, PoELens, ProofOfEfficiency, TestToken, VerifierRouter};
    use alloy::primitives::aliases::U40;
    use alloy::primitives::{Address, U256};
    use proptest::prelude::*;

    #[test]
    fn an_error_is_decoded_with_its_values() {
        let late = ProofOfEfficiency::LateProof {
            last: U40::from(3),
            lastVerified: U40::from(5),
        };
        let error = ContractError::decode(&late.abi_encode());
        let expected = ProofOfEfficiencyErrors::LateProof(late);
        assert_eq!(error, ContractError::Core(Box::new(expected)));
        assert_eq!(error.to_string(), "LateProof { last: 3, lastVerified: 5 }");
    }

    #[test]
    fn every_contract_is_asked() {
        let vault = ExitVault::NothingToPay {}.abi_encode();
        assert!(matches!(ContractError::decode(&vault), ContractError::Vault(_)));
        let router = VerifierRouter::RouteIsFrozen {
            version: 1,
            successor: 2,
        };
        let router = ContractError::decode(&router.abi_encode());
        assert_eq!(router.to_string(), "RouteIsFrozen { version: 1, successor: 2 }");
        let lens = PoELens::QuoteInThePast {
            at: U256::from(1),
            timestamp: U256::from(2),
        };
        assert!(matches!(
            ContractError::decode(&lens.abi_encode()),
            ContractError::Lens(_)
        ));
        let token = TestToken::ERC20InsufficientBalance {
            sender: Address::ZERO,
            balance: U256::ZERO,
            needed: U256::from(7),
        };
        assert!(matches!(
            ContractError::decode(&token.abi_encode()),
            ContractError::Token(_)
        ));
    }

    #[test]
    fn what_is_no_error_of_these_contracts_is_said_too() {
        assert_eq!(ContractError::decode(&[]), ContractError::Empty);
        let message = Revert::from("blacklisted").abi_encode();
        assert_eq!(
            ContractError::decode(&message),
            ContractError::Message("blacklisted".into())
        );
        let panic = Panic::from(alloy::sol_types::PanicKind::UnderOverflow).abi_encode();
        assert!(ContractError::decode(&panic).to_string().contains("overflow"));
        let unknown = ContractError::decode(&[1, 2, 3, 4, 5]);
        assert!(unknown.to_string().ends_with("0x0102030405"), "{unknown}");
    }

    proptest! {
        #[test]
        fn decoding_is_total(selector in 0usize..1_000, mut data in prop::collection::vec(any::<u8>(), 0..300)) {
            // Most random selectors are unknown: those of the core lead deeper.
            let known = ProofOfEfficiencyErrors::selector_at(selector % ProofOfEfficiencyErrors::COUNT);
            if let (true, Some(known), Some(head)) = (selector % 2 == 0, known, data.get_mut(..4)) {
                head.copy_from_slice(&known);
            }
            let _ = ContractError::decode(&data).to_string();
        }
    }
}
