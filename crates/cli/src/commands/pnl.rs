//! `kedge pnl`.

use std::collections::BTreeMap;

use kedge_client::prices;
use kedge_interface::account::SubAccountData;
use kedge_model::account::position::Position;
use kedge_model::num::Rounding;
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use crate::args::Pnl;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::own::{self, Entry, Owner};
use crate::past::Walk;
use crate::session::Session;
use crate::table::{Cell, Paint, Table};
use crate::view::View;

/// Sums over a market's transactions.
#[derive(Clone, Debug, Default)]
struct Booked {
    /// The position by its trades, without fees and funding.
    position: Position,
    realised: i128,
    fees: i128,
    settled: i128,
}

/// Present value of a position.
#[derive(Clone, Copy, Debug, Default)]
struct Worth {
    unrealised: i128,
    /// Claim and position at the oracle price, with funding to date.
    claim: i128,
    /// Profit settled since the position was opened.
    settled: i128,
    base: i64,
}

/// Shows profit and loss by market.
pub(crate) async fn run(session: &Session, options: &Pnl) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let wanted = options.market.as_deref().map(|name| directory.market(name)).transpose()?.map(|one| one.data.index);
    let (account, view, read) = fitting(session, &directory, options).await?;
    let mut markets: Vec<u16> = read.iter().flat_map(|read| read.keys().copied()).collect();
    markets.extend(account.head.positions.iter().filter(|one| one.is_used() && !one.is_empty()).map(|one| one.market));
    markets.sort_unstable();
    markets.dedup();
    markets.retain(|market| wanted.is_none_or(|wanted| wanted == *market));

    let mut table = Table::new(&["MARKET", ">UNREALISED", ">REALISED", ">FUNDING", ">FEES", ">TOTAL"]);
    let (mut list, mut sums) = (Vec::new(), [0i128; 5]);
    for market in markets {
        let worth = worth(&account, &view, market)?;
        let booked = read.as_ref().map(|read| read.get(&market).cloned().unwrap_or_default());
        let numbers = match &booked {
            Some(booked) => {
                let total = worth.claim + booked.settled;
                let funding = total - worth.unrealised - booked.realised + booked.fees;
                [Some(worth.unrealised), Some(booked.realised), Some(funding), Some(-booked.fees), Some(total)]
            }
            None => [Some(worth.unrealised), None, None, None, Some(worth.claim + worth.settled)],
        };
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += number.unwrap_or(0);
        }
        let name = directory.market_name(market);
        let mut cells: Vec<Cell> = vec![name.clone().into()];
        cells.extend(numbers.map(gain));
        table.row(cells);
        list.push(to_json(&name, numbers, worth));
    }
    let complete = read.is_some();
    let shown = sums.map(|sum| Some(sum).filter(|_| complete));
    let total = [Some(sums[0]), shown[1], shown[2], shown[3], Some(sums[4])];
    let text = if table.is_empty() {
        "no market was traded\n".into()
    } else {
        let mut cells: Vec<Cell> = vec!["all".into()];
        cells.extend(total.map(gain));
        table.row(cells);
        table.render(session.colour) + &remark(complete) + &view.warning()
    };
    let json = json!({
        "markets": list,
        "all": sums_json(total),
        "complete": complete,
        "prices": view.source(),
        "account_fees_net": decimal::quote(account.head.total_fees),
    });
    Ok(Output::new(text, json))
}

fn remark(complete: bool) -> String {
    let text = if complete {
        "UNREALISED is at the oracle; REALISED without fees and funding; TOTAL is their sum since the sub-account was \
         created. `kedge pnl --help` says what each holds."
    } else {
        "The endpoint does not tell all transactions since the sub-account was created (or --look is too low): what was \
         realised, paid as fees and funding is left open, TOTAL is since each position was opened."
    };
    wrap("", text)
}

/// The sub-account and the sums of its transactions as of one moment; no sums when transactions are missing.
async fn fitting(
    session: &Session,
    directory: &Directory,
    options: &Pnl,
) -> Result<(SubAccountData, View, Option<BTreeMap<u16, Booked>>)> {
    for _ in 0..3 {
        let (address, before) = session.account(&options.which).await?;
        let owner = Owner { authority: Pubkey::new_from_array(before.head.authority), id: before.head.id };
        let read = read(session, directory, &owner, options.look).await?;
        let view = session.view(&prices::in_use(&before.head)).await?;
        let after = session.client.sub_account(address).await?;
        if before.head.positions == after.head.positions {
            let fits = |read: &BTreeMap<u16, Booked>| {
                let known = |one: &&Position| read.get(&one.market).is_some_and(|read| read.position.base == one.base);
                after.head.positions.iter().filter(|one| !one.base.is_zero()).all(|one| known(&one))
            };
            // Endpoints may show an account before the transaction that changed it.
            let read = match read {
                Some(read) if !fits(&read) => continue,
                other => other,
            };
            return Ok((after, view, read));
        }
    }
    Err(CliError::Contradiction(
        "the positions changed at each of three looks, or their transactions lag: try again".into(),
    ))
}

