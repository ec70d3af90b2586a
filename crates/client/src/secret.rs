//! Texts that must not be shown.

use std::convert::Infallible;

use reqwest_middleware::reqwest::Url;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// A text that may be or hold a key: an endpoint, a token. It has no `Display`, its `Debug` says nothing, and parsing
/// it never quotes it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the call that connects with it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Accepts any text. Command-line parsers quote what they refuse, so this one refuses nothing.
    ///
    /// # Errors
    /// Never.
    pub fn parse(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.into()))
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Scheme, host and port of an endpoint.
    pub fn masked(&self) -> String {
        crate::shown::masked(&self.0)
    }

    /// Whether the text begins with one of the prefixes, in either case.
    pub fn begins(&self, with: &[&str]) -> bool {
        with.iter().any(|with| self.0.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with)))
    }

    /// Whether the text is an HTTP or HTTPS URL.
    pub fn is_http(&self) -> bool {
        self.begins(&["http://", "https://"]) && Url::parse(&self.0).is_ok_and(|url| url.has_host())
    }

    /// Whether the text holds more than scheme, host and port: probably a key.
    pub fn has_key(&self) -> bool {
        self.masked() != self.0
    }

    /// The parts that must not be shown: everything but scheme and host, in pieces that a message may quote one by one.
    /// Short pieces are left out, since they occur in ordinary words.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        let (user, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        let path = if self.0.contains("://") { rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]) } else { rest };
        let split = |c: char| matches!(c, '/' | '?' | '#' | '&' | '=' | ':' | ',');
        user.split(split).chain(path.split(split)).filter(|part| part.len() >= 6)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Secret;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text in quotation marks")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret(text.into()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_of_an_endpoint_is_known_by_its_parts() {
        let parts = |text: &str| Secret::from(text).parts().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            parts("https://me:password@host.example/v2/abcdef0123?api-key=zyxwvu"),
            ["password", "abcdef0123", "api-key", "zyxwvu"]
        );
        assert_eq!(parts("a-token-of-its-own"), ["a-token-of-its-own"]);
        assert_eq!(parts("http://127.0.0.1:8899/"), Vec::<String>::new());
        assert_eq!(format!("{:?}", Secret::from("https://a/s3cret")), "(hidden)");
    }
}
