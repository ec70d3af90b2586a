//! The part of a board that a liquidation depends on, apart from the rows' ages and states.

use kedge_model::account::board::{MAX_BANKS, MAX_MARKETS, PriceBoard, PriceRow, RowState};
use kedge_model::num::Rounding;
use kedge_model::quantity::Price;
use kedge_model::rule::margin::BEST;

/// Rows of a board: markets first, then banks.
pub(super) const ROWS: usize = MAX_MARKETS + MAX_BANKS;

/// A board whose rows are all fresh, in the Normal state and at their marks.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    pub board: Box<PriceBoard>,
}

/// Fields of a row that a maintenance margin depends on besides price and funding: ratio or weight, premium or
/// decimals, listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms(u32, u32, u8);

impl Marks {
    pub(super) fn of(board: &PriceBoard) -> Self {
        let mut board = Box::new(*board);
        for row in &mut board.markets {
            let most = most(&row.price);
            settle(&mut row.price);
            // In the hour before an expiry the mark is the row's settlement price.
            row.price.price = row.settles_at(row.price.price).unwrap_or(Price::ZERO);
            row.expiry_time = 0;
            hold(&mut row.price, most);
        }
        for row in board.banks.iter_mut().map(|row| &mut row.price) {
            let most = most(row);
            settle(row);
            hold(row, most);
        }
        Self { board }
    }

    /// The price that a liquidation uses; zero for a row without one.
    pub(super) fn mark(&self, row: usize) -> u64 {
        match row.checked_sub(MAX_MARKETS) {
            None => self.board.markets[row].price.price.0,
            Some(bank) => self.board.banks[bank].price.price.0,
        }
    }

    pub(super) fn terms(&self, row: usize) -> Terms {
        match row.checked_sub(MAX_MARKETS) {
            None => {
                let row = &self.board.markets[row];
                Terms(row.maintenance_margin.0, row.size_premium, row.listed)
            }
            Some(bank) => {
                let row = &self.board.banks[bank];
                Terms(row.maintenance_weight.0, u32::from(row.decimals), row.listed)
            }
        }
    }
}

/// Puts a row at its mark and makes it fresh for [`Clock::default`](kedge_model::clock::Clock).
fn settle(row: &mut PriceRow) {
    row.price = row.liquidation_price().unwrap_or(Price::ZERO);
    row.state = RowState::Normal as u8;
    row.publish_time = 0;
}

/// The value at which a liquidation counts a row that is too old: twice its last price.
fn most(row: &PriceRow) -> Price {
    row.price.raised(BEST, Rounding::Down).unwrap_or(Price(u64::MAX))
}

/// Removes the mark of a row that counts less once it is too old: its age alone would endanger an account.
fn hold(row: &mut PriceRow, most: Price) {
    if row.price > most {
        row.price = Price::ZERO;
    }
}
