//! Builders against decoding, and bytes against hand-written ones.

use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_interface::instruction::{
    self, CancelAll, CancelOrder, Decoded, Deposit, FillOrder, KedgeInstruction, PlaceOrders, RefreshPrices,
};
use kedge_interface::{BOARD, EVENT_AUTHORITY, EXCHANGE, PROGRAM_ID};
use kedge_model::account::order::OrderParams;
use kedge_model::action::MakerRef;
use kedge_model::quantity::{Price, Size};
use solana_pubkey::Pubkey;

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn keys(instruction: &instruction::Instruction) -> Vec<Pubkey> {
    instruction.accounts.iter().map(|account| account.pubkey).collect()
}

#[test]
fn deposit_bytes_and_accounts() {
    let deposit = Deposit::of(key(1), key(2), key(3), 0, 1_000_000);
    let built = deposit.instruction();
    // sha256("global:deposit")[..8], computed with coreutils' sha256sum.
    assert_eq!(built.data[..8], [242, 35, 198, 137, 82, 225, 242, 182]);
    assert_eq!(built.data[8..], 1_000_000u64.to_le_bytes());
    assert_eq!(built.program_id, PROGRAM_ID);
    let flags: Vec<_> = built.accounts.iter().map(|a| (a.pubkey, a.is_signer, a.is_writable)).collect();
    assert_eq!(
        flags,
        [
            (key(1), true, false),
            (EXCHANGE, false, false),
            (address::bank(0), false, true),
            (key(3), false, true),
            (key(2), false, true),
            (address::vault(0), false, true),
            (TOKEN_PROGRAM, false, false),
            (EVENT_AUTHORITY, false, false),
            (PROGRAM_ID, false, false),
        ]
    );
    assert_eq!(instruction::decode(&keys(&built), &built.data), Some(Decoded::Deposit(deposit)));
}

#[test]
fn vectors_stand_behind_a_32_bit_length() {
    let order = OrderParams { price: Price(181_200_000), size: Size(2_500_000_000), ..OrderParams::default() };
    let place = PlaceOrders { signer: key(1), market: key(2), sub_account: key(3), orders: vec![order, order] };
    let data = place.data();
    assert_eq!(data.len(), 8 + 4 + 2 * 72);
    assert_eq!(data[8..12], 2u32.to_le_bytes());
    assert_eq!(data[20..28], 181_200_000u64.to_le_bytes());

    let refresh = RefreshPrices { markets: vec![0, 3], banks: vec![], oracles: vec![key(5), key(6)] };
    assert_eq!(refresh.data()[8..], [2, 0, 0, 0, 0, 3, 0, 0, 0, 0]);
    let accounts = refresh.accounts();
    assert_eq!((accounts[0].pubkey, accounts[0].is_writable), (BOARD, true));
    assert!(accounts[1..].iter().all(|oracle| !oracle.is_writable && !oracle.is_signer));
    assert_eq!(RefreshPrices::decode(&keys(&refresh.instruction()), &refresh.data()), Some(refresh));
}

#[test]
fn fills_carry_the_filler_before_the_makers() {
    let refs = vec![MakerRef { order_id: 8, account: 0, slot: 2, padding: [0; 2] }];
    let with = FillOrder::of(key(1), key(2), key(3), (7, 1), Some(key(9)), &[key(4), key(5)], refs.clone());
    assert_eq!((with.has_filler, with.split()), (true, (Some(key(9)), &[key(4), key(5)][..])));
    let without = FillOrder::of(key(1), key(2), key(3), (7, 1), None, &[key(4)], refs);
    assert_eq!((without.has_filler, without.split()), (false, (None, &[key(4)][..])));
    for fill in [with, without] {
        let built = fill.instruction();
        assert!(built.accounts[fill_accounts()..].iter().all(|maker| maker.is_writable));
        assert_eq!(instruction::decode(&keys(&built), &built.data), Some(Decoded::FillOrder(fill)));
    }
}

fn fill_accounts() -> usize {
    FillOrder::SPEC.accounts.len()
}

#[test]
fn damaged_data_is_refused_and_named() {
    let built = CancelOrder { signer: key(1), sub_account: key(2), id: 7 }.instruction();
    let accounts = keys(&built);
    for length in 0..built.data.len() {
        assert_eq!(instruction::decode(&accounts, &built.data[..length]), None, "{length} bytes");
    }
    let longer = [&built.data[..], &[0]].concat();
    assert_eq!(instruction::decode(&accounts, &longer), None, "trailing bytes");
    assert_eq!(instruction::decode(&accounts[..1], &built.data), None, "an account is missing");
    assert_eq!(instruction::name_of(&longer), Some("cancel_order"));
    assert_eq!(instruction::name_of(&[0; 16]), None);

    let mut endless = RefreshPrices { markets: vec![], banks: vec![], oracles: vec![] }.data();
    endless[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(RefreshPrices::decode(&[BOARD], &endless), None, "a length beyond the data");
}

#[test]
fn names_and_discriminators_are_unique() {
    for (index, spec) in instruction::ALL.iter().enumerate() {
        for other in &instruction::ALL[index + 1..] {
            assert!(spec.name != other.name && spec.discriminator != other.discriminator, "{}", spec.name);
        }
    }
    assert_eq!(CancelAll::SPEC.args[0].ty, "u16");
}
