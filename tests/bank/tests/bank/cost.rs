//! What transactions cost and load: agave's own cost model and bank judge the bench and the client.

use std::collections::{BTreeMap, HashSet};

use agave_feature_set::FeatureSet;
use kedge_bank_tests::{Chain, Person, world};
use kedge_client::loaded_data_limit;
use kedge_interface::instruction::{Deposit, Instruction};
use kedge_model::account::order::Side;
use kedge_tests::bench::cost::{Bill, loaded_bytes};
use kedge_tests::bench::stage::Stage;
use kedge_tests::bench::table::ROWS;
use kedge_tests::market::{DOLLAR, ONE, SOL, USDC};
use kedge_tests::orders::{ioc, limit};
use kedge_tests::verbs::refused;
use kedge_tests::{Refusal, scenes};
use solana_account::Account;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_cost_model::cost_model::CostModel;
use solana_message::SimpleAddressLoader;
use solana_pubkey::Pubkey;
use solana_runtime_transaction::runtime_transaction::RuntimeTransaction;
use solana_signer::Signer;
use solana_transaction::Transaction;
use solana_transaction::sanitized::{MessageHash, SanitizedTransaction};
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

/// What a transaction is charged for that sets no limit of loaded data.
const UNLIMITED: u64 = 16_384;

fn judged(transaction: Transaction) -> RuntimeTransaction<SanitizedTransaction> {
    let transaction = VersionedTransaction::from(transaction);
    let loader = SimpleAddressLoader::Disabled;
    RuntimeTransaction::try_create(transaction, MessageHash::Compute, None, loader, &HashSet::new(), true)
        .expect("the transaction is sound")
}

/// Compares the parts as well, so that no two mistakes cancel out.
fn judge(name: &str, bill: &Bill, features: &FeatureSet) {
    let transaction = judged(bill.transaction.clone());
    let before = CostModel::calculate_cost(&transaction, features);
    assert_eq!(bill.cost(), before.sum(), "{name}");
    assert_eq!(bill.units, before.programs_execution_cost(), "{name}");
    let loaded = u32::try_from(bill.loaded).expect("at most 64 MiB");
    let after = CostModel::calculate_cost_for_executed_transaction(&transaction, bill.units, loaded, features);
    assert_eq!(bill.cost(), after.sum(), "{name}, as the bank accounts for it when it has run");

    let mut unlimited = bill.transaction.clone();
    unlimited.message.instructions.remove(1);
    let unlimited = judged(unlimited);
    let unlimited = CostModel::calculate_cost(&unlimited, features);
    assert_eq!(unlimited.loaded_accounts_data_size_cost(), UNLIMITED, "{name}");
}

#[test]
fn the_cost_of_every_row_of_the_bench_is_what_agaves_cost_model_calculates() {
    let features = FeatureSet::all_enabled();
    let mut judgements = 0;
    for row in ROWS {
        let Some(run) = row.run else { continue };
        for positions in [row.budget.0.map(|_| 1), row.budget.1.map(|_| 8)].into_iter().flatten() {
            let mut stage = Stage::set(positions, 3);
            let spent = run(&mut stage);
            let bill = stage.bill.take().expect("the row measures something");
            judge(row.name, &bill, &features);
            // The last transaction is the row's own, but for the row that is a difference.
            let difference = spent.cost != bill.cost();
            assert_eq!(difference, row.name == "refresh_prices, each further row", "{}", row.name);
            // Both limits cost what the bill says, and go through.
            let mut limited = Stage::set(positions, 3);
            limited.front = vec![
                ComputeBudgetInstruction::set_compute_unit_limit(1_400_000),
                ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(64 << 20),
            ];
            let limited = run(&mut limited);
            if !difference {
                assert_eq!(limited.units, bill.units, "{}", row.name);
            }
            judgements += 1;
        }
    }
    assert!(judgements > 50, "{judgements}");
}

