//! Rows with several sources on the real program: all four kinds of oracle account in one row, combined, and some of
//! them late, silent, lying or gone.

use kedge_interface::address::pyth;
use kedge_interface::error::AccountError;
use kedge_interface::instruction::keeper::RefreshPrices;
use kedge_model::Error;
use kedge_model::action::MarketParams;
use kedge_model::board::{PriceRow, PriceSource, RowState, SourceKind, receivers};
use kedge_model::order::Side;
use kedge_model::quantity::Price;
use kedge_tests::World;
use kedge_tests::market::*;
use kedge_tests::oracle::{self, Quote, Update};
use kedge_tests::orders::*;
use kedge_tests::verbs::refused;
use solana_account::Account;
use solana_pubkey::Pubkey;

const PUSH: Pubkey = Pubkey::new_from_array([0x77; 32]);
const ON_DEMAND: Pubkey = Pubkey::new_from_array([0x78; 32]);
const V2: Pubkey = Pubkey::new_from_array([0x79; 32]);
const COIN: u16 = 3;
/// Ten dollars.
const TEN: u64 = 10_000_000;

/// The sources in their order: what a row of `n` sources has are the first `n`.
const KINDS: [SourceKind; 4] =
    [SourceKind::PythPull, SourceKind::SwitchboardOnDemand, SourceKind::PythPush, SourceKind::SwitchboardV2];

fn key(kind: SourceKind) -> [u8; 32] {
    match kind {
        SourceKind::PythPush => PUSH.to_bytes(),
        SourceKind::SwitchboardOnDemand => ON_DEMAND.to_bytes(),
        SourceKind::SwitchboardV2 => V2.to_bytes(),
        _ => market_feed(COIN),
    }
}

fn account(kind: SourceKind) -> Pubkey {
    if kind.names_account() { Pubkey::new_from_array(key(kind)) } else { oracle::address(&key(kind)) }
}

/// What a source says now, at a price, with 2 bps of uncertainty.
fn quote(world: &World, price: u64) -> Quote {
    Quote { price, confidence: 2_000, publish_time: world.time(), slot: world.slot }
}

/// Writes what a source says: good in every way.
fn write(world: &mut World, kind: SourceKind, quote: Quote) {
    let (owner, data) = match kind {
        SourceKind::PythPush => (oracle::PYTH_PUSH, quote.pyth_push(1)),
        SourceKind::SwitchboardOnDemand => (oracle::SWITCHBOARD_ON_DEMAND, quote.switchboard_on_demand(3)),
        SourceKind::SwitchboardV2 => (oracle::SWITCHBOARD_V2, quote.switchboard_v2(3)),
        _ => (pyth::RECEIVER, update(&quote).bytes()),
    };
    oracle::put(&mut world.machine, account(kind), owner, data);
}

fn update(quote: &Quote) -> Update {
    Update {
        feed: market_feed(COIN),
        price: quote.price,
        confidence: quote.confidence,
        publish_time: quote.publish_time,
        posted_slot: quote.slot,
        signatures: None,
    }
}

/// Writes prices of this moment into the first sources.
fn publish(world: &mut World, prices: &[u64]) {
    for (kind, price) in KINDS.into_iter().zip(prices) {
        let quote = quote(world, *price);
        write(world, kind, quote);
    }
}

/// The refresh of a row of `count` sources.
fn refreshing(count: usize) -> RefreshPrices {
    with_accounts(KINDS[..count].iter().map(|kind| account(*kind)).collect())
}

fn with_accounts(oracles: Vec<Pubkey>) -> RefreshPrices {
    RefreshPrices { markets: vec![3], banks: Vec::new(), oracles }
}

fn row(world: &World) -> PriceRow {
    world.board().markets[usize::from(COIN)].price
}

fn state(world: &World) -> RowState {
    RowState::from_number(row(world).state)
}

fn params(count: usize, quorum: u8) -> MarketParams {
    let mut params = market_params(COIN);
    for (slot, kind) in params.row.sources.iter_mut().zip(&KINDS[..count]) {
        *slot = PriceSource { key: key(*kind), kind: *kind as u8, ..PriceSource::default() };
    }
    params.row.quorum = quorum;
    params
}

