//! Every command of the real binary against the real program on a local chain, as text and as JSON: a trader's way from
//! an empty wallet to a closed account, with its mistakes.

mod person;

use kedge_interface::address;
use kedge_interface::instruction::{Instruction, PlaceOrders};
use kedge_model::Layout;
use kedge_model::account::order::{OrderKind, OrderParams};
use kedge_model::event::FillRecord;
use kedge_model::quantity::{Price, Size};
use kedge_testbed::fixture::{Fixture, Keeper};
use person::{Person, amount};
use serde_json::Value;
use solana_keypair::Keypair;
use solana_signer::Signer;

#[test]
fn a_session_from_nothing_to_nothing() {
    let fixture = Fixture::start();
    let (me, address) = fixture.wallet("me", 20_000);
    let (maker, _) = fixture.wallet("maker", 1_000_000);
    let (friend, friend_address) = fixture.wallet("friend", 0);
    let (me, maker, friend) = (Person::new(&fixture, me), Person::new(&fixture, maker), Person::new(&fixture, friend));

    sets_up(&fixture, &me);
    looks_around(&me);
    opens_accounts(&me, &address.to_string());
    maker.text("create --name maker --orders 16");
    maker.text("deposit 500000");
    thinks_before_acting(&me);
    trades(&fixture, &me, &maker);
    delegates(&me, &friend, &friend_address.to_string());
    signs(&fixture, &me, &friend, &friend_address.to_string());
    limits_itself(&me, &friend_address.to_string());
    moves_money(&me);
    looks_back(&fixture, &me, &maker);
    leaves(&me, &maker);

    let help = me.run("help", "text").out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Folded lines are indented further.
    let commands = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let ran = me.ran.borrow();
    for command in commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        for form in ["text", "json"] {
            assert!(ran.contains(&(command.into(), form)), "kedge {command} was not run as {form}");
        }
    }
}

/// From no file at all to a funded wallet and a configuration: nothing of it asks, and no key is shown.
fn sets_up(fixture: &Fixture, me: &Person) {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let new = Person::new(fixture, fixture.folder.join("desk/new.json"));
    assert!(me.fails("keygen", 2).contains("is there already and was not touched"));
    std::fs::create_dir(fixture.folder.join("desk")).unwrap();
    assert!(new.fails("address", 2).contains("`kedge keygen` makes one"));
    let address = new.text("keygen").split(' ').next().unwrap().to_owned();
    assert_eq!((new.text("address"), mode(&new.keypair)), (address.clone(), 0o600));
    assert_ne!(new.json("keygen --force")["address"], address.as_str());
    let address = new.json("address")["address"].as_str().unwrap().to_owned();
    assert_eq!(
        (me.json("keygen other.json")["file"].as_str(), mode(&fixture.folder.join("other.json"))),
        (Some("other.json"), 0o600)
    );

    let told = new.text("airdrop");
    assert!(told.contains("2 SOL, which makes 2 ") && told.contains("1000.00 test dollars"), "{told}");
    let told = new.json("airdrop --sol 0 --usdc 5.5");
    assert_eq!((&told["usdc"], &told["sol"]), (&"1005.50".into(), &Value::Null));
    // Where the keypair may mint, it does: the supply grows.
    let admin = Person::new(fixture, fixture.folder.join("admin.json"));
    let supply = || {
        u64::from_le_bytes(fixture.localnet.account(fixture.mint).unwrap().unwrap().data[36..44].try_into().unwrap())
    };
    let before = supply();
    admin.text(&format!("airdrop --sol 0 --usdc 7 --to {address}"));
    assert_eq!(
        (supply() - before, new.json("airdrop --sol 0 --usdc 1")["usdc"].as_str()),
        (7_000_000, Some("1013.50"))
    );

    // The file, without any variable.
    let bare = |line: &str, form| new.run_with(line, form, &[]);
    let key = format!("{}/?api-key=s3cretkey", new.url);
    let run = bare(&format!("init --url {key} --keypair {} --market sol-perp", new.keypair.display()), "text");
    assert!(
        run.code == 0 && run.out.contains("market    sol-perp") && !run.out.contains("s3cret"),
        "{}{}",
        run.out,
        run.err
    );
    assert!(std::fs::read_to_string(&new.config).unwrap().contains("s3cretkey"));
    assert_eq!(mode(&new.config), 0o600);
    assert!(bare("init", "text").out.starts_with("unchanged:"), "what is not named keeps its value");
    assert_eq!(bare("init --account 4", "json").code, 0);
    let shown: Value = serde_json::from_str(&bare("config", "json").out).unwrap();
    let from = |key: &str| shown["values"][key]["from"].as_str().unwrap().to_owned();
    assert_eq!((&shown["values"]["account"]["value"], from("account")), (&"4".into(), "the file".into()));
    assert!(!shown.to_string().contains("s3cret") && from("url") == "the file", "{shown}");
    assert!(bare("address", "text").out.starts_with(&address));
    assert!(bare("markets", "text").out.contains("SOL-PERP"));
    assert!(bare("book", "text").out.starts_with("SOL-PERP  oracle 180.00"), "the default market");
    assert!(bare("account", "text").err.contains("no sub-account 4"), "the default account");
    let shown =
        new.run_with("config --keypair x.json", "json", &[("KEDGE_URL", "devnet"), ("KEDGE_MARKET", "BTC-PERP")]);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let from = |key: &str| shown["values"][key]["from"].as_str().unwrap();
    assert_eq!((from("url"), from("keypair")), ("the variable KEDGE_URL", "the command line"));
    assert_eq!(
        (from("market"), &shown["values"]["url"]["value"]),
        ("the variable KEDGE_MARKET", &"https://api.devnet.solana.com".into())
    );
    std::fs::write(&new.config, "url = \"https://host.invalid/s3cretkey\" x").unwrap();
    let run = bare("markets", "text");
    assert!(run.code == 2 && run.err.contains("line 1") && !run.err.contains("s3cret"), "{}", run.err);
    assert!(me.text("config").contains("KEDGE_URL"));
    me.text("init --account 0");
    me.json("init");
    assert_eq!(me.json("config")["exists"], true);
    assert_eq!(me.text("address"), me.json("address")["address"].as_str().unwrap());
    me.json("airdrop --sol 0.5 --usdc 0");
    me.text("airdrop --sol 0.5 --usdc 0");
}

