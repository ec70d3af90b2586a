//! Traders, sub-accounts, deposits and withdrawals.

use kedge_interface::account::sub_account_space;
use kedge_interface::address;
use kedge_interface::error::AccountError;
use kedge_interface::event::Event;
use kedge_interface::instruction::{
    CloseSubAccount, CloseTrader, CreateSubAccount, Deposit, GrowOrders, Instruction, SetDelegate, Withdraw,
};
use kedge_model::Error;
use kedge_model::account::order::Side;
use kedge_model::quantity::Amount;
use kedge_tests::World;
use kedge_tests::market::{DOLLAR, ONE, SOL, USDC, WSOL, bank_params};
use kedge_tests::orders::{ioc, limit};
use kedge_tests::token;
use kedge_tests::verbs::{SendResult, refused};
use kedge_tests::world::{User, key};

fn grow(world: &mut World, user: User, capacity: u16) -> SendResult {
    world.run(GrowOrders { payer: user.authority, sub_account: user.sub, capacity })
}

fn closing(user: User, receiver: solana_pubkey::Pubkey) -> CloseSubAccount {
    CloseSubAccount {
        authority: user.authority,
        receiver,
        trader: address::trader(&user.authority),
        sub_account: user.sub,
    }
}

#[test]
fn a_person_has_a_record_and_sub_accounts_with_consecutive_ids() {
    let mut world = World::start();
    let user = world.user_with_orders(8);
    let second = world.create_sub_account(user.authority, 1, 0).expect("the next id");
    let head = world.sub(&user.sub).head;
    assert_eq!((head.id, head.version, head.next_order_id), (0, 1, 1));
    assert_eq!((head.authority, head.delegate), (user.authority.to_bytes(), [0; 32]));
    assert_eq!(&head.name, b"main\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_eq!(world.data(&user.sub).len(), sub_account_space(8));
    assert_eq!(world.data(&second).len(), sub_account_space(0));
    assert_eq!((world.exchange().traders, world.exchange().sub_accounts), (1, 2));
    let skipping = CreateSubAccount::of(user.authority, user.authority, 3, "x", 0);
    refused(world.run(skipping), AccountError::AccountWrongAddress);
    let large = CreateSubAccount::of(user.authority, user.authority, 2, "x", 129);
    refused(world.run(large), Error::InvalidParameter);
}

#[test]
fn room_for_orders_grows_in_steps_of_four() {
    let mut world = World::start();
    let user = world.user_with_orders(4);
    grow(&mut world, user, 8).expect("a step");
    assert_eq!(world.sub(&user.sub).orders.len(), 8);
    assert_eq!(world.account(&user.sub).expect("there").lamports, world.rent(sub_account_space(8)));
    for capacity in [8, 4, 10, 132] {
        refused(grow(&mut world, user, capacity), Error::InvalidParameter);
    }
    refused(grow(&mut world, user, 128), AccountError::GrowthStepTooLarge);
    grow(&mut world, user, 64).expect("5,376 bytes");
    grow(&mut world, user, 128).expect("as much as there is");
    refused(grow(&mut world, user, 132), Error::InvalidParameter);
    world.deposit(user, USDC, 10_000 * DOLLAR).expect("money");
    world.place(user, limit(SOL, Side::Long, ONE, 149 * DOLLAR)).expect("the grown account trades");
}

#[test]
fn an_empty_sub_account_closes_and_returns_its_rent() {
    let mut world = World::start();
    let user = world.rich(100);
    let receiver = key(6, 6);
    let rent = world.account(&user.sub).expect("there").lamports;
    refused(world.run(closing(user, receiver)), Error::AccountNotEmpty);
    let close_trader = CloseTrader { authority: user.authority, receiver, trader: address::trader(&user.authority) };
    refused(world.run(close_trader.clone()), Error::AccountNotEmpty);
    world.withdraw(user, USDC, 100 * DOLLAR).expect("all of it leaves");
    world.run(closing(user, receiver)).expect("nothing is left in it");
    assert!(world.account(&user.sub).is_none_or(|account| account.lamports == 0 && account.data.is_empty()));
    assert_eq!(world.account(&receiver).expect("paid").lamports, rent);
    // A message for the first sub-account must not be valid for another at its address, and the referrer must not
    // change.
    refused(world.run(close_trader), Error::RecordKept);
    let next = world.create_sub_account(user.authority, 1, 0).expect("the next id");
    assert_ne!(next, user.sub);
    let person = key(6, 3);
    world.machine.endow(person);
    world.create_trader(person).expect("a trader");
    let close = CloseTrader { authority: person, receiver, trader: address::trader(&person) };
    world.run(close).expect("it never gave a number");
}

#[test]
fn a_closed_sub_account_is_gone_within_the_same_transaction() {
    let mut world = World::start();
    let user = world.user();
    let close: Instruction = closing(user, key(6, 6)).into();
    let deposit: Instruction = Deposit::of(user.authority, user.wallet, user.sub, USDC, DOLLAR).into();
    refused(world.run_all(&[close.clone(), deposit]), AccountError::AccountWrongOwner);
    // Lamports sent after it do not bring it back.
    let mut data = vec![2, 0, 0, 0];
    data.extend(10_000_000u64.to_le_bytes());
    let accounts = vec![
        solana_instruction::AccountMeta::new(user.authority, true),
        solana_instruction::AccountMeta::new(user.sub, false),
    ];
    let revive = Instruction { program_id: address::SYSTEM_PROGRAM, accounts, data };
    world.run_all(&[close, revive]).expect("a plain transfer");
    let left = world.account(&user.sub).expect("it has lamports");
    assert_eq!((left.owner, left.data.len()), (address::SYSTEM_PROGRAM, 0));
    refused(world.deposit(user, USDC, DOLLAR), AccountError::AccountWrongOwner);
}

#[test]
fn a_delegate_trades_and_takes_nothing_out() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let delegate = key(6, 0);
    world.machine.endow(delegate);
    let deputy = User { authority: delegate, ..user };
    refused(world.place(deputy, limit(SOL, Side::Long, ONE, 149 * DOLLAR)), Error::WrongAuthority);
    let name = |delegate| SetDelegate { authority: user.authority, sub_account: user.sub, delegate };
    world.run(name(delegate.to_bytes())).expect("named");
    let id = world.place(deputy, limit(SOL, Side::Long, ONE, 149 * DOLLAR)).expect("places");
    world.cancel(deputy, id).expect("cancels");
    world.take(deputy, ioc(SOL, Side::Long, ONE, 151 * DOLLAR), &[]).expect("takes");
    let (_, pocket) = world.token_owner(delegate, USDC, 0);
    refused(world.run(Withdraw::of(delegate, pocket, user.sub, USDC, DOLLAR)), Error::WrongAuthority);
    refused(world.run(CloseSubAccount { authority: delegate, ..closing(user, delegate) }), Error::WrongAuthority);
    world.run(name([0; 32])).expect("nobody");
    refused(world.place(deputy, limit(SOL, Side::Long, ONE, 149 * DOLLAR)), Error::WrongAuthority);
}

