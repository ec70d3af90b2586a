//! A sub-account: a cross-margin pocket with balances, positions (of which some may be isolated pockets of their own)
//! and a growable tail of orders.

mod orders;

pub use orders::SubAccountMut;

use crate::account::position::{self, Position};
use crate::error::{Error, Result};
use crate::num::{Checked, saturating_add};
use crate::quantity::{Amount, Ppm, Quote};
use crate::time::Slot;

/// Positions of a sub-account.
pub const MAX_POSITIONS: usize = 16;
/// Balances of a sub-account.
pub const MAX_BALANCES: usize = 8;
const _: () = assert!(MAX_BALANCES >= crate::account::board::MAX_BANKS, "no kind of token keeps another out");
/// Most orders to which the tail can grow.
pub const MAX_ORDERS: usize = 128;
/// Orders by which the tail grows at the least.
pub const ORDER_STEP: usize = 4;

/// Status bits of a sub-account.
pub mod status {
    /// A liquidation has begun and has not ended.
    pub const BEING_LIQUIDATED: u8 = 1;
    /// Nothing but debt is left.
    pub const BANKRUPT: u8 = 2;
    /// Some position is isolated; without this bit none is, and no search is needed.
    pub const HAS_ISOLATED: u8 = 4;
    /// All known bits.
    pub const ALL: u8 = BEING_LIQUIDATED | BANKRUPT | HAS_ISOLATED;
}

account_bytes! {
    /// Tokens of one bank.
    pub struct Balance [16] {
        /// Amount in token units.
        0 => pub amount: Amount,
        /// Bank index.
        8 => pub bank: u16,
        /// 1 when the slot is in use.
        10 => pub used: u8 as bool,
        /// Padding.
        11 => pub padding: [u8; 5],
    }
}

account_bytes! {
    /// The fixed part of a sub-account; orders follow it in the account.
    pub struct SubAccount [1544] {
        /// Layout version.
        0 => pub version: u8,
        /// Bump of the account's address.
        1 => pub bump: u8,
        /// Id within the authority's sub-accounts.
        2 => pub id: u16,
        /// Bits of [`status`].
        4 => pub status: u8,
        /// Fee tier by the volume that was counted last: holds up to `tier_day`.
        5 => pub fee_tier: u8,
        /// Open orders in the tail.
        6 => pub open_orders: u8,
        /// Fee tier that the admin has assigned: holds when `tier_day` has passed.
        7 => pub base_tier: u8,
        /// The owner: may do everything.
        8 => pub authority: [u8; 32] as pubkey,
        /// May trade, cannot take anything out; zero for nobody.
        40 => pub delegate: [u8; 32] as pubkey,
        /// Display name, UTF-8, zero-padded.
        72 => pub name: [u8; 16],
        /// Id that the next order gets.
        88 => pub next_order_id: u32,
        /// Number of liquidations so far.
        92 => pub liquidations: u32,
        /// Slot at which the present liquidation of the cross pocket began, 0 without one.
        96 => pub liquidation_slot: Slot,
        /// Slot of the last instruction of the owner or delegate.
        104 => pub last_active_slot: u64,
        /// Deposits over life, in quote at the time.
        112 => pub total_deposits: u64,
        /// Withdrawals over life, in quote at the time.
        120 => pub total_withdrawals: u64,
        /// Fees paid less rebates and rewards received.
        128 => pub total_fees: Quote,
        /// Balances.
        136 => pub balances: [Balance; 8],
        /// Positions.
        264 => pub positions: [Position; 16],
        /// Authority of the one who referred the owner; zero for nobody.
        1416 => pub referrer: [u8; 32] as pubkey,
        /// Authority of the builder whose fee the owner has approved; zero for nobody.
        1448 => pub builder: [u8; 32] as pubkey,
        /// Fee of orders that come through the builder, over the traded quote.
        1480 => pub builder_fee: Ppm,
        /// Last day, since the Unix epoch, for which `fee_tier` holds without counting anew.
        1484 => pub tier_day: u32,
        /// Quote traded on `volume_day` and not yet counted in the trader's volume.
        1488 => pub volume: u64,
        /// Highest number of a signed order that was placed.
        1496 => pub signed_nonce: u64,
        /// Which of the 128 numbers up to the highest were placed, one bit each.
        1504 => pub signed_window: [u64; 2],
        /// Day, since the Unix epoch, of the last trade.
        1520 => pub volume_day: u32,
        /// First day of `earlier_volume`.
        1524 => pub earlier_day: u32,
        /// Quote traded on days before `volume_day` and not yet counted.
        1528 => pub earlier_volume: u64,
        /// Slot at which the youngest of the present liquidations of isolated positions began, 0 without one.
        1536 => pub isolated_liquidation_slot: Slot,
    }
}