/// The accounts of a transaction as they are on the bank, and the program data behind the programs among them.
async fn accounts(chain: &Chain, keys: &[Pubkey]) -> BTreeMap<Pubkey, Account> {
    let mut found = BTreeMap::new();
    for key in keys {
        let code = solana_loader_v3_interface::get_program_data_address(key);
        for address in [*key, code] {
            if let Some(account) = chain.account(&address).await {
                found.insert(address, account);
            }
        }
    }
    found
}

#[tokio::test]
async fn a_byte_less_than_the_bench_counts_is_refused_by_the_bank_and_the_clients_limit_is_above_it() {
    let mut world = world(1);
    let maker = world.rich(10_000);
    world.place(maker, limit(SOL, Side::Short, ONE, 150 * DOLLAR)).expect("the maker rests");
    let taker = Person::new(&mut world, 1, 1_000);
    let mut chain = Chain::start(world).await;
    let user = taker.user;
    let deposit = Instruction::from(Deposit::of(user.authority, user.wallet, user.sub, USDC, 50 * DOLLAR));
    let take: Instruction = chain.world.taking(user, ioc(SOL, Side::Long, ONE / 2, 152 * DOLLAR), 0, &[maker]).into();
    for work in [vec![deposit.clone()], vec![take.clone()], vec![deposit, take]] {
        let payer = chain.context.payer.insecure_clone();
        let limited = |bytes: u64, front: Instruction| {
            let bytes = u32::try_from(bytes).expect("at most 64 MiB");
            let limit = ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(bytes);
            [front, limit].into_iter().chain(work.iter().cloned()).collect::<Vec<_>>()
        };
        let front = chain.unique();
        let trial = chain.transaction(&limited(64 << 20, front), &[&payer, &taker.key], &[]).await;
        let keys = trial.message.static_account_keys().to_vec();
        let held = accounts(&chain, &keys).await;
        let counted = loaded_bytes(&keys, |key| held.get(key).cloned());
        let simulated = chain.client().simulate_transaction(trial).await.expect("the bank answers");
        assert_eq!(simulated.result, Some(Ok(())));
        let loaded = simulated.simulation_details.expect("it ran").loaded_accounts_data_size;
        assert_eq!(counted, u64::from(loaded), "as the bank counts");

        let (few, enough) = (chain.unique(), chain.unique());
        let outcome = chain.send_exactly(&limited(counted - 1, few), &[&taker.key]).await;
        refused(outcome, Refusal::Transaction(TransactionError::MaxLoadedAccountsDataSizeExceeded));
        chain.send_exactly(&limited(counted, enough), &[&taker.key]).await.expect("to the byte");

        let chosen = loaded_data_limit(&work, &payer.pubkey(), 0, None).expect("all is known");
        assert!(u64::from(chosen) > counted + (256 << 10), "{chosen} for {counted}");
        let front = chain.unique();
        chain.send_exactly(&limited(chosen.into(), front), &[&taker.key]).await.expect("with the client's limit");
    }
}

#[test]
fn the_clients_limit_is_above_what_any_instruction_loads() {
    for (name, scene) in scenes::all() {
        let scene = scene();
        let work = scene.transaction(scene.instruction.clone());
        let machine = &scene.world.machine;
        let named = work.iter().flat_map(|one| &one.accounts).map(|meta| meta.pubkey);
        let called = work.iter().map(|one| one.program_id);
        let mut keys: Vec<Pubkey> = named.chain(called).chain([machine.payer()]).collect();
        keys.sort_unstable();
        keys.dedup();
        let loaded = loaded_bytes(&keys, |key| machine.account(key));
        let limit = loaded_data_limit(&work, &machine.payer(), 0, None);
        let limit = limit.unwrap_or_else(|| panic!("{name} calls a program of unknown size"));
        // As much again as the program has now, for its next versions.
        assert!(u64::from(limit) > loaded + (512 << 10), "{name}: {limit} for {loaded}");
        assert!(limit < 3 << 20, "{name}: {limit} is more than it needs");
    }
}
