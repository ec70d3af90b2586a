//! What a job wants done.

use kedge_interface::instruction::Decoded;
use kedge_model::action::MakerRef;
use solana_pubkey::Pubkey;

use crate::call::{REFRESH_ROW, Trade};
use crate::{Call, Subject};

/// Somebody's resting order that a fill may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MakerOrder {
    /// The maker's sub-account.
    pub account: Pubkey,
    /// Id of the order.
    pub order_id: u32,
    /// Slot where it was seen.
    pub slot: u8,
}

/// The maker accounts of a fill, each once, in order of first use.
#[must_use]
pub fn maker_accounts(makers: &[MakerOrder]) -> Vec<Pubkey> {
    let mut accounts = Vec::new();
    for maker in makers {
        if !accounts.contains(&maker.account) {
            accounts.push(maker.account);
        }
    }
    accounts
}

/// The same orders as the instruction names them: by place of their account in [`maker_accounts`].
#[must_use]
pub fn maker_refs(makers: &[MakerOrder]) -> Vec<MakerRef> {
    let accounts = maker_accounts(makers);
    makers
        .iter()
        .filter_map(|maker| {
            let place = accounts.iter().position(|account| *account == maker.account)?;
            Some(MakerRef {
                order_id: maker.order_id,
                account: u8::try_from(place).ok()?,
                slot: maker.slot,
                padding: [0; 2],
            })
        })
        .collect()
}

/// Most compute units of a transaction.
pub(crate) const MAX_COMPUTE: u32 = 1_400_000;
/// Compute units of the two budget instructions and the refresh's own.
const BUDGET_INSTRUCTIONS: u32 = 20_000;

/// Calls that go into one transaction, in order: all happen, or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Market rows to refresh in front, with the quote bank's row; empty for none.
    pub refresh: Vec<u16>,
    /// The calls.
    pub calls: Vec<Call>,
}

impl Plan {
    /// A plan of one call that needs no refresh.
    #[must_use]
    pub fn of(call: Call) -> Self {
        Self { refresh: Vec::new(), calls: vec![call] }
    }

    /// The same with rows refreshed in front.
    #[must_use]
    pub fn after_refresh(self, refresh: Vec<u16>) -> Self {
        Self { refresh, ..self }
    }

    /// The call that the plan is for: the last, or the liquidation that it unwinds.
    #[must_use]
    pub fn purpose(&self) -> Option<&Call> {
        let liquidation = self.calls.iter().find(|call| call.verb().trade == Trade::TakeOver);
        liquidation.or(self.calls.last())
    }

    /// Subject of the call that the plan is for.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.purpose().map_or(Subject::Board, Call::subject)
    }

    /// Whether it is several fills that have nothing to do with each other but the transaction.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        self.calls.len() > 1 && self.calls.iter().all(|call| matches!(call.instruction, Decoded::FillOrder(_)))
    }

    /// Subjects of all that it does for its own sake.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        if self.is_packed() { self.calls.iter().map(Call::subject).collect() } else { vec![self.subject()] }
    }

    /// Name of the call that the plan is for.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.purpose().map_or("refresh_prices", Call::name)
    }

    /// Compute limit that covers the calls, with room for accounts that grew since the trial.
    #[must_use]
    pub fn compute_limit(&self) -> u32 {
        let rows = u32::try_from(self.refresh.len()).unwrap_or(u32::MAX).saturating_mul(REFRESH_ROW);
        let calls = self.calls.iter().map(|call| call.verb().compute).fold(BUDGET_INSTRUCTIONS, u32::saturating_add);
        calls.saturating_add(rows).min(MAX_COMPUTE)
    }
}
