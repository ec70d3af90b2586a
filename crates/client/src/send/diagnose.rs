//! From a transaction error to what to do about it.

use kedge_interface::account::{Account, decode_any};
use kedge_interface::error::ProgramError;
use kedge_interface::{PROGRAM_ID, instruction};
use kedge_model::board::Purpose;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_pubkey::Pubkey;
use solana_transaction_error::TransactionError;

use super::Sender;
use crate::prices::{self, Row};
use crate::{Refused, SendError};

impl Sender {
    /// Names the instruction and the rule; for stale prices, the rows.
    pub(super) async fn diagnose(
        &self,
        error: TransactionError,
        logs: Vec<String>,
        instructions: &[Instruction],
    ) -> SendError {
        let TransactionError::InstructionError(index, InstructionError::Custom(code)) = error else {
            return SendError::Failed { error, logs };
        };
        // The compute budget stands in front, with one instruction or two.
        let own = budget_instructions(&logs).unwrap_or(match self.config.priority {
            super::PriorityFee::None => 1,
            _ => 2,
        });
        let index = usize::from(index).checked_sub(own);
        let Some((position, failed)) = index.and_then(|index| Some((index, instructions.get(index)?))) else {
            return SendError::Failed { error, logs };
        };
        if failed.program_id != PROGRAM_ID {
            return SendError::Failed { error, logs };
        }
        let error = ProgramError::from_code(code);
        let stale = match error {
            ProgramError::Rule(kedge_model::Error::StaleRow) => self.stale_rows(failed).await.unwrap_or_default(),
            _ => Vec::new(),
        };
        let name = instruction::name_of(&failed.data);
        SendError::Refused(Box::new(Refused { instruction: position, name, error, stale, logs }))
    }

    /// The rows behind the accounts of an instruction that are too old for what opens risk.
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

/// Compute budget instructions that the log shows as run.
fn budget_instructions(logs: &[String]) -> Option<usize> {
    let line = format!("Program {} invoke [1]", solana_sdk_ids::compute_budget::ID);
    let count = logs.iter().take_while(|log| log.contains(&solana_sdk_ids::compute_budget::ID.to_string()));
    match count.filter(|log| **log == line).count() {
        0 => None,
        count => Some(count),
    }
}

#[cfg(test)]
mod tests {
    use super::budget_instructions;

    #[test]
    fn leading_budget_instructions_are_counted() {
        let budget = "Program ComputeBudget111111111111111111111111111111";
        let logs = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        let one = [format!("{budget} invoke [1]"), format!("{budget} success")];
        let one: Vec<&str> = one.iter().map(String::as_str).collect();
        let two = [&one[..], &one[..], &["Program 111 invoke [1]"]].concat();
        assert_eq!(budget_instructions(&logs(&one)), Some(1));
        assert_eq!(budget_instructions(&logs(&two)), Some(2));
        assert_eq!(budget_instructions(&[]), None);
    }
}
