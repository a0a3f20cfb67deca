// SPDX-License-Identifier: MIT OR Apache-2.0
//! The end: an exit is claimed, every balance is checked to the wei, and a table says who earned what.

use super::actors::{Actor, Call};
use super::chain::Chain;
use super::players::{FEE_DEPOSIT, GWEI, Posted, Stage};
use crate::aggregator::Outcome;
use crate::units::{Gwei, Tokens};
use crate::wallet::{Walk, plan_claim};
use alloy::primitives::aliases::U40;
use alloy::primitives::{Address, U256};
use alloy::providers::Provider as _;
use alloy::sol_types::SolCall as _;
use anyhow::{Result, bail};
use poe_bindings::contracts::exit_vault::ExitVault;
use poe_bindings::contracts::test_token::TestToken;
use poe_rollup::state::StateReader as _;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Somebody's ether at the beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    name: &'static str,
    address: Address,
    before: U256,
}

impl Account {
    pub(super) fn of(actor: &Actor, before: &BTreeMap<Address, U256>) -> Self {
        let address = actor.address();
        Self {
            name: actor.name,
            address,
            before: before.get(&address).copied().unwrap_or_default(),
        }
    }
}

pub(super) async fn ether_of(chain: &Chain, actors: impl Iterator<Item = &Actor>) -> Result<BTreeMap<Address, U256>> {
    let mut found = BTreeMap::new();
    for actor in actors {
        found.insert(actor.address(), chain.provider.get_balance(actor.address()).await?);
    }
    Ok(found)
}

/// Claims everything payable to an owner; the gwei paid out.
pub(super) async fn claim(stage: &mut Stage, owner: &Actor) -> Result<u64> {
    stage.follower.sync_once().await?;
    let now = stage.follower.client().latest().await?.timestamp;
    let planned = plan_claim(stage.follower.client(), &stage.follower.view()?, owner.address(), now).await?;
    let vault = stage.chain.deployment.contracts.exit_vault;
    for (walk, links) in planned.calls {
        let data = match walk {
            Walk::Checkpoint { number, opening } => ExitVault::claimExitsCall {
                checkpoint: U40::wrapping_from(number),
                opening,
                links,
            }
            .abi_encode(),
            Walk::Accumulator(acc) => ExitVault::claimExitsFromCall { exitAcc: acc, links }.abi_encode(),
        };
        stage.send(owner, "claimExits", vault, data, 0).await?;
    }
    let pay = ExitVault::withdrawEtherForCall { owner: owner.address() }.abi_encode();
    let call = Call {
        what: "withdrawEtherFor",
        to: vault,
        data: pay,
        wei: 0,
        gas: None,
        ledger: &stage.chain.ledger,
    };
    owner.send(&stage.chain.url, call).await?;
    stage.vault_wei -= U256::from(u128::from(planned.amount) * GWEI);
    Ok(planned.amount)
}

/// Checks one after the other.
#[derive(Default)]
struct Checks {
    done: Vec<String>,
}

impl Checks {
    fn equal<T: Copy + PartialEq + fmt::Display>(
        &mut self,
        what: impl Into<String>,
        expected: T,
        found: T,
    ) -> Result<()> {
        let what = what.into();
        if expected != found {
            bail!("CHECK FAILED: {what}: expected {expected}, found {found}");
        }
        self.done.push(format!("{what}: {found}"));
        Ok(())
    }
}

/// A line of the table of times or of gas.
#[derive(Clone, Debug, Serialize)]
struct Line {
    what: String,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    least_gas: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    most_gas: Option<u64>,
}

/// What somebody has in the end.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Earned {
    who: &'static str,
    role: &'static str,
    /// Batch fees paid (negative) or earned, base units of the fee token.
    tokens: String,
    /// Fees of slots and messages, gwei on L2.
    l2_fees: u64,
    /// Wei paid for gas and deposits.
    spent_wei: String,
}

/// How the demonstration ended.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    seconds: f64,
    times: Vec<Line>,
    gas: Vec<Line>,
    earned: Vec<Earned>,
    checks: Vec<String>,
}

/// Checks every balance, and sums up.
pub(super) async fn settle(
    stage: &mut Stage,
    accounts: Vec<Account>,
    fees: &[Posted],
    earned: &BTreeMap<&'static str, Vec<Outcome>>,
) -> Result<Summary> {
    stage.follower.sync_once().await?;
    let mut checks = Checks::default();
    check_tokens(stage, &accounts, fees, earned, &mut checks).await?;
    check_ether(stage, &accounts, &mut checks).await?;
    check_l2(stage, &mut checks)?;
    let paid = |name: &str| {
        fees.iter()
            .filter(|one| one.who == name)
            .map(|one| one.fee)
            .sum::<u128>()
    };
    let won = |name: &str| {
        earned
            .get(name)
            .map_or(0, |all| all.iter().map(|one| one.reward).sum::<u128>())
    };
    let row = |account: &Account| {
        let (paid, won) = (paid(account.name), won(account.name));
        let index = stage
            .players
            .iter()
            .find(|player| player.actor.name == account.name)
            .map(|player| player.index);
        Earned {
            who: account.name,
            role: role(account.name),
            tokens: if paid > 0 {
                format!("-{}", Tokens(paid))
            } else {
                Tokens(won).to_string()
            },
            l2_fees: index
                .and_then(|index| stage.books.earned.get(&index).copied())
                .unwrap_or(0),
            spent_wei: stage.chain.ledger.spent(account.name).to_string(),
        }
    };
    Ok(Summary {
        seconds: stage.screen.elapsed().as_secs_f64(),
        times: times(stage),
        gas: gas(stage),
        earned: accounts.iter().map(row).collect(),
        checks: checks.done,
    })
}

