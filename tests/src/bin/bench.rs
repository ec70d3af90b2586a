//! Measures the compute units and the transaction cost of every instruction. Without flags it prints the table and
//! rewrites the document and the baseline; with `--check` it compares with the baseline and fails on growth.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kedge_tests::bench::measure;
use kedge_tests::bench::report::{Report, Sizes};
use kedge_tests::machine::root;

fn baseline_path() -> PathBuf {
    root().join("tests").join("compute.json")
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

fn main() -> ExitCode {
    let check = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => {
            eprintln!("unknown argument {other}; there is --check");
            return ExitCode::from(2);
        }
    };
    let report = Report { rows: measure(), sizes: Sizes::measure() };
    print!("{}", report.text());
    if !check {
        let baseline = serde_json::to_string_pretty(&report.baseline()).expect("JSON of plain values");
        write(&baseline_path(), &format!("{baseline}\n"));
        write(&root().join("docs").join("compute.md"), &report.document());
        return ExitCode::SUCCESS;
    }
    let path = baseline_path();
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; write it with `cargo xtask bench`", path.display()));
    let regressions = report.regressions(&serde_json::from_str(&text).expect("the baseline is JSON"));
    for regression in &regressions {
        eprintln!("grew: {regression}");
    }
    if regressions.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
