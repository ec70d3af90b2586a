//! The publisher of job `oracle`: from configuration to task, and what it tells.

use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kedge_client::{Client, Sender};
use kedge_interface::address::pyth::RECEIVER;
use kedge_sender::{Permit, Purse};
use kedge_state::pyth::Alternatives;
use tokio::task::JoinHandle;
use tracing::{debug, info, warn};

use crate::publishers::generator::{Generator, Shock, Walk};
use crate::publishers::hermes::{Asking, Hermes};
use crate::publishers::instruction::config as configuration;
use crate::publishers::path::Path;
use crate::publishers::publisher::{Account, Event, Feed, Policy, Publisher};
use crate::publishers::recorded::{Playing, Recorded};
use crate::publishers::{Look, Prices, candles};

use crate::config::publish::{Publish, Source};
use crate::config::{Config, JobName};
use crate::service::connection::{discreet, keypair};
use crate::service::metrics::Metrics;
use crate::service::throttle::Throttle;

/// The source that a configuration names; `None` when nothing is published.
///
/// # Errors
/// A recording that cannot be read or is broken, or a start that it does not hold.
pub(super) fn source(config: &Publish) -> Result<Option<Box<dyn Prices>>> {
    let origin = (config.origin != 0).then_some(config.origin);
    Ok(Some(match config.source {
        Source::None => return Ok(None),
        Source::Hermes => {
            let asking = Asking {
                url: config.url.expose().to_owned(),
                api_key: config.api_key.as_ref().map(|key| key.expose().to_owned()),
                timeout: Duration::from_millis(config.timeout_ms),
                max_age: config.max_age_s.into(),
            };
            let feeds: Vec<_> = config.feeds.iter().map(|feed| feed.id).collect();
            Box::new(Hermes::new(&asking, &feeds)?)
        }
        Source::Recorded => {
            let mut paths = Vec::new();
            for feed in &config.feeds {
                let file = feed.file.as_deref().context("a feed has no file")?;
                paths.push((feed.id, recording(file)?));
            }
            let start = (config.start != 0).then_some(config.start);
            let playing = Playing { origin, start, speed: config.speed, repeat: config.repeat };
            Box::new(Recorded::new(paths, playing)?)
        }
        Source::Generator => {
            let walks = config.feeds.iter().map(|feed| Walk {
                feed_id: feed.id,
                price: feed.price.unwrap_or_default(),
                drift: feed.drift,
                volatility: feed.volatility,
            });
            let shocks = config.shocks.iter().map(|shock| Shock {
                at: shock.at_s.into(),
                over: shock.over_s.into(),
                change_bps: shock.change_bps,
            });
            Box::new(Generator::new(config.seed, origin, walks.collect(), shocks.collect()))
        }
    }))
}

fn recording(file: &FilePath) -> Result<Path> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{shown} cannot be read"))?;
    Ok(Path::new(candles::parse(&text).with_context(|| shown.to_string())?))
}

/// The feeds that a configuration names.
///
/// # Errors
/// A price account's keypair file that cannot be read.
pub(super) fn feeds(config: &Publish) -> Result<Vec<Feed>> {
    let feeds = config.feeds.iter().map(|feed| {
        let account = match &feed.account {
            None => Account::Sponsored,
            Some(file) => Account::Own(Arc::new(keypair(file)?)),
        };
        Ok(Feed { name: feed.name.clone(), id: feed.id, account })
    });
    feeds.collect()
}

/// Price accounts beside the sponsored ones: those that are named, and those that this keeper publishes to.
///
/// # Errors
/// As [`feeds`].
pub(super) fn alternatives(config: &Config) -> Result<Alternatives> {
    let named = config.oracle.accounts.iter().map(|one| (one.id, one.account));
    let own = feeds(&config.oracle.publish).context("[oracle.publish]")?;
    let own = own.iter().filter(|feed| matches!(feed.account, Account::Own(_))).map(|feed| (feed.id, feed.address()));
    Ok(Alternatives::new(named.chain(own)))
}

/// A running publisher. Dropping it stops it.
pub(super) struct Publishing(JoinHandle<()>);

impl Drop for Publishing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Refuses what a chain would never take. The real receiver has a configuration account, the mock has none.
///
/// # Errors
/// No receiver; a real one, and prices without signatures or for accounts that Pyth keeps.
async fn suits(client: &Client, source: Source, feeds: &[Feed]) -> Result<()> {
    let found = client.accounts(&[RECEIVER, configuration()]).await?;
    let [receiver, configured] = &found[..] else { bail!("the endpoint answers with another number of accounts") };
    let program = receiver.as_ref().is_some_and(|account| account.executable);
    ensure!(program, "there is no program at {RECEIVER}, the Pyth receiver");
    let sponsored = feeds.iter().find(|feed| matches!(feed.account, Account::Sponsored));
    if configured.as_ref().is_some_and(|account| account.owner == RECEIVER) {
        ensure!(source == Source::Hermes, "this chain has the real Pyth receiver: it takes prices of hermes only");
        if let Some(feed) = sponsored {
            bail!("this chain has the real Pyth receiver: {} needs an account of its own", feed.name);
        }
    }
    Ok(())
}

