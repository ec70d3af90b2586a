//! The exchange's own account: roles, switches, fee schedule, counters.

use crate::error::{Error, Result};
use crate::num::{PPM, Rounding, quotient};
use crate::quantity::Ppm;

/// Fee tiers.
pub const FEE_TIERS: usize = 8;
/// Largest taker fee that can be set.
pub const MAX_TAKER_FEE: Ppm = Ppm(3_000);
/// Largest maker rebate that can be set.
pub const MAX_MAKER_REBATE: Ppm = Ppm(300);
/// Largest share of the taker fee for the referrer, and largest discount of a referred taker.
pub const MAX_REFERRAL_SHARE: Ppm = Ppm(300_000);
/// Largest fee of a builder over the traded quote.
pub const MAX_BUILDER_FEE: Ppm = Ppm(1_000);
/// Largest share of the taker fee for the filler.
pub const MAX_FILLER_SHARE: Ppm = Ppm(200_000);

/// Operation switches, one bit each; a set bit pauses.
pub mod operation {
    /// Deposits.
    pub const DEPOSIT: u32 = 1;
    /// Withdrawals.
    pub const WITHDRAW: u32 = 1 << 1;
    /// Placing orders.
    pub const PLACE: u32 = 1 << 2;
    /// Fills against makers.
    pub const FILL: u32 = 1 << 3;
    /// Fills against the vAMM.
    pub const FILL_AMM: u32 = 1 << 4;
    /// Liquidations.
    pub const LIQUIDATE: u32 = 1 << 5;
    /// Funding.
    pub const FUNDING: u32 = 1 << 6;
    /// Settling profit and loss.
    pub const SETTLE: u32 = 1 << 7;
    /// Moving the vAMM's peg and depth. It goes on trading, held to the row's price.
    pub const UPDATE_AMM: u32 = 1 << 8;
    /// Transfers between sub-accounts.
    pub const TRANSFER: u32 = 1 << 9;
    /// What reducing a position, liquidating, settling and taking tokens out need: one clock bounds the pauses of all
    /// of them together.
    pub const LEAVING: u32 = WITHDRAW | PLACE | FILL | FILL_AMM | LIQUIDATE | SETTLE | TRANSFER;
    /// All switches.
    pub const ALL: u32 = (1 << 10) - 1;
}

account_bytes! {
    /// Fees of one tier.
    pub struct FeeTier [8] {
        /// Taker fee over the traded quote.
        0 => pub taker: Ppm,
        /// Maker rebate over the traded quote.
        4 => pub maker_rebate: Ppm,
    }
}

account_bytes! {
    /// Roles, switches, fees and counters of the exchange.
    pub struct Exchange [512] {
        /// Layout version.
        0 => pub version: u8,
        /// Bump of the account's address.
        1 => pub bump: u8,
        /// Listed markets.
        2 => pub markets: u16,
        /// Listed banks.
        4 => pub banks: u16,
        /// Markets that are delisted.
        6 => pub delisted: u16,
        /// Sets up, lists, and resumes what was paused.
        8 => pub admin: [u8; 32] as pubkey,
        /// Named by the admin, becomes admin by accepting; zero for nobody.
        40 => pub pending_admin: [u8; 32] as pubkey,
        /// Can pause, and nothing else.
        72 => pub pauser: [u8; 32] as pubkey,
        /// Paused operations, bits of [`operation`]: each until its end in `paused_until`.
        104 => pub paused: u32,
        /// Share of the taker fee that the filler gets.
        108 => pub filler_share: Ppm,
        /// Largest filler reward a fill, quote units.
        112 => pub max_filler_reward: u64,
        /// Auction length in milliseconds for market orders that name none.
        120 => pub default_auction_ms: u32,
        /// Shortest auction that an order may name.
        124 => pub min_auction_ms: u32,
        /// Longest auction that an order may name.
        128 => pub max_auction_ms: u32,
        /// Share of a fee sweep that goes to the market's insurance fund; the vAMM gets `amm_share`, the
        /// protocol the rest.
        132 => pub insurance_share: Ppm,
        /// Share of a fee sweep that goes to the vAMM's capital.
        136 => pub amm_share: Ppm,
        /// Unix time at which the running or last stop of what leaving needs began, zero for never.
        140 => pub stopped_since: u32,
        /// Fee tiers.
        144 => pub fees: [FeeTier; 8],
        /// Traders created.
        208 => pub traders: u64,
        /// Sub-accounts created.
        216 => pub sub_accounts: u64,
        /// 30-day volume in quote from which each fee tier applies; the first is zero.
        224 => pub tier_volumes: [u64; 8],
        /// Share of the taker fee that goes to the taker's referrer.
        288 => pub referrer_share: Ppm,
        /// Part of the taker fee that a referred taker does not pay.
        292 => pub referee_discount: Ppm,
        /// Unix time at which each operation's last pause began, by the number of its bit.
        296 => pub paused_since: [u32; 10],
        /// Unix time at which it ends or has ended; zero for never paused.
        336 => pub paused_until: [u32; 10],
        /// Owner of the token accounts to which the protocol's tokens leave; fixed for good.
        376 => pub treasury: [u8; 32] as pubkey,
        /// Reserved, zero.
        408 => pub reserved: [u64; 13],
    }
}

