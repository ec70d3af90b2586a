//! A tranche: staked money that stands behind defaults, in shares.
//!
//! Shares are bought and redeemed at `(assets + 1) / (shares + 1,000)`, rounded for the tranche: the virtual unit and the
//! virtual thousand shares make a gift to the first holder cost its giver more than it takes from the next. Tokens sent to the
//! vault by hand are no assets. A premium flows in over [`STREAM`], so that one who enters for a slot earns a slot's part.
//! What waits to be redeemed still bears losses and is paid at the price of payment.

use crate::clock::{Clock, elapsed};
use crate::error::{Error, Result};
use crate::num::{Checked, Rounding, mul_div, to_i64};
use crate::quantity::{Amount, Ppm};
use crate::rule::waterfall::DayCap;
use crate::time::Seconds;

/// Virtual shares, to one virtual unit.
const VIRTUAL_SHARES: u64 = 1_000;
/// Seconds over which a premium flows into the assets.
pub const STREAM: Seconds = Seconds(7 * 86_400);
/// Seconds between the request to redeem shares of the staked insurance and their payment.
pub const COOLDOWN: Seconds = Seconds(13 * 86_400);
/// Seconds after the cooldown in which a request can be paid: later it has lapsed, so that no holder stays ready to leave.
pub const PAYMENT_WINDOW: Seconds = Seconds(2 * 86_400);
/// Part of swept fees that is the premium of the staked insurance, while it has shares.
pub const PREMIUM: Ppm = Ppm(100_000);
/// Shares a unit beyond which the tranche is worn out: worth less than a thousandth of their first value.
const WORN_OUT: u64 = 1_000_000;

account_bytes! {
    /// What is left of a generation that has ended: it belongs to its own shares alone.
    pub struct Ended [16] {
        /// Tokens.
        0 => pub assets: Amount,
        /// Shares that have not been redeemed.
        8 => pub shares: u64,
    }
}

account_bytes! {
    /// Staked money in shares.
    pub struct Tranche [104] {
        /// Tokens that belong to the shares.
        0 => pub assets: Amount,
        /// All shares, those that wait to be redeemed included.
        8 => pub shares: u64,
        /// Premium that has not flowed into the assets yet.
        16 => pub premium: Amount,
        /// Unix time up to which the premium has flowed.
        24 => pub flowed: i64,
        /// Unix time at which all of the premium has flowed.
        32 => pub ends: i64,
        /// Generation of the shares: rises when the tranche begins anew.
        40 => pub generation: u64,
        /// What defaults of the running day have taken.
        48 => pub day: DayCap,
        /// What is left of the two generations before, each in the place of its number modulo two.
        72 => pub ended: [Ended; 2],
    }
}

/// Shares for tokens, down: `tokens * (shares + 1000) / (assets + 1)`.
///
/// # Errors
/// [`Error::Overflow`].
pub fn shares_for(assets: Amount, shares: u64, tokens: Amount) -> Result<u64> {
    mul_div(tokens.0, shares.plus(VIRTUAL_SHARES)?, assets.0.plus(1)?, Rounding::Down)
}

/// Tokens for shares, down: `burned * (assets + 1) / (shares + 1000)`, at most the assets.
///
/// # Errors
/// [`Error::Overflow`].
pub fn tokens_for(assets: Amount, shares: u64, burned: u64) -> Result<Amount> {
    let worth = mul_div(burned, assets.0.plus(1)?, shares.plus(VIRTUAL_SHARES)?, Rounding::Down)?;
    Ok(Amount(worth).min(assets))
}

