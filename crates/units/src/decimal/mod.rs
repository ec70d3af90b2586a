//! Decimal text of integers at a scale and of the model's quantities.

mod number;
mod quantity;

pub use number::{DecimalError, format, parse, rounded};
pub use quantity::{
    BASE, PRICE, base, cents, gain, leverage, percent, percent_of_billion, price, price_at, quote, signed_cents, size,
    times, value,
};
