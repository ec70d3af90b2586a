//! Who may do what: the exchange's roles and switches, a sub-account's owner and delegate.

mod common;

use common::Account;
use kedge_model::account::board::{Purpose, RowState};
use kedge_model::account::exchange::{Exchange, operation};
use kedge_model::account::market::MarketStatus;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account::{SubAccount, status};
use kedge_model::action::PoolKind;
use kedge_model::clock::Clock;
use kedge_model::error::Error;
use kedge_model::event::{Batch, EventKind};
use kedge_model::time::Seconds;

const ADMIN: [u8; 32] = [1; 32];
const PAUSER: [u8; 32] = [2; 32];
const OTHER: [u8; 32] = [3; 32];
const NOBODY: [u8; 32] = [0; 32];

fn exchange() -> Exchange {
    Exchange::new(255, ADMIN, PAUSER).unwrap()
}

#[test]
fn the_admin_is_one_and_hands_over_in_two_steps() {
    let mut exchange = exchange();
    assert_eq!(exchange.require_admin(&ADMIN), Ok(()));
    assert_eq!(exchange.require_admin(&PAUSER), Err(Error::WrongAuthority));
    assert_eq!(exchange.accept_admin(&NOBODY), Err(Error::WrongAuthority), "nobody was named");
    assert_eq!(exchange.propose_admin(&OTHER, OTHER), Err(Error::WrongAuthority));
    assert_eq!(exchange.pending_admin, NOBODY);
    exchange.propose_admin(&ADMIN, OTHER).unwrap();
    assert_eq!((exchange.admin, exchange.pending_admin), (ADMIN, OTHER));
    for wrong in [ADMIN, PAUSER, NOBODY] {
        assert_eq!(exchange.accept_admin(&wrong), Err(Error::WrongAuthority));
    }
    exchange.accept_admin(&OTHER).unwrap();
    assert_eq!((exchange.admin, exchange.pending_admin), (OTHER, NOBODY));
    assert_eq!(exchange.accept_admin(&OTHER), Err(Error::WrongAuthority), "once");
    assert_eq!(exchange.require_admin(&ADMIN), Err(Error::WrongAuthority));
}

#[test]
fn the_pauser_pauses_and_the_admin_alone_resumes() {
    use operation::{DEPOSIT, FILL, PLACE};
    let (clock, hour) = (Clock { slot: 1, unix_time: 1_000_000 }, Seconds::HOUR);
    let set = |before: u32, signer: [u8; 32], paused: u32| {
        let mut exchange = exchange();
        exchange.set_paused(&ADMIN, before, hour, &clock).unwrap();
        let done = exchange.set_paused(&signer, paused, hour, &clock).map(|()| exchange.paused);
        assert!(done.is_ok() || exchange.paused == before);
        done
    };
    let wrong = Err(Error::WrongAuthority);
    for (before, after) in [(0, DEPOSIT), (PLACE, PLACE | FILL), (PLACE, PLACE), (0, operation::ALL)] {
        assert_eq!((set(before, PAUSER, after), set(before, ADMIN, after)), (Ok(after), Ok(after)));
        assert_eq!((set(before, OTHER, after), set(before, NOBODY, after)), (wrong, wrong));
    }
    for (before, after) in [(PLACE, 0), (PLACE | FILL, PLACE | DEPOSIT), (operation::ALL, PLACE)] {
        assert_eq!((set(before, PAUSER, after), set(before, ADMIN, after)), (wrong, Ok(after)));
    }
    assert_eq!(set(0, ADMIN, operation::ALL + 1), Err(Error::InvalidParameter));
    let none = Exchange { pauser: NOBODY, ..exchange() };
    assert_eq!((exchange().is_pauser(&PAUSER), exchange().is_pauser(&OTHER)), (true, false));
    assert!(!none.is_pauser(&NOBODY), "nobody is the pauser while none is named");
    let mut paused = exchange();
    paused.set_paused(&PAUSER, PLACE, hour, &clock).unwrap();
    assert_eq!(paused.require_open(FILL | DEPOSIT, &clock), Ok(()));
    assert_eq!(paused.require_open(FILL | PLACE, &clock), Err(Error::OperationPaused));
}

#[test]
fn a_delegate_trades_and_does_not_own() {
    let mut head = Account::new(1, 0).head;
    assert_eq!(head.require_trader(&NOBODY), Err(Error::WrongAuthority), "no delegate is named");
    head.delegate = PAUSER;
    let roles = |signer| (head.require_trader(&signer).is_ok(), head.require_owner(&signer).is_ok());
    assert_eq!(
        [ADMIN, PAUSER, OTHER, NOBODY].map(roles),
        [(true, true), (true, false), (false, false), (false, false)]
    );
    assert_eq!(head.require_owner(&PAUSER), Err(Error::WrongAuthority));
}

