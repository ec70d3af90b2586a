//! The exchange in memory, its clock, and its prices.

use kedge_engine::{Accounts, Moment, Refusal, Report, State, apply};
use kedge_interface::BOARD;
use kedge_interface::account::SubAccountData;
use kedge_interface::address::pyth::RECEIVER;
use kedge_interface::instruction::{Decoded, RefreshPrices};
use kedge_interface::pyth::PriceUpdate;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::market::Market;
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
use solana_pubkey::Pubkey;

use crate::coins::{COINS, Coin, DOLLAR};

/// Seconds of a step.
pub(crate) const STEP_SECONDS: i64 = 2;
/// Slots of a step.
pub(crate) const STEP_SLOTS: u64 = 5;

/// An exchange at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Venue {
    pub(crate) state: State,
    pub(crate) clock: Clock,
    /// Instructions that were carried out or refused.
    pub(crate) actions: u64,
    /// Addresses of the markets.
    pub(crate) markets: [Pubkey; COINS.len()],
    /// Address of the quote bank, and of its vault.
    pub(crate) bank: Pubkey,
    pub(crate) vault: Pubkey,
    /// Dollars that the oracles say.
    pub(crate) prices: [f64; COINS.len()],
    oracles: [Pubkey; COINS.len()],
}

impl Venue {
    /// Nothing yet, at a moment.
    pub(crate) fn empty(unix_time: i64) -> Self {
        use kedge_interface::address::{bank, market, vault};
        Self {
            state: State::default(),
            clock: Clock { slot: 1_000_000, unix_time },
            actions: 0,
            markets: [0, 1, 2].map(market),
            bank: bank(0),
            vault: vault(0),
            prices: [0.0; COINS.len()],
            oracles: [0, 1, 2].map(Coin::oracle),
        }
    }

    /// Applies one instruction.
    pub(crate) fn run(&mut self, instruction: &Decoded) -> Result<Report, Refusal> {
        self.actions += 1;
        apply(&mut self.state, instruction, &Moment::from(self.clock), &mut NoEvents)
    }

    pub(crate) fn board(&self) -> &PriceBoard {
        self.state.read(&BOARD).expect("the board is there from the beginning")
    }

    pub(crate) fn market(&self, index: usize) -> &Market {
        self.state.read(&self.markets[index]).expect("a listed market")
    }

    pub(crate) fn account(&self, at: &Pubkey) -> &SubAccountData {
        self.state.read(at).expect("a created sub-account")
    }

    /// Base of an account in a market.
    pub(crate) fn base(&self, at: &Pubkey, market: usize) -> i64 {
        self.account(at).head.position(market as u16).map_or(0, |position| position.base.0)
    }

    /// Publishes prices and puts them on the board, as the keepers do.
    pub(crate) fn publish(&mut self, dollars: [f64; COINS.len()]) -> Result<Report, Refusal> {
        self.prices = dollars;
        for (index, price) in dollars.into_iter().enumerate() {
            let price = (price * DOLLAR) as i64;
            let update = PriceUpdate {
                feed_id: Coin::feed(index),
                price,
                confidence: price as u64 / 10_000,
                exponent: -6,
                publish_time: self.clock.unix_time,
                posted_slot: self.clock.slot,
            };
            self.state.oracles.insert(self.oracles[index], (RECEIVER, update.encode()));
        }
        let markets = (0..COINS.len() as u8).collect();
        self.run(&Decoded::RefreshPrices(RefreshPrices { markets, banks: vec![0], oracles: self.oracles.to_vec() }))
    }
}
