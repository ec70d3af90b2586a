//! What can be typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use solana_pubkey::Pubkey;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 the endpoint or the transaction failed, 2 wrong usage, 3 refused by a \
rule of the exchange, 4 not included in time, 5 not found.";

/// Trade on the Kedge perpetual-futures exchange from the command line.
///
/// Amounts, sizes and prices are decimal numbers in whole units (2.5 SOL, 181.20 USDC) and are never rounded: too many
/// digits are an error.
#[derive(Parser)]
#[command(name = "kedge", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// RPC endpoint of the cluster.
    #[arg(long, global = true, env = "KEDGE_URL", default_value = "http://127.0.0.1:8899")]
    pub url: String,
    /// Keypair file of who signs and pays [default: ~/.config/solana/id.json].
    #[arg(long, global = true, env = "KEDGE_KEYPAIR", value_name = "FILE")]
    pub keypair: Option<std::path::PathBuf>,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// Priority fee in millionths of a lamport a compute unit, instead of what recent transactions paid.
    #[arg(long, global = true, value_name = "MICRO_LAMPORTS")]
    pub priority_fee: Option<u64>,
    /// The account that holds a Pyth feed, instead of the push oracle's. Can be given several times.
    #[arg(long, global = true, value_name = "FEED_ID=ADDRESS", value_parser = feed_account)]
    pub price_account: Vec<([u8; 32], Pubkey)>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// List the markets with prices, funding and open interest.
    Markets,
    /// Show the rows of the price board, or refresh them.
    Prices(Prices),
    /// Show a sub-account: balances, positions and margin.
    Account(Account),
    /// Create a sub-account (and the trader account before the first one).
    Create(Create),
    /// Move tokens into a sub-account.
    Deposit(Deposit),
    /// Move tokens out of a sub-account.
    Withdraw(Withdraw),
    /// Place, cancel and list orders.
    #[command(subcommand)]
    Order(Order),
    /// List the positions of a sub-account.
    Position(Position),
    /// Say in plain words what a transaction did, or why it failed.
    Explain {
        /// Signature of the transaction.
        signature: String,
    },
}

/// Which sub-account.
#[derive(Args, Clone)]
pub struct Which {
    /// Owner of the sub-account [default: the keypair's address].
    #[arg(long)]
    pub authority: Option<Pubkey>,
    /// Id of the sub-account.
    #[arg(long, default_value_t = 0)]
    pub id: u16,
}

#[derive(Args)]
pub struct Prices {
    /// Refresh all listed rows from their oracle accounts first.
    #[arg(long)]
    pub refresh: bool,
}

