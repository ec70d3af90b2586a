//! Runs a child that alone receives Ctrl-C.

use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use rustix::process::Pid;

/// Runs a command to its end. On a terminal it becomes the foreground process, as in a shell: Ctrl-C reaches it and not
/// `make`, which would report the orderly end as an error. The shell takes its terminal back when `make` ends.
///
/// # Errors
/// When the command cannot be started.
pub(crate) fn run(command: &mut Command) -> Result<ExitStatus> {
    let terminal = std::io::stdin().is_terminal();
    if terminal {
        command.process_group(0);
    }
    let mut child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if terminal && let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // When this fails, Ctrl-C would end this process and with it the child.
        rustix::termios::tcsetpgrp(std::io::stdin(), group).context("the terminal cannot be handed over")?;
    }
    Ok(child.wait()?)
}
