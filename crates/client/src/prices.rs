//! Rows of the board: those that an account uses, those that are too old, and the instruction that refreshes them.

use std::collections::BTreeMap;

use kedge_interface::address::pyth;
use kedge_interface::instruction::{Instruction, KedgeInstruction, RefreshPrices};
use kedge_model::account::board::{PriceBoard, PriceRow, PriceSource, Purpose, RowState, SourceKind, receivers};
use kedge_model::account::sub_account::SubAccount;
use kedge_model::clock::Clock;
use kedge_model::time::Seconds;
use solana_pubkey::Pubkey;

pub use crate::row::Row;
use crate::{Client, FetchError};

/// All listed rows, markets before banks.
pub fn listed(board: &PriceBoard) -> Vec<Row> {
    let markets = board.markets.iter().zip(0u16..).filter(|(row, _)| row.listed == 1).map(|(_, i)| Row::Market(i));
    let banks = board.banks.iter().zip(0u16..).filter(|(row, _)| row.listed == 1).map(|(_, i)| Row::Bank(i));
    markets.chain(banks).collect()
}

/// The rows that a margin check of an account reads.
pub fn in_use(account: &SubAccount) -> Vec<Row> {
    let markets = account.positions.iter().filter(|position| position.is_used()).map(|p| Row::Market(p.market));
    let banks = account.balances.iter().filter(|balance| balance.used == 1).map(|b| Row::Bank(b.bank));
    markets.chain(banks).collect()
}

/// The rows that are too old for a purpose, so that a refresh helps.
pub fn stale(board: &PriceBoard, rows: &[Row], purpose: Purpose, clock: &Clock) -> Vec<Row> {
    let too_old = |row: &Row| {
        row.price(board).is_ok_and(|price| {
            let max_age = price.max_age().0.saturating_mul(purpose.requirement().age_factor);
            price.state_at(clock, Seconds(max_age)) == RowState::Stale
        })
    };
    rows.iter().copied().filter(too_old).collect()
}

/// The rows whose price is past half of its age limit: a transaction refreshes them, so that they last until it lands.
pub fn old_rows(board: &PriceBoard, rows: &[Row], clock: &Clock) -> Vec<Row> {
    let old = |row: &Row| {
        row.price(board).is_ok_and(|price| clock.seconds_since(price.publish_time) > Seconds(price.max_age().0 / 2))
    };
    rows.iter().copied().filter(old).collect()
}

/// Whether a row follows an oracle account; a row of fixed sources alone never moves.
pub fn has_oracle(board: &PriceBoard, row: Row) -> bool {
    let fixed = SourceKind::Fixed as u8;
    row.price(board).is_ok_and(|price| price.sources().iter().any(|source| source.kind != fixed))
}

/// Copies the price of a row from one board to another. A row that one of them does not list stays as it is.
pub fn copy_price(board: &mut PriceBoard, fresh: &PriceBoard, row: Row) {
    match row {
        Row::Market(index) => {
            if let (Ok(to), Ok(from)) = (board.market_mut(index), fresh.market(index)) {
                to.price = from.price;
            }
        }
        Row::Bank(index) => {
            if let (Ok(to), Ok(from)) = (board.bank_mut(index), fresh.bank(index)) {
                to.price = from.price;
            }
        }
    }
}

/// Maps a Pyth feed to the account that holds its price.
///
/// The program accepts any account with the right feed of a receiver that the row names. The default is the push
/// oracle's account of shard 0; a book names other accounts for single feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBook {
    push_oracle: Pubkey,
    accounts: BTreeMap<[u8; 32], Pubkey>,
}

impl Default for AddressBook {
    /// The push oracle since the upgrade of August 2026.
    fn default() -> Self {
        Self::of(pyth::PUSH_ORACLE)
    }
}

impl AddressBook {
    /// Accounts of shard 0 of a push oracle.
    pub fn of(push_oracle: Pubkey) -> Self {
        Self { push_oracle, accounts: BTreeMap::new() }
    }

    /// Accounts of shard 0 of the push oracle before the upgrade.
    pub fn legacy() -> Self {
        Self::of(pyth::LEGACY_PUSH_ORACLE)
    }

    /// Replaces the account of one feed.
    pub fn with(mut self, feed_id: [u8; 32], account: Pubkey) -> Self {
        self.accounts.insert(feed_id, account);
        self
    }

    /// The account of a feed.
    pub fn feed(&self, feed_id: &[u8; 32]) -> Pubkey {
        self.accounts.get(feed_id).copied().unwrap_or_else(|| pyth::feed(&self.push_oracle, 0, feed_id))
    }

