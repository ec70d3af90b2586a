//! One command against an endpoint that falsifies one phase: its exit code, its output, and the orders on the chain
//! behind the endpoint, of which there is never more than one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use kedge_hostile::rpc::{Proxy, Tale};
use kedge_testbed::fixture::Fixture;
use serde_json::Value;
use solana_pubkey::Pubkey;

const PLACE: &str = "place SOL-PERP buy 1 --limit 150 --post-only";
/// Too much for the account: a simulation would say so.
const TOO_MUCH: &str = "place SOL-PERP buy 4000 --limit 170";
const TAKE: &str = "place SOL-PERP buy 1 --limit 188 --ioc --yes";

/// Expected result of a command.
struct Case {
    tale: Option<Tale>,
    line: &'static str,
    /// Seconds that it waits at most.
    patience: u64,
    code: i32,
    orders: usize,
    /// Expected text on either output.
    says: &'static str,
}

const fn case(tale: Tale, patience: u64, code: i32, orders: usize, says: &'static str) -> Case {
    Case { tale: Some(tale), line: PLACE, patience, code, orders, says }
}

const CASES: [Case; 26] = [
    Case { tale: None, line: PLACE, patience: 180, code: 0, orders: 1, says: "placed order" },
    case(Tale::OldBlockhash, 180, 1, 0, "nothing was sent"),
    case(Tale::FutureBlockhash, 180, 1, 0, "nothing was sent"),
    case(Tale::ForeignBlockhash, 180, 4, 0, "nothing was changed"),
    case(Tale::ShortBlockhash, 180, 0, 1, "placed order"),
    case(Tale::Kept, 180, 4, 0, "nothing was changed"),
    case(Tale::RefusedAndPassed, 180, 0, 1, "placed order"),
    case(Tale::PassedInSilence, 180, 0, 1, "placed order"),
    case(Tale::PassedTwice, 180, 0, 1, "placed order"),
    case(Tale::NullForEver, 180, 0, 1, "placed order"),
    case(Tale::NullAtFirst, 180, 0, 1, "placed order"),
    case(Tale::LandedThenNull, 180, 0, 1, "placed order"),
    case(Tale::DeadFork, 180, 0, 1, "placed order"),
    case(Tale::ForeignError, 20, 6, 1, "in its history it succeeded"),
    case(Tale::NoSlot, 180, 0, 1, "placed order"),
    case(Tale::FalseSuccess, 20, 6, 0, "its history does not hold it"),
    case(Tale::Lagging, 60, 6, 1, "does not say what became of"),
    case(Tale::HeightAhead, 180, 0, 1, "placed order"),
    case(Tale::HeightStill, 60, 6, 0, "does not say what became of"),
    case(Tale::HeightBack, 60, 6, 0, "does not say what became of"),
    case(Tale::NoHistory, 20, 6, 1, "its history does not hold it"),
    case(Tale::Hidden, 60, 6, 1, "the wallet does not hold what it held before"),
    case(Tale::WithoutHistory, 180, 0, 1, "it has landed"),
    case(Tale::NoFees, 180, 0, 1, "no priority fee"),
    case(Tale::NoSimulation, 180, 0, 1, "not tried before it is sent"),
    Case {
        tale: Some(Tale::NoSimulation),
        line: TOO_MUCH,
        patience: 180,
        code: 3,
        orders: 0,
        says: "InsufficientMargin",
    },
];

/// Where no resting order is listed, the vAMM is asked. It trades with an order at a price that was published in the
/// order's own slot, which lasts 100 ms here and is often missed: this one stands alone, and is tried again.
const TAKEN: Case =
    Case { tale: Some(Tale::NoProgramAccounts), line: TAKE, patience: 180, code: 0, orders: 0, says: "only the vAMM" };

/// Output of a command.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    /// Everything, with every run of spaces and folds as one.
    fn words(&self) -> String {
        [&self.out, &self.err].map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).join(" | ")
    }

    /// The block up to which its transaction could land, as it was said before it was sent.
    fn last_valid(&self) -> u64 {
        let line = self.err.lines().find_map(|line| line.strip_prefix("signed, can land up to block "));
        line.and_then(|block| block.parse().ok()).unwrap_or_else(|| panic!("no block: {}", self.err))
    }
}

