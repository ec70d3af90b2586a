//! The embedded chain as its clients see it: over JSON-RPC and WebSocket, with the ordinary Solana client crates.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures_util::{Stream, StreamExt as _};
use kedge_localnet::{Localnet, LocalnetConfig};
use solana_account_decoder_client_types::UiAccountEncoding;
use solana_address_lookup_table_interface::instruction as lookup_table;
use solana_clock::Clock;
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::{AddressLookupTableAccount, VersionedMessage, v0};
use solana_program_pack::Pack;
use solana_pubkey::{Pubkey, pubkey};
use solana_pubsub_client::nonblocking::pubsub_client::PubsubClient;
use solana_rpc_client::rpc_client::RpcClient;
use solana_rpc_client_api::{
    config::{
        RpcAccountInfoConfig, RpcProgramAccountsConfig, RpcSignatureSubscribeConfig, RpcTransactionConfig,
        RpcTransactionLogsConfig, RpcTransactionLogsFilter,
    },
    filter::{Memcmp, RpcFilterType},
};
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;
use solana_transaction::{Transaction, versioned::VersionedTransaction};
use solana_transaction_status_client_types::UiTransactionEncoding;
use spl_associated_token_account_interface::{
    address::get_associated_token_address, instruction::create_associated_token_account,
};