#[test]
fn deposits_and_withdrawals_move_exactly_their_amount() {
    let mut world = World::start();
    let user = world.user();
    let pools = world.vault(USDC);
    let before = token::amount(&world.machine, &user.wallet);
    let done = world.deposit(user, USDC, 1_234_567).expect("a deposit");
    let [Event::Deposit(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.amount, record.balance, record.bank), (Amount(1_234_567), Amount(1_234_567), USDC));
    assert_eq!(record.account.authority, user.authority.to_bytes());
    assert_eq!(done.batches[0].header.signer, user.authority.to_bytes());
    assert_eq!((world.balance(user, USDC), world.vault(USDC)), (1_234_567, pools + 1_234_567));
    assert_eq!(token::amount(&world.machine, &user.wallet), before - 1_234_567);
    assert_eq!(world.sub(&user.sub).head.total_deposits, 1_234_567);
    let done = world.withdraw(user, USDC, 234_567).expect("a withdrawal");
    let [Event::Withdraw(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.amount, record.balance), (Amount(234_567), Amount(1_000_000)));
    assert_eq!(token::amount(&world.machine, &user.wallet), before - 1_000_000);
    world.withdraw(user, USDC, 1_000_000).expect("the rest");
    assert_eq!((world.balance(user, USDC), world.vault(USDC)), (0, pools));
    refused(world.deposit(user, USDC, 0), Error::AmountZero);
    refused(world.withdraw(user, USDC, 0), Error::AmountZero);
    refused(world.withdraw(user, USDC, 1), Error::InsufficientBalance);
    // Not enough tokens: the token program's refusal.
    refused(world.deposit(user, USDC, before + 1), 1);
}

