//! `kedge-keeper`: the jobs that keep a Kedge market running, as one process with one configuration file.
//!
//! * `kedge-keeper check` tells whether everything that the jobs need is there;
//! * `kedge-keeper audit` adds everything up from raw accounts, once;
//! * `kedge-keeper replay` decides again on what a keeper has recorded;
//! * `kedge-keeper run` runs them until it is told to stop.
//!
//! Exit status: 0 done or everything in order; 1 something failed; 2 the command line or the configuration is wrong; 3
//! (`auditor.exit_code`) the auditor found a break.

fn main() -> std::process::ExitCode {
    kedge_keeper::service::process()
}
