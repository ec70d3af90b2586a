//! `cargo xtask client`: the TypeScript client in clients/js, generated from idl/kedge.json.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::run::{cargo, phase, root, target};
use crate::{npm, program};

/// Flags of `client`.
#[derive(Args)]
pub(crate) struct ClientArgs {
    /// Fail when what is committed differs from the IDL instead of writing it.
    #[arg(long)]
    check: bool,
    /// Build the client and run its tests, on an exchange of their own.
    #[arg(long)]
    test: bool,
}

/// Generates, checks or tests the client.
pub(crate) fn run(args: &ClientArgs) -> Result<()> {
    match args {
        ClientArgs { test: true, .. } => {
            program::run(program::ProgramArgs::only("kedge"))?;
            test()
        }
        ClientArgs { check: true, .. } => check(),
        _ => {
            install()?;
            phase("client", &mut script("generate"))?;
            phase("compile the client", &mut script("build"))
        }
    }
}

/// Fails when generating again would change a file.
pub(crate) fn check() -> Result<()> {
    install()?;
    phase("client", script("generate").args(["--", "--check"]))
}

/// Compares the client with the Rust crates and trades with it on the embedded chain. The program must be built.
pub(crate) fn test() -> Result<()> {
    install()?;
    phase("compile the client", &mut script("build"))?;
    let vectors = vectors(&["--bin", "kedge-demo"])?;
    let demo = target().join("debug/kedge-demo");
    phase("test the client", script("test").env("KEDGE_VECTORS", vectors).env("KEDGE_DEMO", demo))
}

/// Builds and writes the test vectors for clients in other languages; also builds the binaries in `beside`.
///
/// # Errors
/// When the build fails, or a struct is missing in the vectors.
pub(crate) fn vectors(beside: &[&str]) -> Result<PathBuf> {
    // The workspace's tests use the same selection, so that nothing is built twice.
    let built = ["build", "--workspace", "--locked", "--example", "vectors"];
    phase("build what clients are tested with", cargo().args(built).args(beside))?;
    let vectors = root().join("target/client-vectors.json");
    fs::create_dir_all(root().join("target"))?;
    let mut make = Command::new(target().join("debug/examples/vectors"));
    // Its message says what is missing; a backtrace would not help.
    let output = make.env("RUST_BACKTRACE", "0").output().context("cannot run the vectors")?;
    if !output.status.success() {
        bail!("the vectors were not made: {}", String::from_utf8_lossy(&output.stderr));
    }
    fs::write(&vectors, output.stdout)?;
    Ok(vectors)
}

fn folder() -> PathBuf {
    root().join("clients/js")
}

/// Runs a script of clients/js/package.json.
fn script(name: &str) -> Command {
    let mut npm = Command::new("npm");
    npm.args(["run", "--silent", name]).current_dir(folder());
    npm
}

/// Installs the client's npm packages, once.
///
/// # Errors
/// When Node is missing or too old, or packages cannot be had.
pub(crate) fn install() -> Result<()> {
    npm::install(&folder(), "install the client's packages")
}