account_bytes! {
    /// Everything that a change of fees sets.
    pub struct FeeSchedule [168] {
        /// Fee tiers.
        0 => pub fees: [FeeTier; 8],
        /// Share of the taker fee for the filler.
        64 => pub filler_share: Ppm,
        /// Insurance fund's share of a fee sweep.
        68 => pub insurance_share: Ppm,
        /// The vAMM's share of a fee sweep.
        72 => pub amm_share: Ppm,
        /// Auction length in milliseconds for market orders that name none.
        76 => pub default_auction_ms: u32,
        /// Shortest auction that an order may name.
        80 => pub min_auction_ms: u32,
        /// Longest auction that an order may name.
        84 => pub max_auction_ms: u32,
        /// Largest filler reward a fill, quote units.
        88 => pub max_filler_reward: u64,
        /// 30-day volume in quote from which each tier applies; the first is zero.
        96 => pub tier_volumes: [u64; 8],
        /// Share of the taker fee that goes to the taker's referrer.
        160 => pub referrer_share: Ppm,
        /// Part of the taker fee that a referred taker does not pay.
        164 => pub referee_discount: Ppm,
    }
}

impl FeeSchedule {
    /// The schedule that a new exchange starts with: 10 to 3 bps for takers, 2 bps rebate for makers.
    pub fn initial() -> Self {
        let tier = |taker: u32| FeeTier { taker: Ppm(taker), maker_rebate: Ppm(200) };
        Self {
            fees: [1_000, 900, 800, 700, 600, 500, 400, 300].map(tier),
            filler_share: Ppm(100_000),
            insurance_share: Ppm(250_000),
            amm_share: Ppm(500_000),
            default_auction_ms: 5_000,
            min_auction_ms: 400,
            max_auction_ms: 60_000,
            max_filler_reward: 5_000_000,
            // In dollars: 0, 2 m, 10 m, 20 m, 80 m, 200 m, 500 m, 2 bn.
            tier_volumes: [0, 2, 10, 20, 80, 200, 500, 2_000]
                .map(|millions: u64| millions.wrapping_mul(1_000_000_000_000)),
            referrer_share: Ppm(150_000),
            referee_discount: Ppm(50_000),
        }
    }
}

impl Exchange {
    /// A new exchange with the initial fees.
    pub fn new(bump: u8, admin: [u8; 32], pauser: [u8; 32]) -> Result<Self> {
        let mut exchange = Self { version: Self::VERSION, bump, admin, pauser, ..Self::default() };
        exchange.set_fees(&FeeSchedule::initial())?;
        Ok(exchange)
    }

