use kedge_interface::account::SubAccountData;
use kedge_interface::address;
use kedge_model::quantity::{Amount, Base, Quote};
use kedge_model::trader::Trader;

use super::*;
use crate::World;
use crate::jobs::stage::Stage;

/// The world as raw accounts would show it, with vaults that hold what is claimed.
fn snapshot(world: &World) -> Snapshot {
    let accounts: Vec<_> = world.accounts.iter().collect();
    let traders = accounts.iter().map(|(address, account)| {
        let mut trader = Trader::new(1, account.head.authority, [0; 32]).unwrap();
        (trader.sub_accounts, trader.next_sub_account) = (1, 1);
        (**address, trader)
    });
    let bank = &world.banks[0];
    Snapshot {
        slot: world.clock.slot,
        clock: world.clock,
        exchange: world.exchange.clone(),
        board: world.fresh.clone(),
        markets: world.markets.iter().map(|market| (address::market(market.index), *market)).collect(),
        banks: vec![(address::bank(0), *bank)],
        traders: traders.collect(),
        vaults: vec![Some(bank.claims().unwrap().0)],
        strange: Vec::new(),
        accounts: accounts
            .iter()
            .map(|(address, account)| {
                (**address, SubAccountData { head: *account.head, orders: account.orders.clone() })
            })
            .collect(),
    }
}

fn scene() -> (Stage, Snapshot) {
    let mut stage = Stage::new();
    let (buyer, seller) = (stage.trader(250_000_000), stage.trader(10_000_000_000));
    stage.trade(buyer, seller, 10_000_000_000, 200_000_000);
    stage.advance(2, 10);
    let found = snapshot(&stage.world());
    (stage, found)
}

fn breaks(snapshot: &Snapshot) -> Vec<String> {
    Statement::of(snapshot, Rules::default()).breaks().into_iter().map(|one| one.what).collect()
}

#[test]
fn what_the_model_does_reconciles() {
    let (mut stage, found) = scene();
    let said = Statement::of(&found, Rules { exact_vaults: true });
    assert!(said.holds(), "{said}");
    assert_eq!((said.counts, said.lines.len(), said.margins.pockets), ([1, 1, 2, 2], 8, 2));
    assert!(said.margins.below.is_empty());
    assert!(said.to_string().ends_with("EVERYTHING RECONCILES"));
    stage.publish(0, 183_000_000);
    let said = Statement::of(&snapshot(&stage.world()), Rules::default());
    assert!(said.holds(), "to be liquidated is nothing broken");
    assert_eq!(said.margins.below.len(), 1);
    assert!(said.margins.below[0].lacks > 0);
}

#[test]
fn every_unit_that_is_off_is_found_and_named() {
    let (_, found) = scene();
    let who = found.accounts[0].0;

    let mut off = found.clone();
    off.accounts[0].1.head.positions[0].quote = Quote(off.accounts[0].1.head.positions[0].quote.0 + 1);
    let said = breaks(&off);
    assert!(said.iter().any(|what| what.contains("claims of positions")), "{said:?}");

    let mut off = found.clone();
    off.accounts[0].1.head.positions[0].base = Base(off.accounts[0].1.head.positions[0].base.0 + 1);
    let said = breaks(&off);
    assert!(said.iter().any(|what| what.contains("users' base")), "{said:?}");

    let mut off = found.clone();
    off.accounts[0].1.head.balances[0].amount = Amount(1);
    let said = breaks(&off);
    assert!(said.iter().any(|what| what.contains("balances = deposits")), "{said:?}");

    let mut off = found.clone();
    off.accounts[0].1.head.open_orders += 1;
    assert_eq!(breaks(&off), [format!("sub-account {who}: InvariantBroken")]);

    let mut off = found.clone();
    off.markets[0].1.fees = Amount(off.markets[0].1.fees.0 + 1);
    let said = breaks(&off);
    assert!(said.iter().any(|what| what.contains("fees + funding pot = pool")), "{said:?}");

    let mut off = found.clone();
    off.vaults = vec![off.vaults[0].map(|tokens| tokens - 1)];
    let said = Statement::of(&off, Rules::default());
    assert_eq!(said.breaks().len(), 1);
    assert!(said.breaks()[0].amount.contains(": 1 (USDC 1e-6)"), "{:?}", said.breaks());

    let mut off = found.clone();
    off.accounts.remove(1);
    let said = breaks(&off);
    assert!(said.iter().any(|what| what.contains("has 0 sub-accounts and counts 1")), "{said:?}");

    let mut off = found;
    off.strange.push((who, "no kind of account of the program".into()));
    assert_eq!(breaks(&off).len(), 1);
}

#[test]
fn donated_tokens_are_shown_and_may_not_go_again() {
    let (_, mut found) = scene();
    found.markets[0].1.next_event_seq = 10;
    let before = Marks::of(&found, &Statement::of(&found, Rules::default()));
    found.vaults = vec![found.vaults[0].map(|tokens| tokens + 5)];
    found.slot += 1;
    let said = Statement::of(&found, Rules::default());
    assert!(said.holds() && said.donated == [("bank 0".to_owned(), 5)], "{said}");
    assert!(!Statement::of(&found, Rules { exact_vaults: true }).holds());
    let donated = Marks::of(&found, &said);
    assert_eq!(donated.backwards(&before), Vec::<String>::new());

    found.vaults = vec![found.vaults[0].map(|tokens| tokens - 2)];
    found.markets[0].1.next_event_seq -= 1;
    found.slot += 1;
    let later = Marks::of(&found, &Statement::of(&found, Rules::default()));
    let market = kedge_interface::account::name(&found.markets[0].1.name);
    assert_eq!(
        later.backwards(&donated),
        [format!("{market}: sequence of events"), "bank 0: tokens over all claims".to_owned()]
    );
    assert_eq!(donated.backwards(&later), Vec::<String>::new(), "an earlier moment is no evidence");
}

#[test]
fn machines_read_the_same() {
    let (_, mut found) = scene();
    found.markets[0].1.users_quote = Quote(found.markets[0].1.users_quote.0 - 7);
    let said: serde_json::Value = serde_json::from_str(&Statement::of(&found, Rules::default()).json()).unwrap();
    assert_eq!(said["holds"], false);
    assert!(said["breaks"].as_array().unwrap().iter().any(|one| one["amount"].as_str().unwrap().contains(": 7 (")));
}
