use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use solana_clock::Clock;
use solana_pubkey::Pubkey;

use crate::{
    Error, LocalnetConfig, MarketClock, Result, chain::Chain, clock::wall_seconds, face::Face, history::History, ports,
    slots::Slots,
};

/// A running embedded chain. Dropping it stops every server and frees both ports; nothing is left on disk.
///
/// All methods block for microseconds to a few milliseconds and may be called from any thread, inside or outside an
/// async runtime. Changes are visible to clients at once and notify `accountSubscribe` and `programSubscribe`.
pub struct Localnet {
    // Field order is drop order: WebSocket and slot production end before the chain does.
    _face: Face,
    _slots: Slots,
    pub(crate) chain: Chain,
    clock: Arc<Mutex<MarketClock>>,
    rpc_url: String,
    ws_url: String,
}

impl Localnet {
    /// Starts a chain and returns when its RPC server answers.
    ///
    /// # Errors
    /// [`Error::Config`] for a slot time under a millisecond, [`Error::Start`] when a port is taken.
    pub fn start(config: LocalnetConfig) -> Result<Self> {
        if config.slot_time < Duration::from_millis(1) {
            return Err(Error::Config("slot_time is under one millisecond"));
        }
        let (rpc_port, ws_port) = ports::choose(config.bind, config.rpc_port, config.ws_port)?;
        let inner_port = ports::free(config.bind, &[rpc_port, ws_port])?;
        let chain = Chain::start(&config, rpc_port, inner_port)?;
        let face = Face::start(config.bind, ws_port, inner_port, chain.svm(), chain.journal())?;
        let genesis = config.genesis_time.unwrap_or_else(wall_seconds);
        let clock = Arc::new(Mutex::new(MarketClock::new(genesis, config.time_rate, Instant::now())));
        let history = History::new(config.transaction_history);
        let slots = Slots::start(chain.svm(), chain.commands(), Arc::clone(&clock), config.slot_time, history)?;
        let localnet = Self {
            _face: face,
            _slots: slots,
            chain,
            clock,
            rpc_url: format!("http://{}", SocketAddr::new(config.bind, rpc_port)),
            ws_url: format!("ws://{}", SocketAddr::new(config.bind, ws_port)),
        };
        localnet.set_time(genesis)?;
        Ok(localnet)
    }

    /// The JSON-RPC endpoint, `http://address:port`.
    #[must_use]
    pub fn rpc_url(&self) -> &str {
        &self.rpc_url
    }

    /// The WebSocket endpoint, `ws://address:port`.
    #[must_use]
    pub fn ws_url(&self) -> &str {
        &self.ws_url
    }

    /// Sets market time: `Clock::unix_timestamp` is `unix_timestamp` for the next transaction and runs on from there
    /// at the current rate. Slots, blockhashes and confirmations are untouched. The time may be set backwards, as a
    /// replay does once at its start.
    ///
    /// # Errors
    /// [`Error::Config`] for a time before 1970.
    pub fn set_time(&self, unix_timestamp: i64) -> Result<()> {
        if unix_timestamp < 0 {
            return Err(Error::Config("market time before 1970"));
        }
        self.clock.lock().unwrap_or_else(PoisonError::into_inner).set(unix_timestamp, Instant::now());
        self.chain.with_svm(|svm| {
            let clock = Clock { unix_timestamp, ..svm.inner.get_sysvar::<Clock>() };
            svm.inner.set_sysvar(&clock);
        });
        Ok(())
    }

    /// Lets time pass at once: market time goes on by `time`, and the slots that it takes at `slot_time` each are left out,
    /// as if they had been empty. Blockhashes stay as they are.
    ///
    /// # Errors
    /// [`Error::Config`] for a slot time under a millisecond.
    pub fn pass(&self, time: Duration, slot_time: Duration) -> Result<()> {
        let slots = time.as_millis().checked_div(slot_time.as_millis());
        let slots = slots.ok_or(Error::Config("slot_time is under one millisecond"))?;
        let slots = u64::try_from(slots).map_err(|_| Error::Config("too long a time"))?;
        let now = self.market_clock().seconds(Instant::now()).saturating_add_unsigned(time.as_secs());
        self.chain.with_svm(|svm| {
            svm.latest_epoch_info.absolute_slot = svm.latest_epoch_info.absolute_slot.saturating_add(slots);
            let slot = svm.latest_epoch_info.absolute_slot;
            let clock = Clock { slot, ..svm.inner.get_sysvar::<Clock>() };
            svm.inner.set_sysvar(&clock);
        });
        self.set_time(now)
    }

    /// Sets the pace of market time in market seconds per wall second; zero holds it still. The time does not jump.
    pub fn set_time_rate(&self, rate: f64) {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner).set_rate(rate, Instant::now());
    }

    /// The clock that stamps blocks. A program sees its value as of the last slot or [`Localnet::set_time`].
    #[must_use]
    pub fn market_clock(&self) -> MarketClock {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current slot.
    #[must_use]
    pub fn slot(&self) -> u64 {
        self.chain.with_svm(|svm| svm.get_latest_absolute_slot())
    }

    /// The smallest balance, in lamports, of an account with `space` bytes of data.
    #[must_use]
    pub fn rent_exempt(&self, space: usize) -> u64 {
        self.chain.with_svm(|svm| svm.inner.minimum_balance_for_rent_exemption(space))
    }

    pub(crate) fn refused(address: Pubkey, reason: impl ToString) -> Error {
        Error::Account { address, reason: reason.to_string() }
    }
}