fn kedge(url: &str, wallet: &Path, line: &str) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kedge"));
    command.env("KEDGE_CONFIG", "/nonexistent/kedge.toml");
    command.args(line.split_whitespace()).env("KEDGE_URL", url).env("KEDGE_KEYPAIR", wallet).stdin(Stdio::null());
    let output = command.output().expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Run { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn whatever_an_endpoint_tells_one_command_is_one_order_at_most_and_says_what_is_so() {
    let fixture = Fixture::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let people: Vec<(PathBuf, Pubkey)> =
        (0..CASES.len()).map(|number| fixture.trader(&format!("trader-{number}"), 5_000)).collect();
    std::thread::scope(|scope| {
        let running: Vec<_> = CASES
            .iter()
            .zip(&people)
            .map(|(case, (wallet, account))| {
                let proxy = runtime.block_on(Proxy::start(fixture.localnet.rpc_url(), case.tale));
                let fixture = &fixture;
                scope.spawn(move || check(fixture, case, &proxy, wallet, *account))
            })
            .collect();
        let wrong: Vec<String> = running.into_iter().filter_map(|one| one.join().expect("a check").err()).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    });
    let (wallet, account) = fixture.trader("taker", 5_000);
    let mut told = Ok(());
    for _ in 0..60 {
        let proxy = runtime.block_on(Proxy::start(fixture.localnet.rpc_url(), TAKEN.tale));
        told = check(&fixture, &TAKEN, &proxy, &wallet, account);
        // Nothing bought is the one answer that a missed slot may give.
        if told.as_ref().err().is_none_or(|told| !told.contains("exit code 7")) {
            break;
        }
        std::thread::sleep(Duration::from_millis(170));
    }
    assert_eq!(told, Ok(()));
}

/// Runs a case, and looks at the truth behind the endpoint.
fn check(fixture: &Fixture, case: &Case, proxy: &Proxy, wallet: &Path, account: Pubkey) -> Result<(), String> {
    let run = kedge(proxy.url(), wallet, &format!("{} --patience {}", case.line, case.patience));
    let (came, orders, words) = (proxy.came(), fixture.orders(account), run.words());
    let told = format!("{:?}: exit code {}, {orders} orders, {came:?}\n{}{}", case.tale, run.code, run.out, run.err);
    let hold = |held: bool, what: &str| if held { Ok(()) } else { Err(format!("{what}: {told}")) };
    hold(orders <= 1 && came.len() <= 1, "more than one")?;
    hold(run.code == case.code, &format!("code {}", case.code))?;
    hold(orders == case.orders, "orders")?;
    hold(words.contains(case.says), case.says)?;
    let unchanged = words.contains("nothing was changed");
    hold(!unchanged || [3, 4].contains(&run.code), "says that nothing was changed")?;
    let Some(signature) = came.first() else { return hold(run.code == 1, "nothing was sent") };
    hold(run.err.lines().any(|line| line == signature), "the signature is not on standard error")?;
    if run.code != 6 {
        return Ok(());
    }
    // A later look through an honest endpoint shows the truth.
    let later = kedge(
        fixture.localnet.rpc_url(),
        wallet,
        &format!("outcome {signature} --last-valid {} --wait", run.last_valid()),
    );
    let truth = if case.orders == 1 { 0 } else { 4 };
    if later.code == truth { Ok(()) } else { Err(format!("{told}\nlater: {} {}", later.code, later.words())) }
}

#[test]
fn json_names_the_outcome_and_the_signature_before_it_is_sent() {
    let fixture = Fixture::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (tale, line, code, outcome) in [
        (Tale::PassedTwice, PLACE, 0, "landed"),
        (Tale::NoSimulation, TOO_MUCH, 3, "rejected"),
        (Tale::NoHistory, PLACE, 6, "unknown"),
    ] {
        let (wallet, _) = fixture.trader(outcome, 5_000);
        let proxy = runtime.block_on(Proxy::start(fixture.localnet.rpc_url(), Some(tale)));
        let run = kedge(proxy.url(), &wallet, &format!("{line} --json --patience 10"));
        assert_eq!(run.code, code, "{tale:?}: {}{}", run.out, run.err);
        let lines: Vec<Value> = run.err.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        let signed = lines.iter().find(|line| line["signed"].is_object()).expect("what was signed");
        let signature = proxy.came()[0].clone();
        assert_eq!(signed["signed"]["signature"], signature.as_str());
        let told =
            if code == 0 { serde_json::from_str(&run.out).unwrap() } else { lines.last().unwrap()["error"].clone() };
        assert_eq!((&told["outcome"], &told["signature"]), (&outcome.into(), &signature.into()), "{told}");
    }
}
