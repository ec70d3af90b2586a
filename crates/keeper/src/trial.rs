//! Trying a plan on a copy of the world before it is sent.

use std::collections::BTreeMap;

use kedge_model::action::{
    Bankruptcy, BankruptcyReport, Context, ExpireOrders, ExpireReport, FillOrder, FillReport, Liquidate,
    LiquidationReport, PlaceAndMake, PlaceAndTake, PlaceOrders, PlaceReport, PositionSettlement, SettleMarket,
    SettlePnl, SettlePosition, SettleReport, SliceOrder, SweepFees, SweepReport, TrailOrder, TriggerOrder, UpdateAmm,
    UpdateFunding, unbacked_order,
};
use kedge_model::bank::Bank;
use kedge_model::board::PriceBoard;
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
use kedge_model::lifecycle::Terms;
use kedge_model::market::Market;
use kedge_model::order::{Order, OrderParams};
use kedge_model::quantity::{Amount, Quote, Size};
use kedge_model::{Error, Result};
use solana_pubkey::Pubkey;

use kedge_sender::plan::{maker_accounts, maker_refs};
use kedge_sender::{MakerOrder, Plan, Service, Work};
use kedge_state::{Account, World};

/// What follows a take-over in the same transaction.
#[derive(Clone, Copy, Debug)]
pub struct Unwind<'m> {
    /// The liquidator's order.
    pub order: OrderParams,
    /// Fewest base that it must fill.
    pub min_fill: Size,
    /// Maker orders that may be used.
    pub makers: &'m [MakerOrder],
}

/// What a take-over leaves.
#[derive(Clone, Debug)]
pub struct TakeOver {
    /// What the liquidation step did.
    pub report: LiquidationReport,
    /// The liquidator's account afterwards.
    pub own: Account,
    /// Change of the liquidator's claim in the market: with as much base as before, its profit, fees paid.
    pub profit: Quote,
}

/// A trial of works on copies of what they touch. The copy is thrown away.
#[derive(Debug)]
pub struct Trial<'w> {
    world: &'w World,
    board: &'w PriceBoard,
    /// The world's moment. A transaction lands then or later: an auction's price can only have become better for
    /// makers, and a plan that passes here does not fail for coming too soon.
    pub clock: Clock,
}

/// Fills one after the other, each on what those before it left.
#[derive(Debug)]
pub struct Series<'w> {
    world: &'w World,
    markets: BTreeMap<u16, Market>,
    accounts: BTreeMap<Pubkey, Account>,
}

impl<'w> Series<'w> {
    /// Begins with a world after a refresh.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        Self { world, markets: BTreeMap::new(), accounts: BTreeMap::new() }
    }

    /// Does the fills of a plan; `false`, and nothing is changed, when the model refuses one of them or the plan does
    /// something else.
    pub fn fill(&mut self, plan: &Plan) -> bool {
        let (markets, accounts) = (self.markets.clone(), self.accounts.clone());
        let done = plan.works.iter().all(|work| self.work(work).is_some());
        if !done {
            (self.markets, self.accounts) = (markets, accounts);
        }
        done
    }

    fn work(&mut self, work: &Work) -> Option<FillReport> {
        let Work::Fill { market, taker, order_id, slot, filler, makers, sharers } = work else { return None };
        let trial = Trial::refreshed(self.world);
        let mut traded = match self.markets.remove(market) {
            Some(traded) => traded,
            None => trial.market(*market).ok()?,
        };
        let mut take = |address: &Pubkey| match self.accounts.remove(address) {
            Some(account) => Some(account),
            None => trial.account(address).ok(),
        };
        let mut owner = take(taker)?;
        let mut paid = match filler {
            Some(filler) => Some(take(filler)?),
            None => None,
        };
        let addresses = [maker_accounts(makers), sharers.clone()].concat();
        let mut accounts = addresses.iter().map(&mut take).collect::<Option<Vec<_>>>()?;
        let refs = maker_refs(makers);
        let mut borrowed: Vec<_> = accounts.iter_mut().map(Account::borrow).collect();
        let fill = FillOrder { order_id: *order_id, slot: usize::from(*slot), makers: &refs };
        let mut sink = NoEvents;
        let mut context = trial.context(&mut traded, &mut sink);
        let mut rewarded = paid.as_mut().map(Account::borrow);
        let report = fill.execute(&mut context, &mut owner.borrow(), rewarded.as_mut(), &mut borrowed).ok()?;
        self.markets.insert(*market, traded);
        self.accounts.insert(*taker, owner);
        self.accounts.extend(filler.iter().copied().zip(paid));
        self.accounts.extend(addresses.into_iter().zip(accounts));
        Some(report)
    }
}

