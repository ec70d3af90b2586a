//! The compilation target: its specification and the compiler flags that belong to it.

use std::path::{Path, PathBuf};

/// Name of the target: the folder below the cargo target folder.
pub const NAME: &str = "sbpf-solana-upstream";

/// Profile of the root Cargo.toml; the linker does the whole-program optimisation.
pub const PROFILE: &str = "sbpf";

/// The specification in the checkout.
pub fn specification(root: &Path) -> PathBuf {
    root.join("toolchain").join(format!("{NAME}.json"))
}

/// Compiler flags; `module` is where the linker writes the optimised module as LLVM IR.
pub fn flags(linker: &Path, module: &Path) -> Vec<String> {
    vec![
        "-Zunstable-options".to_owned(),
        // Without the panic machinery, which needs writable statics.
        "-Cpanic=immediate-abort".to_owned(),
        // One thread: atomics are plain loads and stores.
        "-Cpasses=lower-atomic".to_owned(),
        format!("-Clinker={}", linker.display()),
        "-Clink-arg=--llvm-args=--bpf-stack-size=4096".to_owned(),
        // Otherwise the linker also writes into the folder of whatever package is compiled.
        "-Clink-arg=--deploy=false".to_owned(),
        format!("-Clink-arg=--dump-module={}", module.display()),
    ]
}
