//! Derived addresses against independently known ones.

use kedge_interface::address::{self, pyth};
use kedge_interface::{BOARD, EVENT_AUTHORITY, EXCHANGE, PROGRAM_ID};
use solana_pubkey::Pubkey;

/// Name, feed id, shard-0 account of the present push oracle and of the legacy one, as Pyth publishes them.
const FEEDS: [(&str, &str, &str, &str); 4] = [
    (
        "SOL/USD",
        "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d",
        "7AviUf9nL62mcxNbQGKm4nKDQnPjswo6c5MX4D57HmyE",
        "7UVimffxr9ow1uXYxsr4LHAcV58mLzhmwaeKvJ1pjLiE",
    ),
    (
        "BTC/USD",
        "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43",
        "APgzQGGdv2qCgBkX6aHVkrGePtBVDDg68GiqaM7rmtf5",
        "4cSM2e6rvbGQUFiJbqytoVMi5GgghSMr8LwVrT9VPSPo",
    ),
    (
        "ETH/USD",
        "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace",
        "7odryi4WfoMFHtv2eubdMgP1pqQMmdiXSK1N2tqZ2nRH",
        "42amVS4KgzR9rA28tkVYqVXjq9Qa8dcZQMbH5EYFX6XC",
    ),
    (
        "USDC/USD",
        "eaa020c61cc479712813461ce153894a96a6c00b21ed0cfc2798d1f9a9e9c94a",
        "6HAuqASbHEh4w4REJEUUUCginTLfj1kwCh215ZLtMkrT",
        "Dpw1EAVrSB1ibxiDQyTAW6Zip3J4Btk2x4SgApQCeFbX",
    ),
];

fn feed_id(hex: &str) -> [u8; 32] {
    let bytes: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

#[test]
fn shard_zero_feeds_are_the_published_ones() {
    for (name, id, present, legacy) in FEEDS {
        let id = feed_id(id);
        assert_eq!(pyth::feed(&pyth::PUSH_ORACLE, 0, &id).to_string(), present, "{name}");
        assert_eq!(pyth::feed(&pyth::LEGACY_PUSH_ORACLE, 0, &id).to_string(), legacy, "{name}");
        assert_ne!(pyth::feed(&pyth::PUSH_ORACLE, 1, &id).to_string(), present, "{name}: the shard counts");
    }
}

#[test]
fn compiled_in_addresses_are_the_derived_ones() {
    let derive = |seed: &[u8]| Pubkey::find_program_address(&[seed], &PROGRAM_ID).0;
    assert_eq!(derive(b"exchange"), EXCHANGE);
    assert_eq!(derive(b"board"), BOARD);
    assert_eq!(derive(b"__event_authority"), EVENT_AUTHORITY);
}

#[test]
fn numbered_addresses_differ_by_kind_and_number() {
    let person = Pubkey::new_from_array([7; 32]);
    let other = Pubkey::new_from_array([8; 32]);
    let mut all = vec![
        address::market(0),
        address::market(1),
        address::market(256),
        address::bank(0),
        address::bank(1),
        address::vault(0),
        address::trader(&person),
        address::trader(&other),
        address::sub_account(&person, 0),
        address::sub_account(&person, 1),
        address::sub_account(&person, 256),
        address::sub_account(&other, 0),
    ];
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn associated_token_accounts_are_those_of_the_token_program() {
    for number in 1..20 {
        let (owner, mint) = (Pubkey::new_from_array([number; 32]), Pubkey::new_from_array([100 + number; 32]));
        let reference = spl_associated_token_account_interface::address::get_associated_token_address(&owner, &mint);
        assert_eq!(address::token_account(&owner, &mint), reference);
    }
}