/// The standard world and one more market at ten dollars whose row has these sources.
fn world_of(params: &MarketParams) -> World {
    let mut world = World::start();
    let listing = world.listing_of_market(params);
    world.run(listing).expect("listed");
    world
}

fn world(count: usize, quorum: u8) -> World {
    world_of(&params(count, quorum))
}

/// The same with the market open and its vAMM funded, a second ago.
fn open_world(count: usize, quorum: u8) -> World {
    let mut world = world(count, quorum);
    publish(&mut world, &[TEN; 4][..count]);
    world.run(refreshing(count)).expect("refreshed");
    world.open_market(COIN);
    let patron = world.token_owner(Pubkey::new_from_array([0x44; 32]), USDC, 500_000 * DOLLAR);
    world.fund(patron, COIN, 0, 500_000 * DOLLAR).expect("the vAMM is funded");
    world.pass_ms(1_000);
    world
}

#[test]
fn two_sources_give_their_mean_and_the_wider_uncertainty() {
    let mut world = world(2, 2);
    publish(&mut world, &[TEN, TEN + 20_000]);
    world.run(refreshing(2)).expect("refreshed");
    let seen = row(&world);
    assert_eq!(
        (seen.price, seen.confidence),
        (Price(TEN + 10_000), Price(20_000)),
        "mean, and the distance of the two"
    );
    assert_eq!((seen.state, seen.publish_slot), (RowState::Normal as u8, world.slot));
}

#[test]
fn three_sources_give_the_middle_one() {
    for prices in [[0, 10_000, 20_000], [10_000, 20_000, 0], [20_000, 0, 10_000]] {
        let mut world = world(3, 2);
        publish(&mut world, &prices.map(|price| TEN + price));
        world.run(refreshing(3)).expect("refreshed");
        let seen = row(&world);
        assert_eq!((seen.price, seen.confidence), (Price(TEN + 10_000), Price(20_000)), "{prices:?}");
        assert_eq!(state(&world), RowState::Normal);
    }
}

#[test]
fn four_kinds_of_source_agree_on_one_price() {
    let mut world = world(4, 3);
    publish(&mut world, &[TEN + 40_000, TEN, TEN + 10_000, TEN + 30_000]);
    let done = world.run(refreshing(4)).expect("refreshed");
    assert!(done.compute < 4_500, "a row of four takes {}", done.compute);
    let seen = row(&world);
    assert_eq!((seen.price, seen.confidence), (Price(TEN + 20_000), Price(40_000)), "the mean of the middle two");
    assert_eq!((seen.publish_time, seen.publish_slot), (world.time(), world.slot));
    assert_eq!(state(&world), RowState::Normal);
    // Alone, each of them gives its own price and uncertainty.
    for kind in KINDS {
        let mut params = params(1, 1);
        params.row.sources[0] = PriceSource { key: key(kind), kind: kind as u8, ..PriceSource::default() };
        let mut world = world_of(&params);
        let quote = quote(&world, TEN + 7);
        write(&mut world, kind, quote);
        let done = world.run(with_accounts(vec![account(kind)])).expect("refreshed");
        assert!(done.compute < 2_500, "{kind:?} takes {}", done.compute);
        let seen = row(&world);
        assert_eq!((seen.price, seen.confidence), (Price(TEN + 7), Price(2_000)), "{kind:?}");
        assert_eq!((seen.publish_time, seen.publish_slot), (world.time(), world.slot), "{kind:?}");
    }
}

#[test]
fn one_of_four_that_lies_moves_nothing_past_the_others() {
    let honest = [TEN, TEN + 4_000, TEN + 8_000];
    for liar in 0..4 {
        for lie in [TEN - 40_000, TEN + 45_000] {
            let mut world = world(4, 3);
            let mut prices = honest.to_vec();
            prices.insert(liar, lie);
            publish(&mut world, &prices);
            world.run(refreshing(4)).expect("refreshed");
            let seen = row(&world).price.0;
            assert!((honest[0]..=honest[2]).contains(&seen), "{liar} said {lie}: {seen}");
            assert_eq!(state(&world), RowState::Normal);
        }
    }
}

