//! Guards and results of a trader's commands: the real binary against the real program on a local chain.

mod person;

use std::time::Instant;

use kedge_testbed::fixture::{Fixture, Keeper};
use person::{Person, amount};

/// A person with an account, and a maker that quotes around 180.
fn opening(dollars: u64) -> (Fixture, Person, solana_pubkey::Pubkey, Person, Keeper) {
    let fixture = Fixture::start();
    let (me, owner) = fixture.wallet("me", dollars);
    let (maker, _) = fixture.wallet("maker", 1_000_000);
    let keeper = Keeper::new(&fixture, &maker);
    let (me, maker) = (Person::new(&fixture, me), Person::new(&fixture, maker));
    maker.text("create --orders 16");
    maker.text("deposit 500000");
    maker.text("place SOL-PERP sell 50 --limit 180.20 --post-only");
    maker.text("place SOL-PERP buy 50 --limit 179.80 --post-only");
    me.text("create");
    me.text(&format!("deposit {}", dollars / 2));
    (fixture, me, owner, maker, keeper)
}

#[test]
fn an_order_says_what_it_got_and_its_exit_code_too() {
    let (fixture, me, owner, maker, keeper) = opening(20_000);

    // Followed through its auction: source, price, and the position then. Nothing else is printed.
    let run = keeper.beside(&owner, || me.run("place SOL buy 5 --wait", "text"));
    let told = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(run.code, 0, "{told}{}", run.err);
    assert!(!run.err.contains('\r') && !run.err.contains("slots to go"), "progress is for terminals: {}", run.err);
    run.fits();
    assert!(told.starts_with("bought 5 of 5 SOL-PERP at 180."), "{told}");
    assert!(told.contains("on average, for ") && told.contains("; fee 0."), "{told}");
    assert!(told.contains("- 5 from order 1 of "), "{told}");
    assert!(told.contains("position: long 5 SOL-PERP, entry 180."), "{told}");
    assert!(told.contains("liquidation price none"), "9000 dollars behind 900: {told}");

    // Without --wait one sentence tells that more is to come.
    let told = me.text("place SOL-PERP buy 1");
    assert!(told.contains("Its auction runs for") && told.contains("with --wait"), "{told}");
    me.text("cancel --all");

    // At once: all, a part, nothing.
    let all = me.json("place SOL-PERP buy 2 --limit 180.20 --ioc");
    assert_eq!(
        (&all["state"], &all["filled"], &all["average_price"]),
        (&"filled".into(), &"2".into(), &"180.20".into())
    );
    assert_eq!(all["order_id"], all["order_ids"][0]);
    assert!(all["order_id"].as_u64().is_some() && amount(&all["fee"]) > 0.0, "{all}");
    assert_eq!((&all["fills"][0]["size"], &all["fills"][0]["counterparty_account"]), (&"2".into(), &0.into()));
    assert_eq!(all["fills"][0]["counterparty"].as_str().map(str::len).filter(|length| *length < 32), None);
    assert_eq!(amount(&all["position"]["base"]), 7.0);
    let part = me.run("place SOL-PERP buy 60 --limit 180.20 --ioc", "text");
    assert_eq!(part.code, 8, "{}{}", part.out, part.err);
    assert!(part.out.starts_with("bought 43 of 60 SOL-PERP at 180.20 on average"), "{}", part.out);
    let none = me.run("place SOL-PERP buy 1 --limit 180.20 --ioc", "text");
    let told = none.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(none.code, 7, "{}{}", none.out, none.err);
    assert!(told.starts_with("nothing of 1 SOL-PERP was bought: nobody stands at its price or better"), "{told}");
    let json = me.run("place SOL-PERP buy 1 --limit 180.20 --ioc", "json");
    assert_eq!(json.code, 7);
    assert!(json.out.contains("\"state\": \"nothing\""), "{}", json.out);
    // An auction without a maker ends with its order.
    let none = me.run("place SOL-PERP buy 1 --protection 180.10 --expires-in 8 --wait", "text");
    assert_eq!(none.code, 7, "{}{}", none.out, none.err);

    // Refusals name the number that would have passed.
    let said = me.fails("place SOL-PERP buy 30 --limit 180.20 --fok", 3);
    assert!(said.contains("--ioc takes what is there; `kedge book SOL-PERP`"), "{said}");
    assert!(me.fails("place SOL-PERP buy 1 --limit 170 --reduce-only", 3).contains("long 50: only an order to sell"));
    assert!(
        me.fails("place BTC-PERP buy 1 --limit 98000 --reduce-only", 3).contains("no position in BTC-PERP to reduce")
    );
    assert!(
        me.fails("place SOL-PERP buy 0.05 --limit 170", 3).contains("the smallest order is 0.1 SOL-PERP, worth 18.00")
    );
    let said = me.fails("place SOL-PERP buy 5000 --limit 170", 3);
    assert!(said.contains("the largest order to buy SOL-PERP is "), "{said}");

    // Turned round and closed by one command each.
    maker.text("place SOL-PERP sell 200 --limit 180.20 --post-only");
    maker.text("place SOL-PERP buy 200 --limit 179.80 --post-only");
    let told = keeper.beside(&owner, || me.text("reverse SOL --wait"));
    assert!(told.contains("sold 100 of 100 SOL-PERP at 179.") && told.contains("position: short 50"), "{told}");
    let told = keeper.beside(&owner, || me.text("close SOL-PERP $1800 --wait"));
    assert!(told.contains("bought 10 of 10 SOL-PERP"), "{told}");
    maker.text("place BTC-PERP sell 0.01 --limit 98800 --post-only");
    me.text_in_time("place BTC-PERP buy 0.01 --limit 98800 --ioc --min-fill 0.01");
    me.text("place SOL-PERP buy 1 --limit 150");
    maker.text("place BTC-PERP buy 0.01 --limit 98700 --post-only");
    let told = keeper.beside(&owner, || me.text("close --all --wait"));
    assert!(
        told.contains("no position in SOL-PERP is left") && told.contains("no position in BTC-PERP is left"),
        "{told}"
    );
    assert!(told.contains("1 open orders stay"), "{told}");
    assert!(me.text("close --all").contains("no positions to close"));
    assert!(me.fails("close SOL-PERP", 5).contains("has no position in SOL-PERP"));
    // A flat position has no liquidation price, even with an unsettled claim.
    assert_eq!(me.json("positions")[0]["liquidation_price"], serde_json::Value::Null);
    drop(fixture);
}

