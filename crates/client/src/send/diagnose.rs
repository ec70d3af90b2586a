//! From a transaction's error to its remedy.

use kedge_interface::account::{Account, decode_any};
use kedge_interface::error::ProgramError;
use kedge_interface::{PROGRAM_ID, instruction};
use kedge_model::account::board::Purpose;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_pubkey::Pubkey;
use solana_transaction_error::TransactionError;

use super::Sender;
use crate::prices::{self, Row};
use crate::{Refused, SendError};

impl Sender {
    /// The error of a simulated transaction, with instruction, rule and stale rows where the exchange refused it.
    pub(super) async fn diagnose(
        &self,
        error: TransactionError,
        logs: Vec<String>,
        instructions: &[Instruction],
        leading: usize,
    ) -> SendError {
        match self.refusal(&error, &logs, instructions, leading).await {
            Some(refused) => SendError::Refused(Box::new(refused)),
            None => SendError::Failed { error, logs },
        }
    }

    /// Names the instruction and the rule; for stale prices, the rows. `leading` counts the sender's instructions in
    /// front of `instructions`. `None` when another program refused.
    pub(super) async fn refusal(
        &self,
        error: &TransactionError,
        logs: &[String],
        instructions: &[Instruction],
        leading: usize,
    ) -> Option<Refused> {
        let TransactionError::InstructionError(index, InstructionError::Custom(code)) = error else { return None };
        let position = usize::from(*index).checked_sub(leading)?;
        let failed = instructions.get(position).filter(|failed| failed.program_id == PROGRAM_ID)?;
        let error = ProgramError::from_code(*code);
        let stale = match error {
            ProgramError::Rule(kedge_model::Error::StaleRow) => self.stale_rows(failed).await.unwrap_or_default(),
            _ => Vec::new(),
        };
        let name = instruction::name_of(&failed.data);
        Some(Refused { instruction: position, name, error, stale, logs: logs.to_vec() })
    }

    /// Rows behind the accounts of an instruction that are too old for an action that opens risk; `None` when the
    /// endpoint does not answer.
    async fn stale_rows(&self, failed: &Instruction) -> Option<Vec<Row>> {
        let addresses: Vec<Pubkey> = failed.accounts.iter().map(|account| account.pubkey).collect();
        let accounts = self.client.accounts(&addresses).await.ok()?;
        let board = self.client.board().await.ok()?;
        let clock = self.client.clock().await.ok()?;
        let mut rows = Vec::new();
        for account in accounts.iter().flatten() {
            match decode_any(&account.data) {
                Ok(Some(Account::Market(market))) => rows.push(Row::Market(market.index)),
                Ok(Some(Account::Bank(bank))) => rows.push(Row::Bank(bank.index)),
                Ok(Some(Account::SubAccount(data))) => rows.extend(prices::in_use(&data.head)),
                _ => {}
            }
        }
        rows.sort_unstable();
        rows.dedup();
        Some(prices::stale(&board, &rows, Purpose::IncreaseRisk, &clock))
    }
}
