//! `kedge-keeper` as a process.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kedge_keeper::config::Config;
use serde_json::Value;
use tokio::time::sleep;

/// Longest time until a keeper is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// A keeper: its configuration, and the process while it runs.
pub(crate) struct Keeper {
    /// Name in logs and figures.
    pub name: String,
    binary: PathBuf,
    config: PathBuf,
    log: PathBuf,
    port: u16,
    child: Option<Child>,
    /// Environment of the process beside that of this program.
    pub environment: Vec<(String, String)>,
}

impl Keeper {
    /// Writes the configuration into `folder`; metrics are on `port`.
    pub(crate) fn new(binary: &Path, folder: &Path, name: &str, mut config: Config, port: u16) -> Result<Self> {
        let path = folder.join(format!("{name}.toml"));
        config.http.listen = format!("127.0.0.1:{port}");
        std::fs::write(&path, config.to_toml()?).with_context(|| path.display().to_string())?;
        let log = folder.join(format!("{name}.log"));
        let (binary, name) = (binary.into(), name.to_owned());
        Ok(Self { name, binary, config: path, log, port, child: None, environment: Vec::new() })
    }

    /// Path of the configuration.
    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    /// Starts the process; its log is appended to.
    pub(crate) fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(&self.config).args(["--log-format", "json", "run"]);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().with_context(|| format!("cannot start {}", self.binary.display()))?);
        Ok(())
    }

    /// Waits until the keeper is ready. Returns how long that took.
    pub(crate) async fn ready(&mut self) -> Result<Duration> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            self.check()?;
            if self.is_ready().await {
                return Ok(started.elapsed());
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("{} is not ready after {} s; see {}", self.name, PATIENCE.as_secs(), self.log.display())
    }

    /// Whether `/readyz` answers 200 now.
    pub(crate) async fn is_ready(&self) -> bool {
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success())
    }

    /// The last `most` lines of its log that contain a word.
    pub(crate) fn lines_with(&self, word: &str, most: usize) -> Vec<String> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(word)).collect();
        lines.iter().skip(lines.len().saturating_sub(most)).map(|line| (*line).to_owned()).collect()
    }

    /// Fails when the process ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.as_mut().map(Child::try_wait) {
            Some(Ok(Some(status))) => bail!("{} ended ({status}); see {}", self.name, self.log.display()),
            _ => Ok(()),
        }
    }

    /// The process's id.
    pub(crate) fn process(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Whether the process was started and not stopped.
    pub(crate) fn is_started(&self) -> bool {
        self.child.is_some()
    }

    /// Kills the process with SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends SIGTERM and waits. Returns the exit code.
    pub(crate) fn stop(&mut self) -> Result<Option<i32>> {
        let Some(mut child) = self.child.take() else { return Ok(None) };
        let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
        Ok(child.wait()?.code())
    }

    /// The records of its log.
    pub(crate) fn log(&self) -> Result<Vec<Value>> {
        let text = std::fs::read_to_string(&self.log).with_context(|| self.log.display().to_string())?;
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.kill();
    }
}
