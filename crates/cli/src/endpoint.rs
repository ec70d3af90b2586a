//! Which endpoint is meant.

use crate::error::{CliError, Result};

/// Names of clusters as the Solana command has them, with the letter that stands for each.
const MONIKERS: [(&str, &str, &str); 4] = [
    ("localhost", "l", "http://127.0.0.1:8899"),
    ("devnet", "d", "https://api.devnet.solana.com"),
    ("testnet", "t", "https://api.testnet.solana.com"),
    ("mainnet-beta", "m", "https://api.mainnet-beta.solana.com"),
];

/// The URL behind what was typed: itself, or a cluster's by its name.
///
/// Errors: neither, with what it could have been. The text is not repeated but for its host: it may carry a key.
pub fn url(text: &str) -> Result<String> {
    if let Some((_, _, url)) = MONIKERS.iter().find(|(name, letter, _)| *name == text || *letter == text) {
        return Ok((*url).into());
    }
    let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    match text.split_once("://") {
        Some(("http" | "https", rest)) if !host(rest).is_empty() => Ok(text.into()),
        Some((scheme, _)) => Err(CliError::Usage(format!(
            "--url begins with http:// or https://, and not with {}://",
            scheme.chars().take(16).collect::<String>()
        ))),
        None => {
            let host = host(text);
            let host = host.rsplit('@').next().unwrap_or_default();
            let scheme = if host.starts_with("127.") || host.starts_with("localhost") { "http" } else { "https" };
            Err(CliError::Usage(format!(
                "--url has no http:// or https:// in front: perhaps {scheme}://{host}; or one of localhost, devnet, \
                 testnet, mainnet-beta"
            )))
        }
    }
}

/// Whether an endpoint is on this machine, or of a cluster that gives its SOL away.
pub fn gives_sol(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]", "api.devnet.", "api.testnet."].iter().any(|start| host.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_named_as_the_solana_command_does() {
        assert_eq!(url("localhost").unwrap(), "http://127.0.0.1:8899");
        assert_eq!(url("d").unwrap(), "https://api.devnet.solana.com");
        assert_eq!(url("m").unwrap(), url("mainnet-beta").unwrap());
        for whole in ["http://127.0.0.1:8899", "https://host.invalid/?api-key=s3cret"] {
            assert_eq!(url(whole).unwrap(), whole);
        }
        let said = |text: &str| url(text).unwrap_err().to_string();
        assert!(said("127.0.0.1:8899").contains("perhaps http://127.0.0.1:8899;"));
        assert!(said("rpc.example.com/s3cret").contains("perhaps https://rpc.example.com;"));
        assert!(said("ws://127.0.0.1:8900").contains("not with ws://"));
        for text in ["user:s3cret@host", "host/s3cret", "host?key=s3cret", "http://", "s3cret://x", "devnett"] {
            let shown = said(text);
            assert!(!shown.contains("s3cret") || text.starts_with("s3cret"), "{shown}");
        }
        assert!(gives_sol("http://127.0.0.1:8899") && gives_sol("https://api.devnet.solana.com"));
        assert!(!gives_sol("https://api.mainnet-beta.solana.com"));
    }
}
