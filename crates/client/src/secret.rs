//! Texts that cannot be shown.

use std::convert::Infallible;

use reqwest_middleware::reqwest::Url;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// A text that may be or hold a key: an endpoint, a token. It has no form to print, says nothing of itself when it is
/// debugged, and what is no text is refused without being quoted.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text, for whoever connects with it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Takes a text, whatever it is: for parsers of command lines, which quote what they refuse.
    ///
    /// # Errors
    /// None.
    pub fn parse(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.into()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An endpoint's scheme, host and port.
    pub fn masked(&self) -> String {
        crate::shown::masked(&self.0)
    }

    /// Whether it begins with one of these, in any case.
    pub fn begins(&self, with: &[&str]) -> bool {
        with.iter().any(|with| self.0.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with)))
    }

    /// Whether it is the address of an HTTP endpoint.
    pub fn is_http(&self) -> bool {
        self.begins(&["http://", "https://"]) && Url::parse(&self.0).is_ok_and(|url| url.has_host())
    }

    /// Whether it holds more than an endpoint's scheme, host and port: a key, as far as anybody can tell.
    pub fn has_key(&self) -> bool {
        self.masked() != self.0
    }

    /// What of it must not be shown: the whole without an address's scheme and host, in parts that a message may hold one by
    /// one. Short ones are left out: they would be found in every other word.
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
