//! `kedge-demo`: see the library.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use kedge_demo::args::{self, Args};
use kedge_demo::cast::Cast;
use kedge_demo::replay::Tape;
use kedge_demo::steps::Steps;
use kedge_demo::{calendar, report, run, serve, stage};

/// SIGTSTP, which Ctrl-Z sends.
const SUSPEND: i32 = if cfg!(target_os = "linux") { 20 } else { 18 };

fn main() -> ExitCode {
    let args: Args = args::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(demo(&args)));
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            // It may quote what was typed.
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
    let tape = Arc::new(Tape::open(&args.data, args.scenario(), args.from.as_deref(), args.minutes())?);
    let cast = Cast::new(args.seed, if args.serve { 0 } else { args.takers });
    steps.begin("start a local chain, list SOL, BTC and ETH, fund everybody");
    let localnet = Arc::new(stage::start_chain(args, &tape)?);
    steps.say(&format!("      RPC {}  WebSocket {}", localnet.rpc_url(), localnet.ws_url()));
    if !localnet.rpc_url().ends_with(&format!(":{}", args.rpc_port)) {
        steps.say(&format!("      (port {} is taken)", args.rpc_port));
    }
    stage::deploy(&localnet, &args.program)?;
    stage::list(&localnet, &cast, &tape, args.speed).await?;
    stage::board(&localnet, &cast).await?;
    let wallets = stage::leave_wallets(&localnet, &cast, &args.out)?;
    steps.say(&format!("      {} traders; a funded wallet for you: {}", cast.members.len(), wallets.visitor.display()));
    steps.end();

    if args.serve {
        steps.begin("serve, with keepers and makers");
        let mut told = || {
            if steps.aside() {
                println!("{}", serve::description(&localnet, &cast));
            }
            steps.say(&kedge_demo::steps::served(&localnet, &wallets));
        };
        serve::serve(args, &localnet, &cast, &tape, &stop, &mut told).await?;
        return Ok(0);
    }
    let minutes = tape.length / 60;
    steps.begin(&format!("replay {minutes} minutes at {} market seconds a second", args.speed));
    steps.say(&format!("      from {} UTC; Ctrl-C ends it early, in order", calendar::date_time(tape.start)));
    let url = localnet.rpc_url().to_owned();
    let floor = run::run(args, Arc::clone(&localnet), &cast, tape, &stop).await?;
    steps.end();
    steps.begin("read every account back, add up, write the report");
    let outcome = floor.finish().await?;
    report::write(&args.out, &outcome)?;
    steps.end();
    print!("{}", outcome.summary.short());
    print!("{}", kedge_demo::steps::next(&url, &args.out.join("report.html")));
    Ok(outcome.summary.status())
}

/// The first Ctrl-C ends the run in order, the second at once.
fn listen(stop: Arc<AtomicBool>) -> Result<()> {
    // Alone in the terminal's foreground this would stop with nobody to wake it, and the shell would wait for ever.
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
