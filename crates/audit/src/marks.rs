//! Counters that only grow.

use std::collections::BTreeMap;

use kedge_interface::account::name;

use super::{Snapshot, Statement};

/// Counters of a snapshot that never run backwards: sequence numbers of orders and events, totals over life, and what
/// vaults hold over all claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    slot: u64,
    counters: BTreeMap<String, i128>,
}

impl Marks {
    /// The marks of a snapshot and its statement.
    #[must_use]
    pub fn of(snapshot: &Snapshot, said: &Statement) -> Self {
        let mut counters = BTreeMap::new();
        let mut note = |what: String, value: i128| {
            counters.insert(what, value);
        };
        note("exchange: traders over life".into(), snapshot.exchange.traders.into());
        note("exchange: sub-accounts over life".into(), snapshot.exchange.sub_accounts.into());
        for (_, market) in &snapshot.markets {
            let title = name(&market.name);
            note(format!("{title}: sequence of orders"), market.next_order_seq.into());
            note(format!("{title}: sequence of events"), market.next_event_seq.into());
            note(format!("{title}: volume"), market.volume.into());
            note(format!("{title}: fees swept to the protocol"), market.protocol_fees.into());
            note(format!("{title}: profit given up"), market.haircuts.into());
            note(format!("{title}: fees shared"), market.shared_fees.into());
        }
        for (_, bank) in &snapshot.banks {
            let title = format!("bank {}", bank.index);
            let donated = said.donated.iter().find(|one| one.of == title).map_or(0, |one| one.amount);
            note(format!("{title}: tokens over all claims"), donated);
        }
        Self { slot: snapshot.slot, counters }
    }

    /// Counters that are lower here than `before`, by name; empty when this snapshot is not later.
    #[must_use]
    pub fn backwards(&self, before: &Self) -> Vec<String> {
        if self.slot < before.slot {
            return Vec::new();
        }
        let less = |(what, old): (&String, &i128)| {
            let new = self.counters.get(what).copied();
            (new.is_none_or(|new| new < *old)).then(|| what.clone())
        };
        before.counters.iter().filter_map(less).collect()
    }
}
