//! Arguments of commands on markets and prices.

use clap::Args;
use solana_pubkey::Pubkey;

use super::Which;

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge markets\n  kedge markets SOL-PERP       # sizes, limits, margin")]
pub struct Markets {
    /// Show everything about this market, by name or index.
    pub market: Option<String>,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge prices\n  kedge prices --refresh")]
pub struct Prices {
    /// Refresh all listed rows from their oracle accounts first.
    #[arg(long)]
    pub refresh: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  kedge funding\n  kedge funding SOL-PERP")]
pub struct Funding {
    /// Only this market, by name or index.
    pub market: Option<String>,
    #[command(flatten)]
    pub which: Which,
}

/// Reads `FEED_ID=ADDRESS`.
pub fn feed_account(text: &str) -> Result<([u8; 32], Pubkey), String> {
    let (feed, account) = text.split_once('=').ok_or("write FEED_ID=ADDRESS")?;
    Ok((feed_id(feed)?, account.parse().map_err(|_| "the address is not base58 of 32 bytes")?))
}

/// Reads a Pyth feed id.
pub fn feed_id(text: &str) -> Result<[u8; 32], String> {
    let feed = text.strip_prefix("0x").unwrap_or(text);
    if feed.len() != 64 || !feed.is_ascii() {
        return Err("a feed id has 64 hexadecimal digits".into());
    }
    let mut bytes = [0u8; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let digits = feed.get(2 * index..2 * index + 2).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).map_err(|_| "a feed id has 64 hexadecimal digits")?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feed_accounts_parse() {
        let feed = "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d";
        let (id, account) = feed_account(&format!("0x{feed}=11111111111111111111111111111111")).unwrap();
        assert_eq!((id[0], id[31], account), (0xef, 0x6d, Pubkey::default()));
        for text in [feed, &feed[1..], "xyz=11111111111111111111111111111111", &format!("{feed}=short")] {
            assert!(feed_account(text).is_err(), "{text}");
        }
    }
}
