//! Pockets that can be liquidated, for the jobs that do so.

use kedge_model::account::pocket::Pocket;
use kedge_sender::Subject;
use kedge_state::endangered::shortfall;
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

use super::Attention;

/// A pocket that can be liquidated.
pub(super) struct Short<'w> {
    /// Free margin, negative for a shortfall.
    free: i64,
    pub(super) address: &'w Pubkey,
    pub(super) account: &'w Account,
    pub(super) pocket: Pocket,
}

impl Short<'_> {
    /// Whether nothing is under way in the pocket: one step at a time, whichever of its positions it is of.
    pub(super) fn is_free(&self, attention: &Attention<'_>) -> bool {
        let mut positions = self.account.positions_in(self.pocket).filter(|position| !position.base.is_zero());
        positions.all(|position| attention.is_free(&Subject::Position(*self.address, position.market)))
    }
}

/// All that can be liquidated after a refresh but of one account, the largest shortfall first.
pub(super) fn short_pockets<'w>(world: &'w World, but: &Pubkey) -> Vec<Short<'w>> {
    let mut short = Vec::new();
    for (address, account) in world.endangered().filter(|(address, _)| *address != but) {
        for pocket in account.pockets() {
            if let Some(free) = shortfall(&account.head, pocket, &world.fresh, &world.clock) {
                short.push(Short { free, address, account, pocket });
            }
        }
    }
    short.sort_by_key(|short| short.free);
    short
}