impl SubAccount {
    /// Layout version that this code reads and writes.
    pub const VERSION: u8 = 1;

    /// The fee tier on a day: the one by volume while it holds, else the assigned one.
    #[inline]
    pub const fn tier_on(&self, day: u32) -> u8 {
        if day <= self.tier_day { self.fee_tier } else { self.base_tier }
    }

    /// Notes quote traded on a day. What is not counted before the third day of trading counts on its first day: it is
    /// forgotten early, never late.
    #[inline]
    pub(crate) fn note_volume(&mut self, day: u32, quote: Amount) {
        if day != self.volume_day {
            self.begin_day(day);
        }
        self.volume = saturating_add(self.volume, quote.0);
    }

    #[inline(never)]
    fn begin_day(&mut self, day: u32) {
        if self.volume != 0 {
            if self.earlier_volume == 0 {
                self.earlier_day = self.volume_day;
            }
            self.earlier_volume = saturating_add(self.earlier_volume, self.volume);
        }
        (self.volume, self.volume_day) = (0, day);
    }

    /// Whether a status bit is set.
    #[inline]
    pub const fn has(&self, bit: u8) -> bool {
        self.status & bit != 0
    }

    /// Whether both are the same sub-account.
    #[inline]
    pub fn is_same(&self, other: &Self) -> bool {
        self.authority == other.authority && self.id == other.id
    }

    /// Whether both belong to the same authority.
    #[inline]
    pub fn is_of(&self, other: &Self) -> bool {
        // Nearly all that differ do so in the first word.
        self.authority.first_chunk::<8>() == other.authority.first_chunk::<8>() && self.authority == other.authority
    }

    /// Whether `signer` may trade for this account: its authority or its delegate.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`].
    #[inline]
    pub fn require_trader(&self, signer: &[u8; 32]) -> Result<()> {
        if self.authority == *signer {
            return Ok(());
        }
        let delegated = self.delegate == *signer && self.delegate != [0; 32];
        if delegated { Ok(()) } else { Err(Error::WrongAuthority) }
    }

    /// Whether `signer` owns this account.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`].
    #[inline]
    pub fn require_owner(&self, signer: &[u8; 32]) -> Result<()> {
        if self.authority == *signer { Ok(()) } else { Err(Error::WrongAuthority) }
    }

    /// The position in a market.
    ///
    /// # Errors
    /// [`Error::PositionNotFound`].
    #[inline]
    pub fn position(&self, market: u16) -> Result<&Position> {
        self.positions.iter().find(|p| p.is_used() && p.market == market).ok_or(Error::PositionNotFound)
    }

    /// The position in a market, to write.
    ///
    /// # Errors
    /// [`Error::PositionNotFound`].
    #[inline]
    pub fn position_mut(&mut self, market: u16) -> Result<&mut Position> {
        self.positions.iter_mut().find(|p| p.is_used() && p.market == market).ok_or(Error::PositionNotFound)
    }

    /// The slot of the position in a market.
    ///
    /// # Errors
    /// [`Error::PositionNotFound`].
    #[inline]
    pub fn position_slot(&self, market: u16) -> Result<usize> {
        self.positions.iter().position(|p| p.is_used() && p.market == market).ok_or(Error::PositionNotFound)
    }

    /// The position in a market, opening a slot when there is none.
    ///
    /// # Errors
    /// [`Error::NoPositionSlot`].
    #[inline]
    pub fn open_position(&mut self, market: u16) -> Result<&mut Position> {
        let mut free = None;
        for (index, position) in self.positions.iter().enumerate() {
            if position.is_used() {
                if position.market == market {
                    return self.positions.get_mut(index).ok_or(Error::NoPositionSlot);
                }
            } else if free.is_none() {
                free = Some(index);
            }
        }
        let position = free.and_then(|index| self.positions.get_mut(index)).ok_or(Error::NoPositionSlot)?;
        position.status = position::status::USED;
        position.market = market;
        Ok(position)
    }

