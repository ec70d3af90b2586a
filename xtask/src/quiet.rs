//! Runs a long command with one line of progress. Its output goes into a file, whose tail is shown when it fails.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Lines of output that are shown of a failed command.
const TAIL: usize = 40;
/// Time between two updates of the line, on a terminal and elsewhere.
const EVERY: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(10)];

/// Output of a command so far.
#[derive(Default)]
struct Said {
    crates: usize,
    latest: String,
    tail: VecDeque<String>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let line = line.trim_end();
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line.to_owned());
        let words = line.trim_start();
        if let Some(rest) = words.strip_prefix("Compiling ") {
            self.crates += 1;
            self.latest = rest.split(' ').next().unwrap_or_default().to_owned();
        } else if !words.is_empty() {
            self.latest = words.to_owned();
        }
    }

    /// The progress line, at most a terminal wide.
    fn line(&self, title: &str, elapsed: Duration) -> String {
        let crates = if self.crates == 0 { String::new() } else { format!(", {} crates", self.crates) };
        let line = format!("{title}: {:.0} s{crates}, now {}", elapsed.as_secs_f64(), self.latest);
        line.chars().take(WIDTH - 1).collect()
    }
}

/// Runs a command whose output goes into `log`; returns its duration.
///
/// # Errors
/// When it cannot be started or fails, with the tail of its output and the path of the log.
pub(crate) fn run(title: &str, command: &mut Command, log: &Path) -> Result<Duration> {
    let started = Instant::now();
    let mut file = File::options().create(true).append(true).open(log).with_context(|| log.display().to_string())?;
    writeln!(file, "== {title}: {command:?}")?;
    // One pipe for both streams, so that the last line stands last.
    let (stream, end) = std::io::pipe()?;
    let spawned = command.stdout(end.try_clone()?).stderr(end).spawn();
    // The command holds the pipe's write ends, and the reader ends only when they are closed.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = spawned.with_context(|| format!("{title}: cannot start {:?}", command.get_program()))?;
    let (tell, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            if tell.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    let said = watch(title, &lines, &mut file, started)?;
    let status = child.wait()?;
    let took = started.elapsed();
    if !status.success() {
        let tail: Vec<String> = said.tail.into();
        bail!("{title} failed ({status}); all it said is in {}, and at the end:\n{}", log.display(), tail.join("\n"));
    }
    println!("{title}: {:.1} s", took.as_secs_f64());
    Ok(took)
}

/// Reads until the command closes its output.
fn watch(title: &str, lines: &Receiver<String>, file: &mut File, started: Instant) -> Result<Said> {
    let redraws = std::io::stdout().is_terminal();
    let every = EVERY[usize::from(!redraws)];
    let mut said = Said::default();
    let mut due = Instant::now() + if redraws { Duration::ZERO } else { every };
    loop {
        match lines.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                writeln!(file, "{line}")?;
                said.hear(&line);
            }
            Err(RecvTimeoutError::Timeout) => {
                let line = said.line(title, started.elapsed());
                if redraws {
                    print!("\r\x1b[2K{line}");
                    std::io::stdout().flush()?;
                } else {
                    println!("{line}");
                }
                due = Instant::now() + every;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if redraws {
        print!("\r\x1b[2K");
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_lines_are_one_that_fits() {
        let mut said = Said::default();
        for number in 0..2_000 {
            said.hear(&format!("   Compiling a-crate-with-a-rather-long-name-{number} v1.2.{number}"));
        }
        let line = said.line("[2/5] build the demo and the kedge command", Duration::from_secs(351));
        assert!(line.len() < WIDTH && line.contains("351 s, 2000 crates, now a-crate"), "{line}");
        assert_eq!(said.tail.len(), TAIL);
    }

    #[test]
    fn what_fails_shows_its_end_and_where_the_rest_is() {
        let log = std::env::temp_dir().join(format!("kedge-quiet-{}.log", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "seq 1 100; echo the reason >&2; exit 3"]);
        let error = run("a step", &mut command, &log).unwrap_err().to_string();
        let kept = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(&log).unwrap();
        assert!(error.contains("the reason") && error.contains(&log.display().to_string()), "{error}");
        assert!(error.lines().count() <= TAIL + 1 && kept.contains("\n1\n") && kept.contains("the reason"), "{error}");
    }
}
