//! The markets, and what a listing sets in them.

use kedge_interface::address::pyth::{PUSH_ORACLE, feed};
use kedge_model::account::board::{PriceSource, SourceKind};
use kedge_model::action::{AmmParams, BankParams, MarketParams, RowParams};
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use serde::Serialize;
use solana_pubkey::Pubkey;

/// Base units of a coin.
pub const COIN: f64 = 1e9;
/// Quote units of a dollar, and price units.
pub const DOLLAR: f64 = 1e6;

/// A coin that is traded.
#[derive(Clone, Copy, Debug)]
pub struct Coin {
    /// Name of its market.
    pub name: &'static str,
    /// Initial margin ratio of its listing template, ppm.
    pub initial: u32,
    /// Maintenance margin ratio of its listing template, ppm.
    pub maintenance: u32,
    /// Step of sizes, base units.
    pub step: u64,
    /// Smallest order, base units.
    pub min_order: u64,
    /// Tick, price units.
    pub tick: u64,
    /// Share of the accounts that trade it.
    pub share: f64,
}

/// The markets in listing order.
pub const COINS: [Coin; 3] = [
    Coin {
        name: "SOL-PERP",
        initial: 66_667,
        maintenance: 33_000,
        step: 10_000_000,
        min_order: 100_000_000,
        tick: 1_000,
        share: 0.2,
    },
    Coin {
        name: "BTC-PERP",
        initial: 50_000,
        maintenance: 25_000,
        step: 100_000,
        min_order: 1_000_000,
        tick: 100_000,
        share: 0.5,
    },
    Coin {
        name: "ETH-PERP",
        initial: 50_000,
        maintenance: 25_000,
        step: 1_000_000,
        min_order: 10_000_000,
        tick: 10_000,
        share: 0.3,
    },
];

/// What a run tries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Parameters {
    /// Maintenance margin ratio over the template's, ppm.
    pub maintenance: u32,
    /// Liquidator's discount, ppm; small positions pay twice as much.
    pub liquidator_fee: u32,
    /// Insurance fee of liquidations, ppm.
    pub insurance_fee: u32,
    /// Value that may be liquidated in a minute over a market's open interest, ppm; 0 for no limit.
    pub budget: u32,
    /// Part of the venue's own price impact that the oracle follows, ppm.
    pub lead: u32,
    /// Capital of all liquidators over the open interest of all markets, ppm.
    pub capital: u32,
}

impl Parameters {
    /// What the listing templates set, without a budget, on a venue that others do not follow.
    pub const TEMPLATE: Self = Self {
        maintenance: 1_000_000,
        liquidator_fee: 5_000,
        insurance_fee: 5_000,
        budget: 0,
        lead: 0,
        capital: 3_000,
    };
}

impl Coin {
    /// Id of the feed of the market with an index.
    #[must_use]
    pub const fn feed(index: usize) -> [u8; 32] {
        [index as u8 + 1; 32]
    }

    /// Address of that feed's account.
    #[must_use]
    pub fn oracle(index: usize) -> Pubkey {
        feed(&PUSH_ORACLE, 0, &Self::feed(index))
    }

    /// The listing of the market with an index, at a price, for an open interest in coins. The vAMM is as large beside the
    /// interest as in the listing templates: inventory a tenth, half of its value as capital.
    #[must_use]
    pub fn listing(&self, index: usize, dollars: f64, interest: f64, tried: &Parameters) -> MarketParams {
        let mut name = [0; 16];
        for (slot, byte) in name.iter_mut().zip(self.name.bytes()) {
            *slot = byte;
        }
        let size = |coins: f64| Size((coins * COIN) as u64);
        let value = interest * dollars;
        MarketParams {
            name,
            row: row(SourceKind::PythPull, Self::feed(index)),
            amm: AmmParams {
                sqrt_k: size(interest * 5.0),
                peg: price(dollars),
                inventory_limit: size(interest / 10.0),
                concentration: 1_200_000,
                base_spread: Ppm(1_000),
                max_spread: Ppm(20_000),
                inventory_spread: Ppm(1_500),
                max_fill_fraction: 2_000,
                margin: Ppm(100_000),
                update_budget: Ppm(500_000),
                flat_share: Ppm(20_000),
                volatility_factor: Ppm(500_000),
                retreat_factor: Ppm(500_000),
                leverage_spread: Ppm(2_000),
                revenue_spread: Ppm(5_000),
                drawdown_limit: Ppm(300_000),
                jit_share: Ppm(500_000),
                depth_step: Ppm(1_000),
                ..AmmParams::default()
            },
            initial_margin: Ppm(self.initial),
            maintenance_margin: Ppm((f64::from(self.maintenance) * f64::from(tried.maintenance) / 1e6) as u32),
            funding_cap: Ppm(1_000),
            price_band: Ppm(50_000),
            liquidator_fee: Ppm(tried.liquidator_fee),
            liquidator_fee_small: Ppm(tried.liquidator_fee * 2),
            insurance_fee: Ppm(tried.insurance_fee),
            liquidation_buffer: Ppm(2_500),
            small_position: Amount(2_000_000_000),
            min_order: Size(self.min_order),
            step: Size(self.step),
            tick: Price(self.tick),
            max_open_interest: size(interest * 10.0),
            max_position: size(interest * 10.0),
            insurance_cap: Amount((value * 0.001 * DOLLAR) as u64),
            liquidation_budget: Amount((value * f64::from(tried.budget) / 1e6 * DOLLAR) as u64),
            ..MarketParams::default()
        }
    }

    /// A price on the tick, not above `dollars`.
    #[must_use]
    pub fn on_tick(&self, dollars: f64) -> Price {
        let units = (dollars * DOLLAR) as u64;
        Price(units - units % self.tick)
    }

    /// A size in whole steps, not above `coins`.
    #[must_use]
    pub fn in_steps(&self, coins: f64) -> Size {
        let units = (coins.max(0.0) * COIN) as u64;
        Size(units - units % self.step)
    }
}

/// A price from dollars.
#[must_use]
pub fn price(dollars: f64) -> Price {
    Price((dollars * DOLLAR) as u64)
}

/// The quote bank.
#[must_use]
pub fn bank() -> BankParams {
    BankParams {
        row: row(SourceKind::Fixed, [0; 32]),
        deposit_cap: Amount(u64::MAX >> 4),
        initial_weight: Ppm(1_000_000),
        maintenance_weight: Ppm(1_000_000),
        ..BankParams::default()
    }
}

fn row(kind: SourceKind, key: [u8; 32]) -> RowParams {
    let mut sources = [PriceSource::default(); 4];
    sources[0] = PriceSource { key, kind: kind as u8, ..PriceSource::default() };
    RowParams {
        sources,
        quorum: 1,
        max_confidence: Ppm(20_000),
        max_age: 30,
        jump_limit: Ppm(50_000),
        ..RowParams::default()
    }
}
