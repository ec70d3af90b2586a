//! The set-up of the test validator on machines that lack something.

use std::path::Path;
use std::process::{Command, Output};

/// `xtask validator --check` with one variable changed.
fn check(variable: &str, value: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["validator", "--check"]).env(variable, value).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A folder in which only the library lies that a search for the text `libclang` took for the C parser's.
#[test]
fn the_cpp_library_does_not_pass_for_libclang() {
    let folder = std::env::temp_dir().join(format!("kedge-needs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("libclang-cpp.so.14"), b"not the parser").unwrap();
    let output = check("LIBCLANG_PATH", &folder);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("missing  libclang"), "{}", said(&output));
}

/// Nothing to be found through PATH.
#[test]
fn a_machine_without_pkg_config_is_told_all_that_hangs_on_it() {
    let output = check("PATH", Path::new("/nonexistent"));
    assert!(!output.status.success());
    for need in ["missing  pkg-config", "missing  OpenSSL", "missing  libudev"] {
        assert!(said(&output).contains(need), "{}", said(&output));
    }
}
