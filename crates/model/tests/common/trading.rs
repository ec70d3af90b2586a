//! Orders and fills.

use super::World;
use kedge_model::account::order::{OrderParams, STATUS_OPEN};
use kedge_model::action::{
    CancelOrders, FillOrder, FillReport, LiquidateWithFill, LiquidationFill, MakerRef, Matched, ModifyOrder,
    ModifyParams, ModifyReport, OrderFilter, PlaceAndMake, PlaceAndTake, PlaceOrders, ReplaceOrders, ReplaceReport,
    TakeReport, Uncross, UncrossReport,
};
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::quantity::Size;

impl World {
    pub(crate) fn place(&mut self, account: usize, params: OrderParams) -> Result<u32> {
        let market = usize::from(params.market);
        self.on_market(market, &[account], |context, _, accounts| {
            Ok(PlaceOrders { orders: &[params] }.execute(context, &mut accounts[0])?.first_id)
        })
    }

    /// Places several orders in one instruction and returns the first's id.
    pub(crate) fn place_all(&mut self, account: usize, orders: &[OrderParams]) -> Result<u32> {
        self.on_market(usize::from(orders[0].market), &[account], |context, _, accounts| {
            Ok(PlaceOrders { orders }.execute(context, &mut accounts[0])?.first_id)
        })
    }

    /// Places and takes against all resting orders of the makers.
    pub(crate) fn take(&mut self, taker: usize, params: OrderParams, makers: &[usize]) -> Result<TakeReport> {
        let refs = self.refs(usize::from(params.market), taker, makers);
        let accounts: Vec<usize> = std::iter::once(taker).chain(makers.iter().copied()).collect();
        self.on_market(usize::from(params.market), &accounts, |context, _, accounts| {
            let (taker, makers) = accounts.split_first_mut().unwrap();
            PlaceAndTake { order: params, min_fill: Size::ZERO, makers: &refs }.execute(context, taker, makers)
        })
    }

    /// Fills an order against all resting orders of the makers, on behalf of a filler.
    pub(crate) fn fill(
        &mut self,
        market: usize,
        taker: usize,
        order_id: u32,
        filler: Option<usize>,
        makers: &[usize],
    ) -> Result<FillReport> {
        let refs = self.refs(market, taker, makers);
        let accounts: Vec<usize> = std::iter::once(taker).chain(filler).chain(makers.iter().copied()).collect();
        self.on_market(market, &accounts, |context, _, accounts| {
            let (taker, rest) = accounts.split_first_mut().unwrap();
            let (filler, makers) = match filler {
                Some(_) => rest.split_first_mut().map(|(filler, makers)| (Some(filler), makers)).unwrap(),
                None => (None, rest),
            };
            FillOrder { order_id, slot: 0, makers: &refs }.execute(context, taker, filler, makers)
        })
    }

    /// Lets all resting orders of the accounts in a market that cross trade.
    pub(crate) fn uncross(&mut self, market: usize, accounts: &[usize]) -> Result<UncrossReport> {
        let orders = self.maker_refs(market, accounts);
        self.on_market(market, accounts, |context, _, accounts| Uncross { orders: &orders }.execute(context, accounts))
    }

    /// Reduces a position that is liquidated against all resting orders of the makers, for a liquidator.
    pub(crate) fn liquidate_with_fill(
        &mut self,
        market: usize,
        account: usize,
        liquidator: usize,
        max_size: u64,
        makers: &[usize],
    ) -> Result<LiquidationFill> {
        let refs = self.maker_refs(market, makers);
        let accounts: Vec<usize> = [account, liquidator].into_iter().chain(makers.iter().copied()).collect();
        self.on_market(market, &accounts, |context, _, accounts| {
            let [account, liquidator, makers @ ..] = accounts else { panic!("two accounts and makers") };
            let step = LiquidateWithFill { max_size: Size(max_size), makers: &refs };
            step.execute(context, account, liquidator, makers)
        })
    }

    pub(crate) fn make(&mut self, market: usize, maker: usize, taker: usize, make: PlaceAndMake) -> Result<Size> {
        Ok(self.join(market, maker, taker, make)?.size)
    }

    /// [`Self::make`] with all that it matched.
    pub(crate) fn join(&mut self, market: usize, maker: usize, taker: usize, make: PlaceAndMake) -> Result<Matched> {
        self.on_market(market, &[maker, taker], |context, _, accounts| {
            let [maker, taker] = accounts else { panic!("two accounts were borrowed") };
            make.execute(context, maker, taker, &mut [])
        })
    }

    /// Changes an order.
    pub(crate) fn modify(&mut self, market: usize, account: usize, params: ModifyParams) -> Result<ModifyReport> {
        self.on_market(market, &[account], |context, _, accounts| {
            ModifyOrder { params }.execute(context, &mut accounts[0])
        })
    }

    /// Cancels some orders and places others; what is gone is passed over unless `strict`.
    pub(crate) fn replace(
        &mut self,
        market: usize,
        account: usize,
        cancel: &[u32],
        orders: &[OrderParams],
        strict: bool,
    ) -> Result<ReplaceReport> {
        self.on_market(market, &[account], |context, _, accounts| {
            ReplaceOrders { cancel, orders, strict }.execute(context, &mut accounts[0])
        })
    }

    /// Cancels what fits a filter; returns how many.
    pub(crate) fn cancel_orders(&mut self, account: usize, filter: OrderFilter, ids: &[u32]) -> Result<u32> {
        self.attempt(|w| {
            let cancel = CancelOrders { filter, ids };
            Ok(cancel.execute(&mut w.accounts[account].borrow(), &mut NoEvents)?.cancelled)
        })
    }

    /// References to all open orders of the makers in a market, as a keeper would pass them.
    pub(crate) fn maker_refs(&self, market: usize, makers: &[usize]) -> Vec<MakerRef> {
        let mut refs = Vec::new();
        for (account, &at) in makers.iter().enumerate() {
            for (slot, order) in self.accounts[at].orders.iter().enumerate() {
                if order.status == STATUS_OPEN && usize::from(order.market) == market && refs.len() < 16 {
                    refs.push(MakerRef {
                        order_id: order.id,
                        account: u8::try_from(account).unwrap(),
                        slot: u8::try_from(slot).unwrap(),
                        padding: [0; 2],
                    });
                }
            }
        }
        refs
    }

    /// [`Self::maker_refs`] and as many of the taker's own resting orders as there is room for.
    pub(crate) fn refs(&self, market: usize, taker: usize, makers: &[usize]) -> Vec<MakerRef> {
        let mut refs = self.maker_refs(market, makers);
        for (slot, order) in self.accounts[taker].orders.iter().enumerate() {
            if order.status == STATUS_OPEN && usize::from(order.market) == market && refs.len() < 16 {
                let slot = u8::try_from(slot).unwrap();
                refs.push(MakerRef { order_id: order.id, account: MakerRef::OWN, slot, padding: [0; 2] });
            }
        }
        refs
    }
}
