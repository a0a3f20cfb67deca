// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happens, in order.

use super::DemoOptions;
use super::actors::{Actor, Call};
use super::chain::Chain;
use super::pay::{self, Account};
use super::players::{Player, Posted, Running, Stage, enter};
use super::screen::Screen;
use super::workshop::{Heard, Workshop};
use crate::aggregator::{Eager, Event, Interval, Outcome, Profit, RangeEvent};
use alloy::consensus::Transaction as _;
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionRequest;
use anyhow::{Context as _, Result, bail};
use poe_bindings::ContractError;
use std::collections::BTreeMap;

pub use super::pay::Summary;

/// Gas that somebody who does not look gives a submission.
const CARELESS_GAS: u64 = 600_000;
/// The interval aggregator's interval, in seconds.
const INTERVAL: u64 = 20;

struct Cast {
    sonia: Player,
    stan: Option<Player>,
    alice: Player,
    bob: Player,
    carol: Player,
    eager: Actor,
    profit: Actor,
    interval: Actor,
}

pub(super) async fn run(options: &DemoOptions) -> Result<Summary> {
    let screen = Screen::new(options.plain);
    let scratch = tempfile::tempdir()?;
    let names = [
        "deployer", "sonia", "stan", "eager", "profit", "interval", "alice", "bob", "carol",
    ];
    if options.keys.len() < names.len() {
        bail!("{} keys are needed, {} are given", names.len(), options.keys.len());
    }
    let actors: BTreeMap<_, _> = names
        .iter()
        .zip(&options.keys)
        .map(|(&name, key)| (name, Actor::new(name, key.clone())))
        .collect();
    screen.act("A private L1: anvil. The same script deploys as on every chain, with the generated verifier.");
    let chain = Chain::start(&options.root, &actors["deployer"], &screen).await?;
    screen.line(format!(
        "  ProofOfEfficiency at {} (domain {})",
        chain.deployment.contracts.proof_of_efficiency, chain.deployment.domain
    ));
    let before = pay::ether_of(&chain, actors.values()).await?;
    let mut stage = Stage::new(options, chain, screen.clone(), scratch.path()).await?;
    let mut workshop = Workshop::open(options, scratch.path(), &screen).await?;
    let cast = cast(&mut stage, &actors, options.quick).await?;
    let mut earned = BTreeMap::<&'static str, Vec<Outcome>>::new();
    let mut fees = first_sequences(&mut stage, &cast).await?;
    if options.quick {
        screen.expect(7);
        let eager = workshop.start(&stage, &cast.eager, Box::new(Eager)).await?;
        workshop.until_wrapped(&screen, &eager).await?;
        let interval = workshop
            .start(&stage, &cast.interval, Box::new(Interval { seconds: INTERVAL }))
            .await?;
        let first = race(&stage, &mut workshop, &cast, &interval).await?;
        late(&stage, &cast, &first).await?;
        earned.insert("eager", eager.stop().await?);
        earned.insert("interval", interval.stop().await?);
    } else {
        screen.expect(17);
        fees.extend(three_aggregators(&mut stage, &mut workshop, &cast, &mut earned).await?);
    }
    for (name, outcomes) in &earned {
        enter(&stage, name, outcomes);
    }
    exit(&mut stage, &cast.alice).await?;
    screen.finish();
    let accounts = actors.values().map(|actor| Account::of(actor, &before)).collect();
    pay::settle(&mut stage, accounts, &fees, &earned).await
}

/// Users and sequencers come in.
async fn cast(stage: &mut Stage, actors: &BTreeMap<&str, Actor>, quick: bool) -> Result<Cast> {
    stage
        .screen
        .act("Sequencers pay in batch fees, users register with a first deposit.");
    let sonia = stage.register(&actors["sonia"], 0).await?;
    let alice = stage.register(&actors["alice"], 3_000_000_000).await?;
    let bob = stage.register(&actors["bob"], 2_000_000_000).await?;
    let carol = stage.register(&actors["carol"], 1_000_000_000).await?;
    stage.fund(&sonia.actor).await?;
    let mut stan = None;
    if !quick {
        let player = stage.register(&actors["stan"], 0).await?;
        stage.fund(&player.actor).await?;
        stan = Some(player);
    }
    for player in &stage.players {
        stage.screen.line(format!(
            "  account {}: {} ({})",
            player.index,
            player.actor.name,
            player.actor.address()
        ));
    }
    let of = |name: &str| actors[name].clone();
    let (eager, profit, interval) = (of("eager"), of("profit"), of("interval"));
    Ok(Cast {
        sonia,
        stan,
        alice,
        bob,
        carol,
        eager,
        profit,
        interval,
    })
}