#[test]
fn a_lie_beyond_the_allowed_uncertainty_gives_no_price_at_all() {
    let mut world = world(4, 3);
    publish(&mut world, &[TEN; 4]);
    world.run(refreshing(4)).expect("refreshed");
    world.pass_ms(1_000);
    publish(&mut world, &[TEN, TEN, TEN, TEN + 100_000]);
    let before = row(&world);
    world.run(refreshing(4)).expect("refused silently, the row keeps its price until it is too old");
    assert_eq!(row(&world), before);
}

#[test]
fn one_late_source_of_four_holds_nothing_up() {
    for late in KINDS {
        let mut world = open_world(4, 3);
        let user = world.rich(10_000);
        let old = quote(&world, TEN);
        // Slow at first, then too old to count: three go on without it either way.
        for seconds in [20, 11] {
            world.pass_ms(seconds * 1_000);
            world.refresh_everything();
            publish(&mut world, &[TEN + 1_000, TEN + 2_000, TEN + 3_000, TEN + 3_000]);
            write(&mut world, late, old);
            world.run(refreshing(4)).expect("refreshed");
            let seen = row(&world);
            assert_eq!((seen.publish_time, seen.publish_slot), (world.time(), world.slot), "without {late:?}");
            assert_eq!(state(&world), RowState::Normal);
            world.place(user, market(COIN, Side::Long, 1_000 * ONE, 0)).expect("trading goes on");
        }
    }
}

#[test]
fn a_row_that_loses_its_quorum_opens_no_risk_until_it_is_back() {
    let mut world = open_world(4, 3);
    publish(&mut world, &[TEN; 4]);
    world.run(refreshing(4)).expect("refreshed");
    let user = world.rich(10_000);
    let order = || market(COIN, Side::Long, 1_000 * ONE, 0);
    world.place(user, order()).expect("four sources agree");
    world.pass_ms(1_000);
    publish(&mut world, &[TEN + 1_000; 4]);
    // One feed moves on with status Unknown and a frozen price, one has too few samples: two of three are left.
    let frozen = quote(&world, TEN);
    oracle::put(&mut world.machine, PUSH, oracle::PYTH_PUSH, frozen.pyth_push(0));
    oracle::put(&mut world.machine, ON_DEMAND, oracle::SWITCHBOARD_ON_DEMAND, frozen.switchboard_on_demand(0));
    world.run(refreshing(4)).expect("silent sources are left out");
    assert_eq!((row(&world).price, state(&world)), (Price(TEN + 1_000), RowState::Degraded));
    refused(world.place(user, order()), Error::RowStateForbids);
    world.pass_ms(1_000);
    let back = quote(&world, TEN + 1_000);
    write(&mut world, SourceKind::PythPush, back);
    write(&mut world, SourceKind::PythPull, back);
    write(&mut world, SourceKind::SwitchboardV2, back);
    world.run(refreshing(4)).expect("three are back");
    assert_eq!(state(&world), RowState::Normal);
    world.place(user, order()).expect("and trading goes on");
}

#[test]
fn the_vamm_waits_until_most_sources_are_younger_than_the_order() {
    let mut world = open_world(3, 2);
    let (taker, keeper) = (world.rich(10_000), world.rich(10_000));
    publish(&mut world, &[TEN; 3]);
    world.run(refreshing(3)).expect("refreshed");
    world.pass_ms(2_000);
    let id = world.place(taker, limit(COIN, Side::Long, 10 * ONE, TEN + 100_000)).expect("placed");
    world.pass_ms(2_000);
    // One source has published since, two have not: the price could still be one from before the order.
    let young = quote(&world, TEN + 10_000);
    write(&mut world, KINDS[0], young);
    world.run(refreshing(3)).expect("refreshed");
    refused(world.fill(keeper, taker, id, &[]), Error::NothingToFill);
    write(&mut world, KINDS[2], young);
    world.run(refreshing(3)).expect("refreshed");
    assert_eq!(row(&world).publish_slot, world.slot);
    world.fill(keeper, taker, id, &[]).expect("two of three are of now, and the median lies between them");
}

