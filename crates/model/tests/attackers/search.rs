//! Episodes: the person tries things on a copy of the exchange and does what pays, or anything.

use super::chance::Chance;
use super::common::START;
use super::person::Act;
use super::rules::{Broken, judge, stopped};
use super::scene::Scene;
use super::weather::Weather;

/// Decisions of one episode.
const DECISIONS: usize = 120;
/// Plans that are tried before each.
const PLANS: usize = 6;
/// Plans that are tried where a row is far from the truth.
const TEMPTED: usize = 12;
/// Most acts of a plan.
const LONGEST: u64 = 4;

/// What a search did.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub broken: Option<Broken>,
    /// Of the last episode.
    pub weather: Weather,
    /// What the person did last in it, when that broke a rule.
    pub plan: Vec<Act>,
    /// Acts that were tried, on copies and for good.
    pub actions: u64,
    pub episode: u64,
}

/// Searches in any weather until a rule breaks or so many acts were tried.
pub(crate) fn search(seed: u64, most: u64) -> Found {
    search_in(None, seed, most)
}

/// [`search`], in one weather where one is named.
pub(crate) fn search_in(only: Option<Weather>, seed: u64, most: u64) -> Found {
    let mut found = Found { broken: None, weather: Weather::default(), plan: Vec::new(), actions: 0, episode: 0 };
    while found.broken.is_none() && found.actions < most {
        let mut chance = Chance::new(seed ^ found.episode.wrapping_mul(0x5851_f42d_4c95_7f2d));
        let any = Weather::any(&mut chance);
        let weather = only.unwrap_or(any);
        let mut scene = Scene::new(weather, &mut chance);
        found.broken = episode(&mut scene, &mut chance, &mut found.actions);
        (found.weather, found.plan) = (weather, scene.plan);
        found.episode += 1;
    }
    found
}

fn episode(scene: &mut Scene, chance: &mut Chance, actions: &mut u64) -> Option<Broken> {
    let weather = scene.weather;
    let mutes = usize::try_from(chance.below(40)).unwrap();
    let habit = chance.percent(30).then(|| Act::habit(scene, chance));
    // The person comes when the end of a market or of an hour is near.
    let left = match weather.expires {
        Some(market) => scene.world.markets[market].expiry_time - START - chance.between(1_200, 3_900),
        None if weather.hour_ends => 3_600 - chance.between(30, 900),
        None => 0,
    };
    let until = u64::try_from(left).unwrap_or(0) * 5 / 2;
    if let Some(broken) = pass(scene, until, None, chance, actions) {
        return Some(broken);
    }
    for decision in 0..DECISIONS {
        if weather.crash && decision == DECISIONS / 3 {
            scene.crash(-200_000);
        }
        if decision == mutes {
            scene.muted = weather.mute;
        }
        let slots = pause(scene, decision, chance);
        if slots > 25 && weather.silence && chance.percent(30) {
            scene.asleep = slots + 5;
        }
        if let Some(broken) = pass(scene, slots, habit, chance, actions) {
            return Some(broken);
        }
        decide(scene, chance, actions);
        if let Some(broken) = judge(scene, 0) {
            return Some(broken);
        }
    }
    if scene.frozen.is_empty() {
        return None;
    }
    // Debts of a market in settlement have a week.
    scene.days(8, chance);
    judge(scene, 0)
}

/// How long the person waits: mostly a slot or two, sometimes minutes, longer toward an expiry, and an hour where it came for
/// the end of one.
fn pause(scene: &Scene, decision: usize, chance: &mut Chance) -> u64 {
    let long = scene.weather.expires.is_some() || scene.weather.silence;
    match chance.below(20) {
        0 if scene.weather.silence => 2_000,
        0 if scene.weather.hour_ends && chance.percent(40) => 9_000,
        0..=2 if long || decision.is_multiple_of(7) => 400,
        3..=6 => 5 + chance.below(20),
        _ => 1 + chance.below(2),
    }
}

/// Time passes in steps of which the keeper uses each; a habit comes first. The person comes back earlier when a row falls
/// behind the truth.
fn pass(
    scene: &mut Scene,
    mut slots: u64,
    habit: Option<Act>,
    chance: &mut Chance,
    actions: &mut u64,
) -> Option<Broken> {
    while slots > 0 {
        // Long waits are coarse: a step of ten seconds still keeps every row fresh.
        let step = if slots > 100 { 20 } else { 1 };
        *actions += u64::from(habit.is_some());
        scene.advance(step, habit, chance);
        let broken = judge(scene, step).or_else(|| stopped(scene, chance));
        if broken.is_some() {
            return broken;
        }
        if step == 1 && scene.is_tempting() && chance.percent(50) {
            return None;
        }
        slots = slots.saturating_sub(step);
    }
    None
}

/// Tries plans on copies; does the one that pays best, or any.
fn decide(scene: &mut Scene, chance: &mut Chance, actions: &mut u64) {
    let before = scene.prospect();
    let mut best: Option<(i128, Scene)> = None;
    let mut last = None;
    for _ in 0..if scene.is_tempting() { TEMPTED } else { PLANS } {
        let mut copy = scene.clone();
        let mut done = false;
        copy.plan.clear();
        for _ in 0..=chance.below(LONGEST) {
            let act = Act::any(&copy, chance);
            if act.run(&mut copy) {
                done = true;
                copy.plan.push(act);
            }
            *actions += 1;
        }
        if !done {
            continue;
        }
        let gain = copy.prospect() - before;
        if gain > 0 && best.as_ref().is_none_or(|(most, _)| gain > *most) {
            best = Some((gain, copy));
        } else if gain > -3_000_000_000 {
            last = Some(copy);
        }
    }
    match (best, last) {
        (Some((_, copy)), _) => *scene = copy,
        (None, Some(copy)) if chance.percent(35) => *scene = copy,
        _ => {}
    }
}
