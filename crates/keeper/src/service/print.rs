//! Standard output and standard error of a process whose reader may have gone away (`| head`): that is no fault, and
//! changes neither what is done nor the exit code.

use std::io::Write;

/// Prints a line to standard output.
pub(super) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints a line to standard error.
pub(super) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
