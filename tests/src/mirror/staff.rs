//! What admin and pauser do: set-up, fees, switches, listings, roles.

use kedge_interface::account::AccountKind;
use kedge_interface::address::{BANK_SEED, BOARD_SEED, EXCHANGE_SEED, MARKET_SEED};
use kedge_interface::instruction::{Decoded, HaltRow, ListBank, ListMarket};
use kedge_interface::{BOARD, EXCHANGE};
use kedge_model::action;
use kedge_model::bank::Bank;
use kedge_model::board::PriceBoard;
use kedge_model::error::{Error, Result};
use kedge_model::exchange::Exchange;
use kedge_model::market::Market;
use kedge_model::trader::Trader;
use solana_pubkey::Pubkey;

use super::Mirror;
use crate::token;

impl Mirror<'_> {
    /// An instruction of the admin or the pauser.
    pub(super) fn administer(&mut self, decoded: &Decoded) -> Result<()> {
        let on = |mirror: &mut Self, run: &dyn Fn(&mut Exchange) -> Result<()>| {
            let mut exchange: Exchange = mirror.pod(&EXCHANGE);
            run(&mut exchange)?;
            mirror.put(&EXCHANGE, &exchange);
            Ok(())
        };
        match decoded {
            Decoded::Initialize(i) => {
                let bump = self.create::<Exchange>(&EXCHANGE, &[EXCHANGE_SEED], Exchange::SPACE);
                self.put(&EXCHANGE, &Exchange::new(bump, i.admin.to_bytes(), i.pauser)?);
                let bump = self.create::<PriceBoard>(&BOARD, &[BOARD_SEED], PriceBoard::SPACE);
                self.put(&BOARD, &PriceBoard { version: PriceBoard::VERSION, bump, ..PriceBoard::default() });
                Ok(())
            }
            Decoded::SetFees(i) => on(self, &|exchange| {
                exchange.require_admin(&i.signer.to_bytes())?;
                exchange.set_fees(&i.schedule)
            }),
            Decoded::SetPaused(i) => on(self, &|exchange| exchange.set_paused(&i.signer.to_bytes(), i.paused)),
            Decoded::ProposeAdmin(i) => on(self, &|exchange| exchange.propose_admin(&i.signer.to_bytes(), i.next)),
            Decoded::AcceptAdmin(i) => on(self, &|exchange| exchange.accept_admin(&i.signer.to_bytes())),
            Decoded::AssignFeeTier(i) => {
                let (exchange, mut trader): (Exchange, Trader) = (self.pod(&EXCHANGE), self.pod(&i.trader));
                exchange.require_admin(&i.signer.to_bytes())?;
                action::AssignFeeTier { tier: i.tier }.execute(&exchange, &mut trader, &self.clock)?;
                self.put(&i.trader, &trader);
                Ok(())
            }
            Decoded::HaltRow(i) => self.halt_row(i),
            Decoded::ListBank(i) => self.list_bank(i),
            Decoded::ListMarket(i) => self.list_market(i),
            other => unreachable!("{other:?} is nothing that the admin does"),
        }
    }

    fn admin_of(&self, signer: &Pubkey) -> Result<Exchange> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        exchange.require_admin(&signer.to_bytes())?;
        Ok(exchange)
    }

    fn halt_row(&mut self, i: &HaltRow) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let mut board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let signer = i.signer.to_bytes();
        if !(i.halted && exchange.is_pauser(&signer)) {
            exchange.require_admin(&signer)?;
        }
        let row = match i.kind {
            0 => &mut board.market_mut(i.index)?.price,
            1 => &mut board.bank_mut(i.index)?.price,
            _ => return Err(Error::InvalidParameter),
        };
        if row.is_frozen() {
            return Err(Error::MarketNotActive);
        }
        row.set_halted(i.halted, &self.clock);
        self.put(&BOARD, &*board);
        Ok(())
    }

    fn list_bank(&mut self, i: &ListBank) -> Result<()> {
        let mut exchange = self.admin_of(&i.admin)?;
        if exchange.banks != Bank::QUOTE && !i.params.maintenance_weight.is_zero() {
            return Err(Error::InvalidParameter);
        }
        let mut board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let seed = exchange.banks.to_le_bytes();
        let (vault_at, vault_bump) =
            Pubkey::find_program_address(&[kedge_interface::address::VAULT_SEED, &seed], &kedge_interface::PROGRAM_ID);
        let bump = self.create::<Bank>(&i.bank, &[BANK_SEED, &seed], Bank::SPACE);
        let mut bank = Bank { bump, vault_bump, ..Bank::default() };
        let list = action::ListBank {
            params: &i.params,
            mint: i.mint.to_bytes(),
            vault: vault_at.to_bytes(),
            decimals: token::decimals(self.machine, &i.mint),
        };
        let _ = list.execute(&mut exchange, &mut board, &mut bank)?;
        self.put(&i.bank, &bank);
        self.put(&BOARD, &*board);
        self.put(&EXCHANGE, &exchange);
        Ok(())
    }

    fn list_market(&mut self, i: &ListMarket) -> Result<()> {
        let mut exchange = self.admin_of(&i.admin)?;
        let mut board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let seed = exchange.markets.to_le_bytes();
        let bump = self.create::<Market>(&i.market, &[MARKET_SEED, &seed], Market::SPACE);
        let mut market = Market { bump, ..Market::default() };
        let list = action::ListMarket { params: &i.params };
        let _ = list.execute(&mut exchange, &mut board, &mut market, self.clock)?;
        self.put(&i.market, &market);
        self.put(&BOARD, &*board);
        self.put(&EXCHANGE, &exchange);
        Ok(())
    }
}