/// Sums over a sub-account's transactions; `None` when they do not reach back to its creation.
async fn read(
    session: &Session,
    directory: &Directory,
    owner: &Owner,
    look: u32,
) -> Result<Option<BTreeMap<u16, Booked>>> {
    let mut walk = Walk::new(&session.client, owner.address(), None, look);
    let (mut all, mut complete): (Vec<Entry>, bool) = (Vec::new(), false);
    while let Some(found) = walk.next().await? {
        let Ok(past) = &found.past else { return Ok(None) };
        complete |= own::is_creation(past, owner);
        all.extend(own::entries(directory, past, owner).into_iter().rev());
    }
    if !complete {
        return Ok(None);
    }
    let mut booked: BTreeMap<u16, Booked> = BTreeMap::new();
    for entry in all.iter().rev() {
        if let Some(market) = entry.market {
            add(booked.entry(market).or_default(), entry)?;
        }
    }
    booked.retain(|_, one| !(one.fees == 0 && one.realised == 0 && one.settled == 0 && one.position.base.is_zero()));
    Ok(Some(booked))
}

fn add(booked: &mut Booked, entry: &Entry) -> Result<()> {
    if let Some(trade) = entry.trade {
        let effect = booked.position.trade(trade.base, trade.quote)?;
        booked.realised += i128::from(entry.realised.unwrap_or(effect.realised).0);
    }
    booked.realised += i128::from(entry.forgiven.0);
    booked.fees += i128::from(entry.fee.0);
    booked.settled += i128::from(entry.settled.0);
    Ok(())
}

fn worth(account: &SubAccountData, view: &View, market: u16) -> Result<Worth> {
    let Ok(position) = account.head.position(market) else { return Ok(Worth::default()) };
    let row = view.board.market(market)?;
    let price = row.settles_at(row.price.price)?;
    let value = i128::from(row.instrument().value(position.base, price, Rounding::Down)?.0);
    let entry = if position.base.is_zero() { 0 } else { i128::from(position.entry.0) };
    Ok(Worth {
        unrealised: if position.base.is_zero() { 0 } else { value + entry },
        claim: i128::from(position.unrealised_pnl(row, price)?.0),
        settled: i128::from(position.settled_pnl.0),
        base: position.base.0,
    })
}

fn gain(number: Option<i128>) -> Cell {
    let Some(number) = number else { return Cell::painted("?", Paint::Warn) };
    let paint = match number {
        0 => Paint::Plain,
        1.. => Paint::Good,
        _ => Paint::Bad,
    };
    Cell::painted(decimal::signed_cents(number), paint)
}

fn to_json(name: &str, numbers: [Option<i128>; 5], worth: Worth) -> Value {
    let mut json = sums_json(numbers);
    json["market"] = json!(name);
    json["base"] = json!(decimal::format(worth.base, decimal::BASE, 0));
    json["claim"] = json!(decimal::format(worth.claim, decimal::PRICE, 2));
    json["settled_since_opened"] = json!(decimal::format(worth.settled, decimal::PRICE, 2));
    json
}

fn sums_json(numbers: [Option<i128>; 5]) -> Value {
    let [unrealised, realised, funding, fees, total] =
        numbers.map(|number| number.map(|number| decimal::format(number, decimal::PRICE, 2)));
    json!({ "unrealised": unrealised, "realised": realised, "funding": funding, "fees": fees, "total": total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own::Trade;
    use kedge_model::quantity::{Amount, Base, Quote};

    #[test]
    fn trades_make_the_position_and_what_it_realised() {
        let mut booked = Booked::default();
        let trade = |base: i64, quote: i64| Some(Trade { base: Base(base), quote: Quote(quote) });
        let fill = |base, quote, fee, realised| Entry {
            market: Some(0),
            trade: trade(base, quote),
            fee: Quote(fee),
            realised,
            ..Entry::default()
        };
        add(&mut booked, &fill(20, -3_600, 4, Some(Quote(0)))).unwrap();
        add(&mut booked, &fill(-5, 950, -1, Some(Quote(50)))).unwrap();
        // A liquidation's record does not hold the realised profit.
        let taken = Entry { market: Some(0), trade: trade(-5, 800), fee: Quote(2), ..Entry::default() };
        add(&mut booked, &taken).unwrap();
        add(&mut booked, &Entry { settled: Quote(-70), forgiven: Amount(3), ..Entry::default() }).unwrap();
        assert_eq!((booked.position.base, booked.position.entry), (Base(10), Quote(-1_800)));
        assert_eq!((booked.realised, booked.fees, booked.settled), (50 - 100 + 3, 5, -70));
    }
}
