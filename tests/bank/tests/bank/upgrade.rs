//! An upgrade of the program under a running exchange.

use kedge_bank_tests::person::key;
use kedge_bank_tests::program::buffer;
use kedge_bank_tests::{Chain, Person, world};
use kedge_interface::PROGRAM_ID;
use kedge_model::account::order::Side;
use kedge_model::quantity::Base;
use kedge_tests::Refusal;
use kedge_tests::machine::program;
use kedge_tests::market::{DOLLAR, ONE, SOL};
use kedge_tests::orders::{ioc, limit};
use kedge_tests::verbs::refused;
use solana_instruction::error::InstructionError;
use solana_loader_v3_interface::get_program_data_address;
use solana_loader_v3_interface::instruction::upgrade;
use solana_signer::Signer;

#[tokio::test]
async fn an_upgrade_keeps_every_byte_and_takes_effect_in_the_next_slot() {
    let mut world = world(2);
    let maker = world.rich(10_000);
    world.place(maker, limit(SOL, Side::Short, 5 * ONE, 150 * DOLLAR)).expect("the maker rests");
    let person = Person::new(&mut world, 1, 10_000);
    let stranger = key(2);
    let mut chain = Chain::start(world).await;
    chain.write(stranger.pubkey(), solana_account::Account { lamports: 1_000_000_000, ..Default::default() });
    let buy =
        |chain: &Chain| chain.world.taking(person.user, ioc(SOL, Side::Long, ONE, 150 * DOLLAR), ONE, &[maker]).into();
    let instruction = buy(&chain);
    chain.send(&[instruction], &[&person.key]).await.expect("before the upgrade");
    let code = get_program_data_address(&PROGRAM_ID);
    let before = chain.account(&code).await.expect("the code");

    // Another account's buffer with the same code cannot be installed.
    let elf = program();
    let (theirs, ours) = (key(3).pubkey(), key(4).pubkey());
    chain.context.set_account(&theirs, &buffer(&elf, stranger.pubkey()).into());
    let attempt = upgrade(&PROGRAM_ID, &theirs, &stranger.pubkey(), &stranger.pubkey(), true);
    refused(chain.send(&[attempt], &[&stranger]).await, InstructionError::IncorrectAuthority);
    assert_eq!(chain.account(&code).await.expect("the code"), before);

    let upgrader = chain.upgrader.insecure_clone();
    chain.context.set_account(&ours, &buffer(&elf, upgrader.pubkey()).into());
    let install = upgrade(&PROGRAM_ID, &ours, &upgrader.pubkey(), &upgrader.pubkey(), true);
    chain.send(&[install], &[&upgrader]).await.expect("the upgrade");
    chain.assert_same("after the upgrade").await;
    let after = chain.account(&code).await.expect("the code");
    assert_ne!(after.data[..16], before.data[..16], "the slot of the upgrade is noted");
    assert_eq!(after.data[45..45 + elf.len()], elf[..], "the code is the buffer's");

    // In the slot of the upgrade the program cannot be called: no state is half old, half new.
    let instruction = buy(&chain);
    let Err(early) = chain.send(&[instruction], &[&person.key]).await else { panic!("it ran in the same slot") };
    assert_eq!(early.refusal, Refusal::Builtin(InstructionError::UnsupportedProgramId), "{early:?}");

    chain.pass_slots(1).await;
    let instruction = buy(&chain);
    chain.send(&[instruction], &[&person.key]).await.expect("after the upgrade");
    assert_eq!(chain.world.position(person.user, SOL).base, Base(2_000_000_000));
    assert_eq!(chain.world.sub(&maker.sub).orders[0].filled.0, 2 * ONE);
}
