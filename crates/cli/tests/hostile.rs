//! The effect of lying endpoints on the built `kedge` command.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kedge_hostile::rpc::{Chain, Lie, MEMORY_MB, Server};
use solana_keypair::Keypair;
use solana_signer::Signer;

/// A chain with one person's account and one endpoint, on a runtime of its own.
struct Ground {
    chain: Chain,
    server: Server,
    keypair: PathBuf,
    _runtime: tokio::runtime::Runtime,
}

/// Result of a command.
struct Run {
    code: i32,
    out: String,
    err: String,
    memory_mb: u64,
    took: Duration,
}

impl Ground {
    fn new(name: &str) -> Self {
        let key = Keypair::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let chain = Chain::new(&[key.pubkey()]);
        let server = runtime.block_on(Server::start(&chain));
        let keypair = std::env::temp_dir().join(format!("kedge-hostile-{}-{name}.json", std::process::id()));
        std::fs::write(&keypair, serde_json::to_string(&key.to_bytes().to_vec()).unwrap()).unwrap();
        Self { chain, server, keypair, _runtime: runtime }
    }

    fn run(&self, line: &str) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kedge"));
        command.args(line.split_whitespace()).env("KEDGE_URL", self.server.url()).env("KEDGE_KEYPAIR", &self.keypair);
        command.env("KEDGE_CONFIG", "/nonexistent/kedge.toml");
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut memory = 0;
        let code = loop {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let most = status
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:")?.trim().trim_end_matches(" kB").parse().ok());
            memory = memory.max(most.unwrap_or(0u64));
            if let Some(status) = child.try_wait().unwrap() {
                break status.code().unwrap_or(-1);
            }
            assert!(started.elapsed() < Duration::from_secs(60), "kedge {line}");
            std::thread::sleep(Duration::from_millis(5));
        };
        let (mut out, mut err) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        Run { code, out, err, memory_mb: memory / 1_000, took: started.elapsed() }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.keypair);
    }
}

#[test]
fn the_honest_endpoint_is_understood() {
    let ground = Ground::new("honest");
    for line in ["markets", "accounts", "balances", "history", "orders"] {
        let run = ground.run(line);
        assert_eq!(run.code, 0, "kedge {line}: {}{}", run.out, run.err);
    }
    assert!(ground.run("markets").out.contains("BTC-PERP"));
}

#[test]
fn whatever_is_sent_a_command_ends_soon_and_stays_small() {
    let ground = Ground::new("sizes");
    for lie in [Lie::Endless, Lie::GzipBomb, Lie::ManyValues, Lie::LongMessage, Lie::Redirects, Lie::RefusesAll] {
        ground.server.set(Some(lie));
        for line in ["markets", "accounts"] {
            let run = ground.run(line);
            assert_eq!(run.code, 1, "kedge {line}, {lie:?}: {}{}", run.out, run.err);
            println!("kedge {line}, {lie:?}: {} MB", run.memory_mb);
            assert!(run.memory_mb <= MEMORY_MB, "kedge {line}, {lie:?}: {} MB", run.memory_mb);
            assert!(run.took < Duration::from_secs(20), "kedge {line}, {lie:?}: {:?}", run.took);
            assert!(run.err.len() < 2_000, "kedge {line}, {lie:?}: {} bytes of complaint", run.err.len());
        }
    }
}

#[test]
fn names_and_decimals_are_held_against_what_else_is_on_chain() {
    let ground = Ground::new("names");
    for (lie, why) in [(Lie::WrongDecimals, "decimals"), (Lie::SwappedNames, "same name"), (Lie::WrongAccounts, "")] {
        ground.server.set(Some(lie));
        for line in ["balances", "deposit 10", "place SOL-PERP buy 1"] {
            let run = ground.run(line);
            let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(run.code != 0 && said.contains(why), "kedge {line}, {lie:?}: {} {said}", run.code);
        }
    }
    assert!(ground.chain.received().is_empty(), "nothing was sent");
}

#[test]
fn one_bad_transaction_hides_itself_only() {
    let ground = Ground::new("history");
    ground.server.set(Some(Lie::BadTransaction));
    let run = ground.run("history");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.out.matches("cannot be read").count(), 1, "{}", run.out);
    // The others are read and did nothing to the account.
    let shown = [1u8, 2, 3].map(|number| run.out.contains(&bs58::encode([number; 64]).into_string()));
    assert_eq!(shown, [false, true, false], "{}", run.out);
}

#[test]
fn one_command_signs_once_and_names_the_signature() {
    let ground = Ground::new("signs");
    // Another signature is no reason not to look for its own.
    for (count, (lie, code)) in [(Lie::ForeignSignature, 0), (Lie::RefusesTransactions, 6)].into_iter().enumerate() {
        ground.server.set(Some(lie));
        // Under one blockhash equal commands are one transaction.
        std::thread::sleep(Duration::from_millis(500));
        let run = ground.run("place SOL-PERP buy 1 --patience 5");
        let received = ground.chain.received();
        assert_eq!(received.len(), count + 1, "{lie:?}: {}", run.err);
        assert_eq!(run.code, code, "{lie:?}: {}", run.err);
        assert!(run.err.contains(&received[count].signature), "{lie:?}: {}", run.err);
    }
}
