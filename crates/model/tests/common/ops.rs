//! Random actions.

use super::asks::{Ask, ask};
use super::changes::{self, asked};
use super::check::check;
use super::pockets::{self, others, pocket};
use super::ruin::{bankrupt, liquidate, wind_up};
use super::trades::trade;
use super::{World, conditional};
use kedge_model::account::board::Purpose;
use kedge_model::account::order::{OrderParams, flags};
use kedge_model::action::{CancelAll, CancelOrder, PoolKind, SweepFees, Transfer, UpdateAmm};
use kedge_model::error::Result;
use kedge_model::event::{CancelReason, NoEvents};
use kedge_model::quantity::Amount;
use kedge_model::rule::margin::MarginKind;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Accounts of random worlds that trade.
pub(crate) const ACCOUNTS: usize = 6;
/// One more account with deep pockets: it only liquidates.
pub(crate) const WHALE: usize = ACCOUNTS;
/// Markets of random worlds.
pub(crate) const MARKETS: usize = 3;

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Wait(u64),
    Refresh { market: usize, move_bps: i64, sources: usize },
    RefreshAll,
    Drive { market: usize, move_bps: i64 },
    RefreshBank { bank: usize, move_bps: i64 },
    Deposit { account: usize, bank: usize, amount: u64 },
    Withdraw { account: usize, bank: usize, amount: u64 },
    Transfer { from: usize, to: usize, bank: usize, amount: u64 },
    Place { account: usize, ask: Ask },
    Cancel { account: usize, nth: usize },
    CancelAll { account: usize },
    Fill { taker: usize, nth: usize, filler: Option<usize>, makers: Vec<usize> },
    Take { taker: usize, ask: Ask, makers: Vec<usize> },
    Make { maker: usize, taker: usize, nth: usize, steps: u64 },
    UpdateAmm(usize),
    Funding(usize),
    Settle { market: usize, account: usize },
    Sweep(usize),
    Liquidate { market: usize, account: usize, liquidator: usize, steps: u64 },
    Bankruptcy { market: usize, account: usize },
    Default { account: usize },
    FundPool { market: usize, insurance: bool, amount: u64 },
    Pockets(pockets::Op),
    Conditional(conditional::Op),
    Change(changes::Op),
}

pub(crate) fn account() -> impl Strategy<Value = usize> {
    0..ACCOUNTS
}

pub(crate) fn market() -> impl Strategy<Value = usize> {
    0..MARKETS
}

fn makers() -> impl Strategy<Value = Vec<usize>> {
    proptest::sample::subsequence((0..ACCOUNTS).collect::<Vec<_>>(), 0..ACCOUNTS).prop_shuffle()
}

fn move_bps() -> impl Strategy<Value = i64> {
    prop_oneof![6 => -60i64..60, 3 => -400i64..400, 1 => -1_500i64..1_500]
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let dollars = prop_oneof![1u64..1_000, 1_000_000u64..50_000_000_000];
    prop_oneof![
        2 => prop_oneof![6 => 1u64..4, 1 => 4u64..30, 1 => Just(3_600u64)].prop_map(Op::Wait),
        6 => (market(), move_bps(), prop_oneof![1 => Just(1usize), 9 => Just(2)])
            .prop_map(|(market, move_bps, sources)| Op::Refresh { market, move_bps, sources }),
        10 => Just(Op::RefreshAll),
        7 => (market(), -1_800i64..1_800).prop_map(|(market, move_bps)| Op::Drive { market, move_bps }),
        1 => (0usize..3, move_bps()).prop_map(|(bank, move_bps)| Op::RefreshBank { bank, move_bps }),
        2 => (account(), 0usize..3, dollars.clone())
            .prop_map(|(account, bank, amount)| Op::Deposit { account, bank, amount }),
        3 => (account(), 0usize..3, dollars.clone())
            .prop_map(|(account, bank, amount)| Op::Withdraw { account, bank, amount }),
        1 => (account(), account(), 0usize..3, dollars.clone())
            .prop_map(|(from, to, bank, amount)| Op::Transfer { from, to, bank, amount }),
        8 => (account(), ask()).prop_map(|(account, ask)| Op::Place { account, ask }),
        2 => (account(), 0usize..4).prop_map(|(account, nth)| Op::Cancel { account, nth }),
        1 => account().prop_map(|account| Op::CancelAll { account }),
        8 => (account(), 0usize..4, proptest::option::of(account()), makers())
            .prop_map(|(taker, nth, filler, makers)| Op::Fill { taker, nth, filler, makers }),
        10 => (account(), ask(), makers()).prop_map(|(taker, ask, makers)| Op::Take { taker, ask, makers }),
        8 => (account(), account(), 0usize..4, 1u64..20_000)
            .prop_map(|(maker, taker, nth, steps)| Op::Make { maker, taker, nth, steps }),
        2 => market().prop_map(Op::UpdateAmm),
        3 => market().prop_map(Op::Funding),
        6 => (market(), account()).prop_map(|(market, account)| Op::Settle { market, account }),
        1 => market().prop_map(Op::Sweep),
        8 => (market(), account(), account(), 0u64..60_000)
            .prop_map(|(market, account, liquidator, steps)| Op::Liquidate { market, account, liquidator, steps }),
        2 => (market(), account()).prop_map(|(market, account)| Op::Bankruptcy { market, account }),
        3 => account().prop_map(|account| Op::Default { account }),
        1 => (market(), any::<bool>(), dollars)
            .prop_map(|(market, insurance, amount)| Op::FundPool { market, insurance, amount }),
        5 => pockets::op().prop_map(Op::Pockets),
        20 => conditional::op().prop_map(Op::Conditional),
        8 => changes::op().prop_map(Op::Change),
    ]
}

