//! `cargo xtask judges`: independent clients against the Rust crates (tests/judges).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::client;
use crate::npm;
use crate::program::{cache::Cache, cache::hash, phase::clean_cargo_environment};
use crate::run::{cargo, phase, root, target};

/// File with the packages of Python's judge and their checksums.
const REQUIREMENTS: &str = "requirements.txt";

/// Flags of `judges`.
#[derive(Args, Default)]
pub(crate) struct JudgesArgs {
    /// Run only this judge (name of its folder)
    #[arg(long)]
    only: Option<String>,
}

/// Folder and runner of a judge.
type Judge = (&'static str, fn(&Path, &Path) -> Result<()>);

const JUDGES: [Judge; 6] = [
    ("anchor-ts", anchor_ts),
    ("anchor-rust", anchor_rust),
    ("codama-rust", codama_rust),
    ("python", python),
    ("solvency", solvency),
    ("package", package),
];

/// Runs all judges, or one.
///
/// # Errors
/// When a client writes or reads other bytes than the Rust crates, and when one cannot be built.
pub(crate) fn run(args: &JudgesArgs) -> Result<()> {
    let start = Instant::now();
    let vectors = client::vectors(&["--example", "solvency"])?;
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| only == name);
    let mut took = vec![("vectors", start.elapsed())];
    for (name, ask) in JUDGES.into_iter().filter(|(name, _)| wanted(name)) {
        let start = Instant::now();
        ask(&folder(name), &vectors)?;
        took.push((name, start.elapsed()));
    }
    let names = JUDGES.map(|(name, _)| name).join(", ");
    ensure!(took.len() > 1, "no judge is called {}: there are {names}", args.only.as_deref().unwrap_or_default());
    let parts: Vec<String> = took.iter().map(|(name, took)| format!("{name} {:.1}", took.as_secs_f64())).collect();
    println!("[judges] {:.1} s: {}", start.elapsed().as_secs_f64(), parts.join(", "));
    Ok(())
}

fn folder(judge: &str) -> PathBuf {
    root().join("tests/judges").join(judge)
}

fn anchor_ts(folder: &Path, vectors: &Path) -> Result<()> {
    node("Anchor's TypeScript client", folder, vectors)
}

fn package(folder: &Path, vectors: &Path) -> Result<()> {
    client::install()?;
    node("packagers of the TypeScript client", folder, vectors)
}

/// Installs and runs a judge on Node.
fn node(name: &str, folder: &Path, vectors: &Path) -> Result<()> {
    npm::install(folder, &format!("install the packages of the judge: {name}"))?;
    let mut judge = Command::new("node");
    judge.args(["--test", "--test-reporter=spec", "judge.mjs"]).current_dir(folder).env("KEDGE_VECTORS", vectors);
    phase(&format!("judge: {name}"), &mut judge)
}

fn anchor_rust(folder: &Path, vectors: &Path) -> Result<()> {
    rust("Anchor's Rust client", folder, vectors)
}

fn codama_rust(folder: &Path, vectors: &Path) -> Result<()> {
    render(&folder.join("renderer"), &folder.join("src/generated"))?;
    rust("Codama's Rust renderer", folder, vectors)
}

/// Generates a crate with Codama, unless its inputs are unchanged: cargo rebuilds what is written.
fn render(renderer: &Path, generated: &Path) -> Result<()> {
    let read = |path: PathBuf| std::fs::read_to_string(&path).with_context(|| path.display().to_string());
    let tree = read(root().join("idl/kedge.codama.json"))?;
    let [script, lock] = ["render.mjs", "package-lock.json"].map(|file| read(renderer.join(file)));
    let (made_from, stamp) = (hash(&[&tree, &script?, &lock?]), generated.join(".made-from"));
    if std::fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == made_from) {
        return Ok(());
    }
    npm::install(renderer, "install the packages of Codama's Rust renderer")?;
    let mut render = Command::new("node");
    // Codama prints dependency versions, which the crate pins itself.
    let output = render.arg("render.mjs").current_dir(renderer).output().context("cannot run node")?;
    if !output.status.success() {
        bail!("Codama's Rust renderer failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(std::fs::write(stamp, made_from)?)
}

/// Builds and runs a crate that is a workspace of its own.
fn rust(name: &str, folder: &Path, vectors: &Path) -> Result<()> {
    let cargo = |command: &str| {
        let mut cargo = cargo();
        clean_cargo_environment(&mut cargo);
        cargo.current_dir(folder).env("CARGO_TARGET_DIR", target().join("judges"));
        cargo.args([command, "--quiet", "--locked"]);
        cargo
    };
    phase(&format!("build the judge: {name}"), &mut cargo("build"))?;
    phase(&format!("judge: {name}"), cargo("run").arg("--").arg(vectors))
}

fn python(folder: &Path, vectors: &Path) -> Result<()> {
    let packages = packages(&folder.join(REQUIREMENTS))?;
    let mut judge = Command::new(crate::reference::python()?);
    judge.arg("judge.py").arg(vectors).current_dir(folder).env("PYTHONPATH", packages);
    // Nothing is written into the checkout.
    judge.env("PYTHONDONTWRITEBYTECODE", "1");
    phase("judge: solders", &mut judge)
}

/// Statements of solvency and proofs by the example of kedge-audit, read in Python.
fn solvency(folder: &Path, _: &Path) -> Result<()> {
    let packages = packages(&folder.with_file_name("python").join(REQUIREMENTS))?;
    let files = root().join("target/solvency");
    // Of an earlier run, when there was one.
    let _ = std::fs::remove_dir_all(&files);
    std::fs::create_dir_all(&files)?;
    phase("make statements", Command::new(target().join("debug/examples/solvency")).arg(&files))?;
    let mut judge = Command::new(crate::reference::python()?);
    judge.arg("judge.py").arg(&files).current_dir(folder).env("PYTHONPATH", packages);
    judge.env("PYTHONDONTWRITEBYTECODE", "1");
    phase("judge: statements of solvency", &mut judge)
}

/// A cache folder with the Python packages of a requirements file.
fn packages(requirements: &Path) -> Result<PathBuf> {
    let wanted = std::fs::read_to_string(requirements).with_context(|| requirements.display().to_string())?;
    let cache = Cache::named("python")?;
    let _lock = cache.lock()?;
    cache.piece("judges", &[&wanted], |folder| {
        let mut pip = Command::new(crate::reference::python()?);
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]);
        pip.env("PIP_ROOT_USER_ACTION", "ignore");
        pip.args(["--disable-pip-version-check", "--target"]).arg(folder).arg("--requirement").arg(requirements);
        phase("install the packages of the Python judge", &mut pip)
    })
}
