//! The accounts after the declared ones: makers of a fill, oracle accounts of a refresh.
//!
//! The framework's `remaining_accounts()` copies views into the heap twice and does not look at duplicates
//! among the trailing accounts. This walks the runtime's input in place instead.

use anchor_lang::TryAccounts;
use anchor_lang::pinocchio::account::{AccountView, MAX_PERMITTED_DATA_INCREASE, RuntimeAccount};
use arrayvec::ArrayVec;

use super::{AccountKind, Write};
use crate::error::{AccountError, Outcome};

/// Where the runtime maps an instruction's input: part of the program ABI, like the heap's address.
#[cfg(target_os = "solana")]
const INPUT: *mut u8 = 0x4_0000_0000 as *mut u8;

/// First byte of a record that is not a repetition of an earlier account.
const FIRST_APPEARANCE: u8 = u8::MAX;
/// Size of a record that repeats an earlier account.
const REPEATED: usize = 8;
/// Size of another record, less the account's data and its alignment.
const RECORD: usize = size_of::<RuntimeAccount>() + MAX_PERMITTED_DATA_INCREASE + size_of::<u64>();

/// A walk over the trailing accounts of one instruction: not to be kept beyond it.
pub struct Trailing {
    start: *mut u8,
    next: *mut u8,
    left: usize,
}

impl Trailing {
    /// The accounts that follow the declared accounts of this instruction.
    #[inline(always)]
    pub fn of<T: TryAccounts>(_: &T) -> Self {
        #[cfg(target_os = "solana")]
        // SAFETY: the runtime's input starts here; the dispatcher has checked that the declared accounts exist.
        unsafe {
            Self::after(INPUT, T::HEADER_SIZE)
        }
        #[cfg(not(target_os = "solana"))]
        Self { start: core::ptr::null_mut(), next: core::ptr::null_mut(), left: 0 }
    }

    /// # Safety
    /// `input` is a serialised instruction with at least `declared` accounts that outlives the walk, whose declared
    /// accounts the framework has visited (their `padding` holds the original data length).
    #[cfg(any(target_os = "solana", test))]
    #[inline(always)]
    unsafe fn after(input: *mut u8, declared: usize) -> Self {
        // SAFETY: the input holds as many records as it says, of which at least `declared`.
        unsafe {
            let total = input.cast::<u64>().read() as usize;
            let start = input.add(size_of::<u64>());
            let mut next = start;
            for _ in 0..declared {
                next = next.add(if *next == FIRST_APPEARANCE {
                    // An earlier step may have resized the account: the record kept its first length.
                    let account = &*next.cast::<RuntimeAccount>();
                    record_size(u32::from_le_bytes(account.padding) as usize)
                } else {
                    REPEATED
                });
            }
            Self { start, next, left: total - declared }
        }
    }

    /// Number of accounts left.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.left
    }

    /// Whether none is left.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The next account, which must not have appeared anywhere before in this instruction.
    ///
    /// Errors: [`AccountError::AccountDuplicate`].
    #[inline(always)]
    pub fn next_unique(&mut self) -> Result<Option<AccountView>, AccountError> {
        if self.left == 0 {
            return Ok(None);
        }
        // SAFETY: `left` counts the records from `next` on.
        unsafe {
            if *self.next != FIRST_APPEARANCE {
                return Err(AccountError::AccountDuplicate);
            }
            Ok(Some(self.take_first()))
        }
    }

    /// The next account for reading; it may repeat an earlier one.
    #[inline(always)]
    pub fn next_shared(&mut self) -> Option<AccountView> {
        if self.left == 0 {
            return None;
        }
        // SAFETY: `left` counts the records from `next` on; a repeated record names an earlier one.
        unsafe {
            let marker = *self.next;
            if marker == FIRST_APPEARANCE {
                return Some(self.take_first());
            }
            self.next = self.next.add(REPEATED);
            self.left -= 1;
            let mut record = self.start;
            for _ in 0..marker {
                record = record.add(if *record == FIRST_APPEARANCE {
                    let account = &*record.cast::<RuntimeAccount>();
                    record_size(u32::from_le_bytes(account.padding) as usize)
                } else {
                    REPEATED
                });
            }
            Some(AccountView::new_unchecked(record.cast()))
        }
    }

    /// # Safety
    /// `next` is a record of an account's first appearance.
    #[inline(always)]
    unsafe fn take_first(&mut self) -> AccountView {
        // SAFETY: the record starts with its account, and the next one follows it.
        unsafe {
            let account = self.next.cast::<RuntimeAccount>();
            let length = (*account).data_len as usize;
            // As the framework does: resizing needs the first length.
            (*account).padding = (length as u32).to_le_bytes();
            self.next = self.next.add(record_size(length));
            self.left -= 1;
            AccountView::new_unchecked(account)
        }
    }

    /// All accounts left, as accounts of one kind taken for writing, each appearing once in the instruction.
    ///
    /// Errors: [`AccountError::TooManyAccounts`] beyond `N`, [`AccountError::AccountDuplicate`], and the checks
    /// of [`Write`].
    #[inline(always)]
    pub fn all<T: AccountKind, const N: usize>(mut self) -> Outcome<ArrayVec<Write<T>, N>> {
        if self.left > N {
            return Err(AccountError::TooManyAccounts.into());
        }
        let mut list = ArrayVec::new();
        while let Some(view) = self.next_unique()? {
            // SAFETY: `next_unique` proved that the account appears once in the instruction; at most `N` are left.
            unsafe { list.push_unchecked(Write::undeclared(view)?) };
        }
        Ok(list)
    }
}

