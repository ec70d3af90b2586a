//! Arguments of commands on orders and positions.

use clap::{Args, Subcommand, ValueEnum};

use super::Which;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideArg {
    /// Buy base, go long.
    #[value(alias = "long")]
    Buy,
    /// Sell base, go short.
    #[value(alias = "short")]
    Sell,
}

#[derive(Subcommand)]
pub(crate) enum Order {
    /// Place an order: a limit order with --limit, else a market order through an auction.
    Place(Box<Place>),
    /// Change an open order.
    Modify(Modify),
    /// Cancel orders by id, all orders, or those that fit a market, side or number.
    Cancel(Cancel),
    /// List open orders.
    List(Orders),
}

/// The price that a trigger compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TriggerArg {
    /// The oracle's price.
    Oracle,
    /// The market's own price.
    Mark,
    /// The price of the last fill.
    Last,
}

/// What happens when an order meets another of its own owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SelfTradeArg {
    /// The resting order is cancelled.
    CancelMaker,
    /// The arriving order is cancelled.
    CancelTaker,
    /// Both shrink by the smaller size.
    Decrement,
}

#[derive(Args, Debug)]
#[command(after_help = "\
With --ioc or --wait the exit code tells what was filled: 0 all of it, 8 a part,
7 nothing. What looks like a slip asks first, see the Guards.

Examples:
  kedge place SOL-PERP buy 5 --wait                    # market order, auction
  kedge place SOL buy 500usd                           # SOL for 500 dollars
  kedge place SOL-PERP buy 5 --limit 181.20 --post-only
  kedge place SOL-PERP sell 5 --ioc --protection 180   # fill now or never
  kedge place SOL-PERP sell 5 --stop 170 --reduce-only
  kedge place SOL-PERP sell 5 --trail 2.5 --reduce-only
  kedge place SOL-PERP buy 5 --limit 180 --bracket-stop 170 --bracket-profit 200
  kedge place SOL-PERP buy 100 --twap 2.5 --every 60   # 2.5 a minute
  kedge place SOL-PERP buy 50 --offset -0.20 --slide   # follows the oracle")]
pub(crate) struct Place {
    /// Market, by name or index.
    pub market: String,
    /// Side of the order.
    pub side: SideArg,
    /// Size in base units (2.5), or in dollars, rounded down to the market's step ('$500', 500usd).
    pub size: String,

