//! `kedge-keeper`: the jobs that keep a Kedge market running, as one process with one configuration file.
//!
//! * `kedge-keeper check` tells whether everything that the jobs need is there;
//! * `kedge-keeper audit` adds everything up from raw accounts, once;
//! * `kedge-keeper replay` decides again on what a keeper has recorded;
//! * `kedge-keeper run` runs them until it is told to stop.
//!
//! Exit status: 0 done or everything in order; 1 something failed; 2 the command line or the configuration is wrong; 3
//! (`auditor.exit_code`) the auditor found a break.

mod args;
mod auditor;
mod check;
mod config;
mod connection;
mod crew;
mod decisions;
mod fleet;
mod http;
mod logs;
mod metrics;
mod needs;
mod publish;
mod receipts;
mod replay;
mod run;
mod signals;
mod source;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use config::Config;

fn main() -> ExitCode {
    let args = Args::parse();
    let config = match config::load(&args, std::env::vars()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("kedge-keeper: {}", kedge_client::shown::printable_lines(&format!("{error:#}")));
            return ExitCode::from(2);
        }
    };
    let outcome = logs::start(&config)
        .and_then(|()| Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?))
        .and_then(|runtime| runtime.block_on(work(args.command, &config)));
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("kedge-keeper: {}", connection::discreet(&format!("{error:#}"), &config));
            ExitCode::FAILURE
        }
    }
}

/// The exit code.
async fn work(command: Command, config: &Config) -> anyhow::Result<u8> {
    match command {
        Command::Audit { json } => auditor::once(config, json).await,
        Command::Check => Ok(u8::from(!check::check(config).await)),
        Command::Replay { file } => replay::replay(config, &file),
        Command::Run => run::run(config).await,
    }
}
