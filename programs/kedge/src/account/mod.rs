//! Typed accounts: the model's structs read and written in place in the account bytes.
//!
//! Layout of every account of this program: 8 bytes discriminator, the model's struct, and for kinds with a
//! tail a whole number of tail items up to the end of the account.
//!
//! * [`Read`] and [`Write`] check owner, discriminator and exact size and then *are* the struct (`Deref`).
//! * [`New`] is an account to be created at its derived address.
//! * [`Signed`] and [`Payer`] are signers, [`Sole`] an account whose address is compiled in.
//! * [`Trailing`] hands out the accounts after the declared ones (makers, oracle accounts).
//!
//! An account owned by this program with the right discriminator can only have been created by this
//! program at the address derived from its seeds, so no instruction derives an address again to check one.

#[cfg(test)]
mod casts;
mod create;
mod signer;
mod sole;
mod trailing;
mod typed;

pub use kedge_abi::account::{AccountKind, GROWTH_STEP, NoTail};

pub use create::{New, grow};
pub use signer::{Payer, Signed};
pub use sole::{Address32, Sole};
pub use trailing::Trailing;
pub use typed::{Read, Write};

// The board is created in one step.
const _: () = assert!(<kedge_model::account::board::PriceBoard as AccountKind>::SPACE <= GROWTH_STEP);

#[cfg(test)]
mod tests {
    #[test]
    fn discriminators_are_those_of_the_framework() {
        #[anchor_lang::account]
        struct Counter {
            count: u64,
        }
        let framework = <Counter as anchor_lang::Discriminator>::DISCRIMINATOR;
        assert_eq!(kedge_abi::discriminator("account:Counter"), framework);
    }
}
