//! The metrics, and that dashboard and alerts ask for what there is.

use super::*;

#[test]
fn every_job_and_error_is_told_apart() {
    let metrics = Metrics::new();
    metrics.ticked("filler", 3, 2, Duration::from_millis(2));
    metrics.landed("filler", Duration::from_millis(500), 2);
    metrics.charged("filler", 5_000);
    metrics.charged("filler", 250);
    metrics.failed("filler", "OrderNotFound");
    metrics.price_age("SOL/USD", Some(3));
    metrics.source_failed();
    metrics.ticked("oracle", 1, 1, Duration::from_millis(1));
    let text = metrics.text();
    for line in [
        "kedge_keeper_decided_total{job=\"filler\"} 3",
        "kedge_keeper_sent_total{job=\"oracle\"} 1",
        "kedge_keeper_priority_fee_lamports_total{job=\"filler\"} 5250",
        "kedge_keeper_failed_total{job=\"filler\",error=\"OrderNotFound\"} 1",
        "kedge_keeper_landing_slots_bucket{le=\"2.0\",job=\"filler\"} 1",
        "kedge_keeper_landing_slots_bucket{le=\"1.0\",job=\"filler\"} 0",
        "kedge_keeper_price_age_seconds{feed=\"SOL/USD\"} 3",
        "kedge_keeper_price_source_failed_total 1",
        "kedge_keeper_mirror_age_slots 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert_eq!(metrics.totals("filler"), [3, 2, 1]);
}

#[test]
fn every_series_of_a_job_is_there_before_anything_has_happened() {
    let metrics = Metrics::new();
    metrics.expect(&["filler", "oracle"]);
    metrics.expect_feeds(["SOL/USD"].into_iter());
    let text = metrics.text();
    for job in ["filler", "oracle"] {
        for name in ["decided", "sent", "landed", "priority_fee_lamports", "spent_lamports"] {
            let line = format!("kedge_keeper_{name}_total{{job=\"{job}\"}} 0");
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        for line in [
            format!("kedge_keeper_reward_dollars_total{{job=\"{job}\"}} 0.0"),
            format!("kedge_keeper_failed_total{{job=\"{job}\",error=\"NotSent\"}} 0"),
            format!("kedge_keeper_landing_seconds_count{{job=\"{job}\"}} 0"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
    for line in [
        "kedge_keeper_prices_published_total{feed=\"SOL/USD\"} 0",
        "kedge_keeper_price_age_seconds{feed=\"SOL/USD\"} -1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    // A job that is not configured is not there: nobody waits for what it would do.
    assert!(!text.contains("job=\"maker\""), "{text}");
}

#[test]
fn a_sum_of_rewards_is_an_exact_decimal_number() {
    let metrics = Metrics::new();
    for _ in 0..12 {
        metrics.earned("filler", Amount(54_106));
    }
    metrics.spent("filler", 5_000);
    let text = metrics.text();
    let line = "kedge_keeper_reward_dollars_total{job=\"filler\"} 0.649272";
    assert!(text.lines().any(|found| found == line), "{text}");
    assert_eq!(metrics.balance_of("filler"), (Amount(649_272), 5_000));
}

/// Everything said once.
fn text() -> String {
    let metrics = Metrics::new();
    metrics.ticked("filler", 1, 1, Duration::ZERO);
    metrics.landed("filler", Duration::ZERO, 0);
    metrics.charged("filler", 1);
    metrics.spent("filler", 5_001);
    metrics.earned("filler", Amount(2_500_000));
    metrics.mirrored(&Counts::default(), true);
    let url = String::from("http://localhost:8899");
    metrics.endpoints(&[Health { url, usable: true, failures: 0, failed: 0, slot: 0 }]);
    metrics.failed("filler", "Expired");
    metrics.published("SOL/USD");
    metrics.not_published("SOL/USD");
    metrics.price_age("SOL/USD", None);
    metrics.figured("maker", &[Figure { name: "killed", market: None, value: 0.0 }]);
    metrics.text()
}

/// The metrics that a text names.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("kedge_keeper_"))
}

fn panels() -> Vec<serde_json::Value> {
    let board = include_str!("../../../../../keepers/grafana/kedge-keeper.json");
    let board: serde_json::Value = serde_json::from_str(board).unwrap();
    board["panels"].as_array().unwrap().clone()
}

fn targets(panel: &serde_json::Value) -> Vec<(&str, &str)> {
    let targets = panel["targets"].as_array().unwrap().iter();
    targets.map(|target| (target["expr"].as_str().unwrap(), target["legendFormat"].as_str().unwrap())).collect()
}

#[test]
fn what_was_earned_and_spent_is_told_by_job() {
    let text = text();
    for line in [
        "kedge_keeper_reward_dollars_total{job=\"filler\"} 2.5",
        "kedge_keeper_spent_lamports_total{job=\"filler\"} 5001",
        "kedge_keeper_wallet_least_lamports 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn dashboard_and_alerts_ask_for_what_there_is() {
    let text = text();
    let asked: Vec<String> = panels()
        .iter()
        .flat_map(|panel| targets(panel).into_iter().map(|(expression, _)| expression.to_owned()).collect::<Vec<_>>())
        .collect();
    let alerts = include_str!("../../../../../keepers/prometheus/alerts.yml");
    for (place, asked, least) in [("dashboard", asked.join("\n"), 30), ("alerts", alerts.to_owned(), 15)] {
        for name in names(&asked) {
            assert!(text.lines().any(|line| line.starts_with(name)), "{place}: {name}");
        }
        assert!(names(&asked).count() >= least, "{place}");
    }
}

#[test]
fn copies_are_told_apart_and_a_panel_has_one_scale() {
    for panel in panels() {
        let (title, unit) = (&panel["title"], panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap());
        let targets = targets(&panel);
        for (expression, legend) in &targets {
            assert!(expression.contains("instance=~\"$instance\""), "{title}: {expression}");
            assert!(legend.contains("{{instance}}"), "{title}: copies look the same: {legend}");
            for group in expression.split("by (").skip(1) {
                assert!(group.starts_with("instance"), "{title}: copies are added up: {expression}");
            }
            let dollars = expression.contains("dollars");
            assert_eq!(dollars, unit == "currencyUSD", "{title}: {unit}");
            let seconds = expression.contains("_seconds");
            assert_eq!(seconds, unit == "s", "{title}: {unit}");
        }
        let mut legends: Vec<&str> = targets.iter().map(|(_, legend)| *legend).collect();
        legends.sort_unstable();
        legends.dedup();
        assert_eq!(legends.len(), targets.len(), "{title}: two lines of one name");
        assert_ne!(unit, "short", "{title}: thousands and what they are of");
        // Counts a second and levels, or lamports and slots, do not share an axis.
        let kinds = |word: &str| targets.iter().filter(|(expression, _)| expression.contains(word)).count();
        for word in ["rate(", "lamports", "slots", "_seconds", "dollars"] {
            assert!([0, targets.len()].contains(&kinds(word)), "{title}: {word}");
        }
    }
}
