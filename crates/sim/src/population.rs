//! Traders and professionals: who they are, what they bring, and the positions that they open.

use anyhow::{Result, anyhow, ensure};
use kedge_interface::address;
use kedge_interface::instruction::{
    CreateSubAccount, CreateTrader, Decoded, Deposit, FundPool, Initialize, ListBank, ListMarket, PlaceAndTake,
    PlaceOrders, SetMarketStatus,
};
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::{OrderKind, OrderParams, flags};
use kedge_model::action::{MakerRef, PoolKind};
use kedge_model::quantity::{Price, Size};
use kedge_model::side::Side;
use solana_pubkey::Pubkey;

use crate::coins::{COIN, COINS, Coin, DOLLAR, Parameters, bank};
use crate::random::Random;
use crate::venue::Venue;

/// Leverage by share of open interest: what was published of Hyperliquid's accounts in December 2025 (docs/parameters.md),
/// `(share, from, to)`. Within a class the logarithm is uniform.
pub(crate) const LEVERAGE: [(f64, f64, f64); 3] = [(0.363, 0.5, 3.0), (0.485, 3.0, 7.0), (0.152, 7.0, 20.0)];
/// Equity: a Pareto tail of this index above the smallest, cut at the largest, dollars.
pub(crate) const EQUITY: (f64, f64, f64) = (1.1, 250.0, 5_000_000.0);
/// Share of the accounts that hold positions in two markets.
pub(crate) const TWO_LEGS: f64 = 0.15;
/// The most that an opening account uses of the leverage that its initial margin allows.
const USED_LEVERAGE: f64 = 0.9;

/// An account, and the wallet that signs for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) authority: Pubkey,
    pub(crate) account: Pubkey,
}

/// A trader and the positions that it wants: coins, negative for a short.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trader {
    pub(crate) member: Member,
    pub(crate) wants: [f64; COINS.len()],
}

/// Everybody, created and funded; no market is listed yet.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    pub(crate) venue: Venue,
    pub(crate) traders: Vec<Trader>,
    /// Coins of each market that the traders want on the smaller side.
    pub(crate) interest: [f64; COINS.len()],
    admin: Pubkey,
}

impl Population {
    /// Creates the exchange and its traders at the first prices of a scenario.
    pub(crate) fn create(
        accounts: usize,
        seed: u64,
        start: i64,
        prices: [f64; COINS.len()],
        progress: &dyn Fn(usize),
    ) -> Result<Self> {
        let mut random = Random::new(seed, 1);
        let mut venue = Venue::empty(start);
        let admin = Pubkey::new_from_array(random.bytes());
        let mint = Pubkey::new_from_array(random.bytes());
        venue.state.mints.insert(mint, 6);
        let (bank_at, vault) = (venue.bank, venue.vault);
        expect(
            &mut venue,
            Decoded::Initialize(Initialize { admin, pauser: admin.to_bytes(), treasury: admin.to_bytes() }),
        )?;
        expect(&mut venue, Decoded::ListBank(ListBank { admin, bank: bank_at, mint, vault, params: bank() }))?;
        let mut traders = Vec::with_capacity(accounts);
        let mut sides = [[0.0; 2]; COINS.len()];
        for index in 0..accounts {
            let equity = equity(&mut random);
            let wants = wants(&mut random, equity, prices);
            for (side, want) in sides.iter_mut().zip(wants) {
                side[usize::from(want < 0.0)] += want.abs();
            }
            let member = join(&mut venue, Pubkey::new_from_array(random.bytes()), equity, 1)?;
            traders.push(Trader { member, wants });
            if index.is_multiple_of(4_096) {
                progress(index);
            }
        }
        let interest = sides.map(|[longs, shorts]: [f64; 2]| longs.min(shorts));
        ensure!(interest.iter().all(|coins| *coins > 0.0), "too few accounts: a market has no longs or no shorts");
        Ok(Self { venue, traders, interest, admin })
    }

