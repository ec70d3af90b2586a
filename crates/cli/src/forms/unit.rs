//! Numbers of a form: text, exact, with the digits of their unit.

use core::fmt;

use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_units::decimal;
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Deserializes text, or a whole number as text.
struct Exact;

impl Visitor<'_> for Exact {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number in quotes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
        Err(E::custom(format!("write {number} in quotes: a number with a point is exact only as text")))
    }
}

fn number<'de, D: Deserializer<'de>>(from: D, scale: u32) -> Result<u64, D::Error> {
    let text = from.deserialize_any(Exact)?;
    decimal::parse(&text, scale).map_err(de::Error::custom)
}

/// A share such as `"0.05%"`, with four digits after the point.
#[derive(Clone, Copy)]
pub(super) struct Percent(pub Ppm);

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = from.deserialize_any(Exact)?;
        let digits = text.strip_suffix('%');
        let digits = digits.ok_or_else(|| de::Error::custom(format!("write `{text}` in percent: \"{text}%\"")))?;
        let ppm = decimal::parse(digits.trim_end(), 4).map_err(de::Error::custom)?;
        u32::try_from(ppm).map(|ppm| Self(Ppm(ppm))).map_err(|_| de::Error::custom(format!("`{text}` is too large")))
    }
}

macro_rules! units {
    ($($(#[$doc:meta])* $name:ident($inner:ident, $scale:expr);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name(pub(crate) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                number(from, $scale).map(|value| Self($inner(value)))
            }
        }
    )*};
}

units! {
    /// An amount in dollars, six digits after the point.
    Dollars(Amount, decimal::PRICE);
    /// A price in dollars, six digits after the point.
    AtPrice(Price, decimal::PRICE);
    /// A base amount, nine digits after the point.
    Units(Size, decimal::BASE);
}
