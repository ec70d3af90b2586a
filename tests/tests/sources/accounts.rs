//! Contents of oracle accounts, and the accounts that a refresh takes.

use super::stage::{
    KINDS, ON_DEMAND, TEN, V2, account, params, publish, quote, refreshing, row, state, update, with_accounts, world,
    world_of,
};
use kedge_interface::address::pyth;
use kedge_interface::error::AccountError;
use kedge_model::Error;
use kedge_model::account::board::{PriceSource, RowState, SourceKind, receivers};
use kedge_tests::World;
use kedge_tests::oracle::{self, Quote};
use kedge_tests::verbs::refused;
use solana_account::Account;
use solana_pubkey::Pubkey;

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
    // Two of four are below the quorum: the row does not change.
    for (samples, results, updated) in [(3, 3, true), (2, 3, true), (3, 2, true), (2, 2, false)] {
        let before = row(&world);
        world.pass_ms(1_000);
        publish(&mut world, &[TEN; 4]);
        let quote = quote(&world, TEN);
        let (on_demand, v2) = (quote.switchboard_on_demand(samples), quote.switchboard_v2(results));
        oracle::put(&mut world.machine, ON_DEMAND, oracle::SWITCHBOARD_ON_DEMAND, on_demand);
        oracle::put(&mut world.machine, V2, oracle::SWITCHBOARD_V2, v2);
        world.run(refreshing(4)).expect("refreshed");
        assert_eq!(state(&world), RowState::Normal);
        assert_eq!(row(&world).publish_time == world.time(), updated, "{samples} and {results} of 3");
        assert!(updated || row(&world) == before);
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
    refuse(|sources| sources[1].multiple = 1);
    world.run(world.listing_of_market(&params(2, 1))).expect("as it was");
}
