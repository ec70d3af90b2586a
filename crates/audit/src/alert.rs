//! Tells a webhook of breaks.

use std::time::Duration;

use serde_json::json;

use super::Audited;

/// Longest time for one delivery.
const PATIENCE: Duration = Duration::from_secs(5);
/// Deliveries that are tried, half a second apart.
const TRIES: u32 = 3;

/// Posts the breaks as JSON: `text` for chat hooks, `slot` and `breaks` for machines.
///
/// # Errors
/// The last delivery's failure, without the address, which often holds a key.
pub async fn alert(url: &str, audited: &Audited) -> Result<(), String> {
    let slot = audited.statement.slot;
    let breaks = &audited.breaks;
    let lines: Vec<String> = breaks.iter().map(|one| format!("{}: {}", one.what, one.amount)).collect();
    let text = format!("Kedge does not reconcile at slot {slot}: {}", lines.join("; "));
    let body = json!({ "text": text, "slot": slot, "breaks": breaks }).to_string();
    let client =
        reqwest::Client::builder().timeout(PATIENCE).build().map_err(|error| error.without_url().to_string())?;
    let mut outcome = Ok(());
    for tried in 0..TRIES {
        if tried > 0 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let request = client.post(url).header("content-type", "application/json").body(body.clone());
        outcome = match request.send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => Err(format!("the webhook answered {}", answer.status())),
            Err(error) => Err(error.without_url().to_string()),
        };
    }
    outcome
}