impl Tranche {
    /// All tokens of the vault that are the tranche's.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn claims(&self) -> Result<Amount> {
        let [first, second] = self.ended;
        self.assets.plus(self.premium)?.plus(first.assets)?.plus(second.assets)
    }

    /// Lets the premium flow up to now: in proportion to time, rounded down, all of it at the end. While there is no share the
    /// end moves on.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn flow(&mut self, clock: &Clock) -> Result<()> {
        let passed = elapsed(self.flowed, clock.unix_time);
        if passed.0 == 0 {
            return Ok(());
        }
        let left = elapsed(self.flowed, self.ends);
        if self.shares == 0 {
            self.ends = self.ends.plus(to_i64(passed.0)?)?;
        } else if !self.premium.is_zero() {
            let part = if passed >= left {
                self.premium
            } else {
                Amount(mul_div(self.premium.0, passed.0, left.0, Rounding::Down)?)
            };
            self.premium = self.premium.minus(part)?;
            self.assets = self.assets.plus(part)?;
        }
        self.flowed = clock.unix_time;
        Ok(())
    }

    /// Adds a premium: it joins what has not flowed yet, and all of it lasts [`STREAM`] from now.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn add_premium(&mut self, amount: Amount, clock: &Clock) -> Result<()> {
        self.flow(clock)?;
        if amount.is_zero() {
            return Ok(());
        }
        self.premium = self.premium.plus(amount)?;
        (self.flowed, self.ends) = (clock.unix_time, clock.unix_time.plus(to_i64(STREAM.0)?)?);
        Ok(())
    }

    /// Whether shares are worth less than a thousandth of their first value.
    ///
    /// # Errors
    /// None in fact: the product has 128 bits.
    pub fn is_worn_out(&self) -> bool {
        u128::from(self.assets.0).wrapping_mul(u128::from(WORN_OUT)) < u128::from(self.shares)
    }

    /// Begins a new generation where the shares are worn out: what is left is theirs alone.
    ///
    /// # Errors
    /// [`Error::TrancheWornOut`] while shares of the generation before the last are not redeemed.
    fn renew(&mut self) -> Result<()> {
        if !self.is_worn_out() {
            return Ok(());
        }
        let place = &mut self.ended[usize::from(self.generation & 1 == 1)];
        if place.shares != 0 {
            return Err(Error::TrancheWornOut);
        }
        // The place is empty but for what rounding left there, which no share claims.
        let dust = place.assets;
        *place = Ended { assets: self.assets, shares: self.shares };
        (self.assets, self.shares, self.day) = (dust, 0, DayCap::default());
        self.generation = self.generation.plus(1)?;
        Ok(())
    }

    /// Takes a loss; the caller has asked [`Self::room`].
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn lose(&mut self, amount: Amount) -> Result<()> {
        self.day.count(amount)?;
        self.assets = self.assets.minus(amount)?;
        Ok(())
    }

    /// What defaults may take now, at most a share of what the day began with; lets the premium flow first.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn room(&mut self, share: Ppm, clock: &Clock) -> Result<Amount> {
        self.flow(clock)?;
        self.day = self.day.at(self.assets, clock);
        self.day.room(self.assets, share)
    }

    /// Issues shares for tokens.
    ///
    /// # Errors
    /// [`Error::AmountZero`], also for tokens that give no share; [`Error::TrancheWornOut`]; [`Error::SharesTooFew`] below
    /// `least`.
    pub fn issue(&mut self, tokens: Amount, least: u64, clock: &Clock) -> Result<u64> {
        self.flow(clock)?;
        self.renew()?;
        let shares = shares_for(self.assets, self.shares, tokens)?;
        if shares == 0 {
            return Err(Error::AmountZero);
        }
        if shares < least {
            return Err(Error::SharesTooFew);
        }
        self.assets = self.assets.plus(tokens)?;
        self.shares = self.shares.plus(shares)?;
        Ok(shares)
    }

    /// Takes out what no share owns: of each generation without shares all there is, the premium included.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn take_ownerless(&mut self) -> Result<Amount> {
        let mut taken = Amount::ZERO;
        if self.shares == 0 {
            taken = self.assets.plus(self.premium)?;
            (self.assets, self.premium) = (Amount::ZERO, Amount::ZERO);
        }
        for place in &mut self.ended {
            if place.shares == 0 {
                taken = taken.plus(place.assets)?;
                place.assets = Amount::ZERO;
            }
        }
        Ok(taken)
    }

    /// Redeems shares of a generation at the price of now.
    ///
    /// # Errors
    /// [`Error::Overflow`] for more shares than there are.
    pub fn redeem(&mut self, generation: u64, shares: u64, clock: &Clock) -> Result<Amount> {
        self.flow(clock)?;
        if generation != self.generation {
            let ended = &mut self.ended[usize::from(generation & 1 == 1)];
            let tokens = tokens_for(ended.assets, ended.shares, shares)?;
            (ended.shares, ended.assets) = (ended.shares.minus(shares)?, ended.assets.minus(tokens)?);
            return Ok(tokens);
        }
        let tokens = tokens_for(self.assets, self.shares, shares)?;
        self.shares = self.shares.minus(shares)?;
        self.assets = self.assets.minus(tokens)?;
        Ok(tokens)
    }
}