/// The registrations, then transfers and a withdraw, by the first sequencer; and rubbish that a user posts past it.
async fn first_sequences(stage: &mut Stage, cast: &Cast) -> Result<Fees> {
    let Cast {
        sonia,
        alice,
        bob,
        carol,
        ..
    } = cast;
    stage.screen.act("A sequencer takes transfers and posts them to L1.");
    stage.open_desk(sonia).await?;
    let mut posted = stage.round(&["sonia"]).await?;
    stage.pay(alice, Some(bob), 100_000_000, 2_000, sonia)?;
    stage.pay(bob, Some(carol), 30_000_000, 2_000, sonia)?;
    stage.pay(carol, Some(alice), 5_000_000, 1_500, sonia)?;
    // To be claimed on L1 in the end.
    stage.pay(alice, None, 700_000_000, 3_000, sonia)?;
    for round in 1..=4 {
        stage.pay(bob, Some(alice), 1_000_000 * round, 1_000, sonia)?;
    }
    let mut forged = stage.slot(alice, Some(bob), 1_000_000, 1_000, 0);
    forged.transfer.amount += 1;
    stage.refuse("sonia", "a forged signature", &forged)?;
    posted.extend(stage.round(&["sonia"]).await?);
    stage
        .screen
        .act("Anybody may post past the sequencers. L1 does not judge: rubbish is a no-op that is proven to be one.");
    // Random bytes; a signature that is not alice's; more than carol has; a nonce that is not due.
    let mut rubbish = Stage::rubbish(3);
    rubbish.push(forged);
    rubbish.push(stage.slot(carol, Some(bob), 900_000_000_000, 1_000, 0));
    rubbish.push(stage.slot(bob, Some(carol), 1, 1_000, 7));
    stage.fund(&carol.actor).await?;
    posted.push(stage.post(carol, &rubbish).await?);
    Ok(posted)
}

/// Waits for the eager aggregator to be paid, and for the other to notice.
async fn race(stage: &Stage, workshop: &mut Workshop, cast: &Cast, other: &Running) -> Result<Outcome> {
    stage.screen.act("The first valid proof is paid.");
    let (mut paid, mut abandoned) = (None, false);
    let other_name = cast.interval.name;
    workshop
        .until(&stage.screen, &[other], "the first proof", |heard| {
            match heard {
                Heard::Aggregator("eager", Event::Settled(outcome)) => paid = Some(*outcome),
                Heard::Aggregator(name, Event::Abandoned { .. }) if *name == other_name => abandoned = true,
                _ => {}
            }
            paid.filter(|_| abandoned)
        })
        .await
}

/// What a late proof costs somebody who does not look: the winner's own calldata, sent once more by the loser.
async fn late(stage: &Stage, cast: &Cast, first: &Outcome) -> Result<()> {
    if !first.accepted {
        bail!("the first proof was to be accepted");
    }
    let winner = stage
        .chain
        .provider
        .get_transaction_by_hash(first.transaction)
        .await?
        .context("the winner's transaction")?;
    let data = winner.input().clone();
    let request = TransactionRequest::default()
        .from(cast.interval.address())
        .to(stage.core())
        .input(data.clone().into());
    let reason = match stage.chain.provider.call(request).await {
        Ok(_) => bail!("a late proof was accepted by a call"),
        Err(error) => ContractError::of_transport(&error).context("a late proof failed without a reason")?,
    };
    let call = Call {
        what: "verifyBatches",
        to: stage.core(),
        data: data.to_vec(),
        wei: 0,
        gas: Some(CARELESS_GAS),
        ledger: &stage.chain.ledger,
    };
    let receipt = cast.interval.send(&stage.chain.url, call).await?;
    if receipt.status() {
        bail!("a late proof was paid");
    }
    let percent = receipt.gas_used * 100 / first.gas.max(1);
    stage.screen.say(
        cast.interval.name,
        format!(
            "sends a late proof all the same, to show the price: {reason}, {} gas, {percent} % of the winner's",
            receipt.gas_used
        ),
    );
    Ok(())
}

/// What was posted, and what it cost.
type Fees = Vec<Posted>;

