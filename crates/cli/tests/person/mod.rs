//! Somebody at a terminal.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::stage::Stage;

/// Somebody at a terminal.
pub struct Person {
    pub url: String,
    pub keypair: PathBuf,
    /// What KEDGE_ACCOUNT says.
    pub account: Option<&'static str>,
    /// Commands run so far, with `json` or `text` behind.
    pub ran: RefCell<BTreeSet<(String, &'static str)>>,
}

/// What a command printed.
pub struct Run {
    pub line: String,
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Person {
    pub fn new(stage: &Stage, keypair: PathBuf) -> Self {
        Self::at(stage.localnet.rpc_url(), keypair)
    }

    /// Somebody at an endpoint.
    pub fn at(url: &str, keypair: PathBuf) -> Self {
        Self { url: url.into(), keypair, account: None, ran: RefCell::default() }
    }

    pub fn run(&self, line: &str, form: &'static str) -> Run {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kedge"));
        command
            .args(&words)
            .env("KEDGE_CONFIG", "/nonexistent/kedge.toml")
            .env("KEDGE_URL", &self.url)
            .env("KEDGE_KEYPAIR", &self.keypair)
            .stdin(Stdio::null());
        if let Some(account) = self.account {
            command.env("KEDGE_ACCOUNT", account);
        }
        if form == "json" {
            command.arg("--json");
        }
        let output = command.output().expect("the command starts");
        self.ran.borrow_mut().insert((words[0].into(), form));
        Run {
            line: line.into(),
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Runs a command that must succeed; its text, which fits a terminal, with every run of spaces and folds as one.
    pub fn text(&self, line: &str) -> String {
        let run = self.run(line, "text");
        assert_eq!(run.code, 0, "kedge {line}\n{}{}", run.out, run.err);
        run.fits();
        run.out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// [`Self::text`] of a trade at once with what follows the oracle: that happens only in a slot in which a price was
    /// published, so it is tried for some seconds.
    pub fn text_in_time(&self, line: &str) -> String {
        for _ in 0..60 {
            let run = self.run(line, "text");
            if run.code == 0 {
                return run.out.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            assert!(run.err.contains("Less than the required minimum"), "kedge {line}\n{}{}", run.out, run.err);
            std::thread::sleep(std::time::Duration::from_millis(170));
        }
        panic!("kedge {line}: not in one slot of sixty tries")
    }

    /// Runs a command that must succeed; its JSON.
    pub fn json(&self, line: &str) -> Value {
        let run = self.run(line, "json");
        assert_eq!(run.code, 0, "kedge {line}\n{}{}", run.out, run.err);
        let json = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("kedge {line}: {error}\n{}", run.out));
        long_numbers_are_text(line, "", &json);
        json
    }

    /// Runs a command that must fail with an exit code, in both forms; what it said.
    pub fn fails(&self, line: &str, code: i32) -> String {
        let run = self.run(line, "text");
        assert_eq!(run.code, code, "kedge {line}\n{}{}", run.out, run.err);
        assert!(run.out.is_empty() && run.err.contains("error: "), "kedge {line}\n{}{}", run.out, run.err);
        run.fits();
        let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        let run = self.run(line, "json");
        assert_eq!(run.code, code, "kedge {line} --json");
        let json: Value = serde_json::from_str(run.err.get(run.err.find("{\n").unwrap_or(0)..).unwrap_or_default())
            .unwrap_or_else(|error| panic!("kedge {line}: {error}\n{}", run.err));
        assert_eq!(json["error"]["exit_code"], code);
        assert!(json["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
        said
    }
}

impl Run {
    /// No line is wider than a terminal, single long words (signatures) aside.
    pub fn fits(&self) {
        for line in self.out.lines().chain(self.err.lines()) {
            let one_word = line.split_whitespace().count() == 1;
            assert!(line.chars().count() <= 80 || one_word, "kedge {}: {line}", self.line);
        }
    }
}

/// Fields of 64 bits, as far as they have a name of their own.
const LONG: [&str; 14] = [
    "seq",
    "client_id",
    "block_time",
    "number",
    "last_slot",
    "fee_lamports",
    "publish_time",
    "last_update",
    "price",
    "size",
    "amount",
    "quote",
    "activation_slot",
    "signed_nonce",
];

/// Fails for a number in JSON that has 64 bits: readers keep 53 of them.
fn long_numbers_are_text(line: &str, key: &str, value: &Value) {
    match value {
        Value::Number(number) => {
            // A place among the orders is called a slot too.
            let slot = key == "slot" && number.as_u64().is_none_or(|slot| slot > 128);
            let wide = number.as_u64().is_none_or(|number| number > u64::from(u32::MAX));
            assert!(!LONG.contains(&key) && !slot && !wide, "kedge {line}: {key} is {number}, and not text");
        }
        Value::Array(list) => list.iter().for_each(|value| long_numbers_are_text(line, key, value)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| long_numbers_are_text(line, key, value)),
        _ => {}
    }
}

/// A number that is text in JSON.
pub fn amount(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("no number: {value}")).parse().expect("a number")
}