/// How often each kind of action succeeded, and how often each error came.
#[derive(Default, Debug)]
pub(crate) struct Tally {
    pub done: BTreeMap<&'static str, u64>,
    pub refused: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn note(&mut self, name: &'static str, result: Result<()>) {
        match result {
            Ok(()) => *self.done.entry(name).or_default() += 1,
            Err(error) => *self.refused.entry(format!("{name} {error:?}")).or_default() += 1,
        }
    }
}

fn moved(price: u64, bps: i64) -> u64 {
    u64::try_from(i128::from(price) * i128::from(10_000 + bps) / 10_000).unwrap().max(1_000)
}

/// The first market and account from the given ones on, around, that fit; the given ones when none does.
pub(crate) fn pick(
    world: &World,
    market: usize,
    account: usize,
    fits: impl Fn(&World, usize, usize) -> bool,
) -> (usize, usize) {
    for offset in 0..ACCOUNTS * MARKETS {
        let candidate = ((market + offset) % MARKETS, (account + offset / MARKETS) % ACCOUNTS);
        if fits(world, candidate.0, candidate.1) {
            return candidate;
        }
    }
    (market, account)
}

/// The nth open order of an account, or of the first one after it that has any.
pub(crate) fn nth_order(world: &World, account: &mut usize, nth: usize) -> Option<(u32, usize)> {
    *account = (0..ACCOUNTS).map(|i| (*account + i) % ACCOUNTS).find(|&a| world.accounts[a].head.open_orders > 0)?;
    let count = world.accounts[*account].open().count();
    world.accounts[*account].open().nth(nth % count).map(|order| (order.id, usize::from(order.market)))
}