#[inline(always)]
const fn record_size(data: usize) -> usize {
    RECORD + ((data + 7) & !7)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instruction's input as the runtime lays it out. Each account is its data, or the index it repeats.
    struct Input {
        words: Vec<u64>,
    }

    enum Entry {
        First(usize),
        Repeats(u8),
    }

    impl Input {
        fn new(entries: &[Entry], visited: usize) -> Self {
            let mut bytes = (entries.len() as u64).to_le_bytes().to_vec();
            for (index, entry) in entries.iter().enumerate() {
                match *entry {
                    Entry::First(length) => {
                        let mut record = vec![0u8; record_size(length)];
                        record[0] = FIRST_APPEARANCE;
                        if index < visited {
                            record[4..8].copy_from_slice(&(length as u32).to_le_bytes());
                        }
                        record[8] = index as u8;
                        record[80..88].copy_from_slice(&(length as u64).to_le_bytes());
                        bytes.extend(record);
                    }
                    Entry::Repeats(earlier) => bytes.extend([earlier, 0, 0, 0, 0, 0, 0, 0]),
                }
            }
            let mut words = vec![0; bytes.len() / 8];
            bytemuck::cast_slice_mut(&mut words).copy_from_slice(&bytes);
            Self { words }
        }

        fn trailing(&mut self, declared: usize) -> Trailing {
            // SAFETY: the buffer is a whole input and outlives the walk.
            unsafe { Trailing::after(self.words.as_mut_ptr().cast(), declared) }
        }
    }

    use Entry::{First, Repeats};

    #[test]
    fn accounts_after_the_declared_ones_are_found() {
        let mut input = Input::new(&[First(0), First(13), Repeats(0), First(100), First(7), First(0)], 3);
        let mut trailing = input.trailing(3);
        assert_eq!(trailing.len(), 3);
        for (index, length) in [(3, 100), (4, 7), (5, 0)] {
            let view = trailing.next_unique().expect("no repetition").expect("an account is left");
            assert_eq!((view.address().as_array()[0], view.data_len()), (index, length));
        }
        assert!(trailing.is_empty() && trailing.next_unique() == Ok(None) && trailing.next_shared().is_none());
    }

    #[test]
    fn a_declared_account_that_was_resized_does_not_shift_the_walk() {
        let mut input = Input::new(&[First(40), First(8)], 1);
        // The data length is the second-last word of the header; the kept first length stays.
        input.words[1 + 10] = 4_000;
        let view = input.trailing(1).next_unique().expect("no repetition").expect("one account");
        assert_eq!((view.address().as_array()[0], view.data_len()), (1, 8));
    }

    #[test]
    fn repeated_accounts_are_refused_or_resolved() {
        for earlier in [0, 1, 2] {
            let mut input = Input::new(&[First(16), First(9), First(24), Repeats(earlier), First(3)], 2);
            let mut trailing = input.trailing(2);
            assert!(trailing.next_unique().is_ok());
            assert_eq!(trailing.next_unique(), Err(AccountError::AccountDuplicate));
            let view = trailing.next_shared().expect("an account is left");
            assert_eq!(view.address().as_array()[0], earlier);
            let last = trailing.next_shared().expect("an account is left");
            assert_eq!((last.address().as_array()[0], last.data_len()), (4, 3));
        }
    }

    #[test]
    fn more_accounts_than_the_instruction_takes_are_refused() {
        let mut input = Input::new(&[First(0), First(8), First(8), First(8)], 1);
        let result = input.trailing(1).all::<kedge_model::account::market::Market, 2>();
        assert_eq!(result.err(), Some(AccountError::TooManyAccounts.into()));
    }
}
