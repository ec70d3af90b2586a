//! Arguments of the command line.

mod account;
mod admin;
mod audit;
mod guard;
mod market;
mod order;
mod outcome;
mod position;
mod setup;
mod signed;

pub(crate) use account::{
    Account, Accounts, Balances, Builder, CloseAccount, Create, Delegate, Deposit, Fees, Grow, History, Isolate,
    Leverage, Pnl, Settle, Transfer, Watch, Which, Withdraw,
};
pub(crate) use admin::{Act, Admin, Form, Operation, Pool, Row};
pub(crate) use audit::{Audit, Claimant};
pub(crate) use guard::Guards;
pub(crate) use market::{
    Book, DefaultAct, Defaulted, Funding, Insurance, InsuranceAct, Markets, Prices, Trades, Vault, VaultAct, feed_id,
};
pub(crate) use order::{
    Cancel, ClientId, Modify, Order, Orders, Place, Positions, Risk, SelfTradeArg, SideArg, TriggerArg,
};
pub(crate) use outcome::OutcomeOf;
pub(crate) use position::{Close, Reverse};
pub(crate) use setup::{Airdrop, Init, Keygen};
pub(crate) use signed::{Revoke, Sign, Submit};

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use kedge_client::Secret;
use solana_pubkey::Pubkey;

/// Default endpoint.
pub(crate) const DEFAULT_URL: &str = "http://127.0.0.1:8899";

const FOOTER: &str = "\
Exit codes:
  0  done
  1  nothing was sent: the endpoint did not answer, or the transaction would
     fail outside the exchange
  2  wrong usage, or --yes is missing: nothing was sent
  3  rejected: refused by a rule of the exchange, or failed on the chain; nothing
     was changed
  4  expired: in no block, and cannot get into one; nothing was changed
  5  not found
  6  unknown: it may have landed or still land; `kedge outcome SIGNATURE` tells
     later. Do not repeat the command before
  7  it was placed, and nothing of it was filled (--ioc, --wait)
  8  it was placed, and a part of it was filled (--ioc, --wait)

A first trade:
  kedge keygen && kedge airdrop
  kedge create && kedge deposit 1000
  kedge risk SOL-PERP buy 5
  kedge place SOL-PERP buy 5 --wait
  kedge close SOL-PERP --wait";

/// Trade on the Kedge perpetual-futures exchange from the command line.
///
/// Amounts, sizes and prices are decimal numbers in whole units (2.5 SOL, 181.20 USDC) and are never rounded: too many
/// digits are an error. Tables round to what fits; --json gives every number exactly.
#[derive(Parser)]
#[command(name = "kedge", version, after_help = FOOTER, arg_required_else_help = true, max_term_width = 80)]
pub(crate) struct Cli {
    /// RPC endpoint, or localhost, devnet, testnet, mainnet-beta. A key in it is never shown.
    #[arg(
        long,
        short,
        global = true,
        env = "KEDGE_URL",
        hide_env_values = true,
        default_value = DEFAULT_URL,
        value_parser = Secret::parse,
        help_heading = "Connection"
    )]
    pub url: Secret,
    /// Keypair file of the signer and payer [default: ~/.config/solana/id.json].
    #[arg(
        long,
        global = true,
        env = "KEDGE_KEYPAIR",
        hide_env_values = true,
        value_name = "FILE",
        help_heading = "Connection"
    )]
    pub keypair: Option<std::path::PathBuf>,
    /// Print JSON instead of text.
    #[arg(long, global = true, help_heading = "Connection")]
    pub json: bool,
    /// Priority fee in millionths of a lamport a compute unit [default: what recent transactions paid].
    #[arg(long, global = true, value_name = "MICRO_LAMPORTS", help_heading = "Connection")]
    pub priority_fee: Option<u64>,
    /// Longest wait for the outcome of a transaction, then exit code 6. An outcome takes some seconds, the proof that a
    /// transaction has expired about 75.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 180, help_heading = "Connection",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub patience: u64,
    /// Account of a Pyth feed, in place of the push oracle's. Can be given several times.
    #[arg(long, global = true, value_name = "FEED_ID=ADDRESS", value_parser = market::feed_account,
          help_heading = "Connection")]
    pub price_account: Vec<([u8; 32], Pubkey)>,
    #[command(flatten)]
    pub guards: Guards,
    #[command(subcommand)]
    pub command: Command,
}

