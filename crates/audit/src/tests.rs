use kedge_interface::PROGRAM_ID;
use kedge_interface::account::AccountKind;
use kedge_interface::address::TOKEN_PROGRAM;
use kedge_model::account::bank::Bank;
use kedge_model::quantity::{Amount, Base, Quote};
use kedge_state::testing::TestExchange;
use solana_account::Account;

use super::*;

/// Adds tokens to the vault, or takes them out.
fn add(found: &mut Snapshot, tokens: i64) {
    let vault = found.vaults[0].as_mut().unwrap();
    vault.tokens = vault.tokens.checked_add_signed(tokens).unwrap();
}

/// A read of the exchange.
pub(crate) fn snapshot(exchange: &TestExchange) -> Snapshot {
    let state = &exchange.state;
    let accounts = state.accounts.iter().map(|(at, account)| Ok((*at, account.clone())));
    let mut found = Snapshot::collect(exchange.clock.slot, exchange.clock, accounts, Vec::new()).unwrap();
    let bank = found.banks[0].1;
    let tokens = state.vaults[&bank.vault.into()];
    found.vaults.push(Some(Vault { tokens, claims: bank.claims().unwrap().0.into() }));
    found
}

pub(crate) fn scene() -> (TestExchange, Snapshot) {
    let mut exchange = TestExchange::new();
    let (buyer, seller) = (exchange.trader(250_000_000), exchange.trader(10_000_000_000));
    exchange.trade(buyer, seller, 10_000_000_000, 200_000_000);
    exchange.advance(2, 10);
    let found = snapshot(&exchange);
    (exchange, found)
}

fn breaks(snapshot: &Snapshot) -> Vec<String> {
    Statement::of(snapshot, Rules::default()).breaks().into_iter().map(|one| one.what).collect()
}

#[test]
fn what_the_model_does_reconciles() {
    let (mut exchange, found) = scene();
    let said = Statement::of(&found, Rules { exact_vaults: true });
    assert!(said.holds(), "{said}");
    assert_eq!((said.counts, said.lines.len(), said.margins.pockets), ([1, 1, 2, 2], 9, 2));
    assert!(said.margins.below.is_empty());
    assert!(said.to_string().ends_with("EVERYTHING RECONCILES"));
    exchange.publish(183_000_000);
    exchange.refresh();
    let said = Statement::of(&snapshot(&exchange), Rules::default());
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
    add(&mut off, -1);
    let said = Statement::of(&off, Rules::default());
    assert_eq!(said.breaks().len(), 1);
    assert!(said.breaks()[0].amount.contains(": 0.000001 (USDC)"), "{:?}", said.breaks());

    let mut off = found.clone();
    off.accounts.remove(1);
    let said = Statement::of(&off, Rules::default()).breaks();
    let miscounts = |one: &Break| one.what.contains("miscounts") && one.amount == "has 0 and counts 1";
    assert!(said.iter().any(miscounts), "{said:?}");

    let mut off = found.clone();
    off.banks[0].1.next_default = 1;
    (off.banks[0].1.defaults[0].loss, off.banks[0].1.defaults[0].insurance) = (Amount(7), Amount(7));
    assert_eq!(breaks(&off), [""; 0], "the lines are the loss");
    off.banks[0].1.defaults[0].protocol = Amount(1);
    assert_eq!(breaks(&off), ["default 0: lines of the waterfall = loss"]);
    off.banks[0].1.defaults[0].number = 8;
    assert_eq!(breaks(&off), ["default 0: the ring has another record in its place"]);

    let mut off = found.clone();
    off.traders[0].1.insurance.shares = 5;
    assert_eq!(breaks(&off), ["people's shares = the staked insurance's"]);

    let mut off = found.clone();
    off.banks[0].1.backstop.authority = [7; 32];
    assert_eq!(breaks(&off), ["backstop vault: its sub-account is not there"]);
    off.banks[0].1.backstop.authority = off.accounts[0].1.head.authority;
    off.traders[0].1.vault.shares = 5;
    assert!(breaks(&off).contains(&"people's shares = the backstop vault's".to_owned()));

    let mut off = found;
    off.strange.push((who, "no kind of account of the program".into()));
    assert_eq!(breaks(&off).len(), 1);
}

#[test]
fn donated_tokens_are_shown_and_may_not_go_again() {
    let (_, mut found) = scene();
    found.markets[0].1.next_event_seq = 10;
    let before = Marks::of(&found, &Statement::of(&found, Rules::default()));
    add(&mut found, 5);
    found.slot += 1;
    let said = Statement::of(&found, Rules::default());
    assert!(said.holds() && said.donated == [Sum { of: "bank 0".into(), amount: 5, unit: Unit::USDC }], "{said}");
    assert!(!Statement::of(&found, Rules { exact_vaults: true }).holds());
    let donated = Marks::of(&found, &said);
    assert_eq!(donated.backwards(&before), Vec::<String>::new());

    add(&mut found, -2);
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
    assert!(
        said["breaks"].as_array().unwrap().iter().any(|one| one["amount"].as_str().unwrap().contains(": 0.000007 ("))
    );
}