#[derive(Args)]
pub struct Account {
    /// Address of a sub-account, instead of authority and id.
    #[arg(conflicts_with_all = ["authority", "id"])]
    pub address: Option<Pubkey>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
pub struct Create {
    /// Display name, at most 16 bytes.
    #[arg(long, default_value = "main")]
    pub name: String,
    /// Room for this many open orders, 0 to 128; it can grow later.
    #[arg(long, default_value_t = 8)]
    pub orders: u16,
}

#[derive(Args)]
pub struct Deposit {
    /// Tokens, in whole units.
    pub amount: String,
    /// Index of the bank; 0 is the quote bank.
    #[arg(long, default_value_t = 0)]
    pub bank: u16,
    /// Token account to take them from [default: the keypair's associated account].
    #[arg(long)]
    pub from: Option<Pubkey>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
pub struct Withdraw {
    /// Tokens, in whole units.
    pub amount: String,
    /// Index of the bank; 0 is the quote bank.
    #[arg(long, default_value_t = 0)]
    pub bank: u16,
    /// Token account to send them to [default: the keypair's associated account, created when missing].
    #[arg(long)]
    pub to: Option<Pubkey>,
    /// Id of the sub-account.
    #[arg(long, default_value_t = 0)]
    pub id: u16,
}

#[derive(Subcommand)]
pub enum Order {
    /// Place an order: a limit order with --limit, else a market order through an auction.
    Place(Place),
    /// Cancel one order by id, or all of them.
    Cancel(Cancel),
    /// List open orders.
    List(List),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SideArg {
    /// Buy base, go long.
    #[value(alias = "long")]
    Buy,
    /// Sell base, go short.
    #[value(alias = "short")]
    Sell,
}

#[derive(Args)]
pub struct Place {
    /// Market, by name or index.
    pub market: String,
    /// Which way.
    pub side: SideArg,
    /// Size in base units.
    pub size: String,
    /// Limit price. Without it the order is a market order.
    #[arg(long)]
    pub limit: Option<String>,
    /// Worst price of a market order [default: half a percent beyond the oracle].
    #[arg(long, conflicts_with = "limit")]
    pub protection: Option<String>,
    /// Refuse the order if it would trade when it is placed.
    #[arg(long, requires = "limit", conflicts_with_all = ["ioc", "take"])]
    pub post_only: bool,
    /// Only reduce the position.
    #[arg(long)]
    pub reduce_only: bool,
    /// Fill at once against resting orders and the vAMM, without an auction; the rest of a limit order rests.
    #[arg(long)]
    pub take: bool,
    /// Like --take, and cancel the rest.
    #[arg(long)]
    pub ioc: bool,
    /// With --take or --ioc: fill at least this much base, or nothing happens.
    #[arg(long)]
    pub min_fill: Option<String>,
    /// Your own number for the order, unique among your open orders.
    #[arg(long, default_value_t = 0)]
    pub client_id: u64,
    /// Seconds until the order expires [default: never].
    #[arg(long, value_name = "SECONDS")]
    pub expires_in: Option<u32>,
    /// Auction length in milliseconds [default: the exchange's for market orders, none for limit orders].
    #[arg(long, value_name = "MS")]
    pub auction_ms: Option<u32>,
    /// Price at which the auction starts [default: derived from the oracle, market orders only].
    #[arg(long, requires = "auction_end")]
    pub auction_start: Option<String>,
    /// Price at which the auction ends.
    #[arg(long, requires = "auction_start")]
    pub auction_end: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
pub struct Cancel {
    /// Id of the order, as listed.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub order: Option<u32>,
    /// Cancel all orders.
    #[arg(long)]
    pub all: bool,
    /// With --all: only those of one market.
    #[arg(long, requires = "all")]
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
pub struct List {
    /// Only this market, by name or index.
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
pub struct Position {
    /// Only this market, by name or index.
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

fn feed_account(text: &str) -> Result<([u8; 32], Pubkey), String> {
    let (feed, account) = text.split_once('=').ok_or("write FEED_ID=ADDRESS")?;
    let feed = feed.strip_prefix("0x").unwrap_or(feed);
    if feed.len() != 64 || !feed.is_ascii() {
        return Err("a feed id has 64 hexadecimal digits".into());
    }
    let mut bytes = [0u8; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let digits = feed.get(2 * index..2 * index + 2).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).map_err(|_| "a feed id has 64 hexadecimal digits")?;
    }
    Ok((bytes, account.parse().map_err(|_| "the address is not base58 of 32 bytes")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn orders_parse_as_documented() {
        let line = ["kedge", "order", "place", "SOL-PERP", "buy", "2.5", "--limit", "181.20", "--post-only"];
        let cli = Cli::try_parse_from(line).unwrap();
        let Command::Order(Order::Place(place)) = cli.command else { panic!("not an order") };
        assert_eq!((place.market.as_str(), place.size.as_str()), ("SOL-PERP", "2.5"));
        assert!(place.post_only && place.limit.as_deref() == Some("181.20"));
        let refused: [&[&str]; 4] = [
            &["kedge", "order", "place", "SOL-PERP", "buy", "1", "--post-only"],
            &["kedge", "order", "place", "SOL-PERP", "hold", "1"],
            &["kedge", "order", "cancel"],
            &["kedge", "order", "cancel", "7", "--all"],
        ];
        for line in refused {
            assert!(Cli::try_parse_from(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn feed_accounts_parse() {
        let feed = "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d";
        let (id, account) = feed_account(&format!("0x{feed}=11111111111111111111111111111111")).unwrap();
        assert_eq!((id[0], id[31], account), (0xef, 0x6d, Pubkey::default()));
        for text in [feed, &feed[1..], "xyz=11111111111111111111111111111111", &format!("{feed}=short")] {
            assert!(feed_account(text).is_err(), "{text}");
        }
    }
}
