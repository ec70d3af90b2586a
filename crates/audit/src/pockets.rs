//! Pockets in default, judged without the model's own verdict.

use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::SubAccount;

/// The pockets of an account: the cross one, and one for each isolated position.
pub(crate) fn pockets(account: &SubAccount) -> impl Iterator<Item = Pocket> {
    let isolated = account.positions.iter().filter(|position| position.is_isolated());
    std::iter::once(Pocket::Cross).chain(isolated.map(|position| Pocket::Isolated(position.market)))
}

fn positions(account: &SubAccount, pocket: Pocket) -> impl Iterator<Item = &Position> {
    account.positions.iter().filter(move |position| pocket.holds(position))
}

/// Whether a pocket has neither base nor orders, and a debt.
pub(crate) fn is_default(account: &SubAccount, pocket: Pocket) -> bool {
    positions(account, pocket).all(|position| position.open_orders == 0 && position.base.is_zero())
        && positions(account, pocket).any(|position| position.quote.0 < 0)
}

/// Whether a pocket in default owes more than its quote tokens cover: what they cover, settling takes.
pub(crate) fn is_short(account: &SubAccount, pocket: Pocket) -> bool {
    let debts = positions(account, pocket).filter(|position| position.quote.0 < 0);
    let debt = debts.fold(0u64, |sum, position| sum.saturating_add(position.quote.magnitude().0));
    is_default(account, pocket) && pocket.tokens(account).is_ok_and(|tokens| tokens.0 < debt)
}
