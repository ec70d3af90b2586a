//! Shares of an order that fills at once go to a sub-account that can take them, with the real command on a local
//! chain.

mod person;

use kedge_testbed::fixture::Fixture;
use person::{Person, amount};
use serde_json::Value;

/// Raw fields of the one fill of a transaction.
fn fill(person: &Person, signature: &Value) -> Value {
    let told = person.json(&format!("explain {}", signature.as_str().expect("a signature")));
    let steps = told["instructions"].as_array().unwrap();
    let batches = steps.iter().flat_map(|step| step["batches"].as_array().unwrap());
    let mut fills =
        batches.flat_map(|batch| batch["events"].as_array().unwrap()).filter(|event| event["kind"] == "fill");
    let first = fills.next().unwrap_or_else(|| panic!("no fill: {told}"));
    assert!(fills.next().is_none(), "{told}");
    first["raw"].clone()
}

#[test]
fn a_referrer_gets_his_share_through_the_account_that_has_a_place_for_it() {
    let fixture = Fixture::start();
    let (friend, address) = fixture.wallet("friend", 10_000);
    let [maker, me] = ["maker", "me"].map(|name| Person::new(&fixture, fixture.wallet(name, 20_000).0));
    let friend = Person::new(&fixture, friend);
    maker.text("create");
    maker.text("deposit 20000");
    maker.text("place SOL-PERP sell 20 --limit 180.20 --post-only");
    friend.text("create");
    friend.text("create --name trades");
    friend.text("deposit 5000 --account trades");
    me.text(&format!("create --referrer {address}"));
    me.text("deposit 5000");

    // None of his accounts has a position in the market: the share stays with the exchange, and the order fills.
    let told = me.json("place SOL-PERP buy 1 --limit 180.20 --ioc");
    assert_eq!(fill(&me, &told["signature"])["referrer_share"], "0");

    // His second one has.
    friend.text("place SOL-PERP buy 1 --limit 180.20 --ioc --account trades");
    let pnl = || amount(&friend.json("positions --account trades")[0]["pnl"]);
    let before = pnl();
    let told = me.json("place SOL-PERP buy 1 --limit 180.20 --ioc");
    let share = amount(&fill(&me, &told["signature"])["referrer_share"]) / 1e6;
    assert!(share > 0.0 && (pnl() - before - share).abs() < 1e-9, "{share} of {before}, then {}", pnl());
}
