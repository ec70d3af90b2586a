//! Errors that no story needs, each reached where it belongs; and that no error is without a test.

mod common;

use std::path::Path;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, SOL, World, ioc, limit};
use kedge_model::Error;
use kedge_model::account::board::{MAX_SOURCES, OraclePrice, combine};
use kedge_model::account::order::Side;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::account::trader::Trader;
use kedge_model::action::{PoolKind, Transfer, Verify};
use kedge_model::amm::Availability;
use kedge_model::event::NoEvents;
use kedge_model::num::to_u64;
use kedge_model::quantity::{Amount, Ppm, Price, Quote, Size};
use kedge_model::rule::auction;
use kedge_model::time::{Seconds, Slot, SlotTime};

#[test]
fn no_total_overflows() {
    let mut world = World::funded(2, 1_000);
    let before = (world.markets[BTC], world.banks[0], world.vaults[0]);
    assert_eq!(world.fund_pool(BTC, PoolKind::Insurance, u64::MAX).unwrap_err(), Error::Overflow);
    assert_eq!((world.markets[BTC], world.banks[0], world.vaults[0]), before);
    // A number that is handed out once is never handed out again, not even the last.
    world.markets[BOOK].next_order_seq = u64::MAX;
    let order = limit(BOOK, Side::Long, ONE, 1_990 * DOLLAR);
    assert_eq!(world.place(0, order).unwrap_err(), Error::Overflow);
    assert_eq!(world.accounts[0].head.open_orders, 0);
}

#[test]
fn a_magnitude_has_no_sign() {
    assert_eq!(to_u64(-1), Err(Error::NegativeAmount));
    assert_eq!((to_u64(0), to_u64(i64::MAX)), (Ok(0), Ok(i64::MAX as u64)));
}

#[test]
fn nothing_is_derived_from_a_price_of_zero() {
    let world = World::funded(2, 1_000);
    for side in [Side::Long, Side::Short] {
        assert_eq!(auction::derive(side, Price(0), Price(0), Ppm(5_000)), Err(Error::InvalidPrice));
    }
    let mut row = world.board.markets[BTC].price;
    row.price = Price(0);
    let mut amm = world.markets[BTC].amm;
    assert_eq!(amm.update(&row, &world.clock).unwrap_err(), Error::InvalidPrice);
    assert_eq!(amm, world.markets[BTC].amm);
}

#[test]
fn a_row_combines_no_more_sources_than_it_has() {
    let world = World::new(2);
    let seen = OraclePrice {
        price: Price(60_000 * DOLLAR),
        confidence: Price(1),
        publish_time: world.clock.unix_time,
        publish_slot: world.clock.slot,
    };
    let all = |count: usize| combine(&vec![seen; count], &world.clock, Seconds(10), Ppm(5_000), 1);
    assert_eq!(all(MAX_SOURCES), Ok((seen, MAX_SOURCES as u8)));
    assert_eq!(all(MAX_SOURCES + 1), Err(Error::SourceMismatch));
}

#[test]
fn a_ninth_collateral_has_no_slot_and_an_emptied_one_is_free_again() {
    let mut head = SubAccount::default();
    let slots = u16::try_from(head.balances.len()).unwrap();
    for bank in 0..slots {
        head.credit(bank, Amount(5)).unwrap();
    }
    let before = head;
    assert_eq!(head.credit(slots, Amount(5)), Err(Error::NoBalanceSlot));
    assert_eq!(head, before);
    head.credit(3, Amount(1)).unwrap();
    head.debit(3, Amount(6)).unwrap();
    head.credit(slots, Amount(5)).unwrap();
    assert_eq!((head.balance(3), head.balance(slots)), (Amount(0), Amount(5)));
}

