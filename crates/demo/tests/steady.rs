//! Three minutes of trading against the demo's keepers: an order is filled as soon in the third minute as in the first.
//! The keepers' snapshots of every minute lie in between, and must not make them ignore later changes.

#[path = "visitor/mod.rs"]
mod visitor;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kedge_model::account::order::Side;
use visitor::{Demo, ONE, Visitor, program};

/// Wall minutes.
const MINUTES: usize = 3;
/// Longest wait of one order: its auction takes a second, and a machine may be busy.
const LONGEST: Duration = Duration::from_secs(20);

#[test]
fn orders_are_filled_as_soon_in_the_third_minute_as_in_the_first() {
    let out = std::env::temp_dir().join(format!("kedge-steady-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_kedge-demo"));
    command.args(["--serve", "--speed", "20", "--minutes", "240", "--rpc-port", "18899", "--data", "none", "--out"]);
    command.arg(&out).arg("--program").arg(program()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let demo = Demo::serve(command);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let waits = runtime.block_on(trade(&demo));
    let text: Vec<String> = waits.iter().map(|waits| format!("{} orders, {}", waits.len(), figures(waits))).collect();
    for (minute, text) in text.iter().enumerate() {
        println!("minute {}: {text}", minute + 1);
    }
    assert!(!demo.said().contains("BLIND"), "{}", demo.said());
    let median = |minute: &[Duration]| minute[minute.len() / 2];
    let (first, later) = waits.split_first().expect("minutes were traded");
    assert_eq!(later.len() + 1, MINUTES);
    for minute in later {
        assert!(minute.len() >= 10, "{text:?}");
        assert!(median(minute) <= median(first) * 2 + Duration::from_millis(500), "{text:?}");
    }
    std::fs::remove_dir_all(&out).expect("the test's folder can be removed");
}

fn figures(waits: &[Duration]) -> String {
    let at = |percent: usize| waits[(waits.len() * percent / 100).min(waits.len() - 1)];
    format!("median {:?}, 90 % {:?}, longest {:?}", at(50), at(90), at(100))
}

/// Buys and sells in turn. Returns each order's wait from its confirmation to its fill, by minute, shortest first.
async fn trade(demo: &Demo) -> Vec<Vec<Duration>> {
    let visitor = Visitor::join(demo).await;
    // The exchange measures the length of its slots; until then an auction takes as many as on any chain.
    for (side, held) in [(Side::Long, ONE), (Side::Short, 0)] {
        visitor.order(side, ONE).await;
        visitor.wait_for_base(held, LONGEST).await;
    }
    let mut waits = vec![Vec::new(); MINUTES];
    let start = Instant::now();
    let mut held = 0;
    loop {
        let minute = usize::try_from(start.elapsed().as_secs() / 60).unwrap();
        let Some(waits) = waits.get_mut(minute) else { break };
        let side = if held == 0 { Side::Long } else { Side::Short };
        visitor.order(side, ONE).await;
        held = ONE - held;
        waits.push(visitor.wait_for_base(held, LONGEST).await);
    }
    waits.iter_mut().for_each(|waits| waits.sort());
    waits
}
