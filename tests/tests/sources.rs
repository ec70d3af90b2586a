//! Price rows with several sources on the real program: all four kinds of oracle account in one row, combined, and some
//! of them late, silent, wrong or gone.

#[path = "sources/accounts.rs"]
mod accounts;
#[path = "sources/stage.rs"]
mod stage;

use kedge_interface::address::pyth;
use kedge_interface::error::AccountError;
use kedge_model::Error;
use kedge_model::account::board::{PriceSource, RowState, SourceKind};
use kedge_model::account::order::Side;
use kedge_model::quantity::Price;
use kedge_tests::World;
use kedge_tests::market::ONE;
use kedge_tests::oracle::{self, Quote, Update};
use kedge_tests::orders::{limit, market};
use kedge_tests::verbs::refused;
use solana_pubkey::Pubkey;
use stage::{
    COIN, KINDS, ON_DEMAND, PUSH, TEN, account, key, open_world, params, publish, quote, refreshing, row, state,
    update, with_accounts, world, world_of, write,
};

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
    assert!(done.compute < 5_300, "a row of four takes {}", done.compute);
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
    let mut before = row(&world);
    world.run(refreshing(4)).expect("refused silently, the row keeps its price until it is too old");
    // All it records is that the source is alive whose account a caller could leave out.
    before.sources[0].heard = u32::try_from(world.time()).expect("a time of our age");
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
    let silence = |world: &mut World| {
        let frozen = quote(world, TEN);
        oracle::put(&mut world.machine, PUSH, oracle::PYTH_PUSH, frozen.pyth_push(0));
        oracle::put(&mut world.machine, ON_DEMAND, oracle::SWITCHBOARD_ON_DEMAND, frozen.switchboard_on_demand(0));
    };
    silence(&mut world);
    let before = row(&world);
    world.run(refreshing(4)).expect("silent sources are left out");
    assert_eq!(row(&world), before, "the price of four counts for thirty seconds");
    for (expected, refusal) in [(RowState::Stale, Error::StaleRow), (RowState::Degraded, Error::RowStateForbids)] {
        world.pass_ms(31_000);
        world.refresh_everything();
        publish(&mut world, &[TEN + 1_000; 4]);
        silence(&mut world);
        world.run(refreshing(4)).expect("silent sources are left out");
        assert_eq!(state(&world), expected);
        refused(world.place(user, order()), refusal);
    }
    assert_eq!(row(&world).price, Price(TEN + 1_000));
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
fn an_outdated_account_in_place_of_a_good_one_changes_nothing() {
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
    assert_eq!(i64::from(row(&world).sources[0].heard), slow.publish_time);
    // Any account may post an old update of the feed to its own price account and pass that.
    world.pass_ms(2_000);
    let faster = quote(&world, TEN);
    write(&mut world, SourceKind::SwitchboardOnDemand, faster);
    let own = Pubkey::new_from_array([0x55; 32]);
    let before = world.board_bytes();
    for age in [31, 5] {
        let old = Quote { publish_time: world.time() - age, ..slow };
        oracle::put(&mut world.machine, own, pyth::RECEIVER, update(&old).bytes());
        world.run(with_accounts(vec![own, ON_DEMAND])).expect("no error in front of a transaction");
        assert_eq!(world.board_bytes(), before, "{age} s old");
    }
    // A weakly verified update is an error: any account of the feed would have done.
    let weak = Update { signatures: Some(1), ..update(&faster) };
    oracle::put(&mut world.machine, own, pyth::RECEIVER, weak.bytes());
    refused(world.run(with_accounts(vec![own, ON_DEMAND])), AccountError::OracleVerificationTooWeak);
    let newer = quote(&world, TEN);
    write(&mut world, SourceKind::PythPull, newer);
    world.run(refreshing(2)).expect("refreshed");
    assert_eq!((state(&world), row(&world).publish_time), (RowState::Normal, newer.publish_time));
}

#[test]
fn a_row_of_a_thousand_units_takes_a_thousand_times_the_price() {
    for kind in KINDS {
        let mut params = params(1, 1);
        params.row.sources[0] = PriceSource { key: key(kind), kind: kind as u8, multiple: 3, ..PriceSource::default() };
        let mut world = world_of(&params);
        let quote = quote(&world, TEN);
        write(&mut world, kind, quote);
        world.run(with_accounts(vec![account(kind)])).expect("refreshed");
        let seen = row(&world);
        assert_eq!((seen.price, seen.confidence), (Price(1_000 * TEN), Price(2_000_000)), "{kind:?}");
    }
}