impl<'w> Trial<'w> {
    /// On the board as it stands.
    #[must_use]
    pub fn standing(world: &'w World) -> Self {
        Self { world, board: &world.board, clock: world.clock }
    }

    /// On the board after a refresh in the same transaction.
    #[must_use]
    pub fn refreshed(world: &'w World) -> Self {
        Self { world, board: &world.fresh, clock: world.clock }
    }

    /// What filling an order does.
    ///
    /// # Errors
    /// The model's, and [`Error::OrderNotFound`] for accounts that are not in the world.
    pub fn fill(
        &self,
        market: u16,
        taker: &Pubkey,
        order_id: u32,
        slot: u8,
        filler: Option<&Pubkey>,
        (makers, sharers): (&[MakerOrder], &[Pubkey]),
    ) -> Result<FillReport> {
        let mut traded = self.market(market)?;
        let mut taker = self.account(taker)?;
        let mut filler = filler.map(|address| self.account(address)).transpose()?;
        let addresses = [&maker_accounts(makers)[..], sharers].concat();
        let mut accounts = addresses.iter().map(|address| self.account(address)).collect::<Result<Vec<_>>>()?;
        let refs = maker_refs(makers);
        let mut borrowed: Vec<_> = accounts.iter_mut().map(Account::borrow).collect();
        let mut filler = filler.as_mut().map(Account::borrow);
        let fill = FillOrder { order_id, slot: usize::from(slot), makers: &refs };
        fill.execute(&mut self.context(&mut traded, &mut NoEvents), &mut taker.borrow(), filler.as_mut(), &mut borrowed)
    }

    /// What the owner pays for a service to an order.
    ///
    /// # Errors
    /// The model's.
    pub fn serve(
        &self,
        service: Service,
        market: u16,
        owner: &Pubkey,
        (order_id, slot): (u32, u8),
        crank: Option<&Pubkey>,
    ) -> Result<Amount> {
        let mut traded = self.market(market)?;
        let mut owner = self.account(owner)?;
        let mut crank = crank.map(|address| self.account(address)).transpose()?;
        let (mut owner, mut crank) = (owner.borrow(), crank.as_mut().map(Account::borrow));
        let (slot, mut sink) = (usize::from(slot), NoEvents);
        let mut context = self.context(&mut traded, &mut sink);
        match service {
            Service::Trigger => {
                let trigger = TriggerOrder { order_id, slot };
                trigger.execute(&mut context, &mut owner, crank.as_mut()).map(|report| report.reward)
            }
            Service::Trail => {
                let trail = TrailOrder { order_id, slot };
                trail.execute(&mut context, &mut owner, crank.as_mut()).map(|report| report.reward)
            }
            Service::Slice => {
                let slice = SliceOrder { order_id, slot };
                slice.execute(&mut context, &mut owner, crank.as_mut()).map(|report| report.reward)
            }
        }
    }

    /// What returning dead orders does.
    ///
    /// # Errors
    /// The model's.
    pub fn expire(&self, market: u16, owner: &Pubkey, ids: &[u32], crank: Option<&Pubkey>) -> Result<ExpireReport> {
        let mut traded = self.market(market)?;
        let mut owner = self.account(owner)?;
        let mut crank = crank.map(|address| self.account(address)).transpose()?;
        let mut crank = crank.as_mut().map(Account::borrow);
        let expire = ExpireOrders { ids };
        expire.execute(&mut self.context(&mut traded, &mut NoEvents), &mut owner.borrow(), crank.as_mut())
    }

    /// Whether an order shows what its owner cannot back: a fill passes it over, and who names it may end it.
    pub fn is_unbacked(&self, market: u16, owner: &Pubkey, order: &Order) -> bool {
        let (Ok(mut traded), Ok(mut owner)) = (self.market(market), self.account(owner)) else { return false };
        unbacked_order(&self.context(&mut traded, &mut NoEvents), &mut owner.borrow(), order, Size(u64::MAX))
    }

