//! The outcome of a transaction, and its proof.
//!
//! Until its blockhash has expired, a transaction may still be included. That it is in a block is proven by the chain's
//! history, which holds the transaction itself. That it can no longer be is concluded from one endpoint's answers about
//! one moment: a finalized block beyond the last one that the blockhash is valid for and, from banks that have seen
//! that block, an invalid blockhash, no status, and no transaction in the history. A bank that has not seen the block
//! proves nothing: its "null" is that of a lagging node.

use std::collections::HashMap;

use solana_commitment_config::CommitmentConfig;
use solana_hash::Hash;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client::rpc_client::RpcClientConfig;
use solana_rpc_client_api::client_error::{Error, ErrorKind};
use solana_rpc_client_api::custom_error::JSON_RPC_SERVER_ERROR_TRANSACTION_HISTORY_NOT_AVAILABLE;
use solana_rpc_client_api::request::{RpcError, RpcRequest};
use solana_rpc_client_api::response::Response;
use solana_signature::Signature;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::{TransactionStatus, UiTransactionError};

use crate::{Client, Refused, SendError};

/// Blocks for which a blockhash is valid.
pub const BLOCKHASH_SERVES: u64 = 150;
/// Blocks beyond the last valid one up to which a node without history still knows every transaction that could be
/// included: its statuses reach back 300 blocks, and the blockhash takes 150 of them.
const REACH: u64 = 140;
/// Largest number of signatures in one status request.
const AT_ONCE: usize = 256;

/// A transaction that is in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landed {
    /// First signature of the transaction.
    pub signature: Signature,
    /// Slot of its block.
    pub slot: u64,
}

/// A transaction that is in a block and failed: it paid its fee and changed nothing else.
#[derive(Debug)]
pub struct Rejected {
    /// Signature and slot.
    pub at: Landed,
    /// The runtime's error.
    pub error: TransactionError,
    /// The program's refusal; `None` for a failure outside the program.
    pub refused: Option<Refused>,
    /// Log of the transaction, in lines.
    pub logs: Vec<String>,
}

/// A transaction that is in no block and can no longer be: nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// First signature of the transaction.
    pub signature: Signature,
    /// The last block height at which it could land.
    pub last_valid: u64,
    /// The finalized slot beyond it that proves the expiry.
    pub slot: u64,
    /// The endpoint's error when the transaction was handed over; `None` when it was accepted.
    pub said: Option<String>,
}

/// A signed transaction whose outcome cannot be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// First signature of the transaction.
    pub signature: Signature,
    /// The last block height at which it can land, where that is known.
    pub last_valid: Option<u64>,
    /// Why the outcome is not known.
    pub reason: String,
}

/// The outcome of a transaction.
#[derive(Debug)]
pub enum Outcome {
    /// The transaction is in a block and succeeded.
    Landed(Landed),
    /// The transaction is in a block and failed.
    Rejected(Box<Rejected>),
    /// The transaction is in no block and can no longer be.
    Expired(Expired),
    /// The transaction may have any of the other outcomes, now or later.
    Unknown(Unknown),
}

impl Outcome {
    /// The signature of the transaction.
    #[must_use]
    pub fn signature(&self) -> Signature {
        match self {
            Self::Landed(landed) => landed.signature,
            Self::Rejected(rejected) => rejected.at.signature,
            Self::Expired(expired) => expired.signature,
            Self::Unknown(unknown) => unknown.signature,
        }
    }

    /// The landed transaction, with every other outcome as an error.
    ///
    /// # Errors
    /// [`SendError::Rejected`], [`SendError::Expired`], [`SendError::Unknown`].
    pub fn success(self) -> Result<Landed, SendError> {
        match self {
            Self::Landed(landed) => Ok(landed),
            Self::Rejected(rejected) => Err(SendError::Rejected(rejected)),
            Self::Expired(expired) => Err(SendError::Expired(expired)),
            Self::Unknown(unknown) => Err(SendError::Unknown(unknown)),
        }
    }
}

/// What bounds the life of a signed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// First signature of the transaction.
    pub signature: Signature,
    /// Its blockhash, where that is known.
    pub blockhash: Option<Hash>,
    /// The last block height at which it can land.
    pub last_valid: u64,
}

