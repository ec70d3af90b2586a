//! `kedge-sim`, see [`kedge_sim`].

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use kedge_sim::args::Args;
use kedge_sim::cases::{Row, cases, run};
use kedge_sim::{Simulation, page, text};

fn main() -> ExitCode {
    match simulate(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kedge-sim: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn simulate(args: &Args) -> Result<()> {
    let rows = table(args, args.accounts as usize, args.budget)?;
    if args.json {
        for row in &rows {
            println!("{}", serde_json::to_string(row)?);
        }
        return Ok(());
    }
    print!("{}", text::table(&rows));
    if args.write {
        let small = table(args, page::SMALL, true)?;
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/parameters.md");
        std::fs::write(&file, page::page(&rows, &small)).with_context(|| file.display().to_string())?;
        eprintln!("wrote docs/parameters.md");
    }
    Ok(())
}

/// Runs the cases of a table and says on the way how far it is.
fn table(args: &Args, accounts: usize, small: bool) -> Result<Vec<Row>> {
    let began = Instant::now();
    let simulation = Simulation::new(args.scenario, accounts, args.seed, &|count| {
        if count.is_multiple_of(65_536) && count > 0 {
            eprintln!("[sim] {count} of {accounts} accounts");
        }
    })?;
    let cases = cases(small);
    eprintln!("[sim] {accounts} accounts in {:.1} s; {} runs", began.elapsed().as_secs_f64(), cases.len());
    let began = Instant::now();
    let mut actions = 0;
    run(&simulation, &cases, usize::from(args.threads), &mut |count, row| {
        actions += row.figures.actions - simulation.actions();
        let case = &row.case;
        let passed = began.elapsed().as_secs_f64();
        eprintln!(
            "[sim] {count}/{}: {}, {} {}; every ledger adds up; {:.0} actions a second",
            cases.len(),
            case.condition,
            case.parameter,
            case.value,
            actions as f64 / passed
        );
    })
}
