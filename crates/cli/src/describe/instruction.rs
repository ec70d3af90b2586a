//! Instructions in plain words.

use kedge_interface::account::name;
use kedge_interface::address;
use kedge_interface::instruction::user::ALL_MARKETS;
use kedge_interface::instruction::{CancelOrders, Decoded, InstructionSpec};
use kedge_model::action::PoolKind;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Size};
use kedge_units::decimal::{base, percent, price, size, value};
use solana_pubkey::Pubkey;

use super::ask::params;
use super::pot;
use crate::directory::{Directory, short};

/// An instruction as a sentence with its arguments.
pub(crate) fn instruction(directory: &Directory, decoded: &Decoded) -> String {
    let told = exchange(decoded)
        .or_else(|| market(directory, decoded))
        .or_else(|| account(directory, decoded))
        .or_else(|| order(directory, decoded))
        .or_else(|| risk(directory, decoded));
    // An instruction without a sentence is told by its name.
    told.unwrap_or_else(|| decoded.spec().name.replace('_', " "))
}

/// Sentences for the admin's instructions on the exchange.
fn exchange(decoded: &Decoded) -> Option<String> {
    Some(match decoded {
        Decoded::Initialize(it) => format!(
            "create the exchange; admin {}, pauser {}",
            short(it.admin),
            short(Pubkey::new_from_array(it.pauser))
        ),
        Decoded::SetFees(it) => format!(
            "set the fees: first tier taker {}, maker rebate {}, filler share {}",
            percent(it.schedule.fees[0].taker),
            percent(it.schedule.fees[0].maker_rebate),
            percent(it.schedule.filler_share)
        ),
        Decoded::ListBank(it) => format!(
            "list mint {} as collateral, deposit cap {} smallest units",
            short(it.mint),
            it.params.deposit_cap.0
        ),
        Decoded::ListMarket(it) => format!("list market {}", name(&it.params.name)),
        Decoded::SetPaused(it) => {
            format!("set the operation switches to {:#x}, the new ones for {} seconds", it.paused, it.seconds)
        }
        Decoded::HaltRow(it) => format!(
            "{} the price row of {} {}{}",
            if it.halted { "halt" } else { "resume" },
            if it.kind == 0 { "market" } else { "bank" },
            it.index,
            if it.halted { format!(" for {} seconds", it.seconds) } else { String::new() }
        ),
        Decoded::ProposeAdmin(it) => format!("name {} as the next admin", short(Pubkey::new_from_array(it.next))),
        Decoded::AcceptAdmin(it) => format!("{} becomes the admin", short(it.signer)),
        _ => return None,
    })
}

/// Sentences for the life of a market and the services to it.
fn market(directory: &Directory, decoded: &Decoded) -> Option<String> {
    let market = |at: &Pubkey| named_market(directory, at);
    Some(match decoded {
        Decoded::SetMarketStatus(it) => {
            format!("set {} to {}", market(&it.market), super::life::status(it.status))
        }
        Decoded::SetExpiry(it) => {
            format!("set the expiry of {} to {}", market(&it.market), super::life::expiry(it.time))
        }
        Decoded::DelistMarket(it) => format!("delist {}", market(&it.market)),
        Decoded::SettleMarket(it) => {
            format!("begin the settlement of {}, or announce that its price is silent", market(&it.market))
        }
        Decoded::PayTreasury(it) => format!("pay the protocol's tokens to {}", short(it.destination)),
        Decoded::SettlePosition(it) => {
            format!("close or pay out the position of {} in {}", short(it.sub_account), market(&it.market))
        }
        Decoded::FundPool(it) => format!(
            "put {} into the {} of {}",
            value(Amount(it.amount)),
            if it.kind == PoolKind::Amm as u8 { "vAMM" } else { "insurance fund" },
            market(&it.market)
        ),
        Decoded::RefreshPrices(it) => {
            let markets = it.markets.iter().map(|index| directory.market_name(u16::from(*index)));
            let banks = it.banks.iter().map(|index| directory.bank_name(u16::from(*index)));
            format!("refresh the prices of {}", markets.chain(banks).collect::<Vec<_>>().join(", "))
        }
        Decoded::Uncross(it) => format!("let {} crossed orders trade in {}", it.orders.len(), market(&it.market)),
        Decoded::UpdateAmm(it) => format!("move the vAMM of {} to the oracle", market(&it.market)),
        Decoded::UpdateFunding(it) => format!("update the funding of {}", market(&it.market)),
        Decoded::Verify(it) => {
            format!("verify the books of {} markets and the vault {}", it.markets.len(), short(it.vault))
        }
        Decoded::SweepFees(it) => format!("sweep the fees of {}", market(&it.market)),
        _ => return None,
    })
}

