//! What an episode is like: what goes on outside of the exchange, and what honest people do by themselves.

use super::chance::Chance;
use super::common::{BOOK, BTC, SOL};

/// The weather of an episode; each kind comes by chance and with any other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// The keeper stops for some slots now and then.
    pub lapses: bool,
    /// The operator pauses the vAMM's updates.
    pub paused_updates: bool,
    /// A market has an expiry about two hours ahead.
    pub expires: Option<usize>,
    /// An hour ends, and with it the funding of it is due, soon after the person has come.
    pub hour_ends: bool,
    /// Liquidations have a budget.
    pub budget: bool,
    /// A price falls by a fifth in a moment, then nothing moves.
    pub crash: bool,
    /// Nobody touches the exchange for more than an hour.
    pub silence: bool,
    /// All prices go up or down together, so many parts per million a slot.
    pub trend: i64,
    /// Prices jump by one to three percent now and then, and the keeper may be late then.
    pub jumps: bool,
    /// A token whose sources fall silent.
    pub mute: Option<usize>,
    /// Somebody honest holds the market without a vAMM with other tokens than dollars.
    pub saves: bool,
    /// Honest people trade at nearly all the leverage there is.
    pub crowded: bool,
}

impl Weather {
    /// Nothing goes on.
    pub(crate) const CALM: Self = Self {
        lapses: false,
        paused_updates: false,
        expires: None,
        hour_ends: false,
        budget: false,
        crash: false,
        silence: false,
        trend: 0,
        jumps: false,
        mute: None,
        saves: false,
        crowded: false,
    };

    pub(crate) fn any(chance: &mut Chance) -> Self {
        let expires = chance.percent(40).then(|| chance.pick(&[BTC, SOL, BOOK, BOOK]));
        let crash = chance.percent(20);
        // Whole markets move by a half in two hours, or by a tenth in a session of minutes.
        let steep = if expires.is_some() { 30 } else { 60 };
        let silence = chance.percent(20);
        let trend =
            if chance.percent(if expires.is_some() { 80 } else { 50 }) { chance.pick(&[steep, -steep]) } else { 0 };
        Self {
            lapses: chance.percent(50),
            paused_updates: chance.percent(30),
            expires,
            hour_ends: expires.is_none() && chance.percent(80),
            budget: chance.percent(40),
            crash,
            silence,
            // While nobody keeps the exchange, positions would go past their default.
            trend: if crash || silence { 0 } else { trend },
            jumps: !crash && chance.percent(40),
            mute: chance.percent(40).then(|| chance.pick(&[1, 2])),
            saves: chance.percent(60),
            crowded: chance.percent(60),
        }
    }
}
