//! The built program on the bank of a validator.

mod block;
mod clock;
mod compute;
mod cost;
mod rent;
mod tables;
mod tokens;
mod upgrade;