#[test]
fn nothing_leaves_by_accident() {
    let (fixture, me, owner, _, _) = opening(20_000);
    me.text("place SOL-PERP buy 2 --limit 180.20 --ioc");
    me.text("place SOL-PERP buy 1 --limit 150");
    me.text("create --name hedge --orders 4");
    let friend = "8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh";
    let order = me.json("orders")[0]["id"].clone();
    let file = fixture.folder.join("signed.json");
    me.text(&format!("sign SOL-PERP buy 1 --limit 150 --valid-for 540 --out {}", file.display()));
    let lamports = || fixture.localnet.account(owner).unwrap().unwrap().lamports;
    let before = lamports();

    // Every sending command has a dry run: it shows the changes, and the wallet pays nothing.
    let dry = [
        ("place SOL-PERP buy 1".to_owned(), "order"),
        (
            "place SOL-PERP buy 1 --limit 180.20 --ioc".into(),
            "SOL-PERP position 2 -> 3, for 180.3802 with the fee: 180.3802 each",
        ),
        ("order place SOL-PERP buy 1 --limit 250 --yes".into(), "limit buy 1 SOL-PERP at 250.00"),
        (format!("modify {order} --limit 151"), "becomes limit buy 1 SOL-PERP at 151.00"),
        ("cancel --all".into(), "goes: limit buy 1 SOL-PERP at 150.00"),
        ("close SOL-PERP".into(), "reduce-only"),
        ("close --all".into(), "market sell 2 SOL-PERP"),
        ("reverse SOL-PERP".into(), "market sell 4 SOL-PERP"),
        (format!("submit {}", file.display()), "would be placed: message 1"),
        ("revoke".into(), "signed messages void up to"),
        ("create --name third".into(), "sub-account 2: it is created, called \"third\""),
        ("deposit 100".into(), "wallet: dollars 10000.00 -> 9900.00"),
        ("withdraw 100".into(), "dollars 10000.00 -> 9900.00"),
        ("transfer 100 --to hedge".into(), "sub-account 1: dollars 0.00 -> 100.00"),
        ("settle".into(), "settle profit or loss"),
        ("isolate SOL-PERP 500".into(), "SOL-PERP own collateral 0.00 -> 500.00"),
        ("leverage SOL-PERP 5".into(), "SOL-PERP initial margin the market's own -> 20%"),
        (format!("builder {friend} --fee 0.02"), "builder none -> 8opH..ScKh"),
        (format!("delegate {friend}"), "delegate none -> 8opH..ScKh"),
        ("grow 16".into(), "room for orders 8 -> 16"),
        ("close-account --account hedge".into(), "sub-account 1: it is closed"),
        ("prices --refresh".into(), "refresh the prices"),
        ("verify".into(), "verify the books of 2 markets"),
        ("insurance stake 5".into(), "wallet: dollars 10000.00 -> 9995.00"),
        ("vault create".into(), "create the backstop vault"),
    ];
    for (line, said) in &dry {
        let told = me.text(&format!("{line} --dry-run"));
        assert!(told.contains(said) && told.contains("nothing was sent"), "kedge {line}: {told}");
        assert!(told.contains("network fee 0.0000") && told.contains(" SOL"), "kedge {line}: {told}");
        me.json(&format!("{line} --dry-run"));
    }
    assert_eq!(lamports(), before, "nothing was paid");
    // A command that sends and is not in the list has not been tried.
    let reading = [
        "markets",
        "prices",
        "funding",
        "account",
        "accounts",
        "balances",
        "positions",
        "orders",
        "risk",
        "history",
        "explain",
        "audit",
        "default",
        "watch",
        "sign",
        "completion",
        "help",
        "init",
        "config",
        "keygen",
        "address",
        "airdrop",
        "book",
        "trades",
        "fees",
        "pnl",
        "outcome",
        // As the admin does it: tests/admin.rs.
        "admin",
    ];
    let help = me.run("help", "text").out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for command in commands.filter_map(|line| line.split_whitespace().next()) {
        let tried = dry.iter().any(|(line, _)| line.split(' ').next() == Some(command));
        assert!(tried || reading.contains(&command), "kedge {command} sends, and its --dry-run is not tried");
    }
    // A dry run refuses what sending would refuse, and lists the questions.
    assert!(me.fails("withdraw 999999 --dry-run", 3).contains("refused"));
    let told = me.text("place SOL-PERP buy 1 --limit 250 --dry-run");
    assert!(told.contains("would ask first: --limit 250.00 is 38.9% above the oracle 180.00"), "{told}");
    assert_eq!(me.json("place SOL-PERP buy 1 --limit 250 --dry-run")["doubts"].as_array().unwrap().len(), 1);

    // Without a terminal a slip is refused with the flag and the number, and goes on with --yes.
    for (line, said) in [
        (
            "place SOL-PERP buy 1 --limit 250".to_owned(),
            "--limit 250.00 is 38.9% above the oracle 180.00, more than --max-distance 2",
        ),
        ("place SOL-PERP buy 1 --protection 500".into(), "--protection 500.00 is 177.8% above"),
        ("place SOL-PERP sell 1 --stop 500".into(), "--stop 500.00 fires at once: the oracle stands at 180.00"),
        ("place SOL-PERP buy 700".into(), "it is worth 126000.00 dollars at 180.00, more than --max-notional 100000"),
        (
            "place SOL-PERP buy 600 --limit 150 --max-notional 50000".into(),
            "it is worth 90000.00 dollars at 150.00, more than --max-notional 50000",
        ),
        ("sign SOL-PERP buy 1 --limit 250".into(), "--limit 250.00 is 38.9%"),
        (format!("modify {order} --limit 250"), "--limit 250.00 is 38.9%"),
        ("cancel --all --priority-fee 99999999999".into(), "SOL for"),
        ("close-account --account hedge".into(), "cannot be undone"),
    ] {
        let said_so = me.fails(&line, 2);
        assert!(said_so.contains(said) && said_so.contains("--yes sends it all the same"), "kedge {line}: {said_so}");
    }
    assert_eq!(lamports(), before, "nothing was paid");
    assert!(me.fails("place SOL-PERP buy 1 --limit 150 --builder", 2).contains("kedge builder ADDRESS --fee 0.02"));
    assert!(me.text("place SOL-PERP sell 1 --stop 500 --yes").contains("placed order"));
    me.text(&format!("modify {order} --limit 190 --yes"));
    assert!(me.text("cancel --all --priority-fee 1000").contains("was removed"));
}

