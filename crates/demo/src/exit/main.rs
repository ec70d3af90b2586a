//! `kedge-exit`: the way out of an exchange whose operator, keepers and oracles are gone, on a local chain, told as it goes.

mod leaving;
mod venue;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use kedge_testbed::command_line;

/// Shows the way out of an exchange that nobody runs any more.
#[derive(Parser)]
struct Args {
    /// The exchange's program.
    #[arg(long, default_value = "target/deploy/kedge.so")]
    program: PathBuf,
}

fn main() -> ExitCode {
    let args: Args = command_line::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(exit(&args)));
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(left) => {
            eprintln!("kedge-exit: {left} units of the quote token are left in the vault");
            ExitCode::from(2)
        }
        Err(error) => {
            // The error may quote the command line.
            eprintln!("kedge-exit: {}", kedge_client::shown::discreet(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// What is left in the vault at the end, quote units.
async fn exit(args: &Args) -> Result<u64> {
    let mut venue = venue::Venue::open(&args.program).await?;
    venue.trade().await?;
    venue.die().await?;
    leaving::leave(&venue).await
}
