//! Moments by every clock that there is.

use std::time::{Duration, Instant, SystemTime};

/// A moment. A machine that sleeps stops its steady clock, a virtual one that is paused stops all but the wall's when it is
/// set right again, and the wall's alone may be set back: what has passed is the most that any of them says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    steady: Instant,
    /// Since the machine was started, sleep included.
    boot: Duration,
    wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { steady: Instant::now(), boot: boot(), wall: SystemTime::now() }
    }

    /// Time that has passed since by the clock that says most: never too little for who must have stopped by then.
    pub(super) fn most_since(&self, earlier: &Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        self.steady_since(earlier).max(self.boot.saturating_sub(earlier.boot)).max(wall)
    }

    /// The moment after a sleep of the machine from this one on.
    #[cfg(test)]
    pub(super) fn after_sleep(&self, slept: Duration) -> Self {
        Self { steady: self.steady, boot: self.boot + slept, wall: self.wall + slept }
    }

    /// Time in which this process could have done something.
    pub(super) fn steady_since(&self, earlier: &Self) -> Duration {
        self.steady.saturating_duration_since(earlier.steady)
    }
}

#[cfg(target_os = "linux")]
fn boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// The steady clocks of other systems count sleep themselves, or there is no other.
#[cfg(not(target_os = "linux"))]
fn boot() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_counts_and_a_wall_clock_that_is_set_back_does_not() {
        let second = Duration::from_secs(1);
        let before = Moment::now();
        let later = |steady: u32, boot: u32, wall: i32| Moment {
            steady: before.steady + second * steady,
            boot: before.boot + second * boot,
            wall: if wall < 0 {
                before.wall - second * wall.unsigned_abs()
            } else {
                before.wall + second * wall as u32
            },
        };
        for (moment, most) in [
            (later(1, 1, 1), 1),
            // The machine slept; the virtual machine was paused; the wall clock was set back, and forward.
            (later(1, 61, 61), 61),
            (later(1, 1, 61), 61),
            (later(2, 2, -3_600), 2),
            (later(2, 2, 3_600), 3_600),
        ] {
            assert_eq!(moment.most_since(&before), second * most, "{moment:?}");
        }
        assert_eq!(later(1, 61, 61).steady_since(&before), second);
        let boot = Moment::now().boot;
        std::thread::sleep(Duration::from_millis(5));
        assert!(cfg!(not(target_os = "linux")) || Moment::now().boot > boot);
    }
}
