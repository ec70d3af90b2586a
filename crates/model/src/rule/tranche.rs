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
/// Seconds between the request to redeem shares of the backstop vault and their payment.
pub const VAULT_COOLDOWN: Seconds = Seconds(3 * 86_400);
/// [`PAYMENT_WINDOW`] of the vault: an eighth of all time at the most, as of the insurance.
pub const VAULT_WINDOW: Seconds = Seconds(43_200);
/// Part of swept fees that is the premium of both pots.
pub const PREMIUM: Ppm = Ppm(100_000);
/// The staked insurance's part of the premium; it stands earlier. The vault gets the rest.
pub const INSURANCE_PART: Ppm = Ppm(600_000);
/// Shares a unit beyond which the tranche is worn out: worth less than a thousandth of their first value.
const WORN_OUT: u64 = 1_000_000;

numbered! {
    /// Which staked money.
    pub enum Pot else InvalidParameter {
        /// The insurance that stands behind all markets.
        Insurance = 0,
        /// The backstop vault.
        Vault = 1,
    }
}

impl Pot {
    /// Seconds between a request and its payment.
    pub const fn cooldown(self) -> Seconds {
        match self {
            Self::Insurance => COOLDOWN,
            Self::Vault => VAULT_COOLDOWN,
        }
    }

    /// Seconds after the cooldown in which a request can be paid.
    pub const fn window(self) -> Seconds {
        match self {
            Self::Insurance => PAYMENT_WINDOW,
            Self::Vault => VAULT_WINDOW,
        }
    }
}

account_bytes! {
    /// A person's shares of one pot.
    pub struct Holding [32] {
        /// Shares, those that wait to be redeemed included.
        0 => pub shares: u64,
        /// Of these, the shares that wait to be redeemed.
        8 => pub waiting: u64,
        /// Unix time of the last request.
        16 => pub requested: i64,
        /// Generation of the tranche that the shares are of.
        24 => pub generation: u64,
    }
}

impl Holding {
    /// Lets shares wait. All that wait do so from now on: a request that has lapsed is forgotten first.
    ///
    /// # Errors
    /// [`Error::SharesTooMany`].
    pub fn request(&mut self, pot: Pot, shares: u64, clock: &Clock) -> Result<()> {
        let waiting = if self.has_lapsed(pot, clock)? { 0 } else { self.waiting };
        let waiting = waiting.plus(shares)?;
        if shares == 0 || waiting > self.shares {
            return Err(Error::SharesTooMany);
        }
        (self.waiting, self.requested) = (waiting, clock.unix_time);
        Ok(())
    }

    /// Lets no share wait.
    ///
    /// # Errors
    /// [`Error::NothingRequested`].
    pub fn cancel(&mut self) -> Result<()> {
        if self.waiting == 0 {
            return Err(Error::NothingRequested);
        }
        (self.waiting, self.requested) = (0, 0);
        Ok(())
    }

    /// The shares that can be redeemed now: of an exchange that is wound up all that were requested, since nothing is left that
    /// they would stand behind.
    ///
    /// # Errors
    /// [`Error::NothingRequested`], [`Error::UnstakeTooEarly`], [`Error::UnstakeLapsed`].
    #[inline(never)]
    pub fn ripe(&self, pot: Pot, wound_up: bool, clock: &Clock) -> Result<u64> {
        if self.waiting == 0 {
            return Err(Error::NothingRequested);
        }
        if wound_up {
            return Ok(self.waiting);
        }
        if clock.seconds_since(self.requested) < pot.cooldown() {
            return Err(Error::UnstakeTooEarly);
        }
        if self.has_lapsed(pot, clock)? { Err(Error::UnstakeLapsed) } else { Ok(self.waiting) }
    }

    /// Whether a request can no longer be paid.
    fn has_lapsed(&self, pot: Pot, clock: &Clock) -> Result<bool> {
        let paid_for = pot.cooldown().plus(pot.window())?;
        Ok(self.waiting != 0 && clock.seconds_since(self.requested) >= paid_for)
    }

