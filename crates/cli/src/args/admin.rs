//! Arguments of the operators' commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use solana_pubkey::Pubkey;

/// Footer of `kedge admin --help`.
const EXAMPLES: &str = "\
Anyone may look and fund a pool. All other commands need the admin's keypair, or
the pauser's where the command says so. Irreversible ones ask for --yes.

Examples:
  kedge admin show
  kedge admin form market > sol.toml        # fill it in, then:
  kedge admin list-market sol.toml --yes
  kedge admin open SOL-PERP
  kedge admin pause deposit withdraw --for 6h
  kedge admin resume all";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Admin {
    #[command(subcommand)]
    pub act: Act,
}

#[derive(Subcommand)]
pub(crate) enum Act {
    /// Show roles, paused operations, fees and listings.
    Show,
    /// Print a blank form, with the meaning and bounds of each line.
    Form {
        /// What the form lists or sets.
        form: Form,
    },
    /// Create the exchange; the keypair becomes its admin.
    Init {
        /// Address that may pause, besides the admin, and nothing else; fixed for good.
        #[arg(long)]
        pauser: Pubkey,
        /// Owner of the token account to which the protocol's tokens leave in the end; fixed for good.
        #[arg(long)]
        treasury: Pubkey,
    },
    /// List a mint as collateral; the first one is the quote asset.
    ListBank {
        /// Address of the mint.
        mint: Pubkey,
        /// Filled-in form (`kedge admin form bank`).
        form: PathBuf,
    },
    /// List a market. It trades once it is opened.
    ListMarket {
        /// Filled-in form (`kedge admin form market`).
        form: PathBuf,
    },
    /// Open a listed market on a fresh price, or end its reduce-only status.
    Open {
        /// Market, by name or index.
        market: String,
    },
    /// Let positions in a market only shrink for a time (admin or pauser).
    ReduceOnly {
        /// Market, by name or index.
        market: String,
        /// How long, at most 7d: `90m`, `6h`, `2d` or seconds. Afterwards not again for as long.
        #[arg(long = "for", value_name = "TIME", default_value = "24h")]
        length: String,
    },
    /// Set the expiry of a market, at least two hours ahead, or remove it.
    Expire {
        /// Market, by name or index.
        market: String,
        /// Unix time in seconds, `2h` or `3d` from now, or `never`.
        time: String,
    },
    /// End a market whose row, or the quote asset's, no source has served for 24 hours (anybody).
    ///
    /// The first call announces it, from the 23rd hour on; one an hour later settles the market at the last average that a
    /// quorum of sources carried. It also begins the settlement of a market that has expired.
    End {
        /// Market, by name or index.
        market: String,
    },
    /// Delist a settled market; what is left in it goes to the protocol (anybody).
    Delist {
        /// Market, by name or index.
        market: String,
    },
    /// Pay the protocol's tokens to the treasury, once every market is delisted (anybody).
    Treasury,
    /// Pause operations on the whole exchange for a time (admin or pauser).
    ///
    /// A pause ends by itself. Whatever leaving needs (all but deposit, funding and update-amm) is stopped for at most
    /// 24 hours from the first such pause or halt, and then for 48 hours not at all.
    Pause {
        /// Operations to pause.
        #[arg(required = true)]
        operations: Vec<Operation>,
        /// How long: `90m`, `6h`, `2d` or seconds; at most 24h, or 7d for deposit, funding and update-amm.
        #[arg(long = "for", value_name = "TIME", default_value = "24h")]
        length: String,
    },
    /// Resume paused operations (admin).
    Resume {
        /// Operations to resume.
        #[arg(required = true)]
        operations: Vec<Operation>,
    },
    /// Halt the price row of a market or bank for a time, and with it everything that needs its price (admin or pauser).
    Halt {
        /// The row.
        #[command(flatten)]
        row: Row,
        /// How long, at most 24h: `90m`, `6h` or seconds.
        #[arg(long = "for", value_name = "TIME", default_value = "24h")]
        length: String,
    },
    /// Let a halted row continue from its next price (admin).
    Unhalt(Row),
    /// Replace the fee schedule.
    Fees {
        /// Filled-in form (`kedge admin form fees`).
        form: PathBuf,
    },
    /// Assign a fee tier to a trader; volume can only improve on it.
    Tier {
        /// Wallet of the trader.
        owner: Pubkey,
        /// Number of the tier; 0 removes an assignment.
        #[arg(value_parser = clap::value_parser!(u8).range(0..=7))]
        tier: u8,
    },
    /// Give quote tokens of the keypair to a pool of a market.
    Fund {
        /// Market, by name or index.
        market: String,
        /// Pool that gets the tokens.
        pool: Pool,
        /// Amount in whole units of the quote asset.
        amount: String,
    },
    /// Propose the next admin, who must accept.
    Propose {
        /// Address of the next admin.
        next: Pubkey,
    },
    /// Accept the role of admin, after the present admin has proposed the keypair.
    Accept,
}

/// A blank form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For `list-market`.
    Market,
    /// For `list-bank`.
    Bank,
    /// For `fees`.
    Fees,
}

/// A pool of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pool {
    /// The market's insurance fund.
    Insurance,
    /// Capital of the vAMM.
    Vamm,
}

/// An operation that can be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
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
    /// Every operation.
    All,
}

/// A row of the price board.
#[derive(Args)]
pub(crate) struct Row {
    /// Market, by name or index.
    #[arg(required_unless_present = "bank", conflicts_with = "bank")]
    pub market: Option<String>,
    /// Row of this bank instead.
    #[arg(long, value_name = "INDEX")]
    pub bank: Option<u16>,
}
