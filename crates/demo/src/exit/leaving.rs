//! The way out: what somebody without a role sends, and what owners send, hour by hour.

use std::time::Duration;

use anyhow::Result;
use kedge_interface::address;
use kedge_interface::instruction::{
    DelistMarket, Instruction, PayTreasury, RequestUnstake, SettleBankruptcy, SettleMarket, SettlePosition, Unstake,
    Withdraw,
};
use kedge_model::account::market::MarketStatus;
use kedge_model::rule::tranche::Pot;
use kedge_testbed::listing::COINS;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::venue::{SLOT, Venue};

/// Hours after the last sign of life at which somebody looks.
const LOOKS: [u64; 9] = [1, 12, 23, 24, 25, 26, 36, 37, 48];

/// Leaves; returns what is left in the vault.
pub(crate) async fn leave(venue: &Venue) -> Result<u64> {
    println!("4. From now on everything is sent by somebody without a role, or by the owner of what leaves.");
    let mut passed = 0;
    for hour in LOOKS {
        venue.localnet.pass(Duration::from_secs((hour - passed) * 3_600), SLOT)?;
        passed = hour;
        // A block at the new time.
        tokio::time::sleep(Duration::from_millis(200)).await;
        look(venue, hour).await?;
        if venue.vault()? == 0 {
            println!("5. {hour} hours after the last sign of life the vault is empty.");
            return Ok(0);
        }
    }
    venue.vault()
}

/// Does all that can be done at an hour.
async fn look(venue: &Venue, hour: u64) -> Result<()> {
    let reader = venue.sender(&venue.somebody);
    let client = reader.client();
    let bank = address::bank(0);
    for (index, coin) in (0u16..).zip(COINS) {
        let market = address::market(index);
        if client.market(index).await?.status < MarketStatus::Settlement as u8 {
            let sent = send(venue, SettleMarket { market }.into()).await;
            let announced = client.market(index).await?.status < MarketStatus::Settlement as u8;
            if sent {
                let what = if announced { "announces the end of" } else { "ends" };
                println!("   +{hour:>2} h  somebody {what} {}", coin.name);
            }
            if announced {
                continue;
            }
        }
        for member in &venue.participants.members {
            let sub_account = member.account;
            if client.sub_account(sub_account).await?.head.position(index).is_err() {
                continue;
            }
            let what = format!("settles {} of {}", coin.name, member.name);
            say(venue, hour, &what, SettlePosition { market, bank, sub_account }.into()).await;
            let state = client.sub_account(sub_account).await?;
            if state.head.position(index).is_ok_and(|position| position.quote.0 < 0) {
                let what = format!("settles the default of {} in {}", member.name, coin.name);
                say(venue, hour, &what, SettleBankruptcy { market, bank, sub_account }.into()).await;
            }
        }
        if client.market(index).await?.status == MarketStatus::Settlement as u8 {
            let signer = venue.somebody.pubkey();
            say(venue, hour, &format!("delists {}", coin.name), DelistMarket { signer, market, bank }.into()).await;
        }
    }
    owners(venue, hour).await?;
    let exchange = client.exchange().await?;
    if exchange.is_wound_up() {
        let treasury = Pubkey::new_from_array(exchange.treasury);
        let pay = PayTreasury::of(&treasury, &venue.participants.mint.pubkey());
        say(venue, hour, "pays the protocol's tokens to the treasury", pay.into()).await;
    }
    Ok(())
}

/// What owners take out: their stakes and their tokens.
async fn owners(venue: &Venue, hour: u64) -> Result<()> {
    for member in &venue.participants.members {
        let sender = venue.sender(&member.wallet);
        let (owner, client) = (member.wallet.pubkey(), sender.client());
        let wallet = venue.tokens_of(&owner);
        let free = client.sub_account(member.account).await?.head.balance(0).0;
        if free != 0 {
            let withdraw = Withdraw::of(owner, wallet, member.account, 0, free);
            if sender.send(&[withdraw.into()], &[]).await.is_ok() {
                println!("   +{hour:>2} h  {} takes out {:.6} dollars", member.name, free as f64 / 1e6);
            }
        }
        let staked = client.trader(&owner).await?.unwrap_or_default().insurance.shares;
        if staked != 0 && client.exchange().await?.is_wound_up() {
            let instructions: [Instruction; 2] =
                [RequestUnstake::of(owner, Pot::Insurance as u8, staked).into(), Unstake::of(owner, wallet).into()];
            if sender.send(&instructions, &[]).await.is_ok() {
                println!("   +{hour:>2} h  {} takes out its stake", member.name);
            }
        }
    }
    Ok(())
}

/// Sends an instruction as somebody; tells when it went through. What its time has not come for is refused.
async fn say(venue: &Venue, hour: u64, what: &str, instruction: Instruction) {
    if send(venue, instruction).await {
        println!("   +{hour:>2} h  somebody {what}");
    }
}

/// Sends an instruction as somebody; whether it went through.
async fn send(venue: &Venue, instruction: Instruction) -> bool {
    venue.sender(&venue.somebody).send(&[instruction], &[]).await.is_ok()
}
