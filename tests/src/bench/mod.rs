//! Compute units of every instruction, measured on the built program.
//!
//! * [`stage`]: the exchange as it stands before a measurement.
//! * [`scenarios`]: one function a row.
//! * [`table`]: all rows, with budgets and the peer's figures.
//! * [`report`]: the table as text, as a document and as a baseline to compare with.

pub mod report;
pub mod scenarios;
pub mod stage;
pub mod table;

pub use table::{Measured, measure};