/// Sentences for accounts and the money in them.
fn account(directory: &Directory, decoded: &Decoded) -> Option<String> {
    let tokens = |bank: &Pubkey, amount: u64| bank_tokens(directory, bank, amount);
    Some(match decoded {
        Decoded::CreateTrader(it) => format!("create the trader account of {}", short(it.authority)),
        Decoded::CreateSubAccount(it) => format!(
            "create sub-account {} \"{}\" of {} with {} order slots",
            short(it.sub_account),
            name(&it.name),
            short(it.authority),
            it.orders
        ),
        Decoded::CloseSubAccount(it) => format!("close sub-account {}", short(it.sub_account)),
        Decoded::CloseTrader(it) => format!("close trader account {}", short(it.trader)),
        Decoded::GrowOrders(it) => {
            format!("grow sub-account {} to {} order slots", short(it.sub_account), it.capacity)
        }
        Decoded::SetDelegate(it) if it.delegate == [0; 32] => {
            format!("remove the delegate of sub-account {}", short(it.sub_account))
        }
        Decoded::SetDelegate(it) => format!(
            "let {} trade for sub-account {}",
            short(Pubkey::new_from_array(it.delegate)),
            short(it.sub_account)
        ),
        Decoded::SetBuilder(it) if it.builder == [0; 32] => {
            format!("let no builder have a fee of sub-account {}", short(it.sub_account))
        }
        Decoded::SetBuilder(it) => format!(
            "let builder {} have {} of what sub-account {} trades through it",
            short(Pubkey::new_from_array(it.builder)),
            percent(Ppm(it.fee)),
            short(it.sub_account)
        ),
        Decoded::Deposit(it) => {
            format!("deposit {} into sub-account {}", tokens(&it.bank, it.amount), short(it.sub_account))
        }
        Decoded::Stake(it) => {
            format!("stake {} with the insurance for at least {} shares", tokens(&it.bank, it.amount), it.least_shares)
        }
        Decoded::StakeVault(it) => {
            format!("buy at least {} shares of the backstop vault for {}", it.least_shares, tokens(&it.bank, it.amount))
        }
        Decoded::RequestUnstake(it) => format!("let {} shares of the {} wait to be paid", it.shares, pot(it.pot)),
        Decoded::CancelUnstake(it) => {
            format!("take back what {} asked to be paid of the {}", short(it.authority), pot(it.pot))
        }
        Decoded::UnstakeVault(it) => {
            format!("pay {} the shares of the backstop vault that have waited", short(it.authority))
        }
        Decoded::CreateBackstop(it) => format!("create the backstop vault's sub-account, paid by {}", short(it.payer)),
        Decoded::Unstake(it) => format!("pay {} the shares that have waited", short(it.authority)),
        Decoded::Withdraw(it) => {
            format!("withdraw {} from sub-account {}", tokens(&it.bank, it.amount), short(it.sub_account))
        }
        Decoded::Transfer(it) => format!(
            "transfer {} from sub-account {} to {}",
            tokens(&address::bank(it.bank), it.amount),
            short(it.from),
            short(it.to)
        ),
        _ => return None,
    })
}

/// Sentences for orders, from placing to fill.
fn order(directory: &Directory, decoded: &Decoded) -> Option<String> {
    let market = |at: &Pubkey| named_market(directory, at);
    Some(match decoded {
        Decoded::PlaceOrders(it) => {
            let orders: Vec<String> = it.orders.iter().map(|order| params(directory, order)).collect();
            format!("place in sub-account {}: {}", short(it.sub_account), orders.join("; "))
        }
        Decoded::PlaceSignedOrders(it) => {
            format!("place in sub-account {} the orders of the message signed in front of it", short(it.sub_account))
        }
        Decoded::RevokeSignedOrders(it) => {
            format!("make signed messages up to {} worthless for sub-account {}", it.up_to, short(it.sub_account))
        }
        Decoded::CancelOrder(it) => format!("cancel order {} of sub-account {}", it.id, short(it.sub_account)),
        Decoded::CancelOrders(it) => cancel_orders(directory, it),
        Decoded::ModifyOrder(it) => {
            format!("change order {} of sub-account {}", it.params.order_id, short(it.sub_account))
        }
        Decoded::CancelAll(it) if it.market == ALL_MARKETS => {
            format!("cancel all orders of sub-account {}", short(it.sub_account))
        }
        Decoded::CancelAll(it) => {
            let market = directory.market_name(it.market);
            format!("cancel all {market} orders of sub-account {}", short(it.sub_account))
        }
        Decoded::PlaceAndTake(it) => format!(
            "take at once for sub-account {}: {}; at least {}, {} maker orders offered",
            short(it.sub_account),
            params(directory, &it.order),
            size(Size(it.min_fill)),
            it.makers.len()
        ),
        Decoded::PlaceAndMake(it) => format!(
            "join the auction of order {} of {} in {} with up to {}, worst price {}, position kept between {} and {}",
            it.order_id,
            short(it.taker),
            market(&it.market),
            size(Size(it.size)),
            price(Price(it.worst_price)),
            limit(it.min_position),
            limit(it.max_position)
        ),
        Decoded::FillOrder(it) => format!(
            "fill order {} of {} in {} with {} maker orders offered",
            it.order_id,
            short(it.taker),
            market(&it.market),
            it.makers.len()
        ),
        _ => return None,
    })
}