fn looks_around(me: &Person) {
    assert!(me.text("audit").ends_with("EVERYTHING RECONCILES"));
    assert_eq!(me.json("audit")["holds"], true);
    assert!(me.text("markets").contains("SOL-PERP"));
    assert!(me.text("markets sol-perp").contains("smallest order 0.1"));
    let markets = me.json("markets");
    assert_eq!((&markets[1]["name"], &markets[1]["price_state"]), (&"BTC-PERP".into(), &"Normal".into()));
    assert_eq!(amount(&markets[0]["oracle_price"]), 180.0);
    assert!(me.text("prices").contains("pyth"));
    assert!(me.text("admin show").contains("2 markets, 1 banks"));
    assert_eq!(me.json("admin show")["paused"], serde_json::json!([]));
    let refreshed = me.json("prices --refresh");
    assert_eq!(refreshed["refreshed_by"].as_array().unwrap().len(), 1);
    assert!(me.text("funding").contains("NEXT/YEAR"));
    assert_eq!(me.text("default show"), "nobody has defaulted yet");
    let told = me.text("insurance show");
    assert!(told.starts_with("staked insurance") && told.contains(" 0 shares"), "{told}");
    assert_eq!(me.json("default show"), Value::Array(Vec::new()));
    assert_eq!(me.json("insurance show")["own_shares"], "0");
    assert!(me.text("verify").contains("the books of 2 markets add up"));
    assert_eq!(me.json("verify")["verified"][0]["markets"], 2);
    assert!(me.text("vault show").contains("kedge vault create"));
    assert_eq!(me.json("vault show")["exists"], false);
    assert_eq!(me.json("funding BTC-PERP")[0]["market"], "BTC-PERP");
    assert!(me.text("accounts").contains("kedge create"));

    let said = me.fails("account", 5);
    assert!(said.contains("you have no sub-account") && said.contains("kedge create"), "{said}");
    assert!(me.fails("markets DOGE-PERP", 5).contains("listed: SOL-PERP, BTC-PERP"));
    assert!(me.fails("explain abc", 2).contains("base58"));
    let nobody = Person { keypair: me.keypair.with_file_name("nobody.json"), ..me.like() };
    assert!(nobody.fails("create", 2).contains("`kedge keygen` makes one"));
    assert!(nobody.text("markets").contains("SOL-PERP"), "reading needs no keypair");
    let nowhere = Person { url: "http://127.0.0.1:9".into(), ..me.like() };
    assert!(nowhere.fails("markets", 1).contains("http://127.0.0.1:9/ does not answer"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(me.run(&format!("completion {shell}"), "text").out.contains("kedge"));
    }
    assert_eq!(me.run("completion bash", "json").code, 0);
    assert_eq!(me.run("place SOL-PERP hold 1", "text").code, 2);
}

fn opens_accounts(me: &Person, address: &str) {
    assert!(me.text("create").contains("created sub-account 0 \"main\""));
    // A name that clears the reader's screen.
    let hedge = me.json("create --name \u{1b}[2Jhedge --orders 4");
    assert_eq!((&hedge["id"], &hedge["trader_created"]), (&1.into(), &false.into()));
    assert!(me.fails("create --orders 7", 2).contains("multiple of 4"));
    assert!(me.fails("deposit 1000000", 3).contains("the wallet holds 20000.00"));
    assert!(me.fails("deposit 1.2.3", 2).contains("not a decimal number"));
    assert!(me.text("deposit 9000").contains("received 9000.00 (dollars), balance now 9000.00"));
    me.json("deposit 1000");
    let balances = me.json("balances");
    assert_eq!((amount(&balances[0]["amount"]), amount(&balances[0]["in_wallet"])), (10_000.0, 10_000.0));
    assert_eq!(amount(&balances[0]["can_leave"]), 10_000.0);
    me.text("balances");
    let listed = me.json("accounts");
    assert_eq!((listed.as_array().unwrap().len(), &listed[1]["name"]), (2, &"\u{1b}[2Jhedge".into()));
    assert_eq!(listed[0]["authority"], address);
    assert!(me.text("accounts").contains("\\u{1b}[2Jhedge"));
    for (line, form) in [("accounts", "text"), ("accounts", "json"), ("account --id 1", "text")] {
        let run = me.run(line, form);
        assert!(run.out.contains("hedge") && !run.out.contains('\u{1b}'), "{line}: {:?}", run.out);
    }
}

fn thinks_before_acting(me: &Person) {
    assert!(me.text("risk").contains("no positions"));
    let told = me.text("risk SOL-PERP buy 10");
    assert!(told.contains("buy 10 SOL-PERP at 180.90: would be accepted"), "{told}");
    let told = me.json("risk SOL-PERP buy 100 --limit 180");
    assert_eq!((&told["prices"], &told["order"]["accepted"]), (&"refreshed".into(), &true.into()));
    // 18,000 of value at 1/15.
    let requirement = amount(&told["filled"]["pockets"][0]["initial"]["requirement"]);
    assert!((1_200.0..1_201.0).contains(&requirement), "{requirement}");
    assert!(amount(&told["filled"]["positions"][0]["liquidation_price"]) < 90.0);
    assert_eq!(told["now"]["positions"].as_array().unwrap().len(), 0);
    let told = me.text("risk SOL-PERP buy 5000");
    assert!(told.contains("would be refused"), "{told}");
    assert!(me.fails("risk SOL-PERP buy 0.001", 2).contains("not a multiple of the step 0.01"));
}

fn trades(fixture: &Fixture, me: &Person, maker: &Person) {
    maker.text("place SOL-PERP sell 50 --limit 180.20 --post-only");
    maker.text("place SOL-PERP buy 50 --limit 179.80 --post-only");

    // A resting order, twice.
    let told = me.text("place SOL-PERP buy 2 --limit 150 --post-only --client-id 7");
    assert!(told.contains("placed order") && told.contains("limit buy 2 SOL-PERP at 150.00"), "{told}");
    me.json("order place BTC-PERP sell 0.01 --limit 120000 --expires-in 600");
    let old = me.json("place SOL-PERP buy 1 --limit 150 --post-only")["order_id"].clone();
    let new = me.json(&format!("place SOL-PERP buy 1 --limit 152 --post-only --instead-of {old}"))["order_id"].clone();
    let open = me.json("orders");
    let is_open = |id: &Value| open.as_array().unwrap().iter().any(|order| order["id"] == *id);
    assert!(is_open(&new) && !is_open(&old), "{open}");
    me.fails(&format!("place SOL-PERP buy 1 --limit 152 --instead-of {old}"), 3);
    me.text(&format!("cancel {new}"));
    let orders = me.json("orders");
    assert_eq!((orders.as_array().unwrap().len(), &orders[0]["client_id"]), (2, &"7".into()));
    let first = orders[0]["id"].as_u64().unwrap();
    assert!(me.text("orders SOL-PERP").contains("post"));

    // It changes in its place.
    assert!(me.text(&format!("modify {first} --limit 151 --size 1.5")).contains("limit buy 1.5 SOL-PERP at 151.00"));
    me.json(&format!("modify {first} --expires-in 600"));
    let changed = me.json("orders SOL-PERP");
    assert_eq!((&changed[0]["price"], &changed[0]["size"]), (&"151.00".into(), &"1.5".into()));
    assert!(changed[0]["expires_at"].as_u64().is_some());
    assert!(me.fails("modify 999 --size 1", 5).contains("no open order 999"));

    // A market order opens its auction and waits for keepers, of which there are none here.
    me.text("place SOL-PERP buy 1");
    assert!(me.text("orders").contains("auction"));
    looks_at_the_book(me);
    assert!(me.text(&format!("cancel {first}")).contains("was removed (requested)"));
    let said = me.fails(&format!("cancel {first}"), 5);
    assert!(said.contains("no open order") && said.contains("kedge orders"), "{said}");
    me.json("cancel --market BTC-PERP --side sell");
    me.text("place SOL-PERP buy 1 --limit 150 --client-id 9");
    assert!(me.text("cancel --client-id 9").contains("was removed (requested)"));
    me.text("cancel --all");
    assert_eq!(me.json("orders").as_array().unwrap().len(), 0);

    // At once against the maker, as was foretold.
    let foretold = me.json("risk SOL-PERP buy 20 --limit 180.20");
    let told = me.text("place SOL-PERP buy 20 --limit 180.20 --ioc --min-fill 20");
    assert!(told.contains("bought 20 of 20 SOL-PERP at 180.20"), "{told}");
    let positions = me.json("positions");
    assert_eq!((&positions[0]["side"], amount(&positions[0]["entry_price"])), (&"long".into(), 180.2));
    assert_eq!(positions[0]["liquidation_price"], foretold["filled"]["positions"][0]["liquidation_price"]);
    me.text("positions");
    assert!(me.text("account").contains("in good standing") || me.text("account").contains("good"));
    let account = me.json("account");
    let health = amount(&account["pockets"][0]["health_percent"]);
    assert!((98.0..100.0).contains(&health), "{health}");
    assert!(me.text("funding SOL-PERP").contains("20"));

    let said = me.fails("place SOL-PERP buy 5000 --limit 170", 3);
    assert!(said.contains("below the margin") && said.contains("kedge risk"), "{said}");
    assert!(me.fails("place SOL-PERP buy 2.555", 2).contains("multiple of the step"));
    assert!(me.fails("place SOL-PERP buy 1 --limit 180.123456", 2).contains("multiple of the tick"));
    assert!(me.fails("place SOL-PERP buy 1 --min-fill 1", 2).contains("--take or --ioc"));

    // The oracle moves, and the position's value with it: read fresh, without a transaction.
    fixture.set_price(0, 185);
    let positions = me.json("positions SOL-PERP");
    assert_eq!(amount(&positions[0]["oracle_price"]), 185.0);
    let pnl = amount(&positions[0]["pnl"]);
    assert!((90.0..96.0).contains(&pnl), "20 coins, 4.80 dollars each, less the fee: {pnl}");
    fixture.set_price(0, 180);

    let history = me.json("history --limit 3");
    assert_eq!(history.as_array().unwrap().len(), 3);
    let signature = history[0]["signature"].as_str().unwrap().to_owned();
    assert!(me.text("history").contains("bought 20 SOL-PERP"));
    assert!(me.text("positions").contains("`kedge pnl` takes it apart"));
    assert!(me.text(&format!("explain {signature}")).contains("succeeded in slot"));
    assert!(me.text(&format!("outcome {signature}")).contains("landed in slot"));
    assert_eq!(me.json(&format!("outcome {signature} --wait"))["outcome"], "landed");
    let nothing = bs58::encode([7; 64]).into_string();
    assert!(me.fails(&format!("outcome {nothing}"), 6).contains("may still get into one"));
    assert!(me.fails(&format!("outcome {nothing} --last-valid 1"), 4).contains("nothing was changed"));
    assert_eq!(me.json(&format!("explain {signature}"))["failure"], Value::Null);
    assert!(me.text("watch --count 2 --every 1").matches("sub-account 0").count() == 2);
    assert_eq!(me.json("watch --count 1")["id"], 0);
    meets_makers_that_follow_the_oracle(fixture, me, maker);
}

/// The maker's two orders, and a market order that waits for keepers.
fn looks_at_the_book(me: &Person) {
    let book = me.json("book SOL-PERP");
    let level =
        |side: &str| (book[side][0]["price"].clone(), book[side][0]["size"].clone(), book[side][0]["orders"].clone());
    assert_eq!(level("asks"), ("180.20".into(), "50".into(), 1.into()), "{book}");
    assert_eq!(level("bids"), ("179.80".into(), "50".into(), 1.into()), "{book}");
    assert_eq!(book["bids"].as_array().unwrap().len(), 2, "and my own at 151: {book}");
    assert_eq!((amount(&book["oracle_price"]), amount(&book["vamm"]["ask"]["price"])), (180.0, 180.36), "{book}");
    let auctions = book["auctions"].as_array().unwrap();
    assert_eq!((auctions.len(), &auctions[0]["side"], &auctions[0]["left"]), (1, &"buy".into(), &"1".into()), "{book}");
    assert!(
        (180.0..=180.9).contains(&amount(&auctions[0]["price"])) && amount(&auctions[0]["end_price"]) == 180.9,
        "{book}"
    );
    let told = me.text("book SOL-PERP --depth 1 --watch --every 1 --count 2");
    assert_eq!(told.matches("SOL-PERP oracle 180.00").count(), 2, "{told}");
    assert!(told.contains("50 50 179.80 180.20 50 50") && told.contains("1 more prices: --depth"), "{told}");
    assert!(me.fails("book", 2).contains("kedge init --market"));
}

/// Each record of the transaction of a fill of 20 coins, with all its fields in raw units.
fn explains_a_fill(me: &Person, signature: &str) {
    let told = me.json(&format!("explain {signature}"));
    let batches =
        || told["instructions"].as_array().unwrap().iter().flat_map(|step| step["batches"].as_array().unwrap());
    let events: Vec<&Value> = batches().flat_map(|batch| batch["events"].as_array().unwrap()).collect();
    let counted: u64 = batches().map(|batch| batch["raw"]["count"].as_u64().unwrap()).sum();
    assert_eq!(u64::try_from(events.len()).unwrap(), counted, "{told}");
    assert!(batches().all(|batch| batch["unread"] == 0 && batch["raw"]["seq"].is_string()), "{told}");
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"order_placed") && kinds.contains(&"fill"), "what is logged and what is not: {kinds:?}");
    let fill = &events.iter().find(|event| event["kind"] == "fill").unwrap()["raw"];
    let expected: Vec<&str> =
        FillRecord::FIELDS.iter().map(|field| field.name).filter(|name| !name.starts_with("padding")).collect();
    assert!(
        expected.iter().all(|name| fill.get(name).is_some()) && fill.as_object().unwrap().len() == expected.len(),
        "{fill}"
    );
    assert_eq!((&fill["size"], &fill["quote"]), (&"20000000000".into(), &"3604000000".into()), "{fill}");
    assert_eq!(fill["taker"]["authority"], me.json("account")["authority"], "{fill}");
}

