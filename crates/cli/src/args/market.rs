//! Arguments of commands on markets and prices.

use clap::{Args, Subcommand};
use solana_pubkey::Pubkey;

use super::Which;

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge markets\n  kedge markets SOL-PERP       # sizes, limits, margin")]
pub(crate) struct Markets {
    /// Show all details of this market, by name or index.
    pub market: Option<String>,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge prices\n  kedge prices --refresh")]
pub(crate) struct Prices {
    /// Refresh all listed rows from their oracle accounts first.
    #[arg(long)]
    pub refresh: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge funding\n  kedge funding SOL-PERP")]
pub(crate) struct Funding {
    /// Only this market, by name or index.
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  kedge default show           # all that the exchange remembers\n  kedge default show 3"
)]
pub(crate) struct Defaulted {
    #[command(subcommand)]
    pub act: DefaultAct,
}

#[derive(Args)]
#[command(after_help = "\
Staked dollars stand behind all markets: they earn 6 % of swept fees, over
seven days each, and pay for defaults when a market's own funds are used up.
Shares are paid thirteen days after they were requested, within two days, at the
price of then; until they are paid they bear losses.

Examples:
  kedge insurance show
  kedge insurance stake 1000
  kedge insurance request all")]
pub(crate) struct Insurance {
    #[command(subcommand)]
    pub act: InsuranceAct,
}

#[derive(Subcommand)]
pub(crate) enum InsuranceAct {
    /// Show the staked insurance and your shares.
    #[command(after_help = "Example:\n  kedge insurance show")]
    Show,
    /// Stake dollars of the wallet.
    #[command(after_help = "Example:\n  kedge insurance stake 1000")]
    Stake {
        /// Dollars.
        amount: String,
        /// The fewest shares that are taken for them [default: those of the price now, less a thousandth].
        #[arg(long)]
        least: Option<u64>,
    },
    /// Let shares wait to be paid; all that wait do so for thirteen days from now.
    #[command(after_help = "Example:\n  kedge insurance request all")]
    Request {
        /// Shares, or `all`.
        shares: String,
    },
    /// Take the request back.
    #[command(after_help = "Example:\n  kedge insurance cancel")]
    Cancel,
    /// Get the shares paid that have waited.
    #[command(after_help = "Example:\n  kedge insurance unstake")]
    Unstake,
}

#[derive(Args)]
#[command(after_help = "\
The backstop vault takes over liquidations that nobody took in thirty seconds, sells
what it took in small orders, and pays for defaults after the staked insurance, up to
15 % of it a day. Its shares are worth its equity. They earn a part of swept fees over
seven days, are paid three days after they were requested, within twelve hours, at
the price of then, and bear losses until they are paid.

Examples:
  kedge vault show
  kedge vault deposit 1000
  kedge vault request all")]
pub(crate) struct Vault {
    #[command(subcommand)]
    pub act: VaultAct,
}

#[derive(Subcommand)]
pub(crate) enum VaultAct {
    /// Show the backstop vault: what it is worth, what it holds, and your shares.
    #[command(after_help = "Example:\n  kedge vault show")]
    Show,
    /// Create the vault's sub-account, once for the exchange; the wallet pays its rent.
    #[command(after_help = "Example:\n  kedge vault create")]
    Create,
    /// Buy shares for dollars of the wallet.
    #[command(after_help = "Example:\n  kedge vault deposit 1000")]
    Deposit {
        /// Dollars.
        amount: String,
        /// The fewest shares that are taken for them [default: those of the price now, less a thousandth].
        #[arg(long)]
        least: Option<u64>,
    },
    /// Let shares wait to be paid; all that wait do so for three days from now.
    #[command(after_help = "Example:\n  kedge vault request all")]
    Request {
        /// Shares, or `all`.
        shares: String,
    },
    /// Take the request back.
    #[command(after_help = "Example:\n  kedge vault cancel")]
    Cancel,
    /// Get the shares paid that have waited.
    #[command(after_help = "Example:\n  kedge vault withdraw")]
    Withdraw,
}

#[derive(Subcommand)]
pub(crate) enum DefaultAct {
    /// Print the statement of a default: what each step of the waterfall paid. Without a number, of the last ones.
    #[command(after_help = "Example:\n  kedge default show 3")]
    Show {
        /// Number of the default, as its event has it; the exchange remembers the last 8.
        number: Option<u64>,
    },
}

#[derive(Args)]
#[command(after_help = "\
Resting orders are read from the accounts that hold them, those that could trade
now, and put together by price; of an iceberg it is what it shows. An order at a
distance to the oracle stands where the oracle puts it. The vAMM's line is its
next unit and the most that one fill may take; it trades only at a price that
was published after the order became active. Whether an owner can still back an
order is decided when it is filled.

Examples:
  kedge book SOL-PERP
  kedge book SOL-PERP --depth 20 --json
  kedge book SOL-PERP --watch --every 1")]
pub(crate) struct Book {
    /// Market, by name or index [default: of `kedge init` or KEDGE_MARKET].
    pub market: Option<String>,
    /// Number of price levels on each side.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub depth: u16,
    /// Show it repeatedly, until Ctrl-C.
    #[arg(long)]
    pub watch: bool,
    /// Seconds between two updates.
    #[arg(long, default_value_t = 2, requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: u64,
    /// Number of updates [default: until Ctrl-C].
    #[arg(long, requires = "watch")]
    pub count: Option<u64>,
}

#[derive(Args)]
#[command(after_help = "\
Where they come from: the exchange records each fill by a call of itself, which
stands in the transaction and in no log and no account. So the market's latest
transactions are fetched one by one and read, those of keepers that moved no
trade among them. An endpoint remembers days or weeks, an archive all; one that
forgets has no older trades to show. --look bounds how many are read, and the
last line says where to go on.

SIDE is the taker's. FROM is the other side: the book, the vAMM, a maker that joined
the auction, or a liquidation, in which a liquidator took a position over.

Examples:
  kedge trades SOL-PERP
  kedge trades SOL-PERP --limit 100 --look 2000 --json
  kedge trades SOL-PERP --before SIGNATURE
  kedge trades SOL-PERP --follow --limit 5")]
pub(crate) struct Trades {
    /// Market, by name or index [default: of `kedge init` or KEDGE_MARKET].
    pub market: Option<String>,
    /// Number of trades, newest first; 0 with --follow shows new ones alone.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub limit: u32,
    /// Largest number of transactions to read.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub look: u32,
    /// Only trades before this transaction.
    #[arg(long, value_name = "SIGNATURE")]
    pub before: Option<String>,
    /// Show them oldest first, then each new one as it happens, until Ctrl-C; as JSON one a line.
    #[arg(long, short, conflicts_with = "before")]
    pub follow: bool,
    /// Number of trades to show in all [default: until Ctrl-C].
    #[arg(long, requires = "follow", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

/// Parses `FEED_ID=ADDRESS`.
pub(super) fn feed_account(text: &str) -> Result<([u8; 32], Pubkey), String> {
    let (feed, account) = text.split_once('=').ok_or("write FEED_ID=ADDRESS")?;
    Ok((feed_id(feed)?, account.parse().map_err(|_| "the address is not base58 of 32 bytes")?))
}

/// Parses the id of a Pyth feed, with or without `0x`.
pub(crate) fn feed_id(text: &str) -> Result<[u8; 32], String> {
    let feed = text.strip_prefix("0x").unwrap_or(text);
    if feed.len() != 64 || !feed.is_ascii() {
        return Err("a feed id has 64 hexadecimal digits".into());
    }
    let mut bytes = [0u8; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let digits = feed.get(2 * index..2 * index + 2).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).map_err(|_| "a feed id has 64 hexadecimal digits")?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

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
