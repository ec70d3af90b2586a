//! Two replicas of a keeper that share a lease over a real NATS server, and the cost of their transactions.

use std::time::Instant;

use serde_json::Value;

use crate::nats::Server;
use crate::{ONE, PATIENCE, Running, SOL, buy, command, join, restrict, sender};
use kedge_testbed::fixture::Fixture;

/// Price of a compute unit, micro-lamports.
const PRICE: u64 = 5_000;
/// Lamports for the one signature of a transaction.
const SIGNATURE: u64 = 5_000;

#[test]
fn one_of_two_copies_works_and_the_other_takes_over() {
    let (fixture, mut nats) = (Fixture::start(), Server::start("fleet"));
    let url = fixture.localnet.rpc_url().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (keeper, _) = fixture.wallet("keeper", 1_000);
    restrict(&keeper);
    runtime.block_on(join(&sender(&url, &keeper), 100));
    let (trader, _) = fixture.wallet("trader", 100_000);
    let trader = sender(&url, &trader);
    let account = runtime.block_on(join(&trader, 50_000));
    let copy = || {
        let mut copy = command(&url, &keeper);
        copy.args(["--jobs", "oracle,filler,amm"]).env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1");
        copy.env("KEDGE_KEEPER__ACCOUNT__ID", "0").env("KEDGE_KEEPER__LEASE__URL", nats.url());
        copy.env("KEDGE_KEEPER__LEASE__TTL_S", "2").env("KEDGE_KEEPER__SEND__COMPUTE", "simulate");
        copy.env("KEDGE_KEEPER__SEND__FEE", "fixed").env("KEDGE_KEEPER__SEND__FIXED_MICRO_LAMPORTS", PRICE.to_string());
        copy
    };
    let landed = |line: &Value| line["message"] == "landed" && line["action"] == "fill_order";
    let bought = |coins: u64, keeper: &Running| {
        runtime.block_on(buy(&trader, account, 2 * ONE));
        let start = Instant::now();
        loop {
            let found = runtime.block_on(trader.client().sub_account(account)).unwrap();
            if found.head.position(SOL).is_ok_and(|position| position.base.0 == (coins * ONE) as i64) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{:#?}", keeper.log.lock().unwrap());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };

    let first = Running::start(copy());
    first.wait_for("lease", |line| line["message"] == "holds the lease: works");
    let (said, code) = crate::check(copy());
    assert!(code == Some(0) && said.contains("lease ok share-0-of-1 is held by"), "{said}");
    let second = Running::start(copy());
    second.wait_for("standing by", |line| line["message"] == "does not hold the lease: stands by");
    let _ = second.wait_for_answer("/readyz", |status, _| status == 200);
    bought(2, &first);
    let fill = first.wait_for("a fill", landed);

    // The fee in the log is the fee that the chain charged, for a limit from a simulation.
    let signature = fill["signature"].as_str().unwrap().parse().unwrap();
    let past = runtime.block_on(trader.client().past(&signature)).unwrap().unwrap();
    let fee = fill["priority_lamports"].as_u64().unwrap();
    assert_eq!(fill["fee_lamports"], fee + SIGNATURE, "{fill}");
    assert_eq!(past.fee, SIGNATURE + fee);
    let (used, limit) = (past.compute_units.unwrap(), fee * 1_000_000 / PRICE);
    assert!(limit > used && limit < used * 2 + 25_000, "{used} used, {limit} asked for");
    let metrics = first.wait_for_answer("/metrics", |_, body| body.contains("kedge_keeper_lease_held 1\n"));
    let paid = format!("kedge_keeper_priority_fee_lamports_total{{job=\"filler\"}} {fee}\n");
    assert!(metrics.contains(&paid), "{paid}{metrics}");
    let metrics = second.wait_for_answer("/metrics", |_, body| body.contains("kedge_keeper_lease_held 0\n"));
    for job in ["oracle", "filler", "amm"] {
        assert!(metrics.contains(&format!("kedge_keeper_sent_total{{job=\"{job}\"}} 0\n")), "{metrics}");
    }

    // kill -9.
    drop(first);
    let died = Instant::now();
    second.wait_for("lease", |line| line["message"] == "holds the lease: works");
    println!("the other copy works {:?} after the first was killed", died.elapsed());
    bought(4, &second);
    second.wait_for("a fill", landed);

    nats.down();
    second.wait_for("loss", |line| line["message"] == "nobody answers for the lease: works without it");
    second.wait_for_answer("/metrics", |_, body| body.contains("kedge_keeper_lease_held -1\n"));
    bought(6, &second);
    assert_eq!(second.terminate().0, Some(0));
}