    /// The account of a row's source; `None` for a source without one. When the row names only the other push oracle's
    /// receiver, the account is that oracle's.
    pub fn account(&self, source: &PriceSource) -> Option<Pubkey> {
        match SourceKind::from_number(source.kind) {
            Ok(SourceKind::PythPull) => {
                let of_source = || {
                    ORACLES.iter().find(|(bit, ..)| source.receivers() == *bit).map_or(self.push_oracle, |one| one.1)
                };
                let named = self.accounts.get(&source.key).copied();
                Some(named.unwrap_or_else(|| pyth::feed(&of_source(), 0, &source.key)))
            }
            Ok(kind) if kind.names_account() => Some(Pubkey::new_from_array(source.key)),
            _ => None,
        }
    }

    /// Looks up on chain which push oracle keeps each feed of the board current: of the two shard-0 accounts, the one
    /// with the younger price among those that every row with this feed accepts. Feeds that are named already, and
    /// feeds found at neither oracle, stay as they are.
    ///
    /// # Errors
    /// As [`Client::accounts`].
    pub async fn discover(mut self, client: &Client, board: &PriceBoard) -> Result<Self, FetchError> {
        let feeds = feeds(board, |feed| !self.accounts.contains_key(feed));
        let candidates: Vec<Pubkey> =
            feeds.keys().flat_map(|feed| ORACLES.map(|(_, oracle, _)| pyth::feed(&oracle, 0, feed))).collect();
        let accounts = client.accounts(&candidates).await?;
        for ((feed, accepted), (addresses, accounts)) in feeds.iter().zip(candidates.chunks(2).zip(accounts.chunks(2)))
        {
            let age = |account: &Option<solana_account::Account>| {
                let account = account.as_ref()?;
                let receiver = ORACLES.iter().any(|(bit, _, owner)| accepted & bit != 0 && *owner == account.owner);
                publish_time(&account.data).filter(|_| receiver)
            };
            let youngest = addresses.iter().zip(accounts).filter_map(|(at, account)| Some((age(account)?, *at))).max();
            if let Some((_, address)) = youngest {
                self.accounts.insert(*feed, address);
            }
        }
        Ok(self)
    }
}

/// The push oracles: bit of the receiver, address of the oracle, address of the receiver.
const ORACLES: [(u8, Pubkey, Pubkey); 2] = [
    (receivers::UPGRADED, pyth::PUSH_ORACLE, pyth::RECEIVER),
    (receivers::LEGACY, pyth::LEGACY_PUSH_ORACLE, pyth::LEGACY_RECEIVER),
];

/// The wanted Pyth feeds of the board, each with the receivers that all its rows accept.
fn feeds(board: &PriceBoard, wanted: impl Fn(&[u8; 32]) -> bool) -> BTreeMap<[u8; 32], u8> {
    let mut feeds = BTreeMap::new();
    let rows = listed(board).into_iter().filter_map(|row| row.price(board).ok());
    for source in rows.flat_map(PriceRow::sources) {
        if source.kind == SourceKind::PythPull as u8 && wanted(&source.key) {
            *feeds.entry(source.key).or_insert(u8::MAX) &= source.receivers();
        }
    }
    feeds
}

/// Publish time of a `PriceUpdateV2`: it stands behind the verification level, whose partial form is a byte longer.
fn publish_time(data: &[u8]) -> Option<i64> {
    let message = match data.get(40)? {
        0 => 42,
        1 => 41,
        _ => return None,
    };
    Some(i64::from_le_bytes(*data.get(message + 52..)?.first_chunk::<8>()?))
}

