//! The threads behind a [`crate::Localnet`]: surfpool's run loop with its servers, and the reader of its events.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use solana_account::Account;
use solana_pubkey::Pubkey;
use surfpool_core::{
    runloops::start_local_surfnet_runloop,
    surfnet::{
        GeyserEvent,
        locker::SurfnetSvmLocker,
        svm::{SurfnetSvm, SurfnetSvmConfig},
    },
};
use surfpool_types::{BlockProductionMode, RpcConfig, SimnetCommand, SimnetConfig, SimnetEvent, SurfpoolConfig};

use crate::{Error, LocalnetConfig, Result, journal::Journal, ports};

const START_TIMEOUT: Duration = Duration::from_secs(60);
const PORT_TIMEOUT: Duration = Duration::from_secs(5);
/// surfpool's own clock thread outlives the chain. Block production is ours ([`crate::slots`]), so its tick is set to
/// something that never wakes the machine.
const IDLE_TICK_MS: u64 = 24 * 60 * 60 * 1_000;
/// surfpool's own bound on waiting plugin events.
const PLUGIN_EVENTS: usize = 1_024;

/// A running chain. Dropping it stops the threads and waits for the ports.
pub(crate) struct Chain {
    svm: SurfnetSvmLocker,
    commands: Sender<SimnetCommand>,
    journal: Arc<Journal>,
    run_loop: Option<JoinHandle<()>>,
    events: Option<JoinHandle<()>>,
    stop_events: Arc<AtomicBool>,
    bind: IpAddr,
    ports: [u16; 2],
}

impl Chain {
    /// Starts the run loop and both servers and waits until they answer. `ws_port` is that of surfpool's own WebSocket.
    pub(crate) fn start(config: &LocalnetConfig, rpc_port: u16, ws_port: u16) -> Result<Self> {
        let slot_ms = u64::try_from(config.slot_time.as_millis()).unwrap_or(u64::MAX);
        let (svm, event_stream, geyser) = SurfnetSvm::new(SurfnetSvmConfig {
            slot_time: slot_ms,
            // Profiles copy every account of every transaction; nothing here reads them.
            instruction_profiling_enabled: false,
            max_profiles: 1,
            log_bytes_limit: config.log_bytes_limit,
            ..SurfnetSvmConfig::default()
        })
        .map_err(|error| Error::Start(error.to_string()))?;
        let svm = SurfnetSvmLocker::new(svm);
        let (commands, command_stream) = unbounded();
        let (ready, readiness) = bounded(1);
        let stop_events = Arc::new(AtomicBool::new(false));
        let journal = Arc::new(Journal::default());
        let geyser = {
            let (forward, forwarded) = bounded(PLUGIN_EVENTS);
            let journal = Arc::clone(&journal);
            // The thread ends with the chain, which then drops its end of either channel.
            thread::Builder::new()
                .name("localnet-journal".into())
                .spawn(move || keep_journal(&geyser, &forward, &journal))?;
            forwarded
        };

        let events = {
            let (ready, stop) = (ready.clone(), Arc::clone(&stop_events));
            thread::Builder::new()
                .name("localnet-events".into())
                .spawn(move || read_events(&event_stream, &ready, &stop))?
        };
        let run_loop = {
            let (svm, commands) = (svm.clone(), commands.clone());
            let config = surfpool_config(config, rpc_port, ws_port);
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("localnet-runtime")
                .enable_all()
                .build()?;
            thread::Builder::new().name("localnet".into()).spawn(move || {
                let outcome =
                    runtime.block_on(start_local_surfnet_runloop(svm, config, commands, command_stream, geyser));
                if let Err(error) = outcome {
                    // Only `start` listens, and only until the chain is up.
                    let _ = ready.try_send(Err(error.to_string()));
                }
            })?
        };
        let chain = Self {
            svm,
            commands,
            journal,
            run_loop: Some(run_loop),
            events: Some(events),
            stop_events,
            bind: config.bind,
            ports: [rpc_port, ws_port],
        };
        match readiness.recv_timeout(START_TIMEOUT) {
            Ok(Ok(())) => Ok(chain),
            Ok(Err(reason)) => Err(Error::Start(reason)),
            Err(_) => Err(Error::Start(format!("not ready after {} s", START_TIMEOUT.as_secs()))),
        }
    }