/// Sentences for pockets, liquidation and default.
fn risk(directory: &Directory, decoded: &Decoded) -> Option<String> {
    let market = |at: &Pubkey| named_market(directory, at);
    Some(match decoded {
        Decoded::SettlePnl(it) => {
            let signed = if it.owner.is_empty() { "" } else { ", signed by the owner" };
            format!("settle profit or loss of {} in {}{signed}", short(it.sub_account), market(&it.market))
        }
        Decoded::Liquidate(it) => format!(
            "liquidate up to {} {} of {}, limit {}",
            size(Size(it.max_size)),
            market(&it.market),
            short(it.sub_account),
            if it.limit_price == 0 { "none".into() } else { price(Price(it.limit_price)) }
        ),
        Decoded::LiquidateWithFill(it) => format!(
            "liquidate up to {} {} of {} against {} maker orders and the vAMM",
            size(Size(it.max_size)),
            market(&it.market),
            short(it.sub_account),
            it.makers.len()
        ),
        Decoded::SettleBankruptcy(it) => {
            format!("settle the default of {} in {}", short(it.sub_account), market(&it.market))
        }
        Decoded::TakeOver(it) => {
            format!("let the backstop vault take over from {} in {}", short(it.sub_account), market(&it.market))
        }
        Decoded::UnwindBackstop(it) => format!("place the backstop vault's next order in {}", market(&it.market)),
        Decoded::IsolatePosition(it) => format!(
            "isolate the position of {} in {} with {}",
            short(it.sub_account),
            directory.market_name(it.market),
            value(Amount(it.amount))
        ),
        Decoded::TransferIsolated(it) => format!(
            "move {} {} the isolated position of {} in {}",
            value(Amount(it.amount.unsigned_abs())),
            if it.amount < 0 { "out of" } else { "into" },
            short(it.sub_account),
            directory.market_name(it.market)
        ),
        Decoded::MergePosition(it) => format!(
            "join the isolated position of {} in {} with the rest",
            short(it.sub_account),
            directory.market_name(it.market)
        ),
        Decoded::SetLeverage(it) => format!(
            "set the initial margin of {} in {} to {}",
            short(it.sub_account),
            directory.market_name(it.market),
            if it.ratio == 0 { "the market's own".into() } else { percent(Ppm(it.ratio)) }
        ),
        _ => return None,
    })
}

fn cancel_orders(directory: &Directory, it: &CancelOrders) -> String {
    let account = short(it.sub_account);
    if !it.ids.is_empty() {
        let ids: Vec<String> = it.ids.iter().map(ToString::to_string).collect();
        return format!("cancel orders {} of sub-account {account}", ids.join(", "));
    }
    let mut text = String::from("cancel all orders");
    if let Some(side) = ["buy", "sell"].get(usize::from(it.filter.side)) {
        text += &format!(" to {side}");
    }
    if it.filter.market != kedge_model::event::NO_MARKET {
        text += &format!(" in {}", directory.market_name(it.filter.market));
    }
    if it.filter.client_id != 0 {
        text += &format!(" with your number {}", it.filter.client_id);
    }
    format!("{text} of sub-account {account}")
}

/// Named accounts of an instruction, without those that are the same for all callers.
pub(crate) fn accounts(spec: &InstructionSpec, keys: &[Pubkey]) -> serde_json::Map<String, serde_json::Value> {
    let own = spec.accounts.iter().zip(keys).filter(|(account, _)| account.address.is_none());
    own.map(|(account, key)| (account.name.into(), key.to_string().into())).collect()
}

fn limit(position: i64) -> String {
    match position {
        i64::MIN | i64::MAX => "any".into(),
        position => base(Base(position)),
    }
}

fn named_market(directory: &Directory, at: &Pubkey) -> String {
    let found = directory.markets.iter().find(|market| market.address == *at);
    found.map_or_else(|| short(at), |market| name(&market.data.name))
}

fn bank_tokens(directory: &Directory, at: &Pubkey, amount: u64) -> String {
    match directory.banks.iter().find(|bank| bank.address == *at) {
        Some(bank) => {
            format!("{} ({})", directory.tokens(bank.data.index, Amount(amount)), directory.bank_name(bank.data.index))
        }
        None => format!("{amount} smallest units of bank {}", short(at)),
    }
}
