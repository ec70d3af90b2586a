//! Every account of every instruction, replaced by what an attacker might pass instead.
//!
//! Each attack is refused with a stated number and changes no byte of any account of the program or of the token
//! program; after all of them the unchanged instruction goes through, so each refusal comes from the one replacement.

use std::collections::{BTreeMap, BTreeSet};

use kedge_interface::PROGRAM_ID;
use kedge_interface::account::{AccountKind, KINDS};
use kedge_interface::address::TOKEN_PROGRAM;
use kedge_interface::error::AccountError;
use kedge_interface::instruction::{ALL, Instruction};
use kedge_model::bank::Bank;
use kedge_model::board::PriceBoard;
use kedge_model::exchange::Exchange;
use kedge_model::market::Market;
use kedge_model::sub_account::SubAccount;
use kedge_model::trader::Trader;
use kedge_tests::machine::Refusal;
use kedge_tests::scenes::{Scene, all, forge, specimen};
use kedge_tests::world::{World, key};
use solana_account::Account;
use solana_pubkey::Pubkey;

/// The framework's: an account that is written was passed as read-only.
const NOT_WRITABLE: u32 = 2000;

/// One replacement.
struct Attack {
    slot: String,
    what: String,
    instruction: Instruction,
    expected: Refusal,
}

fn snapshot(world: &World) -> BTreeMap<Pubkey, Account> {
    let mut all = world.accounts_of(&PROGRAM_ID);
    all.extend(world.accounts_of(&TOKEN_PROGRAM));
    all
}

fn discriminator(world: &World, address: &Pubkey) -> Option<[u8; 8]> {
    let account = world.account(address).filter(|account| account.owner == PROGRAM_ID)?;
    account.data.first_chunk().copied()
}

/// A specimen of every kind of account at an address of its own, so that no check of duplicates comes first.
fn specimens(world: &mut World) -> Vec<(&'static str, [u8; 8], Pubkey)> {
    let originals = [
        (Exchange::NAME, Exchange::DISCRIMINATOR, specimen::<Exchange>(world)),
        (PriceBoard::NAME, PriceBoard::DISCRIMINATOR, specimen::<PriceBoard>(world)),
        (Market::NAME, Market::DISCRIMINATOR, specimen::<Market>(world)),
        (Bank::NAME, Bank::DISCRIMINATOR, specimen::<Bank>(world)),
        (Trader::NAME, Trader::DISCRIMINATOR, specimen::<Trader>(world)),
        (SubAccount::NAME, SubAccount::DISCRIMINATOR, specimen::<SubAccount>(world)),
    ];
    assert_eq!(originals.len(), KINDS.len(), "every kind has its specimen");
    let mut copies = Vec::new();
    for (number, (name, discriminator, original)) in (0u8..).zip(originals) {
        if let Some(original) = original {
            let at = key(8, number);
            forge(world, &original, at, |_| {});
            copies.push((name, discriminator, at));
        }
    }
    copies
}

/// The attacks on a slot that holds an account of the program.
fn on_stored(scene: &mut Scene, at: usize, original: Pubkey, kind: [u8; 8]) -> Vec<Attack> {
    let slot = scene.slot_name(at);
    let mut attacks = Vec::new();
    let mut add = |scene: &Scene, what: &str, account: Pubkey, expected: AccountError| {
        let instruction = scene.with(at, |meta| meta.pubkey = account);
        attacks.push(Attack { slot: slot.clone(), what: what.into(), instruction, expected: expected.into() });
    };
    let number = u8::try_from(at).expect("few accounts");
    let foreign_program = key(10, number);
    forge(&mut scene.world, &original, foreign_program, |account| account.owner = TOKEN_PROGRAM);
    add(scene, "the same bytes, owned by another program", foreign_program, AccountError::AccountWrongOwner);
    let system = key(11, number);
    forge(&mut scene.world, &original, system, |account| account.owner = Pubkey::default());
    add(scene, "the same bytes, owned by the system program", system, AccountError::AccountWrongOwner);
    add(scene, "an address without an account", key(12, number), AccountError::AccountWrongOwner);
    let closed = key(13, number);
    forge(&mut scene.world, &original, closed, |account| account.data[..8].fill(0));
    add(scene, "an account without discriminator", closed, AccountError::AccountWrongType);
    let longer = key(14, number);
    forge(&mut scene.world, &original, longer, |account| account.data.extend([0; 8]));
    add(scene, "an account that is too long", longer, AccountError::AccountWrongSize);
    let copies = specimens(&mut scene.world);
    for (name, discriminator, copy) in copies {
        if discriminator != kind {
            add(scene, &format!("an account of the kind {name}"), copy, AccountError::AccountWrongType);
        }
    }
    attacks
}

