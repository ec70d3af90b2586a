//! The model's actions, natively, on copies of the accounts: what the program on the virtual machine must have done.
//!
//! The program holds no rule of its own, so after an instruction every account must be, byte for byte, what the model
//! makes of it on the host, and a refusal must be the model's.

mod money;
mod people;
mod prices;
mod staff;
mod trading;

use std::collections::BTreeMap;

use bytemuck::bytes_of;
use kedge_interface::account::{AccountKind, SubAccountData, decode, decode_sub_account};
use kedge_interface::instruction::{Decoded, Instruction, decode as decode_instruction};
use kedge_interface::{BOARD, EXCHANGE};
use kedge_model::action;
use kedge_model::bank::Bank;
use kedge_model::board::PriceBoard;
use kedge_model::clock::Clock;
use kedge_model::error::Result;
use kedge_model::event::{EventKind, EventSink};
use kedge_model::exchange::Exchange;
use kedge_model::market::Market;
use kedge_model::quantity::{Price, Size};
use kedge_model::sub_account::SubAccountMut;
use solana_account::Account;
use solana_pubkey::Pubkey;

use crate::machine::Machine;

/// Counts records: an instruction with any takes a sequence number of its market.
#[derive(Default)]
pub(crate) struct Count(u64);

impl Count {
    /// Whether there were any.
    pub(crate) fn any(&self) -> bool {
        self.0 != 0
    }
}

impl EventSink for Count {
    fn record(&mut self, _: EventKind, _: &[u8]) {
        self.0 += 1;
    }
}

/// The program's accounts before an instruction, and then as the model leaves them.
pub struct Mirror<'a> {
    accounts: BTreeMap<Pubkey, Account>,
    machine: &'a Machine,
    clock: Clock,
    front: Option<Instruction>,
}

pub(crate) type Context<'a> = action::Context<'a, Count>;

impl<'a> Mirror<'a> {
    /// Copies what the machine holds.
    pub fn of(machine: &'a Machine) -> Self {
        let clock = Clock { slot: machine.slot, unix_time: machine.time() };
        Self { accounts: machine.program_accounts(), machine, clock, front: None }
    }

    /// The moment.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// With the instruction that goes in front of the one to expect.
    pub fn behind(self, front: Option<Instruction>) -> Self {
        Self { front, ..self }
    }

    /// What an instruction must lead to: the accounts after it, or the model's error.
    ///
    /// # Errors
    /// The model's.
    ///
    /// # Panics
    /// For bytes that are no instruction of the program.
    pub fn expect(mut self, instruction: &Instruction) -> Result<BTreeMap<Pubkey, Account>> {
        let keys: Vec<Pubkey> = instruction.accounts.iter().map(|meta| meta.pubkey).collect();
        let decoded = decode_instruction(&keys, &instruction.data).expect("an instruction of the program");
        self.act(&decoded)?;
        Ok(self.accounts)
    }

    pub(crate) fn pod<T: AccountKind>(&self, at: &Pubkey) -> T {
        decode(&self.accounts[at].data).expect("the account is of this kind")
    }

    pub(crate) fn put<T: AccountKind>(&mut self, at: &Pubkey, value: &T) {
        self.accounts.get_mut(at).expect("the account exists").data[8..].copy_from_slice(bytes_of(value));
    }

    fn sub(&self, at: &Pubkey) -> SubAccountData {
        decode_sub_account(&self.accounts[at].data).expect("a sub-account")
    }

    fn put_sub(&mut self, at: &Pubkey, value: &SubAccountData) {
        let data = &mut self.accounts.get_mut(at).expect("the account exists").data;
        let head = bytes_of(&value.head);
        data[8..8 + head.len()].copy_from_slice(head);
        data[8 + head.len()..].copy_from_slice(bytemuck::cast_slice(&value.orders));
    }

