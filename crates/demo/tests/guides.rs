//! Guides and READMEs, run as they are written: every command of each, in its order, in a shell in a folder like the
//! checkout's, against the exchange that the guide tells its reader to start. Output in a guide is compared in its
//! shape. A block that cannot be run here gives its reason, and the number of such blocks is bounded.

#[path = "book/mod.rs"]
mod book;
#[path = "shell/mod.rs"]
mod shell;
#[path = "visitor/mod.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod visitor;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use book::{Block, Kind, blocks, shape};
use shell::Shell;
use visitor::Demo;

/// Guides are read one at a time: two cores hold one exchange.
static READER: Mutex<()> = Mutex::new(());
/// Start of the command with which guides start the exchange.
const SERVE: &str = "make demo ARGS=";
/// Address for the placeholder `<address>` of a guide.
const FRIEND: &str = "8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh";
/// Exit code of `kedge` for an order that should have been filled at once and was not.
const NOTHING_FILLED: i32 = 7;
/// Most repetitions of such an order.
const TRIES: u32 = 30;
/// Pause after an order, at least; and the step of the wait while keepers run its auction.
const PACE: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(25);
/// Time until a program that was started beside is up.
const START: Duration = Duration::from_secs(5);

fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    std::fs::canonicalize(Path::new(&package).join("../..")).expect("the checkout")
}

/// The reader of a guide: a folder, a terminal, an exchange once it is started, and the output so far.
struct Reader {
    folder: PathBuf,
    port: u16,
    shell: Shell,
    demo: Option<Demo>,
    beside: Vec<Shell>,
    printed: BTreeSet<String>,
    signature: String,
}

