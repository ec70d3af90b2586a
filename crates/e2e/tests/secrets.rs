//! Nothing that the built `kedge-e2e` prints holds the key in an address that somebody typed where something else belongs, or
//! that stands in the environment of other commands.

#[path = "../../hostile/src/mistakes.rs"]
mod mistakes;
#[path = "../../hostile/src/secrets.rs"]
mod secrets;

/// Command lines that are wrong; URL stands for the address, FILE for a file that is there.
const LINES: [&[&str]; 9] = [
    &["URL"],
    &["market", "URL"],
    &["--url", "URL"],
    &["market", "--from", "URL", "--keeper", "FILE"],
    &["--seed", "URL"],
    &["--keeper", "URL"],
    &["--validator", "URL", "--keeper", "FILE"],
    &["--programs", "URL", "--keeper", "URL"],
    &["faults", "URL"],
];

#[test]
fn no_mistake_shows_the_key_of_an_endpoint() {
    mistakes::show_no_key(env!("CARGO_BIN_EXE_kedge-e2e"), &LINES);
}