    /// Runs an action on a market with these sub-accounts and the quote bank; numbers the market's records.
    pub(crate) fn on_market(
        &mut self,
        market_at: &Pubkey,
        bank_at: Option<&Pubkey>,
        subs: &[Pubkey],
        run: impl FnOnce(&mut Context<'_>, &mut Bank, &mut [SubAccountMut<'_>]) -> Result<()>,
    ) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let mut market: Market = self.pod(market_at);
        let mut bank: Bank = bank_at.map(|at| self.pod(at)).unwrap_or_default();
        let mut data: Vec<SubAccountData> = subs.iter().map(|at| self.sub(at)).collect();
        let mut count = Count::default();
        let mut context = action::Context {
            exchange: &exchange,
            board: &board,
            market: &mut market,
            clock: self.clock,
            sink: &mut count,
        };
        let mut borrowed: Vec<SubAccountMut<'_>> = data.iter_mut().map(SubAccountData::as_mut).collect();
        run(&mut context, &mut bank, &mut borrowed)?;
        market.next_event_seq += u64::from(count.0 != 0);
        self.put(market_at, &market);
        if let Some(at) = bank_at {
            self.put(at, &bank);
        }
        for (at, account) in subs.iter().zip(&data) {
            self.put_sub(at, account);
        }
        Ok(())
    }

    fn act(&mut self, decoded: &Decoded) -> Result<()> {
        match decoded {
            Decoded::Deposit(_) | Decoded::Withdraw(_) | Decoded::Transfer(_) | Decoded::FundPool(_) => {
                self.move_tokens(decoded)
            }
            Decoded::IsolatePosition(_)
            | Decoded::TransferIsolated(_)
            | Decoded::MergePosition(_)
            | Decoded::SetLeverage(_) => self.move_isolated(decoded),
            Decoded::CancelOrder(_) | Decoded::CancelAll(_) | Decoded::CancelOrders(_) => self.cancel(decoded),
            Decoded::ModifyOrder(i) => self.on_market(&i.market, None, &[i.sub_account], |context, _, subs| {
                action::ModifyOrder { params: i.params }.execute(context, &mut subs[0]).map(drop)
            }),
            Decoded::ReplaceOrders(i) => self.on_market(&i.market, None, &[i.sub_account], |context, _, subs| {
                let replace = action::ReplaceOrders { cancel: &i.cancel, orders: &i.orders, strict: i.strict };
                replace.execute(context, &mut subs[0]).map(drop)
            }),
            Decoded::UpdateFunding(_) | Decoded::SettleBankruptcy(_) => self.move_indices(decoded),
            Decoded::SetMarketStatus(_)
            | Decoded::SetExpiry(_)
            | Decoded::SettleMarket(_)
            | Decoded::SettlePosition(_)
            | Decoded::DelistMarket(_) => self.live(decoded),
            Decoded::PlaceOrders(i) => self.on_market(&i.market, None, &[i.sub_account], |context, _, subs| {
                action::PlaceOrders { orders: &i.orders }.execute(context, &mut subs[0]).map(drop)
            }),
            Decoded::PlaceSignedOrders(i) => self.place_signed(i),
            Decoded::RevokeSignedOrders(_)
            | Decoded::SetBuilder(_)
            | Decoded::SetDelegate(_)
            | Decoded::CreateTrader(_)
            | Decoded::CreateSubAccount(_)
            | Decoded::GrowOrders(_)
            | Decoded::CloseSubAccount(_)
            | Decoded::CloseTrader(_) => self.arrange(decoded),
            Decoded::Initialize(_)
            | Decoded::SetFees(_)
            | Decoded::SetPaused(_)
            | Decoded::ProposeAdmin(_)
            | Decoded::AcceptAdmin(_)
            | Decoded::ListBank(_)
            | Decoded::ListMarket(_)
            | Decoded::HaltRow(_)
            | Decoded::AssignFeeTier(_) => self.administer(decoded),
            Decoded::UpdateFeeTier(i) => self.update_fee_tier(i),
            Decoded::PlaceAndTake(i) => self.take(i),
            Decoded::FillOrder(i) => self.fill(i),
            Decoded::TriggerOrder(i) => self.serve(i.market, i.sub_account, &i.crank, |context, owner, crank| {
                let trigger = action::TriggerOrder { order_id: i.order_id, slot: usize::from(i.slot) };
                trigger.execute(context, owner, crank).map(drop)
            }),
            Decoded::TrailOrder(i) => self.serve(i.market, i.sub_account, &i.crank, |context, owner, crank| {
                let trail = action::TrailOrder { order_id: i.order_id, slot: usize::from(i.slot) };
                trail.execute(context, owner, crank).map(drop)
            }),
            Decoded::SliceOrder(i) => self.serve(i.market, i.sub_account, &i.crank, |context, owner, crank| {
                let slice = action::SliceOrder { order_id: i.order_id, slot: usize::from(i.slot) };
                slice.execute(context, owner, crank).map(drop)
            }),
            Decoded::ExpireOrders(i) => self.serve(i.market, i.sub_account, &i.crank, |context, owner, crank| {
                action::ExpireOrders { ids: &i.ids }.execute(context, owner, crank).map(drop)
            }),
            Decoded::PlaceAndMake(i) => self.make(i),
            Decoded::UpdateAmm(i) => {
                self.on_market(&i.market, None, &[], |context, _, _| action::UpdateAmm.execute(context).map(drop))
            }
            Decoded::SettlePnl(i) => {
                self.on_market(&i.market, Some(&i.bank), &[i.sub_account], |context, bank, subs| {
                    action::SettlePnl.execute(context, bank, &mut subs[0]).map(drop)
                })
            }
            Decoded::SweepFees(i) => self.on_market(&i.market, Some(&i.bank), &[], |context, bank, _| {
                action::SweepFees.execute(context, bank).map(drop)
            }),
            Decoded::Liquidate(i) => {
                let step = action::Liquidate { max_size: Size(i.max_size), limit_price: Price(i.limit_price) };
                self.on_market(&i.market, None, &[i.sub_account, i.liquidator], |context, _, subs| {
                    let [account, liquidator] = subs else { unreachable!("two were passed") };
                    step.execute(context, account, liquidator).map(drop)
                })
            }
            Decoded::RefreshPrices(i) => self.refresh(&i.markets, &i.banks),
        }
    }
}
