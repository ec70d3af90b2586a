//! Errors of commands, with remedies and exit codes.

use kedge_client::outcome::Unknown;
use kedge_client::shown::{discreet, printable_json, printable_lines};
use kedge_client::signed::SignedError;
use kedge_client::{FetchError, Refused, SendError};
use kedge_model::Error as Rule;
use kedge_units::decimal::DecimalError;
use serde_json::json;
use solana_signature::Signature;
use solana_transaction_error::TransactionError;

use crate::output::{Output, long, wrap};

/// Result of a command.
pub(crate) type Result<T> = core::result::Result<T, CliError>;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The named thing does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The command looks like a slip, and --yes was not given.
    #[error("{}", .0.join("; "))]
    Unconfirmed(Vec<String>),
    /// An error with a remedy of its own.
    #[error("{error}")]
    Advised {
        /// The error itself.
        error: Box<CliError>,
        /// The remedy, in place of the error's default one.
        hint: String,
    },
    /// The result of a dry run: --dry-run ends a command where it would have sent.
    #[error("nothing was sent")]
    Dry(Box<Output>),
    /// Two answers of the endpoint do not fit together.
    #[error("the endpoint contradicts itself: {0}")]
    Contradiction(String),
    /// A number cannot be read.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// Data of the cluster cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A transaction did not land, or was not sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A message signed off the chain cannot be placed.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// A rule of the model, checked locally, refused.
    #[error("{}", .0.message())]
    Rule(Rule),
}

impl From<Rule> for CliError {
    fn from(error: Rule) -> Self {
        Self::Rule(error)
    }
}

impl CliError {
    /// The same error with a remedy.
    pub(crate) fn advised(self, hint: impl Into<String>) -> Self {
        Self::Advised { error: Box::new(self), hint: hint.into() }
    }

