//! What a run of the matcher is given, and what it did.

use crate::account::order::Order;
use crate::error::{Error, Result};
use crate::event::FillSource;
use crate::fault::{self, Fault};
use crate::quantity::{Amount, Price, Size};
use crate::rule::fees::{FillFees, Shares};
use crate::side::Side;

/// Most maker accounts in one fill.
pub const MAX_MAKERS: usize = 8;
/// Most maker orders that one fill looks at.
pub const MAX_MAKER_ORDERS: usize = 16;

account_bytes! {
    /// A maker's order that a fill may use.
    pub struct MakerRef [8] {
        /// Id of the order.
        0 => pub order_id: u32,
        /// Index of the maker among the maker accounts passed.
        4 => pub account: u8,
        /// Slot where the order was seen; the id decides.
        5 => pub slot: u8,
        /// Padding.
        6 => pub padding: [u8; 2],
    }
}

impl MakerRef {
    /// In place of the index of an account: the order is the taker's own, in the same sub-account. Such orders are never
    /// traded with; they are named so that the taker meets them.
    pub const OWN: u8 = u8::MAX;
}

/// What a run of the matcher did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Matched {
    /// Base filled.
    pub size: Size,
    /// Quote filled.
    pub quote: Amount,
    /// Base filled by the vAMM.
    pub amm_size: Size,
    /// Base filled by makers.
    pub maker_size: Size,
    /// Taker fees.
    pub fees: Amount,
    /// Reward due to the filler.
    pub filler_reward: Amount,
    /// Share due to the taker's referrer.
    pub referrer_share: Amount,
    /// Fee due to the taker's builder.
    pub builder_fee: Amount,
    /// Whether the taker's position grew or turned in any fill.
    pub increased: bool,
    /// Number of fills.
    pub fills: u32,
    /// How often the taker met an order of its own owner.
    pub self_trades: u32,
    /// Maker accounts of which an order was passed over because of its owner's own state, one bit each by index: the next
    /// try leaves them out.
    pub passed_over: u64,
    /// Orders that were passed over because their owner lacks the margin for the fill.
    pub unbacked: u32,
}

/// The taker's side of a run.
pub(in crate::action) struct Taker {
    /// Slot of the order.
    pub slot: usize,
    /// The order as it stood before the run.
    pub order: Order,
    /// The worst price that it accepts now, inside the band ([`within`]).
    pub limit: Price,
    /// Lowest and highest price of a fill.
    pub band: (Price, Price),
    /// Shares of the fees for filler, referrer and builder.
    pub shares: Shares,
    /// Whether the market only reduces.
    pub only_reduces: bool,
}

impl Taker {
    /// In place of a slot: the order stands in none, and what is filled is noted in the position alone.
    pub(in crate::action) const NO_SLOT: usize = usize::MAX;
}

/// Refuses a price outside a band.
///
/// # Errors
/// [`Error::PriceOutsideBand`].
pub(in crate::action) fn require_in_band(band: (Price, Price), price: Price) -> Result<()> {
    if in_band(band, price) { Ok(()) } else { Err(Error::PriceOutsideBand) }
}

/// Whether a price is inside a band.
#[inline]
pub(in crate::action) fn in_band(band: (Price, Price), price: Price) -> bool {
    band.0 <= price && price <= band.1
}

/// The worst price at which an order trades now: its limit, cut to the band. What rests beyond the band is not met, so
/// that it holds up nothing in front of it.
#[inline]
pub(in crate::action) fn within(band: (Price, Price), side: Side, limit: Price) -> Price {
    if fault::planted(Fault::BandRefusesFill) {
        return limit;
    }
    match side {
        Side::Long => limit.min(band.1),
        Side::Short => limit.max(band.0),
    }
}

/// One trade.
pub(in crate::action) struct Trade {
    pub size: Size,
    pub quote: Amount,
    pub price: Price,
    pub fees: FillFees,
    pub source: FillSource,
    pub maker_order: u32,
}
