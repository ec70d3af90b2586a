//! The markets, and what a listing sets in them.

use kedge_interface::account::name_bytes;
use kedge_interface::address::pyth::{PUSH_ORACLE, feed};
use kedge_model::account::board::SourceKind;
use kedge_model::action::{AmmParams, BankParams, MarketParams, RowParams};
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_model::time::Millis;
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
        let size = |coins: f64| Size((coins * COIN) as u64);
        let value = interest * dollars;
        MarketParams {
            name: name_bytes(self.name),
            row: RowParams::template(SourceKind::PythPull, Self::feed(index)),
            amm: AmmParams {
                sqrt_k: size(interest * 5.0),
                peg: price(dollars),
                inventory_limit: size(interest / 10.0),
                ..AmmParams::template()
            },
            initial_margin: Ppm(self.initial),
            maintenance_margin: Ppm((f64::from(self.maintenance) * f64::from(tried.maintenance) / 1e6) as u32),
            liquidator_fee: Ppm(tried.liquidator_fee),
            liquidator_fee_small: Ppm(tried.liquidator_fee * 2),
            insurance_fee: Ppm(tried.insurance_fee),
            min_order: Size(self.min_order),
            step: Size(self.step),
            tick: Price(self.tick),
            max_open_interest: size(interest * 10.0),
            max_position: size(interest * 10.0),
            insurance_cap: Amount((value * 0.001 * DOLLAR) as u64),
            // The budget that is tried is a share of the interest that the run begins with; the discount does not grow.
            liquidator_fee_start: Ppm::ZERO,
            liquidation_ramp: Millis(0),
            liquidation_share: Ppm::ZERO,
            vault_limit: Ppm::ZERO,
            liquidation_budget: Amount((value * f64::from(tried.budget) / 1e6 * DOLLAR) as u64),
            ..MarketParams::template()
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
        row: RowParams::template(SourceKind::Fixed, [0; 32]),
        deposit_cap: Amount(u64::MAX >> 4),
        initial_weight: Ppm(1_000_000),
        maintenance_weight: Ppm(1_000_000),
        ..BankParams::default()
    }
}
