//! Orders that arrive once, with the real command on a local chain: orders that a wallet signs as a text, and orders
//! under a timed client id.

mod person;

use std::collections::BTreeSet;
use std::process::Stdio;

use kedge_interface::address::PROGRAM_ID;
use kedge_testbed::fixture::Fixture;
use person::Person;
use serde_json::Value;
use solana_keypair::{Keypair, read_keypair_file};
use solana_pubkey::Pubkey;
use solana_signer::Signer;

/// A person with collateral, eight order slots and a keypair.
fn trader(fixture: &Fixture, name: &str) -> (Person, Keypair) {
    let (file, _) = fixture.wallet(name, 20_000);
    let key = read_keypair_file(&file).expect("the keypair");
    let person = Person::new(fixture, file);
    person.text("create");
    person.text("deposit 10000");
    (person, key)
}

/// The bytes that a hardware wallet signs for a text, as in docs/signed-orders.md.
fn envelopes(text: &str, signer: &Pubkey) -> [(&'static str, Vec<u8>); 4] {
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    let domain = PROGRAM_ID.to_bytes();
    let opening = b"\xffsolana offchain".as_slice();
    [
        ("version 0", [opening, &[0], &domain, &[0, 1], signer.as_ref(), &length, text.as_bytes()].concat()),
        ("the first tools", [opening, &[0, 0], &length, text.as_bytes()].concat()),
        ("version 1", [opening, &[1, 1], signer.as_ref(), text.as_bytes()].concat()),
        ("letters alone", text.as_bytes().to_vec()),
    ]
}

fn read(file: &std::path::Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).expect("the file")).expect("JSON")
}

#[test]
fn a_text_that_a_wallet_has_signed_is_placed_as_it_reads() {
    let fixture = Fixture::start();
    let (me, key) = trader(&fixture, "me");
    let (helper, _) = fixture.wallet("helper", 0);
    let helper = Person::new(&fixture, helper);
    // Writing the text needs no key.
    let clerk = Person { keypair: fixture.folder.join("nobody.json"), ..helper.like() };
    let (file, owner) = (fixture.folder.join("order.json"), key.pubkey());
    let account = me.json("account")["address"].as_str().unwrap().to_owned();
    let submit = |signature: &str| format!("submit {} --signature {signature}", file.display());

    for (number, limit) in (1u64..).zip([149.1, 149.2, 149.3, 149.4]) {
        let line = format!(
            "sign SOL-PERP buy 1.5 --limit {limit} --post-only --client-id {} --for {owner} --number {number} --valid-for 300",
            70 + number
        );
        // The text to sign stands on one line, however long.
        let run = clerk.run(&format!("{line} --out {}", file.display()), "text");
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        let told = run.words();
        let written = read(&file);
        let text = written["text"].as_str().unwrap();
        let said = format!(
            "Kedge orders in SOL-PERP, market 0: buy 1.5 limit price {limit} client-id {} post-only; account {account}; number \
             {number}; slots ",
            70 + number
        );
        assert!(text.starts_with(&said), "{text}");
        assert_eq!((written["signer"].as_str(), &written["signature"]), (Some(&*owner.to_string()), &Value::Null));
        assert!(told.contains(text) && told.contains("--signature SIGNATURE` places it"), "{told}");

        // Unsigned, signed as another text, and changed after it was signed: nothing of it is placed.
        let (form, message) = envelopes(text, &owner)[usize::try_from(number - 1).unwrap()].clone();
        let signature = key.sign_message(&message).to_string();
        assert!(helper.fails(&format!("submit {}", file.display()), 2).contains("--signature names what the wallet"));
        let other = key.sign_message(message.strip_suffix(b"0").unwrap_or(&message[1..])).to_string();
        assert!(helper.fails(&submit(&other), 2).contains("is not"), "{form}");
        let mut changed = written.clone();
        changed["text"] = text.replace("buy 1.5", "buy 15").into();
        std::fs::write(&file, changed.to_string()).unwrap();
        assert!(helper.fails(&submit(&signature), 2).contains("copy text and signature whole"), "{form}");
        std::fs::write(&file, written.to_string()).unwrap();
        let before = me.json("orders").as_array().unwrap().len();
        assert_eq!(u64::try_from(before).unwrap(), number - 1, "{form}: nothing was placed so far");

        let placed = helper.json(&submit(&signature));
        assert_eq!((&placed["signer"], &placed["number"]), (&owner.to_string().into(), &number.to_string().into()));
        let open = me.json("orders");
        let id = (70 + number).to_string();
        let order = open.as_array().unwrap().iter().find(|order| order["client_id"] == id.as_str());
        let order = order.unwrap_or_else(|| panic!("{form}: {open}"));
        assert_eq!((&order["side"], &order["size"]), (&"buy".into(), &"1.5".into()), "{form}: {order}");
        assert_eq!(order["price"], format!("{limit:.2}"), "{form}: {order}");
        assert!(helper.fails(&submit(&signature), 3).contains("placed or revoked before"), "{form}: once");
        assert_eq!(me.json("orders").as_array().unwrap().len(), before + 1, "{form}");
    }
}

