//! The model's actions, natively, on copies of the accounts: what the program on the virtual machine must have done.
//!
//! The program holds no rule of its own, so after an instruction every account must be, byte for byte, what the model
//! makes of it on the host, and a refusal must be the model's.

use std::collections::BTreeMap;

use bytemuck::bytes_of;
use kedge_interface::account::{AccountKind, SubAccountData, decode, decode_sub_account};
use kedge_interface::instruction::{
    Decoded, FillOrder, Instruction, PlaceAndTake, PlaceSignedOrders, UpdateFeeTier, decode as decode_instruction,
};
use kedge_interface::{BOARD, EXCHANGE, PROGRAM_ID};
use kedge_model::action;
use kedge_model::bank::Bank;
use kedge_model::board::{OraclePrice, PriceBoard, SourceKind};
use kedge_model::clock::Clock;
use kedge_model::error::{Error, Result};
use kedge_model::event::{CancelReason, EventKind, EventSink};
use kedge_model::exchange::Exchange;
use kedge_model::market::Market;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::sub_account::{SubAccount, SubAccountMut};
use kedge_model::trader::Trader;
use solana_account::Account;
use solana_pubkey::Pubkey;

use crate::machine::Machine;
use crate::token;

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

    /// What an instruction must lead to: the accounts after it, or the model's error. `None` for instructions that are
    /// no action of the model.
    pub fn expect(mut self, instruction: &Instruction) -> Option<Result<BTreeMap<Pubkey, Account>>> {
        let keys: Vec<Pubkey> = instruction.accounts.iter().map(|meta| meta.pubkey).collect();
        let decoded = decode_instruction(&keys, &instruction.data).expect("an instruction of the program");
        let done = self.act(&decoded)?;
        Some(done.map(|()| self.accounts))
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

    fn act(&mut self, decoded: &Decoded) -> Option<Result<()>> {
        Some(match decoded {
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
            Decoded::RevokeSignedOrders(i) => {
                let mut data = self.sub(&i.sub_account);
                let done = action::RevokeSigned { up_to: i.up_to }.execute(&mut data.head);
                done.map(|()| self.put_sub(&i.sub_account, &data))
            }
            Decoded::SetBuilder(i) => {
                let mut data = self.sub(&i.sub_account);
                let done = action::SetBuilder { builder: i.builder, fee: Ppm(i.fee) }.execute(&mut data.head);
                done.map(|()| self.put_sub(&i.sub_account, &data))
            }
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
            Decoded::PlaceAndMake(i) => {
                let make = action::PlaceAndMake {
                    order_id: i.order_id,
                    slot: usize::from(i.slot),
                    size: Size(i.size),
                    worst_price: Price(i.worst_price),
                    min_position: Base(i.min_position),
                    max_position: Base(i.max_position),
                };
                let subs: Vec<Pubkey> = [i.maker, i.taker].iter().chain(&i.sharers).copied().collect();
                self.on_market(&i.market, None, &subs, |context, _, subs| {
                    let [maker, taker, others @ ..] = subs else { unreachable!("two were passed") };
                    make.execute(context, maker, taker, others).map(drop)
                })
            }
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
            _ => return None,
        })
    }

    fn place_signed(&mut self, i: &PlaceSignedOrders) -> Result<()> {
        let front = self.front.take().ok_or(Error::SignedOrderInvalid)?;
        // As `kedge_interface` writes it: description, key, signature, message.
        let signer = front.data[16..48].try_into().expect("32 bytes");
        let message = action::SignedMessage::read(&front.data[112..])?;
        let (program, sub_account) = (PROGRAM_ID.to_bytes(), i.sub_account.to_bytes());
        self.on_market(&i.market, None, &[i.sub_account], |context, _, subs| {
            let place = action::PlaceSigned { message: &message, signer, program, sub_account };
            place.execute(context, &mut subs[0]).map(drop)
        })
    }

    fn update_fee_tier(&mut self, i: &UpdateFeeTier) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let (mut trader, mut data): (Trader, _) = (self.pod(&i.trader), self.sub(&i.sub_account));
        let _ = action::UpdateFeeTier.execute(&exchange, &mut trader, &mut data.head, &self.clock)?;
        self.put(&i.trader, &trader);
        self.put_sub(&i.sub_account, &data);
        Ok(())
    }

    fn take(&mut self, i: &PlaceAndTake) -> Result<()> {
        let subs: Vec<Pubkey> = std::iter::once(i.sub_account).chain(i.maker_accounts.iter().copied()).collect();
        let take = action::PlaceAndTake { order: i.order, min_fill: Size(i.min_fill), makers: &i.makers };
        self.on_market(&i.market, None, &subs, |context, _, subs| {
            let (taker, makers) = subs.split_first_mut().ok_or(Error::TooManyMakers)?;
            take.execute(context, taker, makers).map(drop)
        })
    }

    fn fill(&mut self, i: &FillOrder) -> Result<()> {
        let (filler, makers) = i.split();
        let subs: Vec<Pubkey> = std::iter::once(i.taker).chain(filler).chain(makers.iter().copied()).collect();
        let fill = action::FillOrder { order_id: i.order_id, slot: usize::from(i.slot), makers: &i.makers };
        self.on_market(&i.market, None, &subs, |context, _, subs| {
            let (taker, rest) = subs.split_first_mut().ok_or(Error::TooManyMakers)?;
            let (filler, makers) = match filler {
                Some(_) => rest.split_first_mut().map(|(filler, makers)| (Some(filler), makers)),
                None => Some((None, rest)),
            }
            .ok_or(Error::TooManyMakers)?;
            fill.execute(context, taker, filler, makers).map(drop)
        })
    }

    /// A service to an account's orders, for a sub-account that gets the fee or for nobody.
    fn serve(
        &mut self,
        market: Pubkey,
        owner: Pubkey,
        crank: &[Pubkey],
        run: impl FnOnce(&mut Context<'_>, &mut SubAccountMut<'_>, Option<&mut SubAccountMut<'_>>) -> Result<()>,
    ) -> Result<()> {
        let subs: Vec<Pubkey> = std::iter::once(owner).chain(crank.iter().copied()).collect();
        self.on_market(&market, None, &subs, |context, _, subs| {
            let (owner, crank) = subs.split_first_mut().ok_or(Error::TooManyMakers)?;
            run(context, owner, crank.first_mut())
        })
    }

    fn cancel(&mut self, decoded: &Decoded) -> Result<()> {
        let (at, result) = match decoded {
            Decoded::CancelOrder(i) => {
                let mut data = self.sub(&i.sub_account);
                let result = action::CancelOrder { id: i.id }.execute(&mut data.as_mut(), &mut Count::default());
                (i.sub_account, result.map(|_| data))
            }
            Decoded::CancelAll(i) => {
                let mut data = self.sub(&i.sub_account);
                let market = (i.market != kedge_model::event::NO_MARKET).then_some(i.market);
                let cancel = action::CancelAll { market, reason: CancelReason::Requested };
                let result = cancel.execute(&mut data.as_mut(), &mut Count::default());
                (i.sub_account, result.map(|_| data))
            }
            Decoded::CancelOrders(i) => {
                let mut data = self.sub(&i.sub_account);
                let cancel = action::CancelOrders { filter: i.filter, ids: &i.ids };
                let result = cancel.execute(&mut data.as_mut(), &mut Count::default());
                (i.sub_account, result.map(|_| data))
            }
            other => unreachable!("{other:?} cancels nothing"),
        };
        self.put_sub(&at, &result?);
        Ok(())
    }

    fn move_tokens(&mut self, decoded: &Decoded) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let mut count = Count::default();
        match decoded {
            Decoded::Deposit(i) => {
                let (mut bank, mut sub): (Bank, _) = (self.pod(&i.bank), self.sub(&i.sub_account));
                action::Deposit { amount: Amount(i.amount) }.execute(
                    &exchange,
                    &mut bank,
                    &mut sub.head,
                    &mut count,
                )?;
                self.put(&i.bank, &bank);
                self.put_sub(&i.sub_account, &sub);
            }
            Decoded::Withdraw(i) => {
                let (mut bank, mut sub): (Bank, _) = (self.pod(&i.bank), self.sub(&i.sub_account));
                let withdraw = action::Withdraw { amount: Amount(i.amount) };
                withdraw.execute(&exchange, &board, &mut bank, &mut sub.head, self.clock, &mut count)?;
                let left =
                    token::amount(self.machine, &i.vault).checked_sub(i.amount).ok_or(Error::InsufficientVault)?;
                bank.require_covered(Amount(left))?;
                self.put(&i.bank, &bank);
                self.put_sub(&i.sub_account, &sub);
            }
            Decoded::Transfer(i) => {
                let (mut from, mut to) = (self.sub(&i.from), self.sub(&i.to));
                let transfer = action::Transfer { amount: Amount(i.amount), bank: i.bank };
                transfer.execute(&exchange, &board, &mut from.head, &mut to.head, self.clock, &mut count)?;
                self.put_sub(&i.from, &from);
                self.put_sub(&i.to, &to);
            }
            Decoded::FundPool(i) => {
                let (mut bank, mut market): (Bank, Market) = (self.pod(&i.bank), self.pod(&i.market));
                let kind = action::PoolKind::from_number(i.kind)?;
                let fund = action::FundPool { kind, amount: Amount(i.amount) };
                fund.execute(&mut bank, &mut market, i.payer.to_bytes(), &mut count)?;
                market.next_event_seq += u64::from(count.0 != 0);
                self.put(&i.bank, &bank);
                self.put(&i.market, &market);
            }
            other => unreachable!("{other:?} moves no tokens"),
        }
        Ok(())
    }

    fn move_isolated(&mut self, decoded: &Decoded) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let (clock, mut count) = (self.clock, Count::default());
        let mut on = |at: &Pubkey, run: &dyn Fn(&mut SubAccount, &mut Count) -> Result<()>| {
            let mut data = self.sub(at);
            run(&mut data.head, &mut count)?;
            self.put_sub(at, &data);
            Ok(())
        };
        match decoded {
            Decoded::IsolatePosition(i) => on(&i.sub_account, &|head, count| {
                let isolate = action::IsolatePosition { market: i.market, amount: Amount(i.amount) };
                isolate.execute(&exchange, &board, head, clock, count)
            }),
            Decoded::TransferIsolated(i) => on(&i.sub_account, &|head, count| {
                let transfer = action::TransferIsolated { market: i.market, amount: Quote(i.amount) };
                transfer.execute(&exchange, &board, head, clock, count)
            }),
            Decoded::MergePosition(i) => on(&i.sub_account, &|head, count| {
                action::MergePosition { market: i.market }.execute(&exchange, &board, head, clock, count)
            }),
            Decoded::SetLeverage(i) => on(&i.sub_account, &|head, _| {
                action::SetLeverage { market: i.market, ratio: Ppm(i.ratio) }.execute(&board, head, clock)
            }),
            other => unreachable!("{other:?} moves no pocket"),
        }
    }

    fn move_indices(&mut self, decoded: &Decoded) -> Result<()> {
        let exchange: Exchange = self.pod(&EXCHANGE);
        let mut board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        let (clock, mut count) = (self.clock, Count::default());
        let (market_at, mut market) = match decoded {
            Decoded::UpdateFunding(i) => {
                let mut market: Market = self.pod(&i.market);
                let row = board.market_mut(market.index)?;
                let _ = action::UpdateFunding.execute(&exchange, row, &mut market, clock, &mut count)?;
                (i.market, market)
            }
            Decoded::SettleBankruptcy(i) => {
                let (mut market, mut bank): (Market, Bank) = (self.pod(&i.market), self.pod(&i.bank));
                let mut sub = self.sub(&i.sub_account);
                let (board, account) = (&mut board, &mut sub.as_mut());
                let _ =
                    action::Bankruptcy.execute(&exchange, board, &mut market, &mut bank, account, clock, &mut count)?;
                self.put(&i.bank, &bank);
                self.put_sub(&i.sub_account, &sub);
                (i.market, market)
            }
            other => unreachable!("{other:?} moves no index"),
        };
        market.next_event_seq += u64::from(count.0 != 0);
        self.put(&market_at, &market);
        self.put(&BOARD, &*board);
        Ok(())
    }

    fn refresh(&mut self, markets: &[u8], banks: &[u8]) -> Result<()> {
        let mut board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        board.measure_slot_time(&self.clock)?;
        let slot_micros = board.slot_micros();
        let (machine, clock) = (self.machine, self.clock);
        for row in markets {
            let price = &mut board.market_mut(u16::from(*row))?.price;
            let _ = price.refresh(&observe(machine, price.sources()), &clock, slot_micros)?;
        }
        for row in banks {
            let price = &mut board.bank_mut(u16::from(*row))?.price;
            let _ = price.refresh(&observe(machine, price.sources()), &clock, slot_micros)?;
        }
        self.put(&BOARD, &*board);
        Ok(())
    }
}

/// What the accounts that this crate writes say.
fn observe(machine: &Machine, sources: &[kedge_model::board::PriceSource]) -> Vec<OraclePrice> {
    let read = |source: &kedge_model::board::PriceSource| {
        assert_eq!(source.kind, SourceKind::PythPull as u8, "only Pyth's pull accounts are written here");
        let data = machine.data(&crate::oracle::address(&source.key));
        let number = |at: usize| u64::from_le_bytes(data[at..at + 8].try_into().expect("eight bytes"));
        OraclePrice {
            price: Price(number(73) / 100),
            confidence: Price(number(81).div_ceil(100)),
            publish_time: i64::try_from(number(93)).expect("a time of our age"),
            publish_slot: number(125),
        }
    };
    sources.iter().map(read).collect()
}
