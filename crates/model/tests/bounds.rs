//! Bounds of parameters and of what must hold of a vAMM: at the bound all is well, one beyond it is refused.

mod common;

use common::{BTC, World};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::MarketRow;
use kedge_model::account::market::Market;
use kedge_model::account::order::OrderParams;
use kedge_model::account::sub_account::{MAX_ORDERS, ORDER_STEP, SubAccount};
use kedge_model::account::trader::Trader;
use kedge_model::action::{
    CloseSubAccount, CloseTrader, CreateSubAccount, CreateTrader, GrowOrders, MAX_PLACED, PlaceOrders, ReplaceOrders,
    SetDelegate,
};
use kedge_model::amm::{Amm, MAX_CONCENTRATION, MAX_DEPTH_STEP, MAX_FACTOR, MIN_CONCENTRATION};
use kedge_model::error::Error;
use kedge_model::event::EventKind;
use kedge_model::num::PPM;
use kedge_model::quantity::{Base, Ppm, Price, Size};
use kedge_model::rule::tiers;
use kedge_model::time::Millis;

const ALL: Ppm = Ppm(1_000_000);

/// What a bound is of, the last value inside of it, and the first outside.
type Bound<T> = (&'static str, fn(&mut T), fn(&mut T));

/// A vAMM's parameters with room on every side, for an initial margin of a tenth.
fn amm() -> Amm {
    let mut amm = World::new(0).markets[BTC].amm;
    (amm.base_spread, amm.max_spread, amm.margin) = (Ppm(1_000), Ppm(50_000), Ppm(200_000));
    amm
}

const INITIAL: Ppm = Ppm(100_000);

const OF_A_VAMM: [Bound<Amm>; 20] = [
    ("concentration", |a| a.concentration = MIN_CONCENTRATION + 1, |a| a.concentration = MIN_CONCENTRATION),
    ("concentration", |a| a.concentration = MAX_CONCENTRATION, |a| a.concentration = MAX_CONCENTRATION + 1),
    ("depth", |a| a.sqrt_k = Size(1 << 61), |a| a.sqrt_k = Size((1 << 61) + 1)),
    ("base spread", |a| a.base_spread = Ppm(49_999), |a| a.base_spread = Ppm(50_000)),
    ("largest spread", |a| a.max_spread = Ppm(99_999), |a| a.max_spread = INITIAL),
    ("inventory spread", |a| a.inventory_spread = a.max_spread, |a| a.inventory_spread = Ppm(50_001)),
    ("fill fraction", |a| a.max_fill_fraction = 1, |a| a.max_fill_fraction = 0),
    ("margin", |a| a.margin = INITIAL, |a| a.margin = Ppm(99_999)),
    ("margin", |a| a.margin = ALL, |a| a.margin = Ppm(1_000_001)),
    ("update budget", |a| a.update_budget = ALL, |a| a.update_budget = Ppm(1_000_001)),
    ("flat share", |a| a.flat_share = Ppm(500_000), |a| a.flat_share = Ppm(500_001)),
    ("inventory limit", |a| a.inventory_limit = Size(a.sqrt_k.0 - 1), |a| a.inventory_limit = a.sqrt_k),
    ("volatility factor", |a| a.volatility_factor = MAX_FACTOR, |a| a.volatility_factor = Ppm(MAX_FACTOR.0 + 1)),
    ("retreat factor", |a| a.retreat_factor = MAX_FACTOR, |a| a.retreat_factor = Ppm(MAX_FACTOR.0 + 1)),
    ("leverage spread", |a| a.leverage_spread = a.max_spread, |a| a.leverage_spread = Ppm(50_001)),
    ("revenue spread", |a| a.revenue_spread = a.max_spread, |a| a.revenue_spread = Ppm(50_001)),
    ("drawdown limit", |a| a.drawdown_limit = ALL, |a| a.drawdown_limit = Ppm(1_000_001)),
    ("share of an auction", |a| a.jit_share = ALL, |a| a.jit_share = Ppm(1_000_001)),
    ("step of the depth", |a| a.depth_step = MAX_DEPTH_STEP, |a| a.depth_step = Ppm(MAX_DEPTH_STEP.0 + 1)),
    // Without a depth there is no vAMM, and nothing of it is asked.
    ("none at all", |a| (a.sqrt_k, a.max_fill_fraction) = (Size(0), 0), |a| (a.sqrt_k, a.margin) = (Size(1), Ppm(0))),
];

#[test]
fn a_parameter_of_a_vamm_may_be_at_its_bound_and_not_beyond() {
    assert_eq!(amm().validate_parameters(INITIAL), Ok(()));
    for (what, inside, outside) in OF_A_VAMM {
        let with = |change: fn(&mut Amm)| {
            let mut amm = amm();
            change(&mut amm);
            amm.validate_parameters(INITIAL)
        };
        assert_eq!(with(inside), Ok(()), "{what}");
        assert_eq!(with(outside), Err(Error::InvalidParameter), "{what}");
    }
}

#[test]
fn a_vamm_without_a_reserve_or_a_peg_or_with_all_of_its_depth_sold_is_unsound() {
    let sound = World::new(0).markets[BTC].amm;
    assert_eq!(sound.invariant(), Ok(()));
    let size = i64::try_from(sound.sqrt_k.0).unwrap();
    let off = Amm { sqrt_k: Size(0), base_reserve: Size(0), quote_reserve: Size(0), base: Base(0), ..sound };
    for held in [Amm { base: Base(size - 1), ..sound }, Amm { base: Base(1 - size), ..sound }, off] {
        assert_eq!(held.invariant(), Ok(()));
    }
    for broken in [
        Amm { base_reserve: Size(0), ..sound },
        Amm { quote_reserve: Size(0), ..sound },
        Amm { peg: Price(0), ..sound },
        Amm { base: Base(size), ..sound },
        Amm { base: Base(-size), ..sound },
        Amm { base: Base(1), ..off },
        Amm { base_reserve: Size(1), ..off },
        Amm { quote_reserve: Size(1), ..off },
    ] {
        assert_eq!(broken.invariant(), Err(Error::InvariantBroken));
    }
}

type Listed = (Market, MarketRow);

const OF_A_MARKET: [Bound<Listed>; 20] = [
    (
        "initial margin",
        |(m, r)| geared(m, r, tier().initial_margin.0),
        |(m, r)| geared(m, r, tier().initial_margin.0 - 1),
    ),
    (
        "jump",
        |(_, r)| r.price.jump_limit = tier().jump_limit,
        |(_, r)| {
            r.price.jump_limit = Ppm(tier().jump_limit.0 + 1);
        },
    ),
    ("maintenance and initial", |(_, r)| r.maintenance_margin = Ppm(99_999), |(_, r)| r.maintenance_margin = INITIAL),
    ("least maintenance", |(m, r)| slim(m, r, 5_000), |(m, r)| slim(m, r, 4_999)),
    ("fees and funding", |(m, _)| m.insurance_fee = Ppm(34_999), |(m, _)| m.insurance_fee = Ppm(35_000)),
    (
        "fees of small ones",
        |(m, _)| m.liquidator_fee_small = Ppm(39_999),
        |(m, _)| m.liquidator_fee_small = Ppm(40_000),
    ),
    (
        "first discount",
        |(m, _)| m.liquidator_fee_start = m.liquidator_fee.min(m.liquidator_fee_small),
        |(m, _)| m.liquidator_fee_start = Ppm(m.liquidator_fee.min(m.liquidator_fee_small).0 + 1),
    ),
    (
        "time of the discount",
        |(m, _)| m.liquidation_ramp = Millis(600_000),
        |(m, _)| m.liquidation_ramp = Millis(600_001),
    ),
    ("liquidated share", |(m, _)| m.liquidation_share = Ppm(1_000_000), |(m, _)| m.liquidation_share = Ppm(1_000_001)),
    (
        "vault's limit",
        |(m, _)| m.vault_limit = tier().vault_limit,
        |(m, _)| m.vault_limit = Ppm(tier().vault_limit.0 + 1),
    ),
    ("buffer", |(m, _)| m.liquidation_buffer = Ppm(50_000), |(m, _)| m.liquidation_buffer = Ppm(50_001)),
    ("band", |(m, _)| m.price_band = Ppm(1), |(m, _)| m.price_band = Ppm(0)),
    (
        "band",
        |(m, _)| m.price_band = tier().price_band.min(INITIAL),
        |(m, _)| {
            m.price_band = Ppm(tier().price_band.min(INITIAL).0 + 1);
        },
    ),
    ("funding", |(m, r)| wide(m, r, tier().funding_cap.0), |(m, r)| wide(m, r, tier().funding_cap.0 + 1)),
    ("step", |(m, _)| (m.step, m.min_order) = (Size(1), Size(1)), |(m, _)| m.step = Size(0)),
    ("tick", |(m, _)| m.tick = Price(1), |(m, _)| m.tick = Price(0)),
    ("smallest order", |(m, _)| m.min_order = m.step, |(m, _)| m.min_order = Size(0)),
    ("whole steps", |(m, _)| m.min_order = Size(2 * m.step.0), |(m, _)| m.min_order = Size(2 * m.step.0 + 1)),
    (
        "largest position",
        |(m, _)| m.max_position.0 = m.max_open_interest.0,
        |(m, _)| {
            m.max_position.0 = m.max_open_interest.0 + 1;
        },
    ),
    ("open interest", |(m, _)| m.max_open_interest.0 = 1 << 60, |(m, _)| m.max_open_interest.0 = (1 << 60) + 1),
];

fn tier() -> tiers::Tier {
    *tiers::of(World::new(0).markets[BTC].tier).unwrap()
}

/// A market with next to no fees, so that the least maintenance margin alone decides.
fn slim(market: &mut Market, row: &mut MarketRow, maintenance: u32) {
    (market.liquidator_fee, market.liquidator_fee_small, market.insurance_fee) = (Ppm(0), Ppm(0), Ppm(0));
    (market.funding_cap, market.liquidation_buffer) = (Ppm(0), Ppm(0));
    row.maintenance_margin = Ppm(maintenance);
}

/// A market of any initial margin.
fn geared(market: &mut Market, row: &mut MarketRow, initial: u32) {
    slim(market, row, 5_000);
    row.initial_margin = Ppm(initial);
}

/// A market whose maintenance margin carries any funding.
fn wide(market: &mut Market, row: &mut MarketRow, cap: u32) {
    row.maintenance_margin = Ppm(99_999);
    (market.liquidator_fee, market.liquidator_fee_small, market.insurance_fee) = (Ppm(0), Ppm(0), Ppm(0));
    market.funding_cap = Ppm(cap);
}

#[test]
fn a_parameter_of_a_market_may_be_at_its_bound_and_not_beyond() {
    let world = World::new(0);
    let listed = (world.markets[BTC], world.board.markets[BTC]);
    assert_eq!(listed.0.validate_parameters(&listed.1), Ok(()));
    for (what, inside, outside) in OF_A_MARKET {
        let with = |change: fn(&mut Listed)| {
            let mut listed = listed;
            // The vAMM's own bounds are another matter.
            listed.0.amm.sqrt_k = Size(0);
            change(&mut listed);
            listed.0.validate_parameters(&listed.1)
        };
        assert_eq!(with(inside), Ok(()), "{what}");
        assert_eq!(with(outside), Err(Error::InvalidParameter), "{what}");
    }
    let whole = |margin: u64| {
        let mut listed = listed;
        (listed.0.amm.sqrt_k, listed.1.initial_margin) = (Size(0), Ppm(u32::try_from(margin).unwrap()));
        listed.0.validate_parameters(&listed.1)
    };
    assert_eq!((whole(PPM), whole(PPM + 1)), (Ok(()), Err(Error::InvalidParameter)));
}

const OWNER: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];

