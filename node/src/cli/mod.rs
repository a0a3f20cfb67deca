// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of `poe`.

mod aggregator;
mod demo;
mod l1_key;
mod output;
mod progress;
mod prover;
mod sequencer;
mod status;
mod sync;
mod wallet;
mod watch;

use crate::config::Options;
use crate::exit;
use crate::proving::{WorkerCommand, serve};
use anyhow::Result;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};
use output::Output;
use std::io::IsTerminal as _;
use std::process::ExitCode;

/// The node of Proof of Efficiency: a zk-rollup in which anyone posts batches, and the first valid proof of them is paid.
///
/// Everything is rebuilt from L1 alone: give it an L1 provider and the addresses file of a deployment. Settings come from a flag,
/// else from the environment (POE_...), else from the configuration file, else from a default.
#[derive(Debug, Parser)]
#[command(name = "poe", version, propagate_version = true, after_help = exit::HELP, after_long_help = exit::HELP)]
pub struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Debug)]
struct Global {
    /// Print results and errors as JSON, one object a line
    #[arg(long, env = "POE_JSON", global = true, value_parser = BoolishValueParser::new())]
    json: bool,
    /// Say more on stderr (twice: everything)
    #[arg(long, short, action = ArgAction::Count, global = true)]
    verbose: u8,
    /// What to log on stderr, in the syntax of tracing's EnvFilter; overrides --verbose
    #[arg(long, env = "POE_LOG", value_name = "FILTER", global = true, value_parser = log_filter)]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Sync(sync::SyncArguments),
    Sequencer(Box<sequencer::SequencerArguments>),
    Status(status::StatusArguments),
    Aggregator(Box<aggregator::AggregatorArguments>),
    Watch(Box<watch::WatchArguments>),
    Demo(demo::DemoArguments),
    /// Prove what others put into the queue of jobs
    Worker(WorkerCommand),
    /// Prove what standard input says: a worker's child
    #[command(hide = true)]
    ProveJob,
    Wallet(wallet::WalletArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Arguments {
    /// Runs the command and reports an error on stderr.
    pub fn run(self) -> ExitCode {
        let output = Output { json: self.global.json };
        match self.execute(output) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let code = exit::code(&error);
                output.error(&error, code);
                ExitCode::from(code)
            }
        }
    }

    fn execute(self, output: Output) -> Result<()> {
        self.global.start_log(&self.command);
        if let Command::Completions { shell } = self.command {
            clap_complete::generate(shell, &mut Self::command(), "poe", &mut std::io::stdout());
            return Ok(());
        }
        // It computes; there is nothing to wait for.
        if let Command::ProveJob = self.command {
            return serve::serve();
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let settings = self.options.settle()?;
            match self.command {
                Command::Sync(arguments) => arguments.run(&settings, output).await,
                Command::Sequencer(arguments) => arguments.run(&settings, output).await,
                Command::Status(arguments) => arguments.run(&settings, output).await,
                Command::Aggregator(arguments) => arguments.run(&settings, output).await,
                Command::Watch(arguments) => arguments.run(&settings, output).await,
                Command::Demo(arguments) => arguments.run(output).await,
                Command::Worker(command) => command.run(output.json).await,
                Command::Wallet(arguments) => arguments.run(&settings, output).await,
                Command::Completions { .. } | Command::ProveJob => Ok(()),
            }
        })
    }
}

impl Global {
    fn start_log(&self, command: &Command) {
        let default = match self.verbose {
            // The demonstration tells the same in words of its own.
            0 if matches!(command, Command::Demo(_)) => "warn",
            // A bar tells what the follower would.
            0 if matches!(command, Command::Sync(_)) && progress::is_wanted(self.json) => {
                "warn,poe_node=info,poe_node::sync::follower=warn"
            }
            0 => "warn,poe_node=info",
            1 => "info,poe_node=debug",
            _ => "trace",
        };
        let filter = self.log.as_deref().unwrap_or(default);
        // A second call in one process, as in tests, keeps the first log.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(|| progress::Stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .try_init();
    }
}

/// Checks a filter, so that a wrong one is an error of usage.
fn log_filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_every_command_explains_itself() {
        let mut command = Arguments::command();
        command.clone().debug_assert();
        command.build();
        for sub in command.get_subcommands() {
            assert!(sub.get_about().is_some(), "{} has no help", sub.get_name());
            for argument in sub.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {} has no help",
                    sub.get_name(),
                    argument.get_id()
                );
            }
        }
    }

    #[test]
    fn a_wrong_log_filter_is_wrong_usage() {
        let parse = |filter: &str| Arguments::try_parse_from(["poe", "--json", "--log", filter, "sync", "--once"]);
        assert!(parse("warn,poe_node=debug").unwrap().global.json);
        assert_eq!(parse("poe_node=loud").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn completions_name_the_commands() {
        let mut script = Vec::new();
        clap_complete::generate(
            clap_complete::Shell::Bash,
            &mut Arguments::command(),
            "poe",
            &mut script,
        );
        let script = String::from_utf8(script).unwrap();
        for command in ["sync", "status", "completions"] {
            assert!(script.contains(command));
        }
    }
}