#[test]
fn an_outdated_account_in_place_of_a_good_one_is_undone_by_the_next_refresh() {
    let mut world = world(2, 2);
    world.pass_ms(60_000);
    // Prices of different ages: the quorum is as old as the older.
    let slow = quote(&world, TEN);
    write(&mut world, SourceKind::PythPull, slow);
    world.pass_ms(2_000);
    let fast = quote(&world, TEN);
    write(&mut world, SourceKind::SwitchboardOnDemand, fast);
    world.run(refreshing(2)).expect("refreshed");
    assert_eq!((state(&world), row(&world).publish_time), (RowState::Normal, slow.publish_time));
    // Anybody may post an old update of the feed to an account of his own and hand that in.
    let own = Pubkey::new_from_array([0x55; 32]);
    let old = Quote { publish_time: world.time() - 31, ..slow };
    oracle::put(&mut world.machine, own, pyth::RECEIVER, update(&old).bytes());
    world.run(with_accounts(vec![own, ON_DEMAND])).expect("refreshed");
    assert_eq!((state(&world), row(&world).publish_time), (RowState::Degraded, fast.publish_time));
    world.pass_ms(400);
    world.run(refreshing(2)).expect("refreshed");
    assert_eq!((state(&world), row(&world).publish_time), (RowState::Normal, slow.publish_time));
}

#[test]
fn a_switchboard_value_is_as_old_as_its_oldest_sample() {
    let mut world = world(2, 1);
    world.pass_ms(60_000);
    let now = quote(&world, TEN);
    // Posted now, signed 29 s ago by the slot: usable, and no younger than that.
    let slots = 29_000 / 400;
    let signed = Quote { slot: world.slot - slots, ..now };
    let on_demand = |quote: &Quote| quote.switchboard_on_demand(3);
    oracle::put(&mut world.machine, ON_DEMAND, oracle::SWITCHBOARD_ON_DEMAND, on_demand(&signed));
    let silent = update(&Quote { publish_time: 1, ..now });
    oracle::write(&mut world.machine, &silent);
    world.run(refreshing(2)).expect("refreshed");
    assert_eq!((row(&world).publish_slot, row(&world).publish_time), (world.slot - slots, world.time()));
    // One sample of another slot than the value's is enough to hold it back.
    world.pass_ms(1_000);
    let mut mixed = on_demand(&quote(&world, TEN));
    mixed[2_376..2_384].copy_from_slice(&(world.slot - 10).to_le_bytes());
    oracle::put(&mut world.machine, ON_DEMAND, oracle::SWITCHBOARD_ON_DEMAND, mixed);
    world.run(refreshing(2)).expect("refreshed");
    assert_eq!(row(&world).publish_slot, world.slot - 10);
    // Posted now, signed longer ago than the row allows: left out.
    world.pass_ms(1_000);
    let before = row(&world);
    let held_back = Quote { slot: world.slot - 76, ..quote(&world, 2 * TEN) };
    oracle::put(&mut world.machine, ON_DEMAND, oracle::SWITCHBOARD_ON_DEMAND, on_demand(&held_back));
    world.run(refreshing(2)).expect("refreshed");
    assert_eq!(row(&world), before);
}

#[test]
fn a_source_with_too_few_behind_it_is_left_out() {
    let mut params = params(4, 3);
    params.row.sources[1].min_signatures = 3;
    params.row.sources[3].min_signatures = 3;
    let mut world = world_of(&params);
    let cases =
        [(3, 3, RowState::Normal), (2, 3, RowState::Normal), (3, 2, RowState::Normal), (2, 2, RowState::Degraded)];
    for (samples, results, expected) in cases {
        world.pass_ms(1_000);
        publish(&mut world, &[TEN; 4]);
        let quote = quote(&world, TEN);
        let (on_demand, v2) = (quote.switchboard_on_demand(samples), quote.switchboard_v2(results));
        oracle::put(&mut world.machine, ON_DEMAND, oracle::SWITCHBOARD_ON_DEMAND, on_demand);
        oracle::put(&mut world.machine, V2, oracle::SWITCHBOARD_V2, v2);
        world.run(refreshing(4)).expect("refreshed");
        assert_eq!((row(&world).publish_time, state(&world)), (world.time(), expected), "{samples} and {results} of 3");
    }
}

