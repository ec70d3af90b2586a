//! Durations of steps on this machine, to announce expected ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::program::cache::Cache;

/// Durations of a step in seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct Took {
    /// The last run with everything to do.
    whole: Option<f64>,
    /// The last run.
    last: Option<f64>,
}

/// Durations by step, kept beside the build caches.
pub(crate) struct Times {
    file: PathBuf,
    steps: BTreeMap<String, Took>,
}

impl Times {
    /// The recorded durations; none when the file is missing or unreadable.
    ///
    /// # Errors
    /// When there is no cache folder.
    pub(crate) fn open() -> Result<Self> {
        Ok(Self::at(Cache::named("times")?.root().join("steps.json")))
    }

    fn at(file: PathBuf) -> Self {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        Self { file, steps: serde_json::from_str(&text).unwrap_or_default() }
    }

    /// Expected duration of a step: that of its last run or, with `everything` to do, of its last such run. `None`
    /// without one.
    pub(crate) fn estimate(&self, step: &str, everything: bool) -> Option<Duration> {
        let took = self.steps.get(step)?;
        (if everything { took.whole } else { took.last }).map(Duration::from_secs_f64)
    }

    /// Records a duration. A failure to write it is ignored.
    pub(crate) fn keep(&mut self, step: &str, everything: bool, took: Duration) {
        let seconds = Some(took.as_secs_f64());
        let known = self.steps.entry(step.to_owned()).or_default();
        known.last = seconds;
        if everything {
            known.whole = seconds;
        }
        if let Ok(text) = serde_json::to_string_pretty(&self.steps) {
            let _ = std::fs::write(&self.file, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_as_long_as_it_took() {
        let file = std::env::temp_dir().join(format!("kedge-times-{}.json", std::process::id()));
        let mut times = Times::at(file.clone());
        assert_eq!(times.estimate("build", true), None);
        times.keep("build", true, Duration::from_secs(351));
        times.keep("build", false, Duration::from_secs(4));
        let times = Times::at(file.clone());
        std::fs::remove_file(file).unwrap();
        assert_eq!(times.estimate("build", true), Some(Duration::from_secs(351)));
        assert_eq!(times.estimate("build", false), Some(Duration::from_secs(4)));
    }
}
