//! Memory of a process.

use std::process::{Command, Stdio};

/// Environment variable that marks the child process.
const CHILD: &str = "KEDGE_HOSTILE_CHILD";

/// Runs a test of this binary again in a process of its own, so that [`most_memory_mb`] counts no other test. Returns
/// `true` in the child, and `false` in the parent after the child's success.
///
/// # Panics
/// In the parent, when the child fails.
#[must_use]
pub fn child(test: &str) -> bool {
    if std::env::var(CHILD).is_ok_and(|named| named == test) {
        return true;
    }
    let this = std::env::current_exe().expect("a test binary has a path");
    let mut command = Command::new(this);
    command.args([test, "--exact", "--nocapture", "--test-threads", "1"]).env(CHILD, test).stdin(Stdio::null());
    let output = command.output().expect("a test binary can be run again");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "no test is called {test}: {said}");
    false
}

/// Peak memory of a process in megabytes.
///
/// # Panics
/// When the process is gone, or the system has no `/proc`.
#[must_use]
pub fn most_memory_mb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process has a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it tells of memory");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes.div_ceil(1_000)
}
