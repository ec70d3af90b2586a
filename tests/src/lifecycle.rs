//! From opening a market to delisting it: what is sent for it, and what the model makes of that.

use kedge_interface::instruction::{Decoded, DelistMarket, SetExpiry, SetMarketStatus, SettleMarket, SettlePosition};
use kedge_interface::{BOARD, EXCHANGE, address};
use kedge_model::action;
use kedge_model::bank::Bank;
use kedge_model::board::{PriceBoard, SETTLEMENT_WINDOW};
use kedge_model::error::Result;
use kedge_model::exchange::Exchange;
use kedge_model::lifecycle::EXPIRY_NOTICE;
use kedge_model::market::{Market, MarketStatus};

use crate::market::USDC;
use crate::mirror::{Count, Mirror};
use crate::verbs::Outcome;
use crate::world::{User, World};

impl World {
    /// Opens a listed market whose price is fresh.
    pub fn open_market(&mut self, index: u16) {
        self.set_status(index, MarketStatus::Active).expect("the market is opened");
    }

    /// Sets a market's status as the admin.
    pub fn set_status(&mut self, market: u16, status: MarketStatus) -> Outcome {
        self.run(SetMarketStatus { signer: self.admin, market: address::market(market), status: status as u8 })
    }

    /// Sets a market's expiry as the admin.
    pub fn set_expiry(&mut self, market: u16, time: i64) -> Outcome {
        self.run(SetExpiry { signer: self.admin, market: address::market(market), time })
    }

    /// Fixes the settlement price of an expired market.
    pub fn settle_market(&mut self, market: u16) -> Outcome {
        self.run(SettleMarket { market: address::market(market) })
    }

    /// What closes a user's position in a market in settlement.
    pub fn settling(&self, user: User, market: u16) -> SettlePosition {
        SettlePosition { market: address::market(market), bank: address::bank(USDC), sub_account: user.sub }
    }

    /// Closes a user's position in a market in settlement, or pays what came of it.
    pub fn settle_position(&mut self, user: User, market: u16) -> Outcome {
        self.run(self.settling(user, market))
    }

    /// What ends a settled market.
    pub fn delisting(&self, market: u16) -> DelistMarket {
        DelistMarket { signer: self.admin, market: address::market(market), bank: address::bank(USDC) }
    }

    /// Lets a market expire with the least notice and the time pass at the present prices.
    pub fn run_out(&mut self, market: u16) {
        let time = self.time() + i64::try_from(EXPIRY_NOTICE).expect("in range");
        self.set_expiry(market, time).expect("an expiry with the least notice");
        self.pass_ms((EXPIRY_NOTICE - SETTLEMENT_WINDOW) * 1_000);
        while self.time() < time {
            self.pass_ms(59_000);
            self.tick();
        }
    }
}

impl Mirror<'_> {
    /// An instruction of a market's life.
    pub(crate) fn live(&mut self, decoded: &Decoded) -> Result<()> {
        if let Decoded::SettlePosition(i) = decoded {
            return self.on_market(&i.market, Some(&i.bank), &[i.sub_account], |context, bank, subs| {
                action::SettlePosition.execute(context, bank, &mut subs[0]).map(drop)
            });
        }
        let exchange: Exchange = self.pod(&EXCHANGE);
        let mut board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let (clock, mut count) = (self.clock(), Count::default());
        let at = match decoded {
            Decoded::SetMarketStatus(i) => i.market,
            Decoded::SetExpiry(i) => i.market,
            Decoded::SettleMarket(i) => i.market,
            Decoded::DelistMarket(i) => i.market,
            other => unreachable!("{other:?} is not of a market's life"),
        };
        let mut market: Market = self.pod(&at);
        match decoded {
            Decoded::SetMarketStatus(i) => {
                let status = MarketStatus::from_number(i.status)?;
                action::SetMarketStatus { status }.execute(&board, &mut market, clock, &mut count)?;
            }
            Decoded::SetExpiry(i) => {
                action::SetExpiry { time: i.time }.execute(&mut board, &mut market, clock, &mut count)?
            }
            Decoded::SettleMarket(_) => {
                let _ = action::SettleMarket.execute(&exchange, &mut board, &mut market, clock, &mut count)?;
            }
            Decoded::DelistMarket(i) => {
                let mut bank: Bank = self.pod(&i.bank);
                let _ = action::DelistMarket.execute(&mut board, &mut market, &mut bank, clock, &mut count)?;
                self.put(&i.bank, &bank);
            }
            other => unreachable!("{other:?} is not of a market's life"),
        }
        market.next_event_seq += u64::from(count.any());
        self.put(&at, &market);
        self.put(&BOARD, &*board);
        Ok(())
    }
}
