//! The keeper as a process: what `kedge-keeper` does.

mod auditor;
mod check;
mod connection;
mod decisions;
pub mod factory;
mod gauges;
mod http;
mod logs;
mod metrics;
mod needs;
mod print;
mod publishing;
mod receipts;
mod replay;
mod replica;
mod reporter;
mod run;
mod signals;
mod source;
mod throttle;
mod waiting;

use std::process::ExitCode;

use clap::Parser;
use kedge_client::shown::{discreet, mask_panics, printable_lines};

use crate::config::args::{Args, Command};
use crate::config::{self, Config};
use print::complain;

/// The process: its command line, environment and configuration, and what came of the command. Exit status: 0 done or
/// everything in order; 1 something failed; 2 the command line or the configuration is wrong; 3 (`auditor.exit_code`) the
/// auditor found a break.
pub fn process() -> ExitCode {
    mask_panics();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(asked) if !asked.use_stderr() => asked.exit(),
        Err(wrong) => {
            complain(discreet(&wrong.render().to_string()).trim_end_matches('\n'));
            return ExitCode::from(2);
        }
    };
    let config = match environment().and_then(|environment| config::load(&args, environment)) {
        Ok(config) => config,
        Err(error) => {
            complain(&format!("kedge-keeper: {}", printable_lines(&discreet(&format!("{error:#}")))));
            return ExitCode::from(2);
        }
    };
    let outcome = logs::start(&config)
        .and_then(|()| Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?))
        .and_then(|runtime| runtime.block_on(work(args.command, &config)));
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            complain(&format!("kedge-keeper: {}", connection::discreet(&format!("{error:#}"), &config)));
            ExitCode::FAILURE
        }
    }
}

/// Our variables. What of the others is no text is nobody's business here.
fn environment() -> anyhow::Result<impl Iterator<Item = (String, String)>> {
    let mut ours = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => ours.push((name, value)),
            Err(_) if name.starts_with("KEDGE_KEEPER_") => anyhow::bail!("{name}: is not UTF-8"),
            Err(_) => {}
        }
    }
    Ok(ours.into_iter())
}

/// The exit code.
pub async fn work(command: Command, config: &Config) -> anyhow::Result<u8> {
    match command {
        Command::Audit { json } => auditor::once(config, json).await,
        Command::Check => Ok(u8::from(!check::check(config).await)),
        Command::Replay { file } => replay::replay(config, &file),
        Command::Run => run::run(config).await,
    }
}
