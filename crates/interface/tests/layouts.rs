//! Places in accounts and records, as the documents state them, against the structs themselves.

use std::collections::BTreeMap;

use kedge_interface::account::{AccountKind, DISCRIMINATOR_SIZE, KINDS, sub_account_space};
use kedge_interface::event::EVENT_IX_TAG;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::{MarketRow, PriceBoard, PriceRow};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::order::{Order, OrderParams};
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::{Balance, MAX_ORDERS, SubAccount};
use kedge_model::account::trader::Trader;
use kedge_model::action::{MakerRef, MarketParams, ModifyParams, SignedHeader};
use kedge_model::event::{CancelRecord, EventHeader, FillRecord, OrderRecord, Party, RecordHeader};
use kedge_model::{Field, Layout};

type Struct = (&'static str, usize, &'static [Field]);

macro_rules! structs {
    ($($ty:ty)*) => { &[$( (<$ty as Layout>::NAME, <$ty as Layout>::SIZE, <$ty as Layout>::FIELDS) ),*] };
}

const STRUCTS: &[Struct] = structs! {
    Exchange PriceBoard Market Bank Trader SubAccount MarketRow PriceRow Position Balance Order OrderParams ModifyParams
    MakerRef MarketParams SignedHeader EventHeader RecordHeader Party FillRecord OrderRecord CancelRecord
};

fn read(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The offset from which the documents count a struct's fields.
fn start(name: &str) -> usize {
    if KINDS.iter().any(|(kind, _)| *kind == name) { DISCRIMINATOR_SIZE } else { 0 }
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect()
}

#[test]
fn the_page_of_layouts_has_every_field_where_it_stands() {
    let page = read("docs/layouts.md");
    let mut tables: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    let mut name = "";
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            name = heading;
        }
        if let [offset, field, _, _] = cells(line)[..]
            && let Ok(offset) = offset.parse()
        {
            tables.entry(name).or_default().push((offset, field));
        }
    }
    for (name, size, fields) in STRUCTS {
        let expected = fields.iter().map(|field| (start(name) + field.offset, field.name));
        let expected: Vec<(usize, &str)> = expected.chain([(start(name) + size, "")]).collect();
        assert_eq!(tables.get(name), Some(&expected), "{name}");
    }
}

#[test]
fn the_guide_names_the_places_that_filters_need() {
    let guide = read("docs/guides/integrator.md");
    let mut found = 0;
    for line in guide.lines() {
        let cells = cells(line);
        let (Some(path), Some(Ok(byte))) = (cells.first(), cells.get(2).map(|byte| byte.parse::<usize>())) else {
            continue;
        };
        let expected = match path.split_once('.') {
            Some((of, field)) => {
                let (_, _, fields) = STRUCTS.iter().find(|(name, ..)| *name == of).unwrap_or_else(|| panic!("{of}"));
                let field = fields.iter().find(|known| known.name == field).unwrap_or_else(|| panic!("{path}"));
                start(of) + field.offset
            }
            None => SubAccount::SPACE,
        };
        assert_eq!(byte, expected, "{path}");
        found += 1;
    }
    assert!(found >= 11, "{found} places are named");
    let slots = format!("1552 + {} i", sub_account_space(1) - sub_account_space(0));
    let tag: String = EVENT_IX_TAG.iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = format!(
        "`EventHeader` of {} bytes, then each record behind a `RecordHeader` of {}",
        EventHeader::SIZE,
        RecordHeader::SIZE
    );
    for text in [slots, format!("at most {MAX_ORDERS}"), tag, headers] {
        assert!(guide.contains(&text), "the guide does not say {text:?}");
    }
}