impl Reader {
    fn new(port: u16) -> Self {
        let folder = std::env::temp_dir().join(format!("kedge-guide-{}-{port}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("target/demo")).expect("a folder for the reader");
        let root = root();
        for name in ["docs", "keepers", "README.md"] {
            std::os::unix::fs::symlink(root.join(name), folder.join(name)).expect("a link into the checkout");
        }
        // `make demo` and `make keeper` leave these; building all tests builds them.
        let built = Path::new(env!("CARGO_BIN_EXE_kedge-demo")).parent().expect("a folder").to_owned();
        for name in ["kedge", "kedge-keeper"] {
            let program = built.join(name);
            assert!(program.is_file(), "{} is missing: cargo build --workspace --bin {name}", program.display());
            std::os::unix::fs::symlink(program, folder.join("target").join(name)).expect("a link to a program");
        }
        let shell = Shell::start(&folder, port);
        Self { folder, port, shell, demo: None, beside: Vec::new(), printed: BTreeSet::new(), signature: String::new() }
    }

    /// The command with this reader's ports in place of the guide's.
    fn typed(&self, command: &str) -> String {
        let port = |port: u16| format!("127.0.0.1:{port}");
        let command = [8899u16, 8900, 9464]
            .iter()
            .zip(0..)
            .fold(command.to_owned(), |command, (written, at)| command.replace(&port(*written), &port(self.port + at)));
        command.replace("<signature>", &self.signature).replace("<address>", FRIEND)
    }

    /// Starts the exchange as `make demo` would.
    fn serve(&mut self, flags: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kedge-demo"));
        command.args(flags.trim_matches(['\'', '"']).split_whitespace());
        command.args(["--data", "none", "--out", "target/demo", "--rpc-port", &self.port.to_string()]);
        command.arg("--program").arg(visitor::program()).current_dir(&self.folder);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let demo = Demo::serve(command);
        assert!(demo.told["rpc"].as_str().is_some_and(|url| url.ends_with(&self.port.to_string())), "{}", demo.told);
        for wallet in ["wallet", "keeper", "admin"] {
            let file = self.folder.join(format!("target/demo/{wallet}.json"));
            let mode = std::fs::metadata(&file).expect("a wallet").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{} is its owner's alone", file.display());
        }
        self.demo = Some(demo);
    }

    fn run(&mut self, block: &Block) {
        for command in block.commands() {
            if let Some(flags) = command.strip_prefix(SERVE) {
                self.serve(flags.split(" #").next().unwrap_or_default().trim());
                continue;
            }
            let typed = self.typed(&command);
            let (mut status, mut out) = self.shell.run(&typed);
            // Nothing was filled: the vAMM trades only at a price of the same slot, so the reader tries again.
            for _ in 0..TRIES {
                if status != NOTHING_FILLED {
                    break;
                }
                (status, out) = self.shell.run(&typed);
            }
            println!("$ {typed}\n{out}");
            assert_eq!(status, 0, "line {} on: {typed}\n{out}", block.line);
            self.signature = out
                .lines()
                .rev()
                .find(|line| line.len() >= 86 && line.chars().all(char::is_alphanumeric))
                .map_or_else(|| self.signature.clone(), str::to_owned);
            self.printed.extend(out.lines().map(shape));
            if let Some((kedge, _)) = typed.split_once(" place ").or_else(|| typed.split_once(" submit ")) {
                self.wait(kedge);
            }
        }
    }

    /// Waits for the auction of a market order, as a reader does.
    fn wait(&mut self, kedge: &str) {
        let end = Instant::now() + LONGEST;
        loop {
            std::thread::sleep(PACE);
            let (status, open) = self.shell.run(&format!("{kedge} orders"));
            if status != 0 || !open.contains(" market ") || Instant::now() > end {
                return;
            }
        }
    }

    fn begin(&mut self, block: &Block) {
        let mut shell = Shell::start(&self.folder, self.port);
        let commands = block.commands();
        let (last, before) = commands.split_last().expect("a command");
        for command in before {
            let typed = self.typed(command);
            let (status, out) = shell.run(&typed);
            assert_eq!(status, 0, "line {} on: {typed}\n{out}", block.line);
        }
        if let Some(flags) = last.strip_prefix(SERVE) {
            return self.serve(flags.split(" #").next().unwrap_or_default().trim());
        }
        shell.begin(&self.typed(last));
        std::thread::sleep(START);
        self.beside.push(shell);
    }

    /// Holds the output of a guide against the printed one.
    fn compare(&self, block: &Block) {
        for line in block.lines.iter().filter(|line| !line.trim().is_empty() && line.trim() != "...") {
            let printed = || self.printed.iter().cloned().collect::<Vec<_>>().join("\n");
            assert!(
                self.printed.contains(&shape(line)),
                "line {} on: not printed: {line}\nas {}\nprinted:\n{}",
                block.line,
                shape(line),
                printed()
            );
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.beside.clear();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Runs a guide. At least `least` of its commands run, and at most `most` blocks do not.
fn read(guide: &str, port: u16, (least, most): (usize, usize)) {
    let _alone = READER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut reader = Reader::new(port);
    let (mut run, mut left_out) = (0, 0);
    for block in blocks(&root().join(guide)) {
        match &block.kind {
            Kind::Run => {
                run += block.commands().len();
                reader.run(&block);
            }
            Kind::Beside => {
                run += block.commands().len();
                reader.begin(&block);
            }
            Kind::NotRun(reason) => {
                println!("{guide}:{}: not run: {reason}", block.line);
                left_out += 1;
            }
            Kind::Shown => reader.compare(&block),
        }
    }
    for shell in &mut reader.beside {
        shell.end();
    }
    if let Some(demo) = &reader.demo {
        // The stream of changes may need a moment until it is up.
        let said = demo.said();
        let times = |text: &str| said.matches(text).count();
        assert!(times("BLIND") <= times("the keepers see again"), "{said}");
    }
    assert!(run >= least, "{guide} has {run} commands, {least} were expected at least");
    assert!(left_out <= most, "{guide} has {left_out} blocks that are not run, {most} may be");
}

#[test]
fn the_readme_s_first_trade_works_as_written() {
    read("README.md", 19_100, (10, 1));
}

#[test]
fn the_trader_s_guide_works_as_written() {
    read("docs/guides/trader.md", 19_110, (50, 0));
}

#[test]
fn the_maker_s_guide_works_as_written() {
    read("docs/guides/maker.md", 19_120, (10, 0));
}

#[test]
fn the_keeper_s_guide_works_as_written() {
    read("docs/guides/keeper.md", 19_130, (8, 5));
}

#[test]
fn the_integrator_s_guide_works_as_written() {
    read("docs/guides/integrator.md", 19_140, (3, 0));
}

#[test]
fn the_market_operator_s_guide_works_as_written() {
    read("docs/guides/markets.md", 19_150, (8, 1));
}

#[test]
fn the_guide_to_conditional_orders_works_as_written() {
    read("docs/guides/conditional-orders.md", 19_160, (6, 0));
}

#[test]
fn the_readme_of_the_typescript_client_works_as_written() {
    read("clients/js/README.md", 19_170, (0, 0));
}

#[test]
fn shapes_forget_numbers_and_nothing_else() {
    assert_eq!(shape("SOL-PERP  180.00    8  none"), shape("SOL-PERP 95.5 -12,000.25 1"));
    assert_ne!(shape("buy 5 SOL-PERP: would be accepted"), shape("buy 5 SOL-PERP: would be refused"));
    assert_ne!(shape("MARKET ORACLE NOW"), shape("MARKET ORACLE"));
}
