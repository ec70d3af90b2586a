//! Account bytes at any alignment.

use kedge_interface::account::{self, Account, AccountKind, DecodeError, decode, decode_any, decode_sub_account};
use kedge_model::account::board::PriceBoard;
use kedge_model::account::market::Market;
use kedge_model::account::order::{Order, STATUS_OPEN};
use kedge_model::account::sub_account::SubAccount;
use kedge_model::quantity::{Price, Size};

fn bytes_of<T: AccountKind>(value: &T) -> Vec<u8> {
    let mut bytes = T::DISCRIMINATOR.to_vec();
    bytes.extend_from_slice(bytemuck::bytes_of(value));
    bytes
}

#[test]
fn discriminators_are_anchors() {
    // First 8 bytes of sha256("account:<Name>"), computed with coreutils' sha256sum.
    let expected: [(&str, [u8; 8]); 6] = [
        ("Exchange", [30, 200, 220, 149, 3, 61, 104, 50]),
        ("PriceBoard", [74, 250, 122, 11, 105, 241, 227, 218]),
        ("Market", [219, 190, 213, 55, 0, 227, 198, 154]),
        ("Bank", [142, 49, 166, 242, 50, 66, 97, 188]),
        ("Trader", [74, 133, 32, 105, 47, 50, 5, 238]),
        ("SubAccount", [227, 47, 166, 42, 242, 171, 32, 114]),
    ];
    assert_eq!(account::KINDS, expected);
}

#[test]
fn accounts_decode_at_every_alignment() {
    let market = Market { index: 3, last_fill_price: Price(181_200_000), ..Market::default() };
    let bytes = bytes_of(&market);
    for shift in 0..8 {
        let mut buffer = vec![0xAA; shift];
        buffer.extend_from_slice(&bytes);
        assert_eq!(decode::<Market>(&buffer[shift..]), Ok(market), "shift {shift}");
    }
}

#[test]
fn another_kind_or_size_is_refused() {
    let mut bytes = bytes_of(&Market::default());
    assert_eq!(decode::<PriceBoard>(&bytes), Err(DecodeError::Kind { kind: "PriceBoard" }));
    bytes.push(0);
    assert_eq!(decode::<Market>(&bytes), Err(DecodeError::Size { kind: "Market", found: bytes.len() }));
    assert_eq!(decode::<Market>(&bytes[..100]), Err(DecodeError::Size { kind: "Market", found: 100 }));
    assert_eq!(decode::<Market>(&[]), Err(DecodeError::Size { kind: "Market", found: 0 }));
    assert_eq!(decode_any(&[1, 2, 3]), Ok(None));
    assert_eq!(decode_any(&[0; 200]), Ok(None));
}

#[test]
fn sub_accounts_come_with_their_orders() {
    let head = SubAccount { id: 2, open_orders: 1, ..SubAccount::default() };
    let open = Order { id: 9, size: Size(5), status: STATUS_OPEN, ..Order::default() };
    let mut bytes = bytes_of(&head);
    for order in [Order::default(), open, Order::default()] {
        bytes.extend_from_slice(bytemuck::bytes_of(&order));
    }
    assert_eq!(bytes.len(), account::sub_account_space(3));
    let data = decode_sub_account(&bytes).unwrap();
    assert_eq!((data.head, data.orders.len()), (head, 3));
    assert_eq!(data.open_orders().collect::<Vec<_>>(), [(1, &open)]);
    assert!(matches!(decode_any(&bytes), Ok(Some(Account::SubAccount(found))) if *found == data));

    bytes.pop();
    assert!(matches!(decode_sub_account(&bytes), Err(DecodeError::Size { .. })));
    bytes.truncate(account::sub_account_space(0));
    assert_eq!(decode_sub_account(&bytes).map(|data| data.orders.len()), Ok(0));
    bytes.resize(account::sub_account_space(129), 0);
    assert!(matches!(decode_sub_account(&bytes), Err(DecodeError::Size { .. })), "more slots than an account can have");
}

#[test]
fn names_end_at_the_first_zero() {
    let mut bytes = [0u8; 16];
    bytes[..8].copy_from_slice(b"SOL-PERP");
    assert_eq!(account::name(&bytes), "SOL-PERP");
    assert_eq!(account::name(b"sixteen bytes ok"), "sixteen bytes ok");
    assert_eq!(account::name(&[0; 16]), "");
}
