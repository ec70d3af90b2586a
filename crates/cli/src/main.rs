//! The `kedge` command: markets, accounts, orders, and what a transaction did.

mod advice;
mod args;
mod calendar;
mod changes;
mod commands;
mod confirm;
mod decimal;
mod describe;
mod directory;
mod dry;
mod error;
mod health;
mod layout;
mod output;
mod session;
mod table;
mod view;
mod whose;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command, Order};
use error::CliError;
use session::Session;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    let json = cli.json;
    match run(cli).await {
        Ok(Some(output)) => {
            output.print(json);
            ExitCode::from(output.code)
        }
        Ok(None) => ExitCode::SUCCESS,
        Err(CliError::Dry(output)) => {
            output.print(json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            error.print(json);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Says what could not be read of the command line, also as JSON; or prints the help that was asked for.
fn unparsed(error: &clap::Error) -> ExitCode {
    // It was not parsed, so that whether JSON is wanted can only be looked for.
    let json = std::env::args_os().any(|word| word == "--json");
    if json && error.use_stderr() {
        let shown = error.to_string();
        let message = shown.split("\n\nUsage:").next().unwrap_or_default().trim_start_matches("error: ");
        let error = CliError::Usage(message.trim_end().replace("\n\n", "\n"));
        error.print(true);
        return ExitCode::from(error.exit_code());
    }
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
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
        Command::Outcome(options) => commands::outcome::run(session, options).await,
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
        Command::Close(options) => commands::flatten::close(session, options).await,
        Command::Reverse(options) => commands::flatten::reverse(session, options).await,
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
        Command::CloseAccount(options) => commands::manage::close(session, options).await,
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "kedge", &mut script);
            output::write_out(&String::from_utf8_lossy(&script));
            return Ok(None);
        }
    };
    output.map(Some)
}