/// The attacks that follow from what a slot is declared to be.
fn by_declaration(scene: &mut Scene) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for at in 0..scene.instruction.accounts.len() {
        let slot = scene.slot_name(at);
        let meta = scene.instruction.accounts[at].clone();
        if meta.is_signer {
            let instruction = scene.with(at, |meta| meta.is_signer = false);
            let expected = AccountError::AccountNotSigner.into();
            attacks.push(Attack { slot: slot.clone(), what: "no signature".into(), instruction, expected });
        }
        if meta.is_writable {
            let instruction = scene.with(at, |meta| meta.is_writable = false);
            // Accounts of other programs are checked by the framework alone.
            let foreign = ["source", "destination", "vault", "receiver"].contains(&slot.as_str());
            let expected = if foreign { NOT_WRITABLE.into() } else { AccountError::AccountNotWritable.into() };
            attacks.push(Attack { slot: slot.clone(), what: "read-only".into(), instruction, expected });
        }
        if let Some(kind) = discriminator(&scene.world, &meta.pubkey) {
            attacks.extend(on_stored(scene, at, meta.pubkey, kind));
        } else if let Some(declared) = scene.spec.accounts.get(at).filter(|account| account.address.is_some()) {
            let expected = match declared.name {
                "event_authority" | "exchange" | "board" => AccountError::AccountWrongAddress,
                "token_program" => AccountError::TokenProgramUnsupported,
                "program" | "system_program" => AccountError::AccountWrongProgram,
                other => panic!("{other} has an address and no rule here"),
            };
            let instruction = scene.with(at, |meta| meta.pubkey = key(12, 200));
            attacks.push(Attack { slot, what: "another address".into(), instruction, expected: expected.into() });
        }
    }
    attacks
}

fn missing_accounts(scene: &Scene) -> Vec<Attack> {
    let mut instruction = scene.instruction.clone();
    let last = instruction.accounts.pop().expect("every instruction has accounts");
    let mut attacks = Vec::new();
    // Makers are named by index: one less and the order's maker is not there.
    let expected: Refusal = match scene.spec.name {
        "fill_order" | "place_and_take" => kedge_model::Error::TooManyMakers.into(),
        _ => Refusal::too_few_accounts(),
    };
    let what = format!("without its last account {}", last.pubkey);
    attacks.push(Attack { slot: "the list".into(), what, instruction, expected });
    attacks
}

fn attacks_on(scene: &mut Scene) -> Vec<Attack> {
    let mut attacks = by_declaration(scene);
    for foreign in &scene.foreign {
        let instruction = scene.with(scene.slot_at(foreign.slot), |meta| meta.pubkey = foreign.account);
        let expected = foreign.refusal.clone();
        attacks.push(Attack { slot: foreign.slot.into(), what: foreign.attempt.into(), instruction, expected });
    }
    attacks.extend(missing_accounts(scene));
    attacks
}

#[test]
fn every_instruction_has_a_scene() {
    let scenes: BTreeSet<&str> = all().into_iter().map(|(name, _)| name).collect();
    let instructions: BTreeSet<&str> = ALL.iter().map(|spec| spec.name).collect();
    assert_eq!(scenes, instructions);
}

#[test]
fn every_replaced_account_is_refused_with_its_number_and_nothing_changes() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, scene) in all() {
        let mut scene = scene();
        assert_eq!(scene.spec.name, name);
        let attacks = attacks_on(&mut scene);
        let before = snapshot(&scene.world);
        for Attack { slot, what, instruction, expected } in attacks {
            count += 1;
            let transaction = scene.transaction(instruction);
            let said = match scene.world.machine.send_all(&transaction) {
                Ok(_) => {
                    wrong.push(format!("{name} / {slot} / {what}: went through, not {expected:?}"));
                    break;
                }
                Err(refused) if refused.refusal == expected => {
                    assert_eq!(snapshot(&scene.world), before, "{name} / {slot} / {what}: something changed");
                    continue;
                }
                Err(refused) => format!("{name} / {slot} / {what}: {refused:?}, not {expected:?}"),
            };
            wrong.push(said);
        }
        let transaction = scene.transaction(scene.instruction.clone());
        if let Err(refused) = scene.world.machine.send_all(&transaction) {
            wrong.push(format!("{name} does not go through in its scene: {refused:?}"));
        }
    }
    println!("{count} attacks");
    assert!(wrong.is_empty(), "{} of {count} attacks:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 1_000, "the table shrank to {count} attacks");
}
