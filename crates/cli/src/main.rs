//! The `kedge` command: markets, accounts, orders, and what a transaction did.

mod args;
mod commands;
mod decimal;
mod describe;
mod directory;
mod error;
mod layout;
mod output;
mod session;
mod table;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use session::Session;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    match run(cli).await {
        Ok(output) => {
            output.print(json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            error.print(json);
            ExitCode::from(error.exit_code())
        }
    }
}

async fn run(cli: Cli) -> error::Result<output::Output> {
    let session = Session::new(&cli);
    match &cli.command {
        Command::Markets => commands::markets::run(&session).await,
        Command::Prices(options) => commands::prices::run(&session, options).await,
        Command::Account(options) => commands::account::run(&session, options).await,
        Command::Create(options) => commands::create::run(&session, options).await,
        Command::Deposit(options) => commands::collateral::deposit(&session, options).await,
        Command::Withdraw(options) => commands::collateral::withdraw(&session, options).await,
        Command::Order(command) => commands::order::run(&session, command).await,
        Command::Position(options) => commands::position::run(&session, options).await,
        Command::Explain { signature } => commands::explain::run(&session, signature).await,
    }
}
