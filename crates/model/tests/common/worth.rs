//! Margin and equity.

use super::World;
use kedge_model::account::board::Purpose;
use kedge_model::account::pocket::Pocket;
use kedge_model::error::Result;
use kedge_model::rule::margin::{Margin, MarginKind, margin_of};

impl World {
    pub(crate) fn margin(&self, account: usize, kind: MarginKind, purpose: Purpose) -> Result<Margin> {
        margin_of(&self.accounts[account].head, Pocket::Cross, &self.board, kind, purpose, &self.clock)
    }

    /// Margin of the pocket that a market's position is in.
    pub(crate) fn margin_in(
        &self,
        account: usize,
        market: usize,
        kind: MarginKind,
        purpose: Purpose,
    ) -> Result<Margin> {
        let head = &self.accounts[account].head;
        margin_of(head, Pocket::of(head, Self::index(market)), &self.board, kind, purpose, &self.clock)
    }

    /// Maintenance margin of that pocket as a liquidator sees it.
    pub(crate) fn health_in(&self, account: usize, market: usize) -> Margin {
        self.margin_in(account, market, MarginKind::Maintenance, Purpose::Liquidate).unwrap()
    }

    /// Maintenance margin of the cross pocket as a liquidator sees it.
    pub(crate) fn health(&self, account: usize) -> Margin {
        self.margin(account, MarginKind::Maintenance, Purpose::Liquidate).unwrap()
    }

    /// What an account is worth at the oracles: balances and isolated tokens in full, claims, funding, positions.
    pub(crate) fn equity(&self, account: usize) -> i128 {
        let head = &self.accounts[account].head;
        let mut total = 0i128;
        for balance in head.balances.iter().filter(|b| b.used == 1) {
            let row = self.board.bank(balance.bank).unwrap();
            let unit = 10i128.pow(u32::from(row.decimals));
            total += i128::from(balance.amount.0) * i128::from(row.price.price.0) / unit;
        }
        for position in head.positions.iter().filter(|p| p.is_used()) {
            let row = self.board.market(position.market).unwrap();
            let pnl = position.unrealised_pnl(row, row.price.price).unwrap();
            let quote = self.board.bank(0).unwrap().price.price;
            total += i128::from(pnl.0) + i128::from(position.isolated.0) * i128::from(quote.0) / 1_000_000;
        }
        total
    }
}
