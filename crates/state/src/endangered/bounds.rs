//! How far prices may move before an account is judged again.

use kedge_model::Result;
use kedge_model::account::board::{MAX_MARKETS, Purpose};
use kedge_model::account::pocket::Pocket;
use kedge_model::account::sub_account::{MAX_BALANCES, MAX_POSITIONS, SubAccount};
use kedge_model::clock::Clock;
use kedge_model::num::{BASE, PPM};
use kedge_model::rule::margin::{self, MarginKind, token_unit};

use super::cause::{is_default, pockets};
use super::funding_clock::FundingClock;
use super::marks::Marks;

/// Part of the free margin that is reserved for funding.
const FUNDING_SHARE: f64 = 0.125;
/// Units that the model's rounding may take from a position: value, funding, liability, requirement.
const POSITION_ROUNDING: i64 = 4;
/// Units that the model's rounding may take from a balance: value, weighting.
const BALANCE_ROUNDING: i64 = 2;

/// Direction in which a price hurts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Fall,
    Rise,
}

/// The last mark of a row at which the account is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trigger {
    pub row: usize,
    pub side: Side,
    pub bound: u64,
}

/// Outlook of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Safe at any price.
    Idle,
    /// Safe within its triggers and until the funding clock passes `expiry`.
    Bounded { expiry: u64 },
    /// Judged after every tick.
    Watched,
}

/// Effect of a row's price on a pocket's free margin.
#[derive(Clone, Copy, Debug, Default)]
struct Exposure {
    row: usize,
    /// Quote per price unit; negative where a rise hurts.
    slope: f64,
    mark: f64,
}

/// Judges an account at the marks and appends its triggers.
pub(super) fn outlook(
    account: &SubAccount,
    marks: &Marks,
    funding: &FundingClock,
    triggers: &mut Vec<Trigger>,
) -> Outlook {
    let mut nearest = None;
    for pocket in pockets(account) {
        let traded = account.positions.iter().any(|position| pocket.holds(position) && !position.base.is_zero());
        if !traded {
            if is_default(account, pocket) {
                return Outlook::Watched;
            }
            continue;
        }
        let owes = !pocket.settled_debt(account).is_ok_and(|debt| debt.is_zero());
        if owes || pocket.is_being_liquidated(account) || pocket.is_bankrupt(account) {
            return Outlook::Watched;
        }
        let Ok(Some(expiry)) = bound(account, pocket, marks, funding, triggers) else { return Outlook::Watched };
        nearest = Some(nearest.unwrap_or(u64::MAX).min(expiry));
    }
    nearest.map_or(Outlook::Idle, |expiry| Outlook::Bounded { expiry })
}

/// Appends a pocket's triggers and returns its expiry on the funding clock; `None` when it has no margin to lose.
fn bound(
    account: &SubAccount,
    pocket: Pocket,
    marks: &Marks,
    funding: &FundingClock,
    triggers: &mut Vec<Trigger>,
) -> Result<Option<u64>> {
    let (kind, purpose) = (MarginKind::Maintenance, Purpose::Liquidate);
    let free = margin::margin_of(account, pocket, &marks.board, kind, purpose, &Clock::default())?.free()?.0;
    let mut exposures = [Exposure::default(); MAX_POSITIONS + MAX_BALANCES];
    let mut slots = exposures.iter_mut();
    let (mut count, mut rounding, mut notional) = (0, 0, 0.0);
    let mut add = |row, slope: f64| {
        let mark = marks.mark(row) as f64;
        if let Some(slot) = slots.next() {
            *slot = Exposure { row, slope, mark };
            count += 1;
        }
    };
    for position in account.positions.iter().filter(|position| pocket.holds(position)) {
        let worst = position.worst_case_base()?;
        if worst.is_zero() && position.base.is_zero() {
            continue;
        }
        let row = marks.board.market(position.market)?;
        let ratio = margin::ratio(row, kind, worst.size(), position.custom_margin)?;
        // Exact: the difference may be small where both terms are large.
        let slope = i128::from(position.base.0) * i128::from(PPM) - i128::from(ratio.0) * i128::from(worst.size().0);
        add(usize::from(position.market), slope as f64 / (BASE as f64 * PPM as f64));
        notional += funding.notional(position.market, position.base.size().0);
        rounding += POSITION_ROUNDING;
    }
    let mut add_tokens = |bank: u16, amount: u64| -> Result<()> {
        let row = marks.board.bank(bank)?;
        let unit = token_unit(row.decimals)? as f64;
        add(MAX_MARKETS + usize::from(bank), amount as f64 * f64::from(row.maintenance_weight.0) / (unit * PPM as f64));
        rounding += BALANCE_ROUNDING;
        Ok(())
    };
    match pocket {
        Pocket::Cross => {
            for balance in account.balances.iter().filter(|balance| balance.used == 1) {
                add_tokens(balance.bank, balance.amount.0)?;
            }
        }
        Pocket::Isolated(_) => {
            let tokens = pocket.tokens(account)?;
            if !tokens.is_zero() {
                add_tokens(kedge_model::account::bank::Bank::QUOTE, tokens.0)?;
            }
        }
    }
    let budget = free.saturating_sub(rounding);
    if budget < 0 {
        return Ok(None);
    }
    let for_funding = budget as f64 * FUNDING_SHARE;
    let exposures = &exposures[..count];
    let worth: f64 = exposures.iter().map(|exposure| exposure.slope.abs() * exposure.mark).sum();
    let distance = (budget as f64 - for_funding) / worth * (1.0 - 1e-9);
    triggers.extend(exposures.iter().map(|exposure| {
        // Toward zero; the end of the range where no price can hurt.
        let room = (exposure.mark * distance) as u64;
        let mark = marks.mark(exposure.row);
        let (side, bound) = if exposure.slope >= 0.0 {
            (Side::Fall, mark.saturating_sub(room))
        } else {
            (Side::Rise, mark.saturating_add(room))
        };
        Trigger { row: exposure.row, side, bound }
    }));
    Ok(Some(funding.expiry(for_funding, notional)))
}
