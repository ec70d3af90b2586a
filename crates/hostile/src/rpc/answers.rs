//! Answers of a server to each method.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use solana_account::Account;
use solana_pubkey::Pubkey;

use super::chain::{Chain, unix_time};
use super::{Lie, exchange};

/// Blocks for which a blockhash is valid.
const VALID: u64 = 150;
/// Blocks that a set-back chain has lost.
const LOST: u64 = 4_000;
/// Slots by which a lagging node is behind.
const LAG: u64 = 200;

/// Result or error of a method.
pub(super) fn answer(chain: &Chain, lie: Option<Lie>, frozen: u64, asked: &Value) -> Result<Value, Value> {
    let params = &asked["params"];
    let method = asked["method"].as_str().unwrap_or_default();
    let slot = told_slot(chain, lie, frozen);
    let height = told_height(chain, lie, frozen);
    let context = |value: Value| json!({ "context": { "slot": slot, "apiVersion": "4.0.0" }, "value": value });
    if params[1]["minContextSlot"].as_u64().is_some_and(|least| least > slot) {
        return Err(json!({ "code": -32_016, "message": "Minimum context slot has not been reached" }));
    }
    if let Some(told) = of_chain(chain, lie, method, params, (slot, height), &context) {
        return Ok(told);
    }
    of_contents(chain, lie, method, params, slot, &context)
}

/// Answers about slots, heights and blockhashes; `None` for other methods.
fn of_chain(
    chain: &Chain,
    lie: Option<Lie>,
    method: &str,
    params: &Value,
    (slot, height): (u64, u64),
    context: &impl Fn(Value) -> Value,
) -> Option<Value> {
    Some(match method {
        "getSlot" => json!(slot),
        "getBlockHeight" => json!(height),
        "getEpochInfo" => json!({
            "absoluteSlot": slot, "blockHeight": height, "epoch": slot / 432_000, "slotIndex": slot % 432_000,
            "slotsInEpoch": 432_000, "transactionCount": 1,
        }),
        "isBlockhashValid" => {
            let born = params[0].as_str().and_then(born);
            context(json!(born.is_some_and(|at| at <= chain.height() && at + VALID >= chain.height())))
        }
        "getVersion" => json!({ "solana-core": "4.0.0", "feature-set": 1 }),
        "getHealth" => json!("ok"),
        "getBalance" => context(json!(5_000_000_000u64)),
        "getMinimumBalanceForRentExemption" => json!(2_000_000),
        "getRecentPrioritizationFees" => json!([]),
        "getLatestBlockhash" => {
            let at = if lie == Some(Lie::EndlessBlockhash) { u64::MAX } else { height.min(chain.height()) };
            let last = at.saturating_add(VALID);
            context(json!({ "blockhash": blockhash(at), "lastValidBlockHeight": last }))
        }
        _ => return None,
    })
}

/// Answers about transactions and accounts.
fn of_contents(
    chain: &Chain,
    lie: Option<Lie>,
    method: &str,
    params: &Value,
    slot: u64,
    context: &impl Fn(Value) -> Value,
) -> Result<Value, Value> {
    let find = |at: &Value| at.as_str().and_then(|text| text.parse::<Pubkey>().ok());
    Ok(match method {
        "sendTransaction" => return send(chain, lie, params),
        "simulateTransaction" => {
            let error = chain.simulated().map(|code| json!({ "InstructionError": [1, { "Custom": code }] }));
            context(json!({ "err": error, "logs": [], "accounts": null, "unitsConsumed": 50_000, "returnData": null }))
        }
        "getSignatureStatuses" => {
            let list = params[0].as_array().cloned().unwrap_or_default();
            let told: Value = list.iter().map(|signature| status(chain, lie, slot, signature)).collect();
            match lie {
                Some(Lie::LagsBehind) => json!({ "context": { "slot": slot - LAG }, "value": told }),
                _ => context(told),
            }
        }
        "getSignaturesForAddress" => {
            let past = |number: u8| {
                json!({ "signature": past_signature(number), "slot": slot, "err": null, "memo": null,
                "blockTime": unix_time(), "confirmationStatus": "finalized" })
            };
            json!([past(1), past(2), past(3)])
        }
        "getTransaction" => {
            let signature = params[0].as_str().unwrap_or_default();
            let known = [1, 2, 3].iter().any(|number| past_signature(*number) == signature);
            if known { past(lie, slot, signature) } else { landed(chain, lie, signature) }
        }
        "getAccountInfo" => {
            let accounts = accounts(chain, lie);
            context(
                find(&params[0]).and_then(|at| accounts.get(&at)).map_or(Value::Null, |account| shown(lie, account)),
            )
        }
        "getMultipleAccounts" => {
            let accounts = accounts(chain, lie);
            let list = params[0].as_array().cloned().unwrap_or_default();
            context(
                list.iter()
                    .map(|at| {
                        find(at).and_then(|at| accounts.get(&at)).map_or(Value::Null, |account| shown(lie, account))
                    })
                    .collect(),
            )
        }
        "getProgramAccounts" => {
            let list = program_accounts(chain, lie, params);
            if params[1]["withContext"] == json!(true) { context(list) } else { list }
        }
        "getTokenAccountBalance" => {
            context(json!({ "amount": "1000000000", "decimals": 6, "uiAmount": 1_000.0, "uiAmountString": "1000" }))
        }
        _ => return Err(json!({ "code": -32_601, "message": "Method not found" })),
    })
}

