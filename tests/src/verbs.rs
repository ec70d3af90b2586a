//! Actions of users, keepers and the admin, one method each.

use kedge_interface::instruction::{
    CancelAll, CancelOrder, CancelOrders, CreateSubAccount, CreateTrader, Deposit, ExpireOrders, FillOrder, FundPool,
    IsolatePosition, Liquidate, MergePosition, ModifyOrder, PlaceAndMake, PlaceAndTake, PlaceOrders, RefreshPrices,
    ReplaceOrders, SetLeverage, SettleBankruptcy, SettlePnl, SliceOrder, SweepFees, TrailOrder, Transfer,
    TransferIsolated, TriggerOrder, Uncross, UpdateAmm, UpdateFunding, Withdraw,
};
use kedge_interface::{BOARD, address};
use kedge_model::account::order::OrderParams;
use kedge_model::action::{MakerRef, ModifyParams, OrderFilter};
use solana_pubkey::Pubkey;

use crate::machine::{Done, Refusal, Refused};
use crate::market::{USDC, bank_feed, market_feed};
use crate::oracle;
use crate::world::{User, World};

/// Result of a transaction.
pub type SendResult = Result<Done, Refused>;

/// Demands that a transaction was refused with this number.
///
/// # Panics
/// When it went through or was refused for another reason.
#[track_caller]
pub fn refused<T>(result: Result<T, Refused>, refusal: impl Into<Refusal>) {
    let refusal = refusal.into();
    match result {
        Ok(_) => panic!("it went through, and should be refused with {refusal:?}"),
        Err(found) => assert_eq!(found.refusal, refusal, "{found:?}"),
    }
}

impl World {
    /// Creates the record of a person.
    pub fn create_trader(&mut self, authority: Pubkey) -> SendResult {
        self.run(CreateTrader::of(authority, authority))
    }

    /// Creates a sub-account and returns its address.
    pub fn create_sub_account(&mut self, authority: Pubkey, id: u16, orders: u16) -> Result<Pubkey, Refused> {
        let create = CreateSubAccount::of(authority, authority, id, "main", orders);
        let sub = create.sub_account;
        self.run(create).map(|_| sub)
    }

    /// The user's token account of a bank.
    pub fn wallet(&self, user: User, bank: u16) -> Pubkey {
        address::token_account(&user.authority, &self.mints[usize::from(bank)])
    }

    /// Deposits from the user's wallet.
    pub fn deposit(&mut self, user: User, bank: u16, amount: u64) -> SendResult {
        let wallet = self.wallet(user, bank);
        self.run(Deposit::of(user.authority, wallet, user.sub, bank, amount))
    }

    /// Withdraws to the user's wallet.
    pub fn withdraw(&mut self, user: User, bank: u16, amount: u64) -> SendResult {
        let wallet = self.wallet(user, bank);
        self.run(Withdraw::of(user.authority, wallet, user.sub, bank, amount))
    }

    /// Moves a balance between two sub-accounts of the user.
    pub fn transfer(&mut self, user: User, to: Pubkey, bank: u16, amount: u64) -> SendResult {
        self.run(Transfer { authority: user.authority, from: user.sub, to, bank, amount })
    }

    /// Gives the user's position in a market a pocket of its own.
    pub fn isolate(&mut self, user: User, market: u16, amount: u64) -> SendResult {
        self.run(IsolatePosition { signer: user.authority, sub_account: user.sub, market, amount })
    }

    /// Moves collateral into the user's isolated position, or out of it.
    pub fn transfer_isolated(&mut self, user: User, market: u16, amount: i64) -> SendResult {
        self.run(TransferIsolated { signer: user.authority, sub_account: user.sub, market, amount })
    }

    /// Joins the user's isolated position with the cross pocket.
    pub fn merge(&mut self, user: User, market: u16) -> SendResult {
        self.run(MergePosition { signer: user.authority, sub_account: user.sub, market })
    }

