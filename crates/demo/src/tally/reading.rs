//! Receipts and logs as countable facts.

use kedge_client::history::Past;
use kedge_interface::PROGRAM_ID;
use kedge_interface::error::ProgramError;
use kedge_sender::Failure;

/// A failure's reason as people read it.
pub(super) fn reason(failure: &Failure) -> String {
    use solana_transaction_error::TransactionError;
    match failure {
        Failure::Expired => "did not land".into(),
        Failure::NotSent(error) => error.clone(),
        Failure::Foreseen(error) => error.name().into(),
        Failure::Refused(TransactionError::InstructionError(_, kind)) => match custom(kind) {
            Some(code) => ProgramError::from_code(code).name().to_owned(),
            None => kind.to_string(),
        },
        Failure::Refused(other) => other.to_string(),
    }
}

fn custom(kind: &solana_instruction::error::InstructionError) -> Option<u32> {
    match kind {
        solana_instruction::error::InstructionError::Custom(code) => Some(*code),
        _ => None,
    }
}

/// Compute units of each of the transaction's own instructions of the exchange, from the log.
pub(super) fn compute(past: &Past) -> Vec<(&'static str, u32)> {
    let names = past.steps.iter().filter(|step| !step.inner && step.program == PROGRAM_ID).map(|step| step.name);
    let program = PROGRAM_ID.to_string();
    let mut depth = 0u32;
    let mut consumed = Vec::new();
    for line in &past.logs {
        let Some(rest) = line.strip_prefix("Program ") else { continue };
        let Some((id, what)) = rest.split_once(' ') else { continue };
        if what.starts_with("invoke [") {
            depth += 1;
        } else if what == "success" || what.starts_with("failed") {
            depth = depth.saturating_sub(1);
        } else if let Some(units) = what.strip_prefix("consumed ")
            && depth == 1
            && id == program
        {
            consumed.extend(units.split(' ').next().and_then(|units| units.parse::<u32>().ok()));
        }
    }
    names.zip(consumed).filter_map(|(name, units)| Some((name?, units))).collect()
}
