//! Prices as fresh as the oracles have them, without sending anything: the refresh is simulated and the board read from
//! its outcome.

use kedge_client::prices::{self, Row};
use kedge_interface::account::decode;
use kedge_interface::address::BOARD;
use kedge_model::board::{PriceBoard, Purpose};
use kedge_model::clock::Clock;
use serde_json::{Value, json};
use solana_instruction::Instruction;

use crate::error::Result;
use crate::session::Session;

/// Rows whose oracle accounts surely fit one transaction.
const ROWS_AT_ONCE: usize = 6;

/// The board at a moment.
pub struct View {
    /// Prices, margin parameters, funding.
    pub board: Box<PriceBoard>,
    /// The moment.
    pub clock: Clock,
    /// Rows that are older than the exchange allows for opening risk, and that no refresh made younger.
    pub stale: Vec<Row>,
    /// Whether rows were read as a refresh would leave them.
    pub refreshed: bool,
}

impl View {
    /// Where the prices come from: `refreshed` or `stored`.
    pub fn source(&self) -> Value {
        json!(if self.refreshed { "refreshed" } else { "stored" })
    }

    /// What to say when prices are too old for an answer; empty when they are not.
    pub fn warning(&self) -> String {
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
    pub async fn view(&self, rows: &[Row]) -> Result<View> {
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
            // One oracle that cannot be read must not keep the others old; the caller is told by `stale`.
            for row in part {
                refreshed |= part.len() > 1 && self.refresh_in(&mut board, &[*row]).await?;
            }
        }
        let stale = prices::stale(&board, &wanted, Purpose::IncreaseRisk, &clock);
        Ok(View { board, clock, stale, refreshed })
    }

    /// Simulates a refresh and takes over what it would write; whether it would succeed.
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
        // Where nothing can be tried, prices are shown as the board has them.
        let Some(accounts) = self.accounts_after(&[instruction], &[BOARD]).await.ok().flatten() else {
            return Ok(None);
        };
        let account = accounts.into_iter().next().flatten();
        let data = account.as_ref().and_then(kedge_client::plain);
        Ok(data.and_then(|data| decode::<PriceBoard>(&data).ok()))
    }
}

/// For tests: a market at a price, and the quote bank, both published at 1,000 and good for a minute.
#[cfg(test)]
pub fn sample_board(price: kedge_model::quantity::Price) -> Box<PriceBoard> {
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