#[test]
fn a_sub_account_begins_and_ends_with_its_owner_and_is_counted() {
    let (mut exchange, name) = (World::new(0).exchange, [7; 16]);
    let before = (exchange.traders, exchange.sub_accounts);
    let mut trader = CreateTrader { authority: OWNER, referrer: OTHER }.execute(&mut exchange, 9).unwrap();
    assert_eq!((trader.authority, trader.referrer, trader.bump), (OWNER, OTHER, 9));
    let create = CreateSubAccount { name, orders: MAX_ORDERS };
    assert_eq!(create.authorise(&trader, &OWNER), Ok(()));
    assert_eq!(create.authorise(&trader, &OTHER), Err(Error::WrongAuthority));
    let beyond = CreateSubAccount { orders: MAX_ORDERS + 1, ..create };
    assert_eq!(beyond.authorise(&trader, &OWNER), Err(Error::InvalidParameter));
    for id in 0..2 {
        let mut account = SubAccount::default();
        create.execute(&mut exchange, &mut trader, &mut account, 8).unwrap();
        let wanted = (OWNER, OTHER, id, 8, name, 1, SubAccount::VERSION);
        let found = (account.authority, account.referrer, account.id, account.bump, account.name);
        assert_eq!((found.0, found.1, found.2, found.3, found.4, account.next_order_id, account.version), wanted);
    }
    assert_eq!((trader.next_sub_account, trader.sub_accounts), (2, 2));
    assert_eq!((exchange.traders, exchange.sub_accounts), (before.0 + 1, before.1 + 2));
    trader.sub_accounts = Trader::MAX_SUB_ACCOUNTS;
    assert_eq!(create.authorise(&trader, &OWNER), Err(Error::InvalidParameter));

    let mut account = SubAccount { authority: OWNER, open_orders: 1, ..SubAccount::default() };
    let mut close = |account: &SubAccount, signer| CloseSubAccount.execute(&mut trader, account, signer);
    assert_eq!(close(&account, &OWNER), Err(Error::AccountNotEmpty));
    account.open_orders = 0;
    assert_eq!(close(&account, &OTHER), Err(Error::WrongAuthority));
    let foreign = SubAccount { authority: OTHER, ..account };
    assert_eq!(close(&foreign, &OTHER), Err(Error::WrongOwner));
    close(&account, &OWNER).unwrap();
    assert_eq!(trader.sub_accounts, Trader::MAX_SUB_ACCOUNTS - 1);
    assert_eq!(CloseTrader.authorise(&trader, &OTHER), Err(Error::WrongAuthority));
    assert_eq!(CloseTrader.authorise(&trader, &OWNER), Err(Error::AccountNotEmpty));
    (trader.sub_accounts, trader.next_sub_account) = (0, 0);
    assert_eq!(CloseTrader.authorise(&trader, &OWNER), Ok(()));

    let set = SetDelegate { delegate: OTHER };
    assert_eq!((set.execute(&mut account, &OTHER), account.delegate), (Err(Error::WrongAuthority), [0; 32]));
    set.execute(&mut account, &OWNER).unwrap();
    assert_eq!(account.delegate, OTHER);
}

