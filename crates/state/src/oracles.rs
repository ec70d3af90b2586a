//! Prices of the oracle accounts, read by the parsers that the program uses: every kind of source, with its roundings
//! and conditions.

use std::collections::BTreeMap;

use kedge_model::account::board::{OraclePrice, PriceBoard, PriceRow, PriceSource};
use kedge_model::clock::Clock;
use kedge_oracle::{Moment, read};
use solana_pubkey::Pubkey;

use crate::Directory;
use crate::directory::{Place, has_account};

/// A source with the conditions of its row: two rows can read one account on different conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    key: [u8; 32],
    kind: u8,
    min_signatures: u8,
    owners: u8,
    multiple: u8,
    max_age: u32,
}

impl Asked {
    /// The key of a row's source.
    #[must_use]
    pub const fn by(row: &PriceRow, source: &PriceSource) -> Self {
        let PriceSource { key, kind, min_signatures, owners, multiple, .. } = *source;
        Self { key, kind, min_signatures, owners, multiple, max_age: row.max_age }
    }
}

/// Owner and bytes of an account.
pub type Raw = (Pubkey, Vec<u8>);

/// The prices that a refresh of every row would read now. A source is left out when its account is missing, of another
/// kind, or without a price that its row accepts.
#[must_use]
pub fn observe(
    board: &PriceBoard,
    directory: &Directory,
    accounts: &BTreeMap<Pubkey, Raw>,
    clock: &Clock,
) -> BTreeMap<Asked, OraclePrice> {
    let markets = board.markets.iter().map(|row| &row.price).zip(&directory.market_oracles).enumerate();
    let banks = board.banks.iter().map(|row| &row.price).zip(&directory.bank_oracles).enumerate();
    let rows = markets.map(|(index, row)| (false, index, row)).chain(banks.map(|(index, row)| (true, index, row)));
    let mut seen = BTreeMap::new();
    for (bank, index, (row, addresses)) in rows {
        let moment = Moment { clock, slot_time: board.slot_time(), max_age: row.max_age };
        let sources = row.sources().iter().filter(|source| has_account(source)).zip(addresses);
        for (number, (source, listed)) in sources.enumerate() {
            let hear = |address: &Pubkey| {
                let (owner, data) = accounts.get(address)?;
                read(source, address, owner, data, &moment).ok().flatten().map(|price| (price, *address))
            };
            let heard = directory.candidates(source, listed).filter_map(hear);
            // Of equally new accounts the first: the listed account before the others.
            let newest = heard.reduce(|best, next| if newer(&next.0, &best.0) { next } else { best });
            directory.choose(Place { bank, row: index, number }, listed, newest.map_or(*listed, |(_, at)| at));
            if let Some((price, _)) = newest {
                seen.insert(Asked::by(row, source), price);
            }
        }
    }
    seen
}

