//! Measures the embedded chain as a plain client sees it: transfers per second with preflight skipped, time from
//! sending to confirmation, and the process's memory.
//!
//! `cargo run -p kedge-localnet --example throughput -- [clients] [seconds] [program-accounts]`

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use kedge_localnet::{Localnet, LocalnetConfig};
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_rpc_client::rpc_client::RpcClient;
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;
use solana_transaction::Transaction;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let mut argument = |default| arguments.next().transpose().map(|given| given.unwrap_or(default));
    let (clients, seconds, accounts) = (argument(4)?, argument(10)?, argument(0)?);

    let started = Instant::now();
    let localnet =
        Localnet::start(LocalnetConfig { slot_time: Duration::from_millis(100), ..LocalnetConfig::default() })?;
    println!("started in {:.2} s at {}", started.elapsed().as_secs_f64(), localnet.rpc_url());
    for _ in 0..accounts {
        // Other accounts of the system program, to which every account of a transfer belongs.
        localnet.airdrop(Keypair::new().pubkey(), 1_000_000_000)?;
    }

    let sent = AtomicU64::new(0);
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let before = memory()?;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..clients).map(|_| scope.spawn(|| flood(&localnet, deadline, &sent))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a client panicked"))
    })?;
    let total = sent.load(Ordering::Relaxed);
    println!(
        "{clients} clients, {accounts} bystanders: {} transfers, {:.0}/s, memory {} -> {} MiB",
        total,
        total as f64 / seconds as f64,
        before / 1_024,
        memory()? / 1_024,
    );
    println!("median send-to-confirmed latency {:?} (one client, 20 transfers)", latency(&localnet)?);
    Ok(())
}

fn flood(localnet: &Localnet, deadline: Instant, sent: &AtomicU64) -> Result<()> {
    let client = RpcClient::new_with_commitment(localnet.rpc_url(), CommitmentConfig::processed());
    let payer = Keypair::new();
    let receiver = Keypair::new().pubkey();
    localnet.airdrop(payer.pubkey(), 1_000_000_000_000)?;
    localnet.airdrop(receiver, 1_000_000_000)?;
    let config = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
    let mut blockhash = client.get_latest_blockhash()?;
    let mut lamports = 0;
    while Instant::now() < deadline {
        lamports += 1;
        if lamports % 100 == 0 {
            blockhash = client.get_latest_blockhash()?;
        }
        let instruction = transfer(&payer.pubkey(), &receiver, lamports);
        let transaction =
            Transaction::new_signed_with_payer(&[instruction], Some(&payer.pubkey()), &[&payer], blockhash);
        client.send_transaction_with_config(&transaction, config)?;
        sent.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn latency(localnet: &Localnet) -> Result<Duration> {
    let client = RpcClient::new_with_commitment(localnet.rpc_url(), CommitmentConfig::confirmed());
    let payer = Keypair::new();
    localnet.airdrop(payer.pubkey(), 1_000_000_000_000)?;
    let config = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
    let mut times = Vec::new();
    for lamports in 1..=20 {
        let instruction = transfer(&payer.pubkey(), &Keypair::new().pubkey(), 1_000_000 + lamports);
        let blockhash = client.get_latest_blockhash()?;
        let transaction =
            Transaction::new_signed_with_payer(&[instruction], Some(&payer.pubkey()), &[&payer], blockhash);
        let started = Instant::now();
        let signature = client.send_transaction_with_config(&transaction, config)?;
        while !client.confirm_transaction(&signature)? {
            std::thread::sleep(Duration::from_millis(2));
        }
        times.push(started.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

/// Resident memory of this process in KiB.
fn memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    line.split_whitespace().nth(1).context("no figure")?.parse().context("not a number")
}
