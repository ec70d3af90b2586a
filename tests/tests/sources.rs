//! A row with two kinds of source on the real program: Pyth pull and Pyth push, combined, and one of them lost.

use kedge_interface::instruction::keeper::RefreshPrices;
use kedge_model::Error;
use kedge_model::board::{PriceRow, PriceSource, RowState, SourceKind};
use kedge_model::order::Side;
use kedge_model::quantity::Price;
use kedge_tests::World;
use kedge_tests::market::*;
use kedge_tests::oracle::{self, Update};
use kedge_tests::orders::*;
use kedge_tests::verbs::refused;
use solana_account::Account;
use solana_pubkey::{Pubkey, pubkey};

/// The Pyth oracle program, owner of push accounts.
const PUSH_PROGRAM: Pubkey = pubkey!("FsJ3A3u2vn5cTVofAjvy6y5kwABJAqYWpe4975bi2epH");
const PUSH_ACCOUNT: Pubkey = Pubkey::new_from_array([0x77; 32]);
const COIN: u16 = 3;

/// A push price account as the oracle program lays it out (version 2), with eight decimals.
fn write_push(world: &mut World, price: u64, confidence: u64, status: u32) {
    let mut data = vec![0u8; 3312];
    let mut put = |at: usize, bytes: &[u8]| data[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &0xa1b2_c3d4u32.to_le_bytes());
    put(4, &2u32.to_le_bytes());
    put(8, &3u32.to_le_bytes());
    put(12, &3312u32.to_le_bytes());
    put(16, &1u32.to_le_bytes());
    put(20, &(-8i32).to_le_bytes());
    put(96, &world.time().to_le_bytes());
    put(208, &(price * 100).to_le_bytes());
    put(216, &(confidence * 100).to_le_bytes());
    put(224, &status.to_le_bytes());
    put(232, &world.slot.to_le_bytes());
    let account = Account { lamports: world.machine.rent(3312), data, owner: PUSH_PROGRAM, ..Account::default() };
    world.machine.write(PUSH_ACCOUNT, account);
}

fn write_pull(world: &mut World, price: u64) {
    let update = Update {
        feed: market_feed(COIN),
        price,
        confidence: 1_000,
        publish_time: world.time(),
        posted_slot: world.slot,
        signatures: None,
    };
    oracle::write(&mut world.machine, &update);
}

fn refreshing(oracles: Vec<Pubkey>) -> RefreshPrices {
    RefreshPrices { markets: vec![3], banks: Vec::new(), oracles }
}

fn both() -> RefreshPrices {
    refreshing(vec![oracle::address(&market_feed(COIN)), PUSH_ACCOUNT])
}

fn row(world: &World) -> PriceRow {
    world.board().markets[usize::from(COIN)].price
}

/// The standard world and one more market at ten dollars whose row wants both sources.
fn world() -> World {
    let mut world = World::start();
    let mut params = market_params(COIN);
    let push = PriceSource { key: PUSH_ACCOUNT.to_bytes(), kind: SourceKind::PythPush as u8, ..PriceSource::default() };
    params.row.sources[1] = push;
    params.row.quorum = 2;
    let listing = world.listing_of_market(&params);
    world.run(listing).expect("listed");
    world
}

#[test]
fn two_sources_give_their_mean_and_the_wider_uncertainty() {
    let mut world = world();
    write_pull(&mut world, 10_000_000);
    write_push(&mut world, 10_020_000, 2_000, 1);
    world.run(both()).expect("refreshed");
    let seen = row(&world);
    assert_eq!((seen.price, seen.confidence), (Price(10_010_000), Price(20_000)), "mean, and the distance of the two");
    assert_eq!((seen.state, seen.publish_slot), (RowState::Normal as u8, world.slot));
}

#[test]
fn a_source_that_falls_silent_degrades_the_row_and_stops_new_risk() {
    let mut world = world();
    write_pull(&mut world, 10_000_000);
    write_push(&mut world, 10_000_000, 2_000, 1);
    world.run(both()).expect("refreshed");
    let user = world.rich(10_000);
    let order = || market(COIN, Side::Long, 1_000 * ONE, 0);
    world.place(user, order()).expect("two sources agree");
    world.pass_ms(1_000);
    write_pull(&mut world, 10_001_000);
    // The push feed moves on with status Unknown and a frozen price.
    write_push(&mut world, 10_000_000, 2_000, 0);
    world.run(both()).expect("a silent source is left out");
    assert_eq!((row(&world).price, row(&world).state), (Price(10_001_000), RowState::Degraded as u8));
    refused(world.place(user, order()), Error::RowStateForbids);
    world.pass_ms(1_000);
    write_pull(&mut world, 10_001_000);
    write_push(&mut world, 10_001_000, 2_000, 1);
    world.run(both()).expect("both are back");
    assert_eq!(row(&world).state, RowState::Normal as u8);
    world.place(user, order()).expect("and trading goes on");
}

#[test]
fn sources_that_contradict_each_other_give_no_price() {
    let mut world = world();
    write_pull(&mut world, 10_000_000);
    write_push(&mut world, 10_000_000, 2_000, 1);
    world.run(both()).expect("refreshed");
    world.pass_ms(1_000);
    write_pull(&mut world, 10_000_000);
    write_push(&mut world, 10_100_000, 2_000, 1);
    let before = row(&world);
    world.run(both()).expect("refused silently, the row keeps its price until it is too old");
    assert_eq!(row(&world), before);
}

#[test]
fn every_source_needs_its_own_account_in_its_order() {
    let mut world = world();
    write_pull(&mut world, 10_000_000);
    write_push(&mut world, 10_000_000, 2_000, 1);
    let pull = oracle::address(&market_feed(COIN));
    for wrong in [vec![PUSH_ACCOUNT, pull], vec![pull], vec![pull, PUSH_ACCOUNT, pull], vec![pull, pull]] {
        let before = world.board_bytes();
        world.run(refreshing(wrong.clone())).expect_err("refused");
        assert_eq!(world.board_bytes(), before, "{wrong:?}");
    }
}