/// Trades and their results, from the transactions of the market and of the account.
fn looks_back(fixture: &Fixture, me: &Person, maker: &Person) {
    let trades = me.json("trades SOL-PERP");
    let trade = &trades["trades"][0];
    assert_eq!(
        (&trade["side"], &trade["size"], &trade["price"], &trade["from"]),
        (&"buy".into(), &"20".into(), &"180.20".into(), &"book".into())
    );
    assert_eq!((trades["trades"].as_array().unwrap().len(), &trades["before"]), (1, &Value::Null));
    explains_a_fill(me, trade["signature"].as_str().unwrap());
    assert!(me.text("trades btc-perp").contains("98650.00"));
    let page = me.json("trades SOL-PERP --look 1");
    let next = me.json(&format!("trades SOL-PERP --before {}", page["before"].as_str().unwrap()));
    assert_eq!(next["trades"].as_array().unwrap().len() + page["trades"].as_array().unwrap().len(), 1);

    // A failed transaction has no events and is no history.
    let keypair: Vec<u8> = serde_json::from_str(&std::fs::read_to_string(&me.keypair).unwrap()).unwrap();
    let owner = Keypair::try_from(keypair.as_slice()).unwrap().pubkey();
    let order = OrderParams {
        price: Price(150_000_000),
        size: Size(1_000_000_000),
        kind: OrderKind::Limit as u8,
        ..OrderParams::default()
    };
    let place = |order: OrderParams| -> Instruction {
        PlaceOrders {
            signer: owner,
            market: address::market(0),
            sub_account: address::sub_account(&owner, 0),
            orders: vec![order],
        }
        .into()
    };
    let failed = Keeper::new(fixture, &me.keypair)
        .send_failing(&[place(order), place(OrderParams { size: Size(1_000_000_001), ..order })]);
    let mut told = me.run(&format!("explain {failed}"), "json");
    for _ in 0..50 {
        if told.code == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        told = me.run(&format!("explain {failed}"), "json");
    }
    let told: Value = serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}{}", told.out, told.err));
    assert_eq!(told["failure"]["name"], "NotStepMultiple", "{told}");
    let steps = told["instructions"].as_array().unwrap();
    assert!(steps.len() == 2 && steps.iter().all(|step| step["batches"] == Value::Array(vec![])), "{told}");

    // All of it, page by page, once.
    let all = me.json("history --limit 1000");
    let all = all.as_array().unwrap();
    assert!(all.iter().all(|one| one["signature"] != failed.as_str()));
    let created = all.last().unwrap();
    assert_eq!(created["entries"][0]["kind"], "create_sub_account", "it goes back to the beginning: {created}");
    let mut pages = Vec::new();
    let mut line = "history --limit 7".to_owned();
    loop {
        let page = me.json(&line);
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { break };
        line = format!("history --limit 7 --before {}", last["signature"].as_str().unwrap());
        pages.extend(page.iter().map(|one| one["signature"].clone()));
    }
    assert_eq!(pages, all.iter().map(|one| one["signature"].clone()).collect::<Vec<_>>());
    assert!(me.text("history --limit 2").contains("older: kedge history --before"));

    let fills = me.json("history --fills --limit 100");
    let fills: Vec<&Value> =
        fills.as_array().unwrap().iter().flat_map(|one| one["entries"].as_array().unwrap()).collect();
    assert_eq!(fills.len(), 3, "one in SOL, two in BTC: {fills:?}");
    assert_eq!(
        (&fills[2]["market"], &fills[2]["role"], &fills[2]["value"]),
        (&"SOL-PERP".into(), &"taker".into(), &"3604.00".into())
    );
    let (bought, sold) = (amount(&fills[1]["value"]), amount(&fills[0]["value"]));
    assert!((amount(&fills[0]["realised"]) - (sold - bought)).abs() < 1e-6, "{fills:?}");
    assert!(me.text("history --fills").contains("taker"));
    let csv = me.run("history --fills --limit 100 --csv", "text").out;
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((rows.len(), rows[0][2], rows[3][6], rows[3][7]), (4, "kind", "180.20", "3604.00"), "{csv}");
    let as_maker = maker.json("history --fills");
    assert!(amount(&as_maker[0]["entries"][0]["fee"]) < 0.0, "a rebate: {as_maker}");

    let fees = me.json("fees");
    assert_eq!(
        (&fees["you"]["tier"], &fees["you"]["taker_percent"], &fees["tiers"][0]["yours"]),
        (&0.into(), &"0.1".into(), &true.into())
    );
    assert!(
        amount(&fees["you"]["volume_not_counted"]) > 5_000.0 && amount(&fees["you"]["volume_30d"]) == 0.0,
        "{fees}"
    );
    let counted = me.text("fees --count");
    assert!(counted.contains("you pay as taker 0.1%") && counted.contains("5574.00 counted"), "{counted}");
    // Hours later funding was charged: the market's records and the claim agree on the payment.
    let now = fixture.localnet.market_clock().seconds(std::time::Instant::now());
    fixture.localnet.set_time(now + 3_700).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    Keeper::new(fixture, &maker.keypair).charge_funding(0);
    let paid = me.json("history --funding");
    assert_eq!((paid.as_array().unwrap().len(), &paid[0]["base"]), (1, &"20".into()), "{paid}");
    assert!(me.text("history --funding").contains("sum"));
    let pnl = me.json("pnl");
    let sol = &pnl["markets"][0];
    assert_eq!(
        (&pnl["complete"], &sol["market"], &sol["realised"]),
        (&true.into(), &"SOL-PERP".into(), &"0.00".into()),
        "{pnl}"
    );
    assert!(
        (amount(&sol["funding"]) - amount(&paid[0]["amount"])).abs() < 3e-6 && amount(&sol["funding"]) != 0.0,
        "{pnl} {paid}"
    );
    let unknown = me.json("pnl --look 1");
    assert_eq!((&unknown["complete"], &unknown["markets"][0]["realised"]), (&false.into(), &Value::Null));
    assert!(me.text("pnl SOL-PERP --look 1").contains('?'));
}

