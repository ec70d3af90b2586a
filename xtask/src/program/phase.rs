//! Progress lines with durations.

use anyhow::{Context, Result, bail};
use std::process::Command;
use std::time::Instant;

/// Prints a line outside a phase.
pub(crate) fn note(text: &str) {
    eprintln!("[program] {text}");
}

/// Runs `work` between a line that announces it and a line with the time it took.
pub(crate) fn timed<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    note(&format!("{title} ..."));
    let start = Instant::now();
    let value = work()?;
    note(&format!("{title}: {:.1} s", start.elapsed().as_secs_f32()));
    Ok(value)
}

/// Runs a command with its output shown.
///
/// # Errors
/// When it cannot be started or fails; `advice` says what the user can do then.
pub(crate) fn run(command: &mut Command, advice: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}\n{advice}"))?;
    if !status.success() {
        bail!("{} failed ({status})\n{advice}", program_name(command));
    }
    Ok(())
}

/// Runs a command and returns what it wrote to standard output.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{command:?} wrote text that is not UTF-8"))
}

/// Whether a program of this name can be started and answers `--version` with success.
pub(crate) fn answers(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

/// Removes what a surrounding cargo or rustup hands down and what would change the result:
/// the caller's toolchain choice, flags, wrappers and target folder.
pub(crate) fn clean_cargo_environment(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let inherited = text.starts_with("CARGO_PROFILE_")
            || text.starts_with("CARGO_BUILD_")
            || text.starts_with("CARGO_UNSTABLE_")
            || crate::run::is_told(text)
            || matches!(
                text,
                "CARGO_TARGET_DIR"
                    | "CARGO_ENCODED_RUSTFLAGS"
                    | "RUSTFLAGS"
                    | "RUSTC"
                    | "RUSTC_WRAPPER"
                    | "RUSTC_WORKSPACE_WRAPPER"
                    | "RUSTC_BOOTSTRAP"
            );
        if inherited {
            command.env_remove(&name);
        }
    }
    command
}

fn program_name(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().take(2).map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}
