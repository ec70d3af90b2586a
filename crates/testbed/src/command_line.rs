//! Command lines of programs whose arguments hold addresses with keys.

use clap::Parser;

/// Parses the command line and keeps its secrets: errors of parsing, and every panic from here on, are printed without
/// them. A wrong command line ends the process with exit code 2.
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