fn told_slot(chain: &Chain, lie: Option<Lie>, frozen: u64) -> u64 {
    match lie {
        Some(Lie::RunawaySlot) => u64::MAX,
        Some(Lie::StandsStill) => frozen,
        _ => chain.slot(),
    }
}

fn told_height(chain: &Chain, lie: Option<Lie>, frozen: u64) -> u64 {
    match lie {
        Some(Lie::RunawayHeight) => u64::MAX,
        Some(Lie::SetBack) => chain.height() - LOST,
        Some(Lie::StandsStill) => chain.height() - (chain.slot() - frozen),
        _ => chain.height(),
    }
}

fn blockhash(height: u64) -> String {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&height.to_le_bytes());
    bs58::encode(bytes).into_string()
}

/// Block height of a blockhash; `None` for a blockhash of another chain.
fn born(hash: &str) -> Option<u64> {
    let bytes = bs58::decode(hash).into_vec().ok()?;
    let (height, rest) = bytes.split_first_chunk::<8>()?;
    (rest == [7; 24]).then(|| u64::from_le_bytes(*height))
}

fn send(chain: &Chain, lie: Option<Lie>, params: &Value) -> Result<Value, Value> {
    let malformed = || json!({ "code": -32_602, "message": "invalid transaction" });
    let bytes = params[0].as_str().and_then(|text| STANDARD.decode(text).ok()).ok_or_else(malformed)?;
    let passed = !matches!(lie, Some(Lie::KeepsTransactions | Lie::RefusesTransactions));
    let signature = chain.receive(bytes, passed).ok_or_else(malformed)?;
    match lie {
        Some(Lie::ForeignSignature) => Ok(json!(bs58::encode([8; 64]).into_string())),
        Some(Lie::RefusesTransactions) => {
            Err(json!({ "code": -32_003, "message": "Transaction signature verification failure" }))
        }
        _ => Ok(json!(signature)),
    }
}

/// Instructions in front of those that are sent: the limits of units and of loaded data. The second is not simulated.
const LIMITS: u8 = 2;

fn status(chain: &Chain, lie: Option<Lie>, slot: u64, signature: &Value) -> Value {
    let text = signature.as_str().unwrap_or_default();
    let outcome = match lie {
        Some(Lie::NullStatuses | Lie::LagsBehind) => None,
        Some(Lie::FalseSuccess) => Some((slot, None)),
        Some(Lie::FalseFailure) => Some((slot, Some(6_000))),
        _ if [1, 2, 3].iter().any(|number| past_signature(*number) == text) => Some((slot, None)),
        _ => chain.outcome(text),
    };
    let Some((slot, error)) = outcome else { return Value::Null };
    let error = error.map(|code| json!({ "InstructionError": [LIMITS, { "Custom": code }] }));
    let word = error.as_ref().map_or_else(|| json!({ "Ok": null }), |error| json!({ "Err": error }));
    json!({ "slot": slot, "confirmations": null, "err": error, "status": word, "confirmationStatus": "finalized" })
}

fn accounts(chain: &Chain, lie: Option<Lie>) -> std::collections::BTreeMap<Pubkey, Account> {
    let mut accounts = chain.accounts();
    match lie {
        Some(Lie::WrongPrices) => exchange::overprice(&mut accounts, chain.slot(), unix_time()),
        Some(Lie::WrongDecimals) => exchange::misplace_point(&mut accounts),
        Some(Lie::SwappedNames) => exchange::rename(&mut accounts),
        Some(Lie::WrongAccounts) => {
            let data: Vec<Vec<u8>> = accounts.values().map(|account| account.data.clone()).collect();
            for (account, data) in accounts.values_mut().zip(data.into_iter().rev()) {
                account.data = data;
            }
        }
        _ => {}
    }
    accounts
}

