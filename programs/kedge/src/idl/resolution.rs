//! Where accounts are and what arguments stand for, so that a client that knows only the IDL finds and fills them.
//!
//! Seeds are stated for the accounts of an instruction that its other accounts and arguments determine. Where they do not
//! (an order's market is in a list of orders, a sub-account's id in no argument), the account type's text has the seeds.

use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::account::trader::Trader;
use kedge_model::event::EventHeader;

use super::{String, ToString, Vec, format, quoted};
use crate::account::Address32;
use crate::pda::{self, BackstopAddress, BoardAddress, ExchangeAddress};

/// How an account of instructions is found.
enum Found {
    /// At one address.
    At(String),
    /// By seeds.
    By(Vec<Seed>),
}

/// A part of a derived address.
enum Seed {
    Bytes(&'static [u8]),
    /// An argument or a field of one.
    Argument(&'static str),
    /// Another account of the instruction, or a field of it, whose kind is named then.
    Account(&'static str, Option<&'static str>),
}

use Seed::{Account, Argument, Bytes};

/// Instructions (none for all), account, and how it is found.
fn rules() -> Vec<(&'static [&'static str], &'static str, Found)> {
    let by = |seeds: Vec<Seed>| Found::By(seeds);
    let quote_bank =
        anchor_lang::Address::find_program_address(&[pda::BANK_SEED, &Bank::QUOTE.to_le_bytes()], &crate::ID);
    let of_authority = || by(Vec::from([Bytes(pda::TRADER_SEED), Account("authority", None)]));
    let next = |seed, counter| by(Vec::from([Bytes(seed), Account(counter, Some("Exchange"))]));
    let vault = || by(Vec::from([Bytes(pda::VAULT_SEED), Account("bank.index", Some("Bank"))]));
    Vec::from([
        (&[][..], "exchange", Found::At(ExchangeAddress::BASE58.into())),
        (&[], "board", Found::At(BoardAddress::BASE58.into())),
        (
            &[
                "settle_pnl",
                "settle_position",
                "sweep_fees",
                "settle_bankruptcy",
                "delist_market",
                "fund_pool",
                "stake",
                "unstake",
                "create_backstop",
                "stake_vault",
                "unstake_vault",
                "take_over",
                "unwind_backstop",
                "pay_treasury",
            ],
            "bank",
            Found::At(quote_bank.0.to_string()),
        ),
        (&["list_bank"], "bank", next(pda::BANK_SEED, "exchange.banks")),
        (&["list_bank"], "vault", next(pda::VAULT_SEED, "exchange.banks")),
        (&["list_market"], "market", next(pda::MARKET_SEED, "exchange.markets")),
        (
            &[
                "deposit",
                "withdraw",
                "fund_pool",
                "stake",
                "unstake",
                "stake_vault",
                "unstake_vault",
                "pay_treasury",
                "verify",
            ],
            "vault",
            vault(),
        ),
        (&["place_and_take"], "market", by(Vec::from([Bytes(pda::MARKET_SEED), Argument("order.market")]))),
        (&["create_trader", "create_sub_account", "close_sub_account", "close_trader"], "trader", of_authority()),
        (
            &["stake", "request_unstake", "cancel_unstake", "unstake", "stake_vault", "unstake_vault"],
            "trader",
            of_authority(),
        ),
        (&[], "backstop", Found::At(BackstopAddress::BASE58.into())),
        (
            &["update_fee_tier"],
            "trader",
            by(Vec::from([Bytes(pda::TRADER_SEED), Account("sub_account.authority", Some("SubAccount"))])),
        ),
        (
            &["create_sub_account"],
            "sub_account",
            by(Vec::from([
                Bytes(pda::SUB_ACCOUNT_SEED),
                Account("authority", None),
                Account("trader.next_sub_account", Some("Trader")),
            ])),
        ),
    ])
}

/// Accounts of instructions with their address or seeds.
pub(crate) fn accounts() -> Vec<String> {
    let entry = |(instructions, name, found): (&[&str], &str, Found)| {
        let instructions: Vec<String> = instructions.iter().map(|name| quoted(name)).collect();
        let found = match found {
            Found::At(address) => format!("\"address\":\"{address}\""),
            Found::By(seeds) => {
                let seeds: Vec<String> = seeds.iter().map(seed).collect();
                format!("\"pda\":{{\"seeds\":[{}]}}", seeds.join(","))
            }
        };
        format!("{{\"instructions\":[{}],\"name\":\"{name}\",{found}}}", instructions.join(","))
    };
    rules().into_iter().map(entry).collect()
}

fn seed(seed: &Seed) -> String {
    match seed {
        Bytes(bytes) => format!("{{\"kind\":\"const\",\"value\":{}}}", list(bytes)),
        Argument(path) => format!("{{\"kind\":\"arg\",\"path\":\"{path}\"}}"),
        Account(path, None) => format!("{{\"kind\":\"account\",\"path\":\"{path}\"}}"),
        Account(path, Some(kind)) => {
            format!("{{\"kind\":\"account\",\"path\":\"{path}\",\"account\":\"{kind}\"}}")
        }
    }
}

pub(super) fn list(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(ToString::to_string).collect();
    format!("[{}]", bytes.join(","))
}

/// Arguments that stand for more than their bytes: instruction, argument, type. 32 bytes are a public key in all.
pub(crate) fn arguments() -> Vec<String> {
    [
        ("set_market_status", "status", "MarketStatus"),
        ("halt_row", "kind", "RowKind"),
        ("fund_pool", "kind", "PoolKind"),
        ("request_unstake", "pot", "Pot"),
        ("cancel_unstake", "pot", "Pot"),
    ]
    .into_iter()
    .map(|(instruction, name, ty)| {
        let ty = super::meant(ty);
        format!("{{\"instruction\":\"{instruction}\",\"name\":\"{name}\",\"type\":{ty}}}")
    })
    .collect()
}

/// Where accounts of a kind are.
pub(crate) fn place(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Exchange" => "The one account of its kind: seed EXCHANGE_SEED.",
        "PriceBoard" => "The one account of its kind: seed BOARD_SEED.",
        "Market" => "Seeds: MARKET_SEED, index (u16, little-endian).",
        "Bank" => {
            "Seeds: BANK_SEED, index (u16, little-endian); its vault: VAULT_SEED, index. Bank 0 is the quote bank."
        }
        "Trader" => "Seeds: TRADER_SEED, authority.",
        "SubAccount" => "Seeds: SUB_ACCOUNT_SEED, authority, id (u16, little-endian).",
        _ => return None,
    })
}