    /// Limit price. Without it the order is a market order.
    #[arg(long, value_name = "PRICE", help_heading = "Price", group = "resting")]
    pub limit: Option<String>,
    /// Limit at this distance from the oracle, as the oracle moves: -0.20 is 0.20 below it.
    #[arg(long, value_name = "DISTANCE", allow_hyphen_values = true, help_heading = "Price", group = "resting",
          conflicts_with_all = ["limit", "protection", "auction_ms", "auction_start"])]
    pub offset: Option<String>,
    /// Worst price of a market order [default: the end of its auction].
    #[arg(long, value_name = "PRICE", conflicts_with = "limit", help_heading = "Price")]
    pub protection: Option<String>,

    /// Wait until the price moves through this, against a position: a stop. With --limit, then a limit order.
    #[arg(long, value_name = "PRICE", help_heading = "Waiting", group = "waiting",
          conflicts_with_all = ["take_profit", "trail", "offset"])]
    pub stop: Option<String>,
    /// Wait until the price reaches this, in favour of a position. With --limit, then a limit order.
    #[arg(long, value_name = "PRICE", help_heading = "Waiting", group = "waiting",
          conflicts_with_all = ["trail", "offset"])]
    pub take_profit: Option<String>,
    /// A stop that follows the price at this distance, percent.
    #[arg(long, value_name = "PERCENT", help_heading = "Waiting", group = "waiting",
          conflicts_with_all = ["limit", "offset"])]
    pub trail: Option<String>,
    /// Price that the trigger compares with.
    #[arg(long, value_enum, default_value = "oracle", help_heading = "Waiting")]
    pub trigger: TriggerArg,
    /// Once this order fills, protect the filled part with a stop at this price.
    #[arg(long, value_name = "PRICE", help_heading = "Waiting", conflicts_with_all = ["at_once", "or_stop", "reduce_only"])]
    pub bracket_stop: Option<String>,
    /// Once this order fills, take profit on the filled part at this price.
    #[arg(long, value_name = "PRICE", help_heading = "Waiting", conflicts_with_all = ["at_once", "or_stop", "reduce_only"])]
    pub bracket_profit: Option<String>,
    /// Add a stop of the same side and size: the first of the two to fill cancels the other.
    #[arg(long, value_name = "PRICE", help_heading = "Waiting", requires = "reduce_only", conflicts_with = "at_once")]
    pub or_stop: Option<String>,

    /// Refuse the order if it would trade on arrival.
    #[arg(long, help_heading = "Filling", requires = "resting", conflicts_with_all = ["at_once", "waiting", "twap"])]
    pub post_only: bool,
    /// Like --post-only, but move the price one tick away from the vAMM's instead of refusing.
    #[arg(long, help_heading = "Filling", requires = "resting", conflicts_with_all = ["at_once", "waiting", "twap"])]
    pub slide: bool,
    /// Only reduce the position.
    #[arg(long, help_heading = "Filling")]
    pub reduce_only: bool,
    /// Fill at once against resting orders and the vAMM, without an auction; the rest of a limit order rests.
    #[arg(long, help_heading = "Filling", group = "at_once", conflicts_with_all = ["waiting", "twap"])]
    pub take: bool,
    /// Like --take, and cancel the rest.
    #[arg(long, help_heading = "Filling", group = "at_once", conflicts_with_all = ["waiting", "twap"])]
    pub ioc: bool,
    /// Fill the whole order at once, or nothing.
    #[arg(long, help_heading = "Filling", group = "at_once", conflicts_with_all = ["waiting", "twap", "min_fill"])]
    pub fok: bool,
    /// Follow the auction to its end, and show what was filled, at which price and by whom.
    #[arg(long, help_heading = "Filling", conflicts_with_all = ["waiting", "twap"])]
    pub wait: bool,
    /// With --take or --ioc: fill at least this much base, or nothing happens.
    #[arg(long, value_name = "SIZE", help_heading = "Filling")]
    pub min_fill: Option<String>,
    /// Show only this much of a resting order at a time.
    #[arg(long, value_name = "SIZE", help_heading = "Filling", requires = "resting", conflicts_with_all = ["at_once", "waiting", "twap"])]
    pub display: Option<String>,
    /// Trade in slices of this size, one every --every seconds.
    #[arg(long, value_name = "SIZE", help_heading = "Filling", requires = "every", conflicts_with_all = ["limit", "offset", "waiting"])]
    pub twap: Option<String>,
    /// Seconds between two slices, 10 to 86400.
    #[arg(long, value_name = "SECONDS", help_heading = "Filling", requires = "twap",
          value_parser = clap::value_parser!(u32).range(10..=86_400))]
    pub every: Option<u32>,
    /// What happens when the order meets another of yours.
    #[arg(long, value_enum, default_value = "cancel-maker", help_heading = "Filling")]
    pub stp: SelfTradeArg,

    /// Auction length in milliseconds [default: the exchange's for market orders, none for limit orders].
    #[arg(long, value_name = "MS", help_heading = "Auction", conflicts_with_all = ["waiting", "twap"])]
    pub auction_ms: Option<u32>,
    /// Price at which the auction starts [default: derived from the oracle, market orders only].
    #[arg(long, value_name = "PRICE", help_heading = "Auction", requires = "auction_end", conflicts_with_all = ["waiting", "twap"])]
    pub auction_start: Option<String>,
    /// Price at which the auction ends.
    #[arg(long, value_name = "PRICE", help_heading = "Auction", requires = "auction_start")]
    pub auction_end: Option<String>,

    /// Your own number for the order. It is valid for one order, while that is open and after it has ended. `new`
    /// generates one: a command repeated with it in the next two minutes places nothing twice.
    #[arg(long, value_name = "NUMBER", default_value = "0", hide_default_value = true, value_parser = ClientId::read)]
    pub client_id: ClientId,
    /// Cancel these orders of the market in the same step, all or nothing.
    #[arg(long, value_name = "ID", value_delimiter = ',', conflicts_with_all = ["take", "ioc", "fok"])]
    pub instead_of: Vec<u32>,
    /// Seconds until the order expires [default: never].
    #[arg(long, value_name = "SECONDS")]
    pub expires_in: Option<u32>,
    /// Send the order through the builder that you approved with `kedge builder`, which earns its fee.
    #[arg(long)]
    pub builder: bool,
    #[command(flatten)]
    pub which: Which,
}

/// The client id of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientId {
    /// A given number; 0 for none.
    Number(u64),
    /// A generated number that is valid for two minutes.
    New,
}

impl ClientId {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "new" => Ok(Self::New),
            _ => text.parse().map(Self::Number).map_err(|_| "a whole number, or `new`".into()),
        }
    }
}

#[derive(Args, Debug)]
#[command(after_help = "\
The order keeps its id. It keeps its place in the queue when it only shrinks
or gets another expiry.

Examples:
  kedge modify 7 --limit 181.50
  kedge modify 7 --size 3 --expires-in 3600
  kedge modify 9 --trigger-price 168",
    override_usage = "kedge modify <ORDER> <CHANGES>...", group = clap::ArgGroup::new("changes").multiple(true).required(true))]
