//! Prices of Hermes, Pyth's service, over HTTP: `GET /v2/updates/price/latest`.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use super::{FeedId, Look, Offer, Prices, Unavailable, accumulator};

/// First pause after a refusal; each further one doubles it.
const FIRST_REST: Duration = Duration::from_secs(1);
/// Longest pause, also when the service asks for a longer one.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Longest answer that is read. A hundred feeds are a twentieth of it.
const LONGEST_ANSWER: usize = 1 << 20;

/// How Hermes is asked.
#[derive(Clone)]
pub struct Asking {
    /// Its address, such as `https://hermes.pyth.network`.
    pub url: String,
    /// Key of the account there, sent as a bearer token.
    pub api_key: Option<String>,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Prices older than this many seconds of the chain's clock are left out.
    pub max_age: i64,
}

/// Asks Hermes.
pub struct Hermes {
    client: Client,
    url: Url,
    max_age: i64,
    /// Refusals in a row.
    refused: u32,
}

#[derive(Deserialize)]
struct Answer {
    binary: Binary,
    #[serde(default)]
    parsed: Option<Vec<Parsed>>,
}

#[derive(Deserialize)]
struct Binary {
    encoding: String,
    data: Vec<String>,
}

#[derive(Deserialize)]
struct Parsed {
    id: String,
    price: ParsedPrice,
}

#[derive(Deserialize)]
struct ParsedPrice {
    price: String,
    expo: i32,
    publish_time: i64,
}

impl Hermes {
    /// Asks for these feeds.
    ///
    /// # Errors
    /// An address that is none, or a key that no header can carry.
    pub fn new(asking: &Asking, feeds: &[FeedId]) -> Result<Self, Unavailable> {
        let no_address = |_| Unavailable::because("the address of Hermes is no URL");
        let base = asking.url.trim_end_matches('/');
        let mut url = Url::parse(&format!("{base}/v2/updates/price/latest")).map_err(no_address)?;
        for feed in feeds {
            url.query_pairs_mut().append_pair("ids[]", &hexadecimal(feed));
        }
        url.query_pairs_mut().append_pair("encoding", "base64").append_pair("parsed", "true");
        let mut headers = HeaderMap::new();
        if let Some(key) = &asking.api_key {
            let no_header = |_| Unavailable::because("the key of Hermes is no header");
            let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(no_header)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = Client::builder()
            .timeout(asking.timeout)
            .default_headers(headers)
            .build()
            .map_err(|error| Unavailable::because(error.to_string()))?;
        Ok(Self { client, url, max_age: asking.max_age, refused: 0 })
    }

    async fn ask(&mut self, now: i64) -> Result<Vec<Offer>, Unavailable> {
        let sent = self.client.get(self.url.clone()).send().await;
        let answer = match sent {
            Ok(answer) if answer.status().is_success() => answer,
            Ok(answer) => return Err(self.refusal(answer.status(), answer.headers())),
            Err(error) => return Err(self.failure(&error)),
        };
        let body = match read(answer).await {
            Ok(body) => body,
            Err(error) => return Err(self.failure(&error)),
        };
        self.refused = 0;
        let offers = understand(&body).ok_or_else(|| Unavailable::because("Hermes answered something else"))?;
        young(offers, now, self.max_age)
    }

    /// A status that is none of success. Who is told to slow down, or finds the service down, pauses longer each time.
    fn refusal(&mut self, status: StatusCode, headers: &HeaderMap) -> Unavailable {
        let asked =
            headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        let rest = asked.unwrap_or_default().max(self.rest()).min(LONGEST_REST);
        let hint = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ": is the API key right?",
            StatusCode::TOO_MANY_REQUESTS => ": asked too often",
            StatusCode::NOT_FOUND => ": is there a feed that it does not know?",
            _ => "",
        };
        Unavailable { reason: format!("Hermes refused with {status}{hint}"), rest: Some(rest) }
    }

    /// No answer, or half of one. Addresses are left out: they may carry a key.
    fn failure(&mut self, error: &reqwest::Error) -> Unavailable {
        let what = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
        Unavailable { reason: format!("Hermes {what}"), rest: Some(self.rest()) }
    }

    fn rest(&mut self) -> Duration {
        let rest = FIRST_REST.saturating_mul(1 << self.refused.min(10)).min(LONGEST_REST);
        self.refused += 1;
        rest
    }
}

impl Prices for Hermes {
    fn name(&self) -> &'static str {
        "hermes"
    }

    fn look(&mut self, now: i64) -> Look<'_> {
        Box::pin(self.ask(now))
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        body.extend_from_slice(&piece);
        // Cut off, it is no JSON.
        if body.len() > LONGEST_ANSWER {
            break;
        }
    }
    Ok(body)
}

/// The prices of an answer. What it says in words must be what it has signed.
fn understand(body: &[u8]) -> Option<Vec<Offer>> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    if answer.binary.encoding != "base64" {
        return None;
    }
    let mut offers = Vec::new();
    for update in &answer.binary.data {
        offers.extend(accumulator::parse(&BASE64_STANDARD.decode(update).ok()?)?);
    }
    let agrees = |parsed: &Parsed| {
        let signed =
            offers.iter().find(|offer| hexadecimal(&offer.message.feed_id) == parsed.id.trim_start_matches("0x"));
        signed.is_some_and(|Offer { message, .. }| {
            let said = &parsed.price;
            Ok(message.price) == said.price.parse()
                && message.exponent == said.expo
                && message.publish_time == said.publish_time
        })
    };
    answer.parsed.iter().flatten().all(agrees).then_some(offers)
}

/// Without what is too old to be of use.
fn young(mut offers: Vec<Offer>, now: i64, max_age: i64) -> Result<Vec<Offer>, Unavailable> {
    let newest = offers.iter().map(|offer| offer.message.publish_time).max();
    offers.retain(|offer| now.saturating_sub(offer.message.publish_time) <= max_age);
    match newest {
        Some(newest) if offers.is_empty() => {
            Err(Unavailable::because(format!("the prices of Hermes are {} s old", now.saturating_sub(newest))))
        }
        None => Err(Unavailable::because("Hermes has no prices")),
        Some(_) => Ok(offers),
    }
}

fn hexadecimal(feed: &FeedId) -> String {
    feed.iter().map(|byte| format!("{byte:02x}")).collect()
}
