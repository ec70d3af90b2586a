//! Which price state allows what. Closing risk stays possible longest; opening it stops first.

/// State of a price row, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RowState {
    /// The quorum of sources is fresh and agrees.
    Normal = 0,
    /// The quorum is lost, one good source is left.
    Degraded = 1,
    /// The price moved more than the row's jump limit against its five-minute average.
    Jump = 2,
    /// No fresh price.
    Stale = 3,
    /// Stopped by a pauser.
    Halted = 4,
}

impl RowState {
    /// The state with this number; unknown numbers are Halted, the state that allows least.
    #[inline]
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Normal,
            1 => Self::Degraded,
            2 => Self::Jump,
            3 => Self::Stale,
            _ => Self::Halted,
        }
    }
}

/// What a row's price is about to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Orders and fills that can increase a position, and the margin checks behind them.
    IncreaseRisk,
    /// Orders and fills that only reduce a position.
    ReduceRisk,
    /// Taking collateral out.
    Withdraw,
    /// The vAMM as counterparty.
    FillAmm,
    /// Liquidation and bankruptcy.
    Liquidate,
    /// Funding.
    UpdateFunding,
    /// Moving the vAMM's peg.
    UpdateAmm,
    /// Settling profit and loss.
    SettlePnl,
    /// Triggering an order that only reduces: anyone may, so the price must be as fresh as one that opens risk, and in
    /// Jump counts only as far as for a liquidation.
    Trigger,
}

/// The states that a purpose accepts, and how old the price may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Accepted states, one bit each by number; never Stale or Halted.
    pub states: u8,
    /// Multiple of the row's `max_age` at which the price becomes Stale for this purpose.
    pub age_factor: u64,
}

impl Requirement {
    /// Whether a row in this state serves.
    #[inline]
    pub fn accepts(self, state: RowState) -> bool {
        self.accepts_number(state as u8)
    }

    /// [`Self::accepts`] by the state's number; what is no state never serves.
    #[inline(always)]
    pub(super) fn accepts_number(self, state: u8) -> bool {
        state < 8 && u32::from(self.states).wrapping_shr(u32::from(state)) & 1 != 0
    }
}

const NORMAL: u8 = 1 << RowState::Normal as u8;
const DEGRADED: u8 = 1 << RowState::Degraded as u8;
const JUMP: u8 = 1 << RowState::Jump as u8;

impl Purpose {
    /// The table. (Deposits and cancels use no price and are always possible.)
    #[inline]
    pub const fn requirement(self) -> Requirement {
        let (states, age_factor) = match self {
            Purpose::IncreaseRisk | Purpose::FillAmm | Purpose::UpdateAmm => (NORMAL, 1),
            Purpose::Withdraw => (NORMAL | DEGRADED, 1),
            Purpose::UpdateFunding | Purpose::SettlePnl => (NORMAL | DEGRADED, 2),
            Purpose::Trigger => (NORMAL | DEGRADED | JUMP, 1),
            Purpose::Liquidate => (NORMAL | DEGRADED | JUMP, 2),
            Purpose::ReduceRisk => (NORMAL | DEGRADED | JUMP, 4),
        };
        Requirement { states, age_factor }
    }
}
