//! Arguments of the commands of who runs the exchange.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use solana_pubkey::Pubkey;

/// The example that `kedge admin --help` shows.
const EXAMPLES: &str = "\
Anybody may look and fund a pool; the rest is refused to others than the admin,
or to others than admin and pauser where the command says so. What is not taken
back by another command asks for --yes.

Examples:
  kedge admin show
  kedge admin form market > sol.toml        # fill it in, then:
  kedge admin list-market sol.toml --yes
  kedge admin open SOL-PERP
  kedge admin pause deposit withdraw
  kedge admin resume all";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Admin {
    #[command(subcommand)]
    pub act: Act,
}

#[derive(Subcommand)]
pub enum Act {
    /// Show the roles, what is paused, the fees and what is listed.
    Show,
    /// Print a form to fill in, with what each line means and its bounds.
    Form {
        /// What is to be listed or set.
        form: Form,
    },
    /// Create the exchange; the keypair becomes its admin.
    Init {
        /// Who may pause, besides the admin, and nothing else; fixed for good.
        #[arg(long)]
        pauser: Pubkey,
    },
    /// List a mint as collateral; the first one is the quote asset.
    ListBank {
        /// The mint.
        mint: Pubkey,
        /// Filled-in form (`kedge admin form bank`).
        form: PathBuf,
    },
    /// List a market. It trades once it is opened.
    ListMarket {
        /// Filled-in form (`kedge admin form market`).
        form: PathBuf,
    },
    /// Open a listed market on a fresh price, or end its reduce-only.
    Open {
        /// Market, by name or index.
        market: String,
    },
    /// Let positions in a market only shrink (admin or pauser).
    ReduceOnly {
        /// Market, by name or index.
        market: String,
    },
    /// Set when a market expires, two hours ahead at least, or that it never does.
    Expire {
        /// Market, by name or index.
        market: String,
        /// Unix time in seconds, `2h` or `3d` from now, or `never`.
        time: String,
    },
    /// End a market that is settled; what is left in it goes to the protocol.
    Delist {
        /// Market, by name or index.
        market: String,
    },
    /// Pause operations on the whole exchange (admin or pauser).
    Pause {
        /// Which.
        #[arg(required = true)]
        operations: Vec<Operation>,
    },
    /// Resume operations that are paused (admin).
    Resume {
        /// Which.
        #[arg(required = true)]
        operations: Vec<Operation>,
    },
    /// Halt the price row of a market or bank: nothing that needs its price happens (admin or pauser).
    Halt(Row),
    /// Let a halted row start again from its next price (admin).
    Unhalt(Row),
    /// Replace the fee schedule.
    Fees {
        /// Filled-in form (`kedge admin form fees`).
        form: PathBuf,
    },
    /// Assign a fee tier to a person, which volume can only better.
    Tier {
        /// The person's wallet.
        owner: Pubkey,
        /// The tier; 0 takes an assignment back.
        #[arg(value_parser = clap::value_parser!(u8).range(0..=7))]
        tier: u8,
    },
    /// Put quote tokens of the keypair into a pool of a market. It is a gift.
    Fund {
        /// Market, by name or index.
        market: String,
        /// Which pool.
        pool: Pool,
        /// How much, in whole units of the quote asset.
        amount: String,
    },
    /// Name the next admin, who must accept.
    Propose {
        /// The next admin.
        next: Pubkey,
    },
    /// Become the admin, after the present one has named the keypair.
    Accept,
}

/// A form to fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For `list-market`.
    Market,
    /// For `list-bank`.
    Bank,
    /// For `fees`.
    Fees,
}

/// A pool of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Pool {
    /// The market's insurance fund.
    Insurance,
    /// Capital of the vAMM.
    Vamm,
}

/// An operation that can be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Operation {
    /// Deposits.
    Deposit,
    /// Withdrawals.
    Withdraw,
    /// Placing orders.
    Place,
    /// Fills against makers.
    Fill,
    /// Fills against the vAMM.
    FillAmm,
    /// Liquidations.
    Liquidate,
    /// Funding.
    Funding,
    /// Settling profit and loss.
    Settle,
    /// Moving the vAMM's peg and depth.
    UpdateAmm,
    /// Transfers between sub-accounts.
    Transfer,
    /// All of them.
    All,
}

/// A row of the price board.
#[derive(Args)]
pub struct Row {
    /// Market, by name or index.
    #[arg(required_unless_present = "bank", conflicts_with = "bank")]
    pub market: Option<String>,
    /// The row of this bank instead.
    #[arg(long, value_name = "INDEX")]
    pub bank: Option<u16>,
}
