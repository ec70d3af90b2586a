//! Which parts of endpoints and foreign texts may be shown.
//!
//! An endpoint's URL often carries a key: in its path, its query, or before its host. Names of accounts, logs and error
//! texts come from strangers, and a terminal obeys some of their characters.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::{PoisonError, RwLock};

use crate::Secret;

/// Parts of the keys that this process was given.
static KEYS: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Makes [`discreet`] remove the secret parts of a text from now on, in any context: libraries take URLs apart and
/// quote their pieces.
pub fn hide(secret: &Secret) {
    let mut keys = KEYS.write().unwrap_or_else(PoisonError::into_inner);
    for part in secret.parts() {
        if !keys.iter().any(|key| key == part) {
            keys.push(part.to_owned());
        }
    }
}

/// Installs a panic hook that reports without URLs, keys and terminal controls.
pub fn mask_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let why = panic.payload_as_str().unwrap_or("something unforeseen");
        let place = panic.location().map(|place| format!(" ({place})")).unwrap_or_default();
        eprintln!("a fault of this program, please report it: {}{place}", printable_lines(&discreet(why)));
    }));
}

/// An endpoint without its path and user, where providers put their keys.
#[must_use]
pub fn masked(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let hidden = match path {
        "" | "/" => path,
        _ => "/...",
    };
    if scheme.is_empty() { format!("{host}{hidden}") } else { format!("{scheme}://{host}{hidden}") }
}

/// A text with every URL masked and every [hidden](hide) key removed. Libraries normalise URLs (a slash before the
/// query, no default port, a host in small letters), so the search is for the form of a URL and not for the configured
/// one.
#[must_use]
pub fn discreet(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at);
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let scheme = before.len() - before.trim_end_matches(is_scheme).len();
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')' | ']' | '}' | ',' | ';');
        let length = after.find(ends).unwrap_or(after.len());
        // Trailing punctuation belongs to the sentence; a masked URL stays as it is.
        let bare = after[..length].trim_end_matches(['.', ':']);
        let length = if bare.ends_with('/') && after[bare.len()..length].starts_with("...") {
            bare.len() + 3
        } else {
            bare.len().max(3)
        };
        shown.push_str(&before[..before.len() - scheme]);
        shown.push_str(&masked(&rest[at - scheme..at + length]));
        rest = &after[length..];
    }
    shown.push_str(rest);
    for key in KEYS.read().unwrap_or_else(PoisonError::into_inner).iter() {
        if shown.contains(key.as_str()) {
            shown = shown.replace(key.as_str(), "...");
        }
    }
    shown
}

/// A parser's message without the text that it quotes, which may be a key in the wrong place. Names of fields and
/// variants stay, as far as they look like one: they are the help in it.
#[must_use]
pub fn unquoted(message: &str) -> String {
    let mut shown = message.to_owned();
    if let Some(at) = shown.find("string \"") {
        // The last quotation mark closes the quote, since the quoted text may hold others.
        let end = shown.rfind('"').map_or(shown.len(), |end| end + 1);
        shown.replace_range(at..end, "a string");
    }
    for mark in ["variant `", "field `", "character `", "key `"] {
        let Some(at) = shown.find(mark).map(|at| at + mark.len()) else { continue };
        let end = shown[at..].find("`, expected").or(shown[at..].rfind('`')).map_or(shown.len(), |end| at + end);
        // Field names hold no digits or capitals; keys nearly always do.
        let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '-');
        if end - at > 24 || !shown[at..end].chars().all(plain) {
            shown.replace_range(at..end, "(hidden)");
        }
    }
    discreet(&shown)
}

/// Whether a terminal may obey a character instead of showing it, or reorder others by it: controls of both sets,
/// direction marks, and characters without width.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A foreign text in one line, with `\u{..}` for characters that a terminal would obey.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// As [`printable`], keeping line feeds.
#[must_use]
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\n')
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_obeyed(c) && !stays(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_obeyed(c) && !stays(c) {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// JSON whose strings hold nothing that a terminal obeys: JSON itself escapes only the first set of controls.
#[must_use]
pub fn printable_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if is_obeyed(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_endpoints_are_not_shown() {
        assert_eq!(masked("https://rpc.example.com/v2/s3cret"), "https://rpc.example.com/...");
        assert_eq!(masked("https://me:s3cret@rpc.example.com:8899"), "https://rpc.example.com:8899");
        assert_eq!(masked("https://rpc.example.com?api-key=s3cret"), "https://rpc.example.com/...");
        assert_eq!(masked("http://127.0.0.1:8899"), "http://127.0.0.1:8899");
        assert_eq!(masked("http://127.0.0.1:8899/"), "http://127.0.0.1:8899/");
    }

    #[test]
    fn an_address_is_masked_however_it_is_spelt() {
        for said in [
            "error sending request for url (https://host.invalid/?api-key=s3cret)",
            "https://host.invalid?api-key=s3cret: no answer",
            "HTTPS://HOST.invalid:443/s3cret,",
            "the endpoint \"wss://me:s3cret@host.invalid\" is down",
            "two: http://a/s3cret, nats://s3cret:s3cret@b:4222.",
            "Url { scheme: \"https\", url: `https://host.invalid/s3cret` }",
            "x://",
        ] {
            let shown = discreet(said);
            assert!(!shown.contains("s3cret"), "{shown}");
            assert_eq!(discreet(&shown), shown);
        }
        assert_eq!(discreet("see http://a.b/c."), "see http://a.b/....");
        assert_eq!(discreet("url (http://127.0.0.1:1/) and more"), "url (http://127.0.0.1:1/) and more");
        assert_eq!(discreet("no address at all"), "no address at all");
    }

    #[test]
    fn a_key_is_left_out_wherever_it_stands() {
        let said = "GET /v2/h1ddenp4th?api-key=h1ddenkey HTTP/1.1, user h1ddenuser";
        assert_eq!(discreet(said), said, "nobody has said yet that these are keys");
        hide(&Secret::from("https://h1ddenuser@host.invalid:443/v2/h1ddenp4th?token=h1ddenkey"));
        let shown = discreet(said);
        assert!(!shown.contains("h1dden") && shown.starts_with("GET /v2/...?api-key=... HTTP/1.1"), "{shown}");
    }

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        assert_eq!(printable("a\u{1b}]0;title\u{7}b"), "a\\u{1b}]0;title\\u{7}b");
        assert_eq!(printable("\u{9b}2J \u{202e}gnp.exe\r\n"), "\\u{9b}2J \\u{202e}gnp.exe\\u{d}\\u{a}");
        assert_eq!(printable_lines("one\ntwo\t"), "one\ntwo\\u{9}");
        assert_eq!(printable("Käse 🧀 SOL-PERP"), "Käse 🧀 SOL-PERP");
        let json = serde_json::json!({ "name": "\u{1b}[2J\u{9b}\u{e0041}\u{202e}" }).to_string();
        let shown = printable_json(&json);
        assert!(shown.is_ascii(), "{shown}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            serde_json::from_str::<serde_json::Value>(&json).unwrap(),
            "the same JSON"
        );
    }
}
