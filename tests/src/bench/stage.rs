//! The exchange as it stands before a measurement.

use kedge_interface::instruction::Instruction;
use kedge_model::account::order::{OrderParams, Side};

use super::cost::{Bill, Loaded, Spent};
use crate::machine::{Done, Machine, Refused};
use crate::market::{DOLLAR, ONE, SOL, first_price};
use crate::orders::ioc;
use crate::world::{User, World};

/// Markets that are listed: as many as a user with eight positions needs.
const MARKETS: u16 = 8;
/// Makers on the stage.
pub const MAKERS: usize = 6;

/// A running exchange: a user with positions, makers and a filler with a position each, funding charged once since, and
/// prices that have moved a little.
pub struct Stage {
    /// The exchange.
    pub world: World,
    /// Whose instructions are measured.
    pub user: User,
    /// Makers, each with a position in SOL.
    pub makers: Vec<User>,
    /// A keeper with a position in SOL.
    pub keeper: User,
    /// Number of the sample: moves sizes and prices a little.
    pub sample: u64,
    /// Instructions in front of what is measured: none, but in a test of the limits.
    pub front: Vec<Instruction>,
    /// The last measured transaction.
    pub bill: Option<Bill>,
    /// Records the measured instruction alone.
    #[cfg(feature = "profile")]
    pub tape: Option<crate::profile::Tape>,
}

impl Stage {
    /// Sets up with a number of positions of the user, the one in SOL first.
    pub fn set(positions: u16, sample: u64) -> Self {
        Self::set_on(Machine::start(), positions, sample)
    }

    /// [`Stage::set`] on a given machine.
    pub fn set_on(machine: Machine, positions: u16, sample: u64) -> Self {
        let mut world = World::of(machine).set_up(MARKETS);
        let user = world.rich(200_000);
        let makers: Vec<User> = (0..MAKERS).map(|_| world.rich(1_000_000)).collect();
        let keeper = world.rich(10_000);
        let mut stage = Self {
            world,
            user,
            makers,
            keeper,
            sample,
            front: Vec::new(),
            bill: None,
            #[cfg(feature = "profile")]
            tape: None,
        };
        for market in 0..positions {
            // About a thousand dollars each, every other one short.
            let side = if market % 2 == 0 { Side::Long } else { Side::Short };
            stage.open(stage.user, market, side, 1_000 + 37 * sample);
        }
        for index in 0..MAKERS {
            let side = if index % 2 == 0 { Side::Long } else { Side::Short };
            stage.open(stage.makers[index], SOL, side, 2_000 + 91 * sample);
        }
        stage.open(stage.keeper, SOL, Side::Long, 100);
        stage.world.pass_ms(3_600_000);
        for (index, price) in stage.world.prices.iter_mut().enumerate() {
            let odd = u64::try_from(index).expect("few markets") % 2;
            *price = *price / 10_000 * (10_010 + 3 * sample - 20 * odd) + 7 * sample;
        }
        stage.world.tick();
        for market in 0..MARKETS {
            stage.world.update_funding(market).expect("funding is due");
        }
        stage.world.tick();
        stage
    }

    fn open(&mut self, user: User, market: u16, side: Side, dollars: u64) {
        let size = self.size(market, dollars);
        let price = self.price(market, if side == Side::Long { 200 } else { -200 });
        self.world.take(user, ioc(market, side, size, price), &[]).expect("the vAMM fills");
    }

    /// Base worth some dollars, on the step.
    pub fn size(&self, market: u16, dollars: u64) -> u64 {
        let step = self.world.market(market).step.0;
        let raw = u128::from(dollars * DOLLAR) * u128::from(ONE) / u128::from(first_price(market));
        u64::try_from(raw).expect("a size") / step * step
    }

    /// A price so many hundredths of a percent from the oracle, on the tick.
    pub fn price(&self, market: u16, offset: i64) -> u64 {
        let tick = self.world.market(market).tick.0;
        let oracle = self.world.prices[usize::from(market)];
        oracle / 10_000 * (10_000u64.saturating_add_signed(offset)) / tick * tick
    }

    /// Rests a sell order of each of the first makers in SOL just above the oracle, better than the vAMM, each worth some
    /// dollars.
    pub fn rest_asks(&mut self, makers: usize, dollars: u64) {
        for index in 0..makers {
            let offset = 1 + i64::try_from(index % 4).expect("few makers");
            let order = crate::orders::limit(SOL, Side::Short, self.size(SOL, dollars), self.price(SOL, offset));
            self.world.place(self.makers[index], order).expect("the maker's order rests");
        }
    }

    /// The user's order, placed; returns its id.
    pub fn place(&mut self, order: OrderParams) -> u32 {
        self.world.place(self.user, order).expect("the user's order is placed")
    }

    /// Sends what is measured.
    pub fn measured(&mut self, instructions: &[Instruction]) -> Result<Done, Refused> {
        #[cfg(feature = "profile")]
        if let Some(tape) = &self.tape {
            tape.rewind();
        }
        let loaded = Loaded::on(&self.world.machine, instructions);
        let all: Vec<Instruction> = self.front.iter().chain(instructions).cloned().collect();
        let outcome = self.world.run_all(&all);
        let used = outcome.as_ref().map_or_else(|refused| refused.compute, |done| done.compute);
        self.bill = Some(loaded.bill(&self.world.machine, instructions, used));
        outcome
    }

    /// What the last measured transaction came to.
    ///
    /// # Panics
    /// When nothing was measured.
    pub fn spent(&self) -> Spent {
        self.bill.as_ref().expect("something was measured").spent()
    }

    /// What an instruction comes to that must go through.
    pub fn cost(&mut self, instruction: impl Into<Instruction>) -> Spent {
        self.measured(&[instruction.into()]).expect("the measured instruction goes through");
        self.spent()
    }
}
