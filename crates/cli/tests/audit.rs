//! `kedge audit`: statements that continue each other, and proofs that anybody can check without an endpoint.

mod person;

use std::fs;

use kedge_interface::address;
use kedge_testbed::fixture::Fixture;
use person::Person;

#[test]
fn a_user_finds_the_own_claim_in_a_signed_statement() {
    let fixture = Fixture::start();
    let (mine, owner) = fixture.wallet("me", 1_000);
    let (me, auditor) = (Person::new(&fixture, mine), Person::new(&fixture, fixture.wallet("auditor", 1).0));
    me.text("create");
    me.text("deposit 700");
    let account = address::sub_account(&owner, 0);
    let folder = me.keypair.parent().unwrap().to_owned();

    assert!(me.text("audit").ends_with("EVERYTHING RECONCILES"));
    let told = auditor.text(&format!("audit --statement books.txt --prove {account}"));
    assert!(told.contains("signed as statement 1 of books.txt, root "), "{told}");
    assert!(me.text("audit --verify books.txt").contains("everything reconciles"));
    let told = me.json(&format!("audit --check {account}.proof.json --statement books.txt"));
    assert_eq!((&told["valid"], &told["amounts"]["bank 0 tokens"]), (&true.into(), &"700000000".into()), "{told}");

    // The next statement continues it; an old proof still leads to its own.
    me.text("withdraw 100");
    let told = auditor.json("audit --statement books.txt");
    assert_eq!((&told["signed"]["statement"], &told["holds"]), (&2.into(), &true.into()), "{told}");
    let told = me.json("audit --verify books.txt");
    assert_eq!((told["statements"].as_array().map(Vec::len), &told["holds"]), (Some(2), &true.into()));
    assert!(me.text(&format!("audit --check {account}.proof.json --statement books.txt")).contains("700000000"));

    // Nobody's sub-account has no proof.
    let run = auditor.run("audit --statement books.txt --prove", "text");
    assert_eq!(run.code, 5, "{}{}", run.out, run.err);
    let told = me.json("audit --verify books.txt");
    assert_eq!(told["statements"].as_array().map(Vec::len), Some(2), "and nothing was written: {told}");
    fs::write(folder.join("empty.txt"), "").unwrap();
    assert_eq!(me.run("audit --verify empty.txt", "text").code, 3);

    // A proof with another amount, and a statement with another sum, are not believed; nothing is appended to a changed file.
    let proof = folder.join(format!("{account}.proof.json"));
    let text = fs::read_to_string(&proof).unwrap();
    fs::write(&proof, text.replacen("700000000", "900000000", 1)).unwrap();
    let run = me.run(&format!("audit --check {account}.proof.json --statement books.txt"), "text");
    assert_eq!(run.code, 3);
    assert!(run.words().contains("it leads to no root"), "{}", run.out);
    let books = folder.join("books.txt");
    let text = fs::read_to_string(&books).unwrap();
    fs::write(&books, text.replacen("accounts ", "accounts 1", 1)).unwrap();
    let run = me.run("audit --verify books.txt", "json");
    assert_eq!(run.code, 3);
    assert_eq!(run.value()["valid"], false);
    let run = auditor.run("audit --statement books.txt", "text");
    assert_eq!(run.code, 2);
    assert!(
        run.err.split_whitespace().collect::<Vec<_>>().join(" ").contains("has not signed it; nothing is appended"),
        "{}",
        run.err
    );
}
