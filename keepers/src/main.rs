//! `kedge-keeper`: the jobs that keep a Kedge market running, as one process with one configuration file.
//!
//! * `kedge-keeper check` tells whether wallet, accounts and endpoints are ready for the jobs;
//! * `kedge-keeper audit` recomputes the exchange from raw accounts, once;
//! * `kedge-keeper replay` decides again on a keeper's recording;
//! * `kedge-keeper run` runs the jobs until SIGINT or SIGTERM.
//!
//! Exit status: 0 success; 1 failure; 2 a wrong command line or configuration; 3 (`auditor.exit_code`) a break that the
//! auditor found.

fn main() -> std::process::ExitCode {
    kedge_keeper::service::process()
}
