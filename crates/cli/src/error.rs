//! What went wrong, what to do about it, and the exit code that says so.

use kedge_client::shown::{discreet, printable_json, printable_lines};
use kedge_client::signed::SignedError;
use kedge_client::{FetchError, SendError};
use kedge_model::Error as Rule;
use serde_json::json;
use solana_transaction_error::TransactionError;

use crate::decimal::DecimalError;
use crate::output::wrap;

/// Result of a command.
pub type Result<T> = core::result::Result<T, CliError>;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// What was typed does not make sense.
    #[error("{0}")]
    Usage(String),
    /// What was named does not exist.
    #[error("{0}")]
    NotFound(String),
    /// What the endpoint says does not fit together.
    #[error("the endpoint contradicts itself: {0}")]
    Contradiction(String),
    /// A number.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// Data from the cluster.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A transaction.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A message signed off the chain.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// A rule of the model, asked here.
    #[error("{}", .0.message())]
    Rule(Rule),
}

impl From<Rule> for CliError {
    fn from(error: Rule) -> Self {
        Self::Rule(error)
    }
}

impl CliError {
    /// The process's exit code; the list stands in `kedge --help`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Decimal(_) | Self::Signed(_) => 2,
            Self::Send(SendError::Refused(_)) | Self::Rule(_) | Self::Fetch(FetchError::Rule(_)) => 3,
            Self::Send(SendError::Expired { .. }) => 4,
            Self::Send(SendError::Unknown { .. }) => 6,
            Self::NotFound(_) | Self::Fetch(FetchError::Missing { .. }) => 5,
            Self::Contradiction(_) | Self::Fetch(_) | Self::Send(_) => 1,
        }
    }

    /// The rule of the exchange that refused.
    pub fn rule(&self) -> Option<Rule> {
        match self {
            Self::Rule(rule) | Self::Fetch(FetchError::Rule(rule)) => Some(*rule),
            Self::Send(error) => error.rule(),
            _ => None,
        }
    }

    /// What happened, in plain words, with addresses of endpoints masked.
    fn what(&self) -> String {
        discreet(&self.said())
    }

    fn said(&self) -> String {
        match self {
            Self::Fetch(FetchError::Rpc(error)) => endpoint(&error.to_string()),
            Self::Send(SendError::Rpc(error)) => endpoint(&error.to_string()),
            Self::Send(SendError::Refused(refused)) => {
                let step = refused.name.map_or_else(|| "an instruction".into(), |name| name.replace('_', " "));
                let mut text = format!("the exchange refused to {step}: {}", refused.error.message());
                for (index, row) in refused.stale.iter().enumerate() {
                    text += &format!("{} {row}", if index == 0 { " Too old:" } else { "," });
                }
                text
            }
            Self::Send(SendError::Failed { error: TransactionError::AccountNotFound, .. }) => {
                "the wallet that pays the network fee does not exist on this cluster yet".into()
            }
            Self::Send(SendError::Failed {
                error: TransactionError::InsufficientFundsForFee | TransactionError::InsufficientFundsForRent { .. },
                ..
            }) => "the wallet has too little SOL for the network fee or for rent".into(),
            Self::Send(SendError::Expired { .. }) => {
                "the transaction was not included in time; nothing was changed".into()
            }
            other => other.to_string(),
        }
    }

    /// What to do, where that is not said already.
    fn hint(&self) -> Option<&'static str> {
        if let Some(rule) = self.rule() {
            return rule_hint(rule);
        }
        match self {
            Self::Contradiction(_) => Some("nothing was sent; name another endpoint with --url (or KEDGE_URL)"),
            Self::Send(SendError::Unknown { .. }) => {
                Some("`kedge explain SIGNATURE` in a minute or two, best with another --url")
            }
            Self::Fetch(FetchError::Rpc(_)) | Self::Send(SendError::Rpc(_)) => {
                Some("check that the endpoint runs, or name another with --url (or KEDGE_URL)")
            }
            Self::Fetch(FetchError::Missing { what: "Exchange" | "PriceBoard", .. }) => {
                Some("the exchange is not on this cluster: check --url")
            }
            Self::Send(SendError::Failed {
                error:
                    TransactionError::AccountNotFound
                    | TransactionError::InsufficientFundsForFee
                    | TransactionError::InsufficientFundsForRent { .. },
                ..
            }) => Some("send some SOL to the keypair's address, or name another keypair with --keypair"),
            Self::Send(SendError::Expired { .. }) => {
                Some("try again, with a higher --priority-fee when the network is busy")
            }
            Self::Decimal(DecimalError::Malformed(_)) => {
                Some("write numbers like 2.5 or 1_000; digits, one point, no sign")
            }
            _ => None,
        }
    }

    /// Prints the error to standard error.
    pub fn print(&self, json: bool) {
        // Both hold what endpoints and programs said, and addresses that may carry a key.
        if json {
            eprintln!("{}", printable_json(&format!("{:#}", self.json())));
        } else {
            eprint!("{}", printable_lines(&self.text()));
        }
    }

    fn text(&self) -> String {
        let mut text = wrap("error: ", &self.what());
        if let Some(hint) = self.hint() {
            text += &wrap("hint:  ", hint);
        }
        match self {
            Self::Send(SendError::Refused(refused)) => {
                text += &wrap("code:  ", &format!("{} ({})", refused.error.name(), refused.error.code()));
            }
            Self::Rule(rule) | Self::Fetch(FetchError::Rule(rule)) => text += &wrap("code:  ", rule.name()),
            Self::Send(SendError::Failed { logs, .. }) => {
                for line in logs.iter().rev().take(8).rev() {
                    text += &wrap("  log: ", &discreet(line));
                }
            }
            _ => {}
        }
        text
    }

    fn json(&self) -> serde_json::Value {
        let mut error = json!({
            "message": self.what(),
            "hint": self.hint(),
            "exit_code": self.exit_code(),
            "name": self.rule().map(Rule::name),
        });
        if let Self::Send(SendError::Refused(refused)) = self {
            error["instruction"] = json!(refused.name);
            error["code"] = json!(refused.error.code());
            error["name"] = json!(refused.error.name());
            error["stale_rows"] = refused.stale.iter().map(ToString::to_string).collect();
        }
        if let Self::Send(SendError::Unknown { signature, .. }) = self {
            error["signature"] = json!(signature.to_string());
        }
        json!({ "error": error })
    }
}

