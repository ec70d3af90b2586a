//! What a program prints for wrong command lines.

use std::process::{Command, Stdio};

use crate::secrets::{SPELLINGS, shows};

/// Runs a program with each wrong command line. URL in it stands for an address with a key, FILE for an existing file;
/// other commands get the address in the environment.
///
/// # Panics
/// When a run succeeds, says nothing, or shows the key.
pub fn show_no_key(program: &str, lines: &[&[&str]]) {
    let name = std::path::Path::new(program).file_name().expect("a program").to_string_lossy();
    let folder = std::env::temp_dir().join(format!("{name}-mistakes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // An address without a scheme may be any word.
    for url in SPELLINGS.iter().filter(|url| url.contains("://")) {
        for line in lines {
            let words = line.iter().map(|word| match *word {
                "URL" => url,
                "FILE" => program,
                word => word,
            });
            let mut command = Command::new(program);
            command.args(words).current_dir(&folder).stdin(Stdio::null());
            for name in ["KEDGE_URL", "KEDGE_RPC_URL"] {
                command.env(name, url);
            }
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && !said.trim().is_empty(), "{line:?}: {said}");
            assert!(!shows(&said), "{line:?} with {url}: {said}");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
