//! What became of transactions, in log and metrics.

use std::sync::Arc;

use kedge_interface::error::ProgramError;
use kedge_sender::{Failure, Receipt, SIGNATURE};
use solana_instruction::error::InstructionError;
use solana_transaction_error::TransactionError;
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::{debug, info, warn};

use crate::jobs::Job;

use crate::config::Config;
use crate::service::connection::discreet;
use crate::service::metrics::Metrics;

/// Counts and tells until the channel closes. A receipt's actor is the place of its job in `jobs`.
pub(super) async fn follow(
    mut receipts: UnboundedReceiver<Receipt>,
    jobs: Vec<Arc<dyn Job>>,
    metrics: Arc<Metrics>,
    config: Config,
) {
    while let Some(receipt) = receipts.recv().await {
        let job = jobs.get(receipt.actor).map_or("unknown", |job| job.name());
        if let Some(job) = jobs.get(receipt.actor) {
            job.heard(&receipt);
        }
        let (action, signature) = (receipt.label, receipt.signature.to_string());
        let (fee, priority) = (spent(&receipt, &config), receipt.charged());
        metrics.charged(job, priority);
        metrics.spent(job, fee);
        match &receipt.failure {
            None => {
                let (slot, slots) = (receipt.slot, receipt.slot.saturating_sub(receipt.decided));
                metrics.landed(job, receipt.latency, slots);
                metrics.earned(job, receipt.reward);
                let ms = u64::try_from(receipt.latency.as_millis()).unwrap_or(u64::MAX);
                if action == "refresh_prices" {
                    debug!(
                        job,
                        action,
                        signature,
                        slot,
                        slots,
                        ms,
                        fee_lamports = fee,
                        priority_lamports = priority,
                        "landed"
                    );
                } else {
                    info!(
                        job,
                        action,
                        signature,
                        slot,
                        slots,
                        ms,
                        fee_lamports = fee,
                        priority_lamports = priority,
                        "landed"
                    );
                }
            }
            Some(failure) => {
                let (error, reason) = explain(failure);
                metrics.failed(job, error);
                let reason = discreet(&reason, &config);
                warn!(job, action, signature, slot = receipt.slot, error, reason, fee_lamports = fee, "failed");
            }
        }
    }
}

/// Lamports that a transaction cost: what the chain charges for its signature and its priority, failed or not, and the tip
/// of a bundle, which is paid when it succeeds.
fn spent(receipt: &Receipt, config: &Config) -> u64 {
    let charged = matches!(receipt.failure, None | Some(Failure::Refused(_)));
    let tips = !config.jito.url.is_empty() && receipt.failure.is_none();
    let (signature, tip) = (u64::from(charged) * SIGNATURE, if tips { config.jito.tip_lamports } else { 0 });
    receipt.charged().saturating_add(signature).saturating_add(tip)
}

/// Name and reason of a failure.
fn explain(failure: &Failure) -> (&'static str, String) {
    match failure {
        Failure::NotSent(reason) => ("NotSent", reason.clone()),
        Failure::Foreseen(error) => (error.name(), format!("simulated, not sent: {}", error.message())),
        Failure::Expired => ("Expired", "its blockhash expired before it landed: the fee market dropped it".into()),
        Failure::Refused(TransactionError::InstructionError(_, error)) => match custom(error) {
            Some(error) => (error.name(), error.message().into()),
            None => ("InstructionError", error.to_string()),
        },
        Failure::Refused(error) => ("TransactionError", error.to_string()),
    }
}

fn custom(error: &InstructionError) -> Option<ProgramError> {
    match error {
        InstructionError::Custom(code) => Some(ProgramError::from_code(*code)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use kedge_model::quantity::Amount;

    use super::*;

    #[test]
    fn failures_have_the_names_of_the_exchange() {
        let lost_race = ProgramError::Rule(kedge_model::Error::OrderNotFound).code();
        let refused = TransactionError::InstructionError(2, InstructionError::Custom(lost_race));
        assert_eq!(explain(&Failure::Refused(refused)).0, "OrderNotFound");
        assert_eq!(explain(&Failure::Refused(TransactionError::AccountNotFound)).0, "TransactionError");
    }

    #[test]
    fn what_a_transaction_cost_is_what_the_chain_takes() {
        let receipt = |failure| Receipt {
            signature: Default::default(),
            label: "fill_order",
            actor: 0,
            reward: Amount(0),
            failure,
            slot: 9,
            decided: 8,
            fee: 300,
            latency: Default::default(),
        };
        let mut config = Config::default();
        assert_eq!(spent(&receipt(None), &config), 5_300);
        let refused = Failure::Refused(TransactionError::AccountNotFound);
        assert_eq!(spent(&receipt(Some(refused.clone())), &config), 5_300, "a failure on chain is paid for");
        assert_eq!(spent(&receipt(Some(Failure::Expired)), &config), 0);
        config.jito.url = "https://engine".into();
        assert_eq!(spent(&receipt(None), &config), 15_300);
        assert_eq!(spent(&receipt(Some(refused)), &config), 5_300);
    }
}
