//! Sentences for the records of moved money.

use kedge_model::action::PoolKind;
use kedge_model::event::{DepositRecord, IsolatedRecord, PoolRecord, SettleRecord, StakeRecord, TransferRecord};
use kedge_units::decimal::{gain, price, quote, value};
use solana_pubkey::Pubkey;

use crate::describe::{party, pot};
use crate::directory::{Directory, short};

pub(super) fn stake(record: &StakeRecord) -> String {
    let who = short(Pubkey::new_from_array(record.authority));
    if record.shares == 0 {
        return format!("the treasury {who} was paid the protocol's {}", value(record.amount.magnitude()));
    }
    let verb = if record.amount.0 >= 0 { "staked" } else { "was paid" };
    let price = if record.amount.0 >= 0 { "for" } else { "for its" };
    let pot = pot(record.pot);
    format!(
        "{who} {verb} {} {price} {} shares of the {pot}, which has {} and {} shares now",
        value(record.amount.magnitude()),
        record.shares,
        value(record.assets),
        record.all_shares
    )
}

pub(super) fn deposit(directory: &Directory, record: &DepositRecord) -> String {
    let tokens = directory.tokens(record.bank, record.amount);
    let after = directory.tokens(record.bank, record.balance);
    let bank = directory.bank_name(record.bank);
    format!("{} received {tokens} ({bank}), balance now {after}", party(&record.account))
}

pub(super) fn withdraw(directory: &Directory, record: &DepositRecord) -> String {
    let tokens = directory.tokens(record.bank, record.amount);
    let after = directory.tokens(record.bank, record.balance);
    let bank = directory.bank_name(record.bank);
    format!("{} paid out {tokens} ({bank}), balance now {after}", party(&record.account))
}

pub(super) fn transfer(directory: &Directory, record: &TransferRecord) -> String {
    let tokens = directory.tokens(record.bank, record.amount);
    format!("{} moved {tokens} to its sub-account {}", party(&record.from), record.to)
}

pub(super) fn settle_pnl(directory: &Directory, record: &SettleRecord) -> String {
    let given_up = match record.written_off.0 {
        0 => String::new(),
        _ => format!(", gave up {} for a loss that nobody has paid", value(record.written_off)),
    };
    format!(
        "{} settled {} in {} at {}{given_up}, left unsettled {}",
        party(&record.account),
        gain(record.amount),
        directory.market_name(record.market),
        price(record.price),
        quote(record.quote)
    )
}

pub(super) fn pool_funded(directory: &Directory, record: &PoolRecord) -> String {
    let pool = if record.kind == PoolKind::Amm as u8 { "vAMM" } else { "insurance fund" };
    format!(
        "{} put {} into the {pool} of {}, which holds {} now",
        short(Pubkey::new_from_array(record.from)),
        value(record.amount),
        directory.market_name(record.market),
        value(record.pool)
    )
}

pub(super) fn isolated_collateral(directory: &Directory, record: &IsolatedRecord) -> String {
    let mode = match record.isolated {
        1 => format!("isolated with {} now", value(record.tokens)),
        _ => "no longer isolated".into(),
    };
    format!(
        "{} moved {} {} its position in {}, {mode}; balance {}",
        party(&record.account),
        value(record.amount.magnitude()),
        if record.amount.0 < 0 { "out of" } else { "into" },
        directory.market_name(record.market),
        value(record.balance)
    )
}
