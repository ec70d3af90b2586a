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
fn the_dashboard_asks_for_what_there_is() {
    let board = include_str!("../../../../keepers/grafana/kedge-keeper.json");
    let board: serde_json::Value = serde_json::from_str(board).unwrap();
    let metrics = Metrics::new();
    metrics.ticked("filler", 1, 1, Duration::ZERO);
    metrics.landed("filler", Duration::ZERO, 0);
    metrics.charged("filler", 1);
    metrics.mirrored(&Counts::default(), true);
    let url = String::from("http://localhost:8899");
    metrics.endpoints(&[Health { url, usable: true, failures: 0, failed: 0, slot: 0 }]);
    metrics.failed("filler", "Lost");
    metrics.published("SOL/USD");
    metrics.not_published("SOL/USD");
    metrics.price_age("SOL/USD", None);
    metrics.figured("maker", &[Figure { name: "killed", market: None, value: 0.0 }]);
    let text = metrics.text();
    let mut asked = 0;
    for target in board["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap())
    {
        let expression = target["expr"].as_str().unwrap();
        let names = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in names.filter(|name| name.starts_with("kedge_keeper_")) {
            assert!(text.lines().any(|line| line.starts_with(name)), "{name}");
            asked += 1;
        }
    }
    assert!(asked >= 10, "{asked}");
}
