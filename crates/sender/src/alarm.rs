//! What an operator must know at once: while an alarm stands, the keeper is not ready.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Alarms by name, shared by whoever raises and whoever shows them. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Alarms(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Alarms {
    /// Raises an alarm, or says it in other words.
    pub fn raise(&self, name: &'static str, reason: impl Into<String>) {
        self.locked().insert(name, reason.into());
    }

    /// Ends an alarm.
    pub fn end(&self, name: &'static str) {
        self.locked().remove(name);
    }

    /// Whether an alarm stands.
    #[must_use]
    pub fn stands(&self, name: &'static str) -> bool {
        self.locked().contains_key(name)
    }

    /// Every alarm with its reason, by name.
    #[must_use]
    pub fn standing(&self) -> Vec<(&'static str, String)> {
        self.locked().iter().map(|(name, reason)| (*name, reason.clone())).collect()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