    /// Lists and opens the markets with these parameters, and lets the traders open their positions.
    pub(crate) fn open(&self, prices: [f64; COINS.len()], tried: &Parameters, insurance: f64) -> Result<Venue> {
        let mut venue = self.venue.clone();
        let (payer, source) = (self.admin, self.admin);
        for (index, coin) in COINS.iter().enumerate() {
            let (market, params) =
                (venue.markets[index], coin.listing(index, prices[index], self.interest[index], tried));
            expect(&mut venue, Decoded::ListMarket(ListMarket { admin: payer, market, params }))?;
            let value = self.interest[index] * prices[index] * DOLLAR;
            for (kind, amount) in [(PoolKind::Amm, value / 20.0), (PoolKind::Insurance, value * insurance)] {
                let (bank, vault, amount) = (venue.bank, venue.vault, amount as u64);
                expect(
                    &mut venue,
                    Decoded::FundPool(FundPool { payer, bank, market, source, vault, kind: kind as u8, amount }),
                )?;
            }
        }
        venue.publish(prices).map_err(|refusal| anyhow!("the first prices: {refusal:?}"))?;
        for market in venue.markets {
            let status = MarketStatus::Active as u8;
            expect(
                &mut venue,
                Decoded::SetMarketStatus(SetMarketStatus { signer: payer, market, status, seconds: 0 }),
            )?;
        }
        for (index, coin) in COINS.iter().enumerate() {
            self.trade(&mut venue, index, coin)?;
        }
        Ok(venue)
    }

    /// Longs buy from shorts at the oracle's price, in the order in which both joined, until one side is served.
    fn trade(&self, venue: &mut Venue, market: usize, coin: &Coin) -> Result<()> {
        let at = coin.on_tick(venue.prices[market]);
        let wish = |trader: &Trader| coin.in_steps(trader.wants[market].abs()).0;
        let mut shorts = self.traders.iter().filter(|trader| trader.wants[market] < 0.0);
        let mut resting: Vec<(Member, u32, u64)> = Vec::new();
        for long in self.traders.iter().filter(|trader| trader.wants[market] > 0.0) {
            let mut left = wish(long);
            while left >= coin.min_order {
                while resting.len() < 8 {
                    let Some(short) = shorts.next() else { break };
                    let size = wish(short);
                    if size >= coin.min_order
                        && let Some(id) = rest(venue, market, short.member, at, size)
                    {
                        resting.push((short.member, id, size));
                    }
                }
                if resting.is_empty() {
                    return Ok(());
                }
                let offered = resting.iter().map(|(_, _, size)| size).sum();
                let size = left.min(offered);
                let makers = (0u8..).zip(&resting).map(|(account, (_, order_id, _))| MakerRef {
                    order_id: *order_id,
                    account,
                    ..MakerRef::default()
                });
                let take = PlaceAndTake {
                    signer: long.member.authority,
                    market: venue.markets[market],
                    sub_account: long.member.account,
                    order: OrderParams {
                        flags: flags::IMMEDIATE_OR_CANCEL,
                        ..limit(market, Side::Long, at, Size(size))
                    },
                    min_fill: 0,
                    makers: makers.collect(),
                    maker_accounts: resting.iter().map(|(member, _, _)| member.account).collect(),
                };
                let taken = match venue.run(&Decoded::PlaceAndTake(take)) {
                    Ok(kedge_engine::Report::Take(report)) => report.matched.size.0,
                    _ => 0,
                };
                let mut used = taken;
                for one in &mut resting {
                    let part = used.min(one.2);
                    (one.2, used) = (one.2 - part, used - part);
                }
                resting.retain(|(_, _, size)| *size > 0);
                left = if taken == size { left - taken } else { 0 };
            }
        }
        Ok(())
    }
}

