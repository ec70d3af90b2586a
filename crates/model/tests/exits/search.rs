//! An exhaustive search: every state that a few actions lead to, and from each of them the way out.
//!
//! The exchange is the model itself, made small: two markets, three traders who may each hold a position of one size in
//! each, prices that jump a tenth up or down, one collateral beside the quote token, one staker. A state is what its accounts
//! hold, byte for byte, without what only counts (clocks aside).

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::common::check::check;
use crate::common::lifecycle::{delist, end_market, set_expiry, set_status, settle_position};
use crate::common::{BOOK, BTC, DOLLAR, ONE, World, ioc, limit};
use kedge_model::account::exchange::operation;
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::Side;
use kedge_model::account::trader::Trader;
use kedge_model::action::{HaltRow, PayTreasury, PoolKind, RequestUnstake, Stake, SweepFees, Unstake};
use kedge_model::event::NoEvents;
use kedge_model::time::Seconds;

/// The traders; 4 has means enough to take positions over.
const TRADERS: [usize; 3] = [0, 2, 4];
/// Has nothing on the exchange until it is needed.
const OUTSIDER: usize = 5;
const MARKETS: [usize; 3] = [BTC, 1, BOOK];
const HOUR: u64 = 3_600;

/// The exchange with its staker.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) world: World,
    staker: Trader,
}

