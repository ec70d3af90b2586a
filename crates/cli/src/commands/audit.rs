//! `kedge audit`: everything recomputed from raw accounts, signed statements of it, and proofs of single claims.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use kedge_audit::solvency::{Attestation, Chain, Claims, Proof};
use kedge_audit::{Auditor, Rules, Unread};
use kedge_interface::address;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use crate::args::{Audit, Claimant};
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::private;
use crate::session::Session;

/// Exit code when something does not reconcile or is not to be believed.
const BROKEN: u8 = 3;

/// Audits, or checks files of earlier audits.
pub(crate) async fn run(session: &Session, options: &Audit) -> Result<Output> {
    if let Some(file) = &options.verify {
        return verify(file);
    }
    if let (Some(proof), Some(statements)) = (&options.check, &options.statement) {
        return check(proof, statements);
    }
    // Before the minutes of a large read: a file that cannot be continued, a keypair that is not there.
    let chain = options.statement.as_deref().map(earlier).transpose()?;
    if chain.is_some() {
        session.signer()?;
    }
    let mut auditor = Auditor::new(session.client.clone(), Rules::default());
    let (audited, snapshot) = auditor.survey().await.map_err(|error| match error {
        Unread::Fetch(error) => CliError::Fetch(error),
        missing @ Unread::Missing(_) => CliError::NotFound(missing.to_string()),
    })?;
    let said = &audited.statement;
    let mut text = format!("{said}\n");
    let mut told: Value = serde_json::from_str(&said.json()).unwrap_or_default();
    // As everywhere in this command's JSON, numbers of 64 bits are text.
    (told["slot"], told["time"]) = (said.slot.to_string().into(), said.time.to_string().into());
    if let (Some(file), Some(mut chain)) = (&options.statement, chain) {
        let claims = Claims::of(&snapshot);
        let signed = Attestation::sign(said, &claims, chain.head(), session.client.payer().as_ref());
        let signed = signed.map_err(|error| CliError::Usage(error.to_string()))?;
        // Nothing is written before all of it is there.
        let proofs = prove(session, options, &claims, said.slot)?;
        chain.add(signed.clone()).map_err(|fault| CliError::Contradiction(fault.to_string()))?;
        replace(file, &chain.to_string())?;
        let proofs = write(&proofs, file)?;
        text += &format!("signed as statement {} of {}, root {}\n", chain.0.len(), file.display(), signed.root_text());
        for proof in &proofs {
            text += &format!("proof: {proof}\n");
        }
        told["signed"] = json!({
            "file": file, "statement": chain.0.len(), "root": signed.root_text(), "signer": signed.signer.to_string(), "proofs": proofs
        });
    }
    let code = if audited.breaks.is_empty() { 0 } else { BROKEN };
    Ok(Output::new(folded(&text), told).with_code(code))
}

/// The proofs that are asked for.
fn prove(session: &Session, options: &Audit, claims: &Claims, slot: u64) -> Result<Vec<Proof>> {
    let named = options.prove.iter().map(|claimant| match claimant {
        Claimant::At(account) => Ok(*account),
        Claimant::Own => session.signer().map(|owner| address::sub_account(&owner, 0)),
    });
    let accounts = named.collect::<Result<Vec<Pubkey>>>()?;
    let proofs = Proof::of(claims, slot, &accounts).map_err(|error| CliError::Contradiction(error.to_string()))?;
    let found = accounts.iter().zip(proofs);
    found
        .map(|(account, proof)| proof.ok_or_else(|| CliError::NotFound(format!("there is no sub-account {account}"))))
        .collect()
}

/// Writes proofs beside the statements; their files.
fn write(proofs: &[Proof], beside: &Path) -> Result<Vec<String>> {
    let written = proofs.iter().map(|proof| {
        let file = beside.with_file_name(format!("{}.proof.json", proof.account));
        let text = serde_json::to_string_pretty(proof).unwrap_or_default();
        replace(&file, &format!("{text}\n"))?;
        Ok(file.display().to_string())
    });
    written.collect()
}

