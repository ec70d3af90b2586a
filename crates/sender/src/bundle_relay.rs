//! Another way to the leader than an RPC endpoint.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kedge_client::Secret;
use kedge_interface::Instruction;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use solana_system_interface::instruction::transfer;
use solana_transaction::versioned::VersionedTransaction;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes of an answer, unpacked.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Most accounts for tips that are kept.
const MOST_ACCOUNTS: usize = 64;
/// Characters of a refusal that are passed on.
const MESSAGE: usize = 500;

/// Why a relay did not take a transaction.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It did not answer, or not in its own terms.
    #[error("the relay does not answer: {0}")]
    Silent(String),
    /// It said no.
    #[error("the relay refuses: {0}")]
    Refused(String),
}

/// The answer, when it comes.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send + 'a>>;

/// Takes transactions to the leader. What becomes of them is read from the chain.
pub trait Relay: Send + Sync {
    /// Its name in logs.
    fn name(&self) -> &'static str;

    /// What it wants at the end of a transaction.
    fn tip(&self, payer: &Pubkey) -> Option<Instruction>;

    /// What that costs, lamports.
    fn tip_lamports(&self) -> u64;

    /// Hands a transaction over; it may be handed over again.
    fn submit<'a>(&'a self, transaction: &'a VersionedTransaction) -> Answer<'a>;
}

/// A block engine of Jito: each transaction goes as a bundle of its own, with a tip. A bundle that fails is not included
/// and costs nothing.
#[derive(Debug)]
pub struct Jito {
    http: reqwest::Client,
    url: Secret,
    lamports: u64,
    accounts: Vec<Pubkey>,
    next: AtomicUsize,
}

impl Jito {
    /// Learns the accounts that take tips. `url` is the engine's bundles endpoint (`.../api/v1/bundles`).
    ///
    /// # Errors
    /// When it does not answer, or names no account.
    pub async fn connect(url: &str, lamports: u64) -> Result<Self, Refusal> {
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        let http = http.map_err(|error| Refusal::Silent(error.without_url().to_string()))?;
        let mut jito = Self { http, url: url.into(), lamports, accounts: Vec::new(), next: AtomicUsize::new(0) };
        let answer = jito.ask("getTipAccounts", json!([])).await?;
        let named = answer.as_array().into_iter().flatten().filter_map(|name| name.as_str()?.parse().ok());
        jito.accounts = named.take(MOST_ACCOUNTS).collect();
        if jito.accounts.is_empty() {
            return Err(Refusal::Refused("it names no account for tips".into()));
        }
        Ok(jito)
    }

    async fn ask(&self, method: &str, params: Value) -> Result<Value, Refusal> {
        // The address may hold a key.
        let silent = |error: reqwest::Error| Refusal::Silent(error.without_url().to_string());
        let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request =
            self.http.post(self.url.expose()).header("content-type", "application/json").body(asked.to_string());
        let mut response = request.send().await.map_err(silent)?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(silent)? {
            if body.len() + piece.len() > LONGEST_ANSWER {
                return Err(Refusal::Silent(format!("its answer is over {LONGEST_ANSWER} bytes")));
            }
            body.extend_from_slice(&piece);
        }
        let mut answer: Value = serde_json::from_slice(&body).map_err(|error| Refusal::Silent(error.to_string()))?;
        match answer["error"]["message"].as_str() {
            Some(message) => Err(Refusal::Refused(message.chars().take(MESSAGE).collect())),
            None => Ok(answer["result"].take()),
        }
    }
}

impl Relay for Jito {
    fn name(&self) -> &'static str {
        "jito"
    }

    /// To one account after the other, so that transactions side by side do not wait for the same one.
    fn tip(&self, payer: &Pubkey) -> Option<Instruction> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let account = self.accounts.get(turn % self.accounts.len().max(1))?;
        Some(transfer(payer, account, self.lamports))
    }

    fn tip_lamports(&self) -> u64 {
        self.lamports
    }

    fn submit<'a>(&'a self, transaction: &'a VersionedTransaction) -> Answer<'a> {
        Box::pin(async move {
            let bytes = wincode::serialize(transaction).map_err(|error| Refusal::Refused(error.to_string()))?;
            let bundle = json!([[BASE64_STANDARD.encode(bytes)], { "encoding": "base64" }]);
            self.ask("sendBundle", bundle).await.map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use solana_hash::Hash;
    use solana_keypair::Keypair;
    use solana_message::{VersionedMessage, v0};
    use solana_signer::Signer;

    use super::*;
    use kedge_hostile::answer::serve;

    const TIPS: [Pubkey; 2] = [Pubkey::new_from_array([8; 32]), Pubkey::new_from_array([9; 32])];

    /// A block engine that keeps what it was sent, and refuses when it is told to.
    async fn engine(refuses: Arc<Mutex<bool>>) -> (String, Arc<Mutex<Vec<VersionedTransaction>>>) {
        let bundles: Arc<Mutex<Vec<VersionedTransaction>>> = Arc::default();
        let kept = Arc::clone(&bundles);
        let url = serve(move |asked| match asked["method"].as_str().unwrap() {
            "getTipAccounts" => json!({ "result": TIPS.map(|tip| tip.to_string()) }),
            "sendBundle" if *refuses.lock().unwrap() => {
                json!({ "error": { "code": -32602, "message": "bundle must tip" } })
            }
            "sendBundle" => {
                assert_eq!(asked["params"][1]["encoding"], "base64");
                let bundle = asked["params"][0].as_array().unwrap();
                assert_eq!(bundle.len(), 1);
                let bytes = BASE64_STANDARD.decode(bundle[0].as_str().unwrap()).unwrap();
                kept.lock().unwrap().push(wincode::deserialize(&bytes).unwrap());
                json!({ "result": "bundle" })
            }
            other => panic!("{other}"),
        });
        (format!("{}/api/v1/bundles", url.await), bundles)
    }

    #[tokio::test]
    async fn a_transaction_arrives_whole_signed_and_with_its_tip() {
        let refuses = Arc::new(Mutex::new(false));
        let (url, bundles) = engine(Arc::clone(&refuses)).await;
        let jito = Jito::connect(&url, 12_345).await.unwrap();
        let payer = Keypair::new();
        let mut seen = Vec::new();
        for _ in 0..3 {
            let tip = jito.tip(&payer.pubkey()).unwrap();
            seen.push(tip.accounts[1].pubkey);
            // The system program's transfer: number 2, then lamports.
            assert_eq!(tip.data, [&2u32.to_le_bytes()[..], &12_345u64.to_le_bytes()].concat());
            let message = v0::Message::try_compile(&payer.pubkey(), &[tip], &[], Hash::default()).unwrap();
            let signed = VersionedTransaction::try_new(VersionedMessage::V0(message), &[&payer]).unwrap();
            jito.submit(&signed).await.unwrap();
            let arrived = bundles.lock().unwrap().last().cloned().unwrap();
            assert_eq!(arrived, signed);
            assert!(arrived.signatures[0].verify(payer.pubkey().as_ref(), &arrived.message.serialize()));
        }
        assert_eq!(seen, [TIPS[0], TIPS[1], TIPS[0]], "tips go round");
        *refuses.lock().unwrap() = true;
        let transaction = bundles.lock().unwrap()[0].clone();
        let refusal = jito.submit(&transaction).await.unwrap_err();
        assert!(matches!(&refusal, Refusal::Refused(reason) if reason == "bundle must tip"), "{refusal}");
        assert!(matches!(Jito::connect("http://127.0.0.1:1/", 1).await, Err(Refusal::Silent(_))));
    }
}
