//! The `kedge` command: markets, accounts, orders, and what a transaction did.

mod args;
mod calendar;
mod commands;
mod decimal;
mod describe;
mod directory;
mod error;
mod health;
mod layout;
mod output;
mod session;
mod table;
mod view;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command, Order};
use session::Session;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    match run(cli).await {
        Ok(Some(output)) => {
            output.print(json);
            ExitCode::SUCCESS
        }
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            error.print(json);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Runs the command; `None` when it has printed everything itself.
async fn run(cli: Cli) -> error::Result<Option<output::Output>> {
    let session = Session::new(&cli);
    let session = &session;
    let output = match &cli.command {
        Command::Markets(options) => commands::markets::run(session, options).await,
        Command::Prices(options) => commands::prices::run(session, options).await,
        Command::Funding(options) => commands::funding::run(session, options).await,
        Command::Account(options) => commands::account::run(session, options).await,
        Command::Accounts(options) => commands::account::list(session, options).await,
        Command::Balances(options) => commands::balances::run(session, options).await,
        Command::Positions(options) => commands::positions::run(session, options).await,
        Command::Orders(options) | Command::Order(Order::List(options)) => {
            commands::orders::run(session, options).await
        }
        Command::Risk(options) => commands::risk::run(session, options).await,
        Command::History(options) => commands::history::run(session, options).await,
        Command::Explain { signature } => commands::explain::run(session, signature).await,
        Command::Watch(options) => {
            commands::watch::run(session, options, cli.json).await?;
            return Ok(None);
        }
        Command::Place(options) | Command::Order(Order::Place(options)) => commands::place::run(session, options).await,
        Command::Modify(options) | Command::Order(Order::Modify(options)) => {
            commands::modify::run(session, options).await
        }
        Command::Cancel(options) | Command::Order(Order::Cancel(options)) => {
            commands::cancel::run(session, options).await
        }
        Command::Sign(options) => commands::signed::sign(session, options, cli.json).await,
        Command::Submit(options) => commands::signed::submit(session, options).await,
        Command::Revoke(options) => commands::signed::revoke(session, options).await,
        Command::Create(options) => commands::create::run(session, options).await,
        Command::Deposit(options) => commands::collateral::deposit(session, options).await,
        Command::Withdraw(options) => commands::collateral::withdraw(session, options).await,
        Command::Transfer(options) => commands::collateral::transfer(session, options).await,
        Command::Settle(options) => commands::settle::run(session, options).await,
        Command::Isolate(options) => commands::pocket::isolate(session, options).await,
        Command::Leverage(options) => commands::pocket::leverage(session, options).await,
        Command::Builder(options) => commands::manage::builder(session, options).await,
        Command::Delegate(options) => commands::manage::delegate(session, options).await,
        Command::Grow(options) => commands::manage::grow(session, options).await,
        Command::Close(options) => commands::manage::close(session, options).await,
        Command::Admin(command) => commands::admin::run(session, command).await,
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "kedge", &mut script);
            output::write_out(&String::from_utf8_lossy(&script));
            return Ok(None);
        }
    };
    output.map(Some)
}
