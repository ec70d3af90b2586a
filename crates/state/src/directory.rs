//! Addresses of listed markets and banks, and of the oracle accounts of their rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use kedge_interface::Instruction;
use kedge_interface::address;
use kedge_model::account::board::{PriceBoard, PriceRow, PriceSource, SourceKind};
use solana_pubkey::Pubkey;

use crate::pyth::{Alternatives, source_address};

/// The addresses behind the indices of markets, banks and oracle feeds. Deriving one takes a search, so each is
/// derived once.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Markets by index.
    pub markets: Vec<Pubkey>,
    /// Banks by index.
    pub banks: Vec<Pubkey>,
    /// Oracle accounts of each market row, in the order of its sources.
    pub market_oracles: Vec<Vec<Pubkey>>,
    /// Oracle accounts of each bank row, in the order of its sources.
    pub bank_oracles: Vec<Vec<Pubkey>>,
    /// Every oracle account once.
    pub oracles: BTreeSet<Pubkey>,
    /// Further accounts of Pyth feeds.
    alternatives: Alternatives,
    /// Places where a further account has a newer price than the listed one.
    newer: Arc<RwLock<BTreeMap<Place, Pubkey>>>,
}

/// Place of an oracle account in a [`Directory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Whether the row is a bank's.
    pub bank: bool,
    /// Index of the row.
    pub row: usize,
    /// Number of the account in the row.
    pub number: usize,
}

/// Whether a source is read from an account.
#[must_use]
pub fn has_account(source: &PriceSource) -> bool {
    !matches!(SourceKind::from_number(source.kind), Ok(SourceKind::Fixed | SourceKind::Unused) | Err(_))
}

/// The account of a source.
fn account(source: &PriceSource) -> Pubkey {
    if source.kind == SourceKind::PythPull as u8 { source_address(source) } else { Pubkey::new_from_array(source.key) }
}

impl Directory {
    /// The addresses of everything that an exchange has listed.
    #[must_use]
    pub fn of(board: &PriceBoard, markets: u16, banks: u16) -> Self {
        Self::with(board, markets, banks, &Alternatives::default())
    }

    /// [`Self::new`] with further accounts of Pyth feeds: of several accounts the one with the newest price is used.
    #[must_use]
    pub fn with(board: &PriceBoard, markets: u16, banks: u16, alternatives: &Alternatives) -> Self {
        let mut directory = Self {
            markets: (0..markets).map(address::market).collect(),
            banks: (0..banks).map(address::bank).collect(),
            ..Self::default()
        };
        let accounts = |row: &PriceRow| row.sources().iter().filter(|one| has_account(one)).map(account).collect();
        directory.market_oracles =
            board.markets.iter().take(usize::from(markets)).map(|row| accounts(&row.price)).collect();
        directory.bank_oracles = board.banks.iter().take(usize::from(banks)).map(|row| accounts(&row.price)).collect();
        let all = directory.market_oracles.iter().chain(&directory.bank_oracles);
        directory.oracles = all.flatten().copied().collect();
        let rows = board.markets.iter().take(usize::from(markets)).map(|row| &row.price);
        let rows = rows.chain(board.banks.iter().take(usize::from(banks)).map(|row| &row.price));
        let sources = rows.flat_map(|row| row.sources());
        directory.oracles.extend(sources.flat_map(|source| alternatives.of(source)));
        directory.alternatives = alternatives.clone();
        directory
    }

    /// The accounts of a source whose listed account is `listed`.
    pub(crate) fn candidates<'d>(
        &'d self,
        source: &PriceSource,
        listed: &'d Pubkey,
    ) -> impl Iterator<Item = &'d Pubkey> + use<'d> {
        std::iter::once(listed).chain(self.alternatives.of(source))
    }

    /// Notes which of a source's accounts has the newest price.
    pub(crate) fn choose(&self, place: Place, listed: &Pubkey, newest: Pubkey) {
        if self.alternatives.is_empty() {
            return;
        }
        let mut newer = self.newer.write().unwrap_or_else(PoisonError::into_inner);
        if *listed == newest {
            newer.remove(&place)
        } else {
            newer.insert(place, newest)
        };
    }

    /// Accounts that the transactions of all users write: board, markets and banks.
    #[must_use]
    pub fn contended(&self, instructions: &[Instruction]) -> Vec<Pubkey> {
        let written = instructions.iter().flat_map(|one| &one.accounts).filter(|account| account.is_writable);
        let shared = |account: &Pubkey| {
            *account == address::BOARD || self.markets.contains(account) || self.banks.contains(account)
        };
        written.map(|account| account.pubkey).filter(shared).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Oracle accounts of rows in the order in which a refresh names them, of each source the account with the newest
    /// price; `None` for a row that is not listed.
    #[must_use]
    pub fn oracles_of(&self, markets: &[u16], banks: &[u16]) -> Option<Vec<Pubkey>> {
        let mut oracles = Vec::new();
        let newer = self.newer.read().unwrap_or_else(PoisonError::into_inner);
        let lists = [(false, markets, &self.market_oracles), (true, banks, &self.bank_oracles)];
        for (bank, rows, list) in lists {
            for row in rows.iter().map(|row| usize::from(*row)) {
                for (number, listed) in list.get(row)?.iter().enumerate() {
                    oracles.push(*newer.get(&Place { bank, row, number }).unwrap_or(listed));
                }
            }
        }
        Some(oracles)
    }

    /// Address of a market; `None` when it is not listed.
    #[must_use]
    pub fn market(&self, index: u16) -> Option<Pubkey> {
        self.markets.get(usize::from(index)).copied()
    }
}
