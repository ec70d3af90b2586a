//! A person at a terminal. Every run checks what all commands guarantee.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use kedge_testbed::fixture::Fixture;

/// A person at a terminal.
pub(crate) struct Person {
    pub url: String,
    pub keypair: PathBuf,
    /// The configuration, which is there once `kedge init` has written it.
    pub config: PathBuf,
    /// Value of KEDGE_ACCOUNT.
    pub account: Option<&'static str>,
    /// Commands run so far, with `json` or `text` behind.
    pub ran: RefCell<BTreeSet<(String, &'static str)>>,
}

/// Output of a command.
pub(crate) struct Run {
    pub line: String,
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Person {
    pub(crate) fn new(fixture: &Fixture, keypair: PathBuf) -> Self {
        let config = keypair.with_extension("toml");
        Self { url: fixture.localnet.rpc_url().into(), keypair, config, account: None, ran: RefCell::default() }
    }

    /// The same person with nothing run yet.
    pub(crate) fn like(&self) -> Self {
        let (url, keypair, config) = (self.url.clone(), self.keypair.clone(), self.config.clone());
        Self { url, keypair, config, account: self.account, ran: RefCell::default() }
    }

    /// A command line with the environment in which it is run.
    pub(crate) fn command(&self, line: &str, form: &'static str) -> Command {
        let keypair = self.keypair.to_string_lossy();
        let mut variables = vec![("KEDGE_URL", self.url.as_str()), ("KEDGE_KEYPAIR", &keypair)];
        variables.extend(self.account.map(|account| ("KEDGE_ACCOUNT", account)));
        self.command_with(line, form, &variables)
    }

    fn command_with(&self, line: &str, form: &'static str, variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kedge"));
        for name in ["KEDGE_URL", "KEDGE_KEYPAIR", "KEDGE_ACCOUNT", "KEDGE_MARKET"] {
            command.env_remove(name);
        }
        command.args(line.split_whitespace()).envs(variables.iter().copied()).env("KEDGE_CONFIG", &self.config);
        if form == "json" {
            command.arg("--json");
        }
        let folder = self.keypair.parent().expect("a folder");
        // Numbers of signed messages are kept beside the wallets, not in the home folder of the test run.
        command.env("XDG_STATE_HOME", folder.join("state"));
        command.current_dir(folder).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, line: &str, form: &'static str) -> Run {
        self.finish(line, form, self.command(line, form))
    }

    /// [`Self::run`] with these variables of `kedge` and no others.
    pub(crate) fn run_with(&self, line: &str, form: &'static str, variables: &[(&str, &str)]) -> Run {
        self.finish(line, form, self.command_with(line, form, variables))
    }

    fn finish(&self, line: &str, form: &'static str, mut command: Command) -> Run {
        let output = command.output().expect("the command starts");
        self.ran.borrow_mut().insert((line.split_whitespace().next().unwrap_or_default().into(), form));
        Run {
            line: line.into(),
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Runs a command that must succeed; its text, which fits a terminal, with every run of spaces and folds as one.
    pub(crate) fn text(&self, line: &str) -> String {
        let run = self.run(line, "text");
        assert_eq!(run.code, 0, "kedge {line}\n{}{}", run.out, run.err);
        run.fits();
        run.words()
    }

    /// [`Self::text`] of an immediate trade against orders that follow the oracle. It needs a slot in which a price was
    /// published, so it is tried for some seconds.
    pub(crate) fn text_in_time(&self, line: &str) -> String {
        for _ in 0..60 {
            let run = self.run(line, "text");
            if run.code == 0 {
                run.fits();
                return run.words();
            }
            assert!(run.err.contains("Less than the required minimum"), "kedge {line}\n{}{}", run.out, run.err);
            std::thread::sleep(std::time::Duration::from_millis(170));
        }
        panic!("kedge {line}: not in one slot of sixty tries")
    }

    /// Runs a command that must succeed; its JSON.
    pub(crate) fn json(&self, line: &str) -> Value {
        let run = self.run(line, "json");
        assert_eq!(run.code, 0, "kedge {line}\n{}{}", run.out, run.err);
        run.names_what_it_sent();
        run.value()
    }

    /// Runs a command that must fail with an exit code, in both forms; returns its text.
    pub(crate) fn fails(&self, line: &str, code: i32) -> String {
        let run = self.run(line, "text");
        assert_eq!(run.code, code, "kedge {line}\n{}{}", run.out, run.err);
        // Only notes and signed transactions may stand before the error.
        let opens = |word: &str| run.err.starts_with(word);
        let told = opens("error: ") || ((opens("note: ") || opens("signed, ")) && run.err.contains("\nerror: "));
        assert!(run.out.is_empty() && told, "kedge {line}\n{}{}", run.out, run.err);
        run.fits();
        let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        let run = self.run(line, "json");
        assert_eq!(run.code, code, "kedge {line} --json\n{}{}", run.out, run.err);
        assert!(run.out.is_empty(), "kedge {line} --json\n{}{}", run.out, run.err);
        let beside = run.beside();
        let error = &beside.last().unwrap_or(&Value::Null)["error"];
        assert_eq!(error["exit_code"], code, "kedge {line} --json\n{}", run.err);
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "kedge {line}\n{}", run.err);
        said
    }
}

impl Run {
    /// No line is wider than a terminal, single long words (signatures) aside.
    pub(crate) fn fits(&self) {
        for line in self.out.lines().chain(self.err.lines()) {
            let one_word = line.split_whitespace().count() == 1;
            assert!(line.chars().count() <= 80 || one_word, "kedge {}: {line}", self.line);
        }
    }

    /// Standard output with every run of spaces and folds as one.
    pub(crate) fn words(&self) -> String {
        self.out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Standard output as JSON: one value, in which numbers of 64 bits are text.
    pub(crate) fn value(&self) -> Value {
        let json = serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("kedge {} --json: {error}\n{}", self.line, self.out));
        long_numbers_are_text(&self.line, "", &json);
        json
    }

    /// Standard error of a run with --json: a value on each line.
    pub(crate) fn beside(&self) -> Vec<Value> {
        let read = |line: &str| {
            let json = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("kedge {} --json: {error}\n{}", self.line, self.err));
            long_numbers_are_text(&self.line, "", &json);
            json
        };
        self.err.lines().map(read).collect()
    }

    /// Transactions that a successful run with --json signed, in order.
    pub(crate) fn signed(&self) -> Vec<Value> {
        let beside = self.beside();
        beside.iter().map(|line| &line["signed"]["signature"]).filter(|one| one.is_string()).cloned().collect()
    }

    /// Each transaction that was signed is named on top of the JSON, or of an element of its list, with its outcome.
    fn names_what_it_sent(&self) {
        let (signed, value) = (self.signed(), self.value());
        if signed.is_empty() {
            return;
        }
        let list: &[Value] = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
        let landed = |one: &&Value| one["outcome"] == "landed";
        let named: Vec<Value> = list
            .iter()
            .filter(landed)
            .flat_map(|one| one["signatures"].as_array().cloned().unwrap_or_else(|| vec![one["signature"].clone()]))
            .collect();
        assert_eq!(named, signed, "kedge {} --json\n{}{}", self.line, self.out, self.err);
        assert!(list.iter().all(|one| one.get("outcome").is_some()), "kedge {} --json\n{}", self.line, self.out);
    }
}

/// Fields of 64 bits, as far as they have a name of their own.
const LONG: [&str; 16] = [
    "seq",
    "client_id",
    "block_time",
    "number",
    "last_slot",
    "last_valid_height",
    "time",
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
pub(crate) fn amount(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("no number: {value}")).parse().expect("a number")
}
