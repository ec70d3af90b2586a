//! What is tried changes nothing below, what is kept is what was tried, and what is refused changes nothing at all.

use kedge_abi::address::{BOARD, EXCHANGE};
use kedge_abi::error::{AccountError, Refusal};
use kedge_engine::{Accounts, Moment, Overlay, Report, State, apply};
use kedge_interface::account::SubAccountData;
use kedge_interface::address;
use kedge_interface::instruction::{
    CloseSubAccount, CreateSubAccount, CreateTrader, Decoded, Deposit, Initialize, ListBank, PlaceOrders, SetDelegate,
};
use kedge_model::Error;
use kedge_model::account::board::{PriceSource, SourceKind};
use kedge_model::action::{BankParams, RowParams};
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Ppm};
use solana_pubkey::Pubkey;

const ADMIN: Pubkey = Pubkey::new_from_array([1; 32]);
const OWNER: Pubkey = Pubkey::new_from_array([2; 32]);
const STRANGER: Pubkey = Pubkey::new_from_array([3; 32]);
const MINT: Pubkey = Pubkey::new_from_array([4; 32]);
const CLOCK: Clock = Clock { slot: 1_000, unix_time: 1_800_000_000 };

fn run(accounts: &mut impl Accounts, instruction: Decoded) -> Result<Report, Refusal> {
    apply(accounts, &instruction, &Moment::from(CLOCK), &mut NoEvents)
}

fn main_account() -> Pubkey {
    address::sub_account(&OWNER, 0)
}

fn deposit(amount: u64) -> Decoded {
    Decoded::Deposit(Deposit::of(OWNER, Pubkey::default(), main_account(), 0, amount))
}

/// An exchange with one bank and one account.
fn opened() -> State {
    let mut state = State::default();
    state.mints.insert(MINT, 6);
    let mut sources = [PriceSource::default(); 4];
    sources[0] = PriceSource { kind: SourceKind::Fixed as u8, ..PriceSource::default() };
    let row = RowParams {
        sources,
        quorum: 1,
        max_confidence: Ppm(20_000),
        max_age: 30,
        jump_limit: Ppm(50_000),
        ..RowParams::default()
    };
    let (initial_weight, maintenance_weight) = (Ppm(1_000_000), Ppm(1_000_000));
    let params =
        BankParams { row, deposit_cap: Amount(10_000), initial_weight, maintenance_weight, ..BankParams::default() };
    let (bank, vault) = (address::bank(0), address::vault(0));
    for instruction in [
        Decoded::Initialize(Initialize { admin: ADMIN, pauser: ADMIN.to_bytes(), treasury: [9; 32] }),
        Decoded::ListBank(ListBank { admin: ADMIN, bank, mint: MINT, vault, params }),
        Decoded::CreateTrader(CreateTrader::of(OWNER, OWNER)),
        Decoded::CreateSubAccount(CreateSubAccount::of(OWNER, OWNER, 0, "main", 8)),
    ] {
        run(&mut state, instruction).unwrap();
    }
    state
}

#[test]
fn what_is_tried_changes_nothing_below_and_can_be_kept() {
    let state = opened();
    let mut tried = Overlay::over(&state);
    run(&mut tried, deposit(700)).unwrap();
    run(&mut tried, deposit(300)).unwrap();
    assert_eq!((tried.tokens(&address::vault(0)), state.tokens(&address::vault(0))), (Some(1_000), Some(0)));
    assert!(tried.read::<SubAccountData>(&main_account()).unwrap() != state.read(&main_account()).unwrap());

    let (mut kept, mut done) = (state.clone(), state.clone());
    kept.keep(tried.changes);
    run(&mut done, deposit(700)).unwrap();
    run(&mut done, deposit(300)).unwrap();
    assert_eq!((&kept.accounts, &kept.vaults), (&done.accounts, &done.vaults));
}

#[test]
fn what_is_closed_above_is_gone_above_alone() {
    let state = opened();
    let mut tried = Overlay::over(&state);
    let (receiver, trader) = (OWNER, address::trader(&OWNER));
    let close = CloseSubAccount { authority: OWNER, receiver, trader, sub_account: main_account() };
    run(&mut tried, Decoded::CloseSubAccount(close)).unwrap();
    assert!(tried.get(&main_account()).is_none() && state.get(&main_account()).is_some());
    assert_eq!(run(&mut tried, deposit(1)).unwrap_err(), AccountError::AccountWrongOwner.into());
    let mut kept = state.clone();
    kept.keep(tried.changes);
    assert!(kept.get(&main_account()).is_none());
}

#[test]
fn what_is_refused_changes_nothing() {
    let state = opened();
    let market = address::market(0);
    let place = |signer| PlaceOrders { signer, market, sub_account: main_account(), orders: vec![Default::default()] };
    let delegate = SetDelegate { authority: STRANGER, sub_account: main_account(), delegate: [3; 32] };
    let again = CreateSubAccount::of(OWNER, OWNER, 1, "next", 8);
    let elsewhere = CreateSubAccount { sub_account: STRANGER, ..again };
    let initialize = Initialize { admin: STRANGER, pauser: [3; 32], treasury: [9; 32] };
    for (instruction, refusal) in [
        (deposit(10_001), Refusal::from(Error::DepositCapReached)),
        (Decoded::PlaceOrders(place(STRANGER)), Error::WrongAuthority.into()),
        (Decoded::PlaceOrders(place(OWNER)), AccountError::AccountWrongOwner.into()),
        (Decoded::SetDelegate(delegate), Error::WrongAuthority.into()),
        (Decoded::CreateSubAccount(elsewhere), AccountError::AccountWrongAddress.into()),
        (Decoded::CreateTrader(CreateTrader::of(OWNER, OWNER)), AccountError::AccountAlreadyExists.into()),
        (Decoded::Initialize(initialize), AccountError::AccountAlreadyExists.into()),
    ] {
        let mut after = state.clone();
        assert_eq!(run(&mut after, instruction.clone()).unwrap_err(), refusal, "{instruction:?}");
        assert_eq!((&after.accounts, &after.vaults), (&state.accounts, &state.vaults), "{instruction:?}");
    }
    let not_a_board = Overlay::over(&state).read::<SubAccountData>(&BOARD).map(drop);
    assert_eq!(not_a_board, Err(AccountError::AccountWrongType.into()));
    assert!(state.get(&EXCHANGE).is_some());
}