/// What endpoints prove about a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The transaction is in this slot; it failed when there is an error.
    Found {
        /// Slot of its block.
        slot: u64,
        /// The runtime's error; `None` for success.
        error: Option<TransactionError>,
    },
    /// The transaction is in no block up to this finalized slot, by which its blockhash had expired.
    Expired {
        /// The finalized slot.
        slot: u64,
    },
    /// Nothing is proven.
    None,
}

impl Client {
    /// What the endpoints prove about transactions, one answer for each in order. With several endpoints each is asked
    /// alone: two must agree and none may contradict. Where `lone` is set, one answer is enough.
    pub async fn evidence(&self, lives: &[Life], lone: bool) -> Vec<Evidence> {
        let config = || RpcClientConfig::with_commitment(self.commitment());
        let each = self.endpoints().each();
        let asked: Vec<RpcClient> = each.into_iter().map(|one| RpcClient::new_sender(one, config())).collect();
        let all = futures_util::future::join_all(asked.iter().map(|rpc| testimony(rpc, lives))).await;
        let wanted = if lone || asked.len() < 2 { 1 } else { 2 };
        let judge = |place: usize| {
            let said = || all.iter().filter_map(|one| one.get(place));
            let found: Vec<&Evidence> = said().filter(|one| matches!(one, Evidence::Found { .. })).collect();
            let expired: Vec<&Evidence> = said().filter(|one| matches!(one, Evidence::Expired { .. })).collect();
            let told = if found.is_empty() {
                expired
            } else if expired.is_empty() {
                found
            } else {
                Vec::new()
            };
            told.get(wanted - 1).map_or(Evidence::None, |one| (*one).clone())
        };
        (0..lives.len()).map(judge).collect()
    }
}

/// What one endpoint proves.
async fn testimony(rpc: &RpcClient, lives: &[Life]) -> Vec<Evidence> {
    let mut evidence = vec![Evidence::None; lives.len()];
    // One answer holds slot and height, so that both are of one bank.
    let asked = rpc.get_epoch_info_with_commitment(CommitmentConfig::finalized()).await;
    let Ok((slot, height)) = asked.map(|epoch| (epoch.absolute_slot, epoch.block_height)) else { return evidence };
    let mut valid: HashMap<Hash, bool> = HashMap::new();
    let mut due = Vec::new();
    for (place, life) in lives.iter().enumerate().filter(|(_, life)| life.last_valid < height) {
        if let Some(hash) = life.blockhash {
            let still = match valid.get(&hash) {
                Some(still) => *still,
                // Without an answer the blockhash counts as valid, so that expiry is not concluded.
                None => is_valid(rpc, &hash, slot).await.unwrap_or(true),
            };
            valid.insert(hash, still);
            if still {
                continue;
            }
        }
        due.push((place, life));
    }
    for part in due.chunks(AT_ONCE) {
        let signatures: Vec<Signature> = part.iter().map(|(_, life)| life.signature).collect();
        let Some(looked) = look(rpc, &signatures, slot).await else { continue };
        for ((place, life), status) in part.iter().zip(looked.statuses) {
            evidence[*place] = match status {
                // A confirmed transaction may still be undone; a later look decides.
                Some(status) if status.satisfies_commitment(CommitmentConfig::confirmed()) => {
                    Evidence::Found { slot: status.slot, error: status.err }
                }
                Some(_) => Evidence::None,
                None => absent(rpc, life, (slot, height), looked.history, looked.slot).await,
            };
        }
    }
    evidence
}

/// Statuses as of a bank's slot.
struct Looked {
    statuses: Vec<Option<TransactionStatus>>,
    /// Slot of the bank.
    slot: u64,
    /// Whether the endpoint searched its history too.
    history: bool,
}

/// Statuses from a bank that has seen slot `least`; `None` for an unreadable answer or an older bank.
async fn look(rpc: &RpcClient, signatures: &[Signature], least: u64) -> Option<Looked> {
    let (answer, history) = match rpc.get_signature_statuses_with_history(signatures).await {
        Ok(answer) => (answer, true),
        Err(error) if is_without_history(&error) => (rpc.get_signature_statuses(signatures).await.ok()?, false),
        Err(_) => return None,
    };
    let slot = answer.context.slot;
    let whole = slot >= least && answer.value.len() == signatures.len();
    whole.then_some(Looked { statuses: answer.value, slot, history })
}