#[test]
fn orders_grow_in_steps_and_come_in_batches() {
    let grows = |held, capacity| GrowOrders { capacity }.validate(held).is_ok();
    assert!(grows(0, ORDER_STEP) && grows(ORDER_STEP, MAX_ORDERS));
    assert!(!grows(ORDER_STEP, ORDER_STEP) && !grows(0, ORDER_STEP + 1) && !grows(0, MAX_ORDERS + ORDER_STEP));
    let orders = [OrderParams::default(); MAX_PLACED + 1];
    let places = |count: usize| PlaceOrders { orders: &orders[..count] }.validate();
    assert_eq!([places(1), places(MAX_PLACED)], [Ok(()); 2]);
    assert_eq!([places(0), places(MAX_PLACED + 1)], [Err(Error::InvalidOrder); 2]);
    let replaces = |count: usize| ReplaceOrders { cancel: &[], orders: &orders[..count], strict: false }.validate();
    assert_eq!([replaces(0), replaces(MAX_PLACED)], [Ok(()); 2]);
    assert_eq!(replaces(MAX_PLACED + 1), Err(Error::InvalidOrder));
}

#[test]
fn profit_and_loss_is_settled_in_the_quote_bank() {
    assert_eq!(Bank::default().require_quote(), Ok(()));
    assert_eq!(Bank { index: 1, ..Bank::default() }.require_quote(), Err(Error::WrongRow));
}

#[test]
fn every_kind_of_event_has_a_record_with_a_party_or_a_market() {
    assert_eq!(EventKind::ALL.len(), 19);
    for (at, kind) in EventKind::ALL.iter().enumerate() {
        assert_eq!((*kind as usize, EventKind::from_number(*kind as u8)), (at + 1, Some(*kind)));
        let record = kind.record();
        let end = record.fields.last().unwrap().offset;
        assert!(record.name.ends_with("Record") && end < record.size, "{kind:?} {record:?}");
    }
    assert_eq!(EventKind::Fill.record().name, "FillRecord");
}