/// Something that somebody does; whether it went through.
type Move = (&'static str, fn(&mut Scene) -> bool);

/// What happens before the last sign of life.
const MOVES: [Move; 18] = [
    ("0 buys of 2 in the book", |s| s.cross(0, 2)),
    ("2 buys of 0 in the book", |s| s.cross(2, 0)),
    ("0 buys of the vAMM", |s| s.take(0, Side::Long)),
    ("2 sells to the vAMM", |s| s.take(2, Side::Short)),
    ("the book falls", |s| s.drive(BOOK, 90)),
    ("the book rises", |s| s.drive(BOOK, 110)),
    ("BTC falls", |s| s.drive(BTC, 90)),
    ("BTC rises", |s| s.drive(BTC, 110)),
    ("whoever can be is liquidated", Scene::liquidate),
    ("defaults and claims are settled", Scene::settle),
    ("4 stakes", Scene::stake),
    ("0 deposits SOL", |s| s.world.deposit(0, 2, 10 * ONE).is_ok()),
    ("0 isolates its BTC", |s| s.world.isolate(0, BTC, 100 * DOLLAR).is_ok()),
    ("fees are swept", Scene::sweep),
    ("all is paused for as long as can be", |s| {
        let (admin, clock) = (s.world.exchange.admin, s.world.clock);
        s.world.exchange.set_paused(&admin, operation::ALL, Seconds::DAY, &clock).is_ok()
    }),
    ("all rows are halted for as long as can be", Scene::halt),
    ("the book only reduces for a week", |s| set_status(&mut s.world, BOOK, MarketStatus::ReduceOnly).is_ok()),
    ("the book expires in two hours", |s| {
        let time = s.world.clock.unix_time + 7_200;
        set_expiry(&mut s.world, BOOK, time).is_ok()
    }),
];

impl Scene {
    pub(crate) fn new() -> Self {
        let mut world = World::new(6);
        for (account, dollars) in [(0, 2_000), (2, 2_000), (4, 100_000)] {
            world.deposit(account, 0, dollars * DOLLAR).unwrap();
        }
        world.fund_pool(BTC, PoolKind::Amm, 20_000 * DOLLAR).unwrap();
        world.fund_pool(BOOK, PoolKind::Insurance, 300 * DOLLAR).unwrap();
        let authority = world.accounts[4].head.authority;
        Self { world, staker: Trader { authority, ..Trader::default() } }
    }

    fn cross(&mut self, buyer: usize, seller: usize) -> bool {
        let (size, price) = (4 * ONE, self.world.oracle(BOOK).0);
        self.world.place(seller, limit(BOOK, Side::Short, size, price)).is_ok()
            && self.world.take(buyer, ioc(BOOK, Side::Long, size, price), &[seller]).is_ok()
    }

    fn take(&mut self, account: usize, side: Side) -> bool {
        let oracle = self.world.oracle(BTC).0;
        let worst = if side == Side::Long { oracle / 100 * 104 } else { oracle / 100 * 96 };
        self.world.tick();
        self.world.take(account, ioc(BTC, side, ONE / 10, worst), &[]).is_ok()
    }

    fn drive(&mut self, market: usize, percent: u64) -> bool {
        let price = self.world.oracle(market).0 / 100_000_000 * percent * 1_000_000;
        self.world.drive(market, price);
        true
    }

    fn liquidate(&mut self) -> bool {
        let mut any = false;
        for (market, account) in pairs() {
            any |= self.world.liquidate(market, account, 4, u64::MAX).is_ok();
        }
        any
    }

    fn settle(&mut self) -> bool {
        let mut any = false;
        for (market, account) in pairs() {
            any |= self.world.bankrupt(market, account).is_ok();
            any |= self.world.settle(market, account).is_ok();
        }
        any
    }

    fn sweep(&mut self) -> bool {
        let mut any = false;
        for market in MARKETS {
            let swept =
                self.world.on_market(market, &[], |context, banks, _| SweepFees.execute(context, &mut banks[0]));
            any |= swept.is_ok();
        }
        any
    }

    fn halt(&mut self) -> bool {
        let clock = self.world.clock;
        let mut any = false;
        for (kind, index) in [(0, 0), (0, 2), (1, 0), (1, 2)] {
            let halt = HaltRow { kind, index, halted: true, length: Seconds::DAY };
            any |= halt.execute(&mut self.world.exchange, &mut self.world.board, &clock).is_ok();
        }
        any
    }

    fn stake(&mut self) -> bool {
        let (clock, signer) = (self.world.clock, self.staker.authority);
        let stake = Stake { amount: kedge_model::quantity::Amount(1_000 * DOLLAR), least_shares: 0 };
        let (world, staker) = (&mut self.world, &mut self.staker);
        let done = stake.execute(&world.exchange, &mut world.banks[0], staker, &signer, clock, &mut NoEvents).is_ok();
        world.vaults[0] += if done { 1_000 * DOLLAR } else { 0 };
        done
    }

    /// What is there, without what only counts.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let world = &self.world;
        let since = world.clock.unix_time;
        for account in &world.accounts {
            account.head.balances.iter().for_each(|balance| (balance.bank, balance.amount.0).hash(&mut hasher));
            for position in &account.head.positions {
                let held = (position.market, position.base.0, position.quote.0, position.entry.0);
                (held, position.isolated.0, position.status).hash(&mut hasher);
            }
            account.open().for_each(|order| (order.market, order.size.0, order.filled.0).hash(&mut hasher));
        }
        for market in &world.markets {
            (market.status, market.pnl_pool.0, market.insurance_fund.0, market.deficit.0).hash(&mut hasher);
            (market.fees.0, market.amm.quote.0, market.amm.base.0, market.expiry_time != 0).hash(&mut hasher);
        }
        for row in &world.board.markets {
            (row.price.price.0, row.price.state, i64::from(row.halt_until) > since).hash(&mut hasher);
        }
        (world.banks[0].protocol.0, world.banks[0].tranche.assets.0).hash(&mut hasher);
        world.exchange.paused_now(&world.clock).hash(&mut hasher);
        hasher.finish()
    }

    /// Everything that anybody may do and everything that owners may do, again and again until nothing changes.
    fn leave(&mut self) {
        loop {
            let before = self.fingerprint();
            for market in MARKETS {
                let _ = end_market(&mut self.world, market);
            }
            for (market, account) in pairs() {
                let _ = settle_position(&mut self.world, market, account);
                let _ = self.world.bankrupt(market, account);
                if !self.world.markets[market].debts.is_zero() {
                    self.rescue(market, account);
                }
            }
            for market in MARKETS {
                let _ = delist(&mut self.world, market);
            }
            for account in TRADERS {
                self.take_out(account);
            }
            self.pay_rest();
            if self.fingerprint() == before {
                return;
            }
        }
    }

    /// Somebody from outside buys tokens of a debtor, who cannot sell them, and leaves with them.
    fn rescue(&mut self, market: usize, debtor: usize) {
        let before = self.world.clone();
        let came = self.world.deposit(OUTSIDER, 0, 5_000 * DOLLAR).is_ok();
        if came && self.world.liquidate(market, debtor, OUTSIDER, u64::MAX).is_ok() {
            self.take_out(OUTSIDER);
        } else {
            self.world = before;
        }
    }

    /// An owner takes all tokens out of an account.
    fn take_out(&mut self, account: usize) {
        for market in MARKETS {
            let isolated = self.world.accounts[account].position(market).isolated.0;
            if isolated != 0 {
                let _ = self.world.transfer_isolated(account, market, -i64::try_from(isolated).unwrap());
            }
        }
        for bank in [0, 2] {
            let all = self.world.accounts[account].head.balance(bank).0;
            if all != 0 {
                let _ = self.world.withdraw(account, usize::from(bank), all);
            }
        }
    }

    /// The stake and the protocol's tokens.
    fn pay_rest(&mut self) {
        let (clock, signer) = (self.world.clock, self.staker.authority);
        let shares = self.staker.insurance.shares - self.staker.insurance.waiting;
        let _ = RequestUnstake { pot: kedge_model::rule::tranche::Pot::Insurance, shares }.execute(
            &mut self.staker,
            &signer,
            clock,
        );
        let (world, staker) = (&mut self.world, &mut self.staker);
        let paid = Unstake.execute(&world.exchange, &mut world.banks[0], staker, &signer, clock, &mut NoEvents);
        world.vaults[0] -= paid.map_or(0, |paid| paid.0);
        let paid = PayTreasury.execute(&world.exchange, &mut world.banks[0], None, clock, &mut NoEvents);
        world.vaults[0] -= paid.map_or(0, |paid| paid.0);
    }

    /// From here on there are no operator, no keeper, no admin and no oracle. The tokens that nobody gets out in 48 hours.
    pub(crate) fn left_after_two_days(mut self) -> u64 {
        let mut passed = 0;
        for hour in [0, 1, 2, 23, 24, 25, 26, 36, 37, 38, 48] {
            self.world.wait((hour - passed) * HOUR);
            passed = hour;
            self.leave();
            if self.world.vaults.iter().all(|tokens| *tokens == 0) {
                return 0;
            }
        }
        check(&mut self.world);
        self.world.vaults.iter().sum()
    }
}