/// The seeds, and the layout version that is each account's first byte behind the discriminator.
pub(crate) fn constants() -> Vec<String> {
    let versions = [
        ("EXCHANGE_VERSION", Exchange::VERSION),
        ("PRICE_BOARD_VERSION", PriceBoard::VERSION),
        ("MARKET_VERSION", Market::VERSION),
        ("BANK_VERSION", Bank::VERSION),
        ("TRADER_VERSION", Trader::VERSION),
        ("SUB_ACCOUNT_VERSION", SubAccount::VERSION),
        ("EVENT_VERSION", EventHeader::VERSION),
    ];
    let seeds: [(&str, &[u8]); 8] = [
        ("EXCHANGE_SEED", pda::EXCHANGE_SEED),
        ("BOARD_SEED", pda::BOARD_SEED),
        ("MARKET_SEED", pda::MARKET_SEED),
        ("BANK_SEED", pda::BANK_SEED),
        ("VAULT_SEED", pda::VAULT_SEED),
        ("TRADER_SEED", pda::TRADER_SEED),
        ("SUB_ACCOUNT_SEED", pda::SUB_ACCOUNT_SEED),
        ("EVENT_AUTHORITY_SEED", pda::EVENT_AUTHORITY_SEED),
    ];
    let entry = |(name, seed): (&str, &[u8])| {
        format!("{{\"name\":\"{name}\",\"type\":\"bytes\",\"value\":\"{}\"}}", list(seed))
    };
    let version =
        |(name, number): (&str, u8)| format!("{{\"name\":\"{name}\",\"type\":\"u8\",\"value\":\"{number}\"}}");
    versions.into_iter().map(version).chain(seeds.into_iter().map(entry)).collect()
}