    /// Sets the user's own initial margin ratio in a market.
    pub fn set_leverage(&mut self, user: User, market: u16, ratio: u32) -> SendResult {
        self.run(SetLeverage { authority: user.authority, sub_account: user.sub, market, ratio })
    }

    /// The instruction that places orders.
    pub fn placing(&self, user: User, orders: &[OrderParams]) -> PlaceOrders {
        let market = address::market(orders.first().map_or(0, |order| order.market));
        PlaceOrders { signer: user.authority, market, sub_account: user.sub, orders: orders.to_vec() }
    }

    /// Places orders of one market.
    pub fn place_all(&mut self, user: User, orders: &[OrderParams]) -> SendResult {
        self.run(self.placing(user, orders))
    }

    /// Places one order and returns its id.
    pub fn place(&mut self, user: User, order: OrderParams) -> Result<u32, Refused> {
        let id = self.sub(&user.sub).head.next_order_id.max(1);
        self.place_all(user, &[order]).map(|_| id)
    }

    /// Cancels one order.
    pub fn cancel(&mut self, user: User, id: u32) -> SendResult {
        self.run(CancelOrder { signer: user.authority, sub_account: user.sub, id })
    }

    /// Cancels all orders of a market, 65535 for all.
    pub fn cancel_all(&mut self, user: User, market: u16) -> SendResult {
        self.run(CancelAll { signer: user.authority, sub_account: user.sub, market })
    }

    /// Cancels the orders that fit a filter.
    pub fn cancel_orders(&mut self, user: User, filter: OrderFilter, ids: &[u32]) -> SendResult {
        self.run(CancelOrders { signer: user.authority, sub_account: user.sub, filter, ids: ids.to_vec() })
    }

    /// The instruction that changes an order.
    pub fn modifying(&self, user: User, params: ModifyParams) -> ModifyOrder {
        let (market, slot) = self.order_at(user, params.order_id);
        let (signer, market, sub_account) = (user.authority, address::market(market), user.sub);
        ModifyOrder { signer, market, sub_account, params: ModifyParams { slot, ..params } }
    }

    /// Changes an order.
    pub fn modify(&mut self, user: User, params: ModifyParams) -> SendResult {
        self.run(self.modifying(user, params))
    }

    /// The instruction that cancels some orders of a market and places others.
    pub fn replacing(&self, user: User, market: u16, cancel: &[u32], orders: &[OrderParams]) -> ReplaceOrders {
        let (signer, market, sub_account) = (user.authority, address::market(market), user.sub);
        ReplaceOrders { signer, market, sub_account, cancel: cancel.to_vec(), orders: orders.to_vec(), strict: false }
    }

    /// Cancels some orders of a market and places others; missing ones are skipped.
    pub fn replace(&mut self, user: User, market: u16, cancel: &[u32], orders: &[OrderParams]) -> SendResult {
        self.run(self.replacing(user, market, cancel, orders))
    }

    /// References to all resting orders of the makers in a market, as a keeper passes them; at most 16.
    pub fn maker_refs(&self, market: u16, makers: &[User]) -> Vec<MakerRef> {
        let mut refs = Vec::new();
        for (account, maker) in makers.iter().enumerate() {
            for (slot, order) in self.sub(&maker.sub).open_orders().filter(|(_, order)| order.market == market) {
                refs.push(MakerRef {
                    order_id: order.id,
                    account: u8::try_from(account).expect("few makers"),
                    slot: u8::try_from(slot).expect("at most 128 orders"),
                    padding: [0; 2],
                });
            }
        }
        refs.truncate(kedge_model::action::MAX_MAKER_ORDERS);
        refs
    }

    /// As [`Self::maker_refs`], followed by as many of the taker's own orders as fit.
    fn refs(&self, market: u16, taker: User, makers: &[User]) -> Vec<MakerRef> {
        let mut refs = self.maker_refs(market, makers);
        let data = self.sub(&taker.sub);
        refs.extend(data.open_orders().filter(|(_, order)| order.market == market).map(|(slot, order)| MakerRef {
            order_id: order.id,
            account: MakerRef::OWN,
            slot: u8::try_from(slot).expect("at most 128 orders"),
            padding: [0; 2],
        }));
        refs.truncate(kedge_model::action::MAX_MAKER_ORDERS);
        refs
    }

