//! The compiler of the upstream-LLVM backend, and its standard library source with the target added.

use super::cache::{self, Cache};
use super::pins::{DEBIAN_PACKAGES, DEBIAN_RUSTC, RUSTC_RELEASE};
use super::{debian, phase};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler and the edited library source.
pub struct RustSource {
    /// Path of rustc.
    pub rustc: PathBuf,
    /// The edited copy of `library`.
    pub library: PathBuf,
}

/// One replacement in the library source: `find` must occur exactly `times`.
struct Edit {
    file: &'static str,
    find: &'static str,
    replace: &'static str,
    times: usize,
}

const EDITS: [Edit; 5] = [
    // Errors carry no operating system code.
    Edit {
        file: "io/error/mod.rs",
        find: "target_os = \"zkvm\",",
        replace: "target_os = \"zkvm\", target_os = \"solana\",",
        times: 1,
    },
    // One thread, which never ends: `no_threads` and `guard`.
    Edit {
        file: "thread_local/mod.rs",
        find: "target_os = \"zkvm\",",
        replace: "target_os = \"zkvm\", target_os = \"solana\",",
        times: 2,
    },
    // No randomness: the `unsupported` arm, and its `hashmap_random_keys`.
    Edit {
        file: "random/mod.rs",
        find: "target_os = \"xous\",",
        replace: "target_os = \"xous\", target_os = \"solana\",",
        times: 2,
    },
    // `u128` needs 16 bytes.
    Edit {
        file: "alloc/mod.rs",
        find: "target_arch = \"x86_64\",",
        replace: "target_arch = \"x86_64\", target_arch = \"bpf\",",
        times: 1,
    },
    Edit {
        file: "alloc/mod.rs",
        find: "target_os = \"zkvm\" => {",
        replace: "target_os = \"solana\" => {\n        mod solana;\n    }\n    target_os = \"zkvm\" => {",
        times: 1,
    },
];

/// `std/src/sys/alloc/solana.rs`, which the last edit declares.
const SYSTEM_ALLOCATOR: &str = include_str!("../../../toolchain/std/alloc_solana.rs");

/// Finds or installs the compiler, and prepares the library source.
///
/// # Errors
/// When the compiler is missing or is another release, when its library source is missing, and
/// when an edit does not find its place.
pub fn prepare(cache: &Cache) -> Result<RustSource> {
    let rustc = find_rustc()?;
    let version = phase::output(Command::new(&rustc).arg("-vV"))?;
    check_release(&rustc, &version)?;
    let original = find_library(&rustc)?;

    let mut ingredients = vec![version, SYSTEM_ALLOCATOR.to_owned()];
    for edit in &EDITS {
        ingredients.push(cache::hash_file(&system_folder(&original).join(edit.file))?);
        ingredients.push(edit.replace.to_owned());
    }
    let ingredients: Vec<_> = ingredients.iter().map(String::as_str).collect();
    let library = cache.piece("library", &ingredients, |folder| {
        phase::timed("copying and editing the standard library source", || {
            copy_folder(&original, folder)?;
            EDITS.iter().try_for_each(|edit| apply(&system_folder(folder), edit))?;
            fs::write(system_folder(folder).join("alloc").join("solana.rs"), SYSTEM_ALLOCATOR)?;
            Ok(())
        })
    })?;
    Ok(RustSource { rustc, library })
}

/// `$KEDGE_SBPF_RUSTC`, or Debian's, which is installed when there is none.
fn find_rustc() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("KEDGE_SBPF_RUSTC") {
        return Ok(path.into());
    }
    let rustc = PathBuf::from(DEBIAN_RUSTC);
    if !rustc.is_file() {
        debian::install(&DEBIAN_PACKAGES, &format!("rustc {RUSTC_RELEASE} with its library source"))?;
        warn_when_host_compiler_changed();
    }
    Ok(rustc)
}

/// The package puts a `rustc` on the machine; host builds are to stay with rustup's.
fn warn_when_host_compiler_changed() {
    let Some(path) = std::env::var_os("PATH") else { return };
    let first = std::env::split_paths(&path).map(|folder| folder.join("rustc")).find(|candidate| candidate.is_file());
    if first.as_deref() == Some(Path::new(DEBIAN_RUSTC)) {
        phase::note(
            "warning: `rustc` is now Debian's compiler; put ~/.cargo/bin before /usr/bin in PATH to keep rustup's for host builds",
        );
    }
}

fn check_release(rustc: &Path, version: &str) -> Result<()> {
    let release = version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or("unknown");
    if release == RUSTC_RELEASE {
        return Ok(());
    }
    bail!(
        "{} is release {release}, expected {RUSTC_RELEASE}: the target and the edits of the standard library are proven with that one only\n\
         either install it (Debian: apt-get install {}; this replaces the package `rustc`),\n\
         or name another rustc {RUSTC_RELEASE} that has the component rust-src in KEDGE_SBPF_RUSTC,\n\
         or install the Anza tools (https://docs.anza.xyz/cli/install); `cargo build-sbf` is then used",
        rustc.display(),
        DEBIAN_PACKAGES.join(" ")
    )
}

fn find_library(rustc: &Path) -> Result<PathBuf> {
    let sysroot = phase::output(Command::new(rustc).args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
    if library.join("std/src/lib.rs").is_file() {
        return Ok(library);
    }
    if rustc == Path::new(DEBIAN_RUSTC) {
        debian::install(&DEBIAN_PACKAGES, "the source of the standard library")?;
    }
    if !library.join("std/src/lib.rs").is_file() {
        bail!(
            "{} has no library source in {}\n\
             Debian: apt-get install {}; rustup: rustup component add rust-src --toolchain {RUSTC_RELEASE}",
            rustc.display(),
            library.display(),
            DEBIAN_PACKAGES[1]
        );
    }
    Ok(library)
}

fn system_folder(library: &Path) -> PathBuf {
    library.join("std/src/sys")
}

fn apply(system: &Path, edit: &Edit) -> Result<()> {
    let path = system.join(edit.file);
    let text =
        fs::read_to_string(&path).with_context(|| format!("the standard library has no std/src/sys/{}", edit.file))?;
    let found = text.matches(edit.find).count();
    if found != edit.times {
        bail!(
            "std/src/sys/{} holds `{}` {found} times, expected {}: this is not the library source of rustc {RUSTC_RELEASE}\n\
             reinstall it (Debian: apt-get install --reinstall {}), or adapt EDITS in xtask/src/program/rust_source.rs",
            edit.file,
            edit.find,
            edit.times,
            DEBIAN_PACKAGES[1]
        );
    }
    fs::write(&path, text.replace(edit.find, edit.replace))?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        // Follows symbolic links: Debian links parts of the vendored crates.
        if fs::metadata(entry.path()).is_ok_and(|kind| kind.is_dir()) {
            copy_folder(&entry.path(), &target)?;
        } else if entry.path().exists() {
            fs::copy(entry.path(), &target).with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}