/// A limit order.
pub(crate) fn limit(market: usize, side: Side, price: Price, size: Size) -> OrderParams {
    OrderParams {
        market: market as u16,
        side: side as u8,
        kind: OrderKind::Limit as u8,
        price,
        size,
        ..OrderParams::default()
    }
}

/// Rests a sale; its id, or nothing when it is refused.
fn rest(venue: &mut Venue, market: usize, short: Member, at: Price, size: u64) -> Option<u32> {
    let order = OrderParams { flags: flags::POST_ONLY, ..limit(market, Side::Short, at, Size(size)) };
    let (market, sub_account) = (venue.markets[market], short.account);
    let place = PlaceOrders { signer: short.authority, market, sub_account, orders: vec![order] };
    match venue.run(&Decoded::PlaceOrders(place)) {
        Ok(kedge_engine::Report::Place(placed)) => Some(placed.first_id),
        _ => None,
    }
}

/// Creates a trader with one sub-account and its first deposit.
pub(crate) fn join(venue: &mut Venue, authority: Pubkey, dollars: f64, orders: u16) -> Result<Member> {
    let account = address::sub_account(&authority, 0);
    let trader = address::trader(&authority);
    expect(venue, Decoded::CreateTrader(CreateTrader { payer: authority, authority, trader, referrer: [0; 32] }))?;
    let create = CreateSubAccount { payer: authority, authority, trader, sub_account: account, name: [0; 16], orders };
    expect(venue, Decoded::CreateSubAccount(create))?;
    let (bank, vault) = (venue.bank, venue.vault);
    let amount = (dollars * DOLLAR) as u64;
    let deposit = Deposit { depositor: authority, bank, sub_account: account, source: authority, vault, amount };
    expect(venue, Decoded::Deposit(deposit))?;
    Ok(Member { authority, account })
}

fn expect(venue: &mut Venue, instruction: Decoded) -> Result<()> {
    let name = instruction.spec().name;
    venue.run(&instruction).map(drop).map_err(|refusal| anyhow!("{name}: {refusal:?}"))
}

/// Equity of an account, dollars.
fn equity(random: &mut Random) -> f64 {
    let (index, least, most) = EQUITY;
    (least * libm::pow(1.0 - random.unit(), -1.0 / index)).min(most)
}

/// Positions of an account, coins: a side, a leverage, one market or two.
fn wants(random: &mut Random, equity: f64, prices: [f64; COINS.len()]) -> [f64; COINS.len()] {
    let leverage = leverage(random);
    let side = if random.unit() < 0.5 { -1.0 } else { 1.0 };
    let first = market(random);
    let legs =
        if random.unit() < TWO_LEGS { vec![first, (first + 1 + random.below(2)) % COINS.len()] } else { vec![first] };
    let mut wants = [0.0; COINS.len()];
    for leg in &legs {
        let most = USED_LEVERAGE * 1e6 / f64::from(COINS[*leg].initial);
        let value = equity * leverage.min(most) / legs.len() as f64;
        wants[*leg] = side * (value / prices[*leg]).max(COINS[*leg].min_order as f64 / COIN);
    }
    wants
}

fn market(random: &mut Random) -> usize {
    let mut drawn = random.unit();
    for (index, coin) in COINS.iter().enumerate() {
        drawn -= coin.share;
        if drawn < 0.0 {
            return index;
        }
    }
    COINS.len() - 1
}

/// A leverage. The classes are known by value, so that an account's chance is a class's share over its mean leverage.
fn leverage(random: &mut Random) -> f64 {
    let weight = |(share, from, to): (f64, f64, f64)| share * libm::log(to / from) / (to - from);
    let mut drawn = random.unit() * LEVERAGE.into_iter().map(weight).sum::<f64>();
    for (share, from, to) in LEVERAGE {
        drawn -= weight((share, from, to));
        if drawn < 0.0 {
            return from * libm::pow(to / from, random.unit());
        }
    }
    LEVERAGE[LEVERAGE.len() - 1].2
}