pub(crate) struct Modify {
    /// Id of the order, as listed.
    pub order: u32,
    /// New limit price, or worst price of a waiting order.
    #[arg(long, value_name = "PRICE", group = "changes")]
    pub limit: Option<String>,
    /// New distance from the oracle, for an order placed with one.
    #[arg(long, value_name = "DISTANCE", allow_hyphen_values = true, conflicts_with = "limit", group = "changes")]
    pub offset: Option<String>,
    /// New size, including the filled part.
    #[arg(long, value_name = "SIZE", group = "changes")]
    pub size: Option<String>,
    /// New trigger price of a waiting order.
    #[arg(long, value_name = "PRICE", group = "changes")]
    pub trigger_price: Option<String>,
    /// New distance of a trailing stop, percent.
    #[arg(long, value_name = "PERCENT", conflicts_with = "display", group = "changes")]
    pub trail: Option<String>,
    /// New visible part of a resting order.
    #[arg(long, value_name = "SIZE", group = "changes")]
    pub display: Option<String>,
    /// Seconds until the order expires.
    #[arg(long, value_name = "SECONDS", group = "changes")]
    pub expires_in: Option<u32>,
    /// The order never expires.
    #[arg(long, conflicts_with = "expires_in", group = "changes")]
    pub no_expiry: bool,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "\
Several of --market, --side and --client-id cancel what fits all of them.

Examples:
  kedge cancel 7 8
  kedge cancel --market SOL-PERP --side buy
  kedge cancel --client-id 42
  kedge cancel --all")]
pub(crate) struct Cancel {
    /// Ids of the orders, as listed.
    #[arg(required_unless_present_any = ["all", "market", "side", "client_id"],
          conflicts_with_all = ["all", "market", "side", "client_id"])]
    pub orders: Vec<u32>,
    /// Cancel all orders.
    #[arg(long, conflicts_with_all = ["market", "side", "client_id"])]
    pub all: bool,
    /// Cancel the orders of one market.
    #[arg(long)]
    pub market: Option<String>,
    /// Cancel the orders of one side.
    #[arg(long)]
    pub side: Option<SideArg>,
    /// Cancel the order with your own number.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub client_id: Option<u64>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge orders\n  kedge orders SOL-PERP --json")]
pub(crate) struct Orders {
    /// Only this market, by name or index.
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge positions\n  kedge positions BTC-PERP --account 1")]
pub(crate) struct Positions {
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
pub(crate) struct Risk {
    /// Market of the possible order, by name or index.
    #[arg(requires = "side")]
    pub market: Option<String>,
    /// Side of the order.
    #[arg(requires = "size")]
    pub side: Option<SideArg>,
    /// Size in base units (2.5), or in dollars ('$500', 500usd).
    pub size: Option<String>,
    /// Limit price. Without it the order is a market order.
    #[arg(long, value_name = "PRICE", requires = "size")]
    pub limit: Option<String>,
    /// Worst price of a market order [default: half a percent beyond the oracle].
    #[arg(long, value_name = "PRICE", requires = "size", conflicts_with = "limit")]
    pub protection: Option<String>,
    /// The order fills as a maker: no fee.
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
            let (Command::Place(place) | Command::Order(Order::Place(place))) =
                Cli::try_parse_from(line).unwrap().command
            else {
                panic!("not an order")
            };
            assert_eq!((place.market.as_str(), place.size.as_str()), ("SOL-PERP", "2.5"));
            assert!(place.post_only && place.limit.as_deref() == Some("181.20"));
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let order = |flags: &str| {
            let line = format!("kedge place SOL-PERP buy 1 {flags}");
            Cli::try_parse_from(line.split_whitespace()).map(|_| ())
        };
        for flags in [
            "--limit 5 --offset 1",
            "--limit 5 --protection 6",
            "--auction-start 5",
            "--stop 5 --take-profit 6",
            "--stop 5 --ioc",
            "--stop 5 --post-only",
            "--trail 2 --limit 5",
            "--twap 0.5",
            "--every 60",
            "--twap 0.5 --every 60 --limit 5",
            "--fok --ioc",
            "--fok --min-fill 1",
            "--post-only --take",
            "--bracket-stop 5 --ioc",
            "--bracket-stop 5 --reduce-only",
            "--or-stop 5",
            "--display 1 --ioc",
            "--display 1",
            "--post-only",
            "--slide",
            "--wait --stop 5",
            "--wait --twap 0.5 --every 60",
            "--twap 0.5 --every 1",
        ] {
            assert!(order(flags).is_err(), "{flags}");
        }
        for flags in ["--offset -0.5", "--stop 5 --limit 6", "--bracket-stop 5 --bracket-profit 7", "--fok --limit 5"] {
            assert!(order(flags).is_ok(), "{flags}");
        }
        let refused: [&[&str]; 11] = [
            &["place", "SOL-PERP", "hold", "1"],
            &["cancel"],
            &["cancel", "7", "--all"],
            &["cancel", "7", "--market", "SOL-PERP"],
            &["risk", "SOL-PERP"],
            &["risk", "SOL-PERP", "buy"],
            &["risk", "--limit", "5"],
            &["delegate"],
            &["close"],
            &["close", "SOL-PERP", "--all"],
            &["close", "--trader", "--id", "1"],
        ];
        for line in refused {
            assert!(Cli::try_parse_from(["kedge"].iter().chain(line)).is_err(), "{line:?}");
        }
        for line in [&["cancel", "7", "8"][..], &["cancel", "--market", "0", "--side", "sell"], &["risk"]] {
            assert!(Cli::try_parse_from(["kedge"].iter().chain(line)).is_ok(), "{line:?}");
        }
    }
}
