//! Checks the 128-bit library calls in the linked module.
//!
//! Two mistakes compile, link and then corrupt memory or never end: a program that does not link
//! `kedge-libcalls` gets definitions with another calling convention, and a definition in which the
//! optimiser finds 128-bit arithmetic calls itself.

use super::package::Package;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// The library calls that LLVM emits for 128-bit arithmetic.
const CALLS: [&str; 5] = ["__multi3", "__udivti3", "__umodti3", "__divti3", "__modti3"];

/// The optimised module, as the linker's `--dump-module` writes it.
pub(super) const MODULE: &str = "post-opt.ll";

/// Checks the module in `folder`. The module is missing when cargo found the program fresh; it was checked when it was
/// linked.
///
/// # Errors
/// When a library call is missing, is not the one of `kedge-libcalls`, or uses 128-bit arithmetic.
pub(super) fn check(folder: &Path, package: &Package) -> Result<()> {
    let path = folder.join(MODULE);
    if !path.exists() {
        return Ok(());
    }
    let module = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    CALLS.iter().try_for_each(|call| {
        check_call(&module, call).with_context(|| format!("{} must not be deployed", package.artifact()))
    })
}

fn check_call(module: &str, call: &str) -> Result<()> {
    let Some((head, body)) = definition(module, call) else {
        bail!("the program has no `{call}`: add `use kedge_libcalls as _;` to its lib.rs");
    };
    if head.contains(" weak") {
        bail!(
            "`{call}` is not the one of kedge-libcalls but one with another calling convention\n\
             add `use kedge_libcalls as _;` to the program's lib.rs"
        );
    }
    if body.contains("i128") {
        bail!(
            "the optimiser made 128-bit arithmetic in `{call}`, which therefore calls itself\n\
             rewrite it in crates/libcalls so that LLVM does not recognise the formula"
        );
    }
    Ok(())
}

/// First line and body of the function `name`.
fn definition<'a>(module: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let marker = format!("@{name}(");
    let start = module
        .match_indices("\ndefine ")
        .map(|(at, _)| at + 1)
        .find(|at| module[*at..].lines().next().is_some_and(|line| line.contains(&marker)))?;
    let text = &module[start..];
    let text = &text[..text.find("\n}").unwrap_or(text.len())];
    Some(text.split_once('\n').unwrap_or((text, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\ndefine hidden void @__multi3(i64 %0) #1 {\n  %1 = mul i64 %0, %0\n}\n";

    #[test]
    fn own_definition_passes() {
        check_call(GOOD, "__multi3").expect("passes");
    }

    #[test]
    fn missing_weak_and_recursive_definitions_are_refused() {
        let message = |module: &str, call| check_call(module, call).expect_err("refused").to_string();
        assert!(message(GOOD, "__divti3").contains("has no"));
        assert!(message(&GOOD.replace("define hidden", "define weak_odr hidden"), "__multi3").contains("convention"));
        assert!(message(&GOOD.replace("mul i64", "mul i128"), "__multi3").contains("calls itself"));
    }

    #[test]
    fn body_ends_with_the_function() {
        let module = format!("{GOOD}define i128 @other(i128 %0) {{\n  ret i128 %0\n}}\n");
        check_call(&module, "__multi3").expect("passes");
    }
}
