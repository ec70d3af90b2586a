//! Arguments of commands on accounts and tokens.

use clap::Args;
use solana_pubkey::Pubkey;

use super::address;

/// Selects a sub-account.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Which {
    /// Owner of the sub-account [default: the keypair's address].
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub authority: Option<Pubkey>,
    /// Number or name of the sub-account [default: the one with the lowest number].
    #[arg(long = "account", alias = "id", value_name = "ACCOUNT", env = "KEDGE_ACCOUNT", hide_env_values = true)]
    pub id: Option<String>,
}

/// Selects a sub-account of the keypair.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Own {
    /// Number or name of the sub-account [default: the one with the lowest number].
    #[arg(long = "account", alias = "id", value_name = "ACCOUNT", env = "KEDGE_ACCOUNT", hide_env_values = true)]
    pub id: Option<String>,
}

impl From<&Own> for Which {
    fn from(own: &Own) -> Self {
        Self { authority: None, id: own.id.clone() }
    }
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge account\n  kedge account --account hedge --json")]
pub(crate) struct Account {
    /// Address of a sub-account, instead of owner and number.
    #[arg(conflicts_with = "authority", value_parser = address)]
    pub address: Option<Pubkey>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge accounts\n  kedge accounts --delegated    # those that you may trade for")]
pub(crate) struct Accounts {
    /// Owner of the sub-accounts [default: the keypair's address].
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub authority: Option<Pubkey>,
    /// List the sub-accounts whose delegate is this address instead.
    #[arg(long)]
    pub delegated: bool,
}

#[derive(Args)]
#[command(after_help = "Example:\n  kedge balances --account 1")]
pub(crate) struct Balances {
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
What others tried and what failed is left out: only what happened to the
sub-account is told. --fills and --funding show these alone, --csv everything as
one table with exact numbers. Nothing of this is in an account: it is read from
the sub-account's transactions, as far back as the endpoint remembers them, each
page from the last line of the one before (--before).

Funding leaves no record with an account. It is reckoned from the market's
records of its hourly rate, and the position at that moment; --look bounds how
many transactions of a market are read for it. Sums may differ from the balance
by a millionth an update, since the exchange rounds once for several.

Columns of --csv: time (UTC), slot, kind, market, side, size, price, value, fee
(negative: received), realised, amount (tokens or dollars that moved, negative:
out), balance, order, role, signature, text.

Examples:
  kedge history
  kedge history --fills --limit 50
  kedge history --fills --follow    # own trades as they happen
  kedge history --funding
  kedge history --limit 1000 --csv > history.csv
  kedge history --before SIGNATURE")]
pub(crate) struct History {
    /// Number of transactions, newest first; of fills with --fills, of payments with --funding. 0 with --follow shows
    /// new ones alone.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub limit: u32,
    /// Only transactions before this one.
    #[arg(long, value_name = "SIGNATURE")]
    pub before: Option<String>,
    /// Show them oldest first, then each new one as it happens, until Ctrl-C; as JSON one a line.
    #[arg(long, short, conflicts_with_all = ["before", "csv", "funding"])]
    pub follow: bool,
    /// Number of transactions to show in all [default: until Ctrl-C].
    #[arg(long, requires = "follow", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Only own trades, as a table.
    #[arg(long, conflicts_with = "funding")]
    pub fills: bool,
    /// Only funding payments, paid and received, as a table.
    #[arg(long)]
    pub funding: bool,
    /// Print CSV.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// With --funding: largest number of transactions of each market to read.
    #[arg(long, default_value_t = 1_000, requires = "funding", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub look: u32,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  kedge fees
  kedge fees --count       # count what was traded, for a better tier")]
pub(crate) struct Fees {
    /// First count the sub-account's traded volume in your 30 days: sends a transaction.
    #[arg(long)]
    pub count: bool,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
UNREALISED  the position at the oracle against its entry, without fees and
            funding
REALISED    what closing brought against the entry, liquidations included,
            without fees and funding
FUNDING     received less paid, up to now, and what else moved the claim: shares
            as referrer, builder or filler, and of others' losses
FEES        of taker, builder, triggers and insurance less rebates; negative is
            a cost
TOTAL       the sum of the four: what is in the position's claim and what was
            settled into the balance

The last two words of a position, entry and claim, are exact on chain and give
UNREALISED and TOTAL. The others are read from the sub-account's transactions
since it was created. Where the endpoint has forgotten some of them, or --look
does not reach back so far, they are left open and TOTAL is of what is known on
chain: since the position was opened.

Examples:
  kedge pnl
  kedge pnl SOL-PERP --json")]
pub(crate) struct Pnl {
    /// Only this market, by name or index.
    pub market: Option<String>,
    /// Largest number of transactions to read.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub look: u32,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge watch\n  kedge watch --every 5 --count 12")]
pub(crate) struct Watch {
    /// Seconds between two updates.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    pub every: u64,
    /// Number of updates [default: until Ctrl-C].
    #[arg(long)]
    pub count: Option<u64>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge create\n  kedge create --name hedge --orders 16")]
pub(crate) struct Create {
    /// Display name, at most 16 bytes.
    #[arg(long, default_value = "main")]
    pub name: String,
    /// Slots for open orders, 0 to 128; they can grow later.
    #[arg(long, default_value_t = 8)]
    pub orders: u16,
    /// Address of the wallet that referred you. Only with the first sub-account.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub referrer: Option<Pubkey>,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge deposit 1000\n  kedge deposit 2.5 --bank 1 --account 3")]
pub(crate) struct Deposit {
    /// Tokens, in whole units.
    pub amount: String,
    /// Index of the bank; 0 holds dollars (USDC).
    #[arg(long, default_value_t = 0)]
    pub bank: u16,
    /// Token account to debit [default: the keypair's associated account].
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub from: Option<Pubkey>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge withdraw 250.5\n  kedge withdraw max        # all that margin leaves free")]
pub(crate) struct Withdraw {
    /// Tokens in whole units, or `max` for all that can be withdrawn now.
    pub amount: String,
    /// Index of the bank; 0 holds dollars (USDC).
    #[arg(long, default_value_t = 0)]
    pub bank: u16,
    /// Token account to credit [default: the keypair's associated account, created when missing].
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub to: Option<Pubkey>,
    #[command(flatten)]
    pub own: Own,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge transfer 100 --to 1\n  kedge transfer max --from 1 --to 0")]
pub(crate) struct Transfer {
    /// Tokens in whole units, or `max` for all that can be withdrawn now.
    pub amount: String,
    /// Number or name of the sub-account to debit [default: the one with the lowest number].
    #[arg(long, value_name = "ACCOUNT", env = "KEDGE_ACCOUNT", hide_env_values = true)]
    pub from: Option<String>,
    /// Number or name of the sub-account to credit.
    #[arg(long, value_name = "ACCOUNT")]
    pub to: String,
    /// Index of the bank; 0 holds dollars (USDC).
    #[arg(long, default_value_t = 0)]
    pub bank: u16,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge settle              # every market\n  kedge settle SOL-PERP")]
pub(crate) struct Settle {
    /// Only this market, by name or index.
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
A delegate may place and cancel orders, and cannot take anything out.

Examples:
  kedge delegate 11111111111111111111111111111112
  kedge delegate --none")]
pub(crate) struct Delegate {
    /// Address that may trade.
    #[arg(required_unless_present = "none", conflicts_with = "none", value_parser = address)]
    pub delegate: Option<Pubkey>,
    /// Remove the delegate: the owner alone trades.
    #[arg(long)]
    pub none: bool,
    #[command(flatten)]
    pub own: Own,
}

#[derive(Args)]
#[command(after_help = "\
A builder gets its fee from the orders that are placed with --builder.

Examples:
  kedge builder 11111111111111111111111111111112 --fee 0.02
  kedge builder --none")]
pub(crate) struct Builder {
    /// Wallet of the builder, which gets the fee.
    #[arg(required_unless_present = "none", conflicts_with = "none", requires = "fee", value_parser = address)]
    pub builder: Option<Pubkey>,
    /// Fee on the traded value, percent; at most 0.1.
    #[arg(long, value_name = "PERCENT")]
    pub fee: Option<String>,
    /// Remove the approval.
    #[arg(long, conflicts_with = "fee")]
    pub none: bool,
    #[command(flatten)]
    pub own: Own,
}

#[derive(Args)]
#[command(after_help = "\
An isolated position is margined, liquidated and lost alone: it risks its own
collateral and nothing else.

Examples:
  kedge isolate SOL-PERP 500          # back it with 500 out of the balance
  kedge isolate SOL-PERP 100          # and 100 more
  kedge isolate SOL-PERP --take 50    # 50 back to the balance
  kedge isolate SOL-PERP --merge      # margined with the rest again")]
pub(crate) struct Isolate {
    /// Market, by name or index.
    pub market: String,
    /// Dollars to move from the balance to the position.
    #[arg(required_unless_present_any = ["take", "merge"], conflicts_with_all = ["take", "merge"])]
    pub amount: Option<String>,
    /// Dollars to move back from the position to the balance.
    #[arg(long, value_name = "AMOUNT", conflicts_with = "merge")]
    pub take: Option<String>,
    /// Join the position with the cross positions of the sub-account.
    #[arg(long)]
    pub merge: bool,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  kedge leverage SOL-PERP 5      # never more than 5x, whatever the market allows
  kedge leverage SOL-PERP max    # as much as the market allows")]
pub(crate) struct Leverage {
    /// Market, by name or index.
    pub market: String,
    /// Highest leverage that you want, or `max` for what the market allows.
    pub leverage: String,
    #[command(flatten)]
    pub own: Own,
}

#[derive(Args)]
#[command(after_help = "Example:\n  kedge grow 32")]
pub(crate) struct Grow {
    /// New number of order slots: a multiple of 4, more than now, at most 128.
    pub orders: u16,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
A closed sub-account cannot be opened again: the next one gets a new number.

Examples:
  kedge close-account --account 1 --yes
  kedge close-account --trader --yes")]
pub(crate) struct CloseAccount {
    #[command(flatten)]
    pub own: Own,
    /// Close the trader account instead, once no sub-account is left.
    #[arg(long)]
    pub trader: bool,
    /// Receiver of the rent [default: the keypair's address].
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub receiver: Option<Pubkey>,
}