    /// The size that joining an auction trades.
    ///
    /// # Errors
    /// The model's.
    pub fn make(
        &self,
        market: u16,
        maker: &Pubkey,
        taker: &Pubkey,
        action: PlaceAndMake,
        sharers: &[Pubkey],
    ) -> Result<Size> {
        let mut traded = self.market(market)?;
        let (mut maker, mut taker) = (self.account(maker)?, self.account(taker)?);
        let mut shared = sharers.iter().map(|address| self.account(address)).collect::<Result<Vec<_>>>()?;
        let mut shared: Vec<_> = shared.iter_mut().map(Account::borrow).collect();
        let matched = action.execute(
            &mut self.context(&mut traded, &mut NoEvents),
            &mut maker.borrow(),
            &mut taker.borrow(),
            &mut shared,
        )?;
        Ok(matched.size)
    }

    /// What placing orders does, after all open orders in the market are cancelled when `replace` is set.
    ///
    /// # Errors
    /// The model's.
    pub fn place(&self, market: u16, account: &Pubkey, orders: &[OrderParams], replace: bool) -> Result<PlaceReport> {
        let mut traded = self.market(market)?;
        let mut account = self.account(account)?;
        let mut borrowed = account.borrow();
        if replace {
            let cancel = kedge_model::action::CancelAll {
                market: Some(market),
                reason: kedge_model::event::CancelReason::Requested,
            };
            let _ = cancel.execute(&mut borrowed, &mut NoEvents)?;
        }
        PlaceOrders { orders }.execute(&mut self.context(&mut traded, &mut NoEvents), &mut borrowed)
    }

    /// Base that placing an order and taking at once fills.
    ///
    /// # Errors
    /// The model's.
    pub fn take(
        &self,
        market: u16,
        account: &Pubkey,
        order: OrderParams,
        min_fill: Size,
        makers: &[MakerOrder],
    ) -> Result<Size> {
        let mut traded = self.market(market)?;
        let mut taker = self.account(account)?;
        let addresses = maker_accounts(makers);
        let mut accounts = addresses.iter().map(|address| self.account(address)).collect::<Result<Vec<_>>>()?;
        let refs = maker_refs(makers);
        let mut borrowed: Vec<_> = accounts.iter_mut().map(Account::borrow).collect();
        let action = PlaceAndTake { order, min_fill, makers: &refs };
        let report =
            action.execute(&mut self.context(&mut traded, &mut NoEvents), &mut taker.borrow(), &mut borrowed)?;
        Ok(report.matched.size)
    }

    /// What a liquidation step does.
    ///
    /// # Errors
    /// The model's.
    pub fn liquidate(
        &self,
        market: u16,
        account: &Pubkey,
        liquidator: &Pubkey,
        action: Liquidate,
    ) -> Result<LiquidationReport> {
        let mut traded = self.market(market)?;
        let (mut account, mut liquidator) = (self.account(account)?, self.account(liquidator)?);
        action.execute(&mut self.context(&mut traded, &mut NoEvents), &mut account.borrow(), &mut liquidator.borrow())
    }

    /// What a liquidation step does, and what unwinding it right away.
    ///
    /// # Errors
    /// The model's.
    pub fn take_over(
        &self,
        market: u16,
        account: &Pubkey,
        liquidator: &Pubkey,
        action: Liquidate,
        unwind: Option<Unwind<'_>>,
    ) -> Result<TakeOver> {
        let mut traded = self.market(market)?;
        let (mut account, mut own) = (self.account(account)?, self.account(liquidator)?);
        let claim = |own: &Account| own.head.position(market).map_or(Quote::ZERO, |position| position.quote);
        let before = claim(&own);
        let mut sink = NoEvents;
        let mut context = self.context(&mut traded, &mut sink);
        let report = action.execute(&mut context, &mut account.borrow(), &mut own.borrow())?;
        if let Some(Unwind { order, min_fill, makers }) = unwind {
            let addresses = maker_accounts(makers);
            let mut accounts = addresses.iter().map(|address| self.account(address)).collect::<Result<Vec<_>>>()?;
            let mut borrowed: Vec<_> = accounts.iter_mut().map(Account::borrow).collect();
            let refs = maker_refs(makers);
            let take = PlaceAndTake { order, min_fill, makers: &refs };
            let _ = take.execute(&mut context, &mut own.borrow(), &mut borrowed)?;
        }
        let profit = Quote(claim(&own).0.saturating_sub(before.0));
        Ok(TakeOver { report, own, profit })
    }