/// The second answer of a read: a vault and its bank.
fn answer(tokens: u64, bank: &Bank) -> [Option<Account>; 2] {
    let mut vault = vec![0; 165];
    vault[64..72].copy_from_slice(&tokens.to_le_bytes());
    let bank = [&Bank::DISCRIMINATOR[..], bytemuck::bytes_of(bank)].concat();
    [(TOKEN_PROGRAM, vault), (PROGRAM_ID, bank)]
        .map(|(owner, data)| Some(Account { owner, data, ..Account::default() }))
}

/// The next read, a slot later.
fn later(found: &mut Snapshot) -> Snapshot {
    found.slot += 1;
    found.clone()
}

#[test]
fn whoever_pays_in_or_out_between_the_answers_disturbs_nothing() {
    let (_, found) = scene();
    let bank = found.banks[0].1;
    for moved in [-100_000_000i64, -1, 1, 100_000_000] {
        let mut then = bank;
        then.deposits = Amount(bank.deposits.0.checked_add_signed(moved).unwrap());
        let tokens = then.claims().unwrap().0;
        let torn = Snapshot { vaults: read::vaults(&answer(tokens, &then)), ..found.clone() };
        let said = Statement::of(&torn, Rules { exact_vaults: true });
        assert!(said.holds() && said.donated.is_empty(), "{said}");
        assert!(Statement::of(&torn, Rules::default()).donated.is_empty(), "nothing to run backwards later");
        let short = Snapshot { vaults: read::vaults(&answer(tokens - 1, &then)), ..found.clone() };
        let said = Statement::of(&short, Rules::default()).breaks();
        assert!(said.len() == 1 && said[0].amount.contains(": 0.000001 (USDC)"), "a real one shows in it: {said:?}");
    }
    let [vault, data] = answer(1, &bank);
    let foreign = data.clone().map(|account| Account { owner: TOKEN_PROGRAM, ..account });
    assert_eq!(read::vaults(&[vault.clone(), foreign, vault, None, None, data]), [None, None, None]);
}

#[test]
fn a_break_counts_when_the_next_read_finds_it_again() {
    let (_, mut found) = scene();
    let mut judge = Judge::new(Rules::default());
    assert!(judge.weigh(&later(&mut found)).unwrap().breaks.is_empty());

    // A bad read alone.
    let mut bad = later(&mut found);
    add(&mut bad, -3);
    assert!(judge.weigh(&bad).is_none(), "it asks for another");
    let audited = judge.weigh(&later(&mut found)).unwrap();
    assert_eq!((audited.breaks.len(), audited.unconfirmed.len()), (0, 1));

    // A loss that stays, of another amount the second time.
    add(&mut found, -3);
    assert!(judge.weigh(&later(&mut found)).is_none());
    add(&mut found, -1);
    let audited = judge.weigh(&later(&mut found)).unwrap();
    assert!(audited.unconfirmed.is_empty() && audited.breaks.len() == 1, "{audited:?}");
    assert!(audited.breaks[0].amount.contains(": 0.000004 (USDC)"), "{audited:?}");

    // Figures in a trader's miscount move as well.
    add(&mut found, 4);
    let mut judge = Judge::new(Rules::default());
    found.traders[0].1.sub_accounts = 7;
    assert!(judge.weigh(&later(&mut found)).is_none());
    found.traders[0].1.sub_accounts = 8;
    assert!(judge.weigh(&later(&mut found)).unwrap().breaks.iter().any(|one| one.amount == "has 1 and counts 8"));
}

#[test]
fn marks_are_of_reads_in_which_everything_held() {
    let (_, mut found) = scene();
    found.markets[0].1.next_event_seq = 10;
    let mut judge = Judge::new(Rules::default());
    assert!(judge.weigh(&later(&mut found)).is_some());

    // A break that is new at every read confirms nothing, and is reported as unconfirmed.
    found.markets[0].1.next_event_seq = 9;
    let mut ended = None;
    for read in 0..5 {
        assert!(ended.is_none());
        let mut flapping = later(&mut found);
        if read % 2 == 0 {
            flapping.markets[0].1.next_event_seq = 10;
            add(&mut flapping, -1);
        }
        ended = judge.weigh(&flapping);
    }
    let audited = ended.unwrap();
    assert_eq!((audited.breaks.len(), audited.unconfirmed.len()), (0, 5), "{audited:?}");

    // They have lowered no mark: the counter that ran backwards is found, and stays found.
    for _ in 0..2 {
        assert!(judge.weigh(&later(&mut found)).is_none());
        let audited = judge.weigh(&later(&mut found)).unwrap();
        assert!(audited.breaks.iter().any(|one| one.what.ends_with("sequence of events")), "{audited:?}");
    }
}
