//! Limits beyond which a command asks first, and dry runs.

use clap::Args;
use kedge_units::decimal::{self, DecimalError};

/// Limits beyond which a command asks first, and its behaviour then.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Guards")]
pub(crate) struct Guards {
    /// Simulate the command and show what it would do, change and cost; send nothing.
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Answer every question with yes.
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// Ask before a priority fee above this many SOL.
    #[arg(long, global = true, env = "KEDGE_MAX_FEE", value_name = "SOL", default_value = "0.01",
          value_parser = |text: &str| decimal::parse(text, 9), hide_short_help = true)]
    pub max_fee: u64,
    /// Ask before an order worth more than this many dollars.
    #[arg(long, global = true, env = "KEDGE_MAX_NOTIONAL", value_name = "DOLLARS", default_value = "100000",
          value_parser = |text: &str| decimal::parse(text, 6), hide_short_help = true)]
    pub max_notional: u64,
    /// Ask before a price this many percent worse than the oracle (or than the trigger of a waiting order).
    #[arg(long, global = true, env = "KEDGE_MAX_DISTANCE", value_name = "PERCENT", default_value = "2",
          value_parser = percent, hide_short_help = true)]
    pub max_distance: u64,
    /// Ask before an order of more than this share of the largest order that margin and limits allow.
    #[arg(long, global = true, env = "KEDGE_MAX_SHARE", value_name = "PERCENT", default_value = "75",
          value_parser = percent, hide_short_help = true)]
    pub max_share: u64,
}

/// Percent as parts per million.
fn percent(text: &str) -> Result<u64, DecimalError> {
    decimal::parse(text.trim_end_matches('%'), 4)
}
