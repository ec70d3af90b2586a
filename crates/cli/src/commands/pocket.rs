//! `kedge isolate` and `kedge leverage`.

use kedge_client::prices::{self, Row};
use kedge_interface::account::SubAccountData;
use kedge_interface::instruction::{
    Instruction, IsolatePosition, KedgeInstruction, MergePosition, SetLeverage, TransferIsolated,
};
use kedge_model::quantity::Ppm;
use kedge_units::decimal;
use serde_json::json;

use super::landed;
use crate::args::{Isolate, Leverage, Which};
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::session::Session;

/// Isolates a position, moves its collateral, or joins it with the cross pocket.
pub(crate) async fn isolate(session: &Session, options: &Isolate) -> Result<Output> {
    let signer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(&options.market)?.data.index;
    let (sub_account, account) = session.account(&options.which).await?;
    let isolated = account.head.isolated(market).is_some();
    let amount = |text: &str| Ok::<u64, CliError>(decimal::parse(text, decimal::PRICE)?);
    let signed = |text: &str| {
        i64::try_from(amount(text)?).map_err(|_| CliError::Usage(format!("{text} is more than any account holds")))
    };
    let instruction = match (&options.amount, &options.take) {
        (Some(text), _) if isolated => {
            TransferIsolated { signer, sub_account, market, amount: signed(text)? }.instruction()
        }
        (Some(text), _) => IsolatePosition { signer, sub_account, market, amount: amount(text)? }.instruction(),
        _ if !isolated => {
            let name = directory.market_name(market);
            return Err(CliError::NotFound(format!(
                "the position in {name} is not isolated; `kedge isolate {name} 100` would back it with 100 of its own"
            )));
        }
        (None, Some(text)) => TransferIsolated { signer, sub_account, market, amount: -signed(text)? }.instruction(),
        (None, None) => MergePosition { signer, sub_account, market }.instruction(),
    };
    let mut instructions = refresh(session, &account, market).await?;
    instructions.push(instruction);
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}

/// Sets the least initial margin of a position in a market.
pub(crate) async fn leverage(session: &Session, options: &Leverage) -> Result<Output> {
    let authority = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let market = &directory.market(&options.market)?.data;
    let name = directory.market_name(market.index);
    let (sub_account, account) = session.account(&Which::from(&options.own)).await?;
    let board = session.client.board().await?;
    let least = board.market(market.index)?.initial_margin;
    let ratio = ratio(&options.leverage)?;
    if !ratio.is_zero() && ratio < least {
        return Err(CliError::Usage(format!(
            "{name} asks for at least {} initial margin, which is a leverage of {}",
            decimal::percent(least),
            decimal::leverage(least)
        )));
    }
    let mut instructions = refresh(session, &account, market.index).await?;
    instructions.push(SetLeverage { authority, sub_account, market: market.index, ratio: ratio.0 }.instruction());
    let sent = session.send(&instructions).await?;
    let told = if ratio.is_zero() {
        format!("initial margin in {name} is the market's own again, {}", decimal::percent(least))
    } else {
        format!("initial margin in {name} is at least {}", decimal::percent(ratio))
    };
    let json = json!({
        "market": name,
        "initial_margin_percent": decimal::format(if ratio.is_zero() { least.0 } else { ratio.0 }, 4, 0),
    });
    Ok(Output::new(wrap("", &told) + &super::signed(&sent), json))
}

/// The initial margin that allows a leverage, rounded up so that it never allows more; zero for `max`.
fn ratio(text: &str) -> Result<Ppm> {
    if text == "max" {
        return Ok(Ppm::ZERO);
    }
    let leverage = decimal::parse(text.trim_end_matches(['x', 'X']), 6)?;
    if leverage < 1_000_000 {
        return Err(CliError::Usage("the smallest leverage is 1".into()));
    }
    let ratio = 1_000_000_000_000u64.div_ceil(leverage);
    u32::try_from(ratio).map(Ppm).map_err(|_| CliError::Usage("the smallest leverage is 1".into()))
}

/// A refresh of the rows in both pockets' margin checks.
async fn refresh(session: &Session, account: &SubAccountData, market: u16) -> Result<Vec<Instruction>> {
    let board = session.client.board().await?;
    let clock = session.client.clock().await?;
    let mut rows = prices::in_use(&account.head);
    rows.push(Row::Market(market));
    Ok(session.refresh(&board, &rows, &clock).await?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leverages_become_margins_that_never_allow_more() {
        assert_eq!(ratio("5").unwrap(), Ppm(200_000));
        assert_eq!(ratio("3x").unwrap(), Ppm(333_334));
        assert_eq!(ratio("2.5").unwrap(), Ppm(400_000));
        assert_eq!(ratio("1").unwrap(), Ppm(1_000_000));
        assert_eq!(ratio("max").unwrap(), Ppm::ZERO);
        for text in ["0.5", "0", "x", "-3"] {
            assert!(ratio(text).is_err(), "{text}");
        }
    }
}
