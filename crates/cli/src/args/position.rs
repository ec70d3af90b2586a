//! Arguments of commands that close or reverse positions.

use clap::Args;

use super::Which;

#[derive(Args)]
#[command(after_help = "\
A reduce-only market order through an auction for each position. Open orders
stay: `kedge cancel --all` is for them. What was realised is moved into the
balance by `kedge settle`.

Examples:
  kedge close SOL-PERP --wait
  kedge close SOL-PERP 2.5           # a part of it
  kedge close --all --wait")]
pub(crate) struct Close {
    /// Market of the position, by name or index.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub market: Option<String>,
    /// Part to close: base units, or dollars ($500, 500usd) [default: the whole position].
    pub size: Option<String>,
    /// Close every position of the sub-account.
    #[arg(long)]
    pub all: bool,
    /// Worst price [default: the end of the auction].
    #[arg(long, value_name = "PRICE", conflicts_with = "all")]
    pub protection: Option<String>,
    /// Follow the auction to its end, and show what was filled.
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
One market order of twice the size of the position, through an auction.

Examples:
  kedge reverse SOL-PERP --wait
  kedge reverse SOL-PERP --dry-run")]
pub(crate) struct Reverse {
    /// Market of the position, by name or index.
    pub market: String,
    /// Worst price [default: the end of the auction].
    #[arg(long, value_name = "PRICE")]
    pub protection: Option<String>,
    /// Follow the auction to its end, and show what was filled.
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub which: Which,
}
