//! `kedge keygen`, `kedge address` and `kedge airdrop`: the wallet.

use std::path::Path;
use std::time::{Duration, Instant};

use kedge_client::FetchError;
use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_model::quantity::Amount;
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::client_error::ErrorKind;
use solana_rpc_client_api::request::{RpcError, RpcRequest};
use solana_signer::Signer;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use super::balances;
use crate::args::{Airdrop, Keygen};
use crate::directory::short;
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::private;
use crate::session::Session;

/// Digits of SOL after the point.
const SOL: u32 = 9;
/// Default amount of test dollars.
const DOLLARS: &str = "1000";
/// Genesis hash of mainnet, where nothing is given away.
const MAINNET: &str = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";
/// Longest wait for a faucet.
const PATIENCE: Duration = Duration::from_secs(30);
/// JSON-RPC error code of a missing method.
const NO_METHOD: i64 = -32_601;

/// Creates a keypair file that only its owner can read.
pub(crate) fn keygen(default: &Path, options: &Keygen) -> Result<Output> {
    let path = options.file.as_deref().unwrap_or(default);
    let shown = path.display();
    let keypair = Keypair::new();
    let numbers: Vec<String> = keypair.to_bytes().iter().map(u8::to_string).collect();
    let text = format!("[{}]\n", numbers.join(","));
    let written = if options.force { private::replace(path, &text) } else { private::create(path, &text) };
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => CliError::Usage(format!(
            "{shown} is there already and was not touched: name another file, or --force loses what it owns"
        )),
        _ => CliError::Usage(format!("cannot write {shown}: {error}")),
    })?;
    let address = keypair.pubkey().to_string();
    let text = format!("{address}\n{}", wrap("", &format!("wrote {shown}, readable by you alone; keep a copy")));
    Ok(Output::new(text, json!({ "address": address, "file": path.display().to_string() })))
}

/// Shows the keypair's address.
pub(crate) fn address(session: &Session) -> Result<Output> {
    let address = session.signer()?.to_string();
    let json = json!({ "address": address, "file": session.keypair_path.display().to_string() });
    Ok(Output::new(address, json))
}

/// Requests SOL and test dollars from a test chain.
pub(crate) async fn airdrop(session: &Session, options: &Airdrop) -> Result<Output> {
    let to = match options.to {
        Some(to) => to,
        None => session.signer()?,
    };
    let lamports = decimal::parse(&options.sol, SOL)?;
    let dollars = decimal::parse(options.usdc.as_deref().unwrap_or(DOLLARS), decimal::PRICE)?;
    let genesis = session.client.rpc().get_genesis_hash().await.map_err(FetchError::from)?;
    if genesis.to_string() == MAINNET {
        return Err(CliError::Usage("nothing is given away on mainnet: name a local or test chain with --url".into()));
    }
    let mut text = format!("to {to}\n");
    let mut json = json!({ "to": to.to_string() });
    if lamports > 0 {
        let balance = sol(session, &to, lamports).await?;
        text += &format!("{} SOL, which makes {}\n", options.sol, decimal::format(balance, SOL, 0));
        json["sol"] = json!(decimal::format(balance, SOL, 0));
    }
    if dollars > 0 {
        match test_dollars(session, &to, dollars).await {
            Ok(held) => {
                let held = decimal::value(Amount(held));
                text += &format!("{} test dollars, which makes {held}\n", decimal::value(Amount(dollars)));
                json["usdc"] = json!(held);
            }
            // Test dollars were not requested: the error becomes a note.
            Err(CliError::NotFound(why)) if options.usdc.is_none() => {
                text += &wrap("no test dollars: ", &why);
                json["usdc"] = Value::Null;
                json["usdc_missing"] = json!(why);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Output::new(text, json))
}

/// Requests SOL of the chain's faucet; returns the new balance in lamports.
async fn sol(session: &Session, to: &Pubkey, lamports: u64) -> Result<u64> {
    let rpc = session.client.rpc();
    let before = rpc.get_balance(to).await.map_err(FetchError::from)?;
    let signature = rpc.request_airdrop(to, lamports).await.map_err(|error| match method_missing(&error) {
        true => CliError::NotFound("this chain has no faucet".into()),
        false => FetchError::from(error).into(),
    })?;
    let end = Instant::now() + PATIENCE;
    loop {
        let balance = rpc.get_balance(to).await.map_err(FetchError::from)?;
        if balance > before {
            session.has_landed(signature);
            return Ok(balance);
        }
        if Instant::now() > end {
            let waited = PATIENCE.as_secs();
            return Err(CliError::NotFound(format!("the faucet promised SOL and has sent none in {waited} seconds")));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Mints test dollars with the keypair where it is the mint authority, or requests them of the local chain; returns the
/// new balance.
async fn test_dollars(session: &Session, to: &Pubkey, amount: u64) -> Result<u64> {
    let bank = session.client.bank(kedge_model::account::bank::Bank::QUOTE).await.map_err(|error| match error {
        FetchError::Missing { .. } => CliError::NotFound("the exchange is not on this chain".into()),
        other => other.into(),
    })?;
    let mint = Pubkey::new_from_array(bank.mint);
    let authority = mint_authority(session, &mint).await?;
    let before = balances::held(session, to, &mint).await;
    let before = before.ok_or_else(|| CliError::NotFound("the endpoint does not tell what the wallet holds".into()))?;
    let after = before.checked_add(amount).ok_or_else(|| CliError::Usage("that many do not fit".into()))?;
    if session.signer().is_ok_and(|signer| Some(signer) == authority) {
        let signer = session.signer()?;
        let account = address::token_account(to, &mint);
        let open = create_associated_token_account_idempotent(&signer, to, &mint, &TOKEN_PROGRAM);
        let issue = spl_token_interface::instruction::mint_to(&TOKEN_PROGRAM, &mint, &account, &signer, &[], amount)
            .map_err(|error| CliError::Usage(error.to_string()))?;
        session.send(&[open, issue]).await?;
        return Ok(after);
    }
    let method = RpcRequest::Custom { method: "surfnet_setTokenAccount" };
    let asked = json!([to.to_string(), mint.to_string(), { "amount": after }]);
    match session.client.rpc().send::<Value>(method, asked).await {
        Ok(_) => Ok(after),
        Err(error) if method_missing(&error) => Err(CliError::NotFound(match authority {
            Some(authority) => format!("this chain gives none; {authority} can mint tokens of {mint}"),
            None => format!("this chain gives none, and the mint {} has no authority", short(mint)),
        })),
        Err(error) => Err(FetchError::from(error).into()),
    }
}

/// The mint authority: the optional address at a mint's beginning.
async fn mint_authority(session: &Session, mint: &Pubkey) -> Result<Option<Pubkey>> {
    let found = session.client.accounts(&[*mint]).await?.into_iter().flatten().next();
    let bytes = found.as_ref().and_then(|account| account.data.first_chunk::<36>());
    Ok(bytes.and_then(|bytes| {
        let (tag, key) = bytes.split_first_chunk::<4>()?;
        (*tag == [1, 0, 0, 0]).then(|| Pubkey::try_from(key).ok()).flatten()
    }))
}

fn method_missing(error: &solana_rpc_client_api::client_error::Error) -> bool {
    matches!(error.kind(), ErrorKind::RpcError(RpcError::RpcResponseError { code: NO_METHOD, .. }))
}