/// An order at a distance to the oracle is met where the taker's own refresh puts it: here below where the board, as it
/// stands, has it.
fn meets_makers_that_follow_the_oracle(fixture: &Fixture, me: &Person, maker: &Person) {
    maker.text("place BTC-PERP sell 0.01 --offset 150");
    fixture.set_price(1, 98_500);
    let told = me.text_in_time("place BTC-PERP buy 0.01 --limit 98650 --ioc --min-fill 0.01");
    assert!(told.contains("bought 0.01 of 0.01 BTC-PERP at 98650.00"), "{told}");
    maker.text("place BTC-PERP buy 0.01 --limit 98400 --post-only");
    me.text_in_time("place BTC-PERP sell 0.01 --limit 98400 --ioc --min-fill 0.01 --reduce-only");
    me.text("settle BTC-PERP");
    maker.text("settle BTC-PERP");
    fixture.set_price(1, 98_765);
}

fn delegates(me: &Person, friend: &Person, address: &str) {
    let line =
        format!("place SOL-PERP buy 1 --limit 150 --authority {}", me.json("account")["authority"].as_str().unwrap());
    assert!(friend.fails(&line, 3).contains("neither the authority nor the delegate"));
    assert!(me.text(&format!("delegate {address}")).contains("may place and cancel orders"));
    assert!(friend.text("accounts --delegated").contains("main"));
    friend.text(&line);
    assert_eq!(me.json("orders").as_array().unwrap().len(), 1);
    me.text("cancel --all");
    assert_eq!(me.json("delegate --none")["delegate"], Value::Null);
    friend.fails(&line, 3);
    assert!(me.text("grow 12").contains("room for 12 orders (before: 8)"));
    assert_eq!(me.json("grow 16")["order_slots"], 16);
    assert!(me.fails("grow 16", 2).contains("more than the 16 of now"));
}

