//! What is set when a market, a bank or a fee schedule is listed arrives where it is read, and is held to its bounds.

mod common;

use common::{BTC, World, market_params};
use kedge_model::Layout;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::{OraclePrice, PriceBoard, PriceRow, RowState};
use kedge_model::account::exchange::{Exchange, FeeSchedule, FeeTier};
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::action::{
    AssignFeeTier, BankParams, HaltRow, ListBank, ListMarket, MarketParams, RowParams, SetExpiry, SetMarketStatus,
};
use kedge_model::clock::Clock;
use kedge_model::error::{Error, Result};
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_model::time::{Millis, Seconds};

/// The last value inside of a bound, and the first outside.
type Bound<T> = (fn(&mut T), fn(&mut T));

/// The bytes of each field: its name, and they themselves.
fn fields<T: Layout + bytemuck::Pod>(of: &T) -> Vec<(&'static str, Vec<u8>)> {
    let ends = T::FIELDS.iter().skip(1).map(|field| field.offset).chain([T::SIZE]);
    let bytes = bytemuck::bytes_of(of);
    T::FIELDS.iter().zip(ends).map(|(field, end)| (field.name, bytes[field.offset..end].to_vec())).collect()
}

/// Every field that both have is the same in both, and says something: how many those are.
fn carried<A: Layout + bytemuck::Pod, B: Layout + bytemuck::Pod>(from: &A, to: &B) -> usize {
    let to = fields(to);
    let same = fields(from).into_iter().filter(|(name, _)| !name.contains("padding"));
    let found = same.filter_map(|(name, bytes)| {
        // Of the same name and another size are parts that are compared by themselves.
        let (_, other) = to.iter().find(|(other, with)| *other == name && with.len() == bytes.len())?;
        assert!(bytes == *other && bytes.iter().any(|byte| *byte != 0), "{name}: {bytes:?} became {other:?}");
        Some(())
    });
    found.count()
}

/// A market whose every parameter is set.
fn params() -> MarketParams {
    let mut params = market_params(b"ETH-PERP", Price(3_000_000_000), 1_000, 1_000_000, 10_000);
    (params.size_premium, params.tier, params.liquidation_budget) = (3, 1, Amount(77));
    (params.liquidator_fee_start, params.liquidation_share) = (Ppm(1_000), Ppm(50_000));
    params.vault_limit = Ppm(10_000);
    params.liquidation_ramp = Millis(60_000);
    params
}

fn list(params: &MarketParams) -> Result<(Exchange, World, Market)> {
    let mut world = World::new(0);
    let mut market = Market { bump: 254, ..Market::default() };
    let (mut exchange, clock) = (world.exchange, world.clock);
    let index = ListMarket { params }.execute(&mut exchange, &mut world.board, &mut market, clock)?;
    assert_eq!((index, exchange.markets), (3, 4));
    Ok((exchange, world, market))
}

#[test]
fn a_market_is_listed_with_all_of_its_parameters() {
    let params = params();
    let (_, world, market) = list(&params).unwrap();
    let row = &world.board.markets[3];
    assert_eq!((carried(&params, &market), carried(&params.amm, &market.amm)), (20, 18));
    assert_eq!((carried(&params, row), carried(&params.row, &row.price)), (3, 5));
    let (amm, depth) = (&market.amm, params.amm.sqrt_k);
    assert_eq!([amm.base_reserve, amm.quote_reserve, amm.listed_sqrt_k], [depth; 3]);
    assert_eq!((row.listed, row.price.source_count, row.price.state), (1, 2, RowState::Stale as u8));
    assert_eq!((market.version, market.bump, market.index, market.status), (Market::VERSION, 254, 3, 0));
    assert_eq!((market.next_order_seq, market.premium_time, market.funding_time), {
        let now = world.clock.unix_time;
        (1, now, now)
    });
    let refused = |change: fn(&mut MarketParams)| {
        let mut params = params;
        change(&mut params);
        list(&params).err()
    };
    assert_eq!(refused(|p| p.tick = Price(4_000_000)), Some(Error::TickOutOfRange), "the vAMM's peg is the price");
    assert_eq!(refused(|p| (p.tick, p.amm.sqrt_k) = (Price(4_000_000), Size(0))), None);
    assert_eq!(refused(|p| p.amm.peg = Price(0)), Some(Error::InvalidParameter));
}

