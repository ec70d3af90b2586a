//! The trader's guide, run: every command of `docs/guides/trader.md` in its order against the real program on a local
//! chain, and the outputs that it shows compared in their shape.

mod stage;

use std::path::Path;
use std::process::Command;

use stage::{Keeper, Stage};

/// The guide's text.
fn guide() -> String {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let file = Path::new(&package).join("../../docs/guides/trader.md");
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Its commands: lines of blocks marked `sh`, without remarks.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside {
            let command = line.split(" #").next().unwrap_or_default().trim();
            commands.push(command.strip_prefix("kedge ").unwrap_or_else(|| panic!("not a command: {line}")).to_owned());
        }
    }
    commands
}

#[test]
fn every_command_of_the_guide_does_what_it_says() {
    let stage = Stage::start();
    let (me, owner) = stage.wallet("reader", 10_000);
    let (maker, _) = stage.wallet("maker", 1_000_000);
    let keeper = Keeper::new(&stage, &maker);
    let run = |keypair: &Path, line: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_kedge"))
            .args(line.split_whitespace())
            // Where what the guide writes to files goes.
            .current_dir(&stage.folder)
            .env("KEDGE_URL", stage.localnet.rpc_url())
            .env("KEDGE_KEYPAIR", keypair)
            .env("KEDGE_CONFIG", stage.folder.join("config.toml"))
            .output()
            .expect("the command starts");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "kedge {line}\n{out}{err}");
        out.into_owned()
    };
    for line in [
        "create --orders 16",
        "deposit 500000",
        "place SOL-PERP sell 500 --limit 180.20 --post-only",
        "place SOL-PERP buy 500 --limit 179.80 --post-only",
    ] {
        run(&maker, line);
    }

    let text = guide();
    let commands = commands(&text);
    assert!(commands.len() > 50, "{} commands", commands.len());
    let friend = "8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh";
    let (mut signature, mut printed) = (String::new(), String::new());
    let first_look = commands.iter().position(|command| command == "positions").expect("the guide looks at positions");
    for (number, command) in commands.iter().enumerate() {
        let line = command.replace("<signature>", &signature).replace("<address>", friend);
        // What follows its auction needs the keeper beside it.
        let out = if line.contains("--wait") { keeper.beside(&owner, || run(&me, &line)) } else { run(&me, &line) };
        println!("$ kedge {line}\n{out}");
        printed += &out;
        if let Some(last) = out.lines().rev().find(|line| line.len() >= 86 && line.chars().all(char::is_alphanumeric)) {
            signature = last.to_owned();
        }
        if line.starts_with("place") {
            keeper.fill(&owner);
        }
        if number == first_look {
            assert!(out.contains("long") && out.contains('5'), "the market order was filled: {out}");
        }
    }
    let left = run(&me, "account");
    assert!(left.contains("no positions"), "{left}");

    // Tables that the guide shows are tables that were printed.
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let printed: std::collections::BTreeSet<String> = printed.lines().map(words).collect();
    let shown = text.split("\n```text\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let titles: Vec<&str> = shown
        .flat_map(str::lines)
        .filter(|line| line.split_whitespace().count() > 2 && line.to_uppercase() == *line)
        .filter(|line| line.starts_with(char::is_alphabetic) && !line.contains("-PERP"))
        .collect();
    assert!(titles.len() > 5, "{titles:?}");
    for title in titles {
        assert!(printed.contains(&words(title)), "the guide shows a table that is not printed any more: {title}");
    }
}
