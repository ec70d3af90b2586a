//! `kedge-e2e`: the exchange on a real validator, every keeper a process of its own.
//!
//! Nothing is simulated but Pyth's guardians and the network between the processes: the validator is
//! `solana-test-validator`, the program its bytecode, the keepers `kedge-keeper` as an operator runs it.

mod args;
mod capacity;
mod cluster;
mod deadlines;
mod fault;
mod figures;
mod fleet;
mod flow;
mod keeper;
mod load;
mod market;
mod ports;
mod prices;
mod proxy;
mod rest;
mod session;
mod statement;
mod up;
mod usage;
mod verdict;

use std::process::ExitCode;

use args::{Args, Command, Market};

fn main() -> ExitCode {
    let args: Args = kedge_testbed::command_line::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(&args)));
    match outcome {
        Ok(verdict) => {
            let (held, all) = verdict.count();
            println!("\n{held} of {all} statements hold");
            verdict.broken().for_each(|line| println!("BROKEN: {line}"));
            if verdict.holds() { ExitCode::SUCCESS } else { ExitCode::from(2) }
        }
        Err(error) => {
            // The error may quote the command line.
            eprintln!("kedge-e2e: {}", kedge_client::shown::discreet(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> anyhow::Result<verdict::Verdict> {
    match args.command.clone().unwrap_or_else(|| Command::Market(Market::default())) {
        Command::Market(market) => market::market(&args.places, &market).await,
        Command::Faults(faults) => fault::faults(&args.places, &faults).await,
        Command::Load(load) => capacity::load(&args.places, &load).await,
        Command::Up(up) => up::up(&args.places, &up).await,
    }
}