#[test]
fn a_pocket_in_liquidation_or_bankrupt_is_not_free() {
    let with = |status| Pocket::Cross.require_free(&SubAccount { status, ..Account::new(1, 0).head });
    assert_eq!(with(0), Ok(()));
    assert_eq!(with(status::BEING_LIQUIDATED), Err(Error::AccountBeingLiquidated));
    assert_eq!(with(status::BANKRUPT), Err(Error::AccountBankrupt));
}

#[test]
fn a_purpose_takes_the_states_of_its_row_and_no_other() {
    let [normal, degraded, jump] = [RowState::Normal, RowState::Degraded, RowState::Jump];
    for (purposes, states, factor) in [
        (vec![Purpose::IncreaseRisk, Purpose::FillAmm, Purpose::UpdateAmm], vec![normal], 1),
        (vec![Purpose::Withdraw], vec![normal, degraded], 1),
        (vec![Purpose::UpdateFunding, Purpose::SettlePnl], vec![normal, degraded], 2),
        (vec![Purpose::Trigger], vec![normal, degraded, jump], 1),
        (vec![Purpose::Liquidate], vec![normal, degraded, jump], 2),
        (vec![Purpose::ReduceRisk], vec![normal, degraded, jump], 4),
    ] {
        for purpose in purposes {
            let requirement = purpose.requirement();
            assert_eq!(requirement.age_factor, factor, "{purpose:?}");
            for state in [normal, degraded, jump, RowState::Stale, RowState::Halted] {
                assert_eq!(requirement.accepts(state), states.contains(&state), "{purpose:?} {state:?}");
            }
        }
    }
}

#[test]
fn numbers_name_what_they_named() {
    for number in 0..=u8::MAX {
        let kind = EventKind::from_number(number);
        assert_eq!(kind.map(|kind| kind as u8), (1..=19).contains(&number).then_some(number));
        let status = MarketStatus::from_number(number).ok();
        assert_eq!(status.map(|status| status as u8), (number <= 4).then_some(number));
        let pool = PoolKind::from_number(number).ok();
        assert_eq!(pool.map(|pool| pool as u8), (number <= 1).then_some(number));
        assert_eq!(
            RowState::from_number(number) as u8,
            number.min(RowState::Halted as u8),
            "what is no state is halted"
        );
    }
}

#[test]
fn a_batch_says_whether_it_is_empty() {
    let mut buffer = [0; 64];
    let batch = Batch::new(&mut buffer, 0);
    assert_eq!((batch.is_empty(), batch.moves_money()), (true, false));
}

#[test]
fn owners_are_told_apart_by_all_of_their_key_and_accounts_by_their_number() {
    let one = Account::new(1, 0).head;
    let mut near = Account::new(1, 0).head;
    near.authority[31] = 9;
    let other = Account::new(1, 1).head;
    assert_eq!((one.is_of(&one), one.is_of(&near), one.is_of(&other)), (true, false, true));
    assert_eq!((one.is_same(&one), one.is_same(&near), one.is_same(&other)), (true, false, false));
}

#[test]
fn an_account_is_empty_without_balance_position_and_order_alone() {
    let empty = Account::new(1, 0).head;
    assert!(empty.is_empty());
    let changes: [fn(&mut SubAccount); 3] = [
        |a| a.open_orders = 1,
        |a| a.balances[3].used = 1,
        |a| (a.positions[2].status, a.positions[2].quote.0) = (1, -1),
    ];
    for change in changes {
        let mut account = empty;
        change(&mut account);
        assert!(!account.is_empty());
    }
}

#[test]
fn a_pocket_in_liquidation_holds_up_its_own_markets_alone() {
    let mut account = Account::new(1, 0).head;
    (account.positions[0].market, account.positions[0].status) = (4, 1 | 2);
    assert_eq!((account.require_free_in(4), account.require_free_in(5)), (Ok(()), Ok(())));
    account.status = status::HAS_ISOLATED | status::BEING_LIQUIDATED;
    assert_eq!((account.require_free_in(4), account.require_free_in(5)), (Ok(()), Err(Error::AccountBeingLiquidated)));
    (account.status, account.positions[0].status) = (status::HAS_ISOLATED, 1 | 2 | 8);
    assert_eq!((account.require_free_in(4), account.require_free_in(5)), (Err(Error::AccountBankrupt), Ok(())));
    assert!(account.isolated(4).is_some() && account.isolated(5).is_none());
}
