//! A market's parameters as a file of JSON: decimal text, in whole units and percent.

use std::path::Path;

use kedge_model::action::{AmmParams, MarketParams, RowParams};
use kedge_model::board::{MarketRow, PriceSource, SourceKind};
use kedge_model::market::Market;
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use serde_json::{Map, Value};
use solana_pubkey::Pubkey;

use crate::decimal;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// A number of the file: its key, digits after the point, where it is read and written.
struct Field {
    key: &'static str,
    scale: u32,
    get: fn(&MarketParams) -> u64,
    set: fn(&mut MarketParams, u64) -> Option<()>,
}

macro_rules! fields {
    ($($key:literal $scale:literal $($path:ident).+ $kind:ident)*) => {
        &[$(Field {
            key: $key,
            scale: $scale,
            get: |params| fields!(get params.$($path).+, $kind),
            set: |params, value| { params.$($path).+ = fields!(set value, $kind); Some(()) },
        }),*]
    };
    (get $place:expr, number) => { u64::from($place) };
    (get $place:expr, $kind:ident) => { u64::from($place.0) };
    (set $value:expr, number) => { $value.try_into().ok()? };
    (set $value:expr, Ppm) => { Ppm($value.try_into().ok()?) };
    (set $value:expr, $kind:ident) => { $kind($value) };
}

const FIELDS: &[Field] = fields! {
    "tier" 0 tier number
    "initial_margin_percent" 4 initial_margin Ppm
    "maintenance_margin_percent" 4 maintenance_margin Ppm
    "size_premium" 0 size_premium number
    "funding_cap_percent" 4 funding_cap Ppm
    "price_band_percent" 4 price_band Ppm
    "liquidator_fee_percent" 4 liquidator_fee Ppm
    "liquidator_fee_small_percent" 4 liquidator_fee_small Ppm
    "insurance_fee_percent" 4 insurance_fee Ppm
    "liquidation_buffer_percent" 4 liquidation_buffer Ppm
    "small_position" 6 small_position Amount
    "min_order" 9 min_order Size
    "step" 9 step Size
    "tick" 6 tick Price
    "max_open_interest" 9 max_open_interest Size
    "max_position" 9 max_position Size
    "insurance_cap" 6 insurance_cap Amount
    "liquidation_budget" 6 liquidation_budget Amount
    "price_quorum" 0 row.quorum number
    "price_max_confidence_percent" 4 row.max_confidence Ppm
    "price_max_age_seconds" 0 row.max_age number
    "price_jump_limit_percent" 4 row.jump_limit Ppm
    "vamm_depth" 9 amm.sqrt_k Size
    "vamm_price" 6 amm.peg Price
    "vamm_inventory_limit" 9 amm.inventory_limit Size
    "vamm_concentration_percent" 4 amm.concentration number
    "vamm_base_spread_percent" 4 amm.base_spread Ppm
    "vamm_max_spread_percent" 4 amm.max_spread Ppm
    "vamm_inventory_spread_percent" 4 amm.inventory_spread Ppm
    "vamm_leverage_spread_percent" 4 amm.leverage_spread Ppm
    "vamm_revenue_spread_percent" 4 amm.revenue_spread Ppm
    "vamm_volatility_factor_percent" 4 amm.volatility_factor Ppm
    "vamm_retreat_factor_percent" 4 amm.retreat_factor Ppm
    "vamm_drawdown_limit_percent" 4 amm.drawdown_limit Ppm
    "vamm_jit_share_percent" 4 amm.jit_share Ppm
    "vamm_margin_percent" 4 amm.margin Ppm
    "vamm_update_budget_percent" 4 amm.update_budget Ppm
    "vamm_flat_share_percent" 4 amm.flat_share Ppm
    "vamm_depth_step_percent" 4 amm.depth_step Ppm
    "vamm_max_fill_fraction" 0 amm.max_fill_fraction number
};

/// Kinds of sources in the file.
const KINDS: [(&str, SourceKind); 4] = [
    ("pyth", SourceKind::PythPull),
    ("pyth-push", SourceKind::PythPush),
    ("switchboard", SourceKind::SwitchboardOnDemand),
    ("switchboard-v2", SourceKind::SwitchboardV2),
];

/// Prints the parameters of a listed market; the vAMM's price is the oracle's of now.
pub async fn print(session: &Session, market: &str) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(market)?.data;
    let board = session.client.board().await?;
    let json = to_json(&of(&market, board.market(market.index)?));
    Ok(Output::new(format!("{json:#}\n"), json))
}

