//! Listings and fees by forms, and funding of pools.

use std::path::Path;

use kedge_client::prices::AddressBook;
use kedge_interface::account::name;
use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_interface::instruction::{FundPool, KedgeInstruction, ListBank, ListMarket, SetFees};
use kedge_model::action::{MarketParams, PoolKind};
use kedge_model::quantity::{Amount, Ppm};
use kedge_oracle::Moment;
use kedge_units::decimal;
use serde_json::json;
use solana_pubkey::Pubkey;

use super::{done, sure};
use crate::args::{Form, Pool};
use crate::commands::collateral::require_held;
use crate::commands::landed;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::forms;
use crate::output::Output;
use crate::session::Session;

/// Offset of the decimals in a mint.
const MINT_DECIMALS: usize = 44;
/// Distance of the vAMM's peg from the price that is accepted without a question, percent.
const PEG_OFF: u64 = 5;

fn read(form: Form, path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let kind = format!("{form:?}").to_lowercase();
        let make = format!("`kedge admin form {kind} > {}` makes one to fill in", path.display());
        CliError::Usage(format!("cannot read the form {}: {error}; {make}", path.display()))
    })
}

/// Lists a mint as collateral by a form.
pub(super) async fn bank(session: &Session, mint: Pubkey, path: &Path) -> Result<Output> {
    let text = read(Form::Bank, path)?;
    let index = session.client.exchange().await?.banks;
    let account = session.client.account(mint).await?.filter(|account| account.owner == TOKEN_PROGRAM);
    let decimals = account.and_then(|account| account.data.get(MINT_DECIMALS).copied());
    let decimals = decimals.ok_or_else(|| CliError::Usage(format!("{mint} is no mint of the SPL Token program")))?;
    let params = forms::bank(&text, index, decimals)?;
    sure(
        session,
        &format!(
            "mint {mint} becomes bank {index}, weights {} initial and {} maintenance",
            decimal::percent(params.initial_weight),
            decimal::percent(params.maintenance_weight)
        ),
    )?;
    let list =
        ListBank { admin: session.signer()?, bank: address::bank(index), mint, vault: address::vault(index), params };
    let sent = session.send(&[list.instruction()]).await?;
    let told = format!("mint {mint} is bank {index}");
    done(&told, json!({ "bank": index, "mint": mint.to_string() }), &sent)
}

/// Lists a market by a form.
pub(super) async fn market(session: &Session, path: &Path) -> Result<Output> {
    let params = forms::market(&read(Form::Market, path)?)?;
    let exchange = session.client.exchange().await?;
    let (index, called) = (exchange.markets, name(&params.name));
    let directory = Directory::fetch(&session.client).await?;
    if directory.market(&called).is_ok() {
        return Err(CliError::Usage(format!("a market is called {called} already; `kedge markets` lists them")));
    }
    let leverage = decimal::leverage(params.initial_margin);
    let mut told = vec![format!("{called} becomes market {index}, tier {}, leverage {leverage}", params.tier)];
    told.extend(off_price(session, &params).await?);
    session.confirm(told)?;
    let list = ListMarket { admin: session.signer()?, market: address::market(index), params };
    let sent = session.send(&[list.instruction()]).await?;
    let told = format!(
        "{called} is market {index}; fund its vAMM and insurance (`kedge admin fund {called} vamm AMOUNT`), then `kedge \
         admin open {called}`"
    );
    done(&told, json!({ "market": index, "name": called }), &sent)
}

/// The question about a vAMM's peg that is far from the market's first source; `None` for one that is near.
async fn off_price(session: &Session, params: &MarketParams) -> Result<Option<String>> {
    let (peg, source) = (params.amm.peg, &params.row.sources[0]);
    let account = AddressBook::default().account(source).filter(|_| peg.0 != 0);
    let Some(at) = account else { return Ok(None) };
    let Some(account) = session.client.account(at).await? else { return Ok(None) };
    let clock = session.client.clock().await?;
    let slot_time = session.client.board().await?.slot_time();
    let moment = Moment { clock: &clock, slot_time, max_age: params.row.max_age };
    let read = kedge_oracle::read(source, &at, &account.owner, &account.data, &moment);
    let Some(price) = read.ok().flatten().map(|said| said.price) else { return Ok(None) };
    let off = u128::from(peg.0.abs_diff(price.0)) * 100 > u128::from(price.0) * u128::from(PEG_OFF);
    let (peg, price) = (decimal::price(peg), decimal::price(price));
    Ok(off.then(|| format!("the vAMM's peg is {peg} and the price {price}: it is fixed by the listing")))
}

