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

mod create;
mod signer;
mod sole;
mod stored;
mod trailing;
mod typed;

pub use create::{GROWTH_STEP, New, grow};
pub use signer::{Payer, Signed};
pub use sole::{Address32, Sole};
pub use stored::{NoTail, Stored, discriminator};
pub use trailing::Trailing;
pub use typed::{Read, Write};
