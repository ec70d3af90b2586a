//! `kedge admin`: what the exchange's admin and pauser do.

mod params;
mod show;

use kedge_client::prices::Row;
use kedge_interface::address;
use kedge_interface::instruction::{
    AcceptAdmin, AssignFeeTier, DelistMarket, FundPool, HaltRow, Instruction, KedgeInstruction, ListMarket,
    ProposeAdmin, SetExpiry, SetMarketStatus, SetPaused,
};
use kedge_model::action::PoolKind;
use kedge_model::bank::Bank;
use kedge_model::exchange::{Exchange, operation};
use kedge_model::market::MarketStatus;
use serde_json::json;
use solana_pubkey::Pubkey;

use super::landed;
use crate::args::{Admin, Expiry, OperationArg, Operations, PoolArg, StatusArg};
use crate::decimal;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::session::Session;

/// Does what was typed.
pub async fn run(session: &Session, command: &Admin) -> Result<Output> {
    match command {
        Admin::Show => show::run(session).await,
        Admin::Params { market } => params::print(session, market).await,
        Admin::List { file } => list(session, file).await,
        Admin::Status { market, status } => set_status(session, market, *status).await,
        Admin::Expiry(options) => expiry(session, options).await,
        Admin::Delist { market } => delist(session, market).await,
        Admin::Fund { market, pool, amount } => fund(session, market, *pool, amount).await,
        Admin::Pause(options) => switch(session, options, true).await,
        Admin::Resume(options) => switch(session, options, false).await,
        Admin::Halt { market } => halt(session, market, true).await,
        Admin::Unhalt { market } => halt(session, market, false).await,
        Admin::FeeTier { authority, tier } => {
            let signer = admin(session).await?;
            let trader = address::trader(authority);
            let assign = AssignFeeTier { signer, trader, tier: *tier }.instruction();
            told(session, assign, &format!("{authority} has fee tier {tier} at least")).await
        }
        Admin::Propose { next } => {
            let signer = admin(session).await?;
            let propose = ProposeAdmin { signer, next: next.to_bytes() }.instruction();
            told(session, propose, &format!("{next} becomes the admin with `kedge admin accept`")).await
        }
        Admin::Accept => accept(session).await,
    }
}

/// The keypair, which must be the admin: what the program would refuse with a number, this says with names.
async fn admin(session: &Session) -> Result<Pubkey> {
    let (signer, exchange) = (session.signer()?, session.client.exchange().await?);
    let admin = Pubkey::from(exchange.admin);
    if signer == admin {
        return Ok(signer);
    }
    Err(CliError::Usage(format!("the admin is {admin}, the keypair is {signer}: name the admin's with --keypair")))
}

/// Sends an instruction that leaves no record, and says what it did.
async fn told(session: &Session, instruction: Instruction, what: &str) -> Result<Output> {
    let sent = session.send(&[instruction]).await?;
    let json = json!({ "done": what, "signature": sent.signature.to_string() });
    Ok(Output::new(wrap("", what) + &super::signed(&sent), json))
}

async fn list(session: &Session, file: &std::path::Path) -> Result<Output> {
    let admin = admin(session).await?;
    let params = params::read(file)?;
    let name = kedge_interface::account::name(&params.name);
    let directory = Directory::fetch(&session.client).await?;
    if let Ok(found) = directory.market(&name) {
        let index = found.data.index;
        return Err(CliError::Usage(format!("{name} is listed, as market {index}: give the new one another `name`")));
    }
    let index = session.client.exchange().await?.markets;
    let list = ListMarket { admin, market: address::market(index), params }.instruction();
    let what = format!(
        "{name} is listed as market {index} and does not trade yet: `kedge admin fund {name} vamm` and `insurance`, then \
         `kedge admin status {name} active`"
    );
    told(session, list, &what).await
}

async fn set_status(session: &Session, market: &str, status: StatusArg) -> Result<Output> {
    let signer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let index = directory.market(market)?.data.index;
    let wanted = match status {
        StatusArg::Active => MarketStatus::Active,
        StatusArg::ReduceOnly => MarketStatus::ReduceOnly,
    };
    if directory.market(market)?.data.status == wanted as u8 {
        let (text, json) = (format!("{market} is that already\n"), json!({ "market": market, "changed": false }));
        return Ok(Output::new(text, json));
    }
    let mut instructions = Vec::new();
    if status == StatusArg::Active {
        let board = session.client.board().await?;
        instructions.push(session.refresh_all(&board, &[Row::Market(index)]).await?);
    }
    instructions.push(SetMarketStatus { signer, market: address::market(index), status: wanted as u8 }.instruction());
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}

async fn expiry(session: &Session, options: &Expiry) -> Result<Output> {
    let signer = admin(session).await?;
    let directory = Directory::fetch(&session.client).await?;
    let market = address::market(directory.market(&options.market)?.data.index);
    let time = match (options.time, options.within) {
        (Some(time), _) => time,
        (None, Some(within)) => session.client.clock().await?.unix_time.saturating_add(within),
        (None, None) => 0,
    };
    let sent = session.send(&[SetExpiry { signer, market, time }.instruction()]).await?;
    landed(session, &directory, sent).await
}

