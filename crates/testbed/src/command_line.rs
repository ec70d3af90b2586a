//! Command lines of programs that are given addresses with keys in them.

use clap::Parser;

/// Reads a command line without telling a key: a mistake is quoted without its secrets, and so is every panic from here
/// on. A mistake ends the process with exit code 2.
pub fn parse<P: Parser>() -> P {
    kedge_client::shown::mask_panics();
    P::try_parse().unwrap_or_else(|wrong| {
        if !wrong.use_stderr() {
            wrong.exit();
        }
        eprint!("{}", kedge_client::shown::discreet(&wrong.render().to_string()));
        std::process::exit(2)
    })
}
