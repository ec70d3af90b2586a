//! The token programs under the vaults.

use agave_feature_set::disable_sbpf_v0_v1_v2_deployment;
use kedge_bank_tests::person::key;
use kedge_bank_tests::program::{buffer, classic_token, deployed};
use kedge_bank_tests::{Chain, Person, chain, world};
use kedge_interface::address::TOKEN_PROGRAM;
use kedge_interface::error::AccountError;
use kedge_interface::instruction::{Deposit, Withdraw};
use kedge_interface::{EXCHANGE, address};
use kedge_tests::market::{DOLLAR, USDC, bank_params};
use kedge_tests::verbs::refused;
use kedge_tests::{Done, World, token};
use solana_account::Account;
use solana_keypair::Keypair;
use solana_loader_v3_interface::get_program_data_address;
use solana_loader_v3_interface::instruction::upgrade;
use solana_program_option::COption;
use solana_program_pack::Pack;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_system_interface::instruction::create_account;
use spl_token_2022_interface::extension::ExtensionType;
use spl_token_2022_interface::instruction as token_2022;
use spl_token_interface::error::TokenError;
use spl_token_interface::instruction::{freeze_account, thaw_account};
use spl_token_interface::state::{Account as TokenAccount, Mint};

async fn deposit(chain: &mut Chain, person: &Person, amount: u64) -> Result<Done, kedge_tests::Refused> {
    let user = person.user;
    let deposit = Deposit::of(user.authority, user.wallet, user.sub, USDC, amount);
    chain.send(&[deposit.into()], &[&person.key]).await
}

async fn withdraw(chain: &mut Chain, person: &Person, amount: u64) -> Result<Done, kedge_tests::Refused> {
    let user = person.user;
    let withdraw = Withdraw::of(user.authority, user.wallet, user.sub, USDC, amount);
    chain.send(&[withdraw.into()], &[&person.key]).await
}

/// Code of p-token on the bank.
async fn p_token() -> Vec<u8> {
    let chain = Chain::start(world(1)).await;
    let code = chain.account(&get_program_data_address(&TOKEN_PROGRAM)).await.expect("p-token's code");
    code.data[45..].to_vec()
}

#[tokio::test]
async fn a_vault_lives_through_the_upgrade_of_the_token_program() {
    let (classic, modern) = (classic_token(), p_token().await);
    assert_ne!(classic, modern);
    let mut world = world(1);
    let person = Person::new(&mut world, 1, 1_000);
    let authority = key(5);
    let room = modern.len().saturating_sub(classic.len());
    let code = deployed(TOKEN_PROGRAM, &classic, authority.pubkey(), room);
    let wallet = (authority.pubkey(), Account { lamports: 1_000_000_000, ..Account::default() });
    // A later feature forbids new deployments of the token programs' SBPF version, and not of this program's.
    let old_versions = [disable_sbpf_v0_v1_v2_deployment::ID];
    let mut chain = Chain::start_with(world, code.into_iter().chain([wallet]).collect(), &old_versions).await;
    let purse = token::amount(&chain.world, &person.user.wallet);

    let paid_in = deposit(&mut chain, &person, 30 * DOLLAR).await.expect("into the vault").compute;
    let paid_out = withdraw(&mut chain, &person, 10 * DOLLAR).await.expect("out of the vault").compute;

    let staged = key(6).pubkey();
    chain.context.set_account(&staged, &buffer(&modern, authority.pubkey()).into());
    let install = upgrade(&TOKEN_PROGRAM, &staged, &authority.pubkey(), &authority.pubkey(), true);
    chain.send(&[install], &[&authority]).await.expect("the token program is upgraded");
    chain.assert_same("after the upgrade of the token program").await;
    chain.pass_slots(1).await;

    let cheaper_in = deposit(&mut chain, &person, 5 * DOLLAR).await.expect("into the vault").compute;
    let cheaper_out = withdraw(&mut chain, &person, 25 * DOLLAR).await.expect("out of the vault").compute;
    println!("SPL Token 3.5: deposit {paid_in} CU, withdraw {paid_out} CU; p-token: {cheaper_in}, {cheaper_out} CU");
    assert!(cheaper_in < paid_in && cheaper_out < paid_out, "the code in use is the new one");
    assert_eq!(chain.world.balance(person.user, USDC), 1_000 * DOLLAR);
    assert_eq!(token::amount(&chain.world, &person.user.wallet), purse);
}

/// A world whose dollars have an issuer with a freeze authority.
fn frozen_world(issuer: &Pubkey) -> World {
    let mut world = world(1);
    let mint = world.mints[usize::from(USDC)];
    let mut account = world.account(&mint).expect("the mint");
    let mut state = Mint::unpack(&account.data).expect("a mint");
    state.freeze_authority = COption::Some(*issuer);
    state.pack_into_slice(&mut account.data);
    world.machine.write(mint, account);
    world
}

async fn issuer_does(chain: &mut Chain, issuer: &Keypair, freeze: bool, account: &Pubkey) {
    let mint = chain.world.mints[usize::from(USDC)];
    let make = if freeze { freeze_account } else { thaw_account };
    let instruction = make(&TOKEN_PROGRAM, account, &mint, &issuer.pubkey(), &[]).expect("an instruction");
    chain.send(&[instruction], &[issuer]).await.expect("the issuer may");
}

