// SPDX-License-Identifier: MIT OR Apache-2.0

use super::refuse;
use super::secrets::Secrets;
use super::sender::{Done, Sender, refused_or};
use crate::chain::Status;
use crate::cli::output::Output;
use crate::config::Settings;
use crate::units::ago;
use crate::wallet::closing;
use alloy::primitives::{Bytes, U256};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall as _;
use anyhow::Result;
use clap::Args;

/// Close a chain that nobody proves any more, for good
///
/// Anybody may once it is due: nothing was proven for the contract's escape delay while something waited, or for twice that while
/// nothing did, or a halted chain that is rewound was not resumed for it. A closed chain sequences and proves nothing ever again;
/// accounts and messages leave it with poe wallet escape, fees and tips of what nobody proved with poe wallet fees collect. Whoever
/// wants an idle chain to live has a batch proven instead.
#[derive(Args, Debug)]
pub(super) struct Close {
    /// Say whether the chain may be closed, and at which checkpoint, and send nothing
    #[arg(long)]
    dry_run: bool,
}

impl Close {
    pub(super) async fn run(self, settings: &Settings, secrets: &Secrets, output: Output) -> Result<()> {
        let sender = if self.dry_run {
            None
        } else {
            Some(Sender::open(settings, secrets).await?)
        };
        let (deployment, mut follower) = settings.open("wallet", None).await?;
        // At a false checkpoint there is no state to close with.
        follower.sync_once().await?;
        let view = follower.view()?;
        let overview = follower.client().overview().await?;
        // Somebody may have closed it since the last block that was read.
        if view.chain().status == Status::Closed || overview.status == Status::Closed as u8 {
            return Err(refuse("the chain is closed: accounts leave it with poe wallet escape"));
        }
        if overview.rewindNeeded {
            return Err(refuse("the chain is halted and not rewound: poe watch rewinds it"));
        }
        if !overview.closableIn.is_zero() {
            let (seconds, at) = (overview.closableIn, overview.closableAt);
            return Err(refuse(format!(
                "the chain may not be closed yet: in {seconds} s ({}), at L1 time {at}, if nothing is proven until then",
                ago(seconds.saturating_to())
            )));
        }
        let last = view.chain().last_verified;
        let core = deployment.contracts.proof_of_efficiency;
        let call = closing(&view)?.abi_encode();
        let Some(sender) = sender else {
            let request = TransactionRequest::default().to(core).input(Bytes::from(call).into());
            let answer = follower.client().provider().call(request).await;
            answer.map_err(|error| refused_or(error, "a call of what would be sent"))?;
            return output.print(&Done::already(format!(
                "would close the chain for good at checkpoint {last}: {} sequences after it would be void",
                view.chain().last_sequence - last
            )));
        };
        let receipt = sender.send(core, call, U256::ZERO).await?;
        let what = format!("the chain is closed at checkpoint {last}: accounts leave it with poe wallet escape");
        output.print(&Done::new(what, &receipt))
    }
}
