//! Address lookup tables: sizes of a keeper's transaction with and without, and the slot from which a table is usable.

use std::collections::BTreeSet;

use kedge_bank_tests::{Chain, Person, world};
use kedge_interface::PROGRAM_ID;
use kedge_interface::instruction::Instruction;
use kedge_model::account::order::Side;
use kedge_model::quantity::Base;
use kedge_tests::market::{DOLLAR, ONE, SOL};
use kedge_tests::orders::limit;
use kedge_tests::verbs::refused;
use kedge_tests::{Refusal, User};
use solana_address_lookup_table_interface::instruction::{create_lookup_table, extend_lookup_table};
use solana_message::AddressLookupTableAccount;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

/// Largest transaction of the network in bytes.
const PACKET: usize = 1_232;
/// Largest number of makers of a fill.
const MAKERS: usize = 8;
/// Markets whose prices the keeper refreshes in the same transaction.
const MARKETS: u16 = 12;

fn size(transaction: &VersionedTransaction) -> usize {
    wincode::serialize(transaction).expect("a transaction has a form").len()
}

/// The addresses that a table can hold: all but signers and called programs.
fn addresses(instructions: &[Instruction]) -> Vec<Pubkey> {
    let programs: BTreeSet<Pubkey> = instructions.iter().map(|instruction| instruction.program_id).collect();
    let metas = instructions.iter().flat_map(|instruction| &instruction.accounts);
    let loaded = metas.filter(|meta| !meta.is_signer && !programs.contains(&meta.pubkey));
    loaded.map(|meta| meta.pubkey).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A taker's order, eight makers with two orders each, and a keeper with a keypair.
async fn stage() -> (Chain, Person, User, u32, Vec<User>) {
    let mut world = world(MARKETS);
    let makers: Vec<User> = (0..MAKERS).map(|_| world.rich(10_000)).collect();
    let taker = world.rich(10_000);
    let keeper = Person::new(&mut world, 1, 1_000);
    let order = limit(SOL, Side::Short, ONE / 2, 150 * DOLLAR);
    for maker in &makers {
        world.place_all(*maker, &[order, order]).expect("two orders rest");
    }
    let id = world.place(taker, limit(SOL, Side::Long, 8 * ONE, 150 * DOLLAR)).expect("the taker is placed");
    (Chain::start(world).await, keeper, taker, id, makers)
}

#[tokio::test]
async fn a_fill_with_all_makers_and_fresh_prices_fits_only_with_a_table_that_has_warmed_up() {
    let (mut chain, keeper, taker, id, makers) = stage().await;
    chain.pass_slots(5).await;
    chain.publish();
    let rows = (0..u8::try_from(MARKETS).expect("few markets")).collect::<Vec<_>>();
    let refresh = Instruction::from(chain.world.refreshing(&rows, &[0, 1]));
    let fill = chain.world.filling(keeper.user, taker, id, true, &makers);
    assert_eq!(fill.makers.len(), 2 * MAKERS);
    let fill = Instruction::from(fill);
    let both = [chain.unique(), refresh, fill.clone()];
    let signers = [&keeper.key];

    // A table with all but the last address, as an earlier slot left it.
    let mut addresses = addresses(&both);
    let last = addresses.pop().expect("many addresses");
    let owner = keeper.key.pubkey();
    let (create, key) = create_lookup_table(owner, owner, chain.world.slot - 1);
    chain.send(&[create], &signers).await.expect("a table");
    for part in addresses.chunks(20) {
        let extend = extend_lookup_table(key, owner, Some(owner), part.to_vec());
        chain.send(&[extend], &signers).await.expect("the table grows");
    }
    chain.pass_slots(1).await;
    chain.send(&[extend_lookup_table(key, owner, Some(owner), vec![last])], &signers).await.expect("the last address");
    addresses.push(last);
    let tables = [AddressLookupTableAccount { key, addresses }];

    let alone = size(&chain.transaction(std::slice::from_ref(&fill), &signers, &[]).await);
    let alone_with = size(&chain.transaction(&[fill], &signers, &tables).await);
    let plain = size(&chain.transaction(&both, &signers, &[]).await);
    let with = chain.transaction(&both, &signers, &tables).await;
    println!("fill with {MAKERS} makers and {} orders: {} bytes, with a table {alone_with}", 2 * MAKERS, alone);
    println!("and {} rows refreshed before: {plain} bytes, with a table {}", MARKETS + 2, size(&with));
    assert!(plain > PACKET && size(&with) <= PACKET, "{plain} and {}", size(&with));
    assert!(with.message.static_account_keys().contains(&PROGRAM_ID), "the program that is called stays outside");

    // In the slot of the extension the new address is not usable.
    let early = chain.submit(with, &tables).await;
    refused(early, Refusal::Transaction(TransactionError::InvalidAddressLookupTableIndex));
    assert_eq!(chain.world.position(taker, SOL).base, Base::ZERO);

    chain.pass_slots(1).await;
    let again = chain.transaction(&both, &signers, &tables).await;
    let done = chain.submit(again, &tables).await.expect("it is filled through the table");
    println!("{} CU", done.compute);
    assert_eq!(chain.world.position(taker, SOL).base, Base(8_000_000_000));
    for maker in makers {
        assert_eq!(chain.world.position(maker, SOL).base, Base(-1_000_000_000));
    }
}