    /// Frees the slot of a market once nothing is in it. An isolated position ends with that.
    pub fn release_position(&mut self, market: u16) {
        if let Ok(position) = self.position_mut(market)
            && position.is_empty()
        {
            let isolated = position.is_isolated();
            position.vacate();
            if isolated {
                self.track_isolated();
            }
        }
    }

    /// Frees the slots of all markets in which nothing is left.
    pub fn release_empty_positions(&mut self) {
        for position in self.positions.iter_mut().filter(|position| position.is_used() && position.is_empty()) {
            position.vacate();
        }
        if self.has(status::HAS_ISOLATED) {
            self.track_isolated();
        }
    }

    /// Sets or takes away [`status::HAS_ISOLATED`] by what the positions say.
    pub(crate) fn track_isolated(&mut self) {
        self.status &= !status::HAS_ISOLATED;
        if self.positions.iter().any(Position::is_isolated) {
            self.status |= status::HAS_ISOLATED;
        }
    }

    /// The position in a market when it is isolated.
    #[inline]
    pub fn isolated(&self, market: u16) -> Option<&Position> {
        if self.status & status::HAS_ISOLATED == 0 {
            return None;
        }
        self.position(market).ok().filter(|position| position.is_isolated())
    }

    /// Tokens of a bank.
    #[inline]
    pub fn balance(&self, bank: u16) -> Amount {
        self.balances.iter().find(|b| b.used == 1 && b.bank == bank).map_or(Amount::ZERO, |b| b.amount)
    }

    /// Adds tokens of a bank.
    ///
    /// # Errors
    /// [`Error::NoBalanceSlot`].
    pub fn credit(&mut self, bank: u16, amount: Amount) -> Result<()> {
        let existing = self.balances.iter().position(|b| b.used == 1 && b.bank == bank);
        let index = match existing {
            Some(index) => index,
            None => self.balances.iter().position(|b| b.used == 0).ok_or(Error::NoBalanceSlot)?,
        };
        let balance = self.balances.get_mut(index).ok_or(Error::NoBalanceSlot)?;
        balance.amount = balance.amount.plus(amount)?;
        balance.bank = bank;
        balance.used = 1;
        Ok(())
    }

    /// Takes tokens of a bank; an emptied slot is freed.
    ///
    /// # Errors
    /// [`Error::InsufficientBalance`].
    pub fn debit(&mut self, bank: u16, amount: Amount) -> Result<()> {
        let balance =
            self.balances.iter_mut().find(|b| b.used == 1 && b.bank == bank).ok_or(Error::InsufficientBalance)?;
        balance.amount = balance.amount.minus(amount).map_err(|_| Error::InsufficientBalance)?;
        if balance.amount.is_zero() {
            *balance = Balance::default();
        }
        Ok(())
    }

    /// Whether nothing is left: no balance, no position, no order. A margin ratio of the user's own is a setting that
    /// may be lost.
    pub fn is_empty(&self) -> bool {
        self.open_orders == 0
            && self.balances.iter().all(|b| b.used == 0)
            && self.positions.iter().all(|p| p.is_empty())
    }

    /// Checks what must hold between instructions, for the fixed part.
    #[inline(never)]
    pub fn invariant(&self) -> Result<()> {
        if self.version != Self::VERSION {
            return Err(Error::VersionUnsupported);
        }
        let (mut open_orders, mut isolated) = (0u8, false);
        for (index, position) in self.positions.iter().enumerate() {
            position.invariant()?;
            open_orders = open_orders.plus(position.open_orders)?;
            isolated |= position.is_isolated();
            let twice = position.is_used()
                && self
                    .positions
                    .iter()
                    .skip(index.wrapping_add(1))
                    .any(|p| p.is_used() && p.market == position.market);
            if twice {
                return Err(Error::InvariantBroken);
            }
        }
        let sound = open_orders == self.open_orders
            && self.status & !status::ALL == 0
            && isolated == self.has(status::HAS_ISOLATED);
        if sound { Ok(()) } else { Err(Error::InvariantBroken) }
    }
}
