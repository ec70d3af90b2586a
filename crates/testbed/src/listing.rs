//! A USDC bank and three perpetual markets.

use kedge_interface::account::name_bytes;
use kedge_model::account::board::SourceKind;
use kedge_model::account::exchange::FeeSchedule;
use kedge_model::action::{AmmParams, BankParams, MarketParams, RowParams};
use kedge_model::quantity::{Amount, Ppm, Price, Size};

use crate::bootstrap::{Listing, Market};
use crate::recorded::RecordedPrices;

/// Base units of one coin.
const ONE: f64 = 1e9;
/// Quote units of one dollar.
const DOLLAR: u64 = 1_000_000;

/// A market to list. Sizes are in coins.
#[derive(Clone, Copy, Debug)]
pub struct Coin {
    /// Short name.
    pub symbol: &'static str,
    /// Name of the market.
    pub name: &'static str,
    /// Pyth feed id.
    pub feed_id: [u8; 32],
    /// Initial margin ratio, ppm; 66,667 is a leverage of 15.
    initial_margin: u32,
    /// Maintenance margin ratio, ppm.
    maintenance_margin: u32,
    /// Depth of the vAMM's curve, coins: buying a hundredth of a percent of it moves the price by two hundredths.
    depth: f64,
    /// Largest position of the vAMM, coins.
    inventory: f64,
    /// Smallest order, coins.
    min_order: f64,
    /// Step of sizes, coins.
    step: f64,
    /// Tick, in price units.
    tick: u64,
    /// Largest open interest of a side, coins.
    max_interest: f64,
    /// Capital of the vAMM, dollars.
    pub capital: u64,
    /// Insurance fund, dollars.
    pub insurance: u64,
    /// Most that one JIT fill takes, coins.
    pub jit_size: f64,
    /// Most that a JIT maker holds, coins.
    pub jit_position: f64,
    /// Size of the first rung of the resting maker's ladder, coins.
    pub ladder: f64,
}

/// The markets in listing order.
pub const COINS: [Coin; 3] = [
    Coin {
        symbol: "SOL",
        name: "SOL-PERP",
        feed_id: hex("ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d"),
        initial_margin: 66_667,
        maintenance_margin: 33_000,
        depth: 1_000_000.0,
        inventory: 20_000.0,
        min_order: 0.1,
        step: 0.01,
        tick: 1_000,
        max_interest: 200_000.0,
        capital: 2_000_000,
        insurance: 20_000,
        jit_size: 60.0,
        jit_position: 2_500.0,
        ladder: 15.0,
    },
    Coin {
        symbol: "BTC",
        name: "BTC-PERP",
        feed_id: hex("e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43"),
        initial_margin: 50_000,
        maintenance_margin: 25_000,
        depth: 4_000.0,
        inventory: 60.0,
        min_order: 0.001,
        step: 0.000_1,
        tick: 100_000,
        max_interest: 1_000.0,
        capital: 2_000_000,
        insurance: 20_000,
        jit_size: 0.15,
        jit_position: 6.0,
        ladder: 0.04,
    },
    Coin {
        symbol: "ETH",
        name: "ETH-PERP",
        feed_id: hex("ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"),
        initial_margin: 50_000,
        maintenance_margin: 25_000,
        depth: 100_000.0,
        inventory: 1_500.0,
        min_order: 0.01,
        step: 0.001,
        tick: 10_000,
        max_interest: 20_000.0,
        capital: 2_000_000,
        insurance: 20_000,
        jit_size: 5.0,
        jit_position: 180.0,
        ladder: 1.2,
    },
];

/// The exchange with these markets, their vAMMs at the first prices of the recording; `speed` is market seconds a
/// second.
#[must_use]
pub fn listing(prices: &RecordedPrices, speed: f64, fees: FeeSchedule) -> Listing {
    let markets = COINS.iter().zip(&prices.paths).map(|(coin, path)| Market {
        name: coin.name,
        params: coin.params(Price((path.price(prices.start * 1_000) * 1e6) as u64), speed),
        capital: dollars(coin.capital),
        insurance: dollars(coin.insurance),
    });
    Listing { bank: bank(speed), fees, markets: markets.collect() }
}

