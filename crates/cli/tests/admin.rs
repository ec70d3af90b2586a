//! Who runs an exchange, with the real command on a local chain: from the bare program to an open market, through a pause, an
//! expiry and a handover, and what is refused to everybody else.

mod stage;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use solana_keypair::Keypair;
use stage::Stage;

struct Person<'s> {
    stage: &'s Stage,
    keypair: PathBuf,
}

impl Person<'_> {
    fn run(&self, line: &str) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kedge"));
        command.args(line.split_whitespace()).arg("--json").stdin(Stdio::null());
        command.env("KEDGE_CONFIG", "/nonexistent/kedge.toml");
        command.env("KEDGE_URL", self.stage.localnet.rpc_url()).env("KEDGE_KEYPAIR", &self.keypair);
        let output = command.output().expect("the command starts");
        let text = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.code().unwrap_or(-1), String::from_utf8(text).expect("text"))
    }

    fn does(&self, line: &str) -> Value {
        let (code, said) = self.run(line);
        assert_eq!(code, 0, "kedge {line}\n{said}");
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("kedge {line}: {error}\n{said}"))
    }

    fn fails(&self, line: &str, code: i32, said: &str) {
        let (found, text) = self.run(line);
        assert!(
            found == code && text.contains(said),
            "kedge {line} ended with {found}, not {code} and `{said}`\n{text}"
        );
    }

    /// A form as it is printed, with lines changed, in a file.
    fn form(&self, which: &str, changes: &[(&str, &str)]) -> String {
        let mut text = self.does(&format!("admin form {which}"))["form"].as_str().unwrap().to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let file = self.stage.folder.join(format!("{which}.toml"));
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }
}

#[test]
fn an_exchange_is_set_up_opened_paused_and_handed_over_by_commands() {
    let stage = Stage::bare(&Keypair::new());
    let [(admin, _), (pauser, pauser_key), (next, next_key), (trader, trader_key)] =
        [("admin", 5_000_000), ("pauser", 0), ("next", 0), ("trader", 10_000)]
            .map(|(name, dollars)| stage.wallet(name, dollars));
    let person = |keypair: PathBuf| Person { stage: &stage, keypair };
    let (admin, pauser, next, trader) = (person(admin), person(pauser), person(next), person(trader));

    // The exchange, its quote asset, a market.
    admin.fails("admin show", 5, "not on this cluster");
    admin.fails(&format!("admin init --pauser {pauser_key}"), 2, "--yes");
    admin.does(&format!("admin init --pauser {pauser_key} --yes"));
    trader.fails(&format!("admin init --pauser {trader_key} --yes"), 2, "exists already");
    let bank = admin.form("bank", &[]);
    admin.fails(&format!("admin list-bank {} {bank}", stage.mint), 2, "--yes");
    trader.fails(&format!("admin list-bank {} {bank} --yes", stage.mint), 3, "WrongAuthority");
    admin.does(&format!("admin list-bank {} {bank} --yes", stage.mint));
    let feed = "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d";
    let market = admin.form("market", &[(feed, &"01".repeat(32))]);
    admin.fails(&format!("admin list-market {market}.missing --yes"), 2, "kedge admin form market");
    admin.fails(&format!("admin list-market {market}"), 2, "leverage 15.0x");
    assert_eq!(admin.does(&format!("admin list-market {market} --yes"))["market"], 0);
    admin.fails(&format!("admin list-market {market} --yes"), 2, "is called SOL-PERP already");
    admin.does("admin fund SOL-PERP vamm 1000000 --yes");
    admin.does("admin fund SOL-PERP insurance 20000 --yes");
    trader.fails("admin open SOL-PERP", 3, "WrongAuthority");
    admin.does("admin open SOL-PERP");
    trades(&trader);

    // A pause by who may only pause; resuming is the admin's.
    assert_eq!(pauser.does("admin pause place deposit")["paused"], serde_json::json!(["deposit", "place"]));
    assert_eq!(pauser.does("admin pause place")["signature"], Value::Null, "nothing to do, nothing sent");
    trader.fails("deposit 100", 3, "OperationPaused");
    trader.does("withdraw 100");
    pauser.fails("admin resume all", 3, "WrongAuthority");
    assert_eq!(admin.does("admin resume all")["paused"], serde_json::json!([]));
    trader.does("deposit 100");
    pauser.does("admin reduce-only SOL-PERP");
    trader.fails("place SOL-PERP buy 1", 3, "MarketReduceOnly");
    admin.does("admin open SOL-PERP");
    pauser.does("admin halt SOL-PERP");
    pauser.fails("admin unhalt SOL-PERP", 3, "WrongAuthority");
    admin.does("admin unhalt SOL-PERP");
    assert_eq!(admin.does("admin halt --bank 0")["row"], "dollars");
    admin.does("admin unhalt --bank 0");

    // Fees, a tier, an expiry that is taken back.
    let fees = admin.form("fees", &[("filler_share = \"10%\"", "filler_share = \"12.5%\"")]);
    admin.fails(&format!("admin fees {fees}"), 2, "filler share 10% -> 12.5%");
    assert_eq!(admin.does(&format!("admin fees {fees} --yes"))["changes"].as_array().unwrap().len(), 1);
    assert_eq!(admin.does("admin show")["filler_share_percent"], "12.5");
    admin.does(&format!("admin tier {trader_key} 3"));
    admin.fails(&format!("admin tier {next_key} 3"), 5, "no trader account");
    admin.fails("admin expire SOL-PERP tomorrow --yes", 2, "is no time");
    admin.does("admin expire SOL-PERP 3d --yes");
    admin.does("admin expire SOL-PERP never --yes");
    admin.fails("admin delist SOL-PERP --yes", 3, "");

    // The handover takes both.
    next.fails("admin accept", 3, "WrongAuthority");
    admin.does(&format!("admin propose {next_key} --yes"));
    next.does("admin accept");
    assert_eq!(next.does("admin show")["admin"], next_key.to_string());
    admin.fails("admin pause all", 3, "WrongAuthority");
}

fn trades(trader: &Person<'_>) {
    trader.does("create");
    trader.does("deposit 5000");
    trader.does("place SOL-PERP buy 1 --limit 170");
    trader.does("cancel --all");
}
