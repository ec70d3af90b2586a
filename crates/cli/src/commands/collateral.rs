//! `kedge deposit` and `kedge withdraw`.

use kedge_client::prices;
use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_interface::instruction::{self, KedgeInstruction};
use solana_pubkey::Pubkey;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use super::landed;
use crate::args::{Deposit, Which, Withdraw};
use crate::decimal;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;

/// Moves tokens of the keypair into a sub-account.
pub async fn deposit(session: &Session, options: &Deposit) -> Result<Output> {
    let depositor = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let bank = &directory.bank(options.bank)?.data;
    let amount = decimal::parse(&options.amount, u32::from(bank.decimals))?;
    let mint = Pubkey::new_from_array(bank.mint);
    let source = options.from.unwrap_or_else(|| address::token_account(&depositor, &mint));
    let sub_account = session.sub_account(&options.which)?;
    let deposit = instruction::Deposit::of(depositor, source, sub_account, options.bank, amount);
    let sent = session.send(&[deposit.instruction()]).await?;
    landed(session, &directory, sent).await
}

/// Moves tokens out of a sub-account of the keypair.
pub async fn withdraw(session: &Session, options: &Withdraw) -> Result<Output> {
    let authority = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let bank = &directory.bank(options.bank)?.data;
    let amount = decimal::parse(&options.amount, u32::from(bank.decimals))?;
    let mint = Pubkey::new_from_array(bank.mint);
    let sub_account = session.sub_account(&Which { authority: None, id: options.id })?;

    let board = session.client.board().await?;
    let clock = session.client.clock().await?;
    let account = session.client.sub_account(sub_account).await?;
    let mut instructions = Vec::new();
    if account.head.positions.iter().any(|position| position.is_used()) {
        // Without positions a withdrawal needs no price.
        instructions.extend(session.refresh(&board, &prices::in_use(&account.head), &clock).await?);
    }
    let destination = match options.to {
        Some(destination) => destination,
        None => {
            instructions.push(create_associated_token_account_idempotent(
                &authority,
                &authority,
                &mint,
                &TOKEN_PROGRAM,
            ));
            address::token_account(&authority, &mint)
        }
    };
    let withdraw = instruction::Withdraw::of(authority, destination, sub_account, options.bank, amount);
    instructions.push(withdraw.instruction());
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}
