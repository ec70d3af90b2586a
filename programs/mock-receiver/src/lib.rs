//! **For test chains only.** Stands at the addresses of the Pyth receiver and of its push oracle, takes the real
//! programs' instructions, and verifies nothing: no signature of a VAA, no Merkle proof, no data source, no fee. Whoever
//! can send a transaction sets any price.
//!
//! It cannot get onto a public cluster: it counts only at addresses that Pyth holds the keys of, it has no key and no
//! address of its own, and nothing here deploys it. A test validator is told to start with it at those addresses
//! (`docs/guides/keeper.md`), and a test machine loads it there.
//!
//! The same file serves at both addresses:
//!
//! | instruction | at | does |
//! |---|---|---|
//! | `update_price_feed` | push oracle | newer prices only: `post_update` at the receiver, signed for the feed's address |
//! | `post_update` | receiver | writes the account as fully verified |
//! | `post_update_atomic` | receiver | writes it as verified by as many signatures as the VAA has |
//!
//! Accounts, order of arguments, creation of the price account and its bytes are those of the real programs; whatever
//! these accept is accepted here.

mod account;
mod input;
mod message;

#[cfg(target_arch = "bpf")]
use kedge_libcalls as _;

use pinocchio::cpi::{Seed, Signer, invoke_signed};
use pinocchio::instruction::{InstructionAccount, InstructionView};
use pinocchio::sysvars::{Sysvar, clock::Clock};
use pinocchio::{AccountView, Address, ProgramResult, entrypoint, error::ProgramError};
use pinocchio_system::create_account_with_minimum_balance;

pub use account::{Level, SIZE};
use input::{Input, Update};
use message::Message;

/// `sha256("global:post_update_atomic")`, first 8 bytes.
pub const POST_UPDATE_ATOMIC: [u8; 8] = [49, 172, 84, 192, 175, 180, 52, 234];
/// `sha256("global:post_update")`, first 8 bytes.
pub const POST_UPDATE: [u8; 8] = [133, 95, 207, 175, 11, 79, 118, 44];
/// `sha256("global:update_price_feed")`, first 8 bytes.
pub const UPDATE_PRICE_FEED: [u8; 8] = [28, 9, 93, 150, 86, 153, 188, 115];

/// Longest instruction: no transaction carries a longer one.
const LONGEST: usize = 1_232;
/// Where the VAA has its number of signatures: after version and guardian set.
const SIGNATURES: usize = 5;

entrypoint!(process);

/// Does one instruction of either program.
///
/// # Errors
/// `InvalidInstructionData` for what is no instruction of theirs or no price message; `NotEnoughAccountKeys`,
/// `MissingRequiredSignature`, `InvalidSeeds`, `InvalidAccountOwner`, `InvalidAccountData` for accounts that the real
/// programs would refuse as well.
pub fn process(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let mut input = Input(data);
    match *input.array::<8>()? {
        POST_UPDATE => post(program, accounts, input.update()?.message, Level::Full),
        POST_UPDATE_ATOMIC => {
            let vaa = input.bytes()?;
            let signatures = *vaa.get(SIGNATURES).ok_or(ProgramError::InvalidInstructionData)?;
            post(program, accounts, input.update()?.message, Level::Partial(signatures))
        }
        UPDATE_PRICE_FEED => update(program, accounts, input),
        _ => Err(ProgramError::InvalidInstructionData),
    }
}

/// The receiver: creates the price account where there is none, and overwrites it.
#[inline(never)]
fn post(program: &Address, accounts: &mut [AccountView], message: &[u8], level: Level) -> ProgramResult {
    let [payer, _vaa, _config, _treasury, price, _system, authority, ..] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    if !authority.is_signer() {
        return Err(ProgramError::MissingRequiredSignature);
    }
    let message = Message::parse(message)?;
    if price.is_data_empty() {
        // Signed by the account, or for it by the push oracle: it has that signature from its caller.
        create_account_with_minimum_balance(price, SIZE, program, payer, None)?;
    }
    if !price.owned_by(program) {
        return Err(ProgramError::InvalidAccountOwner);
    }
    let slot = Clock::get()?.slot;
    let authority = authority.address().to_bytes();
    account::write(&mut price.try_borrow_mut()?, &authority, level, &message, slot)
}

/// The push oracle: hands a newer price to the receiver, and does nothing with an older one.
#[inline(never)]
fn update(program: &Address, accounts: &[AccountView], mut input: Input<'_>) -> ProgramResult {
    let [payer, receiver, vaa, config, treasury, price, system, ..] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let Update { message, whole } = input.update()?;
    let (shard, feed) = (input.array::<2>()?, input.array::<32>()?);
    let (address, bump) = Address::find_program_address(&[shard, feed], program);
    if *price.address() != address {
        return Err(ProgramError::InvalidSeeds);
    }
    let message = Message::parse(message)?;
    if message.feed() != feed {
        return Err(ProgramError::InvalidInstructionData);
    }
    if !price.is_data_empty() && message.publish_time() <= account::publish_time(&price.try_borrow()?)? {
        return Ok(());
    }
    let mut data = [0u8; LONGEST];
    let end = POST_UPDATE.len() + whole.len();
    let (head, tail) = data.split_at_mut(POST_UPDATE.len());
    head.copy_from_slice(&POST_UPDATE);
    tail.get_mut(..whole.len()).ok_or(ProgramError::InvalidInstructionData)?.copy_from_slice(whole);
    let metas = [
        InstructionAccount::writable_signer(payer.address()),
        InstructionAccount::readonly(vaa.address()),
        InstructionAccount::readonly(config.address()),
        InstructionAccount::writable(treasury.address()),
        InstructionAccount::writable_signer(price.address()),
        InstructionAccount::readonly(system.address()),
        InstructionAccount::readonly_signer(price.address()),
    ];
    let instruction = InstructionView { program_id: receiver.address(), accounts: &metas, data: &data[..end] };
    let bump = [bump];
    let seeds = [Seed::from(shard), Seed::from(feed), Seed::from(&bump)];
    let views = [payer, vaa, config, treasury, price, system, price];
    invoke_signed(&instruction, &views, &[Signer::from(&seeds[..])])
}
