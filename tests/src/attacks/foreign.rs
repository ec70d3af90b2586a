//! The rules for accounts of other programs: vaults, wallets, mints, prices.

use kedge_interface::EXCHANGE;
use kedge_interface::address::{SYSTEM_PROGRAM, TOKEN_PROGRAM};
use kedge_interface::error::AccountError;
use solana_account::Account;
use solana_instruction::error::InstructionError;
use solana_program_pack::Pack;
use spl_token_interface::error::TokenError;
use spl_token_interface::state::{Account as TokenAccount, AccountState};

use super::Attack;
use super::role::{Role, token};
use super::rules::{Demand, TOKEN_2022, Target, Try};
use crate::machine::Refusal;
use crate::world::key;

fn bytes(account: &mut Account, change: impl FnOnce(&mut TokenAccount)) {
    let mut state = TokenAccount::unpack_unchecked(&account.data).expect("a token account");
    change(&mut state);
    state.pack_into_slice(&mut account.data);
}

impl Target<'_> {
    pub(super) fn vault(&self, attack: Attack) -> Demand {
        let other = |vault: bool| {
            let others = self.token_accounts().into_iter().filter(|(_, state)| (state.owner == EXCHANGE) == vault);
            let what = if vault { "another vault" } else { "a wallet" };
            others.take(4).map(|(address, _)| self.replaced(what, address, AccountError::AccountWrongVault)).collect()
        };
        match attack {
            Attack::Stranger => Demand::Refused(other(false)),
            Attack::Mint => Demand::Refused(other(true)),
            Attack::Address | Attack::Closed => {
                Demand::Refused(vec![self.replaced("nothing", self.nowhere(), AccountError::AccountWrongVault)])
            }
            _ => Demand::NotApplicable("the bank names its vault by address, and there only the token program writes"),
        }
    }

    pub(super) fn wallet(&self, attack: Attack) -> Demand {
        let number = |error: TokenError| Refusal::Number(error as u32);
        match attack {
            // The token program leaves the check to the runtime, which forbids all of these writes.
            Attack::Owner => Demand::Refused(vec![
                self.changed("of Token-2022", |a| a.owner = TOKEN_2022, InstructionError::ExternalAccountDataModified),
                self.changed("a wallet", |a| a.owner = SYSTEM_PROGRAM, InstructionError::ExternalAccountDataModified),
            ]),
            Attack::Kind => {
                let set = |state| move |a: &mut Account| bytes(a, |token| token.state = state);
                let (none, frozen) = (AccountState::Uninitialized, AccountState::Frozen);
                let mint = token(&self.account()).expect("a token account").mint;
                let mut other = self.replaced("the mint", mint, InstructionError::InvalidAccountData);
                // Where the address itself is known, it is compared first.
                let name = self.scene.slot_name(self.at);
                let known = self.scene.foreign.iter().filter(|foreign| foreign.slot == name);
                other.expected.extend(known.map(|foreign| foreign.refusal.clone()));
                Demand::Refused(vec![
                    self.changed("not initialised", set(none), InstructionError::UninitializedAccount),
                    self.changed("frozen", set(frozen), number(TokenError::AccountFrozen)),
                    other,
                ])
            }
            Attack::Size => {
                let short = |account: &mut Account| account.data.truncate(TokenAccount::LEN - 1);
                Demand::Refused(vec![self.changed("a byte less", short, InstructionError::InvalidAccountData)])
            }
            Attack::Closed => Demand::Refused(vec![self.closed(InstructionError::InvalidAccountData)]),
            Attack::Mint => {
                let other = |account: &mut Account| bytes(account, |token| token.mint = key(12, 250));
                Demand::Refused(vec![self.changed("another mint", other, number(TokenError::MintMismatch))])
            }
            Attack::Stranger if self.role() == Role::Source => {
                let own = token(&self.account()).expect("a token account");
                let theirs = |state: &TokenAccount| {
                    state.mint == own.mint && state.owner != own.owner && state.owner != EXCHANGE
                };
                let others = self.token_accounts().into_iter().filter(|(_, state)| theirs(state));
                let taken =
                    |(address, _)| self.replaced("somebody's tokens", address, number(TokenError::OwnerMismatch));
                let tries: Vec<Try> = others.take(3).map(taken).collect();
                if tries.is_empty() { Demand::Unknown } else { Demand::Refused(tries) }
            }
            Attack::Stranger => Demand::NotApplicable("the signer chooses who is paid"),
            _ => Demand::NotApplicable("it may be any token account of the mint"),
        }
    }

    pub(super) fn mint(&self, attack: Attack) -> Demand {
        let not_spl = AccountError::TokenProgramUnsupported;
        let wrong = AccountError::AccountWrongMint;
        match attack {
            Attack::Owner => Demand::Refused(vec![
                self.changed("of Token-2022", |account| account.owner = TOKEN_2022, not_spl),
                self.changed("of the system program", |account| account.owner = SYSTEM_PROGRAM, not_spl),
            ]),
            Attack::Kind => {
                let mut tries = vec![self.changed("not initialised", |account| account.data.fill(0), wrong)];
                let wallet = self.token_accounts().first().map(|(address, _)| *address);
                tries.extend(wallet.map(|wallet| self.replaced("a token account", wallet, wrong)));
                Demand::Refused(tries)
            }
            Attack::Size => Demand::Refused(vec![self.changed("a byte more", |account| account.data.push(0), wrong)]),
            Attack::Closed => Demand::Refused(vec![self.closed(not_spl)]),
            Attack::Stranger => self.declared(Role::Mint),
            _ => Demand::NotApplicable("it may be any mint of the token program"),
        }
    }

    pub(super) fn oracle(&self, attack: Attack) -> Demand {
        let wrong = AccountError::OracleWrongType;
        match attack {
            Attack::Owner => Demand::Refused(vec![
                self.changed("of another program", |a| a.owner = TOKEN_PROGRAM, AccountError::OracleWrongOwner),
                self.changed("of the system program", |a| a.owner = SYSTEM_PROGRAM, AccountError::OracleWrongOwner),
            ]),
            Attack::Kind => {
                let retyped = |account: &mut Account| account.data[0] ^= 1;
                Demand::Refused(vec![self.changed("another discriminator", retyped, wrong)])
            }
            Attack::Size => Demand::Refused(vec![self.changed("a byte more", |account| account.data.push(0), wrong)]),
            Attack::Closed => Demand::Refused(vec![self.closed(AccountError::OracleWrongOwner)]),
            Attack::Stranger => {
                let others =
                    self.roles.iter().enumerate().filter(|(at, role)| *at != self.at && **role == Role::Oracle);
                let address = |at: usize| self.scene.instruction.accounts[at].pubkey;
                let another = |(at, _)| self.replaced("another row's feed", address(at), AccountError::OracleWrongFeed);
                Demand::Refused(others.map(another).collect())
            }
            _ => Demand::NotApplicable("it is known by its owner and by the feed in its bytes"),
        }
    }
}
