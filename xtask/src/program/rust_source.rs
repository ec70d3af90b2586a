//! The compiler of the upstream-LLVM backend, and its standard library source with the target added.

use super::cache::{self, Cache};
use super::compiler;
use super::phase;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The compiler and the edited library source.
pub(super) struct RustSource {
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
/// As [`compiler::find`], and when an edit does not find its place.
pub(super) fn prepare(cache: &Cache) -> Result<RustSource> {
    let compiler = compiler::find()?;
    let original = &compiler.library;
    let mut ingredients = vec![compiler.version.clone(), SYSTEM_ALLOCATOR.to_owned()];
    for edit in &EDITS {
        ingredients.push(cache::hash_file(&system_folder(original).join(edit.file))?);
        ingredients.push(edit.replace.to_owned());
    }
    let ingredients: Vec<_> = ingredients.iter().map(String::as_str).collect();
    let library = cache.piece("library", &ingredients, |folder| {
        phase::timed("copying and editing the standard library source", || {
            copy_folder(original, folder)?;
            EDITS.iter().try_for_each(|edit| apply(&system_folder(folder), edit, &compiler.release))?;
            fs::write(system_folder(folder).join("alloc").join("solana.rs"), SYSTEM_ALLOCATOR)?;
            Ok(())
        })
    })?;
    Ok(RustSource { rustc: compiler.rustc, library })
}

fn system_folder(library: &Path) -> PathBuf {
    library.join("std/src/sys")
}

fn apply(system: &Path, edit: &Edit, release: &str) -> Result<()> {
    let path = system.join(edit.file);
    let text =
        fs::read_to_string(&path).with_context(|| format!("the standard library has no std/src/sys/{}", edit.file))?;
    let found = text.matches(edit.find).count();
    if found != edit.times {
        bail!(
            "std/src/sys/{} holds `{}` {found} times, expected {}: this is not the library source of rustc {release}\n\
             reinstall it (rustup: rustup component remove rust-src, then add it; Debian: apt-get install --reinstall \
             rust-web-src), or adapt EDITS in xtask/src/program/rust_source.rs",
            edit.file,
            edit.find,
            edit.times,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_that_does_not_find_its_place_stops_the_build() {
        let system = std::env::temp_dir().join(format!("kedge-std-{}", std::process::id()));
        fs::create_dir_all(&system).unwrap();
        let edit = Edit { file: "mod.rs", find: "zkvm", replace: "zkvm, solana", times: 2 };
        let outcome = |text: &str| {
            fs::write(system.join(edit.file), text).unwrap();
            apply(&system, &edit, "1.2.3").map_err(|error| error.to_string())
        };
        assert_eq!(outcome("zkvm zkvm"), Ok(()));
        assert_eq!(fs::read_to_string(system.join(edit.file)).unwrap(), "zkvm, solana zkvm, solana");
        for (text, times) in [("", 0), ("zkvm", 1), ("zkvm zkvm zkvm", 3)] {
            let error = outcome(text).unwrap_err();
            assert!(error.contains(&format!("{times} times, expected 2")) && error.contains("rustc 1.2.3"), "{error}");
        }
        let missing = apply(&system, &Edit { file: "gone.rs", ..edit }, "1.2.3").unwrap_err().to_string();
        fs::remove_dir_all(&system).unwrap();
        assert!(missing.contains("no std/src/sys/gone.rs"), "{missing}");
    }
}
