//! A transaction that runs out of compute units.

use kedge_bank_tests::{Chain, Person, world};
use kedge_interface::instruction::{Deposit, Instruction};
use kedge_model::account::order::Side;
use kedge_model::quantity::Base;
use kedge_tests::Refusal;
use kedge_tests::market::{DOLLAR, ONE, SOL, USDC};
use kedge_tests::orders::{ioc, limit};
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_instruction::error::InstructionError;

#[tokio::test]
async fn a_unit_too_few_reverts_all_instructions_of_the_transaction() {
    let mut world = world(1);
    let maker = world.rich(10_000);
    world.place(maker, limit(SOL, Side::Short, ONE, 150 * DOLLAR)).expect("the maker rests");
    let taker = Person::new(&mut world, 1, 1_000);
    let mut chain = Chain::start(world).await;
    let user = taker.user;
    let deposit = Deposit::of(user.authority, user.wallet, user.sub, USDC, 500 * DOLLAR);
    let take = chain.world.taking(user, ioc(SOL, Side::Long, 3 * ONE, 152 * DOLLAR), 0, &[maker]);
    let work: [Instruction; 2] = [deposit.into(), take.into()];
    let limited = |units: u32| {
        let limit = ComputeBudgetInstruction::set_compute_unit_limit(units);
        [limit].into_iter().chain(work.iter().cloned()).collect::<Vec<_>>()
    };
    let trial = chain.transaction(&limited(1_400_000), &[&taker.key], &[]).await;
    let simulated = chain.client().simulate_transaction(trial).await.expect("the bank answers");
    assert_eq!(simulated.result, Some(Ok(())));
    let need = simulated.simulation_details.expect("it ran").units_consumed;
    let need = u32::try_from(need).expect("few units");
    println!("deposit, match with a maker and the vAMM: {need} CU");

    let before = (chain.world.balance(user, USDC), chain.world.market(SOL).next_event_seq);
    for units in [need - 1, need - 200, need * 3 / 4, need / 2, need / 4] {
        let Err(found) = chain.send_exactly(&limited(units), &[&taker.key]).await else {
            panic!("{units} of {need} CU were enough");
        };
        let spent = [InstructionError::ProgramFailedToComplete, InstructionError::ComputationalBudgetExceeded];
        assert!(spent.map(Refusal::from).contains(&found.refusal), "{units} CU: {found:?}");
        assert!(found.compute <= u64::from(units));
    }
    assert_eq!((chain.world.balance(user, USDC), chain.world.market(SOL).next_event_seq), before);

    let done = chain.send_exactly(&limited(need), &[&taker.key]).await.expect("to the unit");
    assert_eq!(done.compute, u64::from(need));
    assert_eq!(chain.world.position(user, SOL).base, Base(3_000_000_000));
    assert_eq!(chain.world.balance(user, USDC), before.0 + 500 * DOLLAR);
}