#[test]
fn a_delegate_s_wallet_signs_for_the_owner_and_a_stranger_s_does_not() {
    let fixture = Fixture::start();
    let (me, key) = trader(&fixture, "me");
    let (bot, stranger) = (Keypair::new(), Keypair::new());
    let file = fixture.folder.join("order.json");
    let sign = |signer: &Keypair| {
        let (signer, owner) = (signer.pubkey(), key.pubkey());
        format!("sign SOL-PERP sell 1 --limit 250 --yes --for {signer} --authority {owner} --out {}", file.display())
    };
    assert!(me.fails(&sign(&bot), 3).contains("neither the authority nor the delegate"));
    me.text(&format!("delegate {}", bot.pubkey()));
    let run = me.run(&sign(&bot), "text");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let text = read(&file)["text"].as_str().unwrap().to_owned();
    let signed = |key: &Keypair, of: &Pubkey| key.sign_message(&envelopes(&text, of)[0].1).to_string();
    let submit = |signature: String| format!("submit {} --signature {signature}", file.display());
    me.fails(&submit(signed(&stranger, &stranger.pubkey())), 2);
    // The owner's own signature, under a text that names the delegate as its signer.
    me.fails(&submit(signed(&key, &key.pubkey())), 2);
    assert!(me.text(&submit(signed(&bot, &bot.pubkey()))).contains("signed by the delegate"));
    assert_eq!(me.json("orders").as_array().unwrap().len(), 1);
}

/// The client id in the note of a command that made one.
fn made(run: &person::Run) -> String {
    let notes: Vec<Value> = run.beside();
    let note = notes.iter().find_map(|one| one["note"].as_str().filter(|note| note.starts_with("client id ")));
    let note = note.unwrap_or_else(|| panic!("no client id: {}", run.err));
    assert!(note.contains("for 120 s without placing twice"), "{note}");
    note.trim_start_matches("client id ").split(':').next().unwrap().to_owned()
}

#[test]
fn a_timed_client_id_places_once_ever() {
    const LINE: &str = "place SOL-PERP buy 1 --limit 150 --post-only";
    let fixture = Fixture::start();
    let (me, _) = trader(&fixture, "me");
    let open = || me.json("orders").as_array().unwrap().len();

    let first = me.run(&format!("{LINE} --client-id new"), "json");
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let id = made(&first);
    let orders = me.json("orders");
    assert_eq!((orders.as_array().unwrap().len(), &orders[0]["client_id"]), (1, &id.as_str().into()), "{orders}");
    assert_eq!(id.parse::<u64>().unwrap() >> 48, 0xffff, "it says until when it is good");
    let second = me.run(&format!("{LINE} --client-id new"), "json");
    assert!(second.code == 0 && made(&second) != id, "another each time: {}{}", second.out, second.err);
    assert_eq!(open(), 2);

    // While its order is open, after it was cancelled, and after others have come and gone.
    let again = format!("{LINE} --client-id {id}");
    assert!(me.fails(&again, 3).contains("DuplicateClientId"));
    me.text(&format!("cancel --client-id {id}"));
    assert!(me.fails(&again, 3).contains("DuplicateClientId"));
    for number in 1..=8 {
        me.json(&format!("{LINE} --client-id {number}"));
        me.json(&format!("cancel --client-id {number}"));
    }
    assert!(me.fails(&again, 3).contains("DuplicateClientId"));
    assert_eq!(open(), 1, "the second alone");

    // Two at once with the same new id: one order. Where both sign the very same transaction, both tell of the one.
    let now = fixture.localnet.market_clock().seconds(std::time::Instant::now());
    let id = (0xffff << 48) | (u64::try_from(now + 100).unwrap() << 16) | 7;
    let line = format!("{LINE} --client-id {id}");
    let both = [0, 1].map(|_| {
        let mut command = me.command(&line, "json");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts")
    });
    let ended = both.map(|child| child.wait_with_output().expect("it ends"));
    let codes = ended.each_ref().map(|one| one.status.code().unwrap_or(-1));
    assert!(codes.contains(&0) && codes.iter().all(|code| [0, 3].contains(code)), "{ended:?}");
    let placed: BTreeSet<String> = ended
        .iter()
        .filter(|one| one.status.success())
        .map(|one| serde_json::from_slice::<Value>(&one.stdout).expect("JSON")["signature"].to_string())
        .collect();
    assert_eq!((placed.len(), open()), (1, 2), "{ended:?}");
    let orders = me.json("orders");
    let id = id.to_string();
    let with_it = orders.as_array().unwrap().iter().filter(|order| order["client_id"] == id.as_str());
    assert_eq!(with_it.count(), 1, "{orders}");
    assert!(me.fails(&line, 3).contains("DuplicateClientId"));

    // When the order's time is over, its slot goes to others, and its number places nothing although no account holds
    // it.
    me.text("cancel --all");
    fixture.localnet.set_time(now + 400).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    for number in 101..=109 {
        me.json(&format!("{LINE} --client-id {number}"));
        me.json(&format!("cancel --client-id {number}"));
    }
    let said = me.fails(&line, 3);
    assert!(said.contains("ClientIdExpired"), "{said}");
    assert_eq!(open(), 0);
}