#[test]
fn a_bank_is_listed_with_all_of_its_parameters_and_inside_its_bounds() {
    let row = common::row_params(1);
    let base = BankParams { row, deposit_cap: Amount(5), initial_weight: Ppm(800_000), ..BankParams::default() };
    let list = |index: u16, decimals: u8, initial: u32, maintenance: u32| {
        let mut world = World::new(0);
        world.exchange.banks = index;
        let params = BankParams { initial_weight: Ppm(initial), maintenance_weight: Ppm(maintenance), ..base };
        let mut bank = Bank { bump: 3, vault_bump: 4, ..Bank::default() };
        let list = ListBank { params: &params, mint: [7; 32], vault: [6; 32], decimals };
        let found = list.execute(&mut world.exchange, &mut world.board, &mut bank)?;
        assert_eq!((found, world.exchange.banks), (index, index + 1));
        let row = &world.board.banks[usize::from(index)];
        assert_eq!((carried(&params, &bank), carried(&params, row), carried(&params.row, &row.price)), (1, 2, 5));
        assert_eq!((row.decimals, row.listed), (decimals, 1));
        let wanted = Bank {
            version: Bank::VERSION,
            bump: 3,
            index,
            decimals,
            vault_bump: 4,
            mint: [7; 32],
            vault: [6; 32],
            deposit_cap: Amount(5),
            ..Bank::default()
        };
        assert_eq!(bank, wanted);
        Ok(())
    };
    let bad = Err(Error::InvalidParameter);
    for (index, decimals, initial, maintenance, wanted) in [
        (3, 9, 800_000, 900_000, Ok(())),
        (3, 12, 950_000, 950_000, Ok(())),
        (3, 13, 800_000, 900_000, bad),
        (3, 9, 900_001, 900_000, bad),
        (3, 9, 800_000, 950_001, bad),
        (0, 6, 1_000_000, 1_000_000, Ok(())),
        (0, 7, 1_000_000, 1_000_000, bad),
        (0, 6, 999_999, 1_000_000, bad),
        (0, 6, 999_999, 999_999, bad),
        (0, 6, 1_000_000, 1_000_001, bad),
    ] {
        assert_eq!(list(index, decimals, initial, maintenance), wanted, "{index} {decimals} {initial} {maintenance}");
    }
}

#[test]
fn a_row_is_set_inside_its_bounds() {
    let with = |change: fn(&mut RowParams)| {
        let mut params = common::row_params(1);
        change(&mut params);
        params.row(false).map(drop)
    };
    let bounds: [Bound<RowParams>; 8] = [
        (|r| r.quorum = 2, |r| r.quorum = 3),
        (|r| r.quorum = 1, |r| r.quorum = 0),
        (|r| r.max_age = 5, |r| r.max_age = 4),
        (|r| r.max_age = 600, |r| r.max_age = 601),
        (|r| r.max_confidence = Ppm(100), |r| r.max_confidence = Ppm(99)),
        (|r| r.max_confidence = Ppm(50_000), |r| r.max_confidence = Ppm(50_001)),
        (|r| r.jump_limit = Ppm(5_000), |r| r.jump_limit = Ppm(4_999)),
        (|r| r.jump_limit = Ppm(500_000), |r| r.jump_limit = Ppm(500_001)),
    ];
    for (at, (inside, outside)) in bounds.into_iter().enumerate() {
        assert_eq!((with(inside), with(outside)), (Ok(()), Err(Error::InvalidParameter)), "{at}");
    }
    assert_eq!(with(|r| (r.sources, r.quorum) = (Default::default(), 0)), Err(Error::InvalidParameter), "no source");
}

#[test]
fn a_row_is_sound_inside_its_bounds() {
    let sound = World::new(0).board.markets[BTC].price;
    let with = |change: fn(&mut PriceRow)| {
        let mut row = sound;
        change(&mut row);
        row.invariant()
    };
    let inside: [fn(&mut PriceRow); 6] = [
        |r| (r.source_count, r.quorum) = (1, 1),
        |r| (r.source_count, r.quorum) = (4, 4),
        |r| r.max_age = 1,
        |r| r.max_confidence = Ppm(1_000_000),
        |r| r.jump_limit = Ppm(1_000_000),
        |r| (r.price, r.twap_5m, r.twap_1h) = (Price(0), Price(0), Price(0)),
    ];
    for inside in inside {
        assert_eq!(with(inside), Ok(()));
    }
    let outside: [fn(&mut PriceRow); 10] = [
        |r| (r.source_count, r.quorum) = (0, 0),
        |r| r.source_count = 5,
        |r| r.quorum = 0,
        |r| r.quorum = r.source_count + 1,
        |r| r.max_age = 0,
        |r| r.max_confidence = Ppm(1_000_001),
        |r| r.jump_limit = Ppm(1_000_001),
        |r| r.price = Price(0),
        |r| r.twap_5m = Price(0),
        |r| r.twap_1h = Price(0),
    ];
    for (at, outside) in outside.into_iter().enumerate() {
        assert_eq!(with(outside), Err(Error::InvariantBroken), "{at}");
    }
}

