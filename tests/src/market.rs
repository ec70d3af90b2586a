//! The markets and banks of the standard world.

use kedge_interface::account::name_bytes;
use kedge_model::account::board::{PriceSource, SourceKind};
use kedge_model::action::{AmmParams, BankParams, MarketParams, RowParams};
use kedge_model::quantity::{Amount, Ppm, Price, Size};

/// One dollar in quote units and in prices.
pub const DOLLAR: u64 = 1_000_000;
/// One base unit.
pub const ONE: u64 = 1_000_000_000;

/// SOL-PERP.
pub const SOL: u16 = 0;
/// BTC-PERP.
pub const BTC: u16 = 1;
/// ETH-PERP.
pub const ETH: u16 = 2;
/// Prices of the named markets; further markets are small coins.
pub const PRICES: [u64; 3] = [150 * DOLLAR, 60_000 * DOLLAR, 2_500 * DOLLAR];

/// The quote bank.
pub const USDC: u16 = 0;
/// SOL as collateral.
pub const WSOL: u16 = 1;

/// Pyth feed of a market.
pub fn market_feed(index: u16) -> [u8; 32] {
    let mut feed = [0x50; 32];
    feed[0] = u8::try_from(index).expect("few markets");
    feed
}

/// Pyth feed of a bank.
pub fn bank_feed(index: u16) -> [u8; 32] {
    let mut feed = [0xb0; 32];
    feed[0] = u8::try_from(index).expect("few banks");
    feed
}

/// Initial price of a market.
pub fn first_price(index: u16) -> u64 {
    PRICES.get(usize::from(index)).copied().unwrap_or(10 * DOLLAR)
}

/// A price row with one fully verified Pyth feed: at most 30 s old, 0.5 % confidence, jumps beyond 5 %.
pub fn row(feed: [u8; 32]) -> RowParams {
    let source = PriceSource { key: feed, kind: SourceKind::PythPull as u8, ..PriceSource::default() };
    RowParams {
        sources: [source, PriceSource::default(), PriceSource::default(), PriceSource::default()],
        quorum: 1,
        max_confidence: Ppm(5_000),
        max_age: 30,
        jump_limit: Ppm(50_000),
        ..RowParams::default()
    }
}

/// Parameters of a bank: USDC counts in full, everything else with a haircut.
pub fn bank_params(index: u16) -> BankParams {
    let quote = index == USDC;
    BankParams {
        row: row(bank_feed(index)),
        deposit_cap: Amount(1 << 50),
        initial_weight: Ppm(if quote { 1_000_000 } else { 0 }),
        maintenance_weight: Ppm(if quote { 1_000_000 } else { 0 }),
        ..BankParams::default()
    }
}

/// Parameters of a market: ten times leverage, a vAMM with some 15 million dollars on each side, size premium on.
pub fn market_params(index: u16) -> MarketParams {
    let names = ["SOL-PERP", "BTC-PERP", "ETH-PERP"];
    let text = names.get(usize::from(index)).map_or_else(|| format!("COIN{index}-PERP"), |name| (*name).into());
    let price = first_price(index);
    let depth = 15_000_000 * DOLLAR / (price / 1_000) * 1_000_000;
    // The step is a power of ten worth at most a cent.
    let step = 10u64.pow((ONE * DOLLAR / price / 100).max(1).ilog10());
    MarketParams {
        name: name_bytes(&text),
        row: row(market_feed(index)),
        amm: AmmParams {
            sqrt_k: Size(depth),
            peg: Price(price),
            inventory_limit: Size(depth / 50),
            concentration: 1_414_200,
            base_spread: Ppm(1_000),
            max_spread: Ppm(50_000),
            inventory_spread: Ppm(2_000),
            max_fill_fraction: 100,
            margin: Ppm(100_000),
            update_budget: Ppm(500_000),
            flat_share: Ppm(100_000),
            volatility_factor: Ppm(500_000),
            retreat_factor: Ppm(500_000),
            leverage_spread: Ppm(2_000),
            revenue_spread: Ppm(5_000),
            drawdown_limit: Ppm(300_000),
            jit_share: Ppm(500_000),
            depth_step: Ppm(1_000),
            ..AmmParams::default()
        },
        initial_margin: Ppm(100_000),
        maintenance_margin: Ppm(50_000),
        size_premium: 2,
        funding_cap: Ppm(5_000),
        price_band: Ppm(50_000),
        liquidator_fee: Ppm(5_000),
        liquidator_fee_small: Ppm(10_000),
        insurance_fee: Ppm(5_000),
        liquidation_buffer: Ppm(5_000),
        small_position: Amount(1_000 * DOLLAR),
        min_order: Size(step * 100),
        step: Size(step),
        tick: Price(10u64.pow((price / 100_000).ilog10())),
        max_open_interest: Size(1 << 55),
        max_position: Size(1 << 54),
        insurance_cap: Amount(20_000 * DOLLAR),
        vault_limit: Ppm(100_000),
        ..MarketParams::default()
    }
}
