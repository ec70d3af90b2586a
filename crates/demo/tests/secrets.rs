//! Nothing that the built `kedge-demo` prints holds the key in an address that somebody typed where something else belongs, or
//! that stands in the environment of other commands.

#[path = "../../hostile/src/secrets.rs"]
mod secrets;

use std::process::{Command, Stdio};

use secrets::{SPELLINGS, shows};

/// Command lines that are wrong; URL stands for the address, FILE for a file that is there.
const LINES: [&[&str]; 9] = [
    &["URL"],
    &["--url", "URL"],
    &["--speed", "URL"],
    &["--minutes", "URL"],
    &["--from", "URL", "--program", "FILE"],
    &["--scenario", "URL"],
    &["--program", "URL"],
    &["--rpc-port", "URL"],
    &["--seed", "URL"],
];

#[test]
fn no_mistake_shows_the_key_of_an_endpoint() {
    let folder = std::env::temp_dir().join(format!("kedge-demo-secrets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // One without a scheme is any word.
    for url in SPELLINGS.iter().filter(|url| url.contains("://")) {
        for line in LINES {
            let program = env!("CARGO_BIN_EXE_kedge-demo");
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