#[test]
fn a_fee_schedule_is_set_whole_and_inside_its_bounds() {
    let initial = FeeSchedule::initial();
    let mut exchange = World::new(0).exchange;
    exchange.set_fees(&FeeSchedule { filler_share: Ppm(99_999), ..initial }).unwrap();
    let other = FeeSchedule {
        fees: [FeeTier { taker: Ppm(1_234), maker_rebate: Ppm(12) }; 8],
        insurance_share: Ppm(1),
        amm_share: Ppm(2),
        default_auction_ms: 20,
        min_auction_ms: 10,
        max_auction_ms: 30,
        max_filler_reward: 4,
        tier_volumes: [0, 1, 2, 3, 4, 5, 6, 7],
        referrer_share: Ppm(5),
        referee_discount: Ppm(6),
        filler_share: Ppm(7),
    };
    exchange.set_fees(&other).unwrap();
    assert_eq!(carried(&other, &exchange), FeeSchedule::FIELDS.len());
    let with = |change: fn(&mut FeeSchedule)| {
        let (mut schedule, mut exchange) = (other, exchange);
        change(&mut schedule);
        let done = exchange.set_fees(&schedule);
        assert!(done.is_ok() || exchange.filler_share == Ppm(7), "what is refused changes nothing");
        done
    };
    // Of a fee of 1,000 parts a referred taker pays 700, and half of that is left by filler and referrer.
    let shared: fn(&mut FeeSchedule) = |s| {
        (s.filler_share, s.referrer_share, s.referee_discount) = (Ppm(200_000), Ppm(300_000), Ppm(300_000));
        s.fees = [FeeTier { taker: Ppm(1_000), maker_rebate: Ppm(300) }; 8];
        s.fees[7].taker = Ppm(858);
    };
    let bounds: [Bound<FeeSchedule>; 13] = [
        (|s| s.filler_share = Ppm(200_000), |s| s.filler_share = Ppm(200_001)),
        (|s| s.referrer_share = Ppm(300_000), |s| s.referrer_share = Ppm(300_001)),
        (|s| s.referee_discount = Ppm(300_000), |s| s.referee_discount = Ppm(300_001)),
        (|s| s.tier_volumes[1] = 0, |s| s.tier_volumes[0] = 1),
        (|s| s.tier_volumes[4] = 5, |s| s.tier_volumes[4] = 6),
        (|s| s.insurance_share = Ppm(999_998), |s| s.insurance_share = Ppm(999_999)),
        (|s| s.min_auction_ms = 20, |s| s.min_auction_ms = 21),
        (|s| s.default_auction_ms = 30, |s| s.default_auction_ms = 31),
        (|s| s.max_auction_ms = 600_000, |s| s.max_auction_ms = 600_001),
        (|s| s.fees[7].taker = Ppm(3_000), |s| s.fees[7].taker = Ppm(3_001)),
        (|s| s.fees[0].maker_rebate = Ppm(300), |s| s.fees[0].maker_rebate = Ppm(301)),
        (shared, |s| {
            (s.filler_share, s.referrer_share, s.referee_discount) = (Ppm(200_000), Ppm(300_000), Ppm(300_000));
            s.fees = [FeeTier { taker: Ppm(1_000), maker_rebate: Ppm(300) }; 8];
            s.fees[7].taker = Ppm(857);
        }),
        (|s| s.fees[3].maker_rebate = Ppm(13), |s| s.fees[3].taker = Ppm(11)),
    ];
    for (at, (inside, outside)) in bounds.into_iter().enumerate() {
        assert_eq!((with(inside), with(outside)), (Ok(()), Err(Error::InvalidParameter)), "{at}");
    }
    let strange = Exchange { version: 0, ..exchange };
    assert_eq!((exchange.invariant(), strange.invariant()), (Ok(()), Err(Error::VersionUnsupported)));
    let broken = Exchange { filler_share: Ppm(200_001), ..exchange };
    assert_eq!(broken.invariant(), Err(Error::InvariantBroken));
}

#[test]
fn a_layout_says_what_its_bytes_stand_for() {
    let meaning = |name| Exchange::FIELDS.iter().find(|field| field.name == name).unwrap().meaning;
    assert_eq!((meaning("admin"), meaning("paused")), (Some("pubkey"), None));
}

const ADMIN: [u8; 32] = [1; 32];
const PAUSER: [u8; 32] = [2; 32];
const OTHER: [u8; 32] = [3; 32];

