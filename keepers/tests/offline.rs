//! The built `kedge-keeper` without a chain: the mistakes that it refuses, and the secrets that it never prints.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kedge_hostile::secrets::{SPELLINGS, shows};
use kedge_state::mirror::Event;
use kedge_state::mirror::recording::Recorder;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;

/// A key file of a mode, removed at the end.
struct Wallet(PathBuf);

impl Wallet {
    fn new(name: &str, mode: u32) -> Self {
        let path = std::env::temp_dir().join(format!("kedge-offline-{name}-{}.json", std::process::id()));
        std::fs::write(&path, serde_json::to_string(&Keypair::new().to_bytes().to_vec()).unwrap()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Self(path)
    }
}

impl Drop for Wallet {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn command(wallet: &Wallet) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kedge-keeper"));
    command.arg("--keypair").arg(&wallet.0).env("KEDGE_KEEPER__HTTP__LISTEN", "127.0.0.1:0");
    command.env("KEDGE_KEEPER__RPC__TIMEOUT_MS", "500");
    command
}

/// All output of a command, and its exit code.
fn said(command: &mut Command) -> (String, Option<i32>) {
    said_within(command, Duration::from_secs(15))
}

/// All output of a command within a time; no exit code when it still runs by then.
fn said_within(command: &mut Command, most: Duration) -> (String, Option<i32>) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the keeper starts");
    let read = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            pipe.read_to_end(&mut text).unwrap();
            String::from_utf8(text).unwrap()
        })
    };
    let said = [read(Box::new(child.stdout.take().unwrap())), read(Box::new(child.stderr.take().unwrap()))];
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        // A command that still runs has printed enough.
        if started.elapsed() > most {
            child.kill().unwrap();
            break child.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    (said.map(|text| text.join().unwrap()).concat(), status.code())
}

#[test]
fn the_secret_part_of_an_endpoint_is_never_shown() {
    let wallet = Wallet::new("secrets", 0o600);
    let places = ["RPC__URL", "RPC__BACKUPS", "RPC__WS", "JITO__URL", "LEASE__URL", "AUDITOR__WEBHOOK"];
    for (turn, url) in SPELLINGS.iter().enumerate() {
        for what in ["check", "run", "audit", "replay"] {
            for (number, place) in places.iter().enumerate() {
                let mut command = command(&wallet);
                // A port without a listener on any machine.
                command.env("KEDGE_KEEPER__RPC__URL", "http://127.0.0.1:1");
                let list = *place == "RPC__BACKUPS" && what == "run";
                let value = if list { format!("[\"{url}\"]") } else { (*url).to_owned() };
                // The logs of libraries are on as well.
                let level = if (turn + number) % 2 == 0 { "trace" } else { "info" };
                command.env("KEDGE_KEEPER__LOG__LEVEL", level).env(format!("KEDGE_KEEPER__{place}"), value).arg(what);
                if what == "replay" {
                    command.arg(&wallet.0);
                }
                // `run` waits for its endpoint; only a wrong configuration ends it.
                let most = Duration::from_millis(if what == "run" { 1_000 } else { 15_000 });
                let (said, code) = said_within(&mut command, most);
                assert!(!shows(&said), "{what} {place} {url}: {said}");
                let works = *place == "AUDITOR__WEBHOOK" || *place == "LEASE__URL";
                let waits = what == "run" && code.is_none() && said.contains("does not answer");
                assert!(works || waits || matches!(code, Some(1 | 2)), "{what} {place} {url}: {code:?} {said}");
            }
        }
    }
}

