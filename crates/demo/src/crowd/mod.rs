//! The crowd: takers with wallets of their own.

mod history;
mod order;
mod style;

pub use history::History;
pub use style::Style;

use kedge_keeper::job_runner::Actor;
use kedge_sender::Plan;
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

use crate::random::Random;

/// One taker.
pub struct Taker {
    /// Signs and sends.
    pub actor: Actor,
    /// Its sub-account.
    pub account: Pubkey,
    /// How it trades.
    pub style: Style,
    /// The market that it trades most.
    pub home: u16,
    /// Market time at which it looks at the market again, Unix seconds.
    next: i64,
    pace: f64,
    random: Random,
}

/// What a taker sees when it decides.
pub struct View<'a> {
    /// The exchange.
    pub world: &'a World,
    /// Prices of the last hour.
    pub history: &'a History,
    /// Its own address.
    pub address: &'a Pubkey,
    /// Its own account.
    pub account: &'a Account,
    /// The market that it trades most.
    pub home: u16,
}

impl Taker {
    /// A taker that first looks at the market somewhere in its first quarter of an hour.
    pub fn new(actor: Actor, account: Pubkey, style: Style, home: u16, start: i64, mut random: Random) -> Self {
        let next = start + random.between(0.0, 900.0) as i64;
        Self { actor, account, style, home, next, pace: 1.0, random }
    }

    /// The same, but this many times as busy: it first looks within the first quarter of an hour over the pace.
    #[must_use]
    pub fn at_pace(self, start: i64, pace: f64) -> Self {
        let next = start + ((self.next - start) as f64 / pace) as i64;
        Self { next, pace, ..self }
    }

    /// Decides, when its time has come.
    pub fn decide(&mut self, world: &World, history: &History) -> Option<Plan> {
        if world.clock.unix_time < self.next {
            return None;
        }
        let (low, high) = self.style.patience();
        self.next = world.clock.unix_time + (self.random.between(low, high) / self.pace) as i64;
        let account = world.accounts.get(&self.account)?;
        if !account.is_free(self.home, &world.fresh, &world.clock) {
            return None;
        }
        let view = View { world, history, address: &self.account, account, home: self.home };
        self.style.decide(&view, &mut self.random)
    }
}