    /// The instruction that places an order and takes.
    pub fn taking(&self, user: User, order: OrderParams, min_fill: u64, makers: &[User]) -> PlaceAndTake {
        PlaceAndTake {
            signer: user.authority,
            market: address::market(order.market),
            sub_account: user.sub,
            order,
            min_fill,
            makers: self.refs(order.market, user, makers),
            maker_accounts: makers.iter().map(|maker| maker.sub).collect(),
        }
    }

    /// Places an order and takes from the makers' resting orders and the vAMM.
    pub fn take(&mut self, user: User, order: OrderParams, makers: &[User]) -> SendResult {
        self.run(self.taking(user, order, 0, makers))
    }

    /// The instruction that fills a user's order for a filler.
    pub fn filling(&self, filler: User, taker: User, id: u32, reward: bool, makers: &[User]) -> FillOrder {
        let data = self.sub(&taker.sub);
        let found = data.open_orders().find(|(_, order)| order.id == id);
        let (slot, market) = found.map_or((0, 0), |(slot, order)| (slot, order.market));
        let subs: Vec<Pubkey> = makers.iter().map(|maker| maker.sub).collect();
        FillOrder::of(
            filler.authority,
            address::market(market),
            taker.sub,
            (id, u8::try_from(slot).expect("at most 128 orders")),
            reward.then_some(filler.sub),
            &subs,
            self.refs(market, taker, makers),
        )
    }

    /// Fills an order of a user; the filler gets its reward.
    pub fn fill(&mut self, filler: User, taker: User, id: u32, makers: &[User]) -> SendResult {
        self.run(self.filling(filler, taker, id, true, makers))
    }

    /// Market and slot of a user's order, zeros when it is gone.
    fn order_at(&self, user: User, id: u32) -> (u16, u8) {
        let data = self.sub(&user.sub);
        let found = data.open_orders().find(|(_, order)| order.id == id);
        found.map_or((0, 0), |(slot, order)| (order.market, u8::try_from(slot).expect("at most 128 orders")))
    }

    /// An uncross by `signer` of all orders of these owners.
    pub fn uncrossing(&self, signer: User, owners: &[User]) -> Uncross {
        Uncross {
            signer: signer.authority,
            market: address::market(0),
            orders: self.maker_refs(0, owners),
            owners: owners.iter().map(|owner| owner.sub).collect(),
        }
    }

    /// The instruction that triggers a user's order for the crank's fee.
    pub fn triggering(&self, crank: User, user: User, order_id: u32) -> TriggerOrder {
        let (market, slot) = self.order_at(user, order_id);
        let (signer, market, sub_account) = (crank.authority, address::market(market), user.sub);
        TriggerOrder { signer, market, sub_account, order_id, slot, crank: vec![crank.sub] }
    }

    /// The instruction that moves a user's trailing stop.
    pub fn trailing(&self, crank: User, user: User, order_id: u32) -> TrailOrder {
        let (market, slot) = self.order_at(user, order_id);
        let (signer, market, sub_account) = (crank.authority, address::market(market), user.sub);
        TrailOrder { signer, market, sub_account, order_id, slot, crank: vec![crank.sub] }
    }

    /// The instruction that releases a slice of a user's TWAP.
    pub fn slicing(&self, crank: User, user: User, order_id: u32) -> SliceOrder {
        let (market, slot) = self.order_at(user, order_id);
        let (signer, market, sub_account) = (crank.authority, address::market(market), user.sub);
        SliceOrder { signer, market, sub_account, order_id, slot, crank: vec![crank.sub] }
    }

    /// The instruction that returns a user's dead orders of a market.
    pub fn expiring(&self, crank: User, user: User, market: u16, ids: &[u32]) -> ExpireOrders {
        let (signer, market, sub_account) = (crank.authority, address::market(market), user.sub);
        ExpireOrders { signer, market, sub_account, ids: ids.to_vec(), crank: vec![crank.sub] }
    }

