//! Output for people while the demo works: numbered steps with their times, and what to do next.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Instant;

use kedge_localnet::Localnet;

use crate::wallets::Wallets;

/// Steps of this program.
const STEPS: usize = 3;

/// Numbered lines on standard output, or on standard error where that belongs to a program.
pub struct Steps {
    done: usize,
    all: usize,
    aside: bool,
    begun: Option<(String, Instant)>,
}

impl Steps {
    /// Begins behind the caller's steps; with `serve` standard output is a program's.
    #[must_use]
    pub fn new(before: usize, serve: bool) -> Self {
        let steps = if serve { STEPS - 1 } else { STEPS };
        Self { done: before, all: before + steps, aside: serve && !std::io::stdout().is_terminal(), begun: None }
    }

    /// Whether a program reads standard output.
    #[must_use]
    pub fn aside(&self) -> bool {
        self.aside
    }

    /// Prints a line for people.
    pub fn say(&self, line: &str) {
        if self.aside { eprintln!("{line}") } else { println!("{line}") }
    }

    /// Begins a step.
    pub fn begin(&mut self, title: &str) {
        self.done += 1;
        self.say(&format!("[{}/{}] {title}", self.done, self.all));
        self.begun = Some((title.to_owned(), Instant::now()));
    }

    /// Ends the step and prints its time.
    pub fn end(&mut self) {
        if let Some((title, since)) = self.begun.take() {
            self.say(&format!("[{}/{}] {title}: {:.1} s", self.done, self.all, since.elapsed().as_secs_f64()));
        }
    }
}

/// How to reach the exchange from another terminal, as commands to copy.
#[must_use]
pub fn reach(localnet: &Localnet, wallets: &Wallets) -> Vec<String> {
    vec![
        "alias kedge=$PWD/target/kedge".to_owned(),
        format!("export KEDGE_URL={}", localnet.rpc_url()),
        format!("export KEDGE_KEYPAIR={}", wallets.visitor.display()),
    ]
}

/// A first trade, as commands to copy.
pub const FIRST_TRADE: [&str; 5] =
    ["kedge markets", "kedge create", "kedge deposit 10000", "kedge place SOL-PERP buy 5", "kedge positions"];

/// Suggestions once the exchange is up.
#[must_use]
pub fn served(localnet: &Localnet, wallets: &Wallets) -> String {
    let mut lines = vec![
        String::new(),
        format!("The exchange is up at {} until Ctrl-C. In another terminal, here:", localnet.rpc_url()),
        String::new(),
    ];
    lines.extend(reach(localnet, wallets).into_iter().map(|line| format!("  {line}")));
    lines.extend(FIRST_TRADE.map(|line| format!("  {line}")));
    lines.extend([
        String::new(),
        format!("  {:<26} trades: 20 SOL, 100,000 USDC (docs/guides/trader.md)", show(&wallets.visitor)),
        format!("  {:<26} keeps or makes markets: as much (keeper.md, maker.md)", show(&wallets.operator)),
        format!("  {:<26} administers (markets.md)", show(&wallets.admin)),
        String::new(),
    ]);
    lines.join("\n")
}

/// Suggestions after the replay.
#[must_use]
pub fn next(url: &str, report: &Path) -> String {
    let folder = report.parent().unwrap_or(report);
    format!(
        "\nThe chain at {url} ended with the demo. What to do next:\n\n  \
         xdg-open {}    # charts, tables, data\n  \
         less {}        # the whole statement\n  \
         make demo ARGS=--serve                 # a chain that stays, to trade on\n  \
         make demo ARGS='--speed 60 --seed 1'   # the same crash, other takers\n",
        report.display(),
        folder.join("summary.txt").display()
    )
}

fn show(path: &Path) -> String {
    path.display().to_string()
}