fn newer(one: &OraclePrice, other: &OraclePrice) -> bool {
    (one.publish_time, one.publish_slot) > (other.publish_time, other.publish_slot)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pyth::Alternatives;
    use base64::Engine as _;
    use kedge_interface::pyth::PriceUpdate;
    use kedge_model::account::board::{SourceKind, receivers};
    use kedge_oracle::{pyth_pull, pyth_push, switchboard_on_demand, switchboard_v2};
    use serde_json::Value;

    const ADDRESS: Pubkey = Pubkey::new_from_array([5; 32]);

    fn fixture(file: &str) -> Value {
        let path = format!("{}/../../tests/fixtures/{file}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).expect("the fixture")).expect("JSON")
    }

    fn base64(account: &Value) -> Vec<u8> {
        base64::engine::general_purpose::STANDARD.decode(account["data_base64"].as_str().unwrap()).unwrap()
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// The first market row's price of one source whose account has these bytes.
    fn hear(source: PriceSource, owner: Pubkey, data: Vec<u8>, slot: u64) -> Option<OraclePrice> {
        let mut board = PriceBoard::default();
        let row = &mut board.markets[0];
        row.listed = 1;
        (row.price.sources[0], row.price.source_count, row.price.max_age) = (source, 1, 60);
        let directory = Directory::of(&board, 1, 0);
        let [address] = directory.market_oracles[0][..] else { panic!("one account") };
        let accounts = BTreeMap::from([(address, (owner, data))]);
        let clock = Clock { slot, unix_time: 1_800_000_000 };
        let seen = observe(&board, &directory, &accounts, &clock);
        seen.get(&Asked::by(&board.markets[0].price, &source)).copied()
    }

    fn named(kind: SourceKind) -> PriceSource {
        PriceSource { key: ADDRESS.to_bytes(), kind: kind as u8, ..PriceSource::default() }
    }

    /// `value * 10^(exponent + 6)`, half up.
    fn nearest(value: i64, exponent: i64) -> u64 {
        let power = 10i64.pow(u32::try_from(-exponent - 6).unwrap());
        u64::try_from((value + power / 2) / power).unwrap()
    }

    #[test]
    fn every_recorded_pyth_account_is_heard_as_the_program_hears_it() {
        let (mut pulled, mut pushed, mut raised) = (0, 0, 0);
        for account in fixture("pyth_accounts").as_array().unwrap() {
            let (decoded, data) = (&account["decoded"], base64(account));
            let number = |name: &str| decoded[name].as_i64().unwrap_or(0);
            let pull = decoded["layout"] == "PriceUpdateV2";
            let value = number(if pull { "price" } else { "agg_price" });
            let rounded = nearest(value, number("exponent"));
            let heard = if pull {
                let feed: [u8; 32] = hex(decoded["feed_id"].as_str().unwrap()).try_into().unwrap();
                let owners = receivers::UPGRADED | receivers::LEGACY;
                let key = PriceSource { key: feed, kind: SourceKind::PythPull as u8, owners, ..PriceSource::default() };
                let partly = PriceSource { min_signatures: 1, ..key };
                let full = decoded["verification_level"] == "Full";
                let strictly = hear(key, pyth_pull::RECEIVER, data.clone(), 1);
                assert_eq!(strictly.is_some(), full, "{account}");
                assert_eq!(hear(key, Pubkey::default(), data.clone(), 1), None);
                pulled += 1;
                hear(partly, pyth_pull::RECEIVER, data, 1)
            } else {
                pushed += 1;
                hear(named(SourceKind::PythPush), pyth_push::ORACLE, data, 1)
            };
            let dead = !pull && number("agg_status") != 1;
            assert_eq!(heard.map(|price| price.price.0), (!dead).then_some(rounded), "{account}");
            raised += u32::from(!dead && rounded > nearest(value, number("exponent") - 1) / 10);
        }
        assert!(pulled >= 15 && pushed == 5 && raised > 5, "{pulled} {pushed} {raised}");
    }

    #[test]
    fn both_kinds_of_switchboard_account_are_heard() {
        let account = &fixture("switchboard_accounts")[1];
        let result = &account["decoded"]["result"];
        let (source, owner) = (named(SourceKind::SwitchboardOnDemand), switchboard_on_demand::PROGRAM);
        let slot = result["min_slot"].as_u64().unwrap();
        let heard = hear(source, owner, base64(account), slot + 10).expect("a value");
        assert_eq!((heard.price.0, heard.confidence.0, heard.publish_slot), (155_594_045, 480_324, slot));
        let many = PriceSource { min_signatures: 32, ..source };
        assert_eq!(hear(many, owner, base64(account), slot), None, "fewer samples than the row asks for");
        assert_eq!(hear(source, owner, base64(account), slot + 10_000), None, "older than the row allows");

        let account = fixture("switchboard_v2_recorded");
        let (source, owner) = (named(SourceKind::SwitchboardV2), switchboard_v2::PROGRAM);
        let data = hex(account["data"].as_str().unwrap());
        let heard = hear(source, owner, data.clone(), 1).expect("a value");
        assert_eq!(Some(heard.price.0), account["price"].as_u64());
        assert_eq!(Some(heard.publish_time), account["time"].as_i64());
        assert_eq!(hear(PriceSource { min_signatures: 16, ..source }, owner, data, 1), None);
    }

    #[test]
    fn of_several_accounts_of_a_feed_the_newest_is_heard_and_refreshed() {
        let feed = [9; 32];
        let source = PriceSource { key: feed, kind: SourceKind::PythPull as u8, ..PriceSource::default() };
        let mut board = PriceBoard::default();
        for (listed, row) in board.markets.iter_mut().take(2).enumerate() {
            row.listed = 1;
            (row.price.sources[0], row.price.source_count, row.price.max_age) = (source, 1, 60);
            // The second row takes half-verified prices too.
            row.price.sources[0].min_signatures = if listed == 1 { 3 } else { 0 };
        }
        let [own, other] = [ADDRESS, Pubkey::new_from_array([6; 32])];
        let directory = Directory::with(&board, 2, 0, &Alternatives::new([(feed, own), (feed, other)]));
        let sponsored = directory.market_oracles[0][0];
        assert_eq!(directory.oracles, BTreeSet::from([sponsored, own, other]));

        let clock = Clock { slot: 100, unix_time: 1_800_000_000 };
        let account = |price: i64, publish_time: i64| {
            let update =
                PriceUpdate { feed_id: feed, price, confidence: 1, exponent: -6, publish_time, posted_slot: 90 };
            (pyth_pull::RECEIVER, update.encode())
        };
        // The newest is verified by three signatures.
        let mut partial = account(33_000_000, 1_799_999_999);
        partial.1.insert(41, 3);
        partial.1[40] = 0;
        partial.1.truncate(134);
        let mut accounts = BTreeMap::from([
            (sponsored, account(11_000_000, 1_799_999_990)),
            (own, account(22_000_000, 1_799_999_995)),
            (other, partial),
        ]);
        let hear = |accounts: &BTreeMap<Pubkey, Raw>| {
            let seen = observe(&board, &directory, accounts, &clock);
            let heard = [0, 1].map(|row: usize| {
                let price = &board.markets[row].price;
                seen[&Asked::by(price, &price.sources[0])].price.0
            });
            (heard, directory.oracles_of(&[0, 1], &[]).unwrap())
        };
        assert_eq!(hear(&accounts), ([22_000_000, 33_000_000], vec![own, other]));
        accounts.insert(sponsored, account(12_000_000, 1_799_999_999));
        accounts.remove(&other);
        assert_eq!(hear(&accounts), ([12_000_000; 2], vec![sponsored; 2]));
    }
}