fn role(name: &str) -> &'static str {
    match name {
        "sonia" | "stan" => "sequencer",
        "eager" | "profit" | "interval" => "aggregator",
        "deployer" => "deployer",
        _ => "user",
    }
}

/// Fee balances, rewards, and that the contract holds exactly what it owes.
async fn check_tokens(
    stage: &Stage,
    accounts: &[Account],
    fees: &[Posted],
    earned: &BTreeMap<&'static str, Vec<Outcome>>,
    checks: &mut Checks,
) -> Result<()> {
    let core = stage.follower.client().core();
    let mut owed = 0u128;
    for account in accounts {
        let balance: u128 = core.feeBalanceOf(account.address).call().await?.to();
        owed += balance;
        let paid: u128 = fees
            .iter()
            .filter(|one| one.who == account.name)
            .map(|one| one.fee)
            .sum();
        let rewards: u128 = earned
            .get(account.name)
            .map_or(0, |all| all.iter().map(|one| one.reward).sum());
        let deposited = if stage.funded.contains(account.name) {
            FEE_DEPOSIT
        } else {
            0
        };
        checks.equal(
            format!("fee balance of {}", account.name),
            deposited - paid + rewards,
            balance,
        )?;
    }
    let all: u128 = fees.iter().map(|one| one.fee).sum();
    let rewards: u128 = earned.values().flatten().map(|outcome| outcome.reward).sum();
    checks.equal("rewards are what the batches paid", all, rewards)?;
    let token = TestToken::new(stage.chain.deployment.contracts.fee_token, stage.chain.provider.clone());
    let held: u128 = token.balanceOf(stage.core()).call().await?.to();
    checks.equal("tokens that the contract holds", owed, held)
}

/// L1 ether of everybody, and of the vault.
async fn check_ether(stage: &Stage, accounts: &[Account], checks: &mut Checks) -> Result<()> {
    let deployer = accounts.iter().position(|account| account.name == "deployer");
    for (position, account) in accounts.iter().enumerate() {
        // Forge's own transactions are not in the ledger.
        if Some(position) == deployer {
            continue;
        }
        let exits = stage.players.iter().filter(|player| player.actor.name == account.name);
        let gwei: u64 = exits.filter_map(|player| stage.books.exits.get(&player.index)).sum();
        let expected = account.before - stage.chain.ledger.spent(account.name) + U256::from(u128::from(gwei) * GWEI);
        let found = stage.chain.provider.get_balance(account.address).await?;
        checks.equal(format!("ether of {}, wei", account.name), expected, found)?;
    }
    let vault = stage
        .chain
        .provider
        .get_balance(stage.chain.deployment.contracts.exit_vault)
        .await?;
    checks.equal("ether of the vault, wei", stage.vault_wei, vault)
}

/// L2 balances in the final state, and that the vault backs them.
fn check_l2(stage: &Stage, checks: &mut Checks) -> Result<()> {
    let view = stage.follower.view()?;
    checks.equal(
        "sequences without a proof",
        0,
        view.chain().last_sequence - view.chain().last_verified,
    )?;
    let state = view.final_state()?;
    let mut total = 0u64;
    for (index, expected) in stage.books.balances() {
        let found = state.account(index)?.map_or(0, |account| account.balance);
        total += found;
        checks.equal(format!("L2 balance of account {index}, gwei"), expected, found)?;
    }
    let backed = U256::from(u128::from(total) * GWEI);
    checks.equal("ether of the vault is the L2's, wei", stage.vault_wei, backed)
}

fn times(stage: &Stage) -> Vec<Line> {
    let line = |(what, (count, seconds)): (String, (u32, f64))| Line {
        what,
        count: count.into(),
        seconds: Some(seconds / f64::from(count.max(1))),
        least_gas: None,
        most_gas: None,
    };
    stage.screen.times().into_iter().map(line).collect()
}

fn gas(stage: &Stage) -> Vec<Line> {
    let line = |((what, accepted), (count, least, most)): ((&str, bool), (usize, u64, u64))| Line {
        what: if accepted {
            what.to_owned()
        } else {
            format!("{what}, reverted")
        },
        count: count as u64,
        seconds: None,
        least_gas: Some(least),
        most_gas: Some(most),
    };
    stage.chain.ledger.gas().into_iter().map(line).collect()
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<34} {:>5}  {:>9}", "time per step", "times", "seconds")?;
        for line in &self.times {
            writeln!(
                f,
                "  {:<32} {:>5}  {:>9.1}",
                line.what,
                line.count,
                line.seconds.unwrap_or(0.0)
            )?;
        }
        writeln!(
            f,
            "\n{:<34} {:>5}  {:>9}  {:>9}",
            "gas per call", "calls", "least", "most"
        )?;
        for line in &self.gas {
            let (least, most) = (line.least_gas.unwrap_or(0), line.most_gas.unwrap_or(0));
            writeln!(f, "  {:<32} {:>5}  {:>9}  {:>9}", line.what, line.count, least, most)?;
        }
        writeln!(
            f,
            "\n{:<10} {:<11} {:>22} {:>20} {:>26}",
            "who", "", "batch fees, tokens", "L2 fees", "gas and deposits, wei"
        )?;
        for row in &self.earned {
            let l2 = Gwei(row.l2_fees).to_string();
            writeln!(
                f,
                "  {:<8} {:<11} {:>22} {:>20} {:>26}",
                row.who, row.role, row.tokens, l2, row.spent_wei
            )?;
        }
        writeln!(f, "\nchecked to the wei")?;
        for check in &self.checks {
            writeln!(f, "  {check}")?;
        }
        write!(
            f,
            "\nall of it in {} min {:02} s",
            self.seconds as u64 / 60,
            self.seconds as u64 % 60
        )
    }
}