/// What the endpoint's client says, without its wrapping.
fn endpoint(error: &str) -> String {
    if error.contains("error sending request") || error.contains("onnection refused") {
        let url =
            error.split_once("url (").and_then(|(_, rest)| rest.split_once(')')).map(|(url, _)| format!(" {url}"));
        format!("the RPC endpoint{} does not answer", url.unwrap_or_default())
    } else {
        format!("the RPC endpoint said: {error}")
    }
}

/// The command that helps after a rule has refused, where the rule's own text does not say it.
fn rule_hint(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::InsufficientMargin | Rule::PositionTooLarge => {
            "`kedge risk` shows what is free and the largest order; `kedge deposit` adds collateral"
        }
        Rule::StaleRow | Rule::PriceNotLive => {
            "`kedge prices --refresh`; if that does not help, the oracle accounts are old too"
        }
        Rule::RowStateForbids => "`kedge prices` shows the states; closing and cancelling stay possible longest",
        Rule::NoOrderSlot => "`kedge grow` makes room, `kedge cancel` frees it",
        Rule::OrderNotFound => "`kedge orders` lists what is open",
        Rule::InsufficientBalance => "`kedge balances` shows what is there and what can leave",
        Rule::AccountNotEmpty => "`kedge account` shows what is left: cancel, settle and withdraw it first",
        Rule::NoPositionSlot => "`kedge positions` lists them; `kedge settle` frees closed ones",
        Rule::WrongAuthority => "use the owner's keypair (or the delegate's, for orders) with --keypair",
        Rule::PostOnlyWouldCross | Rule::PriceOutsideBand => "`kedge markets` shows bid, ask and oracle",
        Rule::SignedNumberTooFar => "`kedge sign` without --number takes the next one",
        Rule::SignedOrderExpired => "`kedge sign` again, with a longer --valid-for",
        Rule::SignedTooEarly | Rule::SignedOtherAccount | Rule::SignedOtherProgram => {
            "check --url: it may be another cluster"
        }
        Rule::ClientIdExpired => "`kedge history` shows whether it was placed; --client-id new makes another",
        Rule::ClientIdsHeld => "`kedge grow` makes room",
        Rule::SignedOrderReused => "`kedge orders` shows what is open; `kedge sign --number` names a higher number",
        Rule::AccountBeingLiquidated | Rule::AccountBankrupt => "`kedge risk` shows what is missing",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_client::Refused;
    use kedge_interface::error::ProgramError;

    fn refused(rule: Rule) -> CliError {
        let refused = Refused {
            instruction: 0,
            name: Some("place_orders"),
            error: ProgramError::Rule(rule),
            stale: vec![],
            logs: vec![],
        };
        CliError::Send(SendError::Refused(Box::new(refused)))
    }

    #[test]
    fn refusals_say_what_happened_and_what_to_do() {
        let error = refused(Rule::InsufficientMargin);
        let text = error.text();
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.starts_with("error: the exchange refused to place orders: The account would be below the margin"));
        assert!(text.contains("hint:  `kedge risk` shows"), "{text}");
        assert!(text.ends_with("code:  InsufficientMargin (6031)\n"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert_eq!(error.exit_code(), 3);
        let json = error.json();
        assert_eq!((&json["error"]["code"], &json["error"]["name"]), (&json!(6031), &json!("InsufficientMargin")));
    }

    #[test]
    fn every_rule_fits_a_terminal() {
        for rule in Rule::ALL {
            let text = refused(*rule).text();
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
    }

    #[test]
    fn an_endpoint_s_key_is_not_shown() {
        for said in
            ["error sending request for url (https://host.invalid/?api-key=s3cret)", "builder error: https://a/s3cret"]
        {
            let error = CliError::Usage(endpoint(said));
            let shown = error.text() + &error.json().to_string();
            assert!(!shown.contains("s3cret") && shown.contains("https://"), "{shown}");
        }
    }

    #[test]
    fn an_endpoint_that_is_not_there_is_said_in_plain_words() {
        let said = endpoint("error sending request for url (http://127.0.0.1:1/)");
        assert_eq!(said, "the RPC endpoint http://127.0.0.1:1/ does not answer");
        assert_eq!(endpoint("RPC response error -32000"), "the RPC endpoint said: RPC response error -32000");
    }
}