/// Second to fifth sequence, and three aggregators who want to be paid for them.
async fn three_aggregators(
    stage: &mut Stage,
    workshop: &mut Workshop,
    cast: &Cast,
    earned: &mut BTreeMap<&'static str, Vec<Outcome>>,
) -> Result<Fees> {
    let screen = stage.screen.clone();
    screen.act("Three aggregators share keys and workers, and compete.");
    let eager = workshop.start(stage, &cast.eager, Box::new(Eager)).await?;
    workshop.until_wrapped(&screen, &eager).await?;
    // The first range is bound to the eager aggregator. The interval aggregator goes for the same one, and will have lost.
    let interval = workshop
        .start(stage, &cast.interval, Box::new(Interval { seconds: INTERVAL }))
        .await?;
    let chosen = |name: &'static str| {
        move |heard: &Heard| match heard {
            Heard::Aggregator(who, Event::Own(RangeEvent::Chosen { goal, .. })) if *who == name => Some(goal.last),
            _ => None,
        }
    };
    workshop
        .until(
            &screen,
            &[&eager, &interval],
            "the interval aggregator's choice",
            chosen("interval"),
        )
        .await?;
    let mut fees = second_sequencer(stage, cast).await?;
    // It goes for everything so far, from the start: part of that will be the eager aggregator's.
    let profit = workshop
        .start(stage, &cast.profit, Box::new(Profit { margin_percent: 10 }))
        .await?;
    workshop
        .until(
            &screen,
            &[&eager, &profit],
            "the profit aggregator's choice",
            chosen("profit"),
        )
        .await?;
    let first = race(stage, workshop, cast, &interval).await?;
    // It was shown that it gives up; now it leaves the field to the others for a while.
    earned.entry("interval").or_default().extend(interval.stop().await?);
    earned.entry("eager").or_default().extend(eager.stop().await?);
    late(stage, cast, &first).await?;
    screen.act("A proof that overlaps what is proven is paid for its tail.");
    let salvaged = workshop
        .until(&screen, &[&profit], "the overlapping proof", settled("profit"))
        .await?;
    let tail: u128 = fees.iter().map(|one| one.fee).sum();
    if !salvaged.accepted || salvaged.reward != tail {
        bail!(
            "the overlapping proof was to earn the tail, {tail}, and earned {}",
            salvaged.reward
        );
    }
    earned.entry("profit").or_default().extend(profit.stop().await?);
    fees.extend(last_sequence(stage, workshop, cast, earned).await?);
    Ok(fees)
}

fn settled(name: &'static str) -> impl FnMut(&Heard) -> Option<Outcome> {
    move |heard| match heard {
        Heard::Aggregator(who, Event::Settled(outcome)) if *who == name => Some(*outcome),
        _ => None,
    }
}

/// Two sequences in one block: the second sequencer joins, and a user has sent one transfer to both.
async fn second_sequencer(stage: &mut Stage, cast: &Cast) -> Result<Fees> {
    let Cast {
        sonia,
        alice,
        bob,
        carol,
        ..
    } = cast;
    let stan = cast.stan.as_ref().context("the second sequencer")?;
    stage.open_desk(stan).await?;
    let twice = stage.slot(carol, Some(bob), 2_000_000, 1_000, 0);
    stage.submit("stan", &twice)?;
    stage.submit("sonia", &twice)?;
    stage.pay(alice, Some(carol), 40_000_000, 2_500, stan)?;
    for round in 1..=10 {
        stage.pay(bob, Some(alice), 100_000 * round, 500, sonia)?;
    }
    let posted = stage.round(&["stan", "sonia"]).await?;
    // The first of the two earns the fee of the transfer that is in both; in the second it is a no-op.
    let first = posted.first().context("two sequences")?.who;
    let earner = if first == "stan" { stan } else { sonia };
    stage.books.apply(&twice.transfer, earner.index)?;
    stage.screen.say(
        "carol",
        format!("sent one transfer to both: {first} earns its fee, the other one's is a no-op"),
    );
    Ok(posted)
}

/// Nobody else is there: the interval aggregator, started again, keeps the chain alive.
async fn last_sequence(
    stage: &mut Stage,
    workshop: &mut Workshop,
    cast: &Cast,
    earned: &mut BTreeMap<&'static str, Vec<Outcome>>,
) -> Result<Fees> {
    let screen = stage.screen.clone();
    screen.act(&format!(
        "When nobody else proves, the interval aggregator does, every {INTERVAL} seconds at the latest."
    ));
    let stan = cast.stan.as_ref().context("the second sequencer")?;
    stage.pay(&cast.bob, Some(&cast.carol), 8_000_000, 900, stan)?;
    let posted = stage.round(&["stan"]).await?;
    let fee: u128 = posted.iter().map(|one| one.fee).sum();
    let before = earned.get("interval").map_or(0, Vec::len);
    let interval = workshop
        .start(stage, &cast.interval, Box::new(Interval { seconds: INTERVAL }))
        .await?;
    let outcome = workshop
        .until(&screen, &[&interval], "the boot proof", settled("interval"))
        .await?;
    if !outcome.accepted || outcome.reward != fee {
        bail!("the boot proof was to earn {}, and earned {}", fee, outcome.reward);
    }
    // The journal remembers what was before the restart.
    let outcomes = interval.stop().await?;
    earned
        .entry("interval")
        .or_default()
        .extend_from_slice(outcomes.get(before..).unwrap_or_default());
    Ok(posted)
}

/// Time passes, and the withdrawn ether is claimed on L1.
async fn exit(stage: &mut Stage, owner: &Player) -> Result<()> {
    stage
        .screen
        .act("Exits are paid after the exit delay, in which a false proof could still be contested. Time travels.");
    let delay = stage.follower.client().exit_delay().await?;
    stage.chain.travel(delay + 1).await?;
    let amount = pay::claim(stage, &owner.actor).await?;
    stage.screen.say(
        owner.actor.name,
        format!("claims {} on L1 after {delay} s", crate::units::Gwei(amount)),
    );
    Ok(())
}
