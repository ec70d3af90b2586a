//! The end of a market during trading: expiry, settlement, payout, delisting.

use crate::User;
use crate::market::USDC;
use kedge_interface::address::{self, BACKSTOP};
use kedge_interface::instruction::{
    CancelUnstake, DelistMarket, Deposit, Instruction, PayTreasury, RequestUnstake, SetExpiry, SetMarketStatus,
    SettleBankruptcy, SettleMarket, SettlePosition, Stake, StakeVault, Unstake, UnstakeVault,
};
use kedge_model::account::board::SETTLEMENT_WINDOW;
use kedge_model::account::market::MarketStatus;
use kedge_model::quantity::{Amount, Quote, Size};
use kedge_model::rule::lifecycle::{DEBT_PERIOD, EXPIRY_NOTICE, PAYOUT_DELAY};
use kedge_model::rule::tranche::{COOLDOWN, VAULT_COOLDOWN};

use super::Session;

impl Session {
    fn position_settling(&mut self, user: User, index: u16) {
        let (market, bank) = (address::market(index), address::bank(USDC));
        self.step(&SettlePosition { market, bank, sub_account: user.sub }.into());
    }

    /// A change of a market's life that hardly touches its users, or is refused.
    pub(super) fn market_life(&mut self, user: User) -> Instruction {
        let (index, signer) = (self.market(), self.world.admin);
        let (market, bank, sub_account) = (address::market(index), address::bank(USDC), user.sub);
        let day = 86_400;
        match self.random.below(7) {
            0 => SetExpiry { signer, market, time: self.world.time() + 400 * day }.into(),
            1 => SetExpiry { signer, market, time: 0 }.into(),
            2 => SetExpiry { signer, market, time: self.world.time() + 7_199 }.into(),
            3 => SettleMarket { market }.into(),
            4 => PayTreasury::of(&self.world.treasury(), &self.world.mints[usize::from(USDC)]).into(),
            5 => SettlePosition { market, bank, sub_account }.into(),
            _ => {
                let status = *self.random.pick(&[0, 1, 1, 1, 2, 3]);
                SetMarketStatus { signer, market, status, seconds: 600 }.into()
            }
        }
    }

    /// Ends a market from any state, down to nothing.
    pub(super) fn wind_down(&mut self, index: u16) {
        let (market, bank, signer) = (address::market(index), address::bank(USDC), self.world.admin);
        let time = self.world.time() + i64::try_from(EXPIRY_NOTICE.0).expect("in range");
        self.step(&SetExpiry { signer, market, time }.into());
        self.world.pass_ms((EXPIRY_NOTICE.0 - SETTLEMENT_WINDOW.0) * 1_000);
        while self.world.time() < time {
            self.world.pass_ms(59_000);
            self.publish();
            self.world.pass_ms(1_000);
        }
        // A price from after the expiry.
        self.publish();
        self.step(&SettleMarket { market }.into());
        // The vault is closed out as everybody is, under whoever sends it.
        let mut users = self.world.users.clone();
        users.extend(users.first().copied().map(|user| User { sub: BACKSTOP, ..user }));
        for user in &users {
            self.position_settling(*user, index);
            self.step(&SettleBankruptcy { market, bank, sub_account: user.sub }.into());
            // The market does not trade any more; all others do.
            for _ in 0..5 {
                if let Some(instruction) = self.next() {
                    self.step(&instruction);
                }
            }
        }
        let state = self.world.market(index);
        assert_eq!((state.long_interest, state.short_interest), (Size(0), Size(0)), "all positions are closed");
        self.world.pass_ms(PAYOUT_DELAY.0 * 1_000);
        self.publish();
        for user in &users {
            let debt = self.world.position(*user, index).quote;
            if debt.0 < 0 {
                // A debtor with other means deposits dollars; one without is bankrupt by now.
                self.step(&SettleBankruptcy { market, bank, sub_account: user.sub }.into());
                let left = self.world.position(*user, index).quote;
                if left.0 < 0 {
                    let (wallet, amount) = (self.world.wallet(*user, USDC), left.magnitude().0);
                    self.step(&Deposit::of(user.authority, wallet, user.sub, USDC, amount).into());
                    self.position_settling(*user, index);
                }
            }
        }
        assert_eq!(self.world.market(index).debts, Amount(0));
        for user in &users {
            self.position_settling(*user, index);
            assert_eq!(self.world.position(*user, index).quote, Quote(0), "every claim is paid or written off");
        }
        self.world.pass_ms(DEBT_PERIOD.0 * 1_000);
        self.publish();
        self.step(&DelistMarket { signer, market, bank }.into());
        let state = self.world.market(index);
        assert_eq!(state.status, MarketStatus::Delisted as u8);
        assert_eq!((state.users_quote, state.pnl_pool, state.insurance_fund), (Quote(0), Amount(0), Amount(0)));
        // Whoever of the stakers has asked to leave is paid thirteen days later, three by the vault.
        for user in &users {
            self.step(&Stake::of(user.authority, self.world.wallet(*user, USDC), 5_000_000, 0).into());
            self.step(&RequestUnstake::of(user.authority, 0, 1_000_000).into());
            self.step(&CancelUnstake::of(user.authority, 0).into());
            self.step(&RequestUnstake::of(user.authority, 0, 1_000_000).into());
            self.step(&StakeVault::of(user.authority, self.world.wallet(*user, USDC), 5_000_000, 0).into());
            self.step(&RequestUnstake::of(user.authority, 1, 1_000_000).into());
        }
        self.world.pass_ms(VAULT_COOLDOWN.0 * 1_000);
        self.publish();
        for user in &users {
            self.step(&UnstakeVault::of(user.authority, self.world.wallet(*user, USDC)).into());
        }
        self.world.pass_ms((COOLDOWN.0 - VAULT_COOLDOWN.0) * 1_000);
        self.publish();
        for user in &users {
            self.step(&Unstake::of(user.authority, self.world.wallet(*user, USDC)).into());
        }
    }
}
