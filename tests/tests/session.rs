//! Thousands of random transactions on the real bytecode: users, makers, keepers and liquidators in three markets, with
//! walking, jumping and crashing prices.
//!
//! After every transaction conservation holds, and every account is byte for byte the engine's; a refusal is the
//! engine's own.

#[path = "session/changes.rs"]
mod changes;
#[path = "session/people.rs"]
mod people;
#[path = "session/picks.rs"]
mod picks;
#[path = "session/prices.rs"]
mod prices;
#[path = "session/staff.rs"]
mod staff;
#[path = "session/trades.rs"]
mod trades;
#[path = "session/wind_down.rs"]
mod wind_down;

use std::collections::BTreeMap;

use kedge_interface::instruction::{self, Instruction, SetBuilder, SetDelegate, name_of};
use kedge_tests::World;
use kedge_tests::agreement::Agreed;
use kedge_tests::market::{DOLLAR, USDC};
use kedge_tests::random::Random;
use kedge_tests::signed::signer;
use kedge_tests::world::key;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

const USERS: usize = 8;
const MARKETS: u16 = 3;
/// Number of the key that signs for the first user.
const SIGNERS: u8 = 100;
/// Number of visitors, who come and go.
const VISITORS: u8 = 3;
/// Instructions that begin a session and are not repeated; `tests/admin.rs` compares them.
const ONCE: [&str; 1] = ["initialize"];

/// Counts of successes and refusals of each instruction, with the errors.
#[derive(Default)]
struct Tally {
    done: BTreeMap<&'static str, u64>,
    refused: BTreeMap<String, u64>,
}

struct Session {
    world: World,
    random: Random,
    patron: (Pubkey, Pubkey),
    seconds: Vec<Pubkey>,
    visitors: Vec<Pubkey>,
    /// Market and direction of a crash, and its remaining moves.
    crash: (usize, bool, u64),
    tally: Tally,
}

impl Session {
    fn open(seed: u64) -> Self {
        let mut world = World::with_markets(MARKETS);
        let mut random = Random::new(seed);
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
        Self { world, random, patron, seconds, visitors, crash: (0, false, 0), tally: Tally::default() }
    }

    /// Sends an instruction and compares with the engine.
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

fn session(seed: u64, transactions: u64) -> Tally {
    let mut session = Session::open(seed);
    let mut sent = 0;
    while sent < transactions {
        if session.random.percent(45) {
            session.drift();
        } else if session.random.percent(8) {
            session.crash();
            session.drift();
            session.clean_up();
        }
        match session.random.below(100) {
            0 => session.govern(),
            1..4 => session.arrange(),
            4..6 => session.sign(),
            _ => {
                if let Some(instruction) = session.next() {
                    session.step(&instruction);
                }
            }
        }
        sent += 1;
        if sent == transactions * 9 / 10 {
            session.wind_down(u16::try_from(seed).expect("a small seed") % MARKETS);
        }
    }
    session.tally
}

#[test]
fn random_sessions_keep_the_books_and_agree_with_the_model() {
    let mut total = Tally::default();
    for seed in 1..=10 {
        let tally = session(seed, 2_000);
        for (name, count) in tally.done {
            *total.done.entry(name).or_default() += count;
        }
        for (name, count) in tally.refused {
            *total.refused.entry(name).or_default() += count;
        }
    }
    println!("{:#?}\n{:#?}", total.done, total.refused);
    // A generator that misses an instruction or an error would prove nothing about it.
    for name in instruction::ALL.iter().map(|spec| spec.name).filter(|name| !ONCE.contains(name)) {
        assert!(total.done.get(name).is_some_and(|count| *count > 0), "{name} never went through");
    }
}
