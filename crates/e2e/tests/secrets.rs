//! The built `kedge-e2e` prints no key of an address, neither of one typed in the wrong place nor of one in another
//! command's environment variable.

#[expect(unreachable_pub, reason = "the file is a module of a library too")]
#[path = "../../hostile/src/mistakes.rs"]
mod mistakes;
#[expect(unreachable_pub, reason = "the file is a module of a library too")]
#[path = "../../hostile/src/secrets.rs"]
mod secrets;

/// Wrong command lines; URL is replaced by the address, FILE by a file that exists.
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