/// What the absence of a status proves.
async fn absent(rpc: &RpcClient, life: &Life, at: (u64, u64), searched: bool, tip: u64) -> Evidence {
    let slot = at.0;
    let remembered = is_remembered(at, tip, life.last_valid);
    // The history is an index of its own beside the statuses.
    match transaction(rpc, &life.signature).await {
        Ok(Some((slot, error))) => Evidence::Found { slot, error },
        Ok(None) if searched || remembered => Evidence::Expired { slot },
        Err(error) if remembered && is_without_history(&error) => Evidence::Expired { slot },
        _ => Evidence::None,
    }
}

/// Whether a bank at slot `tip` without history still knows every transaction that could be in a block up to
/// `last_valid`, for a chain that had `height` at `slot`.
fn is_remembered((slot, height): (u64, u64), tip: u64, last_valid: u64) -> bool {
    // No chain has more blocks than slots.
    height.saturating_add(tip.saturating_sub(slot)) <= last_valid.saturating_add(REACH)
}

/// Whether a bank that has seen slot `least` accepts a blockhash; `None` when the endpoint does not say.
async fn is_valid(rpc: &RpcClient, hash: &Hash, least: u64) -> Option<bool> {
    let config = serde_json::json!({ "commitment": "processed", "minContextSlot": least });
    let asked = serde_json::json!([hash.to_string(), config]);
    let answer: Response<bool> = rpc.send(RpcRequest::IsBlockhashValid, asked).await.ok()?;
    (answer.context.slot >= least).then_some(answer.value)
}

/// Slot and error of a transaction in the history; `None` for one that the history does not hold.
async fn transaction(rpc: &RpcClient, signature: &Signature) -> Result<Option<(u64, Option<TransactionError>)>, Error> {
    let config = serde_json::json!({
        "encoding": "base64", "commitment": "confirmed", "maxSupportedTransactionVersion": 0,
    });
    let asked = serde_json::json!([signature.to_string(), config]);
    let found: serde_json::Value = rpc.send(RpcRequest::GetTransaction, asked).await?;
    if found.is_null() {
        return Ok(None);
    }
    let slot = found["slot"].as_u64();
    let error: Result<Option<UiTransactionError>, _> = serde_json::from_value(found["meta"]["err"].clone());
    match (slot, error, found["meta"].is_object()) {
        (Some(slot), Ok(error), true) => Ok(Some((slot, error.map(Into::into)))),
        _ => Err(ErrorKind::Custom("it answers with something else than a transaction".into()).into()),
    }
}

