//! `kedge-demo`, see [`kedge_demo`].

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use kedge_demo::args::Args;
use kedge_demo::steps::Steps;
use kedge_demo::wallets::Wallets;
use kedge_demo::{report, run, serve};
use kedge_localnet::Localnet;
use kedge_model::account::exchange::FeeSchedule;
use kedge_testbed::cluster::local;
use kedge_testbed::listing::{self, pools};
use kedge_testbed::participants::Participants;
use kedge_testbed::recorded::RecordedPrices;
use kedge_testbed::{bootstrap, calendar, command_line};
use solana_signer::Signer;

/// SIGTSTP, which Ctrl-Z sends.
const SUSPEND: i32 = if cfg!(target_os = "linux") { 20 } else { 18 };

fn main() -> ExitCode {
    let args: Args = command_line::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(demo(&args)));
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            // The error may quote the command line.
            eprintln!("kedge-demo: {}", kedge_client::shown::discreet(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

async fn demo(args: &Args) -> Result<u8> {
    args.validate()?;
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let stop = Arc::new(AtomicBool::new(false));
    listen(Arc::clone(&stop))?;

    let mut steps = Steps::new(args.steps_done, args.serve);
    let prices = Arc::new(RecordedPrices::open(&args.data, args.scenario(), args.from.as_deref(), args.minutes())?);
    let participants = Participants::new(args.seed, if args.serve { 0 } else { args.takers });
    steps.begin("start a local chain, list SOL, BTC and ETH, fund everybody");
    let localnet = Arc::new(local::start(&args.localnet(&prices))?);
    steps.say(&format!("      RPC {}  WebSocket {}", localnet.rpc_url(), localnet.ws_url()));
    if !localnet.rpc_url().ends_with(&format!(":{}", args.rpc_port)) {
        steps.say(&format!("      (port {} is taken)", args.rpc_port));
    }
    local::deploy(&localnet, &args.program)?;
    list(args, &localnet, &participants, &prices).await?;
    local::onboard(&localnet, &participants).await?;
    let wallets = Wallets::leave(&localnet, &participants, &args.out)?;
    steps.say(&format!(
        "      {} traders; a funded wallet for you: {}",
        participants.members.len(),
        wallets.visitor.display()
    ));
    steps.end();

    if args.serve {
        steps.begin("serve, with keepers and makers");
        let mut told = || {
            if steps.aside() {
                println!("{}", serve::description(&localnet, &participants));
            }
            steps.say(&kedge_demo::steps::served(&localnet, &wallets));
        };
        serve::serve(args, &localnet, &participants, &prices, &stop, &mut told).await?;
        return Ok(0);
    }
    let minutes = prices.length / 60;
    steps.begin(&format!("replay {minutes} minutes at {} market seconds a second", args.speed));
    steps.say(&format!("      from {} UTC; Ctrl-C ends it early, in order", calendar::date_time(prices.start)));
    let url = localnet.rpc_url().to_owned();
    let ended = run::run(args, Arc::clone(&localnet), &participants, prices, &stop).await?;
    steps.end();
    steps.begin("read every account back, add up, write the report");
    let outcome = ended.finish().await?;
    report::write(&args.out, &outcome)?;
    steps.end();
    print!("{}", outcome.summary.short());
    print!("{}", kedge_demo::steps::next(&url, &args.out.join("report.html")));
    Ok(outcome.summary.status())
}

/// Gives the admin SOL and the pools' dollars, and creates the exchange.
async fn list(args: &Args, localnet: &Localnet, participants: &Participants, prices: &RecordedPrices) -> Result<()> {
    let (admin, mint) = (participants.admin.pubkey(), participants.mint.pubkey());
    localnet.create_mint(mint, 6, admin)?;
    let _ = local::fund(localnet, admin, mint, pools())?;
    localnet.airdrop(participants.crank.pubkey(), local::LAMPORTS)?;
    // In real time an auction has its usual length: in one of three slots a maker takes a third of the way to the worst
    // price.
    let fees = if args.speed > 1.0 { listing::fees(args.speed) } else { FeeSchedule::initial() };
    let listing = listing::listing(prices, args.speed, fees);
    bootstrap::list(&local::sender(localnet, &participants.admin), mint, &listing).await
}

/// The first Ctrl-C ends the run in order, the second at once.
fn listen(stop: Arc<AtomicBool>) -> Result<()> {
    // As the only process of the terminal's foreground group this one would stop with no process to wake it, and the
    // shell would wait for ever.
    let mut suspend = signal(SignalKind::from_raw(SUSPEND))?;
    tokio::spawn(async move {
        while suspend.recv().await.is_some() {
            eprintln!("\nthe demo cannot be suspended; Ctrl-C ends it");
        }
    });
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        interrupt.recv().await;
        stop.store(true, Ordering::Relaxed);
        eprintln!("\nstopping (Ctrl-C again: at once)");
        interrupt.recv().await;
        std::process::exit(130);
    });
    Ok(())
}