const SOL: u64 = 1_000_000_000;
const MEMO: Pubkey = pubkey!("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
const PATIENCE: Duration = Duration::from_secs(60);

struct Chain {
    localnet: Localnet,
    rpc: RpcClient,
    payer: Keypair,
}

impl Chain {
    fn start(config: LocalnetConfig) -> Result<Self> {
        let payer = Keypair::new();
        let localnet =
            Localnet::start(LocalnetConfig { funded: vec![payer.pubkey()], funding_lamports: 1_000 * SOL, ..config })?;
        let rpc = RpcClient::new_with_commitment(localnet.rpc_url(), CommitmentConfig::confirmed());
        Ok(Self { localnet, rpc, payer })
    }

    fn sign(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Transaction> {
        let signers: Vec<_> = std::iter::once(&self.payer).chain(signers.iter().copied()).collect();
        let blockhash = self.rpc.get_latest_blockhash()?;
        Ok(Transaction::new_signed_with_payer(instructions, Some(&self.payer.pubkey()), &signers, blockhash))
    }

    fn send(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<String> {
        Ok(self.rpc.send_and_confirm_transaction(&self.sign(instructions, signers)?)?.to_string())
    }

    /// The Clock sysvar as a client, and therefore a program, reads it.
    fn clock(&self) -> Result<Clock> {
        let data = self.rpc.get_account_data(&solana_sdk_ids::sysvar::clock::ID)?;
        Ok(wincode::deserialize(&data)?)
    }
}

/// Slots ten times as fast as on mainnet.
fn quick() -> LocalnetConfig {
    LocalnetConfig { slot_time: Duration::from_millis(40), ..LocalnetConfig::default() }
}

#[test]
fn transfers_confirm_and_ports_are_freed() -> Result<()> {
    let chain = Chain::start(quick())?;
    let receiver = Pubkey::new_unique();
    chain.send(&[transfer(&chain.payer.pubkey(), &receiver, 3 * SOL)], &[])?;
    assert_eq!(chain.rpc.get_balance(&receiver)?, 3 * SOL);
    chain.rpc.get_health()?;
    chain.rpc.get_version()?;
    chain.rpc.get_genesis_hash()?;
    chain.rpc.get_epoch_info()?;
    chain.rpc.get_recent_prioritization_fees(&[receiver])?;
    let signature = chain.rpc.request_airdrop(&receiver, SOL)?;
    chain.rpc.poll_for_signature(&signature)?;
    assert_eq!(chain.rpc.get_balance(&receiver)?, 4 * SOL);

    let addresses = [chain.localnet.rpc_url(), chain.localnet.ws_url()]
        .map(|url| url.split("//").last().unwrap_or_default().to_owned());
    for address in &addresses {
        ensure!(TcpListener::bind(address).is_err(), "{address} should be taken while the chain runs");
    }
    drop(chain);
    for address in &addresses {
        TcpListener::bind(address).with_context(|| format!("{address} should be free after drop"))?;
    }
    Ok(())
}

#[test]
fn transactions_over_the_limit_stay_while_they_could_be_replayed() -> Result<()> {
    // At mainnet's slot time the 150 slots of a blockhash take a minute and the 300 of the history two: even on a busy
    // machine the assertions come before that.
    let chain = Chain::start(LocalnetConfig { transaction_history: 1, ..Default::default() })?;
    let transaction = chain.sign(&[transfer(&chain.payer.pubkey(), &Pubkey::new_unique(), SOL)], &[])?;
    let signature = chain.rpc.send_and_confirm_transaction(&transaction)?;
    let again = chain.rpc.send_transaction(&transaction).err().context("replayed at once")?;
    ensure!(again.to_string().contains("already been processed"), "{again}");
    // A second one is over the limit; two slots later the history has seen both.
    chain.send(&[transfer(&chain.payer.pubkey(), &Pubkey::new_unique(), SOL)], &[])?;
    let slot = chain.localnet.slot();
    wait_for(|| Ok(chain.localnet.slot() > slot + 2))?;
    chain.rpc.get_transaction(&signature, UiTransactionEncoding::Json).context("forgotten too early")?;
    let again = chain.rpc.send_transaction(&transaction).err().context("replayed while it is remembered")?;
    ensure!(again.to_string().contains("already been processed"), "{again}");
    Ok(())
}

#[test]
fn old_transactions_are_forgotten_and_still_cannot_be_replayed() -> Result<()> {
    let config = LocalnetConfig { transaction_history: 1, slot_time: Duration::from_millis(10), ..Default::default() };
    let chain = Chain::start(config)?;
    // A blockhash lives for a second and a half here, which a busy machine may need to send it: then with a new one.
    let land = || -> Result<Transaction> {
        let mut landed = None;
        wait_for(|| {
            let transaction = chain.sign(&[transfer(&chain.payer.pubkey(), &Pubkey::new_unique(), SOL)], &[])?;
            landed = chain.rpc.send_and_confirm_transaction(&transaction).is_ok().then_some(transaction);
            Ok(landed.is_some())
        })?;
        landed.context("it landed")
    };
    let before = chain.localnet.slot();
    let transaction = land()?;
    land()?;
    let signature = transaction.signatures[0];
    wait_for(|| Ok(chain.rpc.get_transaction(&signature, UiTransactionEncoding::Json).is_err()))?;
    let slot = chain.localnet.slot();
    ensure!(slot > before + 300, "forgotten too early: sent after slot {before}, gone before {slot}");
    let expired = chain.rpc.send_transaction(&transaction).err().context("replayed after it was forgotten")?;
    ensure!(expired.to_string().contains("Blockhash not found"), "{expired}");
    Ok(())
}

#[test]
fn a_taken_port_is_an_error() -> Result<()> {
    let squatter = TcpListener::bind("127.0.0.1:0")?;
    let taken = squatter.local_addr()?.port();
    let outcome = Localnet::start(LocalnetConfig { rpc_port: Some(taken), ..LocalnetConfig::default() });
    let message = outcome.err().context("started on a taken port")?.to_string();
    assert!(message.contains(&taken.to_string()), "{message}");
    Ok(())
}

#[test]
fn market_time_runs_at_sixty_times_while_slots_keep_theirs() -> Result<()> {
    const GENESIS: i64 = 1_760_000_000;
    let chain = Chain::start(LocalnetConfig { genesis_time: Some(GENESIS), time_rate: 60.0, ..quick() })?;
    let early = chain.sign(&[transfer(&chain.payer.pubkey(), &Pubkey::new_unique(), SOL)], &[])?;
    let (started, first) = (Instant::now(), chain.clock()?);
    ensure!((GENESIS..GENESIS + 120).contains(&first.unix_timestamp), "{first:?}");

    // Traffic while the time flies: everything confirms.
    while started.elapsed() < Duration::from_secs(3) {
        chain.send(&[transfer(&chain.payer.pubkey(), &Pubkey::new_unique(), SOL)], &[])?;
    }
    let (wall, last) = (started.elapsed().as_secs_f64(), chain.clock()?);
    let market = (last.unix_timestamp - first.unix_timestamp) as f64;
    // The clock is stamped once per slot and read over HTTP: a wall second of slack for a busy machine.
    ensure!((market - wall * 60.0).abs() < 60.0, "{market} market seconds in {wall} wall seconds");
    let slots = (last.slot - first.slot) as f64;
    ensure!(slots <= wall / 0.040 + 3.0 && slots >= wall / 0.040 / 3.0, "{slots} slots in {wall} s");

    // A jump of a day is visible at once, moves no slot, and a blockhash from before both still serves.
    let slot = chain.clock()?.slot;
    let tomorrow = last.unix_timestamp + 86_400;
    chain.localnet.set_time(tomorrow)?;
    let jumped = chain.clock()?;
    ensure!((tomorrow..tomorrow + 60).contains(&jumped.unix_timestamp), "{jumped:?}");
    ensure!(jumped.slot - slot < 25, "slots jumped from {slot} to {}", jumped.slot);
    chain.rpc.send_and_confirm_transaction(&early)?;

    chain.localnet.set_time_rate(0.0);
    chain.send(&[transfer(&chain.payer.pubkey(), &Pubkey::new_unique(), SOL)], &[])?;
    let held = chain.clock()?;
    let signature = chain.send(&[transfer(&chain.payer.pubkey(), &Pubkey::new_unique(), SOL)], &[])?;
    let later = chain.clock()?;
    ensure!(later.slot > held.slot && later.unix_timestamp == held.unix_timestamp, "{held:?} {later:?}");
    let status = chain.rpc.get_transaction(&signature.parse()?, UiTransactionEncoding::Json)?;
    assert_eq!(status.block_time, Some(held.unix_timestamp), "blocks carry market time");
    Ok(())
}

#[test]
fn tokens_accounts_and_filters() -> Result<()> {
    let chain = Chain::start(quick())?;
    let (mint, receiver) = (Pubkey::new_unique(), Pubkey::new_unique());
    let payer = chain.payer.pubkey();
    chain.localnet.create_mint(mint, 6, payer)?;
    let source = chain.localnet.set_token_account(payer, mint, 1_000_000)?;
    let target = get_associated_token_address(&receiver, &mint);
    let signature = chain.send(
        &[
            create_associated_token_account(&payer, &receiver, &mint, &spl_token_interface::ID),
            spl_token_interface::instruction::transfer_checked(
                &spl_token_interface::ID,
                &source,
                &mint,
                &target,
                &payer,
                &[],
                400_000,
                6,
            )?,
        ],
        &[],
    )?;
    assert_eq!(chain.localnet.token_balance(receiver, mint)?, 400_000);
    assert_eq!(chain.rpc.get_token_account_balance(&source)?.amount, "600000");
    assert_eq!(chain.rpc.get_token_supply(&mint)?.amount, "1000000");

    // Inner instructions, where self-CPI events live, and logs are kept.
    let config = RpcTransactionConfig {
        encoding: Some(UiTransactionEncoding::Json),
        commitment: Some(CommitmentConfig::confirmed()),
        max_supported_transaction_version: Some(0),
    };
    let fetched = chain.rpc.get_transaction_with_config(&signature.parse()?, config)?;
    let meta = fetched.transaction.meta.context("no meta")?;
    let inner: Vec<_> = Option::from(meta.inner_instructions).context("no inner instructions")?;
    ensure!(inner[0].index == 0 && inner[0].instructions.len() >= 3, "{inner:?}");
    let logs: Vec<String> = Option::from(meta.log_messages).context("no logs")?;
    ensure!(logs.iter().any(|line| line.contains("success")), "{logs:?}");

    // A foreign account, such as an oracle's, and a search by its bytes.
    let (oracle, program) = (Pubkey::new_unique(), Pubkey::new_unique());
    for tag in 0..5_u8 {
        chain.localnet.set_account(if tag == 3 { oracle } else { Pubkey::new_unique() }, 0, program, vec![tag; 64])?;
    }
    chain.localnet.set_account(Pubkey::new_unique(), 0, program, vec![3; 32])?;
    let config = RpcProgramAccountsConfig {
        filters: Some(vec![RpcFilterType::DataSize(64), RpcFilterType::Memcmp(Memcmp::new_raw_bytes(8, vec![3; 4]))]),
        account_config: RpcAccountInfoConfig {
            encoding: Some(UiAccountEncoding::Base64),
            ..RpcAccountInfoConfig::default()
        },
        ..RpcProgramAccountsConfig::default()
    };
    let found = chain.rpc.get_program_ui_accounts_with_config(&program, config)?;
    assert_eq!(found.iter().map(|(address, _)| *address).collect::<Vec<_>>(), [oracle]);
    assert_eq!(chain.rpc.get_multiple_accounts(&[oracle, source])?.iter().flatten().count(), 2);
    let rent = chain.rpc.get_minimum_balance_for_rent_exemption(64)?;
    assert_eq!(chain.rpc.get_account(&oracle)?.lamports, rent);
    assert_eq!(chain.rpc.get_account(&source)?.data.len(), spl_token_interface::state::Account::LEN);
    Ok(())
}

#[test]
fn versioned_transactions_with_a_lookup_table_and_simulation() -> Result<()> {
    let chain = Chain::start(quick())?;
    let payer = chain.payer.pubkey();
    let receiver = Pubkey::new_unique();
    let recent = chain.rpc.get_slot_with_commitment(CommitmentConfig::finalized())?;
    let (create, table) = lookup_table::create_lookup_table(payer, payer, recent);
    let extend = lookup_table::extend_lookup_table(table, payer, Some(payer), vec![receiver]);
    chain.send(&[create, extend], &[])?;
    // A table serves from the slot after its extension.
    let extended = chain.rpc.get_slot_with_commitment(CommitmentConfig::processed())?;
    wait_for(|| Ok(chain.rpc.get_slot_with_commitment(CommitmentConfig::processed())? > extended))?;

    let tables = [AddressLookupTableAccount { key: table, addresses: vec![receiver] }];
    let message = v0::Message::try_compile(
        &payer,
        &[transfer(&payer, &receiver, SOL)],
        &tables,
        chain.rpc.get_latest_blockhash()?,
    )?;
    ensure!(!message.address_table_lookups.is_empty(), "the receiver should come from the table");
    let transaction = VersionedTransaction::try_new(VersionedMessage::V0(message), &[&chain.payer])?;
    let simulated = chain.rpc.simulate_transaction(&transaction)?.value;
    assert_eq!((simulated.err, simulated.units_consumed), (None, Some(150)));
    chain.rpc.send_and_confirm_transaction(&transaction)?;
    assert_eq!(chain.rpc.get_balance(&receiver)?, SOL);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bytecode_is_deployed_and_runs() -> Result<()> {
    let chain = Chain::start(quick())?;
    // The chain's own memo program is real bytecode; a copy of it must work at a new address.
    let elf = tokio::task::block_in_place(|| chain.rpc.get_account_data(&MEMO))?;
    ensure!(elf.starts_with(b"\x7fELF"), "the memo program is not an ELF");
    let program_id = Pubkey::new_unique();
    chain.localnet.deploy(program_id, &elf)?;
    let pubsub = PubsubClient::new(chain.localnet.ws_url()).await?;
    let (mut logs, _unsubscribe) = pubsub
        .logs_subscribe(
            RpcTransactionLogsFilter::Mentions(vec![program_id.to_string()]),
            RpcTransactionLogsConfig { commitment: Some(CommitmentConfig::confirmed()) },
        )
        .await?;
    let memo = Instruction { program_id, accounts: Vec::new(), data: b"kedge".to_vec() };
    tokio::task::block_in_place(|| chain.send(&[memo], &[]))?;
    let lines = next(&mut logs).await?.value.logs;
    ensure!(lines.iter().any(|line| line.contains("kedge")), "{lines:?}");

    let refused = chain.localnet.deploy(Pubkey::new_unique(), b"\x7fELF and nothing else");
    ensure!(refused.is_err(), "rubbish was deployed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_see_slots_signatures_and_accounts() -> Result<()> {
    let chain = Chain::start(quick())?;
    let url = chain.localnet.ws_url().to_owned();
    let pubsub = PubsubClient::new(&url).await?;
    let (mut slots, _unsubscribe_slots) = pubsub.slot_subscribe().await?;
    let first = next(&mut slots).await?.slot;
    ensure!(next(&mut slots).await?.slot > first, "slots should advance");

    let watched = Pubkey::new_unique();
    let config = RpcAccountInfoConfig {
        encoding: Some(UiAccountEncoding::Base64),
        commitment: Some(CommitmentConfig::processed()),
        ..RpcAccountInfoConfig::default()
    };
    let (mut accounts, _unsubscribe_account) = pubsub.account_subscribe(&watched, Some(config)).await?;
    chain.localnet.set_account(watched, SOL, MEMO, vec![7; 8])?;
    assert_eq!(next(&mut accounts).await?.value.lamports, SOL);

    let transfer = [transfer(&chain.payer.pubkey(), &watched, SOL)];
    let transaction = tokio::task::block_in_place(|| chain.sign(&transfer, &[]))?;
    let config = RpcSignatureSubscribeConfig {
        commitment: Some(CommitmentConfig::confirmed()),
        ..RpcSignatureSubscribeConfig::default()
    };
    let (mut signatures, _unsubscribe_signature) =
        pubsub.signature_subscribe(&transaction.signatures[0], Some(config)).await?;
    tokio::task::block_in_place(|| chain.rpc.send_transaction(&transaction))?;
    next(&mut signatures).await?;
    assert_eq!(next(&mut accounts).await?.value.lamports, 2 * SOL);

    // Open connections do not keep the chain alive.
    let address = url.trim_start_matches("ws://").to_owned();
    let Chain { localnet, .. } = chain;
    drop(localnet);
    TcpListener::bind(&address).with_context(|| format!("{address} should be free after drop"))?;
    Ok(())
}

/// A JSON-RPC answer later than a subscription's start must not make its notices look old.
#[tokio::test(flavor = "multi_thread")]
async fn notices_carry_the_slot_of_the_write() -> Result<()> {
    let chain = Chain::start(quick())?;
    let pubsub = PubsubClient::new(chain.localnet.ws_url()).await?;
    let (watched, written) = (Pubkey::new_unique(), Pubkey::new_unique());
    let account_config = RpcAccountInfoConfig {
        encoding: Some(UiAccountEncoding::Base64),
        commitment: Some(CommitmentConfig::processed()),
        ..RpcAccountInfoConfig::default()
    };
    let (mut accounts, _first) = pubsub.account_subscribe(&watched, Some(account_config.clone())).await?;
    let config = RpcProgramAccountsConfig { account_config, ..RpcProgramAccountsConfig::default() };
    let (mut owned, _second) = pubsub.program_subscribe(&MEMO, Some(config)).await?;
    let began = chain.localnet.slot();
    for round in 1..=5 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let transfer = [transfer(&chain.payer.pubkey(), &watched, round * SOL)];
        let signature = tokio::task::block_in_place(|| chain.send(&transfer, &[]))?.parse()?;
        let status = tokio::task::block_in_place(|| chain.rpc.get_signature_statuses(&[signature]))?;
        let landed = status.value.into_iter().flatten().next().context("a status")?.slot;
        ensure!(landed > began, "the transfer should land after the subscription began");
        assert_eq!(next(&mut accounts).await?.context.slot, landed, "round {round}");

        let before = chain.localnet.slot();
        chain.localnet.set_account(written, SOL, MEMO, vec![round as u8; 8])?;
        let after = chain.localnet.slot();
        let told = next(&mut owned).await?.context.slot;
        assert!((before..=after).contains(&told), "{told} is not from {before} to {after}");
    }
    Ok(())
}

#[tokio::test]
async fn usable_inside_a_single_threaded_runtime() -> Result<()> {
    let localnet = Localnet::start(LocalnetConfig::default())?;
    let address = Pubkey::new_unique();
    localnet.airdrop(address, SOL)?;
    localnet.set_time(1_760_000_000)?;
    let rpc = solana_rpc_client::nonblocking::rpc_client::RpcClient::new(localnet.rpc_url().into());
    assert_eq!(rpc.get_balance_with_commitment(&address, CommitmentConfig::processed()).await?.value, SOL);
    Ok(())
}

fn wait_for(mut condition: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !condition()? {
        ensure!(Instant::now() < deadline, "the condition was not met in {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

async fn next<T>(stream: &mut (impl Stream<Item = T> + Unpin)) -> Result<T> {
    tokio::time::timeout(PATIENCE, stream.next()).await?.context("the stream ended")
}