/// Runs one action and checks everything that must hold after it.
pub(crate) fn step(world: &mut World, op: &Op, tally: &mut Tally) {
    match op {
        Op::Wait(seconds) => world.wait(*seconds),
        Op::RefreshAll => world.tick(),
        Op::Drive { market, move_bps } => world.drive(*market, moved(world.oracle(*market).0, *move_bps)),
        Op::Refresh { market, move_bps, sources } => {
            world.wait(1);
            let price = moved(world.oracle(*market).0, *move_bps);
            tally.note("refresh", world.refresh_from(*market, price, *sources).map(|_| ()));
        }
        Op::RefreshBank { bank, move_bps } => {
            world.wait(1);
            let price = moved(world.board.banks[*bank].price.price.0, *move_bps / 4);
            tally.note("refresh bank", world.refresh_bank(*bank, price).map(|_| ()));
        }
        Op::Deposit { account, bank, amount } => tally.note("deposit", world.deposit(*account, *bank, *amount)),
        Op::Withdraw { account, bank, amount } => {
            let result = world.withdraw(*account, *bank, *amount);
            if result.is_ok() && world.accounts[*account].head.positions.iter().any(|p| p.is_cross() && !p.is_idle()) {
                assert!(world.margin(*account, MarginKind::Initial, Purpose::Withdraw).unwrap().is_met());
            }
            tally.note("withdraw", result);
        }
        Op::Transfer { from, to, bank, amount } if from != to => {
            let result = world.attempt(|w| {
                let (clock, mut source) = (w.clock, w.accounts[*from].head);
                let transfer = Transfer { amount: Amount(*amount), bank: World::index(*bank) };
                let target = &mut w.accounts[*to].head;
                transfer.execute(&w.exchange, &w.board, &mut source, target, clock, &mut NoEvents)?;
                w.accounts[*from].head = source;
                Ok(())
            });
            tally.note("transfer", result);
        }
        Op::Transfer { .. } => {}
        Op::Place { account, ask } => {
            let order = asked(world, *account, ask);
            let flags = if ask.part % 16 == 0 { order.flags } else { order.flags & !flags::AT_ONCE };
            tally.note("place", world.place(*account, OrderParams { flags, ..order }).map(|_| ()));
        }
        Op::Cancel { account, nth } => {
            let mut account = *account;
            let Some((id, _)) = nth_order(world, &mut account, *nth) else { return };
            let result = world
                .attempt(|w| CancelOrder { id }.execute(&mut w.accounts[account].borrow(), &mut NoEvents).map(|_| ()));
            result.expect("an open order can always be cancelled");
            tally.note("cancel", Ok(()));
        }
        Op::CancelAll { account } => {
            let all = CancelAll { market: None, reason: CancelReason::Requested };
            let _ = all.execute(&mut world.accounts[*account].borrow(), &mut NoEvents).expect("never refused");
            tally.note("cancel all", Ok(()));
        }
        Op::Fill { .. } | Op::Take { .. } | Op::Make { .. } => trade(world, op, tally),
        Op::UpdateAmm(market) => {
            let result = world.on_market(*market, &[], |context, _, _| UpdateAmm.execute(context).map(|_| ()));
            tally.note("update amm", result);
        }
        Op::Funding(market) => tally.note("funding", world.fund(*market).map(|_| ())),
        Op::Settle { market, account } => {
            let (market, account) = pick(world, *market, *account, |w, m, a| w.accounts[a].position(m).is_used());
            let pocket = pocket(world, market, account);
            let others = others(world, pocket, account);
            tally.note("settle", world.settle(market, account).map(|_| ()));
            assert_eq!(pockets::others(world, pocket, account), others, "settling reached another pocket");
        }
        Op::Sweep(market) => {
            let result = world
                .on_market(*market, &[], |context, banks, _| SweepFees.execute(context, &mut banks[0]).map(|_| ()));
            tally.note("sweep", result);
        }
        Op::Liquidate { market, account, liquidator, steps } => {
            let (market, account) = pick(world, *market, *account, |w, m, a| {
                let margin = w.margin_in(a, m, MarginKind::Maintenance, Purpose::Liquidate);
                !w.accounts[a].position(m).base.is_zero() && margin.is_ok_and(|margin| !margin.is_met())
            });
            if account != *liquidator {
                liquidate(world, market, account, *liquidator, *steps, tally);
            }
        }
        Op::Bankruptcy { market, account } => {
            let (market, account) = pick(world, *market, *account, |w, m, a| {
                let position = w.accounts[a].position(m);
                position.base.is_zero() && position.quote.0 < 0
            });
            bankrupt(world, market, account, tally);
        }
        Op::Default { account } => wind_up(world, *account, tally),
        Op::Pockets(op) => pockets::step(world, op, tally),
        Op::Change(op) => changes::step(world, op, tally),
        Op::Conditional(op) => conditional::step(world, op, tally),
        Op::FundPool { market, insurance, amount } => {
            let kind = if *insurance { PoolKind::Insurance } else { PoolKind::Amm };
            if kind == PoolKind::Insurance || !world.markets[*market].amm.sqrt_k.is_zero() {
                tally.note("fund pool", world.fund_pool(*market, kind, *amount));
            }
        }
    }
    check(world);
}
