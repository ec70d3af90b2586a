//! Who has what: records, sub-accounts, delegates, builders, fee tiers.

use kedge_interface::account::{AccountKind, sub_account_space};
use kedge_interface::address::{SUB_ACCOUNT_SEED, TRADER_SEED};
use kedge_interface::instruction::{
    CloseSubAccount, CloseTrader, CreateSubAccount, CreateTrader, Decoded, UpdateFeeTier,
};
use kedge_interface::{EXCHANGE, PROGRAM_ID};
use kedge_model::action;
use kedge_model::error::{Error, Result};
use kedge_model::exchange::Exchange;
use kedge_model::quantity::Ppm;
use kedge_model::sub_account::{MAX_ORDERS, ORDER_STEP, SubAccount};
use kedge_model::trader::Trader;
use solana_account::Account;
use solana_pubkey::Pubkey;

use super::Mirror;

impl Mirror<'_> {
    /// A new account with a size; the bump of its address.
    pub(super) fn create<T: AccountKind>(&mut self, at: &Pubkey, seeds: &[&[u8]], space: usize) -> u8 {
        let (address, bump) = Pubkey::find_program_address(seeds, &PROGRAM_ID);
        assert_eq!(address, *at, "only accounts at their own address are created");
        let mut data = vec![0; space];
        data[..8].copy_from_slice(&T::DISCRIMINATOR);
        let account = Account { data, owner: PROGRAM_ID, ..Account::default() };
        assert!(self.accounts.insert(*at, account).is_none(), "only new accounts are created");
        bump
    }

    /// An instruction about a person or a sub-account itself.
    pub(super) fn arrange(&mut self, decoded: &Decoded) -> Result<()> {
        let on = |mirror: &mut Self, at: &Pubkey, run: &dyn Fn(&mut SubAccount) -> Result<()>| {
            let mut data = mirror.sub(at);
            run(&mut data.head)?;
            mirror.put_sub(at, &data);
            Ok(())
        };
        match decoded {
            Decoded::RevokeSignedOrders(i) => {
                on(self, &i.sub_account, &|head| action::RevokeSigned { up_to: i.up_to }.execute(head))
            }
            Decoded::SetBuilder(i) => on(self, &i.sub_account, &|head| {
                action::SetBuilder { builder: i.builder, fee: Ppm(i.fee) }.execute(head)
            }),
            Decoded::SetDelegate(i) => on(self, &i.sub_account, &|head| {
                head.require_owner(&i.authority.to_bytes())?;
                head.delegate = i.delegate;
                Ok(())
            }),
            Decoded::GrowOrders(i) => {
                let (capacity, held) = (usize::from(i.capacity), self.sub(&i.sub_account).orders.len());
                if capacity <= held || capacity > MAX_ORDERS || !capacity.is_multiple_of(ORDER_STEP) {
                    return Err(Error::InvalidParameter);
                }
                let account = self.accounts.get_mut(&i.sub_account).expect("the account exists");
                account.data.resize(sub_account_space(capacity), 0);
                Ok(())
            }
            Decoded::CreateTrader(i) => self.create_trader(i),
            Decoded::CreateSubAccount(i) => self.create_sub_account(i),
            Decoded::CloseSubAccount(i) => self.close_sub_account(i),
            Decoded::CloseTrader(i) => self.close_trader(i),
            other => unreachable!("{other:?} is not about a person"),
        }
    }

    fn create_trader(&mut self, i: &CreateTrader) -> Result<()> {
        let authority = i.authority.to_bytes();
        let trader = Trader::new(0, authority, i.referrer)?;
        let bump = self.create::<Trader>(&i.trader, &[TRADER_SEED, &authority], Trader::SPACE);
        self.put(&i.trader, &Trader { bump, ..trader });
        let mut exchange: Exchange = self.pod(&EXCHANGE);
        exchange.traders += 1;
        self.put(&EXCHANGE, &exchange);
        Ok(())
    }

    fn create_sub_account(&mut self, i: &CreateSubAccount) -> Result<()> {
        let (mut exchange, mut trader): (Exchange, Trader) = (self.pod(&EXCHANGE), self.pod(&i.trader));
        let (authority, orders) = (i.authority.to_bytes(), usize::from(i.orders));
        if trader.authority != authority {
            return Err(Error::WrongAuthority);
        }
        if orders > MAX_ORDERS || trader.sub_accounts >= Trader::MAX_SUB_ACCOUNTS {
            return Err(Error::InvalidParameter);
        }
        let id = trader.next_sub_account;
        let seeds = [SUB_ACCOUNT_SEED, &authority, &id.to_le_bytes()];
        let bump = self.create::<SubAccount>(&i.sub_account, &seeds, sub_account_space(orders));
        let mut data = self.sub(&i.sub_account);
        data.head = SubAccount {
            version: SubAccount::VERSION,
            bump,
            id,
            authority,
            name: i.name,
            referrer: trader.referrer,
            next_order_id: 1,
            ..SubAccount::default()
        };
        data.head.take_tier(&trader);
        self.put_sub(&i.sub_account, &data);
        trader.next_sub_account += 1;
        trader.sub_accounts += 1;
        exchange.sub_accounts += 1;
        self.put(&i.trader, &trader);
        self.put(&EXCHANGE, &exchange);
        Ok(())
    }

    fn close_sub_account(&mut self, i: &CloseSubAccount) -> Result<()> {
        let (mut trader, head): (Trader, _) = (self.pod(&i.trader), self.sub(&i.sub_account).head);
        head.require_owner(&i.authority.to_bytes())?;
        if trader.authority != head.authority {
            return Err(Error::WrongOwner);
        }
        if !head.is_empty() {
            return Err(Error::AccountNotEmpty);
        }
        trader.sub_accounts -= 1;
        self.put(&i.trader, &trader);
        self.accounts.remove(&i.sub_account);
        Ok(())
    }

    fn close_trader(&mut self, i: &CloseTrader) -> Result<()> {
        let trader: Trader = self.pod(&i.trader);
        if trader.authority != i.authority.to_bytes() {
            return Err(Error::WrongAuthority);
        }
        trader.require_closable()?;
        self.accounts.remove(&i.trader);
        Ok(())
    }

    pub(super) fn update_fee_tier(&mut self, i: &UpdateFeeTier) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let (mut trader, mut data): (Trader, _) = (self.pod(&i.trader), self.sub(&i.sub_account));
        let _ = action::UpdateFeeTier.execute(&exchange, &mut trader, &mut data.head, &self.clock)?;
        self.put(&i.trader, &trader);
        self.put_sub(&i.sub_account, &data);
        Ok(())
    }
}
