//! What can be typed.

mod account;
mod admin;
mod market;
mod order;
mod signed;

pub use account::{
    Account, Accounts, Balances, Builder, Close, Create, Delegate, Deposit, Grow, History, Isolate, Leverage, Settle,
    Transfer, Watch, Which, Withdraw,
};
pub use admin::{Admin, Expiry, OperationArg, Operations, PoolArg, StatusArg};
pub use market::{Funding, Markets, Prices, feed_id};
pub use order::{Cancel, Modify, Order, Orders, Place, Positions, Risk, SelfTradeArg, SideArg, TriggerArg};
pub use signed::{Revoke, Sign, Submit};

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use solana_pubkey::Pubkey;

const FOOTER: &str = "\
Exit codes:
  0  done
  1  the endpoint did not answer, or the transaction failed outside the exchange
  2  wrong usage: nothing was sent
  3  refused by a rule of the exchange: nothing was changed
  4  not included in time: nothing was changed
  5  not found
  6  sent, but what became of it is not known: look at the signature

A first trade:
  kedge create && kedge deposit 1000
  kedge risk SOL-PERP buy 5
  kedge place SOL-PERP buy 5
  kedge positions";

/// Trade on the Kedge perpetual-futures exchange from the command line.
///
/// Amounts, sizes and prices are decimal numbers in whole units (2.5 SOL, 181.20 USDC) and are never rounded: too many
/// digits are an error. Tables round to what fits; --json gives every number exactly.
#[derive(Parser)]
#[command(name = "kedge", version, after_help = FOOTER, arg_required_else_help = true, max_term_width = 80)]
pub struct Cli {
    /// RPC endpoint of the cluster.
    #[arg(
        long,
        global = true,
        env = "KEDGE_URL",
        default_value = "http://127.0.0.1:8899",
        help_heading = "Connection"
    )]
    pub url: String,
    /// Keypair file of who signs and pays [default: ~/.config/solana/id.json].
    #[arg(long, global = true, env = "KEDGE_KEYPAIR", value_name = "FILE", help_heading = "Connection")]
    pub keypair: Option<std::path::PathBuf>,
    /// Print JSON instead of text.
    #[arg(long, global = true, help_heading = "Connection")]
    pub json: bool,
    /// Priority fee in millionths of a lamport a compute unit, instead of what recent transactions paid.
    #[arg(long, global = true, value_name = "MICRO_LAMPORTS", help_heading = "Connection")]
    pub priority_fee: Option<u64>,
    /// The account that holds a Pyth feed, instead of the push oracle's. Can be given several times.
    #[arg(long, global = true, value_name = "FEED_ID=ADDRESS", value_parser = market::feed_account,
          help_heading = "Connection")]
    pub price_account: Vec<([u8; 32], Pubkey)>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// List the markets with prices, funding and open interest, or show one of them.
    Markets(Markets),
    /// Show the rows of the price board, or refresh them.
    Prices(Prices),
    /// Show the last and the next funding rate, and what your positions would pay.
    Funding(Funding),
    /// Show a sub-account: balances, positions and margin.
    Account(Account),
    /// List all sub-accounts of an owner.
    Accounts(Accounts),
    /// List balances, what of them can leave now, and what the wallet holds.
    Balances(Balances),
    /// List the positions of a sub-account.
    #[command(alias = "position")]
    Positions(Positions),
    /// List the open orders of a sub-account.
    Orders(Orders),
    /// Show margin, health and liquidation prices, now and after an order that you are thinking of.
    Risk(Risk),
    /// List the last transactions of a sub-account in plain words.
    History(History),
    /// Say in plain words what a transaction did, or why it failed.
    #[command(after_help = "Example:\n  kedge explain SIGNATURE")]
    Explain {
        /// Signature of the transaction.
        signature: String,
    },
    /// Show a sub-account again and again, until Ctrl-C.
    Watch(Watch),
    /// Place an order: a limit order with --limit, else a market order through an auction.
    Place(Box<Place>),
    /// Change the price, size, trigger or expiry of an open order.
    Modify(Modify),
    /// Cancel orders by id, all of them, or those that fit.
    Cancel(Cancel),
    /// Sign an order without sending it: anybody can place it until it expires.
    Sign(Box<Sign>),
    /// Place an order that somebody signed.
    Submit(Submit),
    /// Make signed orders worthless that nobody has placed yet.
    Revoke(Revoke),
    /// Create a sub-account (and the trader account before the first one).
    Create(Create),
    /// Move tokens into a sub-account.
    Deposit(Deposit),
    /// Move tokens out of a sub-account.
    Withdraw(Withdraw),
    /// Move tokens between two sub-accounts of the keypair.
    Transfer(Transfer),
    /// Move realised profit and loss of positions into the quote balance.
    Settle(Settle),
    /// Back a position with collateral of its own, or join it with the rest.
    Isolate(Isolate),
    /// Limit your own leverage in a market.
    Leverage(Leverage),
    /// Let a builder have a fee of the orders that come through it, or nobody.
    Builder(Builder),
    /// Let somebody else trade for a sub-account, or nobody.
    Delegate(Delegate),
    /// Make room for more open orders.
    Grow(Grow),
    /// Close an empty sub-account or the trader account for good; its rent comes back.
    Close(Close),
    /// Place, change, cancel and list orders: the same as place, modify, cancel and orders.
    #[command(subcommand, hide = true)]
    Order(Order),
    /// List, open, pause, expire and fund markets: for the exchange's admin and pauser.
    #[command(subcommand, after_help = "Examples:\n  kedge admin show\n  kedge admin status SOL-PERP reduce-only")]
    Admin(Admin),
    /// Print a completion script for a shell.
    #[command(after_help = "\
Examples:
  kedge completion bash > ~/.local/share/bash-completion/completions/kedge
  kedge completion zsh > \"${fpath[1]}/_kedge\"
  kedge completion fish > ~/.config/fish/completions/kedge.fish")]
    Completion {
        /// Which shell.
        shell: Shell,
    },
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