async fn delist(session: &Session, market: &str) -> Result<Output> {
    let signer = admin(session).await?;
    let directory = Directory::fetch(&session.client).await?;
    let market = address::market(directory.market(market)?.data.index);
    let bank = address::bank(Bank::QUOTE);
    let sent = session.send(&[DelistMarket { signer, market, bank }.instruction()]).await?;
    landed(session, &directory, sent).await
}

async fn fund(session: &Session, market: &str, pool: PoolArg, amount: &str) -> Result<Output> {
    let payer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let market = address::market(directory.market(market)?.data.index);
    let quote = &directory.bank(Bank::QUOTE)?.data;
    let amount = decimal::parse(amount, u32::from(quote.decimals))?;
    let source = address::token_account(&payer, &Pubkey::new_from_array(quote.mint));
    let kind = match pool {
        PoolArg::Vamm => PoolKind::Amm,
        PoolArg::Insurance => PoolKind::Insurance,
    };
    let (bank, vault) = (address::bank(Bank::QUOTE), address::vault(Bank::QUOTE));
    let fund = FundPool { payer, bank, market, source, vault, kind: kind as u8, amount };
    let sent = session.send(&[fund.instruction()]).await?;
    landed(session, &directory, sent).await
}

async fn switch(session: &Session, options: &Operations, off: bool) -> Result<Output> {
    let signer = session.signer()?;
    let exchange = session.client.exchange().await?;
    let named = if options.all {
        operation::ALL
    } else {
        options.operations.iter().map(|one| bit(*one)).fold(0, |all, bit| all | bit)
    };
    let paused = if off { exchange.paused | named } else { exchange.paused & !named };
    let may = signer.to_bytes() == exchange.admin || (off && signer.to_bytes() == exchange.pauser);
    if !may {
        let who = roles(&exchange, off);
        return Err(CliError::Usage(format!("{signer} may not do that, but {who}: name its keypair with --keypair")));
    }
    if paused == exchange.paused {
        return Ok(Output::new("that is so already\n", json!({ "paused": names(paused), "changed": false })));
    }
    let sent = session.send(&[SetPaused { signer, paused }.instruction()]).await?;
    let what =
        if paused == 0 { "nothing is paused".to_owned() } else { format!("paused: {}", names(paused).join(", ")) };
    let json = json!({ "paused": names(paused), "changed": true, "signature": sent.signature.to_string() });
    Ok(Output::new(wrap("", &what) + &super::signed(&sent), json))
}

/// Who may switch.
fn roles(exchange: &Exchange, off: bool) -> String {
    let (admin, pauser) = (Pubkey::from(exchange.admin), Pubkey::from(exchange.pauser));
    if off && admin != pauser {
        format!("the admin {admin} and the pauser {pauser} may")
    } else {
        format!("the admin {admin} may")
    }
}

async fn halt(session: &Session, market: &str, halted: bool) -> Result<Output> {
    let signer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let index = directory.market(market)?.data.index;
    let halt = HaltRow { signer, kind: 0, index, halted }.instruction();
    let what = if halted { "is halted" } else { "works again, from the next refresh on" };
    told(session, halt, &format!("the price row of {} {what}", directory.market_name(index))).await
}

async fn accept(session: &Session) -> Result<Output> {
    let (signer, exchange) = (session.signer()?, session.client.exchange().await?);
    if exchange.pending_admin != signer.to_bytes() {
        let named = Pubkey::from(exchange.pending_admin);
        let who = if exchange.pending_admin == [0; 32] {
            "nobody is proposed".into()
        } else {
            format!("{named} is proposed")
        };
        return Err(CliError::Usage(format!("{who}, not {signer}; the admin proposes with `kedge admin propose`")));
    }
    told(session, AcceptAdmin { signer }.instruction(), &format!("{signer} is the admin")).await
}

/// Switches with their names.
const OPERATIONS: [(OperationArg, u32, &str); 10] = [
    (OperationArg::Deposit, operation::DEPOSIT, "deposit"),
    (OperationArg::Withdraw, operation::WITHDRAW, "withdraw"),
    (OperationArg::Place, operation::PLACE, "place"),
    (OperationArg::Fill, operation::FILL, "fill"),
    (OperationArg::FillVamm, operation::FILL_AMM, "fill-vamm"),
    (OperationArg::Liquidate, operation::LIQUIDATE, "liquidate"),
    (OperationArg::Funding, operation::FUNDING, "funding"),
    (OperationArg::Settle, operation::SETTLE, "settle"),
    (OperationArg::UpdateVamm, operation::UPDATE_AMM, "update-vamm"),
    (OperationArg::Transfer, operation::TRANSFER, "transfer"),
];

fn bit(operation: OperationArg) -> u32 {
    OPERATIONS.iter().find(|(named, ..)| *named == operation).map_or(0, |(_, bit, _)| *bit)
}

/// Names of the switches that are off.
fn names(paused: u32) -> Vec<&'static str> {
    OPERATIONS.iter().filter(|(_, bit, _)| paused & bit != 0).map(|(.., name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_switch_has_a_name_that_can_be_typed() {
        assert_eq!(OPERATIONS.iter().map(|(_, bit, _)| bit).sum::<u32>(), operation::ALL);
        for (operation, bit, name) in OPERATIONS {
            assert_eq!(operation.to_possible_value().unwrap().get_name(), name);
            assert_eq!(names(bit), [name]);
        }
    }
}
