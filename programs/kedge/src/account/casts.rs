//! Every cast of account bytes and arguments, on memory that is exactly as long as it must be: for Miri (`make miri`).

use core::fmt::Debug;

use anchor_lang::pinocchio::account::RuntimeAccount;
use anchor_lang::wincode;
use anchor_lang::{AccountView, AnchorAccount};
use bytemuck::{Pod, Zeroable, bytes_of};
use kedge_abi::account::AccountKind;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::order::OrderParams;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::account::trader::Trader;

use super::{Read, Write};
use crate::args::Arg;

/// Words of the header in front of the data.
const HEADER: usize = size_of::<RuntimeAccount>() / 8;

/// An account as the runtime lays it out, with nothing behind its data.
struct Memory {
    words: Vec<u64>,
}

impl Memory {
    /// An account of a kind, whose words behind the discriminator count on.
    fn of<T: AccountKind>(items: usize) -> Self {
        let words = (1..T::space(items) as u64 / 8).map(|word| word.wrapping_mul(0x0101_0101_0101_0101));
        Self::with(std::iter::once(T::TAG).chain(words).collect(), &crate::ID.to_bytes())
    }

    /// An account with this data.
    fn with(data: Vec<u64>, owner: &[u8; 32]) -> Self {
        let mut header = [0u64; HEADER];
        header[HEADER - 1] = data.len() as u64 * 8;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut header);
        (bytes[0], bytes[2]) = (u8::MAX, 1);
        bytes[40..72].copy_from_slice(owner);
        Self { words: [header.as_slice(), &data].concat() }
    }

    /// The account; the memory is not touched otherwise while it is used.
    fn view(&mut self) -> AccountView {
        // SAFETY: the header says how long the data is, which follows it.
        unsafe { AccountView::new_unchecked(self.words.as_mut_ptr().cast()) }
    }

    fn data(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words[HEADER..])
    }
}

/// The tail's bytes; none for accounts without one.
fn bytes_of_items<T: Pod>(items: &[T]) -> Vec<u8> {
    items.iter().flat_map(bytes_of).copied().collect()
}

fn is_read_and_written_in_place<T: AccountKind + PartialEq + Debug>(items: usize) {
    let mut memory = Memory::of::<T>(items);
    let before = memory.data().to_vec();
    let read = Read::<T>::load(memory.view()).expect("an account of the kind");
    assert_eq!([bytes_of(&*read), &bytes_of_items(read.items())].concat(), before[8..]);

    // SAFETY: the account that was read is not used any more.
    let mut write = unsafe { Write::<T>::load_mut(memory.view()) }.expect("an account of the kind");
    let kept = *write;
    *write = T::zeroed();
    let (head, tail) = write.split();
    assert_eq!((*head, tail.len()), (T::zeroed(), tail_length::<T>(items)));
    tail.fill(T::Item::zeroed());
    *head = kept;
    assert_eq!(write.items().len(), tail_length::<T>(items));
    assert_eq!(memory.data()[..T::SPACE], before[..T::SPACE]);
    assert!(memory.data()[T::SPACE..].iter().all(|byte| *byte == 0));
}

fn tail_length<T: AccountKind>(items: usize) -> usize {
    if size_of::<T::Item>() == 0 { 0 } else { items }
}

#[test]
fn every_kind_is_read_and_written_in_place() {
    is_read_and_written_in_place::<Exchange>(0);
    is_read_and_written_in_place::<PriceBoard>(0);
    is_read_and_written_in_place::<Market>(0);
    is_read_and_written_in_place::<Bank>(0);
    is_read_and_written_in_place::<Trader>(0);
    for orders in [0, 1, 8] {
        is_read_and_written_in_place::<SubAccount>(orders);
    }
}

#[test]
fn what_is_no_account_of_the_kind_is_not_read() {
    let refused = |data: &[u64], length: usize, owner: [u8; 32]| {
        let mut memory = Memory::with(data.to_vec(), &owner);
        memory.words[HEADER - 1] = length as u64;
        assert!(Read::<Market>::load(memory.view()).is_err());
        // SAFETY: no other account refers to the memory.
        assert!(unsafe { Write::<Market>::load_mut(memory.view()) }.is_err());
    };
    let of = |memory: Memory| memory.words[HEADER..].to_vec();
    let market = of(Memory::of::<Market>(0));
    for length in [0, 1, 7, 8, 9, market.len() * 8 - 1] {
        refused(&market[..length.div_ceil(8)], length, crate::ID.to_bytes());
    }
    refused(&[market.as_slice(), &[0]].concat(), market.len() * 8 + 8, crate::ID.to_bytes());
    refused(&market, market.len() * 8, [7; 32]);
    let bank = of(Memory::of::<Bank>(0));
    refused(&bank, bank.len() * 8, crate::ID.to_bytes());
}

#[test]
fn a_closed_account_is_wiped() {
    let (mut memory, mut receiver) = (Memory::of::<Trader>(0), Memory::with(Vec::new(), &[0; 32]));
    // SAFETY: no other account refers to the memory.
    let mut write = unsafe { Write::<Trader>::load_mut(memory.view()) }.expect("a trader");
    // Both have the address of zeroes, which is one account.
    assert!(write.close(&receiver.view()).is_err());
    receiver.words[1] = 1;
    write.close(&receiver.view()).expect("another address");
    assert!(memory.words[5..=HEADER].iter().all(|word| *word == 0), "owner, lamports, length, discriminator");
}

#[test]
fn an_argument_is_read_at_any_alignment() {
    let order = OrderParams { client_id: 7, side: 1, ..OrderParams::default() };
    for shift in 0..8 {
        let data = [vec![0xaa; shift], bytes_of(&order).to_vec()].concat();
        let read: Arg<OrderParams> = wincode::deserialize(&data[shift..]).expect("an order");
        assert_eq!(read.0, order);
        assert!(wincode::deserialize::<Arg<OrderParams>>(&data[shift..data.len() - 1]).is_err());
    }
    assert_eq!(wincode::serialize(&Arg(order)).expect("bytes"), bytes_of(&order));
}