fn signs(fixture: &Fixture, me: &Person, friend: &Person, delegate: &str) {
    let file = fixture.folder.join("order.json");
    let submit = format!("submit {}", file.display());
    let open = || me.json("orders").as_array().unwrap().len();

    // Another account places the signed message, once.
    let told = me.text(&format!("sign SOL-PERP buy 1 --limit 150 --post-only --out {}", file.display()));
    assert!(told.contains("signed message 1 for sub-account 0") && told.contains("until slot"), "{told}");
    assert!(told.contains("limit buy 1 SOL-PERP at 150.00 or better, post-only"), "{told}");
    assert!(friend.text(&format!("{submit} --dry-run")).contains("would be placed: message 1 for sub-account 0"));
    assert_eq!(open(), 0, "nothing was sent so far");
    let told = friend.text(&submit);
    assert!(told.contains("signed by the owner") && told.contains("placed order"), "{told}");
    assert_eq!(open(), 1);
    assert!(friend.fails(&submit, 3).contains("placed or revoked before"));

    // Without a file the message goes to standard output and its meaning to standard error; --json puts both into one.
    let signed = me.run("sign SOL-PERP sell 1 --limit 250 --valid-for 1", "text");
    assert!(signed.code == 0 && signed.err.contains("signed message 2"), "{}{}", signed.out, signed.err);
    std::fs::write(&file, signed.out).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let said = friend.fails(&submit, 3);
    assert!(said.contains("has passed; sign a new one") && said.contains("--valid-for"), "{said}");
    let signed = me.json("sign SOL-PERP buy 1 --limit 150 --bracket-stop 140 --bracket-profit 160 --number 7");
    assert_eq!((&signed["number"], signed["orders"].as_array().unwrap().len()), (&"7".into(), 3));
    std::fs::write(&file, signed.to_string()).unwrap();
    let placed = me.json(&submit);
    assert_eq!((&placed["number"], &placed["orders"], open()), (&"7".into(), &signed["orders"], 4));
    let signature = placed["transaction"]["signature"].as_str().unwrap();
    let told = me.text(&format!("explain {signature}"));
    assert!(
        told.contains("the orders of the message signed in front of it") && told.contains("placed order"),
        "{told}"
    );
    me.text("cancel --all");

    // A changed byte, another signer, no message at all.
    let changed = |field: &str, value: &Value| {
        let mut signed = signed.clone();
        signed[field] = value.clone();
        std::fs::write(&file, signed.to_string()).unwrap();
        friend.fails(&submit, 2)
    };
    let other = me.json("sign SOL-PERP buy 2 --limit 150");
    assert!(changed("message", &other["message"]).contains("changed after it was signed"));
    assert!(changed("signer", &delegate.into()).contains("the signature is not"));
    assert!(changed("message", &"no bytes".into()).contains("not base64"));
    assert!(friend.fails("submit /nonexistent/order.json", 5).contains("cannot read"));

    // Revoked, all of them or up to a number.
    std::fs::write(&file, other.to_string()).unwrap();
    assert!(me.fails("revoke 5", 2).contains("number 7 was placed or revoked already"));
    assert!(me.text("revoke").contains("up to 1007 cannot be placed any more"));
    assert!(friend.fails(&submit, 3).contains("placed or revoked before"));
    assert_eq!(me.json("revoke 1010")["up_to"], "1010");

    // Only owner and delegate can sign.
    let owner = other["signer"].as_str().unwrap();
    let sign = format!("sign SOL-PERP buy 1 --limit 150 --authority {owner} --out {}", file.display());
    assert!(friend.fails(&sign, 3).contains("neither the authority nor the delegate"));
    me.text(&format!("delegate {delegate}"));
    friend.text(&sign);
    assert!(me.text(&submit).contains("signed by the delegate"));
    me.text("delegate --none");
    me.text("cancel --all");

    assert!(me.fails("sign SOL-PERP buy 1 --ioc", 2).contains("fills at once cannot be signed"));
    assert!(me.fails("sign SOL-PERP buy 1 --valid-for 3600", 2).contains("540"));
    assert!(me.fails("sign SOL-PERP buy 1 --number 5000", 2).contains("too far ahead"));
    assert!(me.fails("sign SOL-PERP buy 1 --number 1010", 3).contains("--number"));
}

