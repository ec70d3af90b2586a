//! Compute units and transaction cost of every instruction, measured on the built program.
//!
//! * [`stage`]: the exchange as it stands before a measurement.
//! * [`scenarios`]: one function a row.
//! * [`cost`]: what the scheduler charges for what was measured.
//! * [`table`]: all rows, with budgets and the peer's figures.
//! * [`report`]: the table as text, as a document and as a baseline to compare with.

pub mod cost;
pub mod report;
pub mod scenarios;
pub mod stage;
pub mod table;

pub use table::{Measured, measure};
