//! Advice that depends on the wallet and the endpoint.

use kedge_client::SendError;
use solana_pubkey::Pubkey;
use solana_transaction_error::TransactionError;

use crate::error::CliError;
use crate::session::Session;

impl Session {
    /// Adds advice to an error of a transaction: the wallet's address, where it has too little SOL.
    pub(crate) fn advise(&self, error: CliError) -> CliError {
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
                let hint = wants_sol(&wallet, gives_sol(self.client.ws_url()));
                error.advised(hint)
            }
            _ => error,
        }
    }
}

/// Whether the system program refused because rent exceeds the balance.
fn short_of_lamports(logs: &[String]) -> bool {
    logs.iter().any(|line| line.contains("insufficient lamports"))
}

/// Whether an endpoint gives its SOL away: on this machine, or of a test cluster.
fn gives_sol(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]", "api.devnet.", "api.testnet."].iter().any(|start| host.starts_with(start))
}

fn wants_sol(wallet: &Pubkey, given: bool) -> String {
    let given = if given { "`kedge airdrop` gives it some here; or " } else { "" };
    format!("{given}send some SOL to {wallet}, or name another keypair with --keypair")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_airdrop_is_named_only_where_there_is_one() {
        let said = |url: &str| wants_sol(&Pubkey::default(), gives_sol(url));
        assert!(
            said("ws://127.0.0.1:8900").starts_with("`kedge airdrop` gives it some here; or send some SOL to 1111")
        );
        assert!(said("wss://api.devnet.solana.com").contains("airdrop"));
        assert!(said("wss://api.mainnet-beta.solana.com").starts_with("send some SOL to 1111"));
    }
}
