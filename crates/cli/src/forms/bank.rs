//! A bank's form.

use kedge_model::action::BankParams;
use serde::Deserialize;

use super::row::RowForm;
use super::unit::Percent;
use crate::error::Result;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BankForm {
    deposit_cap: u64,
    initial_weight: Percent,
    maintenance_weight: Percent,
    row: RowForm,
}

impl BankForm {
    /// The parameters of the bank.
    ///
    /// # Errors
    /// As [`super::row::RowForm::params`].
    pub(super) fn params(&self) -> Result<BankParams> {
        Ok(BankParams {
            row: self.row.params()?,
            deposit_cap: kedge_model::quantity::Amount(self.deposit_cap),
            initial_weight: self.initial_weight.0,
            maintenance_weight: self.maintenance_weight.0,
            ..BankParams::default()
        })
    }
}
