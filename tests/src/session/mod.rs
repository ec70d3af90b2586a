//! Random instructions of everybody: users, makers, keepers, liquidators, admin and pauser in three markets, with walking,
//! jumping and crashing prices.
//!
//! After every transaction all books balance. On the built program every account, record and refusal is compared with the
//! engine's; on the engine alone the same sessions run many times as fast, and a fuzzer can choose what happens in them.

mod changes;
mod governance;
mod people;
mod picks;
mod prices;
mod trades;
mod wind_down;

use std::collections::BTreeMap;

use kedge_interface::address;
use kedge_interface::instruction::{CreateBackstop, Instruction, SetBuilder, SetDelegate, name_of};
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::agreement::Agreed;
use crate::market::{DOLLAR, USDC};
use crate::random::Random;
use crate::signed::signer;
use crate::world::{World, key};

/// Users who trade.
const USERS: usize = 8;
/// Markets in which they trade.
pub const MARKETS: u16 = 3;
/// Number of the key that signs for the first user.
const SIGNERS: u8 = 100;
/// People who come and go.
const VISITORS: u8 = 3;

/// How often each instruction went through and was refused, and with what.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Instructions that went through, by name.
    pub done: BTreeMap<&'static str, u64>,
    /// Refusals, by instruction and reason.
    pub refused: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds another session's.
    pub fn add(&mut self, other: Self) {
        for (name, count) in other.done {
            *self.done.entry(name).or_default() += count;
        }
        for (name, count) in other.refused {
            *self.refused.entry(name).or_default() += count;
        }
    }
}

/// An exchange with everybody on it.
#[derive(Clone)]
pub struct Session {
    /// The exchange.
    pub world: World,
    /// What happened so far.
    pub tally: Tally,
    random: Random,
    patron: (Pubkey, Pubkey),
    seconds: Vec<Pubkey>,
    visitors: Vec<Pubkey>,
    /// Market and direction of a crash, and how many moves of it are left.
    crash: (usize, bool, u64),
}

impl Session {
    /// Everybody on board of an exchange with [`MARKETS`] markets on which nobody is yet.
    pub fn open(mut world: World, mut random: Random) -> Self {
        for number in 0..USERS {
            let dollars = random.between(500, 40_000);
            match world.users.last().copied() {
                Some(referrer) if number % 3 == 2 => world.referred(referrer, dollars),
                _ => world.rich(dollars),
            };
        }
        let users = world.users.clone();
        for (user, builder) in users.iter().zip(users.iter().skip(2)) {
            let (authority, sub_account) = (user.authority, user.sub);
            let builder = builder.authority.to_bytes();
            world.run(SetBuilder { authority, sub_account, builder, fee: 300 }).expect("a builder is approved");
        }
        for (number, user) in (SIGNERS..).zip(&users) {
            let (authority, sub_account, delegate) = (user.authority, user.sub, signer(number).pubkey().to_bytes());
            world.run(SetDelegate { authority, sub_account, delegate }).expect("a delegate is named");
        }
        let seconds = users
            .iter()
            .map(|user| world.create_sub_account(user.authority, 1, 8).expect("a second sub-account"))
            .collect();
        let visitors: Vec<Pubkey> = (0..VISITORS).map(|number| key(7, number)).collect();
        for visitor in &visitors {
            world.machine.endow(*visitor);
        }
        let patron = world.token_owner(key(4, 1), USDC, 1_000_000_000 * DOLLAR);
        let tally = Tally::default();
        let mut session = Self { world, random, patron, seconds, visitors, crash: (0, false, 0), tally };
        session.step(&CreateBackstop { payer: users[0].authority, bank: address::bank(USDC) }.into());
        session
    }

    /// The same moment with choices from elsewhere.
    #[must_use]
    pub fn with(self, random: Random) -> Self {
        Self { random, ..self }
    }

    /// Whether choices are left.
    pub fn goes_on(&self) -> bool {
        !self.random.is_spent()
    }

    /// Lets somebody do something.
    pub fn turn(&mut self) {
        if self.random.percent(45) {
            self.drift();
        } else if self.random.percent(8) {
            self.crash();
            self.drift();
            self.clean_up();
        }
        match self.random.below(100) {
            0 => self.govern(),
            1..4 => self.arrange(),
            4..6 => self.sign(),
            _ => {
                if let Some(instruction) = self.next() {
                    self.step(&instruction);
                }
            }
        }
    }

    /// Ends a market in the middle of everything, down to nothing.
    pub fn end_market(&mut self, index: u16) {
        self.wind_down(index);
    }

    /// Sends one instruction; on the built program it is compared with the engine.
    fn step(&mut self, instruction: &Instruction) -> Agreed {
        self.step_behind(None, instruction)
    }

    /// [`Session::step`] with the instruction that verifies a signature in front.
    fn step_behind(&mut self, front: Option<Instruction>, instruction: &Instruction) -> Agreed {
        let name = name_of(&instruction.data).expect("an instruction of the program");
        let agreed = self.world.run_behind_in_agreement(front, instruction);
        match agreed {
            Agreed::Done => *self.tally.done.entry(name).or_default() += 1,
            Agreed::Refused(error) => *self.tally.refused.entry(format!("{name} {error:?}")).or_default() += 1,
            Agreed::Duplicate => *self.tally.refused.entry(format!("{name} duplicate")).or_default() += 1,
        }
        agreed
    }
}
