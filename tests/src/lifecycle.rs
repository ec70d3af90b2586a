//! Instructions of a market's life, from opening to delisting.

use kedge_interface::address;
use kedge_interface::instruction::{DelistMarket, SetExpiry, SetMarketStatus, SettleMarket, SettlePosition};
use kedge_model::account::board::SETTLEMENT_WINDOW;
use kedge_model::account::market::MarketStatus;
use kedge_model::rule::lifecycle::{DEBT_PERIOD, EXPIRY_NOTICE, PAYOUT_DELAY, SILENCE, SILENCE_NOTICE};
use solana_pubkey::Pubkey;

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

    /// No source brings a price any more, and nobody with a role is there: ends, pays out and delists every market, all of it
    /// signed by somebody.
    pub fn end_in_silence(&mut self, somebody: Pubkey) {
        let markets = 0..u16::try_from(self.prices.len()).expect("few markets");
        self.pass_ms((SILENCE.0 - SILENCE_NOTICE.0) * 1_000);
        for market in markets.clone() {
            self.settle_market(market).expect("the silence is announced");
        }
        self.pass_ms(SILENCE_NOTICE.0 * 1_000);
        for market in markets.clone() {
            self.settle_market(market).expect("the silence is over");
        }
        for wait in [PAYOUT_DELAY.0, DEBT_PERIOD.0 - PAYOUT_DELAY.0] {
            for market in markets.clone() {
                for user in self.users.clone() {
                    // What is not open, or paid already, is refused.
                    let _ = self.settle_position(user, market);
                }
            }
            self.pass_ms(wait * 1_000);
        }
        for market in markets {
            let delisting = DelistMarket { signer: somebody, ..self.delisting(market) };
            self.run(delisting).expect("anybody delists");
        }
    }

    /// [`World::start`], with every market ended and delisted.
    #[cfg(feature = "svm")]
    pub fn wound_up() -> Self {
        let mut world = Self::start();
        let somebody = world.rich(1_000);
        world.end_in_silence(somebody.authority);
        world
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
