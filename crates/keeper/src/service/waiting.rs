//! A keeper that starts before its node: what needs an endpoint is asked for until one answers.

use std::time::Duration;

use anyhow::Result;
use kedge_client::FetchError;
use kedge_sender::alarm::Alarms;
use kedge_state::error::Error;
use tokio::time::sleep;

use crate::config::Config;
use crate::service::connection::discreet;

/// The alarm that stands while no endpoint answers.
const ENDPOINT: &str = "endpoint";
/// Time between two questions.
const AGAIN: Duration = Duration::from_secs(1);

/// Asks until an endpoint answers, whatever it says then. While none does, an alarm names them.
///
/// # Errors
/// As `ask`, but for an endpoint that does not answer.
pub(super) async fn answered<T>(config: &Config, alarms: &Alarms, ask: impl AsyncFn() -> Result<T>) -> Result<T> {
    loop {
        let outcome = ask().await;
        match outcome.as_ref().err().and_then(unanswered) {
            Some(reason) => alarms.raise(ENDPOINT, silent(config, &reason)),
            None => {
                alarms.end(ENDPOINT);
                return outcome;
            }
        }
        sleep(AGAIN).await;
    }
}

/// Which endpoints do not answer, and why.
pub(super) fn silent(config: &Config, reason: &str) -> String {
    let (first, backups) = (config.rpc.url.masked(), config.rpc.backups.len());
    let others = match backups {
        0 => String::new(),
        1 => ", nor does its backup".into(),
        more => format!(", nor does any of its {more} backups"),
    };
    discreet(&format!("the RPC endpoint {first} does not answer{others}: {reason}"), config)
}

/// Why an endpoint did not answer, where that is what went wrong.
pub(super) fn unanswered(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let fetched = match cause.downcast_ref() {
            Some(Error::Fetch(fetched)) => Some(fetched),
            _ => cause.downcast_ref(),
        };
        match fetched {
            Some(FetchError::Rpc(error)) => Some(error.to_string()),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;

    use anyhow::Context as _;
    use kedge_client::Client;
    use solana_keypair::Keypair;

    use super::*;

    #[tokio::test]
    async fn an_endpoint_that_does_not_answer_is_named_and_waited_for() {
        let mut config = Config::default();
        config.rpc.url = "http://127.0.0.1:1/s3cret".into();
        let client = Client::new("http://127.0.0.1:1/s3cret", Arc::new(Keypair::new()));
        let (alarms, asked) = (Alarms::default(), Cell::new(0));
        let outcome = answered(&config, &alarms, async || {
            asked.set(asked.get() + 1);
            if asked.get() > 1 {
                let said = &alarms.standing()[0];
                assert_eq!(said.0, "endpoint");
                assert!(said.1.starts_with("the RPC endpoint http://127.0.0.1:1/... does not answer: "), "{}", said.1);
                assert!(!said.1.contains("s3cret"), "{}", said.1);
                return Ok(asked.get());
            }
            client.exchange().await.map_err(Error::from).context("something else")?;
            Ok(0)
        });
        assert_eq!((outcome.await.unwrap(), alarms.standing().len()), (2, 0));
        // What an endpoint does say is no silence.
        let missing = Err::<(), _>(Error::Missing("clock"));
        assert!(
            answered(&config, &alarms, async || Ok(missing.as_ref().map_err(|_| Error::Missing("clock"))?))
                .await
                .is_err()
        );
    }
}