#[test]
fn a_vamm_says_why_it_does_not_fill() {
    let mut world = World::funded(6, 100_000);
    let says = |world: &World, market: usize, side: Side, activation: u64| {
        let (market, row) = (&world.markets[market], &world.board.markets[market].price);
        let micros = world.board.slot_time();
        match market.amm.availability(market, row, side, Slot(activation), &world.clock, micros).unwrap() {
            Availability::No(error) => Err(error),
            Availability::Upto(size) => Ok(size),
        }
    };
    let now = world.clock.slot;
    // The price must be as young as the order: what is known of a later one would be the taker's gain.
    assert!(says(&world, BTC, Side::Long, now).unwrap() > Size(0));
    assert_eq!(says(&world, BTC, Side::Long, now + 1), Err(Error::AmmPriceTooOld));
    world.tick();
    assert!(says(&world, BTC, Side::Long, now + 1).is_ok());
    // And young enough now: six slots of 400 ms, and not seven.
    world.clock.slot += 6;
    assert!(says(&world, BTC, Side::Long, now).is_ok());
    world.clock.slot += 1;
    assert_eq!(says(&world, BTC, Side::Long, now), Err(Error::PriceNotLive));
    // Where a slot lasts longer than that, the one before serves.
    world.board.slot_micros = SlotTime(9_600_000);
    assert_eq!(says(&world, BTC, Side::Long, now), Err(Error::PriceNotLive));
    world.clock.slot -= 6;
    assert!(says(&world, BTC, Side::Long, now).is_ok());
    world.board.slot_micros = SlotTime(0);
    world.tick();
    // A book has no vAMM, and one with its inventory full takes one side alone.
    assert_eq!(says(&world, BOOK, Side::Long, 0), Err(Error::AmmNoCapacity));
    let inventory = world.markets[SOL].amm.inventory_limit;
    world.deposit(0, 0, 10_000_000 * DOLLAR).unwrap();
    world.fund_pool(SOL, PoolKind::Amm, 1_000_000 * DOLLAR).unwrap();
    while let Ok(left) = says(&world, SOL, Side::Long, 0) {
        let taken = world.take(0, ioc(SOL, Side::Long, left.0, 157 * DOLLAR), &[]).unwrap();
        assert!(taken.matched.amm_size > Size(0), "{left:?} of {inventory:?} are left and nothing is sold");
        world.tick();
    }
    assert_eq!(says(&world, SOL, Side::Long, 0), Err(Error::AmmNoCapacity));
    assert!(says(&world, SOL, Side::Short, 0).is_ok());
    check(&mut world);
    // Nor does its curve sell what it has not got.
    let curve = world.markets[SOL].amm.curve();
    assert_eq!(curve.trade(Side::Long, curve.base).unwrap_err(), Error::AmmNoCapacity);
}

#[test]
fn nothing_is_transferred_to_where_it_is() {
    let mut world = World::funded(2, 1_000);
    let (mut from, mut to) = (world.accounts[0].head, world.accounts[0].head);
    let transfer = Transfer { amount: Amount(DOLLAR), bank: 0 };
    let clock = world.clock;
    let refused = transfer.execute(&world.exchange, &world.board, &mut from, &mut to, clock, &mut NoEvents);
    assert_eq!(refused, Err(Error::SameAccount));
    let mut to = world.accounts[1].head;
    transfer.execute(&world.exchange, &world.board, &mut from, &mut to, clock, &mut NoEvents).unwrap();
    (world.accounts[0].head, world.accounts[1].head) = (from, to);
    check(&mut world);
}

#[test]
fn every_account_names_its_version_and_no_other_is_touched() {
    let world = World::funded(2, 1_000);
    let trader = Trader::new(255, [1; 32], [0; 32]).unwrap();
    let sound = (
        world.exchange.invariant(),
        world.board.invariant(),
        world.markets[BTC].invariant(),
        world.banks[0].invariant(),
        world.accounts[0].head.invariant(),
        trader.invariant(),
    );
    assert_eq!(sound, (Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(())));
    let (mut exchange, mut board, mut market) = (world.exchange, world.board.clone(), world.markets[BTC]);
    let (mut bank, mut head, mut person) = (world.banks[0], world.accounts[0].head, trader);
    (exchange.version, board.version, market.version) = (0, 2, 9);
    (bank.version, head.version, person.version) = (0, 200, 2);
    for refused in [
        exchange.invariant(),
        board.invariant(),
        market.invariant(),
        bank.invariant(),
        head.invariant(),
        person.invariant(),
    ] {
        assert_eq!(refused, Err(Error::VersionUnsupported));
    }
}