/// Reads a file.
pub fn read(file: &Path) -> Result<MarketParams> {
    let wrong = |what: String| CliError::Usage(format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let json: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    from_json(&json).map_err(wrong)
}

/// What a market was listed with, as far as nobody has changed it since.
fn of(market: &Market, row: &MarketRow) -> MarketParams {
    let (amm, price) = (&market.amm, &row.price);
    let heard_nothing = |source: PriceSource| PriceSource { heard: 0, ..source };
    MarketParams {
        name: market.name,
        row: RowParams {
            sources: price.sources.map(heard_nothing),
            quorum: price.quorum,
            max_confidence: price.max_confidence,
            max_age: price.max_age,
            jump_limit: price.jump_limit,
            ..RowParams::default()
        },
        amm: AmmParams {
            sqrt_k: amm.listed_sqrt_k,
            peg: if price.price.is_zero() { amm.peg } else { price.price },
            inventory_limit: amm.inventory_limit,
            concentration: amm.concentration,
            base_spread: amm.base_spread,
            max_spread: amm.max_spread,
            inventory_spread: amm.inventory_spread,
            max_fill_fraction: amm.max_fill_fraction,
            margin: amm.margin,
            update_budget: amm.update_budget,
            flat_share: amm.flat_share,
            volatility_factor: amm.volatility_factor,
            retreat_factor: amm.retreat_factor,
            leverage_spread: amm.leverage_spread,
            revenue_spread: amm.revenue_spread,
            drawdown_limit: amm.drawdown_limit,
            jit_share: amm.jit_share,
            depth_step: amm.depth_step,
            ..AmmParams::default()
        },
        initial_margin: row.initial_margin,
        maintenance_margin: row.maintenance_margin,
        size_premium: row.size_premium,
        funding_cap: market.funding_cap,
        price_band: market.price_band,
        liquidator_fee: market.liquidator_fee,
        liquidator_fee_small: market.liquidator_fee_small,
        insurance_fee: market.insurance_fee,
        liquidation_buffer: market.liquidation_buffer,
        small_position: market.small_position,
        min_order: market.min_order,
        step: market.step,
        tick: market.tick,
        max_open_interest: market.max_open_interest,
        max_position: market.max_position,
        insurance_cap: market.insurance_cap,
        liquidation_budget: market.liquidation_budget,
        tier: market.tier,
        ..MarketParams::default()
    }
}

fn to_json(params: &MarketParams) -> Value {
    let mut map = Map::new();
    map.insert("name".into(), kedge_interface::account::name(&params.name).into());
    let used = params.row.sources.iter().filter(|source| source.kind != SourceKind::Unused as u8);
    map.insert("price_sources".into(), used.map(source_json).collect());
    for field in FIELDS {
        map.insert(field.key.into(), decimal::format((field.get)(params), field.scale, 0).into());
    }
    Value::Object(map)
}

fn source_json(source: &PriceSource) -> Value {
    let kind = KINDS.iter().find(|(_, kind)| *kind as u8 == source.kind).map_or("unknown", |(name, _)| *name);
    let key = if source.kind == SourceKind::PythPull as u8 {
        source.key.iter().map(|byte| format!("{byte:02x}")).collect()
    } else {
        Pubkey::from(source.key).to_string()
    };
    serde_json::json!({
        "kind": kind,
        "key": key,
        "min_signatures": source.min_signatures,
        "owners": source.owners,
        "multiple": source.multiple,
    })
}

fn from_json(json: &Value) -> core::result::Result<MarketParams, String> {
    let map = json.as_object().ok_or("not an object")?;
    let known = |key: &str| key == "name" || key == "price_sources" || FIELDS.iter().any(|field| field.key == key);
    if let Some(key) = map.keys().find(|key| !known(key)) {
        return Err(format!("there is no `{key}`"));
    }
    let mut params = MarketParams::default();
    let name = map.get("name").and_then(Value::as_str).ok_or("`name` is missing")?;
    let bytes = name.as_bytes();
    let place = params.name.get_mut(..bytes.len()).filter(|_| !bytes.is_empty());
    place.ok_or_else(|| format!("`name` has 1 to 16 bytes, `{name}` has {}", bytes.len()))?.copy_from_slice(bytes);
    let sources = map.get("price_sources").and_then(Value::as_array).ok_or("`price_sources` is missing")?;
    if sources.is_empty() || sources.len() > params.row.sources.len() {
        return Err(format!("`price_sources` are 1 to {}", params.row.sources.len()));
    }
    for (slot, source) in params.row.sources.iter_mut().zip(sources) {
        *slot = source_of(source)?;
    }
    for field in FIELDS {
        let key = field.key;
        let text = map.get(key).and_then(Value::as_str).ok_or_else(|| format!("`{key}` is missing, or no text"))?;
        let value = decimal::parse(text, field.scale).map_err(|error| format!("`{key}`: {error}"))?;
        (field.set)(&mut params, value).ok_or_else(|| format!("`{key}`: {text} is too large"))?;
    }
    Ok(params)
}

fn source_of(json: &Value) -> core::result::Result<PriceSource, String> {
    let text = |key: &str| json.get(key).and_then(Value::as_str).ok_or_else(|| format!("a source has a `{key}`"));
    let small = |key: &str| {
        let number = json.get(key).map_or(Some(0), Value::as_u64).and_then(|number| u8::try_from(number).ok());
        number.ok_or_else(|| format!("`{key}` of a source is a small number"))
    };
    let wanted = text("kind")?;
    let kind = KINDS.iter().find(|(name, _)| *name == wanted).map(|(_, kind)| *kind);
    let kind = kind.ok_or_else(|| format!("`kind` is one of {}", KINDS.map(|(name, _)| name).join(", ")))?;
    let key = text("key")?;
    let key = if kind == SourceKind::PythPull {
        crate::args::feed_id(key)?
    } else {
        key.parse::<Pubkey>().map_err(|_| "the address of a source is not base58 of 32 bytes")?.to_bytes()
    };
    Ok(PriceSource {
        key,
        kind: kind as u8,
        min_signatures: small("min_signatures")?,
        owners: small("owners")?,
        multiple: small("multiple")?,
        ..PriceSource::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters of which every number is another.
    fn distinct() -> MarketParams {
        let mut params = MarketParams { name: *b"NEW-PERP\0\0\0\0\0\0\0\0", ..MarketParams::default() };
        params.row.sources[0] =
            PriceSource { key: [7; 32], kind: SourceKind::PythPull as u8, multiple: 3, ..PriceSource::default() };
        for (field, value) in FIELDS.iter().zip(1..) {
            (field.set)(&mut params, value).unwrap();
        }
        params
    }

    #[test]
    fn what_is_written_is_read_again() {
        let params = distinct();
        let json = to_json(&params);
        assert_eq!(from_json(&json).unwrap(), params);
        assert_eq!(json["price_sources"][0]["key"].as_str().unwrap().len(), 64);
    }

    #[test]
    fn a_listed_market_prints_what_it_was_listed_with() {
        use kedge_model::action::ListMarket;
        use kedge_model::board::PriceBoard;
        use kedge_model::clock::Clock;
        use kedge_model::exchange::Exchange;
        let mut params = distinct();
        params.row = RowParams {
            sources: params.row.sources,
            quorum: 1,
            max_confidence: Ppm(20_000),
            max_age: 60,
            jump_limit: Ppm(50_000),
            ..RowParams::default()
        };
        params.amm = AmmParams::default();
        (params.tier, params.initial_margin, params.maintenance_margin) = (0, Ppm(66_667), Ppm(33_000));
        (params.size_premium, params.funding_cap, params.price_band) = (2, Ppm(1_000), Ppm(50_000));
        (params.liquidator_fee, params.liquidator_fee_small, params.insurance_fee) =
            (Ppm(5_000), Ppm(10_000), Ppm(4_000));
        (params.min_order, params.step, params.tick) = (Size(100_000_000), Size(10_000_000), Price(10_000));
        (params.max_position, params.max_open_interest) = (Size(1_000_000_000_000), Size(2_000_000_000_000));
        let mut exchange = Exchange::new(1, [1; 32], [2; 32]).unwrap();
        let mut board = PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() };
        let mut market = Market::default();
        ListMarket { params: &params }.execute(&mut exchange, &mut board, &mut market, Clock::default()).unwrap();
        assert_eq!(of(&market, &board.markets[0]), params);
    }

    #[test]
    fn a_file_that_lacks_or_invents_a_key_is_refused_by_its_name() {
        let mut json = to_json(&distinct());
        json["speed"] = "1".into();
        assert!(from_json(&json).unwrap_err().contains("`speed`"));
        let mut json = to_json(&distinct());
        json.as_object_mut().unwrap().remove("tick");
        assert!(from_json(&json).unwrap_err().contains("`tick`"));
        let mut json = to_json(&distinct());
        json["name"] = "A-NAME-THAT-IS-TOO-LONG".into();
        assert!(from_json(&json).unwrap_err().contains("16"));
    }
}
