//! The compilation target: its specification and the compiler flags that belong to it.

use std::path::{Path, PathBuf};

/// Name of the target: the folder below the cargo target folder.
pub(super) const NAME: &str = "sbpf-solana-upstream";

/// Profile of the root Cargo.toml; the linker does the whole-program optimisation.
pub(super) const PROFILE: &str = "sbpf";

/// The specification in the checkout.
pub(super) fn specification(root: &Path) -> PathBuf {
    root.join("toolchain").join(format!("{NAME}.json"))
}

/// Most iterations of a loop that is unrolled. The compiler's own bound unrolls every instruction's walk over its
/// accounts: 60,000 bytes of program, for some four units an account.
const UNROLL: &str = "-unroll-full-max-count=3";
/// Largest size of a function that is inlined, unmarked and marked. The compiler's own 225 and 325 make the program
/// 40,000 bytes larger and hardly an instruction cheaper.
const INLINE: [&str; 2] = ["--inline-threshold=60", "--inlinehint-threshold=120"];

/// Compiler flags; `module` is where the linker writes the optimised module as LLVM IR.
pub(super) fn flags(linker: &Path, module: &Path) -> Vec<String> {
    vec![
        "-Zunstable-options".to_owned(),
        // Without the panic machinery, which needs writable statics.
        "-Cpanic=immediate-abort".to_owned(),
        // One thread: atomics are plain loads and stores.
        "-Cpasses=lower-atomic".to_owned(),
        // For the compiler, which sees one crate, and for the linker, which sees the program.
        format!("-Cllvm-args={UNROLL}"),
        format!("-Clink-arg=--llvm-args=-{UNROLL}"),
        format!("-Clink-arg=--llvm-args={}", INLINE[0]),
        format!("-Clink-arg=--llvm-args={}", INLINE[1]),
        format!("-Clinker={}", linker.display()),
        "-Clink-arg=--llvm-args=--bpf-stack-size=4096".to_owned(),
        // Otherwise the linker also writes into the folder of the compiled package.
        "-Clink-arg=--deploy=false".to_owned(),
        format!("-Clink-arg=--dump-module={}", module.display()),
    ]
}
