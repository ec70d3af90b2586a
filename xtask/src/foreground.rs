//! A child that alone gets Ctrl-C.

use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use rustix::process::Pid;

/// Runs a command to its end. On a terminal it is the foreground, as a shell would make it: Ctrl-C reaches it and not `make`,
/// which would call the orderly end an error. The shell takes its terminal back when `make` has ended.
///
/// # Errors
/// When it cannot be started.
pub fn run(command: &mut Command) -> Result<ExitStatus> {
    let terminal = std::io::stdin().is_terminal();
    if terminal {
        command.process_group(0);
    }
    let mut child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if terminal && let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Where it fails, Ctrl-C reaches nobody but us: then we end, and the child with its terminal.
        rustix::termios::tcsetpgrp(std::io::stdin(), group).context("the terminal cannot be handed over")?;
    }
    Ok(child.wait()?)
}
