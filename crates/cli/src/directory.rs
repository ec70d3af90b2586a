//! Names and units of listed markets and banks.

use kedge_client::{Client, Found};
use kedge_interface::account::name;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::quantity::{Amount, Price};
use kedge_units::decimal;
use solana_account::Account;
use solana_pubkey::Pubkey;

use crate::error::{CliError, Result};

/// Offset of the decimals in a mint: behind an optional authority of 36 bytes and a supply of 8.
const MINT_DECIMALS: usize = 44;

/// Mints with a well-known name.
const KNOWN_MINTS: [(Pubkey, &str); 4] = [
    (Pubkey::from_str_const("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"), "USDC"),
    // USDC on devnet.
    (Pubkey::from_str_const("4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU"), "USDC"),
    (Pubkey::from_str_const("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"), "USDT"),
    (Pubkey::from_str_const("So11111111111111111111111111111111111111112"), "SOL"),
];

/// All markets and banks.
pub(crate) struct Directory {
    /// Markets by index.
    pub markets: Vec<Found<Market>>,
    /// Banks by index.
    pub banks: Vec<Found<Bank>>,
}

impl Directory {
    /// Reads the listed markets and banks, and verifies them against the board and the mints.
    ///
    /// # Errors
    /// [`CliError::Contradiction`] when names or decimals do not fit together.
    pub(crate) async fn fetch(client: &Client) -> Result<Self> {
        let directory = Self { markets: client.markets().await?, banks: client.banks().await? };
        let board = client.board().await?;
        let mints: Vec<Pubkey> = directory.banks.iter().map(|bank| Pubkey::new_from_array(bank.data.mint)).collect();
        let mints = client.accounts(&mints).await?;
        directory.verify(&board, &mints).map_err(CliError::Contradiction)?;
        Ok(directory)
    }

    /// Refuses markets with one name, and decimals that differ between bank, board and mint.
    fn verify(&self, board: &PriceBoard, mints: &[Option<Account>]) -> core::result::Result<(), String> {
        let listed: Vec<_> =
            self.markets.iter().filter(|one| one.data.status != MarketStatus::Delisted as u8).collect();
        for (place, market) in listed.iter().enumerate() {
            let called = name(&market.data.name);
            let twin = listed[..place].iter().find(|other| name(&other.data.name).eq_ignore_ascii_case(&called));
            if let Some(twin) = twin {
                return Err(format!("markets {} and {} have the same name", twin.data.index, market.data.index));
            }
        }
        for (bank, mint) in self.banks.iter().zip(mints) {
            let (index, decimals) = (bank.data.index, bank.data.decimals);
            let in_row = board.bank(index).map(|row| row.decimals).ok();
            let in_mint = mint.as_ref().and_then(|mint| mint.data.get(MINT_DECIMALS)).copied();
            if in_row != Some(decimals) || in_mint != Some(decimals) {
                return Err(format!(
                    "bank {index} has {decimals} decimals, its row {}, its mint {}",
                    in_row.map_or("none".into(), |row| row.to_string()),
                    in_mint.map_or("none".into(), |mint| mint.to_string())
                ));
            }
        }
        Ok(())
    }

    /// The market with a name (in any case, with or without the part behind its hyphen) or an index.
    ///
    /// # Errors
    /// [`CliError::NotFound`] with the nearest name.
    pub(crate) fn market(&self, wanted: &str) -> Result<&Found<Market>> {
        let called = |market: &Found<Market>| name(&market.data.name).to_ascii_uppercase();
        let index = wanted.parse::<u16>().ok();
        let typed = wanted.to_ascii_uppercase();
        let named = |market: &&Found<Market>| called(market) == typed || Some(market.data.index) == index;
        // A delisted market's name may be listed again.
        let listed = |market: &&Found<Market>| market.data.status != MarketStatus::Delisted as u8;
        let exact = self.markets.iter().filter(listed).find(named).or_else(|| self.markets.iter().find(named));
        if let Some(found) = exact {
            return Ok(found);
        }
        let bare = |text: &str| text.replace(['-', '_', '/'], "");
        let short = |market: &&Found<Market>| {
            let full = called(market);
            full.split('-').next() == Some(typed.as_str()) || bare(&full) == bare(&typed)
        };
        let close: Vec<&Found<Market>> = self.markets.iter().filter(listed).filter(short).collect();
        if let [found] = close.as_slice() {
            return Ok(*found);
        }
        let names: Vec<String> = self.markets.iter().filter(listed).map(|market| name(&market.data.name)).collect();
        let likely: Vec<String> = match close.len() {
            0 => nearest(&typed, &names).into_iter().collect(),
            _ => close.iter().map(|market| name(&market.data.name)).collect(),
        };
        let meant = match likely.as_slice() {
            [] => String::new(),
            some => format!("did you mean {}? ", some.join(" or ")),
        };
        Err(CliError::NotFound(format!("there is no market `{wanted}`; {meant}listed: {}", names.join(", "))))
    }

    /// Name of a market; its index when it is not in the directory.
    pub(crate) fn market_name(&self, index: u16) -> String {
        let found = self.markets.iter().find(|market| market.data.index == index);
        found.map_or_else(|| format!("market {index}"), |market| name(&market.data.name))
    }

    /// Tick of a market, zero for one that is not listed here.
    pub(crate) fn tick(&self, index: u16) -> Price {
        self.markets.iter().find(|market| market.data.index == index).map_or(Price::ZERO, |market| market.data.tick)
    }