/// Pyth feeds of the markets, in listing order.
#[must_use]
pub fn feeds() -> [[u8; 32]; COINS.len()] {
    COINS.map(|coin| coin.feed_id)
}

/// Dollars that the admin pays into the pools.
#[must_use]
pub fn pools() -> u64 {
    COINS.iter().map(|coin| coin.capital + coin.insurance).sum()
}

/// A size of base units from coins.
pub fn size(coins: f64) -> Size {
    Size((coins * ONE).round() as u64)
}

/// Quote units from dollars.
pub fn dollars(amount: u64) -> Amount {
    Amount(amount * DOLLAR)
}

/// Auctions of about a second of wall time, whatever the speed.
pub fn fees(speed: f64) -> FeeSchedule {
    let initial = FeeSchedule::initial();
    let milliseconds = |wall: f64| (wall * speed).clamp(400.0, 600_000.0) as u32;
    FeeSchedule {
        default_auction_ms: milliseconds(1_000.0),
        min_auction_ms: milliseconds(200.0),
        max_auction_ms: milliseconds(5_000.0),
        ..initial
    }
}

/// The quote bank, with a dollar as its price.
pub fn bank(speed: f64) -> BankParams {
    BankParams {
        row: row(SourceKind::Fixed, [0; 32], speed),
        deposit_cap: dollars(1_000_000_000),
        initial_weight: Ppm(1_000_000),
        maintenance_weight: Ppm(1_000_000),
        ..BankParams::default()
    }
}

impl Coin {
    /// Parameters of the market's listing, with the vAMM at `price`.
    pub fn params(&self, price: Price, speed: f64) -> MarketParams {
        MarketParams {
            name: name_bytes(self.name),
            row: row(SourceKind::PythPull, self.feed_id, speed),
            amm: AmmParams {
                sqrt_k: size(self.depth),
                peg: price,
                inventory_limit: size(self.inventory),
                ..AmmParams::template()
            },
            initial_margin: Ppm(self.initial_margin),
            maintenance_margin: Ppm(self.maintenance_margin),
            min_order: size(self.min_order),
            step: size(self.step),
            tick: Price(self.tick),
            max_open_interest: size(self.max_interest),
            max_position: size(self.max_interest),
            insurance_cap: dollars(self.insurance),
            ..MarketParams::template()
        }
    }
}

pub(crate) fn row(kind: SourceKind, key: [u8; 32], speed: f64) -> RowParams {
    RowParams {
        // Two and a half wall seconds: keepers and chain live in wall time.
        max_age: (speed * 2.5).clamp(30.0, 600.0) as u32,
        ..RowParams::template(kind, key)
    }
}

/// A feed id from its published text.
const fn hex(text: &str) -> [u8; 32] {
    const fn digit(byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => panic!("not a hexadecimal digit"),
        }
    }
    let text = text.as_bytes();
    assert!(text.len() == 64, "a feed id has 32 bytes");
    let mut bytes = [0; 32];
    let mut index = 0;
    while index < 32 {
        bytes[index] = digit(text[2 * index]) * 16 + digit(text[2 * index + 1]);
        index += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::account::bank::Bank;
    use kedge_model::account::board::PriceBoard;
    use kedge_model::account::exchange::Exchange;
    use kedge_model::account::market::Market;
    use kedge_model::action::{ListBank, ListMarket};
    use kedge_model::clock::Clock;

    #[test]
    fn the_exchange_accepts_what_is_listed() {
        for speed in [1.0, 60.0, 120.0, 300.0] {
            let mut exchange = Exchange::new(1, [1; 32], [2; 32]).unwrap();
            let mut board = PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() };
            exchange.set_fees(&fees(speed)).unwrap();
            let mut account = Bank::default();
            ListBank { params: &bank(speed), mint: [1; 32], vault: [2; 32], decimals: 6 }
                .execute(&mut exchange, &mut board, &mut account)
                .unwrap();
            for (coin, price) in COINS.iter().zip([200_000_000, 95_000_000_000, 2_500_000_000]) {
                let mut market = Market::default();
                let params = coin.params(Price(price), speed);
                ListMarket { params: &params }
                    .execute(&mut exchange, &mut board, &mut market, Clock::default())
                    .unwrap();
            }
        }
    }
}