    /// Replaces the fee schedule.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub fn set_fees(&mut self, schedule: &FeeSchedule) -> Result<()> {
        let changed = Self {
            fees: schedule.fees,
            filler_share: schedule.filler_share,
            insurance_share: schedule.insurance_share,
            amm_share: schedule.amm_share,
            default_auction_ms: schedule.default_auction_ms,
            min_auction_ms: schedule.min_auction_ms,
            max_auction_ms: schedule.max_auction_ms,
            max_filler_reward: schedule.max_filler_reward,
            tier_volumes: schedule.tier_volumes,
            referrer_share: schedule.referrer_share,
            referee_discount: schedule.referee_discount,
            ..*self
        };
        changed.validate_fees()?;
        *self = changed;
        Ok(())
    }

    /// [`Self::set_fees`] for the admin.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], [`Error::InvalidParameter`].
    #[inline]
    pub fn change_fees(&mut self, signer: &[u8; 32], schedule: &FeeSchedule) -> Result<()> {
        self.require_admin(signer)?;
        self.set_fees(schedule)
    }

    /// Names the treasury of an exchange that begins: no instruction changes it afterwards.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for nobody.
    pub fn with_treasury(self, treasury: [u8; 32]) -> Result<Self> {
        if treasury == [0; 32] { Err(Error::InvalidParameter) } else { Ok(Self { treasury, ..self }) }
    }

    /// Whether markets were listed and every one of them is delisted: nothing can default any more, so nothing of what
    /// stands behind defaults is kept.
    #[inline]
    pub fn is_wound_up(&self) -> bool {
        self.markets != 0 && self.delisted == self.markets
    }

    /// Refuses anybody but the admin.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`].
    pub fn require_admin(&self, signer: &[u8; 32]) -> Result<()> {
        if self.admin == *signer { Ok(()) } else { Err(Error::WrongAuthority) }
    }

    /// Whether the signer is the pauser; nobody is while none is named.
    pub fn is_pauser(&self, signer: &[u8; 32]) -> bool {
        self.pauser == *signer && self.pauser != [0; 32]
    }

    /// Names the next admin, who must accept.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`].
    pub fn propose_admin(&mut self, signer: &[u8; 32], next: [u8; 32]) -> Result<()> {
        self.require_admin(signer)?;
        self.pending_admin = next;
        Ok(())
    }

    /// Takes over as admin.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`] unless `signer` was named.
    pub fn accept_admin(&mut self, signer: &[u8; 32]) -> Result<()> {
        if self.pending_admin != *signer || *signer == [0; 32] {
            return Err(Error::WrongAuthority);
        }
        self.admin = *signer;
        self.pending_admin = [0; 32];
        Ok(())
    }

    /// Layout version that this code reads and writes.
    pub const VERSION: u8 = 1;

    /// The fees of a tier; unknown tiers get the first.
    #[inline]
    pub fn fee_tier(&self, tier: u8) -> FeeTier {
        match self.fees.get(usize::from(tier)) {
            Some(fees) => *fees,
            None => self.fees[0],
        }
    }

    /// Checks the fee schedule against the bounds compiled into the program.
    ///
    /// A fill must never pay out more than it takes: of the taker fee, less a referred taker's discount, the shares of
    /// filler and referrer leave at least the rebate. Volumes of the tiers grow from zero.
    pub fn validate_fees(&self) -> Result<()> {
        let [first, ..] = self.tier_volumes;
        // Shares of less than a half each: differences and products below stay in 64 bits.
        let mut sound = self.filler_share <= MAX_FILLER_SHARE
            && self.referrer_share <= MAX_REFERRAL_SHARE
            && self.referee_discount <= MAX_REFERRAL_SHARE
            && first == 0
            && self.tier_volumes.is_sorted()
            && u64::from(self.insurance_share.0).wrapping_add(u64::from(self.amm_share.0)) <= PPM
            && self.min_auction_ms <= self.default_auction_ms
            && self.default_auction_ms <= self.max_auction_ms
            && self.max_auction_ms <= 600_000;
        for taker in &self.fees {
            let shares = u64::from(self.filler_share.0.saturating_add(self.referrer_share.0));
            let paid = PPM.saturating_sub(u64::from(self.referee_discount.0));
            // Parts per million of parts per million: the fee times two ratios, over the first scale.
            let kept = quotient(paid.wrapping_mul(PPM.saturating_sub(shares)), PPM, Rounding::Down)?;
            let kept = u64::from(taker.taker.0).wrapping_mul(kept);
            for maker in &self.fees {
                sound = sound
                    && taker.taker <= MAX_TAKER_FEE
                    && maker.maker_rebate <= MAX_MAKER_REBATE
                    && u64::from(maker.maker_rebate.0).wrapping_mul(PPM) <= kept;
            }
        }
        if sound { Ok(()) } else { Err(Error::InvalidParameter) }
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        if self.version != Self::VERSION {
            return Err(Error::VersionUnsupported);
        }
        self.validate_fees().map_err(|_| Error::InvariantBroken)
    }
}
