//! Rent: every account is exempt, growing pays the difference, closing a sub-account gives all of it back.

use kedge_bank_tests::person::key;
use kedge_bank_tests::{Chain, world};
use kedge_interface::address;
use kedge_interface::instruction::{CloseSubAccount, CloseTrader, CreateSubAccount, CreateTrader, GrowOrders};
use kedge_tests::Refusal;
use kedge_tests::verbs::refused;
use solana_account::Account;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;
use solana_transaction_error::TransactionError;

/// Lamports of the person of these tests.
const PURSE: u64 = 10_000_000_000;
/// Unsolicited lamports.
const GIFT: u64 = 12_345;

fn purse(lamports: u64) -> Account {
    Account { lamports, ..Account::default() }
}

/// Lamports of an account, asserted to be exactly its rent exemption.
async fn exempt(chain: &Chain, address: &Pubkey) -> u64 {
    let account = chain.account(address).await.expect("it exists");
    let rent = chain.client().get_rent().await.expect("the bank has rent");
    assert_eq!(account.lamports, rent.minimum_balance(account.data.len()), "{} bytes", account.data.len());
    account.lamports
}

#[tokio::test]
async fn accounts_are_exempt_grow_with_a_top_up_and_give_every_lamport_back() {
    let mut chain = Chain::start(world(1)).await;
    for (address, account) in chain.world.program_accounts() {
        assert_eq!(account.lamports, exempt(&chain, &address).await);
    }
    let (person, receiver) = (key(1), key(2).pubkey());
    let authority = person.pubkey();
    chain.write(authority, purse(PURSE));
    let left = async |chain: &Chain| chain.account(&authority).await.map_or(0, |account| account.lamports);

    chain.send(&[CreateTrader::of(authority, authority).into()], &[&person]).await.expect("a trader");
    let trader = address::trader(&authority);
    let mut paid = exempt(&chain, &trader).await;
    assert_eq!(left(&chain).await, PURSE - paid);

    let create = CreateSubAccount::of(authority, authority, 0, "main", 4);
    let sub_account = create.sub_account;
    chain.send(&[create.into()], &[&person]).await.expect("a sub-account");
    let small = exempt(&chain, &sub_account).await;
    paid += small;
    assert_eq!(left(&chain).await, PURSE - paid);

    // 60 orders of 96 bytes more: exactly their rent.
    chain.send(&[GrowOrders { payer: authority, sub_account, capacity: 64 }.into()], &[&person]).await.expect("grown");
    let grown = exempt(&chain, &sub_account).await;
    let rent = chain.client().get_rent().await.expect("the bank has rent");
    assert_eq!(grown - small, rent.minimum_balance(60 * 96) - rent.minimum_balance(0));
    paid += grown - small;
    assert_eq!(left(&chain).await, PURSE - paid);

    chain.send(&[transfer(&authority, &sub_account, GIFT)], &[&person]).await.expect("a gift");
    let close = CloseSubAccount { authority, receiver, trader, sub_account };
    chain.send(&[close.into()], &[&person]).await.expect("the sub-account is closed");
    assert_eq!(chain.account(&sub_account).await, None);
    let returned = chain.account(&receiver).await.expect("it was paid").lamports;
    let kept = exempt(&chain, &trader).await;
    assert_eq!(returned, paid - kept + GIFT);
    assert_eq!(left(&chain).await + returned, PURSE - kept);
    // A trader account with a signed number must stay; one without closes.
    let close = CloseTrader { authority, receiver, trader };
    refused(chain.send(&[close.into()], &[&person]).await, kedge_model::Error::RecordKept);
}

#[tokio::test]
async fn a_gift_of_rent_beforehand_is_counted() {
    let mut chain = Chain::start(world(1)).await;
    let person = key(1);
    let authority = person.pubkey();
    chain.write(authority, purse(PURSE));
    let trader = address::trader(&authority);
    // Lamports at the address beforehand do not hinder the creation, which then costs only the rest.
    let before = 1_000_000;
    chain.write(trader, purse(before));
    chain.send(&[CreateTrader::of(authority, authority).into()], &[&person]).await.expect("a trader");
    let whole = exempt(&chain, &trader).await;
    assert_eq!(chain.account(&authority).await.expect("it has lamports").lamports, PURSE - (whole - before));
}

#[tokio::test]
async fn no_account_may_be_left_below_its_rent() {
    let mut chain = Chain::start(world(1)).await;
    let person = key(1);
    let authority = person.pubkey();
    let trader = address::trader(&authority);
    let rent = chain.client().get_rent().await.expect("the bank has rent");
    let other = somebody(&mut chain).await;
    let space = chain.world.data(&address::trader(&other)).len();
    let need = rent.minimum_balance(space);

    // The payer would keep dust: the bank refuses the whole transaction after the program has accepted it.
    chain.write(authority, purse(need + 100));
    let create = CreateTrader::of(authority, authority);
    let dust = chain.send(&[create.clone().into()], &[&person]).await;
    refused(dust, Refusal::Transaction(TransactionError::InsufficientFundsForRent { account_index: 1 }));
    assert_eq!(chain.account(&trader).await, None);

    // The payer has a lamport too few: the system program refuses.
    chain.write(authority, purse(need - 1));
    refused(chain.send(&[create.clone().into()], &[&person]).await, 1);
    assert_eq!(chain.account(&trader).await, None);

    // With the exact amount it succeeds.
    chain.write(authority, purse(need));
    chain.send(&[create.into()], &[&person]).await.expect("a trader");
    assert_eq!(exempt(&chain, &trader).await, need);
    assert_eq!(chain.account(&authority).await, None);
}

/// Authority of an existing trader.
async fn somebody(chain: &mut Chain) -> Pubkey {
    let other = key(3);
    chain.write(other.pubkey(), purse(PURSE));
    let create = CreateTrader::of(other.pubkey(), other.pubkey());
    chain.send(&[create.into()], &[&other]).await.expect("a trader");
    other.pubkey()
}
