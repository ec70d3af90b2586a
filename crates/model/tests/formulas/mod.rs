//! The model's formulas by name, with plain integers in and out: what the exact tables and the pipe ask.

#![allow(dead_code, reason = "each binary uses its part")]

mod amm;
mod auction;
mod debts;
mod expiry;
mod fees;
mod funding;
mod liquidation;
mod margin;
mod prices;
mod settlement;
mod stage;

use kedge_model::account::order::Side;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::{Error, Result};

/// Outputs of a formula.
pub(crate) type Outputs = Result<Vec<i128>>;

/// The outputs of a formula for its inputs, in the order that the reference names them.
///
/// # Panics
/// For a formula that is not there, and inputs that it does not have.
pub(crate) fn answer(name: &str, inputs: &[i128]) -> Outputs {
    let mut inputs = Inputs { values: inputs, at: 0 };
    let outputs = [
        amm::answer,
        auction::answer,
        debts::answer,
        expiry::answer,
        fees::answer,
        funding::answer,
        liquidation::answer,
        margin::answer,
        prices::answer,
        settlement::answer,
    ]
    .iter()
    .find_map(|answer| answer(name, &mut inputs))
    .unwrap_or_else(|| panic!("no formula {name}"));
    assert!(outputs.is_err() || inputs.at == inputs.values.len(), "{name} takes {} inputs", inputs.at);
    outputs
}

/// Inputs, taken one after the other.
pub(crate) struct Inputs<'a> {
    values: &'a [i128],
    at: usize,
}

impl Inputs<'_> {
    fn next(&mut self) -> i128 {
        self.at += 1;
        self.values[self.at - 1]
    }

    /// The next, as a number of some width.
    pub(crate) fn int<T: TryFrom<i128, Error: core::fmt::Debug>>(&mut self) -> T {
        self.next().try_into().unwrap()
    }

    pub(crate) fn price(&mut self) -> Price {
        Price(self.int())
    }

    pub(crate) fn size(&mut self) -> Size {
        Size(self.int())
    }

    pub(crate) fn base(&mut self) -> Base {
        Base(self.int())
    }

    pub(crate) fn quote(&mut self) -> Quote {
        Quote(self.int())
    }

    pub(crate) fn amount(&mut self) -> Amount {
        Amount(self.int())
    }

    pub(crate) fn ppm(&mut self) -> Ppm {
        Ppm(self.int())
    }

    pub(crate) fn side(&mut self) -> Side {
        Side::from_number(self.int()).unwrap()
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.next() != 0
    }
}

/// Outputs from integers of any width.
#[macro_export]
macro_rules! out {
    ($($value:expr),* $(,)?) => { Ok(vec![$(i128::from($value)),*]) };
}

/// An error that a formula gives as an answer among others.
pub(crate) fn flag_of<T>(result: Result<T>, no: Error) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error == no => Ok(None),
        Err(error) => Err(error),
    }
}
