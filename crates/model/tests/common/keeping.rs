//! What keepers do: services to orders, settlement, funding, liquidation, default.

use super::World;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account::SubAccountMut;
use kedge_model::action::{
    Bankruptcy, BankruptcyReport, Context, ExpireOrders, ExpireReport, FundingReport, Liquidate, LiquidationReport,
    SettlePnl, SettleReport, SliceOrder, SliceReport, TrailOrder, TrailReport, TriggerOrder, TriggerReport,
    UpdateFunding,
};
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Price, Size};
use kedge_model::rule::liquidation;

impl World {
    /// Runs a service to an account's orders in a market, for a sub-account that gets the fee or for nobody.
    fn serve<T>(
        &mut self,
        market: usize,
        owner: usize,
        crank: Option<usize>,
        run: impl FnOnce(&mut Context<'_, NoEvents>, &mut SubAccountMut<'_>, Option<&mut SubAccountMut<'_>>) -> Result<T>,
    ) -> Result<T> {
        let accounts: Vec<usize> = std::iter::once(owner).chain(crank).collect();
        self.on_market(market, &accounts, |context, _, accounts| {
            let (owner, crank) = accounts.split_first_mut().unwrap();
            run(context, owner, crank.first_mut())
        })
    }

    pub(crate) fn trigger(
        &mut self,
        market: usize,
        owner: usize,
        id: u32,
        crank: Option<usize>,
    ) -> Result<TriggerReport> {
        let trigger = TriggerOrder { order_id: id, slot: 0 };
        self.serve(market, owner, crank, |context, owner, crank| trigger.execute(context, owner, crank))
    }

    pub(crate) fn trail(&mut self, market: usize, owner: usize, id: u32, crank: Option<usize>) -> Result<TrailReport> {
        let trail = TrailOrder { order_id: id, slot: 0 };
        self.serve(market, owner, crank, |context, owner, crank| trail.execute(context, owner, crank))
    }

    pub(crate) fn slice(&mut self, market: usize, owner: usize, id: u32, crank: Option<usize>) -> Result<SliceReport> {
        let slice = SliceOrder { order_id: id, slot: 0 };
        self.serve(market, owner, crank, |context, owner, crank| slice.execute(context, owner, crank))
    }

    pub(crate) fn expire(
        &mut self,
        market: usize,
        owner: usize,
        ids: &[u32],
        crank: Option<usize>,
    ) -> Result<ExpireReport> {
        let expire = ExpireOrders { ids };
        self.serve(market, owner, crank, |context, owner, crank| expire.execute(context, owner, crank))
    }

    pub(crate) fn settle(&mut self, market: usize, account: usize) -> Result<SettleReport> {
        self.on_market(market, &[account], |context, banks, accounts| {
            SettlePnl { by_owner: false }.execute(context, &mut banks[0], &mut accounts[0])
        })
    }

    /// Settlement that the owner signs.
    pub(crate) fn convert(&mut self, market: usize, account: usize) -> Result<SettleReport> {
        self.on_market(market, &[account], |context, banks, accounts| {
            SettlePnl { by_owner: true }.execute(context, &mut banks[0], &mut accounts[0])
        })
    }

    pub(crate) fn liquidate(
        &mut self,
        market: usize,
        account: usize,
        liquidator: usize,
        max_size: u64,
    ) -> Result<LiquidationReport> {
        self.on_market(market, &[account, liquidator], |context, _, accounts| {
            let [account, liquidator] = accounts else { panic!("two accounts were borrowed") };
            let step = Liquidate { max_size: Size(max_size), limit_price: Price::ZERO };
            step.execute(context, account, liquidator)
        })
    }

    /// The markets of a pocket in the order in which its positions are reduced.
    pub(crate) fn reductions(&self, account: usize, pocket: Pocket) -> Result<liquidation::Order> {
        liquidation::order(&self.accounts[account].head, pocket, &self.board, &self.clock)
    }

    pub(crate) fn fund(&mut self, market: usize) -> Result<FundingReport> {
        self.attempt(|w| {
            let (row, clock) = (w.board.market_mut(Self::index(market))?, w.clock);
            let report = UpdateFunding.execute(&w.exchange, row, &mut w.markets[market], clock, &mut NoEvents)?;
            w.dust_bound[market] += w.index_dust(market);
            Ok(report)
        })
    }

    pub(crate) fn bankrupt(&mut self, market: usize, account: usize) -> Result<BankruptcyReport> {
        self.attempt(|w| {
            let clock = w.clock;
            let vault = w.vault.filter(|vault| *vault != account);
            let mut taken = vault.map(|vault| w.accounts[vault].clone());
            let mut borrowed = w.accounts[account].borrow();
            let market_mut = &mut w.markets[market];
            let report = Bankruptcy.execute(
                &w.exchange,
                &w.board,
                market_mut,
                &mut w.banks[0],
                &mut borrowed,
                taken.as_mut().map(|vault| &mut vault.head),
                clock,
                &mut NoEvents,
            )?;
            if let Some((vault, taken)) = vault.zip(taken) {
                w.accounts[vault] = taken;
            }
            w.dust_bound[market] += w.index_dust(market);
            Ok(report)
        })
    }

    /// What rounding an index by one unit may leave in the pot: a unit an account, and the open interest's share.
    fn index_dust(&self, market: usize) -> i128 {
        let interest = self.markets[market].long_interest.0 + self.markets[market].short_interest.0;
        i128::from(interest / 1_000_000_000_000) + 4 + i128::try_from(self.accounts.len()).unwrap()
    }
}