    /// What settling a default does.
    ///
    /// # Errors
    /// The model's.
    pub fn bankruptcy(&self, market: u16, account: &Pubkey) -> Result<BankruptcyReport> {
        let (mut traded, mut bank) = (self.market(market)?, self.quote_bank()?);
        let mut board = *self.board;
        let mut account = self.account(account)?;
        Bankruptcy.execute(
            &self.world.exchange,
            &mut board,
            &mut traded,
            &mut bank,
            &mut account.borrow(),
            self.clock,
            &mut NoEvents,
        )
    }

    /// What settling a position's profit or loss does.
    ///
    /// # Errors
    /// The model's.
    pub fn settle(&self, market: u16, account: &Pubkey) -> Result<SettleReport> {
        let (mut traded, mut bank, mut account) = (self.market(market)?, self.quote_bank()?, self.account(account)?);
        SettlePnl.execute(&mut self.context(&mut traded, &mut NoEvents), &mut bank, &mut account.borrow())
    }

    /// What beginning the settlement of a market does.
    ///
    /// # Errors
    /// The model's.
    pub fn settle_market(&self, market: u16) -> Result<Terms> {
        let (mut traded, mut board) = (self.market(market)?, *self.board);
        SettleMarket.execute(&self.world.exchange, &mut board, &mut traded, self.clock, &mut NoEvents)
    }

    /// What closing a position of a market in settlement does.
    ///
    /// # Errors
    /// The model's.
    pub fn settle_position(&self, market: u16, account: &Pubkey) -> Result<PositionSettlement> {
        let (mut traded, mut bank, mut account) = (self.market(market)?, self.quote_bank()?, self.account(account)?);
        SettlePosition.execute(&mut self.context(&mut traded, &mut NoEvents), &mut bank, &mut account.borrow())
    }

    /// What sweeping a market's fees does.
    ///
    /// # Errors
    /// The model's.
    pub fn sweep(&self, market: u16) -> Result<SweepReport> {
        let (mut traded, mut bank) = (self.market(market)?, self.quote_bank()?);
        SweepFees.execute(&mut self.context(&mut traded, &mut NoEvents), &mut bank)
    }

    /// What moving the vAMM does.
    ///
    /// # Errors
    /// The model's.
    pub fn update_amm(&self, market: u16) -> Result<kedge_model::action::AmmReport> {
        let mut traded = self.market(market)?;
        UpdateAmm.execute(&mut self.context(&mut traded, &mut NoEvents))
    }

    /// What the funding update does.
    ///
    /// # Errors
    /// The model's.
    pub fn update_funding(&self, market: u16) -> Result<kedge_model::action::FundingReport> {
        let (mut traded, mut row) = (self.market(market)?, *self.board.market(market)?);
        UpdateFunding.execute(&self.world.exchange, &mut row, &mut traded, self.clock, &mut NoEvents)
    }

    fn market(&self, index: u16) -> Result<Market> {
        self.world.markets.get(usize::from(index)).copied().ok_or(Error::RowNotListed)
    }

    fn quote_bank(&self) -> Result<Bank> {
        self.world.banks.get(usize::from(Bank::QUOTE)).copied().ok_or(Error::RowNotListed)
    }

    fn account(&self, address: &Pubkey) -> Result<Account> {
        self.world.accounts.get(address).cloned().ok_or(Error::OrderNotFound)
    }

    fn context<'a>(&'a self, market: &'a mut Market, sink: &'a mut NoEvents) -> Context<'a, NoEvents> {
        Context { exchange: &self.world.exchange, board: self.board, market, clock: self.clock, sink }
    }
}

/// Runs a trial on the standing board, then on the refreshed one. Returns the plan for the first that the model
/// accepts, with the rows to refresh in the second case.
///
/// # Errors
/// The model's error on the refreshed board.
pub fn try_plan<T>(
    world: &World,
    plan: Plan,
    rows: impl IntoIterator<Item = u16>,
    run: impl Fn(&Trial<'_>) -> Result<T>,
) -> Result<(Plan, T)> {
    if let Ok(report) = run(&Trial::standing(world)) {
        return Ok((plan, report));
    }
    let report = run(&Trial::refreshed(world))?;
    Ok((plan.after_refresh(world.outdated(rows)), report))
}