/// Parses an address; the error says what is wrong in words.
pub(crate) fn address(text: &str) -> Result<Pubkey, String> {
    text.parse().map_err(|_| "not an address, base58 of 32 bytes".into())
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write the configuration file: endpoint, keypair, default account and market.
    Init(Init),
    /// Show each setting and where it comes from.
    Config,
    /// Create a keypair.
    Keygen(Keygen),
    /// Print the keypair's address.
    Address,
    /// Get SOL and test dollars on a local or test chain.
    Airdrop(Airdrop),
    /// List the markets with prices, funding and open interest, or show one of them.
    Markets(Markets),
    /// Show the order book of a market: resting orders, the vAMM's quotes, auctions.
    Book(Book),
    /// List the latest trades of a market.
    Trades(Trades),
    /// Show the rows of the price board, or refresh them.
    Prices(Prices),
    /// Show the last and the next funding rate, and the payments of your positions.
    Funding(Funding),
    /// Show who paid for the last defaults, step by step.
    Default(Defaulted),
    /// Stake with the insurance that stands behind all markets, and leave it.
    Insurance(Insurance),
    /// Hold shares of the backstop vault, which takes over what nobody liquidates.
    Vault(Vault),
    /// Show a sub-account: balances, positions and margin.
    Account(Account),
    /// List all sub-accounts of an owner.
    Accounts(Accounts),
    /// List balances, what can be withdrawn now, and what the wallet holds.
    Balances(Balances),
    /// List the positions of a sub-account.
    #[command(alias = "position")]
    Positions(Positions),
    /// List the open orders of a sub-account.
    Orders(Orders),
    /// Show margin, health and liquidation prices, now and after a possible order.
    Risk(Risk),
    /// Show the fees that you pay and get: tier, volume, referral, builder, liquidation.
    Fees(Fees),
    /// Show profit and loss by market: unrealised, realised, funding, fees.
    Pnl(Pnl),
    /// List the history of a sub-account: trades, orders, money, funding.
    History(History),
    /// Explain in plain words what a transaction did, or why it failed.
    #[command(after_help = "Example:\n  kedge explain SIGNATURE")]
    Explain {
        /// Signature of the transaction.
        signature: String,
    },
    /// Tell whether a transaction landed, was rejected or expired. The exit code is the one that the command which
    /// signed it would have ended with.
    Outcome(OutcomeOf),
    /// Recompute the whole exchange from raw accounts: does everything reconcile? Signed statements, and the proof that a
    /// sub-account is counted.
    Audit(Audit),
    /// Have the program add up its own books: each market's ledger, the pools, and the tokens in each vault.
    #[command(after_help = "\
Costs a transaction for each bank. That balances are what a bank counts as
deposits, `kedge audit` recomputes from all accounts.

Example:
  kedge verify")]
    Verify,
    /// Show a sub-account repeatedly, until Ctrl-C.
    Watch(Watch),
    /// Place an order: a limit order with --limit, else a market order through an auction.
    Place(Box<Place>),
    /// Change the price, size, trigger or expiry of an open order.
    Modify(Modify),
    /// Cancel orders by id, all orders, or those that fit a market, side or number.
    Cancel(Cancel),
    /// Close a position, or all of them, with reduce-only market orders.
    Close(Close),
    /// Reverse a position: the same size on the other side.
    Reverse(Reverse),
    /// Sign an order without sending it; anyone can place it until it expires.
    Sign(Box<Sign>),
    /// Place a signed order.
    Submit(Submit),
    /// Revoke signed orders that are not placed yet.
    Revoke(Revoke),
    /// Create a sub-account (and the trader account before the first one).
    Create(Create),
    /// Move tokens into a sub-account.
    Deposit(Deposit),
    /// Move tokens out of a sub-account.
    Withdraw(Withdraw),
    /// Move tokens between two sub-accounts of the keypair.
    Transfer(Transfer),
    /// Move realised profit and loss of positions into the dollar balance.
    Settle(Settle),
    /// Back a position with collateral of its own, or join it with the cross positions.
    Isolate(Isolate),
    /// Limit your own leverage in a market.
    Leverage(Leverage),
    /// Approve a fee for a builder on the orders that come through it, or remove the approval.
    Builder(Builder),
    /// Let another address trade for a sub-account, or no other.
    Delegate(Delegate),
    /// Make room for more open orders.
    Grow(Grow),
    /// Close an empty sub-account or the trader account for good; its rent is returned.
    CloseAccount(CloseAccount),
    /// Run the exchange: list, open, pause, expire, set fees and roles.
    Admin(Admin),
    /// Place, change, cancel and list orders: the same as place, modify, cancel and orders.
    #[command(subcommand, hide = true)]
    Order(Order),
    /// Print a completion script for a shell.
    #[command(after_help = "\
Examples:
  kedge completion bash > ~/.local/share/bash-completion/completions/kedge
  kedge completion zsh > \"${fpath[1]}/_kedge\"
  kedge completion fish > ~/.config/fish/completions/kedge.fish")]
    Completion {
        /// Shell of the script.
        shell: Shell,
    },
}

