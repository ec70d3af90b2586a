//! # kedge-units: decimal text of the exchange's quantities
//!
//! * [`decimal::parse`], [`decimal::format`], [`decimal::rounded`]: integers at a scale, the number of digits after the point.
//! * [`decimal::price`], [`decimal::size`], [`decimal::quote`], [`decimal::percent`] and their siblings: the model's quantities as
//!   people read them.
//!
//! Nothing here is a floating-point number: what is written exactly is read back as the same integer.
#![no_std]
#![deny(missing_docs, clippy::missing_errors_doc)]

extern crate alloc;

pub mod decimal;
