//! Instructions of a market's life, from opening to delisting.

use kedge_interface::address;
use kedge_interface::instruction::{DelistMarket, SetExpiry, SetMarketStatus, SettleMarket, SettlePosition};
use kedge_model::account::board::SETTLEMENT_WINDOW;
use kedge_model::account::market::MarketStatus;
use kedge_model::rule::lifecycle::EXPIRY_NOTICE;

use crate::market::USDC;
use crate::verbs::SendResult;
use crate::world::{User, World};

impl World {
    /// Opens a listed market whose price is fresh.
    pub fn open_market(&mut self, index: u16) {
        self.set_status(index, MarketStatus::Active).expect("the market is opened");
    }

    /// Sets a market's status as the admin.
    pub fn set_status(&mut self, market: u16, status: MarketStatus) -> SendResult {
        self.run(SetMarketStatus {
            signer: self.admin,
            market: address::market(market),
            status: status as u8,
            seconds: 3_600,
        })
    }

    /// Sets a market's expiry as the admin.
    pub fn set_expiry(&mut self, market: u16, time: i64) -> SendResult {
        self.run(SetExpiry { signer: self.admin, market: address::market(market), time })
    }

    /// Fixes the settlement price of an expired market.
    pub fn settle_market(&mut self, market: u16) -> SendResult {
        self.run(SettleMarket { market: address::market(market) })
    }

    /// The instruction that closes a user's position in a settling market.
    pub fn settling(&self, user: User, market: u16) -> SettlePosition {
        SettlePosition { market: address::market(market), bank: address::bank(USDC), sub_account: user.sub }
    }

    /// Closes a user's position in a settling market, or pays its result.
    pub fn settle_position(&mut self, user: User, market: u16) -> SendResult {
        self.run(self.settling(user, market))
    }

    /// The instruction that delists a settled market.
    pub fn delisting(&self, market: u16) -> DelistMarket {
        DelistMarket { signer: self.admin, market: address::market(market), bank: address::bank(USDC) }
    }

    /// Lets a market expire with the least notice, and its time pass at the present prices.
    pub fn run_out(&mut self, market: u16) {
        let time = self.time() + i64::try_from(EXPIRY_NOTICE.0).expect("in range");
        self.set_expiry(market, time).expect("an expiry with the least notice");
        self.pass_ms((EXPIRY_NOTICE.0 - SETTLEMENT_WINDOW.0) * 1_000);
        while self.time() < time {
            self.pass_ms(59_000);
            self.tick();
        }
    }
}
