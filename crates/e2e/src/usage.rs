//! Processor time and memory of processes, from /proc.

use std::time::Instant;

/// Clock ticks a second of /proc (`getconf CLK_TCK`, 100 on every Linux that runs here).
const TICKS: f64 = 100.0;
/// Bytes of a page.
const PAGE: u64 = 4_096;

/// Usage of a process at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Seconds of processor time since it was started, of all its threads.
    pub processor: f64,
    /// Resident memory, bytes.
    pub memory: u64,
    /// Moment of the reading.
    pub at: Instant,
}

impl Usage {
    /// Usage of a process so far; `None` when the process is gone.
    pub(crate) fn of(process: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        Self::parse(&stat)
    }

    /// Reads a line of `/proc/<pid>/stat`, whose name in parentheses may hold spaces and parentheses.
    fn parse(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        // Counted from the third field on: user time, system time, resident pages.
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let processor = (number(11)? + number(12)?) as f64 / TICKS;
        Some(Self { processor, memory: number(21)? * PAGE, at: Instant::now() })
    }

    /// Mean number of cores that the process kept busy since an earlier reading.
    pub(crate) fn cores_since(&self, earlier: &Self) -> f64 {
        (self.processor - earlier.processor) / self.at.duration_since(earlier.at).as_secs_f64().max(0.001)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_is_skipped() {
        let line = "77 (a ) name) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9 0 1 1000 7 18446744073709551615";
        let usage = Usage::parse(line).unwrap();
        assert_eq!((usage.processor, usage.memory), (2.0, 7 * PAGE));
        assert!(Usage::of(std::process::id()).is_some_and(|own| own.memory > 0));
    }
}