fn limits_itself(me: &Person, other: &str) {
    assert!(me.text("leverage SOL-PERP 5").contains("at least 20%"));
    let told = me.json("risk SOL-PERP buy 100 --limit 180");
    let requirement = amount(&told["filled"]["pockets"][0]["initial"]["requirement"]);
    assert!((4_320.0..4_321.0).contains(&requirement), "120 coins at a fifth: {requirement}");
    assert_eq!(amount(&me.json("leverage SOL-PERP max")["initial_margin_percent"]), 6.6667);
    assert!(me.fails("leverage SOL-PERP 50", 2).contains("a leverage of 15.0x"));

    assert!(me.fails("isolate SOL-PERP --merge", 5).contains("is not isolated"));
    assert!(me.text("isolate SOL-PERP 500").contains("isolated with 500.00 now"));
    me.json("isolate SOL-PERP 100");
    me.text("isolate SOL-PERP --take 50");
    let positions = me.json("positions");
    assert_eq!(positions[0]["isolated_collateral"], "550.00");
    let price = amount(&positions[0]["liquidation_price"]);
    assert!((150.0..165.0).contains(&price), "20 coins on 550 dollars: {price}");
    assert!(me.text("positions").contains("long *"));
    assert_eq!(me.json("risk")["now"]["pockets"][1]["pocket"], "SOL-PERP");
    me.text("isolate SOL-PERP --merge");
    assert_eq!(me.json("positions")[0]["isolated_collateral"], Value::Null);

    assert!(me.text(&format!("builder {other} --fee 0.02")).contains("gets 0.02%"));
    assert_eq!(me.json("builder --none")["builder"], Value::Null);
}

