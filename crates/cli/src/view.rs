//! Prices as fresh as the oracles have them, without sending anything: the refresh is simulated and the board read from
//! its outcome.

use kedge_client::prices::{self, Row};
use kedge_interface::account::decode;
use kedge_interface::address::BOARD;
use kedge_model::board::PriceBoard;
use kedge_model::clock::Clock;
use serde_json::{Value, json};
use solana_account_decoder_client_types::UiAccountEncoding;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::{VersionedMessage, v0};
use solana_rpc_client_api::config::{RpcSimulateTransactionAccountsConfig, RpcSimulateTransactionConfig};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use crate::error::{CliError, Result};
use crate::session::Session;

/// Rows whose oracle accounts surely fit one transaction.
const ROWS_AT_ONCE: usize = 6;
/// Compute units of a refresh are not known before; it is a simulation and costs nothing.
const UNITS: u32 = 1_400_000;

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
    /// The board, with those of the rows that are past half of their age limit as a refresh would leave them.
    pub async fn view(&self, rows: &[Row]) -> Result<View> {
        let mut board = self.client.board().await?;
        let clock = self.client.clock().await?;
        let mut wanted = rows.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let old = old_rows(&board, &wanted, &clock);
        let mut refreshed = false;
        for part in old.chunks(ROWS_AT_ONCE) {
            // An oracle that cannot be read leaves its rows as they are; the caller is told by `stale`.
            let Ok(instruction) = self.refresh_all(&board, part).await else { continue };
            if let Ok(Some(fresh)) = self.board_after(instruction).await {
                for row in part {
                    copy_price(&mut board, &fresh, *row);
                }
                refreshed = true;
            }
        }
        let purpose = kedge_model::board::Purpose::IncreaseRisk;
        let stale = prices::stale(&board, &wanted, purpose, &clock);
        Ok(View { board, clock, stale, refreshed })
    }

    /// The board as an instruction would leave it; `None` when it would fail.
    async fn board_after(&self, instruction: Instruction) -> Result<Option<PriceBoard>> {
        let all = [ComputeBudgetInstruction::set_compute_unit_limit(UNITS), instruction];
        let payer = self.client.payer_address();
        let message = v0::Message::try_compile(&payer, &all, &[], Hash::default())
            .map_err(|error| CliError::Usage(error.to_string()))?;
        let signatures = vec![Signature::default(); usize::from(message.header.num_required_signatures)];
        let transaction = VersionedTransaction { signatures, message: VersionedMessage::V0(message) };
        let config = RpcSimulateTransactionConfig {
            sig_verify: false,
            replace_recent_blockhash: true,
            commitment: Some(self.client.commitment()),
            accounts: Some(RpcSimulateTransactionAccountsConfig {
                encoding: Some(UiAccountEncoding::Base64),
                addresses: vec![BOARD.to_string()],
            }),
            ..RpcSimulateTransactionConfig::default()
        };
        let simulated = self.client.rpc().simulate_transaction_with_config(&transaction, config).await;
        let outcome = simulated.map_err(kedge_client::FetchError::from)?.value;
        if outcome.err.is_some() {
            return Ok(None);
        }
        let account = outcome.accounts.and_then(|accounts| accounts.into_iter().next().flatten());
        let data = account.and_then(|account| account.data.decode());
        Ok(data.and_then(|data| decode::<PriceBoard>(&data).ok()))
    }
}

/// Those of the rows whose price is past half of its age limit.
pub fn old_rows(board: &PriceBoard, rows: &[Row], clock: &Clock) -> Vec<Row> {
    let old = |row: &Row| {
        row.price(board).is_ok_and(|price| clock.seconds_since(price.publish_time) > u64::from(price.max_age) / 2)
    };
    rows.iter().copied().filter(old).collect()
}

fn copy_price(board: &mut PriceBoard, fresh: &PriceBoard, row: Row) {
    match row {
        Row::Market(index) => {
            if let (Ok(to), Ok(from)) = (board.market_mut(index), fresh.market(index)) {
                to.price = from.price;
            }
        }
        Row::Bank(index) => {
            if let (Ok(to), Ok(from)) = (board.bank_mut(index), fresh.bank(index)) {
                to.price = from.price;
            }
        }
    }
}