#[test]
fn the_admin_alone_administers_and_the_pauser_may_close_and_halt() {
    let exchange = Exchange::new(255, ADMIN, PAUSER).unwrap();
    let unnamed = Exchange::new(255, ADMIN, [0; 32]).unwrap();
    let params = params();
    let status =
        |status| move |e: &Exchange, s: &[u8; 32]| SetMarketStatus { status, length: Seconds::DAY }.authorise(e, s);
    let halt = |halted| {
        move |e: &Exchange, s: &[u8; 32]| HaltRow { kind: 0, index: 0, halted, length: Seconds::DAY }.authorise(e, s)
    };
    type Judge<'a> = Box<dyn Fn(&Exchange, &[u8; 32]) -> Result<()> + 'a>;
    let admins: [Judge<'_>; 5] = [
        Box::new(|e, s| ListMarket { params: &params }.authorise(e, s)),
        Box::new(|e, s| SetExpiry { time: 0 }.authorise(e, s)),
        Box::new(|e, s| AssignFeeTier { tier: 0 }.authorise(e, s)),
        Box::new(status(MarketStatus::Active)),
        Box::new(halt(false)),
    ];
    let either: [Judge<'_>; 2] = [Box::new(status(MarketStatus::ReduceOnly)), Box::new(halt(true))];
    for (judges, pauser) in [(&admins[..], Err(Error::WrongAuthority)), (&either[..], Ok(()))] {
        for judge in judges {
            assert_eq!((judge(&exchange, &ADMIN), judge(&exchange, &PAUSER)), (Ok(()), pauser));
            assert_eq!(judge(&exchange, &OTHER), Err(Error::WrongAuthority));
            assert_eq!(judge(&unnamed, &[0; 32]), Err(Error::WrongAuthority), "nobody is the pauser");
        }
    }
}

#[test]
fn other_collateral_than_the_quote_token_is_listed_without_a_weight_and_by_the_admin() {
    let mut exchange = Exchange::new(255, ADMIN, PAUSER).unwrap();
    let weighing = BankParams { maintenance_weight: Ppm(1), ..BankParams::default() };
    let judge = |exchange: &Exchange, params, signer| ListBank::authorise(params, exchange, signer);
    assert_eq!(judge(&exchange, &weighing, &ADMIN), Ok(()));
    exchange.banks = 1;
    assert_eq!(judge(&exchange, &weighing, &ADMIN), Err(Error::InvalidParameter));
    let held = BankParams::default();
    assert_eq!(judge(&exchange, &held, &ADMIN), Ok(()));
    assert_eq!(judge(&exchange, &held, &PAUSER), Err(Error::WrongAuthority));
}

#[test]
fn the_admin_changes_the_fees() {
    let mut exchange = Exchange::new(255, ADMIN, PAUSER).unwrap();
    let schedule = FeeSchedule { filler_share: Ppm(99_999), ..FeeSchedule::initial() };
    assert_eq!(exchange.change_fees(&PAUSER, &schedule), Err(Error::WrongAuthority));
    assert_eq!(exchange.filler_share, FeeSchedule::initial().filler_share);
    exchange.change_fees(&ADMIN, &schedule).unwrap();
    assert_eq!(exchange.filler_share, Ppm(99_999));
}

#[test]
fn a_row_is_halted_and_starts_again_unless_its_price_is_final() {
    let mut world = World::new(0);
    let halt = |world: &mut World, kind, index, halted| {
        HaltRow { kind, index, halted, length: Seconds::DAY }.execute(
            &mut world.exchange,
            &mut world.board,
            &world.clock,
        )
    };
    for kind in [0, 1] {
        let state = |world: &World| match kind {
            0 => world.board.markets[0].price.state,
            _ => world.board.banks[0].price.state,
        };
        halt(&mut world, kind, 0, true).unwrap();
        assert_eq!(state(&world), RowState::Halted as u8);
        halt(&mut world, kind, 0, false).unwrap();
        assert_ne!(state(&world), RowState::Halted as u8);
        assert_eq!(halt(&mut world, kind, 20, true), Err(Error::RowNotListed));
    }
    assert_eq!(halt(&mut world, 2, 0, true), Err(Error::InvalidParameter));
    world.board.markets[0].price.freeze(Price(5));
    assert_eq!(halt(&mut world, 0, 0, true), Err(Error::MarketNotActive));
}

#[test]
fn a_board_begins_with_its_version_and_bump() {
    let mut board = PriceBoard::default();
    board.begin(253);
    assert_eq!((board.version, board.bump, board.invariant()), (PriceBoard::VERSION, 253, Ok(())));
}

#[test]
fn a_fixed_source_says_one_dollar_now() {
    let said = OraclePrice::fixed(&Clock { slot: 7, unix_time: 9 });
    let wanted = OraclePrice { price: Price(1_000_000), confidence: Price(0), publish_time: 9, publish_slot: 7 };
    assert_eq!(said, wanted);
}