fn moves_money(me: &Person) {
    assert!(me.text("transfer 100 --to 1").contains("moved 100.00 to its sub-account 1"));
    me.json("transfer max --from 1 --to 0");
    assert_eq!(me.json("balances --id 1")[0]["amount"], "0.00");
    assert!(me.fails("transfer 100 --from 1 --to 0", 3).contains("kedge balances"));
    assert!(me.fails("transfer 1 --to 0", 2).contains("the same sub-account"));
    let said = me.fails("withdraw 9900", 3);
    assert!(said.contains("below the margin"), "{said}");
    assert!(me.text("withdraw 1000").contains("paid out 1000.00"));
    let before = amount(&me.json("balances")[0]["in_wallet"]);
    assert_eq!(before, 11_000.0);
    // With a position open, only what margin leaves free can be withdrawn.
    me.json("withdraw max");
    let free = amount(&me.json("risk")["now"]["pockets"][0]["initial"]["free"]);
    assert!((0.0..20.0).contains(&free), "{free}");
    me.text("deposit 5000");
}

fn leaves(me: &Person, maker: &Person) {
    for line in ["close SOL-PERP --dry-run", "reverse SOL-PERP --dry-run"] {
        me.text(line);
        me.json(line);
    }
    let said = me.fails("close-account", 2);
    assert!(said.contains("not empty"), "{said}");
    assert!(
        me.text("place SOL-PERP sell 20 --limit 179.80 --ioc --reduce-only")
            .contains("sold 20 of 20 SOL-PERP at 179.80")
    );
    maker.text("settle");
    let settled = me.text("settle");
    assert!(settled.contains("settled") || settled.contains("SOL-PERP"), "{settled}");
    me.json("settle SOL-PERP");
    assert!(me.text("positions").contains("no positions"));
    me.text("withdraw max");
    // Profit and loss are the money that is more or less: 20,000 in the wallet at first, and nothing else since.
    let pnl = me.json("pnl");
    let money: f64 = me
        .json("balances")
        .as_array()
        .unwrap()
        .iter()
        .map(|one| amount(&one["amount"]) + amount(&one["in_wallet"]))
        .sum();
    assert!((amount(&pnl["all"]["total"]) - (money - 20_000.0)).abs() < 1e-6, "{pnl}: {money}");
    assert_eq!(pnl["markets"][0]["realised"], "-8.00", "20 coins bought at 180.20 and sold at 179.80: {pnl}");
    assert!(me.text("pnl").contains("UNREALISED"));
    assert!(me.text("balances").contains("0.00"));
    assert!(me.fails("close-account --account 1", 2).contains("--yes"));
    assert!(me.text("close-account --account 1 --yes").contains("closed sub-account 1"));
    assert!(me.fails("close-account --trader --yes", 2).contains("1 sub-accounts are still open"));
    assert_eq!(me.json("close-account --yes")["closed"], "sub-account 0");
    // The trader account stays once it has had a sub-account: its numbers must not begin anew.
    assert!(me.fails("close-account --trader --yes", 2).contains("has had a sub-account and stays"));
}
