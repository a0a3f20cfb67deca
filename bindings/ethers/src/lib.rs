// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]

/// Generates the module `$module` for the contract `$name`.
macro_rules! contract {
    ($(#[$doc:meta])* $module:ident, $name:ident, $path:literal) => {
        $(#[$doc])*
        #[allow(
            missing_docs,
            unreachable_pub,
            unused_qualifications,
            rustdoc::all,
            clippy::all,
            clippy::pedantic
        )]
        pub mod $module {
            ethers_contract::abigen!($name, $path);
        }
        pub use $module::$name;
    };
}

contract!(
    /// The protocol: sequencing, proving, fees, messages, emergency and escape.
    proof_of_efficiency, ProofOfEfficiency, "../artifacts/ProofOfEfficiency.json"
);
contract!(
    /// All ether of the L2, and the claims on it.
    exit_vault, ExitVault, "../artifacts/ExitVault.json"
);
contract!(
    /// Numbered routes to verifiers.
    verifier_router, VerifierRouter, "../artifacts/VerifierRouter.json"
);
contract!(
    /// What L1 must know of the L2: keys, accounts, roots.
    payments_state_machine, PaymentsStateMachine, "../artifacts/PaymentsStateMachine.json"
);
contract!(
    /// Questions before a transaction: costs, rewards, arguments.
    poe_lens, PoELens, "../artifacts/PoELens.json"
);
contract!(
    /// What every verifier answers.
    verifier, IVerifier, "../artifacts/IVerifier.json"
);
contract!(
    /// The verifier of the reference circuits on a development setup, whose secret is public: never on a mainnet.
    batch_verifier_insecure_dev, BatchVerifierInsecureDev, "../artifacts/BatchVerifierInsecureDev.json"
);
contract!(
    /// The fee token of local deployments, which anybody can mint.
    test_token, TestToken, "../artifacts/TestToken.json"
);
