//! `kedge deposit`, `kedge withdraw` and `kedge transfer`.

use kedge_client::prices;
use kedge_interface::account::SubAccountData;
use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_interface::instruction::{self, Instruction, KedgeInstruction};
use kedge_model::Error as Rule;
use kedge_model::account::bank::Bank;
use kedge_model::quantity::Amount;
use kedge_model::rule::risk;
use kedge_units::decimal;
use solana_pubkey::Pubkey;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use super::{balances, landed};
use crate::args::{Deposit, Transfer, Which, Withdraw};
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// Moves tokens of the keypair into a sub-account.
pub(crate) async fn deposit(session: &Session, options: &Deposit) -> Result<Output> {
    let depositor = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let bank = &directory.bank(options.bank)?.data;
    let amount = decimal::parse(&options.amount, u32::from(bank.decimals))?;
    let (sub_account, _) = session.account(&options.which).await?;
    let mint = Pubkey::new_from_array(bank.mint);
    let source = match options.from {
        Some(source) => source,
        None => {
            require_held(session, &directory, options.bank, &options.amount).await?;
            address::token_account(&depositor, &mint)
        }
    };
    let deposit = instruction::Deposit::of(depositor, source, sub_account, options.bank, amount);
    let sent = session.send(&[deposit.instruction()]).await?;
    landed(session, &directory, sent).await
}

/// Refuses to move more tokens of a bank than the keypair's wallet holds. When the endpoint does not say, the check is
/// left to the token program.
pub(crate) async fn require_held(session: &Session, directory: &Directory, index: u16, asked: &str) -> Result<()> {
    let (payer, bank) = (session.signer()?, &directory.bank(index)?.data);
    let (mint, amount) = (Pubkey::new_from_array(bank.mint), decimal::parse(asked, u32::from(bank.decimals))?);
    let held = balances::held(session, &payer, &mint).await.map(Amount);
    let Some(held) = held.filter(|held| held.0 < amount) else { return Ok(()) };
    let (has, name) = (directory.tokens(index, held), directory.bank_name(index));
    let found = format!("the wallet holds {has} {name}, less than {asked}; ");
    let advice =
        if held.is_zero() { format!("send tokens of mint {mint} to {payer}") } else { format!("its mint is {mint}") };
    Err(CliError::Rule(Rule::InsufficientBalance).advised(found + &advice))
}

/// Moves tokens out of a sub-account of the keypair.
pub(crate) async fn withdraw(session: &Session, options: &Withdraw) -> Result<Output> {
    let authority = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let bank = &directory.bank(options.bank)?.data;
    let (sub_account, account) = session.account(&Which::from(&options.own)).await?;
    let amount = leaving(session, &account, bank, &options.amount).await?;
    let mint = Pubkey::new_from_array(bank.mint);
    let mut instructions = fresh_prices(session, &account).await?;
    let destination = match options.to {
        Some(destination) => {
            require_token_account(session, destination, &mint).await?;
            destination
        }
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

/// Refuses a wallet's address where one of its token accounts is needed.
async fn require_token_account(session: &Session, at: Pubkey, mint: &Pubkey) -> Result<()> {
    let found = session.client.accounts(&[at]).await?.into_iter().next().flatten();
    if found.is_some_and(|account| account.owner == TOKEN_PROGRAM) {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "{at} is no token account; if it is a wallet, its account for this token is {}",
        address::token_account(&at, mint)
    )))
}

/// Moves tokens between two sub-accounts of the keypair.
pub(crate) async fn transfer(session: &Session, options: &Transfer) -> Result<Output> {
    let authority = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let bank = &directory.bank(options.bank)?.data;
    let (from, account) = session.account(&Which { authority: None, id: options.from.clone() }).await?;
    let (to, _) = session.account(&Which { authority: None, id: Some(options.to.clone()) }).await?;
    if from == to {
        return Err(CliError::Usage("--from and --to are the same sub-account".into()));
    }
    let amount = leaving(session, &account, bank, &options.amount).await?;
    let mut instructions = fresh_prices(session, &account).await?;
    instructions.push(instruction::Transfer { authority, from, to, bank: options.bank, amount }.instruction());
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}

/// The amount to withdraw: the typed one, or for `all` the largest that margin allows.
async fn leaving(session: &Session, account: &SubAccountData, bank: &Bank, text: &str) -> Result<u64> {
    if text != "max" {
        return Ok(decimal::parse(text, u32::from(bank.decimals))?);
    }
    let view = session.view(&prices::in_use(&account.head)).await?;
    let most = risk::max_withdrawal(&account.head, &view.board, bank.index, &view.clock)?;
    if most.is_zero() {
        return Err(CliError::NotFound("nothing can leave now; `kedge balances` shows what is there".into()));
    }
    if most == account.head.balance(bank.index) {
        return Ok(most.0);
    }
    // A tenth of a percent stays behind, since prices move until the transaction lands.
    Ok(most.0 - most.0.div_ceil(1_000))
}

/// A refresh of the rows in the withdrawal's margin check, which reads none without positions.
async fn fresh_prices(session: &Session, account: &SubAccountData) -> Result<Vec<Instruction>> {
    if account.head.positions.iter().all(|position| !position.is_used()) {
        return Ok(Vec::new());
    }
    let board = session.client.board().await?;
    let clock = session.client.clock().await?;
    Ok(session.refresh(&board, &prices::in_use(&account.head), &clock).await?.into_iter().collect())
}
