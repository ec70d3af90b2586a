//! The `kedge` command: markets, accounts, orders, and what a transaction did.

mod advice;
mod args;
mod calendar;
mod changes;
mod commands;
mod config;
mod confirm;
mod describe;
mod directory;
mod dry;
mod error;
mod forms;
mod health;
mod landed;
mod layout;
mod numbers;
mod output;
mod own;
mod past;
mod private;
mod sending;
mod session;
mod table;
mod view;
mod whose;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use kedge_client::shown;

use args::{Cli, Command, Order};
use config::Defaults;
use error::CliError;
use session::Session;

#[tokio::main]
async fn main() -> ExitCode {
    shown::mask_panics();
    let words: Vec<OsString> = std::env::args_os().collect();
    let defaults = Defaults::read(|name| std::env::var_os(name));
    let parsed = defaults.command().try_get_matches_from(&words);
    let (cli, matches) = match parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
        Ok(parsed) => parsed,
        // Help and version are no errors.
        Err(asked) if !asked.use_stderr() => asked.exit(),
        Err(wrong) => return refused(&wrong, words.iter().any(|word| word == "--json")),
    };
    shown::hide(&cli.url);
    let json = cli.json;
    match run(cli, &matches, &defaults).await {
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

/// Prints the fault of a command line. It quotes typed text, which may hold a key.
fn refused(wrong: &clap::Error, json: bool) -> ExitCode {
    let said = shown::discreet(&wrong.render().to_string());
    if json {
        let message = said.split("\n\nUsage:").next().unwrap_or_default().trim_start_matches("error: ");
        CliError::Usage(message.trim_end().replace("\n\n", "\n")).print(true);
    } else {
        eprint!("{}", shown::printable_lines(&said));
    }
    ExitCode::from(2)
}

/// Runs the command; `None` when it has printed its output itself.
async fn run(cli: Cli, matches: &ArgMatches, defaults: &Defaults) -> error::Result<Option<output::Output>> {
    match &cli.command {
        // These commands need no endpoint: they repair what keeps others from one.
        Command::Init(options) => return commands::setup::init(&cli, matches, defaults, options).map(Some),
        Command::Config => return Ok(Some(commands::setup::show(&cli, matches, defaults, output::colour()))),
        Command::Keygen(options) => {
            let path = cli.keypair.clone().unwrap_or_else(session::default_keypair);
            return commands::wallet::keygen(&path, options).map(Some);
        }
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "kedge", &mut script);
            output::write_out(&String::from_utf8_lossy(&script));
            return Ok(None);
        }
        _ => {}
    }
    let session = &Session::new(&cli, defaults)?;
    let sends = cli.command.sends();
    let named = |output: output::Output| output::Output { json: session.named(output.json, sends), ..output };
    match ask(session, &cli).await {
        Ok(output) => Ok(output.map(named)),
        Err(CliError::Dry(tried)) => Err(CliError::Dry(Box::new(named(*tried)))),
        Err(error) => Err(error),
    }
}

/// Runs a command that needs an endpoint; `None` when it has printed its output itself.
async fn ask(session: &Session, cli: &Cli) -> error::Result<Option<output::Output>> {
    let output = match &cli.command {
        Command::Markets(options) => commands::markets::run(session, options).await,
        Command::Prices(options) => commands::prices::run(session, options).await,
        Command::Funding(options) => commands::funding::run(session, options).await,
        Command::Default(options) => commands::defaulted::run(session, options).await,
        Command::Verify => commands::verify::run(session).await,
        Command::Insurance(options) => commands::insurance::run(session, options).await,
        Command::Vault(options) => commands::vault::run(session, options).await,
        Command::Account(options) => commands::account::run(session, options).await,
        Command::Accounts(options) => commands::account::list(session, options).await,
        Command::Balances(options) => commands::balances::run(session, options).await,
        Command::Positions(options) => commands::positions::run(session, options).await,
        Command::Orders(options) | Command::Order(Order::List(options)) => {
            commands::orders::run(session, options).await
        }
        Command::Risk(options) => commands::risk::run(session, options).await,
        Command::Address => commands::wallet::address(session),
        Command::Airdrop(options) => commands::wallet::airdrop(session, options).await,
        Command::Book(options) => {
            commands::book::run(session, options, cli.json).await?;
            return Ok(None);
        }
        Command::Trades(options) => {
            let Some(output) = commands::trades::run(session, options, cli.json).await? else { return Ok(None) };
            Ok(output)
        }
        Command::Fees(options) => commands::fees::run(session, options).await,
        Command::Pnl(options) => commands::pnl::run(session, options).await,
        Command::History(options) => {
            let Some(output) = commands::history::run(session, options, cli.json).await? else { return Ok(None) };
            Ok(output)
        }
        Command::Explain { signature } => commands::explain::run(session, signature).await,
        Command::Outcome(options) => commands::outcome::run(session, options).await,
        Command::Audit(options) => commands::audit::run(session, options).await,
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
        Command::Admin(options) => commands::admin::run(session, options).await,
        Command::Init(_) | Command::Config | Command::Keygen(_) | Command::Completion { .. } => return Ok(None),
    };
    output.map(Some)
}