#[test]
fn a_feed_that_was_closed_or_damaged_leaves_the_row_to_the_others() {
    for kind in KINDS.into_iter().filter(|kind| kind.names_account()) {
        let mut world = world(4, 3);
        publish(&mut world, &[TEN; 4]);
        world.run(refreshing(4)).expect("refreshed");
        let whole = world.machine.account(&account(kind)).expect("written");
        let damaged: [(&str, Account); 5] = [
            ("closed", Account::default()),
            ("of another program", Account { owner: Pubkey::new_from_array([9; 32]), ..whole.clone() }),
            ("cut short", Account { data: whole.data[..whole.data.len() - 1].to_vec(), ..whole.clone() }),
            ("of another type", Account { data: [&[!whole.data[0]], &whole.data[1..]].concat(), ..whole.clone() }),
            ("empty", Account { data: vec![0; whole.data.len()], ..whole.clone() }),
        ];
        for (what, broken) in damaged {
            world.pass_ms(1_000);
            publish(&mut world, &[TEN; 4]);
            world.machine.write(account(kind), broken);
            world.run(refreshing(4)).expect("left out");
            let seen = row(&world);
            assert_eq!((seen.publish_time, state(&world)), (world.time(), RowState::Normal), "{kind:?} {what}");
        }
    }
}

#[test]
fn every_source_needs_its_own_account_in_its_order() {
    let mut world = world(4, 3);
    publish(&mut world, &[TEN; 4]);
    let right: Vec<Pubkey> = KINDS.iter().map(|kind| account(*kind)).collect();
    let mut wrong: Vec<Vec<Pubkey>> = (0..4).map(|count| right[..count].to_vec()).collect();
    wrong.push([&right[..], &right[..1]].concat());
    for first in 0..4 {
        for second in first + 1..4 {
            let mut swapped = right.clone();
            swapped.swap(first, second);
            wrong.push(swapped);
        }
    }
    // A good account of the kind, of another feed.
    for (index, kind) in KINDS.into_iter().enumerate() {
        let other = Pubkey::new_from_array([0x66; 32]);
        let mut account = world.machine.account(&right[index]).expect("written");
        if kind == SourceKind::PythPull {
            account.data[41] ^= 1;
        }
        world.machine.write(other, account);
        let mut foreign = right.clone();
        foreign[index] = other;
        refused(world.run(with_accounts(foreign)), AccountError::OracleWrongFeed);
    }
    for wrong in wrong {
        let before = world.board_bytes();
        world.run(with_accounts(wrong.clone())).expect_err("refused");
        assert_eq!(world.board_bytes(), before, "{wrong:?}");
    }
    world.run(refreshing(4)).expect("as listed");
}

#[test]
fn a_row_accepts_the_receivers_that_it_names() {
    let cases = [
        (0, [true, false]),
        (receivers::UPGRADED, [true, false]),
        (receivers::LEGACY, [false, true]),
        (receivers::UPGRADED | receivers::LEGACY, [true, true]),
    ];
    for (owners, accepted) in cases {
        let mut params = params(1, 1);
        params.row.sources[0].owners = owners;
        let mut world = world_of(&params);
        for (owner, accepted) in [pyth::RECEIVER, pyth::LEGACY_RECEIVER].into_iter().zip(accepted) {
            world.pass_ms(1_000);
            let quote = quote(&world, TEN);
            oracle::put(&mut world.machine, account(SourceKind::PythPull), owner, update(&quote).bytes());
            let result = world.run(refreshing(1));
            if accepted {
                result.expect("a receiver that the row names");
                assert_eq!(row(&world).publish_time, world.time());
            } else {
                refused(result, AccountError::OracleWrongOwner);
            }
        }
    }
}

#[test]
fn sources_that_make_no_sense_are_not_listed() {
    let mut world = World::start();
    let mut refuse = |change: fn(&mut [PriceSource; 4])| {
        let mut params = params(2, 1);
        change(&mut params.row.sources);
        refused(world.run(world.listing_of_market(&params)), Error::InvalidParameter);
    };
    refuse(|sources| sources[1] = sources[0]);
    refuse(|sources| sources.swap(1, 2));
    refuse(|sources| sources[0].owners = 4);
    refuse(|sources| sources[1].owners = receivers::LEGACY);
    refuse(|sources| sources[1].min_signatures = 33);
    refuse(|sources| sources[1].kind = 6);
    refuse(|sources| sources[1].key = [0; 32]);
    refuse(|sources| sources[1].padding[0] = 1);
    world.run(world.listing_of_market(&params(2, 1))).expect("as it was");
}
