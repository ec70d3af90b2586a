//! Arguments of commands on orders and positions.

use clap::{Args, Subcommand, ValueEnum};

use super::Which;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SideArg {
    /// Buy base, go long.
    #[value(alias = "long")]
    Buy,
    /// Sell base, go short.
    #[value(alias = "short")]
    Sell,
}

#[derive(Subcommand)]
pub enum Order {
    /// Place an order: a limit order with --limit, else a market order through an auction.
    Place(Place),
    /// Cancel orders by id, all of them, or all of a market.
    Cancel(Cancel),
    /// List open orders.
    List(Orders),
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  kedge place SOL-PERP buy 5                           # market order, auction
  kedge place SOL-PERP buy 5 --limit 181.20 --post-only
  kedge place SOL-PERP sell 5 --ioc --protection 180   # fill now or never")]
pub struct Place {
    /// Market, by name or index.
    pub market: String,
    /// Which way.
    pub side: SideArg,
    /// Size in base units.
    pub size: String,
    /// Limit price. Without it the order is a market order.
    #[arg(long, value_name = "PRICE")]
    pub limit: Option<String>,
    /// Worst price of a market order [default: half a percent beyond the oracle].
    #[arg(long, value_name = "PRICE", conflicts_with = "limit")]
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
    #[arg(long, value_name = "SIZE")]
    pub min_fill: Option<String>,
    /// Your own number for the order, unique among your open orders.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    pub client_id: u64,
    /// Seconds until the order expires [default: never].
    #[arg(long, value_name = "SECONDS")]
    pub expires_in: Option<u32>,
    /// Auction length in milliseconds [default: the exchange's for market orders, none for limit orders].
    #[arg(long, value_name = "MS")]
    pub auction_ms: Option<u32>,
    /// Price at which the auction starts [default: derived from the oracle, market orders only].
    #[arg(long, value_name = "PRICE", requires = "auction_end")]
    pub auction_start: Option<String>,
    /// Price at which the auction ends.
    #[arg(long, value_name = "PRICE", requires = "auction_start")]
    pub auction_end: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  kedge cancel 7 8
  kedge cancel --market SOL-PERP
  kedge cancel --all")]
pub struct Cancel {
    /// Ids of the orders, as listed.
    #[arg(required_unless_present_any = ["all", "market"], conflicts_with_all = ["all", "market"])]
    pub orders: Vec<u32>,
    /// Cancel all orders.
    #[arg(long)]
    pub all: bool,
    /// Cancel all orders of one market.
    #[arg(long)]
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge orders\n  kedge orders SOL-PERP --json")]
pub struct Orders {
    /// Only this market, by name or index.
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge positions\n  kedge positions BTC-PERP --id 1")]
pub struct Positions {
    /// Only this market, by name or index.
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
Nothing is sent. Prices are read as fresh as the oracles have them. The order
is thought to fill in full: a limit order at its price, a market order at the
worst price that its auction accepts.

Examples:
  kedge risk
  kedge risk SOL-PERP buy 5
  kedge risk SOL-PERP sell 5 --limit 190 --post-only")]
pub struct Risk {
    /// Market of the order that you are thinking of, by name or index.
    #[arg(requires = "side")]
    pub market: Option<String>,
    /// Which way.
    #[arg(requires = "size")]
    pub side: Option<SideArg>,
    /// Size in base units.
    pub size: Option<String>,
    /// Limit price. Without it the order is a market order.
    #[arg(long, value_name = "PRICE", requires = "size")]
    pub limit: Option<String>,
    /// Worst price of a market order [default: half a percent beyond the oracle].
    #[arg(long, value_name = "PRICE", requires = "size", conflicts_with = "limit")]
    pub protection: Option<String>,
    /// It fills as a maker: no fee.
    #[arg(long, requires = "limit")]
    pub post_only: bool,
    /// Only reduce the position.
    #[arg(long, requires = "size")]
    pub reduce_only: bool,
    #[command(flatten)]
    pub which: Which,
}

#[cfg(test)]
mod tests {
    use crate::args::{Cli, Command, Order};
    use clap::Parser;

    #[test]
    fn orders_parse_as_documented() {
        for start in [&["kedge", "place"][..], &["kedge", "order", "place"]] {
            let line = [start, &["SOL-PERP", "buy", "2.5", "--limit", "181.20", "--post-only"]].concat();
            let place = match Cli::try_parse_from(line).unwrap().command {
                Command::Place(place) | Command::Order(Order::Place(place)) => place,
                _ => panic!("not an order"),
            };
            assert_eq!((place.market.as_str(), place.size.as_str()), ("SOL-PERP", "2.5"));
            assert!(place.post_only && place.limit.as_deref() == Some("181.20"));
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let refused: [&[&str]; 12] = [
            &["place", "SOL-PERP", "buy", "1", "--post-only"],
            &["place", "SOL-PERP", "hold", "1"],
            &["place", "SOL-PERP", "buy", "1", "--limit", "5", "--protection", "6"],
            &["place", "SOL-PERP", "buy", "1", "--auction-start", "5"],
            &["cancel"],
            &["cancel", "7", "--all"],
            &["cancel", "7", "--market", "SOL-PERP"],
            &["risk", "SOL-PERP"],
            &["risk", "SOL-PERP", "buy"],
            &["risk", "--limit", "5"],
            &["delegate"],
            &["close", "--trader", "--id", "1"],
        ];
        for line in refused {
            assert!(Cli::try_parse_from(["kedge"].iter().chain(line)).is_err(), "{line:?}");
        }
        for line in [&["cancel", "7", "8"][..], &["cancel", "--market", "0", "--all"], &["risk"]] {
            assert!(Cli::try_parse_from(["kedge"].iter().chain(line)).is_ok(), "{line:?}");
        }
    }
}
