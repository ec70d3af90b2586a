//! `kedge-keeper replay`: what the jobs would decide on what a keeper has recorded.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use kedge_client::Sender;
use kedge_state::replay::Replay;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use tracing::{info, warn};

use crate::runner::Shown;

use crate::config::{Config, names};
use crate::service::connection::{self, sub_account};
use crate::service::print::say;
use crate::service::{decisions, factory, publishing};

/// Tells decisions in the log as a dry run does, and sums them up. Needs no endpoint and no key.
pub(super) fn replay(config: &Config, file: &Path) -> Result<u8> {
    let started = Instant::now();
    let shown = file.display();
    let mut replay = Replay::open(file, publishing::alternatives(config)?).with_context(|| shown.to_string())?;
    let wallet = replay.wallet();
    // Nothing is signed: the key only has to be one.
    let sender: Sender = connection::sender(config, Keypair::new())?;
    let account: Option<Pubkey> = sub_account(config, &wallet);
    let job_runners = factory::job_runners(config, &sender, None, None, account);
    ensure!(!job_runners.is_empty(), "none of keeper.jobs decides anything: {}", names(&config.keeper.jobs));
    info!(file = shown.to_string(), wallet = wallet.to_string(), "replaying");

    let told = RefCell::new(Shown::default());
    let mut counts: BTreeMap<&'static str, [u64; 2]> = BTreeMap::new();
    let (mut looks, mut slots, mut broken) = (0u64, None::<(u64, u64)>, None);
    loop {
        let world = match replay.look() {
            Ok(Some(world)) => world,
            Ok(None) => break,
            Err(error) => {
                broken = Some(error);
                break;
            }
        };
        let slot = world.clock.slot;
        looks += 1;
        slots = Some((slots.map_or(slot, |(first, _)| first), slot));
        for job_runner in &job_runners {
            let job = job_runner.job.name();
            let number = job_runner.actor.number;
            let ticked =
                job_runner.tick_by(world, &|subject| told.borrow().is_due(number, subject, slot), &[], |plan| {
                    let news = told.borrow_mut().is_news(number, plan.subject(), slot);
                    if news {
                        decisions::tell(&*job_runner.job, plan, world, true);
                    }
                    news
                });
            let [decided, shown] = counts.entry(job).or_default();
            *decided += ticked.decided as u64;
            *shown += ticked.sent as u64;
            if let Some(news) = job_runner.job.news() {
                warn!(job, news, "changed its mind");
            }
        }
    }
    let (first, last) = slots.unwrap_or_default();
    say(&format!("{looks} looks from slot {first} to {last} in {:.1} s", started.elapsed().as_secs_f64()));
    say(&format!("{:<12}{:>10}{:>10}", "job", "decided", "told"));
    for (job, [decided, shown]) in counts {
        say(&format!("{job:<12}{decided:>10}{shown:>10}"));
    }
    if let Some(error) = broken {
        return Err(error).with_context(|| shown.to_string());
    }
    ensure!(
        !replay.is_cut(),
        "{shown}: the recording ends within a record: its keeper was killed, or it is not all there"
    );
    ensure!(looks > 0, "{shown}: the recording has no look at the exchange");
    Ok(0)
}