#[test]
fn anybody_may_deposit_for_anybody() {
    let mut world = World::start();
    let (user, friend) = (world.user(), world.user());
    world.run(Deposit::of(friend.authority, friend.wallet, user.sub, USDC, DOLLAR)).expect("a present");
    assert_eq!(world.balance(user, USDC), DOLLAR);
    // Each further kind of token adds a price that the owner depends on.
    let wallet = world.wallet(friend, WSOL);
    let present = || Deposit::of(friend.authority, wallet, user.sub, WSOL, 1);
    refused(world.run(present()), Error::UnaskedToken);
    world.deposit(user, WSOL, 1).expect("the owner brings it");
    world.run(present()).expect("and then it is known");
    assert_eq!(world.balance(user, WSOL), 2);
}

#[test]
fn deposits_stop_at_the_cap() {
    let mut world = World::bare();
    world.initialize();
    world.list_bank(&kedge_model::action::BankParams { deposit_cap: Amount(1_000), ..bank_params(USDC) }, DOLLAR);
    let user = world.user();
    world.deposit(user, USDC, 600).expect("below the cap");
    refused(world.deposit(user, USDC, 401), Error::DepositCapReached);
    world.deposit(user, USDC, 400).expect("up to the cap");
}

#[test]
fn withdrawals_keep_initial_margin_at_strict_prices() {
    let mut world = World::start();
    let user = world.rich(1_000);
    world.take(user, ioc(SOL, Side::Long, 20 * ONE, 151 * DOLLAR), &[]).expect("three times leverage");
    let free = 600 * DOLLAR;
    world.withdraw(user, USDC, free).expect("above initial margin");
    refused(world.withdraw(user, USDC, 200 * DOLLAR), Error::InsufficientMargin);
    world.pass_ms(60_000);
    refused(world.withdraw(user, USDC, DOLLAR), Error::StaleRow);
    // Without positions no price is needed.
    let other = world.rich(10);
    world.pass_ms(600_000);
    world.withdraw(other, USDC, DOLLAR).expect("nothing is at stake");
}

#[test]
fn balances_move_between_the_sub_accounts_of_one_person() {
    let mut world = World::start();
    let (user, other) = (world.rich(100), world.rich(100));
    let second = world.create_sub_account(user.authority, 1, 0).expect("a second sub-account");
    let done = world.transfer(user, second, USDC, 40 * DOLLAR).expect("a transfer");
    let [Event::Transfer(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.amount, record.to, record.bank), (Amount(40 * DOLLAR), 1, USDC));
    assert_eq!(world.balance(user, USDC), 60 * DOLLAR);
    assert_eq!(world.sub(&second).head.balance(USDC), Amount(40 * DOLLAR));
    refused(world.transfer(user, other.sub, USDC, DOLLAR), Error::WrongOwner);
    refused(world.transfer(user, second, USDC, 0), Error::AmountZero);
    refused(world.transfer(user, second, USDC, 61 * DOLLAR), Error::InsufficientBalance);
    refused(world.transfer(user, second, WSOL, 1), Error::InsufficientBalance);
}

#[test]
fn another_collateral_may_be_held_and_backs_nothing() {
    let mut world = World::start();
    let user = world.user();
    world.deposit(user, WSOL, 1_000 * ONE).expect("SOL");
    let order = limit(SOL, Side::Long, ONE, 149 * DOLLAR);
    refused(world.place(user, order), Error::InsufficientMargin);
    world.deposit(user, USDC, 100 * DOLLAR).expect("dollars");
    world.place(user, order).expect("dollars back it");
    world.withdraw(user, WSOL, 1_000 * ONE).expect("what backs nothing may leave");
    assert_eq!(world.vault(WSOL), 0);
}