/// Checks a file of statements.
fn verify(file: &Path) -> Result<Output> {
    let text = read(file)?;
    let chain = match Chain::parse(&text) {
        Ok(chain) => chain,
        Err(fault) => return Ok(refused(&format!("{}: {fault}", file.display()))),
    };
    if chain.0.is_empty() {
        return Ok(refused(&format!("{}: it holds no statement", file.display())));
    }
    let mut lines = String::new();
    for (number, said) in (1..).zip(&chain.0) {
        let verdict = if said.holds() { "everything reconciles" } else { "SOMETHING DOES NOT RECONCILE" };
        lines += &format!(
            "{number}  slot {}, {} sub-accounts, root {}: {verdict}\n",
            said.slot,
            said.accounts,
            said.root_text()
        );
    }
    let signer = chain.0.first().map_or_else(String::new, |said| format!("all signed by {}\n", said.signer));
    let sound = chain.0.iter().all(Attestation::holds);
    let told = json!({
        "valid": true,
        "holds": sound,
        "statements": chain.0.iter().map(|said| json!({
            "slot": said.slot.to_string(), "time": said.time.to_string(), "accounts": said.accounts, "root": said.root_text(), "holds": said.holds(),
            "signer": said.signer.to_string(),
        })).collect::<Vec<_>>(),
    });
    Ok(Output::new(folded(&format!("{lines}{signer}")), told).with_code(if sound { 0 } else { BROKEN }))
}

/// Checks a proof against a file of statements.
fn check(proof: &Path, statements: &Path) -> Result<Output> {
    let chain = match Chain::parse(&read(statements)?) {
        Ok(chain) => chain,
        Err(fault) => return Ok(refused(&format!("{}: {fault}", statements.display()))),
    };
    let shown: Proof = match serde_json::from_str(&read(proof)?) {
        Ok(shown) => shown,
        Err(error) => return Ok(refused(&format!("{}: {error}", proof.display()))),
    };
    let root = shown.root();
    let Some(said) = root.as_ref().and_then(|root| chain.with_root(&root.hash)).filter(|said| shown.is_in(said)) else {
        return Ok(refused(&format!("{}: it leads to no root of {}", proof.display(), statements.display())));
    };
    let mut text = format!("{} is counted in the statement of slot {}, with\n", shown.account, said.slot);
    for (column, amount) in shown.columns.iter().zip(&shown.amounts).filter(|(_, amount)| *amount != "0") {
        text += &format!("  {column}: {amount}\n");
    }
    text += &format!("(smallest units), among {} sub-accounts. Signed by {}.\n", said.accounts, said.signer);
    let amounts: serde_json::Map<String, Value> =
        shown.columns.iter().cloned().zip(shown.amounts.iter().map(|amount| amount.clone().into())).collect();
    let told = json!({
        "valid": true, "account": shown.account, "slot": said.slot.to_string(), "amounts": amounts, "signer": said.signer.to_string()
    });
    Ok(Output::new(folded(&text), told))
}

/// Each line folded to the width of a terminal.
fn folded(text: &str) -> String {
    text.lines().map(|line| wrap(if line.starts_with("  ") { "  " } else { "" }, line)).collect()
}

fn refused(why: &str) -> Output {
    Output::new(wrap("", &format!("not to be believed: {why}")), json!({ "valid": false, "reason": why }))
        .with_code(BROKEN)
}

/// The statements that a file holds already; none without the file.
fn earlier(file: &Path) -> Result<Chain> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Chain::default()),
        text => text.map_err(|error| unusable(file, &error))?,
    };
    Chain::parse(&text)
        .map_err(|fault| CliError::Usage(format!("{}: {fault}; nothing is appended to it", file.display())))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|error| unusable(file, &error))
}

fn replace(file: &Path, text: &str) -> Result<()> {
    private::replace_public(file, text).map_err(|error| unusable(file, &error))
}

fn unusable(file: &Path, error: &std::io::Error) -> CliError {
    CliError::Usage(format!("{}: {error}", file.display()))
}
