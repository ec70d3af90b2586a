//! What the fuzz targets share: a run that ends by itself.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

unsafe extern "C" {
    fn _exit(code: i32) -> !;
}

static ACTIONS: AtomicU64 = AtomicU64::new(0);
static WANTED: OnceLock<u64> = OnceLock::new();

/// Counts actions. With `KEDGE_FUZZ_ACTIONS` the process ends after so many, and prints what `tally` gives; each million is
/// said.
pub fn count(actions: u64, tally: impl FnOnce() -> String) {
    let before = ACTIONS.fetch_add(actions, Ordering::Relaxed);
    let done = before + actions;
    if before / 1_000_000 != done / 1_000_000 {
        eprintln!("{} million actions", done / 1_000_000);
    }
    let wanted = *WANTED.get_or_init(|| {
        let wanted = std::env::var("KEDGE_FUZZ_ACTIONS").map_or(Ok(u64::MAX), |text| text.parse());
        wanted.expect("KEDGE_FUZZ_ACTIONS is a number of actions")
    });
    if done >= wanted {
        eprintln!("{done} actions, every rule held after each\n{}", tally());
        // The fuzzer takes an ordinary exit for a crash.
        // SAFETY: ends the process at once; nothing of it is used afterwards.
        unsafe { _exit(0) };
    }
}
