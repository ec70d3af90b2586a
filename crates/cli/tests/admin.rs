//! Operating an exchange with the real command on a local chain: from the bare program to an open market, through a
//! pause, an expiry and a handover, with the refusals to other keypairs.

mod person;

use kedge_testbed::fixture::Fixture;
use person::Person;
use serde_json::Value;
use solana_keypair::Keypair;

/// A form as it is printed, with lines changed, in a file.
fn form(fixture: &Fixture, person: &Person, which: &str, changes: &[(&str, &str)]) -> String {
    let mut text = person.json(&format!("admin form {which}"))["form"].as_str().unwrap().to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let file = fixture.folder.join(format!("{which}.toml"));
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// Runs a command that must fail with an exit code and words.
fn fails(person: &Person, line: &str, code: i32, said: &str) {
    let text = person.fails(line, code);
    assert!(text.contains(said), "kedge {line} did not say `{said}`\n{text}");
}

#[test]
fn an_exchange_is_set_up_opened_paused_and_handed_over_by_commands() {
    let fixture = Fixture::bare(&Keypair::new());
    let [(admin, _), (pauser, pauser_key), (next, next_key), (trader, trader_key)] =
        [("admin", 5_000_000), ("pauser", 0), ("next", 0), ("trader", 10_000)]
            .map(|(name, dollars)| fixture.wallet(name, dollars));
    let person = |keypair| Person::new(&fixture, keypair);
    let (admin, pauser, next, trader) = (person(admin), person(pauser), person(next), person(trader));

    // The exchange, its quote asset, a market.
    fails(&admin, "admin show", 5, "not on this cluster");
    fails(&admin, &format!("admin init --pauser {pauser_key} --treasury {pauser_key}"), 2, "--yes");
    admin.json(&format!("admin init --pauser {pauser_key} --treasury {pauser_key} --yes"));
    fails(&trader, &format!("admin init --pauser {trader_key} --treasury {trader_key} --yes"), 2, "exists already");
    let bank = form(&fixture, &admin, "bank", &[]);
    fails(&admin, &format!("admin list-bank {} {bank}", fixture.mint), 2, "--yes");
    fails(&trader, &format!("admin list-bank {} {bank} --yes", fixture.mint), 3, "WrongAuthority");
    admin.json(&format!("admin list-bank {} {bank} --yes", fixture.mint));
    let feed = "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d";
    let market = form(&fixture, &admin, "market", &[(feed, &"01".repeat(32))]);
    fails(&admin, &format!("admin list-market {market}.missing --yes"), 2, "kedge admin form market");
    fails(&admin, &format!("admin list-market {market}"), 2, "leverage 15.0x");
    assert_eq!(admin.json(&format!("admin list-market {market} --yes"))["market"], 0);
    fails(&admin, &format!("admin list-market {market} --yes"), 2, "is called SOL-PERP already");
    fails(&admin, "admin open SOL-PERP", 2, "the vAMM of SOL-PERP has no capital");
    fails(&admin, "admin fund SOL-PERP vamm 99999999 --yes", 3, "the wallet holds");
    admin.json("admin fund SOL-PERP vamm 1000000 --yes");
    admin.json("admin fund SOL-PERP insurance 20000 --yes");
    fails(&trader, "admin open SOL-PERP", 3, "WrongAuthority");
    admin.json("admin open SOL-PERP");
    trades(&trader);

    // The pauser pauses; resuming is the admin's.
    assert_eq!(pauser.json("admin pause place deposit --for 6h")["paused"], serde_json::json!(["deposit", "place"]));
    assert_eq!(pauser.json("admin pause place")["signature"], Value::Null, "nothing to do, nothing sent");
    fails(&trader, "deposit 100", 3, "OperationPaused");
    trader.json("withdraw 100");
    let shown = pauser.json("admin show")["paused_until"].clone();
    assert!(shown["place"].is_i64() && shown["place"] == shown["deposit"], "{shown}");
    assert!(pauser.text("admin show").contains("place until 20"), "the end of each pause");
    fails(&pauser, "admin pause withdraw --for 25h", 3, "PauseTooLong");
    fails(&pauser, "admin pause withdraw --for ever", 2, "no length of time");
    fails(&pauser, "admin resume all", 3, "WrongAuthority");
    assert_eq!(admin.json("admin resume all")["paused"], serde_json::json!([]));
    trader.json("deposit 100");
    pauser.json("admin reduce-only SOL-PERP");
    fails(&trader, "place SOL-PERP buy 1", 3, "MarketReduceOnly");
    assert!(pauser.text("admin show").contains("SOL-PERP as reduce-only until 20"));
    admin.json("admin open SOL-PERP");
    pauser.json("admin halt SOL-PERP");
    assert_eq!(admin.json("markets")[0]["status"], "halted");
    assert!(pauser.text("admin show").contains("the price row of SOL-PERP until 20"));
    fails(&pauser, "admin unhalt SOL-PERP", 3, "WrongAuthority");
    admin.json("admin unhalt SOL-PERP");
    assert_eq!(admin.json("admin halt --bank 0")["row"], "dollars");
    admin.json("admin unhalt --bank 0");

    // Fees, a tier, an expiry that is taken back.
    let fees = form(&fixture, &admin, "fees", &[("filler_share = \"10%\"", "filler_share = \"12.5%\"")]);
    fails(&admin, &format!("admin fees {fees}"), 2, "filler share 10% -> 12.5%");
    assert_eq!(admin.json(&format!("admin fees {fees} --yes"))["changes"].as_array().unwrap().len(), 1);
    assert_eq!(admin.json("admin show")["filler_share_percent"], "12.5");
    admin.json(&format!("admin tier {trader_key} 3"));
    fails(&admin, &format!("admin tier {next_key} 3"), 5, "no trader account");
    fails(&admin, "admin expire SOL-PERP tomorrow --yes", 2, "is no time");
    admin.json("admin expire SOL-PERP 3d --yes");
    admin.json("admin expire SOL-PERP never --yes");
    fails(&admin, "admin delist SOL-PERP --yes", 3, "");

    // The handover takes both.
    fails(&next, "admin accept", 3, "WrongAuthority");
    admin.json(&format!("admin propose {next_key} --yes"));
    next.json("admin accept");
    assert_eq!(next.json("admin show")["admin"], next_key.to_string());
    fails(&admin, "admin pause all", 3, "WrongAuthority");
}

fn trades(trader: &Person) {
    trader.json("create");
    trader.json("deposit 5000");
    trader.json("place SOL-PERP buy 1 --limit 170");
    trader.json("cancel --all");
}