    /// Exit code of the process; `kedge --help` lists them.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Advised { error, .. } => error.exit_code(),
            Self::Dry(_) => 0,
            Self::Unconfirmed(_) | Self::Usage(_) | Self::Decimal(_) | Self::Signed(_) => 2,
            Self::Send(SendError::Refused(_) | SendError::Rejected(_))
            | Self::Rule(_)
            | Self::Fetch(FetchError::Rule(_)) => 3,
            Self::Send(SendError::Expired(_)) => 4,
            Self::Send(SendError::Unknown(_)) => 6,
            Self::NotFound(_) | Self::Fetch(FetchError::Missing { .. }) => 5,
            Self::Contradiction(_) | Self::Fetch(_) | Self::Send(_) => 1,
        }
    }

    /// The rule of the exchange that refused.
    pub(crate) fn rule(&self) -> Option<Rule> {
        match self {
            Self::Rule(rule) | Self::Fetch(FetchError::Rule(rule)) => Some(*rule),
            Self::Send(error) => error.rule(),
            Self::Advised { error, .. } => error.rule(),
            _ => None,
        }
    }

    /// Outcome of the error's transaction, when one was sent.
    pub(crate) fn outcome(&self) -> Option<&'static str> {
        match self.cause() {
            Self::Send(SendError::Rejected(_)) => Some("rejected"),
            Self::Send(SendError::Expired(_)) => Some("expired"),
            Self::Send(SendError::Unknown(_)) => Some("unknown"),
            _ => None,
        }
    }

    /// Signature of the error's transaction, when one was sent.
    pub(crate) fn signature(&self) -> Option<Signature> {
        match self.cause() {
            Self::Send(SendError::Rejected(rejected)) => Some(rejected.at.signature),
            Self::Send(SendError::Expired(expired)) => Some(expired.signature),
            Self::Send(SendError::Unknown(unknown)) => Some(unknown.signature),
            _ => None,
        }
    }

    /// What happened, in plain words, with URLs of endpoints masked.
    fn what(&self) -> String {
        discreet(&self.said())
    }

    fn said(&self) -> String {
        match self {
            Self::Advised { error, .. } => error.said(),
            Self::Fetch(FetchError::Rpc(error)) => endpoint(&error.to_string()),
            Self::Send(SendError::Rpc(error)) => endpoint(&error.to_string()),
            Self::Send(SendError::Refused(refused)) => refusal(refused),
            Self::Send(SendError::Rejected(rejected)) => {
                let why = rejected.refused.as_ref().map_or_else(|| rejected.error.to_string(), refusal);
                format!("rejected in slot {}; nothing was changed but the fee: {why}", rejected.at.slot)
            }
            Self::Send(SendError::Failed { error: TransactionError::AccountNotFound, .. }) => {
                "the wallet that pays the network fee does not exist on this cluster yet".into()
            }
            Self::Send(SendError::Failed {
                error: TransactionError::InsufficientFundsForFee | TransactionError::InsufficientFundsForRent { .. },
                ..
            }) => "the wallet has too little SOL for the network fee or for rent".into(),
            Self::Send(SendError::Expired(expired)) => {
                let said = expired.said.as_ref().map_or(String::new(), |said| format!(" ({said})"));
                format!(
                    "expired: the transaction is in no block up to {}, the last one that could hold it; nothing was \
                     changed{said}",
                    expired.last_valid
                )
            }
            Self::Send(SendError::Unknown(unknown)) => {
                format!(
                    "what became of the transaction is not known, it may have landed or still land: {}",
                    unknown.reason
                )
            }
            Self::Send(SendError::Blockhash { last_valid, height }) => format!(
                "the endpoint contradicts itself: its newest blockhash serves up to block {last_valid}, and it is at block \
                 {height}; nothing was sent"
            ),
            other => other.to_string(),
        }
    }

    /// The remedy, where the error's text does not contain it.
    fn hint(&self) -> Option<&str> {
        if let Self::Advised { hint, .. } = self {
            return Some(hint);
        }
        if let Some(rule) = self.rule() {
            return rule_hint(rule);
        }
        match self {
            Self::Unconfirmed(_) => Some("nothing was sent; --yes sends it all the same"),
            Self::Contradiction(_) => Some("nothing was sent; name another endpoint with --url (or KEDGE_URL)"),
            Self::Send(SendError::Blockhash { .. }) => Some("name another endpoint with --url (or KEDGE_URL)"),
            Self::Send(SendError::Unknown(Unknown { last_valid: Some(_), .. })) => Some(
                "do not repeat the command; `kedge outcome SIGNATURE --wait`, best with another --url, tells what became of \
                 it",
            ),
            Self::Send(SendError::Unknown(_)) => {
                Some("`kedge outcome SIGNATURE --wait` waits until nothing that was signed by now can land any more")
            }
            Self::Send(SendError::Rejected(_)) => Some("`kedge explain SIGNATURE` shows the whole transaction"),
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
            }) => Some("send SOL to the address that `kedge address` says; on a test chain `kedge airdrop` gives some"),
            Self::Send(SendError::Expired(_)) => {
                Some("try again, with a higher --priority-fee when the network is busy")
            }
            Self::Decimal(DecimalError::Malformed(_)) => {
                Some("write numbers like 2.5 or 1_000; digits, one point, no sign")
            }
            _ => None,
        }
    }

    /// Prints the error to standard error.
    pub(crate) fn print(&self, json: bool) {
        // Both forms quote endpoints and programs, and URLs may carry a key.
        if json {
            // One JSON document a line, as everywhere on standard error.
            eprintln!("{}", printable_json(&self.json().to_string()));
        } else {
            eprint!("{}", printable_lines(&self.text()));
        }
    }

    fn text(&self) -> String {
        let mut text = wrap("error: ", &self.what());
        if let Some(hint) = self.hint() {
            text += &wrap("hint:  ", hint);
        }
        match self.cause() {
            Self::Send(SendError::Refused(refused)) => text += &code(refused),
            Self::Send(SendError::Rejected(rejected)) => match &rejected.refused {
                Some(refused) => text += &code(refused),
                None => text += &log(&rejected.logs),
            },
            Self::Rule(rule) | Self::Fetch(FetchError::Rule(rule)) => text += &wrap("code:  ", rule.name()),
            Self::Send(SendError::Failed { logs, .. }) => text += &log(logs),
            _ => {}
        }
        if let Some(signature) = self.signature() {
            text += &format!("transaction\n{signature}\n");
        }
        text
    }

    /// The error without its remedy.
    fn cause(&self) -> &Self {
        match self {
            Self::Advised { error, .. } => error.cause(),
            other => other,
        }
    }

    fn json(&self) -> serde_json::Value {
        let mut error = json!({
            "message": self.what(),
            "hint": self.hint(),
            "exit_code": self.exit_code(),
            "name": self.rule().map(Rule::name),
        });
        if let Self::Unconfirmed(doubts) = self {
            error["doubts"] = json!(doubts);
        }
        let refused = match self.cause() {
            Self::Send(SendError::Refused(refused)) => Some(refused.as_ref()),
            Self::Send(SendError::Rejected(rejected)) => rejected.refused.as_ref(),
            _ => None,
        };
        if let Some(refused) = refused {
            error["instruction"] = json!(refused.name);
            error["code"] = json!(refused.error.code());
            error["name"] = json!(refused.error.name());
            error["stale_rows"] = refused.stale.iter().map(ToString::to_string).collect();
        }
        let last_valid = match self.cause() {
            Self::Send(SendError::Expired(expired)) => Some(expired.last_valid),
            Self::Send(SendError::Unknown(unknown)) => unknown.last_valid,
            _ => None,
        };
        error["outcome"] = json!(self.outcome());
        if let Some(signature) = self.signature() {
            error["signature"] = json!(signature.to_string());
            error["last_valid_height"] = last_valid.map(long).into();
        }
        json!({ "error": error })
    }
}