#[test]
fn neither_a_mistake_nor_help_shows_it() {
    use std::os::unix::ffi::OsStrExt;
    let wallet = Wallet::new("mistakes", 0o600);
    let url = SPELLINGS[0];
    for words in [
        &[url][..],
        &["check", url],
        &["--log-format", url, "run"],
        &["--keypair", url, "run"],
        &["run", "--rpc", url, "--rpc", url],
    ] {
        let (said, code) = said(command(&wallet).args(words));
        assert!(!shows(&said) && matches!(code, Some(1 | 2)), "{words:?}: {said}");
    }
    let variables = [
        "RPC__BACKUPS",
        "RPC__TIMEOUT_MS",
        "RPC__SECOND_PRICE",
        "SOURCE__KIND",
        "SOURCE__RECORD_MB",
        "WALLET__MIN_BALANCE_SOL",
        "ACCOUNT__ID",
        "ACCOUNT__AUTHORITY",
        "SHARD__COUNT",
        "LOG__LEVEL",
        "LOG__FORMAT",
        "HTTP__LISTEN",
        "HTTP__MAX_AGE_SLOTS",
        "KEEPER__JOBS",
        "KEEPER__DRY_RUN",
        "MAKER__MARKETS",
        "ORACLE__ACCOUNTS",
        "ORACLE__PUBLISH__SOURCE",
        "NONSENSE__KEY",
    ];
    for variable in variables {
        for url in SPELLINGS {
            let (said, _) = said(command(&wallet).env(format!("KEDGE_KEEPER__{variable}"), url).arg("audit"));
            assert!(!shows(&said), "{variable} {url}: {said}");
        }
    }
    // A variable that is no UTF-8 ends in an error, not in a panic that quotes it.
    let broken = std::ffi::OsStr::from_bytes(b"http://127.0.0.1:1/s3cretkey\xff");
    let (text, code) = said(command(&wallet).env("KEDGE_KEEPER__RPC__URL", broken).arg("check"));
    assert!(!shows(&text) && code == Some(2) && text.contains("RPC__URL: is not UTF-8"), "{text}");
    let (text, code) =
        said(command(&wallet).env("SOMETHING_ELSE", broken).args(["--rpc", "http://127.0.0.1:1", "check"]));
    assert!(!shows(&text) && code == Some(1), "{text}");
    let (help, _) = said(command(&wallet).env("KEDGE_KEEPER__RPC__URL", url).args(["run", "--help"]));
    assert!(help.contains("Usage") && !shows(&help), "{help}");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let wallet = Wallet::new("open", 0o644);
    let (said_open, code) = said(command(&wallet).args(["--rpc", "http://127.0.0.1:1", "run"]));
    assert!(code == Some(1) && said_open.contains("others may read") && said_open.contains("chmod 600"), "{said_open}");
    std::fs::set_permissions(&wallet.0, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut run = command(&wallet);
    let (said_own, code) = said_within(run.args(["--rpc", "http://127.0.0.1:1", "run"]), Duration::from_secs(2));
    assert!(code.is_none() && !said_own.contains("others may read"), "it waits for its endpoint: {said_own}");
    assert!(said_own.contains("the RPC endpoint http://127.0.0.1:1 does not answer"), "{said_own}");
}

#[test]
fn a_variable_with_one_underscore_is_refused() {
    let wallet = Wallet::new("underscore", 0o600);
    for what in ["check", "run"] {
        let (said, code) = said(command(&wallet).env("KEDGE_KEEPER_RPC_URL", "http://127.0.0.1:1").arg(what));
        assert!(code == Some(2) && said.contains("KEDGE_KEEPER_RPC_URL: no setting"), "{said}");
    }
}

#[test]
fn an_unencrypted_endpoint_over_a_network_is_a_warning() {
    let wallet = Wallet::new("plain", 0o600);
    let (said, code) = said(command(&wallet).args(["--rpc", "http://192.0.2.1:8899/s3cretkey", "check"]));
    let line = said.lines().find(|line| line.starts_with("encryption")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("WARN") && line.contains("rpc.url http://192.0.2.1:8899/...") && code == Some(1), "{said}");
}

#[test]
fn a_recording_that_is_cut_short_is_an_error() {
    let wallet = Wallet::new("cut", 0o600);
    let folder = std::env::temp_dir();
    let [whole, cut] =
        ["whole", "cut"].map(|name| folder.join(format!("kedge-offline-{name}-{}.kedge", std::process::id())));
    let mut recorder = Recorder::create(&whole, 1 << 20, &Pubkey::new_unique()).unwrap();
    recorder.learnt(2, 1).unwrap();
    recorder.event(&Event::Gap).unwrap();
    drop(recorder);
    let replay = |file: &Path| said(command(&wallet).arg("replay").arg(file));
    let (said, code) = replay(&whole);
    assert!(code == Some(1) && said.contains("has no look at the exchange"), "{said}");
    let bytes = std::fs::read(&whole).unwrap();
    // Cuts within the last record, within its length, and within the head.
    for (length, told) in [
        (bytes.len() - 1, "ends within a record"),
        (bytes.len() - 3, "ends within a record"),
        (bytes.len() - 7, "ends within a record"),
        (20, "kedge"),
    ] {
        std::fs::write(&cut, &bytes[..length]).unwrap();
        let (said, code) = replay(&cut);
        assert!(code == Some(1) && said.contains(told), "{length}: {said}");
    }
    for file in [whole, cut] {
        std::fs::remove_file(file).unwrap();
    }
}

/// A closed pipe, on either output, is no failure and changes no exit code.
#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let wallet = Wallet::new("pipe", 0o600);
    let nowhere = ["--rpc", "http://127.0.0.1:1"];
    let none = ["--jobs", "nonsense"];
    let (replay, file) = ("replay", wallet.0.to_str().unwrap());
    for (words, wanted) in [
        ([&nowhere[..], &["check"]].concat(), 1),
        ([&nowhere[..], &["audit"]].concat(), 1),
        (vec![replay, file], 1),
        ([&none[..], &["check"]].concat(), 2),
        (vec!["--help"], 0),
        (vec!["nonsense"], 2),
    ] {
        for both in [false, true] {
            let mut child =
                command(&wallet).args(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
            drop(child.stdout.take());
            let mut text = String::new();
            if both {
                drop(child.stderr.take());
            } else {
                child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
            }
            let code = child.wait().unwrap().code();
            assert!(code == Some(wanted) && !text.contains("a fault of this program"), "{words:?}: {code:?} {text}");
        }
    }
}
