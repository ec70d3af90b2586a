//! The model's judgement: which pockets of an account can be liquidated or settled as a default.

use kedge_model::account::board::PriceBoard;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::clock::Clock;
use kedge_model::rule::margin;

/// Cause of a liquidation or settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Below maintenance, or in a liquidation that has not ended; free margin in quote units, negative for a shortfall.
    Shortfall(i64),
    /// A debt without base or orders.
    Default,
}

/// A pocket to liquidate or settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// The account's number.
    pub number: u32,
    /// The pocket.
    pub pocket: Pocket,
    /// The cause.
    pub cause: Cause,
}

/// The pockets of an account: the cross one, and one for each isolated position.
pub fn pockets(account: &SubAccount) -> impl Iterator<Item = Pocket> {
    let isolated = account.positions.iter().filter(|position| position.is_isolated());
    std::iter::once(Pocket::Cross).chain(isolated.map(|position| Pocket::Isolated(position.market)))
}

fn positions(account: &SubAccount, pocket: Pocket) -> impl Iterator<Item = &Position> {
    account.positions.iter().filter(move |position| pocket.holds(position))
}

/// Whether a pocket has neither base nor orders, and a debt.
#[must_use]
pub fn is_default(account: &SubAccount, pocket: Pocket) -> bool {
    positions(account, pocket).all(|position| position.open_orders == 0 && position.base.is_zero())
        && positions(account, pocket).any(|position| position.quote.0 < 0)
}

/// Whether a pocket in default owes more than its quote tokens cover: what they cover, settling takes.
#[must_use]
pub fn is_short(account: &SubAccount, pocket: Pocket) -> bool {
    let debts = positions(account, pocket).filter(|position| position.quote.0 < 0);
    let debt = debts.fold(0u64, |sum, position| sum.saturating_add(position.quote.magnitude().0));
    is_default(account, pocket) && pocket.tokens(account).is_ok_and(|tokens| tokens.0 < debt)
}

/// Free maintenance margin of a pocket that can be liquidated, quote units, negative for a shortfall. `None` for a
/// pocket that is healthy, has no base, is bankrupt, or has a row whose state serves no liquidation now. A healthy
/// pocket is liquidated, too, for its debt to a settled market.
#[must_use]
pub fn shortfall(account: &SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Option<i64> {
    if pocket.is_bankrupt(account) || positions(account, pocket).all(|position| position.base.is_zero()) {
        return None;
    }
    let free = margin::liquidation_margin(account, pocket, board, clock).ok()?.free().ok()?.0;
    let owes = pocket.settled_debt(account).is_ok_and(|debt| !debt.is_zero());
    (free < 0 || owes || pocket.is_being_liquidated(account)).then_some(free)
}

/// The cause to act on a pocket, if there is one.
#[must_use]
pub fn cause(account: &SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Option<Cause> {
    if is_default(account, pocket) {
        return Some(Cause::Default);
    }
    shortfall(account, pocket, board, clock).map(Cause::Shortfall)
}

/// The pockets of an account to act on.
pub(super) fn cases<'a>(
    number: u32,
    account: &'a SubAccount,
    board: &'a PriceBoard,
    clock: &'a Clock,
) -> impl Iterator<Item = Case> + 'a {
    pockets(account).filter_map(move |pocket| {
        let cause = cause(account, pocket, board, clock)?;
        Some(Case { number, pocket, cause })
    })
}

/// Judges every account, in `threads` threads; an account's number is its index.
#[must_use]
pub fn scan(accounts: &[SubAccount], board: &PriceBoard, clock: &Clock, threads: usize) -> Vec<Case> {
    let part = accounts.len().div_ceil(threads.max(1)).max(1);
    let look = |part: &[SubAccount], first: usize| -> Vec<Case> {
        let numbered = (first..).zip(part);
        let numbered = numbered.filter_map(|(number, account)| Some((u32::try_from(number).ok()?, account)));
        numbered.flat_map(|(number, account)| cases(number, account, board, clock)).collect()
    };
    std::thread::scope(|scope| {
        let parts = accounts.chunks(part).enumerate();
        let running: Vec<_> =
            parts.map(|(index, accounts)| scope.spawn(move || look(accounts, index * part))).collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