/// Replaces the fee schedule by a form, after showing the differences.
pub(super) async fn fees(session: &Session, path: &Path) -> Result<Output> {
    let schedule = forms::fees(&read(Form::Fees, path)?)?;
    let exchange = session.client.exchange().await?;
    let mut changes = Vec::new();
    let mut differs = |what: String, before: String, after: String| {
        if before != after {
            changes.push(format!("{what} {before} -> {after}"));
        }
    };
    for (tier, (before, after)) in exchange.fees.iter().zip(&schedule.fees).enumerate() {
        let percent = decimal::percent;
        differs(format!("tier {tier} taker"), percent(before.taker), percent(after.taker));
        differs(format!("tier {tier} maker rebate"), percent(before.maker_rebate), percent(after.maker_rebate));
    }
    for (tier, (before, after)) in exchange.tier_volumes.iter().zip(schedule.tier_volumes).enumerate() {
        let value = |amount: u64| decimal::value(Amount(amount));
        differs(format!("tier {tier} from a volume of"), value(*before), value(after));
    }
    let shares: [(&str, Ppm, Ppm); 5] = [
        ("filler share", exchange.filler_share, schedule.filler_share),
        ("insurance share", exchange.insurance_share, schedule.insurance_share),
        ("vAMM share", exchange.amm_share, schedule.amm_share),
        ("referrer share", exchange.referrer_share, schedule.referrer_share),
        ("referee discount", exchange.referee_discount, schedule.referee_discount),
    ];
    for (what, before, after) in shares {
        differs(what.into(), decimal::percent(before), decimal::percent(after));
    }
    let bounds = [
        ("default auction", exchange.default_auction_ms, schedule.default_auction_ms),
        ("shortest auction", exchange.min_auction_ms, schedule.min_auction_ms),
        ("longest auction", exchange.max_auction_ms, schedule.max_auction_ms),
    ];
    for (what, before, after) in bounds {
        differs(what.into(), format!("{before} ms"), format!("{after} ms"));
    }
    let reward = |units: u64| decimal::value(Amount(units));
    differs(
        "largest reward of a filler".into(),
        reward(exchange.max_filler_reward),
        reward(schedule.max_filler_reward),
    );
    if changes.is_empty() {
        return Ok(Output::new("these are the fees of now; nothing was sent\n", json!({ "changes": [] })));
    }
    let told = changes.join("; ");
    sure(session, &told)?;
    let sent = session.send(&[SetFees { signer: session.signer()?, schedule }.instruction()]).await?;
    done(&told, json!({ "changes": changes }), &sent)
}

/// Moves tokens of the keypair into a market's pool, as a gift.
pub(super) async fn fund(session: &Session, wanted: &str, pool: Pool, amount: &str) -> Result<Output> {
    let payer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(wanted)?;
    let bank = &directory.bank(0)?.data;
    let units = decimal::parse(amount, u32::from(bank.decimals))?;
    let (kind, called) = match pool {
        Pool::Insurance => (PoolKind::Insurance, "insurance fund"),
        Pool::Vamm => (PoolKind::Amm, "vAMM"),
    };
    let name = directory.market_name(market.data.index);
    require_held(session, &directory, 0, amount).await?;
    sure(session, &format!("{amount} of the keypair's quote tokens go to the {called} of {name} as a gift"))?;
    let mint = Pubkey::new_from_array(bank.mint);
    let (source, vault) = (address::token_account(&payer, &mint), address::vault(0));
    let fund = FundPool {
        payer,
        bank: address::bank(0),
        market: market.address,
        source,
        vault,
        kind: kind as u8,
        amount: units,
    };
    let sent = session.send(&[fund.instruction()]).await?;
    landed(session, &directory, sent).await
}
