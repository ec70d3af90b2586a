//! What helps, where that depends on who asks whom.

use kedge_client::SendError;
use solana_pubkey::Pubkey;
use solana_transaction_error::TransactionError;

use crate::endpoint;
use crate::error::CliError;
use crate::session::Session;

impl Session {
    /// An error of a transaction, with the wallet's address where it has too little SOL.
    pub fn advise(&self, error: CliError) -> CliError {
        let poor = matches!(
            &error,
            CliError::Send(SendError::Failed {
                error: TransactionError::AccountNotFound
                    | TransactionError::InsufficientFundsForFee
                    | TransactionError::InsufficientFundsForRent { .. },
                ..
            })
        ) || matches!(&error, CliError::Send(SendError::Failed { logs, .. }) if short_of_lamports(logs));
        match self.signer() {
            Ok(wallet) if poor => {
                let hint = wants_sol(&wallet, self.url());
                error.advised(hint)
            }
            _ => error,
        }
    }
}

/// The system program says it so when rent is more than there is.
fn short_of_lamports(logs: &[String]) -> bool {
    logs.iter().any(|line| line.contains("insufficient lamports"))
}

fn wants_sol(wallet: &Pubkey, url: &str) -> String {
    let given = if endpoint::gives_sol(url) { "`kedge airdrop` gives it some here; or " } else { "" };
    format!("{given}send some SOL to {wallet}, or name another keypair with --keypair")
}
