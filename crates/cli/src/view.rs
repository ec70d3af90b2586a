//! Current oracle prices without a transaction: a refresh is simulated and the board is read from its outcome.

use kedge_client::prices::{self, Row};
use kedge_interface::account::decode;
use kedge_interface::address::BOARD;
use kedge_model::account::board::{PriceBoard, Purpose};
use kedge_model::clock::Clock;
use serde_json::{Value, json};
use solana_instruction::Instruction;

use crate::error::Result;
use crate::session::Session;

/// Rows whose oracle accounts fit into one transaction.
const ROWS_AT_ONCE: usize = 6;

/// The board at a moment.
pub(crate) struct View {
    /// Prices, margin parameters, funding.
    pub board: Box<PriceBoard>,
    /// Slot and Unix time of the view.
    pub clock: Clock,
    /// Rows that are too old for opening risk, even after the refresh.
    pub stale: Vec<Row>,
    /// Whether any row was refreshed in simulation.
    pub refreshed: bool,
}

impl View {
    /// Origin of the prices: `refreshed` or `stored`.
    pub(crate) fn source(&self) -> Value {
        json!(if self.refreshed { "refreshed" } else { "stored" })
    }

    /// The warning about prices that are too old; empty when none are.
    pub(crate) fn warning(&self) -> String {
        if self.stale.is_empty() {
            return String::new();
        }
        let rows: Vec<String> = self.stale.iter().map(ToString::to_string).collect();
        let sentence = format!(
            "Prices too old: {}. `kedge prices` shows their age, `kedge prices --refresh` tries again.",
            rows.join(", ")
        );
        crate::output::wrap("", &sentence)
    }
}

impl Session {
    /// The board, with these rows as a refresh would leave them now.
    ///
    /// # Errors
    /// When board or clock cannot be read.
    pub(crate) async fn view(&self, rows: &[Row]) -> Result<View> {
        let mut board = self.client.board().await?;
        let clock = self.client.clock().await?;
        let mut wanted = rows.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let moving: Vec<Row> = wanted.iter().copied().filter(|row| prices::has_oracle(&board, *row)).collect();
        let mut refreshed = false;
        for part in moving.chunks(ROWS_AT_ONCE) {
            if self.refresh_in(&mut board, part).await? {
                refreshed = true;
                continue;
            }
            // An unreadable oracle must not keep the other rows old; `stale` reports it.
            for row in part {
                refreshed |= part.len() > 1 && self.refresh_in(&mut board, &[*row]).await?;
            }
        }
        let stale = prices::stale(&board, &wanted, Purpose::IncreaseRisk, &clock);
        Ok(View { board, clock, stale, refreshed })
    }

    /// Simulates a refresh and copies its prices into the board; `false` when it would fail.
    async fn refresh_in(&self, board: &mut PriceBoard, rows: &[Row]) -> Result<bool> {
        let Ok(instruction) = self.refresh_all(board, rows).await else { return Ok(false) };
        let Some(fresh) = self.board_after(instruction).await? else { return Ok(false) };
        for row in rows {
            prices::copy_price(board, &fresh, *row);
        }
        Ok(true)
    }

    /// The board as an instruction would leave it; `None` when it would fail.
    async fn board_after(&self, instruction: Instruction) -> Result<Option<PriceBoard>> {
        // Without a simulation the stored prices are shown.
        let Some(accounts) = self.accounts_after(&[instruction], &[BOARD]).await.ok().flatten() else {
            return Ok(None);
        };
        let account = accounts.into_iter().next().flatten();
        let data = account.as_ref().and_then(kedge_client::plain);
        Ok(data.and_then(|data| decode::<PriceBoard>(&data).ok()))
    }
}

/// A board for tests: a market at a price and the quote bank, published at 1,000 and valid for a minute.
#[cfg(test)]
pub(crate) fn sample_board(price: kedge_model::quantity::Price) -> Box<PriceBoard> {
    use kedge_model::quantity::{Ppm, Price};

    let mut board = Box::new(PriceBoard { version: 1, ..PriceBoard::default() });
    let row = &mut board.markets[0];
    (row.listed, row.initial_margin, row.maintenance_margin) = (1, Ppm(66_667), Ppm(33_000));
    row.price.price = price;
    (row.price.twap_5m, row.price.twap_1h) = (row.price.price, row.price.price);
    (row.price.publish_time, row.price.max_age) = (1_000, 60);
    let row = &mut board.banks[0];
    (row.listed, row.decimals, row.initial_weight, row.maintenance_weight) = (1, 6, Ppm(1_000_000), Ppm(1_000_000));
    row.price.price = Price(1_000_000);
    (row.price.twap_5m, row.price.publish_time, row.price.max_age) = (Price(1_000_000), 1_000, 60);
    board
}