impl Command {
    /// Whether the command sends transactions, whose outcome its JSON then names.
    pub(crate) fn sends(&self) -> bool {
        match self {
            Self::Airdrop(_)
            | Self::Place(_)
            | Self::Modify(_)
            | Self::Cancel(_)
            | Self::Close(_)
            | Self::Reverse(_)
            | Self::Submit(_)
            | Self::Revoke(_)
            | Self::Create(_)
            | Self::Deposit(_)
            | Self::Withdraw(_)
            | Self::Transfer(_)
            | Self::Settle(_)
            | Self::Isolate(_)
            | Self::Leverage(_)
            | Self::Builder(_)
            | Self::Delegate(_)
            | Self::Grow(_)
            | Self::CloseAccount(_)
            | Self::Verify => true,
            Self::Order(order) => !matches!(order, Order::List(_)),
            Self::Admin(admin) => !matches!(admin.act, Act::Show | Act::Form { .. }),
            Self::Prices(options) => options.refresh,
            Self::Insurance(options) => !matches!(options.act, InsuranceAct::Show),
            Self::Vault(options) => !matches!(options.act, VaultAct::Show),
            Self::Fees(options) => options.count,
            Self::Audit(_)
            | Self::Init(_)
            | Self::Config
            | Self::Keygen(_)
            | Self::Address
            | Self::Markets(_)
            | Self::Book(_)
            | Self::Trades(_)
            | Self::Funding(_)
            | Self::Default(_)
            | Self::Account(_)
            | Self::Accounts(_)
            | Self::Balances(_)
            | Self::Positions(_)
            | Self::Orders(_)
            | Self::Risk(_)
            | Self::Pnl(_)
            | Self::History(_)
            | Self::Explain { .. }
            | Self::Outcome(_)
            | Self::Watch(_)
            | Self::Sign(_)
            | Self::Completion { .. } => false,
        }
    }
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
    fn every_command_shows_an_example_or_takes_nothing() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let bare = command.get_arguments().all(|argument| argument.is_global_set());
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(bare || help.contains("Example"), "{}", command.get_name());
            for line in help.lines().filter(|line| line.starts_with("  kedge ") && !line.contains('>')) {
                let words = line.split("  #").next().unwrap_or_default().split_whitespace();
                let parsed = Cli::try_parse_from(words);
                assert!(parsed.is_ok(), "the example `{}` does not parse", line.trim());
            }
        }
    }

    #[test]
    fn every_command_of_the_guide_parses() {
        let guide = include_str!("../../../../docs/guides/trader.md");
        let lines = guide.lines().filter(|line| line.starts_with("kedge "));
        let mut commands = 0;
        for line in lines {
            let words =
                line.split(" #").next().unwrap_or_default().replace("<address>", "11111111111111111111111111111112");
            let parsed = Cli::try_parse_from(words.split_whitespace());
            assert!(parsed.is_ok(), "`{line}`: {}", parsed.err().map(|error| error.to_string()).unwrap_or_default());
            commands += 1;
        }
        assert!(commands > 50, "{commands}");
    }

    #[test]
    fn help_fits_a_terminal() {
        let mut root = Cli::command();
        root.build();
        let names: Vec<String> = root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        for name in names {
            let command = root.find_subcommand_mut(&name).unwrap();
            let help = command.render_long_help().to_string();
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
        }
    }
}