fn pairs() -> impl Iterator<Item = (usize, usize)> {
    MARKETS.into_iter().flat_map(|market| TRADERS.into_iter().map(move |account| (market, account)))
}

/// What a search has found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// States that are different.
    pub(crate) states: usize,
    /// Moves that went through.
    pub(crate) moves: usize,
    /// The first ways, by their moves, into states with tokens that nobody gets out, and how many.
    pub(crate) dead_ends: Vec<(Vec<&'static str>, u64)>,
}

/// Searches breadth first, `depth` moves deep, from a state; stops at a number of dead ends.
pub(crate) fn search(from: Scene, depth: usize, enough: usize) -> Found {
    let mut found = Found::default();
    let mut seen = HashSet::from([from.fingerprint()]);
    let mut frontier = vec![(from, Vec::new())];
    for level in 0..=depth {
        let mut next = Vec::new();
        for (scene, way) in frontier {
            found.states += 1;
            let left = scene.clone().left_after_two_days();
            if left != 0 {
                found.dead_ends.push((way.clone(), left));
                if found.dead_ends.len() >= enough {
                    return found;
                }
            }
            if level == depth {
                continue;
            }
            for (name, act) in MOVES {
                let mut changed = scene.clone();
                if !act(&mut changed) {
                    continue;
                }
                found.moves += 1;
                if seen.insert(changed.fingerprint()) {
                    let way = way.iter().copied().chain([name]).collect();
                    next.push((changed, way));
                }
            }
        }
        frontier = next;
    }
    found
}
