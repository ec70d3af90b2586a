//! The builder of a sub-account: an application that brings orders and gets a fee for those that carry its flag.

use crate::account::exchange::MAX_BUILDER_FEE;
use crate::account::sub_account::SubAccount;
use crate::error::{Error, Result};
use crate::quantity::Ppm;

/// Approves a builder and its fee, or takes the approval back.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct SetBuilder {
    /// Authority of the builder; zero for nobody.
    pub builder: [u8; 32],
    /// Fee over the traded quote of orders with the flag [`crate::account::order::flags::BUILDER`].
    pub fee: Ppm,
}

impl SetBuilder {
    /// Approves it. Open orders of the former builder pay the new one from now on.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a fee above [`MAX_BUILDER_FEE`], for a fee without a builder, and for
    /// an owner that names itself.
    pub fn execute(self, account: &mut SubAccount) -> Result<()> {
        let nobody = self.builder == [0; 32];
        if self.fee > MAX_BUILDER_FEE || nobody != self.fee.is_zero() || self.builder == account.authority {
            return Err(Error::InvalidParameter);
        }
        account.builder = self.builder;
        account.builder_fee = self.fee;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fee_and_builder_come_and_go_together_and_inside_the_bound() {
        let mut account = SubAccount { authority: [1; 32], ..SubAccount::default() };
        let mut set =
            |builder: u8, fee: u32| SetBuilder { builder: [builder; 32], fee: Ppm(fee) }.execute(&mut account);
        assert_eq!(set(2, 1_001), Err(Error::InvalidParameter));
        assert_eq!(set(2, 0), Err(Error::InvalidParameter));
        assert_eq!(set(0, 1), Err(Error::InvalidParameter));
        assert_eq!(set(1, 10), Err(Error::InvalidParameter));
        set(2, 1_000).expect("the highest fee");
        set(0, 0).expect("nobody again");
        assert_eq!((account.builder, account.builder_fee), ([0; 32], Ppm::ZERO));
    }
}