fn program_accounts(chain: &Chain, lie: Option<Lie>, params: &Value) -> Value {
    if lie == Some(Lie::EmptyLists) {
        return json!([]);
    }
    let program: Pubkey = params[0].as_str().unwrap_or_default().parse().unwrap_or_default();
    let filters = params[1]["filters"].as_array().cloned().unwrap_or_default();
    let fits = |account: &Account| {
        filters.iter().filter(|filter| filter["memcmp"].is_object()).all(|filter| {
            let filter = &filter["memcmp"];
            let offset = usize::try_from(filter["offset"].as_u64().unwrap_or(0)).unwrap_or(0);
            let text = filter["bytes"].as_str().unwrap_or_default();
            let wanted = match filter["encoding"].as_str() {
                Some("base64") => STANDARD.decode(text).unwrap_or_default(),
                _ => bs58::decode(text).into_vec().unwrap_or_default(),
            };
            account.data.get(offset..).is_some_and(|data| data.starts_with(&wanted))
        })
    };
    let accounts = accounts(chain, lie);
    let found = accounts.iter().filter(|(_, account)| account.owner == program && fits(account));
    found.map(|(at, account)| json!({ "pubkey": at.to_string(), "account": shown(lie, account) })).collect()
}

fn shown(lie: Option<Lie>, account: &Account) -> Value {
    let (data, encoding) = match lie {
        Some(Lie::PackedAccounts) => (packed(), "base64+zstd"),
        _ => (account.data.clone(), "base64"),
    };
    json!({
        "data": [STANDARD.encode(data), encoding],
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": account.owner.to_string(),
        "rentEpoch": account.rent_epoch,
        "space": account.data.len(),
    })
}

/// A Zstandard frame of a gigabyte of zeros: blocks of one byte, repeated 131,072 times.
fn packed() -> Vec<u8> {
    const BLOCKS: usize = 8_000;
    // Magic number, a header without a size, a window of 8 MB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68];
    for number in 1..=BLOCKS {
        let last = u32::from(number == BLOCKS);
        frame.extend_from_slice(&(last | 1 << 1 | 131_072 << 3).to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

fn past_signature(number: u8) -> String {
    bs58::encode([number; 64]).into_string()
}

/// A sent transaction that has landed; null for any other.
fn landed(chain: &Chain, lie: Option<Lie>, signature: &str) -> Value {
    let landed = chain.outcome(signature).filter(|_| lie != Some(Lie::LagsBehind)).zip(chain.bytes(signature));
    let Some(((slot, error), bytes)) = landed else { return Value::Null };
    let error = error.map(|code| json!({ "InstructionError": [LIMITS, { "Custom": code }] }));
    let word = error.as_ref().map_or_else(|| json!({ "Ok": null }), |error| json!({ "Err": error }));
    let meta = json!({ "err": error, "status": word, "fee": 5_000, "preBalances": [], "postBalances": [],
        "innerInstructions": [], "logMessages": [] });
    let data = [STANDARD.encode(bytes), "base64".into()];
    json!({ "slot": slot, "blockTime": unix_time(), "transaction": data, "meta": meta, "version": 0 })
}

/// A past transaction with one empty instruction, or an unreadable one.
fn past(lie: Option<Lie>, slot: u64, signature: &str) -> Value {
    let bytes = bs58::decode(signature).into_vec().unwrap_or_default();
    let mut transaction = vec![1];
    transaction.extend_from_slice(&bytes);
    // A legacy message: one signer, one program, a blockhash, one instruction without accounts or data.
    transaction.extend_from_slice(&[1, 0, 1, 2]);
    transaction.extend_from_slice(&[3; 32]);
    transaction.extend_from_slice(&[4; 32]);
    transaction.extend_from_slice(&[5; 32]);
    transaction.extend_from_slice(&[1, 1, 0, 0]);
    let mut meta = json!({ "err": null, "status": { "Ok": null }, "fee": 5_000, "preBalances": [1, 1],
        "postBalances": [1, 1], "innerInstructions": [], "logMessages": [] });
    if lie == Some(Lie::BadTransaction) && signature == past_signature(2) {
        meta = json!({ "fee": "none" });
    }
    let data = STANDARD.encode(transaction);
    json!({ "slot": slot, "blockTime": i64::MAX, "transaction": [data, "base64"], "meta": meta, "version": "legacy" })
}
