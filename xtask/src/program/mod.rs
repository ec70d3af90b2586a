//! `cargo xtask program`: builds the on-chain programs into `target/deploy`.
//!
//! Two backends produce the same artefacts from the same sources: the Anza tools
//! (`cargo build-sbf`) where they are installed, and upstream LLVM otherwise
//! (`toolchain/README.md`).

mod artifact;
mod backend;
mod build_sbf;
pub(crate) mod cache;
mod compiler;
pub(crate) mod debian;
mod libcall_check;
mod linker;
mod package;
pub(crate) mod phase;
pub(crate) mod pins;
mod rust_source;
mod target;
mod upstream;
pub(crate) mod wheels;

use anyhow::{Context, Result, bail};
use backend::Backend;
use clap::Args;
use package::Package;
use std::path::{Path, PathBuf};

/// Arguments of `cargo xtask program`.
#[derive(Args)]
pub(crate) struct ProgramArgs {
    /// Program to build: a folder below programs/ or a package name. All programs when left out.
    #[arg(long, short, value_name = "NAME")]
    package: Vec<String>,

    /// Which toolchain builds the programs.
    #[arg(long, value_enum, env = "KEDGE_PROGRAM_BACKEND", default_value = "auto")]
    backend: backend::Choice,

    /// Say which backend would build the programs and where its cache is; build nothing.
    #[arg(long)]
    print_backend: bool,

    /// Prepare the toolchain (downloads, linker, standard library source); build no program.
    #[arg(long, conflicts_with = "print_backend")]
    setup_only: bool,

    /// Cargo features for the programs, comma separated.
    #[arg(long, value_delimiter = ',')]
    features: Vec<String>,
}

impl ProgramArgs {
    /// All programs, by the installed backend.
    pub(crate) fn all() -> Self {
        Self {
            package: Vec::new(),
            backend: backend::Choice::Auto,
            print_backend: false,
            setup_only: false,
            features: Vec::new(),
        }
    }

    /// One program.
    pub(crate) fn only(package: &str) -> Self {
        Self { package: vec![package.to_owned()], ..Self::all() }
    }
}

/// Builds the programs that `args` names.
///
/// # Errors
/// When a piece of the toolchain is missing, differs from its pin or does not build, and when a
/// program does not compile. The message says what to do.
pub(crate) fn run(args: ProgramArgs) -> Result<()> {
    let root = workspace_root()?;
    let backend = Backend::choose(args.backend)?;
    if args.print_backend {
        println!("backend: {backend}");
        if matches!(backend, Backend::UpstreamLlvm) {
            println!("cache: {}", cache::Cache::open()?.root().display());
        }
        return Ok(());
    }

    let packages = if args.setup_only { Vec::new() } else { Package::select(&root, &args.package)? };
    if packages.is_empty() && !args.setup_only {
        bail!("no program to build: programs/ holds no folder with a Cargo.toml");
    }
    phase::note(&format!("backend: {backend}"));
    match backend {
        Backend::AnzaTools => build_sbf::build(&root, &packages, &args.features)?,
        Backend::UpstreamLlvm => upstream::build(&root, &packages, &args.features)?,
    }
    artifact::place_keypairs(&root)
}

/// The checkout that cargo was called in, asked at run time: with a target folder that two checkouts share, the binary
/// may have been compiled in the other one.
fn workspace_root() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = manifest.as_deref().and_then(Path::parent);
    root.map(Path::to_path_buf).context("run it as `cargo xtask`: CARGO_MANIFEST_DIR is not set")
}
