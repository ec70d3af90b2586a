//! `kedge-demo`: see the library.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;

use kedge_demo::args::Args;
use kedge_demo::cast::Cast;
use kedge_demo::replay::Tape;
use kedge_demo::{calendar, report, run, serve, stage};

fn main() -> ExitCode {
    kedge_client::shown::mask_panics();
    // What is quoted of a mistake may be an address with a key.
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(wrong) if wrong.use_stderr() => {
            eprint!("{}", kedge_client::shown::discreet(&wrong.render().to_string()));
            return ExitCode::from(2);
        }
        Err(asked) => asked.exit(),
    };
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(demo(&args)));
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("kedge-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn demo(args: &Args) -> Result<u8> {
    args.validate()?;
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let stop = Arc::new(AtomicBool::new(false));
    listen(Arc::clone(&stop));

    let started = Instant::now();
    let say = |what: &str| {
        let line = format!("{:5.1} s  {what}", started.elapsed().as_secs_f64());
        // What is served for programs is told to programs: standard output is theirs.
        if args.serve { eprintln!("{line}") } else { println!("{line}") }
    };
    let tape = Arc::new(Tape::open(&args.data, args.scenario, args.from.as_deref(), args.minutes)?);
    let cast = Cast::new(args.seed, if args.serve { 0 } else { args.takers });
    say("starting a local chain");
    let localnet = Arc::new(stage::start_chain(args, &tape)?);
    say(&format!("RPC {}  WebSocket {}", localnet.rpc_url(), localnet.ws_url()));
    if !localnet.rpc_url().ends_with(&format!(":{}", args.rpc_port)) {
        say(&format!("(port {} is taken)", args.rpc_port));
    }
    stage::deploy(&localnet, &args.program)?;
    say(&format!("deployed {}", args.program.display()));
    stage::list(&localnet, &cast, &tape, args.speed).await?;
    say("listed the USDC bank and SOL, BTC, ETH perpetuals, funded vAMMs and insurance");
    stage::board(&localnet, &cast).await?;
    let wallet = stage::welcome_visitor(&localnet, &cast, &args.out)?;
    say(&format!("{} traders on board; a funded wallet for you is in {}", cast.members.len(), wallet.display()));
    say(&format!(
        "in another terminal: kedge --url {} markets; or with --keypair {}: create, deposit, order, position",
        localnet.rpc_url(),
        wallet.display()
    ));
    say(&format!(
        "replaying {} minutes from {} UTC at {} market seconds a second; Ctrl-C ends it early",
        tape.length / 60,
        calendar::date_time(tape.start),
        args.speed
    ));

    if args.serve {
        serve::serve(args, &localnet, &cast, &tape, &stop).await?;
        return Ok(0);
    }
    let outcome = run::run(args, Arc::clone(&localnet), &cast, tape, &stop).await?;
    print!("{}", outcome.summary.text());
    report::write(&args.out, &outcome.summary, &outcome.points)?;
    println!("\nreport: {}", args.out.join("report.html").display());
    Ok(outcome.summary.status())
}

/// The first Ctrl-C ends the run in order, the second at once.
fn listen(stop: Arc<AtomicBool>) {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        stop.store(true, Ordering::Relaxed);
        eprintln!("\nstopping");
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
}
