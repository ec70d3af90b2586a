//! `solana-test-validator` as a process that can be killed and started again on its ledger.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kedge_interface::PROGRAM_ID;
use kedge_interface::address::pyth::{PUSH_ORACLE, RECEIVER};
use solana_commitment_config::CommitmentConfig;
use solana_pubkey::Pubkey;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use tokio::time::sleep;

/// Longest time until the validator produces slots.
const PATIENCE: Duration = Duration::from_secs(120);

/// File names of the exchange's bytecode, and of the mock at the addresses of Pyth's receiver and push oracle.
pub const EXCHANGE: &str = "kedge.so";
/// See [`EXCHANGE`].
pub const MOCK: &str = "kedge_mock_receiver.so";

/// A validator with the exchange's program and the mock of Pyth's receiver from its first slot on.
pub struct Validator {
    binary: PathBuf,
    folder: PathBuf,
    accounts: PathBuf,
    programs: PathBuf,
    mint: Pubkey,
    port: u16,
    child: Option<Child>,
}

impl Validator {
    /// A validator that is not started yet, with its ledger and log in `folder`. `accounts` holds the accounts of its
    /// first slot, `mint` has all other lamports, and `programs` the bytecode. It takes 32 ports from `port` on.
    pub fn new(binary: &Path, folder: &Path, accounts: &Path, programs: &Path, mint: Pubkey, port: u16) -> Self {
        Self {
            binary: binary.into(),
            folder: folder.into(),
            accounts: accounts.into(),
            programs: programs.into(),
            mint,
            port,
            child: None,
        }
    }

    /// The JSON-RPC endpoint; WebSocket is on the next port.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts the validator, from its ledger when there is one, and returns once it produced a later slot than ever
    /// before. Returns the time that this took.
    ///
    /// # Errors
    /// When the validator cannot be started, ends, or does not come up in two minutes.
    pub async fn start(&mut self) -> Result<Duration> {
        let started = Instant::now();
        let log = File::options().create(true).append(true).open(self.folder.join("validator.log"))?;
        let mut command = Command::new(&self.binary);
        command.arg("--ledger").arg(self.folder.join("ledger")).arg("--account-dir").arg(&self.accounts);
        for (id, name) in [(PROGRAM_ID, EXCHANGE), (RECEIVER, MOCK), (PUSH_ORACLE, MOCK)] {
            command.arg("--bpf-program").arg(id.to_string()).arg(self.programs.join(name));
        }
        command.args(["--mint", &self.mint.to_string(), "--quiet", "--bind-address", "127.0.0.1"]);
        command.args(["--rpc-port", &self.port.to_string(), "--faucet-port", &(self.port + 2).to_string()]);
        command.args(["--gossip-port", &(self.port + 3).to_string()]);
        command.args(["--dynamic-port-range", &format!("{}-{}", self.port + 4, self.port + 32)]);
        command.args(["--limit-ledger-size", "200000"]);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {}", self.binary.display()))?;
        self.child = Some(child);
        let rpc = RpcClient::new_with_commitment(self.url(), CommitmentConfig::processed());
        let mut first = None;
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                bail!("the validator ended ({status}); its log is {}", self.folder.join("validator.log").display());
            }
            match (rpc.get_slot().await, first) {
                (Ok(slot), Some(first)) if slot > first => {
                    self.calm();
                    return Ok(started.elapsed());
                }
                (Ok(slot), None) => first = Some(slot),
                _ => {}
            }
            sleep(Duration::from_millis(200)).await;
        }
        bail!("the validator produced no slot in {} s", PATIENCE.as_secs())
    }

    /// Lowers the priority of the thread that schedules transactions, which asks for work without a pause: on few cores
    /// it would starve the validator's other threads and the keepers beside it.
    fn calm(&self) {
        let Some(child) = &self.child else { return };
        let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id()));
        for task in tasks.into_iter().flatten().flatten() {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            if name.starts_with("solBnkTxS") {
                let thread = task.file_name();
                let _ = Command::new("renice").args(["-n", "10", "-p"]).arg(thread).stdout(Stdio::null()).status();
            }
        }
    }

    /// The process's id.
    pub fn process(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Kills the process without warning, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Validator {
    fn drop(&mut self) {
        self.kill();
    }
}
