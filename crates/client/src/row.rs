//! The name of one row of the price board.

use core::fmt;

use kedge_model::account::board::{PriceBoard, PriceRow};

/// A row of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// Row of the market with this index.
    Market(u16),
    /// Row of the bank with this index.
    Bank(u16),
}

impl Row {
    /// The row's price.
    ///
    /// # Errors
    /// [`kedge_model::Error::RowNotListed`].
    pub fn price(self, board: &PriceBoard) -> kedge_model::Result<&PriceRow> {
        match self {
            Self::Market(index) => board.market(index).map(|row| &row.price),
            Self::Bank(index) => board.bank(index).map(|row| &row.price),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Market(index) => write!(f, "market row {index}"),
            Self::Bank(index) => write!(f, "bank row {index}"),
        }
    }
}
