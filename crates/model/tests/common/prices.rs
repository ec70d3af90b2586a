//! Time and prices.

use super::World;
use kedge_model::account::board::{HALT_LASTS, OraclePrice, RefreshReport, RowState};
use kedge_model::error::Result;
use kedge_model::quantity::Price;

impl World {
    /// Moves time by seconds; slots are 400 ms.
    pub(crate) fn wait(&mut self, seconds: u64) {
        self.clock.unix_time += i64::try_from(seconds).unwrap();
        self.clock.slot += seconds * 5 / 2;
    }

    fn seen(&self, price: u64) -> OraclePrice {
        OraclePrice {
            price: Price(price),
            confidence: Price(price / 10_000),
            publish_time: self.clock.unix_time,
            publish_slot: self.clock.slot,
        }
    }

    /// Refreshes a market's row from two sources that agree.
    pub(crate) fn refresh(&mut self, market: usize, price: u64) -> Result<RefreshReport> {
        self.refresh_from(market, price, 2)
    }

    /// Refreshes a market's row from a number of sources.
    pub(crate) fn refresh_from(&mut self, market: usize, price: u64, sources: usize) -> Result<RefreshReport> {
        let seen = [self.seen(price); 2];
        let (clock, micros) = (self.clock, self.board.slot_time());
        self.board.market_mut(Self::index(market))?.refresh(&seen[..sources], &clock, micros)
    }

    /// Loses one of a market's two sources for as long as it takes until the other counts alone.
    pub(crate) fn lose_a_source(&mut self, market: usize, price: u64) {
        for state in [RowState::Stale, RowState::Degraded] {
            self.wait(u64::from(self.board.markets[market].price.max_age) + 1);
            assert_eq!(self.refresh_from(market, price, 1).unwrap().state, state);
        }
        for bank in 0..self.banks.len() {
            let _ = self.refresh_bank(bank, self.board.banks[bank].price.price.0).unwrap();
        }
    }

    /// A refresh of a market's row by somebody who has a price that is some seconds newer than the chain's clock.
    pub(crate) fn refresh_ahead(&mut self, market: usize, price: u64, seconds: i64) {
        let (clock, micros) = (self.clock, self.board.slot_time());
        let seen = OraclePrice { publish_time: clock.unix_time + seconds, ..self.seen(price) };
        let row = &mut self.board.market_mut(Self::index(market)).unwrap().price;
        assert!(row.refresh(&[seen; 2], &clock, micros).unwrap().updated);
    }

    /// Refreshes a bank's row.
    pub(crate) fn refresh_bank(&mut self, bank: usize, price: u64) -> Result<RefreshReport> {
        let seen = [self.seen(price); 2];
        let (clock, micros) = (self.clock, self.board.slot_time());
        self.board.bank_mut(Self::index(bank))?.refresh(&seen, &clock, micros)
    }

    /// Refreshes all rows at their present prices a second later.
    pub(crate) fn tick(&mut self) {
        self.wait(1);
        for bank in 0..self.banks.len() {
            let price = self.board.banks[bank].price.price.0;
            let _ = self.refresh_bank(bank, price).unwrap();
        }
        for market in 0..self.markets.len() {
            let price = self.oracle(market).0;
            let _ = self.refresh(market, price).unwrap();
        }
    }

    /// Waits until no halt of its own holds back any market's fills.
    pub(crate) fn outlast(&mut self) {
        self.wait(HALT_LASTS.0);
        self.tick();
    }

    /// Moves a market's price there within a minute and confirms it.
    pub(crate) fn drive(&mut self, market: usize, price: u64) {
        let from = self.oracle(market).0;
        for part in 1..=10u64 {
            self.wait(6);
            let at = u64::try_from(i128::from(from) + (i128::from(price) - i128::from(from)) * i128::from(part) / 10);
            let _ = self.refresh(market, at.unwrap()).unwrap();
        }
        for _ in 0..4 {
            self.tick();
        }
    }
}
