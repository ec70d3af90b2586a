//! Approving a builder and its fee.

use super::set_delegate::SetDelegate;
use crate::instructions::prelude::*;
use kedge_model::quantity::Ppm;

/// Approves a builder, or nobody.
#[inline(never)]
pub fn handle(a: &mut SetDelegate, builder: [u8; 32], fee: u32) -> Outcome {
    a.sub_account.require_owner(a.authority.address().as_array())?;
    Ok(action::SetBuilder { builder, fee: Ppm(fee) }.execute(&mut a.sub_account)?)
}
