//! `--json` of every command that sends has `outcome` and `signature` on top.

mod person;

use std::collections::BTreeSet;

use kedge_testbed::fixture::{Fixture, Keeper};
use person::{Person, Run};
use serde_json::Value;

/// Commands that send nothing, whatever they are asked for.
const READING: [&str; 26] = [
    "init",
    "config",
    "keygen",
    "address",
    "markets",
    "book",
    "trades",
    "funding",
    "default",
    "audit",
    "account",
    "accounts",
    "balances",
    "positions",
    "orders",
    "risk",
    "pnl",
    "history",
    "explain",
    "outcome",
    "watch",
    "sign",
    "completion",
    "help",
    // The operators' commands are in tests/admin.rs, which checks their receipts the same way.
    "admin",
    // The same as place, modify, cancel and orders.
    "order",
];

/// Runs a command; returns each of its transactions with its outcome. A list is one of receipts.
fn receipts(person: &Person, line: &str) -> Vec<Value> {
    let value = person.json(line);
    match value {
        Value::Array(list) => list,
        one => vec![one],
    }
}

/// The transaction of a command that sends one: on the chain, and there with success.
fn landed(person: &Person, line: &str) -> String {
    let told = receipts(person, line);
    let [told] = &told[..] else { panic!("kedge {line}: {told:?}") };
    assert_eq!(told["outcome"], "landed", "kedge {line}: {told}");
    let signature = told["signature"].as_str().unwrap_or_else(|| panic!("kedge {line}: {told}")).to_owned();
    assert_eq!(person.json(&format!("outcome {signature}"))["outcome"], "landed", "kedge {line}");
    signature
}

/// A command that had nothing to send says so in the same place.
fn nothing(person: &Person, line: &str) {
    for told in receipts(person, line) {
        let said = (told.get("outcome"), told.get("signature"));
        assert_eq!(said, (Some(&Value::Null), Some(&Value::Null)), "kedge {line}: {told}");
    }
}

#[test]
fn what_was_done_before_a_failure_is_said_in_the_same_form() {
    let fixture = Fixture::start();
    let [me, maker] = [("me", 20_000), ("maker", 1_000_000)].map(|(name, dollars)| {
        let person = Person::new(&fixture, fixture.wallet(name, dollars).0);
        person.text("create --orders 16");
        person.text(&format!("deposit {}", dollars / 2));
        person
    });
    let admin = Person::new(&fixture, fixture.folder.join("admin.json"));
    for (market, size, price) in [("SOL-PERP", "2", "180.20"), ("BTC-PERP", "0.01", "98800")] {
        maker.text(&format!("place {market} sell {size} --limit {price} --post-only"));
        me.text_in_time(&format!("place {market} buy {size} --limit {price} --ioc --min-fill {size}"));
    }
    // Of the second market's orders none is taken any more: the first is closed, and the command fails behind it.
    admin.text("admin halt BTC-PERP");
    let run = me.run("close --all", "json");
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    let beside = run.beside();
    let done: Vec<&Value> = beside.iter().map(|line| &line["done"]).filter(|done| done.is_object()).collect();
    let [done] = &done[..] else { panic!("{}", run.err) };
    assert_eq!((&done["outcome"], &done["signature"]), (&"landed".into(), &run.signed()[0]), "{}", run.err);
    assert!(beside.last().unwrap()["error"]["name"].is_string(), "{}", run.err);
}

#[test]
fn every_command_that_sends_names_outcome_and_signature_on_top() {
    let fixture = Fixture::start();
    let [(me, owner), (maker, _)] =
        [("me", 20_000), ("maker", 1_000_000)].map(|(name, dollars)| fixture.wallet(name, dollars));
    let keeper = Keeper::new(&fixture, &maker);
    let (me, maker) = (Person::new(&fixture, me), Person::new(&fixture, maker));
    let friend = fixture.wallet("friend", 0).1;
    let file = fixture.folder.join("order.json");
    let mut sent = BTreeSet::new();
    let mut walk = |line: &str| {
        sent.insert(line.split(' ').next().unwrap_or_default().to_owned());
        landed(&me, line)
    };

    let signatures = [
        walk("airdrop --sol 0.5 --usdc 0"),
        walk("create"),
        walk("create --name hedge --orders 4"),
        walk("deposit 9000"),
        walk("transfer 100 --to hedge"),
        walk("withdraw 50"),
        walk("insurance stake 5"),
        walk("insurance request all"),
        walk("insurance cancel"),
        walk("verify"),
        walk("vault create"),
        walk("vault deposit 5"),
        walk("vault request all"),
        walk("vault cancel"),
        walk("prices --refresh"),
        walk("fees --count"),
        walk("leverage SOL-PERP 5"),
        walk("leverage SOL-PERP max"),
        walk(&format!("builder {friend} --fee 0.02")),
        walk(&format!("delegate {friend}")),
        walk("grow 12"),
        walk("place SOL-PERP buy 1 --limit 150 --client-id 7"),
    ];
    assert_eq!(signatures.iter().collect::<BTreeSet<_>>().len(), signatures.len(), "each has its own");
    let order = me.json("orders")[0]["id"].clone();
    walk(&format!("modify {order} --limit 151"));
    walk("cancel --all");
    me.text(&format!("sign SOL-PERP buy 1 --limit 150 --out {}", file.display()));
    let placed = walk(&format!("submit {}", file.display()));
    assert!(me.text(&format!("explain {placed}")).contains("placed order"));
    walk("revoke");
    walk("order cancel --all");

    // A position, closed and reversed; a list of receipts where there are several.
    maker.text("create --orders 16");
    maker.text("deposit 500000");
    maker.text("place SOL-PERP sell 200 --limit 180.20 --post-only");
    maker.text("place SOL-PERP buy 200 --limit 179.80 --post-only");
    walk("place SOL-PERP buy 2 --limit 180.20 --ioc");
    walk("isolate SOL-PERP 500");
    walk("isolate SOL-PERP --merge");
    keeper.beside(&owner, || walk("reverse SOL-PERP --wait"));
    keeper.beside(&owner, || walk("close SOL-PERP 1 --wait"));
    keeper.beside(&owner, || walk("close --all --wait"));
    walk("settle");
    walk("withdraw max");
    walk("transfer max --from hedge --to 0");
    walk("close-account --account hedge --yes").clear();

    // Nothing to send, and nothing sent.
    nothing(&me, "settle");
    nothing(&me, "close --all");
    for line in ["deposit 1", "create --name third", "grow 16", "settle", "cancel --all"] {
        nothing(&me, &format!("{line} --dry-run"));
    }
    for line in ["prices", "fees", "orders", "balances"] {
        let told = me.json(line);
        assert!(told.get("outcome").is_none() && told.get("signature").is_none(), "kedge {line}: {told}");
    }

    let Run { out: help, .. } = me.run("help", "text");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for command in commands.filter_map(|line| line.split_whitespace().next()) {
        assert!(sent.contains(command) || READING.contains(&command), "kedge {command} sends, and was not walked");
    }
}