    /// A handle for other threads; see [`with_svm`].
    pub(crate) fn svm(&self) -> SurfnetSvmLocker {
        self.svm.clone()
    }

    /// The journal of writes by slot.
    pub(crate) fn journal(&self) -> Arc<Journal> {
        Arc::clone(&self.journal)
    }

    /// Writes an account as given, and notes it in the journal.
    pub(crate) fn write(
        &self,
        svm: &mut SurfnetSvm,
        address: &Pubkey,
        account: Account,
    ) -> surfpool_core::error::SurfpoolResult<()> {
        self.journal.note(svm.get_latest_absolute_slot(), account.lamports, &account.data);
        svm.set_account(address, account)
    }

    /// Channel to the run loop.
    pub(crate) fn commands(&self) -> Sender<SimnetCommand> {
        self.commands.clone()
    }

    /// Runs `change` with the chain's state locked.
    ///
    /// The lock is taken on a helper thread: it is a tokio lock, whose blocking form panics inside a runtime, and
    /// this crate's callers live in both worlds.
    pub(crate) fn with_svm<T: Send>(&self, change: impl FnOnce(&mut SurfnetSvm) -> T + Send) -> T {
        thread::scope(|scope| {
            let locked = scope.spawn(|| change(&mut self.svm.0.blocking_write()));
            locked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // An error means that the other side has ended already.
        let _ = self.commands.send(SimnetCommand::Terminate(None));
        if let Some(thread) = self.run_loop.take() {
            let _ = thread.join();
        }
        self.stop_events.store(true, Ordering::Relaxed);
        if let Some(thread) = self.events.take() {
            let _ = thread.join();
        }
        for port in self.ports {
            ports::wait_free(self.bind, port, PORT_TIMEOUT);
        }
    }
}

/// Notes the writes of transactions in the journal, and passes plugin events on.
fn keep_journal(events: &Receiver<GeyserEvent>, forward: &Sender<GeyserEvent>, journal: &Journal) {
    for event in events {
        if let GeyserEvent::UpdateAccount(update) = &event {
            journal.note(update.slot, update.account.lamports, &update.account.data);
        }
        if forward.send(event).is_err() {
            return;
        }
    }
}

/// Drains the bounded event channel (a full one would stall the chain) and reports the result of the start.
fn read_events(events: &Receiver<SimnetEvent>, ready: &Sender<std::result::Result<(), String>>, stop: &AtomicBool) {
    loop {
        match events.recv_timeout(Duration::from_millis(50)) {
            Ok(SimnetEvent::CoreStarted(_)) => {
                let _ = ready.try_send(Ok(()));
            }
            Ok(SimnetEvent::Aborted(reason)) => {
                let _ = ready.try_send(Err(reason));
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) if !stop.load(Ordering::Relaxed) => {}
            Err(_) => return,
        }
    }
}

fn surfpool_config(config: &LocalnetConfig, rpc_port: u16, ws_port: u16) -> SurfpoolConfig {
    SurfpoolConfig {
        simnets: vec![SimnetConfig {
            offline_mode: true,
            remote_rpc_url: None,
            slot_time: IDLE_TICK_MS,
            block_production_mode: BlockProductionMode::Manual,
            airdrop_addresses: config.funded.clone(),
            airdrop_token_amount: config.funding_lamports,
            instruction_profiling_enabled: false,
            max_profiles: 1,
            log_bytes_limit: config.log_bytes_limit,
            ..SimnetConfig::default()
        }],
        rpc: RpcConfig { bind_host: config.bind.to_string(), bind_port: rpc_port, ws_port, ..RpcConfig::default() },
        ..SurfpoolConfig::default()
    }
}