/// Whether an endpoint keeps no history.
pub(crate) fn is_without_history(error: &Error) -> bool {
    const NO_SUCH_METHOD: i64 = -32_601;
    let ErrorKind::RpcError(RpcError::RpcResponseError { code, .. }) = error.kind() else { return false };
    [NO_SUCH_METHOD, JSON_RPC_SERVER_ERROR_TRANSACTION_HISTORY_NOT_AVAILABLE].contains(code)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use solana_rpc_client::rpc_sender::{RpcSender, RpcTransportStats};

    use super::*;

    /// An endpoint with fixed answers. Each answer names the slot of its bank.
    #[derive(Clone)]
    struct Told {
        /// Finalized slot and block height.
        epoch: (u64, u64),
        valid: (u64, bool),
        statuses: (u64, Value),
        /// The transaction in the history, or the code of the error.
        history: Result<Value, i64>,
    }

    #[async_trait::async_trait]
    impl RpcSender for Told {
        async fn send(&self, request: RpcRequest, params: Value) -> Result<Value, Error> {
            let context = |(slot, value): (u64, Value)| json!({ "context": { "slot": slot }, "value": value });
            let refused = |code: i64| RpcError::RpcResponseError {
                code,
                message: String::new(),
                data: solana_rpc_client_api::request::RpcResponseErrorData::Empty,
            };
            Ok(match request {
                RpcRequest::GetEpochInfo => json!({
                    "absoluteSlot": self.epoch.0, "blockHeight": self.epoch.1, "epoch": 0, "slotIndex": 0,
                    "slotsInEpoch": 1, "transactionCount": null,
                }),
                RpcRequest::IsBlockhashValid => context((self.valid.0, self.valid.1.into())),
                RpcRequest::GetSignatureStatuses => match self.history {
                    Err(code) if params[1]["searchTransactionHistory"] == true => return Err(refused(code).into()),
                    _ => context(self.statuses.clone()),
                },
                RpcRequest::GetTransaction => self.history.clone().map_err(refused)?,
                other => panic!("{other}"),
            })
        }

        fn get_transport_stats(&self) -> RpcTransportStats {
            RpcTransportStats::default()
        }

        fn url(&self) -> String {
            String::new()
        }
    }

    #[tokio::test]
    async fn each_of_the_four_answers_is_needed_and_by_a_bank_that_has_seen_the_end() {
        const WITHOUT: i64 = -32_011;
        let status = |word: &str| {
            json!([{ "slot": 8_800, "confirmations": null, "err": null, "status": { "Ok": null },
            "confirmationStatus": word }])
        };
        let found = json!({ "slot": 8_801, "meta": { "err": { "InstructionError": [2, { "Custom": 7 }] } } });
        let (yes, error) = (Evidence::Expired { slot: 9_000 }, found["meta"]["err"].clone());
        let error: UiTransactionError = serde_json::from_value(error).unwrap();
        let failed = Evidence::Found { slot: 8_801, error: Some(error.into()) };
        let null = json!([null]);
        let base = Told {
            epoch: (9_000, 5_001),
            valid: (9_000, false),
            statuses: (9_000, null.clone()),
            history: Ok(Value::Null),
        };
        let cases = [
            ("proven", base.clone(), yes.clone()),
            ("the last block that can hold it", Told { epoch: (9_000, 5_000), ..base.clone() }, Evidence::None),
            ("a blockhash that is valid", Told { valid: (9_000, true), ..base.clone() }, Evidence::None),
            ("a blockhash asked of a node that lags", Told { valid: (8_999, false), ..base.clone() }, Evidence::None),
            ("the null of a node that lags", Told { statuses: (8_999, null.clone()), ..base.clone() }, Evidence::None),
            ("no status at all", Told { statuses: (9_000, json!([])), ..base.clone() }, Evidence::None),
            ("processed", Told { statuses: (9_000, status("processed")), ..base.clone() }, Evidence::None),
            (
                "confirmed",
                Told { statuses: (9_000, status("confirmed")), ..base.clone() },
                Evidence::Found { slot: 8_800, error: None },
            ),
            ("in the history", Told { history: Ok(found), ..base.clone() }, failed),
            ("something else there", Told { history: Ok(json!({})), ..base.clone() }, Evidence::None),
            ("a history that fails", Told { history: Err(-32_603), ..base.clone() }, Evidence::None),
            ("no history, in time", Told { history: Err(WITHOUT), ..base.clone() }, yes),
            ("no history, late", Told { history: Err(WITHOUT), epoch: (9_000, 5_141), ..base.clone() }, Evidence::None),
            ("no history, far ahead", Told { history: Err(WITHOUT), statuses: (9_200, null), ..base }, Evidence::None),
        ];
        let life = Life { signature: Signature::default(), blockhash: Some(Hash::default()), last_valid: 5_000 };
        for (what, told, wanted) in cases {
            let rpc = RpcClient::new_sender(told, RpcClientConfig::default());
            assert_eq!(testimony(&rpc, &[life]).await, [wanted], "{what}");
        }
    }

    #[test]
    fn statuses_without_a_history_prove_nothing_once_they_may_have_been_forgotten() {
        // Block 5,001 is in slot 9,000; the transaction could be in blocks 4,851 to 5,000, of which 300 roots are known.
        assert!(is_remembered((9_000, 5_001), 9_032, 5_000));
        assert!(is_remembered((9_000, 5_108), 9_032, 5_000));
        assert!(!is_remembered((9_000, 5_109), 9_032, 5_000));
        assert!(!is_remembered((9_000, 5_001), u64::MAX, 5_000));
        assert!(!is_remembered((9_000, 50_000), 9_000, 5_000));
    }
}