    /// Adds shares of a generation.
    ///
    /// # Errors
    /// [`Error::StakeEnded`] while shares of another are held.
    pub fn add(&mut self, shares: u64, generation: u64) -> Result<()> {
        if self.shares == 0 {
            self.generation = generation;
        } else if self.generation != generation {
            return Err(Error::StakeEnded);
        }
        self.shares = self.shares.plus(shares)?;
        Ok(())
    }

    /// Takes away the shares that were redeemed.
    ///
    /// # Errors
    /// [`Error::Overflow`] for more than there are.
    pub fn redeemed(&mut self) -> Result<()> {
        self.shares = self.shares.minus(self.waiting)?;
        (self.waiting, self.requested) = (0, 0);
        Ok(())
    }
}

/// Premiums of the staked insurance and of the vault out of swept fees, down; a pot without shares gets none.
///
/// # Errors
/// [`Error::Overflow`].
pub fn premiums(fees: Amount, insurance: &Tranche, vault: &Tranche) -> Result<(Amount, Amount)> {
    let premium = fees.share(PREMIUM, Rounding::Down)?;
    let part = |of: &Tranche, share: Ppm| {
        if of.shares == 0 { Ok(Amount::ZERO) } else { premium.share(share, Rounding::Down) }
    };
    Ok((part(insurance, INSURANCE_PART)?, part(vault, Ppm(1_000_000_u32.saturating_sub(INSURANCE_PART.0)))?))
}

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
    /// All tokens of the bank that are the tranche's.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn claims(&self) -> Result<Amount> {
        self.assets.plus(self.beside_assets()?)
    }

    /// What has not flowed into the assets yet, and what belongs to ended generations.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn beside_assets(&self) -> Result<Amount> {
        let [first, second] = self.ended;
        self.premium.plus(first.assets)?.plus(second.assets)
    }

    /// Notes what assets that are no tokens of the bank's own are worth now. What they have lost since the day began counts as
    /// taken.
    pub fn mark(&mut self, worth: Amount, clock: &Clock) {
        self.assets = worth;
        self.day = self.day.at(worth, clock);
        self.day.used = Amount(self.day.held.0.saturating_sub(worth.0));
    }

    /// Lets the premium flow up to now: in proportion to time, rounded down, all of it at the end. While there is no share the
    /// end moves on.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    #[inline(never)]
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
    #[inline(never)]
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
    #[inline(never)]
    pub fn lose(&mut self, amount: Amount) -> Result<()> {
        self.day.count(amount)?;
        self.assets = self.assets.minus(amount)?;
        Ok(())
    }

    /// What defaults may take now, at most a share of what the day began with; lets the premium flow first.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    #[inline(never)]
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
    #[inline(never)]
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
    #[inline(never)]
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
    #[inline(never)]
    pub fn redeem(&mut self, generation: u64, shares: u64, clock: &Clock) -> Result<Amount> {
        self.flow(clock)?;
        if generation != self.generation {
            return self.redeem_ended(generation, shares);
        }
        let tokens = tokens_for(self.assets, self.shares, shares)?;
        self.shares = self.shares.minus(shares)?;
        self.assets = self.assets.minus(tokens)?;
        Ok(tokens)
    }

    /// Redeems shares of a generation that has ended, from what is left of it.
    ///
    /// # Errors
    /// [`Error::Overflow`] for more shares than there are.
    #[inline(never)]
    pub(crate) fn redeem_ended(&mut self, generation: u64, shares: u64) -> Result<Amount> {
        let ended = &mut self.ended[usize::from(generation & 1 == 1)];
        let tokens = tokens_for(ended.assets, ended.shares, shares)?;
        (ended.shares, ended.assets) = (ended.shares.minus(shares)?, ended.assets.minus(tokens)?);
        Ok(tokens)
    }
}
