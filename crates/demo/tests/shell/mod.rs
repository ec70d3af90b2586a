//! A terminal with a shell in it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Ends the output of a command; the exit status is behind it.
const DONE: &str = "::the command has ended::";
/// Longest time of one command.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time to stop after Ctrl-C.
const STOPPING: Duration = Duration::from_secs(20);

/// A shell; its processes are killed with it.
pub(crate) struct Shell {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    begun: Option<String>,
}

impl Shell {
    /// Starts a shell in a folder. Keepers started in it look for the exchange at `port`, and answer at the next but
    /// one.
    pub(crate) fn start(folder: &Path, port: u16) -> Self {
        let mut command = Command::new("bash");
        command.args(["--norc", "-s"]).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("KEDGE_")) {
                command.env_remove(name);
            }
        }
        // Without the settings of the user that runs the tests.
        command.env("KEDGE_CONFIG", folder.join("settings.toml"));
        command.env("KEDGE_KEEPER__RPC__URL", format!("http://127.0.0.1:{port}"));
        command.env("KEDGE_KEEPER__HTTP__LISTEN", format!("127.0.0.1:{}", port + 2));
        // A group of its own, as a terminal's: Ctrl-C reaches all of it.
        let mut child = command.process_group(0).spawn().expect("bash starts");
        let mut stdin = child.stdin.take().expect("piped");
        let out = child.stdout.take().expect("piped");
        // The tests have built what `make` would build.
        stdin
            .write_all(b"exec 2>&1\nshopt -s expand_aliases\nmake() { [ \"$*\" = keeper ]; }\n")
            .expect("the shell listens");
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin, lines, begun: None }
    }

    /// Runs a command to its end. Returns its exit status and output.
    pub(crate) fn run(&mut self, command: &str) -> (i32, String) {
        self.stdin.write_all(format!("{command}\necho \"{DONE}$?\"\n").as_bytes()).expect("the shell listens");
        let end = Instant::now() + PATIENCE;
        let mut out = String::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else { panic!("{command} did not end:\n{out}") };
            // The last line of the output may have no end, and then is in front of the mark.
            if let Some((rest, status)) = line.split_once(DONE) {
                return (status.parse().expect("an exit status"), out + rest);
            }
            out += &(line + "\n");
        }
    }

    /// Starts a command and leaves it running.
    pub(crate) fn begin(&mut self, command: &str) {
        self.stdin.write_all(format!("{command}\necho \"{DONE}$?\"\n").as_bytes()).expect("the shell listens");
        self.begun = Some(command.to_owned());
    }

    /// Sends Ctrl-C: the running command must not have ended before, and stops in order.
    pub(crate) fn end(&mut self) {
        let Some(command) = self.begun.take() else { return };
        let mut out: String = self.lines.try_iter().map(|line| line + "\n").collect();
        assert!(!out.contains(DONE), "{command} ended by itself:\n{out}");
        // As a terminal does it, to the whole group. The shell continues when the command stops in order.
        let group = format!("-{}", self.child.id());
        assert!(Command::new("kill").args(["-INT", "--", &group]).status().is_ok_and(|status| status.success()));
        let end = Instant::now() + STOPPING;
        while !out.contains(DONE) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else { panic!("{command} did not stop:\n{out}") };
            out += &(line + "\n");
        }
        println!("$ {command}\n{out}");
        assert!(out.contains(&format!("{DONE}0")), "{command} did not stop in order:\n{out}");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}
