//! Arguments of what the exchange's admin and pauser do.

use clap::{Args, Subcommand, ValueEnum};
use solana_pubkey::Pubkey;

/// Commands of the admin.
#[derive(Subcommand)]
pub enum Admin {
    /// Show roles, switches and the fee schedule. Needs no role.
    #[command(after_help = "Example:\n  kedge admin show")]
    Show,
    /// Print the parameters of a market as a file to list another one from.
    #[command(after_help = "Example:\n  kedge admin params SOL-PERP > market.json")]
    Params {
        /// Market, by name or index.
        market: String,
    },
    /// List a market by a file of parameters. It does not trade until `status` opens it.
    #[command(after_help = "Example:\n  kedge admin list market.json")]
    List {
        /// As `kedge admin params` prints it; every key must be there.
        file: std::path::PathBuf,
    },
    /// Open a market, or let it only reduce.
    #[command(
        after_help = "Examples:\n  kedge admin status SOL-PERP active\n  kedge admin status SOL-PERP reduce-only"
    )]
    Status {
        /// Market, by name or index.
        market: String,
        /// Opening wants a fresh price, which is fetched in the same transaction.
        status: StatusArg,
    },
    /// Set, move or withdraw a market's expiry.
    #[command(after_help = "\
Examples:
  kedge admin expiry SOL-PERP 1798704000
  kedge admin expiry SOL-PERP --in 7d
  kedge admin expiry SOL-PERP --none")]
    Expiry(Expiry),
    /// End a market that is settled, seven days after its expiry; what is left goes to the protocol.
    #[command(after_help = "Example:\n  kedge admin delist SOL-PERP")]
    Delist {
        /// Market, by name or index.
        market: String,
    },
    /// Put dollars into a market's pool. It is a gift; anybody may give.
    #[command(after_help = "\
Examples:
  kedge admin fund SOL-PERP vamm 50000
  kedge admin fund SOL-PERP insurance 20000")]
    Fund {
        /// Market, by name or index.
        market: String,
        /// Which pool.
        pool: PoolArg,
        /// Dollars, from the keypair's wallet.
        amount: String,
    },
    /// Switch operations off, for everybody and all markets. The pauser may too.
    #[command(after_help = "Examples:\n  kedge admin pause place fill\n  kedge admin pause --all")]
    Pause(Operations),
    /// Switch operations on again.
    #[command(after_help = "Examples:\n  kedge admin resume place fill\n  kedge admin resume --all")]
    Resume(Operations),
    /// Halt a market's price row: nothing that needs its price happens until `unhalt`.
    #[command(after_help = "Example:\n  kedge admin halt SOL-PERP")]
    Halt {
        /// Market, by name or index.
        market: String,
    },
    /// Let a halted price row work again.
    #[command(after_help = "Example:\n  kedge admin unhalt SOL-PERP")]
    Unhalt {
        /// Market, by name or index.
        market: String,
    },
    /// Assign a fee tier to a person, which volume can only better.
    #[command(after_help = "Example:\n  kedge admin fee-tier 8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh 3")]
    FeeTier {
        /// Authority of the trader account.
        authority: Pubkey,
        /// 0 (what everybody has) to 7.
        #[arg(value_parser = clap::value_parser!(u8).range(0..=7))]
        tier: u8,
    },
    /// Name the next admin, who must accept.
    #[command(after_help = "Example:\n  kedge admin propose 8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh")]
    Propose {
        /// Address of the next admin.
        next: Pubkey,
    },
    /// Take over as admin, with the keypair that was proposed.
    #[command(after_help = "Example:\n  kedge admin accept --keypair next.json")]
    Accept,
}

/// What a market can be told to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusArg {
    /// Trading.
    Active,
    /// Positions only shrink.
    ReduceOnly,
}

/// A pool of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PoolArg {
    /// Capital of the vAMM.
    Vamm,
    /// The insurance fund.
    Insurance,
}

/// When a market ends.
#[derive(Args)]
pub struct Expiry {
    /// Market, by name or index.
    pub market: String,
    /// Unix time, two hours ahead at least.
    #[arg(required_unless_present_any = ["within", "none"], conflicts_with_all = ["within", "none"])]
    pub time: Option<i64>,
    /// From now by the chain's clock, such as 3h or 7d.
    #[arg(long = "in", value_name = "TIME", conflicts_with = "none", value_parser = duration)]
    pub within: Option<i64>,
    /// Never.
    #[arg(long)]
    pub none: bool,
}

/// Switches.
#[derive(Args)]
pub struct Operations {
    /// Which operations.
    #[arg(required_unless_present = "all")]
    pub operations: Vec<OperationArg>,
    /// All of them.
    #[arg(long, conflicts_with = "operations")]
    pub all: bool,
}

/// An operation with a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OperationArg {
    /// Deposits.
    Deposit,
    /// Withdrawals.
    Withdraw,
    /// Placing orders; cancelling cannot be switched off.
    Place,
    /// Fills against makers.
    Fill,
    /// Fills against the vAMM.
    FillVamm,
    /// Liquidations.
    Liquidate,
    /// Funding.
    Funding,
    /// Settling profit and loss.
    Settle,
    /// Moving the vAMM's price and depth.
    UpdateVamm,
    /// Transfers between sub-accounts.
    Transfer,
}

/// Reads `90m`, `3h` or `7d` as seconds.
fn duration(text: &str) -> Result<i64, String> {
    let wrong = || "write a number with m, h or d, such as 90m, 3h or 7d".to_owned();
    let (number, seconds) = [("m", 60), ("h", 3_600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, seconds)| text.strip_suffix(unit).map(|number| (number, seconds)))
        .ok_or_else(wrong)?;
    number.parse::<u32>().map(|number| i64::from(number) * seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!((duration("90m"), duration("3h"), duration("7d")), (Ok(5_400), Ok(10_800), Ok(604_800)));
        for text in ["7", "d", "-3h", "3 h", "1w"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