/// The instruction that refreshes rows, to go before the instruction that reads them. A row that is named twice is
/// refreshed once.
///
/// # Errors
/// [`kedge_model::Error::RowNotListed`].
pub fn refresh_instruction(board: &PriceBoard, rows: &[Row], book: &AddressBook) -> kedge_model::Result<Instruction> {
    let mut wanted = rows.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let mut refresh = RefreshPrices { markets: Vec::new(), banks: Vec::new(), oracles: Vec::new() };
    for row in wanted {
        let price = row.price(board)?;
        let (list, index) = match row {
            Row::Market(index) => (&mut refresh.markets, index),
            Row::Bank(index) => (&mut refresh.banks, index),
        };
        list.push(u8::try_from(index).map_err(|_| kedge_model::Error::RowNotListed)?);
        refresh.oracles.extend(price.sources().iter().filter_map(|source| book.account(source)));
    }
    Ok(refresh.instruction())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::quantity::{Amount, Price};

    fn source(kind: SourceKind, key: u8) -> PriceSource {
        PriceSource { key: [key; 32], kind: kind as u8, ..PriceSource::default() }
    }

    fn board() -> Box<PriceBoard> {
        let mut board = Box::<PriceBoard>::default();
        for (index, sources) in [
            (0, [source(SourceKind::PythPull, 1), source(SourceKind::PythPush, 2)]),
            (2, [source(SourceKind::PythPull, 3), PriceSource::default()]),
        ] {
            let row = &mut board.markets[index];
            row.listed = 1;
            row.price.sources[..2].copy_from_slice(&sources);
            row.price.source_count = if index == 0 { 2 } else { 1 };
            row.price.max_age = 10;
            row.price.price = Price(1);
        }
        board.banks[0].listed = 1;
        board.banks[0].price.sources[0] = source(SourceKind::Fixed, 0);
        board.banks[0].price.source_count = 1;
        board
    }

    #[test]
    fn refresh_names_rows_once_and_accounts_in_their_order() {
        let book = AddressBook::default().with([3; 32], Pubkey::new_from_array([33; 32]));
        let rows = [Row::Bank(0), Row::Market(2), Row::Market(0), Row::Market(2)];
        let built = refresh_instruction(&board(), &rows, &book).unwrap();
        let accounts: Vec<Pubkey> = built.accounts.iter().map(|account| account.pubkey).collect();
        let refresh = RefreshPrices::decode(&accounts, &built.data).unwrap();
        assert_eq!((refresh.markets, refresh.banks), (vec![0, 2], vec![0]));
        let expected = [
            pyth::feed(&pyth::PUSH_ORACLE, 0, &[1; 32]),
            Pubkey::new_from_array([2; 32]),
            Pubkey::new_from_array([33; 32]),
        ];
        assert_eq!(refresh.oracles, expected);
        let unlisted = refresh_instruction(&board(), &[Row::Market(1)], &book);
        assert_eq!(unlisted, Err(kedge_model::Error::RowNotListed));
    }

    #[test]
    fn accounts_follow_the_kind_and_the_receivers_of_a_source() {
        let book = AddressBook::default();
        let of = |owners| book.account(&PriceSource { owners, ..source(SourceKind::PythPull, 1) });
        let at = |oracle| Some(pyth::feed(&oracle, 0, &[1; 32]));
        assert_eq!(of(0), at(pyth::PUSH_ORACLE));
        assert_eq!(of(receivers::LEGACY), at(pyth::LEGACY_PUSH_ORACLE));
        assert_eq!(of(receivers::UPGRADED | receivers::LEGACY), at(pyth::PUSH_ORACLE));
        let both = PriceSource { owners: 3, ..source(SourceKind::PythPull, 1) };
        assert_eq!(AddressBook::legacy().account(&both), at(pyth::LEGACY_PUSH_ORACLE));
        assert_eq!(AddressBook::legacy().account(&source(SourceKind::PythPull, 1)), at(pyth::PUSH_ORACLE));
        for kind in [SourceKind::PythPush, SourceKind::SwitchboardOnDemand, SourceKind::SwitchboardV2] {
            assert_eq!(book.account(&source(kind, 7)), Some(Pubkey::new_from_array([7; 32])));
        }
        for kind in [SourceKind::Fixed, SourceKind::Unused] {
            assert_eq!(book.account(&source(kind, 0)), None);
        }
    }

    #[test]
    fn a_feed_of_two_rows_is_read_where_both_accept_it() {
        let mut board = board();
        board.markets[2].price.sources[0] = PriceSource { owners: 3, ..source(SourceKind::PythPull, 1) };
        assert_eq!(feeds(&board, |_| true), BTreeMap::from([([1; 32], receivers::UPGRADED)]));
        assert_eq!(feeds(&board, |feed| feed != &[1; 32]), BTreeMap::new());
    }

    #[test]
    fn stale_rows_are_those_that_a_refresh_helps() {
        let mut board = board();
        board.markets[0].price.publish_time = 100;
        board.markets[2].price.publish_time = 85;
        board.banks[0].price.state = RowState::Halted as u8;
        let clock = Clock { slot: 1, unix_time: 105 };
        let all = listed(&board);
        assert_eq!(all, [Row::Market(0), Row::Market(2), Row::Bank(0)]);
        assert_eq!(stale(&board, &all, Purpose::IncreaseRisk, &clock), [Row::Market(2)]);
        assert_eq!(stale(&board, &all, Purpose::ReduceRisk, &clock), [], "four times the age is allowed");
    }

    #[test]
    fn rows_in_use_follow_positions_and_balances() {
        let mut account = SubAccount::default();
        account.open_position(2).unwrap();
        account.credit(0, Amount(5)).unwrap();
        assert_eq!(in_use(&account), [Row::Market(2), Row::Bank(0)]);
        assert_eq!(in_use(&SubAccount::default()), []);
    }

    #[test]
    fn publish_times_of_both_verification_levels() {
        let mut full = vec![0u8; 134];
        full[40] = 1;
        full[93..101].copy_from_slice(&1_700_000_000i64.to_le_bytes());
        assert_eq!(publish_time(&full), Some(1_700_000_000));
        let mut partial = vec![0u8; 134];
        partial[94..102].copy_from_slice(&1_700_000_001i64.to_le_bytes());
        assert_eq!(publish_time(&partial), Some(1_700_000_001));
        assert_eq!(publish_time(&[0; 41]), None);
    }
}
