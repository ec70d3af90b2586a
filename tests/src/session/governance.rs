//! Actions of admin and pauser during trading.

use crate::agreement::Agreed;
use crate::market::{bank_params, market_params};
use crate::token;
use crate::world::key;
use kedge_interface::address;
use kedge_interface::instruction::{
    AcceptAdmin, AssignFeeTier, HaltRow, ListBank, ListMarket, ProposeAdmin, SetFees, SetPaused,
};
use kedge_model::account::exchange::{FeeSchedule, operation};
use kedge_model::quantity::Ppm;
use solana_pubkey::Pubkey;

use super::Session;

impl Session {
    /// A decision of admin or pauser; one that hinders others is soon taken back.
    pub(super) fn govern(&mut self) {
        match self.random.below(8) {
            0..2 => self.pause(),
            2..4 => self.halt(),
            4 => self.set_fees(),
            5 => self.hand_over(),
            6 => {
                let user = self.user();
                let (signer, tier) = (self.admin_or_not(), u8::try_from(self.random.below(9)).expect("small"));
                self.step(&AssignFeeTier { signer, trader: address::trader(&user.authority), tier }.into());
            }
            _ => self.list(),
        }
    }

    /// The admin, now and then another signer.
    fn admin_or_not(&mut self) -> Pubkey {
        if self.random.percent(85) { self.world.admin } else { self.user().authority }
    }

    /// A few instructions of users and keepers.
    fn meanwhile(&mut self) {
        for _ in 0..self.random.below(6) {
            if let Some(instruction) = self.next() {
                self.step(&instruction);
            }
        }
    }

    fn pause(&mut self) {
        let (admin, pauser) = (self.world.admin, self.world.pauser);
        let paused = if self.random.percent(10) { 1 << 31 } else { 1 << self.random.below(10) };
        let signer = *self.random.pick(&[admin, pauser, pauser, self.world.users[0].authority]);
        // Now and then too short, or too long for one that leaving needs.
        let seconds = *self.random.pick(&[0, 30, 3_600, 86_401]);
        self.step(&SetPaused { signer, paused, seconds }.into());
        self.meanwhile();
        if self.random.percent(50) {
            // The pauser can pause more operations and resume none.
            self.step(
                &SetPaused { signer: pauser, paused: paused & operation::ALL | operation::SETTLE, seconds }.into(),
            );
            self.step(&SetPaused { signer: pauser, paused: 0, seconds: 0 }.into());
        }
        self.step(&SetPaused { signer: admin, paused: 0, seconds: 0 }.into());
    }

    fn halt(&mut self) {
        let (admin, pauser) = (self.world.admin, self.world.pauser);
        let (kind, index) = *self.random.pick(&[(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (0, 40), (2, 0)]);
        let signer = *self.random.pick(&[admin, pauser, self.world.users[0].authority]);
        self.step(&HaltRow { signer, kind, index, halted: true, seconds: 40 }.into());
        self.meanwhile();
        self.step(&HaltRow { signer: pauser, kind, index, halted: false, seconds: 0 }.into());
        self.step(&HaltRow { signer: admin, kind, index, halted: false, seconds: 0 }.into());
        self.world.pass_ms(1_000);
        self.publish();
    }

    fn set_fees(&mut self) {
        let first = FeeSchedule::initial();
        let schedule = match self.random.below(5) {
            0 => first,
            1 => FeeSchedule { filler_share: Ppm(200_000), referrer_share: Ppm(100_000), ..first },
            2 => FeeSchedule { default_auction_ms: 2_000, max_filler_reward: 1_000_000, ..first },
            3 => FeeSchedule { tier_volumes: [0, 1, 2, 3, 4, 5, 6, 7].map(|step| step * 50_000_000_000), ..first },
            _ => FeeSchedule { referee_discount: Ppm(1_000_000), ..first },
        };
        let signer = self.admin_or_not();
        self.step(&SetFees { signer, schedule }.into());
    }

    /// Another admin takes over, or a stranger tries to.
    fn hand_over(&mut self) {
        let next = key(1, u8::try_from(self.random.below(3)).expect("small"));
        self.world.machine.endow(next);
        let signer = self.admin_or_not();
        self.step(&ProposeAdmin { signer, next: next.to_bytes() }.into());
        let wrong = self.user().authority;
        self.step(&AcceptAdmin { signer: wrong }.into());
        if self.step(&AcceptAdmin { signer: next }.into()) == Agreed::Done {
            self.world.admin = next;
        }
    }

    /// A further market or bank: it is not traded here, and conservation covers it all the same.
    fn list(&mut self) {
        let exchange = self.world.exchange();
        let admin = self.admin_or_not();
        if self.random.percent(50) {
            let mut params = market_params(exchange.markets);
            if self.random.percent(30) {
                params.maintenance_margin = params.initial_margin;
            }
            self.step(&ListMarket { admin, market: address::market(exchange.markets), params }.into());
            return;
        }
        let index = exchange.banks;
        let mint = key(3, u8::try_from(index).expect("few banks"));
        token::mint(&mut self.world.machine, mint, *self.random.pick(&[0, 6, 9, 12, 13]));
        let mut params = bank_params(index);
        if self.random.percent(20) {
            params.maintenance_weight = Ppm(900_000);
        }
        let (bank, vault) = (address::bank(index), address::vault(index));
        self.step(&ListBank { admin, bank, mint, vault, params }.into());
    }
}
