//! What must hold whatever the person does.

use super::common::DOLLAR;
use super::scene::{BYSTANDER, KEEPER, MARKETS, Scene};
use kedge_model::board::RowState;

/// Gains that are no gain: fractions of units in some hundred trades, and a referrer's share that comes back.
const NOISE: i128 = 20 * DOLLAR as i128;
/// Slots of quiet after which a row that is refreshed each slot is Normal again: a minute.
const RECOVERY: u64 = 150;
/// Slots within which somebody below maintenance is taken over, with the keeper awake: two windows of the budget.
const RESCUE: u64 = 450;

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The wallets are richer than their positions at the true prices explain, by so many units.
    Richer(i128),
    /// A row that everybody could refresh did not come back.
    RowStuck(usize),
    /// An account below maintenance was left alone.
    LeftAlone(usize),
    /// Somebody who did nothing has a position slot that is not free.
    SlotOpened,
    /// The row of a market in settlement changed.
    Thawed(usize),
    /// A claim was written off while the pocket of a debtor was worth more than its debt.
    WrittenOff(usize),
}

/// Judges the scene after so many slots; zero when none have passed since it was judged last.
pub fn judge(scene: &mut Scene, slots: u64) -> Option<Broken> {
    let unexplained = scene.unexplained();
    if !scene.weather.crash && unexplained > NOISE {
        return Some(Broken::Richer(unexplained));
    }
    if scene.world.accounts[BYSTANDER].head.positions.iter().any(kedge_model::position::Position::is_used) {
        return Some(Broken::SlotOpened);
    }
    for (market, bytes) in &scene.frozen {
        if scene.row_bytes(*market) != *bytes {
            return Some(Broken::Thawed(*market));
        }
    }
    if let Some(market) = scene.written_off {
        return Some(Broken::WrittenOff(market));
    }
    if slots == 0 || scene.kept_slots == 0 {
        return None;
    }
    stuck(scene).or_else(|| left_alone(scene, slots))
}

/// A row that is not Normal though nothing has moved for a minute.
fn stuck(scene: &Scene) -> Option<Broken> {
    if !scene.weather.crash || scene.kept_slots < RECOVERY {
        return None;
    }
    let settled = |market: usize| scene.world.markets[market].is_settling();
    let normal = |market: usize| scene.world.state(market) == RowState::Normal as u8;
    MARKETS.into_iter().find(|market| !settled(*market) && !normal(*market)).map(Broken::RowStuck)
}

/// Counts for how long each account has been clearly below maintenance at the true prices.
fn left_alone(scene: &mut Scene, slots: u64) -> Option<Broken> {
    let mut due = Vec::new();
    for account in (0..scene.world.accounts.len()).filter(|account| *account != KEEPER) {
        for market in MARKETS {
            let position = scene.world.accounts[account].position(market);
            if position.base.is_zero() || scene.world.markets[market].is_settling() {
                continue;
            }
            if !scene.is_short(account) {
                continue;
            }
            let before = scene.due.iter().find(|(who, _)| *who == (account, market)).map_or(0, |(_, for_)| *for_);
            due.push(((account, market), before + slots));
        }
    }
    scene.due = due;
    scene.due.iter().find(|(_, slots)| *slots > RESCUE).map(|((account, _), _)| Broken::LeftAlone(*account))
}
