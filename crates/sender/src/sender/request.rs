//! What is sent, and what became of it.

use std::sync::Arc;
use std::time::Duration;

use kedge_client::Sender;
use kedge_interface::Instruction;
use kedge_interface::error::ProgramError;
use kedge_model::quantity::Amount;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_transaction_error::TransactionError;

use crate::Subject;
use crate::bundle_relay::Relay;

/// Says whether this copy should act now.
pub type Permit = Arc<dyn Fn() -> bool + Send + Sync>;

/// Instructions on their way.
#[derive(Clone)]
pub struct Request {
    /// Signs, pays and sends.
    pub sender: Sender,
    /// Takes it to the leader instead of the endpoint.
    pub relay: Option<Arc<dyn Relay>>,
    /// The instructions, without compute budget.
    pub instructions: Vec<Instruction>,
    /// Compute limit, as it is estimated.
    pub compute_limit: u32,
    /// Accounts that it writes and that many others write too.
    pub contended: Vec<Pubkey>,
    /// What it earns, lamports; 0 when that is nothing or was not asked for.
    pub worth: u64,
    /// What it earns by its trial, quote units.
    pub reward: Amount,
    /// Whether it may still be sent when its turn has come; none for always.
    pub permit: Option<Permit>,
    /// What the plan is called.
    pub label: &'static str,
    /// Who sends it: actors are numbered by the caller.
    pub actor: usize,
    /// What it is about: nothing else about these is sent until its outcome is known.
    pub subjects: Vec<Subject>,
    /// Slot of the world in which it was decided.
    pub decided: u64,
}

impl Request {
    /// Whether it takes back what stands in the market: that must be possible when all else is not paid for any more.
    pub(super) fn is_urgent(&self) -> bool {
        matches!(self.label, "cancel_order" | "cancel_all")
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Its transaction.
    pub signature: Signature,
    /// What the plan is called.
    pub label: &'static str,
    /// Who sent it.
    pub actor: usize,
    /// What it earns by its trial, quote units, when it lands.
    pub reward: Amount,
    /// Why it failed or did not land.
    pub failure: Option<Failure>,
    /// Slot in which it landed; zero when it did not.
    pub slot: u64,
    /// Slot of the world in which it was decided.
    pub decided: u64,
    /// Priority fee that it offered, lamports; charged when it landed, failed or not.
    pub fee: u64,
    /// Time from sending to the status.
    pub latency: Duration,
}

impl Receipt {
    /// Lamports of priority fee that were charged.
    #[must_use]
    pub const fn charged(&self) -> u64 {
        if matches!(self.failure, None | Some(Failure::Refused(_))) { self.fee } else { 0 }
    }
}

/// Why a request did not do what it should.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The chain refused it.
    Refused(TransactionError),
    /// A simulation has shown that the exchange would refuse it: it was not sent and cost nothing.
    Foreseen(ProgramError),
    /// It was not sent, or nobody took it before its blockhash had expired.
    NotSent(String),
    /// Its blockhash expired before it landed: it cannot land any more.
    Expired,
}
