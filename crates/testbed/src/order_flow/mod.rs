//! Order flow: takers of several styles, each with a wallet of its own.

mod history;
mod order;
mod style;

pub use history::History;
pub use style::Style;

use std::sync::Arc;

use kedge_keeper::job_runner::Actor;
use kedge_sender::Plan;
use kedge_state::{Account, World};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;

use crate::participants::Participants;
use crate::random::Random;

/// Home markets of a style's takers, in turn.
const HOMES: [u16; 5] = [2, 0, 2, 1, 0];
/// Stream of the first taker's random numbers.
const FIRST_STREAM: u64 = 100;

/// A trader of one style with a wallet of its own.
pub struct Taker {
    /// Signs and sends.
    pub actor: Actor,
    /// Its sub-account.
    pub account: Pubkey,
    /// How it trades.
    pub style: Style,
    /// The market that it trades most.
    pub home: u16,
    /// Market time of its next decision, Unix seconds.
    next: i64,
    pace: f64,
    random: Random,
}

/// The state from which a taker decides.
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

/// How busy takers are.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Market time at which takers begin, Unix seconds.
    pub start: i64,
    /// Market seconds that pass for a taker in a second of market time.
    pub times: f64,
}

/// The takers of the participants, each with the actor that signs and sends under its number.
pub fn takers(
    participants: &Participants,
    seed: u64,
    pace: Pace,
    actor: impl Fn(usize, &Arc<Keypair>) -> Actor,
) -> Vec<Taker> {
    let takers = participants.members.iter().filter_map(|member| Some((member, member.style?)));
    let mut seen = [0usize; Style::ALL.len()];
    takers
        .zip(0usize..)
        .map(|((member, style), number)| {
            // Each has a home market; two of five in each style gather where the recorded fall was deepest.
            let count = &mut seen[style as usize];
            let home = HOMES[*count % HOMES.len()];
            *count += 1;
            let random = Random::new(seed, FIRST_STREAM + number as u64);
            let taker = Taker::new(actor(number, &member.wallet), member.account, style, home, pace.start, random);
            taker.at_pace(pace.start, pace.times)
        })
        .collect()
}

impl Taker {
    /// A taker whose first decision falls in its first quarter of an hour.
    pub fn new(actor: Actor, account: Pubkey, style: Style, home: u16, start: i64, mut random: Random) -> Self {
        let next = start + random.between(0.0, 900.0) as i64;
        Self { actor, account, style, home, next, pace: 1.0, random }
    }

    /// The same taker, `pace` times as busy: its first decision falls in the first quarter of an hour over the pace.
    #[must_use]
    pub fn at_pace(self, start: i64, pace: f64) -> Self {
        let next = start + ((self.next - start) as f64 / pace) as i64;
        Self { next, pace, ..self }
    }

    /// The taker's next plan, when its time has come.
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