/// Whether everything is there to publish with; what is published, or `None` when nothing is.
///
/// # Errors
/// As [`start`], and a source that has no price for a feed.
pub(super) async fn check(config: &Config, client: &Client) -> Result<Option<String>> {
    let publish = &config.oracle.publish;
    let Some(mut source) = source(publish)? else { return Ok(None) };
    let feeds = feeds(publish)?;
    suits(client, publish.source, &feeds).await?;
    let offers = source.look(client.clock().await?.unix_time).await?;
    for feed in &feeds {
        let priced = offers.iter().any(|offer| offer.message.feed_id == feed.id);
        ensure!(priced, "{} has no price for {}", source.name(), feed.name);
    }
    Ok(Some(format!("{}, {} feeds", source.name(), feeds.len())))
}

/// A source that has nothing to offer while this copy stands by.
struct Permitted {
    source: Box<dyn Prices>,
    may_act: Permit,
}

impl Prices for Permitted {
    fn name(&self) -> &'static str {
        self.source.name()
    }

    fn look(&mut self, now: i64) -> Look<'_> {
        Box::pin(async move {
            // It is asked in any case: who takes over goes on at once.
            let mut offers = self.source.look(now).await?;
            if !(self.may_act)() {
                offers.clear();
            }
            Ok(offers)
        })
    }
}

/// Publishes beside the other jobs when job `oracle` runs and has a source.
///
/// # Errors
/// As [`source`] and [`feeds`], and a chain that would not take the prices.
pub(super) async fn start(
    config: &Config,
    sender: &Sender,
    metrics: &Arc<Metrics>,
    may_act: &Permit,
    purse: &Purse,
) -> Result<Option<Publishing>> {
    let publish = &config.oracle.publish;
    if !config.keeper.jobs.contains(&JobName::Oracle) {
        return Ok(None);
    }
    let Some(source) = source(publish).context("[oracle.publish]")? else { return Ok(None) };
    let feeds = feeds(publish).context("[oracle.publish]")?;
    suits(sender.client(), publish.source, &feeds).await.context("[oracle.publish]")?;
    for feed in &feeds {
        info!(feed = feed.name, account = feed.address().to_string(), source = source.name(), "publishing");
    }
    let policy = Policy {
        interval: Duration::from_millis(publish.interval_ms),
        deviation_bps: publish.deviation_bps,
        heartbeat: i64::try_from(publish.heartbeat_s).unwrap_or(i64::MAX),
        dry_run: config.keeper.dry_run,
    };
    let log = PublishLog {
        names: feeds.iter().map(|feed| feed.name.clone()).collect(),
        metrics: Arc::clone(metrics),
        config: config.clone(),
        failing: Mutex::default(),
        unavailable: Mutex::default(),
    };
    let source = Box::new(Permitted { source, may_act: Arc::clone(may_act) });
    let publisher = Publisher::new(sender.clone(), source, feeds, policy).paying(purse.clone());
    Ok(Some(Publishing(tokio::spawn(publisher.run(move |event| log.tell(event))))))
}

/// Log and metrics.
struct PublishLog {
    names: Vec<String>,
    metrics: Arc<Metrics>,
    config: Config,
    failing: Mutex<Throttle>,
    unavailable: Mutex<Throttle>,
}

/// As [`Throttle::happened`].
fn happened(again: &Mutex<Throttle>) -> Option<u64> {
    again.lock().unwrap_or_else(PoisonError::into_inner).happened()
}

impl PublishLog {
    fn names<'t>(&'t self, feeds: &[usize]) -> Vec<&'t str> {
        feeds.iter().filter_map(|feed| self.names.get(*feed).map(String::as_str)).collect()
    }

    fn tell(&self, event: Event) {
        let job = "oracle";
        match event {
            Event::Published { feeds, landed, took } => {
                let names = self.names(&feeds);
                names.iter().for_each(|name| self.metrics.published(name));
                let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                let (feeds, signature) = (names.join(","), landed.signature.to_string());
                debug!(job, feeds, signature, slot = landed.slot, ms, "published");
            }
            Event::Would { feeds, prices } => {
                let named = self.names(&feeds).into_iter().zip(prices);
                let prices: Vec<String> = named.map(|(name, price)| format!("{name} {price}")).collect();
                info!(job, prices = prices.join(", "), "would publish");
            }
            Event::Failed { feeds, reason } => {
                let names = self.names(&feeds);
                names.iter().for_each(|name| self.metrics.not_published(name));
                let (feeds, reason) = (names.join(","), discreet(&reason, &self.config));
                if let Some(times) = happened(&self.failing) {
                    warn!(job, feeds, reason, times, "not published");
                }
            }
            Event::Unavailable(unavailable) => {
                self.metrics.source_failed();
                let reason = discreet(&unavailable.reason, &self.config);
                let rest_s = unavailable.rest.unwrap_or_default().as_secs();
                if let Some(times) = happened(&self.unavailable) {
                    warn!(job, reason, rest_s, times, "nothing to publish");
                }
            }
            Event::Ages(ages) => {
                for (name, age) in self.names.iter().zip(ages) {
                    self.metrics.price_age(name, age);
                }
            }
        }
    }
}