    /// The instruction that joins an auction without position limits.
    pub fn making(&self, maker: User, taker: User, id: u32, size: u64, worst_price: u64) -> PlaceAndMake {
        let data = self.sub(&taker.sub);
        let found = data.open_orders().find(|(_, order)| order.id == id);
        let (slot, market) = found.map_or((0, 0), |(slot, order)| (slot, order.market));
        PlaceAndMake {
            signer: maker.authority,
            market: address::market(market),
            maker: maker.sub,
            taker: taker.sub,
            order_id: id,
            slot: u8::try_from(slot).expect("at most 128 orders"),
            size,
            worst_price,
            min_position: i64::MIN / 2,
            max_position: i64::MAX / 2,
            sharers: Vec::new(),
        }
    }

    /// The instruction that refreshes rows from the oracles of this world.
    pub fn refreshing(&self, markets: &[u8], banks: &[u8]) -> RefreshPrices {
        let feeds = markets.iter().map(|row| market_feed(u16::from(*row)));
        let feeds = feeds.chain(banks.iter().map(|row| bank_feed(u16::from(*row))));
        RefreshPrices {
            markets: markets.to_vec(),
            banks: banks.to_vec(),
            oracles: feeds.map(|feed| oracle::address(&feed)).collect(),
        }
    }

    /// Refreshes rows from their oracles.
    pub fn refresh(&mut self, markets: &[u8], banks: &[u8]) -> SendResult {
        self.run(self.refreshing(markets, banks))
    }

    /// Moves a vAMM to the oracle.
    pub fn update_amm(&mut self, market: u16) -> SendResult {
        self.run(UpdateAmm { market: address::market(market) })
    }

    /// Charges the hour's funding.
    pub fn update_funding(&mut self, market: u16) -> SendResult {
        self.run(UpdateFunding { market: address::market(market) })
    }

    /// Settles a user's profit or loss.
    pub fn settle(&mut self, user: User, market: u16) -> SendResult {
        self.run(SettlePnl {
            market: address::market(market),
            bank: address::bank(USDC),
            sub_account: user.sub,
            owner: vec![],
        })
    }

    /// Settles a user's profit or loss, signed by the user.
    pub fn convert(&mut self, user: User, market: u16) -> SendResult {
        self.run(SettlePnl {
            market: address::market(market),
            bank: address::bank(USDC),
            sub_account: user.sub,
            owner: vec![user.authority],
        })
    }

    /// Sweeps a market's fees.
    pub fn sweep(&mut self, market: u16) -> SendResult {
        self.run(SweepFees { market: address::market(market), bank: address::bank(USDC) })
    }

    /// Takes over part of a user's position, at any price.
    pub fn liquidate(&mut self, liquidator: User, user: User, market: u16, max_size: u64) -> SendResult {
        self.run(Liquidate {
            signer: liquidator.authority,
            market: address::market(market),
            sub_account: user.sub,
            liquidator: liquidator.sub,
            max_size,
            limit_price: 0,
        })
    }

    /// Settles a default.
    pub fn bankrupt(&mut self, user: User, market: u16) -> SendResult {
        let (market, bank) = (address::market(market), address::bank(USDC));
        self.run(SettleBankruptcy { market, bank, sub_account: user.sub })
    }

    /// The instruction that puts money into a pool: kind 0 the vAMM, 1 insurance.
    pub fn funding(&self, (payer, source): (Pubkey, Pubkey), market: u16, kind: u8, amount: u64) -> FundPool {
        let (bank, vault) = (address::bank(USDC), address::vault(USDC));
        FundPool { payer, bank, market: address::market(market), source, vault, kind, amount }
    }

    /// Puts money into a pool.
    pub fn fund(&mut self, from: (Pubkey, Pubkey), market: u16, kind: u8, amount: u64) -> SendResult {
        self.run(self.funding(from, market, kind, amount))
    }

    /// Bytes of the price board.
    pub fn board_bytes(&self) -> Vec<u8> {
        self.data(&BOARD)
    }
}