    /// An amount of a bank's tokens for a table, rounded to at most six digits after the point.
    pub(crate) fn tokens_short(&self, bank: u16, amount: Amount) -> String {
        let decimals = self.bank(bank).map_or(0, |bank| u32::from(bank.data.decimals));
        decimal::rounded(amount.0, decimals, if bank == Bank::QUOTE { 2 } else { decimals.min(6) })
    }

    /// The bank with an index.
    pub(crate) fn bank(&self, index: u16) -> Result<&Found<Bank>> {
        let found = self.banks.iter().find(|bank| bank.data.index == index);
        found.ok_or_else(|| CliError::NotFound(format!("there is no bank {index}; {} are listed", self.banks.len())))
    }

    /// Name of a bank's token, where it is known: mints have none on chain. The quote bank's tokens are dollars,
    /// whatever their mint.
    pub(crate) fn bank_name(&self, index: u16) -> String {
        let mint = self.bank(index).map(|bank| Pubkey::new_from_array(bank.data.mint)).unwrap_or_default();
        match KNOWN_MINTS.iter().find(|(known, _)| *known == mint) {
            Some((_, symbol)) => (*symbol).into(),
            None if index == Bank::QUOTE => "dollars".into(),
            None => format!("bank {index}"),
        }
    }

    /// An amount of a bank's tokens in whole units; in smallest units when the bank is not in the directory.
    pub(crate) fn tokens(&self, bank: u16, amount: Amount) -> String {
        let decimals = self.bank(bank).map_or(0, |bank| u32::from(bank.data.decimals));
        decimal::format(amount.0, decimals, 2)
    }
}

/// The name nearest to the typed one, within two edits.
fn nearest(typed: &str, names: &[String]) -> Option<String> {
    let near = |called: &String| {
        let full = called.to_ascii_uppercase();
        let head = full.split('-').next().unwrap_or_default();
        strsim::damerau_levenshtein(typed, &full).min(strsim::damerau_levenshtein(typed, head))
    };
    let best = names.iter().min_by_key(|called| near(called))?;
    (near(best) <= 2 && near(best) < typed.len()).then(|| best.clone())
}

/// An address shortened to its ends.
pub(crate) fn short(address: impl ToString) -> String {
    let text = address.to_string();
    match (text.get(..4), text.len().checked_sub(4).and_then(|from| text.get(from..))) {
        (Some(head), Some(tail)) if text.len() > 12 => format!("{head}..{tail}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mint(decimals: u8) -> Option<Account> {
        let mut data = vec![0; 82];
        data[MINT_DECIMALS] = decimals;
        Some(Account { data, ..Account::default() })
    }

    #[test]
    fn markets_are_found_by_what_people_call_them() {
        let listed = |index: u16, called: &[u8], status: MarketStatus| {
            let mut market = Market { index, status: status as u8, ..Market::default() };
            market.name[..called.len()].copy_from_slice(called);
            Found { address: Pubkey::default(), data: market }
        };
        let (active, gone) = (MarketStatus::Active, MarketStatus::Delisted);
        let mut directory = Directory {
            markets: vec![
                listed(0, b"SOL-PERP", gone),
                listed(1, b"BTC-PERP", active),
                listed(2, b"SOL-PERP", active),
                listed(3, b"1MBONK-PERP", active),
            ],
            banks: vec![],
        };
        for text in ["SOL", "sol", "sol-perp", "SOLPERP", "sol/perp", "2"] {
            assert_eq!(directory.market(text).unwrap().data.index, 2, "{text}");
        }
        assert_eq!(directory.market("0").unwrap().data.index, 0, "by number also what is delisted");
        let said = |directory: &Directory, text: &str| match directory.market(text) {
            Ok(found) => panic!("{text} is {}", found.data.index),
            Err(error) => error.to_string(),
        };
        assert!(said(&directory, "SLO").contains("did you mean SOL-PERP?"));
        assert!(said(&directory, "BONK").contains("did you mean 1MBONK-PERP?"));
        assert!(said(&directory, "DOGE").contains("no market `DOGE`; listed: BTC-PERP, SOL-PERP, 1MBONK-PERP"));
        directory.markets.push(listed(4, b"SOL-APR", active));
        assert!(said(&directory, "SOL").contains("did you mean SOL-PERP or SOL-APR?"));
    }

    #[test]
    fn decimals_must_be_the_same_wherever_they_stand_and_names_must_differ() {
        let address = Pubkey::default();
        let listed = |index: u16, called: &[u8]| {
            let mut market = Market { index, ..Market::default() };
            market.name[..called.len()].copy_from_slice(called);
            Found { address, data: market }
        };
        let banks = vec![Found { address, data: Bank { decimals: 6, ..Bank::default() } }];
        let mut directory = Directory { markets: vec![listed(0, b"SOL-PERP"), listed(1, b"BTC-PERP")], banks };
        let mut board = PriceBoard::default();
        (board.banks[0].listed, board.banks[0].decimals) = (1, 6);
        assert_eq!(directory.verify(&board, &[mint(6)]), Ok(()));
        assert_eq!(directory.verify(&board, &[mint(9)]).unwrap_err(), "bank 0 has 6 decimals, its row 6, its mint 9");
        assert!(directory.verify(&board, &[None]).unwrap_err().ends_with("its mint none"));
        board.banks[0].decimals = 9;
        assert!(directory.verify(&board, &[mint(6)]).unwrap_err().contains("its row 9"));
        board.banks[0].decimals = 6;
        directory.markets[1] = listed(1, b"sol-perp");
        assert_eq!(directory.verify(&board, &[mint(6)]).unwrap_err(), "markets 0 and 1 have the same name");
    }
}
