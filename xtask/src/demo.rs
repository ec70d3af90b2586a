//! `cargo xtask demo`: announces its steps, builds program and demo quietly, and runs the demo.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::run::{build, root, target};
use crate::times::Times;
use crate::{foreground, quiet};

/// Flags of `demo`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct DemoArgs {
    /// Flags of the demo; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// A build step before the demo.
struct Step {
    title: &'static str,
    /// File that exists once the step has run.
    built: PathBuf,
    command: Command,
    /// Seconds of a first build on two cores, for machines without a measurement.
    elsewhere: Option<u64>,
}

/// Builds and runs the demo.
pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    let demo = target().join("debug/kedge-demo");
    if args.rest.iter().any(|flag| flag == "--help" || flag == "-h") {
        let folder = root().join("target");
        std::fs::create_dir_all(&folder)?;
        quiet::run("build the demo", &mut build(&["kedge-demo"]), &folder.join("demo-build.log"))?;
        foreground::run(Command::new(&demo).args(&args.rest))?;
        return Ok(());
    }
    let log = log()?;
    let mut times = Times::open()?;
    let steps = [
        Step {
            title: "build the exchange's program",
            built: root().join("target/deploy/kedge.so"),
            command: program()?,
            elsewhere: None,
        },
        Step {
            title: "build the demo and the kedge command",
            built: demo.clone(),
            command: build(&["kedge-demo", "kedge"]),
            elsewhere: Some(351),
        },
    ];
    let all = steps.len() + if serves(&args.rest) { 2 } else { 3 };
    print!("{}", plan(&steps, &times, &args.rest));
    println!("  What the builds say goes into {}\n", log.strip_prefix(root()).unwrap_or(&log).display());
    let done = steps.len();
    for (mut step, number) in steps.into_iter().zip(1..) {
        let everything = !step.built.exists();
        let took = quiet::run(&format!("[{number}/{all}] {}", step.title), &mut step.command, &log)?;
        times.keep(step.title, everything, took);
    }
    link("kedge")?;
    let mut command = Command::new(&demo);
    command.args(&args.rest).arg("--steps-done").arg(done.to_string()).current_dir(root());
    let status = foreground::run(&mut command)?;
    if !status.success() {
        bail!("the demo ended with {status}; `make demo ARGS=--help` says what that means");
    }
    Ok(())
}

/// `cargo xtask exit`: builds the program and shows the way out of an exchange that nobody runs.
pub(crate) fn exit() -> Result<()> {
    let log = log()?;
    quiet::run("build the exchange's program", &mut program()?, &log)?;
    quiet::run("build kedge-exit", &mut build(&["kedge-exit"]), &log)?;
    let status = foreground::run(Command::new(target().join("debug/kedge-exit")).current_dir(root()))?;
    if !status.success() {
        bail!("not everybody got out ({status})");
    }
    Ok(())
}

/// `cargo xtask keeper`: builds the keeper and leaves it at target/kedge-keeper.
pub(crate) fn keeper() -> Result<()> {
    quiet::run("build kedge-keeper", &mut build(&["kedge-keeper"]), &log()?)?;
    link("kedge-keeper")?;
    println!("the keeper: target/kedge-keeper");
    Ok(())
}

/// Opens a new file for the output of builds.
fn log() -> Result<PathBuf> {
    let folder = root().join("target/demo");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let log = folder.join("build.log");
    std::fs::write(&log, "").with_context(|| log.display().to_string())?;
    Ok(log)
}

/// This program as a command, to build the exchange's program.
fn program() -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["program", "--package", "kedge"]).current_dir(root());
    Ok(command)
}

fn serves(flags: &[String]) -> bool {
    flags.iter().any(|flag| flag == "--serve")
}

/// The value of a flag on the demo's command line.
fn value(flags: &[String], name: &str) -> Option<f64> {
    let (mut at, joined) = (flags.iter(), format!("{name}="));
    if let Some(value) = flags.iter().find_map(|flag| flag.strip_prefix(&joined)) {
        return value.parse().ok();
    }
    at.find(|flag| *flag == name)?;
    at.next()?.parse().ok()
}

/// The steps with their expected durations.
fn plan(steps: &[Step], times: &Times, flags: &[String]) -> String {
    let mut lines: Vec<(String, Option<Duration>, &str)> = Vec::new();
    for step in steps {
        let everything = !step.built.exists();
        let known = times.estimate(step.title, everything);
        let guess = step.elsewhere.filter(|_| everything).map(Duration::from_secs);
        let whence = match (known, guess) {
            (Some(_), _) if everything => "as the first time here",
            (Some(_), _) => "as the last time",
            (None, Some(_)) => "on two cores; not timed here yet",
            (None, None) => "not timed here yet",
        };
        lines.push((step.title.to_owned(), known.or(guess), whence));
    }
    let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
    lines.push(("start a local chain, list SOL, BTC and ETH, fund everybody".into(), seconds(5.0), ""));
    if serves(flags) {
        lines.push(("serve, with keepers and makers".into(), None, "until Ctrl-C"));
    } else {
        let (minutes, speed) = (value(flags, "--minutes").unwrap_or(240.0), value(flags, "--speed").unwrap_or(120.0));
        lines.push((format!("replay {minutes} minutes of market"), seconds(minutes * 60.0 / speed.max(1.0) + 3.0), ""));
        lines.push(("read every account back, add up, write the report".into(), seconds(3.0), ""));
    }
    let longest = lines.iter().map(|(_, time, _)| time.unwrap_or_default()).max().unwrap_or_default();
    let mut text = format!("make demo, in {} steps:\n", lines.len());
    for ((title, time, whence), number) in lines.iter().zip(1..) {
        let takes = match time {
            Some(time) if *time == longest => format!("about {}, the longest {whence}", told(*time)),
            Some(time) => format!("about {} {whence}", told(*time)),
            None => (*whence).to_owned(),
        };
        text += &format!("  {number}  {title}\n     {}\n", takes.trim_end());
    }
    text
}

fn told(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 100.0 {
        format!("{:.0} s", seconds.max(1.0))
    } else {
        format!("{:.0} s ({:.1} min)", seconds, seconds / 60.0)
    }
}

/// Links a binary into `target`, wherever cargo's target folder is.
fn link(name: &str) -> Result<()> {
    let (built, link) = (target().join("debug").join(name), root().join("target").join(name));
    std::fs::create_dir_all(root().join("target"))?;
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&built, &link).with_context(|| link.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_names_every_step_and_the_longest() {
        let step = Step {
            title: "build the demo and the kedge command",
            built: "/nowhere".into(),
            command: Command::new("true"),
            elsewhere: Some(351),
        };
        let flags = ["--speed", "60"].map(str::to_owned);
        let text = plan(&[step], &Times::open().unwrap(), &flags);
        assert!(text.contains("in 4 steps") && text.contains("the longest"), "{text}");
        assert!(text.contains("replay 240 minutes of market\n     about 243 s"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }

    #[test]
    fn flags_have_values_in_both_spellings() {
        let flags = ["--minutes=30", "--speed", "2.5"].map(str::to_owned);
        assert_eq!(
            (value(&flags, "--minutes"), value(&flags, "--speed"), value(&flags, "--seed")),
            (Some(30.0), Some(2.5), None)
        );
    }
}
