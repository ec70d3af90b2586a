//! The index over a world's accounts: numbers for addresses.

use std::collections::HashMap;

use solana_pubkey::Pubkey;

use super::{Endangered, Tick};
use crate::World;

/// Keeps [`World::watched`] up to date.
#[derive(Clone, Debug)]
pub struct Roll {
    index: Endangered,
    numbers: HashMap<Pubkey, u32>,
    addresses: Vec<Pubkey>,
}

impl Roll {
    /// An index of a world's accounts.
    #[must_use]
    pub fn of(world: &mut World) -> Self {
        let index = Endangered::new(&world.fresh);
        let mut roll = Self { index, numbers: HashMap::new(), addresses: Vec::new() };
        let all: Vec<Pubkey> = world.accounts.keys().copied().collect();
        let _ = roll.follow(world, &all);
        roll
    }

    /// Follows the world to its present prices ([`World::fresh`]). `changed` names every account that was changed,
    /// created or closed since the last call; an account that is left out may be overlooked.
    pub fn follow(&mut self, world: &mut World, changed: &[Pubkey]) -> Tick {
        for address in changed {
            match world.accounts.get(address) {
                Some(account) => {
                    let number = self.number(address);
                    self.index.update(number, &account.head);
                }
                None => {
                    if let Some(number) = self.numbers.get(address) {
                        self.index.remove(*number);
                    }
                }
            }
        }
        let addresses = &self.addresses;
        let account = |number: u32| Some(&*world.accounts.get(addresses.get(number as usize)?)?.head);
        let tick = self.index.tick(&world.fresh, account);
        let watched = self.index.watched().filter_map(|number| addresses.get(number as usize).copied()).collect();
        world.watched = Some(watched);
        tick
    }

    /// An account's number; an unknown address gets the next. A closed account keeps its number, as most are opened
    /// again.
    fn number(&mut self, address: &Pubkey) -> u32 {
        if let Some(number) = self.numbers.get(address) {
            return *number;
        }
        let number = u32::try_from(self.addresses.len()).expect("fewer accounts than numbers");
        self.numbers.insert(*address, number);
        self.addresses.push(*address);
        number
    }
}