#[tokio::test]
async fn frozen_tokens_neither_come_nor_go_and_stop_nobody_else() {
    let issuer = key(7);
    let mut world = frozen_world(&issuer.pubkey());
    let people = [Person::new(&mut world, 1, 1_000), Person::new(&mut world, 2, 1_000)];
    let mut chain = Chain::start(world).await;
    let frozen = || TokenError::AccountFrozen as u32;

    issuer_does(&mut chain, &issuer, true, &people[0].user.wallet).await;
    refused(deposit(&mut chain, &people[0], DOLLAR).await, frozen());
    refused(withdraw(&mut chain, &people[0], DOLLAR).await, frozen());
    deposit(&mut chain, &people[1], DOLLAR).await.expect("the other user is not concerned");
    withdraw(&mut chain, &people[1], DOLLAR).await.expect("the other user is not concerned");
    // Deposited tokens stay the owner's: they may go to another wallet that is not frozen.
    let user = people[0].user;
    let elsewhere = Withdraw::of(user.authority, people[1].user.wallet, user.sub, USDC, DOLLAR);
    chain.send(&[elsewhere.into()], &[&people[0].key]).await.expect("to another wallet");

    // The issuer freezes the vault itself: every withdrawal is refused, no balance moves, and all works after the thaw.
    let vault = address::vault(USDC);
    issuer_does(&mut chain, &issuer, true, &vault).await;
    for person in &people {
        refused(deposit(&mut chain, person, DOLLAR).await, frozen());
        refused(withdraw(&mut chain, person, DOLLAR).await, frozen());
    }
    issuer_does(&mut chain, &issuer, false, &vault).await;
    issuer_does(&mut chain, &issuer, false, &people[0].user.wallet).await;
    for person in &people {
        deposit(&mut chain, person, DOLLAR).await.expect("thawed");
        withdraw(&mut chain, person, 2 * DOLLAR).await.expect("thawed");
    }
}

#[tokio::test]
async fn a_vault_is_the_exchanges_alone() {
    let chain = Chain::start(world(1)).await;
    for bank in [0, 1] {
        let vault = chain.account(&address::vault(bank)).await.expect("the vault");
        let state = TokenAccount::unpack(&vault.data).expect("a token account");
        assert_eq!((vault.owner, state.owner), (TOKEN_PROGRAM, EXCHANGE));
        assert_eq!((state.delegate, state.close_authority), (COption::None, COption::None));
    }
}

#[tokio::test]
async fn only_mints_of_the_token_program_are_listed() {
    let mut chain = Chain::start(world(1)).await;
    let (admin, program) = (chain::admin(), spl_token_2022_interface::ID);
    let payer = admin.pubkey();
    let rent = chain.client().get_rent().await.expect("the bank has rent");
    // Token-2022 mints, made by Token-2022 itself: a plain one, and one with a close authority.
    for (number, closes) in [(8, false), (9, true)] {
        let mint = key(number);
        let extensions: &[ExtensionType] = if closes { &[ExtensionType::MintCloseAuthority] } else { &[] };
        let space = ExtensionType::try_calculate_account_len::<spl_token_2022_interface::state::Mint>(extensions);
        let space = space.expect("a size");
        let size = u64::try_from(space).expect("small");
        let mut make = vec![create_account(&payer, &mint.pubkey(), rent.minimum_balance(space), size, &program)];
        if closes {
            let closing = token_2022::initialize_mint_close_authority(&program, &mint.pubkey(), Some(&payer));
            make.push(closing.expect("an instruction"));
        }
        make.push(token_2022::initialize_mint2(&program, &mint.pubkey(), &payer, None, 6).expect("an instruction"));
        chain.send(&make, &[&admin, &mint]).await.expect("the mint is made");
        chain.world.mints.truncate(2);
        chain.world.mints.push(mint.pubkey());
        let list = chain.world.listing_of_bank(&bank_params(2));
        refused(chain.send(&[list.into()], &[&admin]).await, AccountError::TokenProgramUnsupported);
    }

    // A mint of the token program with a freeze authority, as dollars have one.
    let mint = key(10);
    let size = u64::try_from(Mint::LEN).expect("small");
    let lamports = rent.minimum_balance(Mint::LEN);
    let make = [
        create_account(&payer, &mint.pubkey(), lamports, size, &TOKEN_PROGRAM),
        spl_token_interface::instruction::initialize_mint2(&TOKEN_PROGRAM, &mint.pubkey(), &payer, Some(&payer), 6)
            .expect("an instruction"),
    ];
    chain.send(&make, &[&admin, &mint]).await.expect("the mint is made");
    chain.world.mints.truncate(2);
    chain.world.mints.push(mint.pubkey());
    let list = chain.world.listing_of_bank(&bank_params(2));
    chain.send(&[list.into()], &[&admin]).await.expect("the bank is listed");
    assert_eq!(chain.world.bank(2).mint, mint.pubkey().to_bytes());
    let vault = TokenAccount::unpack(&chain.account(&address::vault(2)).await.expect("the vault").data);
    assert_eq!(vault.expect("a token account").mint, mint.pubkey());
}
