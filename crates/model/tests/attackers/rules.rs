//! What must hold whatever the person does.

use super::chance::Chance;
use super::common::{DOLLAR, ioc};
use super::scene::{BYSTANDER, Due, KEEPER, MAKER, MARKETS, Scene, TRADER, WALLETS};
use kedge_model::Error;
use kedge_model::account::board::RowState;
use kedge_model::account::order::Side;

/// Gains that are no gain: fractions of units in some hundred trades, and a referrer's share that comes back.
const NOISE: i128 = 20 * DOLLAR as i128;
/// Slots of quiet after which a row that is refreshed each slot is Normal again: a minute.
const RECOVERY: u64 = 150;
/// Rounds of the keeper within which a part of who is below maintenance is taken over.
const RESCUE: u64 = 30;
/// Slots for which a jump may hold up the price of a take-over: three minutes.
const JUMP: u64 = 450;

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
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
    /// A take-over was held back for the budget, though nobody else as near to a default had used it.
    Shielded(usize),
    /// Funding charged more than the hourly rate for the time that had passed.
    Overcharged(usize),
    /// An honest order was refused because of who else was there: without the wallets it trades.
    Stopped(Error),
}

/// Judges the scene after so many slots; zero when none have passed since it was judged last.
pub(crate) fn judge(scene: &mut Scene, slots: u64) -> Option<Broken> {
    let unexplained = scene.unexplained();
    if !scene.weather.crash && unexplained > NOISE {
        return Some(Broken::Richer(unexplained));
    }
    if scene.world.accounts[BYSTANDER].head.positions.iter().any(kedge_model::account::position::Position::is_used) {
        return Some(Broken::SlotOpened);
    }
    for (market, bytes) in &scene.frozen {
        if scene.row_bytes(*market) != *bytes {
            return Some(Broken::Thawed(*market));
        }
    }
    if scene.broken.is_some() {
        return scene.broken.take();
    }
    if slots == 0 || scene.kept_slots == 0 {
        return None;
    }
    stuck(scene).or_else(|| left_alone(scene, slots))
}

/// Whether somebody honest can trade with everybody where he can trade without the wallets. Nothing is done for good.
pub(crate) fn stopped(scene: &Scene, chance: &mut Chance) -> Option<Broken> {
    let market = chance.pick(&MARKETS);
    let wallets: Vec<usize> = WALLETS
        .into_iter()
        .filter(|wallet| scene.world.accounts[*wallet].open().any(|order| usize::from(order.market) == market))
        .collect();
    if wallets.is_empty() {
        return None;
    }
    let (side, oracle) = (chance.pick(&[Side::Long, Side::Short]), scene.world.oracle(market).0);
    let smallest = scene.world.markets[market].min_order.0;
    let size = smallest * chance.pick(&[1, 30, 3_000]);
    let tick = scene.world.markets[market].tick.0;
    let limit = if side == Side::Long { oracle / 10 * 11 } else { oracle / 10 * 9 } / tick * tick;
    let order = ioc(market, side, size, limit);
    let everybody: Vec<usize> = wallets.into_iter().chain([MAKER]).collect();
    let refused = scene.world.clone().take(TRADER, order, &everybody).err()?;
    let alone = scene.world.clone().take(TRADER, order, &[MAKER]);
    alone.is_ok_and(|report| !report.matched.size.is_zero()).then_some(Broken::Stopped(refused))
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
            let size = position.base.size();
            // Who is being taken over begins anew.
            let known = scene.due.iter().find(|due| due.of == (account, market) && due.size == size);
            let before = known.copied().unwrap_or(Due { of: (account, market), size, rounds: 0, slots: 0 });
            // Whether the budget has a right to hold somebody back is asked there.
            let waits = scene.held_back.contains(&(account, market));
            let (rounds, slots) = if waits { (0, 0) } else { (1, slots) };
            due.push(Due { rounds: before.rounds + rounds, slots: before.slots + slots, ..before });
        }
    }
    scene.due = due;
    let wait = if scene.weather.crash { JUMP } else { 0 };
    scene.due.iter().find(|due| due.rounds > RESCUE && due.slots > wait).map(|due| Broken::LeftAlone(due.of.0))
}