#[test]
fn what_is_typed_is_understood_or_answered_with_what_helps() {
    let (fixture, mut me, owner, _, _) = opening(20_000);

    let told = me.text("place SOL buy 500usd --limit 170");
    assert!(
        told.contains("500.00 dollars at 170.00 are 2.94 SOL-PERP, worth 499.80 (rounded down to the step 0.01)"),
        "{told}"
    );
    assert!(me.text("place sol-perp buy $100 --limit 170").contains("limit buy 0.58 SOL-PERP"));
    assert!(me.fails("place SOL-PERP buy $1", 2).contains("less than the smallest order, 0.1 SOL-PERP, worth 18.00"));
    assert!(me.text("risk SOL buy $1800").contains("buy 10 SOL-PERP"));
    me.text("cancel --all");

    assert!(me.fails("place SLO buy 1", 5).contains("did you mean SOL-PERP?"));
    assert!(me.fails("place SOL-PERP buy 2.555", 2).contains("step 0.01: 2.55 or 2.56"));
    assert!(me.fails("place SOL-PERP buy 1 --limit 180.005", 2).contains("tick 0.01: 180.00 or 180.01"));
    assert!(me.fails("place SOL-PERP sell 1 --trail 99", 2).contains("0.01 to 20 percent"));
    assert!(me.fails("place SOL-PERP buy 10 --twap 1 --every 1", 2).contains("10..=86400"));
    let friend = "8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh";
    assert!(me.fails(&format!("builder {friend} --fee 2"), 2).contains("0 to 0.1 percent"));
    assert!(me.fails("delegate abc", 2).contains("base58 of 32 bytes"));
    assert!(me.fails(&format!("account {owner}"), 5).contains(&format!("kedge accounts --authority {owner}")));
    let said = me.fails(&format!("withdraw 1 --to {owner}"), 2);
    assert!(said.contains("is no token account; if it is a wallet, its account for this token is"), "{said}");
    assert!(me.fails("deposit 999999", 3).contains("the wallet holds 10000.00 dollars, less than 999999"));

    // An error of the parser is JSON too, with --json.
    let run = me.run("place SOL-PERP hold 1", "json");
    let said: serde_json::Value = serde_json::from_str(&run.err).unwrap();
    assert_eq!((run.code, &said["error"]["exit_code"]), (2, &2.into()));
    assert!(said["error"]["message"].as_str().unwrap().contains("hold"), "{said}");

    // A wallet without SOL is told its own address.
    let poor = solana_keypair::Keypair::new();
    let path = fixture.folder.join("poor.json");
    std::fs::write(&path, serde_json::to_string(&poor.to_bytes().to_vec()).unwrap()).unwrap();
    let address = solana_signer::Signer::pubkey(&poor).to_string();
    let said = Person::new(&fixture, path).fails("create", 1);
    assert!(said.contains(&address) && said.contains("`kedge airdrop`"), "{said}");

    // The default account is the first one; a flag names another.
    me.text("create --name hedge --orders 4");
    me.text("transfer 100 --to hedge");
    assert_eq!(amount(&me.json("balances --account hedge")[0]["amount"]), 100.0);
    assert_eq!(amount(&me.json("balances --id 1")[0]["amount"]), 100.0, "its name of old");
    me.account = Some("hedge");
    assert_eq!(me.json("account")["id"], 1);
    assert_eq!(me.json("account --account 0")["id"], 0);
    me.account = None;
    assert_eq!(me.json("account")["id"], 0);
    assert!(me.fails("account --account nobody", 5).contains("no sub-account called `nobody`"));
    me.text("withdraw max");
    assert!(me.text("accounts").contains("*0 main"));
    me.text("close-account --yes");
    assert_eq!(me.json("account")["id"], 1, "the next one");
    assert_eq!(me.json("accounts")[0]["default"], true);
    let started = Instant::now();
    assert!(me.text("place SOL-PERP buy 0.1 --limit 150").contains("/1 placed order"));
    println!("an order took {:?}", started.elapsed());
}
