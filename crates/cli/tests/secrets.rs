//! Nothing that the built `kedge` prints holds the key in an endpoint's address, wherever the address comes from and however
//! it is spelt.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kedge_hostile::secrets::{SPELLINGS, shows};
use solana_keypair::Keypair;

/// A command line of each command, with arguments that get as far as the endpoint.
const LINES: [&str; 53] = [
    "init --force",
    "config",
    "keygen --force new.json",
    "address",
    "airdrop",
    "markets",
    "audit",
    "book SOL-PERP",
    "trades SOL-PERP",
    "prices --refresh",
    "funding",
    "default show",
    "insurance show",
    "verify",
    "vault show",
    "account",
    "accounts",
    "balances",
    "positions",
    "orders",
    "risk SOL-PERP buy 1",
    "fees --count",
    "pnl",
    "history",
    "history --funding",
    "explain 1111111111111111111111111111111111111111111111111111111111111111",
    "watch --count 1",
    "place SOL-PERP buy 1",
    "modify 1 --size 1",
    "cancel --all",
    "sign SOL-PERP buy 1",
    "submit order.json",
    "revoke",
    "create",
    "deposit 1",
    "withdraw 1",
    "transfer 1 --to 1",
    "settle",
    "isolate SOL-PERP 1",
    "leverage SOL-PERP 2",
    "builder --none",
    "delegate --none",
    "grow 16",
    "close SOL-PERP",
    "reverse SOL-PERP",
    "close-account --yes",
    "admin show",
    "outcome 1111111111111111111111111111111111111111111111111111111111111111",
    "completion bash",
    "order list",
    "book SOL-PERP --watch --count 1",
    "history --fills --csv",
    "accounts --delegated",
];

struct Desk {
    folder: PathBuf,
}

impl Desk {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("kedge-secrets-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let keypair = serde_json::to_string(&Keypair::new().to_bytes().to_vec()).unwrap();
        std::fs::write(folder.join("me.json"), keypair).unwrap();
        Self { folder }
    }

    fn command(&self, words: &[&str], config: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kedge"));
        for name in ["KEDGE_URL", "KEDGE_ACCOUNT", "KEDGE_MARKET"] {
            command.env_remove(name);
        }
        command.args(words).env("KEDGE_CONFIG", config).env("KEDGE_KEYPAIR", self.folder.join("me.json"));
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Everything that a command says.
    fn said(mut command: Command) -> String {
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn no_command_shows_the_key_of_an_endpoint() {
    let desk = Desk::new("commands");
    let none = desk.folder.join("none.toml");
    let help = Desk::said(desk.command(&["help"], &none));
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let listed = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let listed: BTreeSet<&str> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    let here: BTreeSet<&str> = LINES.iter().filter_map(|line| line.split_whitespace().next()).chain(["help"]).collect();
    assert!(listed.len() > 35 && listed.is_subset(&here), "no line for {:?}", listed.difference(&here));

    for (number, line) in LINES.iter().enumerate() {
        for (turn, url) in SPELLINGS.iter().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let config = desk.folder.join(format!("config-{turn}.toml"));
            std::fs::write(&config, format!("url = {url:?}\n")).unwrap();
            // By a flag, by the environment, by the file: each command by each in turn.
            let command = match (number + turn) % 4 {
                0 => desk.command(&[&words[..], &["--url", url]].concat(), &none),
                1 => desk.command(&[&words[..], &["--json", "-u", url]].concat(), &none),
                2 => {
                    let mut command = desk.command(&words, &none);
                    command.env("KEDGE_URL", url);
                    command
                }
                _ => desk.command(&words, &config),
            };
            let said = Desk::said(command);
            assert!(!shows(&said), "kedge {line}, {url}: {said}");
            let _ = std::fs::remove_file(&none);
        }
    }
}

#[test]
fn neither_help_nor_a_mistake_shows_it() {
    let desk = Desk::new("mistakes");
    let config = desk.folder.join("config.toml");
    let url = SPELLINGS[0];
    std::fs::write(&config, format!("url = {url:?}\n")).unwrap();
    for line in LINES.iter().chain(&["", "help"]) {
        for more in ["--help", "-h", "--nonsense"] {
            let words: Vec<&str> = line.split_whitespace().take(1).chain([more]).collect();
            let said_by_file = Desk::said(desk.command(&words, &config));
            let mut command = desk.command(&words, &config);
            command.env("KEDGE_URL", url);
            let said = Desk::said(command);
            assert!(
                !said.is_empty() && !shows(&said) && !shows(&said_by_file),
                "kedge {words:?}: {said}{said_by_file}"
            );
        }
    }
    // The address where something else belongs.
    for words in [
        &[url][..],
        &["markets", url],
        &["markets", "--json", url, url],
        &["--priority-fee", url, "markets"],
        &["--price-account", url, "markets"],
        &["--keypair", url, "address"],
        &["order", url],
        &["explain", url],
        &["history", "--before", url],
        &["completion", url],
        &["account", url],
        &["place", "SOL-PERP", url, "1"],
    ] {
        let said = Desk::said(desk.command(words, &config));
        assert!(!said.is_empty() && !shows(&said), "kedge {words:?}: {said}");
    }
    for text in
        [format!("account = {url:?}\n"), format!("url = {url}\n"), format!("{url}\n"), format!("urls = {url:?}\n")]
    {
        std::fs::write(&config, &text).unwrap();
        for line in ["markets", "config", "init"] {
            let said = Desk::said(desk.command(&[line], &config));
            assert!(!said.is_empty() && !shows(&said), "kedge {line} on {text}: {said}");
        }
    }
}
