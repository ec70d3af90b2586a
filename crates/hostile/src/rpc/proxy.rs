//! A proxy in front of a real chain that is faithful except for one tale.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::Tale;
use super::http::{question, say, whole};

/// Slots by which a lagging node is behind.
const LAG: u64 = 300;
/// Blocks by which a false height runs ahead or back.
const FAR: u64 = 4_000;

#[derive(Default)]
struct State {
    /// Time and height of the first transaction.
    sent: Option<(Instant, u64)>,
    /// Signature and number of receipts of each transaction.
    came: Vec<(String, u32)>,
    /// Number of answers that showed a status as landed.
    told: u32,
    /// Number of requests for a height since then.
    heights: u64,
}

/// A proxy. Dropping it stops it.
pub struct Proxy {
    url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port of loopback in front of the endpoint at `target`, with a tale or as it is.
    ///
    /// # Panics
    /// When there is no free port, or `target` is no URL.
    pub async fn start(target: &str, tale: Option<Tale>) -> Self {
        let target: SocketAddr =
            target.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let teller = Teller { target, tale, state: Arc::clone(&shared) };
                tokio::spawn(async move {
                    // An error means that the client hung up.
                    let _ = teller.converse(stream).await;
                });
            }
        });
        Self { url, state, task }
    }

    /// URL of the proxy.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Signatures of the received transactions, each once.
    #[must_use]
    pub fn came(&self) -> Vec<String> {
        locked(&self.state).came.iter().map(|(signature, _)| signature.clone()).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Teller {
    target: SocketAddr,
    tale: Option<Tale>,
    state: Arc<Mutex<State>>,
}

impl Teller {
    async fn converse(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        while let Some(asked) = question(&mut stream, &mut bytes).await? {
            match self.answer(&asked).await? {
                Some(answer) => say(&mut stream, "200 OK", answer.to_string()).await?,
                None => return std::future::pending().await,
            }
        }
        Ok(())
    }

    /// The answer to a request; `None` for silence.
    async fn answer(&self, asked: &Value) -> std::io::Result<Option<Value>> {
        let refuse = |code: i64, message: &str| {
            let error = json!({ "code": code, "message": message });
            serde_json::from_str(&whole(asked, Err(error))).unwrap_or(Value::Null)
        };
        let method = asked["method"].as_str().unwrap_or_default();
        let refused = match self.tale {
            Some(Tale::NoFees) => method == "getRecentPrioritizationFees",
            Some(Tale::NoProgramAccounts) => method == "getProgramAccounts",
            Some(Tale::NoSimulation) => method == "simulateTransaction",
            _ => false,
        };
        if refused {
            return Ok(Some(refuse(-32_601, "Method not found")));
        }
        if method == "sendTransaction" {
            return self.send(asked, refuse).await;
        }
        let history = method == "getTransaction" || asked["params"][1]["searchTransactionHistory"] == json!(true);
        if self.tale == Some(Tale::WithoutHistory) && history {
            return Ok(Some(refuse(-32_011, "Transaction history is not available from this node")));
        }
        let mut answer = ask(self.target, asked).await?;
        self.twist(method, &mut answer["result"]);
        Ok(Some(answer))
    }

    async fn send(&self, asked: &Value, refuse: impl Fn(i64, &str) -> Value) -> std::io::Result<Option<Value>> {
        let signature = signature(&asked["params"][0]).unwrap_or_default();
        let height = json!({ "jsonrpc": "2.0", "id": 1, "method": "getBlockHeight", "params": [] });
        let height = ask(self.target, &height).await?["result"].as_u64().unwrap_or(0);
        let times = {
            let mut state = locked(&self.state);
            state.sent.get_or_insert((Instant::now(), height));
            match state.came.iter_mut().find(|(known, _)| *known == signature) {
                Some((_, times)) => {
                    *times += 1;
                    *times
                }
                None => {
                    state.came.push((signature.clone(), 1));
                    1
                }
            }
        };
        let yes = || Some(json!({ "jsonrpc": "2.0", "id": asked["id"], "result": signature }));
        Ok(match self.tale {
            Some(Tale::Kept | Tale::FalseSuccess | Tale::HeightStill | Tale::HeightBack) => yes(),
            // The fork with the transaction dies after some seconds.
            Some(Tale::DeadFork) if times == 1 || self.is_first() => yes(),
            Some(Tale::RefusedAndPassed) => {
                ask(self.target, asked).await?;
                Some(refuse(-32_603, "Internal error"))
            }
            Some(Tale::PassedInSilence) => {
                ask(self.target, asked).await?;
                None
            }
            Some(Tale::PassedTwice) => {
                let (first, second) = tokio::join!(ask(self.target, asked), ask(self.target, asked));
                second?;
                Some(first?)
            }
            _ => Some(ask(self.target, asked).await?),
        })
    }

    /// Whether the first transaction came less than [`Tale::AT_FIRST`] ago.
    fn is_first(&self) -> bool {
        locked(&self.state).sent.is_some_and(|(at, _)| at.elapsed() < Tale::AT_FIRST)
    }

    fn twist(&self, method: &str, result: &mut Value) {
        let Some(tale) = self.tale else { return };
        let hidden = matches!(tale, Tale::ShortBlockhash | Tale::HeightAhead | Tale::NullAtFirst) && self.is_first();
        match method {
            "getLatestBlockhash" => blockhash(tale, &mut result["value"]),
            "getSignatureStatuses" => self.statuses(tale, hidden, result),
            "getTransaction" if hidden || matches!(tale, Tale::NoHistory | Tale::Hidden | Tale::Lagging) => {
                *result = Value::Null;
            }
            "getSignaturesForAddress" if matches!(tale, Tale::NoHistory | Tale::Hidden) => *result = json!([]),
            "getBlockHeight" => *result = self.height(tale, result),
            "getEpochInfo" => result["blockHeight"] = self.height(tale, &result["blockHeight"]),
            _ => {}
        }
    }

    fn statuses(&self, tale: Tale, hidden: bool, result: &mut Value) {
        let slot = result["context"]["slot"].as_u64().unwrap_or(0);
        let finalized = |slot: u64, error: Value| {
            let word = if error.is_null() { json!({ "Ok": null }) } else { json!({ "Err": error }) };
            json!({ "slot": slot, "confirmations": null, "err": error, "status": word,
                "confirmationStatus": "finalized" })
        };
        let landed = result["value"][0].is_object();
        match tale {
            _ if hidden => result["value"] = json!([null]),
            Tale::NullForEver | Tale::Hidden => result["value"] = json!([null]),
            Tale::Lagging => *result = json!({ "context": { "slot": slot.saturating_sub(LAG) }, "value": [null] }),
            Tale::LandedThenNull if landed => {
                let mut state = locked(&self.state);
                if state.told > 0 {
                    result["value"] = json!([null]);
                }
                state.told += 1;
            }
            Tale::DeadFork if self.is_first() => {
                let processed = json!({ "slot": slot, "confirmations": 0, "err": null, "status": { "Ok": null },
                    "confirmationStatus": "processed" });
                result["value"] = json!([processed]);
            }
            Tale::ForeignError if landed => {
                let error = json!({ "InstructionError": [2, { "Custom": 6_005 }] });
                result["value"] = json!([finalized(slot, error)]);
            }
            Tale::NoSlot if landed => {
                if let Some(status) = result["value"][0].as_object_mut() {
                    status.remove("slot");
                }
            }
            Tale::FalseSuccess => result["value"] = json!([finalized(slot, Value::Null)]),
            _ => {}
        }
    }

    /// The height that is reported after the first transaction.
    fn height(&self, tale: Tale, truth: &Value) -> Value {
        let mut state = locked(&self.state);
        let (Some((_, then)), Some(height)) = (state.sent, truth.as_u64()) else { return truth.clone() };
        state.heights += 1;
        match tale {
            Tale::HeightAhead => json!(height + FAR),
            Tale::HeightStill => json!(then),
            Tale::HeightBack => json!(then.saturating_sub(state.heights)),
            _ => truth.clone(),
        }
    }
}

fn blockhash(tale: Tale, value: &mut Value) {
    let last = value["lastValidBlockHeight"].as_u64().unwrap_or(0);
    let other = bs58::encode([9; 32]).into_string();
    let told = match tale {
        Tale::OldBlockhash => json!({ "blockhash": other, "lastValidBlockHeight": last.saturating_sub(200) }),
        Tale::FutureBlockhash => json!({ "blockhash": other, "lastValidBlockHeight": last + FAR }),
        Tale::ForeignBlockhash => json!({ "blockhash": other, "lastValidBlockHeight": last }),
        Tale::ShortBlockhash => {
            json!({ "blockhash": value["blockhash"], "lastValidBlockHeight": last.saturating_sub(130) })
        }
        _ => return,
    };
    *value = told;
}

/// First signature of a transaction in base64.
fn signature(transaction: &Value) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(transaction.as_str()?).ok()?;
    Some(bs58::encode(bytes.get(1..65)?).into_string())
}

/// Asks the real chain.
async fn ask(target: SocketAddr, asked: &Value) -> std::io::Result<Value> {
    let body = asked.to_string();
    let mut stream = TcpStream::connect(target).await?;
    let head = format!(
        "POST / HTTP/1.0\r\nHost: {target}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await?;
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await?;
    let end = said.windows(4).position(|four| four == b"\r\n\r\n").map_or(said.len(), |at| at + 4);
    serde_json::from_slice(&said[end..]).map_err(std::io::Error::other)
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