/// A refusal of the exchange, with its reason.
fn refusal(refused: &Refused) -> String {
    let step = refused.name.map_or_else(|| "an instruction".into(), |name| name.replace('_', " "));
    let mut text = format!("the exchange refused to {step}: {}", refused.error.message());
    for (index, row) in refused.stale.iter().enumerate() {
        text += &format!("{} {row}", if index == 0 { " Too old:" } else { "," });
    }
    text
}

fn code(refused: &Refused) -> String {
    wrap("code:  ", &format!("{} ({})", refused.error.name(), refused.error.code()))
}

/// The last lines of a log.
fn log(lines: &[String]) -> String {
    lines.iter().rev().take(8).rev().map(|line| wrap("  log: ", &discreet(line))).collect()
}

/// The message of the endpoint's client, without its wrapping.
fn endpoint(error: &str) -> String {
    if error.contains("error sending request") || error.contains("onnection refused") {
        let url =
            error.split_once("url (").and_then(|(_, rest)| rest.split_once(')')).map(|(url, _)| format!(" {url}"));
        format!("the RPC endpoint{} does not answer", url.unwrap_or_default())
    } else {
        format!("the RPC endpoint said: {error}")
    }
}

/// A command that helps after a rule's refusal, where the rule's own text names none.
fn rule_hint(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::InsufficientMargin | Rule::PositionTooLarge => {
            "`kedge risk` shows what is free and the largest order; `kedge deposit` adds collateral"
        }
        Rule::FillTooSmall => {
            "a worse --limit or --protection reaches further, a smaller --min-fill asks less; `kedge book` shows what is there"
        }
        Rule::ReduceOnlyWouldIncrease => "`kedge positions` shows what there is to reduce; `kedge close` closes it",
        Rule::OrderTooSmall => "`kedge markets MARKET` shows the smallest order",
        Rule::DuplicateClientId => "`kedge orders` shows which order has it",
        Rule::LastFillTooOld => "--trigger oracle or --trigger mark",
        Rule::StaleRow | Rule::PriceNotLive => {
            "`kedge prices --refresh`; if that does not help, the oracle accounts are old too"
        }
        Rule::RowStateForbids => "`kedge prices` shows the states; closing and cancelling stay possible longest",
        Rule::NoOrderSlot => "`kedge grow` makes room, `kedge cancel` frees it",
        Rule::OrderNotFound => "`kedge orders` lists what is open",
        Rule::InsufficientBalance => "`kedge balances` shows what is there and what can leave",
        Rule::AccountNotEmpty => {
            "`kedge account` shows what is left: `kedge cancel --all`, `kedge close --all`, `kedge settle`, `kedge withdraw max`"
        }
        Rule::NoPositionSlot => "`kedge positions` lists them; `kedge settle` frees closed ones",
        Rule::WrongAuthority => {
            "--keypair names the signer: the owner, for orders also the delegate, for `kedge admin` the admin or the pauser"
        }
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