#[test]
fn a_unit_that_is_missing_anywhere_breaks_an_invariant() {
    let mut world = World::funded(6, 100_000);
    world.place(2, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[2]).unwrap();
    let sound = world.markets[BTC];
    assert_eq!(sound.invariant(), Ok(()));
    let wrong: [fn(&mut kedge_model::account::market::Market); 7] = [
        |m| m.users_quote = Quote(m.users_quote.0 + 1),
        |m| m.amm.quote = Quote(m.amm.quote.0 - 1),
        |m| m.fees = Amount(m.fees.0 + 1),
        |m| m.insurance_fees = Amount(m.insurance_fees.0 + 1),
        |m| m.funding_pot = Quote(m.funding_pot.0 - 1),
        |m| m.pnl_pool = Amount(m.pnl_pool.0 + 1),
        |m| m.long_interest = Size(m.long_interest.0 + 1),
    ];
    for (place, wrong) in wrong.iter().enumerate() {
        let mut market = sound;
        wrong(&mut market);
        assert_eq!(market.invariant(), Err(Error::InvariantBroken), "{place}");
    }
    let head = world.accounts[0].head;
    for (place, wrong) in [
        SubAccount { open_orders: 1, ..head },
        SubAccount { status: 128, ..head },
        SubAccount { positions: [head.positions[0]; 16], ..head },
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(wrong.invariant(), Err(Error::InvariantBroken), "{place}");
    }
}

#[test]
fn books_that_miss_a_unit_anywhere_are_not_verified() {
    let mut world = World::funded(6, 100_000);
    world.place(2, limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[2]).unwrap();
    let vault = world.banks[0].claims().unwrap();
    let verify = |world: &World, vault: Amount| {
        let mut books = Verify::default();
        world.markets.iter().try_for_each(|market| books.add(market))?;
        books.finish(&world.exchange, &world.banks[0], vault)
    };
    assert_eq!(verify(&world, vault), Ok(()));
    assert_eq!(verify(&world, Amount(vault.0 + 1)), Ok(()), "what is given away is nobody's claim");
    assert_eq!(verify(&world, Amount(vault.0 - 1)), Err(Error::InsufficientVault));
    type Wrong = (fn(&mut World), Error);
    let wrong: [Wrong; 6] = [
        (|world| world.markets[0].fees.0 += 1, Error::InvariantBroken),
        (|world| world.markets[1].insurance_fund.0 += 1, Error::BooksUnbalanced),
        (|world| world.banks[0].market_pools.0 -= 1, Error::BooksUnbalanced),
        (|world| world.markets.truncate(1), Error::WrongMarket),
        (|world| world.markets.swap(0, 1), Error::WrongMarket),
        (
            |world| {
                world.banks[0].next_default = 1;
                world.banks[0].defaults[0].loss = Amount(1);
            },
            Error::BooksUnbalanced,
        ),
    ];
    for (place, (wrong, error)) in wrong.iter().enumerate() {
        let mut changed = world.clone();
        wrong(&mut changed);
        assert_eq!(verify(&changed, vault), Err(*error), "{place}");
    }
}

/// The text of every Rust file below a folder.
fn texts(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a listed file").path();
        if path.is_dir() {
            texts(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&std::fs::read_to_string(&path).expect("a source file"));
        }
    }
}

#[test]
fn every_error_is_given_by_a_rule_and_named_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut tests, mut rules) = (String::new(), String::new());
    for folder in ["tests", "../../tests/src", "../../tests/tests"] {
        texts(&root.join(folder), &mut tests);
    }
    for folder in ["src", "../../programs/kedge/src"] {
        texts(&root.join(folder), &mut rules);
    }
    let named = |text: &str, name: &str| {
        let wanted = format!("Error::{name}");
        text.match_indices(&wanted)
            .any(|(at, _)| !text[at + wanted.len()..].starts_with(|next: char| next.is_alphanumeric()))
    };
    for error in Error::ALL {
        let name = error.name();
        assert!(named(&tests, name), "{name} has no test");
        assert!(named(&rules, name), "{name} is given by nothing");
    }
}
